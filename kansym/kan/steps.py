"""What people do with a KAN by hand: refine, prune, look at what matters, add and remove nodes, read the formula."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any, Self

import pandas as pd

from kansym.deferred import torch
from kansym.errors import ArgumentError
from kansym.kan.layer import EdgeMode
from kansym.kan.network import Network
from kansym.kan.pruned import Judges, Pruned, pruned
from kansym.kan.pruning import attribute
from kansym.kan.refining import FINEST_GRID
from kansym.kan.rescaling import inputs_laid, rescale
from kansym.kan.restructure import compacted, deepened, edges_of_node, widened, with_nodes, without_edges
from kansym.kan.tabled import TabledModule
from kansym.kan.tree import tree_text
from kansym.surfaces import surface


class NetworkSteps(TabledModule):
    """The steps of a `KAN` that need no training of their own."""

    # -- grids and sparsity ------------------------------------------------------------------------------------------

    def refine(self, grid: int) -> Self:
        """Put all splines on another grid, and leave their curves: exact where `grid` is a multiple of the present one.

        Call `fit` afterwards. Where held-out errors no longer fall the grid is fine enough. A coarser one loses what it
        cannot say.
        """
        if isinstance(grid, bool) or not isinstance(grid, int) or not 1 <= grid <= FINEST_GRID:
            raise ArgumentError(f"grid must be a number of intervals from 1 to {FINEST_GRID}, got {grid!r}")
        self._become(self.network.with_grid(grid), f"refine to grid {grid}")
        return self

    def update_grid(self, X: Any = None) -> Self:
        """Lay the grids over rows, of the table if none are given: inputs in a loop of your own, and hidden nodes.

        Splines are fitted anew over the new range, so that the output changes a little.
        """
        network, x = self.network, self._sample(X)
        first = network.layers[0]
        low, high = x.amin(0), x.amax(0)
        center, half = (low + high) / 2, torch.where(high > low, (high - low) / 2, first.half_width[0])
        self._become(rescale(inputs_laid(network, center, half), x, only_off_grid=False), "update the grid")
        return self

    def prune(self, threshold: float = 1e-2, *, force: bool = False) -> Pruned:
        """Remove edges that move the output by less than this fraction of its spread, and nodes without any, and refit.

        Taken back where the held-out error rises by more than a tenth, and is then beyond the threshold or more than
        ten times what it was. Of up to 24 edges that are left those go as well that the others make up for, such as a
        factor that sits on two nodes, or on two columns that depend on each other: once refitted, the output has moved
        by less than the threshold.

        Parameters
        ----------
        threshold : float, default 0.01
            Lower it for very precise networks, raise it to 0.03 for noisy data.
        force : bool, default False
            Only by the scores, and never take it back.

        Returns
        -------
        Pruned
            The number of edges removed; it says which, with the errors before and after.

        Raises
        ------
        ArgumentError
            If the network has seen no data, or `threshold` is not in [0, 1).
        """
        x, y, weights = self._rows(self.table.train)
        scale = float(self.y_scale[0]) if self.n_outputs == 1 else self.n_outputs**-0.5
        judges = Judges(x, y, weights, self._rows(self.table.validation), scale, self._errors)
        network, result = pruned(self.network, judges, threshold, force=force)
        if result:
            places = (map(int, edge.split(".")) for edge in result.edges)
            result.names = tuple(self.edge_name(*place) for place in places)
            self._become(compacted(network), f"prune below {threshold:g}")
        return result

    # -- what matters ------------------------------------------------------------------------------------------------

    def attribute(self, X: Any = None) -> pd.DataFrame:
        """How much of the output's spread hangs on each edge and node, over the table or other rows.

        Returns
        -------
        DataFrame
            With the columns kind ("input", "node", "edge"), name, function and score; 0 for edges that are off, about 1
            for one that carries the output alone.
        """
        network = self.network
        scores = attribute(network, self._sample(X))
        rows = []
        for level, values in enumerate(scores.nodes[:-1]):
            kind = "node" if level else "input"
            rows += [(kind, self.node_name(level, node), "", float(one)) for node, one in enumerate(values[0])]
        for number, layer in enumerate(network.layers):
            for source in range(layer.n_in):
                for target in range(layer.n_out):
                    name = self.edge_name(number, source, target)
                    score = float(scores.edges[number][0, source, target])
                    rows.append(("edge", name, self._function(network, number, source, target), score))
        return pd.DataFrame(rows, columns=["kind", "name", "function", "score"])

    @staticmethod
    def _function(network: Network, number: int, source: int, target: int) -> str:
        mode = EdgeMode(int(network.layers[number].mode[0, source, target]))
        if not mode & EdgeMode.SYMBOLIC:
            return "spline" if mode == EdgeMode.SPLINE else "off"
        return network.primitives[int(network.layers[number].primitive[0, source, target])].name

    def interactions(self, X: Any = None) -> pd.DataFrame:
        """Which inputs meet: pairs whose mixed second derivative is not 0, the strongest first.

        Two inputs do not meet where the output is a sum of a function of one and a function of the other. Apply it to
        the logarithm of y to see which are factors.

        Returns
        -------
        DataFrame
            With the columns first, second and strength: the root mean square of the mixed derivative over the rows,
            times the spreads of both inputs, in units of the spread of the output.
        """
        x = self._sample(X, most=1000).requires_grad_()
        network = self.network
        total = torch.zeros(self.n_inputs, self.n_inputs, dtype=self.dtype, device=self.device)
        with torch.enable_grad():
            outputs = network(x)[0]
            for column in outputs.T:
                (slopes,) = torch.autograd.grad(column.sum(), x, create_graph=True)
                for k in range(self.n_inputs):
                    (row,) = torch.autograd.grad(slopes[:, k].sum(), x, retain_graph=True)
                    total[k] += row.square().mean(0)
        spread = x.detach().std(0, correction=0)
        size = float(outputs.detach().var(0, correction=0).sum().sqrt()) or 1.0
        strength = total.sqrt() * spread[:, None] * spread / size
        rows = [(self.names[i], self.names[j], float(strength[i, j])) for i, j in combinations(range(self.n_inputs), 2)]
        rows.sort(key=lambda row: -row[2])
        return pd.DataFrame(rows, columns=["first", "second", "strength"])

    # -- nodes and edges ---------------------------------------------------------------------------------------------

    def remove_edge(self, edge: str | Sequence[int]) -> Self:
        """Switch off an edge, named ``"x -> h1.0"``, ``"0.1.0"`` or (layer, source, target); its mean stays."""
        network = self.network
        place = self._edge(edge)
        without = without_edges(network, [place], attribute(network, self._sample(None)).means)
        self._become(without, f"remove {self.edge_name(*place)}")
        return self

    def remove_node(self, node: str | Sequence[int]) -> Self:
        """Take out a hidden node, named ``"h1.0"`` or (level, node); the means of what it gave stay."""
        level, number = self._node(node)
        if not 1 <= level < len(self.shape) - 1:
            raise ArgumentError(f"node must be a hidden one, such as 'h1.0', got {node!r}; see remove_input")
        self._take_out(level, number)
        return self

    def remove_input(self, name: str | int) -> Self:
        """Take out an input, so that the network has one column less; the means of what it gave stay."""
        number = self.names.index(name) if name in self.names else name
        if not isinstance(number, int) or not 0 <= number < self.n_inputs:
            raise ArgumentError(f"name must be an input of {', '.join(self.names)}, got {name!r}")
        self._take_out(0, number)
        keep = [k for k in range(self.n_inputs) if k != number]
        for scale in ("x_center", "x_half_width"):
            self.register_buffer(scale, getattr(self, scale)[keep])
        self._names = None if self._names is None else tuple(self._names[k] for k in keep)
        self._table = None if self._table is None else self._table.without_input(number)
        return self

    def _take_out(self, level: int, node: int) -> None:
        network = self.network
        width = network.n_inputs if level == 0 else network.layers[level - 1].n_out
        if width == 1:
            raise ArgumentError(f"{self.node_name(level, node)} is the last node of its level and has to stay")
        means, name = attribute(network, self._sample(None)).means, self.node_name(level, node)
        # Only what it gives is kept: the edges into a node end with it.
        out = [edge for edge in edges_of_node(network, level, node) if edge[0] == level]
        network = without_edges(network, out, means)
        self._become(with_nodes(network, level, [k for k in range(width) if k != node]), f"remove {name}")

    def widen(self, level: int = 1, nodes: int = 1, *, product: bool = False) -> Self:
        """Add nodes to a hidden level; the output stays exactly what it is.

        Random curves lead into a new node and flat ones out of it, which `fit` gives a shape.
        """
        generator = torch.Generator().manual_seed(self.seed + sum(layer.n_out for layer in self.network.layers))
        network = self.network
        for _ in range(nodes):
            network = widened(network, level, generator, product=product)
        self._become(network, "widen")
        return self

    def deepen(self, level: int | None = None) -> Self:
        """Add a level after `level` (default: after the outputs); the output stays what it is, to rounding.

        Each new node starts as the identity of the old one in its place.
        """
        level = len(self.shape) - 1 if level is None else level
        network = self.network
        if not 1 <= level <= len(network.layers):
            raise ArgumentError(f"level must be 1 to {len(network.layers)}, got {level!r}")
        nodes = network.trace(self._sample(None), need_slope=False)[level][0]
        low, high = nodes.amin(1), nodes.amax(1)
        half = (high - low) / 2
        reach = (low + high) / 2, torch.where(half > 0, half, torch.ones_like(half))
        self._become(deepened(network, level, reach), "deepen")
        return self

    def swap(self, first: str | Sequence[int], second: str | Sequence[int]) -> Self:
        """Exchange two hidden nodes of one level; the output stays what it is.

        Both must add, or both multiply.
        """
        (level, a), (other, b) = self._node(first), self._node(second)
        if level != other or not 1 <= level < len(self.shape) - 1:
            raise ArgumentError(f"swap takes two hidden nodes of one level, got {first!r} and {second!r}")
        network = self.network
        product = network.layers[level - 1].product
        if bool(product[a] != product[b]):
            raise ArgumentError(f"{first!r} and {second!r} cannot be swapped: one adds and the other multiplies")
        order = list(range(len(product)))
        order[a], order[b] = order[b], order[a]
        self._become(with_nodes(network, level, order), f"swap {first} and {second}")
        return self

    def _node(self, node: Any) -> tuple[int, int]:
        """Level and number of a node by its name or by these two."""
        widths = [self.n_inputs, *(layer.n_out for layer in self.network.layers)]
        places = [(level, k) for level, width in enumerate(widths) for k in range(width)]
        for place in places:
            if node == self.node_name(*place) or (not isinstance(node, str) and tuple(node) == place):
                return place
        hidden = [self.node_name(*place) for place in places if 0 < place[0] < len(widths) - 1]
        raise ArgumentError(f"there is no node {node!r}; the nodes are {', '.join([*self.names, *hidden][:40])}")

    def _edge(self, edge: str | Sequence[int]) -> tuple[int, int, int]:
        """Layer, source and target of an edge by its name, its id or these three."""
        wanted = " ".join(edge.replace("->", " -> ").split()) if isinstance(edge, str) else ".".join(map(str, edge))
        for number, layer in enumerate(self.network.layers):
            for source in range(layer.n_in):
                for target in range(layer.n_out):
                    if wanted in (f"{number}.{source}.{target}", self.edge_name(number, source, target)):
                        if layer.mode[0, source, target] == EdgeMode.OFF:
                            raise ArgumentError(f"edge {edge!r} is off already")
                        return number, source, target
        raise ArgumentError(f"there is no edge {edge!r}; edges are named like {self.edge_name(0, 0, 0)!r} or '0.0.0'")

    # -- formulas and pictures ---------------------------------------------------------------------------------------

    @property
    def editor(self) -> Any:
        """The network as a `kansym.EditableNetwork` with undo; what is done there is done to this network.

        Raises
        ------
        ArgumentError
            If the network has seen no data.
        """
        return surface("kan_editor")(self)

    @property
    def edges(self) -> Any:
        """The edges as a table: ``net.edges["x -> h1.0"]`` can be looked at, fixed, freed, held and removed.

        See `kansym.editing.edge.Edge`.
        """
        return self.editor.edges

    def auto(self, *, primitives: Sequence[Any] | None = None, max_seconds: float = 10.0) -> Any:
        """Make all splines primitives, chosen by the error of the whole network, and refit.

        Parameters
        ----------
        primitives : sequence of str or Primitive, optional
            What to choose from, such as ``["x", "x^2", "sin", "exp"]``. Default: all (``kansym primitives``).
        max_seconds : float, default 10

        Returns
        -------
        PrimitiveSelection
            Edge ids and what they became; `editor` can take it back.
        """
        return self.editor.auto(primitives=primitives, max_seconds=max_seconds)

    def formula(self) -> Any:
        """The `kansym.Formula` of a network without splines: constants fitted with errors, and simplified.

        Of several outputs a tuple of them, as from `symbolify`.
        """
        return surface("kan_present_formulas")(self)

    def symbolify(self, *, primitives: Sequence[Any] | None = None, max_seconds: float = 20.0) -> Any:
        """The formula of the network: splines become primitives, all constants are fitted to the data.

        The network stays what it is; `auto` changes it.

        Parameters
        ----------
        primitives : sequence of str or Primitive, optional
            As in `auto`.
        max_seconds : float, default 20
            Most time for each output.

        Returns
        -------
        Formula, or tuple of Formula
            One for each output. The text of such a tuple names once what several share, and its `common` has it as
            values (`kansym.targets.Common`).

        Raises
        ------
        ArgumentError
            If the network has seen no data, or no primitives give a finite formula.
        """
        return surface("kan_formulas")(self, primitives, max_seconds)

    def figure(self, *, dark: bool = False) -> Any:
        """The network as a matplotlib figure, with the curve of every edge."""
        return surface("kan_figure")(self, dark=dark)

    def tree(self) -> str:
        """The nodes and edges that lead to each output, as an indented text."""
        network = self.network
        return tree_text(network, attribute(network, self._sample(None)), self.node_name, self._function)
