"""Forms that compete: what constants are called is no part of a law."""

import math

import numpy as np
import pytest
import sympy

from kansym.data.dataset import make_dataset
from kansym.groups.contest import Contest
from kansym.groups.table import grouped_table


@pytest.mark.parametrize("text", ["ratio", "law"])
def test_a_shared_ratio_of_two_constants_is_found_in_either_gauge(text):
    # y = V x/(K + x) with one slope V/K at zero: of the two gauges only a*x/(1 + b*x) has a shared constant.
    rng = np.random.default_rng(1)
    codes = np.repeat(np.arange(5), 40)
    x, half = rng.uniform(0.1, 5, len(codes)), np.array([0.5, 0.8, 1.3, 2.0, 3.0])
    clean = 2.0 * x / (1 + x / half[codes])
    y = clean + 0.01 * clean.std() * rng.standard_normal(len(x))
    table = grouped_table(make_dataset(x[:, None], y, names=["x"]), [f"g{k}" for k in codes], "run")
    (symbol,) = table.variables
    contest = Contest(table, math.inf)
    number = sympy.Float
    gauges = {
        "ratio": number(2.1) * symbol / (number(1.1) + symbol),
        "law": number(2.1) * symbol / (1 + number(1.1) * symbol),
    }
    contest.offer(gauges[text])
    contest.improve()
    contest.finish()
    best = contest.best
    assert (best.shared.sum(), len(best.shared)) == (1, 2)
    assert best.fit.values[0, np.flatnonzero(best.shared)[0]] in (
        pytest.approx(2.0, rel=0.01),
        pytest.approx(0.5, rel=0.01),
    )


def test_a_shared_ratio_with_a_root_is_found():
    # A/sqrt(1 + (b x)^2) written as c0/sqrt(c1 + x^2): both differ from group to group, and c0 = A*sqrt(c1).
    rng = np.random.default_rng(3)
    codes = np.repeat(np.arange(5), 40)
    x, steep = rng.uniform(0.1, 5, len(codes)), np.array([0.5, 0.8, 1.3, 2.0, 3.0])
    clean = 2.0 / np.sqrt(1 + (steep[codes] * x) ** 2)
    y = clean + 0.01 * clean.std() * rng.standard_normal(len(x))
    table = grouped_table(make_dataset(x[:, None], y, names=["x"]), [f"g{k}" for k in codes], "run")
    (symbol,) = table.variables
    contest = Contest(table, math.inf)
    contest.offer(sympy.Float(2.1) / sympy.sqrt(sympy.Float(1.1) + symbol**2))
    assert not contest.best.shared.any()
    contest.improve()
    assert (contest.best.shared.sum(), len(contest.best.shared)) == (1, 2)


def test_a_phase_of_half_a_turn_and_a_factor_that_is_one_go():
    rng = np.random.default_rng(2)
    codes = np.repeat(np.arange(4), 40)
    x, frequencies = rng.uniform(0.1, 5, len(codes)), np.array([1.0, 1.6, 2.2, 2.9])
    clean = -1.5 * np.sin(frequencies[codes] * x) + 0.4 * x
    y = clean + 0.02 * clean.std() * rng.standard_normal(len(x))
    table = grouped_table(make_dataset(x[:, None], y, names=["x"]), [f"g{k}" for k in codes], "run")
    (v,) = table.variables
    number = sympy.Float

    def start(frequency):
        bent = number(0.38) * v * sympy.tanh(number(3.0) + number(9.0) * v)
        return number(1.4) * sympy.sin(number(3.1) + number(frequency) * v) + bent

    contest = Contest(table, math.inf)
    contest.offer(start(1.0), {g: start(frequency) for g, frequency in enumerate(frequencies)})
    assert contest.best.form.expression.has(sympy.tanh)
    contest.improve()
    best = contest.best
    assert (best.shared.sum(), len(best.shared)) == (2, 3) and not best.form.expression.has(sympy.tanh)
    (own,) = np.flatnonzero(~best.shared)
    np.testing.assert_allclose(np.abs(best.fit.values[:, own]), frequencies, rtol=0.02)
