"""Units of constants and derivatives in as few words as they need."""

import math

import pytest

from kansym.symbolic.candidates import simple_number
from kansym.units.naming import quotient, reduced
from kansym.units.unit import parse_unit


@pytest.mark.parametrize(
    ("unit", "factor", "plain"),
    [
        ("cm/mm", 10.0, "1"),
        ("ohm/kohm", 1e-3, "1"),
        ("min/h", 1 / 60, "1"),
        ("mV/V/s", 1e-3, "s^-1"),
        ("cm s/mm", 10.0, "s"),
        ("m^2/cm", 100.0, "m"),
        ("10^-1 m", 0.1, "m"),
    ],
)
def test_what_cancels_in_a_unit_becomes_a_number(unit, factor, plain):
    found = reduced(unit)
    assert found == (pytest.approx(factor), plain)
    assert found[0] * parse_unit(plain).scale == pytest.approx(parse_unit(unit).scale)


@pytest.mark.parametrize("unit", ["m/s", "km/s/Mpc", "deg", "1/deg", "%", "rad/s", "J/N", "1", "1/cm", "m/s/min"])
def test_units_of_their_own_stay(unit):
    assert reduced(unit) == (1.0, unit)


@pytest.mark.parametrize(
    ("above", "below", "power", "unit"),
    [
        ("1/s", "s", 1, "1/s^2"),
        ("m/s", "s", 1, "m/s^2"),
        ("m s-1", "s", 1, "m/s^2"),
        ("m", "s", 2, "m/s^2"),
        ("rad/s", "s", 1, "rad/s^2"),
        ("kg m^2/s^2", "s", 1, "kg m^2/s^3"),
        ("s", "s", 1, "1"),
        ("1", "h", 1, "1/h"),
        ("mol/L", "min", 1, "mol/L/min"),
        ("m^(3/2)", "s", 1, "m^(3/2)/s"),
        ("10^3 m", "s", 1, "10^3 m/s"),
        ("m", "m/s", 1, "s"),
        # What cannot be taken apart stands in brackets.
        ("m/s kg", "s", 1, "(m/s kg)/s"),
    ],
)
def test_a_quotient_of_units_has_each_word_once(above, below, power, unit):
    found = quotient(above, below, power)
    assert found == unit
    size = parse_unit(above).scale / parse_unit(below).scale ** power
    assert parse_unit(found).scale == pytest.approx(size)


TRUE = (math.pi / 8, math.pi / 2, 4 * math.pi / 3, 2 * math.pi, math.sqrt(2), math.pi**2 / 6, 1 / (4 * math.pi))


def test_numbers_with_pi_are_named_where_chance_does_not_bring_them(rng):
    named = [
        simple_number("prefactor", value * (1 + 1e-4 * rng.normal()), 1e-4 * value) for value in TRUE for _ in range(10)
    ]
    wanted = [value for value in TRUE for _ in range(10)]
    hits = [one is not None and math.isclose(one.value, value) for one, value in zip(named, wanted, strict=True)]
    assert sum(hits) >= 0.9 * len(hits)
    drawn = rng.uniform(0.05, 20, 300)
    chance = [simple_number("prefactor", value, error * value) for value in drawn for error in (1e-2, 1e-3, 1e-4)]
    assert sum(one is not None and not one.rational for one in chance) <= 0.1 * len(chance)


def test_it_is_named_with_its_distance_in_errors():
    found = simple_number("prefactor", 0.39274, 0.00028)
    assert str(found.expression) == "pi/8" and abs(0.39274 - found.value) / 0.00028 == pytest.approx(0.15, abs=0.01)
    assert simple_number("prefactor", 0.3955, 0.00028) is None


def test_what_is_no_unit_stays():
    assert reduced("furlong/blink") == (1.0, "furlong/blink")
