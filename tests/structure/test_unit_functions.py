"""Every function of a product against mpmath, and its parts against each other."""

import mpmath
import numpy as np
import pytest
import sympy

from kansym.structure.unit_functions import FACTORS

V = sympy.Symbol("v", positive=True)
BASES = list({factor.base: factor for factor in FACTORS}.values())
GRID = np.array([1e-6, 1e-4, 5e-3, 0.02, 0.1, 0.3, 0.7, 0.95, 1.6, 2.0, 3.7, 12.0, 55.0, 200.0, 700.0])
TINY = np.array([1e-17, 1e-12, 1e-9])
LANGEVIN = 1 / sympy.tanh(V) - 1 / V
"""The only one whose value is a truncated series: below 1e-2 it is v/3, off by at most v^2/15 = 7e-6 of it."""

GROWING = {sympy.exp(V), sympy.exp(V) - 1, sympy.exp(V) + 1, sympy.cosh(V), sympy.sinh(V)}


def base_of(factor):
    """f as an expression in V."""
    return factor.base.xreplace({symbol: V for symbol in factor.base.free_symbols})


def name_of(factor):
    return str(base_of(factor))


each_base = pytest.mark.parametrize("factor", BASES, ids=name_of)
each_factor = pytest.mark.parametrize("factor", FACTORS, ids=lambda factor: str(factor.expression(V)))


def exact(expression, v):
    """Values; nan where the expression is not real. 1 - tanh(700)^2 needs 608 digits."""
    with mpmath.workdps(700):
        function = sympy.lambdify(V, expression, "mpmath")
        found = [function(mpmath.mpf(float(one))) for one in v]
        return np.array([float(mpmath.re(one)) if mpmath.im(one) == 0 else np.nan for one in found])


def domain(factor, v):
    return v[np.isfinite(exact(base_of(factor), v))]


def rounding(factor, least=2e-14):
    return 1e-5 if base_of(factor) == LANGEVIN else least


@each_base
def test_value(factor):
    v = domain(factor, np.concatenate([TINY, GRID]))
    assert factor.value(v) == pytest.approx(exact(base_of(factor), v), rel=rounding(factor), abs=0)


@each_base
def test_logarithm(factor):
    v = domain(factor, np.concatenate([TINY, GRID]))
    # A relative error of f is an absolute one of its logarithm; log|f| of 700 has an ulp of 1e-13.
    expected = exact(sympy.log(sympy.Abs(base_of(factor))), v)
    assert factor.logarithm(v) == pytest.approx(expected, rel=1e-14, abs=rounding(factor))


@each_base
def test_elasticity(factor):
    v = domain(factor, GRID)
    base = base_of(factor)
    expected = exact(V * sympy.diff(base, V) / base, v)
    with np.errstate(over="ignore"):
        found = factor.elasticity(v)
    # Langevin's holds 1 - (v/sinh v)^2 of size v^2/3: at 1e-6 rounding is 1e-3 of it.
    assert found == pytest.approx(expected, rel=2e-3 if base == LANGEVIN else 1e-12, abs=1e-300)


@each_base
def test_elasticity_of_a_tiny_product(factor):
    # f ~ v^k near zero, so the elasticity is k there, or tends to zero as v or 1/log(v) do.
    base = base_of(factor)
    expected = exact(V * sympy.diff(base, V) / base, TINY)
    assert factor.elasticity(TINY) == pytest.approx(expected, rel=1e-5, abs=1e-300)


@each_base
def test_elasticity_is_the_slope_of_the_logarithm(factor):
    # Central differences in log v: the third derivative times step^2/6, and rounding 1e-16/step. Away from the poles.
    v = domain(factor, np.array([0.05, 0.2, 0.6, 0.9, 1.3, 2.2, 5.0, 20.0]))
    step = 1e-5
    up, down = (factor.logarithm(v * np.exp(one)) for one in (step, -step))
    assert factor.elasticity(v) == pytest.approx((up - down) / (2 * step), rel=1e-6, abs=1e-6)


@each_factor
def test_expression_is_the_value_to_its_power(factor):
    v = domain(factor, np.array([0.03, 0.4, 0.8, 1.7, 4.4, 30.0]))
    if not factor.whole:
        v = v[factor.value(v) > 0]
    assert len(v) >= 3
    # v is itself a product in a formula.
    scale, x = 2.5, sympy.Symbol("x", positive=True)
    formula = factor.expression(sympy.Rational(5, 2) * x**2)
    expected = exact(formula.xreplace({x: V}), np.sqrt(v / scale))
    assert factor.value(v) ** factor.power == pytest.approx(expected, rel=rounding(factor, 1e-11))


@each_factor
def test_powers_are_whole_or_roots(factor):
    assert factor.whole == (factor.power in (1, -1, 2, -2))
    assert factor.bits > 0


@pytest.mark.parametrize("v", [700.0, 1e4, 1e17])
@pytest.mark.parametrize("factor", [one for one in BASES if base_of(one) != sympy.asin(V)], ids=name_of)
def test_large_products_have_a_finite_logarithm(factor, v):
    with np.errstate(over="ignore"):
        assert np.isfinite(factor.logarithm(np.array([v]))).all()
        assert np.isfinite(factor.elasticity(np.array([v]))).all()


@pytest.mark.parametrize("v", [700.0, 1e4, 1e17])
@pytest.mark.parametrize("factor", [one for one in BASES if base_of(one) in GROWING], ids=name_of)
def test_functions_that_grow_like_exp(factor, v):
    halved = base_of(factor) in {sympy.cosh(V), sympy.sinh(V)}
    with np.errstate(over="ignore"):
        assert factor.logarithm(np.array([v])) == pytest.approx(v - halved * np.log(2), rel=1e-15)
        assert factor.elasticity(np.array([v])) == pytest.approx(v, rel=1e-15)


def test_only_sums_and_differences_with_one_have_a_sign():
    signs = {str(base_of(factor)): factor.sign for factor in FACTORS if factor.sign}
    assert signs == {"v + 1": 1, "1 - v": -1}
    # What the formula is written as relies on it: f = 1 + sign * v.
    v = np.array([0.3, 2.0])
    for factor in FACTORS:
        if factor.sign:
            assert factor.value(v) == pytest.approx(1 + factor.sign * v, rel=1e-15)


def test_outside_of_the_domain_is_nan():
    (arcsine,) = (factor for factor in FACTORS if base_of(factor) == sympy.asin(V))
    with np.errstate(invalid="ignore"):
        assert np.isnan(arcsine.value(np.array([1.0 + 1e-9, 3.0]))).all()
        assert np.isnan(arcsine.elasticity(np.array([1.0 + 1e-9, 3.0]))).all()


def test_no_factor_twice():
    assert len({(factor.base, factor.power) for factor in FACTORS}) == len(FACTORS)
