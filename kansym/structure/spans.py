# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportOperatorIssue=false, reportReturnType=false, reportAttributeAccessIssue=false
"""Laws in the span of products of functions of the columns, for up to seven columns.

Some hundred products are an orthonormal basis after one factorization. What it leaves of a target then takes a product
of matrices, so that hundreds of targets are tried at once: functions of y, times or divided by columns and sums of
columns, and their squares. A target that is in the span on more rows than there are products is a law if few products
make it up, in any number of columns and however its terms share them:
``-z/u + u - 2.2*(u*v + v/sqrt(w) + sqrt(w)) + log(z)``. The rows must have no noise.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.structure.links import usable_links
from kansym.structure.problem import TARGET
from kansym.structure.products import Function, product_lists
from kansym.structure.rational import shortest_quotient
from kansym.structure.sparse import few_columns

MOST_COLUMNS = 7
"""Columns of a table whose laws are looked for."""

CHECKED, MOST_ROWS = 100, 2000
"""Rows besides as many as there are products, on which a law must hold too, and most rows that are looked at."""

IN_SPAN, EXACT = 1e-10, 1e-9
"""What a basis leaves of a target that is in its span, and a law of any row, both in units of their size."""

ROUNDING = 1e-13
"""What a law leaves whose products were chosen one by one: approximations of few products come near as well."""

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

SQUARED = ("identity", "exp", "reciprocal")
"""The same for y in a quadratic equation."""

RATES, RANGE = 40, (0.03, 12.0)
"""Rates of exponentials of a function of y, of each sign, and the range of them, in units of its inverse spread."""

PROMISING, STEPS, MOST_STARTS = 0.5, 12, 3
"""What a basis leaves at most of an exponential whose rate is fitted, most steps of that, and rates that are fitted."""

SETTLED, LONGEST = 1e-11, 0.3
"""Steps of a rate, relative to it, after which it has settled, and the longest ones."""

RATIONAL, LARGEST_DENOMINATOR = 1e-8, 12
"""How near a rate is to a fraction that it stands for, and the largest denominator of that."""


@dataclass(frozen=True, eq=False)
class _Link:
    """A function of y on the rows, and y in terms of its `TARGET`."""

    name: str
    back: sympy.Expr
    values: np.ndarray


@dataclass(frozen=True, eq=False)
class _Target:
    """A function of y times a factor, with its values (n,)."""

    link: _Link
    factor: Function
    values: np.ndarray

    @classmethod
    def of(cls, link: _Link, factor: Function) -> "_Target":
        return cls(link, factor, link.values * factor.values)


def span_laws(
    X: np.ndarray, t: np.ndarray, variables: tuple[sympy.Symbol, ...], *, seed: int = 0, until: float = math.inf
) -> Iterator[sympy.Expr]:
    """An exact law of few products of functions of columns, under links and beside factors.

    Parameters
    ----------
    X : ndarray, shape (n, d), 1 < d <= 7
    t : ndarray, shape (n,)
    variables : tuple of Symbol, length d
    seed : int, default 0
        Of the rows.
    until : float
        `kansym.clock.now` value to stop at.
    """
    if not 1 < X.shape[1] <= MOST_COLUMNS or not np.ptp(t) > 0:
        return
    rows = np.random.default_rng(seed).permutation(len(t))[:MOST_ROWS]
    X, t = X[rows], t[rows]
    with np.errstate(all="ignore"):
        trials = _Trials(X, t, variables)
        for products in product_lists(X, variables, len(t) - CHECKED):
            if clock.late(until):
                return
            law = next(trials.laws(_Span(products)), None)
            if law is not None:
                yield law
                return


class _Span:
    """The span of some products.

    Parameters
    ----------
    products : list of Function
    """

    def __init__(self, products: list[Function]) -> None:
        self.products = products
        values = np.column_stack([one.values for one in products])
        n, k = values.shape
        middle = np.median(np.abs(values), axis=0)
        # Rows of one length: next to a pole one would count for all.
        self.row = 1 / np.linalg.norm(values / np.where(middle > 0, middle, 1.0), axis=1)
        # They are in no order.
        self.few = np.arange(min(n, k + CHECKED))
        self.matrix = self._weighted(values)[0]
        clock.charge(Work.DENSE_PRODUCTS, self.matrix.size * k / 2)
        self._basis, _ = np.linalg.qr(self.matrix)

    def left(self, columns: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """What the span leaves of columns (n,) of mean square one on some rows, for each degree of freedom, shape
        (m, number of them); and their sizes."""
        every, size = self._weighted(np.column_stack(columns))
        clock.charge(Work.DENSE_PRODUCTS, self._basis.size * len(columns) / 4)
        left = every - self._basis @ (self._basis.T @ every)
        return left / math.sqrt(CHECKED), size

    def _weighted(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        every = values[self.few] * self.row[self.few, None]
        size = np.sqrt((every**2).mean(0))
        return every / np.where(size > 0, size, 1.0), size

    def terms(self, values: np.ndarray) -> sympy.Expr | None:
        """A column (n,) as a sum of few products that holds on all rows; None where it is none."""
        target, _ = self._weighted(values[:, None])
        chosen = self._sparse(target[:, 0])
        if not chosen:
            return None
        matrix = np.column_stack([self.products[j].values for j in chosen]) * self.row[:, None]
        size = np.sqrt((matrix**2).mean(0))
        own = values * self.row
        if not (np.isfinite(own).all() and (size > 0).all()):
            return None
        coefficients = np.linalg.lstsq(matrix / size, own, rcond=None)[0]
        left = own - (matrix / size) @ coefficients
        if not (np.abs(left) < EXACT * (np.abs(matrix / size) @ np.abs(coefficients))).all():
            return None
        numbers = (coefficients / size).tolist()
        return sympy.Add(*(sympy.Float(c) * self.products[j].expression for c, j in zip(numbers, chosen, strict=True)))

    def _sparse(self, target: np.ndarray) -> list[int] | None:
        """The few products that a target is a sum of; None where it takes many."""
        if not (np.isfinite(target).all() and np.isfinite(self.matrix).all()):
            return None
        clock.charge(Work.DENSE_PRODUCTS, 4 * self.matrix.size * self.matrix.shape[1])
        first = np.abs(np.linalg.lstsq(self.matrix, target, rcond=None)[0])
        for least in NOTHING:
            chosen = np.flatnonzero(first >= least * first.max())
            if len(chosen) > max(3, min(MOST_TERMS, SPARSE * self.matrix.shape[1])):
                break
            second = np.linalg.lstsq(self.matrix[:, chosen], target, rcond=None)[0]
            if np.sqrt(np.mean((target - self.matrix[:, chosen] @ second) ** 2)) < IN_SPAN:
                return chosen[np.abs(second) > NOTHING[-1] * np.abs(second).max()].tolist()
        # Where products are nearly dependent all of them take part, though few would do.
        few = few_columns(self.matrix, target)
        if few is None:
            return None
        rest = target - self.matrix[:, few] @ np.linalg.lstsq(self.matrix[:, few], target, rcond=None)[0]
        return few if np.sqrt(np.mean(rest**2)) < ROUNDING else None


class _Trials:
    """Targets made of y, which are tried in one span after another.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    t : ndarray, shape (n,)
    variables : tuple of Symbol, length d
    """

    def __init__(self, X: np.ndarray, t: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> None:
        self.t, self.one = t, Function.of(sympy.S.One, np.ones(len(t)))
        self.columns = [Function.of(z, x) for z, x in zip(variables, X.T, strict=True)]
        self.inverse = [Function.of(1 / one.expression, 1 / one.values) for one in self.columns if one.values.all()]
        named = [(link.name, link) for link in usable_links(t, exact=True) if link.name in LINK_NAMES]
        self.links = [_Link(name, link.inverse(t), link.forward(t)) for name, link in named]

    def laws(self, span: _Span) -> Iterator[sympy.Expr]:
        """Laws in a span, the simplest kinds first."""
        yield from self._alone(span, [_Target.of(link, m) for link in self.links for m in self._factors()])
        yield from self._with_denominators(span)
        yield from self._in_squares(span)
        for link in self._exponentials(span):
            yield from self._alone(span, [_Target.of(link, m) for m in [self.one, *self.columns, *self.inverse]])

    def _factors(self) -> list[Function]:
        """Columns and their inverses, and products of two of these."""
        single = [*self.columns, *self.inverse]
        pairs = [p.times(q) for p, q in itertools.combinations(single, 2)]
        return [self.one, *single, *(pair for pair in pairs if pair.expression != 1)]

    def _alone(self, span: _Span, targets: list[_Target]) -> Iterator[sympy.Expr]:
        """y from a target that is in the span."""
        targets = [one for one in targets if np.isfinite(one.values).all() and np.ptp(one.values) > 0]
        if not targets:
            return
        left, _ = span.left([one.values for one in targets])
        for hit in np.flatnonzero(np.linalg.norm(left, axis=0) < IN_SPAN)[:MOST_HITS].tolist():
            total = span.terms(targets[hit].values)
            if total is not None:
                yield targets[hit].link.back.xreplace({TARGET: total / targets[hit].factor.expression})

    def _with_denominators(self, span: _Span) -> Iterator[sympy.Expr]:
        """y from a function of it times a sum of columns."""
        pairs = [p.times(q) for p, q in itertools.combinations(self.columns, 2)]
        sums = [(self.one, [self.one, *self.columns]), (self.one, [self.one, *self.columns, *pairs])]
        sums += [(inverse, [self.one, *self.columns]) for inverse in self.inverse]
        tried = list(itertools.product(sums, self.links))
        groups = [[link.values * before.values * part.values for part in parts] for (before, parts), link in tried]
        for number, numbers in self._null(span, groups):
            (before, parts), link = tried[number]
            factor = _weighted_sum(numbers, parts).times(before)
            total = span.terms(link.values * factor.values)
            if total is not None:
                yield link.back.xreplace({TARGET: _quotient(total, factor.expression)})

    def _in_squares(self, span: _Span) -> Iterator[sympy.Expr]:
        """y from a quadratic equation for a function of it."""
        parts = [self.one, *self.columns]
        tried = [(link, factor) for link in self.links if link.name in SQUARED for factor in self._before(link)]
        every = [link.values * factor.values for link, factor in tried]
        for number, numbers in self._null(span, [[own**2, *(own * part.values for part in parts)] for own in every]):
            (link, factor), own = tried[number], every[number]
            if abs(numbers[0]) < NOTHING[1] * np.abs(numbers).max():
                continue
            # A square completed: (own + middle)^2 is in the span, with the square of the middle.
            middle = _weighted_sum(numbers[1:] / numbers[0] / 2, parts)
            rest = span.terms(own**2 + 2 * own * middle.values)
            sign = np.sign(own + middle.values)
            if rest is not None and (sign == sign[0]).all():
                root = sympy.sqrt(_collected(rest, middle.expression**2))
                total = int(sign[0]) * root - middle.expression
                yield link.back.xreplace({TARGET: total / factor.expression})

    def _before(self, link: _Link) -> list[Function]:
        """Factors of a function of y in a quadratic equation; an exponential has exponentials of columns too."""
        plain = [self.one, *self.inverse]
        if link.name != "exp":
            return plain
        signs = itertools.product(self.columns, (1, -1))
        more = [Function.of(sympy.exp(s * one.expression), np.exp(s * one.values)) for one, s in signs]
        return plain + [p.times(q) for p in plain for q in more]

    def _exponentials(self, span: _Span) -> Iterator[_Link]:
        """Exponentials of y, of its square and of its logarithm, with rates at which they may be in the span."""
        variants = [("y", self.t, TARGET)]
        if (self.t > 0).all() or (self.t < 0).all():
            sign = 1 if self.t[0] > 0 else -1
            variants += [("square", self.t**2, sign * sympy.sqrt(TARGET))]
            variants += [("power", np.log(np.abs(self.t)), sign * sympy.exp(TARGET))]
        for name, z, back in variants:
            middle, spread = float(np.median(z)), float(z.std())
            if not (math.isfinite(spread) and spread > 0):
                continue
            for rate in _rates(span, (z - middle) / spread):
                own = _tidy(rate / spread)
                inner = back.xreplace({TARGET: sympy.log(TARGET) / own})
                whole = inner if name != "power" else (1 if self.t[0] > 0 else -1) * TARGET ** (1 / own)
                yield _Link(name, whole, np.exp(float(own) * z))

    def _null(self, span: _Span, groups: list[list[np.ndarray]]) -> Iterator[tuple[int, np.ndarray]]:
        """Groups of columns of which one combination is in the span, with its coefficients."""
        if not groups:
            return
        left, size = span.left([column for group in groups for column in group])
        end = 0
        for number, group in enumerate(groups):
            own = slice(end, end := end + len(group))
            if not (np.isfinite(left[:, own]).all() and (size[own] > 0).all()):
                continue
            clock.charge(Work.DENSE_PRODUCTS, 2 * len(left) * len(group) ** 2)
            _, singular, right = np.linalg.svd(left[:, own], full_matrices=False)
            if singular[-1] < IN_SPAN and singular[-1] < FEWER * singular[-2]:
                yield number, np.where(np.abs(right[-1]) < NOTHING[1], 0.0, right[-1]) / size[own]


def _quotient(total: sympy.Expr, factor: sympy.Expr) -> sympy.Expr:
    """A quotient of sums as short as it gets, with functions as if they were columns."""
    clock.charge(Work.ALGEBRA, 500)
    above, below = sympy.fraction(sympy.together(total / factor))
    functions = sorted((above + below).atoms(sympy.Function, sympy.exp), key=sympy.default_sort_key)
    roots = sorted(
        (one for one in (above + below).atoms(sympy.Pow) if not one.exp.is_Integer), key=sympy.default_sort_key
    )
    names = {one: sympy.Dummy(f"f{k}") for k, one in enumerate([*functions, *roots])}
    back = {name: one for one, name in names.items()}
    above, below = (sympy.expand(part.xreplace(names)) for part in (above, below))
    unit = max((abs(float(term.as_coeff_Mul()[0])) for term in sympy.Add.make_args(below)), default=1.0)
    return shortest_quotient(sympy.expand(above / unit), sympy.expand(below / unit)).xreplace(back)


def _weighted_sum(numbers: np.ndarray, parts: list[Function]) -> Function:
    found = [(c, one) for c, one in zip(numbers.tolist(), parts, strict=True) if c]
    expression = sympy.Add(*(sympy.Float(c) * one.expression for c, one in found))
    return Function.of(
        expression, np.sum([c * one.values for c, one in found], axis=0) if found else 0 * parts[0].values
    )


def _collected(*parts: sympy.Expr) -> sympy.Expr:
    """The sum of like terms, without those that cancel."""
    largest: dict[sympy.Expr, float] = {}
    total: dict[sympy.Expr, float] = {}
    clock.charge(Work.ALGEBRA, 200)
    for term in itertools.chain(*(sympy.Add.make_args(sympy.expand(part)) for part in parts)):
        number, rest = term.as_coeff_Mul()
        total[rest] = total.get(rest, 0.0) + float(number)
        largest[rest] = max(largest.get(rest, 0.0), abs(float(number)))
    return sympy.Add(*(sympy.Float(c) * rest for rest, c in total.items() if abs(c) > EXACT * largest[rest]))


def _rates(span: _Span, z: np.ndarray) -> list[float]:
    """Rates c, different from zero, at which exp(c z) is in the span."""
    grid = np.geomspace(*RANGE, RATES)
    found = []
    for side in (grid, -grid):
        left, _ = span.left([np.exp(rate * z) for rate in side])
        lengths = np.linalg.norm(left, axis=0)
        lengths = np.where(np.isfinite(lengths), lengths, np.inf)
        inner = [k for k in range(1, RATES - 1) if lengths[k] <= min(lengths[k - 1], lengths[k + 1], PROMISING)]
        for k in sorted(inner, key=lambda k: lengths[k])[:MOST_STARTS]:
            rate = _fitted_rate(span, z, float(side[k]))
            if rate is not None:
                found.append(rate)
    return found


def _fitted_rate(span: _Span, z: np.ndarray, rate: float) -> float | None:
    """Gauss-Newton steps for a rate; None where the exponential does not come into the span."""
    for _ in range(STEPS):
        values = np.exp(rate * z)
        left, size = span.left([values, z * values])
        length, slope = left[:, 0], left[:, 1] * size[1] / size[0]
        step = float(length @ slope / (slope @ slope))
        if not math.isfinite(step):
            return None
        if abs(step) < SETTLED * abs(rate):
            return rate if np.linalg.norm(length) < IN_SPAN else None
        rate -= max(-LONGEST * abs(rate), min(LONGEST * abs(rate), step))
    return None


def _tidy(number: float) -> sympy.Expr:
    """The fraction that a number stands for, or the number."""
    fraction = Fraction(number).limit_denominator(LARGEST_DENOMINATOR)
    near = fraction != 0 and abs(float(fraction) - number) < RATIONAL * abs(number)
    return sympy.Rational(fraction) if near else sympy.Float(number)
