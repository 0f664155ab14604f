"""The ``kansym`` command."""

import io
import os
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter, UnknownCommandError
from rich.console import Console

from kansym.commands.app import app as show_app
from kansym.commands.compare import compare
from kansym.commands.discover import discover
from kansym.commands.edges import edges
from kansym.commands.export import export
from kansym.commands.figures import figures
from kansym.commands.fit_constants import fit_constants
from kansym.commands.listings import datasets, primitives
from kansym.commands.options import Flag, LawNames, Names, command_line, split_names, whole_number
from kansym.commands.report import report
from kansym.errors import ArgumentError, KansymError

# The numerical libraries take seconds to import; --help, --version and errors in options do without them, so that
# commands import what they need when they run.
OK, UNEXPECTED, USAGE, INTERRUPTED = 0, 1, 2, 130
"""Exit codes. A search that Ctrl-C ends early has a result, and exits with 0; 130 is for Ctrl-C elsewhere."""

LONGEST_MESSAGE = 1000
"""Characters of an error message."""

OPTION_NAMES = {
    "guesses": "--guess",
    "x_error": "--x-error",
    "y_error": "--error",
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
    primitives: Names = None,
    peers: Names = None,
    units: Flag = False,
    jobs: Annotated[int, Parameter(converter=whole_number)] = 1,
    out: Path | None = None,
) -> int:
    """Count how many known laws are found from numbers alone.

    Every law is sampled into a table with nameless columns in shuffled order, searched, and judged by a strict
    criterion (the law's values inside and 30 % beyond the data, and a formula not much longer than the law), by its
    form (other numbers in the same places make it the law) and by that of SRBench. Ctrl-C keeps what is done; the same
    command with the same --out goes on from there.

    Parameters
    ----------
    catalogue
        feynman, feynman_bonus, nguyen, strogatz, empirical, srsd, srsd_bonus, classics, livermore2, odebench, llm_ode,
        or a TOML file in the same format; a half of one, as in livermore2:development or livermore2:report; or laws
        drawn from a seed: random:7, sums:7, lab:7.
    laws
        Only these laws, separated by commas; or how many, from the first on.
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
    primitives
        Only these functions, for every tool: names as in `kansym primitives`, separated by commas.
    peers
        Other tools on the same tables: operon, gplearn, pysr, pykan, as far as they are installed.
    units
        Run every law a second time, with the units of its columns and target.
    jobs
        Worker processes, one thread each.
    out
        Folder for results.jsonl and a plot of recovered laws against time. Nothing is written without it.
    """
    from kansym.bench.records import Settings
    from kansym.commands.bench import bench as run_benchmark

    try:
        numbers = [int(seed) for seed in split_names(seeds)] or [0]
    except ValueError:
        raise ArgumentError(f"--seeds: expected whole numbers, got {seeds}") from None
    names = tuple(split_names(primitives))
    settings = Settings(catalogue, rows=rows, seconds=seconds, noise=noise, dummies=dummies, primitives=names)
    console = Console(file=sys.stdout)
    if not console.is_terminal:
        console = Console(file=sys.stdout, width=500)
    run_benchmark(
        settings,
        console,
        laws=split_names(laws),
        seeds=numbers,
        peers=split_names(peers),
        units=units,
        jobs=jobs,
        out=out,
    )
    return OK


COMMANDS = {
    "discover": discover,
    "report": report,
    "figures": figures,
    "export": export,
    "fit-constants": fit_constants,
    "edges": edges,
    "app": show_app,
    "compare": compare,
    "datasets": datasets,
    "primitives": primitives,
    "bench": bench,
}
"""Commands, each with a help of its own, in the order in which the help lists them."""

app = App(
    name="kansym",
    help="Find the closed-form law behind a table of measurements.\n\n"
    "Start with `kansym discover data.csv --target y`, or try a table that comes with kansym: "
    "`kansym discover kepler --target period`.",
    version=_version,
    help_format="markdown",
    exit_on_error=False,
    print_error=False,
    suppress_keyboard_interrupt=False,
    result_action="return_value",
)
for place, (name, command) in enumerate(COMMANDS.items()):
    app.command(command, name=name, sort_key=place)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those of the process.
    """
    tokens = list(sys.argv[1:] if arguments is None else arguments)
    command_line[:] = tokens
    for stream in (sys.stdout, sys.stderr):
        # Names of columns may hold characters that a terminal's encoding lacks.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        return app(tokens) or OK
    except CycloptsError as error:
        return _fail(f"{_usage_message(error)}; see {_help_for(tokens)}", USAGE)
    except KansymError as error:
        return _fail(error.in_terms_of(OPTION_NAMES), USAGE)
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


def _usage_message(error: CycloptsError) -> str:
    """What the parser says, with the names of all commands where it would list a few."""
    text = str(error)
    if isinstance(error, UnknownCommandError):
        text = text.partition("Available commands:")[0] + f"Available commands: {', '.join(sorted(COMMANDS))}"
    return text.rstrip(" .,")


def _help_for(tokens: Sequence[str]) -> str:
    command = tokens[0] if tokens and tokens[0] in COMMANDS else ""
    return f"kansym {command} --help".replace("  ", " ")
