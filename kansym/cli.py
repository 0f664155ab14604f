"""The ``kansym`` command."""

import csv
import io
import json
import logging
import math
import os
import shlex
import sys
import traceback
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, CycloptsError, Parameter
from rich.console import Console
from rich.table import Table

from kansym.command_options import Flag, LawNames, Names, whole_number
from kansym.errors import ArgumentError, DataError, KansymError

# The numerical libraries take seconds to import; --help, --version and errors in options do without them.
if TYPE_CHECKING:
    from kansym.data.dataset import Dataset
    from kansym.primitives.library import PrimitiveLibrary
    from kansym.primitives.primitive import Domain

OK, UNEXPECTED, USAGE, INTERRUPTED = 0, 1, 2, 130
"""Exit codes. A search that Ctrl-C ends early has a result, and exits with 0; 130 is for Ctrl-C elsewhere."""

LONGEST_MESSAGE = 1000
"""Characters of an error message."""

OPTION_NAMES = {
    "max_seconds": "--seconds",
    "seed": "--seed",
    "device": "--device",
    "validation_fraction": "--validation-fraction",
}
"""What the arguments that messages of the library name are called here."""


def _version() -> str:
    try:
        return version("kansym")
    except PackageNotFoundError:
        return "unknown"


app = App(
    name="kansym",
    help="Find the closed-form law behind a table of measurements.\n\n"
    "Start with `kansym discover data.csv --target y`, or try a table that comes along: "
    "`kansym discover kepler --target period`.",
    version=_version,
    help_format="markdown",
    exit_on_error=False,
    print_error=False,
    suppress_keyboard_interrupt=False,
    result_action="return_value",
)

# Named by text, so that it is imported only when it is called.
app.command("kansym.fitting.command:fit_constants", name="fit-constants", help="Fit the constants of a known formula.")


@app.command
def discover(
    file: str,
    /,
    *,
    target: str | None = None,
    error: str | None = None,
    columns: Names = None,
    seconds: float = 60.0,
    seed: Annotated[int, Parameter(converter=whole_number)] = 0,
    device: str = "auto",
    out: Path | None = None,
    drop_missing: Flag = False,
    key: str | None = None,
    primitives: Names = None,
    without: Names = None,
    validation_fraction: float = 0.2,
    quiet: Annotated[bool, Parameter(name=("--quiet", "-q"), negative=(), show_default=False)] = False,
    verbose: Annotated[bool, Parameter(name=("--verbose", "-v"), negative=(), show_default=False)] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative=(), show_default=False)] = False,
) -> int:
    """Search a table for the formula that explains one of its columns.

    Prints the formula, its constants with standard errors, LaTeX, and the front of simpler and more exact formulas.
    Ctrl-C ends the search and prints the best formula so far (exit code 0, with the note "interrupted"). Mistakes in
    options or data give one line and exit code 2.

    Parameters
    ----------
    file
        The table: csv, tsv, txt, dat, parquet, hdf5, npy or npz. If there is no such file, the name of a table that
        comes along (see `kansym datasets`).
    target
        Column to explain. Required.
    error
        Column with the standard errors of the target: rows are then weighted by 1/error^2.
    columns
        Inputs, separated by commas. Default: all other columns that hold numbers. Quote a name that holds a comma.
    seconds
        Time budget. A law that is found exactly ends the search earlier; give more time for many columns.
    seed
        Source of every random choice: the same seed, data and device give the same formula, as long as the time budget
        does not end the search.
    device
        cpu, cuda, or auto: CUDA for tables large enough to gain from it.
    out
        Folder for formula.json, equations.csv, model.safetensors, network.svg and .png, report.txt and run.log.
        Nothing is written without it; files of an earlier run there are replaced.
    drop_missing
        Leave out rows with missing values instead of refusing the table.
    key
        Group or dataset of an HDF5 file, or array of an npz file, where there are several.
    primitives
        Use only these functions, separated by commas (see `kansym primitives`).
    without
        Do not use these functions. Leave out what the physics forbids.
    validation_fraction
        Share of the rows held out to judge formulas; tables below 20 rows use leave-one-out instead.
    quiet
        Print the result and nothing else.
    verbose
        Log every step to standard error, and show tracebacks.
    as_json
        Print the result as one JSON object.
    """
    from kansym.config import DiscoveryOptions
    from kansym.device import choose_device
    from kansym.discovery import discover as search
    from kansym.report.summary import RunSummary
    from kansym.report.text import text_report
    from kansym.run_directory import prepare_directory, save_run
    from kansym.terminal import ProgressDisplay, recorded_log

    console = Console(stderr=True, quiet=quiet)
    options = DiscoveryOptions(
        max_seconds=seconds,
        seed=seed,
        device=device,
        validation_fraction=validation_fraction,
        primitives=_library(_split(primitives), _split(without)),
    )
    dataset, remarks = _read(file, target, error, _split(columns) or None, drop_missing, key)
    choose_device(device, dataset.n_rows)
    if out is not None:
        prepare_directory(out)
    for remark in remarks:
        console.print(remark, markup=False, highlight=False, soft_wrap=True)
    handler = None
    if verbose:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", datefmt="%H:%M:%S"))
    display = ProgressDisplay(console, seconds)
    with recorded_log(handler) as log:
        if quiet or verbose:
            discovery = search(dataset, options)
        else:
            with display.running():
                discovery = search(dataset, options, progress=display)
    command = shlex.join(["kansym", *_tokens])
    summary = RunSummary.of(discovery, command=command, options=options)
    if as_json:
        record = {"text": str(summary.formula), "latex": summary.formula.latex(with_target=True), **summary.to_dict()}
        _write(json.dumps(record, ensure_ascii=False, allow_nan=False))
    else:
        _write(text_report(summary, full=False).rstrip("\n"))
    if out is not None:
        path = save_run(discovery, out, command=command, options=options, log_lines=log)
        console.print(f"saved to {path}", markup=False, highlight=False, soft_wrap=True)
    return OK


@app.command
def report(directory: Path, /) -> int:
    """Print the report of a finished run.

    Parameters
    ----------
    directory
        The folder that was given as --out.
    """
    from kansym.report.text import text_report
    from kansym.run_directory import load_run

    _write(text_report(load_run(directory).summary).rstrip("\n"))
    return OK


@app.command
def primitives(*, as_json: Annotated[bool, Parameter(name="--json", negative=(), show_default=False)] = False) -> int:
    """List the functions that an edge of the network can turn out to be.

    Parameters
    ----------
    as_json
        Print a JSON array.
    """
    from kansym.primitives.library import default_library

    rows = [
        {
            "name": primitive.name,
            "formula": str(primitive.expression),
            "domain": _domain(primitive.domain),
            "complexity": primitive.complexity,
            "equivalent_to": primitive.equivalent_to,
        }
        for primitive in default_library().values()
    ]
    if as_json:
        _write(json.dumps(rows, ensure_ascii=False))
        return OK
    _table(
        ("name", "formula of z", "domain", "complexity", "same up to scale and shift as"),
        ([row["name"], row["formula"], row["domain"], row["complexity"], row["equivalent_to"] or ""] for row in rows),
    )
    return OK


@app.command
def datasets(*, as_json: Annotated[bool, Parameter(name="--json", negative=(), show_default=False)] = False) -> int:
    """List the measured tables that come along.

    Parameters
    ----------
    as_json
        Print a JSON array.
    """
    from dataclasses import asdict

    from kansym.data.catalogue import dataset_names, describe_dataset

    known = [describe_dataset(name) for name in dataset_names()]
    if as_json:
        _write(json.dumps([asdict(info) for info in known], ensure_ascii=False))
        return OK
    _table(
        ("name", "rows", "target", "inputs", "what was measured"),
        ([info.name, info.rows, info.target, ", ".join(info.columns), info.title] for info in known),
    )
    return OK


@app.command
def bench(
    catalogue: str,
    /,
    *,
    laws: LawNames = None,
    noise: float = 0.0,
    rows: Annotated[int, Parameter(converter=whole_number)] = 2000,
    seconds: float = 60.0,
    seeds: Names = None,
    dummies: Annotated[int, Parameter(converter=whole_number)] = 0,
    peers: Names = None,
    units: Flag = False,
    jobs: Annotated[int, Parameter(converter=whole_number)] = 1,
    out: Path | None = None,
) -> int:
    """Count how many known laws are found from numbers alone.

    Every law is sampled into a table with nameless columns in shuffled order, searched, and judged by a strict
    criterion (the law's values inside and 30 % beyond the data, and a formula not much longer than the law) and by
    that of SRBench. Ctrl-C keeps what is done; the same command with the same --out goes on from there.

    Parameters
    ----------
    catalogue
        feynman, feynman_bonus, nguyen, strogatz, empirical, srsd, srsd_bonus, or a TOML file in the same format.
    laws
        Only these laws, separated by commas.
    noise
        Standard deviation of Gaussian noise on the target, in units of the root mean square of the target.
    rows
        Rows of a table, where the law does not bring its own.
    seconds
        Time budget of a law.
    seeds
        Seeds of rows, noise, order of columns and search, separated by commas. Default: 0.
    dummies
        Columns that do not matter, added to every table.
    peers
        Other tools on the same tables: operon (pip install 'kansym[operon]').
    units
        Run every law a second time, with the units of its columns and target.
    jobs
        Worker processes, one thread each.
    out
        Folder for results.jsonl and a plot of recovered laws against time. Nothing is written without it.
    """
    from kansym.benchmark.recovery.command import bench as run_benchmark
    from kansym.benchmark.recovery.settings import Settings

    try:
        numbers = [int(seed) for seed in _split(seeds)] or [0]
    except ValueError:
        raise ArgumentError(f"--seeds: expected whole numbers, got {seeds}") from None
    settings = Settings(catalogue, rows=rows, seconds=seconds, noise=noise, dummies=dummies)
    console = Console(file=sys.stdout)
    if not console.is_terminal:
        console = Console(file=sys.stdout, width=500)
    run_benchmark(
        settings, console, laws=_split(laws), seeds=numbers, peers=_split(peers), units=units, jobs=jobs, out=out
    )
    return OK


_tokens: list[str] = []
"""The command line of the present call, for the record of a run."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those of the process.
    """
    tokens = list(sys.argv[1:] if arguments is None else arguments)
    _tokens[:] = tokens
    for stream in (sys.stdout, sys.stderr):
        # Names of columns may hold characters that a terminal's encoding lacks.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        return app(tokens) or OK
    except CycloptsError as error:
        return _fail(f"{str(error).rstrip('.')}; see {_help_for(tokens)}", USAGE)
    except KansymError as error:
        return _fail(_in_terms_of_options(str(error)), USAGE)
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # The reader, such as `head`, has had enough; the interpreter must not fail on flushing at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except Exception as error:
        if "--verbose" in tokens or "-v" in tokens:
            traceback.print_exc()
            return UNEXPECTED
        return _fail(f"unexpected {type(error).__name__}: {error}; re-run with --verbose for a traceback", UNEXPECTED)


def _fail(message: str, code: int) -> int:
    text = " ".join(message.split())
    # A formula or a name is quoted as it was given, however long.
    sys.stderr.write(f"kansym: error: {text if len(text) <= LONGEST_MESSAGE else text[:LONGEST_MESSAGE] + '...'}\n")
    return code


def _write(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _help_for(tokens: Sequence[str]) -> str:
    command = (
        tokens[0]
        if tokens and tokens[0] in ("discover", "report", "primitives", "datasets", "bench", "fit-constants")
        else ""
    )
    return f"kansym {command} --help".replace("  ", " ")


def _in_terms_of_options(message: str) -> str:
    for argument, option in OPTION_NAMES.items():
        for sign in (" ", "="):
            if message.startswith(argument + sign):
                return option + message[len(argument) :]
    return message


def _split(values: Iterable[str] | None) -> list[str]:
    """Names from options that hold one or several, separated by commas; quoted names may hold commas themselves."""
    names = [name.strip() for row in csv.reader(values or [], skipinitialspace=True) for name in row]
    return [name for name in names if name]


def _library(only: Sequence[str], without: Sequence[str]) -> "PrimitiveLibrary":
    from kansym.primitives.library import default_library

    library = default_library()
    for option, names in (("--primitives", only), ("--without", without)):
        try:
            if names:
                library = library.only(*names) if option == "--primitives" else library.without(*names)
        except ArgumentError as error:
            raise ArgumentError(f"{option}: {str(error).removeprefix('name: ')}") from error
    if not library:
        raise ArgumentError("--without: no primitive is left; leave out fewer")
    return library


def _read(
    file: str, target: str | None, error: str | None, columns: list[str] | None, drop_missing: bool, key: str | None
) -> "tuple[Dataset, list[str]]":
    """The table of a file, or of a shipped dataset, and what to say about it."""
    from kansym.data.catalogue import dataset_names, describe_dataset, load_dataset
    from kansym.data.readers import read_table

    known = file in dataset_names()
    if known and not Path(file).exists():
        if target is None:
            info = describe_dataset(file)
            names = ", ".join(repr(name) for name in (*info.columns, info.target))
            raise DataError(f"--target is missing; the columns of the dataset {file} are {names}")
        dataset = load_dataset(file, target=target, error=error, columns=columns)
        return dataset, [f"using the dataset {file!r} that comes with kansym (there is no file of that name here)"]
    if target is None:
        # Read all the same, for the message to list the columns.
        try:
            read_table(file, target="", key=key)
        except DataError as failure:
            columns_of_file = str(failure).replace("there is no target column ''; columns:", "the columns are")
            raise DataError(f"--target is missing; {columns_of_file}") from None
        raise DataError("--target is missing; name the column to explain")
    try:
        dataset = read_table(file, target=target, error=error, columns=columns, drop_missing=drop_missing, key=key)
    except DataError as failure:
        if str(failure) == f"there is no file {file}" and not Path(file).suffix:
            raise DataError(f"{failure}, nor a dataset of that name; known: {', '.join(dataset_names())}") from None
        raise
    return dataset, []


def _domain(domain: "Domain") -> str:
    """A domain in words; empty for all real numbers."""
    less = ["≤" if closed else "<" for closed in (domain.lower_closed, domain.upper_closed)]
    words = []
    if math.isfinite(domain.lower) and math.isfinite(domain.upper):
        words.append(f"{domain.lower:g} {less[0]} z {less[1]} {domain.upper:g}")
    elif math.isfinite(domain.lower):
        words.append(f"z {'≥' if domain.lower_closed else '>'} {domain.lower:g}")
    elif math.isfinite(domain.upper):
        words.append(f"z {less[1]} {domain.upper:g}")
    period = "" if domain.pole_period is None else f" + k {domain.pole_period:.4g}"
    words += [f"z ≠ {pole:.4g}{period}" for pole in domain.poles]
    return ", ".join(words)


def _table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    console = Console(file=sys.stdout)
    if not console.is_terminal:
        # Piped: as wide as it needs to be, so that a line is a row.
        console = Console(file=sys.stdout, width=500)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in headers:
        table.add_column(header, overflow="fold")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    # Captured, since rich would end the process itself when the reader closes the pipe.
    with console.capture() as captured:
        console.print(table, markup=False, highlight=False)
    _write(captured.get().rstrip("\n"))
