# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""The strict criterion of recovery: the law's values inside and beyond the data, and no longer than the law."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.optimize
import sympy

from kansym.bench.evaluation import precise_values, values
from kansym.bench.problem import Problem
from kansym.errors import KansymError
from kansym.symbolic.complexity import complexity
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.refit import refit

EXACT = 1e-6
"""Largest NRMSE without noise."""

NOISE_SHARE = 5.0
"""With noise g, the NRMSE on clean targets may be g over this."""

LENGTH = 1.5
"""Largest node count in units of the law's. With noise a factor or an exponent that was measured as one, within the
tolerance of values, is none: 1.0008*u*v is as long as u*v."""

AS_GOOD = 2.0
"""Where constants are free: largest RMS residual on the rows in units of the fitted law's; constants
that were rounded to those of the textbook (Bode's 0.4 and 0.3) pass."""

FIT_INSIDE, FIT_BEYOND = 2.0, 3.0
"""Where a law is judged by its fit: largest NRMSE within the ranges and beyond, in units of that of the law with its
free constants fitted to the same rows."""

WORST = 1.0
"""Largest such NRMSE, where the rows do not even determine the law's own constants."""

PROBES = 8
"""Worst points that are looked at with many digits before the rest are."""


@dataclass(frozen=True)
class StrictVerdict:
    """How a formula stands by the strict criterion.

    Attributes
    ----------
    inside, beyond : float
        NRMSE within the ranges and beyond; inf where the formula has no value and the law has one.
    tolerance : float
        For `inside`, and for `beyond` unless it has one of its own.
    nodes, law_nodes : int
    fits : bool
        Where the law's constants are free: whether the formula describes the rows as well as the fitted law; else true.
    tolerance_beyond : float or None
    any_length : bool
        Whether the length of the formula does not count.
    """

    inside: float
    beyond: float
    tolerance: float
    nodes: int
    law_nodes: int
    fits: bool = True
    tolerance_beyond: float | None = None
    any_length: bool = False

    @property
    def right_inside(self) -> bool:
        """Whether the values are right within the ranges."""
        return self.inside <= self.tolerance and self.fits

    @property
    def right(self) -> bool:
        """Whether the values are right within the ranges and beyond."""
        allowed = self.tolerance if self.tolerance_beyond is None else self.tolerance_beyond
        return self.right_inside and self.beyond <= allowed

    @property
    def short(self) -> bool:
        """Whether the formula is not much longer than the law."""
        return self.any_length or self.nodes <= LENGTH * self.law_nodes

    @property
    def recovered(self) -> bool:
        """Whether the law is recovered."""
        return self.right and self.short


def strict(formula: sympy.Expr, problem: Problem) -> StrictVerdict:
    """Judge a formula.

    The error at a point is ``|formula - law| / (spread + |law|)``, with the spread (standard deviation) of the law
    within its ranges; the NRMSE is its root mean square. Points where the law is not finite and real are not counted;
    a formula without a value where the law has one fails. Where double precision finds a difference, both are
    evaluated again with 50 digits, so that cancellation and overflow are not taken for one.

    Where constants of the law are free (measured tables), only the form is to be recovered: the constants are fitted
    to the formula, which must then agree to `EXACT`, and the formula must describe the rows as well as the fitted law.

    Where the law is judged by its fit (few measured rows with errors), recovered is what comes as close to the law,
    within the ranges and beyond, as the law itself does with its constants fitted to the same rows: within factors of
    `FIT_INSIDE` and `FIT_BEYOND`, however long it is.

    Parameters
    ----------
    formula : sympy.Expr
        In the names of the columns.
    problem : Problem
    """
    if problem.law.judge == "fit":
        return _as_good_as_fit(formula, problem)
    truth, fits = problem.truth, True
    if problem.law.free:
        truth = fitted_law(formula, problem)
        fits = _describes_rows(formula, problem)
        tolerance = EXACT
    else:
        tolerance = max(EXACT, problem.noise / NOISE_SHARE)
    spread = float(np.std(values(truth, problem.symbols, problem.inside, precise=problem.law.precise)))
    inside, beyond = (
        nrmse(formula, truth, problem.symbols, X, spread=spread, tolerance=tolerance, precise=problem.law.precise)
        for X in (problem.inside, problem.beyond)
    )
    nodes = complexity(_without_ones(formula, tolerance) if problem.noise > 0 else formula)
    return StrictVerdict(inside, beyond, tolerance, nodes, problem.law.nodes, fits)


def _without_ones(formula: sympy.Expr, tolerance: float) -> sympy.Expr:
    """The formula without factors and exponents that are one within a tolerance."""
    near = {number: sympy.Integer(round(number)) for number in formula.atoms(sympy.Float) if 0 < abs(number) < 2}
    near = {number: whole for number, whole in near.items() if abs(whole) == 1 and abs(number - whole) <= tolerance}
    return formula.replace(
        lambda node: (node.is_Mul or node.is_Pow) and any(argument in near for argument in node.args),
        lambda node: node.func(*(near.get(argument, argument) for argument in node.args)),
    )


def _as_good_as_fit(formula: sympy.Expr, problem: Problem) -> StrictVerdict:
    own = fit_errors(problem)
    tolerances = [
        min(WORST, max(EXACT, factor * error)) for factor, error in zip((FIT_INSIDE, FIT_BEYOND), own, strict=True)
    ]
    inside, beyond = (
        _nrmse_of(formula, problem, X, tolerance)
        for X, tolerance in zip((problem.inside, problem.beyond), tolerances, strict=True)
    )
    nodes = problem.law.nodes
    return StrictVerdict(
        inside, beyond, tolerances[0], complexity(formula), nodes, tolerance_beyond=tolerances[1], any_length=True
    )


@lru_cache(maxsize=8)
def fit_errors(problem: Problem) -> tuple[float, float]:
    """NRMSE within the ranges and beyond of the law with its free constants fitted to the rows, errors as weights."""
    law = problem.law
    fixed = {plain_symbol(n): sympy.Float(v) for n, v in law.constants.items() if n not in law.free}
    start = np.array([law.constants[name] for name in law.free], dtype=np.float64)
    free = tuple(plain_symbol(name) for name in law.free)
    form = ParametricForm(problem.form.xreplace(fixed), problem.symbols, free, start)
    fitted = refit(form, problem.X, problem.y, weights=problem.weights).form.substituted()
    inside, beyond = (_nrmse_of(fitted, problem, X, EXACT) for X in (problem.inside, problem.beyond))
    return inside, beyond


def _nrmse_of(formula: sympy.Expr, problem: Problem, X: np.ndarray, tolerance: float) -> float:
    """`nrmse` against the law itself."""
    precise = problem.law.precise
    spread = float(np.std(values(problem.truth, problem.symbols, problem.inside, precise=precise)))
    return nrmse(formula, problem.truth, problem.symbols, X, spread=spread, tolerance=tolerance, precise=precise)


def nrmse(
    formula: sympy.Expr,
    truth: sympy.Expr,
    symbols: tuple[sympy.Symbol, ...],
    X: np.ndarray,
    *,
    spread: float,
    tolerance: float,
    precise: bool = False,
) -> float:
    """Normalised root-mean-square error at rows X (m, d), as in `strict`; inf where the formula has no value."""
    law = values(truth, symbols, X, precise=precise)
    try:
        found = values(formula, symbols, X)
    except KansymError:
        return math.inf
    error = _error(found, law, spread)
    worst = np.argsort(-error, kind="stable")
    # A few of the worst points first: where their differences are real, the others need no second look.
    for first, part in ((True, worst[:PROBES]), (False, worst[PROBES:])):
        if _rms(error) <= tolerance or (not first and error[worst[:PROBES]].max() > tolerance):
            break
        part = part[error[part] > tolerance]
        law[part] = precise_values(truth, symbols, X[part])
        error[part] = _error(precise_values(formula, symbols, X[part]), law[part], spread)
    return _rms(error)


def fitted_law(formula: sympy.Expr, problem: Problem) -> sympy.Expr:
    """The law with its free constants as close to the formula as they can be."""
    # Every tenth point determines a few constants as well, and high precision is slow.
    X = np.concatenate([problem.inside[::10], problem.beyond[::10]])
    found = values(formula, problem.symbols, X)
    missing = ~np.isfinite(found)
    if missing.any():
        found[missing] = precise_values(formula, problem.symbols, X[missing])
    usable = np.isfinite(found)
    if usable.sum() < 10:
        return problem.truth
    return _fit_constants(problem, X[usable], found[usable])


def _describes_rows(formula: sympy.Expr, problem: Problem) -> bool:
    law = _fit_constants(problem, problem.X, problem.y)
    with np.errstate(all="ignore"):
        own, other = (
            float(np.sqrt(np.mean((_values_or_precise(expression, problem) - problem.y) ** 2)))
            for expression in (formula, law)
        )
    return own <= AS_GOOD * other + EXACT * float(np.std(problem.y))


def _values_or_precise(expression: sympy.Expr, problem: Problem) -> np.ndarray:
    found = values(expression, problem.symbols, problem.X)
    missing = ~np.isfinite(found)
    if missing.any():
        found[missing] = precise_values(expression, problem.symbols, problem.X[missing])
    return found


def _fit_constants(problem: Problem, X: np.ndarray, y: np.ndarray) -> sympy.Expr:
    """The law with its free constants fitted to values, on a logarithmic scale: they keep their signs."""
    law = problem.law
    start = np.array([law.constants[name] for name in law.free])
    free = tuple(plain_symbol(name) for name in law.free)
    fixed = {plain_symbol(n): sympy.Float(v) for n, v in law.constants.items() if n not in law.free}
    form = problem.form.xreplace(fixed)
    scale = (float(np.std(y)) or 1.0) + np.abs(y)

    def constants(logarithms: np.ndarray) -> np.ndarray:
        return start * np.exp(np.clip(logarithms, -50, 50))

    def residuals(logarithms: np.ndarray) -> np.ndarray:
        # Constants as further columns: one compiled function serves all steps.
        numbers = np.broadcast_to(constants(logarithms), (len(X), len(free)))
        found = values(form, (*problem.symbols, *free), np.hstack([X, numbers]), precise=law.precise)
        return np.nan_to_num((found - y) / scale, nan=1e3, posinf=1e3, neginf=1e3)

    fit = scipy.optimize.least_squares(
        residuals, np.zeros(len(start)), x_scale="jac", ftol=1e-15, xtol=1e-15, gtol=1e-15, max_nfev=200
    )
    return form.xreplace({s: sympy.Float(v) for s, v in zip(free, constants(fit.x), strict=True)})


def _error(found: np.ndarray, law: np.ndarray, spread: float) -> np.ndarray:
    with np.errstate(all="ignore"):
        error = np.abs(found - law) / (spread + np.abs(law))
    error = np.where(np.isfinite(error), error, np.inf)
    return np.where(np.isfinite(law), error, 0.0)


def _rms(error: np.ndarray) -> float:
    with np.errstate(all="ignore"):
        return float(np.sqrt(np.mean(error**2)))
