"""The constants of a formula that the user gives, fitted to a table."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.stats

from kansym.errors import ArgumentError, DataError
from kansym.fitting.arguments import KnownFormProblem, read_arguments
from kansym.fitting.descents import best_descent, settled
from kansym.fitting.result import KnownForm
from kansym.fitting.signs import positive_where_free
from kansym.fitting.starts import starting_values
from kansym.fitting.undetermined import undetermined_notes
from kansym.formula import Constant, Formula
from kansym.symbolic.complexity import complexity, description_length
from kansym.symbolic.naming import plain
from kansym.symbolic.parametric import columns_of
from kansym.symbolic.refit import LeastSquares


def fit_constants(
    expression: str,
    data: Any,
    y: Any,
    *,
    start: Mapping[str, float] | None = None,
    y_error: Any = None,
    scale_errors: bool = False,
    seed: int = 0,
    target: str = "y",
) -> KnownForm:
    """Fit the constants of a formula by least squares, with errors, correlations and chi-squared.

    Parameters
    ----------
    expression : str
        The formula, such as ``"A*exp(-t/tau) + B"``; see `kansym.symbolic.parser.parse_expression` for what is
        understood. Names that are not columns are the constants; ``pi``, ``E``, ``EulerGamma`` and ``GoldenRatio``
        are numbers unless a column is called so.
    data : mapping of str to array (n,), or DataFrame
        Columns by name. A single number stands for a column of it. Columns that the formula does not use may be there.
    y : array (n,)
        What the formula describes.
    start : mapping of str to float, optional
        Starting values. Constants without one, by default all, are started from the data: those that enter linearly
        are solved for, the others drawn over decades around the size that the formula and the columns suggest,
        screened, and the best twenty fitted. Give a start where you want a certain one of several minima.
    y_error : array (n,) or float, optional
        Standard errors of y, positive, in units of y. Rows are then weighted by 1/y_error^2.
    scale_errors : bool, default False
        With `y_error`, errors of the constants are absolute by default: they follow from `y_error` alone. True scales
        the covariance by chi-squared per degree of freedom, as is right when only ratios of `y_error` are known.
        Without `y_error` the covariance is always scaled by the residual variance s^2 = RSS/ndf.
    seed : int, default 0
        Of the starts. The same seed gives the same result.
    target : str, default "y"
        Name of what is described, for texts.

    Returns
    -------
    KnownForm
        Constants that the data do not determine have nan as error, and a note that names them.

    Raises
    ------
    FormulaSyntaxError
        If the text is no formula.
    ArgumentError
        If the formula has no constants or no column of the data, or a start cannot be used.
    DataError
        If columns are missing values or of different lengths, or the formula has no finite value on some row.

    Examples
    --------
    >>> import numpy as np
    >>> t = np.linspace(0, 5, 20)
    >>> fit = fit_constants("A*exp(-t/tau) + B", {"t": t}, 3*np.exp(-t/2) + 1)
    >>> {name: round(value, 6) for name, value in fit.values.items()}
    {'A': 3.0, 'tau': 2.0, 'B': 1.0}
    """
    problem = read_arguments(expression, data, y, start=start, y_error=y_error, target=target)
    if not isinstance(seed, int | np.integer) or isinstance(seed, bool) or seed < 0:
        raise ArgumentError(f"seed must be a whole number that is not negative, got {seed!r}")
    own = len(problem.given) < len(problem.form.constants)
    begin = _own_start(problem, int(seed)) if own else np.array(list(problem.given.values()))
    columns = columns_of(problem.X, problem.X.shape[1])
    squares = LeastSquares(problem.form, columns, problem.y, problem.weights)
    if not np.isfinite(squares.loss(begin)):
        given = ", ".join(f"{name}={value:g}" for name, value in problem.named(begin).items())
        raise ArgumentError(f"start {given}: {problem.undefined(begin)}; start where it is finite on all rows")
    values = begin if own else best_descent(squares, begin)[0]
    values, converged = settled(squares, values)
    notes = [] if converged else ["The fit did not converge; the values are the best so far."]
    return _result(problem, squares, values, begin, scale_errors or problem.y_error is None, notes)


def _own_start(problem: KnownFormProblem, seed: int) -> np.ndarray:
    names = [symbol.name for symbol in problem.form.constants]
    fixed = {names.index(name): value for name, value in problem.given.items()}
    rng = np.random.default_rng(seed)
    start = starting_values(problem.form, problem.X, problem.y, problem.weights, fixed, rng)
    if start is None:
        values = np.array([problem.given.get(name, 1.0) for name in names])
        raise DataError(f"{problem.undefined(values)}, nor at any of the other values tried; give a start")
    return positive_where_free(problem.form, columns_of(problem.X, problem.X.shape[1]), start, set(fixed))


def _result(
    problem: KnownFormProblem,
    squares: LeastSquares,
    values: np.ndarray,
    begin: np.ndarray,
    scaled: bool,
    notes: list[str],
) -> KnownForm:
    form = problem.form.with_values(values)
    n, k = len(problem.y), len(values)
    residuals = problem.y - form.evaluate(problem.X)
    loss = squares.loss(values)
    rank = k - squares.null_space(values).shape[1]
    ndf = n - rank
    residual_sd = float(np.sqrt(loss * n / ndf)) if ndf > 0 else float("nan")
    # Weights have mean 1, so that they are 1/y_error^2 times the square of this.
    sigma = residual_sd if scaled else problem.mean_error
    covariance = squares.inverse_normal(values, sigma)[0]
    with np.errstate(invalid="ignore"):
        errors = np.sqrt(np.diagonal(covariance))
    notes = notes + undetermined_notes([symbol.name for symbol in form.constants], squares.null_space(values))
    if scaled and ndf <= 0:
        notes.append(f"There are no more rows ({n}) than constants ({k}), so that errors cannot be estimated.")
    chi2 = None if problem.y_error is None else float(np.sum((residuals / problem.y_error) ** 2))
    constants = tuple(
        Constant(symbol.name, float(value), float(error) if np.isfinite(error) else None)
        for symbol, value, error in zip(form.constants, values, errors, strict=True)
    )
    formula = Formula(
        expression=plain(form.substituted()),
        variables=tuple(symbol.name for symbol in form.variables),
        target=problem.target,
        complexity=complexity(form.substituted()),
        train_loss=loss,
        validation_loss=float("nan"),
        description_length=description_length(form, n, loss, 0.0, len(form.variables)),
        constants=constants,
        structure="given",
        notes=tuple(notes),
    )
    return KnownForm(
        expression=problem.text,
        values=problem.named(values),
        errors=problem.named(errors),
        covariance=covariance,
        formula=formula,
        residuals=residuals,
        rss=float(np.sum(residuals**2)),
        ndf=ndf,
        residual_sd=residual_sd,
        chi2=chi2,
        p_value=float(scipy.stats.chi2.sf(chi2, ndf)) if chi2 is not None and ndf > 0 else None,
        errors_scaled=scaled,
        start=problem.named(begin),
        notes=tuple(notes),
    )
