"""The work of ``kansym discover``."""

import logging
import sys
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Literal

from rich.console import Console

from kansym.commands.implementation.tables import TableOptions, before_the_search
from kansym.commands.options import bounds_by_name, numbers_by_name
from kansym.commands.output import this_command, write_json, write_line, write_note
from kansym.device import choose_device
from kansym.executors import dask_executor
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
from kansym.validation.certificate import CERTIFYING, certify


def discover(
    *,
    file: str,
    target: str | None,
    error: str | None,
    x_error: list[str] | None,
    units: Path | None,
    given: str | None,
    guess: list[str] | None,
    bounds: list[str] | None,
    fix: list[str] | None,
    columns: list[str] | None,
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
    table = TableOptions(
        file=file,
        target=target,
        error=error,
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
    display = ProgressDisplay(Console(stderr=True), seconds)
    dataset, remarks = table.read(seed=seed, progress=None if quiet else display.reading)
    remarks += before_the_search(dataset)
    # What the search would refuse is refused before time is spent.
    choose_device(device, work=0)
    if given is not None:
        remarks += GivenPart.read(given, dataset.names, options.limits).name_hints
    for one in read_guesses(dataset, options):
        remarks += one.name_hints
    if out is not None:
        prepare_directory(out)
        require_place(out, table_of_a_search(dataset), overwrite=overwrite)
    for remark in remarks:
        write_note(remark, quiet=quiet and not isinstance(remark, UnknownUnit))
    handler = None
    if verbose:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", datefmt="%H:%M:%S"))
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
            # Other seeds must find it on their own.
            with dask_executor(scheduler) if asked and executor == "dask" else nullcontext() as pool:
                searches = again | {"jobs": jobs, "executor": pool} if asked else {}
                certificate = certify(discovery, options=searched.unguessed, **searches)
        except KeyboardInterrupt:
            # The formula stands; it has no certificate.
            certificate = None
        except Exception as problem:
            logging.getLogger(__name__).warning("the certificate failed", exc_info=True)
            write_note(
                f"The certificate failed ({type(problem).__name__}: {problem}); the formula stands.", quiet=quiet
            )
            certificate = None
    record = {"command": this_command(), "options": options, "certificate": certificate, "table": asdict(table)}
    summary = RunSummary.of(discovery, **record)
    if as_json:
        write_json(
            {
                "text": str(summary.formula),
                "named": summary.formula.named().text,
                "latex": summary.formula.latex(with_target=True),
                **summary.to_dict(),
            }
        )
    else:
        write_line(text_report(summary, full=False, name_constants=name_constants).rstrip("\n"))
    if out is not None:
        # The folder was checked before the search.
        path = save_run(discovery, out, log_lines=log, overwrite=True, **record)
        write_page(path)
        write_note(saved_line(path), quiet=quiet)
    return 0
