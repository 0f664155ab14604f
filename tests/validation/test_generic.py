import numpy as np
import pytest

from kansym.search.formulation import mean_square
from kansym.symbolic.complexity import formula_bits
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.parser import parse_expression
from kansym.validation.generic import Basis, generic_curves, price
from kansym.validation.rows import residuals_of


def test_left_out_predictions_are_those_of_fits_without_the_row(discovered, rng):
    x = rng.uniform(1, 3, 25)
    y = np.exp(x) + rng.normal(size=25)
    residuals = residuals_of(*_parts(discovered(x, y, "10.1*x")))
    found = {g.words: g for g in generic_curves(residuals, (0,), 0.0)}
    cubic = found["a polynomial of degree 3 in the input"]
    expected = [
        np.polyval(np.polyfit(np.delete(residuals.X[:, 0], i), np.delete(residuals.y, i), 3), residuals.X[i, 0])
        for i in range(25)
    ]
    np.testing.assert_allclose(cubic.predicted, expected, rtol=1e-6)


def test_a_straight_line_costs_what_it_costs_as_a_formula():
    x = np.linspace(1, 2, 30)[:, None]
    line = parametrize(parse_expression("2.1*x + 1.1", ["x"]), (plain_symbol("x"),))
    assert price(Basis.of(x, (0,), 1, ""), 30, 1) == pytest.approx(formula_bits(line, 30, 1))


def test_a_product_of_powers_costs_what_it_costs_as_a_formula(rng):
    X = rng.uniform(1, 2, (30, 2))
    power = parametrize(parse_expression("2.1*x**1.3*y**0.7", ["x", "y"]), (plain_symbol("x"), plain_symbol("y")))
    # Exponents are no further leaves of the tree than constants are; their own three bits are within the price.
    assert price(Basis.of(X, (0, 1), 1, "logarithm"), 30, 2, True) == pytest.approx(formula_bits(power, 30, 2), abs=0.1)


def test_a_power_law_is_found_among_them(discovered, rng):
    X = rng.uniform(1, 3, (60, 2))
    y = 2 * X[:, 0] ** 1.3 / X[:, 1] ** 0.7
    residuals = residuals_of(*_parts(discovered(X, y, "1.1*x + 0.1")))
    best = min(generic_curves(residuals, (0, 1), 0.0), key=lambda g: g.bits)
    assert best.words == "a product of real powers"
    assert mean_square(best.predicted - residuals.y, None) < 1e-20


def test_negative_columns_have_no_logarithms(discovered, rng):
    x = rng.uniform(-1, 3, 60)
    residuals = residuals_of(*_parts(discovered(x, x**2 + rng.normal(size=60), "1.1*x + 0.1")))
    assert not any("log" in g.words or "recip" in g.words for g in generic_curves(residuals, (0,), 0.0))


def test_polynomials_mimic_polynomials_and_not_exponentials(discovered, rng):
    x = rng.uniform(1, 3, 60)
    residuals = residuals_of(*_parts(discovered(x, x**2 + rng.normal(size=60), "1.1*x + 0.1")))
    cubic = next(g for g in generic_curves(residuals, (0,), 0.0) if g.words.endswith("degree 3 in the input"))
    points = np.linspace(0.5, 3.5, 50)[:, None]
    assert cubic.mimics(2 * points[:, 0] ** 2 - 1, points, 1e-8)
    assert not cubic.mimics(np.exp(points[:, 0]), points, 1e-3)


def _parts(discovery):
    return discovery.formula, discovery.dataset
