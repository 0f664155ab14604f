"""A peer that misbehaves as the environment variable FAULT says."""

import os
import signal
import sys
import time
from pathlib import Path

from kansym.comparison.request import Answer, PeerFormula

FAULT = os.environ.get("FAULT", "")


def prepare(progress):
    if FAULT == "missing":
        raise ImportError("no module named faulty; pip install faulty")
    if FAULT == "slow start":
        time.sleep(600)
    if FAULT.startswith("late start"):
        progress("starting Julia")
        time.sleep(2.5)
    progress("ready in a moment")


def warm_up(request, progress):
    if FAULT.startswith("late start"):
        progress("compiling for this table")
        time.sleep(2.5)
        if FAULT.endswith("killed"):
            os.kill(os.getpid(), signal.SIGKILL)


def search(request, progress):
    progress("at work")
    if FAULT == "crash":
        raise ValueError("the population died out\nover two lines")
    if FAULT == "exit":
        sys.stderr.write("fatal: out of luck\n")
        sys.stderr.flush()
        os._exit(7)
    if FAULT == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if FAULT == "killed":
        sys.stderr.write("┌ Warning: cos is defined already\n└ @ DynamicExpressions Construction.jl:309\n")
        sys.stderr.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    if FAULT == "hang":
        time.sleep(600)
    if FAULT == "hang with results":
        (request.folder / "left.txt").write_text("x0 + 1")
        time.sleep(600)
    if FAULT == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(600)
    if FAULT == "nothing":
        return Answer()
    if FAULT == "nan":
        return Answer((PeerFormula("nan"),))
    if FAULT == "nan values":
        return Answer((PeerFormula("log(x0 - 1e6)"),))
    if FAULT == "nan predictions":
        return Answer(predictions=[float("nan")] * len(request.points))
    if FAULT == "few predictions":
        return Answer(predictions=[1.0])
    if FAULT == "garbage":
        return Answer((PeerFormula("__import__('os').system('true')"),))
    if FAULT == "million lines":
        for number in range(1_000_000):
            sys.stdout.write(f'{{"kind": "answer", "line": {number}}}\n')
        os.write(1, b"and by the descriptor\n")
    if FAULT == "child":
        # A process of the peer's own, which must not outlive it.
        import subprocess

        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        Path(os.environ["CHILD"]).write_text(str(child.pid))
        time.sleep(600)
    names = request.names
    return Answer(
        (PeerFormula("1.5", 1, 3.0), PeerFormula(f"2.0*{names[0]} + 1.0", 5, 0.0)), pick=1, seconds=0.01, version="1.2"
    )


def salvage(folder):
    left = folder / "left.txt"
    return [PeerFormula(left.read_text())] if left.exists() else []
