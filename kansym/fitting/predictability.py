"""What any smooth function of the inputs could predict: of y, and of the residuals that a formula leaves."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import scipy.spatial

from kansym.data.ranks import average_ranks
from kansym.fitting.residuals import Residuals

LEVEL = 0.01
"""Probability of an objection to residuals that are pure noise."""

LENGTHS = (0.03, 0.1, 0.3, 1.0)
"""Length scales of the kernels, in units of the range of ranks; times the root of the number of columns."""

NOISE = (0.3, 3.0)
"""Ridges of the kernels, in units of the kernel at distance zero."""

NEIGHBOURS = (2, 5, 12)

WAVES = (2, 4, 8, 16)
"""Numbers of cosines along a single column."""

MOST_COLUMNS = 10
"""Single columns that are looked at."""

MOST_ROWS = 800
"""Rows that are used; more are to be thinned by a random choice."""

FEWEST_ROWS = 8

PERMUTATIONS = 499


@dataclass(frozen=True)
class Leftover:
    """What smooth functions of the inputs predict of the residuals.

    Attributes
    ----------
    share : float
        Most of the variance of the residuals that one of them predicts, each row from the others; near zero or
        negative where nothing is left.
    p_value : float
        Of as large a share by chance, from permutations of the residuals, with the choice among the functions in it.
    smoother : str
        Which function it was, in words.
    rows : int
        Rows used.
    """

    share: float
    p_value: float
    smoother: str
    rows: int

    @property
    def objection(self) -> bool:
        """Whether something is left."""
        return self.p_value < LEVEL and self.share > 0


def leftover(residuals: Residuals, names: tuple[str, ...], *, seed: int) -> Leftover | None:
    """Try to predict the residuals of a formula from the inputs.

    Kernels of several widths, means of neighbours and cosines along single columns predict every residual from the
    others. The same is done with permuted residuals, and the largest share of each permutation is what chance, and
    the choice of the best of these functions, can do.

    Parameters
    ----------
    residuals : Residuals
    names : tuple of str, length d
    seed : int
        Of the permutations and of the rows that are used.

    Returns
    -------
    Leftover or None
        None for an exact fit and for fewer than eight rows.
    """
    if residuals.exact or residuals.n < FEWEST_ROWS or residuals.rms == 0 or residuals.n - residuals.k < 4:
        return None
    generator = np.random.default_rng(seed)
    rows = np.arange(residuals.n)
    if len(rows) > MOST_ROWS:
        rows = np.sort(generator.choice(len(rows), MOST_ROWS, replace=False))
    # Single wild residuals would decide alone; beyond four standard deviations they are drawn in.
    r = np.clip(residuals.standardized[rows], -4.0, 4.0)
    shares = best_shares(residuals.X[rows], r[:, None], names, generator)
    if shares is None:
        return None
    found = shares[0]
    return Leftover(found.share, found.p_value, found.smoother, len(rows))


@dataclass(frozen=True)
class Dependence:
    """What generic smooth functions of the inputs make of y.

    Attributes
    ----------
    p_value : float
        Of as close a dependence by chance, from permutations of the ranks of y, with the choice among the functions
        in it.
    left : float
        Least share of the variance of y that one of them leaves, each row from the others; 1 where none is better
        than the mean.
    smoother : str
        Which function that was, in words.
    rows : int
        Rows used.
    """

    p_value: float
    left: float
    smoother: str
    rows: int


def dependence(residuals: Residuals, names: tuple[str, ...], *, seed: int) -> Dependence | None:
    """Ask, without any formula, whether y depends on the inputs.

    A search looks at very many formulas, and the rows that chose one cannot say whether it is chance. This asks the
    rows a question that no search has touched. A formula that is as good as the best of these functions, each row
    predicted from the others, is as good a description as they are.

    Parameters
    ----------
    residuals : Residuals
        Brings the rows; the formula is not used.
    names : tuple of str, length d
    seed : int
        Of the permutations and of the rows that are used.

    Returns
    -------
    Dependence or None
        None below eight rows.
    """
    if residuals.n < FEWEST_ROWS or not np.ptp(residuals.y) > 0:
        return None
    generator = np.random.default_rng(seed)
    rows = np.arange(residuals.n)
    if len(rows) > MOST_ROWS:
        rows = np.sort(generator.choice(len(rows), MOST_ROWS, replace=False))
    y = residuals.y[rows] / np.max(np.abs(residuals.y))
    # Ranks for the test, since a few large values would decide alone; the values themselves for the comparison.
    found = best_shares(residuals.X[rows], np.column_stack([average_ranks(y), y]), names, generator)
    if found is None:
        return None
    ranked, plain = found
    return Dependence(ranked.p_value, float(min(1.0, max(0.0, 1.0 - plain.share))), plain.smoother, len(rows))


Smoother = tuple[str, Callable[[np.ndarray], np.ndarray]]
"""What it is, and the map from columns (n, m) of centred values to their leave-one-out predictions (n, m)."""


@dataclass(frozen=True)
class BestShare:
    """What the best smoother predicts.

    Attributes
    ----------
    share : float
        Of the variance, each row from the others; negative where the mean of the others is better.
    p_value : float
        Of as large a share for permuted values, with the choice of the best in it; nan of other columns than the first.
    smoother : str
    """

    share: float
    p_value: float
    smoother: str


def best_shares(
    X: np.ndarray, values: np.ndarray, names: tuple[str, ...], generator: np.random.Generator
) -> tuple[BestShare, ...] | None:
    """The largest share of the variance of each column of values that a smoother of the rows X predicts.

    Parameters
    ----------
    X : array (n, d)
    values : array (n, m)
    names : tuple of str, length d
    generator : Generator
        For permutations of the first column, which gets a p-value.

    Returns
    -------
    tuple of BestShare, or None
        None where a column has equal values only, or for too few rows for any smoother.
    """
    n, m = values.shape
    centred = values - values.mean(axis=0)
    # The mean of the others, as prediction of each row, is what has to be bettered.
    total = (centred**2).sum(axis=0) * (n / (n - 1)) ** 2
    if not np.all(total > 0):
        return None
    shuffled = generator.permuted(np.tile(centred[:, :1], (1, PERMUTATIONS)), axis=0)
    columns = np.hstack([centred, shuffled])
    total = np.concatenate([total, np.full(PERMUTATIONS, total[0])])
    best, which = np.full(columns.shape[1], -np.inf), [""] * m
    for label, predict in smoothers(X, names):
        share = 1 - ((columns - predict(columns)) ** 2).sum(axis=0) / total
        which = [label if share[i] > best[i] else which[i] for i in range(m)]
        best = np.maximum(best, share)
    if not all(which):
        return None
    p = (1 + int(np.sum(best[m:] >= best[0]))) / (PERMUTATIONS + 1)
    return tuple(BestShare(float(best[i]), p if i == 0 else float("nan"), which[i]) for i in range(m))


def smoothers(X: np.ndarray, names: tuple[str, ...]) -> Iterator[Smoother]:
    """Smoothers of rows X (n, d): cosines along single columns, then kernels and neighbours in all columns.

    Columns are replaced by their ranks: one length scale then fits columns over decades as well as even ones.
    """
    ranks = unit_ranks(X)
    n, d = ranks.shape
    for j in range(min(d, MOST_COLUMNS)):
        for waves in WAVES:
            if waves + 2 <= n // 2:
                basis = np.cos(np.pi * np.outer(ranks[:, j], np.arange(1, waves + 1)))
                yield f"a function of {names[j]}", _projection(basis)
    if n < 8:
        return
    distances = scipy.spatial.distance.squareform(scipy.spatial.distance.pdist(ranks))
    for length in LENGTHS:
        kernel = np.exp(-0.5 * (distances / (length * np.sqrt(d))) ** 2)
        values, vectors = np.linalg.eigh(kernel)
        for noise in NOISE:
            yield _whole(d, names), _shrinkage(vectors, np.maximum(values, 0.0), noise)
    np.fill_diagonal(distances, np.inf)
    order = np.argsort(distances, axis=1, kind="stable")
    for count in NEIGHBOURS:
        if 2 * count < n:
            yield _whole(d, names), _neighbours(order[:, :count])


def unit_ranks(X: np.ndarray) -> np.ndarray:
    """Every column replaced by its ranks, from 0 to 1; equal values share a rank."""
    ranks = average_ranks(X)
    return (ranks - 0.5) / len(X)


def _whole(d: int, names: tuple[str, ...]) -> str:
    return f"a function of {names[0]}" if d == 1 else "a function of all inputs"


def _projection(basis: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    # The constant belongs to it: columns are centred over all rows, not over those that predict.
    q, r = np.linalg.qr(np.column_stack([np.ones(len(basis)), basis]))
    q = q[:, np.abs(np.diagonal(r)) > 1e-9 * np.abs(r).max()]
    leverage = np.minimum((q**2).sum(axis=1), 0.999)

    def predict(columns: np.ndarray) -> np.ndarray:
        return columns - (columns - q @ (q.T @ columns)) / (1 - leverage)[:, None]

    return predict


def _shrinkage(vectors: np.ndarray, values: np.ndarray, noise: float) -> Callable[[np.ndarray], np.ndarray]:
    shrunk = values / (values + noise)
    leverage = np.minimum((vectors**2) @ shrunk, 0.999)

    def predict(columns: np.ndarray) -> np.ndarray:
        smooth = vectors @ (shrunk[:, None] * (vectors.T @ columns))
        return columns - (columns - smooth) / (1 - leverage)[:, None]

    return predict


def _neighbours(index: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    def predict(columns: np.ndarray) -> np.ndarray:
        # Neighbour by neighbour: the array of all at once would be large.
        total = columns[index[:, 0]].copy()
        for place in range(1, index.shape[1]):
            total += columns[index[:, place]]
        # The mean of k noisy values, shrunk towards zero by a prior as strong as one of them.
        return total / (index.shape[1] + 1)

    return predict
