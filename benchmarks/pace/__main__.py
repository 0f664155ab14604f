"""How fast are a step of training and a search, also beside another state of the project?

::

    git worktree add ../before <commit>
    python -m benchmarks.pace steps --before ../before       # of the processor's rate of products of matrices
    python -m benchmarks.pace growth --out growth.png        # with rows, columns, grid and networks
    python -m benchmarks.pace searches --before ../before    # medians, and whether formulas are the same
    python -m benchmarks.pace profile --before ../before     # where the time of thirty searches goes

Times are those of the processor, on one core, of both sides in turn in one run. Searches are those of the golden record
(`benchmarks.searches`): laws without and with 1 % of noise, and measured tables, with all their work.
"""

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from cyclopts import App, Parameter, validators
from matplotlib.figure import Figure

from benchmarks.machine import cpu_model
from benchmarks.pace.side import HERE, Side
from benchmarks.searches import Search, searches
from benchmarks.table import commit_of
from benchmarks.table import keep as keep_figures

app = App(name="python -m benchmarks.pace", help="Steps and searches, how fast?", version_flags=[])

Seconds = Annotated[float, Parameter(validator=validators.Number(gt=0))]

STEPS: tuple[dict[str, Any], ...] = (
    {"shape": [2, 5, 1], "grid": 5, "networks": 16, "rows": 300},
    {"shape": [2, 5, 1], "grid": 5, "networks": 64, "rows": 2000},
    {"shape": [4, 5, 5, 1], "grid": 10, "networks": 16, "rows": 2000},
    {"shape": [4, 10, 10, 1], "grid": 10, "networks": 4, "rows": 2000},
    {"shape": [8, 16, 1], "grid": 10, "networks": 4, "rows": 4000},
)
"""Populations whose step is timed."""

GROWTH: dict[str, tuple[dict[str, Any], ...]] = {
    "rows": tuple({"rows": n} for n in (250, 500, 1000, 2000, 4000, 8000, 16_000)),
    "columns": tuple({"shape": [d, 5, 1]} for d in (1, 2, 4, 8, 16)),
    "grid": tuple({"grid": g} for g in (3, 5, 10, 20, 40)),
    "networks": tuple({"networks": p} for p in (1, 2, 4, 8, 16, 32, 64)),
}
"""What is varied, from a population of four networks of shape [2, 5, 1] with grid 5 on 1,000 rows."""

TYPICAL: dict[str, Any] = {"shape": [2, 5, 1], "grid": 5, "networks": 4, "rows": 1000}

PROFILED = 30
"""Searches that are profiled."""

LEAST_PART = 0.01
"""Share of the time below which a part has no line."""


def rate(side: Side) -> float:
    """Operations per second of a product of two matrices."""
    return side.ask()["rate"]


def operations(request: dict[str, Any], parameters: float) -> float:
    """Operations of the product J^T J of a step, which is the least that its normal equations take in full."""
    return 2.0 * request["networks"] * request["rows"] * parameters**2


@app.command
def steps(*, before: Path | None = None, keep: bool = False) -> None:
    """Time steps of Levenberg-Marquardt, as a share of the rate of a product of two matrices.

    Parameters
    ----------
    before
        A clone of another state of the project.
    keep
        Keep the figures in benchmarks/results.
    """
    said = {"before": commit_of(before)} if before else {}
    with ExitStack() as stack:
        sides = [stack.enter_context(Side("step_side.py", one)) for one in ([before] if before else []) + [HERE]]
        print(f"{cpu_model()}, one core, {rate(sides[-1]) / 1e9:.0f} GFLOP/s in a product of two matrices")
        for request in STEPS:
            shares, times = [], []
            for side in sides:
                # The rate is that of the same moment: what else the machine does moves both.
                fast = rate(side)
                found = side.ask(**request)
                shares.append(f"{100 * operations(request, found['parameters']) / found['seconds'] / fast:.0f} %")
                times.append(f"{1e3 * found['seconds']:.1f} ms")
            name = f"{request['networks']} networks {request['shape']}, grid {request['grid']}, {request['rows']} rows"
            said[name] = " before, ".join(shares)
            print(f"{name}: {' before, '.join(shares)} of the rate; {' before, '.join(times)} a step", flush=True)
    if keep:
        keep_figures("pace", "Steps and searches", said)


@app.command
def growth(*, out: Path | None = None, keep: bool = False) -> None:
    """Time steps that differ in one thing at a time, and fit powers to them.

    Parameters
    ----------
    out
        File for the figure.
    keep
        Keep the figures in benchmarks/results.
    """
    said: dict[str, str] = {}
    figure = Figure(figsize=(8, 6.4), layout="constrained")
    with Side("step_side.py", HERE) as side:
        for axes, (name, cases) in zip(figure.subplots(2, 2).flat, GROWTH.items(), strict=True):
            sizes = [_size(name, case) for case in cases]
            times = [1e3 * side.ask(**{**TYPICAL, **case})["seconds"] for case in cases]
            half = len(sizes) // 2
            slope = float(np.polyfit(np.log(sizes[half:]), np.log(times[half:]), 1)[0])
            said[f"time over {name}, from {sizes[half]} on"] = f"power {slope:.2f}"
            print(f"{name}: {', '.join(f'{s}: {t:.1f} ms' for s, t in zip(sizes, times, strict=True))}", flush=True)
            print(f"   time ~ {name}^{slope:.2f} from {sizes[half]} on", flush=True)
            axes.loglog(sizes, times, "o-")
            axes.set_xlabel(name)
            axes.set_ylabel("a step, ms")
            axes.set_title(f"time ~ {name}^{slope:.2f}", fontsize=10)
            axes.set_xticks(sizes, [str(size) for size in sizes])
            axes.minorticks_off()
    if out is not None:
        figure.savefig(out, dpi=120)
    if keep:
        keep_figures("pace", "Steps and searches", said)


def _size(name: str, case: dict[str, Any]) -> int:
    return case["shape"][0] if name == "columns" else case[name]


def _kind(search: Search) -> str:
    if search.table.startswith("measured"):
        return "measured tables"
    return f"{'Feynman' if search.table.startswith('feynman') else 'other'} laws, noise {search.noise:g}"


def _plain() -> list[Search]:
    """The searches without options of their own."""
    return [one for one in searches() if not (one.options or one.units or one.outliers)]


@app.command(name="searches")
def both(*, before: Path, seconds: Seconds = 60.0, every: int = 1, only: str = "", keep: bool = False) -> None:
    """Search the same tables by two states of the project.

    Parameters
    ----------
    before
        A clone of the other state.
    seconds
        Budget of a search, in counted work.
    every
        Of these so many searches, one.
    only
        Searches whose name contains this text.
    keep
        Keep the figures in benchmarks/results.
    """
    times: dict[str, list[tuple[float, float]]] = {}
    same: Counter[str] = Counter()
    with Side("search_side.py", before) as old, Side("search_side.py", HERE) as new:
        for search in [one for one in _plain() if only in one.name][::every]:
            first = old.ask(name=search.name, seconds=seconds)
            if not first:
                print(f"{search.name[:40]:40} only in this state", flush=True)
                continue
            second = new.ask(name=search.name, seconds=seconds)
            kind, alike = _kind(search), first["formula"] == second["formula"]
            times.setdefault(kind, []).append((first["seconds"], second["seconds"]))
            same[kind] += alike
            print(f"{search.name[:40]:40} {first['seconds']:6.1f} s  {second['seconds']:6.1f} s", flush=True)
            if not alike:
                print(f"    {first['formula'][:150]}\n    {second['formula'][:150]}", flush=True)
    said = {"before": commit_of(before)}
    for kind, pairs in times.items():
        medians = [statistics.median(column) for column in zip(*pairs, strict=True)]
        ratio = math.exp(statistics.fmean(math.log(one / other) for one, other in pairs))
        said[kind] = (
            f"median {medians[0]:.1f} s before, {medians[1]:.1f} s; each {ratio:.1f} times as fast in the geometric "
            f"mean; the same formula {same[kind]} of {len(pairs)}"
        )
        print(f"{kind}: {said[kind]}")
    if keep:
        keep_figures("pace", "Steps and searches", said)


@app.command
def profile(*, before: Path | None = None, seconds: Seconds = 60.0, count: int = PROFILED) -> None:
    """Print where the time of searches goes, by part of the project and library.

    Parameters
    ----------
    before
        A clone of another state of the project.
    seconds
        Budget of a search, in counted work.
    count
        How many searches.
    """
    every = _plain()
    chosen = [every[k] for k in np.linspace(0, len(every) - 1, count).round().astype(int)]
    spent = [_spent(one, chosen, seconds) for one in ([before] if before else []) + [HERE]]
    print(f"{count} searches, seconds of the processor{': before, and now' if before else ''}")
    for part in sorted(spent[-1], key=lambda part: -spent[-1][part]):
        if any(one[part] > LEAST_PART * one.total() for one in spent):
            print(f"{part:22}", *(f"{one[part]:8.1f} s {100 * one[part] / one.total():3.0f} %" for one in spent))
    print(f"{'all':22}", *(f"{one.total():8.1f} s      " for one in spent))


def _spent(clone: Path, chosen: Sequence[Search], seconds: float) -> Counter[str]:
    found: Counter[str] = Counter()
    with Side("search_side.py", clone) as side:
        for search in chosen:
            found.update(side.ask(name=search.name, seconds=seconds, profile=True).get("parts", {}))
    return found


if __name__ == "__main__":
    app()
