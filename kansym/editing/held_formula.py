# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportOperatorIssue=false
"""The formula of a network with constants that are held by hand: they keep their values, all others are fitted."""

import math
from dataclasses import dataclass, replace

import numpy as np
import sympy

from kansym.editing.coordinates import name_of, output_scale, user_constants
from kansym.editing.desk import Desk
from kansym.editing.fixing import held_by_hand
from kansym.errors import KansymError
from kansym.extraction.composition import compose
from kansym.extraction.edges import edges_of_mode
from kansym.fitting.estimate import estimate
from kansym.kan.layer import AFFINE, EdgeMode
from kansym.kan.network import Network
from kansym.search.formulation import ROUND_NUMBERS, Bench, as_written, bits, losses
from kansym.symbolic.canonical import canonicalize
from kansym.symbolic.complexity import complexity
from kansym.symbolic.constants import constants_of
from kansym.symbolic.formula import Formula
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.symbolic.refit import refit

NEAR = 1e-2
"""Distance from a whole number, relative to the larger of one and the constant, at which that number is tried."""

LARGEST = 12
"""Largest whole number that is tried."""

SAME = 1e-12
"""Relative difference up to which a number of the composed formula is the one that was held."""


@dataclass(frozen=True)
class Held:
    """A constant of an edge that is held at a number that is not 0, 1 or -1; those are exact in any formula."""

    edge: str
    name: str
    value: float


def held_constants(network: Network, desk: Desk) -> list[Held]:
    """Those that mean something in the formula: in the user's units, or an exponent.

    The constants of hidden nodes are shared among the edges that meet there, so a formula cannot hold one of them.
    """
    found = []
    for ref in edges_of_mode(network, EdgeMode.SYMBOLIC):
        flags = held_by_hand(network, ref.layer)[ref.source, ref.target].tolist()
        constants = user_constants(network, ref, desk.scaling)
        inner, outer = ref.layer == 0, output_scale(network, ref, desk.scaling) != 1.0
        told = {"a": inner, "b": inner, "c": outer, "d": outer, "p": True}
        for name, flag in zip(AFFINE, flags, strict=True):
            if flag and told[name] and constants[name] not in (0.0, 1.0, -1.0):
                found.append(Held(name_of(ref), name, constants[name]))
    return found


def held_formula(network: Network, desk: Desk, held: list[Held], *, structure: str) -> Formula | None:
    """The composed formula with the free constants fitted to all rows; None where it is not finite on them.

    Constants become whole numbers where the data want it; algebra that might lose the held ones is left out.
    """
    bench = desk.fresh_bench()
    raw = compose(network, bench.variables, desk.map)
    marks = {sympy.Dummy(f"held{k}", real=True): one.value for k, one in enumerate(held)}
    marked = raw.xreplace(_replacements(raw, marks))
    # canonicalize renames symbols by their names, so the marks need names that nothing else has.
    named = {mark: sympy.Symbol(f"held constant {k}", real=True) for k, mark in enumerate(marks)}
    positive = [symbol for symbol in bench.variables if symbol.is_positive]
    form = parametrize(canonicalize(marked.xreplace(named), positive), bench.variables)
    values = {named[mark]: value for mark, value in marks.items() if named[mark] in form.expression.free_symbols}
    return _judged(form, values, held, desk, bench, structure)


def _replacements(raw: sympy.Expr, marks: dict[sympy.Dummy, float]) -> dict[sympy.Expr, sympy.Expr]:
    found: dict[sympy.Expr, sympy.Expr] = {}
    for number in raw.atoms(sympy.Float):
        for mark, value in marks.items():
            if math.isclose(float(number), value, rel_tol=SAME):
                found[number] = mark
            elif math.isclose(float(number), -value, rel_tol=SAME):
                found[number] = -mark
    return found


def _judged(
    form: ParametricForm,
    values: dict[sympy.Symbol, float],
    held: list[Held],
    desk: Desk,
    bench: Bench,
    structure: str,
) -> Formula | None:
    numbers = {symbol: sympy.Float(value) for symbol, value in values.items()}
    free = replace(form, expression=form.expression.xreplace(numbers))
    X, y, weights = bench.rows(bench.fitting)
    fitted = refit(free, X, y, weights=weights)
    if fitted.status == "non-finite":
        return None
    shorter, exact = _shortened(fitted.form, bench)
    train, validation = losses(shorter, bench)
    if not (math.isfinite(train) and math.isfinite(validation)):
        return None
    length = bits(shorter, bench)
    final, covariance = _final(shorter, desk, bench)
    whole = ParametricForm(
        form.expression.xreplace(exact),
        form.variables,
        (*final.constants, *values),
        np.concatenate([final.values, np.array(list(values.values()))]),
    )
    units = bench.consistency(whole)
    k = len(whole.constants)
    errors, padded = np.full(k, math.nan), np.full((k, k), math.nan)
    with np.errstate(invalid="ignore"):
        errors[: len(final.constants)] = np.sqrt(np.diagonal(covariance))
    padded[: len(final.constants), : len(final.constants)] = covariance
    constants = []
    for place, constant in enumerate(constants_of(whole, errors, bench.units, units)):
        if place >= len(final.constants):
            constant = replace(constant, name=f"k{place - len(final.constants)}", snapped=f"{constant.value:.12g}")
        constants.append(constant)
    expression = as_written(final, bench).substituted()
    words = ", ".join(f"{one.name} of edge {one.edge} at {one.value:.12g}" for one in held)
    reason = () if units is None or units.consistent else (f"The units do not go together: {units.reason}.",)
    return Formula(
        expression=expression,
        variables=bench.dataset.names,
        target=bench.dataset.target,
        complexity=complexity(expression),
        train_loss=train,
        validation_loss=validation,
        description_length=length,
        constants=tuple(constants),
        structure=structure,
        notes=(f"Held by hand: {words}.", *reason),
        covariance=padded,
        consistent=None if units is None else units.consistent,
    )


def _final(form: ParametricForm, desk: Desk, bench: Bench) -> tuple[ParametricForm, np.ndarray]:
    """Constants and their covariance from all rows, with everything that is known about errors."""
    table = desk.table
    try:
        found = estimate(
            form,
            table.X,
            table.y,
            y_error=table.y_error,
            x_error=table.x_error,
            sample_weight=table.sample_weight,
            loss=desk.options.loss,
        )
        if not np.isnan(found.form.values).any():
            return found.form, found.covariance
    except KansymError:
        pass
    result = refit(form, bench.dataset.X, bench.dataset.y, weights=bench.weights, max_steps=30)
    k = len(form.constants)
    return result.form, np.full((k, k), math.nan) if result.covariance is None else result.covariance


def _shortened(form: ParametricForm, bench: Bench) -> tuple[ParametricForm, dict[sympy.Symbol, sympy.Integer]]:
    """The form with constants at whole numbers, zero among them, where that makes the description no longer."""
    exact: dict[sympy.Symbol, sympy.Integer] = {}
    X, y, weights = bench.rows(bench.fitting)
    length, changed = bits(form, bench), True
    while changed:
        changed = False
        for symbol, value in sorted(
            zip(form.constants, form.values.tolist(), strict=True), key=lambda one: abs(one[1])
        ):
            whole = round(value)
            if abs(whole) > LARGEST or abs(value - whole) > NEAR * max(1.0, abs(value)):
                continue
            trial = refit(form.with_constant(symbol, sympy.Integer(whole)), X, y, weights=weights, max_steps=30)
            if trial.status == "non-finite":
                continue
            trial_length = bits(trial.form, bench)
            if trial_length <= length + ROUND_NUMBERS and bench.admits(trial.form) >= bench.admits(form):
                form, length, changed = trial.form, min(length, trial_length), True
                exact[symbol] = sympy.Integer(whole)
                break
    return form, exact
