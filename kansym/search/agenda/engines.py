"""All engines that there are."""

from __future__ import annotations

from kansym.search.agenda import algebra, curves, networks, reduce, sums
from kansym.search.agenda.engine import Engine
from kansym.search.agenda.grounds import CurveGround
from kansym.search.agenda.task import Task

FORM_ROWS = 100
"""Rows from which a table with one input is looked at for other structure: forms without constants are told apart from
others by many rows, or not at all."""

WAVY = 0.05
"""Error of an interpolant from which what it leaves may be a wave."""

WAVE_ROWS = 20
"""Fewest rows of a wave of many turns."""

OF_FEW_COLUMNS = 3
"""Most columns of forms without constants."""


def _several(task: Task) -> bool:
    return task.dimension > 1


def _any(task: Task) -> bool:
    return task.dimension > 0 and task.any_function


def _noisy(task: Task) -> bool:
    return task.any_function and task.facts.reducer.noisy


def _of_few(task: Task) -> bool:
    return 0 < task.dimension <= OF_FEW_COLUMNS and task.any_function


def _of_one_column(task: Task) -> bool:
    return task.dimension == 1


def _curve(task: Task) -> bool:
    return isinstance(task.ground, CurveGround)


def _table(task: Task) -> bool:
    return not _curve(task)


ENGINES: tuple[Engine, ...] = (
    Engine("exact laws", _table, algebra.exact_laws),
    Engine(
        "interpolant",
        lambda task: (
            task.dimension > 0
            and not task.facts.seen
            and not (task.whole and task.dimension == 1 and task.n_rows < FORM_ROWS)
        ),
        reduce.interpolant,
        informs=True,
    ),
    Engine("fitting form", _curve, curves.fitting_form),
    Engine("simple forms", lambda task: _table(task) and _of_few(task), curves.forms_without_constants, informed=True),
    Engine("functions", lambda task: _table(task) and _any(task), algebra.functions, informed=True),
    Engine("mixed laws", lambda task: _table(task) and _any(task), algebra.mixed, informed=True),
    Engine(
        "reductions",
        lambda task: task.surrogate is not None and (not task.problem.steps or task.depth > 0) and _table(task),
        reduce.reductions,
        informed=True,
    ),
    Engine("sparse sums", lambda task: _any(task) and _noisy(task), algebra.sparse_sums, informed=True),
    Engine(
        "separations",
        lambda task: _several(task) and task.surrogate is not None and task.depth < reduce.DEEPEST,
        reduce.separations,
        informed=True,
    ),
    Engine(
        "fast factors",
        lambda task: task.whole and task.any_function and task.facts.reducer.lowest > WAVY,
        reduce.slow_rests,
        informed=True,
    ),
    Engine(
        "waves",
        lambda task: (
            _table(task) and task.facts.reducer.lowest > WAVY and task.n_rows >= WAVE_ROWS and sums.summable(task)
        ),
        sums.waves,
        informed=True,
        kind="terms",
    ),
    Engine(
        "curves",
        _of_one_column,
        curves.of_one_column,
        kind="terms",
    ),
    Engine("compositions", sums.composable, sums.compositions, informed=True, kind="terms"),
    Engine("sums", lambda task: _table(task) and sums.summable(task), sums.sums, informed=True, kind="terms"),
    Engine(
        "trained networks",
        lambda task: task.whole or _several(task),
        networks.trained_networks,
        informed=True,
        kind="networks",
    ),
    Engine("edge readings", _of_one_column, networks.edge_readings, informed=True, kind="networks"),
)
