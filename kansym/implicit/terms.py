# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false
"""Terms of a relation: products of powers of columns and of functions of such products, with values and gradients.

Errors of all columns count, so a term gives its derivatives by the columns beside its values.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache

import numpy as np
import sympy

from kansym.symbolic.complexity import COSTS, kinds
from kansym.symbolic.evaluation import MODULES

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


class Inside(Enum):
    """How columns are put together in the argument of a function."""

    PRODUCT = "product of powers"
    SQUARES = "sum of squares"
    SUM = "sum of multiples"


@dataclass(frozen=True)
class Argument:
    """What a function is a function of.

    Attributes
    ----------
    powers : tuple of float
        Of the columns; in a sum what they are multiplied by, in a sum of squares not zero for those that take part.
    inside : Inside
    """

    powers: Powers
    inside: Inside = Inside.PRODUCT

    @property
    def columns(self) -> tuple[int, ...]:
        """Places of the columns in it."""
        return tuple(j for j, power in enumerate(self.powers) if power)

    def values(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values (n,) on rows (n, d), and their derivatives (n, d)."""
        if self.inside is Inside.PRODUCT:
            return _product(self.powers, X)
        if self.inside is Inside.SUM:
            own = np.array(self.powers)
            return X @ own, np.broadcast_to(own, X.shape)
        member = np.array([float(bool(power)) for power in self.powers])
        return (X**2) @ member, 2 * X * member

    def expression(self, symbols: Sequence[sympy.Symbol]) -> sympy.Expr:
        """In the columns' symbols."""
        if self.inside is Inside.PRODUCT:
            return _monomial(self.powers, symbols)
        parts = [(s, power) for s, power in zip(symbols, self.powers, strict=True) if power]
        if self.inside is Inside.SUM:
            return sympy.Add(*(sympy.nsimplify(power) * s for s, power in parts))
        return sympy.Add(*(s**2 for s, _ in parts))


ARGUMENT = sympy.Symbol("z", real=True)
"""What a `Curve` is written in, beside its constants."""


@dataclass(frozen=True)
class Curve:
    """A function of one variable that was read off an edge of a network.

    Attributes
    ----------
    expression : sympy.Expr
        Of `ARGUMENT` and `constants`.
    constants : tuple of sympy.Symbol
    places : tuple of int
        Of its constants among the inner constants of the form.
    """

    expression: sympy.Expr
    constants: tuple[sympy.Symbol, ...] = ()
    places: tuple[int, ...] = ()

    def evaluate(self, z: np.ndarray, rates: Sequence[float] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values and derivatives of an array; not finite where there are none."""
        value, slope = _compiled(self.expression, self.constants)
        own = [rates[place] for place in self.places]
        return _real(value(z, *own), z), _real(slope(z, *own), z)

    def written(self, argument: sympy.Expr, rates: Sequence[sympy.Expr]) -> sympy.Expr:
        """Of an argument, with its constants by other names."""
        names = {symbol: rates[place] for symbol, place in zip(self.constants, self.places, strict=True)}
        return self.expression.xreplace({ARGUMENT: argument, **names})


@lru_cache(maxsize=1024)
def _compiled(expression: sympy.Expr, constants: tuple[sympy.Symbol, ...]):
    symbols = [ARGUMENT, *constants]
    made = [sympy.lambdify(symbols, one, modules=MODULES) for one in (expression, sympy.diff(expression, ARGUMENT))]
    return tuple(made)


def _real(values, like: np.ndarray) -> np.ndarray:
    found = np.broadcast_to(np.asarray(values), like.shape)
    return np.where(found.imag == 0, found.real, np.nan) if np.iscomplexobj(found) else found.astype(np.float64)


@dataclass(frozen=True)
class Function:
    """A function of a product of powers of columns, or of a sum.

    Attributes
    ----------
    shape : str or Curve
        A name in `SHAPES`, or one that was read off a network.
    powers : tuple of float
        As of an `Argument`.
    rate : int
        Place of the inner constant that the argument is multiplied by; -1 for none.
    inside : Inside
    """

    shape: str | Curve
    powers: Powers
    rate: int = -1
    inside: Inside = Inside.PRODUCT

    @property
    def argument(self) -> Argument:
        """What it is a function of, without the inner constant."""
        return Argument(self.powers, self.inside)

    @property
    def places(self) -> tuple[int, ...]:
        """Of its inner constants."""
        return (
            *((self.rate,) if self.rate >= 0 else ()),
            *(self.shape.places if isinstance(self.shape, Curve) else ()),
        )

    def moved(self, places: Mapping[int, int]) -> "Function":
        """The same with its inner constants at other places."""
        shape = self.shape
        if isinstance(shape, Curve):
            shape = replace(shape, places=tuple(places[k] for k in shape.places))
        return replace(self, shape=shape, rate=places.get(self.rate, -1))


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
    def places(self) -> tuple[int, ...]:
        """Of the inner constants in it."""
        return tuple(place for one in self.functions for place in one.places)


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
    argument, slope = function.argument.values(X)
    if function.rate >= 0:
        argument, slope = rates[function.rate] * argument, rates[function.rate] * slope
    if isinstance(function.shape, Curve):
        value, own = function.shape.evaluate(argument, rates)
        return value, own[:, None] * slope
    shape = SHAPES[function.shape]
    return shape.value(argument), shape.slope(argument)[:, None] * slope


def expression_of(term: Term, symbols: Sequence[sympy.Symbol], rates: Sequence[sympy.Expr] = ()) -> sympy.Expr:
    """A term as an expression of the columns' symbols and of the inner constants."""
    factors = [_monomial(term.powers, symbols)]
    for one in term.functions:
        argument = one.argument.expression(symbols)
        if one.rate >= 0:
            argument = rates[one.rate] * argument
        if isinstance(one.shape, Curve):
            factors.append(one.shape.written(argument, rates))
        else:
            factors.append(SHAPES[one.shape].symbolic(argument))
    return sympy.Mul(*factors)


def _monomial(powers: Powers, symbols: Sequence[sympy.Symbol]) -> sympy.Expr:
    return sympy.Mul(*(s ** sympy.Rational(round(2 * p), 2) for s, p in zip(symbols, powers, strict=True)))


def without_idle(terms: Sequence[Term], rates: Sequence[float]) -> tuple[tuple[Term, ...], tuple[float, ...]]:
    """The same terms, and only the inner constants that stand in them."""
    used = sorted({place for term in terms for place in term.places})
    places = {place: k for k, place in enumerate(used)}
    moved = (replace(term, functions=tuple(one.moved(places) for one in term.functions)) for term in terms)
    return tuple(moved), tuple(rates[place] for place in used)


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
