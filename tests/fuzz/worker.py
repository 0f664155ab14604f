"""One case of `tests.fuzz`: make the file, call the command in this process, judge what it did."""

import json
import os
import resource
import shutil
import sys
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from tests.fuzz.files import RandomFile, random_file
from tests.fuzz.options import CommandLine, random_command

GRACE = 6.0
"""Seconds beyond the budget and a tenth of it, for reading the table, the last step and the report.

Tables have up to a hundred thousand rows; reading one, the least that a search does and the tests of the residuals then
take four to six seconds of a core that is not idle, whatever the budget.
"""

MOST_MEMORY = 2 * 2**30
"""Bytes of resident memory."""


@dataclass
class Outcome:
    """What a case did.

    Attributes
    ----------
    number : int
    command : str
    kind : str
        Of the file.
    code : int or None
        Exit code; None if the process had to be ended.
    seconds : float
        The smaller of wall time and processor time: other programs may run beside.
    memory : int
        Bytes, at most.
    failure : str
        What is wrong, or empty.
    tokens : tuple of str
    message : str
        The beginning of standard error.
    """

    number: int
    command: str = ""
    kind: str = ""
    code: int | None = None
    seconds: float = 0.0
    memory: int = 0
    failure: str = ""
    tokens: tuple[str, ...] = field(default_factory=tuple)
    message: str = ""


def make_case(seed: int, number: int, folder: Path, run: Path) -> tuple[RandomFile, CommandLine]:
    """File and command line of a case; they depend on seed and number only, but for the saved run."""
    rng = np.random.default_rng([seed, number])
    file = random_file(rng, folder)
    return file, random_command(rng, file, folder, run)


def run_case(seed: int, number: int, folder: Path, run: Path) -> Outcome:
    """Run a case in an empty folder."""
    from kansym.cli import main

    with warnings.catch_warnings():
        # Files are odd on purpose: names that repeat, or that an old numpy could not read.
        warnings.simplefilter("ignore")
        file, line = make_case(seed, number, folder, run)
    outcome = Outcome(number, line.command, file.kind, tokens=line.tokens)
    _forget_peak()
    texts = [folder / ".stdout", folder / ".stderr"]
    wall, cpu = time.monotonic(), time.process_time()
    try:
        with _redirected(*texts), warnings.catch_warnings():
            # Every time and not once per place: the process lives for many cases.
            warnings.simplefilter("always")
            warnings.showwarning = _print_warning
            for silent in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
                warnings.simplefilter("ignore", silent)
            outcome.code = main(line.tokens)
    except BaseException:
        outcome.failure = f"raised: {traceback.format_exc(limit=-3)}"
    outcome.seconds = min(time.monotonic() - wall, time.process_time() - cpu)
    outcome.memory = _peak_memory()
    out, err = (text.read_bytes().decode("utf-8", "replace") for text in texts)
    outcome.message = err[:2000]
    outcome.failure = outcome.failure or _judge(outcome, line, file, out, err)
    return outcome


def _print_warning(message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: Any = None) -> None:
    sys.stderr.write(warnings.formatwarning(message, category, filename, lineno, line))


def _judge(outcome: Outcome, line: CommandLine, file: RandomFile, out: str, err: str) -> str:
    """What is wrong with an outcome, in words; empty if nothing is."""
    if outcome.code not in (0, 2):
        return f"exit code {outcome.code}: {err.strip()[-500:]}"
    if "Traceback" in err or "Warning" in err:
        return f"printed a warning: {err.strip()[:500]}"
    if outcome.seconds > 1.1 * line.seconds + GRACE:
        return f"took {outcome.seconds:.1f} s of {line.seconds:g} s"
    if outcome.memory > MOST_MEMORY:
        return f"took {outcome.memory / 2**20:.0f} MB of memory"
    if outcome.code == 2:
        # A search that is not quiet has said before what it does.
        lines = err.splitlines() if "--quiet" in line.tokens else err.splitlines()[-1:]
        if out or len(lines) != 1 or not lines[0].startswith("kansym: error: ") or len(err) > 2500:
            return f"exit code 2 without one clear line: {err[:300]!r}, and {len(out)} characters of output"
        return ""
    if not out.strip():
        return "exit code 0 and no output"
    return _wrong_result(line, file, out) if line.as_json and "--help" not in line.tokens else ""


def _wrong_result(line: CommandLine, file: RandomFile, out: str) -> str:
    """What is wrong with the JSON of a command."""

    def constant(name: str) -> Any:
        raise ValueError(f"{name} is not JSON")

    try:
        record = json.loads(out, parse_constant=constant)
    except ValueError as error:
        return f"invalid JSON: {error}"
    if line.command not in ("discover", "fit-constants") or not file.path.is_file():
        return ""
    from kansym.data.readers import read_table
    from kansym.symbolic.formula import Formula

    try:
        formula = Formula.from_dict(record["formula"])
        data = read_table(file.path, **line.options, columns=list(formula.variables), remove_constant=False)
    except Exception as error:
        return f"the formula cannot be read back: {type(error).__name__}: {error}"
    with np.errstate(all="ignore"):
        values = formula.predict(data.X)
    bad = int((~np.isfinite(values)).sum())
    return f"{formula} has no finite value on {bad} of {len(values)} rows" if bad else ""


@contextmanager
def _redirected(out: Path, err: Path) -> Iterator[None]:
    """Both streams of the process into files, what C code writes included."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(1), os.dup(2)]
    before = sys.stdout, sys.stderr
    try:
        for number, path in ((1, out), (2, err)):
            with path.open("wb") as stream:
                os.dup2(stream.fileno(), number)
        sys.stdout = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="strict")
        sys.stderr = os.fdopen(os.dup(2), "w", encoding="utf-8", errors="backslashreplace")
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.close()
        sys.stdout, sys.stderr = before
        for number, copy in zip((1, 2), kept, strict=True):
            os.dup2(copy, number)
            os.close(copy)


def _forget_peak() -> None:
    """Linux: measure the peak of the memory anew."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak_memory() -> int:
    try:
        status = Path("/proc/self/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        # The peak of the whole life of the process, in kilobytes (bytes on macOS).
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def work(connection: Connection, seed: int, home: Path) -> None:
    """Cases as the parent asks for them by number, until it sends None; `home` is an empty folder."""
    import torch

    from kansym.cli import main

    torch.set_num_threads(1)
    run, folder = home / "saved", home / "case"
    with _redirected(home / "out", home / "err"):
        main(["discover", "kepler", "--target", "period", "--seconds", "1", "--quiet", "--out", str(run)])
    if not (run / "formula.json").is_file():
        raise RuntimeError(f"no run to start with: {(home / 'err').read_text()}")
    connection.send("ready")
    while (number := connection.recv()) is not None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        connection.send(run_case(seed, number, folder, run))
