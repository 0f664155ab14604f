"""Sums of powers and exponentials of one column, under links."""

import numpy as np
import pytest
import sympy

from kansym.primitives.allowed import allowed_functions
from kansym.primitives.library import default_library
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.refit import refit
from kansym.terms.powers import MOST_TERMS, free_powers, power_sums

X = sympy.Symbol("x", real=True)


def errors(x, y, **more):
    """Largest relative errors of the sums that are found."""
    found = []
    for expression in power_sums(x, y, X, **more):
        with np.errstate(all="ignore"):
            values = np.broadcast_to(sympy.lambdify(X, expression, "numpy")(x), x.shape)
        found.append(float(np.max(np.abs(values / y - 1))))
    return found


@pytest.mark.parametrize(
    "law",
    [
        lambda x: 2.0 / np.sqrt((1.7 - x**2) ** 2 + 0.2 * x**2),
        lambda x: 3.1 * x / (0.7 + x + 0.4 * x**2),
        lambda x: np.sqrt(1.2 + 0.4 * x**2),
        lambda x: 4.2 * np.exp(-0.3 * x - 0.7 / x),
        lambda x: (0.3 * x**2 + 1.1 / x) ** 2,
        lambda x: 5.0 / x**2 - 1.3 * x,
        lambda x: 2.0 + 0.7 * x - 1.1 * x**3,
    ],
    ids=["resonance", "inhibition", "hyperbola", "exponential", "square", "plain", "cubic"],
)
def test_a_sum_of_three_powers_is_found_to_the_last_digits(law):
    x = np.linspace(0.4, 2.9, 25)
    assert min(errors(x, law(x))) < 1e-9


def test_small_values_that_noise_has_moved_do_not_spoil_a_reciprocal(rng):
    x = np.linspace(0.3, 6.0, 80)
    law = 2.0 / np.sqrt((4.0 - x**2) ** 2 + 0.3 * x**2)
    y = law + 0.004 * rng.normal(size=80)
    expressions = list(power_sums(x, y, X, weights=np.full(80, 0.004**-2)))
    with np.errstate(all="ignore"):
        values = [np.broadcast_to(sympy.lambdify(X, one, "numpy")(x), x.shape) for one in expressions]
    # Three constants leave the truth by less than an error a row.
    assert min(np.sqrt(np.mean((one - law) ** 2)) for one in values if np.isfinite(one).all()) < 0.004


@pytest.mark.parametrize(
    "law, own",
    [
        (lambda x: 4.0 * np.exp(-2.1 * x) + 1.3 * np.exp(-0.3 * x), sympy.exp),
        (lambda x: 2.0 / (1.0 + 5.0 * np.exp(-1.7 * x)), sympy.exp),
        (lambda x: 0.4 * np.exp(1.1 * x) - 0.4, sympy.exp),
    ],
    ids=["two lifetimes", "logistic", "diode"],
)
def test_rates_of_exponentials_are_near_enough_for_a_fit(law, own):
    x = np.linspace(0.0, 3.0, 40)
    found = [one for one in power_sums(x, law(x), X) if one.has(own)]
    forms = [refit(parametrize(one, (X,)), x[:, None], law(x), max_steps=60) for one in found]
    assert min(form.loss for form in forms) < 1e-20


def test_columns_of_both_signs_have_no_reciprocals():
    x = np.linspace(-2.0, 3.0, 30)
    found = list(power_sums(x, 1.5 + x - 0.3 * x**4, X))
    assert found and all(one.subs(X, 0).is_finite for one in found if one.is_polynomial(X))
    assert min(errors(x, 1.5 + x - 0.3 * x**4)) < 1e-9


def test_functions_that_are_not_allowed_are_left_out():
    x = np.linspace(0.4, 2.9, 25)
    y = 4.2 * np.exp(-0.3 * x)
    allowed = allowed_functions(default_library().only("x", "x^2", "x^-1", "sqrt"))
    assert any(one.has(sympy.exp) for one in power_sums(x, y, X))
    assert not any(one.has(sympy.exp) for one in power_sums(x, y, X, allowed=allowed))


def test_terms_are_few():
    x = np.linspace(0.4, 2.9, 40)
    for expression in power_sums(x, np.cos(3 * x), X):
        assert len(sympy.Add.make_args(expression)) <= MOST_TERMS


def test_targets_that_run_over_decades_give_what_can_be_fitted():
    x = np.linspace(1.0, 3.0, 30)
    for scale in (1e90, 1e-90):
        assert min(errors(scale * x, 2.0 + 0.7 * x)) < 1e-9
    # A column that is constant has no rates, and no slope either.
    assert all(one.is_finite is not False for one in power_sums(np.full(30, 2.0), x, X))
    for y in (np.exp(-20.0 * x), 1e-100 * x, np.exp(20.0 * x), 1e-100 * np.exp(5.0 * x)):
        for expression in power_sums(x, y, X):
            assert expression.is_finite is not False


@pytest.mark.parametrize("exponent", [-2.5, -1 / 3, 0.2, 1 / 3, 3.17])
@pytest.mark.parametrize("constant", [0.0, -4.2])
def test_the_best_real_power(rng, exponent, constant):
    x = rng.uniform(0.2, 40.0, 300)
    y = 1.7e-9 * (x**exponent + constant)
    found = min(free_powers(x, y, X), key=lambda one: np.ptp(sympy.lambdify(X, one)(x) - y))
    (power,) = found.atoms(sympy.Pow)
    assert float(power.exp) == pytest.approx(exponent, abs=1e-6)
    np.testing.assert_allclose(sympy.lambdify(X, found)(x), y, rtol=1e-5, atol=1e-14)


@pytest.mark.parametrize("exponent", [-2, 1, sympy.Rational(3, 2)])
@pytest.mark.parametrize("constant", [0.0, -4.2])
def test_a_power_comes_with_its_whole_or_half_exponent_first(rng, exponent, constant):
    x = rng.uniform(0.2, 4.0, 300)
    y = 1.7 * x ** float(exponent) + constant + 1e-6 * rng.normal(size=300)
    found = [one for one in free_powers(x, y, X) if bool(one.as_coeff_Add()[0]) == bool(constant)]
    powers = [one.as_coeff_Add()[1].as_coeff_Mul()[1] for one in found if not one.has(sympy.log)]
    exponents = [power.as_base_exp()[1] for power in powers]
    assert exponents[0] == exponent
    assert exponents[1] != exponent and float(exponents[1]) == pytest.approx(float(exponent), abs=1e-4)


def test_no_power_of_what_is_below_zero(rng):
    assert list(free_powers(rng.uniform(-1, 1, 50), rng.normal(size=50), X)) == []


def test_a_real_power_that_formulas_may_not_have(rng):
    x = rng.uniform(0.2, 4.0, 50)
    assert list(free_powers(x, x**0.3, X, allowed=allowed_functions(default_library().only("x", "sin")))) == []


def test_weights_of_a_real_power(rng):
    x = rng.uniform(0.2, 4.0, 200)
    right = x > 1
    y = np.where(right, x**1.3, 5.0)
    weights = np.where(right, 1.0, 1e-12)
    found = free_powers(x, y, X, weights=weights)
    plain = min(found, key=lambda one: np.average((sympy.lambdify(X, one)(x) - y) ** 2, weights=weights))
    (power,) = plain.atoms(sympy.Pow)
    assert float(power.exp) == pytest.approx(1.3, abs=1e-4)


def test_the_power_of_exponent_zero_beside_a_constant_is_the_logarithm():
    x = np.linspace(0.3, 5.0, 80)
    (logarithm,) = (one for one in free_powers(x, 3.0 - 2.5 * np.log(x), X) if one.has(sympy.log))
    np.testing.assert_allclose(sympy.lambdify(X, logarithm)(x), 3.0 - 2.5 * np.log(x), rtol=1e-9)
