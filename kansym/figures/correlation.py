"""Which constants of the pick the data cannot tell apart."""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from kansym.figures.labels import shorten
from kansym.figures.style import blank, styled, theme_of
from kansym.numbers import measured
from kansym.run.finished import FinishedRun

MOST_CONSTANTS = 12

MINUS = "\N{MINUS SIGN}"


def applies(run: FinishedRun) -> bool:
    """Where the correlation of at least two constants is known."""
    return len(_fitted(run)) > 1


def correlation(run: FinishedRun, *, dark: bool = False) -> Figure:
    """Correlations of the fitted constants, as colours and numbers; near 1 or −1, only a combination is known.

    Parameters
    ----------
    run : FinishedRun
    dark : bool, default False
        For dark backgrounds.
    """
    chosen, theme = _fitted(run), theme_of(dark)
    values, constants = _matrix(run, chosen), run.formula.constants
    names = [
        shorten(f"{constants[k].name} = {measured(constants[k].value, constants[k].error).replace('-', MINUS)}", 8, 2.2)
        for k in chosen
    ]
    with styled(theme):
        side = 0.55 * len(chosen)
        figure = blank(theme, side + 2.9, side + 0.75, layout="constrained")
        axes = figure.subplots()
        axes.grid(visible=False)
        colours = LinearSegmentedColormap.from_list("correlation", [theme.spline, theme.background, theme.primitive])
        lines = np.arange(len(chosen) + 1) - 0.5
        axes.pcolormesh(lines, lines, values, cmap=colours, vmin=-1, vmax=1, edgecolors=theme.background, linewidth=1.5)
        for (row, column), value in np.ndenumerate(values):
            # On strong colours the paper's own colour is read best.
            ink = theme.background if abs(value) > 0.6 else theme.ink
            axes.text(column, row, _number(value), ha="center", va="center", fontsize=7.5, color=ink)
        axes.set_aspect("equal")
        axes.set_xlim(-0.5, len(chosen) - 0.5)
        axes.set_ylim(len(chosen) - 0.5, -0.5)
        axes.set_yticks(range(len(chosen)))
        axes.set_yticklabels(names, parse_math=False)
        axes.set_xticks(range(len(chosen)))
        axes.set_xticklabels([constants[k].name for k in chosen], parse_math=False)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        return figure


def alt(run: FinishedRun) -> str:
    """One sentence for those who do not see it."""
    chosen = _fitted(run)
    values = np.triu(_matrix(run, chosen), 1)
    row, column = np.unravel_index(int(np.argmax(np.abs(values))), values.shape)
    first, second = (run.formula.constants[chosen[int(k)]].name for k in (row, column))
    return (
        f"Correlations of {len(chosen)} fitted constants; the strongest is {values[row, column]:.3g}, of {first} and "
        f"{second}."
    )


def _fitted(run: FinishedRun) -> list[int]:
    matrix = run.formula.correlation
    if matrix is None or len(matrix) != len(run.formula.constants):
        return []
    return [k for k in range(len(matrix)) if np.isfinite(matrix[k, k])][:MOST_CONSTANTS]


def _matrix(run: FinishedRun, chosen: list[int]) -> np.ndarray:
    matrix = run.formula.correlation
    assert matrix is not None
    return np.nan_to_num(matrix[np.ix_(chosen, chosen)])


def _number(value: float) -> str:
    # 0.9996 must not read as 1.
    text = f"{value:.2f}" if abs(value) < 0.995 or abs(value) == 1 else f"{value:.5f}".rstrip("0")
    return text.replace("-", MINUS)
