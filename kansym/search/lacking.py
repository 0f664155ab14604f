# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false
"""What one thing a formula lacks: a function beside it, a factor of a term, or another function in one place.

Without noise a formula is the law or is not, and one wrong function is most of what is wrong with it.
"""

import math
from dataclasses import replace
from functools import partial

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.search.curve_readings import stand_in
from kansym.search.parts_anew import Part, explained, filled, parts_of
from kansym.search.rows import FitRows
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
    """Parts of one argument of a formula without noise that may be what is wrong with it, the most first.

    Where one function is wrong, another in its place, and nowhere else, leaves little of the residual. Parameters are
    those of `wrong_parts`.
    """
    rows = len(fit_rows.fitting)
    parts = parts_of(formula, fit_rows, long=False, degree=_fine(rows))
    return [part for part in parts if not part.pair and part.drop >= share * rows]


def lacking(formula: sympy.Expr, fit_rows: FitRows, share: float, *, instead: bool = False) -> list[Part]:
    """Functions of single columns, or arguments, beside the formula that may explain this share of its residual, the
    most first.

    In the order of a column's values the residual changes little from row to row where it is a function of that column,
    however often that oscillates: von Neumann's ratio, doi:10.1214/aoms/1177731677.

    With `instead` also in the place of the terms that depend on the column alone, where there are any; the other
    parameters are those of `wrong_parts`.
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
    found: list[Part] = []
    for argument in (*fit_rows.variables, *_arguments(formula)) if formula.free_symbols else ():
        x = parametrize(argument, fit_rows.variables).evaluate(X)
        if not np.isfinite(x).all():
            continue
        clock.charge(Work.SORTED_VALUES, len(y))
        steps = np.diff(residual[np.argsort(x, kind="stable")])
        seen = 1.0 - float(steps @ steps) / (2 * square)
        if seen > share:
            symbol = argument if argument.is_Symbol else stand_in(x)
            put = filled(partial(sympy.Add, formula), sympy.S.One, symbol, argument)
            beside = Part(sympy.S.Zero, x[:, None], (symbol,), rest, np.ones(len(y)), put, len(y) * seen)
            found += [*(_instead(formula, beside, fit_rows) if instead else ()), beside]
    return sorted(found, key=lambda part: -part.drop)


def _instead(formula: sympy.Expr, beside: Part, fit_rows: FitRows) -> list[Part]:
    """The same function in the place of the terms of its column alone, where there are any and others."""
    (column,) = beside.symbols
    own = sympy.Add(*(term for term in sympy.Add.make_args(formula) if term.free_symbols == {column}))
    others = formula - own
    if own == 0 or not others.free_symbols:
        return []
    values = parametrize(own, fit_rows.variables).evaluate(fit_rows.rows(fit_rows.fitting)[0])
    return [replace(beside, expression=own, rest=beside.rest - values, put=partial(sympy.Add, others))]


def lacking_factors(formula: sympy.Expr, fit_rows: FitRows, share: float) -> list[Part]:
    """Functions of single columns that a term of the formula, or the whole, may lack as a factor, the most first.

    Parameters are those of `wrong_parts`.
    """
    X, y, weights = fit_rows.rows(fit_rows.fitting)
    terms = [term for term in sympy.Add.make_args(formula) if term.free_symbols]
    values = [parametrize(one, fit_rows.variables).evaluate(X) for one in (formula, *terms)]
    if not np.isfinite(values).all():
        return []
    root = np.ones(len(y)) if weights is None else np.sqrt(weights)
    residual, degree = (y - values[0]) * root, _fine(len(y))
    found: list[Part] = []
    for term, own in dict(zip((formula, *terms), values, strict=True)).items():
        for k, column in enumerate(fit_rows.variables):
            seen = 0.0 if term.has(column) else explained(X[:, [k]], own * root, residual, degree)
            if seen > share:
                put = partial(_times, formula - term, term)
                found.append(Part(sympy.S.One, X[:, [k]], (column,), values[0] - own, own, put, len(y) * seen))
    return sorted(found, key=lambda part: -part.drop)


def fewer_terms(formula: sympy.Expr) -> list[sympy.Expr]:
    """The formula without one of its terms."""
    terms = [term for term in sympy.Add.make_args(formula) if term.free_symbols]
    return [formula - term for term in terms] if len(terms) > 1 else []


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
