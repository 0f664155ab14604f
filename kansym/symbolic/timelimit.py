"""A time limit for pure Python code that works in any thread."""

import ctypes
import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


class _Expired(BaseException):
    """Raised inside the worker. Not an Exception, so that ``except Exception`` in the called code lets it through."""


class TimeLimitError(TimeoutError):
    """The call did not finish within its limit."""


def call_with_limit(function: Callable[[], Result], seconds: float, *, grace: float = 0.2) -> Result:
    """Call ``function()`` and give up after a time limit.

    The call runs in a thread of its own. At the limit that thread is sent an asynchronous exception, again and
    again until it ends or `grace` has passed; signals would work in the main thread only. A call stuck in one long
    step of C code cannot be stopped that way: it is left behind as a daemon thread.

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
    """
    results: list[Result] = []
    errors: list[BaseException] = []
    finished = threading.Event()

    def work() -> None:
        try:
            results.append(function())
        except _Expired:
            pass
        except BaseException as error:
            errors.append(error)
        finally:
            finished.set()

    thread = threading.Thread(target=_quietly, args=(work,), daemon=True, name="kansym-time-limit")
    thread.start()
    if not finished.wait(max(seconds, 0.0)):
        for _ in range(10):
            if finished.is_set() or thread.ident is None:
                break
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(_Expired))
            finished.wait(grace / 10)
    if errors:
        raise errors[0]
    if results:
        return results[0]
    raise TimeLimitError(f"the call did not finish within {seconds} s")


def _quietly(work: Callable[[], None]) -> None:
    # The exception may arrive after the work's own handler has ended; it must not reach threading's excepthook.
    try:
        work()
    except _Expired:
        return
