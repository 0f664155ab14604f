"""An edited network in JSON types."""

from typing import TYPE_CHECKING, Any

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
