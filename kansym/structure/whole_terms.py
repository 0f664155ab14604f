# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportOperatorIssue=false, reportReturnType=false, reportAttributeAccessIssue=false
"""Terms with whole coefficients, and factors with whole exponents, that show beside whatever else a law has.

In ``u - v**2 + w*cos(z) + sqrt(-z - 0.44/x)`` nothing is known of the root, but a robust regression of all rows on
simple terms has the coefficients of the first three to a thousandth: they are 1, -1 and 1. Without noise a number so
close to a whole one is that, the terms are subtracted exactly, and columns that are in no other term are gone. What is
left is a table of fewer columns, however badly an interpolant would do on all of them. Logarithms show the exponents of
factors in the same way, in halves; and where one term is most of the target over decades, they show that.
"""

import itertools
from dataclasses import dataclass

import numpy as np
import scipy.spatial
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.symbolic.parametric import parametrize

LEAST_ROWS, MOST_ROWS = 300, 2000
"""Rows: few do not tell a coefficient well enough."""

FEWEST_ROWS, LIKELY, UNSURE, CHOICES = 40, 6, 0.2, 4
"""Least rows of which likely factors are looked for, most of those, largest error of an exponent that may be a whole
number (half of that for a half), and sets of factors that are handed on."""

MOST_COLUMNS = 12
"""Columns of a table: the terms of more are too many."""

MOST_TERMS = 14
"""Terms of a regression."""

CLEAR, KEPT = 7.0, 5.0
"""Size of a coefficient, in units of its error, at which a term is taken in, and below which it goes again."""

ROUNDS, MORE_ROUNDS, FAR = 12, 4, 4.7
"""Rounds of reweighting, with one more term, and errors from which on a row has no weight (Tukey's biweight)."""

NEAR, SHARP = 3.5, 0.04
"""Errors within which a coefficient is a whole number, or another multiple of a unit, and the largest error of one that
says so, in units of that."""

LEFT = 1e-3
"""Share of a column that the terms so far must leave."""

NOTHING = 1e-9
"""Scale of the residual, in units of the target's, at which the regression is the law."""

DOMINATES, FELT, ONE = 0.1, 0.03, 1e-3
"""Scale of what is left of a logarithm where one term dominates, what a factor of that moves the logarithm by at least,
and how near its coefficient, by the largest rows, is to a whole number."""

ANGLES = (0.5, 300.0)
"""Sizes of columns whose sines are told from straight lines, and from noise."""

FAST = 1e6
"""Largest value of a candidate, in units of its root mean square."""


@dataclass(frozen=True, eq=False)
class Whole:
    """What can be subtracted from a target, or what it can be divided by.

    Attributes
    ----------
    expression : sympy.Expr
    values : ndarray, shape (n,)
    product : bool
        Whether it is a factor.
    gone : tuple of int
        Columns on which nothing else depends.
    """

    expression: sympy.Expr
    values: np.ndarray
    product: bool
    gone: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A term of a regression, or what the term is the logarithm of."""

    expression: sympy.Expr
    columns: frozenset[int]
    values: np.ndarray


@dataclass(frozen=True, eq=False)
class _Regression:
    """The terms of a robust regression with their coefficients and errors, and the scale of what they leave."""

    terms: tuple[_Candidate, ...]
    coefficients: np.ndarray
    errors: np.ndarray
    scale: float

    def felt(self, least: float) -> int:
        """How many terms move the target by so much."""
        pairs = zip(self.terms, self.coefficients.tolist(), strict=True)
        return sum(abs(c) * float(np.std(term.values)) > least for term, c in pairs)

    def whole(self, unit: float, least: float = 0.0) -> list[tuple[_Candidate, float]]:
        """Terms whose coefficients are multiples of a unit, as far as their errors, or a least distance, tell."""
        found = []
        for term, value, error in zip(self.terms, self.coefficients.tolist(), self.errors.tolist(), strict=True):
            nearest = unit * round(value / unit)
            if nearest and error < SHARP * unit and abs(value - nearest) < max(NEAR * error, least):
                found.append((term, nearest))
        return found


def whole_terms(X: np.ndarray, t: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> Whole | None:
    """Terms with whole coefficients that leave a target of fewer columns; None where none are seen.

    A term without a column that goes stays: sin(x) + y near zero has x for a term, too.

    Parameters
    ----------
    X : ndarray, shape (n, d), d > 1
    t : ndarray, shape (n,)
    variables : tuple of Symbol, length d
    """
    if not 2 <= X.shape[1] <= MOST_COLUMNS or len(t) < LEAST_ROWS:
        return None
    few = _few(t)
    seen = _regression(_terms(X[few], variables), t[few])
    found = seen.whole(1.0) if seen is not None else []
    gone = () if seen is None else _gone(seen, [term for term, _ in found])
    if not gone:
        return None
    expression = sympy.Add(*(_number(value) * term.expression for term, value in found if term.columns & set(gone)))
    return Whole(expression, _values(expression, X, variables), False, gone)


def whole_factors(X: np.ndarray, t: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> Whole | None:
    """Powers of columns, with halves for exponents, that leave a target of fewer columns; None where none are seen.

    A factor whose column does not go stays: sin(x)*y near zero has x for a factor, too.

    Parameters
    ----------
    X : ndarray, shape (n, d), d > 1
    t : ndarray, shape (n,)
    variables : tuple of Symbol, length d
    """
    if not 2 <= X.shape[1] <= MOST_COLUMNS or len(t) < LEAST_ROWS or not (t != 0).all():
        return None
    few = _few(t)
    seen = _regression(_logarithms(X[few], variables), np.log(np.abs(t[few])))
    found = seen.whole(0.5) if seen is not None else []
    factors = {term: factor for term, value in found if (factor := _factor(X, term, value)) is not None}
    gone = () if seen is None else _gone(seen, list(factors))
    if not gone:
        return None
    expression = sympy.Mul(*(factor for term, factor in factors.items() if term.columns & set(gone)))
    values = _values(expression, X, variables)
    return Whole(expression, values, True, gone) if np.isfinite(values).all() and values.all() else None


def likely_factors(X: np.ndarray, t: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> list[Whole]:
    """Sets of powers of columns that may be factors of all, where rows are too few to be sure; the likeliest first.

    A column that is nothing but a factor has its exponent in a regression of the logarithm on those of all columns;
    others may come near a half or a whole number by chance. Divided by the right factors the target is a function of
    the other columns, so that rows which are neighbours in those have nearly the same.

    Parameters
    ----------
    X : ndarray, shape (n, d), d > 1
    t : ndarray, shape (n,)
    variables : tuple of Symbol, length d
    """
    n, d = X.shape
    if not 2 <= d <= MOST_COLUMNS or not FEWEST_ROWS <= n < LEAST_ROWS or not (t.all() and np.isfinite(t).all()):
        return []
    target, ranks = np.log(np.abs(t)), np.argsort(np.argsort(X, axis=0), axis=0) / n
    likely, found = _near_whole(X, target), []
    for size in range(1, min(len(likely), d - 1) + 1):
        for chosen in itertools.combinations(likely.items(), size):
            others = np.delete(ranks, [place for place, _ in chosen], axis=1)
            left = target - sum(exponent * np.log(np.abs(X[:, place])) for place, exponent in chosen)
            _, neighbours = scipy.spatial.cKDTree(others).query(others, k=2)
            found.append((float(np.median(np.abs(left - left[neighbours[:, 1]]))), chosen))
    clock.charge(Work.SMALL_FITS, 10 * len(found))
    wholes = []
    for _, chosen in sorted(found)[:CHOICES]:
        product = sympy.Mul(*(variables[place] ** sympy.nsimplify(exponent) for place, exponent in chosen))
        gone = tuple(sorted(place for place, _ in chosen))
        wholes.append(Whole(product, _values(product, X, variables), True, gone))
    return wholes


def _near_whole(X: np.ndarray, target: np.ndarray) -> dict[int, float]:
    """Columns whose exponents in a product may be whole numbers or halves, with those, the surest first."""
    places = [k for k in range(X.shape[1]) if X[:, k].all()]
    logarithms = np.log(np.abs(X[:, places]))
    fit = _Fit.of(np.column_stack([np.ones(len(X)), logarithms - logarithms.mean(0)]), target, None)
    found: list[tuple[float, int, float]] = []
    for place, b, error in zip(places, fit.coefficients[1:].tolist(), fit.errors()[1:].tolist(), strict=True):
        exponent = round(2 * b) / 2
        whole = exponent.is_integer()
        near = abs(b - exponent) < NEAR * error and error < (UNSURE if whole else UNSURE / 2)
        if exponent and near and (whole or (X[:, place] > 0).all()):
            found.append((error, place, exponent))
    return {place: exponent for _, place, exponent in sorted(found)[:LIKELY]}


def dominant_term(X: np.ndarray, t: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> Whole | None:
    """A product of powers and exponentials that most of the target is, over decades; None where there is none.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    t : ndarray, shape (n,)
    variables : tuple of Symbol, length d
    """
    if X.shape[1] > MOST_COLUMNS or len(t) < LEAST_ROWS or not (t != 0).all():
        return None
    few = _few(t)
    own = t[few]
    # The largest third is nearly all of that term.
    top = np.argsort(-np.abs(own))[: max(LEAST_ROWS // 2, len(own) // 3)]
    terms = tuple(one for one in _logarithms(X[few], variables) if len(one.columns) == 1)
    columns = np.column_stack([np.ones(len(top)), *(one.values[top] for one in terms)])
    fit = _Fit.of(columns, np.log(np.abs(own[top])), None)
    if fit.scale > DOMINATES:
        return None
    seen = _Regression(terms, fit.coefficients[1:], fit.errors()[1:], fit.scale)
    found = seen.whole(0.5, ONE)
    factors = [factor for term, value in found if (factor := _factor(X, term, value)) is not None]
    if not factors or len(factors) < max(len(found), seen.felt(FELT)):
        return None
    product = sympy.Mul(*factors)
    values = _values(product, X, variables)
    largest = np.argsort(-np.abs(values))[: max(1, len(t) // 20)]
    number = float(np.median(t[largest] / values[largest]))
    if not (np.isfinite(values).all() and round(number) and abs(number - round(number)) < ONE * abs(number)):
        return None
    return Whole(_number(round(number)) * product, round(number) * values, False, ())


def _few(t: np.ndarray) -> np.ndarray:
    """Rows of a regression, evenly spread."""
    return np.unique(np.linspace(0, len(t) - 1, MOST_ROWS).astype(int))


def _values(expression: sympy.Expr, X: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> np.ndarray:
    """Values on all rows, shape (n,)."""
    return parametrize(expression, variables).evaluate(X)


def _factor(X: np.ndarray, term: _Candidate, value: float) -> sympy.Expr | None:
    """The factor that a term of a logarithm is; None for a root of a column of both signs."""
    exponent = sympy.nsimplify(value)
    if not term.expression.is_Symbol or exponent.is_integer:
        return term.expression**exponent
    x = X[:, min(term.columns)]
    if (x > 0).all():
        return term.expression**exponent
    return (-term.expression) ** exponent if (x < 0).all() else None


def _number(value: float) -> sympy.Expr:
    """As it may be in the law: a constant that was measured, unless it is one."""
    return sympy.Integer(int(value)) if abs(value) == 1 else sympy.Float(value)


def _gone(seen: _Regression, taken: list[_Candidate]) -> tuple[int, ...]:
    """Columns that only terms which are taken out depend on."""
    others = frozenset().union(*(term.columns for term in seen.terms if term not in taken))
    mine = frozenset().union(*(term.columns for term in taken))
    return tuple(sorted(mine - others))


def _terms(X: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> list[_Candidate]:
    """Functions of columns, products of two, and monomials of the third degree."""
    single: list[list[_Candidate]] = []
    for k, (x, z) in enumerate(zip(X.T, variables, strict=True)):
        functions = [(z, x)]
        if ANGLES[0] < np.abs(x).max() < ANGLES[1]:
            functions += [(sympy.sin(z), np.sin(x)), (sympy.cos(z), np.cos(x))]
        if (x > 0).all():
            functions += [(sympy.sqrt(z), np.sqrt(x)), (sympy.log(z), np.log(x))]
        single.append([_Candidate(expression, frozenset({k}), values) for expression, values in functions])
    found = [one for functions in single for one in functions]
    found += [_product(one, two) for some, more in itertools.combinations(single, 2) for one in some for two in more]
    found += [_product(functions[0], one) for functions in single for one in functions[1:]]
    plain = [functions[0] for functions in single]
    found += [_product(one, one) for one in plain]
    for three in itertools.combinations_with_replacement(plain, 3):
        found.append(_product(_product(three[0], three[1]), three[2]))
    return found


def _logarithms(X: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> list[_Candidate]:
    """What a product may have for factors, by their logarithms: columns, and exponentials of monomials."""
    columns = list(enumerate(zip(X.T, variables, strict=True)))
    found = [_Candidate(z, frozenset({k}), np.log(np.abs(x))) for k, (x, z) in columns if x.all()]
    plain = [_Candidate(z, frozenset({k}), x) for k, (x, z) in columns]
    plain += [_product(one, two) for one, two in itertools.combinations_with_replacement(plain, 2)]
    return found + [_Candidate(sympy.exp(one.expression), one.columns, one.values) for one in plain]


def _product(one: _Candidate, other: _Candidate) -> _Candidate:
    return _Candidate(one.expression * other.expression, one.columns | other.columns, one.values * other.values)


def _regression(candidates: list[_Candidate], target: np.ndarray) -> _Regression | None:
    """Terms one after another as long as they are clear; None where there are none."""
    values = np.column_stack([one.values for one in candidates])
    size = np.sqrt((values**2).mean(0))
    usable = np.isfinite(size) & (size > 0) & (np.abs(values).max(0) < FAST * size)
    candidates = [one for one, good in zip(candidates, usable, strict=True) if good]
    values = values[:, usable] / size[usable]
    chosen: list[int] = []
    fit = _Fit.of(np.ones((len(target), 1)), target, None)
    spread = fit.scale
    while len(chosen) < MOST_TERMS and fit.scale > NOTHING * spread:
        term = fit.clearest(values, chosen)
        if term is None:
            break
        chosen.append(term)
        fit = _Fit.of(np.column_stack([np.ones(len(target)), values[:, chosen]]), target, fit.weights)
    if not chosen or not fit.scale > NOTHING * spread:
        return None
    coefficients, errors = fit.coefficients[1:], fit.errors()[1:]
    kept = [k for k in range(len(chosen)) if abs(coefficients[k]) > KEPT * errors[k]]
    scale = size[usable][[chosen[k] for k in kept]]
    terms = tuple(candidates[chosen[k]] for k in kept)
    return _Regression(terms, coefficients[kept] / scale, errors[kept] / scale, fit.scale)


@dataclass(frozen=True, eq=False)
class _Fit:
    """A robust fit of a few columns.

    Attributes
    ----------
    columns : ndarray, shape (n, k)
    coefficients : ndarray, shape (k,)
    residual, weights : ndarray, shape (n,)
    scale : float
        Standard deviation of most residuals.
    """

    columns: np.ndarray
    coefficients: np.ndarray
    residual: np.ndarray
    weights: np.ndarray
    scale: float

    @classmethod
    def of(cls, columns: np.ndarray, y: np.ndarray, weights: np.ndarray | None) -> "_Fit":
        rounds = ROUNDS if weights is None else MORE_ROUNDS
        weights = np.ones(len(y)) if weights is None else weights
        coefficients, residual, scale = np.zeros(columns.shape[1]), y, 0.0
        clock.charge(Work.SMALL_FITS, rounds)
        clock.charge(Work.DENSE_PRODUCTS, 4 * rounds * columns.size * columns.shape[1])
        for _ in range(rounds):
            root = np.sqrt(weights)
            coefficients = np.linalg.lstsq(columns * root[:, None], y * root, rcond=None)[0]
            residual = y - columns @ coefficients
            scale = float(1.4826 * np.median(np.abs(residual - np.median(residual)))) + 1e-300
            with np.errstate(over="ignore"):
                weights = np.maximum(1 - (residual / (FAR * scale)) ** 2, 0.0) ** 2
        return cls(columns, coefficients, residual, weights, scale)

    def clearest(self, values: np.ndarray, chosen: list[int]) -> int | None:
        """The candidate that explains most of what is left, unless chance may do so."""
        clock.charge(Work.DENSE_PRODUCTS, 3 * values.size * self.columns.shape[1])
        root = np.sqrt(self.weights)
        basis, _ = np.linalg.qr(self.columns * root[:, None])
        rest = values * root[:, None]
        rest -= basis @ (basis.T @ rest)
        left = self.residual * root
        left = left - basis @ (basis.T @ left)
        length = np.linalg.norm(rest, axis=0)
        usable = length > LEFT * np.sqrt(len(values))
        usable[chosen] = False
        gain = np.where(usable, np.abs(left @ rest) / np.where(usable, length, 1.0), 0.0)
        best = int(gain.argmax())
        noise = np.sqrt(left @ left / max(self.weights.sum(), 1.0))
        return best if gain[best] > CLEAR * noise else None

    def errors(self) -> np.ndarray:
        """Standard errors of the coefficients."""
        weighted = self.columns * np.sqrt(self.weights)[:, None]
        return self.scale * np.sqrt(np.diag(np.linalg.pinv(weighted.T @ weighted)))
