"""Parts of a formula, read anew."""

import math

import numpy as np
import pytest
import sympy

from kansym.search.parts_anew import LONG_PART, pairs_within, parts_of, parts_within, read_anew
from kansym.symbolic.complexity import complexity
from kansym.symbolic.parametric import parametrize

NOISE = 0.02


def test_the_part_that_is_wrong_comes_first(table):
    fit_rows = table(lambda x, y, z: 3 * np.exp(-2 * np.abs(z)) + np.sin(2 * x) + 1 / y)
    x, y, z = fit_rows.variables
    formula = 1.2 / (sympy.Abs(z) + 0.4) + sympy.sin(2.0 * x) + 1.0 / (y + 0.001)
    first = parts_of(formula, fit_rows)[0]
    assert first.symbols == (z,)
    right = 3.0 * sympy.exp(-2.0 * sympy.Abs(z)) + sympy.sin(2.0 * x) + 1.0 / (y + 0.001)
    # What is right is asked only whether something shorter would do.
    assert all(complexity(part.expression) >= LONG_PART for part in parts_of(right, fit_rows))


def test_what_is_short_is_asked_where_it_is_wrong_beyond_doubt(table):
    fit_rows = table(lambda x, y, z: x / (1 + np.exp(2.0 * (y - 2.0))) + z)
    x, y, z = fit_rows.variables
    assert parts_of(x * (3.0 - y) + z, fit_rows, long=False)[0].symbols == (y,)
    slightly = table(lambda x, y, z: x * (3.0 - y + 0.0003 * y**2) + z)
    assert not parts_of(x * (3.0 - y) + z, slightly, long=False)


def test_values_are_those_of_the_formula(table):
    fit_rows = table(lambda x, y, z: 5.0 + 0 * x + y * z)
    x, y, z = fit_rows.variables
    formula = sympy.exp(-0.3 * x) * (sympy.sin(2.0 * y + 1.0) + 0.5 * z * (y**2 + 1.5)) + sympy.log(x + 2.0) * x
    rows = fit_rows.rows(fit_rows.fitting)[0]
    values = parametrize(formula, fit_rows.variables).evaluate(rows)
    found = parts_of(formula, fit_rows)
    assert {part.symbols[0] for part in found} == {x, y, z}
    for part in found:
        own = parametrize(part.expression, fit_rows.variables).evaluate(rows)
        np.testing.assert_allclose(part.rest + part.slope * own, values, rtol=1e-10, atol=1e-12)
        again = parametrize(part.put(part.expression), fit_rows.variables).evaluate(rows)
        np.testing.assert_allclose(again, values, rtol=1e-10, atol=1e-12)


def test_a_function_of_a_product_has_the_products_that_it_may_have_before_it(table):
    fit_rows = table(lambda x, y, z: x * y)
    x, y, _ = fit_rows.variables
    formula = 0.5 * sympy.sinh(0.9 * sympy.sqrt(x) * y) / (sympy.sqrt(x) * y)
    rows = fit_rows.rows(fit_rows.fitting)[0]
    values = parametrize(formula, fit_rows.variables).evaluate(rows)
    found = [part for part in parts_within(formula, fit_rows) if part.expression == formula]
    # 1/z sinh(z), and a function of z.
    assert len(found) == 2 and len({str(part.put(part.symbols[0])) for part in found}) == 2
    for part in found:
        own = (values - part.rest) / part.slope
        assert np.corrcoef(np.argsort(np.argsort(own)), np.argsort(np.argsort(part.values[:, 0])))[0, 1] > 0.99


@pytest.mark.parametrize(
    "law, formula",
    [
        pytest.param(
            lambda x, y, z: 3 * np.exp(-2 * np.abs(z)) + x * y,
            lambda x, y, z: 1.2 / (sympy.Abs(z) + 0.4) + x * y,
            marks=pytest.mark.long,
        ),
        (lambda x, y, z: x * np.exp(-0.7 * y) + z, lambda x, y, z: x * (1.0 - 0.4 * y + 0.05 * y**2) + z),
    ],
    ids=["term", "factor"],
)
def test_the_right_function_is_found(table, law, formula):
    fit_rows = table(law)
    raw = formula(*fit_rows.variables)
    part = parts_of(raw, fit_rows)[0]
    found = list(read_anew(part, fit_rows, NOISE, until=math.inf, seed=0))
    X, y, _ = fit_rows.rows(fit_rows.fitting)
    error = min(np.sqrt(np.mean((parametrize(one, fit_rows.variables).evaluate(X) - y) ** 2)) for one in found)
    assert error < 1.03 * NOISE


def test_to_the_first_order_the_place_of_an_argument_says_what_it_should_be(table):
    fit_rows = table(lambda x, y, z: y * np.exp(x * 1e-4 * z**2), noise=0.0)
    x, y, z = fit_rows.variables
    part = next(part for part in parts_within(y * sympy.exp(1e-4 * x * z), fit_rows) if part.expression == z)
    X, target, _ = fit_rows.rows(fit_rows.fitting)
    np.testing.assert_allclose((target - part.rest) / part.slope, X[:, 2] ** 2, atol=2e-2)


PAIRS = {
    "power": (lambda x, y, z: 0.5 * x**y * np.exp(z), lambda x, y, z: 0.3 * x * y**2 * sympy.exp(1.0 * z)),
    "column of a kink": (lambda x, y, z: x - 0.4 * np.abs(x - y) + z**2, lambda x, y, z: 0.9 * x + 1.0 * z**2),
}


@pytest.mark.long
@pytest.mark.parametrize("name", ["power", "column of a kink"])
def test_what_depends_on_two_columns_is_found_together(table, name):
    law, formula = PAIRS[name]
    fit_rows = table(law)
    raw = formula(*fit_rows.variables)
    part = next(part for part in parts_of(raw, fit_rows) if part.pair)
    assert part.symbols == fit_rows.variables[:2]
    X, y, _ = fit_rows.rows(fit_rows.fitting)
    found = read_anew(part, fit_rows, NOISE, until=math.inf, seed=0)
    fitted = [fit_rows.fit(parametrize(one, fit_rows.variables)).form for one in found]
    assert min(np.sqrt(np.mean((one.evaluate(X) - y) ** 2)) for one in fitted) < 1.03 * NOISE


def test_pairs_have_the_values_of_the_formula_and_go_where_it_is_right(table):
    fit_rows = table(lambda x, y, z: (x**y + z) * np.exp(-z))
    x, y, z = fit_rows.variables
    formula = (1.0 * x**y + 1.0 * z) * sympy.exp(-1.0 * z)
    rows = fit_rows.rows(fit_rows.fitting)[0]
    values = parametrize(formula, fit_rows.variables).evaluate(rows)
    pairs = list(pairs_within(formula, fit_rows))
    assert {pair.symbols for pair in pairs} == {(x, y), (x, z), (y, z)}
    for pair in pairs:
        own = parametrize(pair.expression, fit_rows.variables).evaluate(rows)
        np.testing.assert_allclose(pair.rest + pair.slope * own, values, rtol=1e-10, atol=1e-12)
        again = parametrize(pair.put(pair.expression), fit_rows.variables).evaluate(rows)
        np.testing.assert_allclose(again, values, rtol=1e-10, atol=1e-12)
    assert not any(part.pair for part in parts_of(formula, fit_rows))


def test_terms_of_one_factor_but_for_its_last_digits_are_read_together(table):
    fit_rows = table(lambda x, y, z: np.sin(2 * x) / (y**2 + 0.3373) + z)
    x, y, z = fit_rows.variables
    first, second, other = (1 / (y**2 + constant) for constant in (0.3373, 0.33731, 0.4))
    formula = 2.0 * x * first - 4 * x**3 / 3 * second + 0.1 * sympy.exp(x) * other + z
    rows, _, _ = fit_rows.rows(fit_rows.fitting)
    # All parts of the sum of one column that have both terms, and not the third.
    found = next(part for part in parts_of(formula, fit_rows) if part.expression.is_Add)
    assert found.symbols == (x,)

    def values(expression):
        return parametrize(expression, fit_rows.variables).evaluate(rows)

    own = found.slope * values(found.expression)
    np.testing.assert_allclose(own, values((2.0 * x - 4 * x**3 / 3) * first), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(values(found.put(3 * found.expression)), values(formula) + 2 * own, rtol=1e-4, atol=1e-4)


def test_a_function_in_two_places_is_one_part(table):
    # x (2 + z^2) + exp(-x) has 2 x + exp(-x) in it, which is no part as it is written.
    fit_rows = table(lambda x, y, z: x * z**2 + 4 * np.log(x) + 0 * y)
    x, _, z = fit_rows.variables
    formula = x * (2.0 + z**2) + 3.0 * sympy.sqrt(x)
    alone = [part for part in parts_within(formula, fit_rows) if part.symbols == (x,) and part.expression.is_Add]
    assert [part.expression for part in alone] == [2.0 * x + 3.0 * sympy.sqrt(x)]
    assert sympy.expand(alone[0].put(sympy.log(x)) - x * z**2 - sympy.log(x)) == 0


def test_a_part_is_asked_once_whatever_its_factor(table):
    fit_rows = table(lambda x, y, z: y + np.exp(-x))
    x, y, _ = fit_rows.variables
    found = [part for part in parts_of(y - 3.0 * sympy.sqrt(x**2 + 1.0), fit_rows) if part.symbols == (x,)]
    assert len([part for part in found if part.expression.has(sympy.sqrt(x**2 + 1.0))]) == 1
