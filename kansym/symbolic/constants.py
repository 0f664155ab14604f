"""Fitted constants as results: value, error, unit, and what they may be."""

import math
from dataclasses import replace

import numpy as np

from kansym.symbolic.formula import Constant, Formula
from kansym.symbolic.parametric import ParametricForm
from kansym.units.consistency import Consistency
from kansym.units.named_constants import suggestions
from kansym.units.system import UnitSystem


def constants_of(
    form: ParametricForm, errors: np.ndarray, units: UnitSystem | None, found: Consistency | None
) -> tuple[Constant, ...]:
    """The constants of a fitted form.

    Parameters
    ----------
    form : ParametricForm
    errors : array (k,)
        Standard errors, nan where unknown.
    units : UnitSystem or None
        Of the table.
    found : Consistency or None
        What `units` say of the form.
    """
    known = {}
    if units is not None and found is not None and found.consistent:
        # A unit that hangs on one that is not known would be a guess; one whose size is no double cannot be written.
        known = {
            name: unit
            for name, unit in found.units.items()
            if name not in found.undetermined and unit.scale not in (0.0, math.inf)
        }
    constants = []
    for symbol, value, error in zip(form.constants, form.values, errors, strict=True):
        unit = known.get(symbol.name)
        own = float(error) if math.isfinite(error) else None
        constants.append(
            Constant(
                name=symbol.name,
                value=float(value),
                error=own,
                unit=None if unit is None or units is None else units.named(unit),
                suggestions=tuple(str(one) for one in suggestions(float(value), own, unit)[:3]),
            )
        )
    return tuple(constants)


def consistency_of(form: ParametricForm, units: UnitSystem | None) -> Consistency | None:
    """Whether a fitted form is dimensionally consistent; None where the table has no units.

    Parameters
    ----------
    form : ParametricForm
    units : UnitSystem or None
        Of the table.
    """
    if units is None or not units.known:
        return None
    values = {symbol.name: float(value) for symbol, value in zip(form.constants, form.values, strict=True)}
    return units.check(form.expression, values)


def with_fitted_constants(
    formula: Formula, form: ParametricForm, covariance: np.ndarray, units: UnitSystem | None
) -> Formula:
    """A formula with constants that were fitted anew, their errors and units.

    Parameters
    ----------
    formula : Formula
        Its losses, size and notes stay.
    form : ParametricForm
        The formula as a fitted form.
    covariance : array (k, k)
        Of the constants, nan where unknown.
    units : UnitSystem or None
        Of the table.
    """
    with np.errstate(invalid="ignore"):
        errors = np.sqrt(np.diagonal(covariance))
    constants = constants_of(form, errors, units, consistency_of(form, units))
    return replace(formula, expression=form.substituted(), constants=constants, covariance=covariance)
