"""`EditableNetwork`: a trained network whose edges are fixed, freed, removed and added by hand."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from kansym._renamed import renamed_arguments
from kansym.deferred import torch
from kansym.editing.automatic import PrimitiveSelection, select_primitives, splines_of
from kansym.editing.constants import edge_id, held_mask
from kansym.editing.context import EditContext, Errors
from kansym.editing.edge import Edge, EdgeTable
from kansym.editing.editor import Editor
from kansym.editing.growing import grown, plan
from kansym.editing.history import State
from kansym.editing.outcome import alone, discovery_of, formula_of, front_with, number_of_output, same_text
from kansym.editing.pruning import Pruned, pruned
from kansym.editing.refitting import Refit, refit
from kansym.editing.suggestion import Suggestions
from kansym.editing.tables import styled_html
from kansym.errors import ArgumentError
from kansym.extraction.edges import EdgeRef
from kansym.figures.edge_curves import EdgeCurve
from kansym.figures.network_figure import network_figure
from kansym.figures.svg import to_svg
from kansym.kan.network import Network, format_shape
from kansym.primitives.primitive import Primitive
from kansym.run.finished import found_without
from kansym.search.front import ParetoFront
from kansym.search.results import Discovery
from kansym.symbolic.formula import Formula
from kansym.validation.certificate import Certificate, certify

FORMULA_SECONDS = 20.0
"""Most time for `EditableNetwork.formula`, which takes about one second for a law of a few constants."""


class EditableNetwork:
    """A network that is edited step by step; every step can be undone exactly.

    Made by `kansym.edit`. Each operation works on copies and adds a state to the history, so `undo` gives back
    the very tensors. An operation that fails changes nothing. Objects may be used from several threads: one operation
    is done at a time.

    Parameters
    ----------
    network : Network
        Population 1, with the outputs of `context` and in its scaling.
    context : EditContext
        The table and all that goes with it.
    splines : Network, optional
        The network with spline edges that `network` was read from, of the same shape.
    label : str, optional
        The first entry of the history.
    apart : bool, default False
        Whether the run found its formula without this network.
    """

    @renamed_arguments(desk="context")
    def __init__(
        self,
        network: Network,
        context: EditContext,
        *,
        splines: Network | None = None,
        label: str = "start",
        apart: bool = False,
    ) -> None:
        sizes = context.table.n_columns, len(context.outputs)
        if network.population != 1 or (network.n_inputs, network.n_outputs) != sizes:
            raise ArgumentError(
                f"network must be one network of inputs and outputs {sizes[0]} and {sizes[1]}, got "
                f"{network.population} of shape {format_shape(network.shape)}"
            )
        if splines is None or splines.shape != network.shape:
            splines = network
        self.apart = apart
        self._editor = Editor(State(network.clone(), splines.clone(), label), context)

    @property
    def context(self) -> EditContext:
        """The table, its rows and units, the primitives, and the run that the network came from."""
        return self._editor.context

    @property
    def desk(self) -> EditContext:
        """The name of `context` before; it warns."""
        warnings.warn("EditableNetwork.desk is called context now", DeprecationWarning, stacklevel=2)
        return self.context

    # -- looking -----------------------------------------------------------------------------------------------------

    @property
    def network(self) -> Network:
        """The present network, population 1, in scaled units. Do not change its tensors."""
        return self._editor.network

    @property
    def shape(self) -> tuple:
        """Nodes per layer; ``(2, (1, 1), 1)`` has one adding and one multiplying node in its hidden layer."""
        return self.network.shape

    @property
    def history(self) -> tuple[str, ...]:
        """The steps so far, the start first."""
        return self._editor.history.labels

    @property
    def script(self) -> str:
        """The steps so far as lines that `kansym.editing.script.run_script` and ``kansym edges --script`` do again."""
        return "".join(f"{step}\n" for step in self._editor.history.steps)

    @property
    def note(self) -> str:
        """What is to be known about the last step; mostly empty."""
        return self._editor.state.note

    @property
    def edges(self) -> EdgeTable:
        """All edges, inputs first."""
        refs = [
            EdgeRef(number, source, target)
            for number, layer in enumerate(self.network.layers)
            for source in range(layer.n_in)
            for target in range(layer.n_out)
        ]
        return EdgeTable([Edge(self._editor, ref) for ref in refs])

    def edge(self, layer: int | str, source: int | None = None, target: int | None = None) -> Edge:
        """One edge: ``net.edge(0, 1, 0)``, ``net.edge("0.1.0")`` or ``net.edge("x -> h1.0")``.

        Raises
        ------
        ArgumentError
            If there is none.
        """
        if isinstance(layer, str):
            return self.edges[layer]
        if source is None or target is None:
            raise ArgumentError(f"edge needs layer, source and target, or one text, got ({layer!r}, {source!r}, ...)")
        return self.edges[f"{layer}.{source}.{target}"]

    def node_name(self, level: int, node: int) -> str:
        """The column at level 0, a target at the last, else ``h1.0`` for node 0 of the first hidden level."""
        return self._editor.node_name(level, node)

    @property
    def error(self) -> Errors:
        """Root-mean-square residuals of the present network on training and on held-out rows.

        In units of y; of several outputs in parts of their spreads.
        """
        return self._editor.error()

    @property
    def is_symbolic(self) -> bool:
        """Whether no edge is a spline, so that there is a formula."""
        return self.network.is_symbolic

    def predict(self, X: Any) -> np.ndarray:
        """Values of the present network, shape (n,) or (n, n_outputs), for rows (n, d) in the user's units."""
        X = np.asarray(X, dtype=np.float64)
        if X.ndim != 2 or X.shape[1] != self.context.table.n_columns:
            names = list(self.context.table.names)
            raise ArgumentError(f"X must have shape (n, {len(names)}) with the columns {names}, got {X.shape}")
        return self.context.predict(self.network, X)

    def curves(self) -> list[EdgeCurve]:
        """The curves of all edges that are not off, with scores and misfits, in the network's units."""
        return self._editor.curves()

    def score(self, ref: EdgeRef) -> float:
        """`Edge.score`."""
        return self._editor.score(ref)

    def misfit(self, ref: EdgeRef) -> float | None:
        """`Edge.misfit`."""
        return self._editor.misfit(ref)

    def curve(self, ref: EdgeRef) -> EdgeCurve | None:
        """`Edge.curve`."""
        return self._editor.curve(ref)

    def held(self, layer: int) -> torch.Tensor:
        """Which constants of a layer's edges are held, shape (n_in, n_out, 5)."""
        return held_mask(self.network, layer)

    def figure(self, *, dark: bool = False) -> Figure:
        """The network as a picture; see `kansym.figures.network_figure.network_figure`."""
        state, table = self._editor.state, self.context.table
        return network_figure(
            state.network,
            self.context.rows.x,
            input_names=table.names,
            output_name=self.context.targets,
            reference=state.reference,
            dark=dark,
        )

    # -- single edges ------------------------------------------------------------------------------------------

    def suggest(
        self, edge: Edge, k: int = 5, *, primitives: Sequence[Primitive | str] | None = None, in_context: bool = False
    ) -> Suggestions:
        """`Edge.suggest`."""
        return self._editor.suggest(edge.ref, k, primitives=primitives, in_context=in_context)

    def fix(self, edge: Edge, primitive: str | Primitive, *, freeze: bool = False, **held: float) -> float:
        """`Edge.fix`."""
        return self._editor.fix(edge.ref, primitive, held, freeze=freeze)

    def unfix(self, edge: Edge) -> None:
        """`Edge.unfix`."""
        self._editor.unfix(edge.ref)

    def remove(self, edge: Edge) -> None:
        """`Edge.remove`."""
        self._editor.remove(edge.ref)

    def hold(self, edge: Edge, *names: str) -> None:
        """`Edge.hold`."""
        self._editor.set_held(edge.ref, names, True)

    def free(self, edge: Edge, *names: str) -> None:
        """`Edge.free`."""
        self._editor.set_held(edge.ref, names, False)

    # -- the whole network -------------------------------------------------------------------------------------------

    def refit(
        self, max_seconds: float = 5.0, *, steps: int = 200, callback: Callable[[int, float], None] | None = None
    ) -> Refit:
        """Fit splines and free constants to the training rows.

        While there are splines, held-out rows decide which weights are kept; without any, it is least squares.

        A refit that gets worse or finds nothing finite changes nothing and says so, and one that finds nothing better
        adds no step to the history. Ctrl-C keeps the best so far.

        Parameters
        ----------
        max_seconds : float, default 5
        steps : int, default 200
            Most Levenberg-Marquardt steps; small networks need 20 to 60.
        callback : callable ``(step, loss)``, optional
        """
        with self._editor.lock:
            network, result = refit(self.network, self.context, max_seconds=max_seconds, steps=steps, callback=callback)
            if network is not self.network:
                self._editor.push(network, "refit", f"refit {max_seconds:g},{steps}", note=str(result))
        return result

    def refine(self, grid: int) -> None:
        """Put all splines on a finer grid; exact where `grid` is a multiple of the present one."""
        if isinstance(grid, bool) or not isinstance(grid, int) or not 1 <= grid <= 200:
            raise ArgumentError(f"grid must be a number of intervals from 1 to 200, got {grid!r}")
        with self._editor.lock:
            self._editor.push(self.network.with_grid(grid), f"refine to grid {grid}", f"refine {grid}")

    def prune(self, threshold: float = 0.01, *, force: bool = False) -> Pruned:
        """Remove edges that move the output by less than this fraction of its spread, and refit.

        Taken back where the held-out error rises by more than a tenth, and is then beyond the threshold or more than
        ten times what it was; with `force` it never is. Edges that the others make up for go as well; see
        `kansym.KAN.prune`. The result is the number of edges removed, and says which, with
        the errors before and after; where that is none, nothing is added to the history.
        """
        with self._editor.at_work():
            network, result = pruned(self.network, self.context, threshold, force=force)
            if result:
                self._editor.push(network, f"prune below {threshold:g}", f"prune {threshold!r}", note=str(result))
        return result

    def add_product(
        self, factors: Sequence[str | int | Edge], *, layer: int = 0, into: str | int | None = None
    ) -> tuple[Edge, ...]:
        """Add a node that multiplies curves of several nodes, or copies of several edges; the output stays what it is.

        Parameters
        ----------
        factors : sequence of str, int or Edge
            Columns by name (nodes of deeper levels as ``"h1.0"`` or by number), or edges whose present curves are the
            first factors; two or more. All of one layer.
        layer : int, default 0
            The layer that the new edges belong to; 0 multiplies curves of inputs. Follows from edges and names.
        into : str or int, optional
            The node that the product is added to. Default: the first node of the next level that adds.

        Returns
        -------
        tuple of Edge
            The new edges into the node, then the one that leaves it, which starts as 0 times the product: `refit`
            gives it a value.
        """
        return self._grown(factors, layer, into, product=True)

    def add_node(
        self, terms: Sequence[str | int | Edge], *, layer: int = 0, into: str | int | None = None
    ) -> tuple[Edge, ...]:
        """The same with a node that adds, so that a curve of a sum comes into the network: the output stays what it is.

        The edge that leaves the node starts as a flat spline.
        """
        return self._grown(terms, layer, into, product=False)

    def _grown(
        self, sources: Sequence[str | int | Edge], layer: int, into: str | int | None, *, product: bool
    ) -> tuple[Edge, ...]:
        with self._editor.at_work():
            state = self._editor.state
            node = plan(self._editor, sources, layer, into, product=product)
            network, refs = grown(state.network, node, self.context)
            splines = network if state.reference is None else grown(state.splines, node, self.context)[0]
            self._editor.push(network, node.label, node.step, splines=splines)
            return tuple(Edge(self._editor, ref) for ref in refs)

    def auto(
        self,
        edges: Sequence[Edge | str] | None = None,
        *,
        max_seconds: float = 10.0,
        primitives: Sequence[Primitive | str] | None = None,
    ) -> PrimitiveSelection:
        """Choose primitives for splines as a discovery does: by the loss of the whole network.

        Parameters
        ----------
        edges : sequence of Edge or str, optional
            Default: all splines that remain.
        max_seconds : float, default 10
        primitives : sequence of Primitive or str, optional
            What to choose from. Default: the primitives of the run.

        Returns
        -------
        PrimitiveSelection
            A dict of edge ids and the primitives that were selected; its text has the errors before and after, and
            1 - R^2 of each edge.

        Raises
        ------
        ArgumentError
            If an edge is no spline, or no combination of primitives gives a finite network.
        """
        named = None if edges is None else [self.edge(one).ref if isinstance(one, str) else one.ref for one in edges]
        with self._editor.at_work():
            refs = splines_of(self.network, named)
            before = self.error
            if not refs:
                return PrimitiveSelection({}, {}, {}, before, before)
            context = self.context
            if primitives is not None:
                context = replace(context, candidates=tuple(map(self._editor.primitive, primitives)))
            network = select_primitives(self.network, refs, context, max_seconds=max_seconds)
            ids = list(map(edge_id, refs))
            self._editor.push(network, f"auto {', '.join(ids)}", f"auto {','.join(ids)}")
            done = [edge for edge in self.edges if edge.ref in refs]
            functions, names = {edge.id: edge.mode for edge in done}, {edge.id: edge.name for edge in done}
            return PrimitiveSelection(functions, names, {edge.id: edge.misfit for edge in done}, before, self.error)

    # -- undo and redo ----------------------------------------------------------------------------------------------

    def undo(self, steps: int = 1) -> str:
        """Go back; the state is the very one that was left. Returns the label of the last step that was undone.

        Raises
        ------
        ArgumentError
            If there are fewer steps to undo.
        """
        with self._editor.lock:
            _check_steps(steps)
            labels = self.history
            self._editor.move(-steps)
            return labels[-steps]

    def redo(self, steps: int = 1) -> str:
        """Do again what was undone; the label of the step arrived at."""
        with self._editor.lock:
            _check_steps(steps)
            return self._editor.move(steps).label

    @property
    def undone(self) -> tuple[str, ...]:
        """The steps that `redo` would do again, the next one first."""
        return self._editor.history.undone

    def copy(self) -> EditableNetwork:
        """Another network in the same state, with a history of its own."""
        state = self._editor.state
        return EditableNetwork(state.network, self.context, splines=state.splines, label=state.label, apart=self.apart)

    # -- results --------------------------------------------------------------------------------------------

    def formula(self, output: str | int | None = None, *, max_seconds: float = FORMULA_SECONDS) -> Formula:
        """The network as a formula: composed, all constants fitted jointly, snapped and simplified.

        The same as at the end of a discovery: loss, complexity and constants with errors are there, and a term that
        the data do not want may be gone. With constants that are held by hand the formula keeps their values and its
        terms; the others are fitted, and become whole numbers where the data want it.

        Parameters
        ----------
        output : str or int, optional
            Which one, where there are several; as for `discovery` and `certificate`.
        max_seconds : float, default 20

        Raises
        ------
        ArgumentError
            If an edge is still a spline, the formula is not finite on every row, or no output is named of several.
        """
        with self._editor.lock:
            state, context = self._alone(output)
            splines = [f"{edge.id} ({edge.name})" for edge in self.edges.splines]
            return formula_of(state, context, splines, max_seconds)

    def formulas(self, *, max_seconds: float = FORMULA_SECONDS) -> tuple[Formula, ...]:
        """`formula` of every output; `max_seconds` is for each."""
        return tuple(self.formula(output, max_seconds=max_seconds) for output in range(len(self.context.outputs)))

    def _alone(self, output: str | int | None) -> tuple[State, EditContext]:
        return alone(self._editor.state, self.context, number_of_output(self.context, output))

    @property
    def front(self) -> ParetoFront:
        """The front of the run, with the formula made by hand where there is one."""
        return front_with(self.formula() if self.is_symbolic else None, self.context)

    @property
    def is_pick(self) -> bool:
        """Whether the formula made by hand is the pick of `front`; False while an edge is a spline."""
        return self.is_symbolic and same_text(self.front.best, self.formula())

    def discovery(self, output: str | int | None = None) -> Discovery:
        """A discovery whose formula is the one made by hand, to be saved as a new run with `kansym.save_run`.

        Its front is `front`; a note says what was done, and whether the front would have picked another formula.
        """
        with self._editor.lock:
            return discovery_of(*self._alone(output), self.formula(output), self.history)

    def certificate(self, output: str | int | None = None) -> Certificate:
        """What speaks for and against the formula made by hand; takes a few seconds at most, once per state."""
        with self._editor.lock:
            state, _ = self._alone(output)
            if "certificate" not in state.memo:
                state.memo["certificate"] = certify(self.discovery(output), options=self.context.options)
            return state.memo["certificate"]

    def to_dict(self) -> dict[str, Any]:
        """The present state in JSON types: shape, nodes, edges, errors, history. The formula is not worked out."""
        with self._editor.lock:
            return {
                "shape": [list(width) if isinstance(width, tuple) else width for width in self.shape],
                "target": ", ".join(self.context.targets),
                "nodes": self._editor.nodes(),
                "edges": [edge.to_dict() for edge in self.edges],
                "error": self.error.to_dict(),
                "is_symbolic": self.is_symbolic,
                "history": list(self.history),
                "undone": list(self.undone),
                "note": self.note,
            }

    def _remarks(self) -> list[str]:
        """That the run found its formula without the network; nothing once the network has a formula of its own."""
        run = self.context.run
        if not self.apart or run is None or self.is_symbolic:
            return []
        return [found_without(len(self.edges.splines), f"the formula {run.formula}", "this network")]

    def __str__(self) -> str:
        return "\n".join([f"{format_shape(self.shape)}, {self.error}", str(self.edges), *self._remarks()])

    def __repr__(self) -> str:
        return f"<EditableNetwork {format_shape(self.shape)} after {len(self.history) - 1} steps>\n{self}"

    def _repr_html_(self) -> str:
        return styled_html(f"<figure>{to_svg(self.figure())}</figure>", self._remarks()) + self.edges._repr_html_()


def _check_steps(steps: int) -> None:
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise ArgumentError(f"steps must be at least 1, got {steps!r}")
