"""Redundant constants of symbolic edges in their convention: a = 1 or -1 and b = 0, in the units that users see."""

import math

import torch
from torch import Tensor

from kansym.editing.coordinates import put, user_constants
from kansym.editing.desk import Desk
from kansym.editing.fixing import held_by_hand, is_plain
from kansym.extraction.edges import edges_of_mode
from kansym.kan.layer import EdgeMode
from kansym.kan.network import Network
from kansym.primitives.primitive import Primitive

EXACT = 1e-12
"""Change of an edge, relative to its largest value, up to which another gauge says the same."""


def conventional(network: Network, desk: Desk) -> Network:
    """A copy with the same outputs, to rounding, and conventional constants wherever that loses no digits.

    The extraction works in scaled units, where ``(x/2 - 1)^2`` is as simple as ``x^2``. Edges with constants held by
    hand stay as they are, and so do the fixed identities that leave product nodes.
    """
    result = network.clone()
    states = network.trace(desk.rows.x, need_slope=False)
    for ref in edges_of_mode(network, EdgeMode.SYMBOLIC):
        primitive = network.primitives[int(network.layers[ref.layer].primitive[0, ref.source, ref.target])]
        held = held_by_hand(network, ref.layer)[ref.source, ref.target]
        if not primitive.redundant or bool(held.any()) or is_plain(network, ref):
            continue
        h = states[ref.layer][0][0, :, ref.source]
        if ref.layer == 0:
            h = h * desk.scaling.half_width[ref.source] + desk.scaling.center[ref.source]
        old = user_constants(network, ref, desk.scaling)
        new = _regauged(old, primitive, h)
        if new is not None:
            frozen = network.layers[ref.layer].frozen[0, ref.source, ref.target].clone()
            put(result, ref, primitive, new, desk.scaling)
            result.layers[ref.layer].frozen[0, ref.source, ref.target] = frozen
    return result


def _regauged(old: dict[str, float], primitive: Primitive, h: Tensor) -> dict[str, float] | None:
    """The constants in their convention, or None where they are in it or would lose digits."""
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
    return new if change <= EXACT * float(values.abs().max()) else None
