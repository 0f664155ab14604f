"""What a run says when it has not found a law, and the formulas beside the front that it keeps."""

import numpy as np
import pytest
import sympy

from kansym import ArgumentError, DiscoveryOptions, certify, discover, load_dataset, make_dataset
from kansym.data import split
from kansym.kan.growth import GrowthOptions
from kansym.search.formulation import from_expression
from kansym.search.front import ParetoFront
from kansym.search.results import MOST_RIVALS, RIVAL_BITS, near_rivals
from kansym.search.rows import FitRows
from kansym.symbolic import parametrize
from kansym.symbolic.formula import Formula
from kansym.validation.verdict import Topic


def options(*shapes, seconds=8.0, **more):
    return DiscoveryOptions(max_seconds=seconds, growth=GrowthOptions(shapes=shapes), **more)


def rough(note):
    return "No formula was found that" in note


@pytest.mark.long
def test_a_formula_far_worse_than_the_network_is_called_rough(rng):
    X = rng.uniform(1, 3, (300, 2))
    # A sum over many phases: smooth for a spline network, no short formula.
    y = sum(np.sin(1.7 * k * X[:, 0] + k * k) / k for k in range(1, 6)) + X[:, 1] ** 2
    found = discover(make_dataset(X, y), options((2, 1), seconds=2.0, structure=False))
    assert found.network is not None
    assert found.formula.validation_loss > 9 * found.network.validation_loss
    assert any(map(rough, found.notes))


def test_a_law_that_is_found_is_not_called_rough(rng):
    X = rng.uniform(1, 3, (300, 2))
    found = discover(make_dataset(X, X[:, 0] / X[:, 1]), options((2, 1), (2, (0, 1), 1)))
    assert not any(map(rough, found.notes))


def test_without_held_out_rows_nothing_is_said_against_the_formula(rng):
    X = rng.normal(size=(8, 3))
    found = discover(make_dataset(X, rng.normal(size=8)), options((3, 1), seconds=0.5))
    assert not any(map(rough, found.notes))


def test_wide_tables_are_searched_on_fewer_rows_and_judged_on_all(rng):
    X = rng.uniform(1, 3, (30_000, 2))
    found = discover(make_dataset(X, X[:, 0] * X[:, 1] ** 2), options((2, (0, 1), 1)))
    np.testing.assert_allclose(found.formula.predict(X), X[:, 0] * X[:, 1] ** 2, rtol=1e-12)
    assert found.stopped == "the formula is as good as the data"


def test_the_simplest_formula_is_the_mean_itself():
    table = load_dataset("kepler")
    found = discover(table, options((1, 1), seconds=0.3))
    constant = found.front[0]
    assert not constant.expression.free_symbols
    assert constant.predict(table.X)[0] == pytest.approx(table.y.mean(), rel=1e-12)


def test_constants_out_of_double_precision_end_one_formula_and_not_the_run(rng):
    X = rng.uniform(1, 3, (60, 1))
    bench_table = make_dataset(X, X[:, 0] ** 2)
    train, validation = split(bench_table, seed=0)
    fit_rows = FitRows.of(bench_table, train, validation, 0.0)
    tiny = sympy.Float("1e-900", 20) * fit_rows.variables[0] + sympy.Float(1.0) * fit_rows.variables[0] ** 2
    with pytest.raises(ArgumentError):
        parametrize(tiny, fit_rows.variables)
    assert from_expression(tiny, fit_rows, structure="planted") == []


# -- rivals -----------------------------------------------------------------------------------------------------------

X = sympy.Symbol("x")


@pytest.mark.long
def test_moseleys_square_is_named_as_a_rival():
    found = discover(load_dataset("moseley", target="wavenumber"), DiscoveryOptions(max_seconds=2))
    shown = {formula.expression for formula in found.front}
    assert found.rivals and all(rival.expression not in shown for rival in found.rivals)
    # Other curves of two constants describe his 21 points as well. c * (Z - b)**2, with a screening constant of order
    # one, is the pick or among its rivals; c * Z**2 may be too.
    squares = []
    for formula in (found.formula, *found.rivals):
        (Z,) = formula.expression.free_symbols
        expanded = sympy.expand(formula.expression)
        if expanded.is_polynomial(Z) and sympy.degree(expanded, Z) == 2:
            c, linear, constant = map(float, sympy.Poly(expanded, Z).all_coeffs())
            if constant == pytest.approx(linear**2 / (4 * c), rel=1e-9):
                squares.append(-linear / (2 * c))
    assert sum(0.5 < b < 2.5 for b in squares) == 1
    verdict = certify(found).verdict
    assert verdict.kind == "good description"
    assert any(ground.topic is Topic.RIVAL and not ground.supports for ground in verdict.grounds)


def formula(expression, length, **options):
    return Formula(expression, ("x",), "y", 3, 0.1, 0.1, length, **options)


def test_the_shortest_beside_the_front_are_kept_once():
    pick, other = formula(2 * X, 10.0), formula(X**2, 30.0)
    front = ParetoFront([pick, other])
    near, nearer = formula(X**3, 13.0), formula(sympy.sin(X), 12.0)
    far, inconsistent = formula(sympy.exp(X), 10.0 + RIVAL_BITS), formula(sympy.log(X), 11.0, consistent=False)
    found = near_rivals([pick, far, near, other, nearer, formula(X**3, 14.0), inconsistent], front)
    assert found == (nearer, near)
    many = [formula(X**k, 11.0 + k / 100) for k in np.arange(5, 20).tolist()]
    assert near_rivals(many, front) == tuple(many[:MOST_RIVALS])
