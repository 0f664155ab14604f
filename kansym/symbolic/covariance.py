"""What a covariance of constants says about each of them."""

import math

import numpy as np


def correlation_of(covariance: np.ndarray) -> np.ndarray:
    """Correlation (k, k) of a covariance; nan where a variance is nan or zero."""
    with np.errstate(all="ignore"):
        sigma = np.sqrt(np.diagonal(covariance))
        correlation = covariance / sigma[:, None] / sigma
    known = np.isfinite(np.diagonal(correlation))
    # Rounding must not leave a diagonal of 0.9999999.
    correlation[known, known] = 1.0
    return np.clip(correlation, -1.0, 1.0)


def errors_alone(covariance: np.ndarray | None) -> np.ndarray:
    """Standard errors (k,) of each constant where the others are held: nan where not known, empty without covariance.

    The inverse of the covariance has the reciprocal squares of these on its diagonal.
    """
    if covariance is None:
        return np.empty(0)
    alone = np.full(len(covariance), math.nan)
    sigma = np.sqrt(np.abs(np.diagonal(covariance)))
    known = np.flatnonzero(np.isfinite(covariance).all(1) & (sigma > 0))
    if not len(known):
        known = np.flatnonzero(np.isfinite(sigma) & (sigma > 0))
    block = np.ix_(known, known)
    correlation = correlation_of(covariance)[block]
    if not len(known) or not np.isfinite(correlation).all():
        return alone
    # Rounding can leave a correlation matrix that is not quite positive definite.
    values, vectors = np.linalg.eigh(correlation)
    inverse = (vectors**2 / np.maximum(values, 1e-14)).sum(1)
    alone[known] = sigma[known] / np.sqrt(inverse)
    return alone
