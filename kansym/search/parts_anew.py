# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportGeneralTypeIssues=false
"""Parts of a formula, each read anew from what the others leave of the data.

In a sum or a product of functions of single columns each function was read while the others were not yet right, and
with noise one passes for another: 1/((|x| + a)^2 + b) for exp(-2 |x|). Where y = a + b p on all rows, with a and b from
the rest of the formula, (y - a)/b says what the part p is, with errors in proportion to 1/b; within a function of
several columns that is so to the first order, with its derivative for b. Short sums of powers, exponentials and waves
of its one argument and all compositions of few operations are tried: backfitting, with formulas for smoothers. What
depends on two columns together, as x^y, is read anew as a table of these two, of compositions and sums of products.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import scipy
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.search.curve_readings import TREES, EngineTable, curve_readings, stand_in
from kansym.search.rows import FitRows
from kansym.structure.rational import chebyshev_products
from kansym.symbolic.complexity import complexity
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.single_argument import factor_and_argument, innermost_argument
from kansym.terms.enumeration import FEW, HANDED, Enumeration
from kansym.terms.pursuit import Pursuit, TermOptions, suits

SMALLEST_PART = 4
"""Nodes of a part that may be another function; a smaller one has to be wrong beyond doubt."""

DEGREE, SURE = 8, 18.0
"""Degree of the polynomials that ask whether a part is right, and the least drop of chi-squared where it is not: 9 are
expected of noise."""

DEGREE_OF_TWO, SURE_OF_TWO = 6, 60.0
"""The same for polynomials of two columns: 28 are expected of noise."""

MORE = 1.25
"""What a function of two columns must explain in units of what one of one explains to be looked for before it."""

BEYOND_DOUBT = 2.0
"""Drop in units of the least one at which a search is not over: of many parts the least is passed by one by chance."""

LONG_PART = 5
"""Nodes of a part that is as right as can be told, for which something shorter may do."""

SAME = 1e-3
"""Difference of two factors, in units of their size, that are taken for one."""

LEAST_SLOPE = 1e-6
"""Least size of b, in units of its root mean square, with which a row says something of a part."""


@dataclass(frozen=True, eq=False)
class Part:
    """A part p of a formula, y = a + b p.

    Attributes
    ----------
    expression : sympy.Expr
    values : ndarray, shape (n, k)
        Of what it depends on: a column, a product of powers of columns, or the argument of its innermost function; or
        two columns.
    symbols : tuple of sympy.Symbol, length k
        Stand for that in what is put in its place.
    rest, slope : ndarray, shape (n,)
        a and b.
    put : callable
        The formula with another expression in its place.
    drop : float
        About what another function in its place lowers chi-squared by, once residuals are noise.
    """

    expression: sympy.Expr
    values: np.ndarray
    symbols: tuple[sympy.Symbol, ...]
    rest: np.ndarray
    slope: np.ndarray
    put: Callable[[sympy.Expr], sympy.Expr]
    drop: float = 0.0

    @property
    def pair(self) -> bool:
        """Whether it depends on two columns."""
        return len(self.symbols) == 2


def parts_of(formula: sympy.Expr, fit_rows: FitRows, *, long: bool = True, degree: int = DEGREE) -> list[Part]:
    """Sums and products of all that depends on one argument or two columns alone, but the whole formula, that are not
    right, and those of one argument that are long.

    The one first where any function of its columns, as far as polynomials go, lowers the residual most.

    Parameters
    ----------
    formula : sympy.Expr
        In `fit_rows.variables`.
    fit_rows : FitRows
    long : bool, default True
        Whether those that are right but long are wanted too.
    degree : int, default 8
        Of the polynomials that ask whether a part of one argument is right: what the best of wrong functions leaves
        without noise takes more.
    """
    X, y, weights = fit_rows.rows(fit_rows.fitting)
    residual = y - parametrize(formula, fit_rows.variables).evaluate(X)
    root = np.ones(len(y)) if weights is None else np.sqrt(weights)
    if not np.isfinite(residual).all():
        return []
    found, asked = [], set()
    for part in itertools.chain(parts_within(formula, fit_rows), pairs_within(formula, fit_rows)):
        nodes, one = complexity(part.expression), _but_for_constants(part)
        if part.expression == formula or one in asked:
            continue
        asked.add(one)
        drop = len(y) * explained(part.values, part.slope * root, residual * root, degree)
        sure = SURE if nodes >= SMALLEST_PART else BEYOND_DOUBT * SURE
        if part.pair and drop > SURE_OF_TWO:
            found.append((drop / MORE, nodes, part))
        elif not part.pair and (drop > sure or (long and nodes >= LONG_PART)):
            found.append((max(drop, SURE), nodes, part))
    return [replace(part, drop=drop) for drop, _, part in sorted(found, key=lambda one: (-one[0], -one[1]))]


def _but_for_constants(part: Part) -> tuple:
    """The same for two parts where one is the other times a constant, and plus one."""
    return part.symbols, part.expression.as_coeff_Add()[1].as_coeff_Mul()[1]


def plainly_wrong(formula: sympy.Expr, fit_rows: FitRows) -> bool:
    """Whether a part of a formula, by `parts_of`, is wrong beyond doubt."""
    parts = parts_of(formula, fit_rows, long=False)
    return any(part.drop > BEYOND_DOUBT * (SURE_OF_TWO / MORE if part.pair else SURE) for part in parts)


def parts_within(formula: sympy.Expr, fit_rows: FitRows) -> Iterator[Part]:
    """Sums and products of all that depends on one column, one product of powers of columns, or one argument of a
    function alone, the whole formula among them where it does."""
    X = fit_rows.rows(fit_rows.fitting)[0]
    parts = list(_within(formula, _Place.whole(len(X)), fit_rows.variables, X))
    yield from parts
    apart, known = distributed(formula), {part.expression for part in parts}
    if apart != formula:
        others = _within(apart, _Place.whole(len(X)), fit_rows.variables, X)
        yield from (part for part in others if part.expression not in known)


def pairs_within(formula: sympy.Expr, fit_rows: FitRows) -> Iterator[Part]:
    """What depends on two columns alone in the sums and products of a formula, or may."""
    X = fit_rows.rows(fit_rows.fitting)[0]
    yield from _pairs_within(formula, _Place.whole(len(X)), fit_rows.variables, X)


def distributed(formula: sympy.Expr) -> sympy.Expr:
    """A formula with constants out of brackets where they belong to other terms: a f(x) g(y) + b f(x) + h(x) for
    a f(x) (g(y) + b/a) + h(x), in which the function of x is not in one place."""
    return formula.replace(lambda node: node.is_Add, _distributed)


def _distributed(node: sympy.Expr) -> sympy.Expr:
    terms: list[sympy.Expr] = []
    for term in node.args:
        beside = {frozenset(other.free_symbols) for other in node.args if other is not term and other.free_symbols}
        for bracket in term.args if term.is_Mul else ():
            constant, varying = bracket.as_coeff_Add()
            factor = term / bracket
            if constant != 0 and varying.free_symbols and frozenset(factor.free_symbols) in beside:
                terms += [constant * factor, varying * factor]
                break
        else:
            terms.append(term)
    return node.func(*terms)


def explained(x: np.ndarray, slope: np.ndarray, residual: np.ndarray, degree: int) -> float:
    """Share of the residual that slope times a polynomial of x (n, k), of its ranks without outliers, explains.

    The degree is that of one column.
    """
    ranks = (scipy.stats.rankdata(x, "ordinal", axis=0) - 1) / max(len(x) - 1, 1)
    degree = degree if x.shape[1] == 1 else DEGREE_OF_TWO
    basis = chebyshev_products(2 * ranks - 1, degree) * slope[:, None]
    if not (np.isfinite(basis).all() and residual.any()):
        return 0.0
    clock.charge(Work.DENSE_PRODUCTS, basis.size * basis.shape[1])
    left = residual - basis @ np.linalg.lstsq(basis, residual, rcond=None)[0]
    return 1.0 - float(left @ left) / float(residual @ residual)


@dataclass(frozen=True, eq=False)
class _Place:
    """Where a node stands in a formula: y = rest + slope node, and the formula with another expression there."""

    rest: np.ndarray
    slope: np.ndarray
    put: Callable[[sympy.Expr], sympy.Expr]

    @classmethod
    def whole(cls, rows: int) -> "_Place":
        return cls(np.zeros(rows), np.ones(rows), lambda new: new)

    def within(
        self, node: sympy.Expr, mine: list[sympy.Expr], variables: tuple[sympy.Symbol, ...], X: np.ndarray
    ) -> "_Place | None":
        """The place of some arguments of a sum or product at this place; None where the others have no values."""
        others = node.func(*(argument for argument in node.args if argument not in mine))
        values = parametrize(others, variables).evaluate(X)
        if not np.isfinite(values).all():
            return None
        inner = (self.rest + self.slope * values, self.slope) if node.is_Add else (self.rest, self.slope * values)
        return _Place(*inner, lambda new: self.put(node.func(others, new)))

    def through(
        self, node: sympy.Expr, argument: sympy.Expr, variables: tuple[sympy.Symbol, ...], X: np.ndarray
    ) -> "_Place | None":
        """The place of an argument of a function at this place, to the first order around the formula."""
        slot = sympy.Dummy(real=True, positive=argument.is_positive)
        function = node.xreplace({argument: slot})
        slope = sympy.diff(function, slot).xreplace({slot: argument})
        value, own, slopes = (parametrize(one, variables).evaluate(X) for one in (node, argument, slope))
        slopes = self.slope * slopes
        rest = self.rest + self.slope * value - slopes * own
        if not (np.isfinite(slopes).all() and np.isfinite(rest).all()):
            return None
        return _Place(rest, slopes, lambda new: self.put(function.xreplace({slot: new})))


def _within(node: sympy.Expr, place: _Place, variables: tuple[sympy.Symbol, ...], X: np.ndarray) -> Iterator[Part]:
    columns = node.free_symbols & set(variables)
    if len(columns) == 1:
        (symbol,) = columns
        values = X[:, [variables.index(symbol)]]
        yield Part(node, values, (symbol,), place.rest, place.slope, place.put)
    elif len(columns) > 1:
        yield from _of_one_argument(node, place, variables, X)
        yield from _of_one_factor(node, place, variables, X)
    if not (node.is_Add or node.is_Mul):
        if len(columns) > 1:
            for argument in node.args:
                inner = place.through(node, argument, variables, X) if argument.free_symbols & columns else None
                if inner is not None:
                    yield from _within(argument, inner, variables, X)
        return
    groups: dict[frozenset, list[sympy.Expr]] = {}
    for argument in node.args:
        groups.setdefault(frozenset(argument.free_symbols), []).append(argument)
    for symbols, arguments in groups.items():
        # What depends on one column goes together, and everything else goes by itself.
        chosen = [arguments] if len(symbols) == 1 and len(groups) > 1 else [[argument] for argument in arguments]
        for mine in chosen:
            inner = place.within(node, mine, variables, X) if symbols and len(mine) < len(node.args) else None
            if inner is not None:
                yield from _within(node.func(*mine), inner, variables, X)


def _pairs_within(
    node: sympy.Expr, place: _Place, variables: tuple[sympy.Symbol, ...], X: np.ndarray
) -> Iterator[Part]:
    """Of every sum and product what depends on two columns and nothing else, for all pairs: it may lack one of them, or
    both."""
    if not (node.is_Add or node.is_Mul):
        return
    varying = [argument for argument in node.args if argument.free_symbols]
    for pair in itertools.combinations(range(len(variables)), 2):
        symbols = tuple(variables[k] for k in pair)
        mine = [argument for argument in varying if argument.free_symbols <= set(symbols)]
        inner = place.within(node, mine, variables, X) if len(mine) < len(varying) else None
        if inner is not None:
            yield Part(node.func(*mine), X[:, list(pair)], symbols, inner.rest, inner.slope, inner.put)
    for argument in varying:
        inner = place.within(node, [argument], variables, X) if len(argument.free_symbols) > 1 else None
        if inner is not None:
            yield from _pairs_within(argument, inner, variables, X)


def _of_one_argument(
    node: sympy.Expr, place: _Place, variables: tuple[sympy.Symbol, ...], X: np.ndarray
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
            symbol = stand_in(values)
            put = filled(place.put, own, symbol, argument)
            yield Part(node, values[:, None], (symbol,), place.rest, place.slope * sizes, put)


def _of_one_factor(
    node: sympy.Expr, place: _Place, variables: tuple[sympy.Symbol, ...], X: np.ndarray
) -> Iterator[Part]:
    """In a sum, what depends on one column in several terms whose other factors are one but for the last digits."""
    for symbol in variables if node.is_Add else ():
        split = [(term, *term.as_independent(symbol, as_Add=False)) for term in node.args if term.has(symbol)]
        left = [one for one in split if one[1].free_symbols and one[2].free_symbols == {symbol}]
        factors = {term: parametrize(factor, variables).evaluate(X) for term, factor, _ in left}
        while left:
            base = factors[left[0][0]]
            shares = {one[0]: float(factors[one[0]] @ base) / float(base @ base) for one in left}
            mine = [one for one in left if _same(factors[one[0]], shares[one[0]] * base)]
            left = [one for one in left[1:] if one not in mine]
            inner = place.within(node, [one[0] for one in mine], variables, X) if len(mine) > 1 else None
            if inner is not None:
                expression = sympy.Add(*(shares[term] * own for term, _, own in mine))
                put = filled(inner.put, mine[0][1], symbol, symbol)
                values = X[:, [variables.index(symbol)]]
                yield Part(expression, values, (symbol,), inner.rest, inner.slope * base, put)


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.linalg.norm(one - other) <= SAME * np.linalg.norm(other))


def _without_argument(factor: sympy.Expr, argument: sympy.Expr) -> Iterator[sympy.Expr]:
    """A factor without the power of the argument that it has: A z^k F(z) is as well A G(z)."""
    powers = factor.as_powers_dict()
    for symbol, power in argument.as_powers_dict().items():
        if powers.get(symbol, 0) != 0:
            yield sympy.powsimp(factor * argument ** (-powers[symbol] / power), force=True)
            return


def filled(
    put: Callable[[sympy.Expr], sympy.Expr], factor: sympy.Expr, symbol: sympy.Symbol, argument: sympy.Expr
) -> Callable[[sympy.Expr], sympy.Expr]:
    return lambda new: put(factor * new.xreplace({symbol: argument}))


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
    short: bool = True,
    sums: bool = False,
) -> Iterator[sympy.Expr]:
    """The formula with other functions of the part's argument in its place: sums of powers, exponentials and waves, and
    then compositions, the shortest first; or of its two columns: compositions, and then sums of products.

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
    handed, few, near, short
        As in `kansym.search.curve_readings.curve_readings`.
    sums : bool, default False
        Whether sums of products of one argument are looked for too.
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
    X = part.values[rows]
    table: EngineTable = {
        "weights": share,
        "noise": noise / math.sqrt(float(np.mean(share))),
        "noisy": True,
        "allowed": fit_rows.allowed,
        "seed": seed,
    }
    if part.pair:
        enumeration = Enumeration(X, target, part.symbols, **table)
        readings = enumeration.formulas(until, few=FEW, handed=handed, near=near)
    else:
        # Of the only column the first turn of sums has exponentials.
        several = len(fit_rows.variables) > 1
        options = {"handed": handed, "few": few, "near": near, "short": short, "exponentials": several}
        readings = curve_readings(X[:, 0], target, part.symbols[0], table, until=until, **options)
    yield from map(part.put, readings)
    if (part.pair or sums) and suits(X, target):
        quick = TermOptions(quick=True)
        yield from map(part.put, Pursuit(X, target, part.symbols, options=quick, **table).formulas(until))
