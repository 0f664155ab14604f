"""Pruning with a report: which edges went, the errors before and after, and whether it was taken back."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from kansym.errors import ArgumentError
from kansym.kan.jacobian import HeldOut
from kansym.kan.layer import EdgeMode
from kansym.kan.network import Network
from kansym.kan.pruning import prune, remove_below
from kansym.kan.residuals import Errors
from kansym.kan.training import train
from kansym.kan.training_options import TrainingOptions

REFIT = TrainingOptions(steps=15, rescale_every=0)
"""Retraining after edges are gone. Nodes stay where they are, since constants may be held."""

RISE = 0.1
"""Relative rise of the error up to which edges stay removed."""

SPARE = 10.0
"""Factor up to which it may rise where it stays below the threshold. Spare edges make a network more accurate without
being there: five splines of a coarse grid add up to a finer one."""

SMALL = 1e-2
"""The largest threshold, as a share of the spread of y, that counts for this."""


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


@dataclass(frozen=True)
class Judges:
    """What a pruned network is fitted to and judged by.

    Attributes
    ----------
    x, y : Tensor, shapes (n, n_inputs) and (n,) or (n, n_outputs)
        Scaled training rows.
    weights : Tensor, shape (n,), or None
    validation : tuple
        Scaled held-out rows.
    scale : float
        Standard deviation of y in its units.
    errors : callable
        The errors of a network in units of y.
    """

    x: Tensor
    y: Tensor
    weights: Tensor | None
    validation: HeldOut
    scale: float
    errors: Callable[[Network], Errors]


def pruned(network: Network, judges: Judges, threshold: float, *, force: bool = False) -> tuple[Network, Pruned]:
    """The network without edges below a share of the output's spread, refitted.

    Taken back where the error rises by more than a tenth, and is then beyond the threshold or ten times what it was.

    Parameters
    ----------
    network : Network
        Population 1.
    judges : Judges
    threshold : float
        From 0 to below 1.
    force : bool, default False
        Never take it back.

    Raises
    ------
    ArgumentError
        If `threshold` is out of range.
    """
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 <= threshold < 1:
        raise ArgumentError(f"threshold must lie in [0, 1), got {threshold!r}")
    before = judges.errors(network)
    if force:
        return _forced(network, judges, threshold, before)
    result = prune(
        network,
        judges.x,
        judges.y,
        validation=judges.validation,
        threshold=threshold,
        tolerance=_tolerance(before, threshold, judges.scale),
        weights=judges.weights,
        options=REFIT,
    )
    back = result.rolled_back[0]
    edges = _gone(network, remove_below(network, judges.x, threshold) if back else result.network)
    was, would_be = (
        float(loss[0].clamp_min(0).sqrt()) * judges.scale if back else math.nan
        for loss in (result.validation_loss, result.tried_loss)
    )
    after = judges.errors(result.network) if result.removed[0] else before
    return result.network, Pruned(edges, threshold, before, after, taken_back=back, was=was, would_be=would_be)


def _tolerance(before: Errors, threshold: float, scale: float) -> float:
    """Relative rise of the error that is accepted."""
    if not before.finite or before.held_out <= 0:
        return RISE
    return max(RISE, min(min(threshold, SMALL) * scale / before.held_out, SPARE) - 1)


def _forced(network: Network, judges: Judges, threshold: float, before: Errors) -> tuple[Network, Pruned]:
    left = remove_below(network, judges.x, threshold)
    edges = _gone(network, left)
    if not edges:
        return network, Pruned(edges, threshold, before, before)
    if any(bool((layer.mode != EdgeMode.OFF).any()) for layer in left.layers):
        left = train(left, judges.x, judges.y, REFIT, weights=judges.weights, validation=judges.validation).network
    return left, Pruned(edges, threshold, before, judges.errors(left))


def _gone(before: Network, after: Network) -> tuple[str, ...]:
    found = []
    for number, (old, new) in enumerate(zip(before.layers, after.layers, strict=True)):
        off = (old.mode[0] != EdgeMode.OFF) & (new.mode[0] == EdgeMode.OFF)
        found += [f"{number}.{source}.{target}" for source, target in off.nonzero().tolist()]
    return tuple(found)
