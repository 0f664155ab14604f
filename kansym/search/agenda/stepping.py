"""Generators that run one slice of work at a time, however long their own steps are.

An engine is a plain generator, and its long loops know nothing of others. What makes it step is the clock: every costly
step of the program charges its work (`kansym.clock`), and the clock of a job hands control back to the loop once a
slice is used up. The generator runs in a thread of its own for that; only one thread runs at a time, and it is work
that decides when the next one does, so the order is the same on any machine.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import copy_context
from typing import Generic, TypeVar

import numpy as np

from kansym import clock, provenance
from kansym.clock import Clock, Work
from kansym.provenance import Book, Origin
from kansym.symbolic.timelimit import raise_in

T = TypeVar("T")

SLICE = 0.1
"""Seconds of work after which a job hands control back."""

AWAKE = 0.5
"""Wall seconds after which a thread that waits for a job looks up."""

CLOSING = 1.0
"""Wall seconds that a job has to end when it is closed in the middle of a step."""


class _ClosedError(BaseException):
    """Raised in a job that is not wanted any more; not an Exception, so that engines let it through."""


class JobClock(Clock):
    """Time of one job: the work that it has charged itself. The wall is that of the search.

    Parameters
    ----------
    whole : Clock
        Of the search, which all jobs charge.
    pause : callable
        Called in the job's thread whenever a slice is used up.
    """

    def __init__(self, whole: Clock, pause: Callable[[], None]) -> None:
        super().__init__()
        self._whole, self._pause = whole, pause
        self.until = 0.0

    @property
    def wall(self) -> float:
        return self._whole.wall

    @property
    def wall_is_up(self) -> bool:
        return self._whole.wall_is_up

    def charge(self, kind: Work, amount: float) -> None:
        self._whole.charge(kind, amount)
        super().charge(kind, amount)
        if self._work >= self.until:
            self._pause()

    def late(self, deadline: float | None) -> bool:
        if deadline is None or deadline == math.inf:
            return self._work > self.horizon
        if self._work > min(deadline, self.horizon):
            return True
        if self.wall_is_up:
            self._whole.interfered()
            return True
        return False

    def safety(self) -> float:
        return self._whole.safety()

    def interfered(self) -> None:
        self._whole.interfered()


class Steps(Generic[T]):
    """A generator in a thread of its own, which runs for one slice of work at each `step`.

    Parameters
    ----------
    source : callable
        Makes the generator, in that thread.

    Attributes
    ----------
    spent : float
        Seconds of work so far.
    done : bool
    origin : Origin or None
        Of the last item.
    """

    def __init__(self, source: Callable[[], Iterator[T]]) -> None:
        self._source = source
        self._clock = JobClock(clock.current(), self._pause)
        outer = provenance.current()
        self.book = Book(None if outer is None else outer.withholds)
        self._go, self._back = threading.Semaphore(0), threading.Semaphore(0)
        self._items: list[T] = []
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None
        self._closing = self._running = self.done = False

    @property
    def spent(self) -> float:
        return self._clock.now()

    @property
    def origin(self) -> Origin | None:
        """Who wrote the last item, with the work of this job until then."""
        return self.book.last

    def step(self, seconds: float = SLICE) -> list[T]:
        """Run until the next item, or for so many seconds of work; what has come, which is one item or none.

        Errors of the generator are raised here, and end it.
        """
        if self.done:
            return []
        self._clock.until = self._clock.now() + seconds
        self._resume()
        # In turns, so that what is raised in this thread from outside arrives.
        while not self._back.acquire(timeout=AWAKE):
            pass
        return self._handed()

    def finish(self) -> list[T]:
        """Let all deadlines of the generator pass; what it hands on then, in a second on the wall at most."""
        self._clock.horizon, self._clock.until = -math.inf, math.inf
        found: list[T] = []
        end = time.monotonic() + CLOSING
        while not self.done and self._thread is not None and time.monotonic() < end:
            if not self._running:
                self._resume()
            if not self._back.acquire(timeout=CLOSING):
                break
            found += self._handed()
        return found

    def close(self) -> None:
        """End the generator where it is."""
        if self._thread is None or self.done:
            self.done = True
            return
        self._closing, self._clock.until = True, -math.inf
        if not self._running:
            self._resume()
        if not self._back.acquire(timeout=CLOSING) and self._thread.ident is not None:
            raise_in(self._thread.ident, _ClosedError)
        self._thread.join(CLOSING)
        self.done = True

    def _resume(self) -> None:
        self._running = True
        if self._thread is None:
            context = copy_context()
            self._thread = threading.Thread(target=context.run, args=(self._run,), daemon=True, name="kansym-job")
            self._thread.start()
        else:
            self._go.release()

    def _handed(self) -> list[T]:
        self._running = False
        items, self._items = self._items, []
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        return items

    # -- in the thread of the job -------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            # What engines try on a table may be anything but finite, and is looked at afterwards.
            with clock.running(self._clock), provenance.keeping(self.book, anew=True), np.errstate(all="ignore"):
                for item in self._source():
                    self._items.append(item)
                    self._hand_over()
        except _ClosedError:
            pass
        except BaseException as error:
            self._error = error
        self.done = True
        self._back.release()

    def _pause(self) -> None:
        # What is called with a time limit runs in another thread, and ends before this one goes on.
        if threading.current_thread() is self._thread:
            self._hand_over()

    def _hand_over(self) -> None:
        if self._closing:
            raise _ClosedError
        self._back.release()
        self._go.acquire()
        if self._closing:
            raise _ClosedError
