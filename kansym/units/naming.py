"""Units of constants in words."""

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction

from kansym.units.unit import PURE, Unit, describe, exponent_text

POWERS = tuple(Fraction(k, 2) for k in (2, -2, 4, -4, 6, -6, 1, -1, 3, -3))
"""Powers of a table's own units that are tried."""

MOST_UNITS = 3
"""Units in one product."""

TOLERANCE = 1e-6
"""Relative difference of scales that is rounding."""


def name_unit(unit: Unit, own: Sequence[Unit]) -> str:
    """A unit in terms of `own` units, shortest first; in SI base units, with a factor, where that is not possible.

    Parameters
    ----------
    unit : Unit
        Scale nan where it is not known.
    own : sequence of Unit
        Units of the table.

    Examples
    --------
    >>> from kansym.units.unit import parse_unit
    >>> name_unit(parse_unit("km/s/Mpc"), [parse_unit("km/s"), parse_unit("Mpc")])
    'km/s/Mpc'
    """
    known = math.isfinite(unit.scale)
    if unit.dimension == PURE and (not known or abs(unit.scale - 1) <= TOLERANCE):
        return "1"
    coherent = not known or abs(unit.scale - 1) <= TOLERANCE
    # Products of products, such as (m/s)^2/m, are shorter in base units.
    distinct = {one.text: one for one in map(_upright, own) if not coherent or _simple(one.text)}
    for count in range(1, min(MOST_UNITS, len(distinct)) + 1):
        fits = []
        for chosen in itertools.combinations(distinct.values(), count):
            for powers in itertools.product(POWERS if count < 3 else POWERS[:6], repeat=count):
                if _is(unit, chosen, powers, known):
                    fits.append((sum(abs(power) for power in powers), chosen, powers))
        if fits:
            _, chosen, powers = min(fits, key=lambda fit: fit[0])
            return _product(chosen, powers)
    factor = "" if coherent else f"{unit.scale:.6g} "
    return factor + describe(unit.dimension)


def _upright(unit: Unit) -> Unit:
    """``cm`` for ``1/cm``, so that its own reciprocal is not written 1/(1/cm)."""
    below = unit.text.strip().removeprefix("1/")
    if below == unit.text.strip() or not _simple(below):
        return unit
    return Unit(tuple(-power for power in unit.dimension), 1 / unit.scale, below)


def _is(unit: Unit, chosen: Sequence[Unit], powers: Sequence[Fraction], known: bool) -> bool:
    for k, power in enumerate(unit.dimension):
        if sum(p * one.dimension[k] for one, p in zip(chosen, powers, strict=True)) != power:
            return False
    scale = sum(float(p) * math.log(one.scale) for one, p in zip(chosen, powers, strict=True))
    return not known or abs(scale - math.log(unit.scale)) <= TOLERANCE


def _simple(text: str) -> bool:
    return not any(sign in text.strip() for sign in " */^·")


def _product(units: Sequence[Unit], powers: Sequence[Fraction]) -> str:
    """``mmHg K^2``, ``km/s/Mpc``: what is below follows a stroke."""
    # Simple ones first: what follows a stroke would be read as below it.
    pairs = sorted(zip(units, powers, strict=True), key=lambda pair: (pair[1] < 0, not _simple(pair[0].text)))
    text = ""
    for unit, power in pairs:
        size = abs(power)
        simple = _simple(unit.text)
        name = unit.text.strip()
        if size != 1 or (power < 0 and not simple):
            name = name if simple else f"({name})"
        shown = name + exponent_text(size)
        text += f"/{shown}" if power < 0 and text else f"1/{shown}" if power < 0 else f" {shown}" if text else shown
    return text
