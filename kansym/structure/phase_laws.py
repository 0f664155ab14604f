# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportOperatorIssue=false, reportReturnType=false
"""Laws with one wave of very many radians in several columns, without noise."""

import itertools
import math
from collections.abc import Iterator

import numpy as np
import sympy

from kansym import clock
from kansym.structure.bounded import Bounded, bounded
from kansym.structure.links import usable_links
from kansym.structure.phases import EFFORTS, phase_of, trials
from kansym.structure.problem import TARGET
from kansym.structure.products import Function
from kansym.structure.rational import powers_up_to

MOST_COLUMNS = 7
"""Columns of a table whose waves are looked for."""

FEW_PRODUCTS, MANY_PRODUCTS = 60, 480
"""Products that a phase is looked for among, for sums of many and of few of them."""

LOW, HIGHEST = 3, 6
"""Degrees of products."""

MOST_TRIALS = 8_000_000
"""Sums that are tried, of the products of a list."""

LINK_NAMES = ("identity", "square", "exp", "log", "reciprocal")
"""Functions of y that may have a wave."""

TWICE = Function((sympy.Integer(2),), np.array(2.0))
"""A factor of products."""

MOST_WAVES = 2
"""Waves of a target whose phases are looked for: there is one, or none."""


def phase_laws(
    X: np.ndarray, t: np.ndarray, variables: tuple[sympy.Symbol, ...], *, until: float = math.inf
) -> Iterator[sympy.Expr]:
    """A wave of a sum of products, or an even power of one, beside a term, under a factor and under a link; exact.

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
    for link in usable_links(t, exact=True):
        if link.name not in LINK_NAMES:
            continue
        for one in itertools.islice(bounded(X, link.forward(t), variables), MOST_WAVES):
            wave = _wave(one, X, variables, until)
            if wave is not None:
                yield link.inverse(t).xreplace({TARGET: one.law(wave)})
                return


def _wave(one: Bounded, X: np.ndarray, variables: tuple[sympy.Symbol, ...], until: float) -> sympy.Expr | None:
    """The sine or cosine that fills an interval."""
    used = [k for k, z in enumerate(variables) if z in one.used()]
    tasks = list(itertools.product(range(len(EFFORTS)), _lists(X, variables, used)))
    tasks = [(effort, products) for effort, products in tasks if trials(len(products), effort) <= MOST_TRIALS]
    for effort, products in sorted(tasks, key=lambda task: trials(len(task[1]), task[0])):
        for values, halved in one.waves():
            if clock.late(until):
                return None
            # An even power has twice the phase.
            own = products if halved is None else [each.times(TWICE) for each in products]
            angle = phase_of(values, own, effort=effort, any_shift=halved is None, until=until)
            if angle is not None:
                return sympy.cos(angle) if halved is None else halved(sympy.expand(angle / 2))
    return None


def _lists(X: np.ndarray, variables: tuple[sympy.Symbol, ...], used: list[int]) -> Iterator[list[Function]]:
    """Products of columns, those first that nothing else of the law has."""
    every = range(X.shape[1])
    free = [k for k in every if k not in used]
    chosen = [free, *(sorted([*free, k]) for k in used), list(every)]
    chosen = [some for k, some in enumerate(chosen) if some and some not in chosen[:k]]
    for some in chosen:
        own, names = X[:, some], tuple(variables[k] for k in some)
        powers = [_powers(own, names, *most) for most in ((FEW_PRODUCTS, LOW), (FEW_PRODUCTS, HIGHEST))]
        powers.append(_powers(own, names, MANY_PRODUCTS, HIGHEST))
        yield from (one for k, one in enumerate(powers) if len(one) != len(powers[k - 1]))
        yield _with_functions(own, names)


def _powers(X: np.ndarray, variables: tuple[sympy.Symbol, ...], most: int, highest: int) -> list[Function]:
    """Powers of the columns up to the highest degree of which there are not too many."""
    d = X.shape[1]
    degrees = [degree for degree in range(1, highest + 1) if math.comb(d + degree, d) - 1 <= most]
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
