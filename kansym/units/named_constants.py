"""Constants of nature that a fitted constant may be: a suggestion beside the number, never in place of it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import scipy.constants

from kansym.units.unit import Dimension, Unit, parse_unit

PRECISE = 0.01
"""Largest relative error of a fitted constant for which anything is proposed: below it, coincidences are common."""

WITHIN = 2.0
"""Standard errors, of both numbers together, within which they must agree."""

CHANCE = 0.02
"""Largest expected number of agreements by coincidence among all candidates of the same dimension."""

DECADES = 6.0
"""Decades over which numbers of one dimension are taken to be spread, for that expectation."""

FACTORS: tuple[tuple[float, str], ...] = (
    (1.0, ""),
    (2.0, "2 "),
    (0.5, "1/2 "),
    (1.5, "3/2 "),
    (2 / 3, "2/3 "),
    (4.0, "4 "),
    (0.25, "1/4 "),
    (1 / 3, "1/3 "),
    (3.0, "3 "),
    (2 * math.pi, "2 pi "),
    (4 * math.pi, "4 pi "),
    (1 / (2 * math.pi), "1/(2 pi) "),
    (1 / (4 * math.pi), "1/(4 pi) "),
)
"""Numbers that may stand before a constant."""

_NAMED: tuple[tuple[str, str, str, str], ...] = (
    ("c", "speed of light in vacuum", "m/s", "speed of light"),
    ("h", "Planck constant", "J s", "Planck constant"),
    ("hbar", "reduced Planck constant", "J s", "reduced Planck constant"),
    ("k_B", "Boltzmann constant", "J/K", "Boltzmann constant"),
    ("G", "Newtonian constant of gravitation", "m^3/kg/s^2", "gravitational constant"),
    ("e", "elementary charge", "C", "elementary charge"),
    ("epsilon_0", "vacuum electric permittivity", "F/m", "electric constant"),
    ("mu_0", "vacuum mag. permeability", "N/A^2", "magnetic constant"),
    ("R", "molar gas constant", "J/mol/K", "gas constant"),
    ("sigma_SB", "Stefan-Boltzmann constant", "W/m^2/K^4", "Stefan-Boltzmann constant"),
    ("N_A", "Avogadro constant", "1/mol", "Avogadro constant"),
    ("m_e", "electron mass", "kg", "electron mass"),
    ("m_p", "proton mass", "kg", "proton mass"),
    ("F", "Faraday constant", "C/mol", "Faraday constant"),
    ("R_inf", "Rydberg constant", "1/m", "Rydberg constant"),
    ("a_0", "Bohr radius", "m", "Bohr radius"),
    ("mu_B", "Bohr magneton", "J/T", "Bohr magneton"),
    ("g", "standard acceleration of gravity", "m/s^2", "standard gravity"),
)
"""Symbol, name in CODATA, unit and name for people."""

PRODUCTS: tuple[tuple[tuple[str, int], ...], ...] = (
    (("h", 1), ("c", 1)),
    (("hbar", 1), ("c", 1)),
    (("h", 1), ("c", 1), ("k_B", -1)),
    (("h", 1), ("k_B", -1)),
    (("h", 1), ("e", -1)),
    (("k_B", 1), ("e", -1)),
    (("h", 1), ("c", 1), ("e", -1)),
    (("e", 1), ("m_e", -1)),
    (("e", 1), ("m_p", -1)),
    (("h", 1), ("m_e", -1)),
    (("h", 1), ("m_e", -1), ("c", -1)),
    (("m_e", 1), ("c", 2)),
    (("e", 2), ("epsilon_0", -1)),
    (("G", 1), ("c", -2)),
    (("R_inf", 1), ("c", 1)),
    (("R_inf", 1), ("h", 1), ("c", 1)),
)
"""Combinations that laws are written with."""


@dataclass(frozen=True)
class Suggestion:
    """A constant of nature that a fitted one may be.

    Attributes
    ----------
    symbol, name : str
        Such as ``"h c/k_B"`` and its name in words.
    value : float
        In the unit of the fitted constant.
    sigmas : float
        Distance of the fitted constant from it, in standard errors of both together.
    """

    symbol: str
    name: str
    value: float
    sigmas: float

    def __str__(self) -> str:
        name = "" if self.name == self.symbol else f" ({self.name})"
        return f"{self.symbol}{name} = {self.value:.9g}, {abs(self.sigmas):.1f} standard errors away"


def suggestions(value: float, error: float | None, unit: Unit | None) -> list[Suggestion]:
    """Constants of nature with the value and the dimension of a fitted constant; the simplest first.

    Parameters
    ----------
    value, error : float
        Nothing is proposed without an error, or where it exceeds a percent.
    unit : Unit or None
        Of the value. Pure numbers have too many candidates to be told apart, so nothing is proposed for them.
    """
    if unit is None or unit.pure or not math.isfinite(unit.scale) or error is None or not value:
        return []
    if not 0 <= error <= PRECISE * abs(value):
        return []
    candidates = list(_of_dimension(unit.dimension))
    found = []
    for symbol, name, size, uncertainty in candidates:
        own = math.copysign(size / unit.scale, value)
        sigma = math.hypot(error, uncertainty / unit.scale)
        tolerance = max(WITHIN * sigma, 1e-9 * abs(value))
        chance = len(candidates) * 2 * tolerance / abs(value) / (DECADES * math.log(10))
        known = any(math.isclose(own, one.value, rel_tol=1e-12) for one in found)
        if abs(value - own) <= tolerance and chance <= CHANCE and not known:
            found.append(Suggestion(symbol, name, own, (value - own) / sigma if sigma > 0 else 0.0))
    return found


def _of_dimension(dimension: Dimension) -> Iterator[tuple[str, str, float, float]]:
    """Symbol, name, SI value and uncertainty of everything with a dimension, the simplest first."""
    for symbol, name, own, value, uncertainty in _all():
        for sign in (1, -1):
            if tuple(sign * power for power in own) != dimension:
                continue
            size, spread = value**sign, uncertainty / value * value**sign
            for factor, words in FACTORS:
                shown = f"1/({symbol})" if sign < 0 and " " in symbol else f"1/{symbol}" if sign < 0 else symbol
                yield (
                    f"{words}{shown}",
                    f"{words}{name}" if sign > 0 else f"{words}1/{name}",
                    factor * size,
                    factor * spread,
                )


@cache
def _all() -> tuple[tuple[str, str, Dimension, float, float], ...]:
    """Single constants, then products."""
    single: dict[str, tuple[str, Dimension, float, float]] = {}
    for symbol, codata, text, name in _NAMED:
        unit = parse_unit(text)
        assert unit is not None
        value, _, uncertainty = scipy.constants.physical_constants[codata]
        single[symbol] = (name, unit.dimension, float(value), float(uncertainty))
    found = [(symbol, name, dimension, value, error) for symbol, (name, dimension, value, error) in single.items()]
    for powers in PRODUCTS:
        value = math.prod(single[symbol][2] ** power for symbol, power in powers)
        relative = math.hypot(*(power * single[symbol][3] / single[symbol][2] for symbol, power in powers))
        dimension = tuple(
            sum((power * single[symbol][1][k] for symbol, power in powers), Fraction(0)) for k in range(7)
        )
        found.append((_shown(powers), _shown(powers), dimension, value, relative * value))
    return tuple(found)


def _shown(powers: Sequence[tuple[str, int]]) -> str:
    def part(symbol: str, power: int) -> str:
        return symbol if power == 1 else f"{symbol}^{power}"

    above = " ".join(part(symbol, power) for symbol, power in powers if power > 0)
    below = "".join(f"/{part(symbol, -power)}" for symbol, power in powers if power < 0)
    return above + below
