"""Phases with a root or a logarithm of a column."""

import numpy as np
import pytest
import sympy

from kansym.terms.wave_columns import waves_at_once, waves_of_functions

A, B, C = SYMBOLS = sympy.symbols("a b c", real=True)


def looked_for(expression, X, seconds=20.0):
    y = sympy.lambdify(SYMBOLS, expression, "numpy")(*X.T)
    return y, list(waves_of_functions(X, y, np.ones(len(y)), SYMBOLS, seed=0, seconds=seconds))


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    return np.column_stack([rng.uniform(-10, 10, 1200), rng.uniform(-10, 10, 1200), rng.uniform(0.1, 10, 1200)])


@pytest.mark.parametrize(
    "expression",
    [sympy.cos(A - B + sympy.sqrt(C)) + 0.78, 2.5 * sympy.sin(B + 3 * sympy.log(C)) - A],
    ids=str,
)
@pytest.mark.long
def test_a_wave_beside_a_polynomial(rows, expression):
    y, found = looked_for(expression, rows)
    assert found
    assert np.allclose(sympy.lambdify(SYMBOLS, found[0], "numpy")(*rows.T), y, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    "expression",
    [2 - 2.1 * sympy.cos(9.8 * A) * sympy.sin(4.3 * C), 0.6 * sympy.sin(7.9 * A - 5.3 * B) + 0.5 * A],
    ids=str,
)
@pytest.mark.parametrize("noise", [0.0, 0.01, 0.05])
def test_of_many_turns_with_noise_of_unknown_size(rows, rng, expression, noise):
    law = sympy.lambdify(SYMBOLS, expression, "numpy")
    y = law(*rows.T)
    seen = y + noise * y.std() * rng.normal(size=len(y))
    (first, *_) = waves_at_once(rows, seen, np.ones(len(y)), SYMBOLS, seed=0, seconds=20.0)
    assert np.std(sympy.lambdify(SYMBOLS, first, "numpy")(*rows.T) - y) < (0.25 * noise + 1e-9) * y.std()


def test_noise_and_what_is_smooth_are_no_waves(rows, rng):
    for y in (rng.normal(size=len(rows)), np.exp(0.3 * rows[:, 0]) * rows[:, 2] + 0.1 * rng.normal(size=len(rows))):
        assert list(waves_at_once(rows, y, np.ones(len(y)), SYMBOLS, seed=0, seconds=20.0)) == []


def test_columns_below_zero(rows):
    rows[:, 2] *= -1
    y, found = looked_for(sympy.cos(A - B + sympy.sqrt(-C)), rows)
    assert np.allclose(sympy.lambdify(SYMBOLS, found[0], "numpy")(*rows.T), y, rtol=0, atol=1e-9)


def test_other_tables_have_none(rows):
    assert looked_for(sympy.exp(A / 10) * sympy.sqrt(C) + B, rows)[1] == []
    assert looked_for(sympy.cos(A - B + sympy.sqrt(C)), rows, seconds=-1.0)[1] == []
    rows[0, 2] = -1.0
    assert looked_for(sympy.cos(A - B), rows)[1] == []
