"""Columns that separate, and their curves."""

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym.structure.separability import Separation, Slopes, linked_separations, separated_curve, separations
from kansym.structure.surrogate import best_surrogate

A, B, C = SYMBOLS = sympy.symbols("a b c", positive=True)
few = settings(max_examples=25)

CURVES = [lambda x: x**2, sympy.sin, sympy.exp, lambda x: 1 / (1 + x), sympy.tanh, lambda x: sympy.log(x) + 3]
RESTS = [B + C**2, sympy.exp(B * C / 3), 1 + sympy.sin(B) ** 2 * C, sympy.sqrt(B**2 + C**2)]


def found_in(law, X, expression, **options):
    value, gradient = law(expression, SYMBOLS[: X.shape[1]]).value_and_gradient(X)
    return separations(value, gradient, X, **options)


def misfit_of(found, column, product):
    return next((one.misfit for one in found if (one.column, one.product) == (column, product)), np.inf)


@few
@given(st.sampled_from(CURVES), st.sampled_from(RESTS), st.booleans(), st.floats(0.2, 5.0))
def test_planted(box, law, curve, rest, product, size):
    X = box(400, None, None, None)
    term = size * curve(A)
    found = found_in(law, X, term * rest if product else term + rest)
    assert misfit_of(found, 0, product) < 0.01
    assert [one.misfit for one in found] == sorted(one.misfit for one in found)


@pytest.mark.parametrize(
    "expression",
    [
        sympy.sin(A * B) + A,
        (A + B) / (1 + A * B),
        sympy.exp(-((A - B) ** 2)) + 2 * A * B,
        sympy.sqrt(A**2 + 3 * B + B**3 * A),
    ],
    ids=str,
)
def test_what_does_not_separate_is_not_sure(box, law, expression):
    found = found_in(law, box(600, None, None), expression, loose=np.inf)
    assert len(found) == 4 and min(one.misfit for one in found) > 0.03


def test_loose_is_the_largest_misfit(box, law):
    X = box(400, None, None, None)
    y = sympy.sin(A) + sympy.exp(B * C / 4) + A * C / 50
    every = found_in(law, X, y, loose=np.inf)
    for loose in (0.05, 0.3):
        assert found_in(law, X, y, loose=loose) == [] or max(q.misfit for q in found_in(law, X, y, loose=loose)) < loose
        assert len(found_in(law, X, y, loose=loose)) == sum(one.misfit < loose for one in every)


def test_units_do_not_matter(box, law):
    X = box(400, None, None, None)
    value, gradient = law(sympy.sin(A) * (B + C) + B, SYMBOLS).value_and_gradient(X)
    units, target = np.array([1e3, 2e-6, 0.5]), 1e7
    plain = separations(value, gradient, X, loose=np.inf)
    scaled = separations(target * value, target * gradient / units, X * units, loose=np.inf)
    for one in plain:
        assert misfit_of(scaled, one.column, one.product) == pytest.approx(one.misfit, rel=1e-3, abs=1e-6)


def test_a_target_that_crosses_zero(box, law):
    X = box(400, (-2.0, 2.0), (-2.0, 2.0))
    found = found_in(law, X, (A + A**3 / 5) * (3 + B + sympy.sin(B)), loose=0.2)
    # The relative slope has a pole where the factor is zero.
    assert misfit_of(found, 0, True) < 0.05 and misfit_of(found, 1, True) < 1e-3
    assert misfit_of(found, 0, False) == np.inf


def test_a_column_spread_over_decades(rng, law):
    X = np.column_stack([10 ** rng.uniform(-2, 2, 500), rng.uniform(0.5, 2, 500)])
    found = found_in(law, X, sympy.log(A) + sympy.exp(B))
    assert misfit_of(found, 0, False) < 0.1 and misfit_of(found, 1, False) < 0.01


def test_a_column_of_few_values(rng, law):
    X = np.column_stack([rng.integers(1, 4, 300).astype(float), rng.uniform(0.5, 2, 300)])
    assert misfit_of(found_in(law, X, A**2 + sympy.exp(B)), 0, False) < 1e-6
    assert misfit_of(found_in(law, X, A**2 * sympy.exp(B)), 0, True) < 1e-6


def test_a_constant_column_is_no_error(box, law):
    X = np.column_stack([box(200, None), np.full(200, 2.0)])
    assert misfit_of(found_in(law, X, A**2 + B), 0, False) < 0.01


def test_few_rows_say_nothing(box, law):
    assert found_in(law, box(30, None, None), A + B) == []


@pytest.mark.parametrize("curve", CURVES, ids=["square", "sin", "exp", "reciprocal", "tanh", "log"])
@pytest.mark.parametrize("product", [False, True])
def test_the_curve_is_the_one_that_was_planted(box, law, curve, product):
    X = box(500, None, None, None)
    rest = 2 + sympy.sin(B) * C
    value, gradient = law(curve(A) * rest if product else curve(A) + rest, SYMBOLS).value_and_gradient(X)
    x, a = separated_curve(value, gradient, X, Separation(0, product, 0.0), points=120)
    planted = law(curve(A), (A,)).predict(x[:, None])
    assert x.shape == a.shape == (120,) and (np.diff(x) >= 0).all()
    assert x[0] == X[:, 0].min() and x[-1] == X[:, 0].max()
    if product:
        ratio = a / planted
        assert ratio.std() < 2e-3 * np.abs(ratio.mean())
    else:
        assert (a - planted).std() < 2e-3 * planted.std()


@pytest.mark.parametrize(
    "factor", [lambda x: x - 1, lambda x: sympy.tanh(2 * x - 3), lambda x: sympy.sin(4 * x), lambda x: x**2 - 2]
)
@pytest.mark.parametrize("rest", [B * sympy.Abs(B), sympy.exp(-B) - sympy.Rational(1, 2), 1 + B**2], ids=str)
def test_a_factor_with_zeros_has_its_signs_and_sizes(box, law, factor, rest):
    X = box(1200, None, (-2.0, 2.0))
    expression = factor(A) * rest
    value, gradient = law(expression, (A, B)).value_and_gradient(X)
    first = next(one for one in separations(value, gradient, X) if one.column == 0)
    assert first.product and first.zeros
    x, a = separated_curve(value, gradient, X, first)
    expected = law(factor(A), (A,)).predict(x[:, None])
    assert np.abs(a).max() == pytest.approx(1.0)
    scale = (a @ expected) / (a @ a)
    assert np.sqrt(np.mean((scale * a - expected) ** 2)) < 0.01 * expected.std()


def test_sizes_on_both_sides_of_a_zero_are_compared_where_both_have_rows(rng, law):
    # In u = b - a the rows fill no box.
    X = rng.uniform(-2.0, 5.0, (1500, 2))
    X[:, 1] -= X[:, 0]
    expression = sympy.tanh(A * 0.3) * B * sympy.Abs(B)
    value, gradient = law(expression, (A, B)).value_and_gradient(X)
    x, a = separated_curve(value, gradient, X, Separation(0, True, 0.0, zeros=True))
    expected = np.tanh(0.3 * x)
    scale = (a @ expected) / (a @ a)
    assert np.sqrt(np.mean((scale * a - expected) ** 2)) < 0.01 * expected.std()


def test_the_steep_end_of_a_curve_is_not_lost(box, law):
    X = box(500, None, None)
    value, gradient = law(A**-3 + B, (A, B)).value_and_gradient(X)
    x, a = separated_curve(value, gradient, X, Separation(0, False, 0.0))
    assert (a - x**-3).std() < 0.01 * a.std()


def test_the_curve_stays_where_the_data_are(rng, law):
    # A triangle: slices at fixed other columns would leave it.
    X = np.sort(rng.uniform(0.2, 3.0, (600, 2)), axis=1)
    value, gradient = law(sympy.sin(2 * A) + sympy.exp(-B), (A, B)).value_and_gradient(X)
    x, a = separated_curve(value, gradient, X, Separation(0, False, 0.0))
    left = a - np.sin(2 * x)
    assert left.std() < 5e-3


@pytest.mark.parametrize("expression, product", [(sympy.sin(A) * (1 + B), True), (sympy.sin(A) + B**2, False)])
def test_read_from_an_interpolant(box, law, expression, product):
    X = box(300, None, None)
    surrogate = best_surrogate(X, law(expression, (A, B)).predict(X))
    assert surrogate is not None
    value, gradient = surrogate.value_and_gradient(X)
    found = separations(value, gradient, X)
    assert {one.column for one in found[:2]} == {0, 1} and found[0].product == found[1].product == product
    x, a = separated_curve(value, gradient, X, Separation(0, product, 0.0))
    if product:
        assert (a / np.sin(x)).std() < 0.01 * (a / np.sin(x)).mean()
    else:
        assert (a - np.sin(x)).std() < 0.01


U, V = sympy.symbols("u v", positive=True)


@pytest.mark.parametrize(
    "expression, link, product",
    [
        (sympy.sqrt(sympy.sin(U) + V**2), "square", False),
        (1 / (U**2 + sympy.exp(V)), "reciprocal", False),
        (sympy.log(sympy.sin(U) + V**2), "exp", False),
        (sympy.sin(U) * sympy.exp(V**2 / 4), "identity", True),
        (sympy.sin(U) + V**2, "identity", False),
    ],
    ids=str,
)
def test_separations_under_links(box, law, expression, link, product):
    X = box(500, None, None)
    y = law(expression, (U, V))
    coordinates, found, separation = linked_separations(Slopes.of(y, X), y.predict(X), 0.1)[0]
    assert coordinates is None and (found.name, separation.product) == (link, product)


def test_what_a_link_makes_steep_counts_by_the_errors_of_the_target(rng):
    X = np.c_[rng.uniform(0.5, 4.0, 900), rng.uniform(0.002, 3.0, 900)]
    y = np.sin(X[:, 1]) / np.sqrt(1 + X[:, 0] * np.sin(X[:, 1]) ** 2)
    smooth = best_surrogate(X, y, seed=0)
    _, link, separation = linked_separations(Slopes.of(smooth, X), y, 1e-3)[0]
    assert (link.name, separation.column, separation.product) == ("reciprocal square", 0, False)
    x, a = Slopes.of(smooth, X).under(link).curve(separation)
    np.testing.assert_allclose(a, x - x.mean(), atol=1e-3 * np.ptp(x))


def test_separations_after_a_change_of_coordinates(box, law):
    X = box(600, None, None)
    y = law(sympy.sin(U * V) ** 2 / sympy.sin(V) ** 2, (U, V))
    coordinates, link, separation = linked_separations(Slopes.of(y, X), y.predict(X), 0.1)[0]
    assert coordinates is not None and (coordinates.i, coordinates.j, coordinates.powers) == (0, 1, (1, 1))
    assert link.name == "identity" and separation.column == 1 and separation.product
