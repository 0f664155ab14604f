"""One edge of an edited network, and all of them as a table."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

import pandas as pd

from kansym.editing.coordinates import mode_of, user_constants
from kansym.editing.suggestion import Suggestions
from kansym.editing.table import edge_lines
from kansym.errors import ArgumentError
from kansym.extraction.edges import EdgeRef
from kansym.kan.layer import AFFINE, EdgeMode
from kansym.primitives.primitive import Primitive

if TYPE_CHECKING:
    from kansym.editing.network import EditableNetwork
    from kansym.figures.edge_curves import EdgeCurve


class Edge:
    """An edge of an `EditableNetwork`; it shows the network's present state, whatever was done since.

    Attributes
    ----------
    layer, source, target : int
        From node `source` to node `target` of that layer, counted from 0.
    """

    def __init__(self, net: "EditableNetwork", ref: EdgeRef) -> None:
        self._net = net
        self.ref = ref

    @property
    def layer(self) -> int:
        return self.ref.layer

    @property
    def source(self) -> int:
        return self.ref.source

    @property
    def target(self) -> int:
        return self.ref.target

    @property
    def id(self) -> str:
        """``layer.source.target``, such as ``0.1.0``."""
        return f"{self.layer}.{self.source}.{self.target}"

    @property
    def source_name(self) -> str:
        """The column, or ``h1.0`` for node 0 of the first hidden level."""
        return self._net.node_name(self.layer, self.source)

    @property
    def target_name(self) -> str:
        return self._net.node_name(self.layer + 1, self.target)

    @property
    def name(self) -> str:
        """``x -> h1.0``: the nodes that it joins."""
        return f"{self.source_name} -> {self.target_name}"

    @property
    def is_last(self) -> bool:
        """Whether it ends in the target."""
        return self.layer == len(self._net.network.layers) - 1

    @property
    def target_kind(self) -> str:
        """ "sum" or "product": what the node at its end makes of the curves that come in."""
        return "product" if bool(self._net.network.layers[self.layer].product[self.target]) else "sum"

    @property
    def curve(self) -> "EdgeCurve | None":
        """Points to draw, in the network's units; None for an edge that is off."""
        return self._net.curve(self.ref)

    @property
    def mode(self) -> str:
        """ "spline", "off", or the name of the primitive."""
        mode = mode_of(self._net.network, self.ref)
        if mode == EdgeMode.SYMBOLIC:
            assert self.primitive is not None
            return self.primitive.name
        return "spline" if mode == EdgeMode.SPLINE else "off"

    @property
    def is_spline(self) -> bool:
        return mode_of(self._net.network, self.ref) == EdgeMode.SPLINE

    @property
    def primitive(self) -> Primitive | None:
        """None for a spline and for an edge that is off."""
        network = self._net.network
        if mode_of(network, self.ref) != EdgeMode.SYMBOLIC:
            return None
        return network.primitives[int(network.layers[self.layer].primitive[0, self.source, self.target])]

    @property
    def constants(self) -> dict[str, float] | None:
        """a, b, c, d and p of ``c f(a x + b) + d``; None for a spline and for an edge that is off.

        a and b are in the user's units where the edge reads a column, c and d where it ends in an output that adds.
        Hidden nodes have no units. p is 1 for primitives without an exponent.
        """
        if self.primitive is None:
            return None
        return user_constants(self._net.network, self.ref, self._net.desk.scaling)

    @property
    def held(self) -> tuple[str, ...]:
        """Constants that are held by hand, of a, b, c, d, p: `EditableNetwork.refit` leaves them alone."""
        held = self._net.held(self.layer)[self.source, self.target].tolist()
        return tuple(name for name, flag in zip(AFFINE, held, strict=True) if flag)

    @property
    def score(self) -> float:
        """How much of the spread of the output hangs on the edge (`kansym.kan.pruning.Attribution`); 0 if off."""
        return self._net.score(self.ref)

    @property
    def misfit(self) -> float | None:
        """1 - R^2 between the primitive and the spline that it stands for; None for others."""
        return self._net.misfit(self.ref)

    @property
    def r2(self) -> float | None:
        return None if self.misfit is None else 1.0 - self.misfit

    def suggest(
        self, k: int = 5, *, primitives: Sequence[Primitive | str] | None = None, in_context: bool = False
    ) -> Suggestions:
        """The k most plausible primitives, best first; nothing is changed.

        They are ranked by 1 - R^2 with a price for complexity, and matches that are better than the network itself
        are ties. An edge that is a primitive is freed for a moment and the network refitted, since its own curve says
        nothing else.

        Parameters
        ----------
        k : int, default 5
        primitives : sequence of Primitive or str, optional
            What to choose from. Default: the primitives of the run.
        in_context : bool, default False
            Fix each of the k in turn and refit the whole network for a moment: `Suggestion.error` is then its error
            on held-out rows, which says more than the R^2 of an edge, and they are ranked by it. Takes some tenths of
            a second.

        Raises
        ------
        ArgumentError
            If the edge is off, or `k` or a name is wrong.
        """
        return self._net.suggest(self, k, primitives=primitives, in_context=in_context)

    def fix(
        self,
        primitive: str | Primitive,
        *,
        a: float | None = None,
        b: float | None = None,
        c: float | None = None,
        d: float | None = None,
        p: float | None = None,
        freeze: bool = False,
    ) -> float:
        """Make the edge ``c f(a x + b) + d``; constants that are not given are fitted to its curve.

        Given constants are held from then on (`refit` leaves them alone), in the units of `constants`. ``"0"`` removes
        the edge. `EditableNetwork.refit` afterwards lets all other edges follow.

        Parameters
        ----------
        primitive : str or Primitive
            A name (see ``kansym primitives``) or a primitive of your own.
        a, b, c, d, p : float, optional
        freeze : bool, default False
            Hold all constants, the fitted ones as well.

        Returns
        -------
        float
            R^2 of the primitive on the curve of the edge; small or negative where it does not fit.

        Raises
        ------
        ArgumentError
            If there is no such primitive, or it is not defined on the data of the edge. Nothing is changed then.
        """
        given = {name: value for name, value in zip("abcdp", (a, b, c, d, p), strict=True) if value is not None}
        return self._net.fix(self, primitive, freeze=freeze, **given)

    def unfix(self) -> "Edge":
        """Make the edge a spline again, which starts as the curve of its primitive; an edge that was off starts flat.

        The splines of the edges are not refitted by this; `EditableNetwork.refit` does it.
        """
        self._net.unfix(self)
        return self

    def remove(self) -> "Edge":
        """Switch the edge off; its mean stays in the node."""
        self._net.remove(self)
        return self

    def hold(self, *names: str) -> "Edge":
        """Hold constants (all without arguments) of a primitive at their values."""
        self._net.hold(self, *names)
        return self

    def free(self, *names: str) -> "Edge":
        """Let constants (all without arguments) be fitted again."""
        self._net.free(self, *names)
        return self

    def to_dict(self) -> dict[str, Any]:
        """Everything, in JSON types."""
        score, misfit = self.score, self.misfit
        return {
            "id": self.id,
            "name": self.name,
            "layer": self.layer,
            "source": self.source,
            "target": self.target,
            "source_name": self.source_name,
            "target_name": self.target_name,
            "mode": self.mode,
            "kind": {EdgeMode.OFF: "off", EdgeMode.SPLINE: "spline", EdgeMode.SYMBOLIC: "primitive"}[
                mode_of(self._net.network, self.ref)
            ],
            "score": score if math.isfinite(score) else None,
            "misfit": misfit,
            "constants": self.constants,
            "held": list(self.held),
        }

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Edge) and self._net is other._net and self.ref == other.ref

    def __hash__(self) -> int:
        return hash((id(self._net), self.ref))

    def __str__(self) -> str:
        return "\n".join(edge_lines([self]))

    def __repr__(self) -> str:
        return f"<edge {self.id} {self.name}: {self.mode}>"

    def _repr_html_(self) -> str:
        from kansym.editing.drawn import edges_html

        return edges_html([self])


class EdgeTable(Sequence[Edge]):
    """All edges of a network, inputs first; by position, by id (``"0.1.0"``) or by name (``"x -> h1.0"``)."""

    def __init__(self, edges: Sequence[Edge]) -> None:
        self._edges = tuple(edges)

    @overload
    def __getitem__(self, index: int | str) -> Edge: ...

    @overload
    def __getitem__(self, index: slice) -> "EdgeTable": ...

    def __getitem__(self, index: int | str | slice) -> "Edge | EdgeTable":
        if isinstance(index, slice):
            return EdgeTable(self._edges[index])
        if isinstance(index, str):
            wanted = _plain(index)
            found = [edge for edge in self._edges if wanted in (edge.id, _plain(edge.name))]
            if not found:
                known = ", ".join(f"{edge.id} ({edge.name})" for edge in self._edges[:20])
                raise ArgumentError(f"there is no edge {index!r}; the edges are {known}")
            return found[0]
        return self._edges[index]

    def __len__(self) -> int:
        return len(self._edges)

    @property
    def splines(self) -> "EdgeTable":
        """The edges that are splines."""
        return EdgeTable([edge for edge in self._edges if edge.is_spline])

    @property
    def active(self) -> "EdgeTable":
        """The edges that are not off."""
        return EdgeTable([edge for edge in self._edges if edge.mode != "off"])

    def to_frame(self) -> pd.DataFrame:
        """A table with the columns edge, from, to, function, score, misfit (1 - R^2), a, b, c, d, p, held."""
        rows = []
        for edge in self:
            constants = edge.constants or dict.fromkeys(AFFINE, math.nan)
            rows.append(
                {
                    "edge": edge.id,
                    "from": edge.source_name,
                    "to": edge.target_name,
                    "function": edge.mode,
                    "score": edge.score,
                    "misfit": math.nan if edge.misfit is None else edge.misfit,
                    **{name: constants[name] for name in AFFINE},
                    "held": "".join(edge.held),
                }
            )
        return pd.DataFrame(rows, columns=["edge", "from", "to", "function", "score", "misfit", *AFFINE, "held"])

    def __str__(self) -> str:
        return "\n".join(edge_lines(self))

    def __repr__(self) -> str:
        return f"<{len(self)} edges>\n{self}"

    def _repr_html_(self) -> str:
        from kansym.editing.drawn import edges_html

        return edges_html(self)


def _plain(name: str) -> str:
    """A name of an edge, however it is spaced: ``x->h1.0`` is ``x -> h1.0``."""
    return " ".join(name.replace("->", " -> ").replace("→", " -> ").split())
