"""Dimensional analysis from units: the reduction that Buckingham's theorem gives before any data are looked at.

E. Buckingham, Phys. Rev. 4 (1914) 345, doi:10.1103/PhysRev.4.345. It holds if all that matters is among the columns:
a hidden constant with a unit breaks it, so a reduction is a hypothesis like any other, and is confirmed by a fit.
"""

from fractions import Fraction

import numpy as np

from kansym.structure.problem import TARGET, Problem
from kansym.structure.scaling_symmetry import ScalingReduction, reductions_of
from kansym.units.linear import independent_rows
from kansym.units.system import UnitSystem, spans
from kansym.units.unit import PURE, Dimension


def dimensions_of(problem: Problem, units: UnitSystem) -> tuple[list[Dimension], Dimension] | None:
    """Dimensions of a problem's inputs and of its target; None where they are not known or contradict each other."""
    columns = [units.dimension(column) for column in problem.columns]
    known = [dimension for dimension in columns if dimension is not None]
    target = units.target_dimension(problem.outer, TARGET)
    return None if target is None or len(known) < len(columns) else (known, target)


def sound(problem: Problem, units: UnitSystem) -> bool:
    """Whether a formula for the problem can have right units without a constant that has one.

    The target's unit must be a product of those of the inputs, and every input must have a part in a dimensionless
    product: a single velocity has none, so that nothing but a power of it has right units.
    """
    found = dimensions_of(problem, units)
    if found is None or not spans(*found):
        return False
    columns, _ = found
    return all(spans([*columns[:k], *columns[k + 1 :]], own) for k, own in enumerate(columns))


def unit_reductions(problem: Problem, units: UnitSystem, *, most: int = 3) -> list[ScalingReduction]:
    """Reductions of a problem to dimensionless products, the simplest first; none where nothing has a dimension.

    Parameters
    ----------
    problem : Problem
    units : UnitSystem
        All known.
    most : int, default 3
        They differ in which columns the others are divided by.
    """
    found = dimensions_of(problem, units)
    if found is None or not spans(*found) or all(dimension == PURE for dimension in found[0]):
        return []
    columns, target = found
    rows = [[*(dimension[k] for dimension in columns), target[k]] for k in range(len(PURE))]
    basis = independent_rows([row for row in rows if any(row)])
    array = np.array([[float(Fraction(entry)) for entry in row] for row in basis])
    return reductions_of(array, problem.X)[:most]
