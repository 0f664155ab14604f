"""A running search in a notebook: one output that is kept up to date."""

import math
import sys
import time
from collections.abc import Callable
from typing import Any

from kansym.optional import optional_module
from kansym.report.notebook.display import progress_html
from kansym.search.progress import Progress
from kansym.search.results import Discovery
from kansym.symbolic.formula import Formula

INTERVAL = 0.2
"""Least seconds between two updates: more often than that nobody can read, and notebooks slow down."""

LONGEST = 200
"""Characters of a message."""


class LiveProgress:
    """Progress of a search in one output of a notebook cell, for ``progress=``.

    The output is made at the first report and updated in place afterwards, at most five times a second. Every search
    has an output of its own.

    Parameters
    ----------
    display : callable, optional
        Shows a mapping of MIME types to text, and returns a handle with a method ``update`` that takes another.
        Default: that of IPython.
    clock : callable, optional
        Seconds, increasing.
    """

    def __init__(
        self, *, display: Callable[[dict[str, str]], Any] | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._display, self._clock = display or ipython_display, clock
        self._handle: Any = None
        self._last = -math.inf
        self._progress: Progress | None = None

    def __call__(self, progress: Progress) -> None:
        """Show a report, unless the last one is too young."""
        self._progress = progress
        now = self._clock()
        if self._handle is not None and now - self._last < INTERVAL:
            return
        self._last = now
        budget = progress.elapsed + progress.remaining
        share = min(100, round(100 * progress.elapsed / budget)) if budget > 0 else 100
        message = _one_line(progress.message)
        words = f"{progress.stage}: {message}; {progress.elapsed:.0f} s, {progress.remaining:.0f} s left"
        self._show(progress.best, words, share, f"best so far{', ' * bool(progress.lead)}{progress.lead}: ")

    def done(self, discovery: Discovery | None) -> None:
        """Show the result in a line; the next search has an output of its own.

        Parameters
        ----------
        discovery : Discovery or None
            None for a search that ended in an error.
        """
        if discovery is not None:
            best = discovery.formula
            words = f"searched for {discovery.seconds:.1f} s; ended because: {discovery.stopped}"
            # Folded to a line: what follows in the cell shows the formula as mathematics.
            self._show(None, f"{_one_line(str(best))}; {_numbers(best)}; {words}", None)
        elif self._handle is not None and self._progress is not None:
            self._show(self._progress.best, f"ended by an error after {self._progress.elapsed:.0f} s", None)
        self._handle, self._last, self._progress = None, -math.inf, None

    def _show(self, best: Formula | None, words: str, share: int | None, so_far: str = "") -> None:
        text = words if best is None else f"{words}\n{best}"
        shown = {"text/plain": text, "text/html": progress_html(best, words, f"{so_far}{_numbers(best)}", share)}
        if self._handle is None:
            self._handle = self._display(shown)
        else:
            self._handle.update(shown)


def live_progress() -> LiveProgress:
    """Progress with the best formula so far, in one output of a notebook cell.

    ``SymbolicRegressor(progress=live_progress())``, ``discover(dataset, progress=live_progress())``; or
    ``progress="auto"``, which chooses it in a notebook.

    Raises
    ------
    MissingDependencyError
        Without IPython, which every notebook has.
    """
    optional_module("IPython", feature="Progress in a notebook", extra="notebook")
    return LiveProgress()


def in_notebook() -> bool:
    """Whether the code runs in a kernel that shows outputs, such as Jupyter's."""
    # Where IPython is not imported this is no notebook, and importing it takes a second.
    if "IPython" not in sys.modules:
        return False
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    return shell is not None and getattr(shell, "kernel", None) is not None


def ipython_display(shown: dict[str, Any]) -> Any:
    """Show a mapping of MIME types to text or bytes; its method ``update`` takes another."""
    from IPython.display import display

    handle = display(shown, raw=True, display_id=True)
    return _Raw(handle)


class _Raw:
    """A handle of IPython that takes mappings of MIME types."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle

    def update(self, shown: dict[str, Any]) -> None:
        self._handle.update(shown, raw=True)


def _numbers(best: Formula | None) -> str:
    if best is None:
        return ""
    rms = f", RMS residual {math.sqrt(best.loss):.3g}" if best.loss >= 0 else ""
    return f"{best.complexity} nodes{rms}"


def _one_line(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
