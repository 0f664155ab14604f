"""One tool's jobs in a process of its own: a JSON request on standard input, one JSON line per result.

Whatever the tool prints goes nowhere; what it seeds or sets globally ends with the process.
"""

import contextlib
import importlib
import json
import os
import sys
from typing import Any, TextIO


def serve(request: dict[str, Any], answers: TextIO) -> None:
    """Do all jobs of a request.

    Parameters
    ----------
    request : dict
        "tool" ("kansym" or "pykan"), "dtype" ("float64" or "float32"), "threads", and "jobs", each with a "kind"
        ("training" or "matching") and the settings that the tool's function of that name reads.
    answers : text stream
        Receives one JSON object per job, or ``{"missing": ...}`` if the tool cannot be imported.
    """
    import torch

    torch.set_num_threads(request["threads"])
    try:
        side = importlib.import_module(f"kansym.benchmark.{request['tool']}_side")
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
