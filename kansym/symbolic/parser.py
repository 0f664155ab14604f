# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportIndexIssue=false, reportGeneralTypeIssues=false
"""Formulas from text: a small parser that evaluates nothing and ends in bounded time."""

import itertools
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NoReturn

import sympy

from kansym.errors import ArgumentError
from kansym.symbolic.functions import FUNCTIONS, NUMBER_SYMBOLS
from kansym.symbolic.naming import plain_symbol

LONGEST_TEXT = 10_000
"""Characters of a formula; a person's formula has some hundred."""

DEEPEST = 60
"""Parentheses, signs and powers inside each other."""

LARGEST_BITS = 4096
"""Bits of an exact number; 9**9**9 has more than a thousand million."""

LARGEST_FACTORIAL = 170
"""Largest whole number whose gamma function is written out; beyond, it leaves double precision."""

_ALIASES: dict[str, Callable[..., sympy.Expr]] = {
    "abs": sympy.Abs,
    "ln": sympy.log,
    "log10": lambda u: sympy.log(u) / sympy.log(10),
    "log2": lambda u: sympy.log(u) / sympy.log(2),
    "log1p": lambda u: sympy.log(1 + u),
    "expm1": lambda u: sympy.exp(u) - 1,
    "sqrt": sympy.sqrt,
    "cbrt": lambda u: sympy.sign(u) * sympy.Abs(u) ** sympy.Rational(1, 3),
    "square": lambda u: u**2,
    "arcsin": sympy.asin,
    "arccos": sympy.acos,
    "arctan": sympy.atan,
    "arctan2": sympy.atan2,
    "arcsinh": sympy.asinh,
    "arccosh": sympy.acosh,
    "arctanh": sympy.atanh,
}

KNOWN_FUNCTIONS: dict[str, Callable[..., sympy.Expr]] = {**FUNCTIONS, **_ALIASES}
"""Functions by the names that are understood."""

_NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_WORD = re.compile(r"[^\W\d]\w*")
_OPERATOR = re.compile(r"\*\*|[-+*/^(),]")


class FormulaSyntaxError(ArgumentError):
    """A text is not a formula; the message holds the text, the position and what is wrong there.

    Attributes
    ----------
    position : int
        Index into the text.
    """

    def __init__(self, text: str, position: int, problem: str) -> None:
        shown = text if len(text) <= 200 else f"{text[:200]}..."
        super().__init__(f"formula {shown!r}, position {position}: {problem}")
        self.position = position


def parse_expression(text: str, names: Iterable[str] = ()) -> sympy.Expr:
    """Read a formula.

    Understood are numbers, ``+ - * / ** ^``, signs, parentheses, the constants of
    `kansym.symbolic.functions.NUMBER_SYMBOLS` (``pi``, ``E``, ...), the functions of `KNOWN_FUNCTIONS`, and columns by
    name. A power binds more tightly than a sign before it and groups to the right, as in Python. Whole numbers are
    exact, so ``1/2`` is a half; numbers with a point or an exponent are Floats.

    Parameters
    ----------
    text : str
        The formula, at most `LONGEST_TEXT` characters.
    names : iterable of str
        Columns; any strings. A column goes before a constant of the same name. Where a name holds signs (``x-1``),
        the longest name that fits is taken; between backquotes (`` `x-1` ``) stands exactly one name. A column may be
        called like a function: ``gamma(x)`` is the function, any other ``gamma`` the column.

    Returns
    -------
    sympy.Expr
        In plain symbols (see `kansym.symbolic.naming.plain_symbol`).

    Raises
    ------
    FormulaSyntaxError
        If the text is no formula, holds an unknown name, or a number that is beyond double precision or too large.

    Examples
    --------
    >>> parse_expression("m*v^2/2", ["m", "v"])
    m*v**2/2
    """
    if len(text) > LONGEST_TEXT:
        raise FormulaSyntaxError(text, LONGEST_TEXT, f"longer than {LONGEST_TEXT} characters")
    tokens = _tokens(text, list(names))
    parser = _Parser(text, tokens)
    expression = parser.sum(0)
    if parser.token.kind != "end":
        parser.fail(f"expected an operator or the end, found {parser.token.text!r}")
    return expression


def free_names(text: str, names: Iterable[str] = ()) -> tuple[str, ...]:
    """Names in a formula that are neither columns nor functions nor numbers, in the order they first occur.

    These are the constants of a formula such as ``A*exp(-t/tau)`` with the column ``t``. What is followed by a
    parenthesis is a function, known or not; without one, ``gamma`` is a name like any other.

    Parameters
    ----------
    text : str
        The formula; only its words are looked at, so it may still turn out to be none.
    names : iterable of str
        Columns.

    Raises
    ------
    FormulaSyntaxError
        If the text holds characters that no formula has.
    """
    tokens = _tokens(text[:LONGEST_TEXT], list(names))
    found: dict[str, None] = {}
    for token, following in itertools.pairwise(tokens):
        called = following.kind == "operator" and following.text == "("
        if token.kind == "word" and not called and token.text not in NUMBER_SYMBOLS:
            found[token.text] = None
    return tuple(found)


@dataclass(frozen=True)
class _Token:
    kind: str
    """number, column, word, operator or end."""
    text: str
    position: int


def _tokens(text: str, names: list[str]) -> list[_Token]:
    known = set(names)
    # Numbers stay numbers: a column called 2 can be named between backquotes only.
    odd = sorted((n for n in known if n and not _NUMBER.fullmatch(n) and not _WORD.fullmatch(n)), key=len, reverse=True)
    tokens: list[_Token] = []
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        if text[position] == "`":
            end = text.find("`", position + 1)
            name = text[position + 1 : end]
            if end < 0 or name not in known:
                problem = "the closing ` is missing" if end < 0 else f"there is no column {name!r}"
                raise FormulaSyntaxError(text, position, problem)
            tokens.append(_Token("column", name, position))
            position = end + 1
            continue
        token = _odd_name(text, position, odd) or _plain_token(text, position, known)
        tokens.append(token)
        position += len(token.text)
    return [*tokens, _Token("end", "", len(text))]


def _odd_name(text: str, position: int, odd: list[str]) -> _Token | None:
    for name in odd:
        if not text.startswith(name, position):
            continue
        after = text[position + len(name) : position + len(name) + 1]
        if not (_is_word(name[-1]) and after and _is_word(after)):
            return _Token("column", name, position)
    return None


def _plain_token(text: str, position: int, known: set[str]) -> _Token:
    for kind, pattern in (("number", _NUMBER), ("word", _WORD), ("operator", _OPERATOR)):
        found = pattern.match(text, position)
        if found:
            column = kind == "word" and found.group() in known
            return _Token("column" if column else kind, found.group(), position)
    raise FormulaSyntaxError(text, position, f"unexpected character {text[position]!r}")


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


class _Parser:
    """Recursive descent with a limit on depth; every intermediate result is checked for its size."""

    def __init__(self, text: str, tokens: list[_Token]) -> None:
        self.text, self.tokens, self.index = text, tokens, 0

    @property
    def token(self) -> _Token:
        return self.tokens[self.index]

    def fail(self, problem: str, position: int | None = None) -> NoReturn:
        raise FormulaSyntaxError(self.text, self.token.position if position is None else position, problem)

    def take(self, *operators: str) -> str | None:
        """The present token's text if it is one of `operators`, which is then consumed."""
        if self.token.kind == "operator" and self.token.text in operators:
            self.index += 1
            return self.tokens[self.index - 1].text
        return None

    def expect(self, operator: str) -> None:
        if self.take(operator) is None:
            found = repr(self.token.text) if self.token.kind != "end" else "the end"
            self.fail(f"expected {operator!r}, found {found}")

    def sum(self, depth: int) -> sympy.Expr:
        if depth > DEEPEST:
            self.fail(f"nested more than {DEEPEST} deep")
        terms = [self.product(depth)]
        start = self.token.position
        while operator := self.take("+", "-"):
            term = self.product(depth)
            terms.append(term if operator == "+" else -term)
        return terms[0] if len(terms) == 1 else self.checked(lambda: sympy.Add(*terms), start)

    def product(self, depth: int) -> sympy.Expr:
        result = self.signed(depth)
        while True:
            start = self.token.position
            operator = self.take("*", "/")
            if operator is None:
                return result
            left, right = result, self.signed(depth)
            if operator == "/" and right.is_zero:
                self.fail("division by zero", start)
            result = self.checked(lambda a=left, b=right, o=operator: a * b if o == "*" else a / b, start)

    def signed(self, depth: int) -> sympy.Expr:
        if depth > DEEPEST:
            self.fail(f"nested more than {DEEPEST} deep")
        sign = self.take("+", "-")
        if sign is None:
            return self.power(depth)
        operand = self.signed(depth + 1)
        return operand if sign == "+" else -operand

    def power(self, depth: int) -> sympy.Expr:
        base = self.atom(depth)
        start = self.token.position
        if self.take("**", "^") is None:
            return base
        exponent = self.signed(depth + 1)
        if base.is_zero and exponent.is_negative:
            self.fail("division by zero", start)
        if exponent.is_Rational and _bits(base.as_coeff_Mul()[0]) * abs(exponent) > LARGEST_BITS:
            self.fail(f"the power is too large: more than {LARGEST_BITS} bits", start)
        return self.checked(lambda: base**exponent, start)

    def atom(self, depth: int) -> sympy.Expr:
        token = self.token
        if token.kind == "end" or (token.kind == "operator" and token.text != "("):
            found = f"found {token.text!r}" if token.kind != "end" else "the formula ends"
            self.fail(f"expected a number, a name or '(', but {found}")
        self.index += 1
        if token.kind == "number":
            return self.number(token)
        if token.kind == "operator":
            inner = self.sum(depth + 1)
            self.expect(")")
            return inner
        # A column called gamma does not take the function away: what is followed by a parenthesis is a function.
        called = self.token.kind == "operator" and self.token.text == "("
        if token.kind == "column" and not (called and token.text in KNOWN_FUNCTIONS):
            return plain_symbol(token.text)
        return self.word(token, depth)

    def number(self, token: _Token) -> sympy.Expr:
        if token.text.isdigit():
            if len(token.text) > LARGEST_BITS // 4:
                self.fail(f"a number of {len(token.text)} digits", token.position)
            return sympy.Integer(int(token.text))
        value = float(token.text)
        if not math.isfinite(value) or (value == 0 and re.search("[1-9]", re.split("[eE]", token.text)[0])):
            self.fail(f"{token.text} is beyond the range of double precision", token.position)
        return sympy.Float(value)

    def word(self, token: _Token, depth: int) -> sympy.Expr:
        if self.token.kind == "operator" and self.token.text == "(" and token.text in KNOWN_FUNCTIONS:
            return self.call(token, depth)
        if token.text in NUMBER_SYMBOLS:
            return NUMBER_SYMBOLS[token.text]
        if token.text in KNOWN_FUNCTIONS:
            self.fail(f"the function {token.text} needs an argument in parentheses", token.position)
        kind = "function" if self.token.text == "(" else "name"
        self.fail(f"unknown {kind} {token.text!r}", token.position)

    def call(self, token: _Token, depth: int) -> sympy.Expr:
        self.expect("(")
        arguments = [self.sum(depth + 1)]
        while self.take(","):
            arguments.append(self.sum(depth + 1))
        self.expect(")")
        first = arguments[0]
        if token.text in ("gamma", "loggamma") and first.is_Integer and abs(first) > LARGEST_FACTORIAL:
            self.fail(f"{token.text} of {first} is beyond the range of double precision", token.position)
        return self.checked(lambda: KNOWN_FUNCTIONS[token.text](*arguments), token.position)

    def checked(self, build: Callable[[], sympy.Expr], position: int) -> sympy.Expr:
        """What `build` returns, unless it is no finite number or needs more than a bounded number of digits."""
        try:
            result = build()
        except (TypeError, ValueError, ArithmeticError) as error:
            self.fail(f"{error}", position)
        if result.has(sympy.oo, -sympy.oo, sympy.zoo, sympy.nan):
            self.fail("the value is not a finite number", position)
        for number in result.args if result.is_Mul or result.is_Add else (result,):
            self._check_number(number, position)
        return result

    def _check_number(self, number: sympy.Basic, position: int) -> None:
        if isinstance(number, sympy.Float):
            value = float(number)
            if not math.isfinite(value) or (value == 0 and not number.is_zero):
                self.fail("a number is beyond the range of double precision", position)
        elif isinstance(number, sympy.Rational) and _bits(number) > LARGEST_BITS:
            self.fail(f"a number has more than {LARGEST_BITS} bits", position)


def _bits(number: sympy.Expr) -> int:
    """Bits of numerator and denominator of a rational number that is not of size 1; 0 for everything else."""
    if not isinstance(number, sympy.Rational) or abs(number) == 1:
        return 0
    return max(abs(number.p).bit_length(), number.q.bit_length())
