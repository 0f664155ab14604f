"""Starting PySR, which starts Julia: the environment, what is said meanwhile, and what is missing where it fails."""

import contextlib
import http.client
import importlib
import io
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import warnings
from collections.abc import Callable, Iterator
from types import ModuleType

from kansym.comparison.request import Progress

ENVIRONMENT = {
    # Without it Ctrl-C and threads of Julia's can end in a segmentation fault, and PySR does not stop in good order.
    "PYTHON_JULIACALL_HANDLE_SIGNALS": "yes",
    "PYTHON_JULIACALL_THREADS": "1",
    "PYTHON_JULIACALL_AUTOLOAD_IPYTHON_EXTENSION": "no",
    # Else the garbage collector takes a second core.
    "JULIA_NUM_GC_THREADS": "1",
}
"""Set before the import: one thread, as every peer has. Where Julia is and which project it uses is the user's."""

SILENCE = 60.0
"""Seconds without a byte after which fetching Julia is given up; a network that swallows everything never answers."""

FIRST_START = "python -c 'import pysr'"

_JULIA = "install Julia 1.10.3 or newer (https://julialang.org/install), so that `julia` is found"


def import_pysr(progress: Progress) -> ModuleType:
    """The package ``pysr``. The first import in a process starts Julia, the first of all fetches it.

    Raises
    ------
    ImportError
        If PySR, Julia or its packages are missing; the message is one line that says how to get them.
    """
    if "pysr" in sys.modules:
        return sys.modules["pysr"]
    os.environ.update(ENVIRONMENT)
    _own_standard_input()
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(SILENCE)
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(_Lines(progress)),
            telling(progress, lambda seconds: f"starting Julia, {seconds:.0f} s", every=15.0),
        ):
            warnings.simplefilter("ignore")
            return importlib.import_module("pysr")
    except Exception as error:
        raise ImportError(missing(error)) from error
    finally:
        socket.setdefaulttimeout(before)
        for descriptor in (1, 2):
            # Julia makes pipes that do not wait; Python's print fails on them where the reader is slow.
            with contextlib.suppress(OSError):
                os.set_blocking(descriptor, True)


def missing(error: Exception) -> str:
    """In one line, what is missing for PySR and how to get it, from what its import raised."""
    if isinstance(error, ModuleNotFoundError):
        if error.name == "pysr":
            return f"PySR is not installed: pip install 'pysr>=1.5,<3', then once {FIRST_START}, which fetches Julia"
        return f"PySR needs the package {error.name!r}: pip install --upgrade pysr"
    cause = _cause(error)
    network = (urllib.error.URLError, TimeoutError, ConnectionError, http.client.HTTPException)
    if isinstance(error, network):
        return f"PySR needs Julia, which is not there and cannot be fetched ({cause}): {_JULIA}, or go online once"
    if isinstance(error, subprocess.CalledProcessError):
        return (
            "Julia is there, but its packages for PySR could not be installed (no network?): "
            f"go online once and run {FIRST_START} ({cause})"
        )
    if type(error).__name__ == "JuliaError" or "PythonCall.jl did not start" in str(error):
        return f"Julia is there, but its packages for PySR do not load: run {FIRST_START} to see why ({cause})"
    words = str(error)
    if "could not find Julia" in words or "compatible with" in words or "no installable Julia" in words:
        return f"PySR needs Julia, of which no version that it can use is there ({cause}): {_JULIA}"
    return f"PySR could not start Julia: run {FIRST_START} to see why ({cause})"


@contextlib.contextmanager
def telling(progress: Progress, text: Callable[[float], str], every: float) -> Iterator[None]:
    """Report ``text(seconds since the beginning)`` now and then, where it is not empty or what it was.

    Julia lets Python's threads run while it searches, but not while it compiles.
    """
    ended = threading.Event()
    began = time.monotonic()

    def report() -> None:
        last = ""
        while not ended.wait(every):
            words = text(time.monotonic() - began)
            if words and words != last:
                progress(words)
            last = words

    thread = threading.Thread(target=report, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


class _Lines(io.TextIOBase):
    """A standard output whose lines are reported: what is being fetched, and how much of it."""

    def __init__(self, progress: Progress) -> None:
        self.progress, self.begun = progress, ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self.begun = (self.begun + text).split("\n")
        for line in lines:
            words = " ".join(line.replace("[juliapkg]", "").split())
            # Scripts that are run are listed with a bar before each line.
            if words and not words.startswith(("|", "Found dependencies")):
                self.progress(words)
        return len(text)


def _own_standard_input() -> None:
    """Keep requests from Julia: it opens descriptor 0 and makes it one that does not wait.

    A pipe that does not wait looks to Python as if it had ended, and so would the worker.
    """
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    sys.stdin = requests


def _cause(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        return f"exit code {error.returncode}"
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words[:120]}" if words else type(error).__name__
