"""From an all-symbolic network to a `Formula`: compose, fit all constants jointly, snap, simplify, judge."""

import logging
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import sympy

from kansym import clock
from kansym.data.dataset import Dataset
from kansym.data.preparation import thinned
from kansym.data.weights import mean_square, row_weights
from kansym.errors import ArgumentError
from kansym.extraction.composition import AffineMap, compose
from kansym.kan.network import Network
from kansym.primitives.allowed import AllowedFunctions
from kansym.symbolic.canonical import canonicalize
from kansym.symbolic.complexity import complexity, description_length
from kansym.symbolic.constants import constants_of
from kansym.symbolic.formula import Formula
from kansym.symbolic.naming import internal_symbols, plain, plain_symbol
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.symbolic.reduction import drop_terms, eliminate
from kansym.symbolic.refit import refit
from kansym.symbolic.rewriting import (
    absorb_minus,
    join_logarithms,
    join_roots,
    use_signs,
    with_factors,
    with_positive_offsets,
)
from kansym.symbolic.simplification import simplify
from kansym.symbolic.snapping import IRRATIONAL_AGREEMENT, snap
from kansym.symbolic.steps import Origin, steps_of
from kansym.units.consistency import Consistency
from kansym.units.system import UnitSystem

logger = logging.getLogger(__name__)

FITTING_ROWS = 10_000
"""Most rows for trial fits: snapping and elimination fit a formula some hundred times."""

FEW_ROWS = 50
"""Rows below which the description length has the loss of leave-one-out, also where rows are held out."""

EDGE_BITS = 4.0
"""Least bits of a primitive that is not the identity: an operator and a share of an operand."""

FREE_BITS = 3.0
"""Bits of an unremarkable constant: most are within a factor of eight of the scales of the table."""

ROUND_NUMBERS = 3.0
"""Bits by which a formula with rational or named numbers may be longer than one with real ones: -2 is believed where
-1.99 +- 0.02 was fitted."""

POLISH_SECONDS = 0.3
"""Least time in which the algebra on a formula that the end of the budget left as it was fitted gets anywhere."""

DIMENSIONAL_BITS = 10.0
"""Bits of a constant with a dimension, where the columns alone could give the target its unit: such a constant is one
more thing that nature would have to hold, beside those that were measured."""

MAX_CONSTANTS = 40
"""Formulas with more constants than this are tables in disguise and are not worth the algebra."""


NEAR_FLOOR = 1.5
"""Error in units of the noise floor up to which a formula is as good as the data."""

CHI2_DEVIATIONS = 3.0
"""Standard deviations of chi-squared beyond its mean up to which it is as errors allow."""


@dataclass(frozen=True, eq=False)
class FitRows:
    """The rows that formulas are fitted and judged on, in the user's units.

    Attributes
    ----------
    dataset : Dataset
        Rows in canonical order.
    train, validation : ndarray of int
        Row indices; `validation` may be empty, the loss is then leave-one-out.
    weights : ndarray, shape (n,), or None
        Mean 1.
    noise_floor : float
        In the units of y.
    variables : tuple of Symbol
        Real, or positive where the data are.
    finished : dict
        Description lengths of the forms finished so far, by their expression: many networks lead to one formula.
    eliminated : dict
        Refits of the smaller forms met in backward elimination, for the same reason.
    rough : dict
        Formulas that were not snapped and simplified since time was up, with their forms.
    units : UnitSystem or None
        None where the table has none.
    allowed : AllowedFunctions or None
        What formulas may have besides sums, products and quotients; None where that is anything.
    """

    dataset: Dataset
    train: np.ndarray
    validation: np.ndarray
    weights: np.ndarray | None
    noise_floor: float
    variables: tuple[sympy.Symbol, ...]
    finished: dict[str, float] = field(default_factory=dict)
    eliminated: dict[str, tuple[ParametricForm, float] | None] = field(default_factory=dict)
    rough: dict[Formula, ParametricForm] = field(default_factory=dict)
    units: UnitSystem | None = None
    allowed: AllowedFunctions | None = None

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        train: np.ndarray,
        validation: np.ndarray,
        noise_floor: float,
        allowed: AllowedFunctions | None = None,
    ) -> "FitRows":
        variables = internal_symbols(dataset.names, dataset.X)
        units = UnitSystem.of(dataset)
        weights = row_weights(dataset)
        return cls(dataset, train, validation, weights, noise_floor, variables, units=units, allowed=allowed)

    def consistency(self, form: ParametricForm) -> Consistency | None:
        """Whether a form is dimensionally consistent; None where the table has no units."""
        if self.units is None or not self.units.known:
            return None
        values = {symbol.name: float(value) for symbol, value in zip(form.constants, form.values, strict=True)}
        return self.units.check(form.expression, values)

    def admits(self, form: ParametricForm) -> bool:
        """Whether nothing is known against the units of a form."""
        found = self.consistency(form)
        return found is None or found.consistent

    def rows(self, index: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        weights = None if self.weights is None else self.weights[index]
        return self.dataset.X[index], self.dataset.y[index], weights

    def loss_of(self, predict: Callable[[np.ndarray], np.ndarray], index: np.ndarray) -> float:
        """Mean squared residual of a network, weighted like that of formulas, where it has a value; nan if nowhere."""
        X, y, weights = self.rows(index)
        residual = predict(X) - y
        good = np.isfinite(residual)
        return mean_square(residual[good], None if weights is None else weights[good]) if good.any() else math.nan

    def at_noise(self, formula: Formula) -> bool:
        """Whether a formula leaves no more than the known errors of the table.

        Where y has standard errors, chi-squared of all rows says so; a rounding or a scatter of repeated points is
        known less well, and half as much again passes.
        """
        if not formula.validation_loss <= (NEAR_FLOOR * self.noise_floor) ** 2:
            return False
        if self.dataset.y_error is None:
            return True
        n, held_out = len(self.dataset.y), len(self.validation)
        rest = formula.validation_loss * held_out + formula.train_loss * (n - held_out)
        fitted = 0 if held_out else min(len(formula.constants), n - 1)
        return rest / (n - fitted) <= self.noise_floor**2 * (1 + CHI2_DEVIATIONS * math.sqrt(2 / (n - fitted)))

    @property
    def fitting(self) -> np.ndarray:
        """Training rows that constants are searched on; more would only cost time, the last fit takes all rows."""
        return thinned(self.train, FITTING_ROWS)

    def loss(self, form: ParametricForm, index: np.ndarray) -> float:
        """Weighted mean squared residual over some rows; inf where the formula is not finite."""
        X, y, weights = self.rows(index)
        value = mean_square(form.evaluate(X) - y, weights)
        return value if math.isfinite(value) else math.inf


def leave_one_out(form: ParametricForm, X: np.ndarray, y: np.ndarray, weights: np.ndarray | None) -> float:
    """Leave-one-out mean squared residual of a fitted form, from the leverages (PRESS, Allen 1974).

    Each residual is divided by 1 - h_i with h_i the row's leverage in the linearised fit: exact for linear constants,
    and good wherever one row does not move the constants far.
    """
    residual = form.evaluate(X) - y
    if not len(form.constants):
        return mean_square(residual, weights)
    root = np.ones(len(y)) if weights is None else np.sqrt(weights)
    jacobian = form.jacobian(X) * root[:, None]
    # Overflow means a constant that no double can determine; the loss is then infinite.
    with np.errstate(over="ignore"):
        norms = np.linalg.norm(jacobian, axis=0)
    if not np.all(np.isfinite(norms)):
        return math.inf
    left, singular, _ = np.linalg.svd(jacobian / np.where(norms > 0, norms, 1.0), full_matrices=False)
    determined = singular > 1e-10 * singular.max(initial=0.0)
    if determined.sum() >= len(y):
        # As many constants as rows: every residual vanishes whatever the data, so they are no evidence at all.
        return math.inf
    leverage = (left[:, determined] ** 2).sum(1)
    # A row that alone decides a constant has leverage 1 and predicts nothing; its residual is kept finite.
    return mean_square(residual / np.maximum(1.0 - leverage, 1e-3), weights)


def formulate(
    network: Network, scaling: AffineMap, fit_rows: FitRows, *, structure: Origin, deadline: float | None = None
) -> list[Formula]:
    """The formulas of an all-symbolic network (P = 1); none where it cannot be evaluated on the rows."""
    raw = compose(network, fit_rows.variables, scaling)
    return from_expression(raw, fit_rows, structure=structure, deadline=deadline)


def from_expression(
    raw: sympy.Expr, fit_rows: FitRows, *, structure: Origin, deadline: float | None = None
) -> list[Formula]:
    """Fit, snap and simplify an expression with Float constants in `fit_rows.variables`.

    Returns the formula with all its constants, snapped where the data allow, and the smaller ones that backward
    elimination leads to; all are valid, and the front sorts them out.
    """
    found: list[Formula] = []
    try:
        found.extend(_formulas(raw, fit_rows, structure, deadline))
        if found and all(formula.consistent is False for formula in found):
            scaled = with_factors(raw)
            if fit_rows.admits(parametrize(scaled, fit_rows.variables)):
                found.extend(_formulas(scaled, fit_rows, structure, deadline))
    except ArgumentError as error:
        # A constant that a fit has driven out of double precision; what came before it stands.
        logger.info("formula given up: %s", error)
    return found


def _formulas(raw: sympy.Expr, fit_rows: FitRows, structure: Origin, deadline: float | None) -> Iterator[Formula]:
    positive = [symbol for symbol in fit_rows.variables if symbol.is_positive]
    form = parametrize(canonicalize(raw, positive), fit_rows.variables)
    if len(form.constants) > min(MAX_CONSTANTS, len(fit_rows.train)):
        return
    X, y, weights = fit_rows.rows(fit_rows.fitting)
    fitted = refit(form, X, y, weights=weights)
    if fitted.status == "non-finite":
        return
    lean = drop_terms(
        fitted.form,
        lambda form: fit_rows.loss(form, fit_rows.fitting),
        allowed=max(1.001 * fitted.loss, fit_rows.noise_floor**2),
    )
    if lean is not fitted.form:
        fitted = refit(lean, X, y, weights=weights)
    if not _is_news(fitted.form, fit_rows):
        return
    first = _finish(fitted.form, fit_rows, structure, deadline)
    if first is not None:
        yield first
    # An exact fit has nothing to gain: snapping has already removed what is exactly 0 or 1.
    if first is not None and first.validation_loss <= (10 * fit_rows.noise_floor) ** 2:
        return

    def fit(smaller: ParametricForm) -> tuple[ParametricForm, float] | None:
        if clock.late(deadline):
            return None
        key = str(smaller.expression)
        if key not in fit_rows.eliminated:
            result = refit(smaller, X, y, weights=weights, max_steps=30)
            finite = result.status != "non-finite"
            fit_rows.eliminated[key] = (result.form, bits(result.form, fit_rows)) if finite else None
        return fit_rows.eliminated[key]

    previous = math.inf if first is None else first.description_length
    for smaller in eliminate(fitted.form, fit):
        if not _is_news(smaller, fit_rows):
            break
        formula = _finish(smaller, fit_rows, structure, deadline)
        if formula is None:
            break
        yield formula
        # Once a step costs this many bits, further ones only add what nobody would pick.
        if formula.description_length > previous + 60:
            break
        previous = min(previous, formula.description_length)


def _is_news(form: ParametricForm, fit_rows: FitRows) -> bool:
    """Whether this expression was not finished before with as good constants; remembers it."""
    key, length = str(form.expression), bits(form, fit_rows)
    if length > fit_rows.finished.get(key, math.inf) - 0.01:
        return False
    fit_rows.finished[key] = length
    return True


def polished(formula: Formula, fit_rows: FitRows, seconds: float) -> Formula:
    """The formula, snapped and simplified if that was left out since time was up; some `seconds` are left for it."""
    form = fit_rows.rough.get(formula)
    if form is None or seconds < POLISH_SECONDS:
        return formula
    return _finish(form, fit_rows, formula.steps, None, seconds) or formula


def _finish(
    form: ParametricForm, fit_rows: FitRows, structure: Origin, deadline: float | None, seconds: float = 20.0
) -> Formula | None:
    """Snap, simplify and judge; the smaller description length of the snapped and the plain form."""
    plain_formula = judge(form, fit_rows, structure=structure)
    if clock.late(deadline):
        if plain_formula is not None:
            fit_rows.rough[plain_formula] = form
        return plain_formula
    X, y, weights = fit_rows.rows(fit_rows.fitting)
    Xv, yv, _ = fit_rows.rows(thinned(fit_rows.validation, FITTING_ROWS))
    admits = fit_rows.admits if fit_rows.admits(form) else None
    snapped = snap(
        form, X, y, Xv, yv, weights=weights, noise_floor=fit_rows.noise_floor, seconds=seconds / 2, admits=admits
    )
    shorter = _simpler(snapped.form, fit_rows, seconds=min(1.5, seconds / 8))
    if admits is not None and not fit_rows.admits(shorter):
        # Algebra drops a factor 1.0, and with it the unit that it has.
        shorter = snapped.form
    formula = judge(shorter, fit_rows, structure=structure)
    if formula is None or plain_formula is None:
        return formula or plain_formula
    if formula.consistent != plain_formula.consistent:
        return min(formula, plain_formula, key=lambda one: one.rank)
    allowed = ROUND_NUMBERS + _digits_explained(plain_formula, formula, len(fit_rows.dataset.y))
    return formula if formula.description_length <= plain_formula.description_length + allowed else plain_formula


def _digits_explained(plain: Formula, snapped: Formula, n: int) -> float:
    """Bits of constants that became exact numbers, beyond the 1/2 log2(n) that the description length counts for each.

    A constant that is known to ten digits and equals 1/(4 pi) to all of them is no coincidence. Which of the constants
    became numbers is not traced: those that are known least count.
    """
    bits = []
    for constant in plain.constants:
        precision = abs(constant.error / constant.value) if constant.value and constant.error is not None else 1.0
        known = precision < IRRATIONAL_AGREEMENT
        bits.append(max(-math.log2(max(precision, 1e-15)) - 0.5 * math.log2(n), 0.0) if known else 0.0)
    return sum(sorted(bits)[: max(len(plain.constants) - len(snapped.constants), 0)])


def _simpler(form: ParametricForm, fit_rows: FitRows, seconds: float) -> ParametricForm:
    """The form after at most four rounds of simplification, of `seconds` each, and one more refit."""
    X, y, weights = fit_rows.rows(fit_rows.fitting)
    simplified = simplify(form.substituted(), fit_rows.variables, X[:: max(1, len(X) // 200)], seconds=seconds)
    for _ in range(3):
        smooth = use_signs(simplified.expression, fit_rows.variables, X)
        if smooth == simplified.expression:
            break
        # Algebra on the new form may come to absolute values again.
        simplified = simplify(smooth, fit_rows.variables, X[:: max(1, len(X) // 200)], seconds=seconds)
    shorter = parametrize(use_signs(simplified.expression, fit_rows.variables, X), fit_rows.variables)
    result = refit(shorter, X, y, weights=weights)
    return form if result.status == "non-finite" else result.form


def losses(form: ParametricForm, fit_rows: FitRows) -> tuple[float, float]:
    """Training loss, and the loss on held-out rows (leave-one-out where there are none)."""
    train_loss = fit_rows.loss(form, fit_rows.train)
    if len(fit_rows.validation):
        return train_loss, fit_rows.loss(form, fit_rows.validation)
    return train_loss, leave_one_out(form, *fit_rows.rows(fit_rows.train))


def bits(form: ParametricForm, fit_rows: FitRows) -> float:
    """Description length of the data with the help of a fitted form."""
    n, held_out = len(fit_rows.dataset.y), len(fit_rows.validation)
    if n < FEW_ROWS:
        # The training loss flatters every extra constant by more than its bits cost, and a handful of held-out rows
        # say little: leave-one-out stands for all rows.
        rows = fit_rows.rows(np.arange(n))
        whole = refit(form, rows[0], rows[1], weights=rows[2], max_steps=30).form if held_out else form
        pooled = leave_one_out(whole, *rows)
        surplus = _few_rows_surplus(len(form.constants), n, pooled, fit_rows)
    else:
        surplus = 0.0
        train_loss, held_out_loss = losses(form, fit_rows)
        pooled = (train_loss * (n - held_out) + held_out_loss * held_out) / n if held_out else held_out_loss
    return description_length(as_written(form, fit_rows), n, pooled, fit_rows.noise_floor, len(fit_rows.variables)) + (
        surplus + _unit_bits(fit_rows.consistency(form), fit_rows)
    )


def _few_rows_surplus(constants: int, n: int, loss: float, fit_rows: FitRows) -> float:
    """Bits of a constant beyond the 1/2 log2(n) that hold for many rows.

    Written one after the other, the first rows only fix the constants: each costs what it costs without a formula,
    1/2 log2(variance / loss) bits more than the rows that the formula predicts (predictive coding, Dawid,
    doi:10.2307/2981683), less `FREE_BITS`. For many rows that is lost in the sum; of nine, five constants leave four.
    """
    _, y, weights = fit_rows.rows(np.arange(n))
    variance = mean_square(y - np.average(y, weights=weights), weights)
    least = max(loss, fit_rows.noise_floor**2, 1e-300)
    if not math.isfinite(loss) or variance <= 0.0:
        return 0.0
    return 0.5 * min(constants, n - 1) * max(math.log2(variance) - math.log2(least) - math.log2(n) - 2 * FREE_BITS, 0.0)


def _unit_bits(found: Consistency | None, fit_rows: FitRows) -> float:
    """Bits of the constants that have a dimension."""
    if found is None or fit_rows.units is None or not fit_rows.units.closed:
        return 0.0
    return DIMENSIONAL_BITS * found.dimensional


def as_written(form: ParametricForm, fit_rows: FitRows) -> ParametricForm:
    """The form as users see it: in plain symbols, with roots and logarithms of products and few minus signs.

    sympy takes those of positive symbols apart, so this is done last; sizes and description lengths are of this form.
    """
    names = fit_rows.dataset.names
    expression = absorb_minus(join_roots(join_logarithms(plain(form.expression, names))))
    return ParametricForm(expression, tuple(map(plain_symbol, names)), form.constants, form.values)


def could_win(curved_edges: int, loss: float, best: Formula | None, fit_rows: FitRows) -> bool:
    """Whether a symbolic network could become the pick, were its formula as short as its edges allow.

    Each primitive that is not the identity needs at least an operator and an operand; everything else about the bound
    is optimistic too, so what is left out here would not have been picked.

    Parameters
    ----------
    curved_edges : int
    loss : float
        Of the network on the training rows, in squared units of y.
    best : Formula or None
        The pick so far.
    fit_rows : FitRows
    """
    if best is None:
        return True
    n, d = fit_rows.dataset.X.shape
    constant = description_length(sympy.S.One, n, loss, fit_rows.noise_floor, d)
    return EDGE_BITS * curved_edges + constant < best.description_length


def judge(form: ParametricForm, fit_rows: FitRows, *, structure: Origin) -> Formula | None:
    """A `Formula` with its losses, size and constants.

    None when it is not finite on the rows it was made for, or has functions that the user left out.
    """
    if fit_rows.allowed is not None and not fit_rows.allowed.permits(form.expression):
        return None
    train_loss, validation_loss = losses(form, fit_rows)
    if not (math.isfinite(train_loss) and math.isfinite(validation_loss)):
        return None
    length = bits(form, fit_rows)
    # The losses above are those of constants that never saw the held-out rows; the constants that are handed out, with
    # their errors, come from all rows.
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
        notes=() if found is None or found.consistent else (f"The units do not go together: {found.reason}.",),
        covariance=None if result.covariance is None else result.covariance * np.outer(signs, signs),
        consistent=None if found is None else found.consistent,
    )
