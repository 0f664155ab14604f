"""Waves of polynomial phases: laws drawn from a seed are found whole, and tables without waves have none."""

import numpy as np
import pytest
import sympy

from kansym import clock
from kansym.clock import Clock
from kansym.terms.chirps import chirps
from kansym.terms.wave_forms import wave_formulas

ROWS = 1200


def table(columns, seed, low=-2.0, high=3.0):
    return np.random.default_rng(seed).uniform(low, high, (ROWS, columns))


def found(X, y, noise=0.0):
    with clock.running(Clock()):
        return chirps(X, y, np.ones(len(y)), noise=noise)


def missed(seen, law, columns):
    """Largest error of the formulas on other rows, in units of the law."""
    variables = sympy.symbols(f"x:{columns}", real=True)
    X = table(columns, 99)
    y = law(*X.T)
    formulas = wave_formulas(seen.fit, seen.size, variables)
    return max(np.abs(sympy.lambdify(variables, one)(*X.T) - y).max() for one in formulas) / y.std()


def drawn(columns, seed):
    """A wave of two or three monomials, beside nothing or a polynomial, with an amplitude of one or of a column."""
    rng = np.random.default_rng([columns, seed])
    a, b, c, d = rng.uniform(1.0, 3.0, 4) * rng.choice([-1, 1], 4)
    swells, beside = rng.random(2) < 0.5

    def law(x, y=None):
        phase = a * x**2 + b * x if y is None else a * x * y + b * y + 0.5 * c * x**2
        return c * np.sin(phase + d) * (x if swells else 1) + beside * (d * x**2 - x + a)

    return law


@pytest.mark.parametrize("columns", [1, 2])
@pytest.mark.parametrize("seed", range(5))
def test_one_wave_is_found(columns, seed):
    law = drawn(columns, seed)
    X = table(columns, seed)
    seen = found(X, law(*X.T))
    assert seen is not None
    assert seen.fit is not None
    assert missed(seen, law, columns) < 1e-8


SUMS = {
    "two waves": (1, lambda x: np.sin(2.3 * x) + 0.7 * np.sin(x + 2 * x**2)),
    "a product": (2, lambda x, y: np.sin(1.4 * x**2) * np.cos(1.1 * y**2) - 1),
    "a product that hides its waves": (1, lambda x: np.sin(1.5 * x**2) * np.cos(3.1 * x) - 1),
    "waves of two columns": (2, lambda x, y: 1.5 * np.sin(2 * x * y + x) + np.cos(3 * x) - y**2),
    "three columns": (3, lambda x, y, z: np.sin(x * y + 2 * z - x) + z),
}


@pytest.mark.parametrize("name", SUMS)
def test_sums_and_products_are_found(name):
    columns, law = SUMS[name]
    X = table(columns, 5)
    seen = found(X, law(*X.T))
    assert seen is not None
    assert seen.fit is not None
    assert missed(seen, law, columns) < 1e-8


def test_a_wave_in_noise_has_the_rates_of_the_law():
    X = table(1, 2)
    y = np.sin(2 * X[:, 0] ** 2 - X[:, 0]) + 0.5 * X[:, 0]
    noise = 0.01 * y.std()
    seen = found(X, y + noise * np.random.default_rng(0).normal(size=ROWS), noise)
    assert seen is not None
    assert seen.fit is not None
    (wave,) = seen.fit.total.waves
    rates = dict(zip(wave.monomials, np.abs(wave.rates), strict=True))
    assert rates == pytest.approx({(1,): 1.0, (2,): 2.0}, rel=0.02)


def test_a_wave_beside_what_is_no_polynomial_has_a_phase_but_no_formula():
    X = table(1, 3)
    seen = found(X, np.sin(3 * X[:, 0] ** 2 - X[:, 0]) + np.exp(X[:, 0]))
    assert seen is not None
    assert seen.fit is None
    (wave,) = seen.waves
    np.testing.assert_allclose(np.abs(wave.rates), [1, 3], rtol=1e-3)


def test_a_phase_of_a_part_of_a_turn_is_found():
    X = table(2, 4, -1.0, 1.0)
    seen = found(X, np.sin(X[:, 0] * X[:, 1] + X[:, 1]) + X[:, 0])
    assert seen is not None
    assert seen.fit is not None
    assert seen.fit.error < 1e-11


NONE = {
    "polynomial": (2, lambda x, y: x**3 - 2 * x * y + 1),
    "smooth": (1, lambda x: np.exp(x) / (x + 4)),
    "noise": (2, lambda x, y: np.random.default_rng(0).normal(size=len(x))),
    "kink": (1, lambda x: np.abs(x - 0.3) + np.exp(x)),
    "step": (2, lambda x, y: np.tanh(9 * x) * np.sqrt(y + 3)),
    "pole": (1, lambda x: 1 / (x + 2.01)),
    "constant column": (1, lambda x: np.ones_like(x)),
}


LONG = {"kink", "pole", "smooth", "step"}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long) if name in LONG else name for name in NONE]
)
def test_tables_without_waves_have_none(name):
    columns, law = NONE[name]
    X = table(columns, 6)
    seen = found(X, law(*X.T))
    assert seen is None or seen.fit is None


def test_a_column_of_one_value_is_no_table():
    X = np.column_stack([table(1, 0)[:, 0], np.ones(ROWS)])
    assert found(X, np.sin(9 * X[:, 0])) is None


@pytest.mark.long
def test_the_same_seed_sees_the_same():
    X = table(1, 7)
    y = np.sin(2 * X[:, 0] ** 2) + np.exp(-X[:, 0])
    one, other = found(X, y), found(X, y)
    assert one is not None
    assert other is not None
    for first, second in zip(one.waves, other.waves, strict=True):
        np.testing.assert_array_equal(first.rates, second.rates)


@pytest.mark.parametrize("turns, several", [(1.8, False), (6.0, True)])
def test_with_noise_a_wave_turns_several_times(turns, several):
    x = table(1, 3, 0.0, 1.0)
    noise = 0.005 * np.random.default_rng(1).normal(size=ROWS)
    seen = found(x, np.sin(2 * np.pi * turns * (0.3 * x[:, 0] + 0.7 * x[:, 0] ** 2)) + noise, 0.005)
    assert (seen is not None) is several
