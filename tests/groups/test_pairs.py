"""What pairs of trees take away of y: the same as least squares, one pair after another."""

import math

import numpy as np
import pytest
import sympy

from kansym import clock
from kansym.clock import Clock
from kansym.groups.pairs import Pairs
from kansym.terms.compositions import EnumeratedRows
from kansym.terms.enumeration import Enumeration
from kansym.terms.trees import BINARY

OPERATIONS = {one.name: one for one in BINARY}
BLOCKS = [slice(0, 25), slice(25, 60)]


@pytest.fixture(scope="module")
def engine():
    rng = np.random.default_rng(2)
    X = rng.uniform(0.5, 3.0, (60, 2))
    y = X[:, 0] * np.exp(-0.8 * X[:, 1]) + 0.3 * rng.standard_normal(60)
    with clock.running(Clock()), np.errstate(all="ignore"):
        found = Enumeration(X, y, sympy.symbols("x z"), noisy=True, weights=rng.uniform(0.5, 2, 60), blocks=BLOCKS)
        found._next_size(math.inf)
    return found


@pytest.fixture(scope="module")
def branches(engine):
    return [branch for size in engine._bank for branch in size]


def left(rows: EnumeratedRows, columns, background):
    """Sum of squares that columns leave of y beside a background."""
    A = np.array([*(rows.root * one for one in columns), *rows.background[0][:background]]).reshape(-1, len(rows.y)).T
    return float(np.square(rows.y - A @ np.linalg.lstsq(A, rows.y, rcond=None)[0]).sum())


@pytest.mark.parametrize("background", [0, 1])
@pytest.mark.parametrize("name", ["sum", "product"])
def test_the_gain_of_a_pair_is_that_of_least_squares_at_its_best_starts(engine, branches, name, background):
    operation, rng = OPERATIONS[name], np.random.default_rng(0)
    with clock.running(Clock()), np.errstate(all="ignore"):
        pairs = Pairs(branches, engine.rows, BLOCKS)
        found = list(pairs.gains(operation, background, math.inf))
        assert [one.first for one in found] == list(range(len(branches)))
        for first in rng.choice(len(branches), 6, replace=False):
            gains = found[first]
            assert len(gains.most) == len(branches) - first
            second = int(rng.integers(first, len(branches)))
            theta = pairs.theta(operation, background, gains, second)[1]
            one, other = pairs.trees[first], pairs.trees[second]
            whole = rest = 0.0
            for g, part in enumerate(BLOCKS):
                rows = engine.rows.take(part)
                a = one.values(rows.columns, theta[None, g, : one.constants])[0]
                b = other.values(rows.columns, theta[None, g, one.constants : one.constants + other.constants])[0]
                whole += left(rows, [], background)
                rest += left(rows, [a, b] if name == "sum" else [a * b], background)
            assert gains.most[second - first] == pytest.approx(whole - rest, rel=1e-3, abs=1e-4 * whole)


def test_the_weight_of_the_second_is_that_of_least_squares(engine, branches):
    pairs = Pairs(branches, engine.rows, BLOCKS)
    with clock.running(Clock()), np.errstate(all="ignore"):
        (gains,) = [one for one in pairs.gains(OPERATIONS["sum"], 1, math.inf) if one.first == 0]
        theta = pairs.theta(OPERATIONS["sum"], 1, gains, 3)[1]
    one, other = pairs.trees[0], pairs.trees[3]
    for g, part in enumerate(BLOCKS):
        rows = engine.rows.take(part)
        a = one.values(rows.columns, theta[None, g, : one.constants])[0]
        b = other.values(rows.columns, theta[None, g, one.constants : -1])[0]
        A = np.column_stack([rows.root * a, rows.root * b, rows.root])
        coefficients = np.linalg.lstsq(A, rows.y, rcond=None)[0]
        assert theta[g, -1] == pytest.approx(coefficients[1] / coefficients[0], rel=1e-6)


def test_it_stops_when_its_time_is_over(engine, branches):
    pairs = Pairs(branches, engine.rows, BLOCKS)
    with clock.budget(10, deterministic=True):
        assert list(pairs.gains(OPERATIONS["sum"], 0, clock.now() - 1)) == []
