"""The process of a command: when it was made, and how it is left."""

import atexit
import gc
import os
import sys
import threading
import time
from typing import NoReturn

_kept_away = threading.Event()

LONGEST_START = 600.0
"""Seconds since a process was made beyond which the system's answer is not believed."""


def process_began() -> float:
    """`time.monotonic` value at which this process was made.

    Linux says it; elsewhere the processor time of the process stands for it, which it has spent on imports.
    """
    now, least = time.monotonic(), time.process_time()
    try:
        # The name of the command, in parentheses, may hold anything; ticks since boot are the 22nd field.
        with open("/proc/self/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, ValueError, IndexError):
        return now - least
    # A tick is a hundredth of a second.
    return now - age if least - 0.05 <= age <= LONGEST_START else now - least


def import_without_collecting() -> None:
    """Keep the collector of cyclic garbage away from what a process imports.

    It goes through all objects that there are a dozen times while modules are imported, a seventh of the time until a
    search begins, and finds nothing: modules stay.
    """
    gc.disable()
    _kept_away.set()


def collect_from_now_on() -> None:
    """Give the collector only what comes after this, where `import_without_collecting` kept it away."""
    if _kept_away.is_set():
        _kept_away.clear()
        gc.freeze()
        gc.enable()


def leave(code: int) -> NoReturn:
    """End the process with an exit code, at once where nothing is left to do.

    What was registered for the end of the process is done, and streams are flushed. Left out is what the interpreter
    does then: it takes all modules apart, which after torch takes a second. Where threads or processes are still at
    work, or a profiler or debugger looks on, it is left to the interpreter.
    """
    if _at_work() or not hasattr(atexit, "_run_exitfuncs"):
        sys.exit(code)
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        # Whoever read it has gone, or the disk is full.
        except (OSError, ValueError):
            code = code or 1
    os._exit(code)


def _at_work() -> bool:
    """Whether something goes on beside the main thread, or looks at it."""
    if any(thread is not threading.main_thread() and not thread.daemon for thread in threading.enumerate()):
        return True
    processes = sys.modules.get("multiprocessing")
    watched = sys.gettrace() is not None or sys.getprofile() is not None
    return watched or (processes is not None and bool(processes.active_children()))
