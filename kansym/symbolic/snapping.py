# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportIndexIssue=false, reportGeneralTypeIssues=false
"""Snapping: fitted constants that stand for exact numbers are replaced by them, if the data agree."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.symbolic.candidates import (
    IRRATIONAL_AGREEMENT,
    PRIOR_BITS,
    ROLES,
    Candidate,
    beside_plain_terms,
    coefficient_pairs,
    nearby,
    rational,
    roles,
    saturations,
    shifts,
)
from kansym.symbolic.canonical import canonicalize, regauged
from kansym.symbolic.parametric import ParametricForm, columns_of, parametrize
from kansym.symbolic.refit import LeastSquares

ZERO_PRIOR_BITS = 1.0
"""The same for being zero, in any role but that of an exponent."""

TIE_PRIOR_BITS = -1.0
"""The same for two coefficients of one sum having a simple ratio."""

TIED = 0.01
"""Relative error of the difference of two coefficients up to which noisy data make them one: that they agree to five
percent happens to every tenth pair."""

TURNED = 0.05
"""Error of a phase, in radians, up to which noisy data make it a quarter turn: one in eight lies so near to one."""

EXACT = 1e-8
"""A fit with an RMS residual below this times the RMS of y is taken to be exact: its residuals are rounding errors and
approximation, not noise, and standard errors mean nothing."""

EXACT_WINDOW = 1e-4
"""Relative window for candidates when the fit is exact."""

FINEST = 6
"""Largest denominator of exponents that noisy data make exact: a fraction of twelfths is always near."""

HALVES, FRACTION_ERRORS = 2, 2.0
"""Denominators of exponents that nearly all laws have, and errors up to which noisy data make another fraction exact:
one is always near, and 2/3 for 0.684(2) moves all other constants."""

TRIES = 5
"""Candidates refitted per constant."""


@dataclass(frozen=True, eq=False)
class SnapResult:
    """Outcome of `snap`.

    Attributes
    ----------
    form : ParametricForm
        In canonical gauge, refitted.
    accepted : tuple of (sympy.Symbol, float, sympy.Expr)
        Constant of the form as it was at that moment, fitted value, and exact number or multiple of another constant.
    """

    form: ParametricForm
    accepted: tuple[tuple[sympy.Symbol, float, sympy.Expr], ...]


def snap(
    form: ParametricForm,
    X_train: np.ndarray,
    y_train: np.ndarray,
    X_validation: np.ndarray,
    y_validation: np.ndarray,
    *,
    weights: np.ndarray | None = None,
    noise_floor: float,
    errors: np.ndarray | None = None,
    seconds: float = 10.0,
    admits: Callable[[ParametricForm], bool] | None = None,
    structural: bool = False,
) -> SnapResult:
    """Replace constants by exact numbers, one at a time, refitting the others after each.

    Order: exponents, offsets, inner coefficients, prefactors; then coefficients of one sum that have a simple ratio;
    then the other gauge of sums (see `regauged`). A replacement is kept if it shortens the description of constant
    and data together: the exact number costs its bits (2 log2((1+|p|) q) for p/q), the real one the bits to write it
    to its standard error, the rise of the loss its log-likelihood; prior odds depend on the role. A measured
    9.81 +- 0.01 therefore does not become 49/5, which is too expensive to be believed. Fits that are exact to
    rounding are judged by their loss instead, which may not exceed ``max(noise_floor**2, 4 * loss)``. The held-out
    loss may not rise by more than its own scatter.

    Parameters
    ----------
    form : ParametricForm
        Fitted.
    X_train, y_train : arrays (n, d), (n,)
    X_validation, y_validation : arrays (m, d), (m,)
        With m = 0 only the training rows decide.
    weights : array (n,), optional
        Of the training rows.
    noise_floor : float
        Standard deviation of y below which nothing is known, in units of y.
    errors : array (k,), optional
        Standard errors of the constants at the start; from the covariance by default.
    seconds : float, default 10
        No new candidate is tried after this time.
    admits : callable, optional
        Whether a form may be; ``1 + x`` may not, where x has a unit.
    structural : bool, default False
        Only what belongs to the structure: exponents become simple ones, terms that the data do not need go,
        coefficients of a sum become one where they agree, as in ``c*(x - z)``, and a phase of a quarter turn makes a
        cosine of a sine. All other numbers stay as fitted: for
        data with noise, where they are measurements.

    References
    ----------
    Rissanen, Automatica 14 (1978) 465, doi:10.1016/0005-1098(78)90005-5 (description length); Udrescu et al., AI
    Feynman 2 (2020), arXiv:2006.10782 (snapping by it).
    """
    judge = _Judge(X_train, y_train, X_validation, y_validation, weights, noise_floor, admits, structural)
    state = judge.state(form, errors)
    if not math.isfinite(state.loss):
        return SnapResult(form, ())
    deadline = clock.now() + seconds
    accepted: list[tuple[sympy.Symbol, float, sympy.Expr]] = []
    for _ in range(3):
        before = len(accepted)
        for role in ROLES:
            state = _snap_role(role, state, judge, accepted, deadline)
        state = _snap_ratios(state, judge, accepted, deadline)
        if len(accepted) == before:
            break
    state = (_snap_saturations if structural else _snap_regauged)(state, judge, accepted, deadline)
    return SnapResult(judge.canonical(state).form, tuple(accepted))


@dataclass(frozen=True, eq=False)
class _State:
    """A fitted form with its losses and the uncertainty of its constants."""

    form: ParametricForm
    loss: float
    validation_loss: float
    covariance: np.ndarray
    natural_scales: np.ndarray
    exact: bool

    def error(self, index: int) -> float:
        return math.sqrt(self.covariance[index, index]) if self.covariance[index, index] >= 0 else math.nan


class _Judge:
    """Fits on the training rows and decides on both."""

    def __init__(
        self,
        X: np.ndarray,
        y: np.ndarray,
        X_validation: np.ndarray,
        y_validation: np.ndarray,
        weights: np.ndarray | None,
        noise_floor: float,
        admits: Callable[[ParametricForm], bool] | None,
        structural: bool,
    ) -> None:
        self.admits, self.structural = admits, structural
        self.X, self.y, self.weights = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64), weights
        self.X_validation, self.y_validation = X_validation, y_validation
        self.columns = columns_of(self.X, self.X.shape[1])
        self.validation_columns = columns_of(X_validation, self.X.shape[1]) if len(y_validation) else ()
        self.floor = noise_floor**2
        scale = float(np.abs(self.y).max()) or 1.0
        self.mean_square = float(np.mean((self.y / scale) ** 2)) * scale**2

    def problem(self, form: ParametricForm) -> LeastSquares:
        return LeastSquares(form, self.columns, self.y, self.weights)

    def validation_loss(self, form: ParametricForm) -> float:
        if not self.validation_columns:
            return 0.0
        return LeastSquares(form, self.validation_columns, self.y_validation).loss(form.values)

    def state(self, form: ParametricForm, errors: np.ndarray | None = None) -> _State:
        """The state of a form that has been fitted."""
        problem = self.problem(form)
        loss = problem.loss(form.values)
        k = len(form.constants)
        covariance = problem.covariance(form.values, loss)[0] if math.isfinite(loss) and k else None
        if covariance is None:
            covariance = np.full((k, k), np.nan)
        # With a noise floor above the residuals the residuals underestimate the errors.
        covariance = covariance * max(1.0, self.floor / loss if loss > 0 else 1.0)
        if errors is not None:
            covariance = covariance.copy()
            np.fill_diagonal(covariance, np.asarray(errors, dtype=np.float64) ** 2)
        with np.errstate(all="ignore"):
            sensitivity = np.sqrt(np.mean(problem.jacobian(form.values) ** 2, axis=0)) if k else np.empty(0)
            natural = np.where(sensitivity > 0, (self.y / problem.scale).std() / sensitivity, np.inf)
        exact = loss <= EXACT**2 * self.mean_square
        return _State(form, loss, self.validation_loss(form), covariance, natural, exact)

    def permits(self, form: ParametricForm) -> bool:
        """Whether a form may be, whatever its loss."""
        return self.admits is None or self.admits(form)

    def try_tie(self, state: _State, index: int, other: int | None, factor: float) -> tuple[np.ndarray, float] | None:
        """Refit with ``constant = factor``, or factor times another constant; None if it cannot be evaluated."""
        k = len(state.form.constants)
        basis = np.delete(np.eye(k), index, axis=1)
        fixed = np.zeros(k)
        if other is None:
            fixed[index] = factor
        else:
            basis[index] = factor * np.delete(np.eye(k)[other], index)
        start = state.form.values.copy()
        start[index] = factor if other is None else factor * start[other]
        problem = self.problem(state.form)
        fixed_start = fixed + basis @ np.delete(start, index)
        if not math.isfinite(problem.loss(fixed_start)):
            return None
        values, loss, _ = problem.fit(fixed_start, 50, basis=basis, fixed=fixed)
        return values, loss

    def accepts(self, state: _State, form: ParametricForm, loss: float, gain: float) -> bool:
        """Whether a form with this loss may replace the state, `gain` bits being saved on the constants."""
        if not math.isfinite(loss):
            return False
        validation = self.validation_loss(form)
        if state.exact:
            allowed = max(self.floor, 4 * state.loss, np.finfo(float).eps ** 2 * self.mean_square)
            return gain > 0 and loss <= allowed and validation <= max(allowed, 4 * state.validation_loss)
        variance = max(state.loss, self.floor)
        misfit = 0.5 * len(self.y) * (loss - state.loss) / variance / math.log(2)
        if gain - misfit <= 0:
            return False
        if not self.validation_columns:
            return True
        scatter = 3.0 * math.sqrt(2.0 / len(self.y_validation)) * max(variance, state.validation_loss)
        return validation <= state.validation_loss + scatter

    def canonical(self, state: _State) -> _State:
        """The state in canonical gauge, refitted; the state itself if that made it worse."""
        positive = [
            variable
            for variable, column in zip(state.form.variables, self.columns, strict=True)
            if variable.is_positive or (column > 0).all()
        ]
        form = parametrize(canonicalize(state.form.substituted(), positive), state.form.variables)
        # A factor 1.0 is dropped in that gauge, and with it the unit that it may have.
        if len(form.constants) > len(state.form.constants) or not self.permits(form):
            return state
        problem = self.problem(form)
        if not math.isfinite(problem.loss(form.values)):
            return state
        values, loss, _ = problem.fit(form.values)
        # Rounding may move a loss that is itself nothing but rounding.
        rounding = max(self.floor, (1e-13**2) * self.mean_square)
        if loss > 1.01 * state.loss + rounding:
            return state
        return self.state(form.with_values(values))


def _bits_of_real(state: _State, index: int, error: float) -> float:
    """Bits to write a real constant to its standard error, from a broad distribution around its natural scale."""
    value = abs(float(state.form.values[index]))
    scale = state.natural_scales[index]
    spread = 4.0 * (value + (scale if math.isfinite(scale) else 0.0))
    floor = 1e-14 * spread
    return max(0.0, math.log2(spread / (math.sqrt(2 * math.pi) * max(error, floor)))) if spread > 0 else 0.0


def _snap_role(
    role: str, state: _State, judge: _Judge, accepted: list[tuple[sympy.Symbol, float, sympy.Expr]], deadline: float
) -> _State:
    for symbol in list(state.form.constants):
        if symbol not in state.form.constants or roles(state.form).get(symbol) != role:
            continue
        state = _snap_constant(symbol, role, state, judge, accepted, deadline)
    return state


def _snap_constant(
    symbol: sympy.Symbol,
    role: str,
    state: _State,
    judge: _Judge,
    accepted: list[tuple[sympy.Symbol, float, sympy.Expr]],
    deadline: float,
) -> _State:
    index = state.form.constants.index(symbol)
    value = float(state.form.values[index])
    for candidate, gain in _options(state, index, role, judge.structural):
        if clock.late(deadline):
            break
        if not judge.permits(state.form.with_constant(symbol, candidate.expression)):
            continue
        trial = judge.try_tie(state, index, None, candidate.value)
        if trial is None:
            continue
        values, loss = trial
        form = state.form.with_values(values)
        if judge.accepts(state, form, loss, gain):
            accepted.append((symbol, value, candidate.expression))
            return judge.state(form.with_constant(symbol, candidate.expression))
    return state


def _options(state: _State, index: int, role: str, structural: bool) -> Iterator[tuple[Candidate, float]]:
    """Candidates for a constant with the bits that each would save, most plausible first."""
    clock.charge(Work.NUMBERS_TRIED)
    value, error = float(state.form.values[index]), state.error(index)
    if not math.isfinite(error):
        # The data do not determine this constant: the simplest number is as good as any, if the loss does not rise.
        sign = -1 if value < 0 else 1
        yield from ((candidate, 1.0) for candidate in nearby(role, value, 1e-9 * abs(value))[:1])
        yield from ((rational(number), 1.0) for number in ((0, sign) if role in ("offset", "phase") else (sign, 0)))
        return
    window = 3.0 * error
    if state.exact:
        natural = state.natural_scales[index]
        # An offset of zero has no relative precision; its natural scale takes that place.
        window = max(window, EXACT_WINDOW * abs(value), 1e-7 * natural if math.isfinite(natural) else 0.0)
    real = _bits_of_real(state, index, error)
    options = []
    for candidate in nearby(role, value, window, most=PRIOR_BITS[role] + real):
        plain = candidate.value == 0 or (role == "exponent" and candidate.denominator <= FINEST)
        if structural and not (plain or _is_structure(state, index, role, candidate, error)):
            continue
        distance = abs(candidate.value - value)
        if structural and candidate.denominator > HALVES and distance > FRACTION_ERRORS * error:
            continue
        precision = max(distance, error) / abs(value) if value else math.inf
        if role == "prefactor" and not candidate.rational and precision > IRRATIONAL_AGREEMENT:
            continue
        prior = ZERO_PRIOR_BITS if candidate.value == 0 and role != "exponent" else PRIOR_BITS[role]
        gain = prior + real - candidate.bits
        # What the refit is expected to cost, to try the most promising ones first.
        expected = 0.0 if state.exact else 0.5 * (distance / error) ** 2 / math.log(2)
        if gain > 0:
            options.append((gain - expected, candidate, gain))
    options.sort(key=lambda option: -option[0])
    yield from ((candidate, gain) for _, candidate, gain in options[:TRIES])


def _is_structure(state: _State, index: int, role: str, candidate: Candidate, error: float) -> bool:
    """Whether a number in place of a constant says how the formula is built, and not what was measured.

    A phase of a quarter turn is a cosine in place of a sine, as one of zero is a sine.
    """
    symbol = state.form.constants[index]
    off = abs(float(state.form.values[index]) - candidate.value)
    if candidate.pi_power == 1 and candidate.radicand == 1 and 2 % candidate.denominator == 0 and role == "phase":
        return off <= 2 * error <= 2 * TURNED
    tied = abs(candidate.value) == 1 and off <= 2 * error <= 2 * TIED and symbol in beside_plain_terms(state.form)
    return tied or (candidate.value == 1 and symbol in shifts(state.form))


def _snap_ratios(
    state: _State, judge: _Judge, accepted: list[tuple[sympy.Symbol, float, sympy.Expr]], deadline: float
) -> _State:
    changed = True
    while changed:
        changed = False
        for first, second in coefficient_pairs(state.form):
            i, j = state.form.constants.index(first), state.form.constants.index(second)
            a, b = float(state.form.values[i]), float(state.form.values[j])
            if a == 0 or b == 0 or clock.late(deadline):
                continue
            if abs(b) < abs(a):
                (i, a, first), (j, b, second) = (j, b, second), (i, a, first)
            # Beyond 6 no multiple is looked for, and the quotient may overflow.
            if abs(b) > 7 * abs(a):
                continue
            multiple = round(b / a)
            if not 1 <= abs(multiple) <= 6:
                continue
            variance = (
                state.covariance[j, j] + multiple**2 * state.covariance[i, i] - 2 * multiple * state.covariance[i, j]
            )
            error = math.sqrt(variance) if variance >= 0 else math.nan
            if judge.structural and not (abs(multiple) == 1 and error <= TIED * abs(b)):
                continue
            window = max(3.0 * error, EXACT_WINDOW * abs(b)) if state.exact else 3.0 * error
            if not abs(b - multiple * a) <= window:
                continue
            gain = TIE_PRIOR_BITS + _bits_of_real(state, j, error) - rational(multiple).bits
            if gain <= 0 or not judge.permits(state.form.with_constant(second, multiple * first)):
                continue
            trial = judge.try_tie(state, j, i, float(multiple))
            if trial is None:
                continue
            form = state.form.with_values(trial[0])
            if judge.accepts(state, form, trial[1], gain):
                accepted.append((second, b, multiple * first))
                state = judge.state(form.with_constant(second, multiple * first))
                changed = True
                break
    return state


def _snap_saturations(
    state: _State, judge: _Judge, accepted: list[tuple[sympy.Symbol, float, sympy.Expr]], deadline: float
) -> _State:
    """Sums of a constant and a pole as one fraction, where its numerator then needs no constant: x/(x + a)."""
    for form, numerator in saturations(state.form):
        if clock.late(deadline):
            break
        before = len(accepted)
        trial = _snap_constant(numerator, "offset", judge.state(form), judge, accepted, deadline)
        if len(accepted) > before:
            return trial
    return state


def _snap_regauged(
    state: _State, judge: _Judge, accepted: list[tuple[sympy.Symbol, float, sympy.Expr]], deadline: float
) -> _State:
    for form, prefactor in list(regauged(state.form)):
        if clock.late(deadline):
            break
        before = len(accepted)
        trial = _snap_constant(prefactor, "prefactor", judge.state(form), judge, accepted, deadline)
        if len(accepted) > before:
            for role in ("inner", "prefactor"):
                trial = _snap_role(role, trial, judge, accepted, deadline)
            return trial
    return state
