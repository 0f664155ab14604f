"""What a benchmark shows: a line per result, tables at the end, and recovered laws against time."""

import math
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from rich.table import Table

from kansym.bench.outcome import STAGES
from kansym.bench.records import Record

PLOT = "recovered.svg"


def line(record: Record) -> str:
    """One result in one line of plain text."""
    tool = "" if record["tool"] == "kansym" else f"{record['tool']} "
    name = f"{tool}{record['law']}"
    elapsed = f"{record['elapsed'] or math.nan:6.1f} s"
    if record["failure"] is not None:
        return f"{name:<18} seed {record['seed']}  failed: {record['failure']}  {elapsed}"
    strict = "yes" if record["recovered"] else "no"
    front = " (on the front)" if record["front_recovered"] and not record["recovered"] else ""
    srbench = "yes" if record["srbench"] else "no"
    # Results from before the form was judged have none.
    form = "" if record.get("form") is None else f"form {'yes' if record['form'] else 'no':<3} "
    error = f"{float(record['inside']):.1e}"
    return (
        f"{name:<18} seed {record['seed']}  recovered {strict:<3} {form}SRBench {srbench:<3} {elapsed}  "
        f"NRMSE {error:<8} {record['formula']}{front}"
    )


def summary(records: Sequence[Record]) -> Table:
    """How many runs and laws every tool recovered, and in which time."""
    table = Table(title="recovered", title_justify="left", box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    tools = _tools(records)
    for tool in tools:
        table.add_column(tool, justify="right")
    parts = {tool: [record for record in records if record["tool"] == tool] for tool in tools}
    rows = {
        "strict": lambda rs: _share(rs, "recovered"),
        "form": lambda rs: _share([r for r in rs if r.get("form") is not None], "form"),
        "SRBench": lambda rs: _share(rs, "srbench"),
        "anywhere on the front": lambda rs: _share(rs, "front_recovered"),
        "laws, strict, in every seed": lambda rs: _laws(rs, all),
        "laws, strict, in any seed": lambda rs: _laws(rs, any),
        "dimensionally wrong pick": lambda rs: _wrong(rs),
        "median time of a run": lambda rs: _median(rs),
        "median time of a recovered run": lambda rs: _median([r for r in rs if r["recovered"]]),
    }
    if all(record["seed"] == records[0]["seed"] for record in records):
        rows = {name: row for name, row in rows.items() if not name.startswith("laws")}
    if not any(record.get("form") is not None for record in records):
        del rows["form"]
    if not any(record.get("wrong_units") is not None for record in records):
        del rows["dimensionally wrong pick"]
    for name, row in rows.items():
        table.add_row(name, *(row(parts[tool]) for tool in tools))
    return table


def losses(records: Sequence[Record]) -> Table:
    """How many runs were lost at which stage."""
    table = Table(title="by stage", title_justify="left", box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    tools = _tools(records)
    for tool in tools:
        table.add_column(tool, justify="right")
    table.add_column("laws", overflow="fold")
    counts = {tool: Counter(record["stage"] for record in records if record["tool"] == tool) for tool in tools}
    for stage in STAGES:
        if not any(counts[tool][stage] for tool in tools):
            continue
        laws = dict.fromkeys(r["law"] for r in records if r["stage"] == stage and r["tool"] == tools[0])
        listed = "" if stage == STAGES[0] else " ".join(laws)
        table.add_row(stage, *(str(counts[tool][stage]) for tool in tools), listed)
    return table


def by_engine(records: Sequence[Record]) -> Table:
    """Who found what kansym recovered: each finder with its runs, the work until then, and the steps before it."""
    table = Table(title="recovered, by finder", title_justify="left", box=None, pad_edge=False, header_style="bold")
    for name in ("", "runs", "median work", "changed afterwards", "after steps"):
        table.add_column(name, justify="right" if name in ("runs", "median work", "changed afterwards") else "left")
    own = [one for one in records if one["recovered"] and one.get("origin") is not None]
    found: dict[str, list[Record]] = {}
    for record in own:
        found.setdefault(record["origin"]["finder"], []).append(record)
    for finder, runs in sorted(found.items(), key=lambda item: (-len(item[1]), item[0])):
        steps = Counter(step for run in runs for step in set(run.get("reductions") or ()))
        table.add_row(
            finder,
            str(len(runs)),
            f"{statistics.median(run['origin']['work'] for run in runs):.1f} s",
            str(sum(bool(run["origin"]["changes"]) for run in runs)),
            ", ".join(f"{step} {count}" for step, count in steps.most_common()),
        )
    return table


def plot(records: Sequence[Record], path: Path, *, budget: float) -> None:
    """Draw the share of runs that had recovered their law after a time, one curve per tool.

    Parameters
    ----------
    records : sequence of dict
    path : Path
        File to write; the suffix decides the format.
    budget : float
        Seconds where the time axis ends.
    """
    # Without pyplot: no window, no global state.
    figure = Figure(figsize=(6, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    tools = _tools(records)
    for tool in tools:
        runs = [record for record in records if record["tool"] == tool]
        times = np.sort([record["elapsed"] for record in runs if record["recovered"]])
        shares = 100 * np.arange(1, len(times) + 1) / len(runs)
        last = max([budget, *times])
        axes.step([0, *times, last], [0, *shares, shares[-1] if len(shares) else 0], where="post", label=tool)
    axes.set_xscale("symlog", linthresh=1.0)
    axes.set(xlabel="time of a run (s)", ylabel="runs that recovered their law (%)", ylim=(0, 100), xlim=(0, None))
    axes.grid(alpha=0.3)
    if len(tools) > 1:
        axes.legend(loc="upper left")
    figure.savefig(path)


def _tools(records: Sequence[Record]) -> list[str]:
    return sorted({record["tool"] for record in records}, key=lambda tool: (tool != "kansym", tool))


def _share(records: Sequence[Record], field: str) -> str:
    count = sum(bool(record[field]) for record in records)
    return f"{count} of {len(records)} ({100 * count / max(len(records), 1):.1f} %)"


def _wrong(records: Sequence[Record]) -> str:
    told = [record for record in records if record.get("wrong_units") is not None]
    return f"{sum(record['wrong_units'] for record in told)} of {len(told)}" if told else "-"


def _laws(records: Sequence[Record], over_seeds: Callable[[list[bool]], bool]) -> str:
    found: dict[str, list[bool]] = {}
    for record in records:
        found.setdefault(record["law"], []).append(record["recovered"])
    return f"{sum(over_seeds(entries) for entries in found.values())} of {len(found)}"


def _median(records: Sequence[Record]) -> str:
    times = [record["elapsed"] for record in records if record["elapsed"] is not None]
    return f"{statistics.median(times):.1f} s" if times else "-"
