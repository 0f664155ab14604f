# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportGeneralTypeIssues=false
"""Inner functions of two columns: differences, sums of squares, sums of reciprocals, products.

If y depends on x_i and x_j only through h = phi_i(x_i) + phi_j(x_j), then the ratio of the two partial derivatives is
phi_i'(x_i) / phi_j'(x_j): its logarithm is a sum of a function of x_i and one of x_j and of nothing else. For powers,
which is what inner functions of laws are made of, it is linear in log|x_i| and log|x_j|, so one least-squares fit says
whether h exists and what it is: slopes 0 make a difference or sum, 1 make x^2 + y^2, -1 a product, -2 1/x + 1/y.
"""

import itertools
import math
from dataclasses import dataclass, replace

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.structure.rational import chebyshev_products
from kansym.structure.scaling_symmetry import nearest_rational, shortened
from kansym.structure.surrogate import Interpolant, fit_surrogate, one_signed

SLOPES = (0.0, 1.0, -1.0, -2.0, 2.0, -0.5, -1.5, 0.5, 3.0, -3.0)
"""Exponents p of phi' = x^p that are believed."""


NOISY_SLOPES = (0.0, 1.0, -1.0)
"""The same where y has noise, for both columns alike: sums, sums of squares, and products."""

FACTOR_POWERS, CLEARER = (1.0, -1.0, 2.0, -2.0), 0.5
"""Powers of a column before a function of a sum, with noise, and the misfit that it needs, in units of the least
without it: there are eight of them, and one fits by chance."""

PLAIN_RATIO, SAME_RATIO = 0.25, 0.02
"""Distance of log|ratio| from zero up to which noise lets it be one, and up to which nothing else is tried; of a zero
from that of its column, in units of half the column's range, the same."""

ROUNDS, FITTED_ROWS, LARGEST_STEP = 2, 500, 0.3
"""Steps by which a ratio is fitted, rows of the interpolants for that, and the largest relative change in one."""

DEGREES = (8, 5, 4, 3)
"""Degree of the polynomials in one, two, ... columns that smooth what a column is at given values of those."""

SHIFTS = tuple(shifts for shifts in itertools.product((0, 1, -1), repeat=2) if any(shifts))
"""What is taken off two columns before they are multiplied."""

SURE = 0.03
"""Misfit up to which shifted columns are believed: there are eight pairs of shifts, and one fits by chance."""

ZERO_POWERS, WIDEST = (1.0, -1.0, 2.0, -2.0, 0.5, -0.5), 2.0
"""Powers of a column less an unknown number beside another column, and how far from the middle of the column that
number may be, in units of half the column's range: from afar the power is an exponential."""


@dataclass(frozen=True, eq=False)
class InnerFunction:
    """h = ratio * phi_i(x_i) + phi_j(x_j) with phi' = x^p.

    Attributes
    ----------
    i, j : int
        Columns.
    slopes : tuple of float
        The two p.
    ratio : float
    shifts : tuple of float
        Numbers taken off the columns first: with r = x/z the difference x - z has become z (r - 1); a zero of the
        column that is none of the table's, as in (E - E_0)/kT.
    misfit : float
        RMS of what log|dT/dx_i : dT/dx_j| leaves, in units of one: the smaller, the surer.
    real : bool
        Whether the ratio, or the shift, is any number, and not one that noise hides.
    powers : tuple of float
        Exponents of the two columns in a factor before the function of h.
    """

    i: int
    j: int
    slopes: tuple[float, float]
    ratio: float
    misfit: float
    shifts: tuple[float, float] = (0, 0)
    real: bool = False
    powers: tuple[float, float] = (0.0, 0.0)

    @property
    def number(self) -> float:
        """The one that is fitted: a shift where there is one, or else the ratio."""
        return self.shifts[0] if any(self.shifts) else self.ratio

    def with_number(self, number: float) -> "InnerFunction":
        return replace(self, shifts=(number, 0.0)) if any(self.shifts) else replace(self, ratio=number)

    def linear(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
        """Columns of which h is the first times the number and the second, and the size of such a number."""
        x, z = X[:, self.i], X[:, self.j]
        if any(self.shifts):
            power = z ** (1.0 / self.ratio)
            return -power, x * power, float(np.ptp(x)) / 2
        power = self.slopes[0] + 1.0
        return x**power, z**power, abs(self.ratio)

    def apply(self, x: tuple[sympy.Expr, ...], X: np.ndarray) -> tuple[sympy.Expr, np.ndarray]:
        """The inner function of the columns, as an expression and as values."""
        u, z = x[self.i] - self.shifts[0], x[self.j] - self.shifts[1]
        U, Z = X[:, self.i] - self.shifts[0], X[:, self.j] - self.shifts[1]
        if self.slopes == (-1.0, -1.0):
            power = _number(self.ratio)
            if self.real:
                return u * z ** (1 / power), U * Z ** float(1 / power)
            if power.is_Integer:
                # log u + log z is a function of the product, which is the simpler column; and so is its reciprocal.
                turned = -1 if power < 0 and not one_signed(U[:, None])[0] and one_signed(Z[:, None])[0] else 1
                return u ** (turned * power) * z**turned, U ** float(turned * power) * Z**turned
        first, a = _antiderivative(u, U, self.slopes[0])
        second, b = _antiderivative(z, Z, self.slopes[1])
        # A difference is written as x - y, not as -x + y, and a common factor is left to the rest of the law.
        p, q = self.slopes
        factor = self.ratio * (_level(q) / _level(p))
        number = sympy.Float(factor) if self.real else _number(factor)
        # Columns that are quotients by one column have that in common.
        return sympy.factor_terms(number * first + second), float(number) * a + b


def inner_functions(
    surrogate: Interpolant, X: np.ndarray, *, noisy: bool = False, loose: float = 0.3
) -> list[InnerFunction]:
    """Pairs of columns that may enter through one inner function, the surest first.

    Parameters
    ----------
    surrogate : Interpolant
        Of the target, fitted on the same columns.
    X : ndarray, shape (n, d)
        Points to read gradients at.
    noisy : bool, default False
        Whether y has noise: only sums, differences and products of the columns or their squares are then believed.
    loose : float, default 0.3
        Largest misfit that is still worth a confirming fit.
    """
    if noisy:
        return _with_noise(surrogate, X, loose)
    _, gradient = surrogate.derivatives(X)
    size = np.sqrt((gradient**2).mean(0))
    found = []
    signed = one_signed(X)
    for i, j in itertools.combinations(range(X.shape[1]), 2):
        steep = (np.abs(gradient[:, i]) > 0.05 * size[i]) & (np.abs(gradient[:, j]) > 0.05 * size[j])
        if steep.sum() < 30:
            continue
        ratio = gradient[steep, i] / gradient[steep, j]
        candidate = _fit(i, j, ratio, X[steep, i], X[steep, j])
        if candidate is None or candidate.misfit > SURE:
            candidate = _shifted(i, j, ratio, X[steep, i], X[steep, j]) or candidate
        if candidate is None or candidate.misfit > SURE:
            found += _with_zero(i, j, gradient, X, SURE)
        if candidate is None:
            continue
        # Logarithms and roots need columns of one sign.
        real = all(
            signed[column] or (slope != -1.0 and slope == round(slope)) or candidate.slopes == (-1.0, -1.0)
            for column, slope in zip((i, j), candidate.slopes, strict=True)
        )
        if real and candidate.misfit < loose:
            found.append(candidate)
    return sorted(found, key=lambda candidate: candidate.misfit)


def _with_noise(surrogate: Interpolant, X: np.ndarray, loose: float) -> list[InnerFunction]:
    """Inner functions of columns alike, by the direction in which y changes least.

    Where h exists, the vectors (dy/dx_i x_j^p, dy/dx_j x_i^p) of all rows are multiples of one. Logarithms of ratios
    would give rows where y hardly changes, and the gradients are mostly noise, as much to say as all others.
    """
    value, gradient = surrogate.value_and_gradient(X)
    found, signed = [], one_signed(X)
    for i, j in itertools.combinations(range(X.shape[1]), 2):
        for slope in NOISY_SLOPES:
            powers = X[:, [j, i]] if slope == 1.0 else X[:, [i, j]] if slope == -1.0 else 1.0
            seen = _across(gradient[:, [i, j]] * powers, loose)
            if seen is not None:
                ratio, misfit = seen
                near = abs(math.log(abs(ratio))) if ratio else math.inf
                slopes = (slope, slope)
                if near <= PLAIN_RATIO and (slope != -1.0 or signed[[i, j]].all() or ratio > 0):
                    found.append(InnerFunction(i, j, slopes, math.copysign(1.0, ratio), misfit))
                if slope != -1.0 and SAME_RATIO < near < math.inf:
                    found.append(InnerFunction(i, j, slopes, ratio, misfit, real=True))
        known = min([loose, *(one.misfit for one in found)])
        found += _with_factor(i, j, value, gradient, X, known)
        found += _with_shifts(i, j, gradient, X, known)
        found += _with_zero(i, j, gradient, X, CLEARER * known if known < loose else loose)
    return sorted(found, key=lambda candidate: candidate.misfit)


def _with_factor(
    i: int, j: int, value: np.ndarray, gradient: np.ndarray, X: np.ndarray, known: float
) -> list[InnerFunction]:
    """A sum of two columns in a function that a power of one of them multiplies, where that is clearer than any other.

    Where y = x^m F(h), the derivative by x less m y/x is that of F.
    """
    found = []
    for place, column in enumerate((i, j)):
        if not X[:, column].all():
            continue
        for power in FACTOR_POWERS:
            pairs = gradient[:, [i, j]].copy()
            pairs[:, place] -= power * value / X[:, column]
            seen = _across(pairs, CLEARER * known)
            if seen is not None and abs(math.log(max(abs(seen[0]), 1e-300))) <= PLAIN_RATIO:
                powers = (power, 0.0) if place == 0 else (0.0, power)
                found.append(InnerFunction(i, j, (0.0, 0.0), math.copysign(1.0, seen[0]), seen[1], powers=powers))
    return sorted(found, key=lambda one: one.misfit)[:1]


def _with_shifts(i: int, j: int, gradient: np.ndarray, X: np.ndarray, known: float) -> list[InnerFunction]:
    """A product of columns less one or plus one, where that is clearer than any other; see `InnerFunction`."""
    found = []
    for shifts in SHIFTS:
        seen = _across(gradient[:, [i, j]] * (X[:, [i, j]] - shifts), CLEARER * known)
        if seen is not None and abs(math.log(max(abs(seen[0]), 1e-300))) <= PLAIN_RATIO:
            found.append(InnerFunction(i, j, (-1.0, -1.0), math.copysign(1.0, seen[0]), seen[1], shifts=shifts))
    return sorted(found, key=lambda one: one.misfit)[:1]


def _with_zero(i: int, j: int, gradient: np.ndarray, X: np.ndarray, loose: float) -> list[InnerFunction]:
    """A column less an unknown number times a power of the other column, (x - a) z^q.

    Where y is a function of it, z dy/dz = q (x - a) dy/dx, which is linear in a.
    """
    found = []
    signed = one_signed(X)
    for first, second in ((i, j), (j, i)):
        x, z = X[:, first], X[:, second]
        middle, half = (x.max() + x.min()) / 2, float(np.ptp(x)) / 2
        for power in ZERO_POWERS:
            if not (signed[second] or power in (1.0, 0.5)):
                continue
            steep = gradient[:, first]
            own, other, steep = shortened(
                np.column_stack([(x - middle) / half * steep, power * z / half * gradient[:, second], steep])
            ).T
            clock.charge(Work.SMALL_FITS, 1)
            _, (_, least), right = np.linalg.svd(np.column_stack([own - other, steep]), full_matrices=False)
            misfit = float(least / max(math.hypot(np.linalg.norm(own), np.linalg.norm(other)), 1e-300))
            if misfit > loose or abs(right[1, 1]) > WIDEST * abs(right[1, 0]):
                continue
            zero = float(middle - half * right[1, 1] / right[1, 0])
            # With its own zero a column is multiplied as it is, which is found as a scaling symmetry.
            if abs(zero) > SAME_RATIO * half:
                found.append(InnerFunction(first, second, (-1.0, -1.0), power, misfit, shifts=(zero, 0.0), real=True))
    return sorted(found, key=lambda one: one.misfit)[:1]


def _across(pairs: np.ndarray, loose: float) -> tuple[float, float] | None:
    """The ratio of two derivatives (n, 2) that is the same on all rows, with its misfit; None where there is none."""
    pairs = shortened(pairs)
    size = np.sqrt((pairs**2).mean(0))
    if not (np.isfinite(size).all() and size.all()):
        return None
    clock.charge(Work.SMALL_FITS, 1)
    _, (larger, smaller), right = np.linalg.svd(pairs / size, full_matrices=False)
    across = right[1] / size
    if across[0] == 0 or smaller > loose * larger:
        return None
    return -float(across[1] / across[0]), float(smaller / larger)


def with_fitted_number(
    inner: InnerFunction, X: np.ndarray, t: np.ndarray, weights: np.ndarray | None, *, seed: int = 0
) -> InnerFunction:
    """The inner function with the ratio, or zero, that lets the target be most nearly a function of it and the others.

    Gauss-Newton steps for that number alone, on an interpolant in those columns; the derivative by it is taken less
    what they tell of it, since the interpolant follows (semiparametric least squares).

    References
    ----------
    Ichimura, Journal of Econometrics 58 (1993) 71, doi:10.1016/0304-4076(93)90114-K.
    """
    others = [k for k in range(X.shape[1]) if k not in (inner.i, inner.j)]
    root = np.ones(len(t)) if weights is None else np.sqrt(weights / weights.mean())
    for _ in range(ROUNDS):
        first, second, size = inner.linear(X)
        child = np.column_stack([inner.number * first + second, X[:, others]])
        linear = np.zeros(child.shape[1], dtype=bool)
        surrogate = fit_surrogate(child, t, log=linear, weights=weights, seed=seed, rows=FITTED_ROWS)
        if surrogate is None:
            break
        value, gradient = surrogate.value_and_gradient(child)
        basis = _polynomials(child) * root[:, None]
        clock.charge(Work.DENSE_PRODUCTS, basis.size * basis.shape[1])
        told = np.linalg.lstsq(basis, first * root, rcond=None)[0]
        own = gradient[:, 0] * (first * root - basis @ told)
        square, most = float(own @ own), LARGEST_STEP * size
        if not (math.isfinite(square) and square > 0):
            break
        change = float(own @ ((t - value) * root)) / square
        inner = inner.with_number(inner.number + float(np.clip(change, -most, most)))
    return inner


def _polynomials(X: np.ndarray) -> np.ndarray:
    """Products of Chebyshev polynomials of the columns up to some total degree, shape (n, terms)."""
    low, high = X.min(0), X.max(0)
    unit = 2 * (X - low) / np.where(high > low, high - low, 1.0) - 1
    return chebyshev_products(unit, DEGREES[min(X.shape[1], len(DEGREES)) - 1])


def _shifted(i: int, j: int, ratio: np.ndarray, x: np.ndarray, z: np.ndarray) -> InnerFunction | None:
    """A sure product of columns less one or plus one, or None."""
    best = None
    for shifts in SHIFTS:
        found = _fit(i, j, ratio, x - shifts[0], z - shifts[1])
        if found is None or found.slopes != (-1.0, -1.0) or found.misfit > SURE:
            continue
        if best is None or found.misfit < best.misfit:
            best = replace(found, shifts=shifts)
    return best


def _fit(i: int, j: int, ratio: np.ndarray, x: np.ndarray, z: np.ndarray) -> InnerFunction | None:
    """The powers that explain a ratio of derivatives."""
    clock.charge(Work.SMALL_FITS, 4)
    clock.charge(Work.FORM_VALUES, 10 * len(ratio))
    logs = np.log(np.abs(ratio))
    usable = (np.abs(x) > 1e-3 * np.abs(x).max()) & (np.abs(z) > 1e-3 * np.abs(z).max())
    logs, x, z, ratio = logs[usable], x[usable], z[usable], ratio[usable]
    if len(logs) < 30:
        return None
    columns = np.column_stack([np.ones(len(x)), np.log(np.abs(x)), -np.log(np.abs(z))])
    # Gradients of a surrogate have outliers where they cross zero; three reweighted rounds leave those out.
    weights = np.ones(len(x))
    solution = np.zeros(3)
    for _ in range(4):
        root = np.sqrt(weights)[:, None]
        solution = np.linalg.lstsq(columns * root, logs * root[:, 0], rcond=None)[0]
        residual = np.abs(logs - columns @ solution)
        scale = max(float(np.median(residual)), 1e-12)
        weights = 1.0 / (1.0 + (residual / (2 * scale)) ** 2)
    rounded, distance = nearest_rational(solution[1:])
    if distance > 0.25 or not all(slope in SLOPES for slope in rounded):
        return None
    left = logs - columns[:, 1:] @ rounded
    constant = float(np.median(left))
    misfit = float(np.median(np.abs(left - constant))) * 1.48
    # |x|^p with an odd p changes sign with x.
    signs = np.sign(ratio) * _odd(x, rounded[0]) * _odd(z, rounded[1])
    sign = float(np.sign(signs.sum()))
    if np.mean(signs == sign) < 0.9:
        return None
    return InnerFunction(i, j, (float(rounded[0]), float(rounded[1])), sign * math.exp(constant), misfit)


def _odd(x: np.ndarray, slope: float) -> np.ndarray:
    """The sign of x^p: that of x for odd p, and one for all others."""
    return np.sign(x) if slope % 2 == 1 else np.ones(len(x))


def _level(slope: float) -> float:
    return 1.0 if slope == -1.0 else slope + 1.0


def _antiderivative(x: sympy.Expr, values: np.ndarray, slope: float) -> tuple[sympy.Expr, np.ndarray]:
    """x^(p+1), or log x for p = -1; the factor 1/(p+1) is left to the ratio."""
    power = sympy.nsimplify(slope + 1.0, rational=True)
    if (slope == -1.0 or not power.is_integer) and (values < 0).all():
        x, values = -x, -values
    if slope == -1.0:
        return sympy.log(x), np.log(values)
    return x**power, values ** float(power)


def _number(value: float) -> sympy.Expr:
    """A small rational where the value is near one: what is nearly -1 was read off a surrogate and is -1."""
    for denominator in (1, 2, 3, 4):
        numerator = round(value * denominator)
        if numerator and abs(numerator) <= 6 and abs(value * denominator - numerator) < 0.02 * abs(value * denominator):
            return sympy.Rational(numerator, denominator)
    return sympy.Float(value)
