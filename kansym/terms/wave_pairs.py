"""Pairs of waves that explain most together.

A product of two waves is a sum of two of one amplitude, and what they are is seen worst one at a time: the highest peak
of both lies between them, where neither is. So all pairs of the highest cells of a scan are solved for. With each
cell's sine and cosine made orthonormal, what a pair explains takes the products of both and a matrix of two by two.
"""

from collections.abc import Sequence

import numpy as np

from kansym import clock
from kansym.clock import Work
from kansym.terms.chirp_scan import Peak, cells, near
from kansym.terms.waves import Wave, WaveRows

PAIRED = 400
"""Cells whose pairs are tried."""

SINGULAR = 1e-3
"""Determinant of what two waves have not in common, below which they are one."""


def best_pairs(residual: np.ndarray, rows: WaveRows, few: WaveRows, top: int) -> list[tuple[Wave, Wave]]:
    """The pairs of waves that leave least, each of other peaks than those before.

    Parameters
    ----------
    residual : ndarray, shape (n,)
        What is left of the target on the rows.
    rows, few : WaveRows
        All, and the first of them, which pairs are compared on.
    top : int
    """
    found = cells(residual, rows, PAIRED)
    chosen: list[tuple[Peak, Peak]] = []
    if not found:
        return []
    gain = PairGains(found, few)(residual[: few.number])
    first, second = np.triu_indices(len(found), 1)
    for place in np.argsort(-gain[first, second], kind="stable").tolist():
        if len(chosen) == top:
            break
        pair = found[first[place]], found[second[place]]
        if not any(near(pair[0], one) and near(pair[1], other) for one, other in chosen):
            chosen.append(pair)
    return [(one.wave(), other.wave()) for one, other in chosen]


class PairGains:
    """What each pair of cells takes away of the sum of squares of a target.

    Parameters
    ----------
    found : sequence of Peak, length N
    rows : WaveRows
    """

    def __init__(self, found: Sequence[Peak], rows: WaveRows) -> None:
        count, n = len(found), rows.number
        clock.charge(Work.DENSE_PRODUCTS, 4 * n * count**2 + 8 * n * count * rows.fixed.shape[1])
        phases = np.stack([rows.columns(cell.monomials) @ cell.rates for cell in found])
        sides = np.stack([np.sin(phases), np.cos(phases)], 1) * rows.root
        apart = rows.apart(sides.reshape(2 * count, n).T).T.reshape(count, 2, n)
        self._basis = np.linalg.qr(apart.transpose(0, 2, 1))[0].transpose(0, 2, 1).reshape(2 * count, n)
        self._common = (self._basis @ self._basis.T).reshape(count, 2, count, 2).transpose(0, 2, 1, 3)
        common = self._common
        # Beside the first of a pair, what is left of the second.
        (self._xx, self._xy), (_, self._yy) = (
            tuple(float(a == b) - np.sum(common[..., a] * common[..., b], -1) for b in (0, 1)) for a in (0, 1)
        )
        self._determinant = self._xx * self._yy - self._xy**2

    def __call__(self, residual: np.ndarray) -> np.ndarray:
        """Of a target, shape (n,), the gains (N, N)."""
        clock.charge(Work.DENSE_PRODUCTS, 20 * self._determinant.size)
        shares = (self._basis @ residual).reshape(-1, 2)
        left = shares[None] - np.einsum("ijab,ia->ijb", self._common, shares)
        square = (
            self._yy * left[..., 0] ** 2 - 2 * self._xy * left[..., 0] * left[..., 1] + self._xx * left[..., 1] ** 2
        )
        more = np.where(self._determinant > SINGULAR, square / np.maximum(self._determinant, SINGULAR), 0.0)
        return np.sum(shares**2, 1)[:, None] + more
