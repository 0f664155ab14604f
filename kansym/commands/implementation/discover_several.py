"""The work of ``kansym discover`` where --target names several columns."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from kansym import clock
from kansym.commands.implementation.found import certificate_of, summary_json
from kansym.commands.implementation.tables import TableOptions, before_the_search
from kansym.commands.output import this_command, verbose_log, watch, write_json, write_line, write_note
from kansym.commands.stopwatch import CERTIFICATE, FILES, READING, SEARCH
from kansym.data.dataset import Dataset
from kansym.device import choose_device
from kansym.errors import ArgumentError, DataError
from kansym.report.terminal import ProgressDisplay, recorded_log
from kansym.run.budget import search_wall
from kansym.run.files import TARGETS
from kansym.search.options import DiscoveryOptions
from kansym.search.progress import Progress, ProgressCallback
from kansym.targets.finished import FinishedTargets
from kansym.targets.result import TargetsDiscovery
from kansym.targets.search import discover_targets
from kansym.targets.storage import require_place_for, save_targets
from kansym.targets.text import targets_text
from kansym.units.system import UnknownUnit
from kansym.validation.certificate import CERTIFYING, Certificate


def discover_several(
    table: TableOptions,
    targets: Sequence[str],
    errors: Mapping[str, str],
    searched: Mapping[str, Any],
    *,
    agreement: int,
    out: Path | None,
    overwrite: bool,
    quiet: bool,
    verbose: bool,
    as_json: bool,
) -> int:
    """Search all targets, print what was found, and save it as a folder of runs."""
    options = DiscoveryOptions(**searched)
    if options.given is not None or options.guesses:
        raise ArgumentError("--guess and --given are for one target; search that one alone")
    watch.enter(READING)
    tables, remarks = table.read_targets(targets, errors)
    for dataset in tables.values():
        remarks += before_the_search(dataset) if isinstance(dataset, Dataset) else []
    if all(isinstance(dataset, DataError) for dataset in tables.values()):
        raise next(error for error in tables.values() if isinstance(error, DataError))
    choose_device(options.device, work=0)
    if out is not None:
        require_place_for(tables, out, overwrite=overwrite)
    for remark in dict.fromkeys(remarks):
        write_note(remark, quiet=quiet and not isinstance(remark, UnknownUnit))
    seconds = options.max_seconds
    display = ProgressDisplay(Console(stderr=True), seconds)
    limited = replace(options, max_seconds=(1 - CERTIFYING) * seconds)
    with recorded_log(verbose_log() if verbose else None) as log:
        watch.enter(SEARCH)
        wall = search_wall(seconds, spent=watch.total, files=out is not None)
        with clock.budget(
            seconds,
            deterministic=options.deterministic,
            wall=wall,
        ):
            if quiet or verbose:
                found = discover_targets(tables, limited)
            else:
                with display.running():
                    found = discover_targets(tables, limited, progress=lambda name: _under(name, display))
        watch.enter(CERTIFICATE)
        again = {"seeds": agreement, "seconds": agreement * seconds, "seconds_each": seconds} if agreement else {}
        certificates = _certificates(found, limited, again, quiet=quiet)
    watch.enter(FILES)
    own = {
        name: asdict(table.of_target(dataset, errors.get(name)))
        for name, dataset in tables.items()
        if isinstance(dataset, Dataset)
    }
    record: dict[str, Any] = {
        "certificates": certificates,
        "options": options,
        "command": this_command(),
        "tables": own,
    }
    finished = FinishedTargets.of(found, **record)
    if as_json:
        results = {
            one.name: {"failure": one.failure} if one.summary is None else summary_json(one.summary)
            for one in finished.targets
        }
        write_json(finished.to_dict() | {"results": results})
    else:
        write_line(targets_text(finished).rstrip("\n"))
    if out is not None:
        # The folder was checked before the search.
        path = save_targets(found, out, log_lines=log, overwrite=True, **record)
        watch.record = path / TARGETS
        write_note(f"saved to {path}", quiet=quiet)
    return 0


def _certificates(
    found: TargetsDiscovery,
    options: DiscoveryOptions,
    again: Mapping[str, Any],
    *,
    quiet: bool,
) -> dict[str, Certificate]:
    """By target; Ctrl-C leaves out what is still to come."""
    certificates: dict[str, Certificate] = {}
    try:
        for row in found.found:
            assert row.discovery is not None
            certificate = certificate_of(row.discovery, options, again, quiet=quiet)
            if certificate is not None:
                certificates[row.name] = certificate
    except KeyboardInterrupt:
        write_note("interrupted; the formulas stand, some without a certificate", quiet=quiet)
    return certificates


def _under(name: str, display: ProgressDisplay) -> ProgressCallback:
    """The progress of one target on the display of all: with its name, and on the clock of all."""

    def told(progress: Progress) -> None:
        elapsed = time.monotonic() - display.start
        display(replace(progress, message=f"{name}: {progress.message}", elapsed=elapsed))

    return told
