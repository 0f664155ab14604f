"""`discover`: from a table to formulas, with errors of the inputs, outliers, a given part and guesses."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from kansym import clock
from kansym._renamed import renamed_arguments
from kansym.data.dataset import Dataset
from kansym.data.given_table import given_table
from kansym.data.limits import MOST_ROWS, require_moderate_target
from kansym.data.preparation import canonical_table, thinned
from kansym.fitting.all_rows import RowsDone
from kansym.interrupting import AGAIN, Abandoned, two_presses
from kansym.primitives.allowed import allowed_functions
from kansym.search.effective_errors import with_effective_errors
from kansym.search.exact_numbers import with_exact_numbers
from kansym.search.faults import CallbackError
from kansym.search.final_fit import hinted, settled, settled_guesses, settled_on_all
from kansym.search.found import Seeds
from kansym.search.options import DiscoveryOptions
from kansym.search.outlier_screening import robust_discovery
from kansym.search.pipeline import run_pipeline
from kansym.search.prior.given import discover_given
from kansym.search.prior.guessed import discover_guessed
from kansym.search.progress import ALL_ROWS, Progress, ProgressCallback
from kansym.search.results import Discovery, StopReason
from kansym.search.watchdog import tell
from kansym.surfaces import surface
from kansym.threads import threads_for

logger = logging.getLogger(__name__)

SETTLING = 0.04
"""Share of the time budget kept for the last fit of the constants, where the table has errors or outliers."""

WALL_DECIDED = (
    "The machine was too slow or too busy to do all the work of the time budget, so the clock on the wall ended a part "
    "of the search; a rerun may differ. Give it more seconds, or deterministic=True (--deterministic)."
)

READING = 3e-7
"""Seconds for a number of a long table in the last fit, in which all rows are read some times; half of the time budget
at most."""


@renamed_arguments(dataset="table")
def discover(
    table: Any,
    options: DiscoveryOptions | None = None,
    *,
    target: str | int | None = None,
    error: str | float | None = None,
    x_error: Mapping[str, str | float] | None = None,
    columns: Sequence[str | int] | None = None,
    progress: ProgressCallback | str | None = None,
    seeds: Seeds | None = None,
) -> Discovery:
    """Look for the law behind a table.

    Where the table has errors of y, the errors of the constants are absolute: they follow from those errors. Where it
    has errors of the inputs, the search weighs rows by effective errors, with slopes of a smooth interpolant, and the
    constants of what it finds are fitted by orthogonal distance regression.
    Of tables with more than 50,000 rows, 50,000 are searched; constants are fitted to all. A long file, of which
    `kansym.read_table` holds a sample, is read some times more for that.

    Parameters
    ----------
    table : Dataset, DataFrame, path-like, name of a shipped table, or mapping of name to values
        Names of columns may have units, ``"t [s]"``.
    options : DiscoveryOptions, optional
    target : str or int, optional
        The column to explain; a Dataset and a shipped table have one.
    error, x_error, columns : optional
        Which columns are errors, and which are inputs, as of `kansym.read_table`.
    progress : callable or "auto", optional
        Called with a `Progress` after every step; "auto" shows what suits a notebook or a terminal, see
        `kansym.report.progress.watched`. A method ``done`` of the callable is called with the result, or with None
        after an error.
    seeds : callable, optional
        Gives formulas to begin with, see `kansym.search.found.Seeds`; not together with a given part or guesses, which
        are what users know.

    Returns
    -------
    Discovery

    Raises
    ------
    DataError
        If y is so large or small that its squares leave double precision, or no row has a positive weight.
    ArgumentError
        If `target` names no column where one is needed, `options.given` is no formula of the columns, or cannot be
        solved for its ``...``, or a guess is not one.

    Notes
    -----
    Ctrl-C ends the run with the best so far, with a warning in the log and a note in the result. A second one, while
    that is worked out or in a search that begins within two seconds, raises KeyboardInterrupt: it ends a loop over
    tables.
    """
    options = options or DiscoveryOptions()
    dataset = given_table(table, target=target, error=error, x_error=x_error, columns=columns)
    limits = clock.budget(options.max_seconds, deterministic=options.deterministic)
    with two_presses(), surface("watched")(progress, options.max_seconds) as watch, limits:
        try:
            found = _discover(dataset, options, watch.callback, seeds)
        except CallbackError as problem:
            raise problem.error from None
        if found.interrupted:
            logger.warning(
                "the search was interrupted after %.1f s; the best formula so far is kept: %s; %s",
                found.seconds,
                str(found.formula)[:200],
                AGAIN,
            )
        watch.done(found)
    return found


def _discover(
    dataset: Dataset, options: DiscoveryOptions, progress: ProgressCallback | None, seeds: Seeds | None = None
) -> Discovery:
    require_moderate_target(dataset)
    start, began = clock.now(), time.monotonic()
    table = canonical_table(dataset)
    plain = table.y_error is None and options.loss == "linear" and table.n_rows <= MOST_ROWS
    with threads_for(min(table.n_rows, MOST_ROWS)):
        # Rows are in the order of their contents, so that evenly spaced ones cover the whole box.
        searched = with_effective_errors(table.take(thinned(np.arange(table.n_rows), MOST_ROWS)), seed=options.seed)
        left = clock.left(start + options.max_seconds * (1 - SETTLING))
        if table.whole is not None:
            left -= min(READING * table.whole.n_rows * table.n_columns, options.max_seconds / 2)
        alone = plain and not options.guesses and table.whole is None
        inner = options if alone else replace(options, max_seconds=max(left, 0.1))
        search = partial(run_pipeline, seeds=seeds) if options.given is None else discover_given
        if options.guesses:
            search = discover_guessed
        if options.loss == "linear":
            found = search(searched, inner, progress)
        else:
            found = robust_discovery(searched, inner, progress, search)
        if searched.n_rows < table.n_rows:
            words = f"Formulas were searched on {searched.n_rows} of {table.n_rows} rows; all count for the constants."
            found = replace(found, notes=(*found.notes, words))
        searching = found.interrupted
        found = _settled(found, table, plain, options, start + options.max_seconds, _shown(progress, found, options))
    seconds = time.monotonic() - began
    notes = found.notes
    if clock.current().ended_by_wall:
        notes = (*notes, WALL_DECIDED)
    if searching:
        notes = (*notes, f"The search was interrupted after {seconds:.1f} s; more time may find more.")
    return replace(found, seconds=seconds, notes=notes)


def _shown(progress: ProgressCallback | None, found: Discovery, options: DiscoveryOptions) -> RowsDone | None:
    """How far the reading of all rows is, for those who watch."""
    if progress is None:
        return None
    began, searched = time.monotonic(), found.seconds

    def show(what: str, done: int, rows: int) -> None:
        elapsed = searched + time.monotonic() - began
        words = f"{what}: {done:,} of {rows:,} rows"
        left = max(0.0, options.max_seconds - elapsed)
        tell(progress, Progress(ALL_ROWS, words, found.formula, elapsed, left))

    return show


def _settled(
    found: Discovery, table: Dataset, plain: bool, options: DiscoveryOptions, until: float, watch: RowsDone | None
) -> Discovery:
    """The last fit of what was found, to all rows of the table; Ctrl-C leaves it out."""
    loss = options.loss
    try:
        allowed = allowed_functions(options.primitives)
        last = hinted(found, allowed) if plain else settled(found, table, loss=loss, until=until, allowed=allowed)
        if last.guesses:
            last = settled_guesses(last, None if plain else table, loss=loss, pick=found.formula)
        if options.exact:
            last = with_exact_numbers(last, loss=loss, until=until)
        if table.whole is not None:
            last = settled_on_all(last, table, table.whole, loss=loss, until=until, watch=watch)
    except (Abandoned, CallbackError):
        raise
    except Exception as error:
        logger.warning("the last fit failed: %s: %s", type(error).__name__, error, exc_info=True)
        words = "The last fit of the constants failed; their values and errors are those of the search."
        return replace(found, dataset=table, notes=(*found.notes, words))
    except KeyboardInterrupt:
        words = "The last fit of the constants was interrupted; their values and errors are those of the search."
        return replace(found, dataset=table, stopped=StopReason.INTERRUPTED, notes=(*found.notes, words))
    return last
