"""What the tests of sameness share: rows of a box, values on them, a verdict, and values of mpmath."""

import mpmath
import numpy as np

from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.parser import parse_expression
from kansym.symbolic.same import compare_formulas

ROWS = 60


def rows(box, count=ROWS):
    low, high = np.array(list(box.values())).T
    return low + np.random.default_rng(7).random((count, len(low))) * (high - low)


def values(expression, names, X):
    return parametrize(expression, tuple(map(plain_symbol, names))).evaluate(X)


def judged(first, second, box, y=None, **options):
    names = list(box)
    formulas = [parse_expression(text, names) for text in (first, second)]
    X = rows(box, options.pop("count", ROWS))
    if callable(y):
        y = y(*X.T)
    return compare_formulas(*formulas, X, y, names, **options)


def real(function, point):
    try:
        value = mpmath.mpmathify(function(*point))
    except (ArithmeticError, ValueError):
        return None
    if isinstance(value, mpmath.mpc):
        return value.real if value.imag == 0 else None
    return value if mpmath.isfinite(value) else None
