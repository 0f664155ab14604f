"""Figures of a system: trajectories with the model and beyond the data, residuals, phase portrait."""

from collections.abc import Callable, Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from kansym.dynamics.system import System
from kansym.errors import ArgumentError
from kansym.figures.axes import label, named, panel_grid
from kansym.figures.style import MARKERS, Theme, styled, theme_of

MOST_PANELS, MOST_RUNS = 6, 6
"""States and runs that are drawn."""

BEYOND = 0.3
"""Length of the model's trajectory beyond the data, in units of the run."""

FINE = 400
"""Points of a curve."""

GRID = 60
"""Points along each axis of a phase portrait."""


def trajectories(system: System, *, dark: bool = False) -> Figure:
    """The measured states, the integrated trajectories, and how they go on beyond the data."""
    theme = theme_of(dark)
    data = system.data
    shown = data.states[:MOST_PANELS]
    with styled(theme):
        figure, panels = panel_grid(theme, len(shown))
        for k, (axes, state) in enumerate(zip(panels, shown, strict=True)):
            for number, run in enumerate(data.runs[:MOST_RUNS]):
                _points(axes, run.t, run.x[:, k], number, theme)
                t, states, end = _curve(system, number)
                inside = t <= end
                axes.plot(t[inside], states[inside, k], color=theme.primitive, zorder=3)
                axes.plot(t[~inside], states[~inside, k], color=theme.primitive, linestyle=(0, (4, 2)), zorder=3)
                if (~inside).any() and number == 0:
                    axes.axvspan(end, t[-1], color=theme.shade, linewidth=0, zorder=0)
            _fit_to(axes, np.concatenate([run.x[:, k] for run in data.runs]))
            label(axes, "x", named(data.time, data.units.get(data.time)), 2.0)
            label(axes, "y", named(state, data.units.get(state)), 1.7)
        entries = [
            Line2D([], [], color=theme.point, marker="o", markersize=3.5, linestyle="", label="measured"),
            Line2D([], [], color=theme.primitive, label="integrated equations"),
            Line2D([], [], color=theme.primitive, linestyle=(0, (4, 2)), label="beyond the data"),
        ]
        figure.legend(handles=entries, loc="lower center", ncols=3)
    return figure


def residuals(system: System, *, dark: bool = False) -> Figure:
    """Measured less integrated states, in standard errors."""
    theme = theme_of(dark)
    data = system.data
    shown = data.states[:MOST_PANELS]
    with styled(theme):
        figure, panels = panel_grid(theme, len(shown))
        for k, (axes, state) in enumerate(zip(panels, shown, strict=True)):
            axes.axhspan(-1, 1, color=theme.shade, linewidth=0, zorder=0)
            for number, run in enumerate(data.runs[:MOST_RUNS]):
                left = (run.x[:, k] - system.fitted(number)[:, k]) / system.sigmas[number][:, k]
                _points(axes, run.t, left, number, theme)
            label(axes, "x", named(data.time, data.units.get(data.time)), 2.0)
            label(axes, "y", f"residual of {state} / error", 1.7)
    return figure


def phase_portrait(system: System, *, dark: bool = False) -> Figure | None:
    """The first two states against each other with the flow between; of one state, its derivative against it.

    None where inputs or the time act, and of more than two states without the arrows of the flow.
    """
    if system.data.inputs or system.explicit_time:
        return None
    theme = theme_of(dark)
    with styled(theme):
        figure, (axes,) = panel_grid(theme, 1)
        if len(system.states) == 1:
            _slope(axes, system, theme)
        else:
            _plane(axes, system, theme)
    return figure


def _plane(axes: Axes, system: System, theme: Theme) -> None:
    data = system.data
    for number in range(min(len(data.runs), MOST_RUNS)):
        fitted, (_, states, _) = system.fitted(number), _curve(system, number, beyond=0.0)
        # Velocities that were not measured are those of the model.
        y = data.runs[number].x[:, 1] if len(data.states) > 1 else fitted[:, 1]
        if len(data.states) > 1:
            _points(axes, data.runs[number].x[:, 0], y, number, theme)
        axes.plot(states[:, 0], states[:, 1], color=theme.primitive, zorder=3)
    if len(system.states) == 2:
        (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
        x, y = np.meshgrid(np.linspace(left, right, GRID), np.linspace(low, high, GRID))
        rates = _rates(system, np.column_stack([x.ravel(), y.ravel()]))
        u, v = np.nan_to_num(rates).T
        axes.streamplot(x, y, u.reshape(x.shape), v.reshape(x.shape), color=theme.pale, linewidth=0.7, arrowsize=0.7,
                        density=1.1, zorder=1)  # fmt: skip
        axes.set_xlim(left, right)
        axes.set_ylim(low, high)
    for point in _fixed(system):
        stable = point.kind.startswith(("stable", "centre"))
        x, y = list(point.point.values())[:2]
        axes.plot([x], [y], marker="o", color=theme.ink, markerfacecolor=theme.ink if stable else theme.background,
                  linestyle="", zorder=4)  # fmt: skip
    label(axes, "x", named(system.states[0], data.units.get(system.states[0])), 4.0)
    label(axes, "y", named(system.states[1], data.units.get(system.states[1])), 2.6)


def _slope(axes: Axes, system: System, theme: Theme) -> None:
    x = np.concatenate([run.x[:, 0] for run in system.data.runs])
    margin = 0.15 * float(np.ptp(x))
    grid = np.linspace(x.min() - margin, x.max() + margin, FINE)
    axes.axhline(0.0, color=theme.muted, linewidth=0.7)
    axes.axvspan(float(x.min()), float(x.max()), color=theme.shade, linewidth=0, zorder=0)
    axes.plot(grid, _rates(system, grid[:, None])[:, 0], color=theme.primitive)
    for point in _fixed(system):
        stable = point.kind.startswith("stable")
        axes.plot(list(point.point.values()), [0.0], marker="o", color=theme.ink, linestyle="", zorder=4,
                  markerfacecolor=theme.ink if stable else theme.background)  # fmt: skip
    axes.set_xlim(grid[0], grid[-1])
    label(axes, "x", named(system.states[0], system.data.units.get(system.states[0])), 4.0)
    label(axes, "y", system.left(0), 2.6)


def _fixed(system: System):
    try:
        return system.fixed_points()
    except ArgumentError:
        return ()


def _rates(system: System, states: np.ndarray) -> np.ndarray:
    """Derivatives (n, m) of states (n, m)."""
    forms = system.flow.forms
    with np.errstate(all="ignore"):
        return np.column_stack([form.evaluate(states) for form in forms])


def _curve(system: System, number: int, beyond: float = BEYOND) -> tuple[np.ndarray, np.ndarray, float]:
    """A run by the model at many times, how it goes on, and the end of the data; nan where it cannot be integrated."""
    run = system.data.runs[number]
    ends = [*run.t[system.shots[number][1:]], run.t[-1]]
    times, states = [], []
    for place, (start, end) in enumerate(zip(system.starts[number], ends, strict=True)):
        begin = run.t[system.shots[number][place]]
        last = place == len(ends) - 1 and not system.data.inputs
        stop = end + (beyond * (run.t[-1] - run.t[0]) if last else 0.0)
        t = np.linspace(begin, stop, FINE)
        u = np.column_stack([np.interp(t, run.t, column) for column in run.u.T]) if system.data.inputs else None
        times.append(t)
        try:
            states.append(system.simulate(start, t, u))
        except ArgumentError:
            states.append(np.full((FINE, len(system.states)), np.nan))
    return np.concatenate(times), np.vstack(states), float(run.t[-1])


def _points(axes: Axes, x: np.ndarray, y: np.ndarray, number: int, theme: Theme) -> None:
    colours = (theme.point, *theme.others)
    marker = "o" if number == 0 else MARKERS[(number - 1) % len(MARKERS)]
    axes.plot(x, y, marker=marker, markersize=2.6, linestyle="", color=colours[number % len(colours)], zorder=2,
              markeredgewidth=0)  # fmt: skip


def _fit_to(axes: Axes, values: np.ndarray) -> None:
    """Keep the data in view where the model runs away beyond them."""
    low, high = float(values.min()), float(values.max())
    margin = 0.6 * (high - low) or 1.0
    bottom, top = axes.get_ylim()
    axes.set_ylim(max(bottom, low - margin), min(top, high + margin))


FIGURES: Mapping[str, tuple[str, Callable[..., Figure | None], str]] = {
    "trajectories": (
        "Trajectories",
        trajectories,
        "Measured states (points) and the integrated equations (lines), dashed and on grey beyond the first run.",
    ),
    "phase": (
        "Phase portrait",
        phase_portrait,
        "Runs (points) and integrated equations; arrows show where states move, dots fixed points, full if stable.",
    ),
    "residuals": (
        "Residuals",
        residuals,
        "Measured less integrated states in standard errors; on grey, within one.",
    ),
}
"""Figures by name: title, how they are drawn, caption."""
