"""One side of `python -m benchmarks.paired`: searches tables by one state of the project.

Run as a file, with the path of its kansym, so that states from before this benchmark can be measured as well: only the
public names of kansym are used, and what a state does not have is left out of its answers. Reads a table and a budget,
one JSON line each, and writes what was found.
"""

import importlib.util
import inspect
import json
import os
import sys
import time
from typing import Any

import numpy as np
import sympy
import torch

if importlib.util.find_spec("kansym.clock") is None:
    # Before there was a clock of work, time was that of the wall; here other work on the machine must not count.
    time.monotonic = time.perf_counter = time.process_time
    clock = None
else:
    from kansym import clock

import kansym


class Watch:
    """Notes when the best formula changed."""

    def __init__(self) -> None:
        self.start = time.process_time()
        self.changes: list[tuple[sympy.Expr, float, float]] = []

    def __call__(self, progress: Any) -> None:
        if progress.best is None:
            return
        formula = progress.best.expression
        if not self.changes or self.changes[-1][0] != formula:
            self.changes.append((formula, time.process_time() - self.start, work()))

    def first_seen(self, formula: sympy.Expr) -> tuple[float, float] | None:
        """Processor seconds and work when the formula was first the best; where it only got other digits, the last."""
        seen = [(cpu, at) for one, cpu, at in self.changes if one == formula]
        return seen[0] if seen else self.changes[-1][1:] if self.changes else None


def work() -> float:
    """Seconds of work so far; 0 for a state that does not count it."""
    return clock.now() if clock is not None else 0.0


def searched(
    X: list[list[float]],
    y: list[float],
    errors: list[float] | None,
    names: list[str],
    seconds: float,
    certify: bool,
    without: list[str],
    exact: bool = False,
) -> dict[str, Any]:
    """What a search of a table found, and the seconds of the processor that it took."""
    table = kansym.make_dataset(
        np.array(X), np.array(y), names=names, target="y", y_error=None if errors is None else np.array(errors)
    )
    known = inspect.signature(kansym.DiscoveryOptions).parameters
    wanted = {"max_seconds": seconds, "seed": 0, "device": "cpu", "deterministic": True, "exact": exact}
    options = {name: value for name, value in wanted.items() if name in known}
    options |= {name: False for name in without if name in known}
    watch = Watch()
    found = kansym.discover(table, kansym.DiscoveryOptions(**options), progress=watch)
    searching = time.process_time() - watch.start
    verdict = str(kansym.certify(found).verdict.kind) if certify else None
    seen = watch.first_seen(found.formula.expression)
    return {
        "formula": sympy.sstr(found.formula.expression, full_prec=True),
        "front": [sympy.sstr(one.expression, full_prec=True) for one in found.front],
        "cpu": time.process_time() - watch.start,
        "searching": searching,
        "work": max((at for _, _, at in watch.changes), default=0.0),
        "seen": None if seen is None else seen[0],
        "seen_work": None if seen is None else seen[1],
        "stopped": str(found.stopped),
        "verdict": verdict,
        "origin": _origin(found.formula),
    }


def _origin(formula: Any) -> str | None:
    origin = getattr(formula, "origin", None)
    return None if origin is None else str(origin)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """What was found, or why the search failed: one table that breaks a state must not end the run."""
    try:
        return searched(**request)
    except Exception as error:
        return {"failure": " ".join(f"{type(error).__name__}: {error}".split())[:500]}


if __name__ == "__main__":
    torch.set_num_threads(1)
    # Compiled libraries write their warnings to the same place as answers: they go to the other one.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), file=answers, flush=True)
