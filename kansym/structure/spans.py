# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportOperatorIssue=false, reportReturnType=false, reportAttributeAccessIssue=false
"""Laws in the span of all products of functions of the columns, for up to seven columns.

Some hundred products are an orthonormal basis after one factorization. What it leaves of a target then takes a product
of matrices, so that many targets are tried at once: functions of y, times or divided by columns. A target that is in the
span on more rows than there are products is a law if few products make it up, in any number of columns and however
its terms share them: ``-z/u + u - 2.2*(u*v + v/sqrt(w) + sqrt(w)) + log(z)``. The rows must have no noise.
"""

import functools
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.structure.links import Link, usable_links
from kansym.structure.problem import TARGET

MOST_COLUMNS = 7
"""Columns of a table whose laws are looked for."""

MOST_PRODUCTS = 720
"""Products of a basis."""

CHECKED = 100
"""Rows besides as many as there are products, on which a law must hold too."""

IN_SPAN, EXACT = 1e-10, 1e-9
"""What a basis leaves of a target that is in its span, and a law of any row, both in units of their size."""

MOST_TERMS, SPARSE = 12, 0.1
"""Terms of a law, and their share of the products: other functions are approximated by many."""

MOST_HITS = 3
"""Targets in the span whose coefficients are looked at: what else is there is the same in other words."""

FEWER = 1e-3
"""Ratio of the two least singular values of products of y, of which one is in the span."""

NOTHING = (1e-4, 1e-6, 1e-8)
"""Sizes of a coefficient, relative to the largest, below which it is none; nearly dependent products blur them."""

LINK_NAMES = ("identity", "square", "exp", "log", "reciprocal", "reciprocal square")
"""Functions of y whose values may be sums of products."""

ANGLES, LARGEST_EXPONENT = (0.1, 300.0), 30.0
"""Sizes of columns that have sines, and up to which they have exponentials."""


@dataclass(frozen=True, eq=False)
class Function:
    """A function of a column or a product of several, with its values (n,)."""

    expression: sympy.Expr
    values: np.ndarray

    def times(self, other: "Function") -> "Function":
        return Function(self.expression * other.expression, self.values * other.values)


@dataclass(frozen=True, eq=False)
class _Target:
    """A function of y times a factor, with its values (n,).

    Attributes
    ----------
    back : sympy.Expr
        y in `TARGET`, which stands for the function of y.
    degree : int
        Of the factor, where it is a product of columns, so that sums of such factors are denominators; else -1.
    """

    link: Link
    back: sympy.Expr
    factor: Function
    values: np.ndarray
    degree: int


def span_laws(
    X: np.ndarray, t: np.ndarray, variables: tuple[sympy.Symbol, ...], *, until: float = math.inf
) -> Iterator[sympy.Expr]:
    """Exact laws of few products of functions of columns, under links and beside factors, the simplest first.

    Parameters
    ----------
    X : ndarray, shape (n, d), 1 < d <= 7
    t : ndarray, shape (n,)
    variables : tuple of Symbol, length d
    until : float
        `kansym.clock.now` value to stop at.
    """
    if not 1 < X.shape[1] <= MOST_COLUMNS:
        return
    with np.errstate(all="ignore"):
        targets = _targets(X, t, variables)
        for products in _bases(X, variables, len(t) - CHECKED):
            if clock.late(until):
                return
            found = _in_span(products, targets)
            if found is not None:
                yield found
                return


def _targets(X: np.ndarray, t: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> list[_Target]:
    one = Function(sympy.S.One, np.ones(len(t)))
    columns = [Function(z, x) for z, x in zip(variables, X.T, strict=True) if x.all()]
    inverse = [Function(1 / one.expression, 1 / one.values) for one in columns]
    factors = [(0, one), *((1, column) for column in columns), *((-1, column) for column in inverse)]
    factors += [(2, p.times(q)) for p, q in itertools.combinations(columns, 2)]
    factors += [(-1, p.times(q)) for p, q in itertools.combinations(inverse, 2)]
    factors += [(-1, p.times(q)) for p, q in itertools.product(columns, inverse) if p.expression * q.expression != 1]
    found = []
    for link in usable_links(t, exact=True):
        if link.name in LINK_NAMES:
            values, back = link.forward(t), link.inverse(t)
            found += [
                _Target(link, back, factor, values * factor.values, degree) for degree, factor in factors
            ]
    return [one for one in found if np.isfinite(one.values).all() and np.ptp(one.values) > 0]


def _bases(X: np.ndarray, variables: tuple[sympy.Symbol, ...], most: int) -> Iterator[list[Function]]:
    """Lists of products, which share what they are made of."""
    every = [_functions(x, z) for x, z in zip(X.T, variables, strict=True)]
    powers = [one.powers for one in every]
    waves = [one.powers[:2] + one.others for one in every]
    both = [one.powers + one.others for one in every]
    some = [one.powers[:1] + one.others for one in every]
    few = [one.powers[:3] for one in every]
    sines = [one.powers[:2] + one.others[:2] for one in every]
    chosen = [(powers, 2), (waves, 2), (both, 2), (few, 3), (sines, 3), (some, 3), (powers, 3)]
    had = set[tuple[int, ...]]()
    for functions, factors in chosen:
        number = _number(list(map(len, functions)), factors)
        kind = (min(factors, len(functions)), *map(len, functions))
        if number <= min(MOST_PRODUCTS, most) and kind not in had:
            had.add(kind)
            yield _products(functions, factors, len(X))


@dataclass(frozen=True, eq=False)
class _Functions:
    """Powers and logarithms of a column, the column first and its square next; and its other functions."""

    powers: list[Function]
    others: list[Function]


def _functions(x: np.ndarray, z: sympy.Symbol) -> _Functions:
    powers, others = [Function(z, x), Function(z**2, x**2)], list[Function]()
    size = float(np.abs(x).max())
    if x.all():
        powers += [Function(1 / z, 1 / x), Function(z**-2, x**-2.0)]
        powers.append(Function(sympy.log(z if (x > 0).all() else sympy.Abs(z)), np.log(np.abs(x))))
    if (x > 0).all() or (x < 0).all():
        base = z if x[0] > 0 else -z
        powers += [Function(sympy.sqrt(base), np.sqrt(np.abs(x))), Function(1 / sympy.sqrt(base), np.abs(x) ** -0.5)]
    if ANGLES[0] < size < ANGLES[1]:
        others += [Function(sympy.sin(z), np.sin(x)), Function(sympy.cos(z), np.cos(x))]
    if ANGLES[0] < size < LARGEST_EXPONENT:
        others += [Function(sympy.exp(z), np.exp(x)), Function(sympy.exp(-z), np.exp(-x))]
    return _Functions(powers, others)


def _number(functions: list[int], factors: int) -> int:
    """How many products there are."""
    counts = [1] + factors * [0]
    for number in functions:
        for k in range(factors, 0, -1):
            counts[k] += counts[k - 1] * number
    return sum(counts)


def _products(functions: list[list[Function]], factors: int, rows: int) -> list[Function]:
    """One, and the products of functions of up to so many columns."""
    found = [Function(sympy.S.One, np.ones(rows))]
    for number in range(1, min(factors, len(functions)) + 1):
        for some in itertools.combinations(functions, number):
            found += [functools.reduce(Function.times, chosen) for chosen in itertools.product(*some)]
    clock.charge(Work.FORM_VALUES, len(found) * rows)
    clock.charge(Work.ALGEBRA, len(found))
    return found


def _in_span(products: list[Function], targets: list[_Target]) -> sympy.Expr | None:
    """The simplest law among targets that are in the span of some products."""
    values = np.column_stack([one.values for one in products])
    n, k = values.shape
    size = np.sqrt((values**2).mean(0))
    if not np.isfinite(size).all():
        keep = np.isfinite(size)
        return _in_span([one for one, good in zip(products, keep, strict=True) if good], targets)
    # Rows of one length: next to a pole one would count for all.
    row = 1 / np.linalg.norm(values / np.median(np.abs(values), axis=0).clip(1e-300), axis=1)
    few = np.random.default_rng(0).permutation(n)[: k + CHECKED]
    matrix = values[few] * row[few, None]
    matrix /= np.sqrt((matrix**2).mean(0))
    every = np.column_stack([one.values[few] for one in targets]) * row[few, None]
    scale = np.sqrt((every**2).mean(0))
    every /= scale
    clock.charge(Work.DENSE_PRODUCTS, 2 * matrix.size * k + 4 * matrix.size * len(targets))
    basis, _ = np.linalg.qr(matrix)
    left = every - basis @ (basis.T @ every)
    left -= basis @ (basis.T @ left)
    hits = np.flatnonzero(np.sqrt((left**2).mean(0) * len(few) / CHECKED) < IN_SPAN)[:MOST_HITS]
    for target in [*(targets[hit] for hit in hits.tolist()), *_with_denominators(targets, left / math.sqrt(CHECKED), scale)]:
        own = target.values[few] * row[few]
        chosen = _sparse(matrix, own / np.sqrt(np.mean(own**2)))
        law = None if chosen is None else _law(target, [products[j] for j in chosen], row)
        if law is not None:
            return law
    return None


def _with_denominators(targets: list[_Target], left: np.ndarray, scale: np.ndarray) -> Iterator[_Target]:
    """Functions of y times sums of columns that are in the span, by what it leaves of each product alone."""
    links = dict.fromkeys(one.link for one in targets)
    for most, link in itertools.product((1, 2), links):
        own = [k for k, one in enumerate(targets) if one.link is link and 0 <= one.degree <= most]
        _, singular, right = np.linalg.svd(left[:, own], full_matrices=False)
        if len(own) < 2 or not (singular[-1] < IN_SPAN and singular[-1] < FEWER * singular[-2]):
            continue
        numbers = right[-1] / scale[own]
        numbers[np.abs(right[-1]) < NOTHING[1]] = 0.0
        numbers /= numbers[np.flatnonzero(numbers)[-1]]
        parts = [(sympy.Float(c) if c != 1 else c, targets[k]) for c, k in zip(numbers.tolist(), own, strict=True) if c]
        factor = Function(
            sympy.Add(*(c * one.factor.expression for c, one in parts)),
            np.sum([float(c) * one.factor.values for c, one in parts], axis=0),
        )
        values = np.sum([float(c) * one.values for c, one in parts], axis=0)
        yield _Target(link, parts[0][1].back, factor, values, -1)


def _sparse(matrix: np.ndarray, target: np.ndarray) -> list[int] | None:
    """The few columns that a target is a sum of; None where it takes many."""
    clock.charge(Work.DENSE_PRODUCTS, 4 * matrix.size * matrix.shape[1])
    first = np.abs(np.linalg.lstsq(matrix, target, rcond=None)[0])
    for least in NOTHING:
        chosen = np.flatnonzero(first > least * first.max())
        if len(chosen) > max(3, min(MOST_TERMS, SPARSE * matrix.shape[1])):
            return None
        second = np.linalg.lstsq(matrix[:, chosen], target, rcond=None)[0]
        if np.sqrt(np.mean((target - matrix[:, chosen] @ second) ** 2)) < IN_SPAN:
            return chosen[np.abs(second) > NOTHING[-1] * np.abs(second).max()].tolist()
    return None


def _law(target: _Target, terms: list[Function], row: np.ndarray) -> sympy.Expr | None:
    """y as a formula, with coefficients from all rows; None where it does not hold on some."""
    matrix = np.column_stack([one.values for one in terms]) * row[:, None]
    size = np.sqrt((matrix**2).mean(0))
    values = target.values * row
    coefficients = np.linalg.lstsq(matrix / size, values, rcond=None)[0]
    left = values - (matrix / size) @ coefficients
    if not (np.abs(left) < EXACT * (np.abs(matrix / size) @ np.abs(coefficients))).all():
        return None
    numbers = (coefficients / size).tolist()
    total = sympy.Add(*(sympy.Float(c) * one.expression for c, one in zip(numbers, terms, strict=True)))
    return target.back.xreplace({TARGET: total / target.factor.expression})
