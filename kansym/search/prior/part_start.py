"""Constants of a given part to start from."""

import logging

import numpy as np
import scipy.optimize

from kansym.data.dataset import Dataset
from kansym.errors import KansymError
from kansym.fitting.known_form import fit_constants
from kansym.search.prior.part import PLACE, GivenPart
from kansym.symbolic.naming import plain_symbol

logger = logging.getLogger(__name__)

CENTRES = 40
"""Bumps of the smooth function that stands for the unknown part."""

ROWS = 500
"""Rows that it is fitted to."""

RIDGE = 1e-6
"""Its penalty, in units of its normal matrix."""

BETTER = 0.5
"""Ratio of what is left at which a smooth function of the other columns is believed."""

SEEN, HIDDEN = 0.9, 1e4
"""Share of the rows on which the unknown part is looked at, and the ratio of slopes there that hides it on some."""


def first_constants(part: GivenPart, dataset: Dataset, seed: int) -> np.ndarray:
    """Constants (k,) of the given part before anything is known about the rest.

    First the rest is taken for a constant. Then it is taken for a smooth function of the columns that the given part
    does not hold, which is fitted anew for every trial of the constants (variable projection); that is believed where
    it leaves much less.
    """
    if not part.constants:
        return np.empty(0)
    plain = _rest_constant(part, dataset, seed)
    if not _visible(part, dataset, plain):
        plain = _gentle(part, dataset, plain)
    others = [k for k, name in enumerate(part.names) if plain_symbol(name) not in part.expression.free_symbols]
    if not others:
        return plain
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(dataset.n_rows)[:ROWS])
    table = dataset.take(rows)
    basis = _bumps(table.X[:, others], rng)
    size = np.where(plain != 0, np.abs(plain), 1.0)

    def left(scaled: np.ndarray) -> float:
        rest, slope = part.values_of_rest(table.X, table.y, scaled * size)
        good = np.isfinite(rest) & np.isfinite(slope) & (slope > 0)
        if good.mean() < 0.9:
            return 1e300
        # In units of y, whatever the given part does to the rest.
        weight = 1.0 / slope[good]
        if not np.isfinite(weight).all():
            return 1e300
        design, target = basis[good] * weight[:, None], rest[good] * weight
        normal = design.T @ design
        normal[np.diag_indices_from(normal)] += RIDGE * np.trace(normal) / len(normal)
        residual = target - design @ np.linalg.solve(normal, design.T @ target)
        return float(np.mean(residual**2))

    starts = [plain / size * factor for factor in (1.0, 0.3, 3.0, -1.0)]
    found = [
        scipy.optimize.minimize(left, start, method="Nelder-Mead", options={"maxfev": 150 * len(size)})
        for start in starts
    ]
    best = min(found, key=lambda fit: fit.fun)
    return best.x * size if best.fun < BETTER * _left_by_constant(part, table, plain) else plain


def _rest_constant(part: GivenPart, dataset: Dataset, seed: int) -> np.ndarray:
    """Constants of the given part, with a constant for the unknown one."""
    name = "rest"
    while name in part.constants or name in part.names:
        name += "_"
    text = part.text.replace("…", PLACE).replace(PLACE, f" {name} ")
    columns = {column: dataset.X[:, k] for k, column in enumerate(dataset.names)}
    try:
        fit = fit_constants(text, columns, dataset.y, y_error=dataset.y_error, seed=seed)
    except KansymError as problem:
        logger.info("constants of the given part start at 1: %s", problem)
        return np.ones(len(part.constants))
    return np.array([fit.values[constant] for constant in part.constants])


def _visible(part: GivenPart, dataset: Dataset, constants: np.ndarray) -> bool:
    """Whether the unknown part can be seen through the given one on most rows.

    Where both are of the same column, a constant for the unknown part is best hidden: exp(-t/tau) with a tau of nothing
    leaves y alone, and what is left would be infinite.
    """
    rest, slope = part.values_of_rest(dataset.X, dataset.y, constants)
    good = np.isfinite(rest) & np.isfinite(slope) & (slope > 0)
    if good.mean() < SEEN:
        return False
    low, high = np.quantile(slope[good], [(1 - SEEN) / 2, (1 + SEEN) / 2])
    return bool(high < HIDDEN * low)


def _gentle(part: GivenPart, dataset: Dataset, plain: np.ndarray) -> np.ndarray:
    """Constants of some size for all, the nearest to 1 through which the unknown part can be seen."""
    for size in sorted((10.0**k for k in range(-9, 10)), key=lambda size: abs(np.log10(size))):
        for sign in (1.0, -1.0):
            trial = np.full(len(plain), sign * size)
            if _visible(part, dataset, trial):
                return trial
    return plain


def _left_by_constant(part: GivenPart, table: Dataset, constants: np.ndarray) -> float:
    rest, slope = part.values_of_rest(table.X, table.y, constants)
    good = np.isfinite(rest) & np.isfinite(slope) & (slope > 0)
    if not good.any():
        return np.inf
    weight = slope[good] ** -2.0
    mean = float(np.sum(weight * rest[good]) / np.sum(weight))
    return float(np.mean(weight * (rest[good] - mean) ** 2))


def _bumps(X: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A constant and Gaussian bumps about some of the rows, shape (n, m)."""
    spread = X.std(axis=0)
    Z = (X - X.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    centres = Z[rng.permutation(len(Z))[:CENTRES]]
    squares = ((Z[:, None, :] - centres[None]) ** 2).sum(axis=2)
    # About as wide as the table for one column, wider for several: a gentle function is enough to start from.
    return np.column_stack([np.ones(len(Z)), Z, np.exp(-0.5 * squares / (0.4 * Z.shape[1]))])
