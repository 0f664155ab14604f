"""What commands write, and the command line that they record."""

import json
import logging
import shlex
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from kansym.commands.stopwatch import Stopwatch, in_words
from kansym.run.writing import keep_times

if TYPE_CHECKING:
    from rich.console import Console

command_line: list[str] = []
"""The arguments of the present call."""

watch = Stopwatch()
"""The time of the present call."""


def begin(arguments: Sequence[str], began: float | None = None) -> None:
    """Note the arguments of a call and, as a `time.monotonic` value, when it began."""
    command_line[:] = arguments
    watch.restart(began)


def this_command() -> str:
    """The present call as it would be typed, for the record of a run."""
    return shlex.join(["kansym", *command_line])


def write_line(text: str) -> None:
    """Put text and a line break on standard output."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def write_json(value: Any) -> None:
    """Put a value in JSON types on standard output, on one line."""
    write_line(json.dumps(value, ensure_ascii=False, allow_nan=False))


def write_note(text: str, *, quiet: bool = False) -> None:
    """Put a remark on standard error, as it is, unless `quiet`."""
    from rich.console import Console

    console = Console(stderr=True, quiet=quiet)
    console.print(text, markup=False, emoji=False, highlight=False, soft_wrap=True)


def tell_time() -> None:
    """Say what the call took and for what, as its last line on standard error, and keep the same in what it wrote."""
    if not watch.started:
        return
    times = watch.times()
    if watch.record is not None:
        keep_times(watch.record, times)
    write_note(in_words(times), quiet=watch.quiet)


def verbose_log() -> logging.Handler:
    """For --verbose: every step on standard error, with its time."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", datefmt="%H:%M:%S"))
    return handler


def output_console() -> "Console":
    """For standard output. Piped it is as wide as it needs to be, so that a line is a row."""
    from rich.console import Console

    console = Console(file=sys.stdout)
    return console if console.is_terminal else Console(file=sys.stdout, width=500)


def write_table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Put a table on standard output."""
    from rich.table import Table

    console = output_console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in headers:
        table.add_column(header, overflow="fold")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    # Captured, since rich would end the process itself when the reader closes the pipe.
    with console.capture() as captured:
        console.print(table, markup=False, highlight=False)
    write_line(captured.get().rstrip("\n"))
