# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportGeneralTypeIssues=false
"""Curves with one or two inner scales: c z^p f(a z)^(+-1) g(b z)^(+-1), and the same plus a constant.

A resonance under an envelope, cos(a z)^2/(1 + (b z)^2), is a product of two functions with scales of their own, and
the sums that come near to it are many. All functions on a grid of scales are columns of one matrix F, and what each
product of two of them explains of the target t comes from F diag(w z^p t) F^T and F^2 diag(w z^2p) (F^2)^T; the best of
every pair of functions are refined in both scales at once, and the best with one scale for both in that.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import sympy
from scipy.optimize import least_squares

from kansym import clock
from kansym.clock import Work
from kansym.structure.simple_forms import SimpleForm

LEAST_ROWS, FEW_ROWS = 20, 200
"""Rows of a table, and those of the first look."""

SCALES, LEAST, MOST = 24, 0.05, 20.0
"""Scales of every function, evenly spread in the logarithm, in units of the reciprocal root mean square of z."""

SINGLE, TIED, SHORTLIST, SHORT_STEPS = 30, 40, 80, 20
"""Single functions, products with one scale for both and with two whose scales are refined on few rows, and evaluations
for each."""

REFINED, STEPS = 6, 60
"""Products refined on all rows, and evaluations for each."""

EXACT = 1e-24
"""Mean square residual, in units of that of the target, that is rounding."""

LARGEST = 1e8
"""Largest value of a column."""

ONE = 0
"""Number of the function that is none."""

FACTOR_POWERS = (0, 1, -1, 2, -2)

_v = sympy.Symbol("_v", real=True)
_FUNCTIONS: tuple[tuple[sympy.Expr, Callable[[np.ndarray], np.ndarray]], ...] = (
    (sympy.S.One, np.ones_like),
    (sympy.exp(_v), np.exp),
    (sympy.exp(_v**2), lambda v: np.exp(v**2)),
    (1 + _v**2, lambda v: 1 + v**2),
    (1 - _v**2, lambda v: 1 - v**2),
    (sympy.sqrt(1 + _v**2), lambda v: np.sqrt(1 + v**2)),
    (1 + _v, lambda v: np.where(v > -1, 1 + v, np.nan)),
    (sympy.sqrt(1 + _v), lambda v: np.sqrt(1 + v)),
    (sympy.sin(_v), np.sin),
    (sympy.cos(_v), np.cos),
    (sympy.sin(_v) ** 2, lambda v: np.sin(v) ** 2),
    (sympy.cos(_v) ** 2, lambda v: np.cos(v) ** 2),
    (sympy.tanh(_v), np.tanh),
    (sympy.sinh(_v), np.sinh),
    (sympy.cosh(_v), np.cosh),
    (sympy.exp(_v) - 1, np.expm1),
    (sympy.exp(_v) + 1, lambda v: np.exp(v) + 1),
    (sympy.log(1 + _v), np.log1p),
    (sympy.atan(_v), np.arctan),
)


@dataclass(frozen=True)
class _Factor:
    """A function, by its number, and the sign of its exponent."""

    number: int
    sign: int

    def values(self, v: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            value = _FUNCTIONS[self.number][1](v)
            return value if self.sign == 1 else 1 / value

    def expression(self, argument: sympy.Expr) -> sympy.Expr:
        return _FUNCTIONS[self.number][0].xreplace({_v: argument}) ** self.sign


_Pair = tuple[_Factor, _Factor]


def scaled_pairs(
    x: np.ndarray,
    t: np.ndarray,
    variable: sympy.Expr,
    weights: np.ndarray | None = None,
    *,
    offset: bool = False,
    either: bool = False,
) -> list[SimpleForm]:
    """Forms with one or two inner scales, those of least description length first.

    Parameters
    ----------
    x : ndarray, shape (n,)
    t : ndarray, shape (n,)
    variable : Expr
        What x stands for.
    weights : ndarray, shape (n,), optional
    offset : bool, default False
        Whether a constant is added, which is part of the expressions.
    either : bool, default False
        Whether the functions may be of 1/x, too, where x is positive: which of two columns is above in their ratio is
        nothing that a law has to say.
    """
    if either and (x > 0).all():
        both = (scaled_pairs(x**power, t, variable**power, weights, offset=offset) for power in (1, -1))
        return sorted(itertools.chain(*both), key=lambda form: form.bits(len(t), 1))
    if len(t) < LEAST_ROWS or not (np.isfinite(x).all() and np.isfinite(t).all() and np.ptp(x) > 0 and np.ptp(t) > 0):
        return []
    w = np.ones(len(t)) if weights is None else weights / weights.mean()
    rows = np.unique(np.linspace(0, len(t) - 1, FEW_ROWS).astype(int))
    few = (x[rows], t[rows], w[rows], offset)
    better, rounding = [], EXACT * float(w[rows] @ t[rows] ** 2 / len(rows))
    screened = sorted(_screened(*few), key=lambda one: one[0])
    # With two scales on the grid many a product comes nearer than one with a single scale does.
    single = [one for one in screened if _is_single(one[2])][:SINGLE]
    several = [one for one in screened if not _is_single(one[2])]
    tied, double = ([one for one in several if (one[3][0] == one[3][1]) == same] for same in (True, False))
    for _, power, pair, scales in [*single, *tied[:TIED], *double[:SHORTLIST]]:
        fit = _Fit(*few, power, pair).refined(scales, SHORT_STEPS)
        better += [] if fit is None else [(max(fit[0], rounding), fit[1], power, pair)]
    found = []
    # The sort is stable: of those that are exact the ones with fewer scales stay first.
    for _, scales, power, pair in sorted(better, key=lambda one: one[0])[:REFINED]:
        problem = _Fit(x, t, w, offset, power, pair)
        fit = problem.refined(scales, STEPS)
        found += [] if fit is None else [SimpleForm(problem.expression(variable, fit[1]), fit[0])]
    return sorted(found, key=lambda form: form.bits(len(t), 1))


def _is_single(pair: _Pair) -> bool:
    return any(factor.number == ONE for factor in pair)


def _screened(
    x: np.ndarray, t: np.ndarray, w: np.ndarray, offset: bool
) -> Iterator[tuple[float, int, _Pair, tuple[float, float]]]:
    """Loss, power, functions and scales: the best scales of all pairs of functions, on few rows."""
    scales = np.geomspace(LEAST, MOST, SCALES) / math.sqrt(float(np.mean(x**2)))
    signed = np.concatenate([scales, -scales])
    columns, known = [], []
    for number, sign in itertools.product(range(len(_FUNCTIONS)), (-1, 1)):
        values = _Factor(number, sign).values(signed[:, None] * x)
        usable = np.isfinite(values).all(1) & (np.abs(values).max(1) < LARGEST)
        # The function that is none is the same at any scale.
        usable[int(sign == 1) if number == ONE else len(usable) :] = False
        # Functions that are even or odd say the same at both signs.
        usable[SCALES:] &= ~np.isclose(np.abs(values[SCALES:]), np.abs(values[:SCALES])).all(1)
        columns.append(values[usable])
        known += [(_Factor(number, sign), float(scale)) for scale in signed[usable]]
    F = np.concatenate(columns)
    edges = np.cumsum([0, *(len(one) for one in columns if len(one))])
    at = np.array([scale for _, scale in known])
    same = at[:, None] == at
    share, level = w / w.sum(), float(w @ t / w.sum()) if offset else 0.0
    total = float(share @ (t - level) ** 2)
    for power in FACTOR_POWERS:
        with np.errstate(all="ignore"):
            z = x**power
        if not np.isfinite(z).all():
            continue
        clock.charge(Work.DENSE_PRODUCTS, (3 if offset else 2) * len(F) ** 2 * len(x))
        moment = (F * (share * z * (t - level))) @ F.T
        whole = (F**2 * (share * z**2)) @ (F**2).T
        square = whole - ((F * (share * z)) @ F.T) ** 2 if offset else whole
        with np.errstate(all="ignore"):
            # A product that is constant on the rows leaves only rounding once its mean is gone.
            loss = np.where(square > 1e-12 * whole, 1 - moment**2 / square / total, np.inf)
        loss[~np.isfinite(loss)] = np.inf
        apart, tied = np.where(same, np.inf, loss), np.where(same, loss, np.inf)
        for i, j in itertools.combinations_with_replacement(range(len(edges) - 1), 2):
            rows, others = slice(edges[i], edges[i + 1]), slice(edges[j], edges[j + 1])
            for block in (apart[rows, others], tied[rows, others]):
                place = np.unravel_index(np.argmin(block), block.shape)
                (one, a), (other, b) = known[edges[i] + place[0]], known[edges[j] + place[1]]
                if math.isfinite(block[place]):
                    yield float(block[place]), power, (one, other), (a, b)


@dataclass(frozen=True, eq=False)
class _Fit:
    """One product on rows; the factor and the constant come from least squares for each pair of scales."""

    x: np.ndarray
    t: np.ndarray
    w: np.ndarray
    offset: bool
    power: int
    pair: _Pair

    def solved(self, scales: tuple[float, float]) -> tuple[np.ndarray, float, float]:
        """Weighted residual, factor and constant."""
        clock.charge(Work.FORM_VALUES, 2 * len(self.x))
        with np.errstate(all="ignore"):
            one, other = (f.values(a * self.x) for f, a in zip(self.pair, scales, strict=True))
            u = self.x**self.power * one * other
        if not (np.isfinite(u).all() and np.abs(u).max() < LARGEST**2):
            return np.full(len(u), math.inf), 0.0, 0.0
        share = self.w / self.w.sum()
        middle, level = (float(share @ u), float(share @ self.t)) if self.offset else (0.0, 0.0)
        square = float(share @ (u - middle) ** 2)
        factor = float(share @ ((u - middle) * (self.t - level))) / max(square, np.finfo(float).tiny)
        constant = level - factor * middle
        return np.sqrt(self.w) * (factor * u + constant - self.t), factor, constant

    def refined(self, scales: tuple[float, float], steps: int) -> tuple[float, tuple[float, float]] | None:
        """Loss and scales after Levenberg-Marquardt steps in their logarithms; None where they leave the functions.

        Scales that are the same stay so.
        """
        numbers = 1 if scales[0] == scales[1] else 2

        def residual(change: np.ndarray) -> np.ndarray:
            moved = self.solved((scales[0] * math.exp(change[0]), scales[1] * math.exp(change[-1])))[0]
            # No step can be compared with infinity.
            return np.where(np.isfinite(moved), moved, 1e3 * np.abs(self.t).max())

        if not np.isfinite(self.solved(scales)[0]).all():
            return None
        exact = 2 * np.finfo(float).eps
        with np.errstate(all="ignore"):
            # A scale that does not matter has no slope.
            found = least_squares(
                residual, np.zeros(numbers), bounds=(-1.0, 1.0), ftol=exact, xtol=exact, gtol=None, max_nfev=steps
            )
        a, b = scales[0] * math.exp(found.x[0]), scales[1] * math.exp(found.x[-1])
        left = self.solved((a, b))[0]
        return (float(np.mean(left**2)), (a, b)) if np.isfinite(left).all() else None

    def expression(self, variable: sympy.Expr, scales: tuple[float, float]) -> sympy.Expr:
        """The formula."""
        _, factor, constant = self.solved(scales)
        functions = [f.expression(sympy.Float(a) * variable) for f, a in zip(self.pair, scales, strict=True)]
        product = sympy.Float(factor) * variable**self.power * sympy.Mul(*functions)
        return product + sympy.Float(constant) if constant else product
