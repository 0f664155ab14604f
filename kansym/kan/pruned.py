"""Pruning with a report: which edges went, the errors before and after, and whether it was taken back."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kansym.deferred import Tensor, torch
from kansym.errors import ArgumentError, TrainingError
from kansym.kan.elimination import with_idle, without_each
from kansym.kan.jacobian import HeldOut, held_out_parts, mean_loss
from kansym.kan.layer import EdgeMode
from kansym.kan.network import Network
from kansym.kan.pruning import active_edges, prune, remove_below
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

MOST_EDGES = 24
"""Edges up to which it is tried whether others make up for one: as many networks are trained side by side."""

SMALL = 1e-2
"""The largest threshold, as a share of the spread of y, that counts for this."""


class Pruned(int):
    """What pruning did: the number of edges removed, as an int, with the errors.

    Attributes
    ----------
    edges : tuple of str
        Ids of the edges below the threshold, and of those that the others make up for, ``"0.1.0"``.
    threshold : float
    before, after : Errors
        In units of y; the same where nothing was removed.
    taken_back : bool
        Whether the error rose by too much without them, so that nothing was changed.
    was, would_be : float
        Where it was taken back, the error with the edges and without them, in units of y: of the held-out rows where
        there are any.
    names : tuple of str
        Of the edges, ``"x -> h1.0"``, where nodes have got other numbers since; else empty.
    """

    edges: tuple[str, ...]
    threshold: float
    before: Errors
    after: Errors
    taken_back: bool
    was: float
    would_be: float
    names: tuple[str, ...] = ()

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
    ) -> Pruned:
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
        count = f"{len(self.edges)} edge{'' if len(self.edges) == 1 else 's'} ({', '.join(self.names or self.edges)})"
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

    def loss(self, network: Network) -> Tensor:
        """Mean squared residual of every network on the held-out rows, or on all where there are none."""
        x, y, weights = held_out_parts(
            self.validation
            if self.validation[0].shape[0]
            else (self.x, self.y, None if self.weights is None else self.weights / self.weights.mean())
        )
        return mean_loss(network, x, y, weights)


def pruned(network: Network, judges: Judges, threshold: float, *, force: bool = False) -> tuple[Network, Pruned]:
    """The network without edges below a share of the output's spread, refitted.

    Taken back where the error rises by more than a tenth, and is then beyond the threshold or ten times what it was.
    Where it is not, edges go that the others make up for.

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
    tolerance = _tolerance(before, threshold, judges.scale)
    result = prune(
        network,
        judges.x,
        judges.y,
        validation=judges.validation,
        threshold=threshold,
        tolerance=tolerance,
        weights=judges.weights,
        options=REFIT,
    )
    if result.rolled_back[0]:
        edges = _gone(network, remove_below(network, judges.x, threshold))
        was, would_be = (
            float(loss[0].clamp_min(0).sqrt()) * judges.scale for loss in (result.validation_loss, result.tried_loss)
        )
        return result.network, Pruned(edges, threshold, before, before, taken_back=True, was=was, would_be=would_be)
    limit = float(judges.loss(network)[0]) * (1 + tolerance) ** 2
    left = _without_redundant(result.network, judges, threshold, limit)
    edges = _gone(network, left)
    return left, Pruned(edges, threshold, before, judges.errors(left) if edges else before)


def _without_redundant(network: Network, judges: Judges, threshold: float, limit: float) -> Network:
    """The network without edges that others make up for: without them it moves by less than the threshold.

    Where columns depend on each other, or a factor may sit on either of two nodes, every edge of such a group moves the
    output while all others stay as they are, and yet one of them is enough. Of those that can go the one without which
    the network is the most accurate goes first, until none can or the loss would exceed the limit.
    """
    outputs = network(judges.x)
    spread = outputs.var(1, correction=0).sum().sqrt()
    while threshold and 1 < len(edges := active_edges(network)) <= MOST_EDGES:
        try:
            trial = _refitted(without_each(network, [with_idle(edges, [edge]) for edge in edges], judges.x), judges)
        except TrainingError:
            break
        moved = (trial(judges.x) - outputs).square().sum(-1).mean(1).sqrt()
        loss = judges.loss(trial)
        loss = torch.where((moved < threshold * spread) & (loss <= limit), loss, torch.inf)
        if not bool(torch.isfinite(loss).any()):
            break
        network = trial.select([int(loss.argmin())])
    return network


def _refitted(network: Network, judges: Judges) -> Network:
    return train(network, judges.x, judges.y, REFIT, weights=judges.weights, validation=judges.validation).network


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
        left = _refitted(left, judges)
    return left, Pruned(edges, threshold, before, judges.errors(left))


def _gone(before: Network, after: Network) -> tuple[str, ...]:
    found = []
    for number, (old, new) in enumerate(zip(before.layers, after.layers, strict=True)):
        off = (old.mode[0] != EdgeMode.OFF) & (new.mode[0] == EdgeMode.OFF)
        found += [f"{number}.{source}.{target}" for source, target in off.nonzero().tolist()]
    return tuple(found)
