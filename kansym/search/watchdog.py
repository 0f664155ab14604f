"""Steps that do not end: they are interrupted once a search should long be over."""

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from kansym import clock
from kansym.search.faults import CallbackError
from kansym.search.progress import Progress, ProgressCallback
from kansym.symbolic.timelimit import between_callbacks, interruptions_unreported, raise_in

LONGER, SPARE = 1.5, 5.0
"""Times the limit on the wall, and seconds beyond, after which a step is taken to hang."""

AGAIN = 1.0
"""Seconds between two interruptions: the next step may hang too."""

_waiting: set[int] = set()
"""Threads that are in code of the user's."""


class HungError(Exception):
    """Raised in a step that did not end."""

    def __str__(self) -> str:
        return "it did not end"


def tell(callback: ProgressCallback, progress: Progress) -> None:
    """Call a callback of the user's, which takes as long as it takes: nothing is raised in it.

    Raises
    ------
    CallbackError
        With the callback's own error.
    """
    here = threading.get_ident()
    _waiting.add(here)
    try:
        callback(progress)
    except HungError:
        # It was on its way when the callback began.
        raise
    except Exception as error:
        raise CallbackError(error) from error
    finally:
        _waiting.discard(here)


@contextmanager
def watched() -> Iterator[None]:
    """Raise `HungError` in the steps of a block that run on long after the limit on the wall.

    Every deadline has passed then, and steps that look at the clock have returned. What hangs in one call of C code
    cannot be reached. A deterministic search has no limit on the wall, and is not watched.
    """
    here, limit = threading.get_ident(), clock.current()
    over, gate = threading.Event(), threading.Lock()

    def late() -> bool:
        return limit.wall > LONGER * limit.wall_limit + SPARE

    def watch() -> None:
        while not late():
            if over.wait(AGAIN):
                return
        with interruptions_unreported():
            while not over.wait(AGAIN):
                with gate:
                    if late() and not over.is_set() and here not in _waiting and between_callbacks(here):
                        raise_in(here, HungError)

    if limit.wall_limit == math.inf:
        yield
        return
    threading.Thread(target=watch, daemon=True, name="kansym-watchdog").start()
    try:
        yield
    finally:
        try:
            _end(gate, over)
        except HungError:
            # It was on its way when the block ended; there is no second one, since the gate is closed to it.
            _end(gate, over)


def _end(gate: threading.Lock, over: threading.Event) -> None:
    with gate:
        over.set()
