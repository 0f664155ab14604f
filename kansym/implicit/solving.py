# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false
"""A relation solved for a column: by algebra in bounded time, on the branch that the rows are on."""

from collections.abc import Mapping, Sequence

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.symbolic.parametric import node_count, parametrize
from kansym.symbolic.timelimit import TimeLimitError, call_with_limit

SECONDS = 2.0
"""Of a column: what takes longer is no formula that anybody reads."""

LONGEST = 80
"""Nodes of a solution that is shown."""

AGREES = 0.9
"""Share of rows that lie on a branch nearer than on any other, or as near as errors allow."""


def solved_for(
    left: sympy.Expr,
    right: sympy.Expr,
    column: str,
    names: Sequence[str],
    constants: Mapping[sympy.Symbol, sympy.Float],
    X: np.ndarray,
) -> sympy.Expr | None:
    """The relation solved for a column; None where sympy finds nothing short in time.

    Parameters
    ----------
    left, right : sympy.Expr
        In plain symbols.
    column : str
    names : sequence of str
        Of the columns of `X`.
    constants : mapping of sympy.Symbol to sympy.Float
    X : ndarray, shape (n, d)
    """
    symbol = next((one for one in (left - right).free_symbols if one.name == column), None)
    if symbol is None:
        return None
    # With positive symbols roots stay short; signs are settled by the rows.
    positive = {
        one: sympy.Symbol(one.name, positive=True)
        for one in (left - right).free_symbols
        if one.name not in names or (X[:, list(names).index(one.name)] > 0).all()
    }
    back = {new: old for old, new in positive.items()}
    wanted = positive.get(symbol, symbol)
    difference = (left - right).xreplace(positive)
    clock.charge(Work.ALGEBRA, 20 * node_count(difference))
    try:
        found = call_with_limit(lambda: sympy.solve(difference, wanted), SECONDS)
    except (TimeLimitError, NotImplementedError, ValueError, TypeError, AttributeError, RecursionError):
        return None
    branches = [one.xreplace(back) for one in found if isinstance(one, sympy.Expr) and node_count(one) <= LONGEST]
    return _nearest(branches, column, names, constants, X)


def _nearest(
    branches: Sequence[sympy.Expr], column: str, names: Sequence[str], constants: Mapping[sympy.Symbol, sympy.Float],
    X: np.ndarray,
) -> sympy.Expr | None:  # fmt: skip
    """The branch that the rows are on; None where they are on several."""
    place = list(names).index(column)
    symbols = [sympy.Symbol(name) for name in names]
    best, apart = None, np.inf
    for branch in branches:
        try:
            values = parametrize(branch.xreplace(dict(constants)), symbols).evaluate(X)
        except (ValueError, TypeError, ArithmeticError):
            continue
        distances = np.abs(values - X[:, place])
        if np.isfinite(distances).mean() < AGREES:
            continue
        size = float(np.nanmedian(distances))
        if size < apart:
            best, apart = branch, size
    spread = float(np.std(X[:, place]))
    return best if best is not None and apart < 0.5 * spread else None
