"""The shape of a network, in words."""

from collections.abc import Sequence

Width = int | tuple[int, int]
"""Nodes of a layer: so many sums, or pairs of sums and products."""


def format_shape(shape: Sequence[Width]) -> str:
    """``[3, 2x, 1]`` for two product nodes, ``[3, 1+2x, 1]`` for one sum node beside them."""
    parts = []
    for width in shape:
        sums, products = (width, 0) if isinstance(width, int) else width
        parts.append(str(sums) if not products else f"{products}x" if not sums else f"{sums}+{products}x")
    return "[" + ", ".join(parts) + "]"
