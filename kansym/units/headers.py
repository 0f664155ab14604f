"""Headers of columns: the name, and the unit where it is sure to be one."""

import re
from collections.abc import Mapping, Sequence

from kansym.errors import DataError
from kansym.units.unit import parse_unit

SQUARE = re.compile(r"^(?P<name>.*\S)\s*\[(?P<unit>[^\[\]]*)\]$", re.DOTALL)
ROUND = re.compile(r"^(?P<name>[^()\[\]]*[^()\[\]\s])\s*\((?P<unit>[^()\[\]]*(?:\([^()\[\]]*\)[^()\[\]]*)*)\)$")
STROKE = re.compile(r"^(?P<name>[^\W\d][\w .'-]*?)\s+/\s+(?P<unit>\S.*)$")
"""``r [mm]``, ``r (mm)`` and ``r / mm``, as ISO 80000-1 writes heads of columns; with a slash between blanks."""

PREFIX = r"(?:[YZEPTGMkhdcmµμunpfa]|da)?"
PREFIXED = "m|g|s|A|K|mol|cd|Hz|N|Pa|J|W|C|V|F|S|Wb|T|H|lm|lx|Bq|Gy|Sv|L|l|eV|bar|[Oo]hm|Ω|Ω|rad|sr|pc|Jy"
PLAIN = (
    "%|°|°C|°F|deg|degC|degF|degrees?|min|h|hr|d|days?|yr|years?|hours?|minutes?|seconds?|sec|au|AU|amu|u|Å|angstrom|"
    "micron|atm|mmHg|torr|Torr|ppm|ppb|inch|ft|feet|miles?|lb|psi|rpm|dB|cal|kcal|Gauss|gauss|erg|dyn|"
    "metres?|meters?|volts?|amperes?|kelvin|hertz|ohms?|newtons?|pascals?|joules?|watts?|tesla|farads?|grams?|radians?"
)
SYMBOL = re.compile(rf"(?:{PREFIX}(?:{PREFIXED})|{PLAIN})")
"""Units that are believed in brackets and after a slash: pint would also read ``(c)``, as a speed."""

FUNCTIONS = frozenset(
    (
        "log", "ln", "lg", "exp", "sin", "cos", "tan", "sqrt", "abs", "sinh", "cosh", "tanh", "asin", "acos", "atan",
        "max", "min", "mean", "std",
    )
)  # fmt: skip
"""Words before a bracket that make it an argument."""

SINGLE = frozenset("msgKAJNVWCFTHSLh")
"""Letters that are taken for units on their own; the others mean more often a number, a time or a constant."""


def names_and_units_of(headers: Sequence[str]) -> tuple[list[str], list[str | None]]:
    """Names and units of all columns of a table.

    ``v [m/s]`` is always the name ``v`` with a unit. ``v (m/s)`` and ``v / (m/s)`` are, where what stands there is
    sure to be a unit; otherwise it stays in the name, since it may be mathematics. It also stays where two columns
    would be called the same, and where it is the name of another column: ``V (T)`` beside ``T``.
    """
    stripped = [header.strip() for header in headers]
    split: list[tuple[str, str | None]] = []
    for header in stripped:
        match = SQUARE.match(header)
        split.append((match["name"], match["unit"].strip() or None) if match else (header, None))
    others = {name for name, _ in split}
    found = list(split)
    for k, header in enumerate(stripped):
        if found[k][0] == header:
            found[k] = _trusted(header, others) or found[k]
    names = [name for name, _ in found]
    split = [one if names.count(one[0]) == 1 else before for before, one in zip(split, found, strict=True)]
    return [name for name, _ in split], [unit for _, unit in split]


def with_short_names(formula: str, spellings: Mapping[str, str]) -> str:
    """A formula in which columns may be written as their headers, between backquotes, with their names instead.

    Parameters
    ----------
    formula : str
    spellings : mapping of str to str
        Names by headers, such as ``v`` by ``v (mm/s)``.
    """
    for header, name in spellings.items():
        if header != name and header not in spellings.values():
            formula = formula.replace(f"`{header}`", name if name.isidentifier() else f"`{name}`")
    return formula


def _trusted(header: str, others: set[str]) -> tuple[str, str] | None:
    """Name and unit of ``r (mm)`` and ``r / mm``; None where that is not sure."""
    match = ROUND.match(header) or STROKE.match(header)
    if match is None:
        return None
    name, unit = match["name"].strip(), match["unit"].strip()
    if match.re is ROUND and name.endswith("/"):
        # r / (m/s)
        name = name[:-1].rstrip()
    elif match.re is STROKE and unit.startswith("(") and unit.endswith(")"):
        unit = unit[1:-1].strip()
    words = re.findall(r"[^\W\d_]+", name)
    if not words or words[-1] in FUNCTIONS or name in FUNCTIONS or name[-1] in "*/^+-=":
        return None
    if unit in others or unit == name:
        return None
    if unit == "min" and any(other.endswith("(max)") for other in others):
        return None
    if len(unit) == 1 and ((unit not in "%°ΩΩ" and unit not in SINGLE) or _initial(unit, name, words)):
        return None
    return (name, unit) if is_plain_unit(unit) else None


def _initial(letter: str, name: str, words: Sequence[str]) -> bool:
    """``mass (m)`` says what the mass is called; ``m (g)`` has a unit."""
    return len(name) > 1 and any(word[0].lower() == letter.lower() for word in words)


def is_plain_unit(text: str) -> bool:
    """Whether every word of a text is a common unit, and the whole can be read as one."""
    words = re.findall(r"[^\W\d_]+|[%°]\w*", text)
    # A number in front may be a factor that was applied, or one that is to be.
    if re.match(r"[\d.+-]", text) and not text.startswith("1/"):
        return False
    if not words or not all(SYMBOL.fullmatch(word) for word in words):
        return False
    try:
        return parse_unit(text) is not None
    except DataError:
        return False
