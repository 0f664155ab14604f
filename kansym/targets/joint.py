# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false
"""One fit of the formulas of several targets, some of whose constants are the same."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy
import sympy

from kansym.data.dataset import Dataset
from kansym.errors import KansymError
from kansym.fitting.estimate import Estimate, estimate, estimate_table
from kansym.symbolic.parametric import ParametricForm

MOST_ROWS = 100_000
"""Rows of all targets together up to which they are fitted jointly."""

ROUNDING = 1e-9
"""Residual, in parts of the target, that is no noise: what algebra and fit leave of an exact law."""

LEAST_P = 0.01
"""Probability of the added chi-squared below which a constant is not the same."""


@dataclass(frozen=True, eq=False)
class OwnFit:
    """One target with a fit of its own.

    Attributes
    ----------
    target : str
    table : Dataset
    fit : Estimate
    sigma : array (n,)
        Standard errors of the rows: those of the table, or the scatter about the formula.
    """

    target: str
    table: Dataset
    fit: Estimate
    sigma: np.ndarray

    @property
    def form(self) -> ParametricForm:
        """With the fitted values."""
        return self.fit.form

    @property
    def exact(self) -> bool:
        """Whether the formula leaves rounding alone, on a table without errors."""
        size = math.sqrt(float(np.mean(self.table.y**2)))
        return self.table.y_error is None and float(np.sqrt(np.mean(self.fit.residuals**2))) <= ROUNDING * size

    @property
    def chi2(self) -> float:
        weight = 1.0 if self.table.sample_weight is None else self.table.sample_weight
        return float(np.sum(weight * (self.fit.residuals / self.sigma) ** 2))

    @property
    def values(self) -> dict[sympy.Symbol, tuple[float, float]]:
        """Values and standard errors of the constants; those of exact data have the rounding for an error."""
        least = ROUNDING * np.abs(self.fit.values) if self.exact else np.zeros(len(self.fit.values))
        errors = np.fmax(np.nan_to_num(self.fit.errors, nan=math.inf), least)
        return dict(zip(self.form.constants, zip(self.fit.values.tolist(), errors.tolist(), strict=True), strict=True))


def own_fit(target: str, form: ParametricForm, table: Dataset, loss: str) -> OwnFit | None:
    """The constants of one target by themselves; None where they cannot be fitted."""
    try:
        fit = estimate_table(form, table, loss)
    except KansymError:
        return None
    if not np.isfinite(fit.residuals).all() or not np.isfinite(fit.values).all():
        return None
    size = math.sqrt(float(np.mean(table.y**2)))
    scatter = np.full(table.n_rows, max(fit.residual_sd if fit.ndf > 0 else 0.0, np.finfo(float).eps * size))
    return OwnFit(target, table, fit, scatter if table.y_error is None else table.y_error)


@dataclass(frozen=True, eq=False)
class JointFit:
    """All targets with one set of constants.

    Attributes
    ----------
    expressions : tuple of sympy.Expr
        One per target, in plain symbols of the columns and `constants`.
    constants : tuple of Symbol
    values, errors : arrays (k,)
        Standard errors are nan where not known.
    added : float
        Chi-squared beyond that of the separate fits.
    saved : int
        Constants fewer than those have.
    p_value : float or None
        Of so much added chi-squared by chance; None for data without noise.
    """

    expressions: tuple[sympy.Expr, ...]
    constants: tuple[sympy.Symbol, ...]
    values: np.ndarray
    errors: np.ndarray
    added: float
    saved: int
    p_value: float | None

    @property
    def holds(self) -> bool:
        """Whether the data agree with constants that are the same."""
        return self.p_value is None or self.p_value >= LEAST_P


def joint_fit(
    own: Sequence[OwnFit], expressions: Sequence[sympy.Expr], start: Mapping[sympy.Symbol, float]
) -> JointFit | None:
    """Fit several targets at once, as one table with a column for each target that says which rows are its own.

    Parameters
    ----------
    own : sequence of OwnFit
        With the same columns.
    expressions : sequence of sympy.Expr
        One per target, in the symbols of the columns and of constants.
    start : mapping of Symbol to float
        The constants, with the values to begin with.

    Returns
    -------
    JointFit or None
        None where a formula has no value on the rows of another target, or the rows are too many. Without noise None,
        too, where the constants are not the same.
    """
    variables = own[0].form.variables
    rows = [one.table.n_rows for one in own]
    if sum(rows) > MOST_ROWS or any(one.form.variables != variables for one in own):
        return None
    flags = tuple(sympy.Symbol(f"_target {k}", real=True) for k in range(len(own)))
    used = set().union(*(expression.free_symbols for expression in expressions))
    constants = tuple(symbol for symbol in start if symbol in used)
    whole = sympy.Add(*(flag * expression for flag, expression in zip(flags, expressions, strict=True)))
    form = ParametricForm(whole, (*variables, *flags), constants, np.array([start[one] for one in constants]))
    X = np.hstack([np.vstack([one.table.X for one in own]), np.repeat(np.eye(len(own)), rows, axis=0)])
    known = all(one.table.y_error is not None for one in own)
    try:
        fit = estimate(
            form,
            X,
            np.concatenate([one.table.y for one in own]),
            y_error=np.concatenate([one.sigma for one in own]),
            x_error=_input_errors(own),
            sample_weight=_weights(own),
            scale_errors=not known,
        )
    except KansymError:
        return None
    if fit.chi2 is None or not np.isfinite(fit.residuals).all():
        return None
    fits = zip(own, np.split(fit.residuals, np.cumsum(rows)[:-1]), strict=True)
    saved = sum(one.fit.rank for one in own) - fit.rank
    if all(one.exact for one in own):
        same = all(_rounding(residuals, one.table.y) for one, residuals in fits)
        found = (0.0, None) if same else None
    else:
        added = max(fit.chi2 - sum(one.chi2 for one in own), 0.0)
        found = (added, _probability(added, saved, None if known else fit.ndf))
    if found is None:
        return None
    return JointFit(tuple(expressions), constants, fit.values, fit.errors, found[0], saved, found[1])


def _probability(added: float, saved: int, ndf: int | None) -> float:
    """Of so much added chi-squared; with `ndf` the errors were estimated from so many degrees of freedom."""
    if saved <= 0:
        return 1.0
    if ndf is None:
        return float(scipy.stats.chi2.sf(added, saved))
    return float(scipy.stats.f.sf(added / saved, saved, max(ndf, 1)))


def _rounding(residuals: np.ndarray, y: np.ndarray) -> bool:
    return float(np.sqrt(np.mean(residuals**2))) <= ROUNDING * math.sqrt(float(np.mean(y**2)))


def _input_errors(own: Sequence[OwnFit]) -> np.ndarray | None:
    if all(one.table.x_error is None for one in own):
        return None
    parts = [np.zeros_like(one.table.X) if one.table.x_error is None else one.table.x_error for one in own]
    errors = np.vstack(parts)
    return np.hstack([errors, np.zeros((len(errors), len(own)))])


def _weights(own: Sequence[OwnFit]) -> np.ndarray | None:
    if all(one.table.sample_weight is None for one in own):
        return None
    given = ((one.table.sample_weight, one.table.n_rows) for one in own)
    return np.concatenate([np.ones(rows) if weight is None else weight for weight, rows in given])
