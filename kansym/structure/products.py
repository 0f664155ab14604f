# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportOperatorIssue=false, reportReturnType=false, reportAttributeAccessIssue=false
"""Products of functions of columns, by the hundred."""

import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work

MOST_PRODUCTS = 720
"""Products of a list."""

ANGLES, LARGEST_EXPONENT = (0.1, 300.0), 30.0
"""Sizes of columns that have sines, and up to which they have exponentials."""

MOST_SUMS = 3
"""Sums and differences of two columns whose roots and logarithms are functions like those of columns."""


@dataclass(frozen=True, eq=False)
class Function:
    """A function of a column or a product of several, with its values (n,); few are ever written."""

    factors: tuple[sympy.Expr, ...]
    values: np.ndarray

    @classmethod
    def of(cls, expression: sympy.Expr, values: np.ndarray) -> "Function":
        return cls((expression,), values)

    @property
    def expression(self) -> sympy.Expr:
        return sympy.Mul(*self.factors)

    def times(self, other: "Function") -> "Function":
        return Function(self.factors + other.factors, self.values * other.values)


@dataclass(frozen=True, eq=False)
class _Functions:
    """Powers and logarithms of a column, the column first and its square next; and its other functions."""

    powers: list[Function]
    others: list[Function]


def product_lists(X: np.ndarray, variables: tuple[sympy.Symbol, ...], most: int) -> Iterator[list[Function]]:
    """Lists of products of functions of up to two or three columns, one among them.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    variables : tuple of Symbol, length d
    most : int
        Products of a list.
    """
    every = [_functions(x, z) for x, z in zip(X.T, variables, strict=True)]
    powers = [one.powers for one in every]
    waves = [one.powers[:2] + one.others for one in every]
    both = [one.powers + one.others for one in every]
    few = [one.powers[:3] for one in every]
    sines = [one.powers[:2] + one.others[:2] for one in every]
    swelling = [_swelling(one) for one in every]
    sums = _of_sums(X, variables)
    # A list that holds others takes their place, unless it is long.
    whole = _number(list(map(len, both)), 2) <= MOST_PRODUCTS // 2
    chosen = [(powers, 2), (both if whole else waves, 2), (swelling, 2), (sines, 3)]
    chosen += [] if whole else [(both, 2)]
    chosen += [(few, 3)] if _number(list(map(len, powers)), 3) > MOST_PRODUCTS else [(powers, 3)]
    if _number(list(map(len, powers)), 2) > MOST_PRODUCTS:
        chosen.insert(0, (few, 2))
    if sums:
        chosen.insert(0, ([*powers, sums], 2))
    had = set[tuple[int, ...]]()
    for functions, factors in chosen:
        kind = (min(factors, len(functions)), *map(len, functions))
        if _number(list(map(len, functions)), factors) <= min(MOST_PRODUCTS, most) and kind not in had:
            had.add(kind)
            yield products(functions, factors, len(X))


def _functions(x: np.ndarray, z: sympy.Symbol) -> _Functions:
    powers, others = [Function.of(z, x), Function.of(z**2, x**2)], list[Function]()
    size = float(np.abs(x).max())
    if x.all():
        powers += [Function.of(1 / z, 1 / x), Function.of(z**-2, x**-2.0)]
        powers.append(Function.of(sympy.log(z if (x > 0).all() else sympy.Abs(z)), np.log(np.abs(x))))
    if (x > 0).all() or (x < 0).all():
        base = z if x[0] > 0 else -z
        powers += [
            Function.of(sympy.sqrt(base), np.sqrt(np.abs(x))),
            Function.of(1 / sympy.sqrt(base), np.abs(x) ** -0.5),
        ]
    if ANGLES[0] < size < ANGLES[1]:
        others += [Function.of(sympy.sin(z), np.sin(x)), Function.of(sympy.cos(z), np.cos(x))]
    if ANGLES[0] < size < LARGEST_EXPONENT:
        others += [Function.of(sympy.exp(z), np.exp(x)), Function.of(sympy.exp(-z), np.exp(-x))]
    return _Functions(powers, others)


def _swelling(own: _Functions) -> list[Function]:
    """A column, its square, its sine, cosine and logarithm, and these times the column."""
    column, square = own.powers[:2]
    functions = own.others[:2] + [one for one in own.powers if one.expression.func is sympy.log]
    return [column, square, *functions, *(column.times(one) for one in functions)]


def _of_sums(X: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> list[Function]:
    """Functions of sums that are positive on all rows though neither column has one sign: a table has rows where its
    law is defined, and this is what they have in common."""
    mixed = [k for k, x in enumerate(X.T) if (x > 0).any() and (x < 0).any()]
    found: list[Function] = []
    for i, j in itertools.permutations(mixed, 2):
        x, z, u, v = X[:, i], X[:, j], variables[i], variables[j]
        arguments = [Function.of(u - v, x - z), Function.of(u + v**2, x + z**2), Function.of(v**2 - u, z**2 - x)]
        arguments += [Function.of(u + v, x + z), Function.of(-u - v, -x - z)] if i < j else []
        for one in arguments:
            if (one.values > 0).all() and len(found) < 3 * MOST_SUMS:
                found.append(Function.of(sympy.log(one.expression), np.log(one.values)))
                found.append(Function.of(sympy.sqrt(one.expression), np.sqrt(one.values)))
                found.append(Function.of(1 / one.expression, 1 / one.values))
    return found


def _number(functions: list[int], factors: int) -> int:
    """How many products there are."""
    counts = [1] + factors * [0]
    for number in functions:
        for k in range(factors, 0, -1):
            counts[k] += counts[k - 1] * number
    return sum(counts)


def products(functions: list[list[Function]], factors: int, rows: int) -> list[Function]:
    """One, and the products of functions from up to so many of the lists; finite ones."""
    found = [Function.of(sympy.S.One, np.ones(rows))]
    for number in range(1, min(factors, len(functions)) + 1):
        for some in itertools.combinations(functions, number):
            found += [functools.reduce(Function.times, chosen) for chosen in itertools.product(*some)]
    clock.charge(Work.FORM_VALUES, len(found) * rows)
    clock.charge(Work.ALGEBRA, len(found))
    return [one for one in found if np.isfinite(one.values @ one.values) and one.values.any()]
