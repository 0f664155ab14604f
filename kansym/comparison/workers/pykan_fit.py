"""Training of pykan's networks with weights and a limit on time, by what its ``fit`` lets one pass in."""

import copy
import math
import time
from collections.abc import Callable
from typing import Any

import torch

STEPS = 50
"""Of L-BFGS per training, as in pykan's ``hellokan.ipynb``."""


class _TimeUpError(Exception):
    """Ends pykan's ``fit`` from inside: it knows no other way."""


class _NoValueError(Exception):
    """Ends it where the network has no finite value on a row."""


class Trainer:
    """Fits networks to one table.

    Parameters
    ----------
    x, y : Tensor, shapes (n, d) and (n, 1)
    weights : Tensor, shape (n, 1), or None
        Of mean 1.
    report : callable
        Called after every step with a stage, the step and the root of the loss.

    Attributes
    ----------
    failures : int
        Trainings that broke down and were begun again from their last state that had a value.
    """

    def __init__(
        self,
        x: torch.Tensor,
        y: torch.Tensor,
        weights: torch.Tensor | None,
        report: Callable[[str, int, float], None],
    ) -> None:
        # Labels carry the weights: pykan shuffles rows, and hands labels to the loss only.
        label = torch.cat([y, torch.ones_like(y) if weights is None else weights], dim=1)
        self.x, self.label, self.report, self.failures = x, label, report, 0
        # pykan chooses nothing by its test set, and matches edges on its rows.
        self._data = {"train_input": x, "train_label": label, "test_input": x, "test_label": label}

    def loss(self, model: Any) -> float:
        """Weighted mean square residual of a network; NaN where it has no value on a row."""
        with torch.no_grad():
            return float(_mean_square(model(self.x), self.label))

    def fit(
        self,
        model: Any,
        stage: str,
        until: float,
        *,
        lamb: float = 0.0,
        singularity_avoiding: bool = False,
    ) -> float:
        """Train a network in place for at most `STEPS` steps.

        It is left in the best state that was seen; with a penalty (`lamb`) in the last one that had a value. Where
        training breaks down (NaN, or a least-squares fit of the grid update that fails), it goes on from there, once,
        without grid updates.

        Parameters
        ----------
        model : KAN
        stage : str
            For the report.
        until : float
            On the clock of `time.monotonic`.
        lamb : float, optional
            Strength of pykan's sparsity penalty.
        singularity_avoiding : bool, optional
            pykan's own remedy where symbolic functions have no value on some rows.

        Returns
        -------
        float
            The loss of that state; NaN or inf if it never had a value.
        """
        best, state = self.loss(model), copy.deepcopy(model.state_dict())
        step = 0

        def after_step(recent: float) -> None:
            nonlocal best, state, step
            step += 1
            if math.isfinite(recent):
                if lamb > 0 or not math.isfinite(best) or recent < best:
                    best, state = recent, copy.deepcopy(model.state_dict())
                self.report(stage, step, math.sqrt(recent))
            elif not singularity_avoiding:
                raise _NoValueError

        for update_grid in (True, False):
            whole = self._run(
                model,
                until,
                after_step,
                steps=STEPS - step,
                lamb=lamb,
                update_grid=update_grid,
                singularity_avoiding=singularity_avoiding,
            )
            model.load_state_dict(state)
            if whole or step >= STEPS:
                break
            self.failures += 1
        return best

    def _run(self, model: Any, until: float, after_step: Callable[[float], None], **options: Any) -> bool:
        """One ``fit`` of pykan's; whether it came to its end, or to that of the time, and did not break down."""
        symbolic, recent = model.symbolic_enabled, math.nan

        def loss_fn(prediction: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
            nonlocal recent
            if time.monotonic() > until:
                raise _TimeUpError
            value = _mean_square(prediction, label)
            recent = float(value.detach())
            return value

        def metric() -> torch.Tensor:
            # The last loss that was asked for is that on the "test" rows, after the step.
            after_step(recent)
            return torch.zeros(())

        try:
            model.fit(self._data, opt="LBFGS", loss_fn=loss_fn, metrics=(metric,), log=STEPS + 1, **options)
        except _TimeUpError:
            return True
        except Exception:
            # Whatever comes of NaN in pykan: its own UnboundLocalError after "lstsq failed", LAPACK's errors.
            return False
        finally:
            # What `fit` puts back at its end.
            model.symbolic_enabled, model.save_act = symbolic, True
        return True


def _mean_square(prediction: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
    return (label[:, 1:] * (prediction - label[:, :1]).square()).mean()
