# scipy types its options as texts alone.
# pyright: reportArgumentType=false
"""Coefficients and inner constants of a relation with their covariance: distances in errors of all columns are least.

The residual of a row is F divided by its standard error, to first order (Sampson's distance; to that order it is the
distance of the row from the curve F = 0 in units of the errors, as of an orthogonal distance regression).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.optimize

from kansym import clock
from kansym.clock import Work
from kansym.implicit.noise import Noise
from kansym.implicit.pencil import Pencil
from kansym.implicit.terms import Term, values_and_slopes

WIDEST = 60.0
"""What an inner constant may make of the width of its argument: with more, rows are empty of it or cannot show it."""

EVALUATIONS = 60
"""Of the residuals, in a fit: it starts at the eigenvector and is nearly there."""


@dataclass(frozen=True, eq=False)
class Form:
    """What a relation consists of.

    Attributes
    ----------
    terms : tuple of Term
    free : bool
        Whether a constant is added to them.
    rates : tuple of float
        Inner constants, where the search begins or as they were fitted.
    """

    terms: tuple[Term, ...]
    free: bool
    rates: tuple[float, ...] = ()

    @property
    def size(self) -> int:
        """Terms with the constant."""
        return len(self.terms) + self.free

    @property
    def key(self) -> tuple:
        """What forms that are the same have in common: the order of terms is no part of it."""
        return frozenset(self.terms), self.free, tuple(float(f"{rate:.3g}") for rate in self.rates)

    @property
    def columns(self) -> frozenset[int]:
        """Places of the columns that take part."""
        return frozenset().union(*(term.columns for term in self.terms))


@dataclass(frozen=True, eq=False)
class Fitted:
    """A form with constants.

    Attributes
    ----------
    form : Form
        With the rates that were fitted.
    coefficients : ndarray, shape (size,)
        Of the terms, and the constant last where there is one.
    information : ndarray, shape (size + rates, size + rates)
        J'J of the residuals by coefficients and rates; singular along the coefficients, whose size is free.
    residuals : ndarray, shape (n,)
        F of the rows in units of their errors.
    """

    form: Form
    coefficients: np.ndarray
    information: np.ndarray
    residuals: np.ndarray

    @property
    def chi2(self) -> float:
        """Sum of the squared residuals."""
        return float(self.residuals @ self.residuals)

    @property
    def constants(self) -> int:
        """Number of constants: ratios of coefficients, and rates."""
        return len(self.coefficients) - 1 + len(self.form.rates)

    @property
    def size(self) -> float:
        """Root mean square of the residuals, degrees of freedom counted."""
        free = max(len(self.residuals) - self.constants, 1)
        return float(np.sqrt(self.chi2 / free))

    def evaluate(self, X: np.ndarray, sigma: np.ndarray) -> np.ndarray:
        """F of other rows in units of their errors; nan where it has no value."""
        values, slopes = values_and_slopes(self.form.terms, X, self.form.rates)
        total, variance = _combined(values, slopes, sigma, self.form, self.coefficients)
        with np.errstate(all="ignore"):
            return total / np.sqrt(variance)

    def gradient(self, X: np.ndarray) -> np.ndarray:
        """Derivatives (n, d) of F by the columns."""
        _, slopes = values_and_slopes(self.form.terms, X, self.form.rates)
        return np.einsum("nsd,s->nd", slopes, self.coefficients[: len(self.form.terms)])


def _combined(
    values: np.ndarray, slopes: np.ndarray, sigma: np.ndarray, form: Form, coefficients: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """F and its variance on rows."""
    own = coefficients[: len(form.terms)]
    with np.errstate(all="ignore"):
        total = values @ own + (coefficients[-1] if form.free else 0.0)
        moved = np.einsum("nsd,s->nd", slopes, own) * sigma
        size = np.abs(values * own).max(axis=1)
        # Rounding: a row is never known better than double precision.
        return total, (moved**2).sum(axis=1) + (1e-15 * size) ** 2 + 1e-300


def evaluated(form: Form, coefficients: np.ndarray, X: np.ndarray, noise: Noise) -> Fitted | None:
    """A form with coefficients of its terms as they are, and the constant that suits them; None without values."""
    values, slopes = values_and_slopes(form.terms, X, form.rates)
    if not (np.isfinite(values).all() and np.isfinite(slopes).all()):
        return None
    own = np.append(coefficients, 0.0) if form.free else coefficients
    total, variance = _combined(values, slopes, noise.sigma, form, own)
    if form.free:
        own[-1] = -_centre(total, variance)
        total = total + own[-1]
    size = form.size + len(form.rates)
    return Fitted(form, own, np.zeros((size, size)), total / np.sqrt(variance))


def _centre(total: np.ndarray, variance: np.ndarray) -> float:
    """The mean of F by its variances; a row that errors hardly move does not decide alone."""
    weights = 1 / np.maximum(variance, 1e-4 * np.median(variance) + 1e-300)
    return float(np.average(total, weights=weights))


def fit_form(form: Form, X: np.ndarray, noise: Noise, *, held: Sequence[tuple[int, int, float]] = ()) -> Fitted | None:
    """The constants of a form; None where it has no values on the rows, or no fit.

    Parameters
    ----------
    form : Form
        Its rates are where the fit begins.
    X : ndarray, shape (n, d)
    noise : Noise
    held : sequence of (place, other place, number)
        Coefficients that are so many times another one, whatever is fitted.
    """
    sigma = noise.sigma
    values, slopes = values_and_slopes(form.terms, X, form.rates)
    if not (np.isfinite(values).all() and np.isfinite(slopes).all()):
        return None
    tied = _Tied(form, held)
    pencil = Pencil(*tied.reduced(values, slopes * sigma[:, None, :]))
    places = np.arange(pencil.values.shape[1])[None, :]
    own_constant = form.free and not tied.constant_tied
    start = np.ones(1)
    if places.size > 1:
        try:
            start = pencil.weighted(places, own_constant, steps=8)[1][0] / pencil.scale
        except np.linalg.LinAlgError:
            return None
    problem = _Problem(form, X, sigma, tied)
    if own_constant:
        scaled = start * pencil.scale
        variance = np.square(np.einsum("nsd,s->nd", pencil.noise, scaled)).sum(axis=1)
        start = np.append(start, -_centre(pencil.values @ scaled, variance))
    return problem.solved(start)


def _too_steep(form: Form, X: np.ndarray) -> bool:
    """Whether an inner constant makes so much of its argument that the rows show nothing of the function."""
    for term in form.terms:
        for one in term.functions:
            if one.rate >= 0:
                plain = Term(one.powers)
                values, _ = values_and_slopes((plain,), X)
                if abs(form.rates[one.rate]) * float(np.ptp(values)) > WIDEST:
                    return True
    return False


class _Tied:
    """Coefficients of which some are multiples of others: all = matrix @ free ones."""

    def __init__(self, form: Form, held: Sequence[tuple[int, int, float]]) -> None:
        self.form = form
        size, leaders = form.size, {place: (other, number) for place, other, number in held}
        kept = [k for k in range(size) if k not in leaders]
        self.matrix = np.zeros((size, len(kept)))
        for column, k in enumerate(kept):
            self.matrix[k, column] = 1.0
        for place, (other, number) in leaders.items():
            self.matrix[place] = number * self.matrix[other]
        # A constant that is tied, or that others are tied to, is no free one.
        last = size - 1
        self.constant_tied = form.free and (last in leaders or any(other == last for other, _ in leaders.values()))

    def reduced(self, values: np.ndarray, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Terms of the pencil: those that have coefficients of their own, but for a free constant."""
        matrix = self.matrix
        if self.form.free:
            values = np.column_stack([values, np.ones(len(values))])
            noise = np.concatenate([noise, np.zeros((len(noise), 1, noise.shape[2]))], axis=1)
            if not self.constant_tied:
                matrix = matrix[:, :-1]
        return values @ matrix, np.einsum("nsd,sk->nkd", noise, matrix)


class _Problem:
    """Residuals of a form and their derivatives."""

    def __init__(self, form: Form, X: np.ndarray, sigma: np.ndarray, tied: _Tied) -> None:
        self.form, self.X, self.sigma, self.tied = form, X, sigma, tied
        self.known = values_and_slopes(form.terms, X, form.rates) if not form.rates else None

    def residuals(self, coefficients: np.ndarray, rates: Sequence[float] | np.ndarray) -> np.ndarray:
        clock.charge(Work.SMALL_FITS)
        values, slopes = self.known or values_and_slopes(self.form.terms, self.X, rates)
        total, variance = _combined(values, slopes, self.sigma, self.form, coefficients)
        with np.errstate(all="ignore"):
            return total / np.sqrt(variance)

    def jacobian(self, coefficients: np.ndarray, rates: Sequence[float] | np.ndarray) -> np.ndarray:
        """By all coefficients and rates, (n, size + rates)."""
        values, slopes = self.known or values_and_slopes(self.form.terms, self.X, rates)
        total, variance = _combined(values, slopes, self.sigma, self.form, coefficients)
        with np.errstate(all="ignore"):
            return self._slopes(values, slopes, total, variance, coefficients, rates)

    def _slopes(
        self, values: np.ndarray, slopes: np.ndarray, total: np.ndarray, variance: np.ndarray, coefficients: np.ndarray,
        rates: Sequence[float] | np.ndarray,
    ) -> np.ndarray:  # fmt: skip
        if self.form.free:
            values = np.column_stack([values, np.ones(len(values))])
        moved = np.einsum("nsd,s->nd", slopes, coefficients[: len(self.form.terms)]) * self.sigma
        # d(F/sqrt(V)) = dF/sqrt(V) - F/(2 V^1.5) dV
        by_variance = 2 * np.einsum("nd,nsd,nd->ns", moved, slopes, self.sigma)
        if self.form.free:
            by_variance = np.column_stack([by_variance, np.zeros(len(values))])
        columns = [values / np.sqrt(variance)[:, None] - (0.5 * total / variance**1.5)[:, None] * by_variance]
        for k, rate in enumerate(rates):
            step = 1e-6 * max(abs(rate), 1e-12)
            up, down = list(rates), list(rates)
            up[k], down[k] = rate + step, rate - step
            change = self.residuals(coefficients, up) - self.residuals(coefficients, down)
            columns.append((change / (2 * step))[:, None])
        return np.column_stack(columns)

    def solved(self, start: np.ndarray) -> Fitted | None:
        matrix, rates = self.tied.matrix, np.array(self.form.rates)
        # The size of all coefficients is free: that of the term that says most is held.
        values = (self.known or values_and_slopes(self.form.terms, self.X, self.form.rates))[0]
        sizes = np.sqrt(np.mean(values**2, axis=0))
        weight = np.abs(matrix).T @ np.append(sizes, [1.0] * self.form.free)
        held = int(np.argmax(np.abs(start) * weight))
        moving = [k for k in range(len(start)) if k != held]
        start = start / (np.abs(start) * weight).max()

        def apart(p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            own = start.copy()
            own[moving] = p[: len(moving)]
            return matrix @ own, p[len(moving) :]

        def slope(p: np.ndarray) -> np.ndarray:
            coefficients, own = apart(p)
            full = self.jacobian(coefficients, own)
            size = len(coefficients)
            return np.column_stack([(full[:, :size] @ matrix)[:, moving], full[:, size:]])

        point = np.concatenate([start[moving], rates])
        first = self.residuals(*apart(point))
        if not np.isfinite(first).all():
            return None
        if len(point) and len(first) >= len(point):
            try:
                found = scipy.optimize.least_squares(
                    lambda p: np.nan_to_num(self.residuals(*apart(p)), nan=1e6, posinf=1e6, neginf=-1e6),
                    point, jac=lambda p: np.nan_to_num(slope(p)), x_scale="jac", method="trf",
                    xtol=1e-14, ftol=1e-14, gtol=1e-14, max_nfev=EVALUATIONS,
                )  # fmt: skip
                if found.cost <= 0.5 * float(first @ first):
                    point = found.x
            except (ValueError, np.linalg.LinAlgError):
                pass
        coefficients, fitted_rates = apart(point)
        residuals = self.residuals(coefficients, fitted_rates)
        full = np.nan_to_num(self.jacobian(coefficients, fitted_rates))
        if not np.isfinite(residuals).all():
            return None
        form = replace(self.form, rates=tuple(map(float, fitted_rates)))
        if _too_steep(form, self.X):
            return None
        return Fitted(form, coefficients, full.T @ full, residuals)
