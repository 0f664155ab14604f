"""Atoms of a curve: primitives laid down on a grid of scales and places, alone or one inside another.

The grids only have to reach the basin of every minimum; `kansym.extraction.curve_sketches` goes the rest of the way.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

from kansym import clock
from kansym.clock import Work
from kansym.deferred import Tensor, torch
from kansym.extraction.curve_sketches import TERMS, Points, Sketches, atom_values
from kansym.primitives.primitive import Primitive

PLAIN_COMPLEXITY = 4
"""Most complex primitive that is laid down; Bessel functions of something are not worth their time."""

FAR = 6.0
"""Distance of the raw zero from the data, in half-widths, beyond which curves hardly know it."""

STEEP = 1.45
"""Scale, in units of one over the half-width of the data, that divides gentle atoms from steep ones."""

_OUTSIDE = (1.02, 1.1, 1.3, 1.8, 3.0)
_INSIDE = (-0.7, -0.35, 0.0, 0.35, 0.7)
_RATES = (0.15, 0.4, 0.8, 1.3, 2.0, 3.0, 4.5, 7.0, 11.0)
_WIDTHS = (0.4, 0.8, 1.5, 3.0, 6.0)
_RAW_WIDTHS = (0.25, 0.5, 0.9, 1.4, 2.2, 3.5, 5.5, 8.5, 13.0)
_EXPONENTS = (-6.0, -2.5, -1.5, -0.5, 0.3, 0.7, 1.5, 2.5)
_PHASES = tuple(math.pi * k / 4 for k in range(4))


@dataclass(frozen=True)
class Atoms:
    """N atoms on n points.

    Attributes
    ----------
    inner, outer : Tensor (N,) of int64
        Primitives by position; -1 for no outer one.
    theta : Tensor (N, 6)
        Constants, see `curve_sketches.CONSTANTS`.
    values : Tensor (N, n)
        Weighted, centred and of unit variance: sums of their squares over the points are 1.
    offset : Tensor (N,)
        Means of the atoms before, in units of their standard deviations.
    """

    inner: Tensor
    outer: Tensor
    theta: Tensor
    values: Tensor
    offset: Tensor

    def __len__(self) -> int:
        return self.inner.shape[0]

    def select(self, index: Tensor) -> Atoms:
        return Atoms(*(getattr(self, field.name)[index] for field in fields(self)))

    @property
    def group(self) -> Tensor:
        """One number for each pair of inner and outer primitive, shape (N,)."""
        return self.inner * 1000 + self.outer + 1

    @property
    def kind(self) -> Tensor:
        """`group`, divided into gentle and steep atoms, whose fits seldom lead to one another; shape (N,)."""
        return self.group * 2 + (self.theta[:, 0].abs() > STEEP)

    @classmethod
    def concatenate(cls, parts: Sequence[Atoms]) -> Atoms:
        return cls(*(torch.cat([getattr(part, field.name) for part in parts]) for field in fields(cls)))


def lay_down(inner: Tensor, outer: Tensor, theta: Tensor, points: Points, primitives: Sequence[Primitive]) -> Atoms:
    """Atoms from their constants, less those that are not finite, do not vary or are straight lines on the points."""
    count, n = len(inner), points.u.shape[0]
    clock.charge(Work.TENSOR_PASSES)
    clock.charge(Work.SKETCHED_POINTS, 2 * count * n)
    laid = Atoms(inner, outer, theta, theta, theta[:, 0])
    sketches = as_sketches(laid)
    values, inside, *_ = atom_values(sketches, points.u, primitives)
    values = values[:, 0]
    size = values.abs().amax(-1)
    valid = inside & torch.isfinite(size) & (size < 1e100)
    weighted = torch.where(valid[:, None], values, 0.0) * points.root_weight
    mean = (weighted * points.root_weight).sum(-1)
    weighted = weighted - mean[:, None] * points.root_weight
    norm = weighted.norm(dim=-1)
    valid &= norm > 1e-9 * size
    weighted = weighted / torch.where(valid, norm, 1.0)[:, None]
    # A straight line is the identity, which is laid down once.
    line = points.root_weight * (points.u - (points.root_weight.square() * points.u).sum())
    line = line / line.norm()
    identity = torch.tensor([primitive.name == "x" for primitive in primitives])[inner] & (outer < 0)
    valid &= (1 - (weighted @ line).square() > 1e-7) | identity
    valid &= torch.full((count,), n >= 3)
    index = valid.nonzero()[:, 0]
    return Atoms(inner[index], outer[index], theta[index], weighted[index], mean[index] / norm[index])


def grid(primitive: Primitive, origin: float, fastest: float, *, few: bool = False) -> Iterator[tuple[float, ...]]:
    """Scales, shifts and exponents (a, b, p) on which a primitive is laid down over u in [-1, 1].

    Parameters
    ----------
    primitive : Primitive
    origin : float
        Where the raw variable is zero, in u. Physical laws count from there more often than from anywhere else.
    fastest : float
        Largest angular frequency worth trying.
    few : bool, default False
        A coarser grid, for atoms that go inside another primitive.
    """
    if {"a", "b"} <= primitive.redundant:
        yield 1.0, 0.0, math.nan
    elif "a" in primitive.redundant:
        yield from _grid_of_shifts(primitive, origin, few=few)
    elif "b" in primitive.redundant:
        for a in _RATES[1::2] if few else _RATES:
            yield from ((a, 0.0, math.nan), (-a, 0.0, math.nan))
    elif primitive.period is not None and not primitive.domain.poles:
        yield from _grid_of_waves(primitive.period, origin, fastest, few=few)
    else:
        yield from _grid_of_widths(primitive, origin, few=few)


def _grid_of_shifts(primitive: Primitive, origin: float, *, few: bool) -> Iterator[tuple[float, ...]]:
    """Where the zero of the argument is counts, and not its scale."""
    near = abs(origin) < FAR
    smooth = primitive.domain.lower == -math.inf and not primitive.domain.poles
    signs = (1.0,) if primitive.parity != "none" else (1.0, -1.0)
    places = ([origin] if abs(origin) < 100 else []) + [side * far for far in _OUTSIDE for side in (-1, 1)]
    places += _INSIDE if smooth else ()
    if few and primitive.has_shape:
        places = places[: 1 if near else 0]
    elif few or primitive.has_shape:
        places = [*places[: 1 if near else 0], -1.02, 1.02, -1.5, 1.5, *(_INSIDE[1:4] if smooth else ())]
    for p in _EXPONENTS if primitive.has_shape else (math.nan,):
        for a in signs:
            yield from ((a, -a * place, p) for place in places)


def _grid_of_waves(period: float, origin: float, fastest: float, *, few: bool) -> Iterator[tuple[float, ...]]:
    turn = period / math.pi
    centre = origin if abs(origin) < FAR else 0.0
    step = 0.6 if not few else 1.2
    frequency = 0.5
    while frequency < fastest:
        a = frequency * turn / 2
        yield from ((a, phase * turn / 2 - a * centre, math.nan) for phase in (_PHASES[::2] if few else _PHASES))
        frequency += step if frequency < 6 else 1.0


def _grid_of_widths(primitive: Primitive, origin: float, *, few: bool) -> Iterator[tuple[float, ...]]:
    signs = (1.0,) if primitive.parity != "none" or "bose" in primitive.name else (1.0, -1.0)
    places = (0.0,) if few else (-1.4, *_INSIDE, 1.4)
    lower, upper = primitive.domain.lower, primitive.domain.upper
    for sign in signs:
        if abs(origin) < FAR:
            for a in _RAW_WIDTHS[::2] if few else _RAW_WIDTHS:
                yield sign * a, -sign * a * origin, math.nan
        for a in _WIDTHS[::2] if few else _WIDTHS:
            yield from ((sign * a, -sign * a * place, math.nan) for place in places)
        if math.isfinite(lower) and math.isfinite(upper):
            # Bounded domains: the data between various fractions of the ends.
            for a, b in _windows(lower, upper):
                yield sign * a, b, math.nan


def _windows(lower: float, upper: float) -> Iterator[tuple[float, float]]:
    width = upper - lower
    for first in (0.005, 0.1, 0.3, 0.5, 0.7):
        for last in (0.995, 0.9, 0.7, 0.5):
            if last - first > 0.15:
                low, high = lower + first * width, lower + last * width
                yield (high - low) / 2, (high + low) / 2


def plain_atoms(
    points: Points, primitives: Sequence[Primitive], origin: float, fastest: float, *, few: bool = False
) -> Atoms:
    """All primitives but the most complex and those with a kink, on their grids."""
    inner: list[int] = []
    theta: list[tuple[float, ...]] = []
    for k, primitive in enumerate(primitives):
        if primitive.complexity > PLAIN_COMPLEXITY + 1 or primitive.kink is not None or primitive.end_starts:
            continue
        if few and primitive.complexity > 3 and not primitive.has_shape:
            continue
        for a, b, p in grid(primitive, origin, fastest, few=few):
            inner.append(k)
            theta.append((a, b, 1.0 if math.isnan(p) else p, 1.0, 0.0, 1.0))
    kinds = torch.tensor(inner, dtype=torch.int64)
    constants = torch.tensor(theta, dtype=torch.float64).reshape(-1, 6)
    return lay_down(kinds, torch.full_like(kinds, -1), constants, points, primitives)


def spans(primitive: Primitive) -> Iterator[tuple[float, float]]:
    """Pairs of arguments that the ends of an inner function are put at, when `primitive` goes around it."""
    lower, upper = primitive.domain.lower, primitive.domain.upper
    if primitive.name == "x":
        return
    if math.isfinite(lower) and math.isfinite(upper):
        for first, last in ((0.01, 0.99), (0.2, 0.99), (0.5, 0.99), (0.3, 0.7), (0.5, 0.8)):
            low, high = lower + first * (upper - lower), lower + last * (upper - lower)
            yield from ((low, high), (high, low), (lower + upper - high, lower + upper - low))
    elif "a" in primitive.redundant:
        yield from _spans_of_shifts(primitive)
    elif "b" in primitive.redundant:
        yield from ((0.0, span * sign) for span in (0.5, 1.5, 4.0, 10.0) for sign in (1, -1))
    elif primitive.domain.poles:
        pole = primitive.domain.poles[0]
        for near, far in ((0.1, 3.0), (0.5, 2.0), (0.05, 1.0), (0.3, 6.0)):
            yield from ((pole + near, pole + far), (pole + far, pole + near))
    elif primitive.period is not None:
        for span in (1.0, 2.0, 4.0, 7.0, 11.0, 16.0):
            yield from ((phase, phase + span) for phase in (0.0, 0.8, 1.6, 2.4))
    else:
        for centre in (0.0, 1.0, -1.0, 2.0, -2.0):
            yield from ((centre - width, centre + width) for width in (0.5, 1.5, 3.0))
        if primitive.parity == "none":
            yield from ((3.0, -3.0), (1.0, -1.0), (2.0, 0.0))


def _spans_of_shifts(primitive: Primitive) -> Iterator[tuple[float, float]]:
    poles = bool(primitive.domain.poles)
    for ratio in (1e-3, 0.03, 0.15, 0.4, 0.7):
        yield from ((ratio, 1.0), (1.0, ratio))
        if poles and primitive.parity == "none":
            yield from ((-ratio, -1.0), (-1.0, -ratio))
    if primitive.domain.lower == -math.inf and not poles:
        yield from ((-1.0, 1.0), (-0.5, 1.0), (-1.0, 0.5))


def chained_atoms(points: Points, primitives: Sequence[Primitive], inside: Atoms, *, outer: Sequence[int]) -> Atoms:
    """Every outer primitive around every atom of `inside`, its ends at the arguments of `spans`."""
    values = raw_values(inside, points.u, primitives)
    low, high = values.amin(-1), values.amax(-1)
    kinds, outside, theta = [], [], []
    for k in outer:
        primitive = primitives[k]
        sensible = torch.tensor([not _pointless(primitives[kind], primitive) for kind in inside.inner.tolist()])
        index = sensible.nonzero()[:, 0]
        ends = torch.tensor(list(spans(primitive)), dtype=torch.float64)
        if not len(index) or not len(ends):
            continue
        alpha = (ends[:, 1] - ends[:, 0]) / (high - low)[index, None]
        beta = ends[:, 0] - alpha * low[index, None]
        if "a" in primitive.redundant:
            # Scale and sign are the outer constant's; only the place of the zero counts. The inner function with its
            # own zero is the likeliest argument.
            alpha, beta = alpha.sign(), beta / alpha.abs()
            side = torch.where(high[index] > 0, 1.0, -1.0)[:, None]
            alpha, beta = torch.cat([alpha, side], 1), torch.cat([beta, torch.zeros_like(side)], 1)
        elif "b" in primitive.redundant:
            beta = torch.zeros_like(beta)
        for q in primitive.shape_starts[1::3] if primitive.has_shape else (1.0,):
            constants = inside.theta[index, None, :].expand(-1, alpha.shape[1], -1).clone()
            constants[..., 3], constants[..., 4], constants[..., 5] = alpha, beta, q
            kinds.append(inside.inner[index, None].expand_as(alpha).reshape(-1))
            outside.append(torch.full_like(kinds[-1], k))
            theta.append(constants.reshape(-1, 6))
    if not kinds:
        return inside.select(torch.zeros(0, dtype=torch.int64))
    return lay_down(torch.cat(kinds), torch.cat(outside), torch.cat(theta), points, primitives)


def raw_values(atoms: Atoms, u: Tensor, primitives: Sequence[Primitive]) -> Tensor:
    """Values of the atoms themselves, shape (N, n)."""
    return atom_values(as_sketches(atoms), u, primitives)[0][:, 0]


def as_sketches(first: Atoms, second: Atoms | None = None) -> Sketches:
    """Atoms, or pairs of them, as sketches without terms and with all constants held."""
    absent = torch.full_like(first.inner, -1)
    one = torch.tensor([0.0, 0.0, 1.0, 1.0, 0.0, 1.0], dtype=torch.float64).expand_as(first.theta)
    return Sketches(
        torch.stack([first.inner, absent if second is None else second.inner], 1),
        torch.stack([first.outer, absent if second is None else second.outer], 1),
        torch.stack([first.theta, one if second is None else second.theta], 1),
        torch.zeros(len(first), 2, 6, dtype=torch.bool),
        torch.zeros(len(first), len(TERMS), dtype=torch.bool),
    )


def _pointless(inner: Primitive, outer: Primitive) -> bool:
    """Whether the chain is an atom already: a power of a power, log of exp, anything of a straight line."""
    if inner.name == "x":
        return True
    return {inner.name, outer.name} == {"exp", "log"}
