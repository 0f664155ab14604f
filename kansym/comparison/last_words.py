"""Why a process ended, in one line: its signal or exit code, and what it said of an error."""

import re
import signal
from collections.abc import Sequence

# An error as Julia, Python, C++ and shells begin to tell of one. Julia frames a message in ┌ │ └, of which the first
# line alone says what it is; "└ @ Module file:line" ends warnings as well.
_ERROR = re.compile(
    r"(?:┌\s*)?"
    r"(?:error\b|fatal\b|panic\b|assertion failed|terminate called|out of memory|segmentation fault"
    r"|(?:\w+\.)*\w*(?:Error|Exception)\b|\[\d+\] signal\b)",
    re.IGNORECASE,
)


def why_it_ended(code: int | None, lines: Sequence[str]) -> str:
    """The signal or the exit code of a process, and the last error that it wrote.

    Warnings and whatever else a tool says while it runs are no reason: a process that was killed from outside says
    nothing about it, and its last line is about something else.

    Parameters
    ----------
    code : int or None
        Of `subprocess.Popen.returncode`; None where it is not known.
    lines : sequence of str
        What it wrote to standard error, without blanks at the ends.
    """
    how = "ended without an answer"
    if code is not None and code < 0:
        # Those of real time have numbers and no names.
        name = next((one.name for one in signal.Signals if one == -code), f"signal {-code}")
        how = f"was killed by {name}"
    elif code:
        how = f"ended with exit code {code}"
    error = next((line for line in reversed(lines) if _ERROR.match(line)), "")
    return f"{how}: {error}" if error else how
