"""What an edge may be: the primitives that come closest to its curve, and what each does to the whole network."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import pandas as pd
import torch

from kansym.editing.coordinates import put
from kansym.editing.curve import Curve
from kansym.editing.desk import Desk
from kansym.errors import ArgumentError, TrainingError
from kansym.extraction.edges import match_cost
from kansym.extraction.matching import match_edges
from kansym.figures.labels import primitive_label
from kansym.kan.training import TrainingOptions, train
from kansym.primitives.primitive import Primitive

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CONTEXT_STEPS = 15
"""Steps of the refit that shows what a primitive does to the whole network."""

DRAWN = 200
"""Points of a curve in a description."""


@dataclass(frozen=True, eq=False)
class Suggestion:
    """One primitive for one edge.

    Attributes
    ----------
    primitive : Primitive
    constants : dict
        a, b, c, d and p of ``c f(a x + b) + d``, in the user's units where the edge has them; p is 1 without a shape.
    misfit : float
        Weighted 1 - R^2 between the primitive and the curve.
    error : float or None
        Held-out RMS residual of the whole network with this primitive, after a short refit, in units of y; None where
        that was not asked for, inf where it has no finite value.
    """

    primitive: Primitive
    constants: dict[str, float]
    misfit: float
    error: float | None = None

    @property
    def name(self) -> str:
        return self.primitive.name

    @property
    def label(self) -> str:
        """The name as it is drawn: ``x²``, and the exponent of the free power."""
        return primitive_label(self.primitive, self.constants["p"])

    @property
    def complexity(self) -> int:
        return self.primitive.complexity

    @property
    def r2(self) -> float:
        return 1.0 - self.misfit

    def values(self, x: np.ndarray) -> np.ndarray:
        """The primitive at node values x, of the shape of x; nan outside its domain."""
        z = torch.as_tensor(self.constants["a"] * np.asarray(x, dtype=np.float64) + self.constants["b"])
        f = self.primitive.function(z, torch.tensor(self.constants["p"], dtype=torch.float64)).numpy()
        values = self.constants["c"] * f + self.constants["d"]
        return np.where(np.isfinite(values), values, np.nan)

    def to_dict(self) -> dict[str, Any]:
        """In JSON types."""
        error = self.error if self.error is not None and math.isfinite(self.error) else None
        return {
            "name": self.name,
            "label": self.label,
            "complexity": self.complexity,
            "misfit": self.misfit,
            "r2": self.r2,
            "error": error,
            "constants": dict(self.constants),
        }


class Suggestions(Sequence[Suggestion]):
    """Primitives for one edge, the most plausible first.

    Parameters
    ----------
    suggestions : sequence of Suggestion
    x, y : ndarray, shape (n,)
        Points of the curve.
    edge, source : str
        Names of the edge and of the node it reads, for pictures.
    """

    def __init__(self, suggestions: Sequence[Suggestion], x: np.ndarray, y: np.ndarray, edge: str, source: str) -> None:
        self._suggestions = tuple(suggestions)
        self.x, self.y, self.edge, self.source = x, y, edge, source

    @overload
    def __getitem__(self, index: int) -> Suggestion: ...

    @overload
    def __getitem__(self, index: slice) -> "Suggestions": ...

    def __getitem__(self, index: int | slice) -> "Suggestion | Suggestions":
        if isinstance(index, slice):
            return Suggestions(self._suggestions[index], self.x, self.y, self.edge, self.source)
        return self._suggestions[index]

    def __len__(self) -> int:
        return len(self._suggestions)

    def to_frame(self) -> pd.DataFrame:
        """A table with the columns primitive, complexity, misfit (1 - R^2), error, a, b, c, d, p."""
        rows = [
            {"primitive": one.name, "complexity": one.complexity, "misfit": one.misfit, "error": one.error}
            | {name: one.constants[name] for name in "abcdp"}
            for one in self
        ]
        columns = ["primitive", "complexity", "misfit", "error", *"abcdp"]
        return pd.DataFrame(rows, columns=columns)

    def to_dict(self) -> dict[str, Any]:
        """In JSON types, with points of the curve and of every primitive over it."""
        order = np.argsort(self.x, kind="stable")
        order = order[:: max(1, math.ceil(len(order) / DRAWN))]
        grid = np.linspace(float(self.x.min()), float(self.x.max()), DRAWN)
        drawn = []
        for one in self:
            values = one.values(grid)
            points = [[float(x), float(y)] for x, y in zip(grid, values, strict=True) if math.isfinite(y)]
            drawn.append({**one.to_dict(), "points": points})
        return {
            "edge": self.edge,
            "source": self.source,
            "curve": np.column_stack([self.x[order], self.y[order]]).tolist(),
            "suggestions": drawn,
        }

    def figure(self, *, dark: bool = False) -> "Figure":
        """The curve with the primitives over it; see `kansym.editing.figure.suggestions_figure`."""
        from kansym.editing.figure import suggestions_figure

        return suggestions_figure(self, dark=dark)

    def __str__(self) -> str:
        from kansym.editing.table import suggestion_lines

        return "\n".join(suggestion_lines(self))

    def __repr__(self) -> str:
        return f"<{len(self)} suggestions for {self.edge}: {', '.join(one.name for one in self)}>"

    def _repr_html_(self) -> str:
        from kansym.editing.drawn import suggestions_html

        return suggestions_html(self)


def suggest(
    curve: Curve,
    desk: Desk,
    k: int,
    *,
    primitives: Sequence[Primitive] | None = None,
    in_context: bool = False,
) -> list[Suggestion]:
    """The k most plausible primitives of an edge; see `kansym.editing.edge.Edge.suggest`."""
    if isinstance(k, bool) or not isinstance(k, int) or k < 1:
        raise ArgumentError(f"k must be a number of suggestions, 1 or more, got {k!r}")
    offered = list(desk.candidates if primitives is None else primitives)
    weight = desk.options.selection.complexity_weight
    found = match_edges(
        curve.x[None],
        curve.y[None],
        offered,
        weights=curve.weights[None],
        top_k=len(offered),
        seed=desk.options.seed,
    )[0]
    found = sorted(found, key=lambda match: match_cost(match, curve.floor, weight))[:k]
    suggestions = []
    for match in found:
        p = match.p if match.primitive.has_shape else 1.0
        constants = {"a": match.a, "b": match.b, "c": match.c, "d": match.d, "p": p}
        suggestions.append(Suggestion(match.primitive, constants, max(match.loss, 0.0)))
    return errors_in_context(suggestions, curve, desk) if in_context else suggestions


def errors_in_context(suggestions: Sequence[Suggestion], curve: Curve, desk: Desk) -> list[Suggestion]:
    """The suggestions with the error of the whole network, each fixed and everything refitted for a moment.

    They come back ranked by that error, with the same price for complexity.
    """
    if not suggestions:
        return []
    ref, rows = curve.ref, desk.rows
    population = curve.network.select([0] * len(suggestions))
    for place, one in enumerate(suggestions):
        put(population, ref, one.primitive, one.constants, desk.scaling, place=place)
    options = TrainingOptions(steps=CONTEXT_STEPS, rescale_every=0)
    try:
        result = train(population, rows.x, rows.y, options, weights=rows.weights, validation=rows.validation)
    except TrainingError:
        return [replace(one, error=math.inf) for one in suggestions]
    errors = []
    for place in range(len(suggestions)):
        finite = math.isfinite(float(result.validation_loss[place]))
        errors.append(desk.errors(result.network.select([place])).held_out if finite else math.inf)
    judged = [replace(one, error=error) for one, error in zip(suggestions, errors, strict=True)]
    # What the whole network makes of a primitive counts for more than the R^2 of one edge.
    weight, least = desk.options.selection.complexity_weight, 1e-12 * desk.scaling.y_scale
    return sorted(judged, key=lambda one: math.log10(max(one.error or 0.0, least)) + weight * one.complexity)
