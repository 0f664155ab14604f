"""Fitted constants as results: value, error, unit, and what they may be."""

import math

import numpy as np

from kansym.symbolic.formula import Constant
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
