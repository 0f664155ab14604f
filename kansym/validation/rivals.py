"""The nearest rival: how much better is the pick than the best formula that says something else?"""

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from kansym.data.weights import mean_square
from kansym.fitting.residuals import Residuals, residuals_of, value_errors
from kansym.symbolic.complexity import early_bits, formula_bits, misfit_bits
from kansym.symbolic.formula import Formula
from kansym.symbolic.own_functions import OwnFunction, folded
from kansym.validation.description_length import loo
from kansym.validation.form import form_facts, odd_exponents
from kansym.validation.generic_curves import generic_curves, reduced_curves
from kansym.validation.same_form import POINTS, contains, probes, tolerance

if TYPE_CHECKING:
    from kansym.search.results import Discovery

NEAR = 10.0
"""Bits to the nearest rival, for a law: odds above a thousand. A hundred is "decisive" on the scale of Jeffreys (Theory
of Probability, 1961, appendix B) where two hypotheses were there before the data; here one was chosen among many."""

CHOSEN = 13.0
"""Bits that the choice of a form is worth: one of some thousand that a search fits. A polynomial of a single input was
not chosen, and the pick must better it by so much more; a power of the input was chosen among few."""

NEARLY, UNTOLD = 25.0, 3.0
"""Bits up to which a rival is about as long as the pick, and bits of the residuals that the data do not tell apart: two
standard errors, 4/(2 log 2). That a formula is a few nodes shorter is no evidence against one that fits as well with no
more constants; one with more would have to fit better."""

RESAMPLINGS = 2000

MOST_ROWS = 10_000
"""Rows that are compared on; more are thinned by a random choice, which leaves fewer bits between the formulas."""

MOST_COMPARED = 12
"""Rivals, the nearest first, that are tested for being the pick with more constants."""

MOST_FITTED = 0.5
"""Constants of a rival, in units of the rows: of nine rows eight constants leave one, by which anything fits."""


@dataclass(frozen=True)
class Rival:
    """The nearest formula of another form.

    Attributes
    ----------
    words : str
        The formula, or the kind of polynomial.
    margin : float
        Bits by which its description is longer than the pick's; negative where it is shorter.
    rms, pick_rms : float
        Root-mean-square residuals of rival and pick, each row predicted from the others.
    better : float
        Share of resampled tables in which the rival has the smaller residuals: the same rows for both.
    special_cases : tuple of str
        Formulas nearer than this one that say the same: the pick with constants that the data do not ask for, or with
        one less.
    needed : float, default `NEAR`
        Bits by which it must be longer, for a law.
    untold : bool, default False
        Whether it is a closed form of about the length of the pick, whose residuals cost no more bits, that says
        something else.
    """

    words: str
    margin: float
    rms: float
    pick_rms: float
    better: float
    special_cases: tuple[str, ...]
    untold: bool = False
    needed: float = NEAR

    @property
    def near(self) -> bool:
        """Whether it comes too near for a law."""
        return self.margin < self.needed

    @property
    def odds(self) -> float:
        """Odds for the pick, 2^margin."""
        return math.inf if self.margin > 1000 else 2.0**self.margin


def nearest_rival(discovery: "Discovery", residuals: Residuals, *, seed: int) -> Rival | None:
    """The rival of the least description length among the formulas of the front, those beside it, and polynomials.

    Polynomials of a single input count as shorter by `CHOSEN` bits, unless the pick is a power of it. Where the rival
    is not too near for a law, one that is up to `NEARLY` bits longer comes before it if the data do not tell it from
    the pick: a closed form with no more constants, whose residuals are no worse by `UNTOLD` bits, and that
    says something else in or around the box of the data, by the size of the residuals.

    A rival whose constants can be set to give the pick's values, inside the box of the data and around it, is the
    pick with constants to spare, and is passed over, and so is one that the constants of the pick can be set to give,
    unless it is shorter by as much as `NEAR`: they say the same. So does a formula that is nearer to the pick, both in
    the box and around it, than the pick's own standard errors there. One that has more constants than half as many
    as there are rows is passed over too, unless the pick has as many. All lengths are taken here from leave-one-out
    losses, so that they compare.

    Returns
    -------
    Rival or None
        None without a rival.
    """
    if residuals.n == 0:
        return None
    if residuals.n > MOST_ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(discovery.dataset.n_rows, MOST_ROWS, replace=False))
        discovery = replace(discovery, dataset=discovery.dataset.take(rows))
        residuals = residuals_of(discovery.formula, discovery.dataset)
    pick, floor = discovery.formula, discovery.noise_floor
    points = probes(residuals.X, seed=seed)
    values = pick.predict(points)
    allowed = tolerance(residuals.rms, residuals.spread, exact=residuals.exact)
    errors = value_errors(residuals, points)
    left_out = _left_out(residuals)
    functions = discovery.own_functions
    own, own_misfit = _lengths(residuals, floor, functions)
    candidates = []
    for formula in (*discovery.front, *discovery.rivals):
        if formula is pick or formula.expression == pick.expression:
            continue
        if len(formula.constants) > max(MOST_FITTED * residuals.n, len(pick.constants)):
            continue
        other = residuals_of(formula, discovery.dataset)
        if other.n == residuals.n:
            length, misfit = _lengths(other, floor, functions)
            misfit = misfit - own_misfit if _freedom(other) <= _freedom(residuals) else math.inf
            candidates.append((length - own, NEAR, misfit, str(formula), _left_out(other), formula, other))
    used = tuple(j for j, name in enumerate(pick.variables) if name in _names(pick))
    needed = NEAR + CHOSEN if len(used) == 1 and not form_facts(residuals.form).power_law else NEAR
    for generic in (*generic_curves(residuals, used, floor), *reduced_curves(residuals, floor)):
        error = residuals.y - generic.predicted
        candidates.append((generic.bits - own, needed, math.inf, generic.words, error, generic, None))
    special: list[str] = []
    found: Rival | None = None
    order = sorted(candidates, key=lambda one: one[0] - one[1])
    for count, (margin, needed, misfit, words, error, rival, other) in enumerate(order):
        if found is not None and (margin > NEARLY or count >= MOST_COMPARED or found.near):
            break
        told = margin > NEARLY or misfit > UNTOLD or not isinstance(rival, Formula)
        if found is not None and told:
            continue
        if count < MOST_COMPARED:
            if isinstance(rival, Formula):
                same = contains(other.form, pick.expression, points, allowed) or (
                    # Where the pick has one constant that is another's twin, that is no other law.
                    margin > -NEAR and contains(residuals.form, rival.expression, points, allowed)
                )
                # A kink that is rounded within the errors, say: whichever is the law, the other is as near to it.
                same = same or (not residuals.exact and _within(rival.predict(points), values, errors))
            else:
                same = rival.mimics(values, points, allowed)
            if same:
                special.append(words)
                continue
        told = told or _distance(rival.predict(points), values) < residuals.rms
        if found is not None and told:
            continue
        found = Rival(
            words=words,
            margin=margin,
            rms=math.sqrt(mean_square(error, residuals.weights)),
            pick_rms=math.sqrt(mean_square(left_out, residuals.weights)),
            better=_resampled(left_out, error, residuals.weights, seed),
            special_cases=tuple(special),
            untold=not told,
            needed=needed,
        )
        if not told:
            break
    return found


def _distance(first: np.ndarray, second: np.ndarray) -> float:
    """Root mean square difference where both are finite; infinite where they are nowhere."""
    both = np.isfinite(first) & np.isfinite(second)
    return math.sqrt(float(np.mean((first[both] - second[both]) ** 2))) if both.any() else math.inf


def _within(first: np.ndarray, second: np.ndarray, errors: np.ndarray) -> bool:
    """Whether two formulas are nearer to each other than the errors of one, both inside the box and around it."""
    for part in (slice(POINTS), slice(POINTS, None)):
        usable = errors[part][np.isfinite(errors[part])]
        if not len(usable) or not _distance(first[part], second[part]) < math.sqrt(float(np.mean(usable**2))):
            return False
    return True


def _left_out(residuals: Residuals) -> np.ndarray:
    return residuals.raw / np.maximum(1.0 - residuals.leverage, 1e-3)


def _lengths(residuals: Residuals, floor: float, functions: tuple[OwnFunction, ...]) -> tuple[float, float]:
    """The description length, and the part of it that is the residuals'."""
    loss = loo(residuals)
    if not math.isfinite(loss):
        return math.inf, math.inf
    misfit = misfit_bits(residuals.n, loss, floor, errors_given=residuals.sigma is not None)
    misfit += early_bits(residuals.k, residuals.y, loss, floor, weights=residuals.weights)
    return misfit + formula_bits(folded(residuals.form, functions), residuals.n, residuals.X.shape[1]), misfit


def _freedom(residuals: Residuals) -> int:
    """Constants that were fitted, and exponents that were and then rounded to a fraction."""
    return residuals.k + odd_exponents(residuals.form)


def _names(formula: Formula) -> set[str]:
    return {str(symbol) for symbol in formula.expression.free_symbols}


def _resampled(pick: np.ndarray, rival: np.ndarray, weights: np.ndarray | None, seed: int) -> float:
    """Share of bootstrap samples of the rows in which the rival's residuals are smaller."""
    peak = float(max(np.max(np.abs(pick)), np.max(np.abs(rival)))) or 1.0
    difference = (rival / peak) ** 2 - (pick / peak) ** 2
    if weights is not None:
        difference = difference * weights
    generator = np.random.default_rng(seed)
    # Counts of rows in a sample, in slices: a matrix of all samples of a long table would be large.
    n, wins, done = len(difference), 0, 0
    slice_size = max(1, min(RESAMPLINGS, 4_000_000 // n))
    while done < RESAMPLINGS:
        take = min(slice_size, RESAMPLINGS - done)
        wins += int(np.sum(difference[generator.integers(n, size=(take, n))].mean(axis=1) < 0))
        done += take
    return wins / RESAMPLINGS
