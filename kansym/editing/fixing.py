"""Edges made primitives by hand, and constants held and freed."""

import math
from collections.abc import Mapping, Sequence

import torch

from kansym.editing.coordinates import mode_of, name_of, output_scale, put
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
    result = curve.network.clone()
    layer = result.layers[ref.layer]
    fitted = dict(given)
    if not bool(layer.product[ref.target]):
        # The level of a term is shared with its node, which takes what a given one leaves.
        fitted.pop("d", None)
    y = curve.y
    if "c" in given and ref.layer < len(result.layers) - 1 and _may_stretch(result, ref):
        # The scale of a hidden sum is free, so a height can be had without any change of what the network says.
        loose = {name: value for name, value in fitted.items() if name != "c"}
        height = fit_primitive(curve.x, y, curve.weights, primitive, loose, seed=desk.options.seed).constants["c"]
        factor = given["c"] / height if height else 0.0
        if factor and math.isfinite(factor):
            stretch(result, ref.layer, ref.target, factor)
            y = y * factor
    found = fit_primitive(curve.x, y, curve.weights, primitive, fitted, seed=desk.options.seed)
    constants = {**found.constants, **given}
    left = found.constants["d"] - constants["d"]
    if left:
        layer.offset[0, ref.target] += left / output_scale(result, ref, desk.scaling)
    frozen = AFFINE if freeze else (*redundant(primitive), *given)
    put(result, ref, primitive, constants, desk.scaling, frozen=frozen)
    return result, 1.0 - found.misfit


def _may_stretch(network: Network, ref: EdgeRef) -> bool:
    """Whether a node may be scaled: it adds, and no constant is held that this would move."""
    into, out = held_by_hand(network, ref.layer)[:, ref.target], held_by_hand(network, ref.layer + 1)[ref.target]
    into[ref.source] = False
    adds = not bool(network.layers[ref.layer].product[ref.target])
    return adds and not bool(into[:, 2:4].any() or out[:, 0].any())


def stretch(network: Network, number: int, node: int, factor: float) -> None:
    """Multiply the values of a node that layer `number` sums up, in place; the edges that read it undo it exactly."""
    layer, after = network.layers[number], network.layers[number + 1]
    layer.coefficients[0, :, node] *= factor
    layer.affine[0, :, node, 2:4] *= factor
    layer.offset[0, node] *= factor
    after.affine[0, node, :, 0] /= factor
    after.center[0, node] *= factor
    after.half_width[0, node] *= abs(factor)
    if factor < 0:
        after.coefficients[0, node] = after.coefficients[0, node].flip(-1)


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
