"""Factors that turn many times: seen, fitted and taken out, and none where there is none."""

from dataclasses import replace

import numpy as np
import pytest
import sympy

from kansym.structure.fast_factors import without_fast_factor
from kansym.structure.problem import TARGET, Problem

A, T = SYMBOLS = sympy.symbols("a t", real=True)

LAWS = {
    "at several amplitudes": (A * sympy.exp(-T / 20), sympy.cos(4 * T)),
    "on its way": (2 * sympy.exp(-A / 3), sympy.cos(29 * A - 5 * T)),
    "fringes": (A**2 / (1 + (T / 40) ** 2), sympy.cos(2 * T) ** 2),
    "beside a level": (sympy.sqrt(A), 1.5 + sympy.sin(5 * T + 1)),
}


def table(law, noise=0.0, n=1500):
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.uniform(1, 5, n), rng.uniform(0, 60, n)])
    y = sympy.lambdify(SYMBOLS, law, "numpy")(*X.T) * np.ones(n)
    return Problem.of(X, y + noise * y.std() * rng.normal(size=n), SYMBOLS, None)


@pytest.mark.parametrize("noise", [0.0, 0.02])
@pytest.mark.parametrize("name", LAWS)
def test_what_is_left_is_smooth(name, noise):
    smooth, factor = LAWS[name]
    problem = table(smooth * factor, noise)
    found = without_fast_factor(problem)
    assert found is not None
    slow, kept = found
    assert slow.columns == problem.columns and len(kept) > 0.4 * len(problem.t)
    problem = problem.on(kept)
    # Up to a number, the rest is A.
    values = sympy.lambdify(SYMBOLS, smooth, "numpy")(*problem.X.T)
    factor = problem.t / slow.t
    number = np.linalg.lstsq((values * factor)[:, None], problem.t, rcond=None)[0]
    assert np.std(problem.t - number * values * factor) < (0.003 + 1.1 * noise) * problem.t.std()
    whole = sympy.lambdify((*SYMBOLS, TARGET), slow.outer, "numpy")(*problem.X.T, slow.t)
    np.testing.assert_allclose(whole, problem.t, rtol=1e-9, atol=1e-12)


def test_a_level_of_one_is_exact():
    found = without_fast_factor(table(A * (1 + sympy.sin(5 * T))))
    assert found is not None and found[0].outer.atoms(sympy.Integer) & {sympy.S.One, sympy.S.NegativeOne}


@pytest.mark.parametrize(
    "law",
    [
        A * sympy.exp(-T / 20) + sympy.cos(4 * T),
        sympy.exp(-T / 20) * sympy.cos(4 * T) + A * sympy.cos(7 * T),
        A * sympy.cos(0.4 * T),
        A / (1 + (T - 30) ** 2),
        A**2 + T,
    ],
    ids=str,
)
@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_sums_and_what_turns_slowly_have_none(law, noise):
    assert without_fast_factor(table(law, noise)) is None


def test_noise_has_none():
    for seed in range(10):
        rng = np.random.default_rng(seed)
        problem = Problem.of(rng.uniform(0, 1, (500, 2)), rng.normal(size=500), SYMBOLS, None)
        assert without_fast_factor(problem) is None


def test_few_rows_and_columns_of_one_value_have_none():
    assert without_fast_factor(table(A * sympy.cos(4 * T), n=150)) is None
    problem = table(A * sympy.cos(4 * T))
    flat = replace(problem, X=np.column_stack([problem.X[:, 1], np.ones(len(problem.t))]))
    assert without_fast_factor(flat) is None
