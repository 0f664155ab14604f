"""The work of ``kansym discover``: which table and which kind of search.

Only what reads a table is imported here. What searches takes seconds to import, and a table that cannot be searched is
to be told from one that can before that.
"""

from pathlib import Path
from typing import Literal

from rich.console import Console

from kansym.commands.implementation import work_of
from kansym.commands.implementation.group_options import names_of, refused, source_of
from kansym.commands.implementation.tables import TableOptions, before_the_search, several_targets
from kansym.commands.options import bounds_by_name, numbers_by_name, target_errors
from kansym.commands.output import watch
from kansym.commands.stopwatch import READING, START
from kansym.errors import ArgumentError
from kansym.report.terminal import ProgressDisplay


def discover(
    *,
    file: str | None,
    target: list[str] | None,
    error: list[str] | None,
    x_error: list[str] | None,
    units: Path | None,
    given: str | None,
    guess: list[str] | None,
    guess_from: Path | None,
    bounds: list[str] | None,
    fix: list[str] | None,
    columns: list[str] | None,
    group: str | None,
    dataset_per_file: str | None,
    leave_out: list[str] | None,
    seconds: float,
    seed: int,
    device: str,
    deterministic: bool,
    out: Path | None,
    overwrite: bool,
    robust: bool,
    exact: bool,
    name_constants: bool,
    agreement: int,
    bootstrap: int,
    jobs: int,
    executor: Literal["processes", "dask"],
    scheduler: str | None,
    drop_missing: bool,
    key: str | None,
    primitives: list[str] | None,
    without: list[str] | None,
    validation_fraction: float,
    quiet: bool,
    verbose: bool,
    as_json: bool,
) -> int:
    """Search a table, print what was found, and save it as a run."""
    watch.quiet = quiet
    grouped = group is not None or dataset_per_file is not None
    if grouped and (len(target or ()) > 1 or len(error or ()) > 1):
        raise ArgumentError("--group and --dataset-per-file take one target with one error; search others apart")
    targets = list(target or ()) if grouped else several_targets(target, file or "", key)
    if len(targets) < 2 and error and len(error) > 1:
        raise ArgumentError(f"--error: one target has one column or number, or minus,plus, got {' and '.join(error)}")
    table = TableOptions(
        file=file or "",
        target=next(iter(targets), None) if len(targets) < 2 else None,
        error=next(iter(error or ()), None) if len(targets) < 2 else None,
        x_error=x_error,
        units=None if units is None else str(units),
        columns=columns,
        drop_missing=drop_missing,
        key=key,
        primitives=primitives,
        without=without,
    )
    library = table.library()
    searched = {
        "max_seconds": seconds,
        "seed": seed,
        "device": device,
        "validation_fraction": validation_fraction,
        "primitives": library,
        "loss": "tukey" if robust else "linear",
        "given": given,
        "guesses": tuple(guess or ()),
        "bounds": bounds_by_name(bounds),
        "fixed": numbers_by_name("--fix", fix),
        "deterministic": deterministic,
        "exact": exact,
    }
    shown = {"out": out, "overwrite": overwrite, "quiet": quiet, "verbose": verbose, "as_json": as_json}
    if grouped:
        refused({
            "--x-error": x_error, "--given": given, "--guess": guess, "--robust": robust, "--exact": exact,
            "--agreement": agreement, "--bootstrap": bootstrap, "--units": units, "--name-constants": name_constants,
            "--guess-from": guess_from,
        })  # fmt: skip
        watch.enter(READING)
        source = source_of(file, group, dataset_per_file, key)
        watch.enter(START)
        return work_of("discover_by_group")(source, table, searched, leave_out=names_of(leave_out), **shown)
    if leave_out:
        raise ArgumentError("--leave-out is for groups; name their column with --group")
    if len(targets) > 1 and guess_from is not None:
        raise ArgumentError("--guess-from is for one target; search the others apart")
    if len(targets) > 1:
        if bootstrap:
            raise ArgumentError("--bootstrap is for one target; search the others apart")
        errors = target_errors(error, targets)
        return work_of("discover_several")(table, targets, errors, searched, agreement=agreement, **shown)
    display = ProgressDisplay(Console(stderr=True), seconds)
    watch.enter(READING)
    dataset, remarks = table.read(seed=seed, progress=None if quiet else display.reading)
    remarks += before_the_search(dataset)
    watch.enter(START)
    return work_of("discover_one")(
        table,
        dataset,
        searched,
        remarks,
        guess_from=guess_from,
        agreement=agreement,
        bootstrap=bootstrap,
        jobs=jobs,
        executor=executor,
        scheduler=scheduler,
        name_constants=name_constants,
        **shown,
    )
