# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""Generic curves as rivals: polynomials at the price of their coefficients."""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import sympy

from kansym.data.weights import mean_square
from kansym.fitting.residuals import Residuals
from kansym.symbolic.complexity import COSTS, formula_bits, misfit_bits
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.symbolic.single_argument import factor_and_argument

MOST_DEGREE = 8

MOST_TERMS = 60

SCALES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "": lambda x: x,
    "logarithm": np.log,
    "reciprocal": np.reciprocal,
}
"""What polynomials are of, by name; the latter two for positive columns."""

SCALE_BITS = {"": 0.0, "logarithm": COSTS[sympy.log], "reciprocal": COSTS["1/"]}


@dataclass(frozen=True, eq=False)
class Generic:
    """A fitted polynomial.

    Attributes
    ----------
    predicted : array (n,)
        Of every row from the others.
    bits : float
        Description length, as `kansym.symbolic.complexity` counts it.
    price : float
        The part of it that is not the residuals'.
    basis : function of points (m, d) to (m, terms)
    log_target : bool
        Whether it is the logarithm of |y| that is a polynomial.
    """

    predicted: np.ndarray
    bits: float
    price: float
    basis: "Basis"
    log_target: bool

    @property
    def words(self) -> str:
        """What kind of curve it is."""
        return self.described("the input" if len(self.basis.columns) == 1 else "the inputs")

    def described(self, inputs: str) -> str:
        """The same, with a name for what it is a curve of."""
        basis, several = self.basis, len(self.basis.columns) > 1
        of = f"the {basis.scale}{'s'[:several]} of {inputs}" if basis.scale else inputs
        if basis.degree == 1 and basis.scale == "logarithm" and self.log_target:
            return "a product of real powers" if several else f"a real power of {inputs}"
        name = f"a polynomial of degree {basis.degree} in {of}"
        return f"the exponential of {name}" if self.log_target else name

    def mimics(self, values: np.ndarray, points: np.ndarray, allowed: float) -> bool:
        """Whether some coefficients give these values (m,) at the points (m, d), to a root mean square of `allowed`."""
        usable = np.isfinite(values)
        if self.log_target:
            usable &= np.abs(values) > 0
            if len(set(np.sign(values[usable]))) > 1:
                return False
        basis = self.basis(points[usable])
        if not np.isfinite(basis).all():
            keep = np.isfinite(basis).all(axis=1)
            usable[np.flatnonzero(usable)[~keep]] = False
            basis = basis[keep]
        if usable.sum() <= basis.shape[1]:
            return False
        target = np.log(np.abs(values[usable])) if self.log_target else values[usable]
        fitted = basis @ np.linalg.lstsq(basis, target, rcond=1e-12)[0]
        with np.errstate(all="ignore"):
            found = np.exp(fitted) * np.sign(values[usable]) if self.log_target else fitted
            return bool(np.sqrt(np.mean((found - values[usable]) ** 2)) <= allowed)


@dataclass(frozen=True, eq=False)
class Basis:
    """All products of powers of columns up to a degree, as Chebyshev polynomials of the scaled columns."""

    columns: tuple[int, ...]
    degree: int
    scale: str
    center: np.ndarray
    half_width: np.ndarray

    @classmethod
    def of(cls, X: np.ndarray, columns: tuple[int, ...], degree: int, scale: str) -> "Basis":
        part = SCALES[scale](X[:, columns])
        low, high = part.min(axis=0), part.max(axis=0)
        half = 0.5 * (high - low)
        return cls(columns, degree, scale, 0.5 * (low + high), np.where(half > 0, half, 1.0))

    @property
    def powers(self) -> list[tuple[int, ...]]:
        """Exponents of every term, the constant first."""
        every = itertools.product(range(self.degree + 1), repeat=len(self.columns))
        return sorted((p for p in every if sum(p) <= self.degree), key=lambda p: (sum(p), p))

    def __call__(self, X: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            z = (SCALES[self.scale](X[:, self.columns]) - self.center) / self.half_width
        # T_k by recurrence, since beyond [-1, 1] the arc cosine does not exist.
        table = [np.ones_like(z), z]
        for _ in range(2, self.degree + 1):
            table.append(2 * z * table[-1] - table[-2])
        return np.column_stack(
            [np.prod([table[k][:, j] for j, k in enumerate(powers)], axis=0) for powers in self.powers]
        )


def generic_curves(residuals: Residuals, columns: tuple[int, ...], noise_floor: float) -> Iterator[Generic]:
    """Polynomials of every degree worth trying, fitted to y and, where the signs allow, to log|y|.

    Parameters
    ----------
    residuals : Residuals
        Brings the rows.
    columns : tuple of int
        Columns to use: those that the formula uses, so that the polynomials have what the formula has.
    noise_floor : float
        In units of y.
    """
    X, y = residuals.X, residuals.y
    if not columns or len(y) < 4:
        return
    scales = list(SCALES) if (X[:, columns] > 0).all() else [""]
    targets = [False] + [True] * bool((y > 0).all() or (y < 0).all())
    for scale, log_target in itertools.product(scales, targets):
        for degree in range(1, MOST_DEGREE + 1):
            terms = math.comb(len(columns) + degree, degree)
            if terms > min(MOST_TERMS, len(y) // 2):
                break
            found = _fit(residuals, Basis.of(X, columns, degree, scale), log_target, noise_floor)
            if found is not None:
                yield found


def _fit(residuals: Residuals, basis: Basis, log_target: bool, noise_floor: float) -> Generic | None:
    y, n = residuals.y, residuals.n
    target = np.log(np.abs(y)) if log_target else y
    weights = np.ones(n) if residuals.weights is None else residuals.weights
    # A small error of log|y| is one of y over |y|.
    root = np.sqrt(weights) * (np.abs(y) / np.abs(y).max() if log_target else 1.0)
    rows = basis(residuals.X)
    q, r = np.linalg.qr(rows * root[:, None])
    diagonal = np.abs(np.diagonal(r))
    if not np.isfinite(diagonal).all() or diagonal.min() < 1e-10 * diagonal.max():
        return None
    scaled = target * root
    leverage = np.minimum((q**2).sum(axis=1), 0.999)
    left_out = (scaled - q @ (q.T @ scaled)) / (1 - leverage)
    usable = root > 0
    if not usable.all():
        return None
    predicted = target - left_out / root
    if log_target:
        with np.errstate(over="ignore"):
            predicted = np.exp(predicted) * np.sign(y)
    loss = mean_square(predicted - y, residuals.weights)
    if not math.isfinite(loss):
        return None
    cost = price(basis, n, residuals.X.shape[1], log_target)
    bits = misfit_bits(n, loss, noise_floor, errors_given=residuals.sigma is not None) + cost
    return Generic(predicted, bits, cost, basis, log_target)


def price(basis: Basis, n: int, n_variables: int, log_target: bool = False) -> float:
    """Bits of a polynomial written in Horner's way: per further term a coefficient, a sum, a product, a variable.

    The exponential of a sum of logarithms is a product of real powers, and costs as much as those do elsewhere.
    """
    terms = len(basis.powers)
    number = COSTS["constant"] + 0.5 * math.log2(n)
    variable = COSTS["variable"] + math.log2(n_variables)
    step = number + COSTS["+"] + COSTS["*"] + variable + SCALE_BITS[basis.scale]
    if log_target and basis.scale == "logarithm":
        powers = len(basis.columns)
        real_power = number + COSTS["*"] + COSTS["^ real"] + variable
        return number + powers * real_power + (terms - 1 - powers) * step
    return number + (terms - 1) * step + (COSTS[sympy.exp] if log_target else 0.0)


@dataclass(frozen=True, eq=False)
class ReducedCurve:
    """A polynomial of z in the place of F; the attributes are those of `Generic`."""

    words: str
    predicted: np.ndarray
    bits: float
    curve: Generic
    factor: ParametricForm
    argument: ParametricForm

    def mimics(self, values: np.ndarray, points: np.ndarray, allowed: float) -> bool:
        """As `Generic.mimics`."""
        factor, argument = self.factor.evaluate(points), self.argument.evaluate(points)
        usable = np.isfinite(values) & np.isfinite(factor) & np.isfinite(argument) & (factor != 0)
        if usable.sum() < 10:
            return False
        size = float(np.sqrt(np.mean(factor[usable] ** 2)))
        return self.curve.mimics(values[usable] / factor[usable], argument[usable][:, None], allowed / size)


def reduced_curves(residuals: Residuals, noise_floor: float) -> Iterator[ReducedCurve]:
    """Polynomials of the formula's own combination of columns; none where it has no single one.

    A formula A(x) F(z(x)), with products of powers A and z, claims three things. That the data ask for A and z may be
    beyond doubt while F is one of many curves; a polynomial in its place asks for that alone.

    Parameters
    ----------
    residuals : Residuals
        Of the formula.
    noise_floor : float
        In units of y.
    """
    form, n = residuals.form, residuals.n
    parts = factor_and_argument(form)
    if parts is None:
        return
    factor, argument = (parametrize(part, form.variables) for part in parts)
    a, z = factor.evaluate(residuals.X), argument.evaluate(residuals.X)
    if not (np.isfinite(a).all() and np.isfinite(z).all() and (a != 0).all() and np.ptp(z) > 0):
        return
    weights = a**2 if residuals.weights is None else residuals.weights * a**2
    table = replace(residuals, X=z[:, None], y=residuals.y / a, weights=weights / weights.mean(), sigma=None)
    # Both are written once; the polynomial then uses z like a column.
    d = residuals.X.shape[1]
    extra = sum(formula_bits(part, n, d) for part in (factor, argument) if part.expression.free_symbols)
    for curve in generic_curves(table, (0,), 0.0):
        predicted = a * curve.predicted
        loss = mean_square(predicted - residuals.y, residuals.weights)
        misfit = misfit_bits(n, loss, noise_floor, errors_given=residuals.sigma is not None)
        bits = misfit + curve.price + extra
        words = curve.described(str(argument.expression))
        if factor.expression.free_symbols:
            words = f"{factor.expression} times {words}"
        yield ReducedCurve(words, predicted, bits, curve, factor, argument)
