"""Numbers of counts: Poisson's likelihood as a sum of squares."""

from collections.abc import Sequence

import numpy as np
import scipy.special

from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.refit import LeastSquares
from kansym.symbolic.scaled_columns import zero_if_undefined

LEAST = 1e-3
"""Expected counts that a row has at least, for its weight."""

NEAR = 1e-3
"""Relative distance of counts and expected counts within which a series has more digits than the logarithm."""


def expected_errors(expected: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    """Roots of expected counts (n,); where a formula has no value, what was taken before."""
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(expected), np.sqrt(np.maximum(expected, LEAST)), otherwise)


def all_zero(expected: np.ndarray) -> bool:
    """Whether no row has expected counts: what `LEAST` makes of their errors is no error then."""
    return bool((expected <= LEAST).all())


def deviance_residuals(counts: np.ndarray, expected: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Signed roots of the deviances (n,), and their derivatives (n,) by the expected counts.

    The sum of their squares is twice what the logarithm of Poisson's likelihood lacks to that of a formula through all
    rows (McCullagh and Nelder, Generalized Linear Models (1989), section 2.4.3). Below `LEAST` expected counts a
    deviance goes on as a parabola, so that a formula that dips below zero has one; that of a row without counts is less
    by `LEAST` for it.

    Parameters
    ----------
    counts, expected : array (n,)
    """
    gap, usual = expected - counts, np.maximum(expected, LEAST)
    with np.errstate(all="ignore"):
        deviance = 2 * (usual - counts + scipy.special.xlogy(counts, counts / usual))
        deviance += np.where(expected < LEAST, (gap**2 - (usual - counts) ** 2) / LEAST, 0.0)
        # Where counts are fewer, no logarithm has its zero there.
        few = 2 * (LEAST - counts + scipy.special.xlogy(counts, counts / LEAST)) - (LEAST - counts) ** 2 / LEAST
        deviance = np.where(counts < LEAST, deviance - few, deviance)
        roots = np.copysign(np.sqrt(np.maximum(deviance, 0.0)), gap)
        slopes = gap / usual / roots
        share = gap / counts
        series = np.sqrt(1 - 2 / 3 * share + share**2 / 2 - 2 / 5 * share**3 + share**4 / 3)
        near = (np.abs(gap) < NEAR * counts) & (counts >= LEAST)
        roots = np.where(near, np.sqrt(counts) * share * series, roots)
        slopes = np.where(near, np.sqrt(counts) / usual / series, slopes)
    parabola = (counts < LEAST) & (expected < LEAST)
    return np.where(parabola, gap / np.sqrt(LEAST), roots), np.where(parabola, 1 / np.sqrt(LEAST), slopes)


class CountSquares(LeastSquares):
    """Poisson's likelihood of a form as least squares: its residuals are the roots of the deviances.

    At the minimum the derivative of the likelihood vanishes, ``sum (y - f)/f df/dc = 0``. Rows without counts count in
    full.

    Parameters
    ----------
    form : ParametricForm
    columns : sequence of d arrays (n,)
    y : array (n,)
        Counts.
    weights : array (n,) or None
    """

    def __init__(
        self, form: ParametricForm, columns: Sequence[np.ndarray], y: np.ndarray, weights: np.ndarray | None = None
    ) -> None:
        super().__init__(form, columns, y, weights)
        self.scale = 1.0

    def residuals(self, values: np.ndarray) -> np.ndarray:
        """Weighted roots of the deviances (n,); nan where the formula is not finite."""
        with np.errstate(all="ignore"):
            residuals = self.root * deviance_residuals(self.y, self.form.value_at(self.columns, values))[0]
        return np.where(self.used, residuals, 0.0)

    def jacobian(self, values: np.ndarray) -> np.ndarray:
        """Their derivatives (n, k), zero where one does not exist."""
        slopes = deviance_residuals(self.y, self.form.value_at(self.columns, values))[1]
        with np.errstate(all="ignore"):
            jacobian = zero_if_undefined(self.form.jacobian_at(self.columns, values))
            return zero_if_undefined(jacobian * (self.root * slopes)[:, None])
