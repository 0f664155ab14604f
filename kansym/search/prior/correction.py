# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false
"""A search for what a guess lacks: a term, or a factor.

As in a search with a given part (`kansym.search.prior.given`), what the known part leaves is searched
(`kansym.search.prior.rest`). But the constants of the guess have been fitted before, and every part of the joined
formula may be simplified, snapped or left out.
"""

import logging
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import sympy

from kansym import clock, provenance
from kansym.data.columns import is_constant
from kansym.data.dataset import Dataset
from kansym.data.preparation import thinned
from kansym.errors import KansymError
from kansym.search.formulation import from_expression, judge
from kansym.search.lengths import description_length_of
from kansym.search.options import DiscoveryOptions
from kansym.search.pipeline import run_pipeline
from kansym.search.prior.family import PLUS, TIMES, TIMES_ABOUT_ONE
from kansym.search.prior.one_column import Curve, best_curve
from kansym.search.prior.rest import MOVED, ROUNDS, Rest, whole_law
from kansym.search.rows import FitRows
from kansym.symbolic.formula import Formula
from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.timelimit import NESTING_SECONDS, TimeLimitError, call_with_limit

logger = logging.getLogger(__name__)

NEAR_ONE = 0.5
"""Root-mean-square distance from 1 up to which a factor is looked for as 1 + something."""

JOINED = 3
"""Formulas of a correction that are joined with the guess, simplified and snapped."""

MOST_ROWS = 3000
"""Rows that a correction is searched on; the whole is fitted and judged on all."""

LEAST_SECONDS = 0.3
"""Time below which no search is begun."""


@dataclass(frozen=True, eq=False)
class Correction:
    """A guess with something added, as it was found.

    Attributes
    ----------
    way : str
    expression : sympy.Expr
        What was added, in plain symbols.
    formulas : tuple of Formula
        The whole, in several notations.
    """

    way: str
    expression: sympy.Expr
    formulas: tuple[Formula, ...]


def corrections(
    form: ParametricForm, fit_rows: FitRows, options: DiscoveryOptions, until: float
) -> Iterator[Correction]:
    """Terms and factors that a fitted guess lacks.

    Where a free curve of one column makes up for most of it, that curve is what is searched; the better one of term and
    factor first. Otherwise it is a function of all columns.

    Parameters
    ----------
    form : ParametricForm
        The guess, fitted, in the symbols of the rows.
    fit_rows : FitRows
    options : DiscoveryOptions
        Of the whole search; the seed and the primitives are used.
    until : float
        `kansym.clock.now` value at which to end.

    Raises
    ------
    KeyboardInterrupt
        If the user interrupts; what had been found comes first.
    """
    ways: list[tuple[str, Curve | None]] = []
    for factor in (False, True):
        curve = best_curve(form, fit_rows, factor=factor)
        begin = form if curve is None else form.with_values(curve.values)
        ways.append((_factor(begin, fit_rows) if factor else PLUS, curve))
    ways.sort(key=lambda pair: math.inf if pair[1] is None else pair[1].variance)
    for place, (way, curve) in enumerate(ways):
        own = clock.now() + clock.left(until) / (len(ways) - place)
        yield from _of_one_way(way, curve, form, fit_rows, options, own)


def _of_one_way(
    way: str, curve: Curve | None, form: ParametricForm, fit_rows: FitRows, options: DiscoveryOptions, until: float
) -> Iterator[Correction]:
    fitted = form if curve is None else form.with_values(curve.values)
    # The constants beside a free curve are as good as that curve is; no formula has to come nearer at first.
    floor = 0.0 if curve is None else math.sqrt(max(curve.variance, 0.0))
    for _ in range(ROUNDS):
        table = _table_of_rest(way, fitted, fit_rows, floor)
        floor = 0.0
        if table is not None and curve is not None:
            table = _with_column(table, curve.column)
        left = clock.left(until)
        if table is None or left < LEAST_SECONDS:
            return
        try:
            found = run_pipeline(table, replace(options, guesses=(), max_seconds=0.6 * left))
        except KansymError as problem:
            logger.info("no search for %s: %s", way, problem)
            return
        joined = sorted(_joined(way, fitted, found.front, fit_rows), key=lambda pair: pair[1])
        for whole, _length, added in joined[:JOINED]:
            formulas = _formulas(whole, fit_rows, way, until)
            if formulas:
                yield Correction(way, added, tuple(formulas))
        if found.interrupted:
            raise KeyboardInterrupt
        if not joined:
            return
        moved = fitted.with_values(joined[0][0].values[: len(form.constants)])
        X, y, _ = fit_rows.rows(fit_rows.fitting)
        before, after = (_rest(way, one.evaluate(X), y)[0] for one in (fitted, moved))
        with np.errstate(all="ignore"):
            change = np.sqrt(np.nanmean((after - before) ** 2))
        if not change > MOVED * float(np.std(table.y)):
            return
        fitted = moved


def _with_column(table: Dataset, column: int) -> Dataset:
    """The table with one input only."""
    return replace(table, X=table.X[:, [column]], names=(table.names[column],), units=(table.units[column],))


def _factor(form: ParametricForm, fit_rows: FitRows) -> str:
    """Whether a factor is looked for as it is, or as one and something small."""
    X, y, _ = fit_rows.rows(fit_rows.fitting)
    with np.errstate(all="ignore"):
        distance = np.abs(y / form.evaluate(X) - 1)
    near = np.sqrt(np.median(distance[np.isfinite(distance)] ** 2)) if np.isfinite(distance).any() else np.inf
    return TIMES_ABOUT_ONE if near <= NEAR_ONE else TIMES


def _rest(way: str, guess: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What is to be added (n,), and |d rest/dy|."""
    with np.errstate(all="ignore"):
        if way == PLUS:
            return y - guess, np.ones(len(y))
        ratio = y / guess
        return (ratio if way == TIMES else ratio - 1), 1 / np.abs(guess)


def _whole(way: str, guess: sympy.Expr, added: sympy.Expr) -> sympy.Expr:
    if way == PLUS:
        return guess + added
    return guess * (added if way == TIMES else 1 + added)


def _table_of_rest(way: str, form: ParametricForm, fit_rows: FitRows, floor: float) -> Dataset | None:
    """The table of what the guess lacks; its errors are those of y, or its noise floor, in the units of the rest.

    They are at least `floor`, in units of y, so that a search ends where nothing is known any more.
    """
    # Rows are ordered by their contents, so that evenly spaced ones cover all of the box.
    dataset = fit_rows.dataset.take(thinned(np.arange(fit_rows.dataset.n_rows), MOST_ROWS))
    rest = Rest(dataset, *_rest(way, form.evaluate(dataset.X), dataset.y))
    if not rest.is_defined(4):
        return None
    good = rest.defined
    values = rest.values[good]
    if is_constant(values) or not 1e-100 < np.abs(values).max() < 1e100:
        return None
    error = np.full(len(values), fit_rows.noise_floor) if dataset.y_error is None else dataset.y_error[good]
    error = error * max(1.0, floor / fit_rows.noise_floor) if fit_rows.noise_floor > 0 else np.maximum(error, floor)
    weight = None if dataset.sample_weight is None else dataset.sample_weight[good]
    return rest.table("rest", error=error, weight=weight)


def _joined(
    way: str, form: ParametricForm, front: Iterable[Formula], fit_rows: FitRows
) -> Iterator[tuple[ParametricForm, float, sympy.Expr]]:
    """The guess with each of some corrections, all constants fitted, with its bits, and the correction alone."""

    def known(rest: sympy.Expr) -> sympy.Expr:
        return _whole(way, form.expression, rest)

    for formula in front:
        try:
            whole, alone = call_with_limit(
                lambda formula=formula: whole_law(known, form.constants, form.values, formula, fit_rows),
                NESTING_SECONDS,
            )
        except TimeLimitError:
            clock.interfered()
            continue
        fitted = fit_rows.fit(whole)
        if fitted.status == "non-finite":
            continue
        added = replace(alone, values=fitted.form.values[len(form.constants) :]).substituted()
        yield fitted.form, description_length_of(fitted.form, fit_rows), added


def _formulas(whole: ParametricForm, fit_rows: FitRows, way: str, until: float) -> list[Formula]:
    """The whole as a formula, as it stands and simplified."""
    structure = f"a guess and what it lacks, {way}"
    provenance.sign("a guess and what it lacks")
    plain = judge(whole, fit_rows, structure=structure)
    found = [] if plain is None else [plain]
    try:
        found += call_with_limit(
            lambda: from_expression(whole.substituted(), fit_rows, structure=structure, deadline=until),
            clock.safety(),
        )
    except TimeLimitError:
        clock.interfered()
        logger.info("no time to simplify a guess with %s", way)
    return found
