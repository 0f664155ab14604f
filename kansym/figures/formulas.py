"""Formulas on figures: mathematics where matplotlib can set it, plain text otherwise."""

import math
import re
from dataclasses import dataclass
from functools import lru_cache

from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import MathTextParser

from kansym.figures.labels import drawable, shorten, text_width
from kansym.figures.style import FONT
from kansym.formula import Formula

LONGEST = 400
"""Characters of LaTeX that are set; longer formulas would not fit in any case."""


@dataclass(frozen=True)
class Label:
    """Text to draw.

    Attributes
    ----------
    text : str
    math : bool
        Whether the text is mathtext.
    width, height : float
        In inches.
    """

    text: str
    math: bool
    width: float
    height: float


def formula_label(formula: Formula, points: float, width: float, *, digits: int = 3, target: bool = False) -> Label:
    """A formula as it fits into `width` inches: as mathematics, or else as text that ends in an ellipsis.

    Parameters
    ----------
    formula : Formula
    points : float
        Size of the font.
    width : float
    digits : int, default 3
    target : bool, default False
        Put ``target =`` in front.
    """
    names = (*formula.variables, formula.target)
    if all(drawable(name) for name in names):
        latex = _for_mathtext(formula.latex(digits=digits, with_target=target))
        size = math_size(latex, points) if len(latex) <= LONGEST else None
        if size is not None and size[0] <= width:
            return Label(f"${latex}$", True, *size)
    text = formula.text(digits=digits)
    text = shorten(f"{formula.target} = {text}" if target else text, points, width)
    return Label(text, False, text_width(text, points), 1.2 * points / 72)


def _for_mathtext(latex: str) -> str:
    """Fractions large enough to read, and space between words: mathtext takes fractions for inline ones."""
    latex = re.sub(r"\^\{(-?)\\frac\{(\d+)\}\{(\d+)\}\}", r"^{\1\2/\3}", latex)
    latex = latex.replace(r"\frac{", r"\dfrac{")
    latex = re.sub(r"(?<=[\w})]) (?=\\mathrm\{)", r" \\,", latex)
    return re.sub(r"(\\mathrm\{[^{}]*\}(?:_\{[^{}]*\})?) (?=[A-Za-z])", r"\1 \\,", latex)


@lru_cache(maxsize=512)
def math_size(latex: str, points: float) -> tuple[float, float] | None:
    """Width and height of a formula in inches; None where matplotlib cannot set it."""
    properties = FontProperties(family=FONT, size=points, math_fontfamily="dejavusans")
    try:
        parsed = _parser().parse(f"${latex}$", dpi=72, prop=properties)
    except (ValueError, RuntimeError):
        return None
    if not all(math.isfinite(value) for value in parsed[:3]):
        return None
    return float(parsed[0]) / 72, float(parsed[1]) / 72


@lru_cache(maxsize=1)
def _parser() -> MathTextParser:
    return MathTextParser("path")
