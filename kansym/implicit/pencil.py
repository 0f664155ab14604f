"""The pencil of a dictionary: which combinations of terms stay constant, errors of all columns counted.

With terms theta_k of a row and their derivatives by the columns, F = sum v_k theta_k has to first order the variance
v' C v, where C is the sum over columns of the products of derivatives, times the squared errors. A relation makes
sum w F^2 as small as the errors alone do: the least eigenvalue of the pencil (sum w theta theta', sum w C) is near 1,
and its vector holds the coefficients. Weights are 1/(v' C v), so that this is iterated: errors-in-variables by
Kanatani's renormalization (Statistical Optimization for Geometric Computation, 1996).
Values that are centred, over the whole table or over each run, leave a constant free.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from kansym import clock
from kansym.clock import Work

RIDGES = (1e-14, 1e-13, 1e-11)
"""Added to a correlation matrix so that it has a Cholesky factor where a relation is exact: rounding of so many
sums, or of more where that is not enough."""

FAR = 1e6
"""In units of a term's size: where it has no value."""

STEPS = 4
"""Times that weights and coefficients are found anew: differences fall by an order of magnitude each time."""

CHUNK = 20_000
"""Subsets of terms whose matrices are held at once."""


@dataclass(eq=False)
class Pencil:
    """Values of terms on rows, and how the errors of the columns move them.

    Attributes
    ----------
    values : ndarray, shape (n, p)
    noise : ndarray, shape (n, p, d)
        Derivatives by the columns times the standard errors of the columns.
    labels : ndarray of int, shape (n,), or None
        Runs, each of which has a constant of its own; None for one constant.
    elsewhere : tuple of ndarray, or None
        Values and noise on rows whose columns were shuffled, against which combinations are not trivial.
    scale : ndarray, shape (p,)
        What values were divided by.
    """

    values: np.ndarray
    noise: np.ndarray
    labels: np.ndarray | None = None
    elsewhere: tuple[np.ndarray, np.ndarray] | None = None
    scale: np.ndarray = field(init=False)
    floor: float = field(init=False)

    def __post_init__(self) -> None:
        # Divided first: squares of steep functions overflow.
        peak = np.abs(self.values).max(axis=0)
        peak = np.where(peak > 0, peak, 1.0)
        self.values, self.noise = self.values / peak, self.noise / peak[:, None]
        spread = np.sqrt(np.mean(centred(self.values, None, self.labels) ** 2, axis=0))
        size = np.sqrt(np.mean(self.values**2, axis=0))
        own = np.where(spread > 1e-9 * size, spread, np.maximum(size, 1e-12))
        self.scale = peak * own
        self.values, self.noise = self.values / own, self.noise / own[:, None]
        if self.elsewhere is not None:
            with np.errstate(all="ignore"):
                values, noise = self.elsewhere[0] / self.scale, self.elsewhere[1] / self.scale[:, None]
            self.elsewhere = _finite(values), _finite(noise)
        # Rounding of double precision: a term without any error is still not known better.
        self.floor = 1e-24

    def thinned(self, most: int) -> "Pencil":
        """The same of some rows, evenly taken."""
        step = max(1, len(self.values) // most)
        labels = None if self.labels is None else np.unique(self.labels[::step], return_inverse=True)[1]
        elsewhere = None if self.elsewhere is None else (self.elsewhere[0][::step], self.elsewhere[1][::step])
        return Pencil(self.values[::step], self.noise[::step], labels, elsewhere)

    def grams(self, free: bool) -> tuple[np.ndarray, np.ndarray]:
        """Products of values (p, p), and the same on shuffled rows; with a free constant or without."""
        assert self.elsewhere is not None
        there = self.elsewhere[0]
        values = centred(self.values, None, self.labels) if free else self.values
        there = there - there.mean(axis=0) if free else there
        clock.charge(Work.DENSE_PRODUCTS, 2 * values.size * values.shape[1])
        return values.T @ values / len(values), there.T @ there / len(there)

    def scan(self, subsets: np.ndarray, grams: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        """What each subset (K, s) of the terms leaves, in parts of what it leaves of shuffled rows; squared."""
        total, noise = grams
        found = np.empty(len(subsets))
        for begin in range(0, len(subsets), CHUNK):
            some = subsets[begin : begin + CHUNK]
            rows, columns = some[:, :, None], some[:, None, :]
            found[begin : begin + CHUNK] = least(total[rows, columns], noise[rows, columns])
        clock.charge(Work.SMALL_FITS, len(subsets) / 20)
        return found

    def weighted(
        self, subsets: np.ndarray, free: bool, steps: int = STEPS
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Least eigenvalues (K,), coefficients (K, s) of the scaled terms, and means (K,), with iterated weights."""
        eigenvalues, vectors, means = np.empty(len(subsets)), np.empty(subsets.shape), np.zeros(len(subsets))
        most = max(1, int(2e6 // (len(self.values) * subsets.shape[1] * self.noise.shape[2])))
        for begin in range(0, len(subsets), most):
            part = slice(begin, begin + most)
            eigenvalues[part], vectors[part], means[part] = self._weighted(subsets[part], free, steps)
        clock.charge(Work.SMALL_FITS, len(subsets) * steps)
        return eigenvalues, vectors, means

    def _weighted(self, subsets: np.ndarray, free: bool, steps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        values = np.moveaxis(self.values[:, subsets], 1, 0)  # K, n, s
        noise = np.moveaxis(self.noise[:, subsets], 1, 0)  # K, n, s, d
        weights, centre = np.ones(values.shape[:2]), np.zeros(subsets.shape)
        least, vectors = np.zeros(len(subsets)), np.zeros(subsets.shape)
        for _ in range(steps):
            shifted = _centred_each(values, weights, self.labels) if free else values
            centre = np.average(values, axis=1, weights=weights[:, :, None] + 0 * values) if free else centre
            rooted = np.sqrt(weights)
            left = shifted * rooted[:, :, None]
            right = noise * rooted[:, :, None, None]
            total = np.swapaxes(left, 1, 2) @ left
            flat = np.swapaxes(right, 2, 3).reshape(len(subsets), -1, subsets.shape[1])
            spread = np.swapaxes(flat, 1, 2) @ flat
            least, vectors = least_vectors(total, spread)
            variances = self._variances(noise, vectors)
            weights = 1.0 / variances
            # A row that errors hardly move at all must not decide alone.
            weights = np.minimum(weights, 1e4 * np.median(weights, axis=1, keepdims=True))
            weights = weights / weights.mean(axis=1, keepdims=True)
        return least, vectors, np.einsum("ks,ks->k", centre, vectors)

    def _variances(self, noise: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        moved = np.einsum("knsd,ks->knd", noise, vectors)
        return np.square(moved).sum(axis=2) + self.floor * np.square(vectors).sum(axis=1)[:, None]

    def apart(self, subsets: np.ndarray, vectors: np.ndarray, means: np.ndarray) -> np.ndarray:
        """How far shuffled rows typically are from combinations (K,), in units of the errors."""
        assert self.elsewhere is not None
        found = np.empty(len(subsets))
        there, noise = self.elsewhere
        most = max(1, int(2e6 // (len(there) * subsets.shape[1] * noise.shape[2])))
        for begin in range(0, len(subsets), most):
            part = slice(begin, begin + most)
            chosen, own = subsets[part], vectors[part]
            total = np.einsum("nks,ks->kn", there[:, chosen], own) - means[part, None]
            variances = self._variances(np.moveaxis(noise[:, chosen], 1, 0), own)
            found[part] = np.median(np.abs(total) / np.sqrt(variances), axis=1) / 0.6745
        return np.maximum(found, 1e-12)


def _finite(values: np.ndarray) -> np.ndarray:
    return np.clip(np.nan_to_num(values, nan=FAR, posinf=FAR, neginf=-FAR), -FAR, FAR)


def centred(values: np.ndarray, weights: np.ndarray | None, labels: np.ndarray | None) -> np.ndarray:
    """Values (n, p) less their mean, or less that of their run."""
    weight = np.ones(len(values)) if weights is None else weights
    if labels is None:
        return values - np.average(values, axis=0, weights=weight)
    total = np.bincount(labels, weight)
    means = np.stack([np.bincount(labels, weight * column) for column in values.T], axis=1) / total[:, None]
    return values - means[labels]


def _centred_each(values: np.ndarray, weights: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
    """The same for values (K, n, s) with weights (K, n)."""
    if labels is None:
        means = np.einsum("kns,kn->ks", values, weights) / weights.sum(axis=1)[:, None]
        return values - means[:, None, :]
    member = np.equal.outer(labels, np.arange(labels.max() + 1)).astype(np.float64)  # n, R
    totals = weights @ member
    means = np.einsum("kns,kn,nr->krs", values, weights, member, optimize=True) / totals[:, :, None]
    return values - means[:, labels, :]


def _normalized(total: np.ndarray, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Both matrices with a unit diagonal of the first, and its roots."""
    sizes = np.sqrt(np.maximum(np.diagonal(total, axis1=-2, axis2=-1), 1e-300))
    both = sizes[..., :, None] * sizes[..., None, :]
    return total / both, noise / both, sizes


def _whitened(total: np.ndarray, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Inverse Cholesky factors of the first matrices, and the second ones between them."""
    inverse = np.linalg.inv(_factors(total))
    return inverse, inverse @ noise @ np.swapaxes(inverse, -1, -2)


def _factors(total: np.ndarray) -> np.ndarray:
    size = total.shape[-1]
    for ridge in RIDGES[:-1]:
        try:
            return np.linalg.cholesky(total + ridge * size * np.eye(size))
        except np.linalg.LinAlgError:
            continue
    return np.linalg.cholesky(total + RIDGES[-1] * size * np.eye(size))


def least(total: np.ndarray, noise: np.ndarray) -> np.ndarray:
    total, noise, _ = _normalized(total, noise)
    if total.shape[-1] == 1:
        return total[:, 0, 0] / np.maximum(noise[:, 0, 0], 1e-300)
    _, inside = _whitened(total, noise)
    return 1.0 / np.maximum(np.linalg.eigvalsh(inside)[:, -1], 1e-300)


def least_vectors(total: np.ndarray, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    total, noise, sizes = _normalized(total, noise)
    inverse, inside = _whitened(total, noise)
    eigenvalues, vectors = np.linalg.eigh(inside)
    found = np.einsum("kba,kb->ka", inverse, vectors[:, :, -1]) / sizes
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return 1.0 / np.maximum(eigenvalues[:, -1], 1e-300), found


def combined(pencil: Pencil, places: Sequence[int], coefficients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """F (n,) and its variance (n,) for coefficients of scaled terms; a free constant is not taken off."""
    chosen = list(places)
    variances = np.square(np.einsum("nsd,s->nd", pencil.noise[:, chosen], coefficients)).sum(axis=1)
    return pencil.values[:, chosen] @ coefficients, variances + pencil.floor * float(coefficients @ coefficients)
