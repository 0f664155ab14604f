"""The network of a run as a figure."""

import numpy as np
import torch
from matplotlib.figure import Figure

from kansym.errors import ArgumentError
from kansym.figures.network_figure import network_figure
from kansym.figures.points import table_of
from kansym.kan.growth import format_shape
from kansym.report.finished import FinishedRun


def applies(run: FinishedRun) -> bool:
    """With a network and a table."""
    return run.network is not None and run.dataset is not None


def network(run: FinishedRun, *, dark: bool = False) -> Figure:
    """Nodes and the curves of all edges: the network that the pick was read from, else the best one that was trained.

    See `kansym.figures.network_figure.network_figure`.

    Raises
    ------
    ArgumentError
        If the run has no network, or was saved without its table.
    """
    if run.network is None:
        raise ArgumentError("the run has no network to draw: it ended before one was trained")
    dataset = table_of(run)
    x = torch.from_numpy(np.ascontiguousarray(run.network.scaling.scale_inputs(dataset.X)))
    names = {"input_names": dataset.names, "output_name": dataset.target}
    if run.reading is None:
        return network_figure(run.network.network, x, dark=dark, **names)
    return network_figure(run.reading.symbolic, x, reference=run.reading.trained, dark=dark, **names)


def alt(run: FinishedRun) -> str:
    """One sentence for those who do not see it."""
    if run.network is None:
        return "No network."
    drawn = run.network.network if run.reading is None else run.reading.symbolic
    edges = sum(int((layer.mode[0] != 0).sum()) for layer in drawn.layers)
    return (
        f"Kolmogorov-Arnold network {format_shape(drawn.shape)} from {', '.join(run.summary.names)} to "
        f"{run.summary.target}: {edges} edges, each drawn as its curve."
    )
