"""How a law was taken apart, read from the words that formulas carry about it."""

import re
from dataclasses import dataclass

import sympy

from kansym.errors import ArgumentError
from kansym.symbolic.formula import Formula
from kansym.symbolic.parser import parse_expression

AS_IT_IS = "the table as it is"
"""What a formula says that was found without any step."""

_REDUCTION = re.compile(r"(scaling symmetry|dimensional analysis): (\d+) columns? fewer(?:, leaving (.*))?")
_PIECE = re.compile(r"(factor|term|inner function|coordinate) (.*)")
_LINK = re.compile(r"link (.*)")
_SHAPE = re.compile(r"\[\d+x?(?:\+\d+x)?(?:, [\dx+]+)*\]")
_ENDS = {
    "constant": "a constant",
    "linear": "a linear formula",
    "quadratic": "a square of a linear formula, or a sum of squares",
    "single": "one function of the column",
    "chain": "a function of a function",
    "product": "a product of functions",
    "sum": "a sum of functions",
    "polynomial": "a polynomial",
    "rational": "a quotient of polynomials",
}
_MEANING = {
    "scaling symmetry": "the target scales as powers of columns do",
    "dimensional analysis": "the units leave only these combinations",
    "inner function": "two columns enter only as",
    "coordinate": "a better coordinate",
}


@dataclass(frozen=True)
class Step:
    """One step from the table to the formula.

    Attributes
    ----------
    title : str
        What was done.
    words : str
        What that means; may be empty.
    columns : tuple of (Expr or str)
        Inputs that it made or left, as text where they cannot be read.
    piece : Expr, str or None
        A factor or a term that was read on its own and taken out.
    product : bool
        Whether the piece is a factor.
    """

    title: str
    words: str = ""
    columns: tuple[sympy.Expr | str, ...] = ()
    piece: sympy.Expr | str | None = None
    product: bool = False


def steps_of(formula: Formula) -> list[Step]:
    """The steps in their order; a single one where the formula was found without taking the table apart."""
    words = [part for part in formula.structure.split("; ") if part]
    return [_step(part, formula.variables) for part in words] or [_step(AS_IT_IS, formula.variables)]


def steps_in_words(formula: Formula) -> list[str]:
    """The steps as lines of text."""
    words = [part for part in formula.structure.split("; ") if part]
    return [_line(part, _step(part, formula.variables)) for part in words]


def _line(words: str, step: Step) -> str:
    columns = ", ".join(map(str, step.columns))
    if step.piece is not None:
        return words
    if not columns:
        return f"{step.title}: {step.words}" if step.words else step.title
    return f"{step.title}; {step.words}: {columns}" if ":" in step.title else f"{step.words} {columns}"


def _step(words: str, names: tuple[str, ...]) -> Step:
    if words == AS_IT_IS:
        return Step("read as it is", "no structure was needed, all in one step")
    if match := _REDUCTION.fullmatch(words):
        kind, fewer, left = match.groups()
        count = f"{fewer} column fewer" if fewer == "1" else f"{fewer} columns fewer"
        columns = tuple(_read(one, names) for one in _split(left)) if left else ()
        return Step(f"{kind}: {count}", _MEANING[kind], columns)
    if match := _PIECE.fullmatch(words):
        kind, text = match.groups()
        if kind in ("factor", "term"):
            return Step(f"a {kind} comes off", piece=_read(text, names), product=kind == "factor")
        return Step(kind, _MEANING[kind], (_read(text, names),))
    if match := _LINK.fullmatch(words):
        return Step(f"{match[1]} of the target", "simpler than the target itself")
    if _SHAPE.fullmatch(words):
        return Step(f"network {words}", "its edges were read as functions")
    return Step(_ENDS.get(words, words), "all in one step" if words in _ENDS else "")


def _split(text: str) -> list[str]:
    """At the commas between expressions, not at those inside."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        if depth == 0 and text.startswith(", ", place):
            parts.append(text[start:place])
            start = place + 2
    return [*parts, text[start:]]


def _read(text: str, names: tuple[str, ...]) -> sympy.Expr | str:
    try:
        return parse_expression(text, names)
    except (ArgumentError, RecursionError):
        return text
