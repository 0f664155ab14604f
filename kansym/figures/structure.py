"""How the law was taken apart: from the table, through what was found in it, to the formula; in boxes."""

from dataclasses import dataclass

import sympy
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from kansym.figures.axes import named
from kansym.figures.labels import Label, expression_label, formula_lines, text_label
from kansym.figures.points import used_names
from kansym.figures.steps import is_piece, meaning, steps_shown, title
from kansym.figures.style import Theme, blank, styled, theme_of
from kansym.run.finished import FinishedRun
from kansym.symbolic.steps import Step, StepKind

MAIN, SIDE, GAP, PAD, MARGIN = 4.3, 2.3, 0.28, 0.1, 0.15
"""Inches: widths of the two columns of boxes, the space between boxes, around text and at the border."""

LINE = 0.05
"""Inches between lines."""


@dataclass(frozen=True)
class _Line:
    parts: tuple[Label, ...]
    points: float
    muted: bool = False

    @property
    def height(self) -> float:
        return max(part.height for part in self.parts)


def applies(run: FinishedRun) -> bool:
    """Always."""
    del run
    return True


def structure(run: FinishedRun, *, dark: bool = False) -> Figure:
    """The steps from the table to the pick as boxes, pieces that were read on their own beside them.

    Where the formula was found in one step, one box says so.

    Parameters
    ----------
    run : FinishedRun
    dark : bool, default False
        For dark backgrounds.
    """
    theme, steps = theme_of(dark), steps_shown(run.formula)
    with styled(theme):
        aside = any(is_piece(step) for step in steps)
        whole = MAIN + (GAP + SIDE if aside else 0.0)
        boxes = [_table(run), *(_step_lines(step) for step in steps), _formula(run, whole)]
        pieces = [None, *(_piece(step) for step in steps), None]
        tall = [0.0 if piece is None else _height(piece) for piece in pieces]
        heights = [max(_height(box), beside) for box, beside in zip(boxes, tall, strict=True)]
        width = whole + 2 * MARGIN
        height = sum(heights) + GAP * (len(boxes) - 1) + 2 * MARGIN
        figure = blank(theme, width, height)
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set_axis_off()
        axes.set_xlim(0, width)
        axes.set_ylim(0, height)
        top = height - MARGIN
        for number, (box, piece, size) in enumerate(zip(boxes, pieces, heights, strict=True)):
            last = number == len(boxes) - 1
            if number:
                _arrow(axes, (MARGIN + MAIN / 2, top + GAP), (MARGIN + MAIN / 2, top), theme)
            _box(axes, MARGIN, top, whole if last else MAIN, size, box, theme, strong=last)
            if piece is not None:
                left = MARGIN + MAIN + GAP
                _arrow(axes, (left - GAP, top - size / 2), (left, top - size / 2), theme)
                _box(axes, left, top, SIDE, size, piece, theme, strong=True)
            top -= size + GAP
        if aside:
            _gather(axes, pieces, heights, height, theme)
        return figure


def alt(run: FinishedRun) -> str:
    """One sentence for those who do not see it."""
    steps = steps_shown(run.formula)
    words = ", ".join(map(title, steps))
    number = len(run.summary.names)
    columns = "1 column" if number == 1 else f"{number} columns"
    return f"How the law was taken apart: {columns}; {words}; {run.formula}."


def _table(run: FinishedRun) -> list[_Line]:
    summary = run.summary
    used = used_names(run)
    names = [named(name, unit) for name, unit in zip(summary.names, summary.units, strict=True)]
    idle = [name for name in summary.names if name not in used]
    inner = MAIN - 2 * PAD
    columns = "1 column" if len(names) == 1 else f"{len(names)} columns"
    title = f"the table: {named(summary.target, summary.y_units)} by {columns}, {summary.rows:,} rows"
    lines = [_Line((text_label(title, 9, inner),), 9)]
    lines += [_Line((text_label(line, 8, inner),), 8, muted=True) for line in _wrapped(names, 8, inner, 3)]
    if idle and len(idle) < len(names):
        lines.append(_Line((text_label("not in the formula: " + ", ".join(idle), 8, inner),), 8, muted=True))
    return lines


def _step_lines(step: Step) -> list[_Line]:
    inner = MAIN - 2 * PAD
    lines = [_Line((text_label(title(step), 9, inner),), 9)]
    if is_piece(step):
        words = "the target is divided by it" if step.kind is StepKind.FACTOR else "it is subtracted from the target"
        return [*lines, _Line((text_label(words, 8, inner),), 8, muted=True)]
    if words := meaning(step):
        lines.append(_Line((text_label(words, 8, inner),), 8, muted=True))
    row: list[Label] = []
    for label in [_label(column, inner) for column in step.expressions]:
        if row and sum(one.width + 0.22 for one in row) + label.width > inner:
            lines.append(_Line(tuple(row), 9))
            row = []
        row.append(label)
    return [*lines, _Line(tuple(row), 9)] if row else lines


def _piece(step: Step) -> list[_Line] | None:
    return [_Line((_label(step.expressions[0], SIDE - 2 * PAD),), 9)] if is_piece(step) else None


def _formula(run: FinishedRun, whole: float) -> list[_Line]:
    return [_Line((line,), 10) for line in formula_lines(run.formula, 10, whole - 2 * PAD)]


def _label(column: sympy.Expr | str, width: float) -> Label:
    return text_label(column, 9, width) if isinstance(column, str) else expression_label(column, 9, width)


def _wrapped(names: list[str], points: float, width: float, most: int) -> list[str]:
    """Names in lines of a width; of more than `most` lines the last one ends in an ellipsis."""
    lines: list[str] = []
    for name in names:
        longer = f"{lines[-1]}, {name}" if lines else name
        if not lines or (text_label(longer, points, 1e9).width > width and len(lines) < most):
            lines.append(name)
        else:
            lines[-1] = longer
    return lines


def _height(lines: list[_Line]) -> float:
    return sum(line.height for line in lines) + LINE * (len(lines) - 1) + 2 * PAD


def _box(
    axes: Axes, left: float, top: float, width: float, height: float, lines: list[_Line], theme: Theme, *, strong: bool
) -> None:
    edge = theme.primitive if strong else theme.frame
    axes.add_patch(
        FancyBboxPatch(
            (left, top - height), width, height, boxstyle="round,pad=0,rounding_size=0.06", facecolor=theme.face,
            edgecolor=edge, linewidth=0.9, zorder=2,
        )
    )  # fmt: skip
    y = top - (height - _height(lines)) / 2 - PAD
    for line in lines:
        x = left + width / 2 - sum(part.width for part in line.parts) / 2 - 0.22 * (len(line.parts) - 1) / 2
        colour = theme.muted if line.muted else theme.primitive if strong else theme.ink
        for part in line.parts:
            axes.text(
                x, y - line.height / 2, part.text, fontsize=line.points, color=colour, va="center", ha="left",
                parse_math=part.math, zorder=3,
            )  # fmt: skip
            x += part.width + 0.22
        y -= line.height + LINE


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], theme: Theme) -> None:
    axes.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=7, shrinkA=1, shrinkB=1, color=theme.muted, linewidth=0.9,
            zorder=1,
        )
    )  # fmt: skip


def _gather(axes: Axes, pieces: list[list[_Line] | None], heights: list[float], height: float, theme: Theme) -> None:
    """Lines from the pieces down to the formula, which they are part of."""
    x = MARGIN + MAIN + GAP + SIDE / 2
    top, places = height - MARGIN, []
    for piece, tall in zip(pieces, heights, strict=True):
        if piece is not None:
            places.append(top - tall)
        top -= tall + GAP
    end = MARGIN + heights[-1]
    # Boxes cover the line where it passes behind other pieces.
    _arrow(axes, (x, places[0]), (x, end), theme)
