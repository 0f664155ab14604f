"""The Pareto front: what every further node of a formula buys."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from kansym.figures.axes import finish, label, named, set_scale
from kansym.figures.labels import Label, clean, formula_block, stacked
from kansym.figures.style import MARKERS, Theme, blank, styled, theme_of
from kansym.run.finished import FinishedRun
from kansym.run.residuals import holds_out, judging_rows, weighting
from kansym.run.summary import RunSummary
from kansym.symbolic.formula import Formula

MOST_LABELS = 14
"""Formulas with a label: the pick, and those that gain most on the one before."""

POINTS = 8.5
"""Size of the labels."""

LABEL_WIDTH, PLOT_WIDTH = 3.3, 3.9
"""Inches."""

MOST_ABOVE = 0.35
"""Share of the height up to which the noise floor is in the way of the legend."""

ROUNDING = 1e-16
"""Residuals over the size of y below which all is rounding."""


class OtherPoint(Protocol):
    """A formula on another front: its nodes and its residual."""

    @property
    def complexity(self) -> int: ...
    @property
    def rms(self) -> float: ...


class OtherTool(Protocol):
    """What another tool found: its pick, without nodes where it is no formula, and its front; or why it failed."""

    @property
    def tool(self) -> str: ...
    @property
    def failure(self) -> str: ...
    @property
    def complexity(self) -> int | None: ...
    @property
    def rms(self) -> float | None: ...
    @property
    def front(self) -> Sequence[OtherPoint]: ...


class OtherTools(Protocol):
    """Other tools on the same table, as `kansym.comparison.result.Comparison` holds them."""

    @property
    def peers(self) -> Sequence[OtherTool]: ...


@dataclass(frozen=True)
class _Place:
    formula: Formula
    x: float
    y: float
    picked: bool


def applies(run: FinishedRun) -> bool:
    """Where the front has a formula with a known loss."""
    return bool(_places(run))


def front(run: FinishedRun, *, dark: bool = False, comparison: OtherTools | None = None) -> Figure:
    """RMS residual against the nodes of the formulas, on a logarithmic axis, each formula written beside its point.

    The residual is that of the held-out rows where there are any, weighted where the table has errors. The pick is
    marked. Formulas whose units do not go together are hollow. What fits better than the noise floor is not worth its
    nodes, so the floor is drawn where it is near.

    Parameters
    ----------
    run : FinishedRun
    dark : bool, default False
    comparison : Comparison, optional
        Of other tools on the same table: their fronts are drawn over this one, by the residuals on the rows that they
        were fitted to.
    """
    theme, summary = theme_of(dark), run.summary
    places = _places(run)
    floor = _lowest(run)
    labelled = _labelled(places)
    with styled(theme):
        labels = [formula_block(place.formula, POINTS, LABEL_WIDTH) for place in labelled]
        tall = sum(one.height + 0.1 for one in labels)
        widest = max((one.width for one in labels), default=0.0)
        width, height = PLOT_WIDTH + 1.03 * widest + 0.45, max(3.9, tall + 0.9)
        figure = blank(theme, width, height)
        axes = figure.add_axes((0.75 / width, 0.55 / height, (PLOT_WIDTH - 0.75) / width, (height - 0.75) / height))
        finish(axes)
        set_scale(axes, "y", "log")
        xs, ys = [place.x for place in places], [place.y for place in places]
        peers = []
        if comparison is not None:
            peers = _draw_peers(axes, comparison, theme, floor, 2 * max(xs, default=0.0))
            axes.plot(
                [], [], "o-", color=theme.spline, markersize=5, linewidth=1.1, label=f"kansym, {judging_rows(summary)}"
            )
        axes.step(xs, ys, where="post", color=theme.spline, linewidth=1.1, alpha=0.7, zorder=3)
        for place in places:
            colour = theme.primitive if place.picked else theme.spline
            axes.plot(
                [place.x],
                [place.y],
                marker="o",
                markersize=9 if place.picked else 5,
                markerfacecolor=theme.background if place.formula.consistent is False else colour,
                markeredgecolor=colour,
                linestyle="none",
                zorder=5,
            )
        _limits(axes, xs, ys, peers)
        if summary.noise_floor > 0 and math.isfinite(summary.noise_floor):
            low, high = axes.get_ylim()
            if low / 3 < summary.noise_floor < high:
                axes.set_ylim(min(low, summary.noise_floor / 1.5), high)
                axes.axhline(summary.noise_floor, color=theme.muted, linestyle=(0, (4, 3)), linewidth=0.9, zorder=1)
                axes.annotate(
                    "noise floor",
                    (0.02, summary.noise_floor),
                    xycoords=("axes fraction", "data"),
                    xytext=(0, 2),
                    textcoords="offset points",
                    fontsize=7.5,
                    color=theme.muted,
                )
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
        axes.set_xlabel("complexity (nodes of the formula)")
        label(axes, "y", _axis(summary), height - 0.8)
        if any(place.formula.consistent is False for place in places):
            axes.plot(
                [], [], "o", color=theme.spline, markerfacecolor=theme.background, markersize=5,
                label="units do not go together",
            )  # fmt: skip
        if axes.get_legend_handles_labels()[0]:
            axes.legend(loc="lower left", fontsize=7.5, bbox_to_anchor=(0.0, _above_floor(axes, summary.noise_floor)))
        _write(figure, axes, labelled, labels, theme)
        return figure


def _above_floor(axes: Axes, floor: float) -> float:
    """Where the legend begins, as a share of the height: above the words on a noise floor that is low."""
    low, high = axes.get_ylim()
    if not low < floor < high:
        return 0.0
    place = math.log(floor / low) / math.log(high / low)
    return place + 0.06 if place < MOST_ABOVE else 0.0


def _axis(summary: RunSummary) -> str:
    """What the residuals are: weighted ones are not the scatter that people would read off."""
    weights = "weighted " if weighting(summary) else ""
    rows = "held-out" if holds_out(summary) else "leave-one-out"
    return f"{weights}{rows} RMS residual of {named(summary.target, summary.y_units)}"


def alt(run: FinishedRun) -> str:
    """One sentence for those who do not see it."""
    places = _places(run)
    picked = next((place for place in places if place.picked), None)
    if picked is None:
        return f"Pareto front of {len(places)} formulas: residual against complexity."
    first, last = places[0], places[-1]
    weights = "weighted " if weighting(run.summary) else ""
    return (
        f"Pareto front of {len(places)} formulas: the {weights}RMS residual falls from {first.y:.2g} at complexity "
        f"{first.x:.0f} to {last.y:.2g} at {last.x:.0f}; the pick, {picked.formula}, has complexity {picked.x:.0f} "
        f"and {picked.y:.2g}."
    )


def _places(run: FinishedRun) -> list[_Place]:
    best, floor = run.formula, _lowest(run)
    found, seen = [], False
    for formula in run.front:
        # The pick may have been refitted after the front was made.
        picked = not seen and (formula is best or formula.to_dict() == best.to_dict())
        seen = seen or picked
        if math.isfinite(formula.loss) and formula.loss >= 0:
            found.append(_Place(formula, formula.complexity, max(math.sqrt(formula.loss), floor), picked))
    return found


def _lowest(run: FinishedRun) -> float:
    """Residuals below are rounding; they all stand on this line."""
    size = max((math.sqrt(f.loss) for f in run.front if math.isfinite(f.loss) and f.loss > 0), default=1.0)
    return max(ROUNDING * size, 1e-300)


def _labelled(places: list[_Place]) -> list[_Place]:
    if len(places) <= MOST_LABELS:
        return places
    gains = [math.inf] + [math.log(a.y / b.y) for a, b in itertools.pairwise(places)]
    gains = [math.inf if place.picked else gain for place, gain in zip(places, gains, strict=True)]
    chosen = sorted(np.argsort(gains)[::-1][:MOST_LABELS])
    return [places[k] for k in chosen]


def _limits(axes: Axes, xs: list[float], ys: list[float], peers: list[tuple[float, float]]) -> None:
    xs, ys = [*xs, *(x for x, _ in peers)], [*ys, *(y for _, y in peers)]
    if not xs:
        return
    space = 0.08 * (max(xs) - min(xs)) or 1.0
    axes.set_xlim(max(min(xs) - space, 0.0), max(xs) + space)
    decades = math.log10(max(ys)) - math.log10(min(ys))
    room = 10 ** max(0.08 * decades, 0.15)
    axes.set_ylim(min(ys) / room, max(ys) * room)


def _write(figure: Figure, axes: Axes, places: list[_Place], labels: list[Label], theme: Theme) -> None:
    """The formulas in a column on the right, each with a line to its point: no better point can lie in its way."""
    width, height = figure.get_size_inches()
    spots = figure.transFigure.inverted().transform(axes.transData.transform([(p.x, p.y) for p in places]))
    order = sorted(range(len(places)), key=lambda k: (-spots[k][1], places[k].x))
    heights = [labels[k].height + 0.1 for k in order]
    middles = stacked([spots[k][1] * height for k in order], heights, 0.15, height - 0.1)
    edge, text = (PLOT_WIDTH + 0.08) / width, (PLOT_WIDTH + 0.3) / width
    for k, middle in zip(order, middles, strict=True):
        place, one, y = places[k], labels[k], middle / height
        colour = theme.primitive if place.picked else theme.muted
        figure.add_artist(
            Line2D(
                [spots[k][0], edge, text - 0.05 / width],
                [spots[k][1], spots[k][1], y],
                color=colour,
                linewidth=0.9 if place.picked else 0.5,
                alpha=0.9 if place.picked else 0.6,
                zorder=0.5,
            )
        )
        figure.text(
            text,
            y,
            one.text,
            fontsize=POINTS,
            va="center",
            color=theme.primitive if place.picked else theme.ink,
            parse_math=one.math,
        )


def _draw_peers(
    axes: Axes, comparison: OtherTools, theme: Theme, floor: float, longest: float
) -> list[tuple[float, float]]:
    """Fronts of the others, up to twice our own longest formula or their own pick: what is longer shows nothing."""
    drawn = []
    for number, result in enumerate(comparison.peers):
        if result.failure or result.rms is None or not math.isfinite(result.rms):
            continue
        colour, marker = theme.others[number % len(theme.others)], MARKERS[number % len(MARKERS)]
        name = clean(result.tool)
        if result.complexity is None:
            axes.axhline(max(result.rms, floor), color=colour, linestyle="--", linewidth=1, label=name, zorder=1)
            continue
        most = max(longest, result.complexity)
        points = [
            (p.complexity, max(p.rms, floor)) for p in result.front if math.isfinite(p.rms) and p.complexity <= most
        ]
        points = points or [(result.complexity, max(result.rms, floor))]
        xs, ys = zip(*points, strict=True)
        axes.step(xs, ys, where="post", color=colour, linewidth=0.9, alpha=0.7, zorder=2)
        axes.plot(xs, ys, marker, color=colour, markersize=4, linestyle="none", label=name, zorder=4)
        drawn += points
    return drawn
