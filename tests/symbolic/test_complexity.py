import math

import numpy as np
import pytest
import scipy.stats
import sympy

from kansym.errors import ArgumentError
from kansym.symbolic import complexity, description_length, node_count, parametrize
from kansym.symbolic.complexity import FEW_ROWS, SLOPE_BITS, early_bits, formula_bits, kinds, misfit_bits
from kansym.symbolic.parametric import ParametricForm

X, Y = sympy.symbols("x y")


@pytest.mark.parametrize(
    ("expression", "size"),
    [
        (X, 1),
        (sympy.Float(2.5), 1),
        (sympy.Rational(-3, 7), 1),
        (sympy.pi, 1),
        (X + Y, 3),
        (X - Y, 3),
        (-X, 2),
        (-X - Y, 4),
        (X - 2.5 * Y, 5),
        (X * Y, 3),
        (X / Y, 3),
        (1 / X, 2),
        (1 / (X * Y), 4),
        (2.5 / X, 3),
        (X / 2, 3),
        (X**2, 3),
        (X / Y**2, 5),
        (X**-2, 3),
        (sympy.sqrt(X), 2),
        (1 / sympy.sqrt(X), 3),
        (X / sympy.sqrt(Y), 4),
        (X**1.5, 3),
        (sympy.exp(-X), 3),
        (sympy.sin(2 * X + 1), 6),
        (sympy.besselj(0, X), 2),
        (sympy.sign(X) * sympy.Abs(X) ** sympy.Rational(1, 3), 3),
        (sympy.Mul(sympy.Float(4.9), X - Y, evaluate=False), 5),
    ],
    ids=str,
)
def test_nodes_as_a_person_would_write_them(expression, size):
    assert complexity(expression) == size


def test_node_count_is_that_of_the_tree():
    assert node_count(X + 2 * Y) == 5


def test_description_length_of_a_better_fit_is_shorter():
    short = description_length(2.5 * X, 100, 1e-4, 0.0, 1)
    assert description_length(2.5 * X, 100, 1e-2, 0.0, 1) - short == pytest.approx(50 * math.log2(100))
    assert description_length(2.5 * X, 100, math.nan, 0.0, 1) == math.inf
    assert math.isfinite(description_length(2.5 * X, 100, 0.0, 0.0, 1))


def test_a_loss_below_the_noise_floor_gains_nothing():
    assert description_length(X, 100, 1e-8, 0.1, 1) == description_length(X, 100, 1e-2, 0.1, 1)


def test_a_real_constant_costs_half_a_logarithm_of_n_and_an_exact_one_its_digits():
    def at(expression):
        return description_length(expression, 1024, 1.0, 1.0, 1)

    assert at(2.5 * X) - at(sympy.Rational(5, 7) * X) == pytest.approx(5 - math.log2(6) - math.log2(7))
    assert at(sympy.Float(2.5) * X) == at(parametrize(sympy.Float(2.5) * X, (X,)))
    assert at(3 * X) < at(sympy.Rational(97, 41) * X)


@pytest.mark.parametrize(
    ("shorter", "longer"),
    [
        (X * Y, X + Y),
        (X + Y, X / Y),
        (X / Y, X - Y),
        (X**2, X**3),
        (X ** sympy.Rational(3, 2), X**1.5),
        (sympy.exp(X), sympy.tanh(X)),
        (sympy.sin(X), sympy.atan(X)),
        (X**2 / Y**2, X**3 / Y**3),
    ],
    ids=str,
)
def test_common_operators_cost_less_than_rare_ones(shorter, longer):
    assert complexity(shorter) == complexity(longer)
    assert description_length(shorter, 100, 1.0, 1.0, 2) < description_length(longer, 100, 1.0, 1.0, 2)


def test_an_exponent_of_many_that_are_always_near_costs_what_a_real_one_does():
    x, a = sympy.symbols("x a")
    real = parametrize(a * x ** sympy.Float(2.341), (x,))
    for fraction, rare in ((sympy.Rational(5, 3), False), (sympy.Rational(7, 2), False), (sympy.Rational(7, 3), True)):
        bits = formula_bits(a * x**fraction, 100, 1)
        assert (bits > formula_bits(real, 100, 1) - 10 / (2 * math.log(2))) == rare


@pytest.mark.parametrize("sign", [1, -1])
def test_high_powers_of_sums_cost_what_a_real_one_does(sign):
    x, a, b = sympy.symbols("x a b")
    for power, rare in ((2, False), (4, False), (5, True), (11, True)):
        assert kinds(a * (x + b) ** (sign * power))["^ real"] == rare
        # Of a column they are those of Lennard-Jones and Stefan.
        assert kinds(a * x ** (sign * power))["^ real"] == 0


def test_kinds_add_up_to_the_node_count():
    expression = sympy.exp(-(X**2) / 2) / sympy.sqrt(Y) - 3 * X * Y**-2 + sympy.sin(X - Y) ** 2.5
    assert sum(kinds(expression).values()) == complexity(expression)
    assert kinds(expression)["variable"] == 6


def test_every_place_of_a_constant_is_a_leaf_but_it_is_fitted_once():
    shared = sympy.Float(1.2345678901234567)
    once = description_length(shared * X, 100, 1.0, 1.0, 1)
    twice = description_length(shared * X + sympy.exp(shared * X), 100, 1.0, 1.0, 1)
    apart = description_length(shared * X + sympy.exp(sympy.Float(2.3456789012345678) * X), 100, 1.0, 1.0, 1)
    assert twice > once
    assert apart - twice == pytest.approx(0.5 * math.log2(100))


def test_bad_arguments_are_refused():
    with pytest.raises(ArgumentError, match="n must be positive, got 0"):
        description_length(X, 0, 1.0, 0.0, 1)
    with pytest.raises(ArgumentError, match="noise_floor must not be negative"):
        description_length(X, 10, 1.0, -1.0, 1)


def test_given_errors_are_a_likelihood():
    rng = np.random.default_rng(0)
    first, second = 0.3 * rng.normal(size=(2, 50))
    likelihoods = [scipy.stats.norm.logpdf(one, scale=0.3).sum() / math.log(2) for one in (first, second)]
    bits = [misfit_bits(50, float(np.mean(one**2)), 0.3, errors_given=True) for one in (first, second)]
    assert bits[0] - bits[1] == pytest.approx(likelihoods[1] - likelihoods[0], rel=1e-12)
    # What is only a floor says nothing of residuals below it.
    assert misfit_bits(50, 0.01, 0.3) == misfit_bits(50, 0.02, 0.3)


def test_a_slope_beneath_a_curve_costs_less_than_another_term():
    x, z = sympy.symbols("x z")
    flat = 2.0 * sympy.exp(-1.3 * x**2) + 0.7
    n = 100
    slope, other = (formula_bits(flat + term, n, 1) - formula_bits(flat, n, 1) for term in (0.3 * x, 0.3 * x**3))
    # About what chi-squared gains when it falls by ten: half of that, in bits.
    assert slope == pytest.approx(10 / (2 * math.log(2)), abs=1.0) and other > slope + SLOPE_BITS
    # One constant is not both: with it a curve has a term x + 1.
    c = sympy.Symbol("c")
    twice = ParametricForm(sympy.exp(-(x**2)) + c + c * x, (x,), (c,), np.ones(1))
    once = ParametricForm(sympy.exp(-(x**2)) + c * x, (x,), (c,), np.ones(1))
    assert formula_bits(once, n, 1) < formula_bits(twice, n, 1)
    # A line has no curve above it, and a term of another column is no background of this one.
    line = 3.0 + 2 * (3.0 + 0.5 * math.log2(n)) + 2.5 + 1.8
    assert formula_bits(0.7 + 0.3 * x, n, 1) == pytest.approx(line)
    beside, beneath = (formula_bits(0.7 + 0.3 * one + 2.0 * sympy.exp(-x), n, 2) for one in (z, x))
    assert beside == pytest.approx(beneath + SLOPE_BITS)


def test_the_first_rows_pay_for_the_constants(rng):
    y = rng.normal(size=FEW_ROWS)
    # A formula that leaves a millionth of the variance saves ten bits a row; nine rows with five constants lose five.
    assert early_bits(5, y[:9], 1e-6 * np.var(y[:9]), 0.0) == pytest.approx(
        2.5 * (math.log2(1e6) - math.log2(9) - 6), rel=1e-12
    )
    assert early_bits(5, y, 1e-6, 0.0) == 0.0
    # What leaves most of the variance has saved nothing that could be paid.
    assert early_bits(2, y[:9], 0.5 * np.var(y[:9]), 0.0) == 0.0
    assert early_bits(2, np.ones(9), 0.0, 0.0) == 0.0
