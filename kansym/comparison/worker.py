"""The side of a peer's process: requests come on standard input, one JSON line each; answers leave the same way.

What the tool itself prints goes to standard error, which the parent drains: nothing that it says can be taken for an
answer, however much it is.
"""

import argparse
import importlib
import json
import math
import os
import sys
import time
from dataclasses import replace
from typing import IO, Any

from kansym.comparison.memory import peak_memory
from kansym.comparison.request import Request


def main() -> int:
    """Serve requests with the worker module that is named, until standard input ends."""
    parser = argparse.ArgumentParser(description="A peer's process; started by kansym.comparison.process.")
    parser.add_argument("module", help="with search, and what else kansym.comparison.peers.Peer names")
    name = parser.parse_args().module
    # Requests and answers have descriptors of their own. From now on descriptor 1 is standard error and 0 is empty, for
    # C and Julia code as well: what a tool prints is no answer, and what it reads is no request.
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)

    def report(text: str) -> None:
        _send(channel, "progress", {"text": str(text)[:500]})

    start = time.perf_counter()
    try:
        module = importlib.import_module(name)
        getattr(module, "prepare", lambda progress: None)(report)
    except Exception as error:
        _fail(channel, error)
        return 1
    _send(channel, "ready", {"start_up": time.perf_counter() - start})
    for line in requests:
        try:
            request = Request.read(json.loads(line))
            start = time.perf_counter()
            # What is compiled for this table alone is no part of the search either.
            getattr(module, "warm_up", lambda request, progress: None)(request, report)
            _send(channel, "searching", {"start_up": time.perf_counter() - start})
            answer = module.search(request, report)
            _send(channel, "answer", replace(answer, peak_memory=peak_memory()).write())
        except Exception as error:
            _fail(channel, error)
    return 0


def _fail(channel: IO[str], error: Exception) -> None:
    missing = isinstance(error, ImportError)
    reason = " ".join(str(error).split()) if missing else reason_of(error)
    _send(channel, "failed", {"missing": missing, "reason": reason})


def reason_of(error: BaseException) -> str:
    """An exception in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:400]}" if text else type(error).__name__


def _send(channel: IO[str], kind: str, content: dict[str, Any]) -> None:
    channel.write(json.dumps({"kind": kind, **_finite(content)}) + "\n")
    channel.flush()


def _finite(value: Any) -> Any:
    """Numbers that JSON lacks as None."""
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


if __name__ == "__main__":
    sys.exit(main())
