"""One edge of an edited network, and all of them as a table."""

import math
from collections.abc import Sequence
from html import escape
from typing import Any, overload

import numpy as np
import pandas as pd

from kansym.editing.constants import edge_id, edge_mode, held_mask, primitive_of, user_constants
from kansym.editing.editor import Editor
from kansym.editing.suggestion import Suggestions
from kansym.editing.tables import constants_text, curve_svg, number, styled_html, to_html, to_lines
from kansym.errors import ArgumentError
from kansym.extraction.edges import EdgeRef
from kansym.figures.edge_curves import EdgeCurve
from kansym.kan.layer import AFFINE, EdgeMode
from kansym.primitives.primitive import Primitive

HEADS = ("edge", "from -> to", "function", "score", "1-R2", "constants")

KINDS = {EdgeMode.OFF: "off", EdgeMode.SPLINE: "spline", EdgeMode.SYMBOLIC: "primitive", EdgeMode.BOTH: "both"}


class Edge:
    """An edge of an `EditableNetwork`; it shows the network's present state, whatever was done since.

    Attributes
    ----------
    layer, source, target : int
        From node `source` to node `target` of that layer, counted from 0.
    """

    def __init__(self, editor: Editor, ref: EdgeRef) -> None:
        self._editor = editor
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
        return edge_id(self.ref)

    @property
    def source_name(self) -> str:
        """The column, or ``h1.0`` for node 0 of the first hidden level."""
        return self._editor.node_name(self.layer, self.source)

    @property
    def target_name(self) -> str:
        return self._editor.node_name(self.layer + 1, self.target)

    @property
    def name(self) -> str:
        """``x -> h1.0``: the nodes that it joins."""
        return self._editor.edge_name(self.ref)

    @property
    def is_last(self) -> bool:
        """Whether it ends in a target."""
        return self.layer == len(self._editor.network.layers) - 1

    @property
    def target_kind(self) -> str:
        """ "sum" or "product": what the node at its end makes of the curves that come in."""
        return "product" if bool(self._editor.network.layers[self.layer].product[self.target]) else "sum"

    @property
    def curve(self) -> EdgeCurve | None:
        """Points to draw, in the network's units; None for an edge that is off."""
        return self._editor.curve(self.ref)

    @property
    def mode(self) -> str:
        """ "spline", "off", or the name of the primitive."""
        return KINDS[edge_mode(self._editor.network, self.ref)] if self.primitive is None else self.primitive.name

    @property
    def is_spline(self) -> bool:
        return edge_mode(self._editor.network, self.ref) == EdgeMode.SPLINE

    @property
    def primitive(self) -> Primitive | None:
        """None for a spline and for an edge that is off."""
        network = self._editor.network
        return primitive_of(network, self.ref) if edge_mode(network, self.ref) == EdgeMode.SYMBOLIC else None

    @property
    def constants(self) -> dict[str, float] | None:
        """a, b, c, d and p of ``c f(a x + b) + d``; None for a spline and for an edge that is off.

        a and b are in the user's units where the edge reads a column, c and d where it ends in an output that adds.
        Hidden nodes have no units. p is 1 for primitives without an exponent.
        """
        if self.primitive is None:
            return None
        network = self._editor.network
        return user_constants(network, self.ref, self._editor.context.scaling_at(network, self.ref))

    @property
    def held(self) -> tuple[str, ...]:
        """Constants that are held, of a, b, c, d, p: `EditableNetwork.refit` leaves them alone."""
        held = held_mask(self._editor.network, self.layer)[self.source, self.target].tolist()
        return tuple(name for name, flag in zip(AFFINE, held, strict=True) if flag)

    @property
    def score(self) -> float:
        """How much of the spread of the outputs hangs on the edge (`kansym.kan.pruning.Attribution`); 0 if off."""
        return self._editor.score(self.ref)

    @property
    def misfit(self) -> float | None:
        """1 - R^2 between the primitive and the spline that it stands for; None for others."""
        return self._editor.misfit(self.ref)

    @property
    def r2(self) -> float | None:
        return None if self.misfit is None else 1.0 - self.misfit

    def suggest(
        self, k: int = 5, *, primitives: Sequence[Primitive | str] | None = None, in_context: bool = False
    ) -> Suggestions:
        """The k most plausible primitives, best first; nothing is changed.

        They are ranked by 1 - R^2 with a price for complexity, and for a height far beyond the curve's, most of which
        a level takes away again; matches that are better than the network itself are ties. An edge that is a primitive
        is freed for a moment and the network refitted, since its own curve says nothing else.

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
        return self._editor.suggest(self.ref, k, primitives=primitives, in_context=in_context)

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
        held = {name: value for name, value in zip(AFFINE, (a, b, c, d, p), strict=True) if value is not None}
        return self._editor.fix(self.ref, primitive, held, freeze=freeze)

    def unfix(self) -> "Edge":
        """Make the edge a spline again, which starts as the curve of its primitive; an edge that was off starts flat.

        The splines of the edges are not refitted by this; `EditableNetwork.refit` does it.
        """
        self._editor.unfix(self.ref)
        return self

    def remove(self) -> "Edge":
        """Switch the edge off; its mean stays in the node."""
        self._editor.remove(self.ref)
        return self

    def hold(self, *names: str) -> "Edge":
        """Hold constants (all without arguments) of a primitive at their values."""
        self._editor.set_held(self.ref, names, True)
        return self

    def free(self, *names: str) -> "Edge":
        """Let constants (all without arguments) be fitted again."""
        self._editor.set_held(self.ref, names, False)
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
            "kind": KINDS[edge_mode(self._editor.network, self.ref)],
            "score": score if math.isfinite(score) else None,
            "misfit": misfit,
            "constants": self.constants,
            "held": list(self.held),
        }

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Edge) and self._editor is other._editor and self.ref == other.ref

    def __hash__(self) -> int:
        return hash((id(self._editor), self.ref))

    def __str__(self) -> str:
        return "\n".join(_lines([self]))

    def __repr__(self) -> str:
        return f"<edge {self.id} {self.name}: {self.mode}>"

    def _repr_html_(self) -> str:
        return _html([self])


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
        return "\n".join(_lines(self))

    def __repr__(self) -> str:
        return f"<{len(self)} edges>\n{self}"

    def _repr_html_(self) -> str:
        return _html(self)


def _plain(name: str) -> str:
    """A name of an edge, however it is spaced: ``x->h1.0`` is ``x -> h1.0``."""
    return " ".join(name.replace("->", " -> ").replace("→", " -> ").split())


def _rows(edges: Sequence[Edge]) -> list[list[str]]:
    """Cells of the table of edges, under `HEADS`."""
    rows = []
    for edge in edges:
        if edge.mode == "off":
            rows.append([edge.id, edge.name, "off", "", "", ""])
            continue
        constants = edge.constants
        names = "abcd" if edge.primitive is None or not edge.primitive.has_shape else "abcdp"
        text = "" if constants is None else constants_text(constants, edge.held, names)
        rows.append([edge.id, edge.name, edge.mode, number(edge.score, 3), number(edge.misfit, 2), text])
    return rows


def _lines(edges: Sequence[Edge]) -> list[str]:
    """The table of edges in plain text."""
    lines = to_lines(HEADS, _rows([edge for edge in edges if edge.mode != "off"]))
    off = [edge.id for edge in edges if edge.mode == "off"]
    if off:
        lines.append(f"off: {', '.join(off)}")
    return [*lines, *_remarks(edges)]


def _html(edges: Sequence[Edge]) -> str:
    """The table of edges, each with its curve: pale the trained spline, dark the function that it was made."""
    cells = [[_picture(edge), *map(escape, row)] for edge, row in zip(edges, _rows(edges), strict=True)]
    return styled_html(to_html(["curve", *HEADS], cells), _remarks(edges))


def _remarks(edges: Sequence[Edge]) -> list[str]:
    """What hidden nodes do with the curves that come in, and what a star means."""
    kinds: dict[str, list[str]] = {"sum": [], "product": []}
    for edge in edges:
        names = kinds[edge.target_kind]
        # That the target adds goes without saying, until there is something that multiplies.
        if edge.mode != "off" and (not edge.is_last or edge.target_kind == "product") and edge.target_name not in names:
            names.append(edge.target_name)
    words = {"sum": ("adds", "add"), "product": ("multiplies", "multiply")}
    said = [f"{', '.join(names)} {words[kind][len(names) > 1]}" for kind, names in kinds.items() if names]
    lines = [f"{' what comes in; '.join(said)} what comes in"] if said else []
    if any(edge.held for edge in edges):
        lines.append("* held")
    return lines


def _picture(edge: Edge) -> str:
    curve = edge.curve
    if curve is None:
        return ""
    if edge.is_spline:
        return curve_svg(_points(curve.points), (), f"{edge.name}: the trained curve")
    spline = () if curve.spline is None else _points(curve.spline)
    return curve_svg(spline, _points(curve.points), f"{edge.name}: {edge.mode} over the trained curve")


def _points(points: np.ndarray) -> list[list[float]]:
    return points[np.isfinite(points).all(1)].tolist()
