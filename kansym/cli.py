"""The ``kansym`` command."""

import io
import os
import sys
import traceback
from collections.abc import Sequence

from cyclopts import App, CycloptsError, UnknownCommandError

from kansym._version import __version__
from kansym.commands.bench import bench
from kansym.commands.compare import compare
from kansym.commands.conserved import conserved
from kansym.commands.discover import discover
from kansym.commands.dynamics import dynamics
from kansym.commands.edges import edges
from kansym.commands.finished_runs import app as show_app
from kansym.commands.finished_runs import explain, export, figures, next_rows, report
from kansym.commands.fit_constants import fit_constants
from kansym.commands.listings import datasets, primitives
from kansym.commands.output import begin, tell_time
from kansym.commands.relation import relation
from kansym.commands.sweep import sweep
from kansym.commands.symmetries import symmetries
from kansym.errors import KansymError

OK, UNEXPECTED, USAGE, INTERRUPTED = 0, 1, 2, 130
"""Exit codes. A search that Ctrl-C ends early has a result, and exits with 0; 130 is for Ctrl-C elsewhere."""

LONGEST_MESSAGE = 1000
"""Characters of an error message."""

OPTION_NAMES = {
    "guesses": "--guess",
    "per_group": "--per-group",
    "leave_out": "--leave-out",
    "start": "--start",
    "bounds": "--bounds",
    "fixed": "--fix",
    "x_error": "--x-error",
    "y_error": "--error",
    "error": "--error",
    "errors": "--error-of",
    "columns": "--columns",
    "states": "--state",
    "order": "--order",
    "units": "--units",
    "max_seconds": "--seconds",
    "seed": "--seed",
    "device": "--device",
    "validation_fraction": "--validation-fraction",
}
"""What the arguments that messages of the library name are called here."""


COMMANDS = {
    "discover": discover,
    "sweep": sweep,
    "dynamics": dynamics,
    "relation": relation,
    "conserved": conserved,
    "symmetries": symmetries,
    "report": report,
    "next": next_rows,
    "explain": explain,
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
    version=__version__,
    help_format="markdown",
    exit_on_error=False,
    print_error=False,
    suppress_keyboard_interrupt=False,
    result_action="return_value",
)
for place, (name, command) in enumerate(COMMANDS.items()):
    app.command(command, name=name, sort_key=place)


def main(arguments: Sequence[str] | None = None, *, began: float | None = None) -> int:
    """Run the command and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those of the process.
    began : float, optional
        `time.monotonic` value from which on its time is counted. Default: now.
    """
    tokens = list(sys.argv[1:] if arguments is None else arguments)
    begin(tokens, began)
    for stream in (sys.stdout, sys.stderr):
        # Names of columns may hold characters that a terminal's encoding lacks.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = app(tokens) or OK
        tell_time()
        return code
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
