"""One tool's jobs in a process with a clean environment: a JSON request in, one line of JSON per result out.

Whatever the tool prints goes nowhere; what it seeds or sets globally ends with the process.
"""

import contextlib
import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

from kansym.errors import KansymError, MissingDependencyError

_KEPT = ("PATH", "HOME", "LD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMP", "VIRTUAL_ENV")

Run = Callable[[dict[str, Any]], Iterator[dict[str, Any]]]


class BenchmarkError(KansymError, RuntimeError):
    """A worker process ended without answering all its jobs; the message holds its last words."""


def environment(threads: int) -> dict[str, str]:
    """Variables of a worker: thread counts, no display, no CUDA, nothing of the user's Python settings."""
    count = str(threads)
    return {
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
        **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), count),
        "CUDA_VISIBLE_DEVICES": "",
        "MPLBACKEND": "Agg",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "PYTHONWARNINGS": "ignore",
    }


def run(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Results of one worker's jobs as they arrive; see `serve` for the request.

    Raises
    ------
    MissingDependencyError
        If the tool cannot be imported.
    BenchmarkError
        If the worker fails.
    """
    # A directory of its own, since pykan writes into the working directory.
    with tempfile.TemporaryDirectory() as folder, open(Path(folder) / "errors.txt", "w+") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.speed.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=folder,
            env=environment(request["threads"]),
        )
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(json.dumps(request))
            process.stdin.close()
            answered = 0
            for line in process.stdout:
                # Libraries below Python write there as well, such as MKL on a matrix that is not finite.
                if not line.startswith("{"):
                    continue
                answer = json.loads(line)
                if "missing" in answer:
                    raise MissingDependencyError(
                        f"The comparison needs {request['tool']}: {answer['missing']}; pip install 'kansym[bench]'"
                    )
                answered += 1
                yield answer
            process.wait()
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
        if answered < len(request["jobs"]):
            errors.seek(0)
            last = errors.read().strip().splitlines()[-1:] or ["no message"]
            raise BenchmarkError(
                f"the {request['tool']} worker ended after {answered} of {len(request['jobs'])} jobs: {last[0]}"
            )


def serve(request: dict[str, Any], answers: TextIO) -> None:
    """Do all jobs of a request.

    Parameters
    ----------
    request : dict
        "tool" ("kansym" or "pykan"), "dtype" ("float64" or "float32"), "threads", and "jobs", each with a "kind"
        (a function of the tool's module) and the settings that this function reads; "sides", the package of the tools'
        modules, which is this one by default.
    answers : text stream
        Receives one JSON object per job, or ``{"missing": ...}`` if the tool cannot be imported.
    """
    import torch

    torch.set_num_threads(request["threads"])
    try:
        side = importlib.import_module(f"{request.get('sides', 'benchmarks.speed')}.{request['tool']}_side")
    except ImportError as error:
        answers.write(json.dumps({"missing": str(error)}) + "\n")
        return
    if request["tool"] != "kansym":
        torch.set_default_dtype(getattr(torch, request["dtype"]))
    warm: set[str] = set()
    for job in request["jobs"]:
        if job["kind"] not in warm:
            side.warm_up(job)
            warm.add(job["kind"])
        result = getattr(side, job["kind"])(job)
        answers.write(json.dumps({"tool": request["tool"], "dtype": request["dtype"], **job, **result}) + "\n")
        answers.flush()


if __name__ == "__main__":
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        serve(json.load(sys.stdin), sys.__stdout__ or nowhere)
