# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false
"""What one thing a formula lacks: a function beside it, a factor of a term, or another function in one place.

Without noise a formula is the law or is not, and one wrong function is most of what is wrong with it.
"""

import math
from collections.abc import Iterator
from functools import partial

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.search.parts_anew import Part, explained, filled, parts_of, stand_in
from kansym.search.rows import FitRows
from kansym.symbolic.complexity import complexity
from kansym.symbolic.parametric import parametrize

FINE, ROWS_PER_DEGREE = 24, 16
"""Degree of the polynomials that ask without noise whether a function is right, and least rows for each: what the best
of wrong functions leaves has many waves."""


def wrong_parts(formula: sympy.Expr, fit_rows: FitRows, share: float, *, near: bool) -> list[Part]:
    """All that may be most of what is wrong with a formula without noise, the most first.

    Parameters
    ----------
    formula : sympy.Expr
        In `fit_rows.variables`.
    fit_rows : FitRows
    share : float
        Share of the squared residual that another function explains, at least.
    near : bool
        Whether the formula is near enough for its derivatives to say what a part of it should be.
    """
    parts = lacking(formula, fit_rows, share, instead=near) + lacking_factors(formula, fit_rows, share)
    parts += most_wrong(formula, fit_rows, share) if near else []
    return sorted(parts, key=lambda part: -part.drop)


def most_wrong(formula: sympy.Expr, fit_rows: FitRows, share: float) -> list[Part]:
    """Parts of one argument of a formula without noise that may be what is wrong with it, the most first, and of
    as much the largest.

    Where one function is wrong, another in its place, and nowhere else, leaves little of the residual.

    Parameters
    ----------
    formula : sympy.Expr
        In `fit_rows.variables`.
    fit_rows : FitRows
    share : float
        Share of the squared residual that another function explains.
    """
    rows = len(fit_rows.fitting)
    parts = parts_of(formula, fit_rows, long=False, degree=_fine(rows))
    wrong = [part for part in parts if not part.pair and part.drop >= share * rows]
    return sorted(wrong, key=lambda part: (-round(part.drop / rows, 1), -complexity(part.expression)))


def lacking(formula: sympy.Expr, fit_rows: FitRows, share: float, *, instead: bool = False) -> list[Part]:
    """Functions of single columns, or arguments, beside the formula that may explain this share of its residual, the
    most first.

    In the order of a column's values the residual changes little from row to row where it is a function of that column,
    however often that oscillates: von Neumann's ratio, doi:10.1214/aoms/1177731677.

    Parameters
    ----------
    formula : sympy.Expr
        In `fit_rows.variables`.
    fit_rows : FitRows
    share : float
    instead : bool, default False
        Whether in the place of the terms that depend on the column alone, where there are any, as well.
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
    found: list[tuple[float, int, Part]] = []
    for argument in (*fit_rows.variables, *_arguments(formula)):
        x = parametrize(argument, fit_rows.variables).evaluate(X)
        if not np.isfinite(x).all():
            continue
        clock.charge(Work.SORTED_VALUES, len(y))
        steps = np.diff(residual[np.argsort(x, kind="stable")])
        seen = 1.0 - float(steps @ steps) / (2 * square)
        if seen > share:
            parts = _beside(formula, rest, fit_rows.variables, argument, x, len(y) * seen, X, instead=instead)
            found += [(-seen, len(found), part) for part in parts]
    return [part for *_, part in sorted(found, key=lambda one: one[:2])]


def lacking_factors(formula: sympy.Expr, fit_rows: FitRows, share: float) -> list[Part]:
    """Functions of single columns that a term of the formula, or the whole, may lack as a factor; the most first.

    Parameters
    ----------
    formula : sympy.Expr
        In `fit_rows.variables`.
    fit_rows : FitRows
    share : float
        Share of the squared residual that they explain.
    """
    X, y, weights = fit_rows.rows(fit_rows.fitting)
    terms = [term for term in sympy.Add.make_args(formula) if term.free_symbols]
    values = [parametrize(one, fit_rows.variables).evaluate(X) for one in (formula, *terms)]
    if not np.isfinite(values).all():
        return []
    root = np.ones(len(y)) if weights is None else np.sqrt(weights)
    residual, degree = (y - values[0]) * root, _fine(len(y))
    found: list[tuple[float, int, Part]] = []
    for term, own in dict(zip((formula, *terms), values, strict=True)).items():
        for k, column in enumerate(fit_rows.variables):
            if term.has(column):
                continue
            seen = explained(X[:, [k]], own * root, residual, degree)
            if seen > share:
                put = partial(_times, formula - term, term)
                part = Part(sympy.S.One, X[:, [k]], (column,), values[0] - own, own, put, len(y) * seen)
                found.append((-seen, len(found), part))
    return [part for *_, part in sorted(found, key=lambda one: one[:2])]


def _times(rest: sympy.Expr, term: sympy.Expr, factor: sympy.Expr) -> sympy.Expr:
    return rest + term * factor


def _fine(rows: int) -> int:
    """Degree of polynomials that ask without noise whether a function is right."""
    return min(FINE, rows // ROWS_PER_DEGREE)


def _arguments(formula: sympy.Expr) -> list[sympy.Expr]:
    """Arguments of functions in a formula that hold several columns: what is in a sum less its number."""
    found: list[sympy.Expr] = []
    for node in sympy.preorder_traversal(formula):
        if node.is_Function or node.is_Pow:
            bare = (argument.as_independent(*argument.free_symbols) for argument in node.args if argument.free_symbols)
            found += [rest for _, rest in bare if len(rest.free_symbols) > 1]
    return list(dict.fromkeys(found))


def _beside(
    formula: sympy.Expr,
    values: np.ndarray,
    variables: tuple[sympy.Symbol, ...],
    argument: sympy.Expr,
    x: np.ndarray,
    drop: float,
    X: np.ndarray,
    *,
    instead: bool,
) -> Iterator[Part]:
    """A function of one argument beside a formula; with `instead`, first in the place of the terms of it alone."""
    if not argument.is_Symbol:
        symbol = stand_in(x)
        put = filled(partial(sympy.Add, formula), sympy.S.One, symbol, argument)
        yield Part(sympy.S.Zero, x[:, None], (symbol,), values, np.ones(len(x)), put, drop)
        return
    terms = sympy.Add.make_args(formula) if instead else ()
    own = sympy.Add(*(term for term in terms if term.free_symbols == {argument}))
    for mine in dict.fromkeys((own, sympy.S.Zero)):
        others = formula - mine
        rest = values - parametrize(mine, variables).evaluate(X) if mine.free_symbols else values
        if others.free_symbols:
            put = partial(sympy.Add, others)
            yield Part(mine, x[:, None], (argument,), rest, np.ones(len(x)), put, drop)
