"""Start worker processes in a clean environment and collect what they answer."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

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
    """Results of one worker's jobs as they arrive; see `kansym.benchmark.worker.serve` for the request.

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
            [sys.executable, "-m", "kansym.benchmark.worker"],
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
