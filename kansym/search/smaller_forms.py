"""Fitted forms with fewer constants, numbers that nobody measured, and functions."""

import math
from collections.abc import Callable

import numpy as np
import sympy

from kansym import clock
from kansym.data.preparation import thinned
from kansym.search.lengths import description_length_of
from kansym.search.rows import FitRows
from kansym.symbolic.canonical import canonicalize
from kansym.symbolic.complexity import formula_bits, misfit_bits
from kansym.symbolic.free_numbers import free_numbers
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.symbolic.reduction import eliminate, straighter
from kansym.symbolic.refit import RefitResult, jacobian_rank
from kansym.symbolic.scaled_columns import RANK_TOLERANCE, scaled_svd

STRAIGHTENED_ROWS = 200
"""Rows on which a function is compared with a straight line."""

MOST_LOST = 60.0
"""Bits that the elimination of one constant may cost."""

MAX_CONSTANTS = 40
"""Formulas with more constants than this are tables in disguise and are not worth the algebra."""


def eliminated(
    form: ParametricForm, length: float, fit_rows: FitRows, deadline: float | None, *, ones: bool
) -> list[tuple[ParametricForm, float]]:
    """Ever smaller forms with their description lengths, as long as those may be the shortest; see `eliminate`."""

    def fit(smaller: ParametricForm) -> tuple[ParametricForm, float] | None:
        if clock.late(deadline):
            return None
        key = str(smaller.expression)
        if key not in fit_rows.eliminated:
            result = fit_rows.fit(smaller, max_steps=30)
            finite = result.status != "non-finite"
            fit_rows.eliminated[key] = (result.form, description_length_of(result.form, fit_rows)) if finite else None
        return fit_rows.eliminated[key]

    found: list[tuple[ParametricForm, float]] = []
    for smaller in eliminate(form, fit, ones=ones, expect=lambda form: _expected(form, fit_rows)):
        own = news(smaller, fit_rows)
        if own is None:
            break
        found.append((smaller, own))
        # Once a step costs this many bits, further ones only lead to formulas that nobody would pick.
        if own > length + MOST_LOST:
            break
        length = min(length, own)
    return found


def with_free_numbers(fitted: RefitResult, fit_rows: FitRows, positive: list[sympy.Symbol]) -> RefitResult:
    """Fitted forms with constants in place of numbers that nobody measured, as far as the rows tell them apart."""
    expression = fitted.form.substituted()
    free = free_numbers(expression, fit_rows.variables)
    if free == expression:
        return fitted
    form = parametrize(canonicalize(free, positive), fit_rows.variables)
    if len(form.constants) > min(MAX_CONSTANTS, len(fit_rows.train) - 1):
        return fitted
    again = fit_rows.fit(form)
    X = fit_rows.rows(fit_rows.fitting)[0]
    determined = again.status != "non-finite" and jacobian_rank(again.form, X) == len(form.constants)
    return again if determined and again.loss <= fitted.loss * (1 + 1e-6) else fitted


def straightened(fitted: RefitResult, fit_rows: FitRows) -> RefitResult:
    """Fitted forms without functions that are as good as straight, as long as that makes the description shorter."""
    length = description_length_of(fitted.form, fit_rows)
    X = fit_rows.dataset.X[thinned(fit_rows.fitting, STRAIGHTENED_ROWS)]
    for _ in range(len(fitted.form.constants)):
        for plainer in straighter(fitted.form, X):
            again = fit_rows.fit(plainer, max_steps=30)
            shorter = math.inf if again.status == "non-finite" else description_length_of(again.form, fit_rows)
            if shorter < length:
                fitted, length = again, shorter
                break
        else:
            break
    return fitted


def _expected(form: ParametricForm, fit_rows: FitRows) -> Callable[[sympy.Symbol, int, ParametricForm], float]:
    """Bits to expect with a constant replaced by a number, by Wald's test: what the covariance of the constants says.

    References
    ----------
    Wald, Transactions of the American Mathematical Society 54 (1943) 426, doi:10.1090/S0002-9947-1943-0012401-3.
    """
    X, y, weights = fit_rows.rows(fit_rows.fitting)
    root = np.ones(len(y)) if weights is None else np.sqrt(weights / weights.mean())
    with np.errstate(all="ignore"):
        # Overflow means a constant that no double can determine.
        jacobian, residual = form.jacobian(X) * root[:, None], (form.evaluate(X) - y) * root
        determined = bool(np.isfinite(np.linalg.norm(jacobian, axis=0)).all())
    square, n = float(residual @ residual), len(fit_rows.dataset.y)
    error = np.full(len(form.constants), math.inf)
    if determined and math.isfinite(square):
        lengths, singular, vectors, _ = scaled_svd(jacobian)
        least = np.maximum(singular, RANK_TOLERANCE * singular.max(initial=0.0))
        inverse = ((vectors[: len(least)] / least[:, None]) ** 2).sum(0)
        with np.errstate(over="ignore"):
            error = np.sqrt(inverse) / np.where(lengths > 0, lengths, 1.0)

    def bits(constant: sympy.Symbol, value: int, smaller: ParametricForm) -> float:
        place = form.constants.index(constant)
        with np.errstate(over="ignore"):
            more = ((form.values[place] - value) / error[place]) ** 2
        left = (square + more) / len(y)
        misfit = misfit_bits(n, left, fit_rows.noise_floor, errors_given=fit_rows.errors_given)
        return misfit + formula_bits(smaller, n, len(fit_rows.variables))

    return bits


def news(form: ParametricForm, fit_rows: FitRows) -> float | None:
    """Description length of an expression that was not finished before with as good constants; remembers it."""
    key, length = str(form.expression), description_length_of(form, fit_rows)
    if length > fit_rows.finished.get(key, math.inf) - 0.01:
        return None
    fit_rows.finished[key] = length
    return length
