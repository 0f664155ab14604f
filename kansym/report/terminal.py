"""What the command line shows while a search runs, on standard error."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from kansym.search.progress import ALL_ROWS, READING, Progress

LINE_INTERVAL = 1.0
"""Seconds between lines where standard error is not a terminal."""

LOGGERS = ("kansym", "py.warnings")


class ProgressDisplay:
    """A line with stage, bar, time left and the best formula, kept up to date; plain lines where that is not possible.

    Parameters
    ----------
    console : rich.console.Console
        On standard error.
    seconds : float
        The time budget.
    """

    def __init__(self, console: Console, seconds: float) -> None:
        self.console, self.seconds = console, seconds
        self.start = time.monotonic()
        self.spinner = Spinner("dots")
        self.last: Progress | None = None
        self.last_line = -LINE_INTERVAL
        self.live: Live | None = None

    def __call__(self, progress: Progress) -> None:
        self.last = progress
        if self.live is not None or (progress.stage == READING and self.console.is_terminal):
            return
        if progress.elapsed - self.last_line >= LINE_INTERVAL:
            self.last_line = progress.elapsed
            lead = f", {progress.lead}" if progress.lead else ""
            best = "" if progress.best is None else f"; best{lead}: {_one_line(str(progress.best))}"
            line = f"{progress.elapsed:6.1f} s  {progress.stage}: {_one_line(progress.message)}{best}"
            self.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def reading(self, done: int, rows: int) -> None:
        """How far the reading of a long table is, before the search."""
        elapsed = time.monotonic() - self.start
        self(Progress(READING, f"{done:,} of {rows:,} rows", None, elapsed, self.seconds))
        if self.console.is_terminal:
            end = "\n" if done >= rows else "\r"
            self.console.print(f"reading {done:,} of {rows:,} rows", end=end, markup=False, highlight=False)

    @contextmanager
    def running(self) -> Iterator["ProgressDisplay"]:
        """Show the line while the search runs, and clear it afterwards."""
        self.start, self.last_line = time.monotonic(), -LINE_INTERVAL
        if not self.console.is_terminal:
            yield self
            return
        # Not redirected: what the run writes to standard output is the result, which may go to a file.
        live = Live(
            get_renderable=self._line,
            console=self.console,
            refresh_per_second=8,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        with live:
            self.live = live
            try:
                yield self
            finally:
                self.live = None

    def _line(self) -> Table:
        elapsed = time.monotonic() - self.start
        stage = "starting" if self.last is None else self.last.stage
        best = "" if self.last is None or self.last.best is None else str(self.last.best)
        if self.last is not None and stage == ALL_ROWS:
            best = f"{self.last.message}; {best}"
        elif self.last is not None and self.last.lead:
            best = f"{best}  ({self.last.lead}; {_one_line(self.last.message)})"
        table = Table.grid(padding=(0, 1))
        table.add_column(width=2)
        table.add_column(width=10)
        table.add_column(width=20)
        table.add_column(width=12, no_wrap=True)
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        table.add_row(
            self.spinner,
            Text(stage),
            ProgressBar(total=self.seconds, completed=min(elapsed, self.seconds), width=20),
            Text(f"{max(0.0, self.seconds - elapsed):.0f} s left"),
            Text(_one_line(best)),
        )
        return table


def _one_line(text: str, longest: int = 160) -> str:
    text = " ".join(text.split())
    return text if len(text) <= longest else text[: longest - 1] + "…"


class LineRecorder(logging.Handler):
    """Keeps formatted log lines."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@contextmanager
def recorded_log(stream: logging.Handler | None) -> Iterator[list[str]]:
    """Collect the log of kansym, and warnings; write it to `stream` as well. Everything is as before afterwards."""
    recorder = LineRecorder()
    handlers = [recorder] if stream is None else [recorder, stream]
    loggers = [logging.getLogger(name) for name in LOGGERS]
    before = [(logger.level, logger.propagate) for logger in loggers]
    logging.captureWarnings(True)
    for logger in loggers:
        logger.setLevel(logging.INFO)
        logger.propagate = False
        for handler in handlers:
            logger.addHandler(handler)
    try:
        yield recorder.lines
    finally:
        logging.captureWarnings(False)
        for logger, (level, propagate) in zip(loggers, before, strict=True):
            logger.setLevel(level)
            logger.propagate = propagate
            for handler in handlers:
                logger.removeHandler(handler)
