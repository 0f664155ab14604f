"""One layer of a population of networks: its edges as tensors, and how they are evaluated.

Axes are always (P, in, out, ...): network of the population, input node, output node. An edge is off, a spline, or a
primitive ``c * f(a * h + b) + d``, or the sum of both; every network of the population has its own mix.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

from kansym.deferred import Tensor, torch
from kansym.kan.curves import Curves
from kansym.kan.remembered import remembered
from kansym.kan.spline import DEGREE
from kansym.primitives.primitive import Primitive


class EdgeMode(IntEnum):
    """What an edge is."""

    OFF = 0
    SPLINE = 1
    SYMBOLIC = 2
    BOTH = SPLINE | SYMBOLIC


AFFINE = ("a", "b", "c", "d", "p")
"""Order of the constants of a symbolic edge along the last axis of `Layer.affine`."""


_PER_NETWORK = ("coefficients", "mode", "affine", "frozen", "primitive", "offset", "center", "half_width")


@dataclass
class Layer:
    """Edges from `n_in` to `n_out` nodes for P networks.

    Attributes
    ----------
    coefficients : Tensor, shape (P, n_in, n_out, curves.size)
        Coefficients of `curves` over the normalised input ``u = (h - center) / half_width``.
    mode : Tensor of int8, shape (P, n_in, n_out)
        `EdgeMode` of each edge.
    affine : Tensor, shape (P, n_in, n_out, 5)
        Constants a, b, c, d, p of symbolic edges, over the raw input h.
    frozen : Tensor of bool, shape (P, n_in, n_out, 5)
        Constants that training leaves alone.
    primitive : Tensor of int64, shape (P, n_in, n_out)
        Index into the network's primitives, -1 where the edge is not symbolic.
    offset : Tensor, shape (P, n_out)
        Added to a sum node, factor of a product node; trained where `train_offsets` says so, else changed by rescaling
        and pruning only.
    center, half_width : Tensor, shape (P, n_in)
        Position of the spline grid on each input node.
    product : Tensor of bool, shape (n_out,)
        Which output nodes multiply their edges; the others add them.
    order : int, default 3
        Degree of the splines.
    base : str, default "none"
        Base function of every curve, see `kansym.kan.curves.BASES`.
    train_offsets : bool, default False
        Whether training moves the offsets.
    knots : Tensor, shape (P, n_in, G + 1), optional
        Ends of the intervals of the grid in u, ascending; they stay while training moves `center` and `half_width`.
        Default: even ones over [-1, 1].
    """

    coefficients: Tensor
    mode: Tensor
    affine: Tensor
    frozen: Tensor
    primitive: Tensor
    offset: Tensor
    center: Tensor
    half_width: Tensor
    product: Tensor
    order: int = DEGREE
    base: str = "none"
    train_offsets: bool = False
    knots: Tensor | None = None

    @property
    def grid(self) -> int:
        """Number of intervals of the spline grid."""
        return self.coefficients.shape[-1] - self.order - (self.base != "none")

    @property
    def curves(self) -> Curves:
        """What the coefficients mean."""
        return Curves(self.grid, self.order, self.base, self.knots)

    def curves_of(self, source: int, *, network: int = 0) -> Curves:
        """The same for edges from one node of one network."""
        return replace(self.curves, knots=None if self.knots is None else self.knots[network, source])

    def on_grid(self, grid: int) -> Layer:
        """A layer with the same curves on another grid; exact where it is a multiple of the present one."""
        if grid == self.grid:
            return self.clone()
        curves = self.curves.on_grid(grid)
        return replace(self.clone(), coefficients=self.curves.projected(self.coefficients, curves), knots=curves.knots)

    @property
    def per_network(self) -> tuple[str, ...]:
        """Names of the tensors whose first axis is the population: all but `product`."""
        return _PER_NETWORK if self.knots is None else (*_PER_NETWORK, "knots")

    @property
    def n_in(self) -> int:
        return self.mode.shape[1]

    @property
    def n_out(self) -> int:
        return self.mode.shape[2]

    @property
    def spline_edges(self) -> Tensor:
        """Which edges have a spline, alone or beside a primitive, shape (P, n_in, n_out)."""
        return remembered("spline edges", self.mode, find=lambda: (self.mode & EdgeMode.SPLINE) != 0)

    @property
    def symbolic_edges(self) -> Tensor:
        """Which edges have a primitive, alone or beside a spline, shape (P, n_in, n_out)."""
        return (self.mode & EdgeMode.SYMBOLIC) != 0

    def active(self, dtype: torch.dtype) -> Tensor:
        """1 for edges that are on and 0 for others, shape (P, 1, n_in, n_out)."""
        return remembered("active", self.mode, about=dtype, find=lambda: (self.mode != EdgeMode.OFF)[:, None].to(dtype))

    @property
    def has_splines(self) -> bool:
        return remembered("splines", self.mode, find=lambda: bool(self.spline_edges.any()))

    @property
    def has_symbolic(self) -> bool:
        return remembered("symbolic", self.mode, find=lambda: bool(self.symbolic_edges.any()))

    @property
    def has_both(self) -> bool:
        return remembered("both", self.mode, find=lambda: bool((self.mode == EdgeMode.BOTH).any()))

    @property
    def has_products(self) -> bool:
        return remembered("products", self.product, find=lambda: bool(self.product.any()))

    def placed(self) -> list[tuple[int, Tensor, Tensor, Tensor]]:
        """The primitives of symbolic edges, each with the networks, sources and targets of its edges."""

        def find() -> list[tuple[int, Tensor, Tensor, Tensor]]:
            primitive = torch.where(self.symbolic_edges, self.primitive, -1)
            found = []
            for kind in torch.unique(primitive).tolist():
                if kind >= 0:
                    network, source, target = torch.nonzero(primitive == kind, as_tuple=True)
                    found.append((kind, network, source, target))
            return found

        return remembered("placed", self.mode, self.primitive, find=find)

    def bases(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """Bases of the curves at node values h (Q, n, n_in), and their derivatives in u; see `EdgeValues.basis`."""
        # Where every network has the same inputs on the same grid, the bases are computed once.
        count = h.shape[0]
        curves = replace(self.curves, knots=None if self.knots is None else self.knots[:count])
        return curves.basis((h - self.center[:count, None]) / self.half_width[:count, None], axis=-2)

    def map(self, function) -> Layer:
        """A layer with `function` applied to every per-network tensor (all but `product`)."""
        return replace(self, **{name: function(getattr(self, name)) for name in self.per_network})

    def clone(self) -> Layer:
        return self.map(torch.Tensor.clone)


@dataclass
class EdgeValues:
    """Edges of one layer evaluated on n rows.

    Attributes
    ----------
    value, slope : Tensor, shape (P, n, n_in, n_out)
        phi(h) and d phi / d h; off edges are 0.
    basis : Tensor or None, shape (Q, n, n_in, curves.size)
        Bases of the curves, Q = 1 where all networks share the inputs (the first layer), else P.
    primitive, shifted, shaped : Tensor or None, shape (P, n, n_in, n_out)
        f(z), f'(z) and df/dp of symbolic edges before the outer affine map; 0 elsewhere.
    inputs : Tensor, shape (Q, n, n_in)
    """

    value: Tensor
    slope: Tensor
    basis: Tensor | None
    primitive: Tensor | None
    shifted: Tensor | None
    shaped: Tensor | None
    inputs: Tensor


def _splines(layer: Layer, h: Tensor, bases: tuple[Tensor, Tensor], need_slope: bool) -> tuple[Tensor, Tensor | None]:
    """Values and slopes of all splines, shape (P, n, n_in, n_out)."""
    networks, n_in, n_out, size = layer.coefficients.shape
    coefficients = layer.coefficients * layer.spline_edges.unsqueeze(-1)
    if h.shape[0] == 1:
        # The population becomes part of the output axis of one matrix product.
        coefficients = coefficients.permute(1, 3, 0, 2).reshape(n_in, size, networks * n_out)

    def apply(bases: Tensor) -> Tensor:
        if h.shape[0] == 1:
            product = torch.bmm(bases[0].transpose(0, 1), coefficients)  # (n_in, n, P * n_out)
            return product.reshape(n_in, -1, networks, n_out).permute(2, 1, 0, 3)
        product = torch.matmul(bases.transpose(1, 2), coefficients.transpose(2, 3))  # (P, n_in, n, n_out)
        return product.transpose(1, 2)

    values, derivatives = bases
    half = layer.half_width[: h.shape[0]]
    return apply(values), apply(derivatives) / half[:, None, :, None] if need_slope else None


def _symbolic(
    layer: Layer, h: Tensor, primitives: tuple[Primitive, ...], value: Tensor, slope: Tensor, need_slope: bool
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Write primitives into `value` and `slope`, beside the splines that go with them.

    Returns f, f' and df/dp before the outer affine map.
    """
    plain = torch.zeros_like(value)
    shifted = torch.zeros_like(value)
    shaped: Tensor | None = None
    beside = layer.mode == EdgeMode.BOTH if layer.has_both else None
    for index, network, source, target in layer.placed():
        primitive = primitives[index]
        a, b, c, d, p = layer.affine[network, source, target].unbind(-1)
        inputs = h[network if h.shape[0] > 1 else torch.zeros_like(network), :, source]  # (edges, n)
        z = a[:, None] * inputs + b[:, None]
        f = primitive.function(z, p[:, None])
        plain[network, :, source, target] = f
        edges = (network, slice(None), source, target)
        both = None if beside is None else beside[network, source, target][:, None]
        value[edges] = _beside(value[edges], c[:, None] * f + d[:, None], both)
        if not need_slope:
            continue
        df = primitive.derivative(z, p[:, None])
        shifted[network, :, source, target] = df
        slope[edges] = _beside(slope[edges], (c * a)[:, None] * df, both)
        if primitive.shape_derivative is not None:
            if shaped is None:
                shaped = torch.zeros_like(value)
            shaped[network, :, source, target] = primitive.shape_derivative(z, p[:, None])
    return plain, shifted, shaped


def _beside(spline: Tensor, own: Tensor, both: Tensor | None) -> Tensor:
    """What a primitive gives, and with its spline where `both` says so."""
    return own if both is None else torch.where(both, spline + own, own)


def evaluate_edges(
    layer: Layer,
    h: Tensor,
    primitives: tuple[Primitive, ...],
    *,
    need_slope: bool = True,
    bases: tuple[Tensor, Tensor] | None = None,
) -> EdgeValues:
    """Evaluate all edges of a layer.

    Parameters
    ----------
    layer : Layer
    h : Tensor, shape (Q, n, n_in)
        Inputs; Q = 1 when all networks share them.
    primitives : tuple of Primitive
        What `Layer.primitive` points into.
    need_slope : bool, default True
        Whether derivatives are needed; they cost about as much as the values.
    bases : (Tensor, Tensor), optional
        `Layer.bases` at h, where they are known. That is so at the inputs of all networks, of which nobody asks how the
        output depends on them: slopes of splines are then left out.
    """
    networks = layer.mode.shape[0]
    shape = (networks, h.shape[1], layer.n_in, layer.n_out)
    value = slope = basis = None
    if layer.has_splines:
        known, bases = bases is not None, bases or layer.bases(h)
        basis = bases[0]
        value, slope = _splines(layer, h, bases, need_slope and not known)
    if value is None or slope is None:
        nothing = torch.zeros((), dtype=h.dtype, device=h.device).expand(shape)
        value, slope = (nothing if one is None else one for one in (value, slope))
    if not layer.has_symbolic:
        return EdgeValues(value, slope, basis, None, None, None, h)
    value, slope = value.contiguous(), slope.contiguous()
    plain, shifted, shaped = _symbolic(layer, h, primitives, value, slope, need_slope)
    return EdgeValues(value, slope, basis, plain, shifted, shaped, h)


def combine(layer: Layer, edges: EdgeValues) -> Tensor:
    """Node values from edge values, shape (P, n, n_out)."""
    total = edges.value.sum(2) + layer.offset[:, None]
    if not layer.has_products:
        return total
    active = (layer.mode != EdgeMode.OFF)[:, None]
    factors = torch.where(active, edges.value, torch.ones((), dtype=total.dtype, device=total.device))
    return torch.where(layer.product, factors.prod(2) * layer.offset[:, None], total)


def node_gradient(layer: Layer, edges: EdgeValues) -> Tensor:
    """d node / d edge value, shape (P, n, n_in, n_out): 1 in sums, the product of the other factors in products."""
    active = layer.active(edges.value.dtype)
    if not layer.has_products:
        return active.expand_as(edges.value)
    factors = torch.where(active > 0, edges.value, torch.ones((), dtype=active.dtype, device=active.device))
    # Products of the factors before and after each one: exact where a factor is zero, unlike total / factor.
    one = torch.ones_like(factors[:, :, :1])
    before = torch.cumprod(torch.cat([one, factors[:, :, :-1]], 2), 2)
    after = torch.cumprod(torch.cat([one, factors[:, :, 1:].flip(2)], 2), 2).flip(2)
    others = before * after * layer.offset[:, None, None]
    return torch.where(layer.product, others, torch.ones_like(others)) * active


def offset_gradient(layer: Layer, edges: EdgeValues) -> Tensor:
    """d node / d offset, shape (P, n, n_out): 1 in sums, the product of the factors in products."""
    active = (layer.mode != EdgeMode.OFF)[:, None]
    one = torch.ones((), dtype=edges.value.dtype, device=edges.value.device)
    factors = torch.where(active & layer.product, edges.value, one)
    return factors.prod(2)


def spline_values(layer: Layer, edges: EdgeValues) -> Tensor:
    """Edge values less the primitives of edges that are both, shape (P, n, n_in, n_out)."""
    if edges.primitive is None or not layer.has_both:
        return edges.value
    own = layer.affine[:, None, ..., 2] * edges.primitive + layer.affine[:, None, ..., 3]
    return torch.where((layer.mode == EdgeMode.BOTH)[:, None], edges.value - own, edges.value)
