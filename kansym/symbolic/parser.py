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
from kansym.functions import FUNCTIONS, NUMBER_SYMBOLS, TABLE
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parsed_numbers import (
    LARGEST_BITS,
    double_of,
    double_of_call,
    exponential_bits,
    is_larger_than,
    power_bits,
    rational_bits,
)
from kansym.symbolic.timelimit import TimeLimitError, call_with_limit

LONGEST_TEXT = 10_000
"""Characters of a formula; a person's formula has some hundred."""

MOST_TOKENS = 2_000
"""Numbers, names, operators and parentheses of a formula."""

MOST_NODES = 5_000
"""Nodes of a formula as a tree; ``cbrt`` writes its argument twice, and so on inside each other."""

LARGEST_CONSTANT = 60
"""Nodes of a number that stays as it is written; longer ones become a Float."""

DEEPEST = 60
"""Parentheses, signs and powers inside each other."""

LARGEST_EXPONENT = 20
"""Largest whole exponent of a column that stays a whole number: sympy multiplies out powers to see whether they are
real, which takes seconds for x**100, minutes for x**(10**9), and no time for x**1e9."""

LARGEST_FACTORIAL = 170
"""Largest rational number whose gamma function is written out; beyond, it leaves double precision."""

SHORT = 60
"""Formulas of so few numbers, names and signs are read without a watch on the time, which needs a thread."""

LONGEST_SECONDS = 10.0
"""A net below the limits above, which alone decide on formulas that a person writes and keep them below a second; on
a busy machine, too. It ends what sympy does with some nests of a dozen functions."""

_WRITTEN_OUT: dict[str, Callable[[sympy.Expr], sympy.Expr]] = {
    "log10": lambda u: sympy.log(u) / sympy.log(10),
    "log2": lambda u: sympy.log(u) / sympy.log(2),
    "log1p": lambda u: sympy.log(1 + u),
    "expm1": lambda u: sympy.exp(u) - 1,
    "sqrt": sympy.sqrt,
    "cbrt": lambda u: sympy.sign(u) * sympy.Abs(u) ** sympy.Rational(1, 3),
    "square": lambda u: u**2,
}
"""Functions that formulas hold in other functions and powers."""

_ALIASES = {alias: function.kind for function in TABLE for alias in function.aliases}

KNOWN_FUNCTIONS: dict[str, Callable[..., sympy.Expr]] = {**FUNCTIONS, **_ALIASES, **_WRITTEN_OUT}
"""Functions by the names that are understood."""

_ARGUMENTS: dict[str, tuple[int, ...]] = {
    **{name: tuple(sorted(map(int, kind.nargs))) for name, kind in (FUNCTIONS | _ALIASES).items()},
    **dict.fromkeys(_WRITTEN_OUT, (1,)),
}

# Their series in mpmath take seconds, or do not converge, for large arguments: of numbers they are Floats at once.
_SERIES = frozenset(("besselj", "bessely", "besseli", "besselk", "airyai", "airybi"))

_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_NUMBER = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
# Raised digits are no part of a word: x² would be taken for the name of a constant.
_WORD = re.compile(rf"[^\W\d{_RAISED}][^\W{_RAISED}]*")
_OPERATOR = re.compile(r"\*\*|[-+*/^(),]")


class FormulaSyntaxError(ArgumentError):
    """A text is not a formula; the message holds the text, the position and what is wrong there.

    Attributes
    ----------
    position : int
        Index into the text.
    problem : str
        What is wrong there.
    """

    def __init__(self, text: str, position: int, problem: str) -> None:
        shown = text if len(text) <= 200 else f"{text[:200]}..."
        super().__init__(f"formula {shown!r}, position {position}: {problem}")
        self.position, self.problem = position, problem


def parse_expression(text: str, names: Iterable[str] = ()) -> sympy.Expr:
    """Read a formula.

    Understood are numbers, ``+ - * / ** ^``, signs, parentheses, the constants of
    `kansym.functions.NUMBER_SYMBOLS` (``pi``, ``E``, ...), the functions of `KNOWN_FUNCTIONS`, and columns by
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
        If the text is no formula, is longer than a person could read, holds an unknown name, or a number that is not
        real, beyond double precision, or exact with more than `LARGEST_BITS` bits.

    Examples
    --------
    >>> parse_expression("m*v^2/2", ["m", "v"])
    m*v**2/2
    """
    if len(text) > LONGEST_TEXT:
        raise FormulaSyntaxError(text, LONGEST_TEXT, f"longer than {LONGEST_TEXT} characters")
    tokens = _tokens(text, list(names))
    if len(tokens) > MOST_TOKENS:
        at = tokens[MOST_TOKENS].position
        raise FormulaSyntaxError(text, at, f"more than {MOST_TOKENS} numbers, names and signs")
    parser = _Parser(text, tokens)
    if len(tokens) <= SHORT:
        return parser.formula()
    try:
        return call_with_limit(parser.formula, LONGEST_SECONDS)
    except TimeLimitError:
        raise FormulaSyntaxError(text, 0, f"takes more than {LONGEST_SECONDS:g} s to read; write it shorter") from None


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
                problem = "the closing ` is missing" if end < 0 else f"there is no column {_brief(name)}"
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
    hint = "; write a power as x**2" if text[position] in _RAISED else ""
    raise FormulaSyntaxError(text, position, f"unexpected character {text[position]!r}{hint}")


def _brief(text: str) -> str:
    """A token for a message."""
    return repr(text if len(text) <= 40 else f"{text[:40]}...")


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _is_large_power(factor: sympy.Expr) -> bool:
    return factor.is_Pow and factor.exp.is_Integer and abs(factor.exp) > LARGEST_EXPONENT and not factor.is_number


def _without_large_numbers(exponent: sympy.Expr) -> sympy.Expr:
    """An exponent in which numbers beyond `LARGEST_EXPONENT` are Floats: sympy writes 9**(10**9 + x) as a product."""
    large = {n: sympy.Float(double_of(n)) for n in exponent.atoms(sympy.Rational) if abs(n) > LARGEST_EXPONENT}
    return exponent.xreplace(large) if large else exponent


def _with_float_exponent(power: sympy.Expr) -> sympy.Expr:
    return sympy.Pow(power.base, sympy.Float(double_of(power.exp)))


_OF_COMPLEX = (sympy.re, sympy.im, sympy.conjugate)

_NO_NUMBER = "the value is not a finite number, or not real"


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
            found = _brief(self.token.text) if self.token.kind != "end" else "the end"
            self.fail(f"expected {operator!r}, found {found}")

    def formula(self) -> sympy.Expr:
        """The whole text."""
        expression = self.sum(0)
        if self.token.kind != "end":
            self.fail(f"expected an operator or the end, found {_brief(self.token.text)}")
        return expression

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
        # All factors at once: one after another, long products take time that grows with the square of their length.
        factors = [self.signed(depth)]
        start = self.token.position
        while operator := self.take("*", "/"):
            position = self.tokens[self.index - 1].position
            factor = self.signed(depth)
            factors.append(factor if operator == "*" else self.inverse(factor, position))
        return factors[0] if len(factors) == 1 else self.checked(lambda: sympy.Mul(*factors), start)

    def inverse(self, divisor: sympy.Expr, position: int) -> sympy.Expr:
        if self.is_zero(divisor):
            self.fail("division by zero", position)
        return self.checked(lambda: sympy.Pow(divisor, -1), position)

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
        numbers = not exponent.free_symbols and not base.free_symbols
        if self.is_zero(base) and not exponent.free_symbols and double_of(exponent) < 0:
            self.fail("division by zero", start)
        if power_bits(base, exponent) > LARGEST_BITS:
            self.fail(f"the power is too large: more than {LARGEST_BITS} bits", start)
        if numbers and math.isnan(double_of(sympy.Pow(base, exponent, evaluate=False))):
            self.fail(_NO_NUMBER, start)
        if base.free_symbols or exponent.free_symbols:
            exponent = _without_large_numbers(exponent)
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
            return self.checked(lambda: sympy.Integer(int(token.text)), token.position)
        value = float(token.text)
        if not math.isfinite(value) or (value == 0 and re.search("[1-9]", re.split("[eE]", token.text)[0])):
            shown = token.text if len(token.text) <= 40 else f"{token.text[:40]}..."
            self.fail(f"{shown} is beyond the range of double precision", token.position)
        return sympy.Float(value)

    def word(self, token: _Token, depth: int) -> sympy.Expr:
        if self.token.kind == "operator" and self.token.text == "(" and token.text in KNOWN_FUNCTIONS:
            return self.call(token, depth)
        if token.text in NUMBER_SYMBOLS:
            return NUMBER_SYMBOLS[token.text]
        if token.text in KNOWN_FUNCTIONS:
            self.fail(f"the function {token.text} needs an argument in parentheses", token.position)
        kind = "function" if self.token.text == "(" else "name"
        self.fail(f"unknown {kind} {_brief(token.text)}", token.position)

    def call(self, token: _Token, depth: int) -> sympy.Expr:
        self.expect("(")
        arguments = [self.sum(depth + 1)]
        while self.take(","):
            arguments.append(self.sum(depth + 1))
        self.expect(")")
        name, at = token.text, token.position
        wanted = _ARGUMENTS[name]
        if len(arguments) not in wanted:
            plural = "s" if wanted[-1] > 1 else ""
            self.fail(f"{name} takes {' or '.join(map(str, wanted))} argument{plural}, got {len(arguments)}", at)
        first = arguments[0]
        if name in ("gamma", "loggamma") and first.is_Rational and abs(first) > LARGEST_FACTORIAL:
            self.fail(f"{name} of {_brief(str(first))} is beyond the range of double precision", at)
        if name == "exp" and exponential_bits(first) > LARGEST_BITS:
            self.fail(f"the power is too large: more than {LARGEST_BITS} bits", at)
        if not any(argument.free_symbols for argument in arguments):
            value = double_of_call(name, [double_of(argument) for argument in arguments])
            if math.isnan(value):
                self.fail(_NO_NUMBER, at)
            if name in _SERIES or any(argument.has(sympy.Float) for argument in arguments):
                return sympy.Float(value)
        return self.checked(lambda: KNOWN_FUNCTIONS[name](*arguments), at)

    def is_zero(self, expression: sympy.Expr) -> bool:
        """Whether an expression is the number zero, in double precision."""
        return not expression.free_symbols and double_of(expression) == 0.0

    def checked(self, build: Callable[[], sympy.Expr], position: int) -> sympy.Expr:
        """What `build` returns, unless it is too long or no finite number; a long number as a Float."""
        try:
            result = build()
        except (TypeError, ValueError, ArithmeticError, AttributeError, RecursionError, NotImplementedError) as error:
            self.fail(f"{error}", position)
        if result.has(*_OF_COMPLEX):
            # All columns and constants are real, which plain symbols do not say: abs(exp(x)) becomes exp(re(x)).
            result = result.replace(
                lambda part: isinstance(part, _OF_COMPLEX),
                lambda part: sympy.Integer(0) if isinstance(part, sympy.im) else part.args[0],
            )
        if any(_is_large_power(factor) for factor in sympy.Mul.make_args(result)):
            factors = sympy.Mul.make_args(result)
            result = sympy.Mul(*(_with_float_exponent(f) if _is_large_power(f) else f for f in factors))
        if is_larger_than(result, MOST_NODES):
            self.fail(f"written out, the formula is longer than {MOST_NODES} numbers, names and signs", position)
        if result.has(sympy.oo, -sympy.oo, sympy.zoo, sympy.nan, sympy.I):
            self.fail(_NO_NUMBER, position)
        for number in result.args if result.is_Mul or result.is_Add else (result,):
            self._check_number(number, position)
        if result.is_Rational or result.free_symbols:
            return result
        value = double_of(result)
        if math.isnan(value):
            self.fail(_NO_NUMBER, position)
        return sympy.Float(value) if is_larger_than(result, LARGEST_CONSTANT) else result

    def _check_number(self, number: sympy.Basic, position: int) -> None:
        if not isinstance(number, sympy.Float | sympy.Rational):
            return
        if isinstance(number, sympy.Rational) and rational_bits(number) > LARGEST_BITS:
            self.fail(f"a number has more than {LARGEST_BITS} bits", position)
        value = double_of(number)
        if not math.isfinite(value) or (value == 0 and not number.is_zero):
            self.fail("a number is beyond the range of double precision", position)
