"""Forms that compete: what constants are called is no part of a law."""

import math

import numpy as np
import pytest
import sympy

from kansym.data.dataset import make_dataset
from kansym.groups.contest import Contest
from kansym.groups.table import grouped_table


@pytest.mark.parametrize("text", ["ratio", "law"])
@pytest.mark.long
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


def grouped(law, own, *, rows=40, low=0.1, high=3.0, seed=4):
    """A table of one input x whose groups differ in one constant of the law."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(len(own)), rows)
    x = rng.uniform(low, high, len(codes))
    clean = law(x, np.array(own)[codes])
    y = clean + 0.005 * clean.std() * rng.standard_normal(len(x))
    return grouped_table(make_dataset(x[:, None], y, names=["x"]), [f"g{k}" for k in codes], "run")


@pytest.mark.long
@pytest.mark.parametrize("text", ["2*exp(-2*t/3)", "t/3", "-5*sqrt(t)/2"])
def test_an_exact_size_that_one_group_has_is_that_group_s_own(text):
    t = sympy.Symbol("t")
    law = sympy.sympify(text)
    rows = np.tile(np.linspace(0.2, 1.3, 12), 2)
    y = np.repeat([1.0, 1.6], 12) * sympy.lambdify(t, law)(rows)
    table = grouped_table(make_dataset(rows[:, None], y, names=["t"]), np.repeat(["a", "b"], 12), "isotope")
    contest = Contest(table, math.inf)
    contest.offer(law.xreplace({t: table.variables[0]}))
    assert contest.best is not None and np.abs(contest.best.fit.residuals).max() < 1e-10


def test_a_resonance_has_its_width_of_each_group_alone():
    # Around its peak, as (x^2 - b)^2 + c, both b and c depend on the width.
    widths = np.array([0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.75, 0.9])
    table = grouped(lambda x, w: 1.7 / np.sqrt((x**2 - 1.44) ** 2 + (w * x) ** 2), widths)
    (symbol,) = table.variables
    contest = Contest(table, math.inf)
    peaks, levels = widths**2 / 2 - 1.44, 1.44**2 - (1.44 - widths**2 / 2) ** 2
    each = [
        sympy.Float(1.7) / sympy.sqrt(sympy.Float(c) + (symbol**2 + sympy.Float(b)) ** 2)
        for b, c in zip(peaks, levels, strict=True)
    ]
    contest.offer(each[0], dict(enumerate(each)))
    assert (~contest.best.shared).sum() == 2
    contest.improve()
    assert (contest.best.shared.sum(), len(contest.best.shared)) == (2, 3)


@pytest.mark.long
def test_a_quadratic_has_its_slope_at_zero_of_all_groups():
    # Around its vertex, as a/((x + b)^2 + c), all three differ from group to group.
    curvatures = np.array([0.3, 0.5, 0.7, 0.9, 1.2])
    table = grouped(lambda x, c: 1.7 * x / (1 + 0.5 * x + c * x**2), curvatures)
    (symbol,) = table.variables
    each = [
        sympy.Float(1.7 / c) * symbol / (sympy.Float(1 / c - (0.25 / c) ** 2) + (symbol + sympy.Float(0.25 / c)) ** 2)
        for c in curvatures
    ]
    contest = Contest(table, math.inf)
    contest.offer(each[0], dict(enumerate(each)))
    assert not contest.best.shared.any()
    contest.improve()
    assert (contest.best.shared.sum(), len(contest.best.shared)) == (2, 3)


@pytest.mark.long
def test_two_constants_that_are_equal_become_one_in_one_place():
    # c - c*x/(a + x) is c*a/(a + x).
    table = grouped(lambda x, a: 2.0 * a / (a + x), [0.5, 0.8, 1.3, 2.0])
    (symbol,) = table.variables
    contest = Contest(table, math.inf)
    contest.offer(sympy.Float(1.9) - sympy.Float(2.1) * symbol / (sympy.Float(1.1) + symbol))
    contest.improve()
    best = contest.best
    assert (best.shared.sum(), len(best.shared)) == (1, 2)
    assert best.form.expression.count(best.form.constants[int(np.flatnonzero(best.shared)[0])]) == 1


def test_constants_that_are_equal_by_chance_stay_two():
    # The amplitude and the centre of a peak are both two, which says nothing.
    table = grouped(lambda x, w: 2.0 * np.exp(-(((x - 2.0) / w) ** 2)) + 0.3 * x, [0.5, 0.7, 0.9, 1.1], high=4.0)
    (symbol,) = table.variables
    number = sympy.Float
    contest = Contest(table, math.inf)
    contest.offer(number(1.9) * sympy.exp(-number(2.1) * (symbol - number(1.9)) ** 2) + number(0.3) * symbol)
    contest.improve()
    assert len(contest.best.shared) == 4


@pytest.mark.long
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
