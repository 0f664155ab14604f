"""`discover_groups`: one law for several groups, from a table with a column that names them."""

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from kansym import clock
from kansym._renamed import renamed_arguments
from kansym.data.columns import listing, quoted
from kansym.data.dataset import Dataset
from kansym.data.given_table import old_form, readable
from kansym.data.limits import require_moderate_target
from kansym.errors import Argument, ArgumentError, DataError
from kansym.groups.outcome import outcome
from kansym.groups.reading import grouped_source
from kansym.groups.result import GroupedFormula
from kansym.groups.search import search_groups
from kansym.groups.table import GroupedTable, grouped_table, text_of
from kansym.interrupting import AGAIN, two_presses
from kansym.search.options import DiscoveryOptions
from kansym.search.progress import ProgressCallback
from kansym.surfaces import surface

logger = logging.getLogger(__name__)


@renamed_arguments(dataset="table")
def discover_groups(
    table: Any,
    groups: Any = None,
    *,
    target: str | None = None,
    group: str = "group",
    error: str | float | None = None,
    columns: Sequence[str] | None = None,
    options: DiscoveryOptions | None = None,
    leave_out: tuple[str, ...] = (),
    progress: ProgressCallback | str | None = None,
) -> GroupedFormula:
    """Look for one law behind several groups of rows, with constants that are shared and constants of each group.

    Candidates come from all groups together, with constants of each group's own, and from ordinary tables: the largest
    group, all rows in units of each group's own size, and all rows with the constants of the groups as further columns;
    one loop asks all of them. Every candidate is fitted to all groups at once; which of its constants
    are shared is decided by the length of the description, as the pick of an ordinary search is.

    Parameters
    ----------
    table : DataFrame, path-like, or mapping of name to values
        Columns that are constant within every group say nothing within one, and are no inputs.
    groups : array-like, shape (n,), optional
        The old form: group of each row of a `Dataset` without the column of the groups. It works with a warning.
    target : str, optional
        The column to explain.
    group : str, default "group"
        The column that names the groups.
    error, columns : optional
        Which column has the errors of the target, and which are inputs, as of `kansym.read_table`.
    options : DiscoveryOptions, optional
        Of it, `max_seconds`, `seed`, `device`, `primitives` and `deterministic` count, and those of the searches.
    leave_out : tuple of str, default ()
        Groups whose rows do not count, such as one that does not follow the law of the others.
    progress : callable or "auto", optional
        As of `kansym.discover`.

    Returns
    -------
    GroupedFormula

    Raises
    ------
    DataError
        If there is one group only, or a group of a single row.
    ArgumentError
        If an option has no meaning for groups.

    References
    ----------
    Class symbolic regression: Tenachi et al., ApJL 969 (2024) L26, doi:10.3847/2041-8213/ad5970. Rissanen, Automatica
    14 (1978) 465, doi:10.1016/0005-1098(78)90005-5.
    """
    dataset, labels = _given(table, groups, target=target, group=group, error=error, columns=columns)
    return law_of_groups(
        dataset, labels, group=group, options=options, leave_out=leave_out, progress=progress
    )  # fmt: skip


def law_of_groups(
    dataset: Dataset,
    labels: Any,
    *,
    group: str = "group",
    options: DiscoveryOptions | None = None,
    leave_out: tuple[str, ...] = (),
    progress: ProgressCallback | str | None = None,
) -> GroupedFormula:
    """`discover_groups` of a table without the column of its groups, and the group of each row (n,); see there."""
    options = options or DiscoveryOptions()
    began = time.monotonic()
    grouped = read_groups(dataset, labels, group, leave_out, options)
    with (
        two_presses(),
        surface("watched")(progress, options.max_seconds) as watch,
        clock.budget(options.max_seconds, deterministic=options.deterministic),
    ):
        contest = search_groups(grouped, options, watch.callback)
        notes = list(contest.faults.note)
        if clock.current().ended_by_wall:
            notes.append("The clock on the wall ended a part of the search; a rerun may differ.")
        if contest.idle:
            notes.append(f"{contest.idle:.2g} s of work without a shorter form ended the search.")
        if contest.interrupted:
            notes.append(f"The search was interrupted after {time.monotonic() - began:.1f} s; more time may find more.")
            logger.warning("the search was interrupted; the best form so far is kept; %s", AGAIN)
        described = outcome(
            contest.found[0],
            contest.judge,
            others=contest.found,
            notes=tuple(notes),
            searched=True,
            seconds=time.monotonic() - began,
            interrupted=contest.interrupted,
        )
        found = replace(described, log=contest.log)
        watch.done(None)
    return found


def _given(table: Any, groups: Any, *, target: str | None, group: str, **roles: Any) -> tuple[Dataset, Any]:
    """The table without the column of its groups, and these."""
    if groups is not None:
        if not isinstance(table, Dataset):
            raise ArgumentError("groups: a table that is no Dataset has its groups in a column; name it with group")
        old_form("discover_groups: give the table with its columns, discover_groups(table, target='y', group='name')")
        return table, groups
    if isinstance(table, Dataset):
        raise ArgumentError("table: a Dataset has no column of groups; give the file, the DataFrame or the columns")
    if target is None:
        raise ArgumentError("target must name the column to explain")
    return grouped_source(readable(table), group).read(target=target, **roles)


def read_groups(
    dataset: Dataset, groups: Any, group: str, leave_out: tuple[str, ...], options: DiscoveryOptions | None = None
) -> GroupedTable:
    """The table with its groups, without those left out; options that have no meaning for groups are refused."""
    require_moderate_target(dataset)
    if dataset.x_error is not None:
        raise ArgumentError(
            Argument("x_error"),
            " is not used with groups; leave it out, or add to the errors of the target what it does",
        )
    if dataset.counts:
        raise ArgumentError(
            Argument("y_error"), " 'poisson' is not used with groups; give sqrt(N) of the counts instead"
        )
    if options is not None and (options.given is not None or options.guesses or options.loss != "linear"):
        raise ArgumentError("given parts, guesses and robust losses are not used with groups; leave them out")
    kept = np.ones(dataset.n_rows, dtype=bool)
    labels = np.asarray(groups, dtype=object)
    if leave_out and labels.shape == (dataset.n_rows,):
        names = {text_of(one) for one in labels}
        unknown = [name for name in leave_out if name not in names]
        if unknown:
            raise ArgumentError(
                Argument("leave_out"),
                f" names {quoted(unknown[0])}, which is none of the groups: {listing(sorted(names), 8)}",
            )
        kept = np.array([text_of(one) not in leave_out for one in labels])
        if not kept.any():
            raise ArgumentError(Argument("leave_out"), " names all groups: there is nothing left")
        dataset, labels = dataset.take(kept), labels[kept]
    table = grouped_table(dataset, labels, group)
    levels = table.level_columns
    inputs = [j for j, name in enumerate(dataset.names) if name not in levels]
    if not inputs:
        raise DataError(
            f"every input is constant within the groups of {quoted(group)}: there is no law within a group; search the "
            "table of the groups without it"
        )
    return _without_levels(table, inputs)


def _without_levels(table: GroupedTable, inputs: list[int]) -> GroupedTable:
    """The table whose columns that are constant within groups are kept beside, and are no inputs."""
    dataset = table.dataset
    if len(inputs) == dataset.n_columns:
        return table
    beside = {name: column for name, column in table.level_columns.items() if name in dataset.names}
    named = ", ".join(quoted(name) for name in beside)
    first = {name: column[table.codes] for name, column in beside.items()}
    smaller = replace(
        dataset,
        X=np.ascontiguousarray(dataset.X[:, inputs]),
        names=tuple(dataset.names[j] for j in inputs),
        units=tuple(dataset.units[j] for j in inputs),
        labels={**dataset.labels, **first},
        notes=(*dataset.notes, f"Constant within every group, and so no input: {named}."),
    )
    return replace(table, dataset=smaller)
