import numpy as np
import pytest
import sympy

from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.parser import parse_expression
from kansym.validation.generic import generic_curves
from kansym.validation.reduced import factor_and_argument, reduced_curves
from kansym.validation.rivals import nearest_rival
from kansym.validation.rows import residuals_of

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
