"""Bessel and Airy functions in float64 torch, accurate to rounding on CPU and CUDA.

`torch.special.bessel_j0`, `bessel_j1` and `airy_ai` are only good to about 1e-6 in parts of their range (checked
against scipy), and torch has no derivative of Ai; the fits here end at machine precision, so they need better ones.
"""

import math
from functools import cache

import scipy.special
import torch
from torch import Tensor

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
    near = z.abs() <= _BESSEL_SWITCH
    if bool(near.all()):
        return _bessel_near(z, order)
    values = torch.empty_like(z)
    values[near], values[~near] = _bessel_near(z[near], order), _bessel_far(z[~near], order)
    return values


def _bessel_near(z: Tensor, order: int) -> Tensor:
    # Bessel's integral over a quarter period (DLMF 10.9.1-2) by the midpoint rule: for |z| <= 25 the aliasing error is
    # of the order of J_64(25), below 1e-17.
    total = torch.zeros_like(z)
    for k in range(_QUARTER_POINTS):
        s = math.sin((k + 0.5) * math.pi / (2 * _QUARTER_POINTS))
        total += torch.cos(z * s) if order == 0 else torch.sin(z * s) * s
    return total / _QUARTER_POINTS


def _bessel_far(z: Tensor, order: int) -> Tensor:
    # Hankel's expansion, DLMF 10.17.3.
    x = z.abs()
    even, odd, coefficient, inverse = torch.zeros_like(z), torch.zeros_like(z), 1.0, 1 / x
    power = torch.ones_like(z)
    for k in range(_BESSEL_TERMS):
        part = odd if k % 2 else even
        part += (-coefficient if k % 4 in (2, 3) else coefficient) * power
        coefficient *= (4 * order**2 - (2 * k + 1) ** 2) / (8 * (k + 1))
        power = power * inverse
    # cos and sin of x - pi/4 (order 0) or x - 3 pi/4 (order 1) from cos x and sin x: no rounding of a large phase.
    c, s = torch.cos(x), torch.sin(x)
    cosine, sine = (c + s, s - c) if order == 0 else (s - c, -(s + c))
    values = (even * cosine - odd * sine) / torch.sqrt(math.pi * x)
    return torch.sign(z) * values if order == 1 else values


def _airy(z: Tensor, *, derivative: bool) -> Tensor:
    near = z.abs() <= _AIRY_SWITCH
    if bool(near.all()):
        return _airy_near(z, derivative=derivative)
    values = torch.empty_like(z)
    values[near] = _airy_near(z[near], derivative=derivative)
    values[~near] = _airy_far(z[~near], derivative=derivative)
    return values


@cache
def _airy_taylor_table(device: torch.device) -> Tensor:
    """Taylor coefficients of Ai about evenly spaced nodes, one row per power, from the equation y'' = z y."""
    count = round(2 * _AIRY_SWITCH / _AIRY_NODE_SPACING) + 1
    nodes = torch.linspace(-_AIRY_SWITCH, _AIRY_SWITCH, count, dtype=torch.float64)
    value, slope, _, _ = scipy.special.airy(nodes.numpy())
    rows = [torch.from_numpy(value), torch.from_numpy(slope), nodes * torch.from_numpy(value) / 2]
    for n in range(1, _AIRY_TAYLOR_TERMS - 2):
        rows.append((nodes * rows[n] + rows[n - 1]) / ((n + 2) * (n + 1)))
    return torch.stack(rows).to(device)


def _airy_near(z: Tensor, *, derivative: bool) -> Tensor:
    index = torch.round((z + _AIRY_SWITCH) / _AIRY_NODE_SPACING).long()
    offset = z - (index * _AIRY_NODE_SPACING - _AIRY_SWITCH)
    table = _airy_taylor_table(z.device)
    total = torch.zeros_like(z)
    for n in range(_AIRY_TAYLOR_TERMS - 1, 0 if derivative else -1, -1):
        coefficient = table[n] * n if derivative else table[n]
        total.mul_(offset).add_(coefficient[index])
    return total


def _airy_far(z: Tensor, *, derivative: bool) -> Tensor:
    # DLMF 9.7.5-6 and 9.7.9-10 with u_k, v_k of 9.7.2; the smallest term is about exp(-2 zeta) < 1e-16.
    x = z.abs()
    zeta = 2 / 3 * x * torch.sqrt(x)
    plain, even, odd = torch.zeros_like(z), torch.zeros_like(z), torch.zeros_like(z)
    u, power = 1.0, torch.ones_like(z)
    for k in range(_AIRY_ASYMPTOTIC_TERMS):
        term = power * (u * (6 * k + 1) / (1 - 6 * k) if derivative else u)
        plain += (-1) ** k * term
        part = odd if k % 2 else even
        part += (-1) ** (k // 2) * term
        u *= (6 * k + 1) * (6 * k + 3) * (6 * k + 5) / (216 * (k + 1) * (2 * k + 1))
        power = power / zeta
    root = torch.sqrt(torch.sqrt(x))
    c, s = torch.cos(zeta), torch.sin(zeta)
    decaying = torch.exp(-zeta) * plain / (2 * math.sqrt(math.pi))
    # cos(zeta - pi/4) = (c + s)/sqrt 2 and sin(zeta - pi/4) = (s - c)/sqrt 2.
    if derivative:
        oscillating = root * ((s - c) * even - (c + s) * odd) / math.sqrt(2 * math.pi)
        return torch.where(z > 0, -root * decaying, oscillating)
    oscillating = ((c + s) * even + (s - c) * odd) / (root * math.sqrt(2 * math.pi))
    return torch.where(z > 0, decaying / root, oscillating)
