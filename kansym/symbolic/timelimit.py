"""A limit of time and memory for pure Python code that works in any thread."""

import contextlib
import ctypes
import gc
import mmap
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import copy_context
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

Result = TypeVar("Result")

_STATM = Path("/proc/self/statm")

AGAIN = 0.02
"""Seconds until an interruption that had no effect is repeated: the called code may have caught it."""

NESTING_SECONDS = 5.0
"""Limit for giving symbols their signs in an expression: sympy asks every level of nested fractions for its
sign, which takes time that grows exponentially."""

MOST_MEMORY = 2e9
"""Bytes that a call may take: an expression that algebra blows up takes them sooner than its time."""

SOON = 0.1
"""Seconds between two looks at the memory."""

LOOK = 0.001
"""Seconds between two looks at a thread that must not be interrupted where it is, and those after which a call is no
short one."""


_WEAK = {"_weakrefset", "weakref", "torch.utils.weak"}
"""Modules with containers of weak references, whose callbacks run wherever something dies."""

_IMPORTING = {"importlib._bootstrap", "_frozen_importlib"}
"""Names of the module that imports others: cut short, it leaves half a module or keeps its lock for ever."""


class _Expired(BaseException):
    """Raised inside the worker. Not an Exception, so that ``except Exception`` in the called code lets it through."""


class TimeLimitError(TimeoutError):
    """The call did not finish within its limits."""


class MemoryLimitError(TimeLimitError):
    """The call took more memory than it may."""


def call_with_limit(function: Callable[[], Result], seconds: float, *, grace: float = 0.2) -> Result:
    """Call ``function()`` and give up after a time limit, or where it takes `MOST_MEMORY`.

    The call runs in a thread of its own. At the limit that thread is sent an asynchronous exception, again and
    again until it ends or `grace` has passed; signals would work in the main thread only. Imports of modules,
    finalizers, callbacks of weak references and of the garbage collector are let finish first. A call stuck in one long step of C code cannot
    be stopped that way: it is left behind as a daemon thread. The call is stopped, too, when the caller is interrupted
    while it waits.

    Parameters
    ----------
    function : callable without arguments
        Must not hold locks or leave shared state half-changed when interrupted.
    seconds : float
        The limit.
    grace : float, default 0.2
        Seconds to wait for the thread to end after the limit.

    Raises
    ------
    TimeLimitError
        If the limit passed. Exceptions of `function` are passed on.
    MemoryLimitError
        If the process has grown by `MOST_MEMORY` meanwhile; only where the system tells its size (Linux).
    """
    # The clock of a search is that of the caller's context.
    call = _Call(partial(copy_context().run, function))
    threading.Thread(target=call.run, daemon=True, name="kansym-time-limit").start()
    try:
        _wait(call.finished, max(seconds, 0.0))
    finally:
        call.stop(grace)
    if call.error is not None:
        raise call.error
    if call.results:
        return call.results[0]
    raise TimeLimitError(f"the call did not finish within {seconds} s")


def _wait(finished: threading.Event, seconds: float) -> None:
    until = time.monotonic() + seconds
    # Nearly all calls end at once, and what they take need not be known.
    if finished.wait(min(LOOK, seconds)):
        return
    before = _resident()
    while not finished.wait(min(SOON, max(until - time.monotonic(), 0.0))):
        if _resident() - before > MOST_MEMORY:
            raise MemoryLimitError(f"the call took more than {MOST_MEMORY:.2g} bytes")
        if time.monotonic() >= until:
            return


def _resident() -> int:
    """Bytes of memory that the process has; 0 where the system does not say."""
    try:
        return int(_STATM.read_text().split()[1]) * mmap.PAGESIZE
    except (OSError, ValueError, IndexError):
        return 0


class _Call:
    """One call: `run` in the worker, the rest in the thread that waits for it."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self.results: list[Any] = []
        self.error: BaseException | None = None
        self.finished = threading.Event()
        self._function = function
        self._worker: int | None = None
        self._sent = False
        self._gate = threading.Lock()

    def run(self) -> None:
        # `_interrupt` sends nothing once `function` has returned, so at most one interruption is still on its way
        # then. It may arrive at any later step, and one of these handlers takes it.
        try:
            try:
                self._worker = threading.get_ident()
                self.results.append(self._function())
            except _Expired:
                pass
            except BaseException as error:
                self.error = error
        except _Expired:
            pass
        try:
            self._close()
        except _Expired:
            self._close()

    def _close(self) -> None:
        """From here on nothing is sent, and what was sent and has not arrived is taken."""
        with self._gate:
            worker, self._worker = self._worker, None
            if worker is not None and self._sent:
                _take(worker)
        self.finished.set()

    def stop(self, grace: float) -> None:
        """Interrupt the worker until it has ended, or `grace` seconds have passed."""
        if self.finished.is_set():
            return
        with interruptions_unreported():
            deadline = time.monotonic() + grace
            while not self.finished.is_set() and time.monotonic() < deadline:
                if self._imports():
                    deadline = time.monotonic() + grace
                self.finished.wait(AGAIN if self._interrupt() else LOOK)

    def _imports(self) -> bool:
        """Whether a module is being imported: that ends, and the call can be stopped then."""
        with self._gate:
            frame = None if self._worker is None else sys._current_frames().get(self._worker)
            last = _last_callback(frame)
            return last is not None and last.f_globals.get("__name__") in _IMPORTING

    def _interrupt(self) -> bool:
        """Send the exception if the worker is at a place where it can be raised; whether it was sent."""
        with self._gate:
            # The worker waits for the interpreter while its frames are looked at, and goes on from the same place.
            worker = self._worker
            if worker is None or not _may_be_interrupted(sys._current_frames().get(worker)):
                return False
            self._sent = True
            raise_in(worker, _Expired)
            return True


def raise_in(thread: int, kind: type[BaseException]) -> None:
    """Raise an exception in a thread as soon as it runs Python code; one that has not arrived yet is replaced."""
    _kinds.add(kind)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(kind))


def _take(thread: int) -> None:
    """Let the last `_Expired` of this thread arrive.

    It could also be called back, by sending NULL. But until Python 3.13 the interpreter then believes for ever that one
    is on its way: it looks at every call and every turn of a loop, which slows down all Python code by half, and with a
    trace function (a debugger, coverage, hypothesis) it looks without end.
    """
    try:
        raise_in(thread, _Expired)
        while True:
            pass
    except _Expired:
        pass


def _may_be_interrupted(frame: FrameType | None) -> bool:
    """Whether the innermost frame of a thread is one of the called function, outside imports, finalizers and callbacks.

    What is raised in a finalizer does not end the call: Python reports it and goes on, with the finalizer cut short.
    """
    if frame is None or frame.f_code is _Call.run.__code__:
        return False
    last = _last_callback(frame)
    return last is not None and last.f_code is _Call.run.__code__


def between_callbacks(thread: int) -> bool:
    """Whether a thread imports nothing and runs no finalizer or callback, where an exception would only be reported."""
    frame = sys._current_frames().get(thread)
    return frame is not None and _last_callback(frame) is None


def _last_callback(frame: FrameType | None) -> FrameType | None:
    """The innermost frame of an import, a finalizer, a callback, or a call with a limit."""
    kept = _WEAK | _IMPORTING
    callbacks = {getattr(one, "__code__", None) for one in (*gc.callbacks, _without_interruptions)}
    while frame is not None:
        code, module = frame.f_code, frame.f_globals.get("__name__")
        if code is _Call.run.__code__ or code.co_name == "__del__" or module in kept or code in callbacks:
            return frame
        frame = frame.f_back
    return None


# -- generators that are closed, and callbacks that nobody knows of ---------------------------------------------------

_kinds: set[type[BaseException]] = set()
"""What has been raised in other threads."""

_reporting = threading.Lock()
_stopping = 0
_previous_hook: Callable[[Any], Any] = sys.unraisablehook


def _without_interruptions(unraisable: Any) -> None:
    if unraisable.exc_type not in _kinds:
        _previous_hook(unraisable)


@contextlib.contextmanager
def interruptions_unreported() -> Iterator[None]:
    """No report of an interruption that was raised where Python can only ignore it; the next one ends the call."""
    global _stopping, _previous_hook
    with _reporting:
        if _stopping == 0:
            _previous_hook, sys.unraisablehook = sys.unraisablehook, _without_interruptions
        _stopping += 1
    try:
        yield
    finally:
        with _reporting:
            _stopping -= 1
            if _stopping == 0 and sys.unraisablehook is _without_interruptions:
                sys.unraisablehook = _previous_hook
