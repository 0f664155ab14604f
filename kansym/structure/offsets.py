# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportOperatorIssue=false
"""What a law may have beside a function of everything else: ``y = (offset + f)/factor``, by the thousand."""

import itertools

import numpy as np
import sympy

from kansym.structure.products import ANGLES, LARGEST_EXPONENT, Function

MOST_COLUMNS_OF_SUM = 3
"""Columns of a sum of columns with the coefficients 1 and -1."""


def terms_of(X: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> list[Function]:
    """Columns, elementary functions of theirs, and products of two, the columns first.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    variables : tuple of Symbol, length d
    """
    columns = [Function.of(z, x) for z, x in zip(variables, X.T, strict=True)]
    functions = [_functions(one) for one in columns]
    found = [*columns, *(one for own in functions for one in own)]
    found += [one.times(other) for one, other in itertools.combinations_with_replacement(columns, 2)]
    pairs = sorted(itertools.product(range(len(columns)), repeat=2), key=lambda pair: pair[0] != pair[1])
    for i, j in pairs:
        # A column times its inverse is one.
        found += [columns[i].times(one) for one in functions[j] if i != j or one.expression * variables[i] != 1]
    return [one for one in found if np.isfinite(one.values @ one.values)]


def offsets(X: np.ndarray, variables: tuple[sympy.Symbol, ...], most: int) -> list[Function]:
    """Zero, sums of columns, other terms, and sums of one of these and a column, of either sign, the simplest first.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    variables : tuple of Symbol, length d
    most : int
        Length of the list.
    """
    d = X.shape[1]
    terms = terms_of(X, variables)
    columns = [signed for one in terms[:d] for signed in (one, _negative(one))]
    others = [signed for one in terms[d:] for signed in (one, _negative(one))]
    found = [Function.of(sympy.S.Zero, np.zeros(len(X)))]
    for number in range(1, min(d, MOST_COLUMNS_OF_SUM) + 1):
        for some in itertools.combinations(range(d), number):
            found += [_sum(*one) for one in itertools.product(*(columns[2 * k : 2 * k + 2] for k in some))]
    found += others
    more = itertools.product(others, columns)
    return found + [_sum(*one) for one in itertools.islice(more, max(0, most - len(found)))]


def factors(X: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> list[Function]:
    """One, columns and their inverses, products of two of them, squares, and these times one of the others.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    variables : tuple of Symbol, length d
    """
    single = [
        [Function.of(z, x), *([Function.of(1 / z, 1 / x)] if x.all() else [])]
        for z, x in zip(variables, X.T, strict=True)
    ]
    plain = [one for own in single for one in own]
    pairs = [one.times(other) for own, others in itertools.combinations(single, 2) for one in own for other in others]
    squares = [(one.times(one), own) for own in single for one in own]
    more = [square.times(other) for square, own in squares for other in plain if other not in own]
    return [Function.of(sympy.S.One, np.ones(len(X))), *plain, *pairs, *(square for square, _ in squares), *more]


def _functions(column: Function) -> list[Function]:
    z, x = column.expression, column.values
    size = float(np.abs(x).max())
    found = [Function.of(1 / z, 1 / x)] if x.all() else []
    if ANGLES[0] < size < ANGLES[1]:
        found += [Function.of(sympy.sin(z), np.sin(x)), Function.of(sympy.cos(z), np.cos(x))]
    if ANGLES[0] < size < LARGEST_EXPONENT:
        found += [Function.of(sympy.exp(z), np.exp(x)), Function.of(sympy.exp(-z), np.exp(-x))]
    if (x > 0).all():
        found += [Function.of(sympy.log(z), np.log(x)), Function.of(sympy.sqrt(z), np.sqrt(x))]
    return found


def _negative(one: Function) -> Function:
    return Function.of(-one.expression, -one.values)


def _sum(*parts: Function) -> Function:
    return Function.of(sympy.Add(*(one.expression for one in parts)), np.sum([one.values for one in parts], axis=0))
