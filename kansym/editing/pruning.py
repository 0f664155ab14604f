"""Edges that hardly matter removed, with the errors before and after."""

import math
from typing import Any

from kansym.editing.constants import edge_id
from kansym.editing.context import EditContext, Errors
from kansym.extraction.edges import EdgeRef
from kansym.kan.layer import EdgeMode
from kansym.kan.network import Network
from kansym.kan.pruning import prune, remove_below
from kansym.kan.training_options import TrainingOptions


class Pruned(int):
    """What pruning did: the number of edges removed, as an int, with the errors.

    Attributes
    ----------
    edges : tuple of str
        Ids of the edges below the threshold, ``"0.1.0"``.
    threshold : float
    before, after : Errors
        In units of y; the same where nothing was removed.
    taken_back : bool
        Whether the error rose by too much without them, so that nothing was changed.
    was, would_be : float
        Where it was taken back, the error with the edges and without them, in units of y: of the held-out rows where
        there are any.
    """

    edges: tuple[str, ...]
    threshold: float
    before: Errors
    after: Errors
    taken_back: bool
    was: float
    would_be: float

    def __new__(
        cls,
        edges: tuple[str, ...],
        threshold: float,
        before: Errors,
        after: Errors,
        *,
        taken_back: bool = False,
        was: float = math.nan,
        would_be: float = math.nan,
    ) -> "Pruned":
        made = super().__new__(cls, 0 if taken_back else len(edges))
        made.edges, made.threshold, made.before, made.after = edges, threshold, before, after
        made.taken_back, made.was, made.would_be = taken_back, was, would_be
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        # For copies and pickles, which would make it of the number alone.
        return (self.edges, self.threshold, self.before, self.after), {"taken_back": self.taken_back}

    def to_dict(self) -> dict[str, Any]:
        """In JSON types."""
        return {
            "removed": int(self),
            "edges": list(self.edges),
            "threshold": self.threshold,
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
            "taken_back": self.taken_back,
        }

    def __str__(self) -> str:
        if not self.edges:
            return f"no edge moves the output by less than {self.threshold:g} of its spread; nothing removed"
        count = f"{len(self.edges)} edge{'' if len(self.edges) == 1 else 's'} ({', '.join(self.edges)})"
        if self.taken_back:
            error = "held-out error" if self.before.judged_apart else "error"
            rise = f"{self.was:.3g} to {self.would_be:.3g}"
            return f"taken back: without {count} below {self.threshold:g} the {error} rises from {rise}"
        return f"{count} removed; {self.before.to(self.after)}"

    def __repr__(self) -> str:
        return f"<{self}>"


def pruned(network: Network, context: EditContext, threshold: float) -> tuple[Network, Pruned]:
    """The network without edges below a share of the output's spread, refitted; see `EditableNetwork.prune`."""
    rows = context.rows
    result = prune(
        network,
        rows.x,
        rows.y,
        validation=rows.validation,
        threshold=threshold,
        weights=rows.weights,
        options=TrainingOptions(steps=15, rescale_every=0),
    )
    before = context.errors(network)
    back = result.rolled_back[0]
    edges = _gone(network, remove_below(network, rows.x, threshold) if back else result.network)
    was, would_be = (
        float(loss[0].clamp_min(0).sqrt()) * context.scaling.y_scale if back else math.nan
        for loss in (result.validation_loss, result.tried_loss)
    )
    after = context.errors(result.network) if result.removed[0] else before
    return result.network, Pruned(edges, threshold, before, after, taken_back=back, was=was, would_be=would_be)


def _gone(before: Network, after: Network) -> tuple[str, ...]:
    found = []
    for number, (old, new) in enumerate(zip(before.layers, after.layers, strict=True)):
        off = (old.mode[0] != EdgeMode.OFF) & (new.mode[0] == EdgeMode.OFF)
        found += [edge_id(EdgeRef(number, source, target)) for source, target in off.nonzero().tolist()]
    return tuple(found)
