"""The network of a run as a figure."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from kansym.deferred import Tensor, torch
from kansym.errors import ArgumentError
from kansym.extraction.compiling import kan_from_expression
from kansym.figures.edges import scaled_rows
from kansym.figures.network_figure import network_figure
from kansym.figures.points import table_of
from kansym.kan.layer import EdgeMode
from kansym.kan.network import Network, format_shape
from kansym.run.finished import FinishedRun

MOST_EDGES = 100
"""Of a formula's own network: more are no picture any more."""


def applies(run: FinishedRun) -> bool:
    """With a table, and a network of the formula."""
    return run.dataset is not None and formula_network(run) is not None


def formula_network(run: FinishedRun) -> tuple[Network, Tensor] | None:
    """The network that computes the formula, and the rows that it reads; None where there is none.

    It is the one that the formula was read from, or else the formula's own, for the columns in their units.
    """
    if run.reading is not None and run.network is not None:
        return run.reading.symbolic, scaled_rows(run)
    table = table_of(run)
    if not run.formula.expression.free_symbols:
        return None
    try:
        compiled = kan_from_expression(run.formula, table.names, X=table.X)
    except ArgumentError:
        return None
    if _active(compiled) > MOST_EDGES:
        return None
    return compiled, torch.from_numpy(np.ascontiguousarray(table.X))


def network(run: FinishedRun, *, dark: bool = False) -> Figure:
    """Nodes and the curves of all edges, inputs and outputs with their units.

    The network is the one that the pick was read from, its primitives drawn over the trained splines. Where the pick
    came from the structure of the table, it is the formula's own: each function is an edge, drawn over its range.

    See `kansym.figures.network_figure.network_figure` and `kansym.kan_from_expression`.

    Parameters
    ----------
    run : FinishedRun
    dark : bool, default False
        For dark backgrounds.

    Raises
    ------
    ArgumentError
        If the formula has no network, as a constant one, or the run was saved without its table.
    """
    dataset, found = table_of(run), formula_network(run)
    if found is None:
        raise ArgumentError("the run has no network to draw: its formula cannot be written as one")
    return network_figure(
        *found,
        reference=None if run.reading is None else run.reading.trained,
        dark=dark,
        input_names=dataset.names,
        output_name=dataset.target,
        input_units=dataset.units,
        output_unit=dataset.y_units,
    )


def alt(run: FinishedRun) -> str:
    """One sentence for those who do not see it."""
    found = formula_network(run)
    if found is None:
        return "No network."
    drawn, edges = found[0], _active(found[0])
    curves = "edge, drawn as its curve" if edges == 1 else "edges, each drawn as its curve"
    whose = "Kolmogorov-Arnold network" if run.reading is not None else "The formula as a network"
    ends = f"from {', '.join(run.summary.names)} to {run.summary.target}"
    return f"{whose} {format_shape(drawn.shape)} {ends}: {edges} {curves}."


def _active(network: Network) -> int:
    return sum(int((layer.mode[0] != EdgeMode.OFF).sum()) for layer in network.layers)
