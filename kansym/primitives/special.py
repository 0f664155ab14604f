"""Bessel and Airy functions in float64 torch, accurate to rounding on CPU and CUDA.

`torch.special.bessel_j0`, `bessel_j1` and `airy_ai` are only good to about 1e-6 in parts of their range (checked
against scipy), and torch has no derivative of Ai; the fits here end at machine precision, so they need better ones.

Sums run over one term after the other on the CPU, where a term stays in the caches. On a card, where what counts is
the number of kernels, all terms are one tensor, and both ranges of a function are computed everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING

import scipy.special

from kansym.deferred import Tensor, deferred_module

if TYPE_CHECKING:
    import torch
else:
    torch = deferred_module("torch", globals())

TorchFunction = Callable[["Tensor"], "Tensor"]
Rows = tuple[tuple[float, ...], ...]
Step = Callable[["Tensor", "Tensor"], "Tensor"]

_QUARTER_POINTS = 16
_BESSEL_SWITCH = 25.0
_BESSEL_TERMS = 24
_AIRY_SWITCH = 9.5
_AIRY_NODE_SPACING = 0.0625
_AIRY_TAYLOR_TERMS = 11
_AIRY_ASYMPTOTIC_TERMS = 18


def bessel_j0(z: Tensor) -> Tensor:
    """Bessel function J0 of a real argument, absolute error about 1e-15."""
    return _bessel(z, 0)


def bessel_j1(z: Tensor) -> Tensor:
    """Bessel function J1 of a real argument, absolute error about 1e-15."""
    return _bessel(z, 1)


def airy_ai(z: Tensor) -> Tensor:
    """Airy function Ai of a real argument, absolute error about 1e-15 times its envelope."""
    return _airy(z, derivative=False)


def airy_ai_prime(z: Tensor) -> Tensor:
    """First derivative of the Airy function Ai of a real argument."""
    return _airy(z, derivative=True)


def _bessel(z: Tensor, order: int) -> Tensor:
    return _by_range(z, _BESSEL_SWITCH, partial(_bessel_near, order=order), partial(_bessel_far, order=order))


def _by_range(z: Tensor, switch: float, inner: TorchFunction, outer: TorchFunction) -> Tensor:
    """`inner` from -switch to switch, `outer` elsewhere."""
    near = z.abs() <= switch
    if z.is_cuda:
        # Each at arguments of its own range alone: what is not taken must not be nan either, for gradients.
        return torch.where(near, inner(torch.where(near, z, 0.0)), outer(torch.where(near, switch, z)))
    if bool(near.all()):
        return inner(z)
    values = torch.empty_like(z)
    values[near], values[~near] = inner(z[near]), outer(z[~near])
    return values


def _bessel_near(z: Tensor, order: int) -> Tensor:
    # Bessel's integral over a quarter period (DLMF 10.9.1-2) by the midpoint rule: for |z| <= 25 the aliasing error is
    # of the order of J_64(25), below 1e-17.
    places = [math.sin((k + 0.5) * math.pi / (2 * _QUARTER_POINTS)) for k in range(_QUARTER_POINTS)]
    if z.is_cuda:
        s = _constants((tuple(places),), z.dtype, z.device)
        waves = torch.outer(z.flatten(), s[0])
        total = torch.cos(waves).sum(-1) if order == 0 else torch.sin(waves) @ s[0]
        return total.reshape(z.shape) / _QUARTER_POINTS
    total = torch.zeros_like(z)
    for s in places:
        total += torch.cos(z * s) if order == 0 else torch.sin(z * s) * s
    return total / _QUARTER_POINTS


def _bessel_far(z: Tensor, order: int) -> Tensor:
    # Hankel's expansion, DLMF 10.17.3.
    x = z.abs()
    even, odd = power_series(_hankel_coefficients(order), 1 / x)
    # cos and sin of x - pi/4 (order 0) or x - 3 pi/4 (order 1) from cos x and sin x: no rounding of a large phase.
    c, s = torch.cos(x), torch.sin(x)
    cosine, sine = (c + s, s - c) if order == 0 else (s - c, -(s + c))
    values = (even * cosine - odd * sine) / torch.sqrt(math.pi * x)
    return torch.sign(z) * values if order == 1 else values


@cache
def _hankel_coefficients(order: int) -> Rows:
    """Those of even and of odd powers of 1/x, each with zeros for the others."""
    coefficient, rows = 1.0, ([0.0] * _BESSEL_TERMS, [0.0] * _BESSEL_TERMS)
    for k in range(_BESSEL_TERMS):
        rows[k % 2][k] = -coefficient if k % 4 in (2, 3) else coefficient
        coefficient *= (4 * order**2 - (2 * k + 1) ** 2) / (8 * (k + 1))
    return tuple(map(tuple, rows))


def power_series(rows: Rows, w: Tensor, step: Step | None = None) -> Sequence[Tensor]:
    """The power series in w (or in 1/w, where `step` is `torch.div`) that each row has the coefficients of."""
    step = step or torch.mul
    if w.is_cuda:
        powers = w.flatten() ** _exponents(len(rows[0]), step is torch.div, w.dtype, w.device)
        return (_constants(rows, w.dtype, w.device) @ powers).reshape(len(rows), *w.shape).unbind(0)
    sums, power = [torch.zeros_like(w) for _ in rows], torch.ones_like(w)
    for coefficients in zip(*rows, strict=True):
        for total, coefficient in zip(sums, coefficients, strict=True):
            if coefficient:
                total += coefficient * power
        power = step(power, w)
    return sums


@cache
def _constants(rows: Rows, dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.tensor(rows, dtype=dtype).to(device)


@cache
def _exponents(count: int, negative: bool, dtype: torch.dtype, device: torch.device) -> Tensor:
    return _constants(tuple((float(-k if negative else k),) for k in range(count)), dtype, device)


def _airy(z: Tensor, *, derivative: bool) -> Tensor:
    inner, outer = partial(_airy_near, derivative=derivative), partial(_airy_far, derivative=derivative)
    return _by_range(z, _AIRY_SWITCH, inner, outer)


@cache
def _airy_taylor_table(device: torch.device, derivative: bool) -> Tensor:
    """Taylor coefficients of Ai or Ai' about evenly spaced nodes, one row per power, from the equation y'' = z y."""
    count = round(2 * _AIRY_SWITCH / _AIRY_NODE_SPACING) + 1
    nodes = torch.linspace(-_AIRY_SWITCH, _AIRY_SWITCH, count, dtype=torch.float64)
    value, slope, _, _ = scipy.special.airy(nodes.numpy())
    rows = [torch.from_numpy(value), torch.from_numpy(slope), nodes * torch.from_numpy(value) / 2]
    for n in range(1, _AIRY_TAYLOR_TERMS - 2):
        rows.append((nodes * rows[n] + rows[n - 1]) / ((n + 2) * (n + 1)))
    if derivative:
        rows = [row * n for n, row in enumerate(rows)][1:]
    return torch.stack(rows).to(device)


def _airy_near(z: Tensor, *, derivative: bool) -> Tensor:
    index = torch.round((z + _AIRY_SWITCH) / _AIRY_NODE_SPACING).long()
    table = _airy_taylor_table(z.device, derivative)
    offset = z - (index * _AIRY_NODE_SPACING - _AIRY_SWITCH)
    if z.is_cuda:
        powers = offset.flatten() ** _exponents(len(table), False, z.dtype, z.device)
        return (table[:, index.flatten()] * powers).sum(0).reshape(z.shape).to(z.dtype)
    total = torch.zeros_like(z)
    for coefficient in table.flip(0):
        total.mul_(offset).add_(coefficient[index])
    return total


def _airy_far(z: Tensor, *, derivative: bool) -> Tensor:
    # DLMF 9.7.5-6 and 9.7.9-10 with u_k, v_k of 9.7.2; the smallest term is about exp(-2 zeta) < 1e-16.
    x = z.abs()
    zeta = 2 / 3 * x * torch.sqrt(x)
    plain, even, odd = power_series(_airy_coefficients(derivative), zeta, torch.div)
    root = torch.sqrt(torch.sqrt(x))
    c, s = torch.cos(zeta), torch.sin(zeta)
    decaying = torch.exp(-zeta) * plain / (2 * math.sqrt(math.pi))
    # cos(zeta - pi/4) = (c + s)/sqrt 2 and sin(zeta - pi/4) = (s - c)/sqrt 2.
    if derivative:
        oscillating = root * ((s - c) * even - (c + s) * odd) / math.sqrt(2 * math.pi)
        return torch.where(z > 0, -root * decaying, oscillating)
    oscillating = ((c + s) * even + (s - c) * odd) / (root * math.sqrt(2 * math.pi))
    return torch.where(z > 0, decaying / root, oscillating)


@cache
def _airy_coefficients(derivative: bool) -> Rows:
    """Those of the decaying side, and of even and odd powers of the oscillating one."""
    plain, parts, u = [], ([0.0] * _AIRY_ASYMPTOTIC_TERMS, [0.0] * _AIRY_ASYMPTOTIC_TERMS), 1.0
    for k in range(_AIRY_ASYMPTOTIC_TERMS):
        term = u * (6 * k + 1) / (1 - 6 * k) if derivative else u
        plain.append((-1) ** k * term)
        parts[k % 2][k] = (-1) ** (k // 2) * term
        u *= (6 * k + 1) * (6 * k + 3) * (6 * k + 5) / (216 * (k + 1) * (2 * k + 1))
    return tuple(map(tuple, (plain, *parts)))
