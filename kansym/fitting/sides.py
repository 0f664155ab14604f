"""Errors of y that differ below and above: the likelihood of the two-piece normal distribution as a sum of squares."""

from collections.abc import Sequence

import numpy as np

from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.refit import LeastSquares
from kansym.symbolic.scaled_columns import zero_if_undefined


def side_errors(y: np.ndarray, expected: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """The errors (n,) on the side of what a formula expects: above y where that is more, below otherwise."""
    with np.errstate(invalid="ignore"):
        return np.where(expected > y, sides[1], sides[0])


def scattered(expected: np.ndarray, sides: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Values (n,) whose likelihood for `expected` is the two-piece normal one, with `sides` (2, n) below and above."""
    below, above = sides
    total = below + above
    # A formula above a row is as far as its error above allows; both halves have the same height in the middle.
    under = rng.uniform(size=expected.shape) < np.divide(above, total, out=np.zeros_like(total), where=total > 0)
    return expected + np.where(under, -above, below) * np.abs(rng.standard_normal(expected.shape))


class SideSquares(LeastSquares):
    """Least squares whose errors of y are those on the side of the form.

    The logarithm of the two-piece normal likelihood is -(y - f)^2/(2 sigma^2) with sigma above where f > y, and below
    otherwise. It is continuous with its first derivative where the formula goes through a row.

    Parameters
    ----------
    form : ParametricForm
    columns : sequence of d arrays (n,)
    y : array (n,)
    sides : array (2, n)
        Errors below and above y, positive, in its units.
    weights : array (n,) or None

    References
    ----------
    Barlow, Asymmetric statistical errors, arXiv:physics/0406120, which compares it with smoother likelihoods; these
    have no width left two to four errors away, which outliers and starts of a fit are.
    """

    def __init__(
        self,
        form: ParametricForm,
        columns: Sequence[np.ndarray],
        y: np.ndarray,
        sides: np.ndarray,
        weights: np.ndarray | None = None,
    ) -> None:
        super().__init__(form, columns, y, weights)
        self.scale = 1.0
        self.sides = sides

    def residuals(self, values: np.ndarray) -> np.ndarray:
        """Weighted residuals (n,) in units of their errors; nan where the formula is not finite."""
        expected = self.form.value_at(self.columns, values)
        with np.errstate(all="ignore"):
            residuals = self.root * ((expected - self.y) / side_errors(self.y, expected, self.sides))
        return np.where(self.used, residuals, 0.0)

    def jacobian(self, values: np.ndarray) -> np.ndarray:
        """Their derivatives (n, k), zero where one does not exist."""
        error = side_errors(self.y, self.form.value_at(self.columns, values), self.sides)
        with np.errstate(all="ignore"):
            jacobian = zero_if_undefined(self.form.jacobian_at(self.columns, values))
            return zero_if_undefined(jacobian * (self.root / error)[:, None])
