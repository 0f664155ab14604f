"""Starting constants of the factors of one argument, scaled by its range.

Coarse grids are enough: the constants of all terms are refined together (`kansym.terms.refinement`), and of twenty
starts one is near enough nearly always. How dense a grid has to be depends on how fast the function of its constants
turns away from its neighbours: sines need a frequency every half turn over the data, saturations only a few places.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from kansym.primitives.allowed import AllowedFunctions
from kansym.terms.arguments import INPUT, OWN, PAIR, Argument
from kansym.terms.factors import FACTORS, NUMBER

Atom = tuple[str, float, float]
"""A factor by name, with its two constants."""

PLAIN_ANGLE, LEAST_ANGLE = 7.0, 0.3
"""Largest |u| and least range of an argument that may be an angle as it stands."""

DENSE_RATES = (0.25, 0.33, 0.43, 0.56, 0.74, 0.97, 1.25, 1.6, 2.1, 2.8, 3.6, 4.7, 6.1, 8, 10.5, 14)
RATES, SPARSE_RATES, COARSE_RATES = (0.3, 0.6, 1.2, 2, 3.2, 5, 8, 14), (0.6, 2, 5), (1.2, 3.2)
"""Rates of exponentials over the range of an argument."""

LONG_TAIL = 1 / 3
"""Share of the range of an argument that most of its values fill at most where it has a long tail."""

CIRCULAR = ((0, 2), (1, 1), (-1, 1), (-1, 0), (-2, 0), (0, -1), (0, -2), (1, -1), (1, 2), (2, 1), (-2, 2))
"""Powers of a cosine and a sine of one angle."""


class Density(Enum):
    """How many starts there are."""

    DENSE = "full grids for functions of one input too"
    FULL = "full grids for inputs, sparse ones for what is made of them"
    SPARSE = "sparse grids"
    COARSE = "the few that are tried as the first of two functions in a product"


@dataclass(frozen=True)
class _Range:
    """Where an argument's values lie: ends, width of most of them, a typical largest magnitude."""

    low: float
    high: float
    width: float
    size: float


def atoms(
    argument: Argument, *, density: Density = Density.FULL, allowed: AllowedFunctions | None = None
) -> list[Atom]:
    """Factors of an argument to begin with.

    Parameters
    ----------
    argument : Argument
        Inputs get full grids, combinations of them sparser ones, and phases none but a sine and a cosine.
    density : Density
    allowed : AllowedFunctions, optional
        What formulas may have.
    """
    u = argument.column
    low, high = float(u.min()), float(u.max())
    where = _Range(low, high, _width(u), float(np.percentile(np.abs(u), 90)))
    coarse, dense = density is Density.COARSE, density is Density.DENSE
    full = (dense and argument.level == OWN) or (argument.level == INPUT and density in (Density.DENSE, Density.FULL))
    broad = argument.level in (INPUT, PAIR)
    rates = DENSE_RATES if dense and full else RATES if full else COARSE_RATES if coarse else SPARSE_RATES
    found = [*_powers(where, argument.level, coarse), *_exponentials(where, argument.level, rates, full, coarse)]
    found += [*_shifted(where, full, coarse)]
    if broad:
        found += _squares(where, full)
    found += _bumps(where, full, coarse, broad)
    if not coarse:
        found += _kinks(where, full)
    known: dict[tuple[str, float, float], bool] = {}
    kept = []
    for name, a, b in found:
        factor = FACTORS[NUMBER[name]]
        # The answer depends on the numbers that are fixed only.
        key = (name, a if factor.constants == 0 else 0.0, b if factor.constants < 2 else 0.0)
        if key not in known:
            known[key] = factor.permitted(allowed, a, b)
        if known[key]:
            kept.append((name, float(a), float(b)))
    return list(dict.fromkeys(kept))


def _width(u: np.ndarray) -> float:
    """The range, or that of nine tenths of the values where the others are far out, as those of 1/x near zero are."""
    whole, most = float(np.ptp(u)), float(np.subtract(*np.percentile(u, (95, 5))))
    return most if 0 < most < LONG_TAIL * whole else whole


def _powers(r: _Range, level: int, coarse: bool) -> Iterator[Atom]:
    if level == OWN and r.low >= 0:
        yield from (("power", p, 0) for p in (0.5, 1, 1.5))
    if level >= PAIR:
        for p in (1, -3, -2, -1, -0.5, 0.5, 2, 3):
            if (p == int(p) or r.low >= 0) and (p > 0 or r.low * r.high > 0):
                yield "power", p, 0
    if r.low >= 0 and level in (INPUT, PAIR):
        positive = (0.3, 0.7, 1.4) if coarse else (0.2, 0.4, 0.7, 1.25, 1.7, 2.3, 3.3, 4.5)
        negative = (-0.25, -0.7, -1.3, -2.5) if r.low > 0 and not coarse else ()
        for p in positive + negative:
            yield "real power", p, 0


def _exponentials(r: _Range, level: int, rates: Sequence[float], full: bool, coarse: bool) -> Iterator[Atom]:
    for sign in (-1, 1):
        for rate in rates:
            yield "exp", sign * rate / r.width, 0
    yield from _sines(r, level, full, coarse)
    yield from _logarithms(r, full, coarse)
    if r.low > 0 and not coarse:
        for rate in (0.5, 1.5, 4):
            yield "bose", rate / r.size, 0
            yield "bose", -rate / r.size, 0
        for rate in (0.5, 1.5, 3):
            yield "inverse sinh squared", rate / r.size, 0
    if r.low >= 0 and not coarse:
        for place in (0.1, 0.3, 1, 3) if full else (0.5,):
            yield "saturation", r.size * place, 0
    if r.low >= 0 or full:
        for rate in (1, 3, 8) if full else (2,):
            yield "relaxation", -rate / r.size, 0
            if full:
                yield "relaxation", rate / (2 * r.size), 0


def _sines(r: _Range, level: int, full: bool, coarse: bool) -> Iterator[Atom]:
    frequencies = (0.7, 1.5, *np.arange(2.5, 31, 1.3)) if full else (2.0, 5.0, 9.0) if coarse else (1.5, 3, 5, 7.5, 10)
    for frequency in frequencies:
        for phase in (0, 0.8, math.pi / 2, 2.4) if full else (0, math.pi / 2):
            yield "sin", float(frequency) / r.width, phase
    angle = max(abs(r.low), abs(r.high)) < PLAIN_ANGLE
    if angle and r.width > LEAST_ANGLE:
        for frequency in (1.0,) if coarse else (1.0, 2.0):
            yield "sin", frequency, 0
            yield "sin", frequency, math.pi / 2
        if level in (INPUT, PAIR):
            for cosine, sine in CIRCULAR:
                yield "circular", cosine, sine


def _logarithms(r: _Range, full: bool, coarse: bool) -> Iterator[Atom]:
    if r.low > 0:
        yield "log", 0, 0
    for place in (0.03, 0.15, 0.5, 1.5) if full else (0.3,):
        yield "log", -r.low + r.size * place, 0
    if r.low >= 0 and not coarse:
        for place in (0.5, 2, 8, 30) if full else (3,):
            yield "log1p", place / r.size, 0


def _shifted(r: _Range, full: bool, coarse: bool) -> Iterator[Atom]:
    below = (0.02, 0.08, 0.25, 0.7, 2) if full else (0.25,) if coarse else (0.1, 0.5)
    above = (0.1, 0.4, 1) if full else (0.3,)
    for exponent in (-1, -2, -0.5, 0.5, 1, *((2,) if full else ())):
        for place in below:
            yield "shifted", -r.low + r.size * place, exponent
        if exponent == int(exponent) and (full or exponent in (-1, 1)):
            for place in above:
                yield "shifted", -r.high - r.size * place, exponent
        if exponent == 1:
            for place in (0.25, 0.5, 0.75):
                yield "shifted", -(r.low + r.width * place), exponent


def _squares(r: _Range, full: bool) -> Iterator[Atom]:
    for exponent in (-1, -2, -0.5, 0.5, 1):
        for place in (0.02, 0.1, 0.4, 1.5) if full else (0.2,):
            yield "square plus", r.size * r.size * place, exponent
    for exponent in (-1, -0.5, 0.5):
        for place in (1.1, 1.5, 3) if full else (1.4,):
            yield "square less", max(r.low**2, r.high**2) * place, exponent


def _bumps(r: _Range, full: bool, coarse: bool, broad: bool) -> Iterator[Atom]:
    for rate in (0.7, 1.5, 3, 6) if full else (1.5,):
        yield "tanh", rate / r.size, 0
    if full:
        for rate in (4, 9):
            for place in (0.25, 0.5, 0.75):
                yield "tanh", rate / r.width, -rate / r.width * (r.low + r.width * place)
    if broad:
        for breadth in (0.12, 0.25, 0.6) if full else (0.35,):
            for place in (0.1, 0.3, 0.5, 0.7, 0.9) if full else (0.5,):
                yield "gaussian", 1 / (r.width * breadth) ** 2, r.low + r.width * place
    if not coarse:
        yield from _peaks(r, full, broad)


def _peaks(r: _Range, full: bool, broad: bool) -> Iterator[Atom]:
    for breadth in (0.1, 0.3, 0.8) if full else (0.3,):
        for place in (-0.3, 0.1, 0.3, 0.5, 0.7, 0.9) if full else (-0.2, 0.5):
            for name in ("lorentzian", "inverse hyperbola", "hyperbola"):
                yield name, (r.width * breadth) ** 2, r.low + r.width * place
    if broad:
        yield from (("softplus", sign * rate / max(r.size, r.width), 0) for rate in (1.5, 5) for sign in (1, -1))
    if broad and r.low >= 0:
        for exponent in (1.5, 2.5, 4):
            for place in (0.2, 0.4, 0.7) if full else (0.4,):
                yield "hill", exponent, (r.size * place) ** exponent
    if r.low < 0.2 * r.width:
        for breadth in (0.15, 0.3, 0.7):
            yield "gaussian", 1 / (r.width * breadth) ** 2, 0
    for rate in (3, 8) if full else (5,):
        for place in (0.0, 0.25, 0.5, 0.75) if full else (0.4,):
            yield "fermi", rate / r.width, -rate / r.width * (r.low + r.width * place)


def _kinks(r: _Range, full: bool) -> Iterator[Atom]:
    """|u| and sign u, for arguments with values on both sides; zero, where it is among them, before other places."""
    if r.low < 0 < r.high:
        yield "abs", 0, 0
        yield "sign", 0, 0
    if full or not r.low < 0 < r.high:
        for place in (0.1, 0.22, 0.35, 0.5, 0.65, 0.78, 0.9) if full else (0.5,):
            yield "abs", -(r.low + r.width * place), 0
