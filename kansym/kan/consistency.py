"""Whether the tensors of a network fit together: asked before a network is written and after one is read."""

from __future__ import annotations

from kansym.deferred import Tensor, torch
from kansym.kan.curves import BASES
from kansym.kan.layer import EdgeMode, Layer
from kansym.kan.network import Network
from kansym.kan.spline import HIGHEST_DEGREE

FLOATS = ("coefficients", "affine", "offset", "center", "half_width")
"""Attributes of `Layer` that hold numbers of the network's precision."""

FLAGS = ("frozen", "product")
"""Attributes of `Layer` that hold booleans."""

INTEGERS = {"mode": "int8", "primitive": "int64"}
"""Attributes of `Layer` that hold integers, and the names of their types."""


def inconsistency(network: Network) -> str | None:
    """What is wrong with a network, in words, or None: types, shapes, finite numbers, modes, primitives."""
    if len(network.layers) != len(network.shape) - 1:
        return f"it has {len(network.layers)} layers for shape {network.shape!r}"
    if network.dtype not in (torch.float32, torch.float64):
        return f"its numbers are {network.dtype}, not float32 or float64"
    networks = network.layers[0].mode.shape[0] if network.layers[0].mode.ndim else 0
    if networks < 1:
        return "it holds no network"
    widths = [(width, 0) if isinstance(width, int) else width for width in network.shape]
    for number, layer in enumerate(network.layers):
        n_in, (sums, products) = sum(widths[number]), widths[number + 1]
        problem = _layer_problem(layer, networks, n_in, sums, products, network.dtype, len(network.primitives))
        if problem:
            return f"{problem} in layer {number}"
    return None


def _layer_problem(
    layer: Layer, networks: int, n_in: int, sums: int, products: int, dtype: torch.dtype, primitives: int
) -> str | None:
    if layer.order not in range(1, HIGHEST_DEGREE + 1) or layer.base not in BASES:
        return f"its curves are of order {layer.order!r} with base {layer.base!r}"
    edges, n_out = (networks, n_in, sums + products), sums + products
    size = layer.coefficients.shape[-1] if layer.coefficients.ndim else 0
    least = layer.order + 1 + (layer.base != "none")
    if layer.knots is not None:
        problem = _knots_problem(layer.knots, (networks, n_in, layer.grid + 1), dtype)
        if problem:
            return problem
    shapes = {
        "coefficients": (*edges, max(size, least)),
        "affine": (*edges, 5),
        "offset": (networks, n_out),
        "center": (networks, n_in),
        "half_width": (networks, n_in),
        "frozen": (*edges, 5),
        "product": (n_out,),
        "mode": edges,
        "primitive": edges,
    }
    for name, shape in shapes.items():
        tensor: Tensor = getattr(layer, name)
        kind = dtype if name in FLOATS else getattr(torch, INTEGERS.get(name, "bool"))
        if tuple(tensor.shape) != shape or tensor.dtype != kind:
            return f"{name} is {tensor.dtype} of shape {tuple(tensor.shape)}, not {kind} of {shape}"
        if name in FLOATS and not bool(torch.isfinite(tensor).all()):
            return f"{name} is not finite"
    if bool((layer.half_width <= 0).any()):
        return "half_width is not positive"
    if not torch.equal(layer.product.cpu(), torch.arange(n_out) >= sums):
        return "the product nodes do not go with the shape"
    if bool(((layer.mode < EdgeMode.OFF) | (layer.mode > EdgeMode.BOTH)).any()):
        return "an edge has an unknown mode"
    symbolic = layer.symbolic_edges
    if bool(((layer.primitive < torch.where(symbolic, 0, -1)) | (layer.primitive >= primitives)).any()):
        return "an edge refers to a primitive that is not there"
    return None


def _knots_problem(knots: Tensor, shape: tuple[int, ...], dtype: torch.dtype) -> str | None:
    if tuple(knots.shape) != shape or knots.dtype != dtype:
        return f"knots is {knots.dtype} of shape {tuple(knots.shape)}, not {dtype} of {shape}"
    steps = knots.diff(dim=-1)
    if not bool(torch.isfinite(knots).all()) or bool((steps < 0).any()) or bool((steps[..., [0, -1]] <= 0).any()):
        return "knots do not ascend"
    return None
