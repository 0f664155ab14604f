"""One side of `python -m benchmarks.pace searches`: runs searches of the golden record by one state of the project.

Run as a file, with the path of its kansym. Reads the name and the budget of a search, one JSON line each, and writes
its formula with the seconds of the processor that it took; with "profile", also where they went. For a search that this
state does not have it writes an empty object.
"""

import cProfile
import json
import pstats
import sys
import time
from collections import Counter
from pathlib import PurePath
from typing import Any

import torch

from benchmarks.searches import run, searches

LIBRARIES = ("sympy", "mpmath", "numpy", "scipy", "torch", "sklearn", "pandas")


def part_of(path: str) -> str:
    """Which part of the project, or which library, a file belongs to."""
    names = PurePath(path).parts
    for library in LIBRARIES:
        if library in names:
            return library
    if "kansym" in names:
        place = len(names) - 1 - names[::-1].index("kansym")
        return f"kansym.{names[place + 1].removesuffix('.py')}"
    return "Python"


def by_part(profile: cProfile.Profile) -> dict[str, float]:
    """Seconds of each part itself; what is built in counts for those who call it."""
    seconds: Counter[str] = Counter()
    entries: Any = pstats.Stats(profile).stats  # type: ignore[attr-defined]  # typed as having no statistics
    for (path, _, name), (_, _, own, _, callers) in entries.items():
        if path != "~" or not callers:
            seconds[part_of(path)] += own
            continue
        for (caller, _, _), (_, _, share, _) in callers.items():
            # Methods of tensors and arrays are the work of their library, whoever asks for it.
            library = next((one for one in ("torch", "numpy") if one in name or f"_{one}" in name), None)
            seconds[library or part_of(caller)] += share
    return dict(seconds)


def searched(name: str, seconds: float, *, profile: bool = False) -> dict[str, Any]:
    """What a search found, and the seconds of the processor that it took."""
    search = next((one for one in searches() if one.name == name), None)
    if search is None:
        return {}
    dataset, watch = search.dataset(), cProfile.Profile()
    start = time.process_time()
    if profile:
        watch.enable()
    found = run(search, seconds, dataset=dataset)
    watch.disable()
    taken = time.process_time() - start
    return {"formula": found.formula.text(3), "seconds": taken, "parts": by_part(watch) if profile else {}}


if __name__ == "__main__":
    torch.set_num_threads(1)
    for line in sys.stdin:
        print(json.dumps(searched(**json.loads(line))), flush=True)
