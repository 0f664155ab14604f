"""Units of constants in words."""

import itertools
import math
import re
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

from kansym.errors import DataError
from kansym.units.linear import solve
from kansym.units.unit import PURE, Dimension, Unit, base_of, describe, exponent_text, parse_unit, split_factor

LARGEST_POWER = 4
"""Of a unit in a product; halves are allowed."""

MOST_UNITS = 3
"""Units in one product."""

ANGLES = (Fraction(1), Fraction(-1), Fraction(2), Fraction(-2))
"""Powers of degrees and other pure numbers that are not one, in a product."""

TOLERANCE = 1e-6
"""Relative difference of scales that is rounding."""


_TOWER = re.compile(r"\^[^()]*\)\^")
"""A power of a power, which people do not write, and `parse_unit` does not read."""

_FACTOR = re.compile(r"(?P<sign>\s*[/*·]?\s*)(?P<word>[^\W\d_]+)(?:\^?(?P<power>(?<=\^)\(-?\d+(?:/\d+)?\)|-?\d+))?")
"""A word of a product with its sign before it and its exponent, ``/s^2`` or `` s-2``."""


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
    given = {one.text.strip(): one for one in map(_upright, own)}
    simple: dict[str, Unit] = {}
    for text, one in given.items():
        for part in [one] if _simple(text) else _parts(text):
            simple.setdefault(part.text.strip(), part)
    # Products of products, such as (m/s)^2/m, are longer than what they consist of, and than base units.
    products = {text: one for text, one in given.items() if text not in simple}
    compound = {} if coherent else {**products, **simple}
    for pool, most in ((products, 1), (simple, MOST_UNITS), (compound, 2), (compound, MOST_UNITS)):
        found = _shortest(unit, list(pool.values()), most, known)
        # A power of a compound unit is longer than the product of powers that it is, and brackets are no help.
        if (
            not found
            or (pool is products and "^" in found and simple)
            or (pool is compound and most > 2 and "(" in found)
            or _TOWER.search(found)
        ):
            continue
        return found
    for angle in simple.values():
        for power in ANGLES if angle.pure and not coherent else ():
            rest = Unit(unit.dimension, unit.scale / angle.scale ** int(power), describe(unit.dimension))
            if abs(rest.scale - 1) <= TOLERANCE:
                return rest.text + (" " if power > 0 else "/") + angle.text.strip() + exponent_text(abs(power))
    factor = "" if coherent else _factor(unit.scale)
    words = describe(unit.dimension)
    return factor if factor and words == "1" else f"{factor} {words}".strip()


@lru_cache(maxsize=1024)
def reduced(text: str) -> tuple[float, str]:
    """A number and a unit in which nothing cancels: ``(10.0, "1")`` for ``cm/mm``, ``(0.1, "m")`` for ``10^-1 m``.

    What is left of different units of one dimension is a pure number, as of ``min/h``, or they are one unit with
    different prefixes; ``km/s/Mpc`` is a unit of its own, as a degree and a percentage are. What is no unit stays.
    """
    try:
        return _reduced(*split_factor(text))
    except DataError:
        return 1.0, text


def _reduced(factor: float, plain: str) -> tuple[float, str]:
    kinds: dict[Dimension, dict[str, Unit]] = {}
    for word in re.findall(r"[^\W\d_]+|[%°]\w*", plain):
        one = parse_unit(word)
        if one is not None and not one.pure:
            kinds.setdefault(one.dimension, {}).setdefault(word, one)
    several = [alike for alike in kinds.values() if len(alike) > 1]
    whole = parse_unit(plain)
    if whole is None or not several:
        return factor, plain or "1"
    if not whole.pure and any(len({base_of(word) for word in alike}) > 1 for alike in several):
        return factor, plain
    kept = [next(iter(alike.values())) for alike in kinds.values()]
    rest, name = split_factor(name_unit(whole, kept))
    if name.startswith("/") or not name:
        # A number alone: all units cancel.
        name = "1"
    return factor * (whole.scale if whole.pure else rest), name


def quotient(above: str, below: str, power: int = 1) -> str:
    """The unit of a quotient in the words of its parts: ``1/s^2`` for ``1/s`` by ``s``, ``m/s^2`` for ``m/s``.

    Parameters
    ----------
    above, below : str
        As written.
    power : int, default 1
        Of what is below.
    """
    plain = split_factor(above)[1]
    if plain and plain != above:
        return f"{above.removesuffix(plain)}{quotient(plain, below, power)}"
    parts, own = _powers_of_words(above), _powers_of_words(below)
    if parts is None or own is None:
        first, second = (text if text.isalnum() else f"({text})" for text in (above, below))
        return f"{first}/{second}{exponent_text(Fraction(power))}"
    for word, exponent in own.items():
        parts[word] = parts.get(word, Fraction(0)) - power * exponent
    ups = [word + exponent_text(exponent) for word, exponent in parts.items() if exponent > 0]
    downs = [f"/{word}{exponent_text(-exponent)}" for word, exponent in parts.items() if exponent < 0]
    return (" ".join(ups) or "1") + "".join(downs)


def _powers_of_words(text: str) -> dict[str, Fraction] | None:
    """Exponents by the words of a unit such as ``kg m/s^2``; None where it has numbers or brackets but in exponents."""
    found: dict[str, Fraction] = {}
    rest = text.strip().replace("**", "^")
    if rest in ("", "1"):
        return found
    rest = re.sub(r"^1\s*(?=/)", "", rest)
    below = False
    while rest:
        match = _FACTOR.match(rest)
        if match is None:
            return None
        sign = match["sign"].strip()
        # What follows a slash and a blank is read in two ways.
        if below and sign != "/":
            return None
        below = sign == "/"
        exponent = Fraction(match["power"].strip("()")) if match["power"] else Fraction(1)
        word = match["word"]
        found[word] = found.get(word, Fraction(0)) + (-exponent if below else exponent)
        rest = rest[match.end() :]
    return found


def _shortest(unit: Unit, pool: Sequence[Unit], most: int, known: bool) -> str:
    """The product of powers of the fewest units of a pool; empty where there is none."""
    for count in range(1, min(most, len(pool)) + 1):
        fits = []
        for chosen in itertools.combinations(pool, count):
            powers = _powers(unit, chosen, known)
            if powers is not None:
                fits.append((sum(abs(power) for power in powers), chosen, powers))
        if fits:
            _, chosen, powers = min(fits, key=lambda fit: fit[0])
            return _product(chosen, powers)
    return ""


def _powers(unit: Unit, chosen: Sequence[Unit], known: bool) -> list[Fraction] | None:
    """Powers of some units whose product is the unit; None where there are none that people would write."""
    angles = [one for one in chosen if one.pure]
    if angles and len(chosen) > len(angles) == 1 and known:
        return _with_angle(unit, chosen, angles[0])
    if angles and len(chosen) > 1:
        return None
    if unit.pure:
        orders = _pure_powers(chosen)
        return next((one for one in orders if _is_size(unit, chosen, one, known)), None)
    matrix = [[one.dimension[k] for one in chosen] for k in range(len(PURE))]
    solution = solve(matrix, [[power] for power in unit.dimension], len(chosen))
    if solution is None:
        return None
    powers = [power for (power,) in solution]
    # Zero: a unit of the kind of another one, such as m beside mm, whose product would hide a factor.
    plain = all(power and power.denominator <= 2 and abs(power) <= LARGEST_POWER for power in powers)
    return powers if plain and _is_size(unit, chosen, powers, known) else None


def _pure_powers(chosen: Sequence[Unit]) -> list[list[Fraction]]:
    """Powers of one or two units whose product is a pure number."""
    if len(chosen) == 1:
        # A number per degree is 1/deg, and no factor of 57.
        return [[power] for power in ANGLES] if chosen[0].pure else []
    if len(chosen) > 2:
        return []
    # A ratio of two units of one kind, such as ohm/kohm or m^2/mm^2.
    first, second = (one.dimension for one in chosen)
    ratio = next((b / a for a, b in zip(first, second, strict=True) if a and b), Fraction(0))
    if not ratio or any(b != ratio * a for a, b in zip(first, second, strict=True)):
        return []
    powers = [Fraction(ratio.numerator), Fraction(-ratio.denominator)]
    return [[factor * power for power in powers] for factor in ANGLES]


def _with_angle(unit: Unit, chosen: Sequence[Unit], angle: Unit) -> list[Fraction] | None:
    """Powers where one of the units is a degree, or another pure number that is not one."""
    others = [one for one in chosen if one is not angle]
    for power in ANGLES:
        rest = Unit(unit.dimension, unit.scale / angle.scale ** int(power), "")
        found = _powers(rest, others, True)
        if found is not None:
            remaining = iter(found)
            return [power if one is angle else next(remaining) for one in chosen]
    return None


def _is_size(unit: Unit, chosen: Sequence[Unit], powers: Sequence[Fraction], known: bool) -> bool:
    scale = sum(float(p) * math.log(one.scale) for one, p in zip(chosen, powers, strict=True))
    return not known or abs(scale - math.log(unit.scale)) <= TOLERANCE


def _factor(scale: float) -> str:
    """``10^3`` for a power of ten, which is not read as a part of the number in front."""
    order = math.log10(scale)
    if abs(order - round(order)) <= TOLERANCE:
        return f"10^{round(order)}"
    text, _, power = f"{scale:.6g}".partition("e")
    return f"{text}e{int(power)}" if power else text


def _parts(text: str) -> list[Unit]:
    """``mm`` and ``s`` of ``mm/s``; nothing of what cannot be read, or would lose its angle, as ``MJy/sr`` would."""
    found = []
    for word in re.findall(r"[^\W\d_]+|[%°]\w*", text):
        try:
            unit = parse_unit(word)
        except DataError:
            return []
        if word == "rad":
            # A radian is one: rad/s is made of s.
            continue
        if unit is None or (unit.pure and unit.scale == 1):
            return []
        found.append(unit)
    return found


def _upright(unit: Unit) -> Unit:
    """``cm`` for ``1/cm``, so that its own reciprocal is not written 1/(1/cm)."""
    below = unit.text.strip().removeprefix("1/")
    if below == unit.text.strip() or not _simple(below):
        return unit
    return Unit(tuple(-power for power in unit.dimension), 1 / unit.scale, below)


def _simple(text: str) -> bool:
    return not any(sign in text.strip() for sign in " */^·")


def _product(units: Sequence[Unit], powers: Sequence[Fraction]) -> str:
    """``mmHg K^2``, ``km/s/Mpc``: what is below follows a slash."""
    # Simple ones first: what follows a slash would be read as below it.
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
