"""From a network whose edges are all symbolic to one sympy expression in the original variables."""

from collections.abc import Sequence
from dataclasses import dataclass

import sympy

from kansym.errors import ArgumentError
from kansym.kan.layer import EdgeMode
from kansym.kan.network import Network


@dataclass(frozen=True)
class AffineMap:
    """The scaling of a table: the network reads ``(x - center) / half_width`` and y is ``y_center + y_scale * output``.

    Attributes
    ----------
    center, half_width : sequence of float, length n_inputs
    y_center, y_scale : float
    """

    center: Sequence[float]
    half_width: Sequence[float]
    y_center: float
    y_scale: float


def compose(network: Network, variables: Sequence[sympy.Symbol], scaling: AffineMap, *, index: int = 0) -> sympy.Expr:
    """The formula of one network of a population, with double-precision constants and no simplification.

    Parameters
    ----------
    network : Network
        All edges symbolic or off, one output.
    variables : sequence of Symbol, length n_inputs
    scaling : AffineMap
        Folded into the constants of the first layer and of the output.
    index : int, default 0
        Position in the population.

    Raises
    ------
    ArgumentError
        If an edge is still a spline or the network has several outputs.
    """
    if network.n_outputs != 1:
        raise ArgumentError(f"network must have one output to become one formula, got {network.n_outputs}")
    nodes: list[sympy.Expr] = list(variables)
    # The first layer reads u = (x - center) / half_width; a * u + b is worked out in floating point, so that no
    # symbolic difference of nearly equal numbers is left in the formula.
    maps = [(1.0 / h, -c / h) for c, h in zip(scaling.center, scaling.half_width, strict=True)]
    for number, layer in enumerate(network.layers):
        outputs: list[sympy.Expr] = []
        for target in range(layer.n_out):
            product = bool(layer.product[target])
            terms: list[sympy.Expr] = []
            for source in range(layer.n_in):
                mode = int(layer.mode[index, source, target])
                if mode == EdgeMode.OFF:
                    continue
                if mode != EdgeMode.SYMBOLIC:
                    raise ArgumentError(
                        f"edge {source} -> {target} of layer {number} is a spline; only symbolic edges compose"
                    )
                primitive = network.primitives[int(layer.primitive[index, source, target])]
                a, b, c, d, p = layer.affine[index, source, target].tolist()
                scale, shift = maps[source] if number == 0 else (1.0, 0.0)
                argument = _affine(nodes[source], a * scale, a * shift + b)
                inner = primitive.sympy(argument, sympy.Float(p) if primitive.has_shape else None)
                terms.append(_affine(inner, c, d))
            offset = float(layer.offset[index, target])
            if product:
                outputs.append(sympy.Mul(_number(offset), *terms))
            else:
                outputs.append(sympy.Add(_number(offset), *terms))
        nodes = outputs
    return _affine(nodes[0], scaling.y_scale, scaling.y_center)


def _number(value: float) -> sympy.Expr:
    """Exact integers 0, 1 and -1 stay structure: they come from frozen constants, not from a fit."""
    return sympy.Integer(int(value)) if value in (0.0, 1.0, -1.0) else sympy.Float(value)


def _affine(argument: sympy.Expr, scale: float, shift: float) -> sympy.Expr:
    return sympy.Add(sympy.Mul(_number(scale), argument), _number(shift))
