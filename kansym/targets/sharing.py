# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false
"""Which constants of several targets are one: by chi-squared of their difference, then of a joint fit."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import scipy
import sympy
from sympy import Rational

from kansym.targets.joint import LEAST_P, JointFit, OwnFit, joint_fit

RATIOS = tuple(Rational(p, q) for p, q in ((2, 1), (3, 1), (3, 2), (4, 1)))
"""Ratios other than one, of either sign, of the larger of two constants to the smaller."""

SIGNS = (1, -1)

DECADES = 4.6
"""Natural logarithm of the range that unrelated constants are taken to be spread over, two decades."""

BY_CHANCE = 0.1
"""Expected number of unrelated constants of so many that agree within two errors, up to which agreement counts."""


@dataclass(frozen=True)
class Link:
    """A constant of one target in terms of a constant of another.

    Attributes
    ----------
    base, other : Symbol
    ratio, power : Rational
        ``other = ratio * base**power``.
    p_value : float
        Of the difference of the two; 1 for data without noise.
    order : tuple
        The surest first.
    """

    base: sympy.Symbol
    other: sympy.Symbol
    ratio: Rational
    power: Rational
    p_value: float
    order: tuple


def links(own: Sequence[OwnFit], units: Mapping[sympy.Symbol, str | None]) -> list[Link]:
    """Constants that agree between targets, each at most once for a pair of targets, the surest first."""
    found: list[Link] = []
    for first, second in itertools.permutations(own, 2):
        pairs = list(itertools.product(first.values.items(), second.values.items()))
        for (base, a), (other, b) in pairs:
            found += _links(base, a, other, b, len(pairs), units, own.index(first) < own.index(second))
    found.sort(key=lambda link: link.order)
    kept: list[Link] = []
    taken: set[tuple[sympy.Symbol, str]] = set()
    owner = {symbol: one.target for one in own for symbol in one.form.constants}
    for link in found:
        taken = {
            (one, owner[two]) for kept_ in kept for one, two in ((kept_.base, kept_.other), (kept_.other, kept_.base))
        }
        if (link.base, owner[link.other]) not in taken and (link.other, owner[link.base]) not in taken:
            kept.append(link)
    return kept


def _links(
    base: sympy.Symbol,
    a: tuple[float, float],
    other: sympy.Symbol,
    b: tuple[float, float],
    pairs: int,
    units: Mapping[sympy.Symbol, str | None],
    forward: bool,
) -> Iterator[Link]:
    # What is symmetric is asked once for a pair of targets, forward; ratios above one and squares in both directions.
    equal = units.get(base) == units.get(other)
    ways = [(Rational(sign), Rational(1), 1) for sign in SIGNS] if equal and forward else []
    ways += [(sign * ratio, Rational(1), 4 * len(RATIOS)) for ratio in RATIOS for sign in SIGNS] if equal else []
    if a[0] > 0 and units.get(base) in (None, "1"):
        powers = (Rational(2), Rational(-1)) if forward else (Rational(2),)
        ways += [(Rational(sign), power, 6) for power in powers for sign in SIGNS]
    for ratio, power, tried in ways:
        expected = float(ratio) * a[0] ** float(power)
        slope = abs(float(ratio * power)) * a[0] ** float(power - 1) if power != 1 else abs(float(ratio))
        error = math.hypot(slope * a[1], b[1])
        size = abs(b[0])
        if not (size > 0 and math.isfinite(expected) and 4 * pairs * tried * error / size / DECADES <= BY_CHANCE):
            continue
        p = float(2 * scipy.stats.norm.sf(abs(b[0] - expected) / error)) if error > 0 else float(b[0] == expected)
        if p >= LEAST_P:
            plain = (tried > 1, power != 1)
            yield Link(base, other, ratio, power, p, (*plain, bool(ratio < 0), error / size, -p, str(base), str(other)))


def shared_fit(
    own: Sequence[OwnFit], expressions: Sequence[sympy.Expr], found: Sequence[Link]
) -> tuple[JointFit, dict[sympy.Symbol, sympy.Expr]] | None:
    """The joint fit with as many of the links as the data agree with, and what linked constants are made of.

    Links that the joint fit does not hold with go one by one, the least probable first.
    """
    values = {symbol: value for one in own for symbol, (value, _) in one.values.items()}
    kept = list(found)
    while kept:
        made_of = _resolved(kept)
        reduced = [expression.xreplace(made_of) for expression in expressions]
        start = {symbol: value for symbol, value in values.items() if symbol not in made_of}
        fit = joint_fit(own, reduced, start)
        if fit is not None and fit.holds:
            return fit, made_of
        kept.remove(min(kept, key=lambda link: (link.p_value, *link.order)))
    return None


def _resolved(found: Sequence[Link]) -> dict[sympy.Symbol, sympy.Expr]:
    """Every linked constant in terms of one that is linked to no other."""
    made_of: dict[sympy.Symbol, sympy.Expr] = {}
    for link in found:
        base, other = made_of.get(link.base, link.base), made_of.get(link.other, link.other)
        value = link.ratio * base**link.power
        if not other.is_Symbol or other in value.free_symbols:
            # Linked already, by way of a third.
            continue
        made_of = {symbol: expression.xreplace({other: value}) for symbol, expression in made_of.items()}
        made_of[other] = value
    return made_of
