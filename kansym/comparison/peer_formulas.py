# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""Formulas of peers, read into the columns of the table, and measured as kansym's own are."""

import math
from collections.abc import Sequence

import numpy as np
import sympy

from kansym.comparison.request import PeerError, PeerFormula
from kansym.comparison.result import FrontPoint
from kansym.data.weights import mean_square
from kansym.errors import KansymError
from kansym.symbolic.complexity import complexity
from kansym.symbolic.naming import internal_symbols, plain, plain_symbol
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.parser import parse_expression
from kansym.symbolic.simplification import simplify
from kansym.symbolic.text import to_text
from kansym.symbolic.timelimit import TimeLimitError, call_with_limit

SIMPLIFY_SECONDS = 1.0
"""For the simplification of a peer's pick before its nodes are counted: it is not to look long for want of algebra."""

ROWS_TO_SIMPLIFY = 200

ROUNDING = 5e-7
"""Relative rounding error of single precision, with room for a few operations."""

LARGEST_CHANGE = 1e-6
"""Largest change of values, in units of their spread, that still is rounding."""


def read_formula(text: str, safe: Sequence[str], names: Sequence[str]) -> sympy.Expr:
    """A peer's text in the plain symbols of the columns.

    Raises
    ------
    PeerError
        If it is no formula of real numbers.
    """
    try:
        expression = parse_expression(text, safe)
    except KansymError as error:
        raise PeerError(f"a formula cannot be read: {' '.join(str(error).split())[:200]}") from error
    # All at once: a column may have another one's safe name.
    return expression.xreplace({plain_symbol(s): plain_symbol(n) for s, n in zip(safe, names, strict=True)})


def simplified(expression: sympy.Expr, names: Sequence[str], X: np.ndarray) -> sympy.Expr:
    """The shorter of an expression and its simplification, in plain symbols, without traces of single precision."""
    symbols = internal_symbols(names, X)
    inner = expression.xreplace({plain_symbol(s.name): s for s in symbols})
    rows = X[:: max(1, len(X) // ROWS_TO_SIMPLIFY)]
    try:
        shorter = plain(simplify(inner, symbols, rows, seconds=SIMPLIFY_SECONDS).expression, names)
        plain_symbols = tuple(map(plain_symbol, names))
        forms = [without_rounding(form, plain_symbols, rows) for form in (shorter, expression)]
    except KansymError:
        return expression
    return min(forms, key=complexity)


def values_of(expression: sympy.Expr, names: Sequence[str], X: np.ndarray) -> np.ndarray:
    """Values (n,) on rows X (n, d); nan where there is none."""
    try:
        return call_with_limit(lambda: parametrize(expression, tuple(map(plain_symbol, names))).evaluate(X), 10.0)
    except (TimeLimitError, KansymError, ArithmeticError, TypeError, RecursionError):
        return np.full(len(X), math.nan)


def rms(values: np.ndarray, y: np.ndarray, weights: np.ndarray | None) -> float | None:
    """Weighted root-mean-square residual; inf where a value is missing, None without rows."""
    if len(y) == 0:
        return None
    if not np.isfinite(values).all():
        return math.inf
    return math.sqrt(mean_square(values - y, weights))


def front_points(
    formulas: Sequence[sympy.Expr], names: Sequence[str], X: np.ndarray, y: np.ndarray, weights: np.ndarray | None
) -> tuple[FrontPoint, ...]:
    """The Pareto front of formulas by kansym's count of nodes and the residual on the fitted rows."""
    points = []
    for formula in formulas:
        residual = rms(values_of(formula, names, X), y, weights)
        if residual is not None and math.isfinite(residual):
            points.append(FrontPoint(complexity(formula), residual, to_text(formula)))
    points.sort(key=lambda point: (point.complexity, point.rms))
    front: list[FrontPoint] = []
    for point in points:
        if not front or point.rms < front[-1].rms:
            front.append(point)
    return tuple(front)


def readable(formulas: Sequence[PeerFormula], safe: Sequence[str], names: Sequence[str]) -> dict[int, sympy.Expr]:
    """Formulas that can be read, by their number; others are left out."""
    found = {}
    for number, formula in enumerate(formulas):
        try:
            found[number] = read_formula(formula.expression, safe, names)
        except PeerError:
            continue
    return found


def without_rounding(formula: sympy.Expr, symbols: Sequence[sympy.Symbol], X: np.ndarray) -> sympy.Expr:
    """The formula with numbers next to whole ones made whole, and without an offset that is rounding error.

    Tools that calculate in single precision hand back ``1.0000001*x + 3e-9`` for ``x``.

    Parameters
    ----------
    formula : sympy.Expr
    symbols : sequence of sympy.Symbol, length d
    X : array (n, d)
        Rows where the result must agree with the formula; else the formula comes back as it was.
    """
    before = parametrize(formula, symbols).evaluate(X)
    if not np.isfinite(before).all():
        return formula
    spread = float(np.std(before))
    whole = {
        number: sympy.Integer(round(float(number)))
        for number in formula.atoms(sympy.Float)
        if 0.5 < abs(number) < 1e6 and abs(float(number) - round(float(number))) <= ROUNDING * abs(float(number))
    }
    result = formula.xreplace(whole)
    offset, rest = result.as_coeff_Add()
    if abs(float(offset)) <= ROUNDING * spread:
        result = rest
    with np.errstate(all="ignore"):
        change = np.max(np.abs(parametrize(result, symbols).evaluate(X) - before)) / spread if spread else np.inf
    return result if change <= LARGEST_CHANGE else formula
