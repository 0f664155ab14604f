"""Sums of polynomials times exponentials and waves: laws, imitations, and sums with noise."""

import itertools
import math

import numpy as np
import pytest
import sympy
from hypothesis import assume, given
from hypothesis import strategies as st

from kansym.structure.exponentials import exponential_law, exponential_sums
from kansym.symbolic.complexity import complexity
from kansym.symbolic.parametric import parametrize

X = sympy.Symbol("x", real=True)

LAWS = [
    (2 * sympy.exp(3.9 * X) + 2, (-2, 2)),
    (3 * sympy.exp(-0.3 * X) + 2 * sympy.exp(-1.1 * X) + 0.4, (0, 5)),
    ((1 + 0.75 * X + 0.19 * X**2) * sympy.exp(-0.75 * X), (0.5, 12)),
    (0.63 * sympy.cos(1.77 * X) + sympy.exp(-0.82 * X) * sympy.sin(5.2 * X), (0.1, 4)),
    (0.14 * X + 0.9 * sympy.cos(1.05 * X) + 1.3 * sympy.exp(-0.35 * X) * sympy.cos(1.3 * X + 0.7), (0.1, 9)),
    (X**2 * sympy.exp(-X) * sympy.sin(3 * X), (0, 5)),
    (X * sympy.cos(32 * X) + sympy.sin(32 * X), (0, 3)),
    (sympy.sin(40 * X) + 0.5 * sympy.sin(43 * X + 1), (100, 105)),
]

OTHERS = [
    sympy.tanh(X),
    sympy.log(1 + X),
    1 / (1 + X**2),
    sympy.exp(-(X**2)),
    sympy.sqrt(X + 1.3),
    (X + 0.1) ** 1.7,
    sympy.exp(-1 / (X + 0.2)),
    sympy.sin(X**2),
    sympy.exp(sympy.sin(X)),
    sympy.Abs(X - 0.4),
]


def rows(expression, ends, n=1500, noise=0.0, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.uniform(*ends, n)
    y = parametrize(expression, (X,)).evaluate(x[:, None])
    return x, y + noise * y.std() * rng.normal(size=n)


def values(expression, x):
    return parametrize(expression, (X,)).evaluate(x[:, None])


@pytest.mark.parametrize(("law", "ends"), LAWS)
def test_laws_are_exact_also_between_and_beyond_the_rows(law, ends):
    found = exponential_law(*rows(law, ends), X)
    assert found is not None
    x = np.linspace(ends[0], ends[1] + 0.1 * (ends[1] - ends[0]), 300)
    np.testing.assert_allclose(values(found, x), values(law, x), atol=1e-8 * np.abs(values(law, x)).max())
    assert complexity(found) <= complexity(law) + 4


@pytest.mark.parametrize("ends", [(0, 1), (0, 5)])
@pytest.mark.parametrize("other", OTHERS)
def test_what_is_none_is_no_law(other, ends):
    assert exponential_law(*rows(other, ends), X) is None


def test_a_law_on_a_column_with_far_outliers():
    law, rng = sympy.exp(-0.75 * X) * (1 + X), np.random.default_rng(1)
    x = np.exp(rng.normal(0, 1.0, 1500))
    found = exponential_law(x, values(law, x), X)
    assert found is not None
    np.testing.assert_allclose(values(found, x), values(law, x), atol=1e-10)


@pytest.mark.long
@given(
    first=st.tuples(st.floats(-2, 2), st.floats(3, 9)),
    second=st.floats(-3, 3),
    amplitudes=st.tuples(*[st.floats(0.2, 3)] * 3),
)
def test_rates_and_amplitudes_of_any_size(first, second, amplitudes):
    (decay, frequency), (a, b, level) = first, amplitudes
    assume(min(abs(second), abs(decay - second)) > 0.3 and (decay == 0 or abs(decay) > 0.01))
    law = a * sympy.exp(decay * X) * sympy.sin(frequency * X + 1) + b * sympy.exp(second * X) + level
    x, y = rows(law, (-1, 2), n=400)
    found = exponential_law(x, y, X)
    assert found is not None
    np.testing.assert_allclose(values(found, x), y, atol=1e-9 * np.abs(y).max())


@pytest.mark.parametrize(("law", "ends"), LAWS[2:6])
def test_with_noise_the_first_is_as_near_as_the_law_and_as_short(law, ends):
    x, y = rows(law, ends, noise=0.01)
    clean = values(law, x)
    noise = 0.01 * clean.std()
    found = next(exponential_sums(x, y, X, noise=noise))
    # Eleven constants, fitted, are that near in the mean.
    assert np.sqrt(np.mean((values(found, x) - clean) ** 2)) < 2 * noise * math.sqrt(11 / len(x))
    assert complexity(found) <= complexity(law) + 6


def test_weights_decide_which_rows_count():
    law = 2 * sympy.exp(-X) + 1
    x, y = rows(law, (0, 4))
    wrong = x > 3
    y[wrong] += np.random.default_rng(0).normal(size=wrong.sum())
    found = next(exponential_sums(x, y, X, weights=np.where(wrong, 1e-12, 1.0), noise=1e-6))
    np.testing.assert_allclose(values(found, x), values(law, x), atol=1e-4)


@pytest.mark.parametrize("n", [3, 11])
def test_few_rows_and_few_values_say_nothing(n):
    x = np.tile(np.linspace(0, 1, n), 40)
    y = np.exp(-x)
    assert exponential_law(x, y, X) is None
    assert not list(exponential_sums(x, y, X))


def test_nothing_varies():
    assert exponential_law(np.ones(50), np.ones(50), X) is None
    assert exponential_law(np.linspace(0, 1, 50), np.zeros(50), X) is None


def test_exponents_beyond_double_precision_are_left_out():
    x = np.linspace(1000, 1001, 400)
    found = list(itertools.islice(exponential_sums(x, np.exp(20 * (x - 1000)), X), 5))
    assert all(np.isfinite(values(one, x)).all() for one in found)
