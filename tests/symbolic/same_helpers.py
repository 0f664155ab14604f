"""What the tests of sameness share: rows of a box, values on them, a verdict, and values of mpmath."""

import itertools
from types import SimpleNamespace

import mpmath
import numpy as np
import pytest

from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.parser import parse_expression
from kansym.symbolic.same import compare_formulas, judge

ROWS = 60

LOOKS = 2000
"""Looks at the clock that a comparison has. Equal pairs take at most 342, those with other constants 1000."""

NET = 600.0
"""Seconds on the wall after which a comparison has got lost in a single step, on however slow a machine."""


def compared(*arguments, looks=LOOKS, **options):
    """The verdict of `compare_formulas` where time is counted in looks at the clock: the same on every machine.

    A comparison looks before every step that may take long. When it has looked often enough, its time is up.
    """
    count = itertools.count()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judge, "time", SimpleNamespace(monotonic=lambda: next(count) * NET / looks))
        verdict = compare_formulas(*arguments, seconds=NET, **options)
    if f"not decided within {NET:g} s" in verdict.reason:
        assert next(count) > judge.SAMPLING * looks, "a single step took minutes"
    return verdict


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
    return compared(*formulas, X, y, names, **options)


def real(function, point):
    try:
        value = mpmath.mpmathify(function(*point))
    except (ArithmeticError, ValueError):
        return None
    if isinstance(value, mpmath.mpc):
        return value.real if value.imag == 0 else None
    return value if mpmath.isfinite(value) else None
