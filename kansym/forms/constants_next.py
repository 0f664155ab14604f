"""Which rows the constants of a formula need: by the covariance, without a new fit."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kansym.fitting.residuals import Residuals
from kansym.symbolic.constants import CONSTANT_PREFIX

MOST_STEPS = 200
"""Rows that are added one after the other, until an error is half as large."""

HALF = 0.25
"""Of the variance, at half the error."""

DETERMINED = 1e-10
"""Singular values, in units of the largest, of combinations of constants that the rows determine."""


@dataclass(frozen=True, eq=False)
class ConstantReading:
    """The row that lowers the error of a constant most.

    Attributes
    ----------
    name : str
    error : float
        Standard error now.
    at : mapping of str to float
        The row.
    after : float
        Standard error with one reading there.
    halving : int or None
        Rows until the error is half as large, each where it then helps most; None where more than `MOST_STEPS` are
        needed.
    """

    name: str
    error: float
    at: Mapping[str, float]
    after: float
    halving: int | None


def constant_readings(
    residuals: Residuals, each: float, points: np.ndarray, errors: np.ndarray, names: Sequence[str]
) -> tuple[ConstantReading, ...]:
    """For each fitted constant the row that lowers its error most.

    Parameters
    ----------
    residuals : Residuals
        Of the formula.
    each : float
        Rows that a row stands for.
    points : array (m, d)
        Rows that can be measured.
    errors : array (m,)
        Standard errors of a reading there.
    names : sequence of str, length d

    Returns
    -------
    tuple of ConstantReading
        Empty where the rows do not determine the constants, or have no noise.
    """
    problem = _Design.of(residuals, each, points, errors)
    if problem is None:
        return ()
    found = []
    for j, symbol in enumerate(residuals.form.constants):
        reduced = problem.reductions(problem.covariance, j)
        place = int(np.argmax(reduced))
        variance = float(problem.covariance[j, j])
        found.append(
            ConstantReading(
                name=symbol.name.removeprefix(CONSTANT_PREFIX),
                error=float(problem.scale[j]) * math.sqrt(variance),
                at=dict(zip(names, map(float, problem.points[place]), strict=True)),
                after=float(problem.scale[j]) * math.sqrt(max(variance - float(reduced[place]), 0.0)),
                halving=problem.halving(j),
            )
        )
    return tuple(found)


def jointly_best(
    residuals: Residuals, each: float, points: np.ndarray, errors: np.ndarray, names: Sequence[str]
) -> dict[str, float] | None:
    """The row that lowers the determinant of the covariance most; arguments as of `constant_readings`."""
    problem = _Design.of(residuals, each, points, errors)
    if problem is None:
        return None
    place = int(np.argmax(problem.leverages(problem.covariance)))
    return dict(zip(names, map(float, problem.points[place]), strict=True))


@dataclass(frozen=True, eq=False)
class _Design:
    """Constants in units of their own errors, and what a row tells of them.

    Attributes
    ----------
    covariance : array (k, k)
        Of the constants in units of `scale`.
    scale : array (k,)
    gradients : array (m, k)
        Of the formula, by the scaled constants, in units of the error of a reading.
    points : array (m, d)
    """

    covariance: np.ndarray
    scale: np.ndarray
    gradients: np.ndarray
    points: np.ndarray

    @classmethod
    def of(cls, residuals: Residuals, each: float, points: np.ndarray, errors: np.ndarray) -> "_Design | None":
        """None where the rows do not determine the constants, or readings have no error."""
        n, k = residuals.n, residuals.k
        if not k or n <= k or residuals.exact or not (errors > 0).all():
            return None
        sigma = residuals.sigma
        if sigma is None:
            scatter = residuals.rms * math.sqrt(n / (n - k))
            sigma = np.full(n, scatter) if residuals.weights is None else _by_weight(residuals.weights, scatter)
        with np.errstate(all="ignore"):
            jacobian = residuals.form.jacobian(residuals.X) / sigma[:, None] * math.sqrt(each)
            gradients = residuals.form.jacobian(points) / errors[:, None]
        jacobian = np.where(np.isfinite(jacobian), jacobian, 0.0)
        length = np.linalg.norm(jacobian, axis=0)
        if not (np.isfinite(length) & (length > 0)).all():
            return None
        singular = np.linalg.svd(jacobian / length, compute_uv=False)
        if not singular[-1] > DETERMINED * singular[0]:
            return None
        inverse = np.linalg.inv((jacobian / length).T @ (jacobian / length))
        scale = np.sqrt(np.diagonal(inverse)) / length
        gradients = gradients * scale
        kept = np.isfinite(gradients).all(axis=1)
        if not kept.any():
            return None
        root = np.sqrt(np.diagonal(inverse))
        return cls(inverse / np.outer(root, root), scale, gradients[kept], points[kept])

    def leverages(self, covariance: np.ndarray) -> np.ndarray:
        """Variance (m,) of the formula's values in units of that of a reading."""
        return np.einsum("mi,ij,mj->m", self.gradients, covariance, self.gradients)

    def reductions(self, covariance: np.ndarray, j: int) -> np.ndarray:
        """By how much one reading at each point (m,) lowers the variance of a constant."""
        return (self.gradients @ covariance[:, j]) ** 2 / (1.0 + self.leverages(covariance))

    def halving(self, j: int) -> int | None:
        """Rows until the error of a constant is half as large."""
        covariance = self.covariance
        for step in range(1, MOST_STEPS + 1):
            row = self.gradients[int(np.argmax(self.reductions(covariance, j)))]
            pull = covariance @ row
            covariance = covariance - np.outer(pull, pull) / (1.0 + float(row @ pull))
            if covariance[j, j] <= HALF * self.covariance[j, j]:
                return step
        return None


def _by_weight(weights: np.ndarray, scatter: float) -> np.ndarray:
    """Standard errors of rows of such weights (n,), whose mean is 1."""
    return scatter / np.sqrt(weights)
