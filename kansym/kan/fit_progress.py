"""What a fit is told to do in plain arguments, and what it reports after every step."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from kansym.deferred import Tensor, torch
from kansym.errors import Argument, ArgumentError
from kansym.kan.network import Network
from kansym.kan.training_options import Loss, OptimizerFactory, TrainingOptions

OPTIMIZERS = {"lm": "levenberg-marquardt", "lbfgs": "lbfgs", "adam": "adam", "lamb": "lamb"}
"""Names of optimizers, and what `TrainingOptions` calls them."""

STEPS = {"lm": 50, "lbfgs": 50, "adam": 2000, "lamb": 2000}
"""Steps where none are given; `OWN_STEPS` for an optimizer of the user's."""

OWN_STEPS = 1000

STARTS, DEAR_STARTS = 16, 4
"""Starts of a fresh network, for Levenberg-Marquardt and for optimizers that need many steps."""

Metric: TypeAlias = Callable[[Tensor, Tensor], Any]


def training_options(
    optimizer: str | OptimizerFactory, steps: int | None, loss: Loss | None, y_scale: Tensor, **others: Any
) -> TrainingOptions:
    """The options of `KAN.fit` as `TrainingOptions`.

    Parameters
    ----------
    optimizer : str or callable
        Of `OPTIMIZERS`, in any case, or a function that makes a torch optimizer.
    steps : int or None
    loss : callable or None
        Of outputs and targets in the user's units.
    y_scale : Tensor, shape (n_outputs,)
        The unit of the network's outputs.
    **others
        Fields of `TrainingOptions`.

    Raises
    ------
    ArgumentError
        If something has a value that cannot be used.
    """
    name = optimizer.lower() if isinstance(optimizer, str) else None
    if name == OPTIMIZERS["lm"]:
        name = "lm"
    if (name is None and not callable(optimizer)) or (name is not None and name not in OPTIMIZERS):
        raise ArgumentError(
            f"optimizer must be one of {', '.join(OPTIMIZERS)}, or a function of the parameters, got {optimizer!r}"
        )
    if steps is None:
        steps = OWN_STEPS if name is None else STEPS[name]
    if isinstance(steps, bool) or not isinstance(steps, int):
        raise ArgumentError(Argument("steps"), f" must be a whole number, got {steps!r}")
    if loss is not None and not callable(loss):
        raise ArgumentError(f"loss must be a function of predictions and targets, got {loss!r}")
    scaled = None if loss is None else lambda output, target: loss(output * y_scale, target * y_scale)
    chosen = optimizer if name is None else OPTIMIZERS[name]
    return TrainingOptions(optimizer=chosen, steps=steps, loss=scaled, **others)


def number_of_starts(starts: int | None, options: TrainingOptions, *, fresh: bool) -> int:
    """How many networks are trained side by side."""
    if starts is None:
        many = STARTS if options.optimizer == "levenberg-marquardt" else DEAR_STARTS
        return many if fresh and options.steps else 1
    if isinstance(starts, bool) or not isinstance(starts, int) or starts < 1:
        raise ArgumentError(Argument("starts"), f" must be a whole number of at least 1, got {starts!r}")
    return starts


def named_metrics(metrics: Mapping[str, Metric] | Sequence[Metric] | Metric | None) -> dict[str, Metric]:
    """Metrics by name; functions have their own."""
    if metrics is None:
        return {}
    listed = [metrics] if callable(metrics) else metrics
    if isinstance(listed, list | tuple):
        listed = {getattr(one, "__name__", type(one).__name__): one for one in listed}
    named = isinstance(listed, Mapping) and all(isinstance(name, str) for name in listed)
    if not isinstance(listed, Mapping) or not named or not all(map(callable, listed.values())):
        raise ArgumentError(
            f"metrics must be functions of predictions and targets, or a mapping of names to such, got {metrics!r}"
        )
    taken = {"fit", "step", "training", "validation"} & listed.keys()
    if taken:
        raise ArgumentError(f"metrics must not be called {taken.pop()!r}: the history has such a column")
    return dict(listed)


class Progress:
    """The record of a fit; it is called after every step.

    Parameters
    ----------
    x, y : Tensor, shapes (n, n_inputs) and (n, n_outputs)
        Scaled rows that metrics are taken of.
    y_scale : Tensor, shape (n_outputs,)
    metrics : dict of str to callable
    callback : callable ``(step, error)`` or None
    watcher : object with a method ``show(network, step, error)``, or None
    fit : int
        Number of this fit.
    own_loss : bool
        Whether losses are the user's, and not squared residuals.
    judged : bool
        Whether there are rows for validation.

    Attributes
    ----------
    records : list of dict
        Rows of the history.
    """

    def __init__(
        self,
        x: Tensor,
        y: Tensor,
        y_scale: Tensor,
        *,
        metrics: dict[str, Metric],
        callback: Callable[[int, float], Any] | None,
        watcher: Any = None,
        fit: int,
        own_loss: bool,
        judged: bool,
    ) -> None:
        self.x, self.y, self.y_scale, self.metrics = x, y * y_scale, y_scale, metrics
        self.watcher = watcher
        self.callback, self.fit, self.own_loss, self.judged = callback, fit, own_loss, judged
        self.records: list[dict[str, float]] = []
        self._best, self._values = math.inf, {}

    def _shown(self, loss: float) -> float:
        """A loss as users see it: theirs, or the root mean square in units of y."""
        if self.own_loss:
            return loss
        count = len(self.y_scale)
        return math.sqrt(max(loss, 0.0) / count) * (float(self.y_scale[0]) if count == 1 else 1.0)

    def __call__(self, step: int, network: Network, training: float, validation: float) -> bool:
        """Record a step; True if the callback says to stop."""
        if validation < self._best:
            self._best = validation
            self._values = self._measured(network) if self.metrics else {}
        judged = self._shown(validation)
        record = {"fit": self.fit, "step": step, "training": self._shown(training)}
        record["validation"] = judged if self.judged else math.nan
        self.records.append({**record, **self._values})
        if self.watcher is not None:
            self.watcher.show(network, step, judged)
        return self.callback is not None and self.callback(step, judged) is True

    def _measured(self, network: Network) -> dict[str, float]:
        with torch.no_grad():
            outputs = network(self.x)[0] * self.y_scale
        return {name: float(metric(outputs, self.y)) for name, metric in self.metrics.items()}
