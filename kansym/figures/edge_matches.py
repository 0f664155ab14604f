"""Which functions the trained edges look like, for figures."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from kansym.extraction.edges import EdgeRef, edge_curves, edges_of_mode, match_cost
from kansym.extraction.matching import Match, match_edges
from kansym.figures.points import table_of
from kansym.kan.layer import EdgeMode
from kansym.kan.network import Network
from kansym.primitives.library import default_library
from kansym.primitives.primitive import Primitive
from kansym.run.finished import FinishedRun

ROWS, POINTS = 512, 128
"""Rows that curves are drawn from, and points that functions are matched at: figures must not be waited for."""

COMPLEXITY_WEIGHT = 0.15
"""Decades of error that one unit of complexity must buy, as in the reading of networks."""


UNSEEN = 1e-5
"""1 - R^2 below which no eye tells curves apart; then the simpler function is the more plausible one."""


@dataclass(frozen=True, eq=False)
class MatchedEdge:
    """A spline edge and its nearest functions.

    Attributes
    ----------
    ref : EdgeRef
    inputs, values : ndarray, shape (n,)
        Of the edge, at rows of the table, by increasing input.
    matches : tuple of Match
        The most plausible first: misfit, with complexity paid for.
    """

    ref: EdgeRef
    inputs: np.ndarray
    values: np.ndarray
    matches: tuple[Match, ...]


def trained_network(run: FinishedRun) -> Network | None:
    """The network with spline edges: the one that the pick was read from, else the best one."""
    if run.reading is not None and run.reading.trained is not None:
        return run.reading.trained
    return None if run.network is None else run.network.network


def scaled_rows(run: FinishedRun) -> Tensor:
    """All rows in the units of the network; needs one."""
    assert run.network is not None
    return torch.from_numpy(np.ascontiguousarray(run.network.scaling.scale_inputs(table_of(run).X)))


def library_of(run: FinishedRun) -> dict[str, Primitive]:
    """The functions that the run was allowed, as far as they are built in."""
    library = default_library()
    allowed = run.summary.options.get("primitives", "all")
    if not isinstance(allowed, list):
        return dict(library)
    return {name: library[name] for name in allowed if name in library} or dict(library)


def matched_edges(
    run: FinishedRun, *, most: int, top_k: int, primitives: Mapping[str, Primitive] | None = None
) -> list[MatchedEdge]:
    """The spline edges of the trained network with their nearest functions, in order of layers.

    Parameters
    ----------
    run : FinishedRun
        With a table.
    most : int
        Edges at most: those that change most, times what they do to the output.
    top_k : int
        Functions per edge.
    primitives : mapping, optional
        Default: those that the run was allowed.
    """
    network = trained_network(run)
    if network is None or run.network is None:
        return []
    rows = scaled_rows(run)
    rows = rows[:: math.ceil(rows.shape[0] / ROWS)]
    refs = edges_of_mode(network, EdgeMode.SPLINE)
    if not refs or rows.shape[0] < 2:
        return []
    with torch.no_grad():
        inputs, values, weights = edge_curves(network, rows, refs)
    usable = (torch.isfinite(inputs) & torch.isfinite(values)).all(1)
    moved = torch.nan_to_num((weights * (values - values.mean(1, keepdim=True)).square()).mean(1), nan=0.0)
    chosen = [k for k in torch.argsort(moved, descending=True).tolist() if usable[k]][:most]
    chosen.sort()
    if not chosen:
        return []
    library = library_of(run) if primitives is None else primitives
    found = match_edges(inputs[chosen], values[chosen], library, top_k=len(library), max_points=POINTS)
    edges = []
    for k, matches in zip(chosen, found, strict=True):
        order = np.argsort(inputs[k].numpy(), kind="stable")
        best = sorted(matches, key=lambda match: match_cost(match, UNSEEN, COMPLEXITY_WEIGHT))[:top_k]
        edges.append(MatchedEdge(refs[k], inputs[k].numpy()[order], values[k].numpy()[order], tuple(best)))
    return edges
