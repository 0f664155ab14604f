"""Dimensional analysis: Buckingham's theorem on textbook cases."""

import numpy as np
import pytest

from kansym.structure.problem import Problem
from kansym.structure.search import Reducer
from kansym.structure.unit_groups import sound, unit_reductions
from kansym.symbolic.naming import internal_symbols
from kansym.symbolic.steps import Step, StepKind
from kansym.units.system import UnitSystem
from kansym.units.unit import parse_unit


def problem(names, units, target, law, n=60):
    X = np.random.default_rng(0).uniform(1, 3, (n, len(names)))
    y = law(*X.T)
    system = UnitSystem({name: parse_unit(unit) for name, unit in zip(names, units, strict=True)}, parse_unit(target))
    return Problem.of(X, y, internal_symbols(names, X)), system


def test_pendulum_has_no_dimensionless_group_left_but_the_angle():
    table, system = problem(
        ["L", "g", "m", "angle"], ["m", "m/s^2", "kg", "rad"], "s", lambda L, g, m, a: np.sqrt(L / g) * (1 + a**2)
    )
    reduction = unit_reductions(table, system)[0]
    assert reduction.groups.shape == (1, 4)
    np.testing.assert_allclose(reduction.factor, [0.5, -0.5, 0, 0])
    np.testing.assert_allclose(reduction.groups, [[0, 0, 0, 1]])


@pytest.mark.parametrize("units", [["kg", "m/s", "m/s"], ["g", "km/h", "m/s"]])
def test_scales_of_units_do_not_matter(units):
    table, system = problem(["m", "v", "c"], units, "J", lambda m, v, c: m * v**2 / np.sqrt(1 + (v / c) ** 2))
    reduction = unit_reductions(table, system)[0]
    assert reduction.groups.shape[0] == 1
    # The group is dimensionless whatever was divided by what.
    speeds = reduction.groups[0][1:]
    assert reduction.groups[0][0] == 0 and speeds.sum() == 0 and reduction.factor[0] == 1


def test_nothing_where_a_constant_with_a_unit_is_missing():
    table, system = problem(["t"], ["s"], "m", lambda t: 4.9 * t**2)
    assert unit_reductions(table, system) == [] and not sound(table, system)


@pytest.mark.long
def test_reductions_that_would_need_a_constant_with_a_unit_come_last(work_clock):
    rng = np.random.default_rng(1)
    table, system = problem(
        ["F", "m1", "m2", "r", "G"],
        ["N", "kg", "kg", "m", "N m^2/kg^2"],
        "1",
        lambda F, m1, m2, r, G: np.sin(F * r**2 / (G * m1 * m2)) + rng.normal(0, 0.1, 600),
        n=600,
    )
    reducer = Reducer(table.t, seed=0, deadline=work_clock.now() + 120, units=system)
    assert all(smaller.dimension == 2 for smaller in reducer.by_units(table))
    reduced = list(reducer.reduced(table))
    assert reducer.noisy and reduced[0].dimension <= 2
    assert all(sound(smaller, system) for smaller in reduced)


def test_a_single_velocity_has_no_right_formula_but_its_powers():
    table, system = problem(["v", "c"], ["m/s", "m/s"], "1", lambda v, c: v / c)
    assert sound(table, system)
    alone = table.with_inputs(table.X[:, :1], table.columns[:1], Step(StepKind.SCALING, fewer=1))
    assert not sound(alone, system)
