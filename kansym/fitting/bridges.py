"""Formulas handed to lmfit and iminuit, for what these do better: bounds, ties between constants, plots of profiles."""

import inspect
import keyword
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kansym.errors import ArgumentError, DataError
from kansym.fitting.orthogonal import nearest_distances
from kansym.fitting.result import KnownForm
from kansym.optional import optional_module
from kansym.symbolic.constants import bounded
from kansym.symbolic.formula import Formula
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.symbolic.refit import redundant_constants

if TYPE_CHECKING:
    import iminuit
    import lmfit

TAKEN = frozenset(
    (
        *("self", "data", "params", "weights", "method", "iter_cb", "scale_covar", "verbose", "fit_kws", "nan_policy"),
        *("calc_covar", "max_nfev", "coerce_farray", "kwargs"),
    )
)
"""Arguments of `lmfit.Model.fit`: a column of that name would never arrive."""


def to_lmfit(fit: "KnownForm | Formula") -> "tuple[lmfit.Model, lmfit.Parameters]":
    """A model and parameters of the package lmfit.

    Fitted to the same table they give the same constants and errors: ``model.fit(y, parameters, t=t)`` without errors
    of y, ``model.fit(y, parameters, t=t, weights=1/y_error, scale_covar=False)`` with them.

    Parameters
    ----------
    fit : KnownForm or Formula

    Returns
    -------
    model : lmfit.Model
        Its independent variables are the columns; ``model.columns`` maps their names to identifiers, which differ where
        a name is not an identifier or has a meaning to lmfit, and ``model.constants`` does that for the constants.
    parameters : lmfit.Parameters
        At the fitted values, with their standard errors and bounds. Exact and fixed constants, and those that the data
        cannot tell from others, do not vary.

    Raises
    ------
    MissingDependencyError
        If lmfit is not installed.
    """
    lmfit = optional_module("lmfit", feature="A model for lmfit", extra="bridges")
    form, errors, exact = _parts(fit)
    names = [symbol.name for symbol in form.variables]
    columns = safe_names(names, TAKEN)
    constants = safe_names([symbol.name for symbol in form.constants], TAKEN | set(columns.values()))
    model = lmfit.Model(
        _named_function(form, list(columns.values()), list(constants.values())),
        independent_vars=list(columns.values()),
        param_names=list(constants.values()),
    )
    model.columns, model.constants = columns, constants
    parameters = model.make_params()
    for symbol, value, error, (low, high) in zip(form.constants, form.values, errors, _limits(form), strict=True):
        parameter = parameters[constants[symbol.name]]
        parameter.set(value=float(value), vary=symbol.name not in exact and low < high)
        if low < high:
            parameter.set(min=low, max=high)
        if np.isfinite(error):
            parameter.stderr = float(error)
    return model, parameters


def to_iminuit(fit: KnownForm) -> "iminuit.Minuit":
    """A `Minuit` on the chi-squared of the fitted table, at the fitted constants: ready for ``migrad``, ``minos``.

    With errors of the inputs its function is the chi-squared of the orthogonal distances. Without errors of y, and
    where errors are scaled, the residual standard deviation stands for them, so that Minuit's errors are those of the
    fit. Errors that follow from the formula, of counts or below and above y, are those at the fitted constants.
    Constants keep their names and bounds; those that the data cannot tell from others are fixed.

    Raises
    ------
    MissingDependencyError
        If iminuit is not installed.
    ArgumentError
        If the fit has a robust loss, or no degrees of freedom to take the errors from.
    """
    if fit.loss != "linear":
        raise ArgumentError(f"fit has the loss {fit.loss!r}, and Minuit's errors hold for least squares: loss='linear'")
    problem, estimate = fit.problem, fit.fit
    rows = problem.measurements
    spread = 1.0
    if fit.errors_scaled:
        spread = fit.residual_sd / rows.mean_error(estimate.effective_error)
        if not np.isfinite(spread) or spread <= 0:
            raise ArgumentError("fit has no residuals to take errors from; give y_error to fit_constants")
    form, errors, exact = _parts(fit)
    y = problem.y if estimate.shift is None else problem.y + estimate.shift
    x_error = None if problem.x_error is None else spread * problem.x_error
    y_error = spread * rows.error_at(estimate.form.evaluate(problem.X))
    return _minuit(form, errors, exact, problem.X, y, y_error, x_error)


def formula_to_lmfit(formula: Formula) -> "tuple[lmfit.Model, lmfit.Parameters]":
    """`to_lmfit` for a formula of a search."""
    return to_lmfit(formula)


def formula_to_iminuit(formula: Formula, X: Any, y: Any, y_error: Any = None) -> "iminuit.Minuit":
    """A `Minuit` on the chi-squared of a formula over a table, at the formula's constants.

    Parameters
    ----------
    formula : Formula
    X : array (n, d) or DataFrame
        Columns in the order of ``formula.variables``; a DataFrame is read by name.
    y : array (n,)
    y_error : array (n,) or float, optional
        Standard errors of y. Without them the standard deviation of the residuals stands for them.

    Raises
    ------
    MissingDependencyError
        If iminuit is not installed.
    DataError
        If shapes do not fit, errors are not positive, or the formula has no finite value on some row.
    ArgumentError
        If the formula has no constants, or leaves no residuals to take errors from.
    """
    form, errors, exact = _parts(formula)
    if not form.constants:
        raise ArgumentError(f"formula {formula} has no constants to fit")
    if hasattr(X, "columns"):
        missing = [name for name in formula.variables if name not in X.columns]
        if missing:
            raise DataError(f"X lacks the columns {missing}; the formula was found with {list(formula.variables)}")
        X = X[list(formula.variables)]
    X, y = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if X.ndim != 2 or X.shape[1] != len(formula.variables) or y.shape != (len(X),):
        raise DataError(f"X must have shape (n, {len(formula.variables)}) and y (n,), got {X.shape} and {y.shape}")
    residuals = y - form.evaluate(X)
    if not np.isfinite(residuals).all():
        raise DataError(f"the formula or y has no finite value on {int((~np.isfinite(residuals)).sum())} rows")
    if y_error is None:
        free = len(form.constants) - len(exact)
        spread = float(np.sqrt(np.sum(residuals**2) / (len(y) - free))) if len(y) > free else 0.0
        if spread <= 0:
            raise ArgumentError("y_error is needed: there are no residuals to take errors from")
        y_error = spread
    error = np.array(np.broadcast_to(np.asarray(y_error, dtype=np.float64), y.shape))
    if not (np.isfinite(error).all() and (error > 0).all()):
        raise DataError("y_error must be finite and positive")
    return _minuit(form, errors, exact, X, y, error, None)


def safe_names(names: Iterable[str], taken: Iterable[str]) -> dict[str, str]:
    """Different identifiers for any names, as near to them as possible; none is a keyword or in `taken`."""
    used = set(taken)
    result: dict[str, str] = {}
    for name in names:
        plain = re.sub(r"\W", "_", name, flags=re.ASCII)
        plain = f"_{plain}" if not plain or plain[0].isdigit() else plain
        candidate, number = plain, 1
        while candidate in used or keyword.iskeyword(candidate):
            number += 1
            candidate = f"{plain}_{number}"
        used.add(candidate)
        result[name] = candidate
    return result


def _parts(fit: KnownForm | Formula) -> tuple[ParametricForm, np.ndarray, frozenset[str]]:
    """The form with values, standard errors (k,), and the names of constants that do not vary."""
    if isinstance(fit, KnownForm):
        form = fit.fit.form
        return form, fit.fit.errors, frozenset(symbol.name for symbol in redundant_constants(form, fit.problem.X))
    form = parametrize(fit.expression, tuple(map(plain_symbol, fit.variables)))
    left = list(fit.constants)
    values, errors = np.array(form.values), np.full(len(form.values), np.nan)
    taken = {constant.name for constant in left} | set(fit.variables)
    for j, symbol in enumerate(form.constants):
        # Algebra may have turned the sign of a constant, or changed it beyond recognition.
        known = next((constant for constant in left if abs(constant.value) == abs(values[j])), None)
        if known is None:
            name = symbol.name
            while name in taken:
                name += "_"
            taken.add(name)
        else:
            left.remove(known)
            name = known.name
            errors[j] = np.nan if known.error is None else known.error
        sign = 1 if known is None or known.value == values[j] else -1
        # Symbols of `parametrize` are real, plain ones are not: equal names do not get mixed up.
        form = _renamed(form, symbol, plain_symbol(name), sign)
        values[j] *= sign
    return bounded(form.with_values(values), fit.constants), errors, frozenset()


def _limits(form: ParametricForm) -> list[tuple[float, float]]:
    """Both ends of every constant, infinite where there is none."""
    ends = [(-np.inf, np.inf)] * len(form.constants) if form.bounds is None else form.bounds.tolist()
    return [(low, high) for low, high in ends]


def _renamed(form: ParametricForm, symbol: Any, new: Any, sign: int) -> ParametricForm:
    constants = tuple(new if other == symbol else other for other in form.constants)
    expression = form.expression.xreplace({symbol: sign * new})
    return ParametricForm(expression, form.variables, constants, form.values)  # pyright: ignore[reportArgumentType]


def _named_function(
    form: ParametricForm, columns: Sequence[str], constants: Sequence[str]
) -> Callable[..., np.ndarray]:
    """The formula as a function of columns and constants with these names, which lmfit reads from its signature."""

    def formula(*arguments: Any, **named: Any) -> np.ndarray:
        bound = signature.bind(*arguments, **named).arguments
        arrays = [np.asarray(bound[name], dtype=np.float64) for name in columns]
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
        flat = [np.ascontiguousarray(np.broadcast_to(array, shape)).ravel() for array in arrays]
        return form.value_at(flat, np.array([float(bound[name]) for name in constants])).reshape(shape)

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature = inspect.Signature([inspect.Parameter(name, kind) for name in (*columns, *constants)])
    formula.__signature__ = signature  # pyright: ignore[reportFunctionMemberAccess]
    return formula


def _minuit(
    form: ParametricForm,
    errors: np.ndarray,
    exact: frozenset[str],
    X: np.ndarray,
    y: np.ndarray,
    y_error: np.ndarray,
    x_error: np.ndarray | None,
) -> "iminuit.Minuit":
    iminuit = optional_module("iminuit", feature="A Minuit", extra="bridges")
    cost = optional_module("iminuit.cost", feature="A Minuit", extra="bridges")
    names = [symbol.name for symbol in form.constants]
    if x_error is None:
        # The axes of iminuit: columns first.
        function = cost.LeastSquares(
            X.T if X.shape[1] > 1 else X[:, 0],
            y,
            y_error,
            lambda x, *values: form.value_at(tuple(np.atleast_2d(x)), np.array(values)),
            grad=lambda x, *values: form.jacobian_at(tuple(np.atleast_2d(x)), np.array(values)).T,
            name=names,
        )
        minuit = iminuit.Minuit(function, *map(float, form.values))
    else:

        def chi2(values: np.ndarray) -> float:
            found = nearest_distances(form.with_values(values), X, y, x_error=x_error, y_error=y_error)
            return float(np.sum(found**2))

        minuit = iminuit.Minuit(chi2, np.array(form.values), name=names)
        minuit.errordef = iminuit.Minuit.LEAST_SQUARES
    for name, error, (low, high) in zip(names, errors, _limits(form), strict=True):
        if np.isfinite(error) and error > 0:
            minuit.errors[name] = float(error)
        minuit.fixed[name] = name in exact or low == high
        if low < high:
            minuit.limits[name] = (low, high)
    return minuit
