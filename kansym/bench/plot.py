"""Recovered laws against time."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kansym.bench.records import Record

NAME = "recovered.svg"


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
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    tools = sorted({record["tool"] for record in records}, key=lambda tool: (tool != "kansym", tool))
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
