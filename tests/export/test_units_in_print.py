"""Units as they are printed: in words that pint reads as the same unit, and in LaTeX that is one."""

import math
import re
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym.export.latex import unit_to_latex
from kansym.units.naming import name_unit
from kansym.units.unit import LARGEST_POWER, Unit, parse_unit

UNITS = [
    "m",
    "mm",
    "cm",
    "km",
    "um",
    "nm",
    "au",
    "Mpc",
    "angstrom",
    "inch",
    "kg",
    "g",
    "mg",
    "t",
    "u",
    "lb",
    "s",
    "ms",
    "us",
    "min",
    "h",
    "d",
    "yr",
    "A",
    "mA",
    "uA",
    "K",
    "degC",
    "mol",
    "cd",
    "Hz",
    "kHz",
    "rpm",
    "N",
    "kN",
    "Pa",
    "kPa",
    "MPa",
    "bar",
    "atm",
    "mmHg",
    "J",
    "kJ",
    "MJ",
    "eV",
    "keV",
    "MeV",
    "cal",
    "erg",
    "W",
    "mW",
    "kW",
    "C",
    "V",
    "mV",
    "kV",
    "F",
    "pF",
    "S",
    "Wb",
    "T",
    "mT",
    "H",
    "lm",
    "lx",
    "Bq",
    "Gy",
    "Sv",
    "L",
    "mL",
    "ohm",
    "kohm",
    "rad",
    "mrad",
    "sr",
    "deg",
    "arcmin",
    "%",
    "ppm",
    "Jy",
    "MJy/sr",
    "km/s/Mpc",
    "m/s",
    "km/h",
    "m/s^2",
    "rad/s",
    "deg/s",
    "rad/s^2",
    "J/(kg*K)",
    "W/m^2/K^4",
    "1/cm",
    "1/deg",
]


def unit(text: str) -> Unit:
    found = parse_unit(text)
    assert found is not None
    return found


def latex_is_sound(text: str) -> None:
    latex = unit_to_latex(text)
    depth = 0
    for sign in re.findall(r"(?<!\\)[{}]", latex):
        depth += 1 if sign == "{" else -1
        assert depth >= 0, latex
    assert depth == 0 and r"\wedge" not in latex and "/(" not in latex, (text, latex)
    assert not re.search(r"\}\^\{[^{}]*\}\^", latex), latex  # a power of a power is an error in LaTeX


def same(printed: str, wanted: Unit) -> None:
    """Numbers times the printed unit are those times the wanted one."""
    found = unit(printed)
    assert found.dimension == wanted.dimension, printed
    # A factor is printed with six digits.
    assert found.scale == pytest.approx(wanted.scale, rel=1e-5), printed


def product(parts: list[tuple[str, Fraction]]) -> tuple[Unit, list[Unit]]:
    """A product of powers, and the units it is made of."""
    own = [unit(text) for text, _ in parts]
    powers = [power for _, power in parts]
    scale = math.prod(one.scale ** float(power) for one, power in zip(own, powers, strict=True))
    pairs = zip(*(one.dimension for one in own), strict=True)
    dimension = tuple(sum((p * d for p, d in zip(powers, each, strict=True)), Fraction(0)) for each in pairs)
    return Unit(dimension, scale, ""), own


@pytest.mark.parametrize("text", UNITS)
@pytest.mark.parametrize("power", [Fraction(1), Fraction(-1), Fraction(2), Fraction(-2), Fraction(1, 2)])
def test_every_unit_and_its_powers(text, power):
    wanted, own = product([(text, power)])
    printed = name_unit(wanted, own)
    same(printed, wanted)
    for written in (printed, f"({text})^({power})", f"1/({text})"):
        latex_is_sound(written)


@settings(max_examples=150)
@given(st.lists(st.tuples(st.sampled_from(UNITS), st.sampled_from([-2, -1, 1, 2, 3])), min_size=1, max_size=3))
def test_products_of_powers(parts):
    wanted, own = product([(text, Fraction(power)) for text, power in parts])
    printed = name_unit(wanted, own)
    if max(map(abs, wanted.dimension)) <= LARGEST_POWER:
        same(printed, wanted)
    latex_is_sound(printed)
    latex_is_sound(" ".join(f"({text})^{power}" for text, power in parts))


@pytest.mark.parametrize(
    ("wanted", "own", "printed"),
    [
        ("rad/deg", ["deg/s", "s"], "1/deg"),
        ("deg/s", ["deg/s^2", "s"], "deg/s"),
        ("deg/s^2", ["deg", "s"], "deg/s^2"),
        ("deg^2", ["deg"], "deg^2"),
        ("m/deg", ["mm", "deg"], "m/deg"),
        ("1/s", ["rad/s^2"], "1/s"),
        ("m^2/mm^2", ["m^2", "mm"], "m^2/mm^2"),
    ],
)
def test_angles_keep_their_unit(wanted, own, printed):
    assert name_unit(unit(wanted), [unit(text) for text in own]) == printed
