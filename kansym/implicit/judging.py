"""The judge of relations: how long a form is with what it leaves of the rows, and how much of the room it leaves free.

There is no target whose variance could be explained. Were the columns independent of each other, a row could be
anywhere; a relation says that it lies on a surface F = 0, up to its errors. A row is then described by its distance
from the surface instead of by one more coordinate, and the bits that this saves are

    log2 phi(r) - log2 p(0)

for each, where r is F in units of its error, phi the density of errors, and p the density of r on a table whose columns
were shuffled within themselves. So a form that leaves little but fills the room, as a product of the relation with
something that vanishes too, or a trivial one, gains nothing. The bits of the form itself are those of everywhere in
kansym.
"""

import math
from dataclasses import dataclass

import numpy as np

from kansym.implicit.fit import Fitted, Form, fit_form
from kansym.implicit.noise import Noise
from kansym.implicit.terms import bits_of
from kansym.symbolic.complexity import COSTS, FREE_BITS

SHUFFLED_ROWS = 4000
"""Rows of shuffled tables on which the density of a form is counted."""

WITHIN = 0.1
"""Share of shuffled rows that are near a surface: so near that first order holds, and enough to be counted."""

MOST_SHARE = 0.2
"""Of what shuffled columns leave, that a relation may leave: less than a fifth is seldom met in columns that merely
hang together (of two Gaussian columns, the correlation would have to be 0.92)."""

LEAST_NOTICE = 1.5
"""What a form leaves must grow by this where a single column is shuffled, or that column takes no part."""

SIMPLE_RATIOS = (1.0, 2.0, 0.5)
"""Numbers that one coefficient may be of another in a law; a sign apart."""

RATIO_BITS = (0.0, 2.0, 2.0)
"""What they cost."""

NEAR = 2.5
"""Standard errors within which a ratio is such a number."""

SHARP = (0.2, 0.01, 0.01)
"""Relative errors with which it has to be known: half of all ratios of unlike things lie within a factor of three."""


def form_bits(form: Form, n: int) -> float:
    """Bits of the terms, the sums, and the free constants of a form on n rows."""
    constants = form.size - 1 + len(form.rates)
    return sum(map(bits_of, form.terms)) + (form.size - 1) * COSTS["+"] + constants * saved_bits(n)


def saved_bits(n: int) -> float:
    """What a coefficient costs that is no simple number of another."""
    return max(FREE_BITS, 0.5 * math.log2(n)) + COSTS["constant"] + COSTS["*"]


def misfit_bits(chi2: float, n: int, noise: Noise) -> float:
    """Bits of what a form leaves of n rows."""
    if noise.given:
        return chi2 / (2 * math.log(2))
    return 0.5 * n * math.log2(max(chi2 / n, noise.floor**2))


@dataclass(frozen=True, eq=False)
class Judged:
    """A fitted form and what is to be said of it.

    Attributes
    ----------
    fitted : Fitted
    held : tuple of (place, other place, number)
        Coefficients that are a simple number of others.
    form_bits : float
        Of the form, its simple numbers taken into account.
    bits : float
        Of form, misfit, and the room that the surface fills.
    gain : float
        Bits by which the table is shorter than without any relation.
    share : float
        What it leaves, in parts of what it leaves of shuffled columns.
    notices : dict of int to float
        By how much what it leaves grows where that column alone is shuffled.
    """

    fitted: Fitted
    held: tuple[tuple[int, int, float], ...]
    form_bits: float
    bits: float
    gain: float
    share: float
    notices: dict[int, float]

    @property
    def form(self) -> Form:
        """The form with the rates that were fitted."""
        return self.fitted.form

    @property
    def says_something(self) -> bool:
        """Whether it leaves far less than shuffled columns, and each of its columns matters."""
        return self.share <= MOST_SHARE and all(value >= LEAST_NOTICE for value in self.notices.values())


class Judge:
    """Compares forms on one table.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    noise : Noise
    seed : int
    """

    def __init__(self, X: np.ndarray, noise: Noise, seed: int) -> None:
        self.X, self.noise, self.n = X, noise, len(X)
        generator = np.random.default_rng([seed, 60])
        columns = list(range(X.shape[1]))
        times = max(1, round(SHUFFLED_ROWS / self.n))
        drawn = [shuffled(X, noise.sigma, columns, generator) for _ in range(times)]
        self.elsewhere = np.vstack([one for one, _ in drawn]), np.vstack([one for _, one in drawn])
        if len(self.elsewhere[0]) > SHUFFLED_ROWS:
            self.elsewhere = self.elsewhere[0][:SHUFFLED_ROWS], self.elsewhere[1][:SHUFFLED_ROWS]
        self.alone = [shuffled(X, noise.sigma, [j], generator) for j in columns]
        self._near: float | None = None
        self._known: dict[tuple, Judged | None] = {}

    def room(self, found: Fitted) -> float:
        """Logarithm to the base of 2 of the density of F = 0, in units of the errors, among shuffled rows."""
        apart = np.abs(found.evaluate(*self.elsewhere))
        apart = np.where(np.isfinite(apart), apart, np.inf)
        if self._near is None:
            # The same distance for all forms, so that those of one surface count the same rows.
            self._near = max(float(np.quantile(apart, WITHIN)), 1e-300)
        count = max(float((apart < self._near).sum()), 0.5)
        return math.log2(count / len(apart) / (2 * self._near))

    def misfit(self, found: Fitted) -> float:
        """Bits of the distances from the surface, in units of the errors."""
        n = self.n
        if self.noise.given:
            return n * 0.5 * math.log2(2 * math.pi) + misfit_bits(found.chi2, n, self.noise)
        return n * 0.5 * math.log2(2 * math.pi * math.e) + misfit_bits(found.chi2, n, self.noise)

    def quick(self, found: Fitted) -> float:
        """The bits of a form with the coefficients that it has."""
        return form_bits(found.form, self.n) + self.n * self.room(found) + self.misfit(found)

    def judged(self, form: Form) -> Judged | None:
        """Fit a form, make simple ratios exact, and measure what it says; None where it cannot be fitted."""
        key = form.key
        if key not in self._known:
            self._known[key] = self._judged(form)
        return self._known[key]

    def _judged(self, form: Form) -> Judged | None:
        found = fit_form(form, self.X, self.noise)
        if found is None:
            return None
        found, held = simplified(found, self.X, self.noise)
        own = form_bits(form, self.n) - sum(saved_bits(self.n) - _ratio_bits(number) for _, _, number in held)
        rest = self.misfit(found) + self.n * self.room(found)
        share, notices = self.shares(found)
        return Judged(found, held, own, own + rest, -own - rest, share, notices)

    def shares(self, found: Fitted) -> tuple[float, dict[int, float]]:
        """What a form leaves in parts of what it leaves of shuffled columns, and how much each column alone changes."""
        own = max(_size(found.residuals), self.noise.floor, 1e-12)
        notices = {j: _size(found.evaluate(*self.alone[j])) / own for j in sorted(found.form.columns)}
        return own / max(_size(found.evaluate(*self.elsewhere)), 1e-300), notices


def _ratio_bits(number: float) -> float:
    return RATIO_BITS[SIMPLE_RATIOS.index(abs(number))]


def simplified(found: Fitted, X: np.ndarray, noise: Noise) -> tuple[Fitted, tuple[tuple[int, int, float], ...]]:
    """The fit with coefficients that are simple numbers of one of them, and which these are."""
    n, best = len(X), (found, ())
    if found.form.size < 2:
        return best
    scale = 1.0 if noise.given else found.size**2
    options = []
    for reference in range(found.form.size):
        held = _simple_of(found, reference, scale)
        if held:
            options.append((-sum(saved_bits(n) - _ratio_bits(number) for _, _, number in held), held))
    for saved, held in sorted(options, key=lambda one: one[0])[:2]:
        again = fit_form(found.form, X, noise, held=held)
        if again is None:
            continue
        lost = misfit_bits(again.chi2, n, noise) - misfit_bits(found.chi2, n, noise)
        if lost + saved < 0:
            return again, held
    return best


def _simple_of(found: Fitted, reference: int, scale: float) -> tuple[tuple[int, int, float], ...]:
    """Coefficients that can be simple numbers of the reference within their errors."""
    c = found.coefficients
    if c[reference] == 0:
        return ()
    covariance = np.linalg.pinv(found.information, rcond=1e-14, hermitian=True) * scale
    held = []
    for k in range(len(c)):
        if k == reference:
            continue
        ratio = c[k] / c[reference]
        slope = np.zeros(len(covariance))
        slope[k], slope[reference] = 1 / c[reference], -ratio / c[reference]
        error = math.sqrt(max(float(slope @ covariance @ slope), 0.0))
        for number, sharp in zip(SIMPLE_RATIOS, SHARP, strict=True):
            if abs(abs(ratio) - number) <= max(NEAR * error, 1e-7) and error <= sharp * number:
                held.append((k, reference, math.copysign(number, ratio)))
                break
    return tuple(held)


def _size(residuals: np.ndarray) -> float:
    """A robust root mean square: rows without a value, or by chance near a pole, do not count."""
    finite = np.abs(residuals[np.isfinite(residuals)])
    return float(np.median(finite)) / 0.6745 if len(finite) else math.inf


def shuffled(
    X: np.ndarray, sigma: np.ndarray, columns: list[int], generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Rows and errors with some columns, each with its errors, in another order."""
    X, sigma = X.copy(), sigma.copy()
    for j in columns:
        order = generator.permutation(len(X))
        X[:, j], sigma[:, j] = X[order, j], sigma[order, j]
    return X, sigma
