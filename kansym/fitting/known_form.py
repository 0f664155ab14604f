"""The constants of a formula that the user gives, fitted to a table."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.special

from kansym._renamed import renamed_arguments
from kansym.data.columns import listing
from kansym.data.dataset import Dataset
from kansym.data.error_models import POISSON
from kansym.data.files import is_shipped
from kansym.data.given_table import given_table, old_form, readable
from kansym.data.readers import raw_table
from kansym.data.remarks import name_hints
from kansym.data.table import names_and_units
from kansym.errors import Argument, ArgumentError, DataError
from kansym.fitting.arguments import KnownFormProblem, read_arguments
from kansym.fitting.determined import Combination, determined_combinations, undetermined_notes
from kansym.fitting.estimate import Estimate, estimate
from kansym.fitting.least_squares import best_descent
from kansym.fitting.outliers import outlier_note
from kansym.fitting.result import KnownForm
from kansym.fitting.robust import robust_loss
from kansym.fitting.signs import positive_where_free
from kansym.fitting.starts import aliased, starting_values
from kansym.numbers import measured
from kansym.symbolic.complexity import complexity, description_length
from kansym.symbolic.constants import consistency_of, constants_of
from kansym.symbolic.formula import Formula
from kansym.symbolic.naming import plain
from kansym.symbolic.parametric import columns_of
from kansym.symbolic.refit import LeastSquares
from kansym.units.headers import names_and_units_of, with_short_names
from kansym.units.system import UnitSystem

TARGET = "y"
"""What a formula describes where nobody says otherwise."""

NOTED_CORRECTION = 0.3
"""Change of a constant for the curvature, in its standard errors, that is worth a note."""

BENT = 0.5
"""Curvature correction of a row, in its effective errors, beyond which its leading order is not enough."""


@renamed_arguments(data="table")
def fit_constants(
    expression: str,
    table: Any,
    y: Any = None,
    *,
    target: str = TARGET,
    error: str | float | None = None,
    start: Mapping[str, float] | None = None,
    y_error: Any = None,
    x_error: Any = None,
    loss: str = "linear",
    scale_errors: bool = False,
    seed: int = 0,
    units: Mapping[str, str | None] | None = None,
    y_units: str | None = None,
    bounds: Mapping[str, tuple[float | None, float | None]] | None = None,
    fixed: Mapping[str, float] | None = None,
) -> KnownForm:
    """Fit the constants of a formula by least squares, with errors, correlations and chi-squared.

    Parameters
    ----------
    expression : str
        The formula, such as ``"A*exp(-t/tau) + B"``; see `kansym.symbolic.parser.parse_expression` for what is
        understood. Names that are not columns are the constants; ``pi``, ``E``, ``EulerGamma`` and ``GoldenRatio``
        are numbers unless a column is called so.
    table : Dataset, DataFrame, path-like, name of a shipped table, or mapping of name to array (n,)
        Columns by name. A single number stands for a column of it. Columns that the formula does not use may be there.
    y : array (n,), optional
        The old form: what the formula describes, beside a table of the other columns. It works with a warning.
    target : str, default "y"
        The column that the formula describes; a Dataset and a shipped table have one.
    error : str or float, optional
        The column of its standard errors, or one number for all rows; a Dataset has its own.
    start : mapping of str to float, optional
        Starting values. Constants without one, by default all, are started from the data: those that enter linearly
        are solved for, the others drawn over decades around the size that the formula and the columns suggest,
        screened, and the best twenty fitted. Give a start where you want a certain one of several minima.
    y_error : array (n,), float, tuple of two of them, or str, optional
        Standard errors of y, positive, in units of y. Rows are then weighted by 1/y_error^2. A tuple has the errors
        below and above, as an array (2, n) has: the one on the side of the formula counts. ``"1%"`` of y,
        ``"sqrt(N)"`` of a column, or ``"poisson"`` for counts: Poisson's likelihood, rows without counts included.
    x_error : mapping of str to (array (n,) or float), optional
        Standard errors of columns, in their units, 0 where exact; columns that it does not name are exact. The
        orthogonal distances are minimised then (see `kansym.fitting.orthogonal`), from the constants of the ordinary
        fit, and the constants corrected for the curvature of the formula within the errors. It needs `y_error`.
    loss : {"linear", "huber", "soft_l1", "cauchy", "tukey"}, default "linear"
        Linear is least squares: right for Gaussian errors, and one wild row can spoil it. The others give rows far
        from the formula less weight. ``"tukey"`` gives rows beyond 4.7 standard errors none, and starts from Huber's
        estimate: the one to take for a table with mistakes in it. ``"huber"`` and ``"soft_l1"`` have one minimum where
        the formula is linear. Standard errors are Huber's then (Robust Statistics, 1981), from the residuals.
    scale_errors : bool, default False
        With `y_error`, errors of the constants are absolute by default: they follow from `y_error` alone. True scales
        the covariance by chi-squared per degree of freedom, as is right when only ratios of `y_error` are known.
        Without `y_error` the covariance is always scaled by the residual variance s^2 = RSS/ndf.
    seed : int, default 0
        Of the starts. The same seed gives the same result.
    units : mapping of str to str, optional
        Units of columns, such as ``{"t": "s"}``. The constants then get theirs, where the units of the columns decide
        them, and a formula whose units do not go together has a note.
    y_units : str, optional
        Unit of y.
    bounds : mapping of str to (low, high), optional
        What constants may be, such as ``{"tau": (0, 10), "A": (0, None)}``; None where there is no end. The ends belong
        to it. Give them where physics forbids other values, such as a negative mass: a bound that only keeps the fit
        near a guess hides that the formula is another. A constant that ends at its bound is in `KnownForm.at_bound`.
    fixed : mapping of str to float, optional
        Constants that are known and not fitted, such as ``{"g": 9.81}``. Unlike a number in the formula they have a
        unit, where those of the columns decide it.

    Returns
    -------
    KnownForm
        Constants that the data do not determine have nan as error, and a note that names them. So have constants that
        end at a bound; the errors of the others hold for these values of them.

    Raises
    ------
    FormulaSyntaxError
        If the text is no formula.
    ArgumentError
        If the formula has no constants or no column of the data, or a start, a bound or a fixed value cannot be used.
    DataError
        If columns are missing values or of different lengths, the formula has no finite value on some row, or there
        are errors of inputs and none of y.

    Examples
    --------
    >>> import numpy as np
    >>> t = np.linspace(0, 5, 20)
    >>> fit = fit_constants("A*exp(-t/tau) + B", {"t": t, "N": 3*np.exp(-t/2) + 1}, target="N")
    >>> {name: round(value, 6) for name, value in fit.values.items()}
    {'A': 3.0, 'tau': 2.0, 'B': 1.0}
    """
    if y is None:
        expression, columns, outcome, found = _columns_of(expression, table, target=target, error=error)
        errors = {} if y_error is None and x_error is None else {"y_error": y_error, "x_error": x_error}
        own = found | {name: value for name, value in errors.items() if value is not None}
        own |= {} if units is None else {"units": {**(found["units"] or {}), **units}}
        own |= {} if y_units is None else {"y_units": y_units}
    else:
        old_form(f"fit_constants: give the table with its target, fit_constants({expression!r}, table, target='y')")
        columns, outcome = table, y
        own = {"target": target, "y_error": y_error if error is None else error, "x_error": x_error}
        own |= {"units": units, "y_units": y_units}
    return fit_columns(
        expression, columns, outcome, start=start, loss=loss, scale_errors=scale_errors, seed=seed, bounds=bounds,
        fixed=fixed, **own,
    )  # fmt: skip


def _columns_of(
    expression: str, table: Any, *, target: str, error: str | float | None
) -> tuple[str, Mapping[str, Any], Any, dict[str, Any]]:
    """The formula in short names, columns of a table by name, its target, and what it says of errors and units."""
    if isinstance(table, Dataset) or (isinstance(table, str) and is_shipped(table)):
        dataset = given_table(table, target=None if target == TARGET else target, error=error)
        return expression, *_columns_of_dataset(dataset)
    if isinstance(table, Mapping) and not hasattr(table, "columns"):
        headers = [str(name) for name in table]
        names, units = names_and_units_of(headers)
        columns = dict(zip(names, table.values(), strict=True))
    else:
        raw = raw_table(readable(table))
        headers, (names, units) = raw.headers, names_and_units(raw)
        columns = dict(zip(names, raw.columns, strict=True))
    spelled = dict(zip((header.strip() for header in headers), names, strict=True))
    if isinstance(expression, str):
        expression = with_short_names(expression, spelled)
    target = spelled.get(target.strip(), target)
    if target not in columns:
        raise ArgumentError(Argument("target"), f": there is no column {target!r}; columns: {listing(names, 20)}")
    by_name = dict(zip(names, units, strict=True))
    if isinstance(error, str) and error in columns:
        y_error: Any = np.asarray(columns.pop(error), dtype=np.float64)
        by_name.pop(error)
    else:
        y_error = error
    y = columns.pop(target)
    y_units = by_name.pop(target)
    known_units = by_name if any(by_name.values()) or y_units else None
    return expression, columns, y, {"target": target, "y_error": y_error, "units": known_units, "y_units": y_units}


def _columns_of_dataset(dataset: Dataset) -> tuple[dict[str, Any], Any, dict[str, Any]]:
    """The same of a table that has been read."""
    sides = dataset.y_error if dataset.y_sides is None else tuple(dataset.y_sides)
    said = {
        "target": dataset.target,
        "y_error": POISSON if dataset.counts else sides,
        "x_error": None if dataset.x_error is None else dict(zip(dataset.names, dataset.x_error.T, strict=True)),
        "units": dict(zip(dataset.names, dataset.units, strict=True)),
        "y_units": dataset.y_units,
    }
    return {name: dataset.X[:, j] for j, name in enumerate(dataset.names)}, dataset.y, said


def fit_columns(
    expression: str,
    data: Any,
    y: Any,
    *,
    start: Mapping[str, float] | None = None,
    y_error: Any = None,
    x_error: Any = None,
    loss: str = "linear",
    scale_errors: bool = False,
    seed: int = 0,
    target: str = TARGET,
    units: Mapping[str, str | None] | None = None,
    y_units: str | None = None,
    bounds: Mapping[str, tuple[float | None, float | None]] | None = None,
    fixed: Mapping[str, float] | None = None,
) -> KnownForm:
    """`fit_constants` of arrays: columns by name, and beside them what the formula describes; see there."""
    problem = read_arguments(
        expression,
        data,
        y,
        start=start,
        y_error=y_error,
        x_error=x_error,
        target=target,
        bounds=bounds,
        fixed=fixed,
        units=units,
        y_units=y_units,
    )
    robust_loss(loss)
    if not isinstance(seed, int | np.integer) or isinstance(seed, bool) or seed < 0:
        raise ArgumentError(Argument("seed"), f" must be a whole number that is not negative, got {seed!r}")
    own = len(problem.given) < len(problem.form.constants)
    begin = _own_start(problem, int(seed)) if own else np.array(list(problem.given.values()))
    columns = columns_of(problem.X, problem.X.shape[1])
    squares = LeastSquares(problem.form, columns, problem.y, problem.weights)
    if not np.isfinite(squares.loss(begin)):
        given = ", ".join(f"{name}={value:g}" for name, value in problem.named(begin).items())
        raise ArgumentError(f"start {given}: {problem.undefined(begin)}; start where it is finite on all rows")
    values = begin if own else best_descent(squares, begin)[0]
    form = problem.form.with_values(values)
    fit = estimate(
        form,
        problem.X,
        problem.y,
        y_error=problem.y_error,
        x_error=problem.x_error,
        loss=loss,
        scale_errors=scale_errors,
        counts=problem.counts,
        sides=problem.y_sides,
    )
    determined = determined_combinations(fit, np.random.default_rng(seed))
    return _result(problem, fit, begin, loss, determined)


def _own_start(problem: KnownFormProblem, seed: int) -> np.ndarray:
    names = [symbol.name for symbol in problem.form.constants]
    fixed = {names.index(name): value for name, value in problem.given.items()}
    rng = np.random.default_rng(seed)
    start = starting_values(problem.form, problem.X, problem.y, problem.weights, fixed, rng)
    if start is None:
        values = np.array([problem.given.get(name, 1.0) for name in names])
        raise DataError(f"{problem.undefined(values)}, nor at any of the other values tried; give a start")
    turned = positive_where_free(problem.form, columns_of(problem.X, problem.X.shape[1]), start, set(fixed))
    return turned if np.array_equal(problem.form.inside(turned), turned) else start


def _result(
    problem: KnownFormProblem, fit: Estimate, begin: np.ndarray, loss: str, determined: tuple[Combination, ...]
) -> KnownForm:
    form, n = fit.form, len(problem.y)
    system = UnitSystem.of(problem)
    found = consistency_of(form, system)
    notes = _notes(problem, fit, loss, determined)
    notes += () if system is None else system.notes
    notes += tuple(name_hints(list(problem.named(fit.values)), problem.columns, problem.names))
    if found is not None and not found.consistent:
        notes += (f"The units do not go together: {found.reason}.",)
    constants = constants_of(form, fit.errors, system, found)
    # What is fixed is exact: it has no part in what a function of the constants varies by.
    exact = form.fixed | form.fixed[:, None]
    covariance = np.where(exact, 0.0, fit.covariance)
    formula = Formula(
        expression=plain(form.substituted()),
        variables=tuple(symbol.name for symbol in form.variables),
        target=problem.target,
        complexity=complexity(form.substituted()),
        train_loss=fit.loss,
        validation_loss=float("nan"),
        description_length=description_length(form, n, fit.loss, 0.0, len(form.variables)),
        constants=constants,
        structure="given",
        notes=notes,
        covariance=covariance,
        consistent=None if found is None else found.consistent,
    )
    p_value = float(scipy.special.chdtrc(fit.ndf, fit.chi2)) if fit.chi2 is not None and fit.ndf > 0 else None
    return KnownForm(
        expression=problem.text,
        values=problem.named(fit.values),
        errors=problem.named(np.where(form.fixed, 0.0, fit.errors)),
        covariance=covariance,
        formula=formula,
        residuals=fit.residuals,
        rss=float(np.sum(fit.residuals**2)),
        ndf=fit.ndf,
        residual_sd=fit.residual_sd,
        chi2=fit.chi2,
        p_value=p_value,
        errors_scaled=fit.errors_scaled,
        start=problem.named(begin),
        notes=notes,
        loss=loss,
        x_residuals=_by_column(problem, fit.deltas),
        weights=fit.weights,
        outliers=fit.outliers,
        determined=determined,
        problem=problem,
        fit=fit,
        at_bound={one.name: one.value for one in constants if one.held == "bound"},
    )


def _by_column(problem: KnownFormProblem, deltas: np.ndarray | None) -> dict[str, np.ndarray] | None:
    if deltas is None or problem.x_error is None:
        return None
    names = [symbol.name for symbol in problem.form.variables]
    return {name: -deltas[:, j] for j, name in enumerate(names) if problem.x_error[:, j].any()}


def _notes(problem: KnownFormProblem, fit: Estimate, loss: str, determined: tuple[Combination, ...]) -> tuple[str, ...]:
    names = [symbol.name for symbol in fit.form.constants]
    notes = [] if fit.converged else ["The fit did not converge; the values are the best so far."]
    written = [(part.names, f"{part.text} = {measured(part.value, part.error)}") for part in determined]
    notes += undetermined_notes(names, fit.null_space, written)
    if fit.errors_scaled and fit.ndf <= 0:
        n, k = len(problem.y), len(names)
        notes.append(f"There are no more rows ({n}) than constants ({k}), so that errors cannot be estimated.")
    notes += [
        f"{name} is at its bound: the data would have it beyond. It has no standard error, and those of the others "
        "hold for this value of it; intervals from profiles allow for others."
        for name, held in zip(names, fit.at_bound & ~fit.form.fixed, strict=True)
        if held
    ]
    if fit.no_counts:
        notes.append(
            "The expected counts are zero on all rows: constants have no standard error. Intervals from profiles say "
            "what the data allow."
        )
    notes += _curvature_notes(fit, names)
    if aliased(fit.form, problem.X, fit.form.values):
        notes.append(
            "It oscillates more than once per two rows, beyond the Nyquist limit of the sampling, and no slower "
            "oscillation fits as well. Check that the rows can show it, or give a start."
        )
    note = outlier_note(fit.outliers, len(problem.y), loss == "linear")
    return tuple([*notes, note] if note else notes)


def _curvature_notes(fit: Estimate, names: list[str]) -> list[str]:
    """What the correction for curvature within the errors of the inputs did, where it is worth saying."""
    if fit.shift is None or not fit.shift.any():
        return []
    # The shift of y moves the constants by N^-1 J'W shift, to first order.
    pull = fit.squares.jacobian(fit.values) * fit.squares.scale
    covariance = np.nan_to_num(fit.covariance) / fit.sigma**2
    moved = covariance @ (pull.T @ (fit.squares.root * fit.shift))
    with np.errstate(all="ignore"):
        shares = np.nan_to_num(moved / fit.errors)
    largest = int(np.argmax(np.abs(shares)))
    notes = []
    if abs(shares[largest]) > NOTED_CORRECTION:
        notes.append(
            f"The formula bends within the errors of the inputs. The constants were corrected for it, {names[largest]} "
            f"by {shares[largest]:+.2g} of its standard error."
        )
    if float(np.max(np.abs(fit.shift) / fit.effective_error)) > BENT:
        notes.append(
            "On some rows the formula bends so much within the errors of the inputs that constants and errors are "
            "approximate; intervals by bootstrap are safer."
        )
    return notes
