# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportReturnType=false, reportOperatorIssue=false, reportAttributeAccessIssue=false
"""Sums of up to three powers and exponentials of one column, under links: all of them, by linear algebra.

A resonance is the root of a reciprocal of a sum of three powers, a rate that too much of the substrate slows down a
reciprocal one, and two lifetimes are a sum of exponentials. With noise such laws have many imitations of few
operations, and the sums are few enough to fit all.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import scipy.optimize
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.primitives.allowed import AllowedFunctions
from kansym.structure.links import Link
from kansym.structure.problem import TARGET
from kansym.terms.targets import keeps_away, permitted_links

EXPONENTS = (-4, -3, -2, -1, 0, 1, 2, 3, 4)

RATES = tuple(sign * 2.0 ** (step / 2) for sign in (-1, 1) for step in range(-1, 12))
"""Of the exponentials, in units of one over the range of the column; a fit of y moves them."""

MOST_TERMS = 3

LINKS = ("identity", "log", "square", "reciprocal", "reciprocal square", "root")
"""Under these the coefficients have the scale of y in them. Before a logarithm, an arc, or an exponential without a
constant in its argument there would be a factor of one, which nobody measured."""

EACH, HANDED = 4, 7
"""Sums of each number of terms under each link, of different powers and signs of rates, whose coefficients are settled,
and those of each number of terms that are handed on."""

REWEIGHTED = 2
"""Passes in which a link's slope is taken at the fitted values: at small y that noise has moved it says little."""

FREE_STEP = 0.15
FREE = tuple(FREE_STEP * (k + 0.5) for k in range(-27, 27))
"""Real exponents between which the best one is looked for; none is zero, a constant."""

REFINING, ACCURATE = 60, {"xatol": 1e-10, "maxiter": 60}
"""Most steps, and the accuracy, of an exponent."""

CONDITION = 1e-12
"""Least eigenvalue of a few normalised columns, in units of the largest, that counts."""


@dataclass(frozen=True, eq=False)
class _Column:
    """A function of the column: its values, what it is, and its expression, whose values are `size` times these."""

    values: np.ndarray
    kind: str
    expression: sympy.Expr
    size: float


def power_sums(
    x: np.ndarray,
    y: np.ndarray,
    symbol: sympy.Symbol,
    *,
    weights: np.ndarray | None = None,
    allowed: AllowedFunctions | None = None,
) -> Iterator[sympy.Expr]:
    """The best sums of each number of terms, with Float constants that a fit of y has to settle.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
    symbol : sympy.Symbol
        For x.
    weights : ndarray, shape (n,), optional
        Of the squared residuals of y.
    allowed : AllowedFunctions, optional
        What formulas may have; default anything.
    """
    columns = list(_columns(x, symbol, allowed))
    values = np.array([column.values for column in columns])
    found: dict[int, list[tuple[float, int, sympy.Expr]]] = {count: [] for count in range(1, MOST_TERMS + 1)}
    names = LINKS if keeps_away(y) else LINKS[:1]
    for link in permitted_links(y, allowed):
        if link.name not in names:
            continue
        back = link.inverse(y)
        inverse = sympy.lambdify(TARGET, back, "numpy")
        for chosen in _best(columns, values, y, link, weights):
            coefficients, fitted = _settled(values[chosen].T, y, link, inverse, weights)
            error = float(np.average((y - fitted) ** 2, weights=weights))
            error = float(f"{error:.9g}") if np.isfinite(error) else np.inf
            terms = (
                sympy.Float(float(c) / columns[k].size) * columns[k].expression
                for k, c in zip(chosen, coefficients, strict=True)
            )
            same = found[len(chosen)]
            same.append((error, len(same), back.xreplace({TARGET: sympy.Add(*terms)})))
    for same in found.values():
        yield from (expression for *_, expression in sorted(same)[:HANDED])


def _columns(x: np.ndarray, symbol: sympy.Symbol, allowed: AllowedFunctions | None) -> Iterator[_Column]:
    """Functions that are finite at all rows, scaled to values near one."""
    scale = float(np.exp(np.mean(np.log(np.abs(x[x != 0]))))) if x.any() else 1.0
    one_signed = (x > 0).all() or (x < 0).all()
    for p in EXPONENTS if one_signed else [p for p in EXPONENTS if p >= 0]:
        with np.errstate(all="ignore"):
            values, size = (x / scale) ** p, float(np.float64(scale) ** p)
        if np.isfinite(values).all() and 1e-200 < size < 1e200:
            yield _Column(values, str(p), symbol**p, size)
    if not np.ptp(x) > 0 or (allowed is not None and not allowed.permits(sympy.exp(symbol))):
        return
    for rate in RATES:
        slope = rate / float(np.ptp(x))
        start = float(x.max() if rate > 0 else x.min())
        with np.errstate(all="ignore"):
            values, size = np.exp(slope * (x - start)), float(np.exp(slope * start))
        if 1e-200 < size < 1e200:
            yield _Column(values, "rising" if rate > 0 else "falling", sympy.exp(sympy.Float(slope) * symbol), size)


def _best(
    columns: list[_Column], values: np.ndarray, y: np.ndarray, link: Link, weights: np.ndarray | None
) -> Iterator[list[int]]:
    """Places of the terms of the best sums of each number of terms, for L(y)."""
    with np.errstate(all="ignore"):
        square = link.slope_back(y) ** 2 * (1.0 if weights is None else weights)
        gram, moment = (values * square) @ values.T, (values * square) @ link.forward(y)
        lengths = np.sqrt(np.diag(gram))
        gram, moment = gram / lengths[:, None] / lengths, moment / lengths
    if not (np.isfinite(gram).all() and np.isfinite(moment).all()):
        return
    clock.charge(Work.DENSE_PRODUCTS, values.size * len(values))
    for count in range(1, MOST_TERMS + 1):
        chosen = np.array(list(itertools.combinations(range(len(values)), count)))
        sides = moment[chosen]
        inverses = np.linalg.pinv(gram[chosen[:, :, None], chosen[:, None, :]], rcond=CONDITION, hermitian=True)
        gained = np.einsum("si,sij,sj->s", sides, inverses, sides)
        clock.charge(Work.SMALL_FITS, count + len(chosen) / 25)
        kinds: set[tuple[str, ...]] = set()
        # Rounded, so that sums that are as good come in their own order and not in that of rounding errors.
        for k in np.argsort(-np.round(gained / (np.abs(gained).max() or 1.0), 9), kind="stable"):
            kind = tuple(columns[place].kind for place in chosen[k])
            if kind not in kinds and (link.name != "log" or "0" in kind):
                kinds.add(kind)
                yield chosen[k].tolist()
            if len(kinds) == EACH:
                break


def _settled(
    columns: np.ndarray,
    y: np.ndarray,
    link: Link,
    inverse: Callable[[np.ndarray], np.ndarray],
    weights: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients, with the slope of the link taken at the fitted values as far as these have a way back, and y."""
    at, passes = y, 1 if link.name == "identity" else 1 + REWEIGHTED
    coefficients = np.zeros(columns.shape[1])
    for _ in range(passes):
        root = link.slope_back(at) * (1.0 if weights is None else np.sqrt(weights))
        with np.errstate(all="ignore"):
            target, matrix = link.near(y, at) * root, columns * root[:, None]
        if not (np.isfinite(target).all() and np.isfinite(matrix).all()):
            break
        coefficients = np.linalg.lstsq(matrix, target, rcond=None)[0]
        clock.charge(Work.SMALL_FITS, 1)
        with np.errstate(all="ignore"):
            at = np.broadcast_to(inverse(columns @ coefficients), y.shape)
            slope = link.slope(at)
        if not (np.isfinite(slope).all() and slope.all() and (np.sign(at) == np.sign(y)).all()):
            break
    return coefficients, at


def free_powers(
    x: np.ndarray,
    y: np.ndarray,
    symbol: sympy.Symbol,
    *,
    weights: np.ndarray | None = None,
    allowed: AllowedFunctions | None = None,
) -> Iterator[sympy.Expr]:
    """The best real power of a positive column times a factor, then the logarithm and the best power beside a constant.

    The logarithm is the power of exponent zero there. Each power comes with the nearest whole or half exponent first.

    Parameters are those of `power_sums`.
    """
    if not ((x > 0).all() and np.ptp(x) > 0 and np.ptp(y) > 0):
        return
    root = np.ones(len(y)) if weights is None else np.sqrt(weights)
    scale = float(np.exp(np.mean(np.log(x))))

    def fitted(exponent: float, *, constant: bool) -> tuple[float, np.ndarray]:
        columns = np.column_stack([(x / scale) ** exponent, np.ones(len(x))])[:, : 1 + constant] * root[:, None]
        solution = np.linalg.lstsq(columns, root * y, rcond=None)[0]
        return float(np.sum((columns @ solution - root * y) ** 2)), solution

    def permitted(coefficients: np.ndarray, function: sympy.Expr) -> Iterator[sympy.Expr]:
        expression = sympy.Add(sympy.Float(float(coefficients[0])) * function, *map(sympy.Float, coefficients[1:]))
        if allowed is None or allowed.permits(expression):
            yield expression

    clock.charge(Work.FORM_VALUES, 2 * (len(FREE) + REFINING) * len(x))
    for constant in (False, True):
        if constant:
            columns = np.column_stack([np.log(x), np.ones(len(x))]) * root[:, None]
            yield from permitted(np.linalg.lstsq(columns, root * y, rcond=None)[0], sympy.log(symbol))
        losses = [fitted(exponent, constant=constant)[0] for exponent in FREE]
        best = FREE[int(np.argmin(losses))]
        bracket = best - FREE_STEP, best + FREE_STEP
        loss = partial(lambda exponent, constant: fitted(exponent, constant=constant)[0], constant=constant)
        found = float(scipy.optimize.minimize_scalar(loss, bounds=bracket, method="bounded", options=ACCURATE).x)
        near = sympy.Rational(round(2 * found), 2)
        for exponent in (near, sympy.Float(found)) if near else (sympy.Float(found),):
            solution = fitted(float(exponent), constant=constant)[1]
            solution[0] *= scale ** -float(exponent)
            yield from permitted(solution, symbol**exponent)
