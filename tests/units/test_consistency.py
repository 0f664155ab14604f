"""Dimensional consistency: right and wrong formulas, and the units of constants."""

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym.units.consistency import check
from kansym.units.unit import describe, parse_unit

x, t, v, m, q, a, b, c = sympy.symbols("x t v m q a b c")
COLUMNS = {"x": parse_unit("m"), "t": parse_unit("s"), "v": parse_unit("m/s"), "m": parse_unit("kg"), "q": None}
CONSTANTS = {"a": 1.0, "b": 2.0, "c": 1.5}


def units(expression, target):
    found = check(expression, COLUMNS, parse_unit(target), CONSTANTS)
    return {name: describe(unit.dimension) for name, unit in found.units.items()} if found.consistent else None


@pytest.mark.parametrize(
    ("expression", "target"),
    [
        (m * v**2 / 2, "J"),
        (x + v * t, "km"),
        (v * sympy.sqrt(1 + (x / t / v) ** 2), "m/s"),
        (sympy.log(x / (v * t)), "1"),
        (sympy.atan2(x, v * t), "rad"),
        (sympy.Abs(x) ** sympy.Rational(3, 2), "m^1.5"),
        (sympy.sign(x) * t, "s"),
    ],
)
def test_right_formulas(expression, target):
    assert units(expression, target) is not None


@pytest.mark.parametrize(
    ("expression", "target", "reason"),
    [
        (m * v**2 + x, "J", "unit m and"),
        (m * v**2, "N", "the target"),
        (x + 1, "m", "1 is a pure number"),
        (sympy.exp(x), "1", "must be a pure number"),
        (sympy.sin(t), "1", "must be a pure number"),
        (2**x, "1", "exponent"),
        (sympy.log(x), "1", "must be a pure number"),
        (x ** (v * t), "1", "exponent"),
        (sympy.atan2(x, t), "1", "x has the unit m"),
        (a * x + a * t, "J", "a"),
    ],
)
def test_wrong_formulas_say_why(expression, target, reason):
    found = check(expression, COLUMNS, parse_unit(target), CONSTANTS)
    assert not found.consistent and reason in found.reason


@pytest.mark.parametrize(
    ("expression", "target", "expected"),
    [
        (a * sympy.exp(-b * t) + c, "V", {"a": "V", "b": "1/s", "c": "V"}),
        (a * (x + b) ** 2, "J", {"a": "J/m^2", "b": "m"}),
        (a * sympy.log(x) + b, "V", {"a": "V", "b": "V"}),
        (a + b * x + c * x**2, "N", {"a": "N", "b": "N/m", "c": "N/m^2"}),
        (a * v**c, "m^1.5/s^1.5", {"a": "1", "c": "1"}),
        (sympy.sqrt(a * x), "m/s", {"a": "m/s^2"}),
        (q * v, "m", {"q": "s"}),
    ],
)
def test_constants_and_unknown_columns_get_the_unit_that_fits(expression, target, expected):
    found = units(expression, target)
    for name, unit in expected.items():
        assert found[name] == describe(parse_unit(unit).dimension)


def test_scales_follow_the_units_of_the_table():
    columns = {"d": parse_unit("Mpc")}
    found = check(a * sympy.Symbol("d"), columns, parse_unit("km/s"), CONSTANTS)
    assert found.units["a"].scale == pytest.approx(parse_unit("km/s/Mpc").scale, rel=1e-12)
    # Metres and kilometres added as they are: right dimensions, no coherent scale.
    columns = {"x": parse_unit("m"), "d": parse_unit("km")}
    found = check(a * (x + sympy.Symbol("d")), columns, parse_unit("m"), CONSTANTS)
    assert found.consistent and found.units["a"].scale != found.units["a"].scale


@settings(max_examples=60)
@given(st.tuples(*[st.integers(-3, 3)] * 4), st.integers(-3, 3))
def test_products_of_powers_have_the_unit_of_the_product(powers, extra):
    expression = x ** powers[0] * t ** powers[1] * v ** powers[2] * m ** powers[3]
    text = f"m^({powers[0]}) s^({powers[1]}) (m/s)^({powers[2]}) kg^({powers[3]})"
    assert check(expression, COLUMNS, parse_unit(text), {}).consistent
    assert check(expression, COLUMNS, parse_unit(f"{text} K^({extra})"), {}).consistent == (extra == 0)


def test_a_unit_that_hangs_on_an_unknown_one_is_undetermined():
    x, y, a, b = sympy.symbols("x y a b")
    found = check(a * x + b * y, {"x": None, "y": parse_unit("s")}, parse_unit("m"), {"a": 1.0, "b": 2.0})
    assert found.consistent and found.undetermined == {"a", "x"}
    known = check(a * x + b * y, {"x": parse_unit("kg"), "y": parse_unit("s")}, parse_unit("m"), {"a": 1.0, "b": 2.0})
    assert not known.undetermined
