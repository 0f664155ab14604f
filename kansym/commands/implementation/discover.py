"""The work of ``kansym discover``."""

from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Literal

from rich.console import Console

from kansym.commands.implementation.groups import names_of, prepare, refused, require_target, show, source_of
from kansym.commands.implementation.several_targets import certificate_of, discover_several, summary_json
from kansym.commands.implementation.tables import TableOptions, before_the_search, several_targets
from kansym.commands.options import bounds_by_name, numbers_by_name, split_names, target_errors
from kansym.commands.output import this_command, verbose_log, write_json, write_line, write_note
from kansym.comparison.guesses import guesses_from
from kansym.device import choose_device
from kansym.errors import ArgumentError
from kansym.executors import dask_executor
from kansym.groups.discovery import discover_groups
from kansym.groups.reading import GroupedSource
from kansym.report.html.page import write_page
from kansym.report.terminal import ProgressDisplay, recorded_log
from kansym.report.text import text_report
from kansym.run.replacing import require_place, saved_line, table_of_a_search
from kansym.run.storage import prepare_directory, save_run
from kansym.run.summary import RunSummary
from kansym.search.discovery import discover as search
from kansym.search.options import DiscoveryOptions
from kansym.search.prior.guessed import read_guesses
from kansym.search.prior.part import GivenPart
from kansym.units.system import UnknownUnit
from kansym.validation.certificate import CERTIFYING


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
    grouped = group is not None or dataset_per_file is not None
    if grouped:
        refused({
            "--x-error": x_error, "--given": given, "--guess": guess, "--robust": robust, "--exact": exact,
            "--agreement": agreement, "--bootstrap": bootstrap, "--units": units, "--name-constants": name_constants,
            "--guess-from": guess_from,
        })  # fmt: skip
        if len(target or ()) > 1 or len(error or ()) > 1:
            raise ArgumentError("--group and --dataset-per-file take one target with one error; search others apart")
        targets = list(target or ())
    else:
        targets = several_targets(target, file or "", key)
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
    options = DiscoveryOptions(
        max_seconds=seconds,
        seed=seed,
        device=device,
        validation_fraction=validation_fraction,
        primitives=table.library(),
        loss="tukey" if robust else "linear",
        given=given,
        guesses=tuple(guess or ()),
        bounds=bounds_by_name(bounds),
        fixed=numbers_by_name("--fix", fix),
        deterministic=deterministic,
        exact=exact,
    )
    if grouped:
        source = source_of(file, group, dataset_per_file, key)
        return _of_groups(source, table, options, names_of(leave_out), out, overwrite, quiet, verbose, as_json)
    if leave_out:
        raise ArgumentError("--leave-out is for groups; name their column with --group")
    if len(targets) > 1 and bootstrap:
        raise ArgumentError("--bootstrap is for one target; search the others apart")
    if len(targets) > 1 and guess_from is not None:
        raise ArgumentError("--guess-from is for one target; search the others apart")
    if len(targets) > 1:
        return discover_several(
            table,
            targets,
            target_errors(error, targets),
            options,
            agreement=agreement,
            out=out,
            overwrite=overwrite,
            quiet=quiet,
            verbose=verbose,
            as_json=as_json,
        )
    display = ProgressDisplay(Console(stderr=True), seconds)
    dataset, remarks = table.read(seed=seed, progress=None if quiet else display.reading)
    remarks += before_the_search(dataset)
    # What the search would refuse is refused before time is spent.
    choose_device(device, work=0)
    if given is not None:
        remarks += GivenPart.read(given, dataset.names, options.limits).name_hints
    if guess_from is not None:
        options = replace(options, guesses=(*options.guesses, *guesses_from(guess_from, dataset.names)))
    for one in read_guesses(dataset, options):
        remarks += one.name_hints
    if out is not None:
        prepare_directory(out)
        require_place(out, table_of_a_search(dataset), overwrite=overwrite)
    for remark in remarks:
        write_note(remark, quiet=quiet and not isinstance(remark, UnknownUnit))
    handler = verbose_log() if verbose else None
    searched = replace(options, max_seconds=(1 - CERTIFYING) * seconds)
    with recorded_log(handler) as log:
        if quiet or verbose:
            discovery = search(dataset, searched)
        else:
            with display.running():
                discovery = search(dataset, searched, progress=display)
        asked = agreement + bootstrap
        again = {"seeds": agreement, "resamples": bootstrap, "seconds": asked * seconds, "seconds_each": seconds}
        try:
            with dask_executor(scheduler) if asked and executor == "dask" else nullcontext() as pool:
                searches = again | {"jobs": jobs, "executor": pool} if asked else {}
                certificate = certificate_of(discovery, searched, searches, quiet=quiet)
        except KeyboardInterrupt:
            # The formula stands; it has no certificate.
            certificate = None
    record = {"command": this_command(), "options": options, "certificate": certificate, "table": asdict(table)}
    summary = RunSummary.of(discovery, **record)
    if as_json:
        write_json(summary_json(summary))
    else:
        write_line(text_report(summary, full=False, name_constants=name_constants).rstrip("\n"))
    if out is not None:
        # The folder was checked before the search.
        path = save_run(discovery, out, log_lines=log, overwrite=True, **record)
        write_page(path)
        write_note(saved_line(path), quiet=quiet)
    return 0


def _of_groups(
    source: GroupedSource,
    table: TableOptions,
    options: DiscoveryOptions,
    leave_out: tuple[str, ...],
    out: Path | None,
    overwrite: bool,
    quiet: bool,
    verbose: bool,
    as_json: bool,
) -> int:
    """One law for several groups."""
    dataset, labels = source.read(
        target=require_target(table.target, source),
        error=table.error,
        columns=split_names(table.columns) or None,
        drop_missing=table.drop_missing,
    )
    choose_device(options.device, work=0)
    prepare(out, overwrite=overwrite)
    display = ProgressDisplay(Console(stderr=True), options.max_seconds)
    arguments = {"group": source.group, "options": options, "leave_out": leave_out}
    with recorded_log(verbose_log() if verbose else None):
        if quiet or verbose:
            found = discover_groups(dataset, labels, **arguments)
        else:
            with display.running():
                found = discover_groups(dataset, labels, **arguments, progress=display)
    show(found, out=out, overwrite=overwrite, as_json=as_json, quiet=quiet)
    return 0
