"""Loss functions that outliers do not rule: their influence and weight functions."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kansym.errors import ArgumentError


@dataclass(frozen=True)
class RobustLoss:
    """A loss rho(u) of a residual u in units of its error.

    Attributes
    ----------
    name : str
    tuning : float
        Where it leaves the parabola, in standard errors: the efficiency on Gaussian residuals is 95 % that of least
        squares. Values as in Holland and Welsch, Commun. Stat. A 6 (1977) 813, that of soft_l1 by quadrature.
    weight : callable
        psi(u)/u with psi = rho'; 1 at u = 0.
    slope : callable
        psi'(u).
    convex : bool
        Whether the minimum does not depend on the start where the formula is linear in its constants.
    """

    name: str
    tuning: float
    weight: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]
    convex: bool

    def influence(self, u: np.ndarray) -> np.ndarray:
        """psi(u) = u weight(u)."""
        return u * self.weight(u)


def _huber(c: float) -> RobustLoss:
    return RobustLoss(
        "huber",
        c,
        lambda u: c / np.maximum(np.abs(u), c),
        lambda u: (np.abs(u) <= c).astype(np.float64),
        True,
    )


def _soft_l1(c: float) -> RobustLoss:
    return RobustLoss(
        "soft_l1",
        c,
        lambda u: 1 / np.hypot(1, u / c),
        lambda u: 1 / np.hypot(1, u / c) ** 3,
        True,
    )


def _cauchy(c: float) -> RobustLoss:
    return RobustLoss(
        "cauchy",
        c,
        lambda u: 1 / np.hypot(1, u / c) ** 2,
        lambda u: (1 - (u / c) ** 2) / np.hypot(1, u / c) ** 4,
        False,
    )


def _tukey(c: float) -> RobustLoss:
    return RobustLoss(
        "tukey",
        c,
        lambda u: np.clip(1 - (u / c) ** 2, 0, None) ** 2,
        lambda u: np.where(np.abs(u) < c, (1 - (u / c) ** 2) * (1 - 5 * (u / c) ** 2), 0.0),
        False,
    )


ROBUST = {loss.name: loss for loss in (_huber(1.345), _soft_l1(1.2871), _cauchy(2.3849), _tukey(4.6851))}
"""Robust losses by name."""

LOSSES = ("linear", *ROBUST)
"""All names that `loss` can have; linear is least squares."""


def robust_loss(name: str) -> RobustLoss | None:
    """The loss of a name; None for ``"linear"``.

    Raises
    ------
    ArgumentError
        If there is none of that name.
    """
    if name not in LOSSES:
        raise ArgumentError(f"loss must be one of {', '.join(LOSSES)}, got {name!r}")
    return ROBUST.get(name)
