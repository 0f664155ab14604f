"""The network of a run as a figure."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from kansym.errors import ArgumentError
from kansym.extraction.edges import EdgeRef, edges_of_mode
from kansym.extraction.matching import Match
from kansym.figures.edges import library_of, matched_edges, scaled_rows
from kansym.figures.network_figure import network_figure
from kansym.figures.points import table_of
from kansym.kan.layer import EdgeMode
from kansym.kan.network import format_shape
from kansym.run.finished import FinishedRun, found_without

ALIKE = 0.02
"""1 - R^2 up to which a trained spline is said to look like a function."""

SIMPLE = 3
"""Complexity of primitives that trained splines are compared with; rarer ones are in the figure of all edges."""

MOST_EDGES = 24
"""Splines that are compared with functions, in a network that no formula was read from."""


def applies(run: FinishedRun) -> bool:
    """With a network and a table."""
    return run.network is not None and run.dataset is not None


def network(run: FinishedRun, *, dark: bool = False) -> Figure:
    """Nodes and the curves of all edges, inputs and outputs with their units.

    The network is the one that the pick was read from, its primitives drawn over the trained splines. Where the pick
    came from the structure of the table, it is the best network that was trained, and beside each spline stands the
    plainest function that it looks like, to within 1 - R^2 of 2 %.

    See `kansym.figures.network_figure.network_figure`.

    Parameters
    ----------
    run : FinishedRun
    dark : bool, default False
        For dark backgrounds.

    Raises
    ------
    ArgumentError
        If the run has no network, or was saved without its table.
    """
    if run.network is None:
        raise ArgumentError("the run has no network to draw: it ended before one was trained")
    dataset, reading = table_of(run), run.reading
    return network_figure(
        run.network.network if reading is None else reading.symbolic,
        scaled_rows(run),
        reference=None if reading is None else reading.trained,
        likenesses=_likenesses(run) if reading is None else None,
        dark=dark,
        input_names=dataset.names,
        output_name=dataset.target,
        input_units=dataset.units,
        output_unit=dataset.y_units,
    )


def alt(run: FinishedRun) -> str:
    """One sentence for those who do not see it."""
    if run.network is None:
        return "No network."
    drawn = run.network.network if run.reading is None else run.reading.symbolic
    edges = sum(int((layer.mode[0] != EdgeMode.OFF).sum()) for layer in drawn.layers)
    curves = "edge, drawn as its curve" if edges == 1 else "edges, each drawn as its curve"
    words = (
        f"Kolmogorov-Arnold network {format_shape(drawn.shape)} from {', '.join(run.summary.names)} to "
        f"{run.summary.target}: {edges} {curves}."
    )
    return f"{words} {apart_words(run)}".strip()


def apart_words(run: FinishedRun, network: str = "this network") -> str:
    """One sentence where the pick came without the network that is drawn; else empty."""
    if not run.is_apart:
        return ""
    assert run.network is not None
    return found_without(len(edges_of_mode(run.network.network, EdgeMode.SPLINE)), network=network)


def _likenesses(run: FinishedRun) -> Mapping[EdgeRef, Match]:
    library = library_of(run)
    simple = {name: one for name, one in library.items() if one.complexity <= SIMPLE} or library
    found = matched_edges(run, most=MOST_EDGES, top_k=1, primitives=simple)
    return {edge.ref: edge.matches[0] for edge in found if edge.matches and edge.matches[0].loss <= ALIKE}
