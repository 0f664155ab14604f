"""Formula and network along one input at a time, against the data, and what they do beyond them."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from kansym.data.dataset import Dataset
from kansym.figures.axes import is_logarithmic, is_stacked, label, named, panel_grid, scale_axis, set_scale
from kansym.figures.points import Points, hollow, hollow_entry, inputs_shown, points_of, table_of
from kansym.figures.style import Theme, styled, theme_of
from kansym.run.finished import FinishedRun

BEYOND = 0.3
"""How far the curves go on, in units of the range of the data; on logarithmic axes of that of the logarithm."""

CURVE_POINTS = 240

LEARNED = 0.1
"""Share of the variance of the target that a network may leave for its curve to be drawn; see
`kansym.validation.verdict.TENTH`."""

NEAR_SHARE, NEAR_LEAST, NEAR_MOST = 0.05, 40, 300
"""Share and numbers of the rows that count as near a slice."""

MOST_BARS = 120


@dataclass(frozen=True, eq=False)
class Slice:
    """One input varied, the others held.

    Attributes
    ----------
    x : ndarray, shape (m,)
    formula, network : ndarray, shape (m,)
        nan where there is no finite value; all nan without a network.
    low, high : float
        Range of the data.
    rows_x, rows_y : ndarray
        Rows near the slice.
    rows_error : ndarray or None
    rows_aside : ndarray of bool
        Outliers among them that were left out.
    """

    x: np.ndarray
    formula: np.ndarray
    network: np.ndarray
    low: float
    high: float
    rows_x: np.ndarray
    rows_y: np.ndarray
    rows_error: np.ndarray | None
    rows_aside: np.ndarray

    @property
    def inside(self) -> np.ndarray:
        """Which of `x` lie within the data."""
        return (self.x >= self.low) & (self.x <= self.high)


def applies(run: FinishedRun) -> bool:
    """With a table, and a formula of some input that has values on it."""
    return run.dataset is not None and bool(run.formula.expression.free_symbols) and len(points_of(run)) > 0


def slices(run: FinishedRun, *, dark: bool = False) -> Figure:
    """The formula and the network along each input that the formula uses, the other inputs at their medians.

    The range beyond the data is shaded. Of a table with one input all rows are drawn as they are (2000 at most). Of
    others the rows that are nearest to the slice are drawn, moved onto it along the formula: what is left of each row,
    measured less predicted, stands above or below the curve.

    Parameters
    ----------
    run : FinishedRun
    dark : bool, default False
        For dark backgrounds.

    Raises
    ------
    ArgumentError
        If the run was saved without its table.
    """
    points, dataset, theme, summary = points_of(run), table_of(run), theme_of(dark), run.summary
    chosen = inputs_shown(run, dataset.names, others=False)
    with styled(theme):
        figure, panels = panel_grid(theme, len(chosen))
        for number, (axes, k) in enumerate(zip(panels, chosen, strict=True)):
            one = slice_along(run, dataset, points, k)
            _draw(axes, one, theme, logarithmic=is_logarithmic(points.y))
            label(axes, "x", named(dataset.names[k], dataset.units[k]), 2.5 if len(panels) > 1 else 4.8)
            if number % 3 == 0:
                label(axes, "y", named(summary.target, summary.y_units), 1.8 if len(panels) > 1 else 3.0)
        rows = "rows" if dataset.n_columns == 1 else "nearest rows, moved along the formula"
        entries: list[Line2D | Patch] = [
            Line2D([], [], color=theme.primitive, label="formula"),
            Line2D([], [], marker="o", linestyle="none", color=theme.point, markersize=4, label=rows),
            Patch(color=theme.shade, label="beyond the data"),
        ]
        if points.aside.any():
            entries.insert(2, hollow_entry(theme))
        if network_shown(run):
            entries.insert(1, Line2D([], [], color=theme.spline, linestyle=(0, (5, 2)), label="network"))
        columns = len(entries) if (len(chosen) > 1 and not is_stacked()) or dataset.n_columns == 1 else 2
        figure.legend(handles=entries, loc="lower center", ncols=columns, fontsize=7.5)
        return figure


def alt(run: FinishedRun) -> str:
    """One sentence for those who do not see it."""
    dataset = table_of(run)
    chosen = inputs_shown(run, dataset.names, others=False)
    others = ", the other inputs at their medians" if dataset.n_columns > 1 else ""
    network = " and of the network" if network_shown(run) else ""
    return (
        f"Values of the formula{network} along {', '.join(dataset.names[k] for k in chosen)}{others}, against the data "
        "and 30 % of the range beyond them."
    )


def network_shown(run: FinishedRun) -> bool:
    """Whether there is a network, and it has learned enough of the table for its curve to mean something."""
    if run.network is None or run.dataset is None:
        return False
    with np.errstate(all="ignore"):
        left = float(np.var(run.dataset.y - run.network.predict(run.dataset.X)) / (np.var(run.dataset.y) or 1.0))
    return left <= LEARNED


def slice_along(run: FinishedRun, dataset: Dataset, points: Points, column: int) -> Slice:
    """Evaluate formula and network along one column of the table."""
    values = dataset.X[:, column]
    low, high = float(values.min()), float(values.max())
    x = _extended(low, high, is_logarithmic(values))
    at = np.tile(_middle(dataset.X), (len(x), 1))
    at[:, column] = x
    with np.errstate(all="ignore"):
        formula = _finite(run.formula.predict(at))
        network = _finite(run.network.predict(at)) if network_shown(run) and run.network else np.full(len(x), np.nan)
        near = _near(points, dataset.X, column)
        moved = points.y[near]
        if dataset.n_columns > 1:
            at = np.tile(_middle(dataset.X), (len(near), 1))
            at[:, column] = points.X[near, column]
            moved = run.formula.predict(at) + points.residual[near]
    kept = np.isfinite(moved)
    error = None if points.error is None else points.error[near][kept]
    rows = points.X[near, column][kept], moved[kept], error, points.aside[near][kept]
    return Slice(x, formula, network, low, high, *rows)


def _middle(X: np.ndarray) -> np.ndarray:
    """Medians, as values that occur: half a quantum number is not one."""
    return np.array([np.sort(column)[(len(column) - 1) // 2] for column in X.T])


def _extended(low: float, high: float, logarithmic: bool) -> np.ndarray:
    share = np.linspace(-BEYOND, 1 + BEYOND, CURVE_POINTS)
    if not high > low:
        # A column of one value, which a formula may use all the same.
        return low + (share - 0.5) * (abs(low) or 1.0)
    if logarithmic:
        return np.exp(np.log(low) + share * (np.log(high) - np.log(low)))
    x = low * (1 - share) + high * share
    # What has one sign in all of the data keeps it: there is no negative diameter.
    return x[x >= 0] if low >= 0 else x[x <= 0] if high <= 0 else x


def _near(points: Points, X: np.ndarray, column: int) -> np.ndarray:
    """Rows nearest to the medians of the other columns, in units of their quartile ranges."""
    others = [k for k in range(X.shape[1]) if k != column]
    if not others:
        return points.shown
    lower, middle, upper = np.quantile(X[:, others], [0.25, 0.5, 0.75], axis=0)
    width = np.where(upper > lower, upper - lower, np.ptp(X[:, others], axis=0))
    distance = (((points.X[:, others] - middle) / np.where(width > 0, width, 1.0)) ** 2).sum(axis=1)
    number = int(np.clip(NEAR_SHARE * len(points), NEAR_LEAST, NEAR_MOST))
    return np.sort(np.argsort(distance, kind="stable")[:number])


def _finite(values: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(values), values, np.nan)


def _draw(axes: Axes, one: Slice, theme: Theme, *, logarithmic: bool) -> None:
    scale_axis(axes, "x", one.x[one.inside])
    inside = one.formula[one.inside & np.isfinite(one.formula)]
    shown = np.concatenate([one.rows_y, inside])
    # A slice may pass where the formula has no rows, next to zero or below it.
    logarithmic = logarithmic and len(shown) > 0 and bool((shown > 0).all())
    set_scale(axes, "y", "log" if logarithmic else "linear")
    axes.set_xlim(one.x[0], one.x[-1])
    for start, end in ((one.x[0], one.low), (one.high, one.x[-1])):
        axes.axvspan(start, end, color=theme.shade, linewidth=0, zorder=0)
    if one.rows_error is not None and len(one.rows_x) <= MOST_BARS:
        axes.errorbar(
            one.rows_x, one.rows_y, one.rows_error, fmt="none", ecolor=theme.point, elinewidth=0.7, zorder=2
        )  # fmt: skip
    few = len(one.rows_x) <= 200
    kept = ~one.rows_aside
    axes.plot(
        one.rows_x[kept], one.rows_y[kept], "o", color=theme.point, markersize=3.5 if few else 2.2, markeredgewidth=0,
        alpha=0.85 if few else 0.6, zorder=6 if few else 3,
        label="rows",
    )  # fmt: skip
    if np.isfinite(one.network).any():
        axes.plot(one.x, one.network, color=theme.spline, linestyle=(0, (5, 2)), zorder=4, label="network")
    axes.plot(one.x, one.formula, color=theme.primitive, zorder=5, label="formula")
    _limit(axes, one.rows_y, inside, logarithmic)
    if one.rows_aside.any():
        hollow(axes, one.rows_x[one.rows_aside], one.rows_y[one.rows_aside], theme)


def _limit(axes: Axes, rows: np.ndarray, curve: np.ndarray, logarithmic: bool) -> None:
    """Room for the rows, and for the formula among them as far as it stays near: a pole must not flatten the rest."""
    if logarithmic:
        rows, curve = np.log10(rows), np.log10(curve)
    known = rows if len(rows) else curve
    if not len(known):
        return
    low, high = float(known.min()), float(known.max())
    if len(curve):
        reach = high - low
        low = min(low, max(float(curve.min()), low - 0.5 * reach))
        high = max(high, min(float(curve.max()), high + 0.5 * reach))
    space = 0.15 * (high - low) or (0.5 if logarithmic else abs(high) or 1.0)
    ends = (low - space, high + space)
    axes.set_ylim(*((10**end for end in ends) if logarithmic else ends))
