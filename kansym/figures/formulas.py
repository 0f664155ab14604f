"""Formulas on figures: mathematics where matplotlib can set it, plain text otherwise."""

import math
import re
from dataclasses import dataclass
from functools import lru_cache

import sympy
from matplotlib.font_manager import FontProperties
from matplotlib.mathtext import MathTextParser

from kansym.figures.labels import drawable, shorten, text_width
from kansym.figures.style import FONT
from kansym.symbolic.formula import Formula
from kansym.symbolic.latex import name_to_latex, to_latex
from kansym.symbolic.text import to_text

MOST_LINES = 6
"""Lines of a formula that is too long for one."""

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
    name = formula.target if target else None
    return expression_label(formula.expression, points, width, digits=digits, target=name)


def expression_label(
    expression: sympy.Expr, points: float, width: float, *, digits: int = 3, target: str | None = None
) -> Label:
    """The same for any expression in plain symbols; `target` is written in front where it is given."""
    names = [symbol.name for symbol in expression.free_symbols if isinstance(symbol, sympy.Symbol)]
    if all(drawable(name) for name in (*names, target or "")):
        latex = to_latex(expression, digits=digits)
        latex = _for_mathtext(latex if target is None else f"{name_to_latex(target)} = {latex}")
        size = math_size(latex, points) if len(latex) <= LONGEST else None
        if size is not None and size[0] <= width:
            return Label(f"${latex}$", True, *size)
    text = to_text(expression, digits=digits)
    return text_label(text if target is None else f"{target} = {text}", points, width)


def formula_lines(formula: Formula, points: float, width: float, *, digits: int = 4) -> list[Label]:
    """A formula with its target, in several lines where it is a sum that does not fit into one."""
    whole = formula_label(formula, points, width, digits=digits, target=True)
    if whole.math:
        return [whole]
    names = (*formula.variables, formula.target)
    if not all(drawable(name) for name in names):
        return [whole]
    return _broken(_terms(_for_mathtext(formula.latex(digits=digits, with_target=True))), points, width) or [whole]


def formula_block(formula: Formula, points: float, width: float, *, digits: int = 3, most: int = 3) -> Label:
    """A formula without its target in up to `most` lines, broken before signs, else between factors; text otherwise."""
    whole = formula_label(formula, points, width, digits=digits)
    if whole.math or not all(drawable(name) for name in formula.variables):
        return whole
    latex = _for_mathtext(to_latex(formula.expression, digits=digits))
    for parts in (_terms(latex), _factors(latex)):
        lines = _broken(parts, points, width)
        if 1 < len(lines) <= most:
            height = sum(line.height for line in lines) + 0.06 * (len(lines) - 1)
            return Label("\n".join(line.text for line in lines), True, max(line.width for line in lines), height)
    return whole


def _broken(terms: list[str], points: float, width: float) -> list[Label]:
    """Pieces of LaTeX in lines that are as long as there is room; empty where one does not fit, or there are many."""
    lines: list[Label] = []
    for term in terms:
        # A line of its own begins with its sign, which must not be taken for one between two terms.
        longer = f"{lines[-1].text[1:-1]} {term}" if lines else term
        size = math_size(longer, points)
        if lines and size is not None and size[0] <= width:
            lines[-1] = Label(f"${longer}$", True, *size)
            continue
        size = math_size(term, points)
        if size is None or size[0] > width or len(lines) == MOST_LINES:
            return []
        lines.append(Label(f"${term}$", True, *size))
    return lines


def _factors(latex: str) -> list[str]:
    """LaTeX cut at the spaces outside of all brackets: before signs and between factors."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(latex):
        depth += (letter in "({[") - (letter in ")}]")
        command = re.search(r"\\[A-Za-z]+$", latex[start:place])
        if depth == 0 and letter == " " and command is None and latex[start:place].strip() not in ("", "+", "-"):
            parts.append(latex[start:place].strip())
            start = place + 1
    return [*parts, latex[start:].strip()]


def _terms(latex: str) -> list[str]:
    """LaTeX of a sum, cut before the signs that stand outside of all brackets."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(latex):
        depth += (letter in "({[") - (letter in ")}]")
        if depth == 0 and latex[place : place + 3] in (" + ", " - "):
            parts.append(latex[start:place])
            start = place + 1
    return [*parts, latex[start:]]


def text_label(text: str, points: float, width: float) -> Label:
    """Plain text, shortened to the width."""
    text = shorten(text, points, width)
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
