# scipy's results are typed as plain tuples.
# pyright: reportAttributeAccessIssue=false
"""The last fit of the constants, of formulas and of guesses, with everything that is known about errors."""

import logging
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import scipy
import sympy

from kansym import clock
from kansym.data.columns import quoted
from kansym.data.dataset import Dataset, WholeTable
from kansym.data.remarks import are_groups
from kansym.data.weights import mean_error, root_mean_square, row_weights
from kansym.errors import KansymError
from kansym.fitting.all_rows import Limit, RowsDone, fit_to_all, residuals_on_all
from kansym.fitting.estimate import Estimate, estimate_table
from kansym.fitting.exponents import MOST_EXPONENTS, freed_exponents
from kansym.fitting.least_squares import Measurements
from kansym.fitting.levels import DENIAL
from kansym.fitting.outliers import Outlier, outliers_of, robust_limit
from kansym.fitting.residuals import EXACT, effective_error
from kansym.primitives.allowed import AllowedFunctions
from kansym.search.formulation import judge
from kansym.search.front import ParetoFront
from kansym.search.guess_outcome import GuessOutcome, ShorterRival, with_pick
from kansym.search.lengths import is_noisy
from kansym.search.prior.given import GivenNetwork
from kansym.search.prior.guess import Guess
from kansym.search.results import Discovery
from kansym.search.rows import FitRows
from kansym.symbolic.constants import Constant, bounded, is_named, with_constant_symbols
from kansym.symbolic.formula import Formula, with_fitted_constants
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm, columns_of, parametrize
from kansym.symbolic.refit import LeastSquares
from kansym.units.system import UnitSystem
from kansym.units.words import after_number

logger = logging.getLogger(__name__)

MOST_VALUES = 200_000
"""Rows times formulas that are fitted; of larger tables only the pick is."""

MOST_ROBUST = 10_000
"""Rows up to which a robust loss is used; in larger tables the rows beyond what chance allows are left out instead."""

MOST_GUESS_ROWS = 50_000
"""Rows up to which guesses are fitted once more; in longer tables their constants stay those of the search. With a
robust loss, whose weights are found anew many times, that is `MOST_ROBUST`."""

FEWEST_FOR_HINT, MOST_MISTAKES = 20, 0.05
"""Rows of a table whose scatter says which of them are mistakes, and the share that may be; more are a wrong form."""

GROWS = 1e-5
"""Probability of a rank correlation between size and scatter below which they go together."""

LISTED = 10
"""Outliers named in a note."""

MANY = 0.1
"""Share of the rows above which what is far off is not the rows."""


def settled(
    discovery: Discovery, dataset: Dataset, *, loss: str, until: float, allowed: AllowedFunctions | None = None
) -> Discovery:
    """The discovery with the constants of its formulas fitted to all rows of a table, and with their errors from it.

    Parameters
    ----------
    discovery : Discovery
    dataset : Dataset
        With errors of y, of the inputs, or neither.
    loss : str
        See `kansym.fitting.estimate.estimate`.
    until : float
        `kansym.clock.now` value after which formulas other than the pick stay as they are.
    allowed : AllowedFunctions, optional
        What formulas may have; default anything.
    """
    discovery = with_measured_exponents(discovery, dataset, loss, allowed)
    pick = discovery.formula
    fitted, found = refitted(pick, dataset, loss)
    rows = Measurements(dataset.X, dataset.y, dataset.y_error, counts=dataset.counts, sides=dataset.y_sides)
    if rows.by_formula:
        # Residuals are judged by what the pick expects.
        dataset = replace(dataset, y_error=rows.error_at(fitted.predict(dataset.X)))
    formulas = {id(pick): fitted}
    if dataset.n_rows * len(discovery.front) <= MOST_VALUES:
        for formula in discovery.front:
            if not clock.late(until) and id(formula) not in formulas:
                formulas[id(formula)] = refitted(formula, dataset, loss)[0]
    front = with_pick((formulas.get(id(formula), formula) for formula in discovery.front), fitted)
    few = found is not None and len(found.residuals) == dataset.n_rows
    outliers = found.outliers if found is not None and few else far_rows(fitted, dataset)
    notes = (*discovery.notes, *_outlier_notes(outliers, dataset, loss), *_group_notes(fitted, dataset))
    return replace(discovery, front=front, formula=fitted, dataset=dataset, notes=notes, outliers=outliers)


def hinted(discovery: Discovery, allowed: AllowedFunctions | None = None) -> Discovery:
    """The discovery of a table without errors, with a note on rows that look like mistakes."""
    dataset = discovery.dataset
    discovery = with_measured_exponents(discovery, dataset, "linear", allowed)
    if dataset.n_rows < FEWEST_FOR_HINT:
        return discovery
    far = far_rows(discovery.formula, dataset)
    notes = _outlier_notes(far, dataset, "linear") if len(far) <= max(MOST_MISTAKES * dataset.n_rows, 1) else []
    notes += [*_scatter_notes(discovery.formula, dataset), *_group_notes(discovery.formula, dataset)]
    return replace(discovery, notes=(*discovery.notes, *notes))


def with_measured_exponents(
    discovery: Discovery, table: Dataset, loss: str, allowed: AllowedFunctions | None = None
) -> Discovery:
    """The discovery with what the data say of the exponents of its pick, which is without those that they deny.

    Exponents that the user has written stay, and so do those of quantities with a unit, of which no law has a real
    power; what the data say of them is told.

    Parameters
    ----------
    discovery : Discovery
    table : Dataset
        That constants are settled on.
    loss : str
        See `kansym.fitting.estimate.estimate`.
    allowed : AllowedFunctions, optional
        What formulas may have: a free exponent is a function like any other. Default: anything.
    """
    everything = np.arange(table.n_rows)
    rows = FitRows.of(table, everything, everything[:0], discovery.noise_floor, allowed, own=discovery.own_functions)
    pick = discovery.formula
    if table.n_rows > MOST_ROBUST or not is_noisy(pick.train_loss, rows):
        return discovery
    by_user = isinstance(discovery.network, GivenNetwork) or any(is_named(one.name) for one in pick.constants)
    by_user = by_user or any(one.as_written for one in discovery.guesses)
    formulas = list(discovery.front)
    for _ in range(MOST_EXPONENTS):
        freed = freed_exponents(_form_of(pick), table, loss)
        pure = [one for one in freed if not _has_unit(one.base, rows.units)]
        denied = max(pure, key=lambda one: one.denied, default=None)
        if by_user or denied is None or not denied.denied > 1:
            break
        free = judge(_in_symbols_of(rows, denied.form), rows, structure=pick.steps)
        if free is None or free.consistent is False:
            break
        free = replace(free, origin=None if pick.origin is None else pick.origin.changed("a free exponent"))
        # With what the exponent costs as a constant another formula may be the shortest.
        formulas = [free if one is pick else one for one in formulas]
        pick = ParetoFront(formulas).best
    told = replace(pick, exponents=tuple(one.exponent for one in freed_exponents(_form_of(pick), table, loss)))
    front = with_pick((told if one is pick else one for one in formulas), told)
    reading = discovery.reading if pick is discovery.formula else None
    return replace(discovery, formula=told, front=front, reading=reading)


def _has_unit(base: sympy.Expr, units: UnitSystem | None) -> bool:
    """Whether what has an exponent is known to be no pure number."""
    dimension = None if units is None else units.dimension(base)
    return dimension is not None and any(dimension)


def _in_symbols_of(rows: FitRows, form: ParametricForm) -> ParametricForm:
    """A form of plain symbols in those of the rows of a search."""
    return replace(form, expression=form.expression.xreplace(rows.symbols), variables=rows.variables)


def _scatter_notes(formula: Formula, dataset: Dataset) -> list[str]:
    """A note where the residuals grow with the values of the formula: errors are then a share of the target."""
    expected = formula.predict(dataset.X)
    left = np.abs(dataset.y - expected)
    rounding = 1e3 * np.finfo(np.float64).eps * float(np.abs(dataset.y).max())
    usable = np.isfinite(left) & (np.abs(expected) > 0)
    if usable.sum() < FEWEST_FOR_HINT or not np.median(left[usable]) > rounding:
        return []
    size = np.abs(expected[usable])
    if not (np.ptp(size) > 0 and np.ptp(left[usable]) > 0):
        return []
    rank = scipy.stats.spearmanr(size, left[usable])
    if rank.pvalue > GROWS or rank.statistic < 0:
        return []
    share = 1.4826 * float(np.median(left[usable] / size))
    return [
        f"The scatter of {dataset.target} grows with its size, as where errors are a share of it, about {share:.2g}: "
        f"say --error {100 * share:.2g}% (in Python y_error)."
    ]


def _group_notes(formula: Formula, dataset: Dataset) -> list[str]:
    """Notes on columns that were left out and whose groups explain the residuals (Kruskal and Wallis's test)."""
    residuals = dataset.y - formula.predict(dataset.X)
    rounding = 1e3 * np.finfo(np.float64).eps * float(np.abs(dataset.y).max())
    if not np.isfinite(residuals).all() or not np.median(np.abs(residuals)) > rounding:
        return []
    error = effective_error(formula, dataset)
    scaled = residuals if error is None else residuals / error
    if not np.ptp(scaled) > 0:
        return []
    # Of a part of the rows a column may have one group left.
    labels = {name: column for name, column in dataset.labels.items() if are_groups(column)}
    notes = []
    for name, column in labels.items():
        groups = {str(group): scaled[column == group] for group in np.unique(column)}
        if not scipy.stats.kruskal(*groups.values()).pvalue <= DENIAL / len(labels):
            continue
        # The one whose mean is the least likely to be zero.
        group, own = max(groups.items(), key=lambda pair: abs(float(np.sum(pair[1]))) / math.sqrt(len(pair[1])))
        mean = float(np.mean(own))
        size = f"{abs(mean):.2g}{after_number(dataset.y_units)}" if error is None else f"{abs(mean):.2g} errors"
        notes.append(
            f"The rows of {name} = {group} lie {size} {'above' if mean > 0 else 'below'} the curve on average: the "
            f"groups of {quoted(name)}, which was left out, explain the residuals. Search them one by one, or give the "
            "column as a number."
        )
    return notes


def refitted(formula: Formula, dataset: Dataset, loss: str = "linear") -> tuple[Formula, Estimate | None]:
    """A formula with its constants fitted to a table, and the fit; the same formula where that is not possible."""
    form = _form_of(formula)
    if not form.constants:
        return formula, None
    fitted = dataset
    if loss != "linear" and dataset.n_rows > MOST_ROBUST:
        # Weights that are found anew a hundred times cost minutes here; what is far away is told by any of them.
        far = {outlier.row for outlier in far_rows(formula, dataset)}
        fitted, loss = dataset.take(np.array([row not in far for row in range(dataset.n_rows)])), "linear"
    large = fitted.n_rows > MOST_VALUES and fitted.x_error is None
    try:
        found = None if large else estimate_table(form, fitted, loss)
    except KansymError as problem:
        logger.info("constants of %s stay as they are: %s", formula, problem)
        return formula, None
    final, covariance = (found.form, found.covariance) if found is not None else _few_steps(form, fitted)
    if np.isnan(final.values).any():
        return formula, None
    return with_fitted_constants(formula, final, covariance, UnitSystem.of(dataset)), found


def _form_of(formula: Formula) -> ParametricForm:
    """The constants of a formula as parameters, within their bounds."""
    variables = tuple(plain_symbol(name) for name in formula.variables)
    return bounded(_with_names(parametrize(formula.expression, variables), formula), formula.constants)


def with_exact(fitted: Formula, exact: Sequence[Constant]) -> Formula:
    """A formula with constants that are exact numbers listed behind those that were fitted."""
    covariance = np.zeros((0, 0)) if fitted.covariance is None else fitted.covariance
    covariance = np.pad(covariance, (0, len(exact)), constant_values=math.nan)
    return replace(fitted, constants=(*fitted.constants, *exact), covariance=covariance)


def settled_on_all(
    discovery: Discovery, sample: Dataset, whole: WholeTable, *, loss: str, until: float, watch: RowsDone | None = None
) -> Discovery:
    """The discovery with the constants of its pick fitted to all rows of a long table, and what these leave.

    Parameters
    ----------
    discovery : Discovery
    sample : Dataset
        The rows of the search, which its constants are of.
    whole : WholeTable
        All rows.
    loss : str
        With any but "linear", rows that are farther off than chance allows are left out.
    until : float
        `kansym.clock.now` value after which the rows are read once more at most.
    watch : callable, optional
        Called with what is done, the rows that were read, and all rows.
    """
    pick, form = discovery.formula, _form_of(discovery.formula)
    limit = _limit(pick, sample, whole.n_rows, leave_out=loss != "linear")
    if form.constants:
        found = fit_to_all(form, pick, whole, limit, until=until, watch=watch)
        if found is not None and not np.isnan(found.form.values).any():
            exact = [constant for constant in pick.constants if constant.snapped is not None]
            pick = with_fitted_constants(pick, found.form, found.covariance, UnitSystem.of(sample))
            pick = with_exact(pick, exact) if exact else pick
    rounding = EXACT * root_mean_square(sample.y, None)
    left = residuals_on_all(pick, whole, sample, limit, exact=rounding, watch=watch)
    front = with_pick((pick if formula is discovery.formula else formula for formula in discovery.front), pick)
    notes = [*discovery.notes, f"The constants of the pick are from all {whole.n_rows} rows, those of others are not."]
    if far := left.far or left.left_out:
        listed = ", ".join(str(row) for row in left.farthest[:LISTED]) + (", ..." if far > LISTED else "")
        treated = "they were not left out; see --robust" if left.far else "they were left out of the last fit"
        notes.append(f"{far} of all rows are farther from the formula than chance allows ({listed}): {treated}.")
    return replace(discovery, front=front, formula=pick, all_rows=left, notes=tuple(notes))


def _limit(formula: Formula, sample: Dataset, rows: int, *, leave_out: bool) -> Limit:
    """How far off a row of many may be, in units of its error or of the scatter in the sample."""
    residuals = np.abs(sample.y - formula.predict(sample.X))
    scatter = 1.4826 * float(np.median(residuals[np.isfinite(residuals)])) if np.isfinite(residuals).any() else 0.0
    rounding = 1e3 * np.finfo(np.float64).eps * float(np.abs(sample.y).max())
    return Limit(robust_limit(rows, rows, sample.y_error is not None), max(scatter, rounding), leave_out)


def settled_guesses(discovery: Discovery, table: Dataset | None, *, loss: str, pick: Formula) -> Discovery:
    """The discovery with guesses fitted as its other formulas are, and the pick written as the guess it is.

    Parameters
    ----------
    discovery : Discovery
    table : Dataset or None
        What constants are settled on, where that is not the table of the search.
    loss : str
    pick : Formula
        As the search found it; outcomes quote it.
    """
    said, now = str(pick), str(discovery.formula)
    outcomes = tuple(replace(one, words=one.words.replace(said, now)) for one in discovery.guesses)
    discovery = replace(discovery, guesses=outcomes)
    if table is not None:
        if table.n_rows > (MOST_GUESS_ROWS if loss == "linear" else MOST_ROBUST):
            return discovery
        outcomes = tuple(_settled_guess(one, table, loss) for one in outcomes)
    discovery = replace(discovery, guesses=outcomes)
    for one in outcomes:
        if one.as_written and one.formula is not None:
            # One function has one description length, that of its shortest notation.
            settled = discovery.formula
            written = replace(one.formula, description_length=settled.description_length)
            front = with_pick((written if formula is settled else formula for formula in discovery.front), written)
            return replace(discovery, formula=written, front=front)
    return discovery


def _settled_guess(outcome: GuessOutcome, table: Dataset, loss: str) -> GuessOutcome:
    formula = outcome.formula
    if formula is None or not formula.constants:
        return outcome
    form = bounded(Guess.read(outcome.text, table.names, table.target).form, formula.constants)
    form = form.with_values(np.array([constant.value for constant in formula.constants]))
    try:
        fit = estimate_table(form, table, loss)
    except KansymError as problem:
        logger.info("constants of the guess %s stay as they are: %s", outcome.text, problem)
        return outcome
    fitted = with_fitted_constants(formula, fit.form, fit.covariance, UnitSystem.of(table))
    rivals = tuple(ShorterRival(refitted(one.formula, table, loss)[0], one.bits) for one in outcome.rivals)
    return replace(outcome, formula=fitted, rivals=rivals)


def _few_steps(form: ParametricForm, dataset: Dataset) -> tuple[ParametricForm, np.ndarray]:
    """Constants and covariance after a few Gauss-Newton steps on a large table.

    They start from a fit to some of the rows, which is off by a few standard errors of the whole at most: a step or two
    does, where the search for the last digits takes minutes.
    """
    weights = row_weights(dataset)
    squares = LeastSquares(form, columns_of(dataset.X, len(form.variables)), dataset.y, weights)
    values, loss, _ = squares.fit(form.values, 3, linear_first=False)
    if dataset.y_error is None:
        sigma = float(np.sqrt(loss * dataset.n_rows / max(dataset.n_rows - len(values), 1)))
    else:
        sigma = mean_error(dataset.y_error)
    return form.with_values(values), squares.inverse_normal(values, sigma)[0]


def _with_names(form: ParametricForm, formula: Formula) -> ParametricForm:
    """The form with the formula's constants as its own, but where one is called like a column or like a number."""
    if {constant.name for constant in formula.constants} & set(formula.variables):
        return form
    named = with_constant_symbols(form, formula.constants)[0]
    names = {symbol.name for symbol in named.constants}
    return named if len(names) == len(named.constants) else form


def far_rows(formula: Formula, dataset: Dataset) -> tuple[Outlier, ...]:
    """Outliers of a formula without fitted constants."""
    residuals = dataset.y - formula.predict(dataset.X)
    if not np.isfinite(residuals).all():
        return ()
    error = effective_error(formula, dataset)
    scale = np.full(len(residuals), 1.4826 * float(np.median(np.abs(residuals)))) if error is None else error
    rounding = 1e3 * np.finfo(np.float64).eps * float(np.abs(dataset.y).max())
    if not (scale > rounding).any():
        return ()
    limit = robust_limit(len(residuals), len(residuals), error is not None)
    return outliers_of(np.where(np.abs(residuals) > rounding, residuals / scale, 0.0), limit, residuals)


def _outlier_notes(outliers: Sequence[Outlier], dataset: Dataset, loss: str) -> list[str]:
    if not outliers:
        return []
    shown = []
    for outlier in outliers[:LISTED]:
        place = ", ".join(
            f"{name}={value:g}" for name, value in zip(dataset.names, dataset.X[outlier.row], strict=True)
        )
        shown.append(f"{place}: {outlier.sigmas:+.1f} sigma")
    more = f"; and {len(outliers) - LISTED} more" if len(outliers) > LISTED else ""
    one = len(outliers) == 1
    if loss != "linear":
        treated = f"{'it hardly counts' if one else 'they hardly count'} in the last fit"
    elif len(outliers) > MANY * dataset.n_rows:
        treated = "so many speak against the formula, or the errors, and not against the rows"
    else:
        treated = f"{'it was' if one else 'they were'} not left out; see --robust"
    rows = "row is" if one else f"of {dataset.n_rows} rows are"
    listed = f"{'; '.join(shown)}{more}"
    return [f"{len(outliers)} {rows} farther from the formula than chance allows ({listed}): {treated}."]
