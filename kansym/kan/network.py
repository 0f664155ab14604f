"""A population of Kolmogorov-Arnold networks of one shape, held as one set of tensors.

Every edge carries a one-dimensional function; every node adds or multiplies its edges. The leading axis P runs over
networks that share the shape and nothing else: each has its own weights and its own mix of spline, symbolic and
switched-off edges, and all are evaluated and trained together.

References
----------
Z. Liu et al., "KAN: Kolmogorov-Arnold Networks", arXiv:2404.19756; "KAN 2.0", arXiv:2408.10205 (product nodes).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import torch
from torch import Tensor

from kansym.errors import ArgumentError
from kansym.kan.curves import BASES, Curves
from kansym.kan.layer import EdgeMode, EdgeValues, Layer, combine, evaluate_edges
from kansym.kan.spline import DEGREE, HIGHEST_DEGREE
from kansym.primitives.primitive import Primitive

Width = int | tuple[int, int]


def _nodes(width: Width, position: int) -> tuple[int, int]:
    sums, products = (width, 0) if isinstance(width, int) else width
    if sums < 0 or products < 0 or sums + products < 1:
        raise ArgumentError(f"shape[{position}] must have at least one node, got {width!r}")
    return sums, products


def format_shape(shape: Sequence[Width]) -> str:
    """``[3, 2x, 1]`` for two product nodes, ``[3, 1+2x, 1]`` for one sum node beside them."""
    parts = []
    for width in shape:
        sums, products = (width, 0) if isinstance(width, int) else width
        parts.append(str(sums) if not products else f"{products}x" if not sums else f"{sums}+{products}x")
    return "[" + ", ".join(parts) + "]"


@dataclass
class Network:
    """P networks of one shape.

    Attributes
    ----------
    shape : tuple
        Nodes per layer from inputs to outputs; an entry is a number of sum nodes or ``(sums, products)``. The first
        entry is the number of inputs. ``(3, (0, 2), 1)`` is a sum over two products of splines of three variables.
    layers : list of Layer
    primitives : tuple of Primitive
        What symbolic edges may be; edges refer to them by position.
    """

    shape: tuple[Width, ...]
    layers: list[Layer]
    primitives: tuple[Primitive, ...] = ()

    def __repr__(self) -> str:
        grids = "/".join(dict.fromkeys(str(layer.grid) for layer in self.layers))
        return f"<Network {format_shape(self.shape)}, grid {grids}, population {self.population}>"

    @classmethod
    def create(
        cls,
        shape: Sequence[Width],
        *,
        grid: int = 5,
        order: int = DEGREE,
        base: str = "none",
        population: int = 1,
        generator: torch.Generator,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float64,
    ) -> "Network":
        """Random networks with all edges splines.

        Parameters
        ----------
        shape : sequence of int or (int, int)
            See the class. ``(2, 5, 1)`` has two inputs, five sum nodes and one output.
        grid : int, default 5
            Intervals of every spline. Start small (3 to 5) and refine: a fine grid on few points fits noise.
        order : int, default 3
            Degree of every spline, 1 to 5. Cubic ones are fastest and right nearly always; 1 where curves have kinks, 5
            where high derivatives of the network are wanted.
        base : str, default "none"
            Function b of every curve ``w b(u) + spline(u)``: "none", "silu" or "identity". pykan has "silu". A spline
            says all that it could say within its grid; it helps where rows lie beyond the grid, and optimizers of first
            order on fine grids.
        population : int, default 1
            Number of networks P. A few starts cost little more than one and guard against an unlucky one.
        generator : torch.Generator
            Source of the initial weights, on the CPU so that every device starts from the same ones.
        device, dtype : default "cpu", float64

        Raises
        ------
        ArgumentError
            If `shape` has fewer than two entries or an empty layer, `grid` or `population` is not positive, or `order`
            or `base` is not one of the above.
        """
        if len(shape) < 2:
            raise ArgumentError(f"shape must name inputs and outputs, such as (2, 1, 1), got {tuple(shape)!r}")
        for name, value in (("grid", grid), ("population", population)):
            if value < 1:
                raise ArgumentError(f"{name} must be at least 1, got {value!r}")
        if order not in range(1, HIGHEST_DEGREE + 1):
            raise ArgumentError(f"order must be a degree from 1 to {HIGHEST_DEGREE}, got {order!r}")
        if base not in BASES:
            raise ArgumentError(f"base must be one of {', '.join(BASES)}, got {base!r}")
        widths = [_nodes(width, position) for position, width in enumerate(shape)]
        layers = []
        for (sums_in, products_in), (sums, products) in pairwise(widths):
            n_in, n_out = sums_in + products_in, sums + products
            product = torch.arange(n_out) >= sums
            curves = Curves(grid, order, base)
            coefficients = _random_curves(curves, product, (population, n_in, n_out), generator)
            layers.append(_spline_layer(coefficients, product, curves, device=device, dtype=dtype))
        return cls(tuple(shape), layers)

    @property
    def population(self) -> int:
        """Number of networks P."""
        return self.layers[0].mode.shape[0]

    @property
    def n_inputs(self) -> int:
        return self.layers[0].n_in

    @property
    def n_outputs(self) -> int:
        return self.layers[-1].n_out

    @property
    def device(self) -> torch.device:
        return self.layers[0].coefficients.device

    @property
    def dtype(self) -> torch.dtype:
        return self.layers[0].coefficients.dtype

    @property
    def is_symbolic(self) -> bool:
        """Whether no edge is a spline any more."""
        return not any(layer.has_splines for layer in self.layers)

    def __call__(self, x: Tensor) -> Tensor:
        """Outputs, shape (P, n, n_outputs), for inputs of shape (n, n_inputs) shared by all networks."""
        return self.trace(x, need_slope=False)[-1][0]

    def trace(self, x: Tensor, *, need_slope: bool = True) -> list[tuple[Tensor, EdgeValues | None]]:
        """Node values and edge values of every layer, inputs first.

        Returns
        -------
        list of (nodes, edges)
            Entry 0 is ``(inputs, None)``; entry l the nodes after layer l, shape (P, n, width), and the edges into it.
        """
        if x.ndim != 2 or x.shape[1] != self.n_inputs:
            raise ArgumentError(f"x must have shape (n, {self.n_inputs}), got {tuple(x.shape)}")
        h = x[None]
        states: list[tuple[Tensor, EdgeValues | None]] = [(h, None)]
        for layer in self.layers:
            edges = evaluate_edges(layer, h, self.primitives, need_slope=need_slope)
            h = combine(layer, edges)
            states.append((h, edges))
        return states

    def clone(self) -> "Network":
        return replace(self, layers=[layer.clone() for layer in self.layers])

    def select(self, indices: Sequence[int] | Tensor) -> "Network":
        """The networks with these positions in the population, as a new population; positions may repeat."""
        index = torch.as_tensor(indices, device=self.device).long()
        return replace(self, layers=[layer.map(lambda tensor: tensor[index].clone()) for layer in self.layers])

    def with_grid(self, grid: int) -> "Network":
        """The same networks on another grid (grid extension; exact when `grid` is a multiple of the present one)."""
        layers = []
        for layer in self.layers:
            layers.append(replace(layer.clone(), coefficients=layer.curves.changed(layer.coefficients, grid)))
        return replace(self, layers=layers)

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> "Network":
        """A copy on another device or in another floating-point precision."""

        def move(tensor: Tensor) -> Tensor:
            return tensor.to(device=device, dtype=dtype if tensor.is_floating_point() else None).clone()

        layers = []
        for layer in self.layers:
            moved = layer.map(move)
            layers.append(replace(moved, product=layer.product.to(device=device)))
        return replace(self, layers=layers)

    def with_primitives(self, primitives: Sequence[Primitive]) -> "Network":
        """A copy that knows these primitives as well; positions of the ones it has do not change."""
        known = {primitive.name for primitive in self.primitives}
        extra = tuple(primitive for primitive in primitives if primitive.name not in known)
        return replace(self.clone(), primitives=self.primitives + extra)

    def set_symbolic(
        self,
        layer: int,
        source: int,
        target: int,
        primitive: Primitive,
        *,
        a: float = 1.0,
        b: float = 0.0,
        c: float = 1.0,
        d: float = 0.0,
        p: float = 1.0,
        network: int | slice = slice(None),
        frozen: Sequence[str] | None = None,
    ) -> None:
        """Make an edge ``c * f(a * h + b) + d`` in place, for one network or for all.

        Parameters
        ----------
        layer, source, target : int
            The edge from node `source` to node `target` of that layer.
        primitive : Primitive
        a, b, c, d, p : float
            Constants over the raw node value h; p is used by primitives with a shape parameter only.
        network : int or slice, default all
        frozen : sequence of str, optional
            Constants that training must leave alone, of "a", "b", "c", "d", "p". Default: the ones that are redundant
            in the primitive, and p where it has no shape parameter.
        """
        names = [known.name for known in self.primitives]
        if primitive.name not in names:
            self.primitives = (*self.primitives, primitive)
            names.append(primitive.name)
        if frozen is None:
            frozen = [*primitive.redundant, *(() if primitive.has_shape else ("p",))]
        edge = self.layers[layer]
        edge.mode[network, source, target] = EdgeMode.SYMBOLIC
        edge.primitive[network, source, target] = names.index(primitive.name)
        constants = torch.tensor([a, b, c, d, p], dtype=self.dtype, device=self.device)
        edge.affine[network, source, target] = constants
        held = torch.tensor([name in frozen for name in "abcdp"], device=self.device)
        edge.frozen[network, source, target] = held

    def set_off(self, layer: int, source: int, target: int, *, network: int | slice = slice(None)) -> None:
        """Switch an edge off in place."""
        self.layers[layer].mode[network, source, target] = EdgeMode.OFF
        self.layers[layer].primitive[network, source, target] = -1


def _random_curves(curves: Curves, product: Tensor, edges: tuple[int, int, int], generator: torch.Generator) -> Tensor:
    """Coefficients (P, n_in, n_out, size) to start from, those into the nodes in `product` for a product."""
    size, options = curves.grid + curves.order, {"generator": generator, "dtype": torch.float64}
    noise = torch.randn(*edges, size, **options)
    slope = torch.randn(*edges, 1, **options)
    # Sum nodes start near random linear functions with some curvature; product nodes near 1, with a random walk so that
    # no two starts are alike: a factor near 0 would hide all others from the gradient.
    line = Curves(curves.grid, curves.order).line(1.0, 0.0, noise)
    additive = (slope * line + 0.1 * noise) / edges[1] ** 0.5
    factors = 1.0 + 0.3 * noise.cumsum(-1) * (5.0 / size) ** 0.5
    splines = torch.where(product[:, None], factors, additive)
    if not curves.has_base:
        return splines
    weight = torch.randn(*edges, 1, **options) / edges[1] ** 0.5
    return torch.cat([splines, torch.where(product[:, None], torch.zeros_like(weight), weight)], -1)


def _spline_layer(
    coefficients: Tensor, product: Tensor, curves: Curves, *, device: torch.device | str, dtype: torch.dtype
) -> Layer:
    networks, n_in, n_out, _ = coefficients.shape
    options = {"device": device, "dtype": dtype}
    return Layer(
        coefficients=coefficients.to(**options),
        mode=torch.full((networks, n_in, n_out), int(EdgeMode.SPLINE), dtype=torch.int8, device=device),
        affine=torch.zeros(networks, n_in, n_out, 5, **options),
        frozen=torch.ones(networks, n_in, n_out, 5, dtype=torch.bool, device=device),
        primitive=torch.full((networks, n_in, n_out), -1, dtype=torch.long, device=device),
        offset=product.to(**options).expand(networks, n_out).clone(),
        center=torch.zeros(networks, n_in, **options),
        half_width=torch.ones(networks, n_in, **options),
        product=product.to(device),
        order=curves.order,
        base=curves.base,
    )


def concatenate(networks: Sequence[Network]) -> Network:
    """One population out of several of the same shape, grid and primitives."""
    first = networks[0]
    if any(other.shape != first.shape for other in networks):
        raise ArgumentError("networks to concatenate must have one shape, got " + str([n.shape for n in networks]))
    fields = ("coefficients", "mode", "affine", "frozen", "primitive", "offset", "center", "half_width")
    layers = []
    for stack in zip(*(network.layers for network in networks), strict=True):
        merged = {name: torch.cat([getattr(layer, name) for layer in stack]) for name in fields}
        layers.append(replace(stack[0], **merged))
    return replace(first, layers=layers)
