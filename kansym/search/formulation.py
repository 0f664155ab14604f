"""From an all-symbolic network to a `Formula`: compose, fit all constants jointly, snap, simplify, judge."""

import logging
import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import sympy

from kansym import clock, provenance
from kansym.data.preparation import thinned
from kansym.errors import ArgumentError
from kansym.extraction.composition import AffineMap, compose
from kansym.kan.network import Network
from kansym.search.lengths import as_written, description_length_of, is_noisy
from kansym.search.rows import FITTING_ROWS, FitRows, losses
from kansym.search.smaller_forms import MAX_CONSTANTS, eliminated, news, straightened, with_free_numbers
from kansym.symbolic.candidates import IRRATIONAL_AGREEMENT
from kansym.symbolic.canonical import canonicalize
from kansym.symbolic.complexity import FEW_ROWS, complexity
from kansym.symbolic.constants import Constant, constants_of
from kansym.symbolic.formula import Formula
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.symbolic.reduction import drop_terms
from kansym.symbolic.refit import refit
from kansym.symbolic.rewriting import use_signs, with_factors, with_positive_offsets
from kansym.symbolic.simplification import simplify
from kansym.symbolic.snapping import SnapResult, snap
from kansym.symbolic.steps import Structure, steps_of

logger = logging.getLogger(__name__)

ROUND_NUMBERS = 3.0
"""Bits by which a formula with rational or named numbers may be longer than one with real ones: -2 is believed where
-1.99 +- 0.02 was fitted."""

MEASURED_BITS = 0.5
"""Bits by which a constant that agrees with a simple number makes a formula longer than that number does: of two that
are equal with simple numbers, the one that has them by its structure is the pick."""

FAR_OFF = 3.0
"""Residual in units of the errors of the table from which on a formula gets the algebra only where it is the pick in
the end: what is as far from the data is mostly long, and takes seconds each."""

POLISH_SECONDS = 0.3
"""Least time in which the algebra on a formula that the end of the budget left as it was fitted gets anywhere."""

NEAREST = 10.0
"""Bits behind the shortest of the forms that elimination leads to up to which one gets the algebra at once; the others
get it where they are the pick in the end."""

BEHIND, FAR_BEHIND = 30.0, 60.0
"""Bits behind the pick from which on a form gets no algebra, which saves some bits for each number that it simplifies,
and from which on it is left out, since each constant that it does not need would save some ten; of many rows it stays
as it was fitted, since the law may follow from what is far off."""

LARGE = 40
"""Nodes of a large form."""


def formulate(
    network: Network,
    scaling: AffineMap,
    fit_rows: FitRows,
    *,
    structure: Structure,
    deadline: float | None = None,
    pick: Formula | None = None,
) -> list[Formula]:
    """The formulas of an all-symbolic network (P = 1); none where it cannot be evaluated on the rows."""
    raw = compose(network, fit_rows.variables, scaling)
    return from_expression(raw, fit_rows, structure=structure, deadline=deadline, pick=pick)


def from_expression(
    raw: sympy.Expr,
    fit_rows: FitRows,
    *,
    structure: Structure,
    deadline: float | None = None,
    pick: Formula | None = None,
) -> list[Formula]:
    """Fit, snap and simplify an expression with Float constants in `fit_rows.variables`.

    Returns the formula with all its constants, snapped where the data allow, and the smaller ones that backward
    elimination leads to; all are valid, and the front sorts them out. What is behind `pick`, or behind the shortest of
    these, stays as it was fitted, and of few rows what is far behind is left out; see `gets_algebra`, `is_hopeless`.
    """
    found: list[Formula] = []
    try:
        found.extend(_formulas(raw, fit_rows, structure, deadline, pick))
        if found and all(formula.consistent is False for formula in found):
            scaled = with_factors(raw)
            if fit_rows.admits(parametrize(scaled, fit_rows.variables)):
                found.extend(_formulas(scaled, fit_rows, structure, deadline, pick))
    except ArgumentError as error:
        # A constant that a fit has driven out of double precision; what came before it stands.
        logger.info("formula given up: %s", error)
    except Exception as error:
        # Memory, overflow, a bug of algebra: it costs this formula, and no other.
        fit_rows.faults.add("a formula", error)
    return found


def _formulas(
    raw: sympy.Expr, fit_rows: FitRows, structure: Structure, deadline: float | None, pick: Formula | None
) -> Iterator[Formula]:
    positive = [symbol for symbol in fit_rows.variables if symbol.is_positive]
    form = parametrize(canonicalize(raw, positive), fit_rows.variables)
    if len(form.constants) > min(MAX_CONSTANTS, len(fit_rows.train)):
        return
    fitted = fit_rows.fit(form)
    if fitted.status == "non-finite":
        return
    lean = _lean(fitted.form, fitted.loss, fit_rows)
    if lean is not fitted.form:
        fitted = fit_rows.fit(lean)
    # In an exact law every number and every function is what it is; what is as good as errors allow is none.
    if fitted.loss > (10 * fit_rows.noise_floor) ** 2 or is_noisy(fitted.loss, fit_rows):
        fitted = straightened(with_free_numbers(fitted, fit_rows, positive), fit_rows)
    length = news(fitted.form, fit_rows)
    if length is None:
        return
    if is_hopeless(length, complexity(fitted.form.expression), pick):
        formula = None if len(fit_rows.dataset.y) < FEW_ROWS else _as_fitted(fitted.form, fit_rows, structure)
        if formula is not None:
            yield formula
        return
    noisy = is_noisy(fitted.loss, fit_rows)
    if not noisy and (first := _finish(fitted.form, fit_rows, structure, deadline)) is not None:
        yield first
        # An exact fit has nothing to gain: snapping has already removed what is exactly 0 or 1.
        if first.validation_loss <= (10 * fit_rows.noise_floor) ** 2:
            return
    chain = [(fitted.form, length)] if noisy else []
    chain += eliminated(fitted.form, length, fit_rows, deadline, ones=not noisy)
    yield from _of_chain(chain, fit_rows, structure, deadline, pick)


def gets_algebra(length: float, nodes: int, pick: Formula | None, *, few: bool) -> bool:
    """Whether a form of this description length and size may be the pick once it is snapped and simplified.

    Of few rows what is smaller than the pick gets it in any case: it may be on the front. Of many rows what is large
    gets it only where it is better than the pick as it is: algebra on it takes seconds, and there are many like it.
    `pick` is None where there is none.
    """
    if pick is None:
        return True
    if few:
        return nodes < pick.complexity or length < pick.description_length + BEHIND
    return length < pick.description_length + (BEHIND if nodes <= LARGE else 0.0)


def is_hopeless(length: float, nodes: int, pick: Formula | None) -> bool:
    """Whether a form is larger than the pick and so far behind that none with fewer constants will be the pick."""
    return pick is not None and nodes >= pick.complexity and length >= pick.description_length + FAR_BEHIND


def _lean(form: ParametricForm, loss: float, fit_rows: FitRows) -> ParametricForm:
    """Without terms that are as good as zero on the rows."""
    allowed = max(1.001 * loss, fit_rows.noise_floor**2)
    return drop_terms(form, lambda one: fit_rows.loss(one, fit_rows.fitting), allowed=allowed)


def _of_chain(
    chain: list[tuple[ParametricForm, float]],
    fit_rows: FitRows,
    structure: Structure,
    deadline: float | None,
    pick: Formula | None,
) -> Iterator[Formula]:
    """Formulas of ever smaller forms with their description lengths; the shortest get the algebra if they may win."""
    lengths = [length for _, length in chain]
    least, few = min(lengths, default=math.inf), len(fit_rows.dataset.y) < FEW_ROWS
    for place, (form, length) in enumerate(chain):
        # What comes after the shortest is smaller, and may be on the front.
        if length > least + BEHIND and place < lengths.index(least):
            continue
        worth = length < least + NEAREST and gets_algebra(length, complexity(form.expression), pick, few=few)
        made = _finish(form, fit_rows, structure, deadline) if worth else _as_fitted(form, fit_rows, structure)
        if made is not None:
            yield made


def polished(formula: Formula, fit_rows: FitRows, seconds: float) -> Formula:
    """The formula, snapped and simplified if that was left out; some `seconds` are left for it."""
    form = fit_rows.rough.get(formula)
    if form is None or seconds < POLISH_SECONDS:
        return formula
    try:
        return _finish(form, fit_rows, formula.steps, None, seconds) or formula
    except Exception as error:
        fit_rows.faults.add("the algebra of the pick", error)
        return formula


def _as_fitted(form: ParametricForm, fit_rows: FitRows, structure: Structure) -> Formula | None:
    return _left_rough(judge(form, fit_rows, structure=structure), form, fit_rows)


def _left_rough(formula: Formula | None, form: ParametricForm, fit_rows: FitRows) -> Formula | None:
    """The formula of a form that gets the algebra only if it is the pick in the end."""
    if formula is not None:
        fit_rows.rough[formula] = form
    return formula


def _finish(
    form: ParametricForm, fit_rows: FitRows, structure: Structure, deadline: float | None, seconds: float = 20.0
) -> Formula | None:
    """Snap, simplify and judge; the smaller description length of the snapped and the plain form."""
    plain_formula = judge(form, fit_rows, structure=structure)
    if clock.late(deadline) or (deadline is not None and _is_far_off(plain_formula, fit_rows)):
        return _left_rough(plain_formula, form, fit_rows)
    noisy = plain_formula is not None and is_noisy(plain_formula.train_loss, fit_rows)
    shorter = shortened(form, fit_rows, structural=noisy, seconds=seconds).form
    if not noisy:
        # Beside exact numbers what else there was may be rounding.
        shorter = _lean(shorter, fit_rows.loss(shorter, fit_rows.fitting), fit_rows)
    formula = judge(shorter, fit_rows, structure=structure)
    if formula is None or plain_formula is None:
        return formula or plain_formula
    if formula.consistent != plain_formula.consistent:
        formula = min(formula, plain_formula, key=lambda one: one.rank)
    else:
        allowed = ROUND_NUMBERS + _digits_explained(plain_formula, formula, len(fit_rows.dataset.y))
        longer = formula.description_length > plain_formula.description_length + allowed
        formula = plain_formula if longer else formula
    return _with_credit(formula, shortened(shorter, fit_rows, seconds=seconds), fit_rows) if noisy else formula


def _is_far_off(formula: Formula | None, fit_rows: FitRows) -> bool:
    if formula is None or not fit_rows.errors_given:
        return False
    return formula.train_loss > (FAR_OFF * fit_rows.noise_floor) ** 2


def shortened(
    form: ParametricForm, fit_rows: FitRows, *, structural: bool = False, seconds: float = 20.0
) -> SnapResult:
    """The fitted form with exact numbers in place of constants that agree with them, simplified.

    Parameters
    ----------
    form : ParametricForm
    fit_rows : FitRows
    structural : bool, default False
        See `kansym.symbolic.snapping.snap`.
    seconds : float, default 20
        Half of them for trying numbers, and a share for algebra.
    """
    X, y, weights = fit_rows.rows(fit_rows.fitting)
    Xv, yv, _ = fit_rows.rows(thinned(fit_rows.validation, FITTING_ROWS))
    admits = fit_rows.admits if fit_rows.admits(form) else None
    snapped = snap(
        form,
        X,
        y,
        Xv,
        yv,
        weights=weights,
        noise_floor=fit_rows.noise_floor,
        seconds=seconds / 2,
        admits=admits,
        structural=structural,
    )
    shorter = _simpler(snapped.form, fit_rows, seconds=min(1.5, seconds / 8))
    # Algebra drops a factor 1.0, and with it the unit that it has.
    return snapped if admits is not None and not fit_rows.admits(shorter) else replace(snapped, form=shorter)


def _with_credit(formula: Formula, rounded: SnapResult, fit_rows: FitRows) -> Formula:
    """The formula with the length that it has with simple numbers where its constants agree with them.

    That laws have simple numbers is knowledge that chooses between formulas; the constants that are handed out stay
    what was measured. One that is known to four bits agrees with some simple number or other, and saves no more than
    those.
    """
    if not rounded.accepted:
        return formula
    measured = max(len(formula.constants) - len(rounded.form.constants), 0)
    length = description_length_of(rounded.form, fit_rows, final=True) + MEASURED_BITS * measured
    least = formula.description_length - sum(_known_bits(value, formula) for _, value, _ in rounded.accepted)
    return replace(formula, description_length=min(formula.description_length, max(length, least)))


def _known_bits(value: float, formula: Formula) -> float:
    """Bits to which the constant of such a value is known: log2 of it in units of its error."""
    others = [one for one in formula.constants if one.value]
    if not value or not others:
        return math.inf
    constant = min(others, key=lambda one: abs(math.log(abs(one.value / value))))
    return max(-math.log2(_precision(constant)), 0.0)


def _precision(constant: Constant) -> float:
    """Relative error of a constant, of which no double has less than 1e-15; one where it is not known."""
    if constant.error is None or not constant.value:
        return 1.0
    return max(abs(constant.error / constant.value), 1e-15)


def _digits_explained(plain: Formula, snapped: Formula, n: int) -> float:
    """Bits of constants that became exact numbers, beyond the 1/2 log2(n) that the description length counts for each.

    A constant that is known to ten digits and equals 1/(4 pi) to all of them is no coincidence. Which of the constants
    became numbers is not traced: those that are known least count.
    """
    bits = []
    for constant in plain.constants:
        precision = _precision(constant)
        known = precision < IRRATIONAL_AGREEMENT
        bits.append(max(-math.log2(precision) - 0.5 * math.log2(n), 0.0) if known else 0.0)
    return sum(sorted(bits)[: max(len(plain.constants) - len(snapped.constants), 0)])


def _simpler(form: ParametricForm, fit_rows: FitRows, seconds: float) -> ParametricForm:
    """The form after at most four rounds of simplification, of `seconds` each, and one more refit."""
    X = fit_rows.dataset.X[fit_rows.fitting]
    simplified = simplify(form.substituted(), fit_rows.variables, X[:: max(1, len(X) // 200)], seconds=seconds)
    for _ in range(3):
        smooth = use_signs(simplified.expression, fit_rows.variables, X)
        if smooth == simplified.expression:
            break
        # Algebra on the new form may come to absolute values again.
        simplified = simplify(smooth, fit_rows.variables, X[:: max(1, len(X) // 200)], seconds=seconds)
    shorter = parametrize(use_signs(simplified.expression, fit_rows.variables, X), fit_rows.variables)
    result = fit_rows.fit(shorter)
    return form if result.status == "non-finite" else result.form


def judge(form: ParametricForm, fit_rows: FitRows, *, structure: Structure) -> Formula | None:
    """A `Formula` with its losses, size and constants.

    None when it is not finite on the rows it was made for, or has functions that the user left out.
    """
    if fit_rows.allowed is not None and not fit_rows.allowed.permits(form.expression):
        return None
    train_loss, validation_loss = losses(form, fit_rows)
    if not (math.isfinite(train_loss) and math.isfinite(validation_loss)):
        return None
    length = description_length_of(form, fit_rows, final=True)
    # The losses above are those of constants that never saw the held-out rows; the constants that are handed out, with
    # their errors, come from all rows.
    if is_noisy(train_loss, fit_rows):
        # From the same numbers, whatever the rounding errors of the way here, so that their last digits are the same.
        form = form.with_values(np.array([float(f"{value:.10g}") for value in form.values]))
    result = refit(form, fit_rows.dataset.X, fit_rows.dataset.y, weights=fit_rows.weights, max_steps=30)
    if result.status == "non-finite":
        return None
    (form, signs), errors = with_positive_offsets(result.form), result.errors
    found = fit_rows.consistency(form)
    constants = constants_of(form, errors, fit_rows.units, found)
    expression = as_written(form, fit_rows).substituted()
    return Formula(
        expression=expression,
        variables=fit_rows.dataset.names,
        target=fit_rows.dataset.target,
        complexity=complexity(expression),
        train_loss=train_loss,
        validation_loss=validation_loss,
        description_length=length,
        constants=constants,
        steps=steps_of(structure),
        origin=provenance.last(),
        notes=() if found is None or found.consistent else (f"The units do not go together: {found.reason}.",),
        covariance=None if result.covariance is None else result.covariance * np.outer(signs, signs),
        consistent=None if found is None else found.consistent,
    )
