# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false
"""The last fit of a system: exact numbers where there is no noise, else constants with errors and units."""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kansym.dynamics.ranking import Ranked, fitted_system
from kansym.dynamics.setting import Setting
from kansym.dynamics.units import derivative_units, units_of_grid
from kansym.symbolic.complexity import complexity, formula_bits
from kansym.symbolic.constants import consistency_of
from kansym.symbolic.formula import Formula, with_fitted_constants
from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.snapping import snap
from kansym.units.system import UnitSystem

logger = logging.getLogger(__name__)

LAST_STEPS = 60
"""Integrations of the last fit."""

UNSEEN = 1e-6
"""Mean squared residual in units of the variance of an estimated noise that is none."""

EXACT_ERROR, LEAST_EXACT = 30.0, 1e-9
"""Errors of a right-hand side that an exact number may move it by, and the least of them relative to its size."""

AS_GOOD = 4.0
"""Mean squared residual with exact numbers, in units of that without, up to which they are kept."""

SNAPPING_SECONDS = 3.0
"""For the numbers of one equation."""


@dataclass(frozen=True, eq=False)
class _Table:
    """Names and units of the table of one equation."""

    names: tuple[str, ...]
    units: tuple[str | None, ...]
    target: str
    y_units: str | None


def settled(setting: Setting, ranked: Ranked, *, until: float, numbers: bool = True) -> tuple[Setting, Ranked]:
    """The system with its last constants, and the setting with errors of the states that the residuals confirm.

    Parameters
    ----------
    setting : Setting
    ranked : Ranked
    until : float
        `kansym.clock.now` value after which a fit returns what it has.
    numbers : bool, default True
        Whether constants of data without noise may become exact numbers.
    """
    best = fitted_system(setting, ranked.fitted, ranked.parts, most=LAST_STEPS, until=until) or ranked
    if best.fit.losses.max() < UNSEEN:
        # Smoothing took something for noise that is none, such as spikes.
        setting = replace(setting, smoothed=replace(setting.smoothed, exact=np.ones(len(best.forms), dtype=bool)))
    if numbers and setting.smoothed.exact.all():
        best = _exact_numbers(setting, best, until)
    if any(run.error is not None for run in setting.data.runs):
        return setting, best
    # Errors that were estimated by smoothing are as large as what is left says.
    share = best.fit.parameters / len(setting.data.states)
    free = max(setting.data.points - share, 1.0)
    factors = np.sqrt(np.maximum(best.fit.losses * setting.data.points / free, 1e-24))
    setting = replace(setting, sigmas=[sigma * factors for sigma in setting.sigmas])
    return setting, fitted_system(setting, best.fitted, best.parts, most=LAST_STEPS, until=until) or best


def _exact_numbers(setting: Setting, best: Ranked, until: float) -> Ranked:
    """The system with exact numbers where constants agree with them to all digits."""
    X = np.vstack(setting.guesses)
    if len(setting.names) > X.shape[1]:
        rest = [run.u if not setting.explicit_time else np.column_stack([run.u, run.t]) for run in setting.data.runs]
        X = np.hstack([X, np.vstack(rest)])
    forms = list(best.fitted)
    for k, (form, covariance) in enumerate(zip(best.fitted, blocks(best), strict=True)):
        snapped = _snapped(form, X, covariance * float(best.fit.losses.max()))
        if snapped is None:
            continue
        trial = [*forms[:k], snapped, *forms[k + 1 :]]
        found = fitted_system(setting, trial, best.parts, most=LAST_STEPS, until=until)
        if found is not None and np.all(found.fit.losses <= np.maximum(AS_GOOD * best.fit.losses, 1.0)):
            forms, best = trial, found
    return best


def _snapped(form: ParametricForm, X: np.ndarray, covariance: np.ndarray) -> ParametricForm | None:
    """A form with exact numbers; None where there are none."""
    y = form.evaluate(X)
    usable = np.isfinite(y)
    if not usable.any() or not len(form.constants) or not np.isfinite(covariance).all():
        return None
    slopes = form.jacobian(X[usable])
    error = math.sqrt(max(float(np.mean(np.einsum("ij,jk,ik->i", slopes, covariance, slopes))), 0.0))
    size = float(np.sqrt(np.mean(y[usable] ** 2)))
    floor = max(EXACT_ERROR * error, LEAST_EXACT * size)
    errors = np.sqrt(np.diagonal(covariance))
    empty = np.empty((0, X.shape[1]))
    result = snap(
        form, X[usable], y[usable], empty, np.empty(0), noise_floor=floor, errors=errors, seconds=SNAPPING_SECONDS
    )
    return result.form if result.accepted else None


def blocks(ranked: Ranked) -> list[np.ndarray]:
    """Covariances of the constants of each equation."""
    ends = np.cumsum([len(form.constants) for form in ranked.forms])
    return [
        ranked.fit.covariance[end - len(form.constants) : end, end - len(form.constants) : end]
        for form, end in zip(ranked.forms, ends, strict=True)
    ]


def formulas_of(setting: Setting, ranked: Ranked, targets: Sequence[str]) -> tuple[Formula, ...]:
    """The right-hand sides as formulas, with errors, units and covariances of their constants."""
    units = units_of_grid(setting)
    formulas = []
    for k, (form, covariance) in enumerate(zip(ranked.fitted, blocks(ranked), strict=True)):
        own = tuple(units[name] for name in setting.names)
        table = _Table(setting.names, own, targets[k], derivative_units(setting.data, k, setting.order))
        system = UnitSystem.of(table)
        found = consistency_of(form, system)
        expression = form.substituted()
        bare = Formula(
            expression,
            setting.names,
            targets[k],
            complexity(expression),
            math.nan,
            math.nan,
            formula_bits(form, setting.data.points, len(setting.names)),
            consistent=None if found is None else found.consistent,
            notes=() if found is None or found.consistent else (f"The units do not go together: {found.reason}.",),
        )
        formulas.append(with_fitted_constants(bare, form, covariance, system))
    return tuple(formulas)
