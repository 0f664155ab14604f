"""Run PySR itself, where it and Julia are there, on everything that the pages say of it, and write a record::

    python -m benchmarks.pysr                             # some minutes for each check, and an hour for the laws
    python -m benchmarks.pysr --laws 0                    # without the laws
    python -m benchmarks.pysr --read runs/pysr/record.json
    python -m benchmarks.pysr --keep                      # and its headline figures for the table of the pages

Where PySR or Julia is missing, it says so in one line and ends with exit code 0; nothing is fetched.
"""

import datetime
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter, validators

from benchmarks.machine import describe
from benchmarks.pysr.record import Results, read_record, write_record
from benchmarks.pysr.tables import GUESS_TABLE, TABLES, digest, guess_table, law_names, law_problem, law_table
from benchmarks.table import commit_of
from benchmarks.table import keep as keep_figures
from kansym.comparison.hall_of_fame import FILE
from kansym.comparison.peers import is_installed, peer_named
from kansym.comparison.process import MissingPeerError, PeerProcess, environment
from kansym.comparison.request import PeerError, Request
from kansym.comparison.workers.pysr import RUN
from kansym.data.dataset import Dataset
from kansym.data.weights import row_weights
from kansym.errors import KansymError
from kansym.export.pysr_guess import pysr_guess
from kansym.primitives import default_library
from kansym.search.discovery import discover
from kansym.search.options import DiscoveryOptions
from kansym.symbolic.parser import parse_expression

app = App(name="python -m benchmarks.pysr", help="PySR itself beside kansym.", version_flags=[])

GUESS = "x0**2 + 2.5382*cos(x3) - 0.5"

OFFLINE = "PYTHON_JULIAPKG_OFFLINE"
"""Set so that Julia and its packages are used where they are, and not fetched."""


@app.default
def main(
    *,
    laws: Annotated[int, Parameter(validator=validators.Number(gte=0))] = 25,
    seconds: Annotated[float, Parameter(validator=validators.Number(gt=0))] = 30.0,
    law_seconds: Annotated[float, Parameter(validator=validators.Number(gt=0))] = 60.0,
    out: Path = Path("runs/pysr/record.json"),
    read: Path | None = None,
    keep: bool = False,
) -> int:
    """Run every check and write a record, or read one.

    Parameters
    ----------
    laws
        How many of the drawn laws both tools search.
    seconds
        Of a check; a worker is killed after 12 s of at least 30.
    law_seconds
        For each tool on each law.
    out
        The record.
    read
        A record to read; nothing is run then.
    keep
        Keep the headline figures in benchmarks/results, for the table of the pages.
    """
    if read is None:
        try:
            record = run(laws, seconds, law_seconds)
        except MissingPeerError as error:
            print(f"skipped: {error}")
            return 0
        write_record(out, record)
        print(f"record: {out}")
    results = read_record(read or out)
    print("\n".join(lines(results)))
    if keep:
        keep_figures("pysr", "PySR itself", results.figures)
    return 0 if all(one.passed is not False for one in results.outcomes) else 1


def lines(results: Results) -> list[str]:
    """What came of a run, in lines."""
    words = {True: "works", False: "FAILS", None: "lacking"}
    told = [f"{words[one.passed]:<8}{one.name}: {one.words}" for one in results.outcomes]
    return [*(f"{name}: {value}" for name, value in results.figures.items() if not name.startswith("works")), *told]


def run(laws: int, seconds: float, law_seconds: float) -> dict[str, Any]:
    """Everything, as a record.

    Raises
    ------
    MissingPeerError
        If PySR or Julia is not there.
    """
    os.environ.setdefault(OFFLINE, "yes")
    peer = peer_named("pysr")
    if reason := _missing():
        raise MissingPeerError(reason)
    record: dict[str, Any] = {
        "commit": commit_of(),
        "machine": describe(),
        "settings": {"laws": laws, "seconds": seconds, "law_seconds": law_seconds},
        "started": _now(),
        "searches": {},
        "laws": {},
    }
    for name, table in TABLES.items():
        print(f"{table.title} ...", flush=True)
        # Each in a process of its own: one of them is killed, and each start is to be told.
        with PeerProcess(peer) as process:
            budget = seconds if table.killed_after is None else max(seconds, 30.0)
            record["searches"][name] = _search(process, table.make(), budget, killed_after=table.killed_after)
    print("a guess of kansym's ...", flush=True)
    guessed = _guess()
    record["versions"] = {name: guessed.pop(name) for name in ("pysr", "julia", "backend")}
    record[GUESS_TABLE] = guessed
    with PeerProcess(peer) as process:
        for name in law_names(laws):
            dataset = law_table(law_problem(name))
            print(f"law {name} ...", flush=True)
            found = _search(process, dataset, law_seconds)
            own = discover(dataset, DiscoveryOptions(max_seconds=law_seconds, device="cpu"))
            record["laws"][name] = found | {"kansym": own.formula.text(17), "kansym_seconds": own.seconds}
    return record | {"ended": _now()}


def _missing() -> str:
    """Why PySR cannot run here, in one line; empty where it can."""
    peer = peer_named("pysr")
    if not is_installed(peer):
        return f"not installed: {peer.install}"
    probe = "from kansym.comparison.workers.pysr_start import import_pysr; import_pysr(lambda text: None)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, env=environment())
    last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    return last.removeprefix("ImportError: ") if done.returncode else ""


def _search(
    process: PeerProcess, dataset: Dataset, seconds: float, *, killed_after: float | None = None
) -> dict[str, Any]:
    """One search in a worker, and what it left in its folder."""
    with tempfile.TemporaryDirectory(prefix="kansym-pysr-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        request = Request(
            dataset.X, dataset.y, row_weights(dataset), dataset.X, dataset.units, dataset.y_units,
            tuple(default_library()), seconds, 0, folder,
        )  # fmt: skip
        timer: threading.Timer | None = None

        def told(text: str) -> None:
            nonlocal timer
            print(f"  {text}", flush=True)
            # The worker says so where its search begins.
            if text == "searching" and killed_after is not None and process.pid is not None and timer is None:
                timer = threading.Timer(killed_after, os.kill, (process.pid, signal.SIGKILL))
                timer.start()

        try:
            answer = process.ask(request, told)
        finally:
            if timer is not None:
                timer.cancel()
        return {
            "table": digest(dataset),
            "budget": seconds,
            "seconds": answer.seconds,
            "start_up": answer.start_up,
            "peak_memory": answer.peak_memory,
            "remark": answer.remark,
            "killed_after": killed_after,
            "hall": (folder / RUN / FILE).read_text(encoding="utf-8"),
        }


def _guess() -> dict[str, Any]:
    """A short search of PySR's from a guess that kansym has written, and the versions of everything."""
    dataset = guess_table()
    guess = pysr_guess(parse_expression(GUESS, dataset.names), dataset.names)
    with tempfile.TemporaryDirectory(prefix="kansym-pysr-", ignore_cleanup_errors=True) as folder:
        asked = {
            "X": dataset.X.tolist(), "y": dataset.y.tolist(), "names": list(guess.names), "guess": guess.text,
            "binary_operators": list(guess.binary_operators), "unary_operators": list(guess.unary_operators),
            "folder": folder,
        }  # fmt: skip
        command = [sys.executable, "-m", "benchmarks.pysr.guesses"]
        root = str(Path(__file__).parents[2])
        paths = os.pathsep.join((environment()["PYTHONPATH"], root))
        done = subprocess.run(
            command, input=json.dumps(asked), capture_output=True, text=True, env=environment() | {"PYTHONPATH": paths}
        )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason"])[-1]
        raise PeerError(f"the search from a guess ended with exit code {done.returncode}: {last}")
    found = json.loads(done.stdout)
    return found | {"table": digest(dataset), "guess": guess.text, "names": list(guess.names)}


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


if __name__ == "__main__":
    try:
        sys.exit(app())
    except KansymError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
