# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportIndexIssue=false, reportGeneralTypeIssues=false
"""Refinement: all constants of a composed formula fitted jointly, to machine precision, with their covariance."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.linalg
import scipy.optimize
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.errors import ArgumentError
from kansym.symbolic.parametric import ParametricForm, columns_of, node_count
from kansym.symbolic.scaled_columns import (
    RANK_TOLERANCE,
    inverse_normal,
    scaled_svd,
    unit_columns,
    zero_if_undefined,
)

TOLERANCE = 1e-15
"""Relative tolerance of the optimizer: machine precision; stricter values make scipy warn."""

BARRIER = 1e30
"""Residual, in units of the RMS of y, of a row where the formula is not finite: the step is always refused."""

FIRST_DAMPING, LEAST_DAMPING, LARGEST_DAMPING = 1e-3, 1e-14, 1e10
"""Of steps within bounds, relative to columns of the Jacobian of unit length."""

SETTLED_GAIN = 1e-14
"""Relative gain of a step within bounds that is none."""


@dataclass(frozen=True, eq=False)
class RefitResult:
    """Outcome of `refit`.

    Attributes
    ----------
    form : ParametricForm
        With the fitted values; the given form if nothing better was found.
    loss : float
        Weighted mean squared residual in squared units of y; nan if not finite.
    covariance : array (k, k) or None
        Of the constants, scaled by the residual variance; rows and columns of constants that the data do not
        determine are nan. None if there are too few rows or the fit is not finite.
    rank : int
        Number of constants, or combinations of them, that the data determine.
    status : {"converged", "max-steps", "non-finite", "no-constants"}
    """

    form: ParametricForm
    loss: float
    covariance: np.ndarray | None
    rank: int
    status: str

    @property
    def errors(self) -> np.ndarray:
        """Standard errors of the constants, shape (k,); nan where unknown."""
        if self.covariance is None:
            return np.full(len(self.form.constants), np.nan)
        with np.errstate(invalid="ignore"):
            return np.sqrt(np.diagonal(self.covariance))


def refit(
    form: ParametricForm,
    X: np.ndarray,
    y: np.ndarray,
    *,
    weights: np.ndarray | None = None,
    max_steps: int = 100,
    log_scale_start: bool = False,
) -> RefitResult:
    """Least-squares fit of all constants, starting from the form's values.

    The constants in which the formula is linear are first solved for exactly, the idea of variable projection
    (Golub and Pereyra, SIAM J. Numer. Anal. 10 (1973) 413, doi:10.1137/0710036); then MINPACK's Levenberg-Marquardt
    (Moré 1978, doi:10.1007/BFb0067700) runs on all of them with the analytic Jacobian and column scaling. y is
    scaled to unit RMS, so its unit does not matter.

    Parameters
    ----------
    form : ParametricForm
    X : array (n, d)
    y : array (n,)
    weights : array (n,), optional
        Non-negative weight of each squared residual, 1/sigma^2 for measured errors sigma. Only ratios matter: the
        covariance is scaled by the residuals.
    max_steps : int, default 100
        Limit on evaluations of the Jacobian.
    log_scale_start : bool, default False
        First fit log|y|, which helps when y spans many decades and the start is poor. Rows where the formula and y
        differ in sign, or either is zero, are left out of that first stage only.

    Returns
    -------
    RefitResult
        Never worse than the start.

    Raises
    ------
    ArgumentError
        If shapes do not fit, or a weight is negative or not finite.
    """
    columns = columns_of(X, len(form.variables))
    problem = LeastSquares(form, columns, y, weights)
    if not np.isfinite(problem.loss(form.values)):
        return RefitResult(form, float("nan"), None, 0, "non-finite")
    k = len(form.constants)
    if k == 0:
        return RefitResult(form, problem.loss(form.values), np.zeros((0, 0)), 0, "no-constants")
    starts = [form.values]
    if log_scale_start:
        starts.append(problem.log_fit(form.values, max_steps))
    values, loss, converged = min((problem.fit(start, max_steps) for start in starts), key=lambda fit: fit[1])
    covariance, rank = problem.covariance(values, loss)
    return RefitResult(form.with_values(values), loss, covariance, rank, "converged" if converged else "max-steps")


def jacobian_rank(form: ParametricForm, X: np.ndarray) -> int:
    """Number of independent directions in which the constants change the formula on the rows `X` (n, d).

    Numeric rank of the Jacobian with columns scaled to unit length, the test for superfluous constants of
    Kronberger and de França, J. Symb. Comput. 129 (2025) 102413, doi:10.1016/j.jsc.2024.102413.
    """
    jacobian = zero_if_undefined(form.jacobian(X))
    return scaled_svd(jacobian)[3]


def redundant_constants(form: ParametricForm, X: np.ndarray) -> tuple[sympy.Symbol, ...]:
    """Constants that can be fixed without losing freedom: the others alone reach the same Jacobian rank on `X`."""
    jacobian = zero_if_undefined(form.jacobian(X))
    k = jacobian.shape[1]
    rank = scaled_svd(jacobian)[3]
    if rank == k:
        return ()
    scaled, _ = unit_columns(jacobian)
    order = scipy.linalg.qr(scaled, mode="r", pivoting=True)[-1]
    return tuple(form.constants[j] for j in sorted(order[rank:]))


class LeastSquares:
    """The fit of a form to data, with constants optionally tied by a linear map.

    Values of the constants are ``origin + basis @ z`` with z free; without `basis` z are the constants themselves.
    Bounds of the form hold where each z is a constant. A constant at its bound is not fitted: it has no covariance, and
    that of the others is for its value.

    Parameters
    ----------
    form : ParametricForm
    columns : sequence of d arrays (n,)
    y : array (n,)
    weights : array (n,) or None
    """

    def __init__(
        self, form: ParametricForm, columns: Sequence[np.ndarray], y: np.ndarray, weights: np.ndarray | None = None
    ) -> None:
        clock.charge(Work.COMPILED_NODES, node_count(form.expression) * (1 + len(form.constants)))
        self.form = form
        self.columns = columns
        self.y = np.asarray(y, dtype=np.float64)
        n = len(columns[0]) if columns else len(self.y)
        if self.y.shape != (n,) or n == 0:
            raise ArgumentError(f"y must have shape ({n},) and at least one row, got {self.y.shape}")
        root = np.ones(n) if weights is None else np.asarray(weights, dtype=np.float64)
        if root.shape != (n,) or not np.isfinite(root).all() or (root < 0).any() or not root.any():
            raise ArgumentError(f"weights must be {n} finite non-negative numbers, not all zero")
        self.root = np.sqrt(root / root.mean())
        self.used = self.root > 0
        rms = float(np.abs(self.y).max())
        rms *= float(np.sqrt(np.mean((self.y / rms) ** 2))) if rms > 0 else 0.0
        self.scale = rms if rms > 0 else 1.0

    @property
    def n(self) -> int:
        """Number of rows that carry weight."""
        return int(self.used.sum())

    def residuals(self, values: np.ndarray) -> np.ndarray:
        """Weighted residuals (n,) in units of the RMS of y; nan where the formula is not finite."""
        with np.errstate(all="ignore"):
            residuals = self.root * ((self.form.value_at(self.columns, values) - self.y) / self.scale)
        return np.where(self.used, residuals, 0.0)

    def loss(self, values: np.ndarray) -> float:
        """Weighted mean squared residual in squared units of y; nan or inf if not finite."""
        with np.errstate(over="ignore"):
            return float(np.mean(self.residuals(values) ** 2) * np.float64(self.scale) ** 2)

    def jacobian(self, values: np.ndarray) -> np.ndarray:
        """Weighted Jacobian (n, k) in units of the RMS of y, zero where a derivative does not exist."""
        # d(x^p)/dp is 0*log(0) at x = 0, where its limit is zero.
        clock.charge(Work.DENSE_PRODUCTS, len(self.y) * len(values) ** 2)
        with np.errstate(all="ignore"):
            jacobian = zero_if_undefined(self.form.jacobian_at(self.columns, values))
            return zero_if_undefined(jacobian * (self.root / self.scale)[:, None])

    def fit(
        self,
        start: np.ndarray,
        max_steps: int = 100,
        *,
        basis: np.ndarray | None = None,
        fixed: np.ndarray | None = None,
        linear_first: bool = True,
    ) -> tuple[np.ndarray, float, bool]:
        """Fit from `start` (k,): values (k,), loss, and whether it converged. Never worse than its start.

        With `linear_first` the linear constants are solved for before the first step, which is better from a poor
        start and leads elsewhere from a good one now and then.

        With `fixed` (k,) and `basis` (k, m) only z is fitted in ``values = fixed + basis @ z``; `start` is then
        first projected onto such values. A start that is not finite is returned with its loss nan.
        """
        k = len(start)
        basis = np.eye(k) if basis is None else basis
        fixed = np.zeros(k) if fixed is None else fixed
        start = self.form.inside(start)
        if not np.isfinite(self.loss(start)):
            return np.array(start), float("nan"), True
        stuck = self.stuck(start) | self.form.fixed
        if stuck.any():
            fixed = np.where(stuck, start, fixed)
            basis = np.where(stuck[:, None], 0.0, basis)
            basis = basis[:, basis.any(axis=0)]
        free = np.flatnonzero(basis.any(axis=1))
        low, high = self._ends(basis, fixed)

        def residuals(z: np.ndarray) -> np.ndarray:
            r = self.residuals(fixed + basis @ z)
            return np.clip(np.where(np.isnan(r), BARRIER, r), -BARRIER, BARRIER)

        def jacobian(z: np.ndarray) -> np.ndarray:
            with np.errstate(all="ignore"):
                return zero_if_undefined(self.jacobian(fixed + basis @ z)[:, free] @ basis[free])

        best = np.clip(np.linalg.lstsq(basis, start - fixed, rcond=None)[0], low, high)
        best_loss = self.loss(fixed + basis @ best)
        start_loss = best_loss
        if len(best) == 0 or not np.isfinite(best_loss):
            return fixed + basis @ best, best_loss, True
        converged = True
        for stage in ("linear", "all", "linear")[not linear_first :]:
            if stage == "linear":
                candidate = self._linear_solution(best, basis, fixed)
            else:
                solution = scipy.optimize.least_squares(
                    residuals,
                    best,
                    jac=jacobian,
                    method="lm" if len(self.y) >= len(best) else "trf",
                    x_scale="jac",
                    ftol=TOLERANCE,
                    xtol=TOLERANCE,
                    gtol=TOLERANCE,
                    max_nfev=max_steps,
                )
                candidate, converged = solution.x, solution.status > 0
            if (candidate < low).any() or (candidate > high).any():
                best, converged = bounded_descent(residuals, jacobian, best, low, high, max_steps)
                held, values = (best <= low) | (best >= high), fixed + basis @ best
                if held.any():
                    # With those at their bounds held, the others are an ordinary fit, to the last digits.
                    fixed = fixed + basis @ np.where(held, best, 0.0)
                    return self.fit(values, max_steps, basis=basis[:, ~held], fixed=fixed, linear_first=False)
                best_loss = self.loss(values)
                break
            loss = self.loss(fixed + basis @ candidate)
            if loss < best_loss:
                best, best_loss = candidate, loss
        best, best_loss = self._polished(best, best_loss, start_loss, residuals, jacobian, fixed, basis)
        return fixed + basis @ best, best_loss, converged

    def _ends(self, basis: np.ndarray, fixed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Bounds (m,) of z, infinite where the form has none and where z is no constant."""
        ends = np.tile([-np.inf, np.inf], (basis.shape[1], 1))
        for j, column in enumerate(basis.T if self.form.bounds is not None else ()):
            places = np.flatnonzero(column)
            if self.form.bounds is not None and len(places) == 1 and column[places[0]] == 1:
                ends[j] = self.form.bounds[places[0]] - fixed[places[0]]
        return ends[:, 0], ends[:, 1]

    def _polished(
        self,
        z: np.ndarray,
        loss: float,
        start_loss: float,
        residuals: Callable[[np.ndarray], np.ndarray],
        jacobian: Callable[[np.ndarray], np.ndarray],
        fixed: np.ndarray,
        basis: np.ndarray,
    ) -> tuple[np.ndarray, float]:
        """The last digits of the minimum, by Gauss-Newton steps that shrink the gradient.

        The loss is flat there: a relative change of 1e-15, where the optimizer stops, still leaves an error of 1e-7
        standard errors.
        """
        best, best_loss, gradient = z, loss, np.inf
        low, high = self._ends(basis, fixed)
        for _ in range(4):
            # Near the limits of double precision this overflows.
            with np.errstate(all="ignore"):
                unit, lengths = unit_columns(jacobian(z))
                r = residuals(z)
                new_gradient = float(np.linalg.norm(unit.T @ r))
                candidate_loss = self.loss(fixed + basis @ z)
                if (z < low).any() or (z > high).any():
                    break
                # Also with nan from a step out of the domain, the negated comparison ends the loop.
                if not (new_gradient < gradient and candidate_loss <= min(start_loss, loss * (1 + 1e-12))):
                    break
                best, best_loss, gradient = z, candidate_loss, new_gradient
                step = np.linalg.lstsq(unit, -r, rcond=RANK_TOLERANCE)[0]
                z = z + np.divide(step, lengths, out=np.zeros_like(step), where=lengths > 0)
        return best, best_loss

    def log_fit(self, start: np.ndarray, max_steps: int) -> np.ndarray:
        """Values that fit log|y| on the rows where formula and y have the same sign, as a start for `fit`."""
        with np.errstate(all="ignore"):
            values = self.form.value_at(self.columns, start)
            rows = np.flatnonzero((values * np.sign(self.y) > 0) & self.used)
        if len(rows) < len(start):
            return start
        columns = [column[rows] for column in self.columns]
        target, root = np.log(np.abs(self.y[rows])), self.root[rows]

        def residuals(constants: np.ndarray) -> np.ndarray:
            with np.errstate(all="ignore"):
                r = root * (np.log(np.abs(self.form.value_at(columns, constants))) - target)
            return np.where(np.isfinite(r), r, BARRIER)

        def jacobian(constants: np.ndarray) -> np.ndarray:
            with np.errstate(all="ignore"):
                value = self.form.value_at(columns, constants)
                return zero_if_undefined(self.form.jacobian_at(columns, constants) / value[:, None]) * root[:, None]

        solution = scipy.optimize.least_squares(
            residuals,
            start,
            jac=jacobian,
            method="lm",
            x_scale="jac",
            max_nfev=max_steps,
        )
        return solution.x if np.isfinite(self.loss(solution.x)) else start

    def covariance(self, values: np.ndarray, loss: float) -> tuple[np.ndarray | None, int]:
        """Covariance (k, k) of the constants at a minimum with this loss, and the rank of the Jacobian.

        ``s^2 (J^T W J)^-1`` with s^2 the residual variance per degree of freedom. A constant with a part in the null
        space of J is not determined by the data: its rows and columns are nan.
        """
        rank = scaled_svd(self.free_jacobian(values))[3]
        if self.n <= rank or not np.isfinite(loss):
            return None, rank
        return self.inverse_normal(values, float(np.sqrt(loss * len(self.y) / (self.n - rank))))

    def inverse_normal(self, values: np.ndarray, sigma: float = 1.0) -> tuple[np.ndarray, int]:
        """``sigma^2 (J^T W J)^-1`` (k, k) with weights W of mean 1, and the rank of the Jacobian J.

        Rows and columns of constants that the data do not determine are nan.
        """
        inverse, rank = inverse_normal(self.free_jacobian(values) * self.scale, sigma)
        stuck = self.stuck(values)
        inverse[stuck, :] = np.nan
        inverse[:, stuck] = np.nan
        return inverse, rank

    def null_space(self, values: np.ndarray) -> np.ndarray:
        """Directions (k, m) in which the constants, each in units of its own effect, change nothing.

        Those at their bounds have no part in them.
        """
        free = ~self.form.at_bound(values)
        jacobian = self.jacobian(values)
        _, _, vectors, rank = scaled_svd(jacobian if free.all() else jacobian[:, free])
        directions = np.zeros((len(values), len(vectors) - rank))
        directions[free] = vectors[rank:].T
        return directions

    def free_jacobian(self, values: np.ndarray) -> np.ndarray:
        """`jacobian` with zeros for constants at their bounds."""
        jacobian = self.jacobian(values)
        return jacobian if self.form.bounds is None else np.where(self.form.at_bound(values), 0.0, jacobian)

    def stuck(self, values: np.ndarray) -> np.ndarray:
        """Constants (k,) that cannot be moved at all: the formula stops being real, as x^2.0 does for negative x."""
        stuck = np.zeros(len(values), dtype=bool)
        for j in range(len(values)):
            moved = values.copy()
            moved[j] += 1e-9 * (abs(values[j]) or 1.0)
            back = 2 * values - moved
            stuck[j] = not (np.isfinite(self.loss(moved)) or np.isfinite(self.loss(back)))
        return stuck

    def _linear_solution(self, z: np.ndarray, basis: np.ndarray, fixed: np.ndarray) -> np.ndarray:
        """`z` with the constants in which the form is linear solved for exactly."""
        linear = [
            j
            for j in range(basis.shape[1])
            if np.count_nonzero(basis[:, j]) == 1 and int(np.flatnonzero(basis[:, j])[0]) in self.form.linear_constants
        ]
        if not linear:
            return z
        values = fixed + basis @ z
        jacobian, lengths = unit_columns(self.jacobian(values) @ basis[:, linear])
        # Around the current point, so that what is left of the residual keeps its digits.
        step = np.linalg.lstsq(jacobian, -self.residuals(values), rcond=RANK_TOLERANCE)[0]
        result = z.copy()
        with np.errstate(over="ignore"):
            result[linear] += np.divide(step, lengths, out=np.zeros_like(step), where=lengths > 0)
        return result


def bounded_solution(matrix: np.ndarray, right: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The z (k,) of the least ``|matrix @ z - right|`` with ``low <= z <= high``; low < high, and zero lies within.

    Stark and Parker, Comput. Stat. 10 (1995) 129, by scipy.
    """
    inside = scipy.optimize.lsq_linear(matrix, right, bounds=(low, high), method="bvls", tol=1e-14, max_iter=100)
    return np.clip(inside.x, low, high)


def bounded_descent(
    residuals: Callable[[np.ndarray], np.ndarray],
    jacobian: Callable[[np.ndarray], np.ndarray],
    start: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    max_steps: int,
) -> tuple[np.ndarray, bool]:
    """Levenberg-Marquardt with ``low <= z <= high``: z (k,), and whether it converged.

    Each step is the damped linear problem within the bounds, solved exactly, so that a constant comes to lie on its
    bound and not near it, and leaves it again where the sum of squares wants it to.
    """
    z, r = start, residuals(start)
    damping, k = FIRST_DAMPING, len(start)
    for _ in range(max_steps):
        unit, lengths = unit_columns(jacobian(z))
        lengths = np.where(lengths > 0, lengths, 1.0)
        matrix = np.vstack([unit, np.sqrt(damping) * np.eye(k)])
        with np.errstate(over="ignore"):
            ends = (low - z) * lengths, (high - z) * lengths
        step = bounded_solution(matrix, np.concatenate([-r, np.zeros(k)]), *ends)
        # Rounding must not leave a constant beside its bound.
        trial = np.where(step <= ends[0], low, np.where(step >= ends[1], high, np.clip(z + step / lengths, low, high)))
        trial_r = residuals(trial)
        gain = float(r @ r - trial_r @ trial_r)
        flat = abs(gain) <= SETTLED_GAIN * float(r @ r)
        if gain > 0 or flat:
            # The last step puts a constant onto its bound where that is only rounding away.
            z, r, damping = trial, trial_r, max(damping / 10, LEAST_DAMPING)
            if flat:
                return z, True
        elif damping > LARGEST_DAMPING or np.array_equal(trial, z):
            return z, True
        else:
            damping *= 10
    return z, False
