# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false
"""From a formula to its own network, the inverse of `kansym.extraction.composition`: exact, nothing is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
import sympy

from kansym.data.sample_points import inside
from kansym.deferred import torch
from kansym.errors import ArgumentError
from kansym.kan.layer import EdgeMode
from kansym.kan.network import Network, Width
from kansym.primitives.custom import primitive_from_expression
from kansym.primitives.library import default_library
from kansym.primitives.primitive import ARGUMENT, Primitive
from kansym.symbolic.formula import Formula
from kansym.symbolic.naming import plain
from kansym.symbolic.parser import parse_expression

POINTS = 512
"""Points of the ranges that the grids are taken from where no rows are given."""

MOST_EDGES = 2000
"""Of a network, off ones included; formulas that need more are no longer read by anybody."""

GRID = 5
"""Intervals of the grids by default."""


def kan_from_expression(
    expression: sympy.Expr | str | Formula,
    names: Sequence[str] | None = None,
    *,
    ranges: Mapping[str, tuple[float, float]] | Sequence[tuple[float, float]] | None = None,
    X: np.ndarray | None = None,
    grid: int = GRID,
) -> Network:
    """The network of a formula: its outputs are the formula's values, to rounding.

    Sums become sum nodes and products become product nodes. Functions and powers become symbolic edges
    ``c * f(a * h + b) + d`` with the numbers before, after and inside of them folded into a, b, c and d; a function
    that occurs twice is one node. Edges that only bridge layers are the identity. In training, numbers with a decimal
    point are adjustable, as they are in a fit of the formula; whole numbers, fractions and the bridges stay.

    Parameters
    ----------
    expression : sympy.Expr, str, or Formula
        In `names` and numbers. Text is parsed and never evaluated.
    names : sequence of str, optional
        The inputs, in order. Default: the variables of a `Formula`, else the names in the expression, sorted.
    ranges : mapping from names to (low, high), or sequence of (low, high), optional
        Of the inputs, in their own units. Default: -1 to 1. They do not change what the network computes: they are
        where the grid of every edge lies, should it be made a spline.
    X : array (n, d), optional
        Rows to take the grids from, in place of `ranges`; better where columns depend on each other.
    grid : int, default 5
        Intervals of every spline grid; start small, a finer one can be had later with ``network.with_grid``.

    Returns
    -------
    Network
        Of population 1, in double precision on the CPU, for inputs in their own units.

    Raises
    ------
    ArgumentError
        If a part of the expression has no network, as a function of two arguments or a complex number; the message
        names it. If a name is missing or the ranges or rows do not fit the names.

    Examples
    --------
    >>> kan_from_expression("2.5*exp(-t/3)*sin(w*t)", ["t", "w"], ranges={"t": (0, 10), "w": (1, 2)})
    <Network [2, 1+1x, 1x], grid 5, population 1>
    """
    if isinstance(expression, Formula):
        names = expression.variables if names is None else names
        expression = expression.expression
    if isinstance(expression, str):
        expression = parse_expression(expression, names or ())
    if not isinstance(expression, sympy.Expr):
        raise ArgumentError(f"expression must be a sympy expression, a Formula or text, got {expression!r}")
    expression = plain(expression)
    found = sorted(symbol.name for symbol in expression.free_symbols)
    names = found if names is None else list(names)
    unknown = [name for name in found if name not in names]
    if unknown:
        raise ArgumentError(f"names lack {', '.join(unknown)}, which the expression holds; give constants as numbers")
    if not names or len(set(names)) != len(names):
        raise ArgumentError(f"names must be at least one and differ from each other, got {names}")
    builder = _Builder(names, expression)
    root = builder.root(expression)
    network = _network(builder, root, len(names), grid)
    _set_grids(network, _rows(names, ranges, X))
    return network


def inner_variable(argument: sympy.Expr) -> sympy.Expr:
    """The argument of a function less the numbers that its edge takes up: ``x + y`` of ``3 - 0.2*(x + y)``."""
    while True:
        if argument.is_Add or argument.is_Mul:
            rest = [part for part in argument.args if part.free_symbols]
            if len(rest) < len(argument.args):
                argument = argument.func(*rest)
                continue
        return argument


def is_function(node: sympy.Basic) -> bool:
    """Whether a part of a formula becomes an edge of its own, neither a sum nor a product nor a number."""
    return bool(node.args and node.free_symbols) and not (node.is_Add or node.is_Mul)


@dataclass(frozen=True)
class _Edge:
    """``c * f(a * h + b) + d`` of the value h of the node number `source`."""

    source: int
    primitive: Primitive
    a: sympy.Expr = sympy.S.One
    b: sympy.Expr = sympy.S.Zero
    c: sympy.Expr = sympy.S.One
    d: sympy.Expr = sympy.S.Zero
    p: sympy.Expr = sympy.S.One

    @property
    def bare(self) -> _Edge:
        """The same before its outer numbers."""
        return replace(self, c=sympy.S.One, d=sympy.S.Zero)

    def outside(self, scale: sympy.Expr, shift: sympy.Expr) -> _Edge:
        return replace(self, c=self.c * scale, d=self.d * scale + shift)


@dataclass(frozen=True)
class _Node:
    product: bool
    edges: tuple[_Edge, ...]


class _Builder:
    """Nodes of a formula, equal ones once; the first `len(names)` are the inputs, which have no edges."""

    def __init__(self, names: Sequence[str], expression: sympy.Expr) -> None:
        self.inputs = {name: place for place, name in enumerate(names)}
        self.nodes: list[_Node] = [_Node(False, ()) for _ in names]
        self.known: dict[_Node, int] = {}
        self.identity = default_library()["x"]
        self.repeated = _repeated(expression)

    def root(self, expression: sympy.Expr) -> int:
        """The output node."""
        if not expression.free_symbols:
            return self.node(False, (_Edge(0, self.identity, c=sympy.S.Zero, d=_real(expression)),))
        edge = self.edge(expression)
        inner = self.nodes[edge.source]
        if edge.primitive is self.identity and inner.edges and not (inner.product and edge.d):
            # The last node takes the numbers before and after it, rather than a layer of their own.
            first, *others = inner.edges
            rest = [other if inner.product else other.outside(edge.c, sympy.S.Zero) for other in others]
            return self.node(inner.product, (first.outside(edge.c, edge.d), *rest))
        return self.node(False, (edge,))

    def node(self, product: bool, edges: tuple[_Edge, ...]) -> int:
        """Number of a node with these edges, of which no two may come from one source."""
        node = _Node(product, edges)
        if node not in self.known:
            self.known[node] = len(self.nodes)
            self.nodes.append(node)
        return self.known[node]

    def edge(self, expression: sympy.Expr) -> _Edge:
        """A part of the formula as one edge."""
        if expression.is_Symbol:
            return _Edge(self.inputs[expression.name], self.identity)
        if expression.is_Add or expression.is_Mul:
            numbers = [part for part in expression.args if not part.free_symbols]
            parts = [part for part in expression.args if part.free_symbols]
            number = _real(expression.func(*numbers))
            edge = self.edge(parts[0]) if len(parts) == 1 else self.joined(expression.is_Mul, parts)
            return edge.outside(*((number, sympy.S.Zero) if expression.is_Mul else (sympy.S.One, number)))
        edge = self.function(expression)
        if expression in self.repeated:
            return _Edge(self.node(False, (edge,)), self.identity)
        return edge

    def joined(self, product: bool, parts: Sequence[sympy.Expr]) -> _Edge:
        """A sum or a product; a node has room for one edge from each other, further ones take a way round."""
        edges: list[_Edge] = []
        for part in parts:
            edge = self.edge(part)
            while any(edge.source == other.source for other in edges):
                edge = _Edge(self.node(False, (edge.bare,)), self.identity, c=edge.c, d=edge.d)
            edges.append(edge)
        return _Edge(self.node(product, tuple(edges)), self.identity)

    def function(self, expression: sympy.Expr) -> _Edge:
        """A function or a power."""
        if expression.is_Pow and expression.exp.free_symbols:
            if not (expression.base.is_number and _real(expression.base) > 0) and not expression.base.free_symbols:
                raise ArgumentError(f"expression: {expression} is no real function; its base must be positive")
            return self.function(sympy.exp(expression.exp * sympy.log(expression.base), evaluate=False))
        varying = [part for part in expression.args if part.free_symbols]
        if len(varying) != 1:
            raise ArgumentError(f"expression: {expression} is a function of several arguments, which no edge can be")
        primitive, power = _primitive(expression, varying[0])
        inner = self.edge(varying[0])
        if inner.primitive is not self.identity:
            inner = _Edge(self.node(False, (inner.bare,)), self.identity, c=inner.c, d=inner.d)
        return _Edge(inner.source, primitive, a=inner.c, b=inner.d, p=power)


def _repeated(expression: sympy.Expr) -> set[sympy.Basic]:
    """Functions that stand in more than one place."""
    places: dict[sympy.Basic, int] = {}
    seen: set[sympy.Basic] = set()
    waiting: list[sympy.Basic] = [expression]
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        for part in node.args:
            places[part] = places.get(part, 0) + 1
            waiting.append(part)
    return {part for part, count in places.items() if count > 1 and is_function(part)}


def _real(number: sympy.Expr) -> sympy.Expr:
    """A number as it is, if it is finite and real."""
    value = complex(number) if not number.has(sympy.oo, -sympy.oo, sympy.zoo, sympy.nan) else complex("nan")
    if value.imag != 0 or not np.isfinite(value.real):
        raise ArgumentError(f"expression: the number {number} is not finite and real")
    return number


@lru_cache(maxsize=1)
def _by_expression() -> dict[sympy.Expr, Primitive]:
    plain_ones = [one for one in default_library().values() if not one.has_shape]
    return {one.expression: one for one in reversed(plain_ones)}


def _primitive(function: sympy.Expr, argument: sympy.Expr) -> tuple[Primitive, sympy.Expr]:
    """The primitive of a function, and its exponent where that is a constant of the formula."""
    if function.is_Pow and function.base == argument and function.exp.has(sympy.Float):
        exponent = float(_real(function.exp))
        if not exponent.is_integer():
            return default_library()["x^p"], function.exp
        # The free power knows positive arguments only.
        function = sympy.Pow(argument, int(exponent), evaluate=False)
    bare = function.func(*(ARGUMENT if part == argument else part for part in function.args))
    known = _by_expression().get(bare)
    return (known if known is not None else _own_primitive(bare)), sympy.S.One


@lru_cache(maxsize=256)
def _own_primitive(expression: sympy.Expr) -> Primitive:
    try:
        return primitive_from_expression(str(expression), expression)
    except ArgumentError as error:
        raise ArgumentError(f"expression: {expression} cannot be an edge: {error}") from error


def _network(builder: _Builder, root: int, n_inputs: int, grid: int) -> Network:
    nodes = builder.nodes
    levels = {root: 0}
    order = _reachable(nodes, root)
    for number in order:
        sources = [edge.source for edge in nodes[number].edges]
        levels[number] = 1 + max((levels[source] for source in sources), default=-1)
    # Where a node is needed in later layers, it is handed on from one to the next.
    last = dict(levels)
    for number in order:
        for edge in nodes[number].edges:
            last[edge.source] = max(last[edge.source], levels[number] - 1)
    depth = levels[root]
    columns = [list(range(n_inputs))]
    for level in range(1, depth + 1):
        present = [number for number in order if levels[number] <= level <= last[number]]
        # What is handed on is a sum of one term, and sums stand before products.
        columns.append(sorted(present, key=lambda number: levels[number] == level and nodes[number].product))
    size = sum(len(a) * len(b) for a, b in pairwise(columns))
    if size > MOST_EDGES:
        raise ArgumentError(f"expression: its network would have {size} edges, more than {MOST_EDGES}")
    shape: list[Width] = [n_inputs]
    for level in range(1, depth + 1):
        products = sum(levels[number] == level and nodes[number].product for number in columns[level])
        shape.append((len(columns[level]) - products, products) if products else len(columns[level]))
    network = Network.create(shape, grid=grid, generator=torch.Generator().manual_seed(0))
    for layer in network.layers:
        layer.coefficients.zero_()
        layer.mode.fill_(int(EdgeMode.OFF))
    for level in range(1, depth + 1):
        places = {number: place for place, number in enumerate(columns[level - 1])}
        for target, number in enumerate(columns[level]):
            if levels[number] < level:
                bridge = _Edge(number, builder.identity)
                _write(network, level - 1, places[number], target, bridge)
                continue
            for edge in nodes[number].edges:
                _write(network, level - 1, places[edge.source], target, edge)
    return network


def _reachable(nodes: Sequence[_Node], root: int) -> list[int]:
    """The nodes that the output needs, each after those that it is made of."""
    wanted, waiting = {root}, [root]
    while waiting:
        for edge in nodes[waiting.pop()].edges:
            if edge.source not in wanted:
                wanted.add(edge.source)
                waiting.append(edge.source)
    # A node is made after its sources.
    return sorted(wanted)


def _write(network: Network, layer: int, source: int, target: int, edge: _Edge) -> None:
    constants = {name: getattr(edge, name) for name in "abcdp"}
    exact = [name for name, value in constants.items() if not value.has(sympy.Float)]
    values = {name: float(value) for name, value in constants.items()}
    network.set_symbolic(layer, source, target, edge.primitive, **values, frozen=exact)


def _rows(
    names: Sequence[str],
    ranges: Mapping[str, tuple[float, float]] | Sequence[tuple[float, float]] | None,
    X: np.ndarray | None,
) -> np.ndarray:
    if X is not None:
        rows = np.asarray(X, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != len(names) or not len(rows):
            raise ArgumentError(f"X must have shape (n, {len(names)}), one column per name, got {rows.shape}")
        return rows
    if isinstance(ranges, Mapping):
        missing = [name for name in names if name not in ranges]
        if missing:
            raise ArgumentError(f"ranges lack {', '.join(missing)}")
        ranges = [ranges[name] for name in names]
    box = np.array([(-1.0, 1.0)] * len(names) if ranges is None else list(ranges), dtype=np.float64)
    if box.shape != (len(names), 2) or not np.isfinite(box).all() or (box[:, 0] > box[:, 1]).any():
        raise ArgumentError(f"ranges must be {len(names)} pairs (low, high), got {ranges!r}")
    return np.vstack([box.T, inside(box, POINTS, seed=0)])


def _set_grids(network: Network, rows: np.ndarray) -> None:
    """Lay the grid of every node over the values that it takes."""
    states = network.trace(torch.from_numpy(np.ascontiguousarray(rows)), need_slope=False)
    for layer, (nodes, _) in zip(network.layers, states, strict=False):
        values = nodes[0]
        finite = torch.isfinite(values)
        low = torch.where(finite, values, torch.inf).amin(0)
        high = torch.where(finite, values, -torch.inf).amax(0)
        known = low <= high
        center = torch.where(known, 0.5 * low + 0.5 * high, 0.0)
        half = torch.where(known, 0.5 * high - 0.5 * low, 1.0)
        layer.center[0] = center
        # A node that does not vary still needs a grid of some width.
        layer.half_width[0] = torch.where(half > 1e-12 * center.abs(), half, center.abs().clamp_min(1.0))
