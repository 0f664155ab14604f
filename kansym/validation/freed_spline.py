# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false
"""A spline beside a function of a formula: what it can do that constants cannot, and its fit together with them."""

import math
from dataclasses import dataclass, replace

import numpy as np
import scipy.interpolate
import scipy.linalg
import sympy

from kansym.fitting.residuals import Residuals
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm, columns_of
from kansym.symbolic.scaled_columns import unit_columns, zero_if_undefined

MOST_ROWS = 2000
"""Rows that are used, drawn from more: more move every function of a formula that is nearly right."""

INTERVALS, DEGREE = 12, 3
"""Of the splines."""

LEAST_ANGLE = 0.05
"""Sine of the angle between a direction of the spline and what the constants can do, below which it is the same but for
what the spline cannot follow."""

VALLEY, VALLEY_PULL = 1e-2, 4.0
"""Relative singular value below which a direction of constants may be a valley, and standard deviations by which it is
off from its minimum, as the formula's derivatives say, that make it one."""

STEPS, FIRST_DAMPING, SETTLED = 60, 1e-4, 1e-4
"""Of the fit of a spline: most steps, damping relative to columns of unit length, and relative gain of a last step."""


@dataclass(frozen=True, eq=False)
class Rows:
    """The formula on the rows, in units of their standard deviation where that is known.

    Attributes
    ----------
    form : ParametricForm
    columns : tuple of array (n,)
    y : array (n,)
    root : array (n,)
        What makes residuals of equal variance of those of y: 1 over their errors, or roots of weights.
    known : bool
        Whether that variance is 1, by the errors of the table.
    tangent : array (n, r)
        An orthonormal basis of what constants can do.
    left : array (n,)
        Residuals without what constants can take up.
    """

    form: ParametricForm
    columns: tuple[np.ndarray, ...]
    y: np.ndarray
    root: np.ndarray
    known: bool
    tangent: np.ndarray
    left: np.ndarray

    @classmethod
    def of(cls, residuals: Residuals, seed: int) -> "Rows":
        chosen = np.arange(residuals.n)
        if residuals.n > MOST_ROWS:
            chosen = np.sort(np.random.default_rng(seed).choice(residuals.n, MOST_ROWS, replace=False))
        X, y, form = residuals.X[chosen], residuals.y[chosen], residuals.form
        known = residuals.sigma is not None
        if residuals.sigma is not None:
            root = 1.0 / residuals.sigma[chosen]
        else:
            root = np.ones(len(y)) if residuals.weights is None else np.sqrt(residuals.weights[chosen])
            # In units of what is left, so that no square leaves double precision.
            root = root / (float(np.abs(residuals.raw).max()) or 1.0)
        columns = columns_of(X, len(form.variables))
        left = root * residuals.raw[chosen]
        jacobian = zero_if_undefined(form.jacobian_at(columns, form.values)) * root[:, None]
        tangent, singular, _ = _span(jacobian, 1e-10)
        pull = np.abs(tangent.T @ left) / (1.0 if known else float(np.sqrt(np.mean(left**2))))
        # The constants are fitted, and yet some would gain much if the formula were linear in them: there is a valley
        # in which they go far and gain next to nothing, such as that from cosh to its own exponential.
        tangent = tangent[:, (singular > VALLEY * singular.max(initial=0.0)) | (pull < VALLEY_PULL)]
        return cls(form, columns, y, root, known, tangent, left - tangent @ (tangent.T @ left))

    @property
    def freedom(self) -> int:
        """Rows beyond constants."""
        return len(self.y) - self.tangent.shape[1]


@dataclass(frozen=True, eq=False)
class Edge:
    """A function of the formula, ready to be freed.

    Attributes
    ----------
    form : ParametricForm
        The formula with the spline's value added to the function: as a last column, and as a last constant, of value 0,
        whose derivative is what the spline does to y.
    inner : ParametricForm
        What the spline is a function of.
    outer : ParametricForm
        The function of that.
    """

    form: ParametricForm
    inner: ParametricForm
    outer: ParametricForm

    @classmethod
    def of(cls, node: sympy.Expr, form: ParametricForm) -> "Edge | None":
        """None for a function of several arguments."""
        columns = set(form.variables)
        varying = [part for part in node.args if part.free_symbols & columns]
        if len(varying) != 1:
            return None
        taken = {symbol.name for symbol in form.expression.free_symbols} | {symbol.name for symbol in form.variables}
        column, constant, place = (plain_symbol(_unused(name, taken)) for name in ("column", "spline", "place"))
        inner, argument = _split(varying[0], place, columns)
        outer = node.func(*(argument if part is varying[0] else part for part in node.args))
        freed = form.expression.xreplace({node: node + column + constant})
        return cls(
            ParametricForm(freed, (*form.variables, column), (*form.constants, constant), np.append(form.values, 0.0)),
            replace(form, expression=inner, bounds=None),
            ParametricForm(outer, (place,), form.constants, form.values),
        )

    def slope(self, columns: tuple[np.ndarray, ...], added: np.ndarray, constants: np.ndarray) -> np.ndarray:
        """What a change of the function does to y (n,), zero where there is no derivative."""
        return self.jacobian(columns, added, constants)[:, -1]

    def value(self, columns: tuple[np.ndarray, ...], added: np.ndarray, constants: np.ndarray) -> np.ndarray:
        """The formula (n,) with some values (n,) added to the function."""
        return self.form.value_at((*columns, added), np.append(constants, 0.0))

    def jacobian(self, columns: tuple[np.ndarray, ...], added: np.ndarray, constants: np.ndarray) -> np.ndarray:
        """Derivatives (n, k + 1) by the constants and by what is added."""
        return zero_if_undefined(self.form.jacobian_at((*columns, added), np.append(constants, 0.0)))


def _unused(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _split(argument: sympy.Expr, place: sympy.Symbol, columns: set[sympy.Symbol]) -> tuple[sympy.Expr, sympy.Expr]:
    """An argument less the numbers that its edge takes up, x + y of 3 - 0.2*(x + y), and how it is made of that."""
    if argument.is_Add or argument.is_Mul:
        rest = [part for part in argument.args if part.free_symbols & columns]
        numbers = [part for part in argument.args if not part.free_symbols & columns]
        if numbers:
            inner, outer = _split(argument.func(*rest), place, columns)
            return inner, argument.func(*numbers, outer)
    return argument, place


@dataclass(frozen=True, eq=False)
class Spline:
    """A cubic spline over the visited range of the argument."""

    knots: np.ndarray

    @classmethod
    def over(cls, u: np.ndarray, function: np.ndarray) -> "Spline":
        """Knots for rows with these arguments (n,) and values (n,) of the function.

        They lie where both the rows and the length of the curve say so, half and half: the logarithm needs them near
        zero, where it is steep, also where few rows are.
        """
        order = np.argsort(u, kind="stable")
        u, function = u[order], function[order]
        low, high = np.nanquantile(np.where(np.isfinite(function), function, np.nan), [0.02, 0.98])
        heights = np.clip(np.where(np.isfinite(function), function, low), low, high) / (high - low or 1.0)
        length = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(u) / (u[-1] - u[0]), np.diff(heights)))])
        place = 0.5 * length / length[-1] + 0.5 * np.linspace(0, 1, len(u))
        inner = np.interp(np.linspace(0, 1, INTERVALS + 1), place, u)
        return cls(np.concatenate([[u[0]] * (DEGREE + 1), inner[1:-1], [u[-1]] * (DEGREE + 1)]))

    def basis(self, u: np.ndarray) -> np.ndarray:
        inside = np.clip(u, self.knots[0], self.knots[-1])
        return scipy.interpolate.BSpline.design_matrix(inside, self.knots, DEGREE).toarray()

    def slopes(self, u: np.ndarray) -> np.ndarray:
        inside = np.clip(u, self.knots[0], self.knots[-1])
        count = len(self.knots) - DEGREE - 1
        slopes = scipy.interpolate.BSpline(self.knots, np.eye(count), DEGREE).derivative()(inside)
        return np.where((u == inside)[:, None], slopes, 0.0)


@dataclass(frozen=True, eq=False)
class Directions:
    """What a spline can do beyond the constants.

    Attributes
    ----------
    effects : array (n, m)
        Orthonormal, and orthogonal to what constants do, smooth ones first.
    coefficients : array (b, m)
        Of the splines that have these effects, constants fitted.
    """

    effects: np.ndarray
    coefficients: np.ndarray


def _span(matrix: np.ndarray, tolerance: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Left vectors, singular values and right vectors of a matrix, without those that are rounding."""
    unit, lengths = unit_columns(matrix)
    left, singular, right = np.linalg.svd(unit, full_matrices=False)
    kept = singular > tolerance * singular.max(initial=0.0)
    safe = np.where(lengths > 0, lengths, 1.0)
    return left[:, kept], singular[kept], right[kept] / safe


def directions_of(effect: np.ndarray, tangent: np.ndarray, *, most: int) -> Directions:
    """At most so many directions of a spline with these effects (n, b) of its coefficients, off the tangent (n, r)."""
    span, singular, right = _span(effect, 1e-6)
    back = right.T / singular
    off = span - tangent @ (tangent.T @ span)
    _, angles, turned = np.linalg.svd(off, full_matrices=False)
    turned = turned[angles > LEAST_ANGLE].T
    angles = angles[angles > LEAST_ANGLE]
    if not len(angles):
        return Directions(np.zeros((len(effect), 0)), np.zeros((effect.shape[1], 0)))
    rough = np.diff(back @ turned, 2, axis=0)
    order = scipy.linalg.eigh(rough.T @ rough, np.diag(angles**2))[1][:, :most]
    return Directions(off @ turned @ order, back @ turned @ order)


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted spline: sums of squares before and after, coefficients (b,), and covariance (b, b) for variance 1."""

    start: float
    loss: float
    coefficients: np.ndarray
    covariance: np.ndarray


def fitted(edge: Edge, spline: Spline, directions: np.ndarray, rows: Rows) -> Fit:
    """Constants of the formula and the spline together, from the formula as it is."""
    k = len(rows.form.constants)
    moving = bool(edge.inner.expression.free_symbols & set(rows.form.constants))

    def parts(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        u = edge.inner.value_at(rows.columns, values[:k])
        u = np.where(np.isfinite(u), u, spline.knots[0])
        added = spline.basis(u) @ (directions @ values[k:])
        return u, rows.root * (rows.y - edge.value(rows.columns, added, values[:k]))

    def jacobian(values: np.ndarray, u: np.ndarray) -> np.ndarray:
        basis = spline.basis(u) @ directions
        by = edge.jacobian(rows.columns, basis @ values[k:], values[:k])
        constants, slope = by[:, :k], by[:, k:]
        if moving:
            through = zero_if_undefined(edge.inner.jacobian_at(rows.columns, values[:k]))
            constants = constants + slope * (spline.slopes(u) @ (directions @ values[k:]))[:, None] * through
        return rows.root[:, None] * np.hstack([constants, slope * basis])

    values = np.append(rows.form.values, np.zeros(directions.shape[1]))
    u, left = parts(values)
    start = float(left @ left)
    matrix, damping = jacobian(values, u), FIRST_DAMPING
    for _ in range(STEPS):
        loss = float(left @ left)
        unit, lengths = unit_columns(matrix)
        # Constants of a formula may be all but redundant; a step along such a valley leaves the formula's domain.
        damped = np.vstack([unit, math.sqrt(damping) * np.eye(len(values))])
        step = np.linalg.lstsq(damped, np.append(left, np.zeros(len(values))), rcond=None)[0]
        tried = values + step / np.where(lengths > 0, lengths, 1.0)
        with np.errstate(all="ignore"):
            u, new = parts(tried)
            gain = loss - float(new @ new)
        if gain > 0:
            values, left, damping = tried, new, 0.1 * damping
            matrix = jacobian(values, u)
            if gain < SETTLED * loss and damping < FIRST_DAMPING:
                break
        else:
            damping *= 10
    unit, lengths = unit_columns(matrix)
    inverse = np.linalg.pinv(unit.T @ unit, rcond=1e-12)[k:, k:]
    scale = directions / np.where(lengths > 0, lengths, 1.0)[k:]
    return Fit(start, float(left @ left), directions @ values[k:], scale @ inverse @ scale.T)
