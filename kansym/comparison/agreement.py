# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportOperatorIssue=false
"""Where a peer and kansym agree: by algebra, and in another row of the peer's front than the one that it hands out."""

import logging
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import sympy

from kansym.comparison.peer_formulas import rms, values_of
from kansym.comparison.result import AgreeingRow
from kansym.errors import KansymError
from kansym.search.prior.guess import freed
from kansym.symbolic.complexity import complexity
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.same import Sameness, compare_formulas
from kansym.symbolic.text import to_text
from kansym.symbolic.timelimit import TimeLimitError, call_with_limit
from kansym.validation.same_form import contains, probes

logger = logging.getLogger(__name__)

ALGEBRA_SECONDS = 3.0
"""For sympy to bring a difference to zero."""

DIGITS = 4
"""Significant digits in which constants have to agree for formulas to be equal by algebra; SRBench's rule has three
decimals."""

ROWS_SECONDS = 10.0
"""For the other rows of a front."""

AS_CLOSE = 1.05
"""Residual of a row in units of kansym's up to which it may be the same law: the same form fitted to the same rows
leaves the same."""

ROUNDING = 1e-6
"""Residual in units of the spread of y up to which a row is exact, in single precision as well."""


def equal_by_algebra(first: sympy.Expr, second: sympy.Expr, *, seconds: float = ALGEBRA_SECONDS) -> bool | None:
    """Whether the difference of two formulas simplifies to zero, constants rounded to `DIGITS` digits.

    A second opinion beside `kansym.symbolic.same.compare_formulas`, by other means: sympy's algebra, without a point
    at which anything is evaluated. A "no" means that none was found, as everywhere in computer algebra.

    Parameters
    ----------
    first, second : sympy.Expr
        In plain symbols of the columns.
    seconds : float, default 3

    Returns
    -------
    bool or None
        None where time ran out.
    """
    # Signs and domains of the columns are not known here, and roots of squares not to be told apart for that.
    positive = {symbol: sympy.Dummy(symbol.name, positive=True) for symbol in first.free_symbols | second.free_symbols}

    def difference_is_zero() -> bool:
        sides = [_rounded(side.xreplace(positive), _numbers(first)) for side in (first, second)]
        difference = sides[0] - sides[1]
        return bool(sympy.expand(difference) == 0 or sympy.simplify(difference) == 0)

    try:
        return call_with_limit(difference_is_zero, seconds)
    except TimeLimitError:
        return None
    except (ArithmeticError, TypeError, ValueError, RecursionError, KansymError) as error:
        logger.debug("two formulas could not be subtracted", exc_info=error)
        return None


def is_law_of_other_numbers(
    law: sympy.Expr, row: sympy.Expr, names: Sequence[str], X: np.ndarray, *, seed: int
) -> bool:
    """Whether a formula is a law whose exact numbers, exponents too, were fitted: ``x**1.4998`` for ``x**1.5``.

    Strictly it is another one, and goes apart from it far out; whoever looks at the two sees one law.
    """
    variables = tuple(map(plain_symbol, names))
    loose = freed(parametrize(law, variables))
    if loose is None:
        return False
    points = probes(X, seed=seed)
    values = values_of(row, names, points)
    spread = float(np.std(values[np.isfinite(values)])) if np.isfinite(values).any() else 0.0
    return contains(loose.form, row, points, ROUNDING * spread)


def agreeing_row(
    rows: Mapping[int, sympy.Expr],
    chosen: int,
    pick: sympy.Expr,
    counts: Mapping[int, float | None],
    law: sympy.Expr,
    names: Sequence[str],
    X: np.ndarray,
    y: np.ndarray,
    weights: np.ndarray | None,
    *,
    pick_agrees: bool,
    seed: int,
    seconds: float = ROWS_SECONDS,
) -> AgreeingRow | None:
    """The shortest row of a peer's front that is kansym's law, where the one that it hands out is not, or is longer.

    Where none is, the shortest that is the law with its exact numbers fitted, the pick among them.

    Parameters
    ----------
    rows : mapping of int to sympy.Expr
        Formulas of the front by their number, as the peer wrote them.
    chosen : int
        Number of the pick.
    pick : sympy.Expr
        The pick as it is shown, simplified.
    counts : mapping of int to float or None
        Their complexities as the peer counts.
    law : sympy.Expr
        kansym's formula.
    names, X, y, weights
        The fitted rows of the table.
    pick_agrees : bool
        Whether the pick is the law: only rows that were written shorter are of interest then.
    seed : int
    seconds : float, default 10
    """
    until = time.monotonic() + seconds
    own = rms(values_of(law, names, X), y, weights)
    if own is None or not math.isfinite(own):
        return None
    # Its own exponents fitted, a row may well be nearer; farther away it is another law.
    most = max(AS_CLOSE * own, ROUNDING * float(np.std(y)))
    sizes = {number: counts.get(number) or complexity(row) for number, row in rows.items()}
    longest = sizes[chosen] if pick_agrees else math.inf
    loosely: AgreeingRow | None = None
    for number in sorted(sizes, key=lambda number: (sizes[number], number)):
        if sizes[number] >= longest or time.monotonic() > until:
            break
        row = pick if number == chosen else rows[number]
        left = rms(values_of(row, names, X), y, weights)
        if left is None or left > most:
            continue
        same = compare_formulas(law, row, X, y, names, weights=weights, seed=seed, seconds=min(5.0, seconds))
        found = AgreeingRow(
            number + 1, to_text(row), complexity(row), counts.get(number), counts.get(chosen), left, same
        )
        if same.kind.same_form and number != chosen:
            return found
        if loosely is None and not pick_agrees and _in_time(law, row, names, X, seed):
            how = "kansym's law with its exact numbers fitted"
            loosely = replace(found, same=replace(same, kind=Sameness.OTHER_CONSTANTS, reason=how))
    return loosely


def _in_time(law: sympy.Expr, row: sympy.Expr, names: Sequence[str], X: np.ndarray, seed: int) -> bool:
    try:
        return call_with_limit(lambda: is_law_of_other_numbers(law, row, names, X, seed=seed), ALGEBRA_SECONDS)
    except (TimeLimitError, KansymError, ArithmeticError, TypeError, ValueError, np.linalg.LinAlgError):
        return False


def _numbers(formula: sympy.Expr) -> list[float]:
    return [float(number) for number in formula.atoms(sympy.Number) if number.is_finite]


def _rounded(formula: sympy.Expr, preferred: Sequence[float]) -> sympy.Expr:
    """The formula with exact numbers in place of its decimals: those of the other formula that are as good as equal."""
    within = 10.0**-DIGITS
    exact = {}
    for number in formula.atoms(sympy.Float):
        value = float(number)
        near = next((one for one in preferred if abs(one - value) <= within * abs(one)), value)
        exact[number] = sympy.Rational(f"{near:.{DIGITS}g}")
    return formula.xreplace(exact)
