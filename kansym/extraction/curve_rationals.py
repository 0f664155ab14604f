"""Polynomials and rational functions of one variable, by linear algebra."""

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Polynomial, chebyshev

HIGHEST_POLYNOMIAL = 6
HIGHEST_RATIONAL = 3
REWEIGHTINGS = 3
"""Passes of Sanathanan and Koerner (1963, doi:10.1109/TAC.1963.1105517): they turn the residual of N - y D into y's."""


@dataclass(frozen=True, eq=False)
class Rational:
    """N(u) / D(u) in Chebyshev coefficients, with its weighted 1 - R^2."""

    numerator: np.ndarray
    denominator: np.ndarray
    loss: float

    @property
    def constants(self) -> int:
        return len(self.numerator) + len(self.denominator) - 1

    def powers(self, centre: float, *, negligible: float) -> tuple[list[float], list[float]]:
        """Coefficients of N and D in powers of t = u - centre, from degree 0 up; 0.0 for negligible terms.

        Parameters
        ----------
        centre : float
        negligible : float
            Terms smaller than this share of the largest one, anywhere on [-1, 1], are left out.
        """
        return _powers(self.numerator, centre, negligible), _powers(self.denominator, centre, negligible)


def _powers(coefficients: np.ndarray, centre: float, negligible: float) -> list[float]:
    shifted = Polynomial(chebyshev.cheb2poly(coefficients))(Polynomial([centre, 1.0])).coef
    reach = 1.0 + abs(centre)
    sizes = np.abs(shifted) * reach ** np.arange(len(shifted))
    shifted = np.where(sizes > negligible * sizes.max(), shifted, 0.0)
    last = int(np.flatnonzero(shifted)[-1]) if shifted.any() else 0
    return [float(c) for c in shifted[: last + 1]]


def fit_polynomial(u: np.ndarray, y: np.ndarray, weights: np.ndarray, degree: int) -> Rational:
    """Least squares in Chebyshev polynomials; `weights` add to 1."""
    root = np.sqrt(weights)
    matrix = chebyshev.chebvander(u, degree)
    coefficients = np.linalg.lstsq(matrix * root[:, None], y * root, rcond=None)[0]
    return Rational(coefficients, np.ones(1), _loss(y, matrix @ coefficients, weights))


def fit_rational(u: np.ndarray, y: np.ndarray, weights: np.ndarray, top: int, bottom: int) -> Rational | None:
    """N(u) - y D(u) = 0 in the least-squares sense, by singular value decomposition.

    Parameters
    ----------
    u, y, weights : ndarray (n,)
        Inputs in [-1, 1]; weights that add to 1.
    top, bottom : int
        Degrees of N and D.

    Returns
    -------
    Rational or None
        None where D vanishes between the data.
    """
    size = max(float(np.abs(y).max()), 1e-300)
    columns = np.hstack([chebyshev.chebvander(u, top), -(y / size)[:, None] * chebyshev.chebvander(u, bottom)])
    root = np.sqrt(weights)
    below = np.ones_like(u)
    fine = np.linspace(-1.0, 1.0, 257)
    best: Rational | None = None
    for _ in range(REWEIGHTINGS):
        matrix = columns * (root / below)[:, None]
        lengths = np.linalg.norm(matrix, axis=0)
        if not np.all(np.isfinite(lengths)) or not np.all(lengths > 0):
            break
        vector = np.linalg.svd(matrix / lengths, full_matrices=False)[2][-1] / lengths
        numerator, denominator = size * vector[: top + 1], vector[top + 1 :]
        values = chebyshev.chebval(fine, denominator)
        if values.min() <= 0 <= values.max():
            break
        below = np.abs(chebyshev.chebval(u, denominator))
        loss = _loss(y, chebyshev.chebval(u, numerator) / chebyshev.chebval(u, denominator), weights)
        if best is None or loss < best.loss:
            best = Rational(numerator, denominator, loss)
    return best


def rationals(u: np.ndarray, y: np.ndarray, weights: np.ndarray, *, enough: float) -> list[Rational]:
    """Polynomials and rational functions, fewest constants first, until one comes below `enough`.

    Parabolas are not among them: they are the primitive x^2.

    Each has a smaller loss than those before it.
    """
    plans = [(degree, 0) for degree in range(3, HIGHEST_POLYNOMIAL + 1)]
    plans += [(p, q) for p in range(HIGHEST_RATIONAL + 1) for q in range(1, HIGHEST_RATIONAL + 1)]
    weights = weights / weights.sum()
    found: list[Rational] = []
    best = np.inf
    for top, bottom in sorted(plans, key=lambda plan: (sum(plan), plan[1])):
        if top + bottom + 3 > len(u):
            break
        fit = fit_polynomial(u, y, weights, top) if bottom == 0 else fit_rational(u, y, weights, top, bottom)
        if fit is not None and fit.loss < 0.7 * best:
            found.append(fit)
            best = fit.loss
        if best <= enough:
            break
    return found


def _loss(y: np.ndarray, fitted: np.ndarray, weights: np.ndarray) -> float:
    mean = float(weights @ y)
    variance = float(weights @ (y - mean) ** 2)
    return float(weights @ (y - fitted) ** 2) / max(variance, 1e-300)
