"""Constants that outliers do not rule: loss functions, and least squares weighted anew until they agree."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from kansym.errors import ArgumentError
from kansym.fitting.least_squares import Measurements, Minimum, least_squares
from kansym.fitting.orthogonal import limited_shift
from kansym.symbolic.parametric import ParametricForm

ROUNDS = 100
"""Limit on rounds of weights and fit. Each gains a constant factor."""

PATIENCE = 15
"""Rounds in a row that may fail to bring the fits nearer to each other."""

AGREED = 1e-8
"""Change of the distances of all rows, in units of their scale, that ends the rounds."""

LEAST_WEIGHT = 1e-12
"""A row without any weight would have no nearest point, with errors of the inputs."""

GAUSSIAN = 0.6744897501960817
"""Median of the absolute value of a standard Gaussian."""


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


@dataclass(frozen=True, eq=False)
class RobustMinimum:
    """Outcome of `robust_minimum`.

    Attributes
    ----------
    minimum : Minimum
        Its statistic is that of the last weights.
    weights : array (n,)
        1 for a row that counts fully, 0 for one that does not count.
    scale : float
        Of the distances: 1 with errors of the table, or estimated.
    factor : float
        What the covariance of least squares with errors of this scale is multiplied by.
    """

    minimum: Minimum
    weights: np.ndarray
    scale: float
    factor: float


def robust_minimum(
    form: ParametricForm,
    rows: Measurements,
    start: np.ndarray,
    loss: RobustLoss,
    *,
    scaled: bool,
    rank: int,
    correct_curvature: bool = False,
) -> RobustMinimum:
    """The M-estimate from `start`, the values of a least-squares fit.

    A loss that is not convex starts from Huber's estimate and keeps its scale: the scale of residuals whose outliers
    have no weight could shrink for ever (the MM-estimates of Yohai, Ann. Statist. 15 (1987) 642).

    Parameters
    ----------
    form : ParametricForm
    rows : Measurements
    start : array (k,)
    loss : RobustLoss
    scaled : bool
        Estimate the scale of the distances, from the median of their absolute values; False takes them as they are, in
        units of the errors of the table.
    rank : int
        Number of constants that the data determine.
    correct_curvature : bool, default False
    """
    scale = None if scaled else 1.0
    if loss.convex:
        found = least_squares(form, rows, start, near=True, correct_curvature=correct_curvature)
    else:
        begun = robust_minimum(
            form, rows, start, ROBUST["huber"], scaled=scaled, rank=rank, correct_curvature=correct_curvature
        )
        found, scale = begun.minimum, begun.scale
    weights, now = np.ones(len(rows.y)), 1.0
    converged, least_change, in_vain = False, np.inf, 0
    for _ in range(ROUNDS):
        now = scale_of(found.distances, rank, rows) if scale is None else scale
        weights = loss.weight(found.distances / now)
        new = _weighted(form, rows, found, np.maximum(weights, LEAST_WEIGHT), correct_curvature)
        change = float(np.max(np.abs(new.distances - found.distances))) / now
        found = new
        if not np.isfinite(change) or change < AGREED:
            converged = bool(np.isfinite(change))
            break
        in_vain = 0 if change < least_change else in_vain + 1
        least_change = min(change, least_change)
        if in_vain > PATIENCE:
            break
    minimum = Minimum(found.values, found.statistic, found.distances, found.error, found.orthogonal, converged)
    return RobustMinimum(minimum, weights, now, covariance_factor(found.distances / now, rows.weight, loss, rank))


def _weighted(
    form: ParametricForm, rows: Measurements, last: Minimum, weights: np.ndarray, correct_curvature: bool
) -> Minimum:
    """The fit with these weights; the correction for curvature is that of the last fit, and settles with them."""
    weighted = rows.weighted(weights)
    if last.orthogonal is None or not correct_curvature or rows.x_error is None or rows.y_error is None:
        return least_squares(form, weighted, last.values, near=True)
    fit = last.orthogonal
    y_error = rows.error_at(fit.form.evaluate(rows.X))
    shift = limited_shift(fit.form, rows.X + fit.deltas, rows.x_error, y_error)
    found = least_squares(form, replace(weighted, y=rows.y + shift), last.values, near=True)
    assert found.orthogonal is not None
    return replace(found, orthogonal=replace(found.orthogonal, shift=shift))


def scale_of(distances: np.ndarray, rank: int, rows: Measurements) -> float:
    """Standard deviation of the distances from the median of their absolute values.

    As many of the smallest as there are constants are left out: a fit goes through about that many points whatever
    their errors are (Street, Carroll and Ruppert, Am. Stat. 42 (1988) 152).
    """
    sizes = np.sort(np.abs(distances[rows.weight > 0]))
    kept = sizes[min(rank, len(sizes) - 1) :]
    # Where more than half of the rows are fitted exactly, rounding is the scale.
    rounding = 64 * np.finfo(np.float64).eps * float(np.abs(rows.y / rows.error).max())
    return max(float(np.median(kept)) / GAUSSIAN, rounding, 1e-300)


def covariance_factor(u: np.ndarray, weight: np.ndarray, loss: RobustLoss, rank: int) -> float:
    """Variance of an M-estimate in units of that of least squares on residuals of variance 1.

    ``K^2 [sum psi(u)^2/(n - k)]/[mean psi'(u)]^2`` with K = 1 + (k/n) var(psi')/(mean psi')^2: Huber, Robust Statistics
    (Wiley, 1981), section 7.6. It is taken from the rows and so needs no belief in the errors of the table.
    """
    used = weight > 0
    u, weight = u[used], weight[used]
    n = len(u)
    if n <= rank:
        return float("nan")
    slopes = loss.slope(u)
    mean = float(np.average(slopes, weights=weight))
    if mean <= 0:
        return float("nan")
    correction = 1 + rank / n * float(np.average((slopes - mean) ** 2, weights=weight)) / mean**2
    spread = float(np.average(loss.influence(u) ** 2, weights=weight)) * n / (n - rank)
    return correction**2 * spread / mean**2
