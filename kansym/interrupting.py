"""Ctrl-C while a search runs: the first ends it with what it has; a second one, then or soon after, ends everything."""

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

SOON = 2.0
"""Seconds after an interrupted search within which Ctrl-C in the next one counts as the second: a loop over tables
ends with two quick presses, and one press alone goes on with the next table."""

AGAIN = "a second Ctrl-C raises KeyboardInterrupt"
"""What is said about it."""


class Abandoned(KeyboardInterrupt):
    """The second Ctrl-C: what has been found is not wanted either."""


class _Presses:
    """When Ctrl-C last ended a search, or was pressed in one."""

    last = -math.inf


@dataclass
class Press:
    """Whether Ctrl-C ended a block."""

    came: bool = False


@contextmanager
def first_press() -> Iterator[Press]:
    """Within it Ctrl-C ends the block and is noted, so that what has been found is kept; not `Abandoned`."""
    press = Press()
    try:
        yield press
    except Abandoned:
        raise
    except KeyboardInterrupt:
        press.came = True


@contextmanager
def two_presses() -> Iterator[None]:
    """Within it Ctrl-C raises KeyboardInterrupt, which a search may turn into a result, and the next time `Abandoned`.

    Where Ctrl-C is handled by someone else, and in threads that get no signals, nothing is changed.
    """
    own = threading.current_thread() is threading.main_thread()
    if not own or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    pressed = False

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        second = pressed or time.monotonic() - _Presses.last < SOON
        pressed = True
        raise Abandoned if second else KeyboardInterrupt

    try:
        signal.signal(signal.SIGINT, handle)
        yield
    except Abandoned:
        # The plain kind, of which the interpreter makes the exit code 130.
        raise KeyboardInterrupt from None
    finally:
        if signal.getsignal(signal.SIGINT) is handle:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        if pressed:
            _Presses.last = time.monotonic()
