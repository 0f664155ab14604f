"""What is odd about the columns of a table and does not forbid its use: leaks, twins, gaps."""

from collections.abc import Sequence

import numpy as np

from kansym.data.columns import quoted

SAME = 1e-9
"""Largest difference of two columns that hold the same numbers, relative to the larger peak: a copy may have fewer
digits."""

TWINS = 1e-6
"""Columns with 1 - r^2 below this are the same to a thousandth of their spread."""

MOST_COLUMNS = 200
"""Pairs are not looked at beyond; a table of that width is no list of physical quantities."""

WIDEST_GAP = 1 / 3
"""Share of a column's range without values that is worth a remark. The widest of n gaps at random is about log(n)/n."""

GEOMETRIC = 0.15
"""Values of one sign whose median is this small beside the largest are spread over decades."""

LEAST_VALUES = 30
"""Different values of a column below which gaps are its nature: levels, quantum numbers, settings."""


def column_remarks(X: np.ndarray, names: Sequence[str], y: np.ndarray, target: str) -> list[str]:
    """Sentences on columns that repeat the target, columns that say the same as others, and gaps.

    Parameters
    ----------
    X : ndarray, shape (n, d)
        Inputs, none of them constant.
    names : sequence of str
    y : ndarray, shape (n,)
    target : str
    """
    return [*_leaks(X, names, y, target), *_twins(X, names), *_gaps(X, names)]


def _leaks(X: np.ndarray, names: Sequence[str], y: np.ndarray, target: str) -> list[str]:
    found = []
    for column, name in zip(X.T, names, strict=True):
        peak = max(float(np.max(np.abs(column))), float(np.max(np.abs(y))))
        if float(np.max(np.abs(column / peak - y / peak))) <= SAME:
            found.append(
                f"Column {quoted(name)} holds the same numbers as the target {quoted(target)}, so that the formula "
                "will be that column; leave it out of the inputs (--columns) if it is a copy."
            )
    return found


def _twins(X: np.ndarray, names: Sequence[str]) -> list[str]:
    rows, columns = X.shape
    # With two rows any two columns are on a line.
    if rows < 5 or not 2 <= columns <= MOST_COLUMNS:
        return []
    scaled = X / np.max(np.abs(X), axis=0)
    scaled = scaled - scaled.mean(axis=0)
    scaled /= np.sqrt((scaled**2).sum(axis=0))
    correlation = scaled.T @ scaled
    found = []
    taken: set[int] = set()
    for first in range(columns):
        for second in range(first + 1, columns):
            # Against the residual of one on the other: 1 - r^2 from r loses what rounding leaves of it.
            if first in taken or second in taken or abs(correlation[first, second]) < 0.999:
                continue
            rest = scaled[:, second] - correlation[first, second] * scaled[:, first]
            if float(rest @ rest) < TWINS:
                taken.add(second)
                found.append(
                    f"Columns {quoted(names[first])} and {quoted(names[second])} are the same up to scale and "
                    "offset, to a thousandth of their spread: which of them the law has can hardly be told."
                )
    return found


def _gaps(X: np.ndarray, names: Sequence[str]) -> list[str]:
    found = []
    for column, name in zip(X.T, names, strict=True):
        values = np.unique(column)
        if len(values) < LEAST_VALUES:
            continue
        # Values over decades leave gaps on a linear scale only.
        sizes = np.abs(values) / np.max(np.abs(values))
        decades = (values[0] > 0 or values[-1] < 0) and np.median(sizes) < GEOMETRIC
        scale = np.log(sizes) if decades else values / np.max(np.abs(values))
        shares = np.abs(np.diff(scale)) / abs(scale[-1] - scale[0])
        at = int(np.argmax(shares))
        if shares[at] > WIDEST_GAP:
            found.append(
                f"Column {quoted(name)} has no values between {values[at]:g} and {values[at + 1]:g}, "
                f"{shares[at]:.0%} of its range: what a formula says there is not tested by the data."
            )
    return found
