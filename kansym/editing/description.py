"""An edited network in JSON types and in words."""

from typing import TYPE_CHECKING, Any

from kansym.editing.table import edge_lines
from kansym.kan.growth import format_shape
from kansym.run.finished import found_without

if TYPE_CHECKING:
    from kansym.editing.network import EditableNetwork


def description(net: "EditableNetwork") -> dict[str, Any]:
    """See `EditableNetwork.to_dict`."""
    widths = [(width, 0) if isinstance(width, int) else width for width in net.shape]
    nodes = [
        {
            "level": level,
            "node": node,
            "name": net.node_name(level, node),
            "kind": "input" if level == 0 else "product" if node >= sums else "sum",
        }
        for level, (sums, products) in enumerate(widths)
        for node in range(sums + products)
    ]
    return {
        "shape": [list(width) if isinstance(width, tuple) else width for width in net.shape],
        "target": net.desk.table.target,
        "nodes": nodes,
        "edges": [edge.to_dict() for edge in net.edges],
        "error": net.error.to_dict(),
        "is_symbolic": net.is_symbolic,
        "history": list(net.history),
        "undone": list(net.undone),
        "note": net.note,
    }


def text(net: "EditableNetwork") -> str:
    """Shape, errors and edges, and what is to be known about them."""
    head = f"{format_shape(net.shape)}, {net.error}"
    return "\n".join([head, *edge_lines(net.edges), *remarks(net)])


def remarks(net: "EditableNetwork") -> list[str]:
    """Whether the run's formula came without the network; no word once the network has a formula of its own."""
    run = net.desk.run
    if not net.apart or run is None or net.is_symbolic:
        return []
    return [found_without(len(net.edges.splines), f"the formula {run.formula}", "this network")]
