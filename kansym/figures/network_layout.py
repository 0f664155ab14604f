"""Where the nodes and edges of a network go on paper: inputs on the left, outputs on the right, in inches."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from kansym.figures.edge_curves import EdgeCurve
from kansym.figures.labels import stacked

COMFORTABLE_HEIGHT = 12.0
"""Inches of a figure up to which boxes keep their full size."""

Node = tuple[int, int]
"""Level (0 for inputs) and position in the level."""


@dataclass(frozen=True)
class Layout:
    """Positions of what is drawn.

    Attributes
    ----------
    width, height : float
        Of the figure, in inches.
    scale : float
        1 at full size; fonts and symbols shrink with it in large networks.
    nodes : dict
        Node to centre (x, y), y upwards; nodes that cannot influence an output are left out.
    boxes : dict
        Position of an edge in the list of curves to the centre of its box.
    box : (float, float)
        Width and height of a box.
    lines : tuple of int
        Edges drawn as a line without a box: layers of fixed identities.
    unused : tuple of int
        Inputs that do not reach an output.
    """

    width: float
    height: float
    scale: float
    nodes: dict[Node, tuple[float, float]]
    boxes: dict[int, tuple[float, float]]
    box: tuple[float, float]
    lines: tuple[int, ...]
    unused: tuple[int, ...] = field(default=())


def alive(curves: Sequence[EdgeCurve], levels: int, n_inputs: int, n_outputs: int) -> tuple[list[int], set[Node]]:
    """Edges and nodes on a path from an input to an output; outputs are always there."""
    forward: set[Node] = {(0, k) for k in range(n_inputs)}
    for curve in curves:  # in order of layers
        if (curve.layer, curve.source) in forward:
            forward.add((curve.layer + 1, curve.target))
    backward: set[Node] = {(levels, k) for k in range(n_outputs)}
    for curve in reversed(curves):
        if (curve.layer + 1, curve.target) in backward:
            backward.add((curve.layer, curve.source))
    edges = [
        k
        for k, curve in enumerate(curves)
        if (curve.layer, curve.source) in forward & backward and (curve.layer + 1, curve.target) in backward
    ]
    nodes = (forward & backward) | {(levels, k) for k in range(n_outputs)}
    return edges, nodes


def spread(wanted: Sequence[float], separation: float) -> np.ndarray:
    """Positions nearest to the wanted ones (least squares), in their order from top to bottom, `separation` apart."""
    return stacked(wanted, [separation] * len(wanted), -np.inf, np.inf)


def lay_out(
    curves: Sequence[EdgeCurve],
    *,
    levels: int,
    n_inputs: int,
    n_outputs: int,
    left: float,
    right: float,
    bottom: float,
    labelled: bool,
) -> Layout:
    """Place everything.

    Parameters
    ----------
    curves : sequence of EdgeCurve
        In order of layers.
    levels : int
        Number of layers.
    n_inputs, n_outputs : int
    left, right, bottom : float
        Room for the names of inputs, of outputs, and for the legend, in inches.
    labelled : bool
        Whether boxes have a line of text above them.
    """
    edges, nodes = alive(curves, levels, n_inputs, n_outputs)
    in_layer = [[k for k in edges if curves[k].layer == number] for number in range(levels)]
    plain = [bool(members) and all(curves[k].plain for k in members) for members in in_layer]
    counts = [0 if straight else len(members) for members, straight in zip(in_layer, plain, strict=True)]
    most = max(1, *counts, *(sum(node[0] == level for node in nodes) for level in range(levels + 1)))

    full = 0.84 if labelled else 0.68
    scale = min(1.0, max(COMFORTABLE_HEIGHT / (most * full), 0.5))
    pitch, box = full * scale, (1.45 * scale, 0.54 * scale)
    unused = tuple(k for k in range(n_inputs) if (0, k) not in nodes)
    bottom += 0.2 if unused else 0.0
    usable = max(most * pitch, 1.0)
    middle = bottom + usable / 2
    radius = 0.15 * scale

    positions: dict[Node, tuple[float, float]] = {}
    boxes: dict[int, tuple[float, float]] = {}
    x = left + radius
    rows = {k: middle + pitch * ((counts[0] - 1) / 2 - row) for row, k in enumerate(in_layer[0])} if counts[0] else {}
    inputs = [k for k in range(n_inputs) if (0, k) in nodes]
    gap = min(usable / max(1, len(inputs)), 3 * pitch)
    wanted = [
        float(np.mean([rows[k] for k in in_layer[0] if curves[k].source == node]))
        if rows
        else middle + gap * ((len(inputs) - 1) / 2 - place)
        for place, node in enumerate(inputs)
    ]
    for node, y in zip(inputs, spread(wanted, min(gap, pitch)), strict=True):
        positions[0, node] = (x, float(y))

    for number, members in enumerate(in_layer):
        entries: dict[Node, list[float]] = {}
        if plain[number]:
            for k in members:
                entries.setdefault((number + 1, curves[k].target), []).append(positions[number, curves[k].source][1])
            x += 1.1 * scale
        else:
            # Top to bottom by the source's place, so that lines from a node to its boxes do not cross.
            members = sorted(
                members, key=lambda k: (-positions[curves[k].layer, curves[k].source][1], curves[k].target)
            )
            siblings: dict[int, list[int]] = {}
            for k in members:
                siblings.setdefault(curves[k].source, []).append(k)
            fan = min(usable / max(1, len(members)), 1.5 * pitch)
            desired = []
            for source, group in siblings.items():
                y = positions[number, source][1]
                desired += [y + fan * ((len(group) - 1) / 2 - place) for place in range(len(group))]
            x_box = x + radius + (0.45 + 0.3 * scale) + box[0] / 2
            for k, y in zip(members, _inside(spread(desired, pitch), middle, usable, pitch), strict=True):
                boxes[k] = (x_box, float(y))
                entries.setdefault((number + 1, curves[k].target), []).append(float(y))
            crossing = 0.018 * len(members) if len(entries) > 1 else 0.0
            x = x_box + box[0] / 2 + (0.45 + 0.3 * scale) + min(crossing, 1.0) + radius
        level = [node for node in sorted(nodes) if node[0] == number + 1]
        average = {node: float(np.mean(entries.get(node, [middle]))) for node in level}
        if number + 1 < levels:  # outputs have names and keep their order
            level.sort(key=lambda node: -average[node])
        apart = min(usable / max(1, len(level)), 2.5 * pitch)
        for node, y in zip(level, spread([average[node] for node in level], apart), strict=True):
            positions[node] = (x, float(y))
    top = 0.2 + (0.1 if labelled else 0.0)
    return Layout(
        width=x + radius + right,
        height=bottom + usable + top,
        scale=scale,
        nodes=positions,
        boxes=boxes,
        box=box,
        lines=tuple(k for members, straight in zip(in_layer, plain, strict=True) if straight for k in members),
        unused=unused,
    )


def _inside(y: np.ndarray, middle: float, usable: float, pitch: float) -> np.ndarray:
    """Shift a column of boxes back between bottom and top, where there is always room for it."""
    over = max(0.0, float(y.max(initial=middle)) - (middle + usable / 2 - pitch / 2))
    under = max(0.0, (middle - usable / 2 + pitch / 2) - float(y.min(initial=middle)))
    return y - over + under
