"""The affine maps between the user's units and the numbers the network works with."""

from dataclasses import dataclass, replace

import numpy as np

FAR_FROM_ZERO = 1e3
"""Centre over half-width beyond which a column keeps its shift: without it, digits of its differences are lost."""


@dataclass(frozen=True, eq=False)
class Scaling:
    """Each column mapped to [-1, 1], the target to unit scale; both maps affine, so they fold back into a formula.

    Attributes
    ----------
    center : ndarray, shape (d,)
        Middle of each column's range.
    half_width : ndarray, shape (d,)
        Half of each column's range; positive.
    y_center : float
        Mean of the target, or 0.
    y_scale : float
        Standard deviation of the target, or its root mean square when `y_center` is held at 0; positive.
    """

    center: np.ndarray
    half_width: np.ndarray
    y_center: float
    y_scale: float

    @classmethod
    def fit(cls, X: np.ndarray, y: np.ndarray, *, center_target: bool = True) -> "Scaling":
        """Scaling of a table, safe from overflow for values up to 1e300 and down to 1e-300.

        Parameters
        ----------
        X : ndarray, shape (n, d)
        y : ndarray, shape (n,)
        center_target : bool, optional
            True (default): the target gets zero mean and unit standard deviation. False: it is only divided by its
            root mean square, which keeps a product of powers a product of powers.
        """
        low, high = X.min(axis=0), X.max(axis=0)
        # Halved before the sum and the difference: both overflow for columns that reach 1e308.
        center = 0.5 * low + 0.5 * high
        half_width = _positive(0.5 * high - 0.5 * low, center)
        peak = _peak(y)
        y_center = float(np.mean(y / peak)) * peak if center_target else 0.0
        deviation = y - y_center
        spread = _peak(deviation)
        # Squares of values in [-1, 1]; squares of 1e-200 or 1e200 would not be representable.
        y_scale = float(np.sqrt(np.mean((deviation / spread) ** 2))) * spread
        return cls(center, half_width, y_center, float(_positive(np.array(y_scale), np.array(y_center))))

    def scale_inputs(self, X: np.ndarray) -> np.ndarray:
        """Map X of shape (n, d) to the unit box; rows inside the fitted range land in [-1, 1]."""
        return (X - self.center) / self.half_width

    def unscale_inputs(self, Z: np.ndarray) -> np.ndarray:
        """Inverse of `scale_inputs`."""
        return Z * self.half_width + self.center

    def scale_target(self, y: np.ndarray) -> np.ndarray:
        """Map y of shape (n,) to unit scale."""
        return (y - self.y_center) / self.y_scale

    def unscale_target(self, t: np.ndarray) -> np.ndarray:
        """Inverse of `scale_target`."""
        return t * self.y_scale + self.y_center

    def scale_error(self, y_error: np.ndarray) -> np.ndarray:
        """Standard errors of y, in the scaled target's unit."""
        return y_error / self.y_scale


def without_shifts(scaling: Scaling) -> Scaling:
    """The scaling without shifts of the inputs, except for columns that lie far from zero."""
    near = np.abs(scaling.center) <= FAR_FROM_ZERO * scaling.half_width
    return replace(scaling, center=np.where(near, 0.0, scaling.center))


def _peak(values: np.ndarray) -> float:
    """Largest magnitude, or 1 for a column of zeros."""
    peak = float(np.max(np.abs(values)))
    return peak if peak > 0.0 else 1.0


def _positive(width: np.ndarray, center: np.ndarray) -> np.ndarray:
    """Widths, where those of a constant are replaced by its magnitude, or by 1 for a constant zero."""
    return np.where(width > 0.0, width, np.where(center != 0.0, np.abs(center), 1.0))
