"""The work of ``kansym discover`` for one target of one table."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Literal

from rich.console import Console

from kansym import clock
from kansym.commands.implementation.found import certificate_of, summary_json
from kansym.commands.implementation.tables import TableOptions
from kansym.commands.output import this_command, verbose_log, watch, write_json, write_line, write_note
from kansym.commands.stopwatch import CERTIFICATE, FILES, SEARCH
from kansym.comparison.guesses import guesses_from
from kansym.data.dataset import Dataset
from kansym.device import choose_device
from kansym.executors import dask_executor
from kansym.report.terminal import ProgressDisplay, recorded_log
from kansym.report.text import text_report
from kansym.run.budget import search_wall
from kansym.run.files import RECORD
from kansym.run.replacing import require_place, saved_line, table_of_a_search
from kansym.run.storage import save_run
from kansym.run.summary import RunSummary
from kansym.run.writing import prepare_directory
from kansym.search.discovery import discover as search
from kansym.search.options import DiscoveryOptions
from kansym.search.prior.guessed import read_guesses
from kansym.search.prior.part import GivenPart
from kansym.surfaces import surface
from kansym.units.system import UnknownUnit
from kansym.validation.certificate import CERTIFYING


def discover_one(
    table: TableOptions,
    dataset: Dataset,
    searched: Mapping[str, Any],
    remarks: Sequence[str],
    *,
    guess_from: Path | None,
    agreement: int,
    bootstrap: int,
    jobs: int,
    executor: Literal["processes", "dask"],
    scheduler: str | None,
    name_constants: bool,
    out: Path | None,
    overwrite: bool,
    quiet: bool,
    verbose: bool,
    as_json: bool,
) -> int:
    """Search a table, print what was found, and save it as a run."""
    options = DiscoveryOptions(**searched)
    seconds, saved = options.max_seconds, out is not None
    remarks = list(remarks)
    # What the search would refuse is refused before time is spent.
    choose_device(options.device, work=0)
    if options.given is not None:
        remarks += GivenPart.read(options.given, dataset.names, options.limits).name_hints
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
    display = ProgressDisplay(Console(stderr=True), seconds)
    limited = replace(options, max_seconds=(1 - CERTIFYING) * seconds)
    with recorded_log(handler) as log:
        watch.enter(SEARCH)
        wall = search_wall(seconds, spent=watch.total, files=saved)
        with clock.budget(seconds, deterministic=options.deterministic, wall=wall):
            if quiet or verbose:
                discovery = search(dataset, limited)
            else:
                with display.running():
                    discovery = search(dataset, limited, progress=display)
        watch.enter(CERTIFICATE)
        asked = agreement + bootstrap
        again = {"seeds": agreement, "resamples": bootstrap, "seconds": asked * seconds, "seconds_each": seconds}
        try:
            with dask_executor(scheduler) if asked and executor == "dask" else nullcontext() as pool:
                searches = again | {"jobs": jobs, "executor": pool} if asked else {}
                certificate = certificate_of(discovery, limited, searches, quiet=quiet)
        except KeyboardInterrupt:
            # The formula stands; it has no certificate.
            certificate = None
    watch.enter(FILES)
    record = {"command": this_command(), "options": options, "certificate": certificate, "table": asdict(table)}
    summary = RunSummary.of(discovery, **record)
    if as_json:
        write_json(summary_json(summary))
    else:
        write_line(text_report(summary, full=False, name_constants=name_constants).rstrip("\n"))
    if out is not None:
        # The folder was checked before the search.
        path = save_run(discovery, out, log_lines=log, overwrite=True, **record)
        surface("run_page")(path)
        watch.record = path / RECORD
        write_note(saved_line(path), quiet=quiet)
    return 0
