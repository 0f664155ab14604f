# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportOperatorIssue=false, reportReturnType=false
"""Laws whose outer operations are guessed, a million of them, and whose inner part is a sum of products.

``sqrt((u + v*exp(-v))*log(6.3*u**3 - 7.9*v**3))`` is no sum of products, but the exponential of ``y**2`` divided by
``u + v*exp(-v)`` is one. What a span leaves of a function of y takes a product of matrices; whether it leaves nothing
takes two numbers, the products with two random directions that are orthogonal to the span. A term that is subtracted, a
factor or a sum that y is divided by, a link, and another factor are then tried by the hundred thousand in a tenth of a
second. The rows must have no noise.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.structure.links import LINKS, Link
from kansym.structure.offsets import factors, offsets, terms_of
from kansym.structure.problem import TARGET
from kansym.structure.products import Function, product_lists
from kansym.structure.spans import CHECKED, IN_SPAN, MOST_COLUMNS, MOST_ROWS, Span

ROWS = 900
"""Rows that guesses are looked at on; a span that needs more is left out."""

HEAD = 40
"""Rows that rule out most links."""

DIRECTIONS = 2
"""Orthogonal to a span."""

ZERO = 1e-12
"""Product with a direction, in units of the length of a guess, that may be none."""

WIDE = 1e6
"""Largest value of a guess in units of its median: of a few rows alone a span leaves as little by chance."""

LARGEST_EXPONENT = 30.0
"""Largest value whose exponential is a guess."""

MOST_OFFSETS, MOST_TERMS, MOST_HITS = 1500, 60, 3
"""Terms that are subtracted, terms in sums that y is divided by, and guesses of a span that are looked at."""

AFTER = ("square", "reciprocal", "reciprocal square", "log", "exp")
"""Functions of what is left once a term is subtracted."""

BEFORE, BETWEEN = ("square", "reciprocal", "log"), ("square", "log", "exp")
"""Functions of y that are divided by sums, and functions of what that leaves."""

Step = Link | tuple[str, Function]
"""A link; or a term that is subtracted, or a factor."""


@dataclass(frozen=True, eq=False)
class _Guesses:
    """Functions of y.

    Attributes
    ----------
    values : ndarray, shape (rows, k)
    steps : list of tuple of Step, length k
        From y on.
    """

    values: np.ndarray
    steps: list[tuple[Step, ...]]

    def some(self, chosen: np.ndarray) -> "_Guesses":
        return _Guesses(self.values[:, chosen], [self.steps[k] for k in chosen.tolist()])

    def less(self, terms: list[Function]) -> "_Guesses":
        """Each of the terms subtracted from the only guess."""
        own = np.column_stack([one.values[: len(self.values)] for one in terms])
        return _Guesses(self.values - own, [(*self.steps[0], ("less", one)) for one in terms])

    def times(self, some: list[Function]) -> "_Guesses":
        """The only guess times each of some functions."""
        own = np.column_stack([one.values[: len(self.values)] for one in some])
        return _Guesses(self.values * own, [(*self.steps[0], ("times", one)) for one in some])

    def each_times(self, one: Function) -> "_Guesses":
        """All of them times a function."""
        values = self.values * one.values[: len(self.values), None]
        return _Guesses(values, [(*steps, ("times", one)) for steps in self.steps])

    def under(self, link: Link) -> "_Guesses":
        """Those that allow a link, with that."""
        usable = np.arange(len(self.steps))
        for rows in (slice(HEAD), slice(None)):
            usable = usable[_allowed(link, self.values[rows][:, usable])]
        clock.charge(Work.FORM_VALUES, len(self.values) * len(usable))
        own = self.some(usable)
        return _Guesses(link.forward(own.values), [(*steps, link) for steps in own.steps])

    def sound(self) -> "_Guesses":
        """Those that are finite and not the values of a few rows."""
        size = np.abs(self.values)
        return self.some(np.flatnonzero(np.isfinite(size).all(0) & (size.max(0) < WIDE * np.median(size, axis=0))))


def _allowed(link: Link, values: np.ndarray) -> np.ndarray:
    """Columns that a link can be applied to."""
    if link.name == "exp":
        return np.abs(values).max(0) < LARGEST_EXPONENT
    if link.even:
        return (values > 0).all(0) | (values < 0).all(0)
    return (values != 0).all(0)


def guessed_laws(
    X: np.ndarray, t: np.ndarray, variables: tuple[sympy.Symbol, ...], *, seed: int = 0, until: float = math.inf
) -> Iterator[sympy.Expr]:
    """An exact law whose outer operations are guessed.

    Parameters
    ----------
    X : ndarray, shape (n, d), 1 < d <= 7
    t : ndarray, shape (n,)
    variables : tuple of Symbol, length d
    seed : int, default 0
        Of the rows and directions.
    until : float
        `kansym.clock.now` value to stop at.
    """
    if not 1 < X.shape[1] <= MOST_COLUMNS or not np.ptp(t) > 0:
        return
    generator = np.random.default_rng(seed)
    rows = generator.permutation(len(t))[:MOST_ROWS]
    X, t = X[rows], t[rows]
    with np.errstate(all="ignore"):
        guesses = list(_guesses(X, t, variables))
        last = _last_factors(X, variables)
        for products in product_lists(X, variables, min(len(t), ROWS) - CHECKED):
            if clock.late(until):
                return
            law = next(_laws(Span(products), guesses, last, t, generator), None)
            if law is not None:
                yield law
                return


def _guesses(X: np.ndarray, t: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> Iterator[_Guesses]:
    links = {link.name: link for link in LINKS}
    y = _Guesses(t[:ROWS, None], [()])
    yield y
    less = y.less(offsets(X, variables, MOST_OFFSETS))
    yield from (less.under(links[name]).sound() for name in AFTER)
    single = factors(X, variables)[: 1 + 2 * X.shape[1]]
    minus = [Function.of(-one.expression, -one.values) for one in single]
    yield from (less.each_times(one).under(links["exp"]).sound() for one in [*single[1:], *minus])
    # A root may have the sign of a column for a factor.
    signed = itertools.product(
        (one for one in single if one.expression.is_Pow), (name for name in AFTER if links[name].even)
    )
    yield from (less.each_times(one).under(links[name]).sound() for one, name in signed)
    terms = terms_of(X, variables)[:MOST_TERMS]
    sums = [_inverse_sum(one, other, sign) for one, other in itertools.combinations(terms, 2) for sign in (1, -1)]
    for before in (y, *(y.under(links[name]) for name in BEFORE)):
        if before.steps:
            yield from (before.times(sums).under(links[name]).sound() for name in BETWEEN)


def _inverse_sum(one: Function, other: Function, sign: int) -> Function:
    # Expressions are made of what is found.
    return Function(((one, other, sign),), 1 / (one.values + sign * other.values))


def _last_factors(X: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> list[Function]:
    """Factors of a function of y, also functions of a column and of functions of it."""
    plain = factors(X, variables)
    few = plain[: 1 + 2 * X.shape[1]]
    waves = [wave for z, x in zip(variables, X.T, strict=True) for wave in _waves(z, x)]
    found = [*plain, *(one.times(wave) for wave in waves for one in few)]
    size = [np.abs(one.values[:ROWS]) for one in found]
    return [one for one, own in zip(found, size, strict=True) if own.max() < WIDE**2 * np.median(own)]


def _waves(z: sympy.Symbol, x: np.ndarray) -> Iterator[Function]:
    """Inverses of waves, exponentials and logarithms of a column, and of waves of functions of it."""
    arguments = [(z, x), (z**2, x**2), (sympy.exp(z), np.exp(x))]
    if (x > 0).all():
        arguments += [(sympy.log(z), np.log(x)), (sympy.sqrt(z), np.sqrt(x))]
        yield Function.of(sympy.log(z), np.log(x))
        yield Function.of(1 / sympy.log(z), 1 / np.log(x))
    for sign in (1, -1):
        yield Function.of(sympy.exp(sign * z), np.exp(sign * x))
    for angle, values in arguments:
        for function, own in ((sympy.sin(angle), np.sin(values)), (sympy.cos(angle), np.cos(values))):
            yield Function.of(1 / function, 1 / own)
            yield Function.of(function**-2, own**-2)


def _laws(
    span: Span, guesses: list[_Guesses], last: list[Function], t: np.ndarray, generator: np.random.Generator
) -> Iterator[sympy.Expr]:
    """Laws of guesses in a span, the simplest kinds first."""
    directions = span.orthogonal(generator, DIRECTIONS)
    rows = len(directions)
    values = np.column_stack([one.values[:rows] for one in last])
    size = values * span.row[:rows, None]
    both = (directions[:, None, :] * values[:, :, None]).reshape(rows, -1)
    for some in guesses:
        own = some.values[:rows]
        clock.charge(Work.DENSE_PRODUCTS, own.size * (both.shape[1] + size.shape[1]) / 4)
        left = np.abs(own.T @ both).reshape(own.shape[1], len(last), DIRECTIONS).max(2)
        ratio = left / np.sqrt((own**2).T @ size**2)
        hits = np.argwhere(ratio < ZERO)
        for k, m in hits[np.argsort(ratio[tuple(hits.T)])][:MOST_HITS].tolist():
            law = _law(span, (*some.steps[k], ("times", last[m])), t)
            if law is not None:
                yield law


def _law(span: Span, steps: Sequence[Step], t: np.ndarray) -> sympy.Expr | None:
    """y from a guess on all rows that is in the span; None where it is not."""
    values, back = t, TARGET
    for step in steps:
        if isinstance(step, Link):
            back = back.xreplace({TARGET: step.inverse(values)})
            values = step.forward(values)
        else:
            kind, one = step
            expression = _written(one)
            back = back.xreplace({TARGET: TARGET + expression if kind == "less" else TARGET / expression})
            values = values - one.values if kind == "less" else values * one.values
    if not np.isfinite(values).all() or np.linalg.norm(span.left([values])[0]) > IN_SPAN:
        return None
    total = span.terms(values)
    return None if total is None else back.xreplace({TARGET: total})


def _written(one: Function) -> sympy.Expr:
    """The expression of a function, or of an inverse of a sum."""
    (first, *_) = one.factors
    if isinstance(first, tuple):
        mine, other, sign = first
        return 1 / (mine.expression + sign * other.expression)
    return one.expression
