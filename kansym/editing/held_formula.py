# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportOperatorIssue=false
"""The formula of a network with held constants: they keep their values, all others are fitted."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import sympy

from kansym.editing.constants import edge_id, ends_in_output, held_mask, user_constants
from kansym.editing.context import EditContext
from kansym.errors import KansymError
from kansym.extraction.composition import compose
from kansym.extraction.edges import edges_of_mode
from kansym.fitting.estimate import estimate_table
from kansym.kan.layer import AFFINE, EdgeMode
from kansym.kan.network import Network
from kansym.search.formulation import ROUND_NUMBERS, judge
from kansym.search.lengths import as_written, description_length_of
from kansym.search.rows import FitRows
from kansym.symbolic.canonical import canonicalize
from kansym.symbolic.complexity import complexity
from kansym.symbolic.constants import constants_of
from kansym.symbolic.formula import Constant, Formula
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.symbolic.refit import refit

NEAR = 1e-2
"""Distance from a whole number, relative to the larger of one and the constant, at which that number is tried."""

LARGEST = 12
"""Largest whole number that is tried."""

SAME = 1e-12
"""Relative difference up to which a number of the composed formula is the one that was held."""


@dataclass(frozen=True)
class HeldConstant:
    """A constant of an edge that is held at a number that is not 0, 1 or -1; those are exact in any formula."""

    edge: str
    name: str
    value: float


def held_constants(network: Network, context: EditContext) -> list[HeldConstant]:
    """Those that mean something in the formula: in the user's units, or an exponent.

    The constants of hidden nodes are shared among the edges that meet there, so a formula cannot hold one of them.
    """
    return [one for one, has_units in _held(network, context) if has_units]


def held_inside(network: Network, context: EditContext) -> list[HeldConstant]:
    """Those of hidden nodes."""
    return [one for one, has_units in _held(network, context) if not has_units]


def _held(network: Network, context: EditContext) -> Iterator[tuple[HeldConstant, bool]]:
    """Constants that are held, and whether they are in the user's units, or have none as an exponent."""
    for ref in edges_of_mode(network, EdgeMode.SYMBOLIC):
        held = held_mask(network, ref.layer)[ref.source, ref.target].tolist()
        constants = user_constants(network, ref, context.scaling_at(network, ref))
        inner, outer = ref.layer == 0, ends_in_output(network, ref)
        has_units = {"a": inner, "b": inner, "c": outer, "d": outer, "p": True}
        for name, flag in zip(AFFINE, held, strict=True):
            if flag and constants[name] not in (0.0, 1.0, -1.0):
                yield HeldConstant(edge_id(ref), name, constants[name]), has_units[name]


def held_formula(
    network: Network, context: EditContext, held: Sequence[HeldConstant], *, structure: str
) -> Formula | None:
    """The composed formula with the free constants fitted to all rows; None where it is not finite on them.

    Constants become whole numbers where the data want it; algebra that might lose the held ones is left out.
    """
    rows = context.fresh_fit_rows()
    form, values = _with_held_symbols(compose(network, rows.variables, context.affine_map), held, rows)
    numbers = {symbol: sympy.Float(value) for symbol, value in values.items()}
    free = replace(form, expression=form.expression.xreplace(numbers))
    fitted = rows.fit(free)
    if fitted.status == "non-finite":
        return None
    shorter, whole = _with_whole_numbers(fitted.form, rows)
    formula = judge(shorter, rows, structure=structure)
    if formula is None:
        return None
    final, covariance = _estimated(shorter, context, rows)
    # Units and the list of constants are of the form with the held ones among its constants, after the fitted ones.
    k, n_held = len(final.constants), len(values)
    full = ParametricForm(
        form.expression.xreplace(whole),
        form.variables,
        (*final.constants, *values),
        np.concatenate([final.values, np.array(list(values.values()))]),
    )
    units = rows.consistency(full)
    covariance = np.pad(covariance, (0, n_held), constant_values=math.nan)
    with np.errstate(invalid="ignore"):
        constants = constants_of(full, np.sqrt(np.diagonal(covariance)), rows.units, units)
    expression = as_written(final, rows).substituted()
    said = ", ".join(f"{one.name} of edge {one.edge} at {one.value:.12g}" for one in held)
    reason = () if units is None or units.consistent else (f"The units do not go together: {units.reason}.",)
    return replace(
        formula,
        expression=expression,
        complexity=complexity(expression),
        constants=(*constants[:k], *(_as_held(number, one) for number, one in enumerate(constants[k:]))),
        covariance=covariance,
        consistent=None if units is None else units.consistent,
        notes=(f"Held by hand: {said}.", *reason),
    )


def _as_held(number: int, constant: Constant) -> Constant:
    return replace(constant, name=f"k{number}", snapped=f"{constant.value:.12g}")


def _with_held_symbols(
    raw: sympy.Expr, held: Sequence[HeldConstant], rows: FitRows
) -> tuple[ParametricForm, dict[sympy.Symbol, float]]:
    """The canonical form with a symbol for each held number, and the values of those symbols."""
    marks = {sympy.Dummy(f"held{k}", real=True): one.value for k, one in enumerate(held)}
    replacements: dict[sympy.Expr, sympy.Expr] = {}
    for number in raw.atoms(sympy.Float):
        for mark, value in marks.items():
            if math.isclose(float(number), value, rel_tol=SAME):
                replacements[number] = mark
            elif math.isclose(float(number), -value, rel_tol=SAME):
                replacements[number] = -mark
    # canonicalize renames symbols by their names, so the marks need names that nothing else has.
    named = {mark: sympy.Symbol(f"held constant {k}", real=True) for k, mark in enumerate(marks)}
    positive = [symbol for symbol in rows.variables if symbol.is_positive]
    form = parametrize(canonicalize(raw.xreplace(replacements).xreplace(named), positive), rows.variables)
    return form, {named[mark]: value for mark, value in marks.items() if named[mark] in form.expression.free_symbols}


def _estimated(form: ParametricForm, context: EditContext, rows: FitRows) -> tuple[ParametricForm, np.ndarray]:
    """The form with constants from all rows of the table and all that is known about errors, and their covariance."""
    try:
        found = estimate_table(form, context.table, context.options.loss)
        if not np.isnan(found.form.values).any():
            return found.form, found.covariance
    except KansymError:
        pass
    result = refit(form, rows.dataset.X, rows.dataset.y, weights=rows.weights, max_steps=30)
    k = len(form.constants)
    return result.form, np.full((k, k), math.nan) if result.covariance is None else result.covariance


def _with_whole_numbers(
    form: ParametricForm, rows: FitRows
) -> tuple[ParametricForm, dict[sympy.Symbol, sympy.Integer]]:
    """The form with constants at whole numbers, zero among them, where that makes the description no longer."""
    exact: dict[sympy.Symbol, sympy.Integer] = {}
    length, changed = description_length_of(form, rows), True
    while changed:
        changed = False
        for symbol, value in sorted(
            zip(form.constants, form.values.tolist(), strict=True), key=lambda one: abs(one[1])
        ):
            whole = round(value)
            if abs(whole) > LARGEST or abs(value - whole) > NEAR * max(1.0, abs(value)):
                continue
            trial = rows.fit(form.with_constant(symbol, sympy.Integer(whole)), max_steps=30)
            if trial.status == "non-finite":
                continue
            trial_length = description_length_of(trial.form, rows)
            if trial_length <= length + ROUND_NUMBERS and rows.admits(trial.form) >= rows.admits(form):
                form, length, changed = trial.form, min(length, trial_length), True
                exact[symbol] = sympy.Integer(whole)
                break
    return form, exact
