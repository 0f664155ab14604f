"""One p-value for a deviation of unknown roughness: the smallest of several nested tests, with its exact distribution.

A smooth deviation shows in few directions, a rough one in many, and a test of all of them is dull for the former. So
chi-squared is asked for the 2, 4 and 8 smoothest directions, and the smallest p-value counts. Its distribution is known
in closed form. Half of the sum of squares of 2 j independent normal numbers is the time of the j-th event of a Poisson
process, and in parts of the sum of squares of all residuals it is the j-th smallest of evenly distributed numbers: that
none of the tests is beyond its threshold is that so many events came before each threshold.
"""

import math
from collections.abc import Sequence

import numpy as np
import scipy.special

SIZES = (2, 4, 8)
"""Directions that are tested together, smoothest first."""


def nested_p(squares: np.ndarray, rest: float | None, freedom: int) -> tuple[float, int, float]:
    """Probability that some leading squares are as large as they are by chance.

    Parameters
    ----------
    squares : array (m,)
        Of components in orthonormal directions, in the order in which they are tested: independent squares of normal
        numbers of one variance where there is no deviation.
    rest : float or None
        Sum of squares in all other directions, of the same variance; None where the variance is known to be 1.
    freedom : int
        Number of those directions; without meaning where the variance is known.

    Returns
    -------
    p_value : float
    size : int
        Directions of the test that shows most.
    statistic : float
        Chi-squared of that test, or F where the variance is not known.
    """
    sizes = _sizes(len(squares))
    sums = np.cumsum(squares)
    with np.errstate(all="ignore"):
        total = None if rest is None else float(sums[-1]) + rest
        nu = len(squares) + freedom
        each = [_sf(size, float(sums[size - 1]), total, nu) for size in sizes]
    place = int(np.argmin(each))
    size, least = sizes[place], each[place]
    statistic = float(sums[size - 1])
    if total is not None:
        left = total - statistic
        statistic = statistic / size / (left / (nu - size)) if left > 0 else math.inf
    return (least if len(sizes) == 1 else _joint(sizes, least, None if rest is None else nu)), size, statistic


def _sizes(count: int) -> tuple[int, ...]:
    """The nested tests of so many directions; all sizes are even where there are several, as the theory wants."""
    if count < 4:
        return (count,)
    return (*(size for size in SIZES if size < count - count % 2), min(count - count % 2, SIZES[-1]))


def _sf(size: int, found: float, total: float | None, nu: int) -> float:
    if total is None:
        return float(scipy.stats.chi2.sf(found, size))
    share = min(found / total, 1.0) if total > 0 else 0.0
    return float(scipy.special.betaincc(size / 2, (nu - size) / 2, share))


def _joint(sizes: Sequence[int], p: float, nu: int | None) -> float:
    """Probability that any of the nested tests has a p-value of at most `p`.

    With nu directions in all the numbers are the order statistics of nu/2 - 1 evenly distributed ones, also where that
    is no whole number: sums of squares in parts of their total have a Dirichlet distribution either way.
    """
    if not 1e-300 < p < 1.0:
        return min(p, 1.0)
    # The probabilities of 0, 1, ... events so far, all tests so far passed.
    counts = np.zeros(sizes[-1] // 2 + 1)
    counts[0] = 1.0
    before, failed = 0.0, 0.0
    for size in sizes:
        if nu is None:
            until = float(scipy.stats.chi2.isf(p, size)) / 2
        else:
            until = float(scipy.stats.beta.isf(p, size / 2, (nu - size) / 2))
        counts = _later(counts, before, max(until, before), None if nu is None else nu / 2 - 1)
        before = max(until, before)
        failed += float(counts[: size // 2].sum())
        counts[: size // 2] = 0.0
    return min(max(failed, p), 1.0)


def _later(counts: np.ndarray, before: float, until: float, number: float | None) -> np.ndarray:
    """The distribution of the count at a later time; the last entry stands for all larger counts."""
    later = np.zeros_like(counts)
    last = len(counts) - 1
    for done, probability in enumerate(counts[:-1]):
        more = np.arange(last - done)
        if number is None:
            chances = scipy.stats.poisson.pmf(more, until - before)
        else:
            share, left = (until - before) / (1 - before), number - done
            chances = scipy.special.binom(left, more) * share**more * (1 - share) ** (left - more)
        later[done:last] += probability * chances
        later[last] += probability * max(1.0 - float(chances.sum()), 0.0)
    later[last] += counts[last]
    return later
