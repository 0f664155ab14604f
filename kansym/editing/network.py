"""`EditableNetwork`: a trained network whose edges are fixed, freed, removed and added by hand."""

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from kansym.editing import automatic, growing
from kansym.editing.chosen import Chosen
from kansym.editing.coordinates import mode_of, name_of
from kansym.editing.curve import learned_curve
from kansym.editing.description import description, remarks, text
from kansym.editing.desk import Desk, Errors
from kansym.editing.drawn import network_html
from kansym.editing.edge import Edge, EdgeTable
from kansym.editing.fixing import fixed, held_by_hand, with_held
from kansym.editing.history import History, State, following
from kansym.editing.outcome import discovery_of, formula_of, front_with, same
from kansym.editing.pruned import Pruned, pruned
from kansym.editing.refitting import Refit, refit
from kansym.editing.release import released, removed
from kansym.editing.suggestion import Suggestions, suggest
from kansym.errors import ArgumentError
from kansym.extraction.edges import EdgeRef
from kansym.figures.edge_curves import EdgeCurve, edge_curves
from kansym.figures.network_figure import network_figure
from kansym.figures.svg import to_svg
from kansym.kan.growth import format_shape
from kansym.kan.layer import EdgeMode
from kansym.kan.network import Network
from kansym.primitives.primitive import Primitive
from kansym.search.front import ParetoFront
from kansym.search.results import Discovery
from kansym.symbolic.formula import Formula
from kansym.threads import threads_for
from kansym.validation.certificate import Certificate, certify

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMULA_SECONDS = 20.0
"""Most time for `EditableNetwork.formula`, which takes about one second for a law of a few constants."""


class EditableNetwork:
    """A network that is edited step by step; every step can be undone exactly.

    Made by `kansym.edit`. Each operation works on copies and puts a new state behind the old ones, so `undo` gives back
    the very tensors. An operation that fails changes nothing. Objects may be used from several threads: one operation
    is done at a time.

    Parameters
    ----------
    network : Network
        Population 1, one output, in the scaling of `desk`.
    desk : Desk
        The table and all that goes with it.
    splines : Network, optional
        The network with spline edges that `network` was read from, of the same shape.
    label : str, optional
        The first entry of the history.
    apart : bool, default False
        Whether the run found its formula without this network.
    """

    def __init__(
        self,
        network: Network,
        desk: Desk,
        *,
        splines: Network | None = None,
        label: str = "start",
        apart: bool = False,
    ) -> None:
        if network.population != 1 or network.n_outputs != 1 or network.n_inputs != desk.table.n_columns:
            raise ArgumentError(
                f"network must be one network with {desk.table.n_columns} inputs and one output, got "
                f"{network.population} of shape {format_shape(network.shape)}"
            )
        if splines is None or splines.shape != network.shape:
            splines = network
        self.desk = desk
        self.apart = apart
        self._history = History(State(network.clone(), splines.clone(), label))
        self._lock = threading.RLock()

    # -- looking -----------------------------------------------------------------------------------------------------

    @property
    def network(self) -> Network:
        """The present network, population 1, in scaled units. Do not change its tensors."""
        return self._history.current.network

    @property
    def shape(self) -> tuple:
        """Nodes per layer; ``(2, (1, 1), 1)`` has one adding and one multiplying node in its hidden layer."""
        return self.network.shape

    @property
    def history(self) -> tuple[str, ...]:
        """The steps so far, the start first."""
        return self._history.labels

    @property
    def script(self) -> str:
        """The steps so far as lines that `kansym.editing.script.run_script` and ``kansym edges --script`` do again."""
        return "".join(f"{step}\n" for step in self._history.steps)

    @property
    def note(self) -> str:
        """What is to be known about the last step; mostly empty."""
        return self._history.current.note

    @property
    def edges(self) -> EdgeTable:
        """All edges, inputs first."""
        refs = [
            EdgeRef(number, source, target)
            for number, layer in enumerate(self.network.layers)
            for source in range(layer.n_in)
            for target in range(layer.n_out)
        ]
        return EdgeTable([Edge(self, ref) for ref in refs])

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
        """The column at level 0, the target at the last, else ``h1.0`` for node 0 of the first hidden level."""
        if level == 0:
            return self.desk.table.names[node]
        return self.desk.table.target if level == len(self.network.layers) else f"h{level}.{node}"

    @property
    def error(self) -> Errors:
        """Root-mean-square residuals of the present network on training and on held-out rows, in units of y."""
        state = self._history.current
        if "error" not in state.memo:
            state.memo["error"] = self.desk.errors(state.network)
        return state.memo["error"]

    @property
    def is_symbolic(self) -> bool:
        """Whether no edge is a spline, so that there is a formula."""
        return self.network.is_symbolic

    def predict(self, X: Any) -> np.ndarray:
        """Values of the present network, shape (n,), for rows (n, d) in the user's units."""
        X = np.asarray(X, dtype=np.float64)
        if X.ndim != 2 or X.shape[1] != self.desk.table.n_columns:
            names = list(self.desk.table.names)
            raise ArgumentError(f"X must have shape (n, {len(names)}) with the columns {names}, got {X.shape}")
        return self.desk.predict(self.network, X)

    def curves(self) -> list[EdgeCurve]:
        """The curves of all edges that are not off, with scores and misfits, in the network's units."""
        state = self._history.current
        if "curves" not in state.memo:
            reference = None if state.splines is state.network else state.splines
            state.memo["curves"] = edge_curves(state.network, self.desk.rows.x, reference=reference)
        return state.memo["curves"]

    def score(self, ref: EdgeRef) -> float:
        curve = self.curve(ref)
        return 0.0 if curve is None else curve.score

    def misfit(self, ref: EdgeRef) -> float | None:
        symbolic = mode_of(self.network, ref) == EdgeMode.SYMBOLIC
        return curve.misfit if symbolic and (curve := self.curve(ref)) is not None else None

    def curve(self, ref: EdgeRef) -> EdgeCurve | None:
        return next((one for one in self.curves() if EdgeRef(one.layer, one.source, one.target) == ref), None)

    def held(self, layer: int) -> torch.Tensor:
        """Which constants of a layer's edges are held by hand, (n_in, n_out, 5)."""
        return held_by_hand(self.network, layer)

    def figure(self, *, dark: bool = False) -> "Figure":
        """The network as a picture; see `kansym.figures.network_figure.network_figure`."""
        state, table = self._history.current, self.desk.table
        return network_figure(
            state.network,
            self.desk.rows.x,
            input_names=table.names,
            output_name=table.target,
            reference=None if state.splines is state.network else state.splines,
            dark=dark,
        )

    # -- hands on the edges ------------------------------------------------------------------------------------------

    def suggest(
        self, edge: Edge, k: int = 5, *, primitives: Sequence[Primitive | str] | None = None, in_context: bool = False
    ) -> Suggestions:
        """`Edge.suggest`."""
        offered = None if primitives is None else [self._primitive(one) for one in primitives]
        with threads_for(self.desk.table.n_rows):
            curve = learned_curve(self.network, edge.ref, self.desk)
            found = suggest(curve, self.desk, k, primitives=offered, in_context=in_context)
        return Suggestions(found, curve.x.numpy(), curve.y.numpy(), edge.name, edge.source_name)

    def fix(self, edge: Edge, primitive: str | Primitive, *, freeze: bool = False, **given: float) -> float:
        """`Edge.fix`."""
        if primitive == "0":
            if given:
                raise ArgumentError(f"0 has no constants, got {', '.join(given)}")
            self.remove(edge)
            return 0.0
        chosen = self._primitive(primitive)
        with self._lock, threads_for(self.desk.table.n_rows):
            network, r2 = fixed(self.network, edge.ref, chosen, given, self.desk, freeze=freeze)
            words = [chosen.name, *(f"{name}={value:g}" for name, value in given.items()), *(["frozen"] * freeze)]
            exact = [
                chosen.name,
                *(f"{name}={float(value)!r}" for name, value in given.items()),
                *(["freeze"] * freeze),
            ]
            self._push(
                network, f"fix {edge.id} ({edge.name}) to {', '.join(words)}", f"fix {edge.id}={','.join(exact)}"
            )
        return r2

    def unfix(self, edge: Edge) -> None:
        """`Edge.unfix`."""
        if edge.is_spline:
            raise ArgumentError(f"edge {edge.id} is a spline already")
        with self._lock, threads_for(self.desk.table.n_rows):
            self._push(
                released(self.network, edge.ref, self.desk), f"unfix {edge.id} ({edge.name})", f"unfix {edge.id}"
            )

    def remove(self, edge: Edge) -> None:
        """`Edge.remove`."""
        with self._lock, threads_for(self.desk.table.n_rows):
            self._push(
                removed(self.network, edge.ref, self.desk), f"remove {edge.id} ({edge.name})", f"remove {edge.id}"
            )

    def hold(self, edge: Edge, *names: str) -> None:
        """`Edge.hold`."""
        self._set_held(edge, names, True)

    def free(self, edge: Edge, *names: str) -> None:
        """`Edge.free`."""
        self._set_held(edge, names, False)

    def _set_held(self, edge: Edge, names: Sequence[str], flag: bool) -> None:
        with self._lock:
            network = with_held(self.network, edge.ref, names, flag)
            verb = "hold" if flag else "free"
            label = f"{verb} {' '.join(names) or 'all'} of {edge.id} ({edge.name})"
            self._push(network, label, ",".join((f"{verb} {edge.id}", *names)))

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
        with self._lock:
            network, result = refit(self.network, self.desk, max_seconds=max_seconds, steps=steps, callback=callback)
            if network is not self.network:
                self._push(network, "refit", f"refit {max_seconds:g},{steps}", note=str(result))
        return result

    def refine(self, grid: int) -> None:
        """Put all splines on a finer grid; exact where `grid` is a multiple of the present one."""
        if isinstance(grid, bool) or not isinstance(grid, int) or not 1 <= grid <= 200:
            raise ArgumentError(f"grid must be a number of intervals from 1 to 200, got {grid!r}")
        with self._lock:
            self._push(self.network.with_grid(grid), f"refine to grid {grid}", f"refine {grid}")

    def prune(self, threshold: float = 0.01) -> Pruned:
        """Remove edges that move the output by less than this fraction of its spread, and refit.

        Taken back where the held-out error rises by more than a tenth. The result is the number of edges removed, and
        says which, with the errors before and after; where that is none, nothing is added to the history.
        """
        with self._lock, threads_for(self.desk.table.n_rows):
            network, result = pruned(self.network, self.desk, threshold)
            if result:
                self._push(network, f"prune below {threshold:g}", f"prune {threshold!r}", note=str(result))
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
        with self._lock, threads_for(self.desk.table.n_rows):
            state = self._history.current
            plan = growing.Plan.of(self, sources, layer, into, product=product)
            network, refs = growing.grown(state.network, plan, self.desk)
            splines = state.splines
            splines = network if splines is state.network else growing.grown(splines, plan, self.desk)[0]
            self._push(network, plan.label, plan.step, splines=splines)
            return tuple(Edge(self, ref) for ref in refs)

    def auto(self, edges: Sequence[Edge | str] | None = None, *, max_seconds: float = 10.0) -> Chosen:
        """Choose primitives for splines as a discovery does: by the loss of the whole network.

        Parameters
        ----------
        edges : sequence of Edge or str, optional
            Default: all splines that remain.
        max_seconds : float, default 10

        Returns
        -------
        Chosen
            A dict of edge ids and the primitives that were chosen; its text has the errors before and after, and
            1 - R^2 of each edge.

        Raises
        ------
        ArgumentError
            If an edge is no spline, or no combination of primitives gives a finite network.
        """
        chosen = [self.edge(one).ref if isinstance(one, str) else one.ref for one in edges or ()]
        with self._lock, threads_for(self.desk.table.n_rows):
            refs = automatic.splines_of(self.network, None if edges is None else chosen)
            before = self.error
            if not refs:
                return Chosen({}, {}, {}, before, before)
            network = automatic.choose(self.network, refs, self.desk, max_seconds=max_seconds)
            names = list(map(name_of, refs))
            self._push(network, f"auto {', '.join(names)}", f"auto {','.join(names)}")
            done = [edge for edge in self.edges if edge.ref in refs]
            functions, labels = {edge.id: edge.mode for edge in done}, {edge.id: edge.name for edge in done}
            return Chosen(functions, labels, {edge.id: edge.misfit for edge in done}, before, self.error)

    # -- back and forth ----------------------------------------------------------------------------------------------

    def undo(self, steps: int = 1) -> str:
        """Go back; the state is the very one that was left. Returns the label of the last step that was undone.

        Raises
        ------
        ArgumentError
            If there are not so many steps to undo.
        """
        with self._lock:
            _check_steps(steps)
            labels = self.history
            self._history.move(-steps)
            return labels[-steps]

    def redo(self, steps: int = 1) -> str:
        """Do again what was undone; the label of the step arrived at."""
        with self._lock:
            _check_steps(steps)
            return self._history.move(steps).label

    @property
    def undone(self) -> tuple[str, ...]:
        """The steps that `redo` would do again, the next one first."""
        return self._history.undone

    def copy(self) -> "EditableNetwork":
        """Another network in the same state, with a history of its own."""
        state = self._history.current
        return EditableNetwork(state.network, self.desk, splines=state.splines, label=state.label, apart=self.apart)

    # -- what comes of it --------------------------------------------------------------------------------------------

    def formula(self, *, max_seconds: float = FORMULA_SECONDS) -> Formula:
        """The network as a formula: composed, all constants fitted jointly, snapped and simplified.

        The same as at the end of a discovery: loss, complexity and constants with errors are there, and a term that
        the data do not want may be gone. With constants that are held by hand the formula keeps their values and its
        terms; the others are fitted, and become whole numbers where the data want it.

        Raises
        ------
        ArgumentError
            If an edge is still a spline, or the formula is not finite on every row.
        """
        with self._lock:
            splines = [f"{edge.id} ({edge.name})" for edge in self.edges.splines]
            return formula_of(self._history.current, self.desk, splines, max_seconds)

    @property
    def front(self) -> ParetoFront:
        """The front of the run, with the formula made by hand where there is one."""
        return front_with(self.formula() if self.is_symbolic else None, self.desk)

    @property
    def is_pick(self) -> bool:
        """Whether the formula made by hand is the pick of `front`; False while an edge is a spline."""
        return self.is_symbolic and same(self.front.best, self.formula())

    def discovery(self) -> Discovery:
        """A discovery whose formula is the one made by hand, to be saved as a new run with `kansym.save_run`.

        Its front is `front`; a note says what was done, and whether the front would have picked another formula.
        """
        with self._lock:
            return discovery_of(self._history.current, self.formula(), self.desk, self.history)

    def certificate(self) -> Certificate:
        """What speaks for and against the formula made by hand; takes a second or few, once per state."""
        with self._lock:
            state = self._history.current
            if "certificate" not in state.memo:
                state.memo["certificate"] = certify(self.discovery(), options=self.desk.options)
            return state.memo["certificate"]

    def to_dict(self) -> dict[str, Any]:
        """The present state in JSON types: shape, nodes, edges, errors, history. The formula is not worked out."""
        with self._lock:
            return description(self)

    def _primitive(self, primitive: str | Primitive) -> Primitive:
        known = {**self.desk.library, **{one.name: one for one in self.network.primitives}}
        if isinstance(primitive, str):
            return known.get(primitive) or self.desk.library.get(primitive)
        other = known.get(primitive.name, primitive)
        if other is not primitive and other.expression != primitive.expression:
            raise ArgumentError(f"another primitive is called {primitive.name!r}; give yours another name")
        return other

    def _push(self, network: Network, label: str, step: str, *, note: str = "", splines: Network | None = None) -> None:
        before = self._history.current
        lost = self.desk.undefined_rows(network)
        if lost and not self.desk.undefined_rows(before.network):
            raise ArgumentError(
                f"{label} would leave the network without a finite value on {lost} rows: an edge behind it is not "
                "defined there; unfix() or remove() that one first"
            )
        self._history.push(following(before, network, label, step, note, splines))

    def __str__(self) -> str:
        return text(self)

    def __repr__(self) -> str:
        return f"<EditableNetwork {format_shape(self.shape)} after {len(self.history) - 1} steps>\n{self}"

    def _repr_html_(self) -> str:
        return network_html(to_svg(self.figure()), remarks(self), self.edges)


def _check_steps(steps: int) -> None:
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise ArgumentError(f"steps must be at least 1, got {steps!r}")
