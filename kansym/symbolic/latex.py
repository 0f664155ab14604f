"""Formulas as LaTeX, the way people write them; commands of plain LaTeX only, no package is needed."""

import itertools
import re
import unicodedata
from collections.abc import Collection, Mapping

import sympy

from kansym.symbolic.arrange import arrange
from kansym.symbolic.layout import (
    Bars,
    Call,
    Fraction,
    Name,
    Node,
    Number,
    Other,
    Power,
    Product,
    Root,
    Special,
    Sum,
    negative,
    tall,
)
from kansym.symbolic.naming import LETTERS, greek, is_letter, split_name
from kansym.symbolic.text import Digits

_ESCAPES = {
    "\\": r"\backslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\wedge{}",
    "~": r"\sim{}",
    " ": r"\ ",
    "°": r"^{\circ}",
    "±": r"\pm{}",
    "×": r"\times{}",
    "·": r"\cdot{}",
    "ß": "ss",
    "ø": "o",
    "–": "-",
    "—": "-",
    "−": "-",
    "′": "'",
}

_ACCENTS = {
    "\u0300": "grave", "\u0301": "acute", "\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0306": "breve",
    "\u0307": "dot", "\u0308": "ddot", "\u030a": "mathring", "\u030c": "check",
}  # fmt: skip
"""Accents of mathematics mode by Unicode's combining marks."""

_SPECIAL = {"pi": r"\pi", "e": "e", "gamma": r"\gamma", "phi": r"\varphi", "i": "i", "infinity": r"\infty"}

COMMANDS = frozenset(
    (
        "exp",
        "ln",
        "sin",
        "cos",
        "tan",
        "cot",
        "sec",
        "csc",
        "arcsin",
        "arccos",
        "arctan",
        "sinh",
        "cosh",
        "tanh",
        "coth",
    )
)
"""Functions that LaTeX has a command for."""

_SYMBOLS = {"Gamma": r"\Gamma", "Theta": r"\Theta", "J": "J", "Y": "Y", "I": "I", "K": "K", "W": "W"}


def to_latex(
    expression: sympy.Expr,
    *,
    names: Mapping[str, str] | None = None,
    digits: Digits = 6,
    constants: Collection[str] = (),
) -> str:
    r"""A formula in LaTeX, for mathematics mode; no package is needed.

    Parameters
    ----------
    expression : sympy.Expr
    names : mapping of str to str, optional
        LaTeX for symbol names; by default `name_to_latex`.
    digits : int or mapping, default 6
        Significant digits of constants, or their standard errors by value (see
        `kansym.symbolic.text.split_number`). Powers of ten are written out: ``1.2 \times 10^{-19}``.
    constants : collection of str, optional
        Names of symbols that stand where a number would.

    Examples
    --------
    >>> m, v, c = sympy.symbols("m v c")
    >>> print(to_latex(m * c**2 / sympy.sqrt(1 - v**2 / c**2)))
    \frac{m c^{2}}{\sqrt{1 - v^{2}/c^{2}}}
    """
    return _Writer(names or {}).write(arrange(expression, digits, constants))


def name_to_latex(name: str) -> str:
    r"""LaTeX for a column name, which may be any string.

    Single letters are italic, Greek names and letters are Greek, what follows an underscore or a trailing number is a
    subscript, words are upright: ``x_0`` to ``x_{0}``, ``lambda`` to ``\lambda``, ``λ (nm)`` to
    ``\mathrm{\lambda\ (nm)}``.
    """
    found = split_name(name)
    if found is None:
        return rf"\mathrm{{{escaped(name)}}}"
    word, subscript = found
    if subscript is None:
        return _word(word)
    return f"{_word(word)}_{{{','.join(map(_word, subscript.split('_')))}}}"


def number_to_latex(mantissa: str, order: int) -> str:
    r"""``1.2 \times 10^{-19}``, and ``10^{5}`` without a one."""
    if order == 0:
        return mantissa
    return rf"10^{{{order}}}" if mantissa == "1" else rf"{mantissa} \times 10^{{{order}}}"


def _word(word: str) -> str:
    if word in LETTERS:
        return f"\\{word}"
    if len(word) > 1:
        return word if word.isdigit() else rf"\mathrm{{{escaped(word)}}}"
    return escaped(word)


def escaped(text: str) -> str:
    r"""Any text in mathematics mode, for the inside of ``\mathrm{}``."""
    pieces: list[str] = []
    for letter in text:
        command = greek(letter)
        if command is not None:
            pieces.append(f"\\{command}{{}}" if len(text) > 1 else f"\\{command}")
        else:
            pieces.append(_ESCAPES.get(letter) or _accented(letter))
    # An empty group ends the command only where a letter would run into it.
    return re.sub(r"(\\[A-Za-z]+)\{\}(?![A-Za-z])", r"\1", "".join(pieces))


def _accented(letter: str) -> str:
    """``\\acute{e}`` for é, and a raised 2 for its sign; other characters as they are."""
    if letter.isascii():
        return letter
    plain, *marks = unicodedata.normalize("NFKD", letter)
    if plain.isascii() and plain.isalnum() and not marks:
        return f"^{{{plain}}}" if unicodedata.decomposition(letter).startswith("<super>") else plain
    if plain.isascii() and len(marks) == 1 and marks[0] in _ACCENTS:
        return f"\\{_ACCENTS[marks[0]]}{{{plain}}}"
    return letter


class _Writer:
    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def write(self, node: Node) -> str:
        match node:
            case Number(mantissa, order):
                return number_to_latex(mantissa, order)
            case Name(name):
                return self._names.get(name) or name_to_latex(name)
            case Special(name):
                return _SPECIAL.get(name, rf"\mathrm{{{name}}}")
            case Sum(terms):
                return self.sum(terms)
            case Product(factors):
                return self.product(factors)
            case Fraction(above, below, inline):
                if inline:
                    return f"{self.grouped(above, Sum)}/{self.grouped(below, Sum, Product, Fraction)}"
                return rf"\frac{{{self.write(above)}}}{{{self.write(below)}}}"
            case Power(base, exponent):
                return f"{self.base(base)}^{{{self.write(exponent)}}}"
            case Root(inside, degree):
                return rf"\sqrt{'' if degree == 2 else f'[{degree}]'}{{{self.write(inside)}}}"
            case Bars(inside):
                return rf"\left|{self.write(inside)}\right|"
            case Call():
                return self.call(node)
            case Other(latex):
                return latex

    def sum(self, terms: tuple[tuple[bool, Node], ...]) -> str:
        text = ""
        for place, (minus, term) in enumerate(terms):
            if place == 0:
                text += "-" if minus else ""
            else:
                text += " - " if minus else " + "
            text += self.grouped(term, Sum)
        return text

    def product(self, factors: tuple[Node, ...]) -> str:
        text = self.factor(factors[0])
        for before, factor in itertools.pairwise(factors):
            text += self.between(before, factor) + self.factor(factor)
        return text

    def factor(self, node: Node) -> str:
        return self.grouped(node, Sum) if not negative(node) else self.parenthesised(node)

    def between(self, before: Node, after: Node) -> str:
        # Two numbers side by side would be one, and two words one word.
        if _starts_with_digit(after) and not isinstance(before, Fraction):
            return r" \cdot "
        words = [_is_word(node) for node in (before, after)]
        if isinstance(after, Call) and after.name in COMMANDS:
            # TeX sets a space before it.
            return " "
        return r" \, " if any(words) and not isinstance(before, Fraction) else " "

    def base(self, node: Node) -> str:
        alone = isinstance(node, Name | Special | Bars) or (isinstance(node, Number) and not node.order)
        return self.write(node) if alone else self.parenthesised(node)

    def call(self, node: Call) -> str:
        name = _SYMBOLS.get(node.name) or (f"\\{node.name}" if node.name in COMMANDS else rf"\mathrm{{{node.name}}}")
        if node.name == "loggamma":
            name = r"\ln\Gamma"
        if node.order is not None:
            name += f"_{{{self.write(node.order)}}}"
        if node.power != 1:
            name += f"^{{{node.power}}}"
        argument = node.arguments[0]
        bare = isinstance(argument, Special) or (isinstance(argument, Name) and self._is_letter(argument))
        if len(node.arguments) == 1 and bare and node.name in COMMANDS:
            shown = self.write(argument)
            return f"{name}{shown}" if shown.startswith("\\") else f"{name} {shown}"
        inside = ", ".join(self.write(one) for one in node.arguments)
        return name + _parentheses(inside, any(map(tall, node.arguments)))

    def _is_letter(self, node: Name) -> bool:
        return node.name not in self._names and is_letter(node.name)

    def grouped(self, node: Node, *kinds: type) -> str:
        return self.parenthesised(node) if isinstance(node, kinds) else self.write(node)

    def parenthesised(self, node: Node) -> str:
        return _parentheses(self.write(node), tall(node))


def _parentheses(text: str, grown: bool) -> str:
    return rf"\left({text}\right)" if grown else f"({text})"


def _is_word(node: Node) -> bool:
    if isinstance(node, Power):
        return _is_word(node.base)
    return isinstance(node, Name) and not is_letter(node.name)


def _starts_with_digit(node: Node) -> bool:
    if isinstance(node, Power):
        return isinstance(node.base, Number) and not node.base.order
    return isinstance(node, Number)
