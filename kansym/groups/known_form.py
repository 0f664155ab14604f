# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false
"""The constants of a formula that the user gives, fitted to several groups at once."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from kansym.data.columns import listing, quoted
from kansym.data.dataset import make_dataset
from kansym.errors import Argument, ArgumentError, DataError
from kansym.fitting.arguments import KnownFormProblem, read_arguments
from kansym.fitting.starts import starting_values
from kansym.groups.decision import Judge, Split
from kansym.groups.outcome import outcome
from kansym.groups.result import GroupedFormula
from kansym.groups.table import GroupedTable, grouped_table, text_of

STARTED = 3
"""Groups whose constants are looked for from nothing; the others begin with what these have."""


def fit_constants_by_group(
    expression: str,
    data: Any,
    y: Any,
    groups: Any,
    *,
    per_group: Sequence[str] | None = None,
    start: Mapping[str, float] | None = None,
    y_error: Any = None,
    seed: int = 0,
    target: str = "y",
    group: str = "group",
    units: Mapping[str, str | None] | None = None,
    y_units: str | None = None,
    leave_out: Sequence[str] = (),
) -> GroupedFormula:
    """Fit the constants of a formula to several groups at once, some shared and some of each group's own.

    Parameters
    ----------
    expression : str
        The formula, such as ``"A*exp(-t/tau)"``; see `kansym.fit_constants`.
    data : mapping of str to array (n,), or DataFrame
        Columns by name; others than those of the formula may be there.
    y : array (n,)
        What the formula describes.
    groups : array-like, shape (n,)
        Group of each row, texts or whole numbers.
    per_group : sequence of str, optional
        Constants that each group has its own of; the others are shared. An empty one shares all. By default the length
        of the description decides.
    start : mapping of str to float, optional
        Starting values, the same for all groups.
    y_error : array (n,), float or str, optional
        Standard errors of y. Without, the noise is estimated, for each group where that clearly differs.
    seed : int, default 0
        Of the starts.
    target, group : str
        What is described, and what the groups are called, for texts.
    units, y_units : optional
        As of `kansym.fit_constants`.
    leave_out : sequence of str, optional
        Groups whose rows do not count.

    Returns
    -------
    GroupedFormula

    Raises
    ------
    FormulaSyntaxError, ArgumentError, DataError
        As of `kansym.fit_constants`; if there is one group only, or a group of a single row.
    """
    problem = read_arguments(
        expression, data, y, start=start, y_error=y_error, x_error=None, target=target, units=units, y_units=y_units
    )
    if not isinstance(seed, int | np.integer) or isinstance(seed, bool) or seed < 0:
        raise ArgumentError(Argument("seed"), f" must be a whole number that is not negative, got {seed!r}")
    if problem.counts:
        raise ArgumentError(
            Argument("y_error"), " 'poisson' is not used with groups; give sqrt(N) of the counts instead"
        )
    table = _table(problem, data, groups, group, leave_out)
    names = [symbol.name for symbol in problem.form.constants]
    for name in per_group or ():
        if name not in names:
            raise ArgumentError(
                Argument("per_group"),
                f" names {quoted(name)}, which is no constant of the formula: {listing(names, 8)}",
            )
    judge = Judge(table)
    separate = judge.at(problem.form, _own(problem, judge, int(seed)))
    if per_group is None:
        split = judge.decide(separate, thorough=True)
    else:
        shared = np.array([name not in per_group for name in names])
        found = judge.split(problem.form, shared, separate.fit.values, separate.levels, max_steps=200)
        split = judge.settled(_required(found))
    return outcome(split, judge)


def _required(split: Split | None) -> Split:
    if split is None:
        raise DataError("the formula has no finite value on all rows with constants that are shared; give a start")
    return split


def _table(problem: KnownFormProblem, data: Any, groups: Any, group: str, leave_out: Sequence[str]) -> GroupedTable:
    labels = np.asarray(groups, dtype=object)
    dataset = make_dataset(
        problem.X,
        problem.y,
        names=problem.names,
        target=problem.target,
        y_error=problem.y_error if problem.y_sides is None else tuple(problem.y_sides),
        units=problem.units,
        y_units=problem.y_units,
        remove_constant=False,
    )
    beside = {name: np.asarray(data[name]) for name in map(str, data.keys()) if name not in problem.names}
    beside = {name: column for name, column in beside.items() if column.shape == (dataset.n_rows,)}
    dataset = replace(dataset, labels=beside)
    if labels.shape == (dataset.n_rows,) and leave_out:
        kept = np.array([text_of(one) not in set(leave_out) for one in labels])
        dataset, labels = dataset.take(kept), labels[kept]
    return grouped_table(dataset, labels, group)


def _own(problem: KnownFormProblem, judge: Judge, seed: int) -> np.ndarray:
    """Constants (G, k) with all of them each group's own."""
    form, table = problem.form, judge.table
    names = [symbol.name for symbol in form.constants]
    fixed = {names.index(name): value for name, value in problem.given.items()}
    starts = []
    for g in np.argsort(-table.counts, kind="stable")[:STARTED]:
        rows = table.rows_of(int(g))
        weights = None if table.dataset.y_error is None else table.dataset.y_error[rows] ** -2.0
        X, y = table.dataset.X[rows], table.dataset.y[rows]
        values = starting_values(form, X, y, weights, fixed, np.random.default_rng(seed))
        if values is not None:
            starts.append(np.tile(values, (table.n_groups, 1)))
    if not starts:
        raise DataError(f"{problem.undefined(np.ones(len(names)))}, nor at any of the other values tried; give a start")
    values, losses = judge.glance(form, starts)
    separate = judge.separate(form, values, losses)
    if separate is None:
        bad = [table.names[g] for g in np.flatnonzero(~np.isfinite(losses))]
        raise DataError(f"the formula has no finite value on the rows of {listing(bad, 5)}; give a start")
    return separate.fit.values
