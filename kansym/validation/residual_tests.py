# scipy types its results as tuples.
# pyright: reportAttributeAccessIssue=false
"""Tests of the residuals: mean, trends, neighbours, scatter, distribution, and lack of fit against repeated points."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.special

from kansym.data.ranks import average_ranks
from kansym.fitting.residuals import Residuals

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


@dataclass(frozen=True, eq=False)
class Sample:
    """What a test sees.

    Attributes
    ----------
    r : array (n,)
        Standardized residuals, in the order of the table.
    x : array (n,) or None
        What they are looked at along; None for a test of the residuals as a whole.
    generator : Generator
        For permutations.
    """

    r: np.ndarray
    x: np.ndarray | None
    generator: np.random.Generator

    @property
    def ordered(self) -> np.ndarray:
        """The residuals sorted along x."""
        return self.r if self.x is None else self.r[np.argsort(self.x, kind="stable")]


Outcome = tuple[str, float, float]
"""Name of a statistic, its value, and its p-value."""


@dataclass(frozen=True)
class Kind:
    """A kind of test: to add one to the certificate, write its function and add a line to `TESTS`.

    Attributes
    ----------
    name : str
    measure : callable
        Of a `Sample`; None where there are too few rows for it.
    along : bool
        Whether it is done along every column and along the prediction.
    counts : bool
        Whether its failure means that the formula is not all there is.
    failed, passed : str
        The outcome in words.
    """

    name: str
    measure: Callable[[Sample], Outcome | None]
    along: bool
    counts: bool
    failed: str
    passed: str


def _mean(sample: Sample) -> Outcome:
    t = scipy.stats.ttest_1samp(sample.r, 0.0)
    return "t", float(t.statistic), float(t.pvalue)


def _trend(sample: Sample) -> Outcome:
    trend = scipy.stats.spearmanr(sample.x, sample.r)
    return "Spearman's rho", float(trend.statistic), float(trend.pvalue)


def _neighbours(sample: Sample) -> Outcome:
    return "von Neumann's ratio", *von_neumann(sample.ordered, sample.generator)


def _runs(sample: Sample) -> Outcome:
    count, p = runs(sample.ordered)
    return "runs", float(count), p


def _scatter(sample: Sample) -> Outcome | None:
    groups = [part for part in _groups(sample) if len(part) >= 4]
    if len(sample.r) < GROUPED_ROWS or len(groups) < 2:
        return None
    levene = scipy.stats.levene(*groups, center="median")
    return "Levene's W", float(levene.statistic), float(levene.pvalue)


def _distribution(sample: Sample) -> Outcome:
    if len(sample.r) >= GROUPED_ROWS:
        normal = scipy.stats.normaltest(sample.r)
        return "K squared", float(normal.statistic), float(normal.pvalue)
    normal = scipy.stats.shapiro(sample.r)
    return "Shapiro-Wilk W", float(normal.statistic), float(normal.pvalue)


TESTS = (
    Kind("mean", _mean, False, True, "residuals are not zero on average", "zero on average"),
    Kind("trend", _trend, True, True, "residuals have a trend", "no trend"),
    Kind("neighbours", _neighbours, True, True, "neighbouring residuals are alike", "neighbours are independent"),
    Kind("runs", _runs, True, True, "residuals keep their sign in long runs", "signs change as they should"),
    Kind("scatter", _scatter, True, False, "the scatter is not the same everywhere", "even scatter"),
    Kind("distribution", _distribution, False, False, "residuals are not normally distributed", "normally distributed"),
)
"""All tests of the residuals, in the order in which they are reported."""


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
    generator = np.random.default_rng(seed)
    measured = list(_measured(residuals, _sequences(residuals, names), generator))
    adjusted = holm(np.array([p for *_, (_, _, p) in measured]))
    return tuple(
        _described(kind, along, outcome, float(q), level)
        for (kind, along, outcome), q in zip(measured, adjusted, strict=True)
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
    ranks = average_ranks(values)
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
    """Probability of exactly `count` runs among all orders of these numbers of signs."""
    comb = scipy.special.comb
    half = count // 2
    if count % 2 == 0:
        ways = 2 * comb(above - 1, half - 1) * comb(below - 1, half - 1)
    else:
        ways = comb(above - 1, half) * comb(below - 1, half - 1) + comb(above - 1, half - 1) * comb(below - 1, half)
    return float(ways / comb(above + below, above))


def _measured(
    residuals: Residuals, sequences: Sequence[tuple[str, np.ndarray]], generator: np.random.Generator
) -> Iterator[tuple[Kind, str, Outcome]]:
    """Every test with what it was done along; tests along something are done one sequence after the other."""
    r = residuals.standardized
    for along, kinds in itertools.groupby(TESTS, key=lambda kind: kind.along):
        group = tuple(kinds)
        for name, x in sequences if along else [("", None)]:
            for kind in group:
                outcome = kind.measure(Sample(r, x, generator))
                if outcome is not None:
                    yield kind, name, outcome


def _sequences(residuals: Residuals, names: tuple[str, ...]) -> list[tuple[str, np.ndarray]]:
    """The columns, and the prediction where it orders the rows in its own way."""
    sequences = [(name, residuals.X[:, j]) for j, name in enumerate(names[:MOST_COLUMNS])]
    if len(names) > 1 or not _monotonic(residuals):
        sequences.append(("the prediction", residuals.predicted))
    return [(name, x) for name, x in sequences if np.ptp(x) > 0]


def _groups(sample: Sample) -> list[np.ndarray]:
    """Residuals in up to four groups along x; equal x stay together."""
    assert sample.x is not None
    edges = np.quantile(sample.x, [0.25, 0.5, 0.75])
    place = np.searchsorted(edges, sample.x, side="right")
    return [sample.r[place == group] for group in range(4)]


def _monotonic(residuals: Residuals) -> bool:
    """Whether sorting by the prediction is sorting by the only column, forwards or backwards."""
    steps = np.diff(residuals.predicted[np.argsort(residuals.X[:, 0], kind="stable")])
    return bool((steps >= 0).all() or (steps <= 0).all())


def _described(kind: Kind, along: str, outcome: Outcome, adjusted: float, level: float) -> ResidualTest:
    label, statistic, p = outcome
    failed = adjusted < level
    words = f"{kind.failed if failed else kind.passed}{f' along {along}' if along else ''}"
    return ResidualTest(kind.name, along, statistic, label, p, adjusted, failed and kind.counts, words)


@dataclass(frozen=True)
class LackOfFit:
    """The F test of lack of fit (Fisher; Draper and Smith, Applied Regression Analysis, chapter 2).

    Attributes
    ----------
    points : int
        Different points.
    pure_error : float
        Spread of y among rows with equal inputs, in units of y.
    statistic : float
        F: the mean square of group means about the formula over that of rows about their group means.
    freedom, pure_freedom : int
        Degrees of freedom of either.
    p_value : float
        Of a larger F were the formula right.
    """

    points: int
    pure_error: float
    statistic: float
    freedom: int
    pure_freedom: int
    p_value: float


def lack_of_fit(residuals: Residuals) -> LackOfFit | None:
    """The test, or None without repeated points that differ in y, or with no more points than constants."""
    if residuals.exact or residuals.n == 0:
        return None
    _, group, counts = np.unique(residuals.X, axis=0, return_inverse=True, return_counts=True)
    group = group.reshape(-1)
    points = len(counts)
    pure_freedom, freedom = residuals.n - points, points - residuals.k
    if pure_freedom < 1 or freedom < 1:
        return None
    weights = np.ones(residuals.n) if residuals.weights is None else residuals.weights
    peak = float(np.max(np.abs(residuals.raw)))
    r = residuals.raw / (peak or 1.0)
    total = np.bincount(group, weights=weights)
    means = np.bincount(group, weights=weights * r) / total
    pure = float(weights @ (r - means[group]) ** 2)
    lack = float(total @ means**2)
    if not pure > 1e-20 * lack:
        # Copies of rows, equal in y too, say nothing about noise.
        return None
    statistic = (lack / freedom) / (pure / pure_freedom)
    return LackOfFit(
        points=points,
        pure_error=peak * (pure / pure_freedom) ** 0.5,
        statistic=statistic,
        freedom=freedom,
        pure_freedom=pure_freedom,
        p_value=float(scipy.stats.f.sf(statistic, freedom, pure_freedom)),
    )
