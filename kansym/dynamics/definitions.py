# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false
"""Equations that say what a state is: an angular velocity is the rate of its angle, which is no law to be found."""

import math
from dataclasses import dataclass

import numpy as np
import scipy

from kansym.dynamics.finish import LAST_STEPS, blocks
from kansym.dynamics.ranking import Ranked, fitted_system
from kansym.dynamics.setting import Setting
from kansym.fitting.levels import DENIAL
from kansym.numbers import measured
from kansym.symbolic.parametric import ParametricForm

NEAR_ONE = 0.02
"""Factor beside one that sensors of a state and of its rate may have."""


@dataclass(frozen=True)
class Definition:
    """A state that is the rate of another.

    Attributes
    ----------
    state, rate : str
        The state, and the one that is its rate.
    factor, error : float
        What was fitted before the rate, where there is one now.
    """

    state: str
    rate: str
    factor: float
    error: float

    def __str__(self) -> str:
        fitted = measured(self.factor, self.error)
        away = f"{abs(self.factor - 1) / self.error:.1f} errors from one" if self.error > 0 else "one"
        return f"{self.rate} is the rate of {self.state} by definition: a factor of {fitted} was fitted, {away}."


def with_definitions(setting: Setting, best: Ranked, *, until: float) -> tuple[Ranked, tuple[Definition, ...]]:
    """The system with states in place of multiples of them that are their rates, and which these are.

    Parameters
    ----------
    setting : Setting
        With errors of the states.
    best : Ranked
        With its last constants.
    until : float
        `kansym.clock.now` value after which a fit returns what it has.
    """
    found: list[Definition] = []
    for k, form in enumerate(best.fitted):
        rate = _multiple(form)
        if rate is None or rate == setting.data.states[k]:
            continue
        factor, error = float(form.values[0]), math.sqrt(max(float(blocks(best)[k][0, 0]), 0.0))
        if not abs(factor - 1) <= NEAR_ONE:
            continue
        plain = form.with_constant(form.constants[0], 1)
        forms = [plain if other == k else one for other, one in enumerate(best.fitted)]
        trial = fitted_system(setting, forms, best.parts, most=LAST_STEPS, until=until)
        if trial is None or scipy.stats.chi2.sf(setting.data.points * _rise(best, trial), 1) < DENIAL:
            continue
        best = trial
        found.append(Definition(setting.data.states[k], rate, factor, error))
    return best, tuple(found)


def _rise(before: Ranked, after: Ranked) -> float:
    """By how much the mean squared residuals of all states are larger, in squared errors."""
    return float(np.sum(after.fit.losses - before.fit.losses))


def _multiple(form: ParametricForm) -> str | None:
    """The column of which a form is a multiple by its only constant; None for any other form."""
    if len(form.constants) != 1:
        return None
    rest = form.expression / form.constants[0]
    return rest.name if rest in form.variables else None
