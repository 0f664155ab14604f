"""A population of Kolmogorov-Arnold networks of one shape, held as one set of tensors.

Every edge carries a one-dimensional function; every node adds or multiplies its edges. The leading axis P runs over
networks that share the shape and nothing else: each has its own weights and its own mix of spline, symbolic and
switched-off edges, and all are evaluated and trained together.

References
----------
Z. Liu et al., "KAN: Kolmogorov-Arnold Networks", arXiv:2404.19756; "KAN 2.0", arXiv:2408.10205 (product nodes).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from numbers import Integral

from kansym.deferred import Tensor, torch
from kansym.errors import ArgumentError
from kansym.kan.curves import BASES, Curves
from kansym.kan.initial import edges_at_start, random_curves
from kansym.kan.layer import EdgeMode, EdgeValues, Layer, combine, evaluate_edges
from kansym.kan.remembered import remembered
from kansym.kan.shape import Width, format_shape
from kansym.kan.spline import DEGREE, HIGHEST_DEGREE
from kansym.primitives.primitive import Primitive


def _nodes(width: Width, position: int) -> tuple[int, int]:
    pair = width if isinstance(width, tuple | list) else (width, 0)
    if len(pair) != 2 or not all(isinstance(number, Integral) and not isinstance(number, bool) for number in pair):
        raise ArgumentError(f"shape[{position}] must be a number of nodes, or a pair (sums, products), got {width!r}")
    sums, products = map(int, pair)
    if sums < 0 or products < 0 or sums + products < 1:
        raise ArgumentError(f"shape[{position}] must have at least one node, got {width!r}")
    return sums, products


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
        grid: int | Sequence[int] = 5,
        order: int = DEGREE,
        base: str = "none",
        train_offsets: bool = False,
        arity: int | None = None,
        fan_in: int | None = None,
        nearest: bool = False,
        population: int = 1,
        generator: torch.Generator,
        device: torch.device | str = "cpu",
        dtype: torch.dtype | None = None,
    ) -> Network:
        """Random networks whose edges are splines.

        Parameters
        ----------
        shape : sequence of int or (int, int)
            See the class. ``(2, 5, 1)`` has two inputs, five sum nodes and one output.
        grid : int or sequence of int, default 5
            Intervals of every spline, or of the splines of each layer. Start small (3 to 5) and refine: a fine grid on
            few points fits noise.
        order : int, default 3
            Degree of every spline, 1 to 5. Cubic ones are fastest and right nearly always; 1 where curves have kinks, 5
            where high derivatives of the network are wanted.
        base : str, default "none"
            Function b of every curve ``w b(u) + spline(u)``: "none", "silu" or "identity". pykan has "silu". A spline
            says all that it could say within its grid; it helps where rows lie beyond the grid, and optimizers of first
            order on fine grids.
        train_offsets : bool, default False
            Train a constant in every sum node and a factor in every product node. Splines into a node have them
            already; ask for it where edges are functions that have none, as in ``(3, (0, 1), 1)`` for a product plus a
            constant with an identity behind the product.
        arity : int, optional
            Edges into every product node, drawn at random and spread over the sources. Default: all, so that
            ``(3, (0, 2), 1)`` multiplies all that comes in. Set it where a law multiplies few of many inputs: a product
            of many factors is hard to train.
        fan_in : int, optional
            The same for the sum nodes of hidden layers; nodes with fewer sources than that see all. Default: all. A
            sparse start with a population tells which inputs belong together where there are many.
        nearest : bool, default False
            Take the sources next to a node instead of random ones, for inputs that have an order.
        population : int, default 1
            Number of networks P. A few starts cost little more than one and guard against an unlucky one.
        generator : torch.Generator
            Source of the initial weights, on the CPU so that every device starts from the same ones.
        device, dtype : default "cpu", float64

        Raises
        ------
        ArgumentError
            If `shape` has fewer than two entries or an empty layer, `grid` or another number is not positive or not one
            of each layer, `order` or `base` is not one of the above, or `arity` asks for more factors than there are.
        """
        if not isinstance(shape, tuple | list) or len(shape) < 2:
            raise ArgumentError(f"shape must name inputs and outputs, such as (2, 1, 1), got {shape!r}")
        grids = _grids(grid, len(shape) - 1)
        for name, value in (("population", population), ("arity", arity), ("fan_in", fan_in)):
            if value is not None and value < 1:
                raise ArgumentError(f"{name} must be at least 1, got {value!r}")
        if order not in range(1, HIGHEST_DEGREE + 1):
            raise ArgumentError(f"order must be a degree from 1 to {HIGHEST_DEGREE}, got {order!r}")
        if base not in BASES:
            raise ArgumentError(f"base must be one of {', '.join(BASES)}, got {base!r}")
        widths = [_nodes(width, position) for position, width in enumerate(shape)]
        layers = []
        for number, ((sums_in, products_in), (sums, products)) in enumerate(pairwise(widths)):
            n_in, n_out = sums_in + products_in, sums + products
            if arity is not None and products and arity > n_in:
                raise ArgumentError(f"arity must not exceed the {n_in} nodes that layer {number} reads, got {arity}")
            product = torch.arange(n_out) >= sums
            curves, edges = Curves(grids[number], order, base), (population, n_in, n_out)
            coefficients = random_curves(curves, product, edges, generator)
            layer = _spline_layer(coefficients, product, curves, device=device, dtype=dtype or torch.float64)
            layer.train_offsets = train_offsets
            hidden = number < len(shape) - 2
            there = edges_at_start(
                product, edges, generator, fan_in=fan_in if hidden else None, arity=arity, nearest=nearest
            )
            if there is not None:
                layer.mode[~there.to(device)] = EdgeMode.OFF
            layers.append(layer)
        return cls(
            tuple(
                pair if isinstance(width, tuple | list) else pair[0] for width, pair in zip(shape, widths, strict=True)
            ),
            layers,
        )

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

    def trace(
        self, x: Tensor, *, need_slope: bool = True, kept: bool = False
    ) -> list[tuple[Tensor, EdgeValues | None]]:
        """Node values and edge values of every layer, inputs first.

        Parameters
        ----------
        x : Tensor, shape (n, n_inputs)
        need_slope : bool, default True
            Whether derivatives are needed.
        kept : bool, default False
            Whether x itself will be asked for again, as in training: the bases of the first layer are then remembered
            with it, and slopes of its splines are left out.

        Returns
        -------
        list of (nodes, edges)
            Entry 0 is ``(inputs, None)``; entry l the nodes after layer l, shape (P, n, width), and the edges into it.
        """
        if x.ndim != 2 or x.shape[1] != self.n_inputs:
            raise ArgumentError(f"x must have shape (n, {self.n_inputs}), got {tuple(x.shape)}")
        h = x[None]
        states: list[tuple[Tensor, EdgeValues | None]] = [(h, None)]
        for number, layer in enumerate(self.layers):
            bases = self._bases_at(x) if kept and number == 0 and layer.has_splines and not x.requires_grad else None
            edges = evaluate_edges(layer, h, self.primitives, need_slope=need_slope, bases=bases)
            h = combine(layer, edges)
            states.append((h, edges))
        return states

    def _bases_at(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Bases of the first layer, remembered as long as x lives and the grids of the inputs stay."""
        first = self.layers[0]
        places = (first.center, first.half_width, *(() if first.knots is None else (first.knots,)))
        about = (first.grid, first.order, first.base)
        return remembered("bases", x, *places, about=about, find=lambda: first.bases(x[None]))

    def clone(self) -> Network:
        return replace(self, layers=[layer.clone() for layer in self.layers])

    def select(self, indices: Sequence[int] | Tensor) -> Network:
        """The networks with these positions in the population, as a new population; positions may repeat."""
        index = torch.as_tensor(indices, device=self.device).long()
        return replace(self, layers=[layer.map(lambda tensor: tensor[index].clone()) for layer in self.layers])

    def with_grid(self, grid: int | Sequence[int]) -> Network:
        """The same networks on another grid (grid extension; exact where it is a multiple of the present one).

        Parameters
        ----------
        grid : int or sequence of int
            Intervals of all splines, or of those of each layer.
        """
        layers = []
        for layer, intervals in zip(self.layers, _grids(grid, len(self.layers)), strict=True):
            layers.append(layer.on_grid(intervals))
        return replace(self, layers=layers)

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> Network:
        """A copy on another device or in another floating-point precision."""

        def move(tensor: Tensor) -> Tensor:
            return tensor.to(device=device, dtype=dtype if tensor.is_floating_point() else None).clone()

        layers = []
        for layer in self.layers:
            moved = layer.map(move)
            layers.append(replace(moved, product=layer.product.to(device=device)))
        return replace(self, layers=layers)

    def with_primitives(self, primitives: Sequence[Primitive]) -> Network:
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
        keep_spline: bool = False,
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
        keep_spline : bool, default False
            Leave the edge its spline beside the function, as a correction to it that is trained as well; where it had
            none, one that is zero.
        """
        names = [known.name for known in self.primitives]
        if primitive.name not in names:
            self.primitives = (*self.primitives, primitive)
            names.append(primitive.name)
        if frozen is None:
            frozen = [*primitive.redundant, *(() if primitive.has_shape else ("p",))]
        edge = self.layers[layer]
        if keep_spline:
            had = edge.spline_edges[network, source, target].unsqueeze(-1)
            edge.coefficients[network, source, target] = edge.coefficients[network, source, target] * had
        edge.mode[network, source, target] = EdgeMode.BOTH if keep_spline else EdgeMode.SYMBOLIC
        edge.primitive[network, source, target] = names.index(primitive.name)
        constants = torch.tensor([a, b, c, d, p], dtype=self.dtype, device=self.device)
        edge.affine[network, source, target] = constants
        held = torch.tensor([name in frozen for name in "abcdp"], device=self.device)
        edge.frozen[network, source, target] = held

    def set_off(self, layer: int, source: int, target: int, *, network: int | slice = slice(None)) -> None:
        """Switch an edge off in place."""
        self.layers[layer].mode[network, source, target] = EdgeMode.OFF
        self.layers[layer].primitive[network, source, target] = -1


def _grids(grid: int | Sequence[int], layers: int) -> list[int]:
    """Intervals of each layer."""
    grids: list[int] = (
        [grid] * layers if isinstance(grid, int) else list(grid) if isinstance(grid, tuple | list) else []
    )
    whole = all(isinstance(one, int) and not isinstance(one, bool) for one in grids)
    if not whole or len(grids) != layers or any(intervals < 1 for intervals in grids):
        raise ArgumentError(f"grid must be at least 1, or that for each of the {layers} layers, got {grid!r}")
    return grids


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
    layers = []
    for stack in zip(*(network.layers for network in networks), strict=True):
        kinds = {(layer.grid, layer.order, layer.base, layer.knots is None) for layer in stack}
        if len(kinds) > 1:
            raise ArgumentError(f"networks to concatenate must have curves of one kind, got {sorted(kinds)}")
        merged = {name: torch.cat([getattr(layer, name) for layer in stack]) for name in stack[0].per_network}
        layers.append(replace(stack[0], **merged))
    return replace(first, layers=layers)
