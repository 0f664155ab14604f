# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportIndexIssue=false, reportGeneralTypeIssues=false
"""A formula whose constants are adjustable: fast values and exact derivatives with respect to them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.errors import ArgumentError
from kansym.symbolic.evaluation import finite_column, stable_logarithms, stable_powers
from kansym.symbolic.tape import Tape

ROUND_DIGITS = 7
"""Equal Floats with more digits than this are one constant that occurs twice; shorter ones may agree by chance."""

PREFIXES = ("c", "const")
"""Of the names of constants, c0, c1, ...; the second where columns are called so."""


@dataclass(frozen=True, eq=False)
class ParametricForm:
    """An expression whose real constants are symbols with values.

    Attributes
    ----------
    expression : sympy.Expr
        In `variables` and `constants`; all other numbers in it are exact and belong to its structure.
    variables : tuple of sympy.Symbol, length d
        One per column of the data, in their order.
    constants : tuple of sympy.Symbol, length k
        The adjustable constants, in the order of `values`.
    values : array (k,), float64
    bounds : array (k, 2) or None
        The least and the largest value of each constant, infinite where there is no limit and equal where it is fixed;
        None if all are free. Whatever fits the form keeps to them.
    """

    expression: sympy.Expr
    variables: tuple[sympy.Symbol, ...]
    constants: tuple[sympy.Symbol, ...]
    values: np.ndarray
    bounds: np.ndarray | None = None

    def evaluate(self, X: np.ndarray) -> np.ndarray:
        """Values of the formula, shape (n,), for rows `X` of shape (n, d); nan wherever it is not finite and real."""
        return self.value_at(columns_of(X, len(self.variables)), self.values)

    def jacobian(self, X: np.ndarray) -> np.ndarray:
        """Exact derivatives with respect to the constants, shape (n, k); nan where not finite and real."""
        return self.jacobian_at(columns_of(X, len(self.variables)), self.values)

    def value_at(self, columns: Sequence[np.ndarray], values: np.ndarray) -> np.ndarray:
        """`evaluate` for contiguous columns (see `columns_of`) and other values of the constants."""
        tape, _ = _tapes(self.expression, self.variables, self.constants)
        n = len(columns[0]) if columns else 1
        clock.charge(Work.EVALUATIONS)
        clock.charge(Work.EVALUATED_NODES, n * node_count(self.expression))
        with np.errstate(all="ignore"):
            return finite_column(tape.values([*columns, *values]), n)

    def jacobian_at(self, columns: Sequence[np.ndarray], values: np.ndarray) -> np.ndarray:
        """`jacobian` for contiguous columns and other values of the constants."""
        _, tape = _tapes(self.expression, self.variables, self.constants)
        n = len(columns[0]) if columns else 1
        clock.charge(Work.EVALUATIONS, 1 + len(self.constants))
        clock.charge(Work.EVALUATED_NODES, n * node_count(self.expression) * len(self.constants))
        result = np.empty((n, len(self.constants)))
        with np.errstate(all="ignore"):
            for j, column in enumerate(tape.derivatives([*columns, *values])):
                result[:, j] = finite_column(column, n)
        return result

    @property
    def linear_constants(self) -> tuple[int, ...]:
        """Indices of constants in which the expression is jointly linear, e.g. prefactors and offsets; none fixed."""
        linear = _tapes(self.expression, self.variables, self.constants)[1].linear
        return linear if self.bounds is None else tuple(j for j in linear if not self.fixed[j])

    @property
    def fixed(self) -> np.ndarray:
        """Which constants (k,) cannot change at all."""
        if self.bounds is None:
            return np.zeros(len(self.constants), dtype=bool)
        return self.bounds[:, 0] == self.bounds[:, 1]

    def at_bound(self, values: np.ndarray) -> np.ndarray:
        """Which of some constants (k,) lie at one of their bounds; those that are fixed do."""
        if self.bounds is None:
            return np.zeros(len(self.constants), dtype=bool)
        return (values <= self.bounds[:, 0]) | (values >= self.bounds[:, 1])

    def inside(self, values: np.ndarray) -> np.ndarray:
        """The nearest values within the bounds; `values` may have any shape that ends with k."""
        return values if self.bounds is None else np.clip(values, self.bounds[:, 0], self.bounds[:, 1])

    def released(self, which: np.ndarray) -> "ParametricForm":
        """The same form without the bounds of some constants, by a mask (k,)."""
        if self.bounds is None:
            return self
        return replace(self, bounds=np.where(which[:, None], [-np.inf, np.inf], self.bounds))

    def bounded(self, bounds: Mapping[str, tuple[float, float]]) -> "ParametricForm":
        """The same form with bounds by names of constants, and its values moved inside; other names are left alone."""
        ends = [bounds.get(symbol.name, (-np.inf, np.inf)) for symbol in self.constants]
        if not np.isfinite(ends).any():
            return replace(self, bounds=None)
        form = replace(self, bounds=np.array(ends, dtype=np.float64))
        return replace(form, values=form.inside(np.asarray(self.values, dtype=np.float64)))

    def with_values(self, values: np.ndarray) -> "ParametricForm":
        """The same form with other values, shape (k,)."""
        values = np.array(values, dtype=np.float64)
        if values.shape != (len(self.constants),):
            raise ArgumentError(f"values must have shape ({len(self.constants)},), got {values.shape}")
        return replace(self, values=values)

    def with_constant(self, symbol: sympy.Symbol, value: sympy.Expr) -> "ParametricForm":
        """The form with one constant replaced by an exact expression, which may contain the other constants."""
        index = self.constants.index(symbol)
        return ParametricForm(
            self.expression.xreplace({symbol: value}),
            self.variables,
            self.constants[:index] + self.constants[index + 1 :],
            np.delete(self.values, index),
            None if self.bounds is None else np.delete(self.bounds, index, axis=0),
        )

    def substituted(self) -> sympy.Expr:
        """The expression with the values back in as Floats of full double precision."""
        numbers = {symbol: sympy.Float(float(value)) for symbol, value in zip(self.constants, self.values, strict=True)}
        return _substitute(self.expression, numbers)


def parametrize(expression: sympy.Expr, variables: Sequence[sympy.Symbol]) -> ParametricForm:
    """Turn the Floats of an expression into adjustable constants.

    Integers, rationals and named numbers are structure and stay. A Float with many digits that occurs in several
    places is one constant (a part of the formula that is used twice); round Floats are a constant per occurrence.

    Parameters
    ----------
    expression : sympy.Expr
        With Float constants.
    variables : sequence of sympy.Symbol, length d
        The columns, in order; a variable need not occur.

    Raises
    ------
    ArgumentError
        If a Float is not finite in double precision.
    """
    clock.charge(Work.ALGEBRA, node_count(expression))
    builder = _Builder({symbol.name for symbol in (expression.free_symbols | set(variables))})
    result = builder.visit(expression)
    values = np.array(list(builder.values.values()), dtype=np.float64)
    return ParametricForm(result, tuple(variables), tuple(builder.values), values)


@lru_cache(maxsize=4096)
def node_count(expression: sympy.Basic) -> int:
    """Number of nodes of sympy's own tree: what algebra costs, rather than a measure of simplicity."""
    return sum(1 for _ in sympy.preorder_traversal(expression))


def columns_of(X: np.ndarray, d: int) -> tuple[np.ndarray, ...]:
    """The columns of `X` (n, d) as contiguous float64 arrays, the layout `ParametricForm.value_at` is fast on."""
    X = np.asarray(X, dtype=np.float64)
    if X.ndim != 2 or X.shape[1] != d:
        raise ArgumentError(f"X must have shape (n, {d}), one column per variable, got {X.shape}")
    return tuple(np.ascontiguousarray(X[:, j]) for j in range(d))


class _Builder:
    """Replaces Floats by symbols, in one walk over the tree."""

    def __init__(self, taken: set[str]) -> None:
        # c0 beside columns c1 and c2 would be read as one of them, c_0 on paper too.
        numbered = {re.sub(r"_*\d+$", "", name) for name in taken if name[-1:].isdigit()}
        self.prefix = PREFIXES[0]
        while self.prefix in numbered:
            self.prefix = PREFIXES[1] if self.prefix == PREFIXES[0] else self.prefix + "s"
        self.values: dict[sympy.Symbol, float] = {}
        self.shared: dict[float, sympy.Symbol] = {}

    def visit(self, node: sympy.Expr) -> sympy.Expr:
        if isinstance(node, sympy.Float):
            return self.constant(node)
        if not node.args or not node.has(sympy.Float):
            return node
        return node.func(*(self.visit(argument) for argument in node.args))

    def constant(self, number: sympy.Float) -> sympy.Expr:
        value = float(number)
        if not np.isfinite(value) or (value == 0 and not number.is_zero):
            raise ArgumentError(f"expression contains {number!s}, which is beyond the range of double precision")
        # sympy distributes a factor over a sum, so the same constant may come back with the other sign.
        if -value in self.shared:
            return -self.shared[-value]
        if value in self.shared:
            return self.shared[value]
        symbol = sympy.Symbol(f"{self.prefix}{len(self.values)}", real=True)
        self.values[symbol] = value
        if float(f"{value:.{ROUND_DIGITS}g}") != value:
            self.shared[value] = symbol
        return symbol


def _substitute(node: sympy.Expr, numbers: dict[sympy.Symbol, sympy.Float]) -> sympy.Expr:
    """Replace symbols by numbers without distributing a number over a sum: ``c*(x - y)`` has one constant."""
    if isinstance(node, sympy.Symbol):
        return numbers.get(node, node)
    if not node.args or not node.has(*numbers):
        return node
    arguments = [_substitute(argument, numbers) for argument in node.args]
    if isinstance(node, sympy.exp) and any(abs(number) > 600 for number in arguments[0].atoms(sympy.Float)):
        # sympy would take the number out of the exponent, where no double can hold its exponential.
        return sympy.exp(arguments[0], evaluate=False)
    result = node.func(*arguments)
    if node.is_Mul and result.is_Add:
        sums = [argument for argument in arguments if argument.is_Add]
        coefficient = sympy.Mul(*(argument for argument in arguments if not argument.is_Add))
        if len(sums) == 1 and coefficient.is_Number:
            return sympy.Mul(coefficient, sums[0], evaluate=False)
    return result


@lru_cache(maxsize=2048)
def _tapes(
    expression: sympy.Expr, variables: tuple[sympy.Symbol, ...], constants: tuple[sympy.Symbol, ...]
) -> tuple[Tape, Tape]:
    """For values, and for derivatives; one for both where no exponential is written otherwise."""
    for_values, for_slopes = stable_logarithms(expression), stable_powers(expression)
    tape = Tape(for_values, variables, constants)
    return tape, tape if for_slopes == for_values else Tape(for_slopes, variables, constants)
