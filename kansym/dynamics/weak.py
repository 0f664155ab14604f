# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false
"""The weak form of an equation of motion: integrals against test functions in place of derivatives.

Multiplied by a function that vanishes at both ends and integrated by parts, ``x' = f(x)`` becomes
``-integral(phi' x) = integral(phi f(x))``: the left side has the measured points and no derivative. The noise of the
left sides is that of the points, so that its covariance is known and least squares are weighted by it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.interpolate
import scipy.optimize
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.dynamics.inputs import input_function
from kansym.dynamics.smoothing import Piece, Smoothed
from kansym.symbolic.complexity import formula_bits, misfit_bits
from kansym.symbolic.parametric import ParametricForm, columns_of

DENSE, SPARSE_DEGREE, DENSE_DEGREE = 60, 3, 5
"""Points of a piece from which test functions are smoother and wider: degree 5 with a knot at every other point."""

NODES = 3
"""Gauss-Legendre nodes between two points."""

RANK = 1e-9
"""Relative eigenvalue of the covariance of the left sides below which a combination of them says nothing new."""

FLOOR = 0.5
"""Mean squared residual, in units of the variance, below which less says nothing."""

EXACT_FLOOR = 1.0
"""The same for states without noise, whose errors are those of integration."""

MOST_STEPS = 60
"""Steps of a fit."""


@dataclass(frozen=True, eq=False)
class Grid:
    """What a right-hand side may depend on, at the nodes of the quadrature.

    Attributes
    ----------
    names : tuple of str, length d
        States, their derivatives where the equations are of second order, inputs, and the time if it may occur.
    X : ndarray, shape (M, d)
    points : ndarray, shape (n, d)
        The same at the measured times.
    """

    names: tuple[str, ...]
    X: np.ndarray
    points: np.ndarray

    @property
    def symbols(self) -> tuple[sympy.Symbol, ...]:
        """In plain symbols."""
        return tuple(map(sympy.Symbol, self.names))


@dataclass(frozen=True, eq=False)
class WeakProblem:
    """A regression that has no derivative: ``A f(X) = b``, in units of the errors of the rows.

    Attributes
    ----------
    grid : Grid
    A : ndarray, shape (K, M)
    b : ndarray, shape (K,)
    floor : float
        Root-mean-square residual below which less says nothing.
    """

    grid: Grid
    A: np.ndarray
    b: np.ndarray
    floor: float

    def loss(self, form: ParametricForm, values: np.ndarray | None = None) -> float:
        """Mean squared residual of a form; inf where it has no value."""
        residual = self._residual(form, form.values if values is None else values)
        return math.inf if residual is None else float(residual @ residual) / len(residual)

    def length(self, form: ParametricForm, loss: float) -> float:
        """Bits of the left sides with the help of a form, and of the form."""
        n = len(self.b)
        return misfit_bits(n, loss, self.floor) + formula_bits(form, n, len(self.grid.names))

    def fit(self, form: ParametricForm, most: int = MOST_STEPS) -> tuple[ParametricForm, float]:
        """The form with the constants of the least residual, and its mean squared residual; inf where there is none."""
        columns, k = columns_of(self.grid.X, len(self.grid.names)), len(form.constants)
        start = self.loss(form)
        if k == 0 or k > len(self.b) or not math.isfinite(start):
            return form, start
        clock.charge(Work.SMALL_FITS, most / 4)
        barrier = 1e3 * np.sqrt(start + float(self.b @ self.b)) * np.ones(len(self.b))

        def residual(values: np.ndarray) -> np.ndarray:
            found = self._residual(form, values)
            return barrier if found is None else found

        def slopes(values: np.ndarray) -> np.ndarray:
            return self.A @ np.nan_to_num(form.jacobian_at(columns, values))

        linear = form.linear_constants
        values = np.array(form.values, dtype=np.float64)
        if len(linear):
            # Where the form is linear the least squares are solved at once.
            matrix = slopes(values)[:, linear]
            step = np.linalg.lstsq(matrix, -residual(values), rcond=1e-13)[0]
            moved = values.copy()
            moved[list(linear)] += step
            if self.loss(form, moved) < start:
                values = moved
        if len(linear) < k:
            fit = scipy.optimize.least_squares(residual, values, slopes, method="lm", x_scale="jac", max_nfev=most)
            if np.isfinite(fit.x).all() and self.loss(form, fit.x) < self.loss(form, values):
                values = fit.x
        return form.with_values(values), self.loss(form, values)

    def _residual(self, form: ParametricForm, values: np.ndarray) -> np.ndarray | None:
        found = form.value_at(columns_of(self.grid.X, len(self.grid.names)), values)
        clock.charge(Work.DENSE_PRODUCTS, self.A.size)
        return self.A @ found - self.b if np.isfinite(found).all() else None


def weak_problems(
    smoothed: Smoothed, names: Sequence[str], *, order: int = 1, explicit_time: bool = False
) -> tuple[WeakProblem, ...]:
    """The weak form of the equation of each state.

    Parameters
    ----------
    smoothed : Smoothed
    names : sequence of str
        Of what a right-hand side may depend on; see `Grid`.
    order : int, default 1
        Of the derivative on the left.
    explicit_time : bool, default False
        Whether the time is the last of them.

    References
    ----------
    Messenger and Bortz, Weak SINDy, Multiscale Modeling & Simulation 19 (2021) 1474, doi:10.1137/20M1343166. The rows
    are weighted by the inverse covariance of their left sides, so that test functions may overlap as they like.
    """
    nodes = [_nodes(piece.run.t) for piece in smoothed.pieces]
    X = np.vstack(
        [_columns(piece, t, order, explicit_time) for piece, (t, _) in zip(smoothed.pieces, nodes, strict=True)]
    )
    points = np.vstack([_columns(piece, piece.run.t, order, explicit_time) for piece in smoothed.pieces])
    grid = Grid(tuple(names), X, points)
    problems = []
    for k in range(smoothed.pieces[0].run.x.shape[1]):
        rows, lefts, begin = [], [], 0
        for piece, (t, weights) in zip(smoothed.pieces, nodes, strict=True):
            functions = _test_functions(piece.run.t, t, order)
            if functions is None:
                begin += len(t)
                continue
            values, derivatives = functions
            through = scipy.interpolate.make_interp_spline(piece.run.t, np.eye(len(piece.run)), k=min(5, _odd(piece)))
            left = (-1) ** order * (derivatives * weights) @ through(t)
            whitening = _whitening((left * _variance(piece, k)) @ left.T)
            row = np.zeros((len(whitening), len(X)))
            row[:, begin : begin + len(t)] = whitening @ (values * weights)
            rows.append(row)
            lefts.append(whitening @ left @ piece.run.x[:, k])
            begin += len(t)
        A = np.vstack(rows) if rows else np.empty((0, len(X)))
        floor = EXACT_FLOOR if smoothed.exact[k] else math.sqrt(FLOOR)
        problems.append(WeakProblem(grid, A, np.concatenate(lefts) if lefts else np.empty(0), floor))
    return tuple(problems)


def _odd(piece: Piece) -> int:
    """The largest odd order of a spline through the points of a piece."""
    return 2 * ((len(piece.run) - 2) // 2) + 1


def _variance(piece: Piece, k: int) -> np.ndarray:
    """Variance (n,) of a state as it enters the weak form: that of a point and, for the other side, of the curve."""
    t, curve = piece.run.t, piece.curves[k]
    between = curve.error((t[1:] + t[:-1]) / 2, 0) ** 2
    return piece.sigma[:, k] ** 2 + np.maximum(np.append(between, between[-1]), np.append(between[0], between))


def _nodes(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights (M,) of the quadrature between the points of a piece."""
    x, w = np.polynomial.legendre.leggauss(NODES)
    half = np.diff(t)[:, None] / 2
    middle = (t[1:] + t[:-1])[:, None] / 2
    return (middle + half * x).ravel(), (half * w).ravel()


def _columns(piece: Piece, t: np.ndarray, order: int, explicit_time: bool) -> np.ndarray:
    columns = [piece.states(t), *([piece.states(t, 1)] if order == 2 else [])]
    if piece.run.u.shape[1]:
        inputs = input_function(piece.run.t, piece.run.u)
        columns.append(np.array([inputs(float(time)) for time in t]))
    if explicit_time:
        columns.append(t[:, None])
    return np.hstack(columns)


def _test_functions(points: np.ndarray, t: np.ndarray, order: int) -> tuple[np.ndarray, np.ndarray] | None:
    """B-splines that vanish at both ends, at nodes (M,), and their derivatives of an order; None for few points."""
    dense = len(points) >= DENSE
    degree = DENSE_DEGREE if dense else SPARSE_DEGREE
    knots = points[:: 2 if dense else 1]
    # The last knots are those of the points.
    knots = knots if knots[-1] == points[-1] else np.append(knots[:-1], points[-1])
    count = len(knots) - degree - 1
    if count < 1:
        return None
    # A spline is defined between its inner knots only: others stand around those of the test functions.
    margin = (knots[1] - knots[0]) * np.arange(1, degree + 1)
    around = np.concatenate([knots[0] - margin[::-1], knots, knots[-1] + margin])
    splines = scipy.interpolate.BSpline(around, np.eye(count + 2 * degree, count, -degree), degree, extrapolate=False)
    return np.nan_to_num(splines(t)).T, np.nan_to_num(splines.derivative(order)(t)).T


def _whitening(covariance: np.ndarray) -> np.ndarray:
    """A matrix (r, K) that makes combinations with independent errors of size 1."""
    values, vectors = np.linalg.eigh(covariance)
    kept = values > RANK * values[-1]
    return (vectors[:, kept] / np.sqrt(values[kept])).T
