"""Whether a formula is a guess, less or more than it."""

import numpy as np
import pytest
import sympy

from kansym.search.prior.family import PLUS, TIMES, Place, addition, parts_without
from kansym.search.prior.guess import Guess, freed
from kansym.symbolic.parser import parse_expression

RNG = np.random.default_rng(1)
X = RNG.uniform(0.5, 3.0, (200, 2))
x, z = X.T
NAMES = ("x", "z")
PLACE = Place.of(X, np.ones(200), 0.0)


def form_of(text, *values):
    form = Guess.read(text, NAMES).form
    return form.with_values(values) if values else form


def at(values):
    """Of all rows, those that the place compares."""
    return values[np.linspace(0, 199, 200).round().astype(int)]


def test_a_formula_in_another_notation_is_the_guess():
    form = form_of("A*exp(-x/tau)*z**p", 2.0, 1.5, 1.2)
    values = PLACE.reproduced(form, at(np.exp(1.0 - 0.5 * x + 2 * np.log(z))))
    np.testing.assert_allclose(values, [np.e, 2.0, 2.0], rtol=1e-6)
    assert PLACE.reproduced(form, at(np.exp(-x) + z)) is None
    assert PLACE.reproduced(form, np.full(200, np.nan)) is None


def test_noise_decides_what_is_the_same():
    form = form_of("a*x", 1.0)
    target = at(2 * x + 1e-3 * np.sin(9 * z))
    assert PLACE.reproduced(form, target) is None
    assert Place.of(X, np.ones(200), 1.0).reproduced(form, target) is not None


def test_constants_that_do_nothing():
    form = form_of("a*x + b*x*z + c*exp(-k*z)", 1.0, 0.5, 0.1, 1.0)
    idle = PLACE.idle(form, np.array([2.0, 0.0, 0.0, 1.0]))
    nearly = PLACE.idle(form, np.array([2.0, 1e-14, -1e-14, 1.0]))
    assert {symbol.name for symbol in nearly} == {symbol.name for symbol in idle}
    assert {symbol.name for symbol in idle} >= {"b", "c"} and "a" not in {symbol.name for symbol in idle}
    assert {str(part) for part in parts_without(form.expression, idle)} == {"b*x*z", "c*exp(-k*z)"}


def test_a_term_inside_a_function_is_a_part():
    a, b, variable = sympy.symbols("a b x")
    assert parts_without(sympy.exp(a * variable + b), [b]) == [b]
    assert parts_without(sympy.exp(a * variable), [a]) == []


@pytest.mark.parametrize(
    ("guess", "start", "found", "way", "added"),
    [
        ("A*exp(-x/tau)", (1.0, 1.0), "2*exp(-x/1.5) + sin(3*z)/5", PLUS, "sin(3*z)/5"),
        ("a*x", (1.0,), "3*x + 2.5", PLUS, "2.5"),
        ("a*x", (1.0,), "3*x*(1 + z**2)", TIMES, "1 + z**2"),
        # The guess has no factor of its own, so that the added one must have it.
        ("x*(z/2 + g)", (1.0,), "0.2*x*(5*z + 40)*(sin(x) + 3)", TIMES, "2*sin(x) + 6"),
        ("x**2", (), "x**2 + z + exp(-x)", PLUS, "z + exp(-x)"),
    ],
)
def test_what_was_added(guess, start, found, way, added):
    expression = Guess.read(found, NAMES).form.substituted()
    result = addition(expression, form_of(guess, *start), PLACE)
    assert result is not None and result.way == way
    expected = parse_expression(added, NAMES)
    difference = sympy.lambdify(sympy.symbols("x z"), result.expression - expected)(x, z)
    np.testing.assert_allclose(difference, 0.0, atol=1e-5)


def test_nothing_was_added_to_what_is_not_there():
    other = Guess.read("sin(x)*exp(z)", NAMES).form.substituted()
    assert addition(other, form_of("a*x + b", 1.0, 1.0), PLACE) is None
    # A straight line may be a constant, and is no part of everything.
    assert addition(Guess.read("exp(x*z)*7.0", NAMES).form.substituted(), form_of("a*x + b", 1.0, 1.0), PLACE) is None


def test_a_limit_in_which_a_column_is_lost_is_no_part():
    # 1/(x - c) is as good as a constant for a large c.
    other = Guess.read("3.0*z/x**2", NAMES).form.substituted()
    assert addition(other, form_of("z/(x - c)", -2e9), PLACE) is None
    form = form_of("a*z + b*x", 1.0, 1.0)
    assert PLACE.needs_all(form, np.array([1.0, 1e-3])) and not PLACE.needs_all(form, np.array([1.0, 1e-9]))


def test_exact_numbers_can_be_freed():
    free = freed(form_of("A*x**2/3 + sqrt(z) + 1/z", 2.0))
    # sqrt and 1/z are no powers to be freed.
    assert free is not None and sorted(str(number) for number in free.exact) == ["1/3", "2"]
    np.testing.assert_allclose(free.form.evaluate(X), 2 * x**2 / 3 + np.sqrt(z) + 1 / z, rtol=1e-13)
    values = PLACE.reproduced(free.form, at(0.5 * x**1.5 + np.sqrt(z) + 1 / z))
    assert values is not None
    # A and 1/3 are one constant.
    assert {str(number): round(value, 6) for number, value in free.changed(values)}["2"] == 1.5
    assert freed(form_of("x*z - x")) is None
    other = freed(form_of("x**2 + A*z**3", 2.0))
    assert other is not None and other.changed(other.form.values) == []
    values = PLACE.reproduced(other.form, at(x**2.5 + 2 * z**3))
    assert [(number, round(value, 6)) for number, value in other.changed(values)] == [(2, 2.5)]


def test_small_values_are_compared_in_the_units_of_y():
    # exp(-1/x) differs from exp(a - b/x**2) by less than any number that is small against one million of them.
    found = Guess.read("1000000.0*exp(-20/(x + 0.5))", NAMES).form.substituted()
    assert addition(found, form_of("exp(a - b/x)", -1.0, 20.0), Place.of(X, found_values(found), 1e-3)) is None
    same = Guess.read("1000000.0*exp(-20.5/x)", NAMES).form.substituted()
    result = addition(same, form_of("exp(-b/x)", 20.0), Place.of(X, found_values(same), 1e-3))
    assert result is not None and result.way == TIMES and float(result.expression) == pytest.approx(1e6, rel=1e-6)


def found_values(expression):
    return sympy.lambdify(sympy.symbols("x z"), expression)(x, z)


def test_weights_decide_what_counts():
    form = form_of("a*x", 1.0)
    target = at(np.where(x < 1.5, 2 * x, 2 * x + 0.1))
    weights = np.where(x < 1.5, 1.0, 1e-12)
    assert Place.of(X, np.ones(200), 1e-2).reproduced(form, target) is None
    assert Place.of(X, np.ones(200), 1e-2, weights).reproduced(form, target) is not None
