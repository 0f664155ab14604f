# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportOperatorIssue=false, reportReturnType=false
"""Products of powers and exponentials of columns, of any signs: log|y| is linear in log|x|, x and x^2.

Such laws run over many decades where a column comes near zero, so that an interpolant of y sees its largest few values
only. Their logarithms are exact by linear algebra, whatever the range.
"""

import itertools
from fractions import Fraction

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.structure.rounding import EXACT

NOTHING = 1e-8
"""Exponent that is zero, in units of the reciprocal spread of what it multiplies."""

LARGEST_DENOMINATOR, RATIONAL = 12, 1e-8
"""Of exponents that are fractions, and how close they are to them."""


def monomial_law(X: np.ndarray, t: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> sympy.Expr | None:
    """An exact product c x^a ... exp(b x + d x^2) ..., or None.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    t : ndarray, shape (n,)
    variables : tuple of Symbol, length d
    """
    n, d = X.shape
    if d == 0 or n < 6 * d + 3 or not (t != 0).all():
        return None
    powers = [k for k in range(d) if (X[:, k] != 0).all()]
    columns = [np.log(np.abs(X[:, k])) for k in powers] + [X[:, k] ** j for j in (1, 2) for k in range(d)]
    names = [(variables[k], 0) for k in powers] + [(variables[k], j) for j in (1, 2) for k in range(d)]
    target = np.log(np.abs(t))
    spread = float(target.std())
    matrix = np.column_stack([column - column.mean() for column in columns])
    size = matrix.std(0)
    if spread == 0 or not (size > 0).all() or not np.isfinite(matrix).all():
        return None
    clock.charge(Work.DENSE_PRODUCTS, 2 * matrix.size * matrix.shape[1])
    coefficients = _exact(matrix / size, target - target.mean(), spread)
    if coefficients is None:
        return None
    values, expression = np.zeros(n), sympy.S.Zero
    exponents: list[tuple[sympy.Symbol, sympy.Expr, np.ndarray]] = []
    for (variable, power), column, c, width in zip(names, columns, coefficients, size, strict=True):
        if c == 0:
            continue
        number = _number(float(c / width))
        values += float(number) * column
        if power:
            expression += number * variable**power
        else:
            exponents.append((variable, number, X[:, variables.index(variable)]))
    level = float(np.mean(target - values))
    signed = _signed(exponents, np.sign(t))
    return None if signed is None else signed[0] * sympy.Float(signed[1] * np.exp(level)) * sympy.exp(expression)


def _exact(matrix: np.ndarray, target: np.ndarray, spread: float) -> np.ndarray | None:
    """Coefficients of unit columns that reproduce a target, as few as there are; None where none do."""
    kept = np.ones(matrix.shape[1], dtype=bool)
    coefficients = np.zeros(len(kept))
    for _ in range(2):
        coefficients[:] = 0.0
        coefficients[kept] = np.linalg.lstsq(matrix[:, kept], target, rcond=None)[0]
        if np.std(target - matrix @ coefficients) > EXACT * spread:
            return None
        relevant = np.abs(coefficients) > NOTHING * spread
        if (relevant == kept).all():
            break
        kept = relevant
    return coefficients


def _number(value: float) -> sympy.Expr:
    fraction = Fraction(value).limit_denominator(LARGEST_DENOMINATOR)
    near = fraction != 0 and abs(float(fraction) - value) < RATIONAL * abs(value)
    return sympy.Rational(fraction) if near else sympy.Float(value)


def _signed(
    exponents: list[tuple[sympy.Symbol, sympy.Expr, np.ndarray]], sign: np.ndarray
) -> tuple[sympy.Expr, float] | None:
    """The product of powers with the signs of the target, and the sign of its factor.

    A power of a column of both signs whose exponent is no integer is one of its absolute value, with its sign or not.
    """
    choices = [
        (False, True) if not number.is_integer and (x < 0).any() and (x > 0).any() else (False,)
        for _, number, x in exponents
    ]
    for chosen in itertools.product(*choices):
        product, signs = sympy.S.One, np.ones(len(sign))
        for (variable, number, x), odd in zip(exponents, chosen, strict=True):
            if number.is_integer:
                product *= variable**number
                signs = signs * np.sign(x) ** (int(number) % 2)
            else:
                positive = variable if (x > 0).all() else -variable if (x < 0).all() else sympy.Abs(variable)
                product *= positive**number * (sympy.sign(variable) if odd else 1)
                signs = signs * np.sign(x) if odd else signs
        agree = sign * signs
        if (agree == agree[0]).all():
            return product, float(agree[0])
    return None
