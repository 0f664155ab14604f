# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportGeneralTypeIssues=false
"""Parts of a formula, each read anew from what the others leave of the data.

In a sum or a product of functions of single columns each function was read while the others were not yet right, and
with noise one passes for another: 1/((|x| + a)^2 + b) for exp(-2 |x|). Where y = a + b p on all rows, with a and b from
the rest of the formula, (y - a)/b says what the part p is, with errors in proportion to 1/b. Short sums of powers and
exponentials of its one argument and all compositions of few operations are tried: backfitting, with formulas for
smoothers.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import scipy.stats
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.search.rows import FitRows
from kansym.symbolic.complexity import complexity
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.single_argument import factor_and_argument, innermost_argument
from kansym.terms.enumeration import HANDED, Enumeration
from kansym.terms.powers import power_sums

SMALLEST_PART = 4
"""Nodes of a part that may be another function."""

TREES = 300
"""Compositions of a size up to which a part is looked for among them: all of two operations of one column."""

DEGREE, SURE = 8, 18.0
"""Degree of the polynomials that ask whether a part is right, and the least drop of chi-squared where it is not: 9 are
expected of noise."""

LONG_PART = 5
"""Nodes of a part that is as right as can be told, for which something shorter may do."""

LEAST_SLOPE = 1e-6
"""Least size of b, in units of its root mean square, with which a row says something of a part."""


@dataclass(frozen=True, eq=False)
class Part:
    """A part p of a formula, y = a + b p.

    Attributes
    ----------
    expression : sympy.Expr
    values : ndarray, shape (n,)
        Of what it depends on: a column, a product of powers of columns, or the argument of its innermost function.
    symbol : sympy.Symbol
        Stands for that in what is put in its place.
    rest, slope : ndarray, shape (n,)
        a and b.
    put : callable
        The formula with another expression in its place.
    """

    expression: sympy.Expr
    values: np.ndarray
    symbol: sympy.Symbol
    rest: np.ndarray
    slope: np.ndarray
    put: Callable[[sympy.Expr], sympy.Expr]


def parts_of(formula: sympy.Expr, fit_rows: FitRows) -> list[Part]:
    """Sums and products of all that depends on one argument alone, but the whole formula, that are not right, or long.

    The one first where any function of its column, as far as polynomials go, lowers the residual most.

    Parameters
    ----------
    formula : sympy.Expr
        In `fit_rows.variables`.
    fit_rows : FitRows
    """
    X, y, weights = fit_rows.rows(fit_rows.fitting)
    residual = y - parametrize(formula, fit_rows.variables).evaluate(X)
    root = np.ones(len(y)) if weights is None else np.sqrt(weights)
    if not np.isfinite(residual).all():
        return []
    found = []
    for part in parts_within(formula, fit_rows):
        nodes = complexity(part.expression)
        if part.expression == formula or nodes < SMALLEST_PART:
            continue
        drop = len(y) * _explained(part.values, part.slope * root, residual * root)
        if drop > SURE or nodes >= LONG_PART:
            found.append((max(drop, SURE), nodes, part))
    return [part for *_, part in sorted(found, key=lambda one: (-one[0], -one[1]))]


def parts_within(formula: sympy.Expr, fit_rows: FitRows) -> Iterator[Part]:
    """Sums and products of all that depends on one column, one product of powers of columns, or one argument of a
    function alone, the whole formula among them where it does."""
    X = fit_rows.rows(fit_rows.fitting)[0]
    yield from _within(formula, np.zeros(len(X)), np.ones(len(X)), lambda new: new, fit_rows.variables, X)


def lacking(formula: sympy.Expr, fit_rows: FitRows, share: float) -> list[Part]:
    """Functions of single columns beside the formula that may explain this share of its residual, the most first.

    In the order of a column's values the residual changes little from row to row where it is a function of that column,
    however often that oscillates: von Neumann's ratio, doi:10.1214/aoms/1177731677.

    Parameters
    ----------
    formula : sympy.Expr
        In `fit_rows.variables`.
    fit_rows : FitRows
    share : float
    """
    X, y, weights = fit_rows.rows(fit_rows.fitting)
    rest = parametrize(formula, fit_rows.variables).evaluate(X)
    root = np.ones(len(y)) if weights is None else np.sqrt(weights)
    residual = (y - rest) * root
    square = float(residual @ residual)
    if not (math.isfinite(square) and square > 0):
        return []
    # By chance the ratio is as far from one as this, three times in a thousand.
    share = max(share, 3 / math.sqrt(len(y)))
    found = []
    for column in range(X.shape[1]):
        clock.charge(Work.SORTED_VALUES, len(y))
        steps = np.diff(residual[np.argsort(X[:, column], kind="stable")])
        explained = 1.0 - float(steps @ steps) / (2 * square)
        if explained > share:
            found.append((explained, column))
    one = np.ones(len(y))
    return [
        Part(sympy.S.Zero, X[:, column], fit_rows.variables[column], rest, one, lambda new: formula + new)
        for _, column in sorted(found, reverse=True)
    ]


def _explained(x: np.ndarray, slope: np.ndarray, residual: np.ndarray) -> float:
    """Share of the residual that slope times a polynomial of x explains; of its ranks, which have no outliers."""
    ranks = (scipy.stats.rankdata(x, "ordinal") - 1) / max(len(x) - 1, 1)
    basis = np.polynomial.chebyshev.chebvander(2 * ranks - 1, DEGREE) * slope[:, None]
    if not (np.isfinite(basis).all() and residual.any()):
        return 0.0
    clock.charge(Work.DENSE_PRODUCTS, basis.size * DEGREE)
    left = residual - basis @ np.linalg.lstsq(basis, residual, rcond=None)[0]
    return 1.0 - float(left @ left) / float(residual @ residual)


def _within(
    node: sympy.Expr,
    rest: np.ndarray,
    slope: np.ndarray,
    put: Callable[[sympy.Expr], sympy.Expr],
    variables: tuple[sympy.Symbol, ...],
    X: np.ndarray,
) -> Iterator[Part]:
    columns = node.free_symbols & set(variables)
    if len(columns) == 1:
        (symbol,) = columns
        yield Part(node, X[:, variables.index(symbol)], symbol, rest, slope, put)
    elif len(columns) > 1:
        yield from _of_one_argument(node, rest, slope, put, variables, X)
    if not (node.is_Add or node.is_Mul):
        return
    groups: dict[frozenset, list[sympy.Expr]] = {}
    for argument in node.args:
        groups.setdefault(frozenset(argument.free_symbols), []).append(argument)
    for symbols, arguments in groups.items():
        # What depends on one column goes together, and everything else goes by itself.
        chosen = [arguments] if len(symbols) == 1 and len(groups) > 1 else [[argument] for argument in arguments]
        for mine in chosen:
            if not symbols or len(mine) == len(node.args):
                continue
            others = node.func(*(argument for argument in node.args if argument not in mine))
            values = parametrize(others, variables).evaluate(X)
            if not np.isfinite(values).all():
                continue
            inner = (rest + slope * values, slope) if node.is_Add else (rest, slope * values)
            yield from _within(node.func(*mine), *inner, _placed(put, node.func, others), variables, X)


def _of_one_argument(
    node: sympy.Expr,
    rest: np.ndarray,
    slope: np.ndarray,
    put: Callable[[sympy.Expr], sympy.Expr],
    variables: tuple[sympy.Symbol, ...],
    X: np.ndarray,
) -> Iterator[Part]:
    """The function F of A F(z): A and z are products of powers of columns, or A is 1 and z what all columns are in."""
    parts = factor_and_argument(parametrize(node, variables))
    if parts is None:
        inner = innermost_argument(node, variables)
        parts = None if inner is None else (sympy.S.One, inner)
    if parts is None or len(parts[1].free_symbols) < 2:
        return
    factor, argument = parts
    for own in dict.fromkeys((factor, *_without_argument(factor, argument))):
        values, sizes = (parametrize(one, variables).evaluate(X) for one in (argument, own))
        if np.isfinite(values).all() and np.isfinite(sizes).all() and np.ptp(values) > 0:
            symbol = sympy.Symbol("z", positive=True) if (values > 0).all() else sympy.Symbol("z", real=True)
            yield Part(node, values, symbol, rest, slope * sizes, _filled(put, own, symbol, argument))


def _without_argument(factor: sympy.Expr, argument: sympy.Expr) -> Iterator[sympy.Expr]:
    """A factor without the power of the argument that it has: A z^k F(z) is as well A G(z)."""
    powers = factor.as_powers_dict()
    for symbol, power in argument.as_powers_dict().items():
        if powers.get(symbol, 0) != 0:
            yield sympy.powsimp(factor * argument ** (-powers[symbol] / power), force=True)
            return


def _filled(
    put: Callable[[sympy.Expr], sympy.Expr], factor: sympy.Expr, symbol: sympy.Symbol, argument: sympy.Expr
) -> Callable[[sympy.Expr], sympy.Expr]:
    return lambda new: put(factor * new.xreplace({symbol: argument}))


def _placed(
    put: Callable[[sympy.Expr], sympy.Expr], function: Callable[..., sympy.Expr], others: sympy.Expr
) -> Callable[[sympy.Expr], sympy.Expr]:
    return lambda new: put(function(others, new))


def read_anew(
    part: Part,
    fit_rows: FitRows,
    noise: float,
    *,
    until: float,
    seed: int,
    handed: int = HANDED,
    few: float = TREES,
    near: float = 0.0,
) -> Iterator[sympy.Expr]:
    """The formula with other functions of the part's argument in its place: sums of powers and exponentials, and then
    compositions, the shortest first.

    Parameters
    ----------
    part : Part
        On the rows of `fit_rows.fitting`.
    fit_rows : FitRows
    noise : float
        Standard deviation of y.
    until : float
        `kansym.clock.now` value to stop at.
    seed : int
    handed : int, default 3
        Most compositions.
    few : float, default 300
        Compositions of a size up to which all of that size are tried.
    near : float, default 0
        Nats by which a composition may be longer than smaller ones.
    """
    _, y, weights = fit_rows.rows(fit_rows.fitting)
    size = math.sqrt(float(np.mean(part.slope**2)))
    if not size > 0:
        return
    rows = np.abs(part.slope) > LEAST_SLOPE * size
    target = (y[rows] - part.rest[rows]) / part.slope[rows]
    if not (np.isfinite(target).all() and len(target) and np.ptp(target) > 0):
        return
    share = (1.0 if weights is None else weights[rows]) * part.slope[rows] ** 2
    sums = power_sums(part.values[rows], target, part.symbol, weights=share, allowed=fit_rows.allowed)
    yield from map(part.put, sums)
    enumeration = Enumeration(
        part.values[rows, None],
        target,
        (part.symbol,),
        weights=share,
        noise=noise / math.sqrt(float(np.mean(share))),
        noisy=True,
        allowed=fit_rows.allowed,
        seed=seed,
    )
    yield from map(part.put, enumeration.formulas(until, few=few, handed=handed, near=near))
