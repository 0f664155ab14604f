"""Sums of products whose functions are found one input at a time."""

import math

import numpy as np
import pytest
import sympy
import torch

from kansym import clock
from kansym.clock import Clock
from kansym.terms.arguments import arguments
from kansym.terms.length import Lengths
from kansym.terms.pursuit import Pursuit
from kansym.terms.rows import TermRows
from kansym.terms.separable import Curves, Separable, _needed
from kansym.terms.slots import Slots
from kansym.terms.spans import Spans


def law(x, z):
    return 1.1 * z * np.log(1 + 3.0 * x) + 0.35 / (0.3 + x**2)


def test_the_rank_is_the_number_of_products():
    x, z = np.linspace(0.5, 4, 60), np.linspace(-1, 2, 40)
    seen = Curves.of(x, law(x[:, None], z[None, :]), 1e-9)
    assert seen is not None and len(seen.curves) == 2 and seen.error < 1e-8


def test_no_rank_where_the_law_is_no_sum_of_few_products():
    x, z = np.linspace(0.5, 4, 60), np.linspace(-1, 2, 40)
    assert Curves.of(x, np.exp(-(((x[:, None] - z[None, :]) / 0.3) ** 2)), 1e-9) is None


def test_errors_are_no_products():
    x, z = np.linspace(0.5, 4, 60), np.linspace(-1, 2, 40)
    table = np.outer(np.sqrt(x), z + 2) + np.random.default_rng(0).normal(0, 1e-3, (60, 40))
    seen = Curves.of(x, table, 1e-3)
    assert seen is not None and len(seen.curves) == 1


def test_common_functions_of_several_curves():
    x = np.linspace(0.5, 4, 80)
    symbol = sympy.Symbol("x", real=True)
    curves = np.array([np.sin(2.3 * x) + 0.2 / (x + 1.4), np.sin(2.3 * x) - 3.0 / (x + 1.4)])
    with torch.no_grad(), clock.running(Clock()):
        spans = Spans(
            arguments(x[:, None], (symbol,)),
            curves,
            error=1e-9,
            number=2000,
            allowed=None,
            until=math.inf,
            device=torch.device("cpu"),
        )
        best = spans.sets(3)[0]
    assert len(best) == 2
    assert sorted(round(float(v), 6) for v in best.theta[best.free]) == pytest.approx([0.0, 1.4, 2.3], abs=1e-6)


@pytest.mark.long
def test_a_sum_of_two_products(table):
    X = table((0.5, 4.0), (0.5, 3.0), rows=400)
    symbols = sympy.symbols("x:2", real=True)
    y = law(*X.T)
    found = next(iter(Pursuit(X, y, symbols).formulas()))
    new = table((0.5, 4.0), (0.5, 3.0), seed=1)
    assert np.abs(sympy.lambdify(symbols, found)(*new.T) - law(*new.T)).max() < 1e-9


@pytest.mark.long
def test_under_a_link_where_that_takes_fewer_functions(table, monkeypatch):
    # Combinations of inputs would be followed first; test_frames is about them.
    monkeypatch.setattr("kansym.terms.separable.FRAMES", 0)
    X = table((0.5, 4.0), (0.5, 3.0), rows=150)
    symbols = sympy.symbols("x:2", real=True)

    def root(x, z):
        return np.sqrt(law(x, z))

    with clock.running(Clock()):
        found = next(iter(Pursuit(X, root(*X.T), symbols).formulas(10.0)))
    new = table((0.5, 4.0), (0.5, 3.0), seed=1)
    assert np.abs(sympy.lambdify(symbols, found)(*new.T) - root(*new.T)).max() < 1e-9


def test_the_same_seed_gives_the_same_curves(table):
    X = table((0.5, 4.0), (0.5, 3.0), rows=400)
    symbols = sympy.symbols("x:2", real=True)
    y = law(*X.T)
    found = []
    for _ in range(2):
        separable = Separable(X, y, symbols, arguments(X, symbols), weights=None, noisy=False, allowed=None, seed=3)
        curves = separable.curves(lambda t: t)
        assert curves is not None
        found.append(np.concatenate([one.curves.ravel() for one in curves]))
    np.testing.assert_array_equal(*found)


def test_products_without_a_value_on_the_rows_cost_themselves_only():
    # log(u - 3) has no value on most rows, and exp(-1e4 u) none that differs from zero.
    columns = torch.linspace(1.0, 4.0, 100, dtype=torch.float64)[None]
    rows = TermRows(columns, columns[0] ** 2, torch.ones(100, dtype=torch.float64))
    inputs = arguments(columns.numpy().T, (sympy.Symbol("x", real=True),))
    lengths = Lengths(inputs, 100, 0.0, torch.device("cpu"))
    bad = Slots.of([[(("log", -3.0, 0.0), 0)], [(("exp", -1e4, 0.0), 0)]], torch.device("cpu"), torch.float64)
    assert _needed(bad, rows, lengths)[0] == math.inf
    good = Slots.of([[(("log", -3.0, 0.0), 0)], [(("power", 2.0, 0.0), 0)]], torch.device("cpu"), torch.float64)
    length, kept = _needed(good, rows, lengths)
    assert math.isfinite(length) and len(kept) == 1


@pytest.mark.long
def test_splines_see_in_which_coordinates_a_noisy_sum_is_short():
    generator = np.random.default_rng(0)
    X = generator.uniform(0.5, 3.0, (1000, 2))
    symbols = sympy.symbols("x z", real=True)
    u = X[:, 0] * X[:, 1]
    y = X[:, 0] * np.sin(0.8 * u) + np.cos(0.8 * u)
    noise = 0.01 * float(y.std())
    y = y + generator.normal(0, noise, len(y))
    with clock.running(Clock()):
        separable = Separable(X, y, symbols, arguments(X, symbols), weights=None, noisy=True, allowed=None, seed=0)
        frame, seen = next(separable.by_splines(1.1 * noise, math.inf))
    assert symbols[0] * symbols[1] in frame.expressions
    assert [len(one.curves) for one in seen] == [2, 2]


def test_splines_see_no_short_sum_where_there_is_none():
    generator = np.random.default_rng(0)
    X = generator.uniform(0.5, 3.0, (700, 2))
    symbols = sympy.symbols("x z", real=True)
    y = np.sin(12 * np.hypot(X[:, 0] - 1.7, X[:, 1] - 1.2))
    with clock.running(Clock()):
        separable = Separable(X, y, symbols, arguments(X, symbols), weights=None, noisy=True, allowed=None, seed=0)
        assert not list(separable.by_splines(0.01 * float(y.std()), math.inf))
