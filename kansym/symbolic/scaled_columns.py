"""Matrices of derivatives with columns scaled to unit length: rank, and the inverse of the normal equations."""

import numpy as np

RANK_TOLERANCE = 1e-10
"""Singular values of the column-scaled Jacobian below this times the largest count as zero. Redundant constants of
composed formulas give 1e-16 (rounding), the least well determined real ones seen 1e-6."""


def zero_if_undefined(array: np.ndarray) -> np.ndarray:
    """The array with zeros for everything that is not finite."""
    return np.where(np.isfinite(array), array, 0.0)


def unit_columns(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Columns scaled to unit length, and the lengths; without overflow or underflow in the squares."""
    largest = np.abs(matrix).max(axis=0, initial=0.0)
    safe = np.where(largest > 0, largest, 1.0)
    scaled = matrix / safe
    lengths = np.sqrt((scaled**2).sum(axis=0))
    unit = np.divide(scaled, lengths, out=np.zeros_like(scaled), where=lengths > 0)
    return unit, np.where(largest > 0, safe * lengths, 0.0)


def inverse_normal(jacobian: np.ndarray, sigma: float = 1.0) -> tuple[np.ndarray, int]:
    """``sigma^2 (J^T J)^-1`` (k, k) of a matrix (n, k), nan for what it does not determine, and its rank.

    Its triangular factor (k, k) gives the same.
    """
    lengths, singular, vectors, rank = scaled_svd(jacobian)
    kept = vectors[:rank] / singular[:rank, None]
    with np.errstate(all="ignore"):
        inverse_length = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)
        factor = sigma * inverse_length[:, None] * kept.T
        inverse = factor @ factor.T
    undetermined = (np.abs(vectors[rank:]) > 1e-6).any(axis=0) | (lengths == 0)
    inverse[undetermined, :] = np.nan
    inverse[:, undetermined] = np.nan
    return inverse, rank


def scaled_svd(jacobian: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Column lengths (k,), singular values, all k right vectors (k, k), and rank, of the column-scaled matrix."""
    unit, lengths = unit_columns(jacobian)
    # The triangular factor has the same singular values and right vectors, and does not grow with n.
    triangle = np.linalg.qr(unit, mode="r") if unit.shape[0] > unit.shape[1] else unit
    _, singular, vectors = np.linalg.svd(triangle, full_matrices=True)
    largest = singular[0] if singular.size else 0.0
    rank = int((singular > RANK_TOLERANCE * largest).sum()) if largest > 0 else 0
    return lengths, singular, vectors, rank
