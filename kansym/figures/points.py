"""The rows of a run as figures draw them: few enough for a vector figure, finite, with residuals, errors and means."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sympy
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from kansym.data.dataset import Dataset
from kansym.data.preparation import canonical_order, thinned
from kansym.errors import ArgumentError
from kansym.figures.style import Theme
from kansym.fitting.residuals import effective_error
from kansym.run.finished import FinishedRun

THINNEST = 0.005
"""Of the largest residual: a band that is narrower is hidden by the line at zero."""

MOST_POINTS = 2000
"""Points of one scatter plot; a vector figure keeps every one of them."""

MOST_PANELS = 12
"""Inputs that are drawn; those of the formula come first."""

FEW_VALUES = 12
"""Different inputs up to which the points at each are averaged, as for quantum numbers."""

NEIGHBOURS = 1 / 8
"""Share of the points that a mean is taken of."""

FEWEST, STEPS = 10, 60


@dataclass(frozen=True, eq=False)
class Points:
    """Rows on which the formula has a value.

    Attributes
    ----------
    X : ndarray, shape (m, d)
    y, predicted, residual : ndarray, shape (m,)
        `residual` is measured less predicted.
    error : ndarray, shape (m,), or None
        Standard errors of `residual`: those of y, and of the inputs by the slopes of the formula.
    undefined : int
        Rows of the table that the formula has no value on.
    aside : ndarray of bool, shape (m,)
        Rows that a robust fit set aside as outliers.
    """

    X: np.ndarray
    y: np.ndarray
    predicted: np.ndarray
    residual: np.ndarray
    error: np.ndarray | None
    undefined: int
    aside: np.ndarray

    def __len__(self) -> int:
        return len(self.y)

    @property
    def shown(self) -> np.ndarray:
        """Indices of at most `MOST_POINTS` of them, spread over the table."""
        return thinned(np.arange(len(self.y)), MOST_POINTS)


def table_of(run: FinishedRun) -> Dataset:
    """The table of a run.

    Raises
    ------
    ArgumentError
        If the run does not have it.
    """
    if run.dataset is None:
        raise ArgumentError("the run was saved without its table, which this figure needs; search again with --out")
    return run.dataset


def points_of(run: FinishedRun) -> Points:
    """All rows in the order of their inputs."""
    dataset = table_of(run)
    order = canonical_order(dataset.X, dataset.y)
    dataset = dataset.take(order)
    with np.errstate(all="ignore"):
        predicted = run.formula.predict(dataset.X)
        residual = dataset.y - predicted
        error = effective_error(run.formula, dataset)
    finite = np.isfinite(residual)
    return Points(
        X=dataset.X[finite],
        y=dataset.y[finite],
        predicted=predicted[finite],
        residual=residual[finite],
        error=None if error is None else error[finite],
        undefined=int((~finite).sum()),
        aside=_aside(run, dataset.n_rows)[order][finite],
    )


def _aside(run: FinishedRun, rows: int) -> np.ndarray:
    """Rows that a robust fit set aside, in the order of the table; a folder that kept some rows only does not know."""
    mask = np.zeros(rows, dtype=bool)
    if run.summary.agreement.left_out and rows == run.summary.rows:
        mask[[outlier.row for outlier in run.summary.outliers]] = True
    return mask


def hollow(axes: Axes, x: np.ndarray, y: np.ndarray, theme: Theme) -> None:
    """Draw outliers that were left out, at the edge of the axes where they lie beyond it."""
    low, high = sorted(axes.get_ylim())
    axes.set_ylim(axes.get_ylim())
    axes.plot(
        x, np.clip(y, low, high), "o", color=theme.point, markerfacecolor="none", markersize=4.5, zorder=4,
        clip_on=False,
    )  # fmt: skip


def hollow_entry(theme: Theme) -> Line2D:
    """Their entry in a legend."""
    return Line2D(
        [], [], marker="o", linestyle="none", color=theme.point, markerfacecolor="none", markersize=4.5,
        label="outliers, left out",
    )  # fmt: skip


def floor_shows(floor: float, residual: np.ndarray) -> bool:
    """Whether the noise floor can be seen beside residuals: neither many times what there is to see, nor a hair."""
    largest = float(np.max(np.abs(residual), initial=0.0))
    return THINNEST * largest < floor < 3 * largest


def inputs_shown(run: FinishedRun, names: Sequence[str], *, others: bool) -> list[int]:
    """Positions of the inputs that get a panel: those of the formula, then the others if they are wanted."""
    used = used_names(run)
    chosen = [k for k, name in enumerate(names) if name in used]
    if others:
        chosen += [k for k, name in enumerate(names) if name not in used]
    return chosen[:MOST_PANELS]


def used_names(run: FinishedRun) -> set[str]:
    """Names of the inputs that the pick uses."""
    return {symbol.name for symbol in run.formula.expression.free_symbols if isinstance(symbol, sympy.Symbol)}


@dataclass(frozen=True, eq=False)
class RunningMean:
    """Means along an axis, at increasing places `x` (k,), with standard errors; `discrete` where x has few values."""

    x: np.ndarray
    mean: np.ndarray
    error: np.ndarray
    discrete: bool


def running_mean(x: np.ndarray, values: np.ndarray, weights: np.ndarray | None = None) -> RunningMean | None:
    """Weighted means over windows of equally many neighbours, or over the points at each of few different inputs.

    The standard error of a mean is taken from the scatter of its points, not from their stated errors.

    Parameters
    ----------
    x, values : array (n,)
    weights : array (n,), optional
        Equal by default.

    Returns
    -------
    RunningMean or None
        None below eight points.
    """
    if len(x) < 8:
        return None
    order = np.argsort(x, kind="stable")
    x, values = x[order], values[order]
    shares = np.ones(len(x)) if weights is None else weights[order] / weights.max()
    places = np.unique(x)
    if len(places) <= FEW_VALUES:
        starts, ends = np.searchsorted(x, places, "left"), np.searchsorted(x, places, "right")
        if (ends - starts).max() < 2:
            return None
        return RunningMean(places, *_means(values, shares, starts, ends), discrete=True)
    size = max(min(FEWEST, len(x) // 2), round(NEIGHBOURS * len(x)))
    starts = np.unique(np.linspace(0, len(x) - size, min(STEPS, len(x) - size + 1)).round().astype(int))
    ends = starts + size
    middles, _ = _means(x, shares, starts, ends)
    return RunningMean(middles, *_means(values, shares, starts, ends), discrete=False)


def _means(
    values: np.ndarray, weights: np.ndarray, starts: np.ndarray, ends: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    # In units of the largest value: squares of extreme numbers overflow.
    peak = float(np.max(np.abs(values), initial=0.0)) or 1.0
    means, errors = [], []
    for start, end in zip(starts, ends, strict=True):
        part, share = values[start:end] / peak, weights[start:end] / weights[start:end].sum()
        mean = float(share @ part)
        effective = 1 / float(share @ share)
        variance = float(share @ (part - mean) ** 2)
        means.append(mean)
        errors.append(np.sqrt(variance / (effective - 1)) if effective > 1.5 else np.nan)
    return np.array(means) * peak, np.array(errors) * peak
