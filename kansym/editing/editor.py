"""The state of a network under edit, and the steps on single edges; `EditableNetwork` and `Edge` are views of it."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from kansym.editing.constants import edge_id, edge_mode, with_held
from kansym.editing.context import EditContext, Errors
from kansym.editing.curve import learned_curve, suggest
from kansym.editing.fixing import fixed
from kansym.editing.history import History, State
from kansym.editing.splines import removed, unfixed
from kansym.editing.suggestion import Suggestions
from kansym.errors import ArgumentError
from kansym.extraction.edges import EdgeRef
from kansym.figures.edge_curves import EdgeCurve, edge_curves
from kansym.kan.layer import EdgeMode
from kansym.kan.network import Network
from kansym.primitives.primitive import Primitive
from kansym.threads import threads_for


class Editor:
    """A network with its history. Steps work on copies and add a state; one that fails changes nothing.

    Parameters
    ----------
    start : State
    context : EditContext

    Attributes
    ----------
    on_change : callable or None
        Called with the network after every step, undo and redo.
    """

    def __init__(self, start: State, context: EditContext) -> None:
        self.context = context
        self.history = History(start)
        self.on_change: Callable[[Network], object] | None = None
        self.lock = threading.RLock()

    @property
    def state(self) -> State:
        return self.history.current

    @property
    def network(self) -> Network:
        return self.history.current.network

    def node_name(self, level: int, node: int) -> str:
        """The column at level 0, a target at the last, else ``h1.0`` for node 0 of the first hidden level."""
        if level == 0:
            return self.context.table.names[node]
        return self.context.targets[node] if level == len(self.network.layers) else f"h{level}.{node}"

    def nodes(self) -> list[dict[str, Any]]:
        """All nodes in JSON types, inputs first."""
        widths = [(width, 0) if isinstance(width, int) else width for width in self.network.shape]
        return [
            {
                "level": level,
                "node": node,
                "name": self.node_name(level, node),
                "kind": "input" if level == 0 else "product" if node >= sums else "sum",
            }
            for level, (sums, products) in enumerate(widths)
            for node in range(sums + products)
        ]

    def edge_name(self, ref: EdgeRef) -> str:
        """``x -> h1.0``."""
        return f"{self.node_name(ref.layer, ref.source)} -> {self.node_name(ref.layer + 1, ref.target)}"

    def error(self) -> Errors:
        """Root-mean-square residuals of the present network."""
        memo = self.state.memo
        if "error" not in memo:
            memo["error"] = self.context.errors(self.network)
        return memo["error"]

    def curves(self) -> list[EdgeCurve]:
        """The curves of all edges that are not off, to be drawn."""
        state = self.state
        if "curves" not in state.memo:
            state.memo["curves"] = edge_curves(state.network, self.context.rows.x, reference=state.reference)
        return state.memo["curves"]

    def curve(self, ref: EdgeRef) -> EdgeCurve | None:
        """That of one edge; None if it is off."""
        return next((one for one in self.curves() if EdgeRef(one.layer, one.source, one.target) == ref), None)

    def score(self, ref: EdgeRef) -> float:
        curve = self.curve(ref)
        return 0.0 if curve is None else curve.score

    def misfit(self, ref: EdgeRef) -> float | None:
        symbolic = edge_mode(self.network, ref) == EdgeMode.SYMBOLIC
        return curve.misfit if symbolic and (curve := self.curve(ref)) is not None else None

    def primitive(self, primitive: str | Primitive) -> Primitive:
        """A primitive by name, or one of the user's own if no other has its name."""
        known = {**self.context.library, **{one.name: one for one in self.network.primitives}}
        if isinstance(primitive, str):
            return known.get(primitive) or self.context.library.get(primitive)
        other = known.get(primitive.name, primitive)
        if other is not primitive and other.expression != primitive.expression:
            raise ArgumentError(f"another primitive is called {primitive.name!r}; give yours another name")
        return other

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """One step at a time, on a number of threads that suits the table."""
        with self.lock, threads_for(self.context.table.n_rows):
            yield

    def push(self, network: Network, label: str, step: str, *, note: str = "", splines: Network | None = None) -> None:
        """Make `network` the present state, with the step that led to it: in words, and as a line of a script.

        Raises
        ------
        ArgumentError
            If it has no finite value on some rows and the network before had one on all of them.
        """
        lost = self.context.undefined_rows(network)
        if lost and not self.context.undefined_rows(self.network):
            raise ArgumentError(
                f"{label} would leave the network without a finite value on {lost} rows: an edge behind it is not "
                "defined there; unfix() or remove() that one first"
            )
        self.history.push(self.state.followed_by(network, label, step, note, splines))
        self._changed()

    def move(self, steps: int) -> State:
        """Go back (negative) or forward in the history, and return the state there."""
        state = self.history.move(steps)
        self._changed()
        return state

    def _changed(self) -> None:
        if self.on_change is not None:
            self.on_change(self.network)

    def follow(self, network: Network, label: str) -> None:
        """Take a network that was changed elsewhere as the present state."""
        self.history.push(State(network, network, label, f"# {label}"))

    # -- steps on one edge -----------------------------------------------------------------------------------------

    def suggest(
        self, ref: EdgeRef, k: int, *, primitives: Sequence[Primitive | str] | None, in_context: bool
    ) -> Suggestions:
        """See `kansym.editing.edge.Edge.suggest`; needs no lock, since it changes nothing."""
        offered = None if primitives is None else [self.primitive(one) for one in primitives]
        with threads_for(self.context.table.n_rows):
            curve = learned_curve(self.network, ref, self.context)
            found = suggest(curve, self.context, k, primitives=offered, in_context=in_context)
        source = self.node_name(ref.layer, ref.source)
        return Suggestions(found, curve.x.numpy(), curve.y.numpy(), self.edge_name(ref), source)

    def fix(self, ref: EdgeRef, primitive: str | Primitive, held: Mapping[str, float], *, freeze: bool) -> float:
        """See `kansym.editing.edge.Edge.fix`."""
        if primitive == "0":
            if held:
                raise ArgumentError(f"0 has no constants, got {', '.join(held)}")
            self.remove(ref)
            return 0.0
        found = self.primitive(primitive)
        with self.at_work():
            network, r2 = fixed(self.network, ref, found, held, self.context, freeze=freeze)
            words = [found.name, *(f"{name}={value:g}" for name, value in held.items()), *["frozen"] * freeze]
            exact = [found.name, *(f"{name}={float(value)!r}" for name, value in held.items()), *["freeze"] * freeze]
            label = f"fix {self._label(ref)} to {', '.join(words)}"
            self.push(network, label, f"fix {edge_id(ref)}={','.join(exact)}")
        return r2

    def unfix(self, ref: EdgeRef) -> None:
        """See `kansym.editing.edge.Edge.unfix`."""
        if edge_mode(self.network, ref) == EdgeMode.SPLINE:
            raise ArgumentError(f"edge {edge_id(ref)} is a spline already")
        with self.at_work():
            network = unfixed(self.network, ref, self.context)
            self.push(network, f"unfix {self._label(ref)}", f"unfix {edge_id(ref)}")

    def remove(self, ref: EdgeRef) -> None:
        """See `kansym.editing.edge.Edge.remove`."""
        with self.at_work():
            network = removed(self.network, ref, self.context)
            self.push(network, f"remove {self._label(ref)}", f"remove {edge_id(ref)}")

    def set_held(self, ref: EdgeRef, names: Sequence[str], flag: bool) -> None:
        """See `kansym.editing.edge.Edge.hold` and `free`."""
        with self.lock:
            network = with_held(self.network, ref, names, flag)
            verb = "hold" if flag else "free"
            label = f"{verb} {' '.join(names) or 'all'} of {self._label(ref)}"
            self.push(network, label, ",".join((f"{verb} {edge_id(ref)}", *names)))

    def _label(self, ref: EdgeRef) -> str:
        return f"{edge_id(ref)} ({self.edge_name(ref)})"
