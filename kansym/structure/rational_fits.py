# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportReturnType=false, reportOperatorIssue=false
"""Rational laws of noisy rows: quotients of two polynomials, fitted with every coefficient and then with ever fewer.

N(x) - y D(x) = 0 is linear in the coefficients of both polynomials, but with noise in y its solution is neither
unbiased nor sparse. It is where least squares of y - N/D start from, and of those the coefficient that matters least
goes, one after another, for as long as the description gets shorter.

References
----------
Sanathanan and Koerner, IEEE Transactions on Automatic Control 8, 56 (1963), doi:10.1109/TAC.1963.1105517: the linear
problem, weighted by the denominator of the round before.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import scipy.optimize
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.structure.rational import monomials, powers_up_to

DEGREES = ((1, 1), (2, 1), (1, 2), (2, 2), (3, 2), (2, 3), (3, 3))
"""Total degrees of numerator and denominator; each starts from the linear problem and from a smaller one."""

MOST_COLUMNS = 5

MOST_COEFFICIENTS, ROWS_FOR_EACH = 60, 3
"""Coefficients of both polynomials together, and the least rows for each of them."""

SHORT, LONGEST = 4, 8
"""Coefficients of a law beside which higher degrees are not looked at where they tell nothing more, and of any law:
with more of them a quotient of polynomials comes near any smooth function."""

NEAR = 2.0
"""Residual of a fit, in units of an interpolant's, up to which it is handed on."""

MOST_LEFT = 0.5
"""Share of the variance that a fit may leave: what is all noise, or too fast for an interpolant, is no quotient."""

TELLING = 2.0
"""What each coefficient takes from the sum of squares, in units of what it takes of noise, where it tells something."""

ROUNDS = 4
"""Of the linear problem."""

STEPS, FEWER_STEPS = 25, 8
"""Evaluations of a fit of all coefficients, and after one was left out."""

BEAM, BEAM_LENGTH = 6, 12
"""Quotients of each length that are followed, and the coefficients from which on it is more than one: over narrow
ranges many are nearly as good, of which one has a shorter one within."""

EXCHANGES = 4
"""Times that a term of a short quotient is exchanged for another."""

TERM_BITS = 12.0
"""Of a term, beside the digits of its coefficient: a constant, a monomial and two signs between them."""

NEAR_POLE = 1e-3
"""Size of a denominator, in units of its median, below which rows do not weigh more in the linear problem."""

FAR = 1e8
"""Residual, in units of the target, in place of one that is not finite."""

Powers = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class _Ratio:
    """A quotient of two polynomials, with one for the coefficient of the monomial `pivot` of the denominator.

    Attributes
    ----------
    top, bottom : tuple of tuple of int
        Monomials, those of `bottom` without the pivot.
    pivot : tuple of int
    values : ndarray, shape (len(top) + len(bottom),)
    square : float
        Weighted sum of squared residuals.
    """

    top: tuple[Powers, ...]
    bottom: tuple[Powers, ...]
    pivot: Powers
    values: np.ndarray
    square: float

    @property
    def terms(self) -> list[tuple[bool, Powers]]:
        """Of numerator (True) and denominator, whichever is the pivot."""
        return [(True, powers) for powers in self.top] + [(False, powers) for powers in (*self.bottom, self.pivot)]

    def bits(self, n: int) -> float:
        return 0.5 * n * math.log2(max(self.square, 1e-300)) + (TERM_BITS + 0.5 * math.log2(n)) * len(self.values)


def rational_fits(
    X: np.ndarray,
    t: np.ndarray,
    variables: tuple[sympy.Symbol, ...],
    weights: np.ndarray | None = None,
    *,
    attainable: float = math.inf,
    most: int = 2,
) -> list[sympy.Expr]:
    """Quotients of polynomials of a few coefficients that fit noisy values best, the shortest description first.

    Parameters
    ----------
    X : ndarray, shape (n, d), d <= 5
    t : ndarray, shape (n,)
    variables : tuple of Symbol, length d
    weights : ndarray, shape (n,), optional
    attainable : float, default inf
        Root-mean-square residual, in units of t, that an interpolant leaves. What leaves much more is not handed on.
    most : int, default 2
    """
    size, scale = np.abs(X).max(0), math.sqrt(float(np.mean(t**2)))
    if not 1 <= X.shape[1] <= MOST_COLUMNS or not (size > 0).all() or not np.isfinite(t).all() or not np.ptp(t) > 0:
        return []
    root = np.ones(len(t)) if weights is None else np.sqrt(weights / weights.mean())
    rows = _Rows(X / size, t / scale, root)
    largest = len(t) / scale**2 * min((NEAR * attainable) ** 2, MOST_LEFT * float(np.var(t)))
    found: list[_Ratio] = []
    fits = list(_of_all_degrees(rows))
    for ratio in fits:
        if ratio.square > largest:
            continue
        short = [one for one in rows.shorter(ratio) if len(one.values) <= LONGEST]
        found += [rows.settled(min(short, key=lambda one: one.bits(len(t))), ratio)] if short else []
        if short and len(found[-1].values) <= SHORT and not any(_tells(found[-1], other, len(t)) for other in fits):
            break
    found = [one for one in found if one.square <= largest]
    unlike: dict[tuple, _Ratio] = {}
    for one in sorted(found, key=lambda one: one.bits(len(t))):
        unlike.setdefault((one.top, one.bottom, one.pivot), one)
    return [_expression(one, size, scale, variables) for one in list(unlike.values())[:most]]


def _tells(short: _Ratio, other: _Ratio, n: int) -> bool:
    """Whether another quotient leaves less than its coefficients account for."""
    more = len(other.values) - len(short.values)
    return short.square > other.square * (1 + TELLING * max(more, 0) / (n - len(other.values)))


def _of_all_degrees(rows: "_Rows") -> Iterator[_Ratio]:
    """Fits with every coefficient."""
    n, d = rows.U.shape
    before: _Ratio | None = None
    for above, below in DEGREES:
        top, bottom = powers_up_to(d, above), powers_up_to(d, below)
        if len(top) + len(bottom) > min(MOST_COEFFICIENTS, n // ROWS_FOR_EACH):
            continue
        starts = [rows.linear(top, bottom)]
        if before is not None and set(before.top) <= set(top) and {*before.bottom, before.pivot} <= set(bottom):
            starts.append(_within(before, top, bottom))
        fitted = [rows.fit(start, STEPS) for start in starts]
        best = min(fitted, key=_square)
        if before is None or best.square < before.square:
            before = best
        yield best


def _within(ratio: _Ratio, top: list[Powers], bottom: list[Powers]) -> _Ratio:
    """The same quotient with more coefficients, which are zero."""
    rest = [powers for powers in bottom if powers != ratio.pivot]
    above = dict(zip(ratio.top, ratio.values[: len(ratio.top)], strict=True))
    below = dict(zip(ratio.bottom, ratio.values[len(ratio.top) :], strict=True))
    values = [above.get(powers, 0.0) for powers in top] + [below.get(powers, 0.0) for powers in rest]
    return _Ratio(tuple(top), tuple(rest), ratio.pivot, np.array(values), math.inf)


class _Rows:
    """What quotients are fitted to: columns and target of size one, and the roots of the weights."""

    def __init__(self, U: np.ndarray, t: np.ndarray, root: np.ndarray) -> None:
        self.U, self.t, self.root = U, t, root

    def linear(self, top: list[Powers], bottom: list[Powers]) -> _Ratio:
        """The solution of the linear problem, weighted by its own denominator.

        Errors of y are in the columns of the denominator. The least (N - y D)^2 for a given sum of D^2 is unbiased by
        them, in which those errors enter as D^2 times their variance.
        """
        T, B = monomials(self.U, top), monomials(self.U, bottom)
        share, above, below = self.root, np.zeros(len(top)), np.zeros(len(bottom))
        for _ in range(ROUNDS):
            clock.charge(Work.DENSE_PRODUCTS, 4 * len(T) * (len(top) + len(bottom)) ** 2)
            (over, over_r), (under, under_r) = (np.linalg.qr(columns * share[:, None]) for columns in (T, B))
            targets = self.t[:, None] * under
            least = np.linalg.svd(targets - over @ (over.T @ targets), full_matrices=False)[2][-1]
            below = np.linalg.lstsq(under_r, least, rcond=None)[0]
            above = np.linalg.lstsq(over_r, over.T @ (targets @ least), rcond=None)[0]
            size = np.abs(B @ below)
            share = self.root / np.maximum(size, NEAR_POLE * float(np.median(size)) or 1.0)
        pivot = int((np.abs(below) * np.linalg.norm(B, axis=0)).argmax())
        rest = tuple(powers for k, powers in enumerate(bottom) if k != pivot)
        values = np.append(above, np.delete(below, pivot)) / below[pivot]
        return _Ratio(tuple(top), rest, bottom[pivot], values, math.inf)

    def fit(self, start: _Ratio, steps: int) -> _Ratio:
        """The least squares from a start."""
        T, B, pivot = self._columns(start)
        clock.charge(Work.SMALL_FITS, steps / 2)
        clock.charge(Work.DENSE_PRODUCTS, steps * len(self.t) * len(start.values) ** 2)

        def residual(values: np.ndarray) -> np.ndarray:
            with np.errstate(all="ignore"):
                left = self.root * ((T @ values[: T.shape[1]]) / (pivot + B @ values[T.shape[1] :]) - self.t)
            return np.nan_to_num(left, nan=FAR, posinf=FAR, neginf=-FAR)

        slopes = partial(self._slopes, T, B, pivot)
        found = scipy.optimize.least_squares(residual, start.values, slopes, method="lm", x_scale="jac", max_nfev=steps)
        return self._turned(_Ratio(start.top, start.bottom, start.pivot, found.x, 2 * float(found.cost)))

    def _turned(self, ratio: _Ratio) -> _Ratio:
        """The same quotient, with the largest term of the denominator for its pivot: that one is not to go."""
        values = np.append(ratio.values, 1.0)[len(ratio.top) :]
        terms = (*ratio.bottom, ratio.pivot)
        sizes = np.abs(values) * np.sqrt((monomials(self.U, terms) ** 2).mean(0))
        largest = int(sizes.argmax())
        if not np.isfinite(sizes).all() or sizes[largest] < 2 * sizes[-1]:
            return ratio
        rest = np.delete(values, largest)
        changed = np.append(ratio.values[: len(ratio.top)], rest) / values[largest]
        bottom = tuple(powers for k, powers in enumerate(terms) if k != largest)
        return _Ratio(ratio.top, bottom, terms[largest], changed, ratio.square)

    def shorter(self, ratio: _Ratio) -> Iterator[_Ratio]:
        """The quotient, and what is left of it as one coefficient after another goes, the best few of each length."""
        beam = [ratio]
        while beam:
            yield from beam
            wide = BEAM if len(beam[0].values) <= BEAM_LENGTH else 1
            unlike: dict[frozenset, _Ratio] = {}
            for child in sorted((child for one in beam for child in self._children(one)), key=_square):
                unlike.setdefault(frozenset(child.terms), child)
            first = list(unlike.values())[: wide + 1]
            beam = sorted((self.fit(child, FEWER_STEPS) for child in first), key=_square)[:wide]

    def settled(self, short: _Ratio, whole: _Ratio) -> _Ratio:
        """A short quotient with other terms of a whole one in place of some of its own, where that is shorter.

        What goes first is what matters least beside all others, and may be a term of the law.
        """
        best = short
        for _ in range(EXCHANGES):
            fewer = (self.fit(child, FEWER_STEPS) for child in self._children(best))
            others = [self.fit(more, FEWER_STEPS) for one in fewer for more in self._with_another(one, whole)]
            like = min(others, key=_square, default=best)
            if not like.square < best.square:
                break
            before, best = best, min(self.shorter(like), key=lambda one: one.bits(len(self.t)))
            if best.bits(len(self.t)) >= before.bits(len(self.t)):
                return before
        return best

    def _with_another(self, ratio: _Ratio, whole: _Ratio) -> Iterator[_Ratio]:
        """The quotient with the term of a whole one, in numerator or denominator, that takes most of what it leaves."""
        used = set(ratio.terms)
        new = [one for one in whole.terms if one not in used]
        if not new:
            return
        T, B, pivot = self._columns(ratio)
        slopes = self._slopes(T, B, pivot, ratio.values)
        below = pivot + B @ ratio.values[T.shape[1] :]
        value = (T @ ratio.values[: T.shape[1]]) / below
        columns = monomials(self.U, [powers for _, powers in new]) * (self.root / below)[:, None]
        columns = np.where([above for above, _ in new], columns, -value[:, None] * columns)
        clock.charge(Work.DENSE_PRODUCTS, 2 * columns.size * slopes.shape[1])
        basis = np.linalg.qr(slopes)[0]
        columns = columns - basis @ (basis.T @ columns)
        left = self.root * (value - self.t)
        sizes = np.maximum((columns**2).sum(0), 1e-300)
        shares = (left @ columns) ** 2 / sizes
        if not np.isfinite(shares).all():
            return
        place = int(shares.argmax())
        above, powers = new[place]
        coefficient = -float(left @ columns[:, place] / sizes[place])
        number = len(ratio.top)
        values = np.insert(ratio.values, number if above else len(ratio.values), coefficient)
        top, bottom = (*ratio.top, *([powers] * above)), (*ratio.bottom, *([powers] * (not above)))
        yield _Ratio(top, bottom, ratio.pivot, values, math.inf)

    def _children(self, ratio: _Ratio) -> Iterator[_Ratio]:
        """The quotient without each of its coefficients, as far as second order tells."""
        if len(ratio.values) == 1:
            return
        losses, moves = self._without(ratio)
        for k in range(len(ratio.values)):
            child = _less(ratio, k, moves[k], ratio.square + float(losses[k]))
            if child.top:
                yield child

    def _without(self, ratio: _Ratio) -> tuple[np.ndarray, np.ndarray]:
        """What the loss rises by without each coefficient, and where the others go, to second order."""
        slopes = self._slopes(*self._columns(ratio), ratio.values)
        norm = np.linalg.norm(slopes, axis=0)
        norm[norm == 0] = 1.0
        inverse = np.linalg.pinv((slopes / norm).T @ (slopes / norm), rcond=1e-13, hermitian=True)
        diagonal = np.maximum(np.diag(inverse), 1e-300)
        sizes = ratio.values * norm
        return sizes**2 / diagonal, ratio.values - (inverse * (sizes / diagonal)[:, None]) / norm

    def _columns(self, ratio: _Ratio) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        bottom = monomials(self.U, ratio.bottom) if ratio.bottom else np.zeros((len(self.t), 0))
        return monomials(self.U, ratio.top), bottom, monomials(self.U, [ratio.pivot])[:, 0]

    def _slopes(self, T: np.ndarray, B: np.ndarray, pivot: np.ndarray, values: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            below = pivot + B @ values[T.shape[1] :]
            ratio = (T @ values[: T.shape[1]]) / below
            slopes = (self.root / below)[:, None] * np.column_stack([T, -ratio[:, None] * B])
        return np.nan_to_num(slopes, nan=0.0, posinf=FAR, neginf=-FAR)


def _square(ratio: _Ratio) -> float:
    return ratio.square


def _less(ratio: _Ratio, k: int, values: np.ndarray, square: float) -> _Ratio:
    """The quotient without its k-th coefficient."""
    above = k < len(ratio.top)
    top = ratio.top[:k] + ratio.top[k + 1 :] if above else ratio.top
    place = k - len(ratio.top)
    bottom = ratio.bottom if above else ratio.bottom[:place] + ratio.bottom[place + 1 :]
    return _Ratio(top, bottom, ratio.pivot, np.delete(values, k), square)


def _expression(ratio: _Ratio, size: np.ndarray, scale: float, variables: tuple[sympy.Symbol, ...]) -> sympy.Expr:
    """In the units of the table; the pivot has no coefficient."""

    def unit(powers: Powers) -> float:
        return float(np.prod(size ** np.array(powers)))

    def term(powers: Powers) -> sympy.Expr:
        return sympy.Mul(*(variable**power for variable, power in zip(variables, powers, strict=True)))

    factors = [scale] * len(ratio.top) + [1.0] * len(ratio.bottom)
    parts = [
        sympy.Float(value * factor * unit(ratio.pivot) / unit(powers)) * term(powers)
        for value, factor, powers in zip(ratio.values.tolist(), factors, (*ratio.top, *ratio.bottom), strict=True)
    ]
    clock.charge(Work.ALGEBRA, 5 * (len(parts) + 1))
    return sympy.Add(*parts[: len(ratio.top)]) / sympy.Add(term(ratio.pivot), *parts[len(ratio.top) :])
