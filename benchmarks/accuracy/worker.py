"""One tool's trainings in a process of its own, on one core: a job as a line of JSON in, its trace as a line out.

What a tool prints goes nowhere, and what it seeds or sets globally ends with the process.
"""

import contextlib
import importlib
import json
import os
import sys
from typing import Any


def pin() -> None:
    """Keep to one core, before a library counts them."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def answer(tool: str, request: dict[str, Any]) -> dict[str, Any]:
    """The trace of a job, the tool's variants where none is named, or why there is neither."""
    import torch

    from benchmarks.accuracy.trace import Job, TimeIsUpError, Trace

    torch.set_num_threads(1)
    try:
        side = importlib.import_module(f"benchmarks.accuracy.{tool}_side")
        if not request:
            # A small job that nobody counts, for what a library does once.
            warm = Job("product", 0, (2, 1, 1), side.VARIANTS[0], 0.3)
            with contextlib.suppress(TimeIsUpError):
                side.train(warm, Trace(warm.rows, warm.seconds))
            return {"variants": side.VARIANTS}
        job = Job(**{**request, "shape": tuple(request["shape"])})
        trace = Trace(job.rows, job.seconds)
        with contextlib.suppress(TimeIsUpError):
            side.train(job, trace)
    except Exception as error:
        return {"failed": f"{type(error).__name__}: {error}"}
    if not trace.entries:
        return {"failed": "no finite output"}
    return {"entries": trace.entries}


if __name__ == "__main__":
    pin()
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        for line in sys.stdin:
            asked = json.loads(line)
            print(json.dumps(answer(asked.pop("tool"), asked)), file=sys.__stdout__, flush=True)
