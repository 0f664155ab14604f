# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false
"""Each function of a formula, freed: would the data rather have another function in its place?

A formula is a network whose edges are its functions (`kansym.extraction.compiling`). One edge after the other becomes
its function plus a spline, and all constants of the formula are fitted anew beside the spline. Where the function is
right the spline stays at zero, to within noise; where it is a look-alike of the right one, the data move it.

The test is the score test of a spline against zero, linear in the constants of the formula: the spline is projected off
what the constants can do (Cox, Koh, Wahba and Yandell, Ann. Statist. 16 (1988) 113, doi:10.1214/aos/1176350692), its
directions are ordered from smooth to rough by the penalty of a P-spline (Demmler and Reinsch 1975,
doi:10.1007/BF01437407; Eilers and Marx 1996), and `kansym.validation.nested_test` asks how far the smooth ones are from
zero. Only then is the spline fitted, by Gauss-Newton, to say how far the function moves and where.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import scipy
import sympy

from kansym.errors import KansymError
from kansym.fitting.residuals import Residuals
from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.text import to_text
from kansym.validation.freed_spline import Edge, Fit, Rows, Spline, directions_of, fitted
from kansym.validation.nested_test import SIZES, nested_p
from kansym.validation.residual_tests import holm

LEVEL = 0.01
"""Probability, over all functions of a formula, that the data move one by chance: that of every other objection."""

SEEN = 0.1
"""Change of a function, in parts of its own spread, that a test must be able to see for its silence to say anything."""

MOST_FUNCTIONS = 16
"""Functions that are freed, in the order of the formula."""

LEAST_FREE = 8
"""Fewest rows beyond constants and spline."""

AS_WELL, NEARLY_ALL = 10.0, 0.95
"""Difference of chi-squared, directions of the splines counted double (Akaike 1974), up to which two functions explain
the same: odds of 150 to one; and the share of the larger gain, which splines of few knots need where they move far."""

SCATTER_LEVEL = 1e-3
"""Probability of what rows are off by beside the spline, below which their errors are too small to be believed."""

FAILURES = (KansymError, ArithmeticError, ValueError, TypeError, np.linalg.LinAlgError)
"""What may go wrong with a function, and never ends a certificate."""

POINTS = 60
"""Of a curve."""

BAND = 1.96
"""Standard errors either side of a curve, for 95 %."""


@dataclass(frozen=True)
class FreedCurve:
    """A function of a formula and what the data make of it, over the visited range.

    Attributes
    ----------
    x : tuple of float
        Of the argument, in its own units.
    function, freed : tuple of float
        The function with the constants of the formula, and with its spline; nan where it has no value.
    error : tuple of float
        Standard error of the freed one.
    """

    x: tuple[float, ...]
    function: tuple[float, ...]
    freed: tuple[float, ...]
    error: tuple[float, ...]


@dataclass(frozen=True)
class FreedFunction:
    """What became of one function of the formula.

    Attributes
    ----------
    text : str
        The function with its argument, as in the formula.
    argument : str
        What the spline is a function of: the argument less the numbers before it.
    failure : str
        Why it could not be freed; empty where it was, and all below is nan, 1 or 0 where it was not.
    directions : int
        Of the spline that constants do not make up for.
    size : int
        Of the smoothest of these, how many the test that shows most looks at.
    statistic : float
        Its chi-squared, where the table has errors that the residuals agree with, else its F.
    p_value, adjusted_p : float
        Of a statistic as large if the function is right, alone and corrected for the number of functions (Holm).
    gain : float
        How much the chi-squared of the formula falls with the spline, all constants fitted anew.
    move : float
        Root mean square of the spline over the rows, each weighted by what it does to y, in parts of that of the
        function about its mean.
    moved : bool
        Whether the data move the function, with `LEVEL` as the probability that they seem to move any by chance.
    power : float
        Probability that the test would see the function be another by `SEEN` of its spread, in the smoothest way that
        constants do not make up for; nan in certificates of versions that did not ask.
    curve : FreedCurve or None
    """

    text: str
    argument: str
    failure: str = ""
    directions: int = 0
    size: int = 0
    statistic: float = math.nan
    p_value: float = 1.0
    adjusted_p: float = 1.0
    gain: float = 0.0
    move: float = math.nan
    moved: bool = False
    power: float = math.nan
    curve: FreedCurve | None = None

    @property
    def explained(self) -> float:
        """The gain less what as many directions gain by fitting noise."""
        return self.gain - 2 * self.directions


@dataclass(frozen=True)
class FreedEdges:
    """What became of all functions of a formula.

    Attributes
    ----------
    functions : tuple of FreedFunction
        In the order of the formula.
    skipped : str
        Why none was freed; empty where they were.
    named : str
        Of the functions that the data move, the one that explains most; empty where they move none.
    alike : tuple of str
        Others that explain it as well: functions of one argument within each other cannot be told apart.
    """

    functions: tuple[FreedFunction, ...] = ()
    skipped: str = ""
    named: str = ""
    alike: tuple[str, ...] = ()

    @property
    def moved(self) -> tuple[FreedFunction, ...]:
        """The functions that the data move."""
        return tuple(one for one in self.functions if one.moved)

    @property
    def least_p(self) -> float:
        """The smallest corrected p-value; 1 where nothing was freed."""
        return min((one.adjusted_p for one in self.functions if not one.failure), default=1.0)

    @property
    def least_power(self) -> float:
        """The smallest power of a test; 0 where nothing was freed, or where that was not asked."""
        found = [one.power for one in self.functions if not one.failure]
        return min((0.0 if math.isnan(power) else power for power in found), default=0.0)


def freed_edges(residuals: Residuals, *, seed: int = 0) -> FreedEdges:
    """Free every function of a formula in turn.

    Parameters
    ----------
    residuals : Residuals
        Of the formula with its fitted constants.
    seed : int, default 0
        Of the choice of rows, where there are more than `MOST_ROWS`.
    """
    if residuals.exact:
        return FreedEdges(skipped="the fit is exact: what is left is rounding, which a spline would only follow")
    nodes = list(functions_of(residuals.form))
    if not nodes:
        return FreedEdges(skipped="the formula has no functions, only sums and products")
    if residuals.n < residuals.k + LEAST_FREE + SIZES[0]:
        return FreedEdges(skipped=f"{residuals.n} rows are too few")
    try:
        rows = Rows.of(residuals, seed)
    except FAILURES as error:
        return FreedEdges(skipped=f"the derivatives of the formula cannot be used ({type(error).__name__})")
    found = [_freed(node, rows) for node in nodes[:MOST_FUNCTIONS]]
    free = [place for place, one in enumerate(found) if not one.failure]
    for place, q in zip(free, holm(np.array([found[place].p_value for place in free])), strict=True):
        found[place] = replace(found[place], adjusted_p=float(q), moved=bool(q < LEVEL))
    moved = sorted((one for one in found if one.moved), key=lambda one: -one.explained)
    least = min(moved[0].explained - AS_WELL, NEARLY_ALL * moved[0].explained) if moved else 0.0
    alike = tuple(one.text for one in moved[1:] if one.explained > least)
    return FreedEdges(tuple(found), named=moved[0].text if moved else "", alike=alike)


def functions_of(form: ParametricForm) -> Iterator[sympy.Expr]:
    """The functions and powers of a formula, equal ones once, outer ones before those within."""
    seen: set[sympy.Basic] = set()
    columns = set(form.variables)
    for node in sympy.preorder_traversal(form.expression):
        if node.args and node not in seen and not (node.is_Add or node.is_Mul) and node.free_symbols & columns:
            seen.add(node)
            yield node


def _freed(node: sympy.Expr, rows: Rows) -> FreedFunction:
    numbers = {symbol: sympy.Float(value) for symbol, value in zip(rows.form.constants, rows.form.values, strict=True)}
    text = to_text(node.xreplace(numbers), digits=4)
    try:
        edge = Edge.of(node, rows.form)
        if edge is None:
            return FreedFunction(text, "", failure="it has several arguments")
        argument = to_text(edge.inner.expression.xreplace(numbers), digits=4)
        with np.errstate(all="ignore"):
            return _tested(FreedFunction(text, argument), edge, rows)
    except FAILURES as error:
        return FreedFunction(text, "", failure=f"the calculation failed ({type(error).__name__})")


def _tested(empty: FreedFunction, edge: Edge, rows: Rows) -> FreedFunction:
    u = edge.inner.value_at(rows.columns, edge.inner.values)
    effect = rows.root * edge.slope(rows.columns, np.zeros(len(u)), edge.inner.values)
    seen = np.isfinite(u) & (effect != 0)
    if not np.isfinite(u).all() or not seen.any() or not np.ptp(u[seen]) > 1e-12 * np.abs(u[seen]).max():
        return replace(empty, failure="its argument does not vary, or has no value on some rows")
    own = edge.outer.evaluate(u[:, None])
    if not np.isfinite(own[seen]).any():
        return replace(empty, failure="it has no value on the rows")
    spline = Spline.over(u[seen], own[seen])
    directions = directions_of(effect[:, None] * spline.basis(u), rows.tangent, most=rows.freedom - LEAST_FREE)
    count = directions.effects.shape[1]
    if count == 0:
        return replace(empty, failure="constants of the formula make up for any change of it")
    squares = (directions.effects.T @ rows.left) ** 2
    total, tested, freedom = float(rows.left @ rows.left), squares[: SIZES[-1]], rows.freedom - count
    # Where rows scatter by more than their errors, these say nothing about what is left.
    known = rows.known and bool(scipy.stats.chi2.sf(total - squares.sum(), freedom) > SCATTER_LEVEL)
    rest = None if known else max(total - float(tested.sum()), 0.0)
    p, size, statistic = nested_p(tested, rest, rows.freedom - len(tested))
    fit = fitted(edge, spline, directions.coefficients, rows)
    variance = 1.0 if known else max(fit.loss / freedom, 1e-300)
    # An effect of length 1 is one standard deviation of y, with the constants making up for what they can.
    smoothest = _share(spline.basis(u) @ directions.coefficients[:, 0], own, effect**2)
    shift = SEEN / smoothest if smoothest > 0 else math.inf
    return replace(
        empty,
        directions=count,
        size=size,
        statistic=statistic,
        p_value=p,
        gain=(fit.start - fit.loss) / variance,
        move=_share(spline.basis(u) @ fit.coefficients, own, effect**2),
        power=_power(shift**2 / variance, None if known else freedom),
        curve=_curve(edge, spline, fit, variance),
    )


def _power(noncentrality: float, freedom: int | None) -> float:
    """Probability that the test of the smoothest directions sees a deviation at `LEVEL`.

    Of the nested tests the first, of `SIZES[0]` directions, is the most powerful against a smooth deviation, and pays
    for the others with a level of a third of the whole.
    """
    if not math.isfinite(noncentrality):
        return 1.0 if noncentrality > 0 else 0.0
    size, level = SIZES[0], LEVEL / len(SIZES)
    if freedom is None:
        return float(scipy.stats.ncx2.sf(scipy.stats.chi2.isf(level, size), size, noncentrality))
    return float(scipy.stats.ncf.sf(scipy.stats.f.isf(level, size, freedom), size, freedom, noncentrality))


def _share(change: np.ndarray, function: np.ndarray, weights: np.ndarray) -> float:
    """Weighted root mean square of a change of a function, in parts of that of the function about its mean."""
    known = np.isfinite(function)
    change, function, weights = change[known], function[known], weights[known]
    if not weights.any():
        return math.nan
    spread = float(np.average((function - np.average(function, weights=weights)) ** 2, weights=weights))
    return math.sqrt(float(np.average(change**2, weights=weights)) / spread) if spread > 0 else math.nan


def _curve(edge: Edge, spline: Spline, fit: Fit, variance: float) -> FreedCurve:
    x = np.linspace(spline.knots[0], spline.knots[-1], POINTS)
    basis = spline.basis(x)
    function = edge.outer.evaluate(x[:, None])
    error = np.sqrt(np.maximum(((basis @ fit.covariance) * basis).sum(axis=1) * variance, 0.0))
    parts = (x, function, function + basis @ fit.coefficients, error)
    return FreedCurve(*(tuple(part.tolist()) for part in parts))
