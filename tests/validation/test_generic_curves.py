import numpy as np
import pytest
import sympy

from kansym.data.weights import mean_square
from kansym.fitting.residuals import residuals_of
from kansym.symbolic.complexity import formula_bits
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.parser import parse_expression
from kansym.validation.generic_curves import Basis, factor_and_argument, generic_curves, price, reduced_curves
from kansym.validation.rivals import nearest_rival


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


x, y, z = sympy.symbols("x y z")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("1.2*exp(0.8*x*y) - 0.2", (1, x * y)),
        ("1.01*y/cos(1.34*sqrt(x/z))", (y, sympy.sqrt(x) / sympy.sqrt(z))),
        ("x*z*asin(tan(y/z))", (x * z, y / z)),
        ("39.7*x**3/(exp(0.528*x) - 1)", (x**3, x)),
        ("1.2/(1 - x**2/y**2)", (1, x**2 / y**2)),
        ("1.2*exp(0.8*x) + 0.3*y", None),
        ("2.1*x*y", None),
        ("1.2*sin(0.8*x + 0.3*y)", None),
        ("x**1.3*exp(x)", (1, x)),
    ],
)
def test_factor_and_argument(text, parts):
    form = parametrize(parse_expression(text, ["x", "y", "z"]), tuple(plain_symbol(name) for name in "xyz"))
    found = factor_and_argument(form)
    if parts is None:
        assert found is None
        return
    factor, argument = found
    assert factor == parts[0]
    # Powers of z serve as well as z: they keep it constant where it is.
    points = [{x: 1.2, y: 2.3, z: 0.7}, {x: 1.9, y: 1.1, z: 1.6}]
    logs = [[float(sympy.log(e.subs(p))) for p in points] for e in (argument, parts[1])]
    assert logs[0][0] * logs[1][1] == pytest.approx(logs[0][1] * logs[1][0])


def test_predictions_are_those_of_fits_without_the_row(discovered, rng):
    X = rng.uniform(1, 2, (30, 2))
    target = X[:, 0] * np.exp(0.5 * X[:, 0] * X[:, 1]) + 0.1 * rng.normal(size=30)
    discovery = discovered(X, target, "1.01*x*exp(0.51*x*y)")
    residuals = residuals_of(discovery.formula, discovery.dataset)
    curve = next(c for c in reduced_curves(residuals, 0.0) if "degree 2 in x*y" in c.words)
    a, product = residuals.X[:, 0], residuals.X[:, 0] * residuals.X[:, 1]
    basis = a[:, None] * np.vander(product, 3)
    expected = []
    for i in range(30):
        kept = np.arange(30) != i
        expected.append(basis[i] @ np.linalg.lstsq(basis[kept], residuals.y[kept], rcond=None)[0])
    np.testing.assert_allclose(curve.predicted, expected, rtol=1e-7)


def test_an_imitation_of_a_curve_of_a_product_has_a_near_rival(discovered, rng):
    """1 + 3 u/(3 - u) of u = x y, and an exponential of u that comes near it: the product is sure, the curve is not."""
    X = rng.uniform(0, 1, (300, 2))
    u = X[:, 0] * X[:, 1]
    target = 1 + u / (1 - u / 3)
    target = target + 0.01 * np.sqrt(np.mean(target**2)) * rng.normal(size=300)
    discovery = discovered(X, target, "1.202*exp(0.808*x*y) - 0.199", "1.1 + 1.2*x*y")
    residuals = residuals_of(discovery.formula, discovery.dataset)
    rival = nearest_rival(discovery, residuals, seed=0)
    of_columns = min(curve.bits for curve in generic_curves(residuals, (0, 1), 0.0))
    of_product = min(curve.bits for curve in reduced_curves(residuals, 0.0))
    assert "x*y" in rival.words
    assert of_product < of_columns - 20
    assert rival.margin < 12
