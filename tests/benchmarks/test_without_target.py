"""The tables and judges of the benchmarks without a target."""

import numpy as np
import pytest
import sympy

from benchmarks import conserved, relations, symmetries
from benchmarks.conserved_systems import SYSTEMS
from benchmarks.relation_tables import RELATIONS, WITHOUT, noisy


def test_tables_are_drawn_alike_again_and_are_finite():
    assert len(RELATIONS) == len(WITHOUT) == 40 and len({case.name for case in (*RELATIONS, *WITHOUT)}) == 80
    for case in (*RELATIONS, *WITHOUT):
        columns, again, other = case.columns(0), case.columns(0), case.columns(1)
        for name, values in columns.items():
            assert np.isfinite(values).all() and np.array_equal(values, again[name])
        assert any(not np.array_equal(values, other[name]) for name, values in columns.items())
        X, errors = noisy(columns, 0.01, np.random.default_rng(0))
        assert (errors > 0).all() and X.shape == errors.shape


def test_the_judge_of_relations_takes_the_law_and_refuses_another():
    task = relations.Task("plasma waves", 0.01, True, 0, 3.0)
    record = relations.examine(task)
    assert record["right"] and record["verdicts"][0] == "law"
    found = relations.figures([{"key": relations.key(task), **record}])
    assert found["right form, 1 % noise, errors given"] == "1 of 1"


@pytest.mark.parametrize("case", SYSTEMS, ids=lambda case: case.name)
def test_what_a_system_conserves_is_conserved(case):
    table = case.table(0, 0.0)
    for expression in case.functions():
        function = sympy.lambdify([sympy.Symbol(name) for name in case.states], expression, "numpy")
        values = function(*(table[name].to_numpy() for name in case.states))
        within = table.assign(value=values).groupby("run")["value"].std().max()
        assert within < 1e-6 * np.std(values)


def test_the_judge_of_conserved_quantities():
    record = conserved.examine(conserved.Task("oscillator", 0.0, 0, 1.0))
    assert record["right"] and record["number"] == 1


def test_planted_symmetries_are_those_of_the_tables():
    task = symmetries.Task(0, True, 0)
    assert task.combination == "x0 - x1" and symmetries.table(task).n_rows == symmetries.ROWS
    a, b = sympy.symbols("x0 x1")
    assert symmetries._same(2 * (a - b) ** 3, a - b) and not symmetries._same(a + b, a - b)
