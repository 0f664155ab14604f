# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false
"""The constants of a guess, fitted to the rows of a search."""

import logging
from dataclasses import replace

import numpy as np

from kansym import clock
from kansym.data.preparation import thinned
from kansym.data.weights import mean_square
from kansym.errors import Argument, ArgumentError
from kansym.fitting.least_squares import best_descent
from kansym.fitting.signs import positive_where_free
from kansym.fitting.starts import starting_values
from kansym.search.formulation import FitRows
from kansym.search.prior.guess import Guess
from kansym.symbolic.parametric import ParametricForm, columns_of
from kansym.symbolic.refit import LeastSquares, refit
from kansym.symbolic.timelimit import NESTING_SECONDS, TimeLimitError, call_with_limit

logger = logging.getLogger(__name__)

STARTING_ROWS = 300
"""Rows on which values to start from are looked for; that takes seconds for ten constants on two thousand."""

DESCENT_ROWS = 2000
"""Rows of the fit from there; the last fit sees all rows of the search."""

POOR = 0.3
"""What a fit from the numbers of a guess may leave, in units of the spread of y, before other values are tried."""


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
            # No time, or no luck: 1 is as good as any.
            values.append(best_descent(problem, form.values, deadline)[0])
    losses = [problem.loss(one) for one in values]
    best = values[int(np.argmin(np.where(np.isfinite(losses), losses, np.inf)))]
    best = positive_where_free(form, columns_of(X, len(form.variables)), best, range(guess.named, k))
    form = _checked(form.with_values(best), fit_rows)
    rows = fit_rows.rows(fit_rows.fitting)
    return refit(form, rows[0], rows[1], weights=rows[2]).form


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
