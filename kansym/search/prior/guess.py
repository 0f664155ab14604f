# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false
"""A formula that a search starts from, read from text, and the same with its exact numbers as constants too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import sympy

from kansym.data.columns import listing, quoted
from kansym.data.remarks import Warned, name_hints
from kansym.errors import Argument, ArgumentError, KansymError
from kansym.fitting.arguments import MOST_CONSTANTS
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.symbolic.parser import free_names, parse_expression
from kansym.symbolic.pysr import names_in, translated

MOST_FREED = 8
"""Exact numbers that are freed; a formula with more has little that is sure."""


@dataclass(frozen=True, eq=False)
class Guess:
    """A formula with constants.

    Attributes
    ----------
    text : str
        As given.
    form : ParametricForm
        In plain symbols of all columns. Its constants are the names that are no columns, in the order they occur,
        then the numbers with a point; whole numbers and fractions of them belong to the form.
    named : int
        How many of the constants have a name; their values are 1 here, those of the others the numbers of the text.
    """

    text: str
    form: ParametricForm
    named: int

    @classmethod
    def read(
        cls,
        text: str,
        names: Sequence[str],
        target: str = "",
        dropped: Mapping[str, str] | None = None,
        bounds: Mapping[str, tuple[float, float]] | None = None,
    ) -> "Guess":
        """Read a text such as ``"A*exp(-t/tau) + 0.1"``.

        Parameters
        ----------
        text : str
            See `kansym.symbolic.parser.parse_expression` for what is understood; powers may be written ``^``. Functions
            of PySR that it lacks, such as ``cube`` and ``inv``, are understood too. ``"y = ..."`` may stand before it,
            with the name of the target.
        names : sequence of str
            Columns.
        target : str, optional
        dropped : mapping of str to str, optional
            Columns that were left out of the table, and why: they are no constants to fit.
        bounds : mapping of str to (float, float), optional
            Of constants with a name, see `kansym.fitting.bounds.read_bounds`; names that are none are left alone.

        Raises
        ------
        ArgumentError
            If it is no formula, holds no column or one that was dropped, or more constants than can be fitted. The
            message starts with "guesses".
        """
        head, sign, tail = text.partition("=")
        body = tail if sign and head.strip() in ("y", target) else text
        try:
            named, expression = _parsed(body, names)
        except ArgumentError as error:
            try:
                named, expression = _parsed(_without_julia(body), names)
            except KansymError:
                raise ArgumentError(Argument("guesses"), f": {error}") from error
        for name in named:
            if dropped and name in dropped:
                reason = f"{quoted(name)}, which is left out. {dropped[name]}"
                raise ArgumentError(Argument("guesses"), f": {_brief(text)} holds {reason}")
        columns = tuple(map(plain_symbol, names))
        symbols = tuple(map(plain_symbol, named))
        if not expression.free_symbols & set(columns):
            known = listing(list(names), 20)
            raise ArgumentError(
                Argument("guesses"), f": {_brief(text)} contains no column of the table; columns: {known}"
            )
        # A name that cancels is no constant.
        symbols = tuple(symbol for symbol in symbols if symbol in expression.free_symbols)
        numbers = parametrize(expression, (*columns, *symbols))
        constants = (*symbols, *numbers.constants)
        if len(constants) > MOST_CONSTANTS:
            many = f"{len(constants)} constants; at most {MOST_CONSTANTS} are fitted"
            raise ArgumentError(Argument("guesses"), f": {_brief(text)} has {many}")
        values = [1.0] * len(symbols) + numbers.values.tolist()
        form = ParametricForm(numbers.expression, columns, constants, values)
        return cls(text, form.with_values(values).bounded(bounds or {}), len(symbols))

    @property
    def name_hints(self) -> list[Warned]:
        """What to say about constants that may be misspelt columns."""
        names = [symbol.name for symbol in self.form.constants[: self.named]]
        columns, held = self.form.variables, self.form.expression.free_symbols
        return name_hints(names, [one.name for one in columns], [one.name for one in columns if one in held])

    @property
    def numbers(self) -> dict[sympy.Symbol, float]:
        """The numbers of the text, by the constants that stand for them."""
        pairs = zip(self.form.constants[self.named :], self.form.values[self.named :], strict=True)
        return {symbol: float(value) for symbol, value in pairs}


@dataclass(frozen=True, eq=False)
class Freed:
    """A form with more constants than a guess has.

    Attributes
    ----------
    form : ParametricForm
        Its constants are those of the guess, then one for each exact number.
    exact : tuple of sympy.Rational
        The numbers that the others stand for.
    """

    form: ParametricForm
    exact: tuple[sympy.Rational, ...]

    def changed(self, values: np.ndarray) -> list[tuple[sympy.Rational, float]]:
        """Numbers that are others among some values (k,) of the constants, with what they are then."""
        own = values[len(values) - len(self.exact) :]
        pairs = zip(self.exact, own, strict=True)
        return [(number, float(value)) for number, value in pairs if abs(value - float(number)) > 1e-6 * abs(number)]


def freed(form: ParametricForm) -> Freed | None:
    """The form with its exact coefficients and exponents as constants; None if it has none, or too many.

    Exponents of -1 and of square roots stay: a quotient is no power.
    """
    exact: list[sympy.Rational] = []
    symbols: list[sympy.Symbol] = []

    def visit(node: sympy.Expr) -> sympy.Expr:
        if node.is_Rational:
            if abs(node) == 1 or node.is_zero:
                return node
            exact.append(node)
            symbols.append(sympy.Symbol(f"_n{len(symbols)}", real=True))
            return symbols[-1]
        if not node.args:
            return node
        if node.is_Pow and node.exp in (sympy.S.NegativeOne, sympy.S.Half, -sympy.S.Half):
            return sympy.Pow(visit(node.base), node.exp)
        return node.func(*(visit(argument) for argument in node.args))

    expression = visit(form.expression)
    if not 0 < len(exact) <= MOST_FREED:
        return None
    values = np.concatenate([form.values, [float(number) for number in exact]])
    free = np.tile([-np.inf, np.inf], (len(exact), 1))
    bounds = None if form.bounds is None else np.vstack([form.bounds, free])
    return Freed(ParametricForm(expression, form.variables, (*form.constants, *symbols), values, bounds), tuple(exact))


def _brief(text: str) -> str:
    return repr(text if len(text) <= 200 else f"{text[:200]}...")


def _parsed(text: str, names: Sequence[str]) -> tuple[tuple[str, ...], sympy.Expr]:
    named = free_names(text, names)
    return named, parse_expression(text, [*names, *named])


def _without_julia(text: str) -> str:
    """The text with functions that only PySR has written out."""
    return translated(text, {name: name for name in names_in(text)})
