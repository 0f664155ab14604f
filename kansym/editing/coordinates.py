"""Networks and constants between scaled units and the user's."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch

from kansym.data.scaling import Scaling
from kansym.extraction.edges import EdgeRef
from kansym.kan.layer import AFFINE, EdgeMode
from kansym.kan.network import Network
from kansym.primitives.primitive import Primitive

FAR_FROM_ZERO = 1e3
"""Centre over half-width beyond which a column keeps its shift: without it, digits of its differences are lost."""


def from_zero(scaling: Scaling) -> Scaling:
    """The scaling without shifts of the inputs, but for columns that lie far from zero."""
    near = np.abs(scaling.center) <= FAR_FROM_ZERO * scaling.half_width
    return replace(scaling, center=np.where(near, 0.0, scaling.center))


def moved(network: Network, old: Scaling, new: Scaling) -> Network:
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
    """Constants a, b, c, d, p of a symbolic edge in the units of `to_user`."""
    constants: dict[str, float] = dict(
        zip(AFFINE, network.layers[ref.layer].affine[0, ref.source, ref.target].tolist(), strict=True)
    )
    return to_user(constants, network, ref, scaling)


def to_user(constants: Mapping[str, float], network: Network, ref: EdgeRef, scaling: Scaling) -> dict[str, float]:
    """Constants in the user's units where the edge has them.

    An edge that leaves an input reads it in the user's units (a, b); one that enters an output that adds is in units
    of y (c, d). Hidden nodes have no units of their own.
    """
    found = dict(constants)
    if ref.layer == 0:
        half, center = float(scaling.half_width[ref.source]), float(scaling.center[ref.source])
        found["a"] = constants["a"] / half
        found["b"] = constants["b"] - constants["a"] * (center / half)
    scale = output_scale(network, ref, scaling)
    found["c"], found["d"] = constants["c"] * scale, constants["d"] * scale
    return found


def to_network(constants: Mapping[str, float], network: Network, ref: EdgeRef, scaling: Scaling) -> dict[str, float]:
    """The inverse of `to_user`."""
    found = dict(constants)
    if ref.layer == 0:
        half, center = float(scaling.half_width[ref.source]), float(scaling.center[ref.source])
        found["a"] = constants["a"] * half
        found["b"] = constants["b"] + constants["a"] * center
    scale = output_scale(network, ref, scaling)
    found["c"], found["d"] = constants["c"] / scale, constants["d"] / scale
    return found


def output_scale(network: Network, ref: EdgeRef, scaling: Scaling) -> float:
    """What the values of an edge are multiplied by to be in units of y; 1 where they have none."""
    last = ref.layer == len(network.layers) - 1
    return scaling.y_scale if last and not bool(network.layers[-1].product[ref.target]) else 1.0


def mode_of(network: Network, ref: EdgeRef) -> EdgeMode:
    return EdgeMode(int(network.layers[ref.layer].mode[0, ref.source, ref.target]))


def put(
    network: Network,
    ref: EdgeRef,
    primitive: Primitive,
    constants: Mapping[str, float],
    scaling: Scaling,
    *,
    place: int = 0,
    frozen: Sequence[str] | None = None,
) -> None:
    """Make an edge of network number `place` a primitive in place, with constants in the units of `to_user`."""
    found = to_network(constants, network, ref, scaling)
    network.set_symbolic(
        ref.layer,
        ref.source,
        ref.target,
        primitive,
        a=found["a"],
        b=found["b"],
        c=found["c"],
        d=found["d"],
        p=found["p"],
        network=place,
        frozen=frozen,
    )


def name_of(ref: EdgeRef) -> str:
    """``layer.source.target``."""
    return f"{ref.layer}.{ref.source}.{ref.target}"
