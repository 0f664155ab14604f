# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false
"""Constants of what is known about a law, of a given part or a guess, before the search begins."""

import logging
from dataclasses import replace

import numpy as np
import scipy.optimize

from kansym import clock
from kansym.data.dataset import Dataset
from kansym.data.preparation import thinned
from kansym.data.weights import mean_square
from kansym.errors import Argument, ArgumentError, KansymError
from kansym.fitting.known_form import fit_columns
from kansym.fitting.least_squares import best_descent
from kansym.fitting.signs import positive_where_free
from kansym.fitting.starts import starting_values
from kansym.search.prior.guess import Guess
from kansym.search.prior.part import PLACE, GivenPart
from kansym.search.prior.rest import Rest
from kansym.search.rows import FitRows
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm, columns_of
from kansym.symbolic.refit import LeastSquares
from kansym.symbolic.timelimit import NESTING_SECONDS, TimeLimitError, call_with_limit

logger = logging.getLogger(__name__)

STARTING_ROWS = 300
"""Rows on which values to start from are looked for; that takes seconds for ten constants on two thousand."""

DESCENT_ROWS = 2000
"""Rows of the fit from there; the last fit sees all rows of the search."""

POOR = 0.3
"""What a fit from the numbers of a guess may leave, in units of the spread of y, before other values are tried."""

CENTRES = 40
"""Bumps of the smooth function that stands for the unknown part."""

SMOOTH_ROWS = 500
"""Rows that it is fitted to."""

RIDGE = 1e-6
"""Its penalty, in units of its normal matrix."""

BETTER = 0.5
"""Ratio of the residuals' mean squares below which a smooth function of the other columns is believed."""

SEEN, HIDDEN = 0.9, 1e4
"""Share of the rows on which the unknown part must be seen, and the ratio of slopes among them that hides some."""


# -- of a guess --------------------------------------------------------------------------------------------------------


class UnusableGuess(Exception):
    """The data cannot be described by a guess at all; the message says why."""


def fitted_guess(
    guess: Guess, fit_rows: FitRows, *, seed: int, until: float, deadline: float | None = None
) -> ParametricForm:
    """The form of a guess in the symbols of the rows, with constants fitted to its training rows.

    Numbers of the guess are starting values. Constants with a name are started from the data, as in
    `kansym.fit_constants`; so are the numbers where the fit from them leaves much, and where it cannot begin.

    Parameters
    ----------
    guess : Guess
    fit_rows : FitRows
    seed : int
    until : float
        `kansym.clock.now` value after which no other starts are tried.
    deadline : float, optional
        The same, after which those that are being tried are cut short.

    Raises
    ------
    UnusableGuess
        If there are more constants than rows, or no finite value on some row.
    """
    form = in_symbols_of(guess, fit_rows)
    k, n = len(form.constants), len(fit_rows.train)
    if k > n:
        held_out = f" ({len(fit_rows.dataset.y)} less those held out)" if len(fit_rows.validation) else ""
        raise UnusableGuess(f"it has {k} constants, and the table has {n} rows{held_out} to fit them to")
    if not k:
        return _checked(form, fit_rows)
    X, y, weights = fit_rows.rows(thinned(fit_rows.train, DESCENT_ROWS))
    problem = LeastSquares(form, columns_of(X, len(form.variables)), y, weights)
    values: list[np.ndarray] = [form.values]
    if not guess.named and np.isfinite(problem.loss(form.values)):
        values.append(best_descent(problem, form.values, deadline)[0])
    spread = float(np.sqrt(mean_square(y - np.average(y, weights=weights), weights)))
    if guess.named or not np.sqrt(problem.loss(values[-1])) <= POOR * spread:
        numbers = range(guess.named, k)
        held = {j: float(form.values[j]) for j in numbers}
        for fixed in [held, {}] if held and guess.named else [{}]:
            start = _from_data(form, fit_rows, fixed, seed, until, deadline)
            if start is not None:
                values.append(best_descent(problem, start, deadline)[0])
                if np.sqrt(problem.loss(values[-1])) <= POOR * spread:
                    break
        if guess.named and len(values) == 1:
            # No start was found: 1 is as good as any.
            values.append(best_descent(problem, form.values, deadline)[0])
    losses = [problem.loss(one) for one in values]
    best = values[int(np.argmin(np.where(np.isfinite(losses), losses, np.inf)))]
    turned = positive_where_free(form, columns_of(X, len(form.variables)), best, range(guess.named, k))
    best = turned if np.array_equal(form.inside(turned), turned) else best
    form = _checked(form.with_values(best), fit_rows)
    return fit_rows.fit(form).form


def in_symbols_of(guess: Guess, fit_rows: FitRows) -> ParametricForm:
    """The form of a guess in the symbols of the rows, which know the signs of the columns.

    Raises
    ------
    ArgumentError
        If it is nested so deeply that sympy asks for signs without end.
    """
    symbols = dict(zip(guess.form.variables, fit_rows.variables, strict=True))
    try:
        expression = call_with_limit(lambda: guess.form.expression.xreplace(symbols), NESTING_SECONDS)
    except TimeLimitError:
        raise ArgumentError(
            Argument("guesses"), f": {guess.text[:200]!r} is nested too deeply; write it as one fraction"
        ) from None
    return replace(guess.form, expression=expression, variables=fit_rows.variables)


def _from_data(
    form: ParametricForm,
    fit_rows: FitRows,
    fixed: dict[int, float],
    seed: int,
    until: float,
    deadline: float | None,
) -> np.ndarray | None:
    """Values (k,) from many starts; None where the time does not suffice, or nothing is finite."""
    X, y, weights = fit_rows.rows(thinned(fit_rows.train, STARTING_ROWS))
    rng = np.random.default_rng(seed)
    if clock.late(until):
        return None
    try:
        return call_with_limit(lambda: starting_values(form, X, y, weights, fixed, rng, deadline), clock.safety())
    except TimeLimitError:
        clock.interfered()
        logger.info("no time for starts of the constants of %s", form.expression)
    except np.linalg.LinAlgError as problem:
        logger.info("no starts for the constants of %s: %s", form.expression, problem)
    return None


def _checked(form: ParametricForm, fit_rows: FitRows) -> ParametricForm:
    """The form, if it is finite on all rows."""
    X = fit_rows.dataset.X
    bad = np.flatnonzero(~np.isfinite(form.evaluate(X)))
    if len(bad):
        names = fit_rows.dataset.names
        place = ", ".join(f"{name}={value:g}" for name, value in zip(names, X[bad[0]], strict=True))
        raise UnusableGuess(f"it has no finite value on {len(bad)} of {len(X)} rows, such as {place}")
    return form


# -- of a given part ---------------------------------------------------------------------------------------------------


def first_constants(part: GivenPart, dataset: Dataset, seed: int) -> np.ndarray:
    """Constants (k,) of the given part before anything is known about the rest.

    First the rest is taken for a constant. Then it is taken for a smooth function of the columns that the given part
    does not hold, which is fitted anew for every trial of the constants (variable projection); that is believed where
    it leaves much less.
    """
    if not part.constants:
        return np.empty(0)
    plain = _rest_constant(part, dataset, seed)
    if not _visible(part, dataset, plain):
        plain = _gentle(part, dataset, plain)
    others = [k for k, name in enumerate(part.names) if plain_symbol(name) not in part.expression.free_symbols]
    if not others:
        return plain
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(dataset.n_rows)[:SMOOTH_ROWS])
    table = dataset.take(rows)
    basis = _bumps(table.X[:, others], rng)
    size = np.where(plain != 0, np.abs(plain), 1.0)

    def left(scaled: np.ndarray) -> float:
        rest = Rest.of(part, table, part.inside(scaled * size))
        good = rest.defined
        if good.mean() < SEEN:
            return 1e300
        # In units of y, whatever the given part does to the rest.
        weight = 1.0 / rest.slope[good]
        if not np.isfinite(weight).all():
            return 1e300
        design, target = basis[good] * weight[:, None], rest.values[good] * weight
        normal = design.T @ design
        normal[np.diag_indices_from(normal)] += RIDGE * np.trace(normal) / len(normal)
        residual = target - design @ np.linalg.solve(normal, design.T @ target)
        return float(np.mean(residual**2))

    starts = [plain / size * factor for factor in (1.0, 0.3, 3.0, -1.0)]
    found = [
        scipy.optimize.minimize(left, start, method="Nelder-Mead", options={"maxfev": 150 * len(size)})
        for start in starts
    ]
    best = min(found, key=lambda fit: fit.fun)
    return part.inside(best.x * size) if best.fun < BETTER * _left_by_constant(part, table, plain) else plain


def _rest_constant(part: GivenPart, dataset: Dataset, seed: int) -> np.ndarray:
    """Constants of the given part, with a constant for the unknown one."""
    name = "rest"
    while name in part.constants or name in part.names:
        name += "_"
    text = part.text.replace("…", PLACE).replace(PLACE, f" {name} ")
    columns = {column: dataset.X[:, k] for k, column in enumerate(dataset.names)}
    try:
        fit = fit_columns(
            text, columns, dataset.y, y_error=dataset.y_error, seed=seed, bounds=part.bounds, fixed=part.fixed
        )
    except KansymError as problem:
        logger.info("constants of the given part start at 1: %s", problem)
        return part.inside(np.ones(len(part.constants)))
    return np.array([fit.values[constant] for constant in part.constants])


def _visible(part: GivenPart, dataset: Dataset, constants: np.ndarray) -> bool:
    """Whether the unknown part can be seen through the given one on most rows.

    Where both are of the same column, a constant for the unknown part is best hidden: exp(-t/tau) with a tau of nothing
    leaves y alone, and what is left would be infinite.
    """
    rest = Rest.of(part, dataset, constants)
    good = rest.defined
    if good.mean() < SEEN:
        return False
    low, high = np.quantile(rest.slope[good], [(1 - SEEN) / 2, (1 + SEEN) / 2])
    return bool(high < HIDDEN * low)


def _gentle(part: GivenPart, dataset: Dataset, plain: np.ndarray) -> np.ndarray:
    """The same value for all constants, as near to 1 as lets the unknown part be seen."""
    for size in sorted((10.0**k for k in range(-9, 10)), key=lambda size: abs(np.log10(size))):
        for sign in (1.0, -1.0):
            trial = part.inside(np.full(len(plain), sign * size))
            if _visible(part, dataset, trial):
                return trial
    return plain


def _left_by_constant(part: GivenPart, table: Dataset, constants: np.ndarray) -> float:
    rest = Rest.of(part, table, constants)
    good = rest.defined
    if not good.any():
        return np.inf
    weight, values = rest.slope[good] ** -2.0, rest.values[good]
    mean = float(np.sum(weight * values) / np.sum(weight))
    return float(np.mean(weight * (values - mean) ** 2))


def _bumps(X: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A constant and Gaussian bumps about some of the rows, shape (n, m)."""
    spread = X.std(axis=0)
    Z = (X - X.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    centres = Z[rng.permutation(len(Z))[:CENTRES]]
    squares = ((Z[:, None, :] - centres[None]) ** 2).sum(axis=2)
    # About as wide as the table for one column, wider for several: a gentle function is enough to start from.
    return np.column_stack([np.ones(len(Z)), Z, np.exp(-0.5 * squares / (0.4 * Z.shape[1]))])
