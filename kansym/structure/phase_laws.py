# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportOperatorIssue=false, reportReturnType=false
"""Laws with one wave of very many radians in several columns, without noise."""

import itertools
import math
from collections.abc import Iterator

import numpy as np
import sympy

from kansym import clock
from kansym.structure.bounded import bounded
from kansym.structure.phases import EFFORTS, phase_of
from kansym.structure.products import Function
from kansym.structure.rational import powers_up_to

MOST_COLUMNS = 7
"""Columns of a table whose waves are looked for."""

FEW_PRODUCTS, MANY_PRODUCTS = 60, 480
"""Products that a phase is looked for among, for sums of many and of few of them."""

HIGHEST = 6
"""Degree of a product."""

MOST_WAVES = 2
"""Waves of a target whose phases are looked for: there is one, or none."""


def phase_laws(
    X: np.ndarray, t: np.ndarray, variables: tuple[sympy.Symbol, ...], *, until: float = math.inf
) -> Iterator[sympy.Expr]:
    """A wave of a sum of products beside a term and under a factor, exact on all rows.

    Parameters
    ----------
    X : ndarray, shape (n, d), d <= 7
    t : ndarray, shape (n,)
    variables : tuple of Symbol, length d
    until : float
        `kansym.clock.now` value to stop at.
    """
    if not 0 < X.shape[1] <= MOST_COLUMNS:
        return
    for one in itertools.islice(bounded(X, t, variables), MOST_WAVES):
        used = [k for k, z in enumerate(variables) if z in one.free()]
        lists = list(_lists(X, variables, used))
        for effort, products in itertools.product(range(len(EFFORTS)), lists):
            if clock.late(until):
                return
            wave = phase_of(one.wave, products, effort=effort, until=until)
            if wave is not None:
                yield one.law(wave)
                return


def _lists(X: np.ndarray, variables: tuple[sympy.Symbol, ...], used: list[int]) -> Iterator[list[Function]]:
    """Products of columns, those first that nothing else of the law has."""
    every = range(X.shape[1])
    free = [k for k in every if k not in used]
    chosen = [free, *(sorted([*free, k]) for k in used), list(every)]
    chosen = [some for k, some in enumerate(chosen) if some and some not in chosen[:k]]
    for some, make in itertools.product(chosen, (_few, _with_functions, _many)):
        yield make(X[:, some], tuple(variables[k] for k in some))


def _few(X: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> list[Function]:
    return _powers(X, variables, FEW_PRODUCTS)


def _many(X: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> list[Function]:
    return _powers(X, variables, MANY_PRODUCTS)


def _powers(X: np.ndarray, variables: tuple[sympy.Symbol, ...], most: int) -> list[Function]:
    """Powers of the columns up to the highest degree of which there are not too many."""
    d = X.shape[1]
    degrees = [degree for degree in range(1, HIGHEST + 1) if math.comb(d + degree, d) - 1 <= most]
    return [
        Function.of(sympy.Mul(*(z**q for z, q in zip(variables, p, strict=True))), np.prod(X ** np.array(p), axis=1))
        for p in powers_up_to(d, max(degrees, default=1))
        if any(p)
    ]


def _with_functions(X: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> list[Function]:
    """Columns, their logarithms, roots and inverses, squares, and products of two of different columns."""
    own = []
    for z, x in zip(variables, X.T, strict=True):
        functions = [Function.of(z, x), *([Function.of(1 / z, 1 / x)] if x.all() else [])]
        if (x > 0).all():
            functions += [Function.of(sympy.log(z), np.log(x)), Function.of(sympy.sqrt(z), np.sqrt(x))]
        own.append(functions)
    pairs = [one.times(two) for some, more in itertools.combinations(own, 2) for one in some for two in more]
    squares = [functions[0].times(functions[0]) for functions in own]
    return [*itertools.chain(*own), *squares, *pairs][:FEW_PRODUCTS]
