# scipy types its results as tuples.
# pyright: reportAttributeAccessIssue=false
"""Tests of the residuals: mean, trends, neighbours, scatter, distribution."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.special
import scipy.stats

from kansym.validation.rows import Residuals

LEVEL = 0.01
"""Probability, over all tests of a family together, of an objection to residuals that are pure noise."""

FEWEST = 6
"""Fewest rows for any test."""

PERMUTED_ROWS = 100
"""Below this many rows the distribution of von Neumann's ratio comes from permutations, above it from its moments."""

PERMUTATIONS = 9999

GROUPED_ROWS = 20
"""Fewest rows for a comparison of the scatter in groups, and for a test of normality by moments."""

MOST_COLUMNS = 10
"""Columns that are looked at along; with more, only the first ones and the prediction."""


@dataclass(frozen=True)
class ResidualTest:
    """One test of the residuals.

    Attributes
    ----------
    name : str
        "mean", "trend", "neighbours", "runs", "scatter" or "distribution".
    along : str
        The column along which, "the prediction", or "".
    statistic : float
    statistic_name : str
    p_value : float
        Of residuals without structure.
    adjusted_p : float
        Corrected for the number of tests (Holm 1979).
    objection : bool
        Whether it speaks against the formula. Uneven scatter and a distribution that is not normal do not: they only
        make standard errors of constants less sure.
    words : str
        The outcome in words.
    """

    name: str
    along: str
    statistic: float
    statistic_name: str
    p_value: float
    adjusted_p: float
    objection: bool
    words: str


SAYS_AGAINST = ("mean", "trend", "neighbours", "runs")
"""Tests whose failure means that the formula is not all there is."""

_FAILED = {
    "mean": "residuals are not zero on average",
    "trend": "residuals have a trend",
    "neighbours": "neighbouring residuals are alike",
    "runs": "residuals keep their sign in long runs",
    "scatter": "the scatter is not the same everywhere",
    "distribution": "residuals are not normally distributed",
}
_PASSED = {
    "mean": "zero on average",
    "trend": "no trend",
    "neighbours": "neighbours are independent",
    "runs": "signs change as they should",
    "scatter": "even scatter",
    "distribution": "normally distributed",
}


def check_residuals(
    residuals: Residuals, names: tuple[str, ...], *, seed: int, level: float = LEVEL
) -> tuple[ResidualTest, ...]:
    """Test standardized residuals.

    The mean by Student's t; trends by Spearman's rank correlation; neighbours, with rows sorted along each column, by
    von Neumann's ratio of ranks (Bartels 1982, doi:10.2307/2287767), one-sided; runs of signs (Wald and Wolfowitz
    1940), one-sided; scatter by Levene's test with medians (Brown and Forsythe 1974, doi:10.2307/2285659) in groups
    along each column; the distribution by D'Agostino and Pearson's test, below 20 rows by Shapiro and Wilk's. p-values
    are corrected by Holm's method over all tests together.

    Parameters
    ----------
    residuals : Residuals
    names : tuple of str, length d
    seed : int
        Of the permutations.
    level : float, default 0.01
        Of all tests together; there is seldom a reason to change it.

    Returns
    -------
    tuple of ResidualTest
        Empty for an exact fit, whose residuals are rounding, and below six rows or four degrees of freedom.
    """
    if residuals.exact or residuals.n < FEWEST or residuals.n - residuals.k < 4 or residuals.rms == 0:
        return ()
    found = list(_all(residuals, names, np.random.default_rng(seed)))
    adjusted = holm(np.array([p for *_, p in found]))
    return tuple(
        _verdict(name, along, value, label, p, float(q), level)
        for (name, along, label, value, p), q in zip(found, adjusted, strict=True)
    )


def holm(p_values: np.ndarray) -> np.ndarray:
    """p-values (m,) corrected for their number by Holm's step-down method (Scand. J. Stat. 6 (1979) 65)."""
    m = len(p_values)
    order = np.argsort(p_values, kind="stable")
    stepped = np.maximum.accumulate(p_values[order] * (m - np.arange(m)))
    adjusted = np.empty(m)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def von_neumann(values: np.ndarray, generator: np.random.Generator) -> tuple[float, float]:
    """Von Neumann's ratio of the ranks of a sequence (n,), and the probability of a smaller one by chance.

    The ratio is near 2 for independent values and near 0 where neighbours are alike.
    """
    ranks = scipy.stats.rankdata(values)
    ranks = ranks - ranks.mean()
    n, total = len(ranks), float(np.sum(ranks**2))
    if total == 0:
        return float("nan"), 1.0
    ratio = float(np.sum(np.diff(ranks) ** 2)) / total
    if n >= PERMUTED_ROWS:
        # Bartels' moments; the distribution is close to normal from some dozen rows on.
        variance = 4 * (n - 2) * (5 * n**2 - 2 * n - 9) / (5 * n * (n + 1) * (n - 1) ** 2)
        return ratio, float(scipy.stats.norm.cdf((ratio - 2) / np.sqrt(variance)))
    shuffled = generator.permuted(np.tile(ranks, (PERMUTATIONS, 1)), axis=1)
    chance = np.sum(np.diff(shuffled, axis=1) ** 2, axis=1) / total
    return ratio, (1 + int(np.sum(chance <= ratio * (1 + 1e-12)))) / (PERMUTATIONS + 1)


def runs(values: np.ndarray) -> tuple[int, float]:
    """Runs of equal sign in a sequence (n,), and the probability of as few by chance, from the exact distribution."""
    signs = values[values != 0] > 0
    above, below = int(signs.sum()), int((~signs).sum())
    if above == 0 or below == 0:
        return int(len(signs) > 0), 1.0
    count = 1 + int(np.sum(signs[1:] != signs[:-1]))
    mean = 1 + 2 * above * below / (above + below)
    if above + below > PERMUTED_ROWS:
        variance = (mean - 1) * (mean - 2) / (above + below - 1)
        return count, float(scipy.stats.norm.cdf((count + 0.5 - mean) / np.sqrt(variance)))
    return count, float(min(1.0, sum(_runs_probability(r, above, below) for r in range(2, count + 1))))


def _runs_probability(count: int, above: int, below: int) -> float:
    """Probability of exactly `count` runs among all orders of so many signs."""
    comb = scipy.special.comb
    half = count // 2
    if count % 2 == 0:
        ways = 2 * comb(above - 1, half - 1) * comb(below - 1, half - 1)
    else:
        ways = comb(above - 1, half) * comb(below - 1, half - 1) + comb(above - 1, half - 1) * comb(below - 1, half)
    return float(ways / comb(above + below, above))


def _all(
    residuals: Residuals, names: tuple[str, ...], generator: np.random.Generator
) -> Iterator[tuple[str, str, str, float, float]]:
    """Name, along what, name of the statistic, its value, p-value."""
    r, n = residuals.standardized, residuals.n
    t = scipy.stats.ttest_1samp(r, 0.0)
    yield "mean", "", "t", float(t.statistic), float(t.pvalue)
    sequences = [(name, residuals.X[:, j]) for j, name in enumerate(names[:MOST_COLUMNS])]
    if np.ptp(residuals.predicted) > 0 and (len(names) > 1 or not _monotonic(residuals)):
        sequences.append(("the prediction", residuals.predicted))
    for along, x in sequences:
        if not np.ptp(x) > 0:
            continue
        trend = scipy.stats.spearmanr(x, r)
        yield "trend", along, "Spearman's rho", float(trend.statistic), float(trend.pvalue)
        order = np.argsort(x, kind="stable")
        ratio, p = von_neumann(r[order], generator)
        yield "neighbours", along, "von Neumann's ratio", ratio, p
        count, p = runs(r[order])
        yield "runs", along, "runs", float(count), p
        groups = [part for part in _groups(x, r) if len(part) >= 4]
        if n >= GROUPED_ROWS and len(groups) >= 2:
            levene = scipy.stats.levene(*groups, center="median")
            yield "scatter", along, "Levene's W", float(levene.statistic), float(levene.pvalue)
    if n >= GROUPED_ROWS:
        normal = scipy.stats.normaltest(r)
        yield "distribution", "", "K squared", float(normal.statistic), float(normal.pvalue)
    else:
        normal = scipy.stats.shapiro(r)
        yield "distribution", "", "Shapiro-Wilk W", float(normal.statistic), float(normal.pvalue)


def _groups(x: np.ndarray, r: np.ndarray) -> list[np.ndarray]:
    """Residuals in up to four groups along x; equal x stay together."""
    edges = np.quantile(x, [0.25, 0.5, 0.75])
    place = np.searchsorted(edges, x, side="right")
    return [r[place == group] for group in range(4)]


def _monotonic(residuals: Residuals) -> bool:
    """Whether sorting by the prediction is sorting by the only column, forwards or backwards."""
    steps = np.diff(residuals.predicted[np.argsort(residuals.X[:, 0], kind="stable")])
    return bool((steps >= 0).all() or (steps <= 0).all())


def _verdict(
    name: str, along: str, statistic: float, label: str, p: float, adjusted: float, level: float
) -> ResidualTest:
    failed = adjusted < level
    where = f" along {along}" if along else ""
    words = f"{_FAILED[name] if failed else _PASSED[name]}{where}"
    return ResidualTest(name, along, statistic, label, p, adjusted, failed and name in SAYS_AGAINST, words)
