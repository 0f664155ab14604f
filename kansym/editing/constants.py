"""Constants of symbolic edges: in the user's units, held, and in their conventional form.

An edge computes ``c f(a x + b) + d``, f with an exponent p where it has one. The network keeps these constants in
scaled units; users see them in their own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from kansym.data.scaling import Scaling
from kansym.deferred import Tensor, torch
from kansym.editing.context import EditContext
from kansym.errors import ArgumentError
from kansym.extraction.edges import EdgeRef, edges_of_mode
from kansym.kan.layer import AFFINE, EdgeMode
from kansym.kan.network import Network
from kansym.primitives.primitive import Primitive

SAME_CURVE = 1e-12
"""Change of an edge, relative to its largest value, up to which other constants give the same curve."""


def edge_mode(network: Network, ref: EdgeRef) -> EdgeMode:
    """Whether an edge is a spline, symbolic or off."""
    return EdgeMode(int(network.layers[ref.layer].mode[0, ref.source, ref.target]))


def edge_id(ref: EdgeRef) -> str:
    """``layer.source.target``."""
    return f"{ref.layer}.{ref.source}.{ref.target}"


def primitive_of(network: Network, ref: EdgeRef) -> Primitive:
    """The primitive of a symbolic edge."""
    return network.primitives[int(network.layers[ref.layer].primitive[0, ref.source, ref.target])]


# -- units -------------------------------------------------------------------------------------------------------------


def with_scaling(network: Network, old: Scaling, new: Scaling) -> Network:
    """A network that reads inputs scaled by `new` and gives what the given one, which reads `old`, gives.

    The target's scale may differ as well where the outputs add: their edges and offsets are multiplied.

    Parameters
    ----------
    network : Network
        Population 1, not changed.
    old, new : Scaling
        With the same half-widths.
    """
    layers = [layer.clone() for layer in network.layers]
    # u_old = u_new + shift
    shift = torch.from_numpy((new.center - old.center) / old.half_width)
    first = layers[0]
    first.center -= shift
    first.affine[..., 1] += first.affine[..., 0] * shift[None, :, None]
    return replace(network, layers=layers)


def user_constants(network: Network, ref: EdgeRef, scaling: Scaling) -> dict[str, float]:
    """Constants a, b, c, d, p of a symbolic edge, in the user's units where the edge has them.

    An edge that leaves an input reads it in the user's units (a, b); one that enters an output that adds is in units
    of y (c, d). Hidden nodes have no units of their own.
    """
    affine = network.layers[ref.layer].affine[0, ref.source, ref.target].tolist()
    found: dict[str, float] = dict(zip(AFFINE, affine, strict=True))
    if ref.layer == 0:
        half, center = float(scaling.half_width[ref.source]), float(scaling.center[ref.source])
        found["a"], found["b"] = found["a"] / half, found["b"] - found["a"] * (center / half)
    scale = output_scale(network, ref, scaling)
    found["c"], found["d"] = found["c"] * scale, found["d"] * scale
    return found


def _network_constants(
    constants: Mapping[str, float], network: Network, ref: EdgeRef, scaling: Scaling
) -> dict[str, float]:
    """The inverse of `user_constants`."""
    found = dict(constants)
    if ref.layer == 0:
        half, center = float(scaling.half_width[ref.source]), float(scaling.center[ref.source])
        found["a"], found["b"] = found["a"] * half, found["b"] + found["a"] * center
    scale = output_scale(network, ref, scaling)
    found["c"], found["d"] = found["c"] / scale, found["d"] / scale
    return found


def output_scale(network: Network, ref: EdgeRef, scaling: Scaling) -> float:
    """What the values of an edge are multiplied by to be in units of y; 1 where they have none."""
    return scaling.y_scale if ends_in_output(network, ref) else 1.0


def ends_in_output(network: Network, ref: EdgeRef) -> bool:
    """Whether an edge ends in an output that adds, so that its values have units."""
    return ref.layer == len(network.layers) - 1 and not bool(network.layers[-1].product[ref.target])


def set_primitive(
    network: Network,
    ref: EdgeRef,
    primitive: Primitive,
    constants: Mapping[str, float],
    scaling: Scaling,
    *,
    index: int = 0,
    frozen: Sequence[str] | None = None,
) -> None:
    """Make an edge of network number `index` a primitive, in place, with constants in the units of `user_constants`."""
    found = _network_constants(constants, network, ref, scaling)
    values: Any = {name: found[name] for name in AFFINE}
    network.set_symbolic(ref.layer, ref.source, ref.target, primitive, **values, network=index, frozen=frozen)


# -- held constants ----------------------------------------------------------------------------------------------------


def redundant_constants(primitive: Primitive) -> frozenset[str]:
    """Constants that a primitive does not need: freezing them loses nothing."""
    return primitive.redundant if primitive.has_shape else primitive.redundant | {"p"}


def is_identity(network: Network, ref: EdgeRef) -> bool:
    """Whether a symbolic edge is the fixed identity that joins a product node to its sum, or bridges a layer."""
    layer = network.layers[ref.layer]
    frozen, (_, b, c, d, _) = layer.frozen[0, ref.source, ref.target], layer.affine[0, ref.source, ref.target].tolist()
    # Where its node was stretched, a takes that back.
    return primitive_of(network, ref).name == "x" and bool(frozen.all()) and (b, c, d) == (0.0, 1.0, 0.0)


def held_mask(network: Network, number: int) -> Tensor:
    """Which constants of layer `number` the user holds, shape (n_in, n_out, 5): frozen ones that are not redundant.

    The identities by which networks join product nodes to a sum are frozen but held by nobody.
    """
    layer = network.layers[number]
    symbolic = layer.mode[0] == EdgeMode.SYMBOLIC
    held = layer.frozen[0] & symbolic[..., None]
    for source, target in torch.nonzero(symbolic).tolist():
        ref = EdgeRef(number, source, target)
        if is_identity(network, ref):
            held[source, target] = False
            continue
        for name in redundant_constants(primitive_of(network, ref)):
            held[source, target, AFFINE.index(name)] = False
    return held


def with_held(network: Network, ref: EdgeRef, names: Sequence[str], flag: bool) -> Network:
    """A copy with constants of a symbolic edge held, or free again; all of them without names."""
    if edge_mode(network, ref) != EdgeMode.SYMBOLIC:
        raise ArgumentError(f"edge {edge_id(ref)} is no primitive; only primitives have constants to hold")
    unknown = [name for name in names if name not in AFFINE]
    if unknown:
        raise ArgumentError(f"names must be of a, b, c, d and p, got {unknown[0]!r}")
    result = network.clone()
    redundant = redundant_constants(primitive_of(result, ref))
    for name in names or AFFINE:
        if flag or name not in redundant:
            result.layers[ref.layer].frozen[0, ref.source, ref.target, AFFINE.index(name)] = flag
    return result


# -- conventional form -------------------------------------------------------------------------------------------------


def with_conventional_constants(network: Network, context: EditContext) -> Network:
    """A copy with the same outputs, to rounding, and redundant constants in their convention: a = 1 or -1 and b = 0.

    The extraction works in scaled units, where ``(x/2 - 1)^2`` is as simple as ``x^2``. Edges keep their constants
    where one of them is held or digits would be lost, and so do the fixed identities that leave product nodes.
    """
    result = network.clone()
    states = network.trace(context.rows.x, need_slope=False)
    for ref in edges_of_mode(network, EdgeMode.SYMBOLIC):
        primitive = primitive_of(network, ref)
        held = held_mask(network, ref.layer)[ref.source, ref.target]
        if not primitive.redundant or bool(held.any()) or is_identity(network, ref):
            continue
        h = states[ref.layer][0][0, :, ref.source]
        if ref.layer == 0:
            h = h * context.scaling.half_width[ref.source] + context.scaling.center[ref.source]
        new = _conventional(user_constants(network, ref, context.scaling_at(network, ref)), primitive, h)
        if new is not None:
            frozen = network.layers[ref.layer].frozen[0, ref.source, ref.target].clone()
            set_primitive(result, ref, primitive, new, context.scaling_at(result, ref))
            result.layers[ref.layer].frozen[0, ref.source, ref.target] = frozen
    return result


def _conventional(old: dict[str, float], primitive: Primitive, h: Tensor) -> dict[str, float] | None:
    """The constants in their convention; None where they are in it already or would lose digits."""
    new = dict(old)
    if "a" in primitive.redundant:
        new["a"], new["b"] = math.copysign(1.0, old["a"]), old["b"] / abs(old["a"])
    if "b" in primitive.redundant:
        new["b"] = 0.0
    if new == old:
        return None
    p = torch.tensor(old["p"], dtype=h.dtype)
    values = old["c"] * primitive.function(old["a"] * h + old["b"], p) + old["d"]
    f = primitive.function(new["a"] * h + new["b"], p)
    first, last = int(f.argmin()), int(f.argmax())
    rise = float(f[last] - f[first])
    if not (rise > 0 and math.isfinite(rise)):
        return None
    new["c"] = float(values[last] - values[first]) / rise
    new["d"] = float(values[first]) - new["c"] * float(f[first])
    change = float((new["c"] * f + new["d"] - values).abs().max())
    return new if change <= SAME_CURVE * float(values.abs().max()) else None
