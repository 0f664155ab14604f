"""Refit a network within a budget: splines and free constants, never worse than before."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kansym import clock
from kansym.deferred import torch
from kansym.editing.constants import held_mask
from kansym.editing.context import EditContext, Errors
from kansym.errors import ArgumentError
from kansym.kan.jacobian import held_out_parts
from kansym.kan.levenberg_marquardt import LevenbergMarquardtOptions, levenberg_marquardt
from kansym.kan.network import Network
from kansym.kan.training import BestKeeper
from kansym.kan.training_options import TrainingOptions
from kansym.threads import threads_for

CONVERGED, OUT_OF_TIME, INTERRUPTED, LAST_STEP = "converged", "time is up", "interrupted", "all steps done"
ROLLED_BACK = "rolled back"


@dataclass(frozen=True)
class Refit:
    """What a refit did.

    Attributes
    ----------
    before, after : Errors
        In units of y, or of several outputs in parts of their spreads; the same where it was rolled back.
    steps : int
    seconds : float
    stopped : str
        "converged", "all steps done", "time is up", "interrupted" or "rolled back".
    note : str
        Why it was rolled back; else empty.
    """

    before: Errors
    after: Errors
    steps: int
    seconds: float
    stopped: str
    note: str = ""

    @property
    def improved(self) -> bool:
        return self.after.held_out < self.before.held_out or (
            self.after.held_out == self.before.held_out and self.after.train < self.before.train
        )

    def to_dict(self) -> dict[str, Any]:
        """In JSON types."""
        return {**vars(self), "before": self.before.to_dict(), "after": self.after.to_dict()}

    def __repr__(self) -> str:
        return f"<Refit {self}>"

    def __str__(self) -> str:
        text = self.before.to(self.after)
        text += f", in {self.steps} steps, {self.seconds:.1f} s; {self.stopped}"
        return f"{text}: {self.note}" if self.note else text


def refit(
    network: Network,
    context: EditContext,
    *,
    max_seconds: float,
    steps: int,
    callback: Callable[[int, float], None] | None = None,
) -> tuple[Network, Refit]:
    """A refitted copy, and what happened; the network itself where nothing better was found.

    Held-out rows decide which weights are kept while there are splines, which could follow noise; the few constants of
    a network without any are those of least squares. Ctrl-C keeps the best so far.

    Parameters
    ----------
    network : Network
        Population 1.
    context : EditContext
    max_seconds : float
    steps : int
        Most Levenberg-Marquardt steps.
    callback : callable ``(step, loss)``, optional
        Called after every step with the best loss on scaled rows so far.
    """
    if isinstance(max_seconds, bool) or not 0 < max_seconds < math.inf:
        raise ArgumentError(f"max_seconds must be a positive number of seconds, got {max_seconds!r}")
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise ArgumentError(f"steps must be at least 1, got {steps!r}")
    start, deadline = time.monotonic(), clock.now() + max_seconds
    before = context.errors(network)
    symbolic = network.is_symbolic
    # A formula's constants are those of least squares; splines need a little smoothness where there are no data.
    training = TrainingOptions(smoothness=0.0, ridge=0.0) if symbolic else TrainingOptions()
    options = LevenbergMarquardtOptions(
        steps=steps,
        tolerance=1e-9 if symbolic else 1e-6,
        rescale_every=0 if symbolic or not may_rescale(network) else 5,
    )
    rows, start_on_device = context.training_rows, network.to(context.device)
    validation = rows.validation if rows.validation[0].shape[0] and not symbolic else None
    if validation is not None:
        validation = held_out_parts(validation)
    weights = None if rows.weights is None else rows.weights / rows.weights.mean()
    keeper = BestKeeper(start_on_device, validation, deadline, callback)
    stopped = CONVERGED
    try:
        with threads_for(context.table.n_rows), torch.no_grad():
            levenberg_marquardt(
                start_on_device,
                rows.x,
                rows.y.reshape(len(rows.x), -1),
                weights=weights,
                penalty=training.penalty,
                options=options,
                observe=keeper.observe,
            )
        if keeper.stopped:
            stopped = OUT_OF_TIME
        elif keeper.steps >= steps:
            stopped = LAST_STEP
    except KeyboardInterrupt:
        stopped = INTERRUPTED

    def report(after: Errors, stopped: str, note: str = "") -> Refit:
        return Refit(before, after, keeper.steps, time.monotonic() - start, stopped, note)

    if not keeper.history:
        return network, report(before, ROLLED_BACK, "no step gave a finite value on every row")
    if keeper.history[-1][0] == 0:
        # No step was better than the start.
        return network, report(before, stopped)
    best = keeper.network.to("cpu")
    after = context.errors(best)
    if not after.finite:
        return network, report(before, ROLLED_BACK, "no step gave a finite value on every row")
    judged = "train" if symbolic else "held_out"
    if before.finite and getattr(after, judged) > getattr(before, judged) * (1 + 1e-9):
        words = f"the {'training' if symbolic else 'held-out'} error rose to {getattr(after, judged):.3g}"
        return network, report(before, ROLLED_BACK, words)
    return best, report(after, stopped)


def may_rescale(network: Network) -> bool:
    """Whether hidden nodes may be rescaled while training: not where a constant is held that this would move."""
    last = len(network.layers) - 1
    for number in range(last + 1):
        held = held_mask(network, number).any(0).any(0).tolist()
        # The input's scale is inside a and b, the output's in c and d; neither is moved at the ends of the network.
        inner, outer = held[0] or held[1], held[2] or held[3]
        if (number > 0 and inner) or (number < last and outer):
            return False
    return True
