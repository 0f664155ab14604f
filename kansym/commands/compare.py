"""The command ``kansym compare``."""

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from rich.console import Console

from kansym.commands.options import (
    ADVANCED,
    Flag,
    Names,
    command_line,
    input_errors,
    split_names,
    whole_number,
    write_line,
)
from kansym.commands.table_options import before_the_search, read_dataset, restricted_library, with_units
from kansym.errors import ArgumentError

# The numerical libraries take seconds to import; --help does without them.
if TYPE_CHECKING:
    from kansym.data.dataset import Dataset
    from kansym.run.storage import SavedRun

MISSING = 3
"""Exit code where a tool that was asked for is not installed."""


def compare(
    file: str,
    /,
    *,
    target: str | None = None,
    peers: Annotated[list[str] | None, Parameter(name="--with", negative=(), n_tokens=1, accepts_keys=False)] = None,
    seconds: float | None = None,
    seed: Annotated[int | None, Parameter(converter=whole_number)] = None,
    error: str | None = None,
    columns: Names = None,
    units: Path | None = None,
    pysr_csv: Annotated[Path | None, ADVANCED] = None,
    data: Annotated[Path | None, ADVANCED] = None,
    primitives: Names = None,
    without: Names = None,
    drop_missing: Annotated[Flag, ADVANCED] = False,
    key: Annotated[str | None, ADVANCED] = None,
    out: Path | None = None,
    overwrite: Annotated[Flag, ADVANCED] = False,
    quiet: Annotated[bool, Parameter(name=("--quiet", "-q"), negative=(), show_default=False)] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative=(), show_default=False)] = False,
) -> int:
    """Run kansym and other tools on the same rows, and say whether they found the same formula.

    Prints one table: picks, complexity by one count, errors on rows that no tool saw, seconds, and whether the formula
    is the same. A tool that fails is one line of it. Ctrl-C prints what is there. Exit code 3 where a tool is not
    installed; the others run all the same.

    Parameters
    ----------
    file
        A table, as for `kansym discover`, or the folder of a finished run (--out of `discover`): that formula is then
        compared on all rows, and the comparison is added to the folder.
    target
        Column to explain. Required for a table.
    peers
        Tools, separated by commas: pysr, operon, gplearn, pykan, mlp. Default: pysr,operon,mlp, or none with
        --pysr-csv.
    seconds
        Time budget of each tool. Default: 60, or that of the run.
    seed
        Of every tool. Default: 0, or that of the run.
    error
        Standard errors of the target, a column or a number: they become weights.
    columns
        Inputs, separated by commas. Default: all other columns that hold numbers.
    units
        File with units of columns. PySR takes them, and kansym.
    pysr_csv
        hall_of_fame.csv of a PySR run on this table, made on any machine; it is read without Julia.
    data
        The table of a finished run, where it is not where it was.
    primitives
        Use only these functions, separated by commas (see `kansym primitives`); peers use what they have of them.
    without
        Do not use these functions.
    drop_missing
        Leave out rows with missing values instead of refusing the table.
    key
        Group or dataset of an HDF5 file, or array of an npz file, where there are several.
    out
        Folder for comparison.json, comparison.csv, comparison.txt and a figure, and for kansym's run with its report.
        Nothing is written without it.
    overwrite
        With --out and a table: replace a run of another table too.
    quiet
        Print the result and nothing else.
    as_json
        Print the result as one JSON object.
    """
    from dataclasses import replace

    from kansym.comparison.result import findings
    from kansym.comparison.run import DEFAULT_PEERS, run_comparison
    from kansym.comparison.split import Split
    from kansym.report.terminal import recorded_log
    from kansym.run.files import RECORD
    from kansym.run.replacing import require_place, saved_line, table_of_a_search
    from kansym.run.storage import load_run, prepare_directory, save_run
    from kansym.search.options import DiscoveryOptions
    from kansym.validation.certificate import certify

    console = Console(stderr=True, quiet=quiet)
    names = split_names(peers) or ([] if pysr_csv else list(DEFAULT_PEERS))
    only, less = split_names(primitives), split_names(without)
    run = load_run(file) if Path(file).is_dir() else None
    if run is None:
        if data is not None:
            raise ArgumentError("--data goes with the folder of a finished run; the table comes first otherwise")
        options = DiscoveryOptions(
            max_seconds=60.0 if seconds is None else seconds,
            seed=0 if seed is None else seed,
            primitives=restricted_library(only, less),
        )
        dataset, remarks = read_dataset(file, target, error, {}, split_names(columns) or None, drop_missing, key)
        dataset = dataset if units is None else with_units(dataset, units)
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
            primitives=restricted_library(only, less) if only or less else options.primitives,
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
        console.print(remark, markup=False, highlight=False, soft_wrap=True)
    with recorded_log(None) as log, _Display(console) as display:
        comparison, found = run_comparison(
            dataset,
            peers=names,
            options=options,
            pysr_csv=pysr_csv,
            found=None if run is None else run.formula,
            front=None if run is None else run.front,
            progress=display,
        )
    if as_json:
        write_line(json.dumps(comparison.to_dict(), ensure_ascii=False, allow_nan=False))
    else:
        write_line(str(comparison))
    if out is not None:
        from kansym.comparison.files import add_to_run, save_comparison

        command = shlex.join(["kansym", *command_line])
        if run is None:
            from kansym.search.results import Discovery

            assert isinstance(found, Discovery)
            certificate = certify(found, options=options).with_peers(findings(comparison))
            given = {"command": command, "options": options, "log_lines": log, "certificate": certificate}
            save_run(found, out, **given, overwrite=True)
        elif out.resolve() == Path(file).resolve():
            add_to_run(out, run, findings(comparison))
        save_comparison(comparison, out)
        if (out / RECORD).exists():
            from kansym.report.html.page import write_page

            write_page(out)
        console.print(saved_line(out), markup=False, highlight=False, soft_wrap=True)
    return MISSING if any(result.missing for result in comparison.tools) else 0


def _of_run(run: "SavedRun", data: Path | None) -> "tuple[Dataset, Any, list[str]]":
    """The table and the options of a finished run, as they were given to it; rows are checked by their hash."""
    from kansym.data.catalogue import dataset_names
    from kansym.run.replacing import table_of_a_search
    from kansym.search.options import DiscoveryOptions

    summary, given = run.summary, run.summary.table
    if "file" not in given:
        raise ArgumentError(
            "the run does not say how its table was read (not made by `kansym discover`, or by an older "
            "version); compare the table itself, or use kansym.compare(dataset, found=...)"
        )
    source = str(given["file"]) if data is None else str(data)
    if data is None and not Path(source).exists() and source not in dataset_names():
        raise ArgumentError(f"the table of the run, {source}, is not there; name it with --data FILE")
    dataset, remarks = read_dataset(
        source,
        given.get("target"),
        given.get("error"),
        input_errors(given.get("x_error")),
        split_names(given.get("columns")) or None,
        bool(given.get("drop_missing")),
        given.get("key"),
    )
    if given.get("units") is not None:
        dataset = with_units(dataset, Path(given["units"]))
    if table_of_a_search(dataset) != summary.data_sha256:
        raise ArgumentError(
            f"{source} is not the table that the run searched (its rows differ); name it with --data FILE"
        )
    options = DiscoveryOptions(
        max_seconds=float(summary.options.get("max_seconds", 60.0)),
        seed=summary.seed or 0,
        primitives=restricted_library(split_names(given.get("primitives")), split_names(given.get("without"))),
    )
    return dataset, options, remarks


class _Display:
    """The tool at work and what it says: a line that changes in a terminal, a line every few seconds elsewhere."""

    INTERVAL = 5.0

    def __init__(self, console: Console) -> None:
        self.console = console
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
        import time

        from rich.text import Text

        line = f"{tool}: {' '.join(text.split())[:160]}"
        if self.status is not None:
            self.status.update(Text(line))
            return
        now = time.monotonic()
        if tool != self.tool or now - self.last >= self.INTERVAL:
            self.tool, self.last = tool, now
            self.console.print(line, markup=False, highlight=False, soft_wrap=True)
