"""Who hears of the progress of a search: a callback of the user's, or what suits the place where it runs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from kansym.errors import ArgumentError
from kansym.search.progress import ProgressCallback
from kansym.search.results import Discovery

AUTO = "auto"


class Watch:
    """The callback of one search.

    Attributes
    ----------
    callback : callable or None
        What the search reports to.
    """

    def __init__(self, callback: ProgressCallback | None) -> None:
        self.callback = callback
        self.ended = False

    def done(self, discovery: Discovery | None) -> None:
        """Tell the callback that the search is over, if it has a method ``done`` to hear it; once."""
        told = getattr(self.callback, "done", None)
        if told is not None and not self.ended:
            told(discovery)
        self.ended = True


@contextmanager
def watched(progress: ProgressCallback | str | None, seconds: float) -> Iterator[Watch]:
    """A watch on a search of `seconds`.

    Parameters
    ----------
    progress : callable, "auto" or None
        "auto" shows one output that changes in a notebook, one line that changes in a terminal, and nothing elsewhere.

    Raises
    ------
    ArgumentError
        If `progress` is something else.
    """
    if progress is None or callable(progress):
        watch = Watch(progress)
        try:
            yield watch
        finally:
            watch.done(None)
        return
    if progress != AUTO:
        raise ArgumentError(f"progress must be a callable, 'auto' or None, got {progress!r}")
    # Neither surface is imported where nobody asks for it.
    from kansym.report.notebook.progress import LiveProgress, in_notebook

    if in_notebook():
        with watched(LiveProgress(), seconds) as watch:
            yield watch
    elif sys.stderr is not None and sys.stderr.isatty():
        from rich.console import Console

        from kansym.report.terminal import ProgressDisplay

        display = ProgressDisplay(Console(stderr=True), seconds)
        with display.running():
            yield Watch(display)
    else:
        yield Watch(None)
