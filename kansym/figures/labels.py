"""Text for figures: any column name, drawable by the font at hand and no longer than there is room."""

import re
from functools import cache

from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.textpath import text_to_path

from kansym.figures.style import FONT
from kansym.primitives.primitive import Primitive
from kansym.units.words import raised


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
