"""The work of ``kansym compare``."""

import time
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.text import Text

from kansym.clock import DEFAULT_SECONDS
from kansym.commands.implementation.tables import TableOptions, before_the_search
from kansym.commands.options import split_names
from kansym.commands.output import this_command, watch, write_json, write_line, write_note
from kansym.commands.stopwatch import CERTIFICATE, FILES, READING, SEARCH
from kansym.comparison.files import RECORD as COMPARED
from kansym.comparison.files import add_to_run, save_comparison
from kansym.comparison.result import findings
from kansym.comparison.run import DEFAULT_PEERS, run_comparison
from kansym.comparison.split import Split
from kansym.data.dataset import Dataset
from kansym.data.shipped import dataset_names
from kansym.errors import ArgumentError
from kansym.report.html.comparison import write_comparison_page
from kansym.report.html.page import write_page
from kansym.report.terminal import recorded_log
from kansym.run.files import RECORD
from kansym.run.replacing import require_place, saved_line, table_of_a_search
from kansym.run.storage import SavedRun, load_run, save_run
from kansym.run.writing import prepare_directory
from kansym.search.options import DiscoveryOptions
from kansym.search.results import Discovery
from kansym.validation.certificate import certify

MISSING = 3
"""Exit code where a tool that was asked for is not installed."""


def compare(
    *,
    file: str,
    target: str | None,
    peers: list[str] | None,
    seconds: float | None,
    seed: int | None,
    error: str | None,
    columns: list[str] | None,
    units: Path | None,
    pysr_csv: Path | None,
    data: Path | None,
    primitives: list[str] | None,
    without: list[str] | None,
    drop_missing: bool,
    key: str | None,
    out: Path | None,
    overwrite: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    """Run kansym and other tools on one table, print how they compare, and save it."""
    watch.quiet = quiet
    watch.enter(READING)
    run = load_run(file) if Path(file).is_dir() else None
    table = TableOptions(
        file=file,
        target=target,
        error=error,
        units=None if units is None else str(units),
        columns=columns,
        drop_missing=drop_missing,
        key=key,
        primitives=primitives,
        without=without,
    )
    if run is None:
        if data is not None:
            raise ArgumentError("--data goes with the folder of a finished run; the table comes first otherwise")
        options = DiscoveryOptions(
            max_seconds=DEFAULT_SECONDS if seconds is None else seconds,
            seed=0 if seed is None else seed,
            primitives=table.library(),
        )
        dataset, remarks = table.read()
        remarks += before_the_search(dataset)
    else:
        given = {"--target": target, "--error": error, "--columns": columns, "--units": units, "--key": key}
        unused = [option for option, value in given.items() if value] + ["--drop-missing"] * drop_missing
        if unused:
            raise ArgumentError(f"{unused[0]}: the run in {file} has its table; leave the option out")
        dataset, options, remarks = _of_run(run, data)
        options = replace(
            options,
            max_seconds=options.max_seconds if seconds is None else seconds,
            seed=options.seed if seed is None else seed,
            primitives=table.library() if split_names(primitives) or split_names(without) else options.primitives,
        )
        out = Path(file) if out is None else out
        if overwrite:
            raise ArgumentError("--overwrite goes with a table: the comparison of a finished run replaces no other run")
    if out is not None:
        prepare_directory(out)
        if run is None:
            # The run will be one of the rows that are not held out.
            fitted = dataset.take(Split.of(dataset, seed=options.seed).fitted)
            tables = (table_of_a_search(dataset), table_of_a_search(fitted))
        else:
            tables = (run.summary.data_sha256,)
        require_place(out, *tables, overwrite=overwrite)
    for remark in remarks:
        write_note(remark, quiet=quiet)
    watch.enter(SEARCH)
    with recorded_log(None) as log, _Display(quiet) as display:
        comparison, found = run_comparison(
            dataset,
            peers=split_names(peers) or ([] if pysr_csv else list(DEFAULT_PEERS)),
            options=options,
            pysr_csv=pysr_csv,
            found=None if run is None else run.formula,
            front=None if run is None else run.front,
            progress=display,
        )
    watch.enter(FILES)
    if as_json:
        write_json(comparison.to_dict())
    else:
        write_line(str(comparison))
    if out is not None:
        if run is None:
            assert isinstance(found, Discovery)
            watch.enter(CERTIFICATE)
            certificate = certify(found, options=options).with_peers(findings(comparison))
            watch.enter(FILES)
            save_run(
                found,
                out,
                command=this_command(),
                options=options,
                log_lines=log,
                certificate=certificate,
                overwrite=True,
            )
        elif out.resolve() == Path(file).resolve():
            add_to_run(out, run, findings(comparison))
        save_comparison(comparison, out)
        write_comparison_page(comparison, out)
        if (out / RECORD).exists():
            write_page(out)
        watch.record = out / COMPARED
        write_note(saved_line(out), quiet=quiet)
    return MISSING if any(result.missing for result in comparison.tools) else 0


def _of_run(run: SavedRun, data: Path | None) -> tuple[Dataset, DiscoveryOptions, list[str]]:
    """The table and the options of a finished run, as they were given to it; rows are checked by their hash."""
    summary = run.summary
    if "file" not in summary.table:
        raise ArgumentError(
            "the run does not say how its table was read (not made by `kansym discover`, or by an older "
            "version); compare the table itself, or use kansym.compare(dataset, found=...)"
        )
    table = TableOptions.of_record(summary.table)
    if data is not None:
        table = replace(table, file=str(data))
    elif not Path(table.file).exists() and table.file not in dataset_names():
        raise ArgumentError(f"the table of the run, {table.file}, is not there; name it with --data FILE")
    dataset, remarks = table.read()
    if table_of_a_search(dataset) != summary.data_sha256:
        raise ArgumentError(
            f"{table.file} is not the table that the run searched (its rows differ); name it with --data FILE"
        )
    options = DiscoveryOptions(
        max_seconds=float(summary.options.get("max_seconds", DEFAULT_SECONDS)),
        seed=summary.seed or 0,
        primitives=table.library(),
    )
    return dataset, options, remarks


class _Display:
    """The tool at work and what it says: a line that changes in a terminal, a line every few seconds elsewhere."""

    INTERVAL = 5.0

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet
        console = Console(stderr=True, quiet=quiet)
        self.status = console.status("starting") if console.is_terminal else None
        self.tool, self.last = "", 0.0

    def __enter__(self) -> "_Display":
        if self.status is not None:
            self.status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.status is not None:
            self.status.stop()

    def __call__(self, tool: str, text: str) -> None:
        line = f"{tool}: {' '.join(text.split())[:160]}"
        if self.status is not None:
            self.status.update(Text(line))
            return
        now = time.monotonic()
        if tool != self.tool or now - self.last >= self.INTERVAL:
            self.tool, self.last = tool, now
            write_note(line, quiet=self.quiet)
