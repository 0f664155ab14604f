"""When the search of a noisy table has found what there is."""

import math

import numpy as np
import pytest

from kansym import Dataset, clock
from kansym.clock import Clock, running
from kansym.search.discovery import discover
from kansym.search.ending import FOR_SHORTER, LEAST, Ending
from kansym.search.formulation import from_expression
from kansym.search.found import FoundFormulas
from kansym.search.options import DiscoveryOptions
from kansym.search.pipeline import _Run
from kansym.search.results import StopReason
from kansym.search.rows import FitRows
from kansym.search.sums import Turn
from kansym.structure.problem import Problem
from kansym.structure.settling import UNEVEN_ROWS
from kansym.structure.solver import Solver
from kansym.symbolic.parser import parse_expression

LAW, IMITATION = "1.94*x*exp(-0.21*x)", "0.9 + 0.4*x - 0.04*x**2"


def table(rng, rows=UNEVEN_ROWS, **errors):
    x = rng.uniform(0.5, 9.0, rows)
    y = 1.94 * x * np.exp(-0.21 * x) * (1 + 0.01 * rng.normal(size=rows))
    return Dataset(x[:, None], y, ("x",), **errors)


def looked_at(data):
    """Rows, an empty list of formulas for them, and what interpolants say of them."""
    everything = np.arange(len(data.y))
    rows = FitRows.of(data, everything[everything % 5 > 0], everything[everything % 5 == 0], 0.0)
    X, y, weights = rows.rows(rows.fitting)
    solver = Solver(y, lambda leaf: iter(()), seed=0, until=math.inf)
    solver.reducer.look(Problem.of(X, y, rows.variables, weights))
    return rows, FoundFormulas(rows, math.inf), solver


def add(formulas, rows, text):
    formulas.all += from_expression(parse_expression(text, ("x",)).xreplace(rows.symbols), rows, structure="test")


def test_a_short_formula_that_leaves_nothing_ends_a_search_soon(rng):
    rows, formulas, solver = looked_at(table(rng))
    with running(Clock()) as work:
        ending = Ending(formulas, part=False)
        clock.charge(clock.Work.TENSOR_PASSES, 2000)
        add(formulas, rows, IMITATION)
        assert not ending.foresee(solver) and work.horizon == ending.soon() == math.inf
        add(formulas, rows, LAW)
        took = clock.now()
        assert ending.foresee(solver) and ending.settled
        assert took > LEAST and work.horizon == pytest.approx(2 * took, rel=0.05)
        # What is known already is not judged, and the horizon not moved, once more.
        clock.charge(clock.Work.TENSOR_PASSES, 100)
        before = work.horizon
        assert ending.foresee(solver) and work.horizon == before


def test_a_longer_one_leaves_time_for_a_shorter(rng, monkeypatch):
    rows, formulas, solver = looked_at(table(rng, 2000))
    monkeypatch.setattr(formulas, "long", lambda: True)
    with running(Clock()) as work:
        ending = Ending(formulas, part=False)
        add(formulas, rows, LAW)
        began = clock.now()
        assert not ending.foresee(solver) and ending.settled
        assert work.horizon >= began + FOR_SHORTER * LEAST


@pytest.mark.parametrize("why", ["few rows", "errors are given", "part", "nobody has looked"])
def test_nothing_is_foreseen_where_it_may_be_wrong(rng, why):
    few, given = why == "few rows", why == "errors are given"
    data = table(rng, UNEVEN_ROWS - few, **({"y_error": np.full(UNEVEN_ROWS, 0.03)} if given else {}))
    rows, formulas, solver = looked_at(data)
    with running(Clock()) as work:
        ending = Ending(formulas, part=why == "part")
        add(formulas, rows, LAW)
        assert not ending.foresee(None if why == "nobody has looked" else solver)
        assert work.horizon == math.inf and not ending.settled


@pytest.mark.long
def test_a_law_with_noise_takes_a_small_part_of_its_budget(rng):
    with running(Clock()) as work:
        found = discover(table(rng, 600), DiscoveryOptions(max_seconds=60, seed=0))
        assert work.now() < 25 and work.horizon == math.inf
    assert found.stopped == StopReason.NOTHING_SMOOTH_LEFT and not clock.searching()
    np.testing.assert_allclose(found.formula.predict(np.array([[4.0]])), 1.94 * 4 * np.exp(-0.84), rtol=0.01)


def test_once_time_is_over_no_further_formula_of_a_turn_is_looked_at(rng, monkeypatch):
    with running(Clock()) as work:
        run = _Run(table(rng), DiscoveryOptions(seed=0), None)
        taken = []

        def formulas(turn):
            for number in range(1, 6):
                taken.append(number)
                yield number * run.fit_rows.variables[0]

        monkeypatch.setattr(run.sums, "open", lambda turn: True)
        monkeypatch.setattr(run.sums, "formulas", formulas)
        run._terms(Turn.SHORT)
        assert taken == [1, 2, 3, 4, 5]
        work.horizon = -1.0
        run._terms(Turn.SHORT)
        assert taken == [1, 2, 3, 4, 5, 1]


def test_a_part_of_many_noisy_rows_ends_with_a_short_formula_that_leaves_nothing(rng, monkeypatch):
    for rows, part, left in ((UNEVEN_ROWS, True, 2), (UNEVEN_ROWS - 1, True, 4), (UNEVEN_ROWS, False, 4)):
        data = table(rng, rows)
        with running(Clock()):
            run = _Run(data, DiscoveryOptions(seed=0), None, part=part)
            law = parse_expression(LAW, ("x",)).xreplace(run.fit_rows.symbols)
            taken = []

            def formulas(turn, law=law, taken=taken, x=run.fit_rows.variables[0]):
                for number, one in enumerate((x, law, 2 * x, 3 * x), 1):
                    taken.append(number)
                    yield one

            run.sums.see(0.03, 0.03, ())
            run._keep_network(next(iter(run.candidates)))
            monkeypatch.setattr(run.sums, "open", lambda turn: True)
            monkeypatch.setattr(run.sums, "formulas", formulas)
            run._terms(Turn.SHORT)
        assert taken == list(range(1, left + 1)), (rows, part)
