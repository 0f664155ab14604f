"""How a population is trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from kansym.deferred import Tensor, torch
from kansym.errors import ArgumentError
from kansym.kan.penalty import PenaltyWeights

OptimizerFactory: TypeAlias = "Callable[[list[Tensor]], torch.optim.Optimizer]"

Loss: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""Of outputs and targets, each of shape (n, n_outputs), a number that is small where they agree."""


@dataclass(frozen=True)
class TrainingOptions:
    """How a population is trained.

    Attributes
    ----------
    optimizer : str or callable, default "levenberg-marquardt"
        "levenberg-marquardt" (second order, all networks at once, best for the small networks of this package),
        "lbfgs", "adam", "lamb" (You et al., arXiv:1904.00962; needs the extra ``optim``), or a function that takes the
        list of parameters and returns a torch optimizer.
    steps : int, default 50
        Iterations. First-order optimizers need thousands.
    learning_rate : float, default 1e-2
        For "adam" and "lamb"; "lbfgs" finds its own step length.
    smoothness : float, default 1e-9
        Weight of the splines' roughness, relative to a target of unit variance. It settles knots without data; raise
        it to 1e-6 or more for noisy data on a fine grid.
    ridge : float, default 1e-10
        Weight of the squared coefficients; settles the free constants between edges.
    lamb : float, default 0
        Overall weight of sparsity. 1e-3 to 1e-2 switches off edges that are not needed; 0 while accuracy is sought.
    lamb_l1, lamb_entropy : float, default 1 and 2
        Weights of the L1 norm and of the entropy of edge activations within it.
    precise : bool, default False
        Leave hidden nodes some room at the ends of their grids, and let curves go on there as polynomials: roughness is
        then that of the highest derivative. For data without noise, where straight lines would limit the error.
    tolerance : float, default 1e-6
        Levenberg-Marquardt stops a network whose objective falls by less than this fraction in four steps.
    rescale_every : int, default 5
        Iterations between rescalings of hidden nodes onto their grids; 0 for never.
    loss : callable, optional
        In place of the mean squared residual, for first-order optimizers: outputs and targets, each of shape
        (n, n_outputs), to a differentiable number.
    batch_size : int, optional
        Rows of each step, drawn anew; default all. For "adam", "lamb" and functions. Losses are then looked at once for
        every pass over as many rows as there are.
    seed : int, default 0
        Of the draws of rows.
    """

    optimizer: str | OptimizerFactory = "levenberg-marquardt"
    steps: int = 50
    learning_rate: float = 1e-2
    smoothness: float = 1e-9
    ridge: float = 1e-10
    lamb: float = 0.0
    lamb_l1: float = 1.0
    lamb_entropy: float = 2.0
    precise: bool = False
    tolerance: float = 1e-6
    rescale_every: int = 5
    loss: Loss | None = None
    batch_size: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.steps < 0:
            raise ArgumentError(f"steps must not be negative, got {self.steps!r}")
        for name in ("smoothness", "ridge", "lamb", "lamb_l1", "lamb_entropy", "tolerance"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
                raise ArgumentError(f"{name} must be a finite number of at least 0, got {value!r}")
        if not isinstance(self.learning_rate, int | float) or not 0 < self.learning_rate < float("inf"):
            raise ArgumentError(f"learning_rate must be positive, got {self.learning_rate!r}")
        if self.batch_size is not None and (isinstance(self.batch_size, bool) or self.batch_size < 1):
            raise ArgumentError(f"batch_size must be at least 1, got {self.batch_size!r}")
        if self.loss is not None and self.optimizer == "levenberg-marquardt":
            raise ArgumentError(
                "loss cannot be your own with Levenberg-Marquardt, which is for squared residuals; take "
                "optimizer='lbfgs' or 'adam'"
            )
        if self.batch_size is not None and self.optimizer in ("levenberg-marquardt", "lbfgs"):
            raise ArgumentError(
                f"batch_size needs an optimizer that bears noise, such as 'adam'; {self.optimizer} takes all rows"
            )

    @property
    def penalty(self) -> PenaltyWeights:
        """The weights of the penalties alone."""
        return PenaltyWeights(self.smoothness, self.ridge, self.lamb, self.lamb_l1, self.lamb_entropy, self.precise)
