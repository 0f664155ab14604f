"""Text on figures: any column name, formulas as mathematics where they can be set, and labels beside each other."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import sympy
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.mathtext import MathTextParser
from matplotlib.textpath import text_to_path
from scipy.optimize import isotonic_regression

from kansym.figures.style import FONT
from kansym.primitives.primitive import Primitive
from kansym.symbolic.formula import Formula
from kansym.symbolic.latex import name_to_latex, to_latex
from kansym.symbolic.text import to_text
from kansym.units.words import raised

MOST_LINES = 6
"""Lines of a formula that is too long for one."""

LONGEST = 400
"""Characters of LaTeX that are set; longer formulas would not fit in any case."""


@cache
def _font() -> FontProperties:
    return FontProperties(family=FONT)


@cache
def _drawable(character: str) -> bool:
    return character.isprintable() and get_font(findfont(_font())).get_char_index(ord(character)) != 0


def drawable(text: str) -> bool:
    """Whether the font has all characters of a text."""
    return all(_drawable(character) for character in text)


def clean(text: str) -> str:
    """One line of characters that the font has; blanks of any kind become single spaces, other characters a box."""
    return "".join(character if _drawable(character) else "□" for character in " ".join(text.split()))


def text_width(text: str, points: float) -> float:
    """Width of a line of text in inches."""
    properties = FontProperties(family=FONT, size=points)
    width, _, _ = text_to_path.get_text_width_height_descent(text, properties, ismath=False)
    return float(width) / 72.0


def shorten(text: str, points: float, width: float) -> str:
    """The text, cut in the middle with an ellipsis where it is wider than `width` inches.

    The end is kept as well as the start: names of columns often differ there (``temperature_1``, ``temperature_2``).
    """
    text = clean(text)
    if text_width(text, points) <= width:
        return text
    for kept in range(min(len(text), 200) - 1, 0, -1):
        tail = kept // 3
        candidate = text[: kept - tail] + "…" + (text[-tail:] if tail else "")
        if text_width(candidate, points) <= width:
            return candidate
    return "…"


def primitive_label(primitive: Primitive, exponent: float) -> str:
    """Name of a primitive as it is drawn: ``x²`` for ``x^2``, and the fitted exponent for the free power."""
    if primitive.has_shape and primitive.name == "x^p":
        return f"x^{exponent:.3g}".replace("-", "−")
    return re.sub(r"\^(-?\d+)(?![\d.])", lambda match: raised(match[1]), primitive.name)


def scientific(value: float) -> str:
    """A positive number to one digit, ``3e−8``, or ``0`` where it vanishes in double precision."""
    if value < 1e-16:
        return "0"
    if value >= 0.01:
        return f"{value:.2g}"
    mantissa, exponent = f"{value:.0e}".split("e")
    return f"{mantissa}e−{abs(int(exponent))}"


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


def stacked(wanted: Sequence[float], heights: Sequence[float], low: float, high: float) -> np.ndarray:
    """Middles of labels, from top to bottom, nearest to the wanted ones (least squares) and without overlap.

    Parameters
    ----------
    wanted : sequence of float
        Decreasing.
    heights : sequence of float
        Of the labels, with the space between them.
    low, high : float
        What they are to stay within; where there is too little room they reach over it at the bottom.
    """
    sizes = np.asarray(heights, dtype=float)
    if not len(sizes):
        return np.zeros(0)
    # Distances of the middles from the first one at the closest.
    offsets = np.concatenate([[0.0], np.cumsum(0.5 * (sizes[1:] + sizes[:-1]))])
    # Downwards: -y increases. Less the offsets, the condition is plain monotony, and bounds are those of the first.
    depth = -np.asarray(wanted, dtype=float) - offsets
    top, bottom = 0.5 * sizes[0] - high, -low - 0.5 * sizes[-1] - offsets[-1]
    middle = np.clip(isotonic_regression(depth).x, top, max(top, bottom))
    return -(middle + offsets)
