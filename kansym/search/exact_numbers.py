# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false
"""Exact numbers in place of measured constants, where the user asks for them: 2 for 2.003 +- 0.004."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import sympy

from kansym import clock
from kansym.data.dataset import Dataset
from kansym.data.weights import mean_square
from kansym.numbers import measured
from kansym.search.final_fit import refitted, with_exact
from kansym.search.formulation import shortened
from kansym.search.guess_outcome import with_pick
from kansym.search.lengths import as_written, is_noisy
from kansym.search.results import Discovery
from kansym.search.rows import FitRows
from kansym.symbolic.complexity import complexity
from kansym.symbolic.constants import Constant
from kansym.symbolic.formula import Formula
from kansym.symbolic.parametric import parametrize

SECONDS = 4.0
"""For the numbers and the algebra of one formula."""


def with_exact_numbers(found: Discovery, *, loss: str, until: float) -> Discovery:
    """The discovery with exact numbers in its formulas where the fitted constants agree with them.

    What was fitted, with its error, stays among the constants; a note says what the numbers of the pick cost in
    chi-squared, or in residuals. Formulas without noise have their exact numbers from the search.

    Parameters
    ----------
    found : Discovery
        With its constants settled.
    loss : str
        See `kansym.fitting.estimate.estimate`.
    until : float
        `kansym.clock.now` value after which formulas other than the pick stay as they are.
    """
    everything = np.arange(found.dataset.n_rows)
    rows = FitRows.of(found.dataset, everything, everything[:0], found.noise_floor)
    pick = _exact(found.formula, rows, loss)
    formulas = {id(found.formula): pick}
    for formula in found.front:
        if id(formula) not in formulas and not clock.late(until):
            formulas[id(formula)] = _exact(formula, rows, loss)
    front = with_pick((formulas.get(id(formula), formula) for formula in found.front), pick)
    notes = found.notes if pick is found.formula else (*found.notes, _price(found.formula, pick, found.dataset))
    return replace(found, front=front, formula=pick, notes=notes)


def _exact(formula: Formula, rows: FitRows, loss: str) -> Formula:
    if not formula.constants or not is_noisy(formula.train_loss, rows):
        return formula
    form = parametrize(formula.expression.xreplace(rows.symbols), rows.variables)
    result = shortened(form, rows, seconds=SECONDS)
    if not result.accepted:
        return formula
    expression = as_written(result.form, rows).substituted()
    origin = None if formula.origin is None else formula.origin.changed("exact numbers")
    shorter = replace(
        formula, expression=expression, complexity=complexity(expression), constants=(), covariance=None, origin=origin
    )
    fitted = refitted(shorter, rows.dataset, loss)[0]
    exact = [_replaced(k, value, number, formula.constants) for k, (_, value, number) in enumerate(result.accepted)]
    return with_exact(fitted, exact)


def _replaced(place: int, value: float, number: sympy.Expr, constants: Sequence[Constant]) -> Constant:
    """The exact number, and the constant in whose place it stands: the one of the value that was fitted, or near it."""
    nearest = min(constants, key=lambda one: min(abs(one.value - value), abs(one.value + value)))
    size = float(number) if number.is_number else math.nan
    own = math.copysign(1.0, nearest.value * value) * nearest.value
    known = nearest.error is not None and nearest.error > 0 and math.isfinite(size)
    return Constant(
        name=f"k{place}",
        value=size if math.isfinite(size) else own,
        error=nearest.error,
        snapped=str(number),
        unit=nearest.unit,
        deviation=abs(own - size) / nearest.error if known and nearest.error else None,
        fitted=own,
    )


def _price(before: Formula, after: Formula, table: Dataset) -> str:
    exact = [one for one in after.constants if one.snapped is not None and one.fitted is not None]
    numbers = ", ".join(f"{one.snapped} for {measured(one.fitted or 0.0, one.error)}" for one in exact)
    residuals = [table.y - formula.predict(table.X) for formula in (before, after)]
    if table.y_error is not None:
        old, new = (float(np.sum((one / table.y_error) ** 2)) for one in residuals)
        return f"Exact numbers, as asked for: {numbers}. Chi-squared goes from {old:.5g} to {new:.5g}."
    old, new = (math.sqrt(mean_square(one, table.sample_weight)) for one in residuals)
    return f"Exact numbers, as asked for: {numbers}. The RMS residual goes from {old:.5g} to {new:.5g}."
