"""The one thing that a formula lacks."""

import math

import numpy as np
import pytest
import sympy

from kansym.search.lacking import fewer_terms, lacking, lacking_factors, most_wrong, wrong_parts
from kansym.search.parts_anew import read_anew
from kansym.symbolic.parametric import parametrize


def test_a_column_that_a_formula_lacks_is_seen_however_often_it_oscillates(table):
    fit_rows = table(lambda x, y, z: x * y + 0.3 * np.sin(40 * z), noise=0.0)
    x, y, z = fit_rows.variables
    (part,) = lacking(1.0 * x * y, fit_rows, 0.5)
    assert part.symbols == (z,) and part.put(sympy.sin(z)) == 1.0 * x * y + sympy.sin(z)


@pytest.mark.long
def test_terms_of_a_column_go_together_where_another_function_takes_their_place(table):
    fit_rows = table(lambda x, y, z: x * y + np.exp(z) + z**3, noise=0.0)
    x, y, z = fit_rows.variables
    formula = 1.0 * x * y + 1.1 * sympy.cosh(z) + 2.0 * z
    instead, beside = lacking(formula, fit_rows, 0.5, instead=True)
    assert instead.expression == 1.1 * sympy.cosh(z) + 2.0 * z and beside.expression == 0
    assert instead.put(sympy.exp(z)) == 1.0 * x * y + sympy.exp(z)
    X, y, _ = fit_rows.rows(fit_rows.fitting)
    np.testing.assert_allclose(instead.rest, X[:, 0] * X[:, 1], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(beside.rest, parametrize(formula, fit_rows.variables).evaluate(X), rtol=1e-12)
    # A sum of two functions is more than a composition.
    found = read_anew(instead, fit_rows, 1e-4, until=math.inf, seed=0, sums=True)
    errors = [np.abs(parametrize(one, fit_rows.variables).evaluate(X) - y).max() for one in found]
    assert min(errors) < 1e-3


def test_an_argument_of_a_formula_may_have_one_more_function(table):
    fit_rows = table(lambda x, y, z: x * np.cos(y * z) + 0.3 * np.sin(y * z), noise=0.0)
    x, y, z = fit_rows.variables
    part = lacking(x * sympy.cos(y * z), fit_rows, 0.5)[0]
    X = fit_rows.rows(fit_rows.fitting)[0]
    np.testing.assert_allclose(part.values[:, 0], X[:, 1] * X[:, 2], rtol=1e-12)
    (stand_in,) = part.symbols
    assert part.put(sympy.sin(stand_in)) == x * sympy.cos(y * z) + sympy.sin(y * z)


def test_a_factor_that_a_term_lacks_is_seen(table):
    fit_rows = table(lambda x, y, z: x * y**2 * np.exp(-z) + 0.2 * z, noise=0.0)
    x, y, z = fit_rows.variables
    part = lacking_factors(0.3 * x * y**2 + 0.2 * z, fit_rows, 0.5)[0]
    assert part.symbols == (z,) and part.expression == 1
    assert part.put(sympy.exp(-z)) == 0.3 * x * y**2 * sympy.exp(-z) + 0.2 * z
    X, values, _ = fit_rows.rows(fit_rows.fitting)
    np.testing.assert_allclose(part.rest + part.slope * np.exp(-X[:, 2]) / 0.3, values, rtol=1e-12)
    assert lacking_factors(x * y**2 * sympy.exp(-z), fit_rows, 0.99) == []


@pytest.mark.parametrize(
    ("law", "formula", "wrong"),
    [
        (
            lambda x, y, z: x / np.sqrt((x * y - 1) ** 2 + 1 / (1 + z**2)),
            lambda x, y, z: x / sympy.sqrt((x * y - 1) ** 2 + sympy.exp(-0.6 * z)),
            lambda x, y, z: sympy.exp(-0.6 * z),
        ),
        (
            lambda x, y, z: y * (0.57 * x) ** z,
            lambda x, y, z: y * sympy.exp(z * (2.0 - 4.0 / (0.57 * x + 1))),
            lambda x, y, z: 2.0 - 4.0 / (0.57 * x + 1),
        ),
    ],
    ids=["beneath a root", "in an exponent"],
)
def test_what_is_wrong_may_be_deep_inside(table, law, formula, wrong):
    fit_rows = table(law, noise=0.0)
    raw = formula(*fit_rows.variables)
    found = most_wrong(raw, fit_rows, 0.5)
    assert wrong(*fit_rows.variables) in [part.expression for part in found]
    assert all(part.drop > 0.5 * len(fit_rows.fitting) for part in found)
    # What stands in its place is the right function, as far as the formula is linear in it.
    (part,) = [part for part in found if part.expression == wrong(*fit_rows.variables)]
    assert part.put(part.expression) == raw


def test_only_near_a_formula_its_derivatives_say_what_is_wrong_inside(table):
    fit_rows = table(lambda x, y, z: x / np.sqrt((x * y - 1) ** 2 + 1 / (1 + z**2)), noise=0.0)
    x, y, z = fit_rows.variables
    raw = x / sympy.sqrt((x * y - 1) ** 2 + sympy.exp(-0.6 * z))
    near, far = (wrong_parts(raw, fit_rows, 0.5, near=one) for one in (True, False))
    assert [part.drop for part in near] == sorted((part.drop for part in near), reverse=True)
    inside = {part.expression for part in near} - {part.expression for part in far}
    assert sympy.exp(-0.6 * z) in inside


def test_each_term_may_go():
    x, y = sympy.symbols("x y")
    assert set(fewer_terms(x * y + sympy.sin(x) + 2)) == {sympy.sin(x) + 2, x * y + 2}
    assert fewer_terms(x * y + 2) == []


def test_noise_and_functions_of_two_columns_lack_none(table):
    fit_rows = table(lambda x, y, z: x * y)
    x, y, _ = fit_rows.variables
    assert lacking(1.0 * x * y, fit_rows, 0.0) == []
    fit_rows = table(lambda x, y, z: np.sin(9 * x * y), noise=0.0)
    assert lacking(sympy.Float(0.1), fit_rows, 0.5) == []
