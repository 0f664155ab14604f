# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false
"""Terms of a relation: products of powers of columns and of functions of such products, with values and gradients.

Errors of all columns count, so a term gives its derivatives by the columns beside its values.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import sympy

from kansym.symbolic.complexity import COSTS, kinds

Powers = tuple[float, ...]
"""An exponent for each column of the table: whole numbers and halves."""


@dataclass(frozen=True)
class Shape:
    """A function of one variable that a term may hold.

    Attributes
    ----------
    value, slope : callable
        Of arrays.
    symbolic : callable
        Of sympy expressions.
    """

    value: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]
    symbolic: Callable[[sympy.Expr], sympy.Expr]


SHAPES: dict[str, Shape] = {
    "log": Shape(np.log, lambda u: 1 / u, sympy.log),
    "exp": Shape(np.exp, np.exp, sympy.exp),
    "sin": Shape(np.sin, np.cos, sympy.sin),
    "cos": Shape(np.cos, lambda u: -np.sin(u), sympy.cos),
    "sin2": Shape(lambda u: np.sin(u) ** 2, lambda u: np.sin(2 * u), lambda u: sympy.sin(u) ** 2),
    "tan": Shape(np.tan, lambda u: 1 / np.cos(u) ** 2, sympy.tan),
    "cosh": Shape(np.cosh, np.sinh, sympy.cosh),
    "tanh": Shape(np.tanh, lambda u: 1 / np.cosh(u) ** 2, sympy.tanh),
    "sqrt(1+)": Shape(lambda u: np.sqrt(1 + u), lambda u: 0.5 / np.sqrt(1 + u), lambda u: sympy.sqrt(1 + u)),
    "radius": Shape(np.sqrt, lambda u: 0.5 / np.sqrt(u), sympy.sqrt),
    "1/radius": Shape(lambda u: u**-0.5, lambda u: -0.5 * u**-1.5, lambda u: 1 / sympy.sqrt(u)),
}
"""By the name that a `Function` has."""


@dataclass(frozen=True)
class Function:
    """A function of the product of powers of columns, or of the sum of squares of two of them.

    Attributes
    ----------
    shape : str
        A name in `SHAPES`.
    powers : tuple of float
        Of the columns in its argument.
    rate : int
        Place of the inner constant that the argument is multiplied by; -1 for none.
    squares : bool
        The argument is the sum of the squares of the columns whose power is not zero.
    """

    shape: str
    powers: Powers
    rate: int = -1
    squares: bool = False


@dataclass(frozen=True)
class Term:
    """A product of powers of columns and of functions.

    Attributes
    ----------
    powers : tuple of float
    functions : tuple of Function
    """

    powers: Powers
    functions: tuple[Function, ...] = ()

    @property
    def columns(self) -> frozenset[int]:
        """Places of the columns in it."""
        rows = (self.powers, *(one.powers for one in self.functions))
        return frozenset(j for row in rows for j, power in enumerate(row) if power)

    @property
    def has_rate(self) -> bool:
        """Whether an inner constant stands in it."""
        return any(one.rate >= 0 for one in self.functions)


def one_of(columns: int) -> Powers:
    """No power of any of so many columns."""
    return (0.0,) * columns


def single(columns: int, place: int, power: float = 1.0) -> Powers:
    """A power of one of so many columns."""
    return tuple(float(power) if j == place else 0.0 for j in range(columns))


def values_and_slopes(
    terms: Sequence[Term], X: np.ndarray, rates: Sequence[float] | np.ndarray = ()
) -> tuple[np.ndarray, np.ndarray]:
    """Values (n, p) of terms on rows (n, d), and their derivatives (n, p, d); not finite where a term has none."""
    n, d = X.shape
    values, slopes = np.empty((n, len(terms))), np.empty((n, len(terms), d))
    products: dict[Powers, tuple[np.ndarray, np.ndarray]] = {}
    functions: dict[Function, tuple[np.ndarray, np.ndarray]] = {}
    with np.errstate(all="ignore"):
        for k, term in enumerate(terms):
            value, slope = _once(products, term.powers, lambda powers: _product(powers, X))
            for function in term.functions:
                other, other_slope = _once(functions, function, lambda one: _function(one, X, rates))
                value, slope = value * other, slope * other[:, None] + value[:, None] * other_slope
            values[:, k], slopes[:, k] = value, slope
    return values, slopes


def _once(known: dict, key, make):
    if key not in known:
        known[key] = make(key)
    return known[key]


def _power(column: np.ndarray, power: float) -> np.ndarray:
    return column ** int(power) if power > 0 and power.is_integer() else column**power


def _product(powers: Powers, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    n, d = X.shape
    value, slope = np.ones(n), np.zeros((n, d))
    for j, power in enumerate(powers):
        if power:
            own = _power(X[:, j], power)
            slope *= own[:, None]
            slope[:, j] = value * power * (_power(X[:, j], power - 1) if power != 1 else 1.0)
            value = value * own
    return value, slope


def _function(function: Function, X: np.ndarray, rates: Sequence[float] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if function.squares:
        inside = np.array([float(bool(power)) for power in function.powers])
        argument, slope = (X**2) @ inside, 2 * X * inside
    else:
        argument, slope = _product(function.powers, X)
    if function.rate >= 0:
        argument, slope = rates[function.rate] * argument, rates[function.rate] * slope
    shape = SHAPES[function.shape]
    return shape.value(argument), shape.slope(argument)[:, None] * slope


def expression_of(term: Term, symbols: Sequence[sympy.Symbol], rates: Sequence[sympy.Expr] = ()) -> sympy.Expr:
    """A term as an expression of the columns' symbols and of the inner constants."""
    factors = [_monomial(term.powers, symbols)]
    for one in term.functions:
        if one.squares:
            argument = sympy.Add(*(s**2 for s, power in zip(symbols, one.powers, strict=True) if power))
        else:
            argument = _monomial(one.powers, symbols)
        if one.rate >= 0:
            argument = rates[one.rate] * argument
        factors.append(SHAPES[one.shape].symbolic(argument))
    return sympy.Mul(*factors)


def _monomial(powers: Powers, symbols: Sequence[sympy.Symbol]) -> sympy.Expr:
    return sympy.Mul(*(s ** sympy.Rational(round(2 * p), 2) for s, p in zip(symbols, powers, strict=True)))


@lru_cache(maxsize=65536)
def bits_of(term: Term) -> float:
    """Bits of the nodes of a term, as everywhere in kansym; its inner constants are counted where they are fitted."""
    d = len(term.powers)
    symbols = sympy.symbols(f"x0:{d}", positive=True)
    rates = sympy.symbols("k0:9", positive=True)
    return sum(
        count * (COSTS.get(kind, COSTS["^ real"]) + (np.log2(d) if kind == "variable" else 0.0))
        for kind, count in kinds(expression_of(term, symbols, rates)).items()
    )
