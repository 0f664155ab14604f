"""The golden record: does a change leave what is found as it is?

Eighty deterministic searches (`benchmarks.searches`), with the front, the pick, its constants to ten digits and the
verdict of each. A change of the structure of the code must not move one of them; a change of what is found says in its
commit which entries moved, and why::

    python -m benchmarks.golden            # search again and compare; exit code 1 where something moved
    python -m benchmarks.golden --write    # keep today's as the record
    python -m benchmarks.golden --only measured
"""

import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import torch
from cyclopts import App

from benchmarks.searches import Search, record, run, searches

RECORD = Path(__file__).with_name("golden.json")

SECONDS = 8.0
"""Budget of a search, in seconds of work."""

app = App(name="python -m benchmarks.golden", help="The golden record.", version_flags=[])


def _entry(search: Search) -> tuple[str, dict[str, Any], float]:
    start = time.perf_counter()
    torch.set_num_threads(1)
    return search.name, record(run(search, SECONDS)), time.perf_counter() - start


def differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What moved in an entry, a line each."""
    return [f"  {key}: {old.get(key)!r}\n  {' ' * len(key)}  {new[key]!r}" for key in new if old.get(key) != new[key]]


@app.default
def main(*, write: bool = False, only: str = "", jobs: int = 2) -> None:
    """Search again and compare with the record.

    Parameters
    ----------
    write : bool
        Keep what is found as the record.
    only : str
        Searches whose name contains this text.
    jobs : int
        Processes; they change nothing but the time.
    """
    chosen = [search for search in searches() if only in search.name]
    old = json.loads(RECORD.read_text("utf-8")) if RECORD.exists() else {}
    new, moved = dict(old), 0
    with ProcessPoolExecutor(jobs) as pool:
        for name, entry, seconds in pool.map(_entry, chosen):
            lines = differences(old.get(name, {}), entry)
            moved += bool(lines)
            print(
                f"{'moved' if lines else 'same '} {seconds:6.1f} s  {name}",
                *([] if write else lines),
                sep="\n",
                flush=True,
            )
            new[name] = entry
    print(f"{len(chosen)} searches, {moved} moved")
    if write:
        RECORD.write_text(json.dumps(new, indent=1, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")
    elif moved:
        sys.exit(1)


if __name__ == "__main__":
    app()
