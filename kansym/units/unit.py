"""One unit: its dimension, its size in SI units, and how text becomes one."""

import difflib
import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

from kansym.errors import DataError

Dimension = tuple[Fraction, ...]
"""Exponents of the base dimensions `BASE`."""

BASE = ("[length]", "[mass]", "[time]", "[current]", "[temperature]", "[substance]", "[luminosity]")
"""Base dimensions, as pint calls them."""

SI = ("m", "kg", "s", "A", "K", "mol", "cd")
"""Units of the base dimensions."""

PURE: Dimension = (Fraction(0),) * len(BASE)
"""The dimension of a pure number."""

LONGEST = 100
"""Characters of a unit; "erg/cm^2/s/Hz" has 13."""

LARGEST_POWER = 20
"""Largest exponent in a unit."""

ARBITRARY = {"arb. units", "arb. unit", "arb.units", "arb.", "arb", "a.u.", "a. u.", "arbitrary units", "arbitrary"}
"""Said of scales that nobody calibrated: their dimension is unknown."""

DEFINITIONS = (
    "solar_mass = 1.98841e30 kg = M_sun = Msun = M_sol",
    "solar_luminosity = 3.828e26 W = L_sun = Lsun",
    "solar_radius = 6.957e8 m = R_sun = Rsun",
    "jansky = 1e-26 W/m^2/Hz = Jy",
    "dex = []",
    "magnitude = [] = mag",
    "@alias ohm = Ohm",
)
"""Units of astronomy that pint lacks: IAU 2015 Resolution B3, arXiv:1510.07674, the mass from it and CODATA 2018's G;
logarithmic ones count as pure numbers. And the ohm as it is often written, with all prefixes."""

COMMON = (
    *SI, "g", "mm", "cm", "um", "nm", "km", "ms", "us", "ns", "min", "h", "Hz", "kHz", "MHz", "GHz", "N", "Pa", "hPa",
    "kPa", "MPa", "bar", "mbar", "J", "kJ", "eV", "keV", "MeV", "W", "mW", "kW", "C", "V", "mV", "kV", "mA", "uA",
    "F", "ohm", "kohm", "S", "T", "mT", "H", "rad", "mrad", "deg", "degC", "L", "mL", "mg",
)  # fmt: skip
"""Units that a misspelt short word may stand for."""

SHORT = 4
"""Letters of such a word."""

_NUMBER = re.compile(r"^\s*(10\s*(?:\^|\*\*)\s*[({]?-?\d{1,3}[)}]?|[+]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?)")
_ALLOWED = re.compile(r"^[\w\s.*/^()%°µμΩÅ·×⁻¹²³⁴⁵⁶⁷⁸⁹⁰{}+-]*$")
_NUMBERS = re.compile(r"(?<![^\W\d_])\d+(?:\.\d*)?(?:[eE][+-]?\d+)?")
_SMALL = re.compile(r"\d{1,2}(?:\.\d{0,3})?")
_TOWER = re.compile(r"(?:\*\*|\^)[\s(){}+\d./-]*(?:\*\*|\^)")
_SLIP = re.compile(r"[/*·×^]\s*(?:[/*·×^]|\.(?!\d))|\.\s*\.|[^\W\d_]%|%\w|\+(?!\s*[\d.])")
"""What pint reads, but nobody means: ``m//s``, ``m^^2``, ``m..s``, ``m%s``, ``+m``."""

_BARE_POWER = re.compile(r"(?<=[A-Za-zµμΩÅ])([-−]?\d+)\b")
_LIKE = "; write it like m/s, kg*m^2/s^2, or 1 for a pure number"


@dataclass(frozen=True)
class Unit:
    """A unit of measurement.

    Attributes
    ----------
    dimension : tuple of Fraction, length 7
        Exponents of length, mass, time, current, temperature, amount of substance and luminous intensity.
    scale : float
        One such unit in SI base units; of a difference, where the zero is shifted as in degC.
    text : str
        As written.
    """

    dimension: Dimension
    scale: float
    text: str

    @property
    def pure(self) -> bool:
        """Whether it has no dimension, as a number, an angle or a percentage."""
        return self.dimension == PURE


def parse_unit(text: str, where: str = "unit") -> Unit | None:
    """Read a unit with pint; None for arbitrary units.

    Parameters
    ----------
    text : str
        Such as ``m/s``, ``kg m^2 s^-2``, ``m s-1``, ``1/cm``, ``10^-27 kg``, ``degC``, ``Mpc``; ``1`` or ``-`` is a
        pure number.
    where : str
        What has the unit, for messages.

    Raises
    ------
    DataError
        If it is no unit; the message proposes similar ones.

    Notes
    -----
    Angles, counts, magnitudes and percentages are pure numbers.
    """
    if not isinstance(text, str):
        raise DataError(f"{where}: {_shown(str(text))} is not a text; write it like 'm/s', 'kg*m^2/s^2' or '1'")
    plain = text.strip()
    if plain.lower() in ARBITRARY:
        return None
    if plain in ("", "1", "-", "–", "—", "dimensionless", "none"):
        return Unit(PURE, 1.0, text)
    if len(plain) > LONGEST or not _ALLOWED.match(plain):
        raise DataError(f"{where}: {_shown(plain)} is not a unit; write it like m/s, kg*m^2/s^2 or 1")
    factor, rest = split_factor(plain)
    slip = _SLIP.search(rest.replace("**", "^"))
    if slip is not None:
        found = slip[0] if slip[0] in rest else slip[0].replace("^", "**")
        raise DataError(f"{where}: {_shown(plain)} is not a unit: {found!r} in it makes no sense{_LIKE}")
    # pint computes what it reads, and 9**9**9 has more digits than there is time.
    numbers = [number for word in re.split(r"[^\d.eE+-]+", rest) for number in _NUMBERS.findall(word)]
    if _TOWER.search(rest) or not all(_SMALL.fullmatch(n) and float(n) <= LARGEST_POWER for n in numbers):
        raise DataError(f"{where}: {_shown(plain)} holds numbers that no unit has; exponents go up to {LARGEST_POWER}")
    problem: Exception | None = None
    for spelling in dict.fromkeys((rest, _BARE_POWER.sub(r"^(\1)", rest).replace("−", "-"))):
        try:
            return Unit(*_measure(spelling, factor), text)
        # pint reports what it cannot read by exceptions of many kinds, its tokenizer's included.
        except Exception as error:
            problem = error
    raise DataError(f"{where}: {_shown(plain)} is not a unit that is known{_hint(rest)}") from problem


def known_unit(text: str) -> str | None:
    """A unit as it is written, or in small letters, as in Volts; None for a text that is none, or is empty."""
    for spelling in (text, text.lower()):
        try:
            if spelling.strip() and parse_unit(spelling) is not None:
                return spelling
        except DataError:
            continue
    return None


def base_of(word: str) -> str:
    """The name of a unit without its prefix, ``meter`` for ``mm``; the word itself where pint does not know it."""
    found = _registry().parse_unit_name(word)
    return found[0][1] if found else word


def describe(dimension: Dimension) -> str:
    """A dimension in SI base units, such as ``kg m^2 s^-2``; ``1`` for a pure number."""
    order = (1, 0, 2, 3, 4, 5, 6)
    parts = []
    for k in order:
        power = dimension[k]
        if power != 0:
            parts.append(SI[k] + exponent_text(power))
    return " ".join(parts) or "1"


def exponent_text(power: Fraction) -> str:
    """``^2``, ``^(3/2)``, or ``^1.056`` for a fitted one; nothing for 1."""
    if power == 1:
        return ""
    if power.denominator == 1:
        return f"^{power}"
    return f"^({power})" if power.denominator <= 12 else f"^{float(power):.4g}"


def _measure(text: str, factor: float) -> tuple[Dimension, float]:
    registry = _registry()
    if not text.strip():
        return PURE, factor
    unit = registry.parse_units(text, as_delta=True)
    scale, _ = registry.get_base_units(unit)
    found = dict(registry.get_dimensionality(unit))
    dimension = tuple(Fraction(found.pop(base, 0)).limit_denominator(100) for base in BASE)
    if any(found.values()):
        raise ValueError(f"unknown base dimension {next(iter(found))}")
    scale = float(scale) * factor
    if not 0 < scale < float("inf"):
        raise ValueError("its size is no positive number")
    return dimension, scale


def split_factor(text: str) -> tuple[float, str]:
    """The number in front of a unit, as in ``10^-27 kg``, and the rest; 1 where there is none."""
    match = _NUMBER.match(text)
    if match is None or text[match.end() :].lstrip().startswith("/"):
        return 1.0, text
    number = re.sub(r"[\s(){}]", "", match.group(1)).replace("**", "^")
    # As text: 10.0**400 is an error, 1e400 infinite.
    factor = float(f"1e{int(number[3:])}" if number.startswith("10^") else number)
    return factor, text[match.end() :].lstrip(" *·×")


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}...")


def _hint(text: str) -> str:
    """Units spelled like the words that are not known."""
    registry = _registry()
    for word in re.findall(r"[^\W\d_]+", text):
        if word != "per" and word not in registry:
            close = _other_case(word) or _spelled_alike(word)
            meant = f"did you mean {' or '.join(close)}? " if close else ""
            return f" ({word!r}): {meant}write it like m/s, kg*m^2/s^2, or 1 for a pure number"
    return _LIKE


def _other_case(word: str) -> list[str]:
    """The word in small letters, as in Kelvin, or as a symbol with a prefix, as in KHz, where that is a unit."""
    first, rest = word[0], word[1:]
    spellings = (word.lower(), first.lower() + rest, first + rest.capitalize(), first.lower() + rest.capitalize())
    return [one for one in spellings if one in _registry()][:1]


def _spelled_alike(word: str) -> list[str]:
    """Units that a word may stand for; of short words, where anything is near to something, common ones."""
    found = difflib.get_close_matches(word.lower(), _names(), n=2, cutoff=0.75)
    return found or difflib.get_close_matches(word, COMMON if len(word) <= SHORT else (), n=2, cutoff=0.6)


@cache
def _names() -> list[str]:
    return [str(name) for name in _registry()._units]


@cache
def _registry() -> Any:
    """pint's own units and `DEFINITIONS`."""
    import pint

    registry = pint.UnitRegistry(cache_folder=None)
    for definition in DEFINITIONS:
        registry.define(definition)
    # In base units of SI, as `Unit.scale` says.
    registry.default_system = "mks"
    return registry
