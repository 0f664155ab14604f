"""Whether two formulas are the same."""

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import sympy

from kansym.comparison.same.fit import Table
from kansym.comparison.same.functions import warm_up
from kansym.comparison.same.judge import Judge, OutOfTimeError
from kansym.comparison.same.verdict import Sameness, SameVerdict
from kansym.errors import ArgumentError
from kansym.symbolic.naming import plain, plain_symbol
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.timelimit import TimeLimitError, call_with_limit
from kansym.validation.places import box_of

__all__ = ["SameVerdict", "Sameness", "compare_formulas"]

LEAST = 0.2
"""Seconds below which a second look is not begun."""

GRACE = 0.2
"""Seconds, at most, for ending what is not done in time."""


def compare_formulas(
    first: sympy.Expr,
    second: sympy.Expr,
    X: np.ndarray,
    y: np.ndarray | None,
    names: Sequence[str],
    *,
    weights: np.ndarray | None = None,
    seed: int = 0,
    seconds: float = 5.0,
) -> SameVerdict:
    """Whether two formulas are the same, as a physicist would say it.

    Both are evaluated with 50 digits, more where small terms ask for it, at places on the rows, in their box and 30 %
    beyond. Equality is that of all digits once Floats are moved within their rounding (Newton's method, see
    `kansym.comparison.same.meeting`), so that sin(x) is not x in however small a box. Formulas that are not equal are
    fitted to the rows, if there is a y, and compared again; then it is tried to set the constants of each so that it
    becomes the other, a factor of the whole among them; last, the rows are asked whether they tell the two apart.
    Algebra is only used where numbers do not decide.

    Beyond the box a column without negative values has none, and one without positive values too: sqrt(x**2) is x
    where x cannot be negative. Places where only one formula has a value count on the rows and in the box, not beyond.

    Parameters
    ----------
    first, second : sympy.Expr
        In plain symbols of the columns; Floats are constants.
    X : array (n, d)
        Rows; they give the box.
    y : array (n,), optional
        What both formulas were fitted to. Constants that were printed with few digits or fitted to other precision
        are only seen to be the same with it.
    names : sequence of str, length d
    weights : array (n,), optional
        Of the squared residuals.
    seed : int, default 0
        For places and starts. The verdict depends on nothing else, unless the time runs out.
    seconds : float, default 5
        Hard limit. Where it ends the comparison, formulas are never called the same.

    Returns
    -------
    SameVerdict

    Raises
    ------
    ArgumentError
        If shapes do not fit or numbers are not finite, or a formula holds a symbol or a function that is not known.
    """
    X = np.asarray(X, dtype=np.float64)
    table = _table(X, y, weights, names, seconds, seed)
    for formula in (first, second):
        if not isinstance(formula, sympy.Expr):
            raise ArgumentError(f"formulas must be sympy expressions, got {type(formula).__name__}")
    formulas = plain(first), plain(second)
    unknown = sorted({str(symbol) for formula in formulas for symbol in formula.free_symbols} - set(names))
    if unknown:
        raise ArgumentError(f"the formulas contain {unknown}, which are not among the columns {list(names)}")
    warm_up()
    start = time.monotonic()
    found = _judged(formulas, table, X, names, seed, seconds)
    left = seconds - (time.monotonic() - start)
    scaled = _with_factors(formulas)
    if found.kind in (Sameness.SAME, Sameness.OTHER_CONSTANTS) or scaled == formulas or left < LEAST:
        return found
    if not _of_one_sign(formulas, X, names):
        # No constant turns attraction into repulsion.
        return found
    if _judged(scaled, table, X, names, seed, left).kind in (Sameness.SAME, Sameness.OTHER_CONSTANTS):
        return replace(found, kind=Sameness.OTHER_CONSTANTS, reason="the same but for a constant factor")
    return found


def _with_factors(formulas: tuple[sympy.Expr, sympy.Expr]) -> tuple[sympy.Expr, sympy.Expr]:
    """The formulas with a factor to set where they have none: a**(3/2) is 0.999*a**(3/2) with another constant."""
    first, second = (
        formula
        if any(factor.is_Float for factor in sympy.Mul.make_args(formula))
        # Not evaluated: sympy would give every term of a sum a factor of its own.
        else sympy.Mul(sympy.Float(1.0), formula, evaluate=False)
        for formula in formulas
    )
    return first, second


def _of_one_sign(formulas: tuple[sympy.Expr, sympy.Expr], X: np.ndarray, names: Sequence[str]) -> bool:
    symbols = tuple(map(plain_symbol, names))
    first, second = (np.sign(parametrize(formula, symbols).evaluate(X)) for formula in formulas)
    usable = np.isfinite(first) & np.isfinite(second)
    return bool(usable.any() and (first == second)[usable].mean() > 0.5)


def _judged(
    formulas: tuple[sympy.Expr, sympy.Expr],
    table: Table,
    X: np.ndarray,
    names: Sequence[str],
    seed: int,
    seconds: float,
) -> SameVerdict:
    judge = Judge(formulas, table, box_of(X), names, seed, seconds)
    try:
        return call_with_limit(judge.verdict, max(seconds - GRACE, 0.5 * seconds), grace=min(GRACE, 0.25 * seconds))
    except (TimeLimitError, OutOfTimeError):
        return judge.undecided(f"not decided within {seconds:g} s")
    except (RecursionError, MemoryError, ArithmeticError) as error:
        return judge.undecided(f"the comparison failed ({type(error).__name__})")


def _table(
    X: np.ndarray,
    y: np.ndarray | None,
    weights: np.ndarray | None,
    names: Sequence[str],
    seconds: float,
    seed: int,
) -> Table:
    if X.ndim != 2 or X.shape[0] == 0 or X.shape[1] == 0 or X.shape[1] != len(names):
        raise ArgumentError(f"X must have shape (n > 0, {len(names)}), one column per name, got {X.shape}")
    if len(set(names)) != len(names):
        raise ArgumentError(f"names must differ from each other, got {list(names)}")
    y, weights = (None if part is None else np.asarray(part, dtype=np.float64) for part in (y, weights))
    for part, word in ((X, "X"), (y, "y"), (weights, "weights")):
        if part is not None and (len(part) != len(X) or not np.isfinite(part).all()):
            raise ArgumentError(f"{word} must be finite and of length {len(X)}, got shape {part.shape}")
    if weights is not None and ((weights < 0).any() or not weights.any()):
        raise ArgumentError("weights must not be negative, and not all zero")
    if not seconds > 0:
        raise ArgumentError(f"seconds must be positive, got {seconds}")
    return Table.thinned(X, y, weights, seed=seed)
