"""Edges made primitives by hand, and constants held and freed."""

from collections.abc import Mapping, Sequence

import torch

from kansym.editing.coordinates import mode_of, name_of, put
from kansym.editing.curve import learned_curve
from kansym.editing.desk import Desk
from kansym.editing.held_fit import fit_primitive
from kansym.errors import ArgumentError
from kansym.extraction.edges import EdgeRef
from kansym.kan.layer import AFFINE, EdgeMode
from kansym.kan.network import Network
from kansym.primitives.primitive import Primitive


def fixed(
    network: Network, ref: EdgeRef, primitive: Primitive, given: Mapping[str, float], desk: Desk, *, freeze: bool
) -> tuple[Network, float]:
    """A copy with an edge made a primitive, and R^2 on its curve; see `kansym.editing.edge.Edge.fix`."""
    curve = learned_curve(network, ref, desk)
    found = fit_primitive(curve.x, curve.y, curve.weights, primitive, given, seed=desk.options.seed)
    frozen = AFFINE if freeze else (*redundant(primitive), *given)
    result = curve.network.clone()
    put(result, ref, primitive, found.constants, desk.scaling, frozen=frozen)
    return result, 1.0 - found.misfit


def with_held(network: Network, ref: EdgeRef, names: Sequence[str], flag: bool) -> Network:
    """A copy with constants of a symbolic edge held, or free again; all of them without names."""
    if mode_of(network, ref) != EdgeMode.SYMBOLIC:
        raise ArgumentError(f"edge {name_of(ref)} is no primitive; only primitives have constants to hold")
    unknown = [name for name in names if name not in AFFINE]
    if unknown:
        raise ArgumentError(f"names must be of a, b, c, d and p, got {unknown[0]!r}")
    result = network.clone()
    layer = result.layers[ref.layer]
    primitive = result.primitives[int(layer.primitive[0, ref.source, ref.target])]
    for name in names or AFFINE:
        if flag or name not in redundant(primitive):
            layer.frozen[0, ref.source, ref.target, AFFINE.index(name)] = flag
    return result


def redundant(primitive: Primitive) -> frozenset[str]:
    """Constants that nothing is lost by holding."""
    return primitive.redundant if primitive.has_shape else primitive.redundant | {"p"}


def is_plain(network: Network, ref: EdgeRef) -> bool:
    """Whether a symbolic edge is the fixed identity that joins a product to its sum."""
    layer = network.layers[ref.layer]
    name = network.primitives[int(layer.primitive[0, ref.source, ref.target])].name
    return name == "x" and bool(layer.frozen[0, ref.source, ref.target].all())


def held_by_hand(network: Network, number: int) -> torch.Tensor:
    """Which constants of a layer are held beyond those that their primitive makes redundant, (n_in, n_out, 5).

    An identity with nothing free is how networks join product nodes to a sum, and counts as held by nobody.
    """
    layer = network.layers[number]
    symbolic = layer.mode[0] == EdgeMode.SYMBOLIC
    held = layer.frozen[0] & symbolic[..., None]
    for source, target in torch.nonzero(symbolic).tolist():
        if is_plain(network, EdgeRef(number, source, target)):
            held[source, target] = False
            continue
        primitive = network.primitives[int(layer.primitive[0, source, target])]
        for name in redundant(primitive):
            held[source, target, AFFINE.index(name)] = False
    return held
