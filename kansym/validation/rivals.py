"""The nearest rival: how much better is the pick than the best formula that says something else?"""

import math
from dataclasses import dataclass, replace

import numpy as np

from kansym.data.weights import mean_square
from kansym.fitting.residuals import Residuals, residuals_of
from kansym.search.results import Discovery
from kansym.symbolic.complexity import formula_bits, misfit_bits
from kansym.symbolic.formula import Formula
from kansym.symbolic.own_functions import OwnFunction, folded
from kansym.validation.description_length import loo
from kansym.validation.generic_curves import generic_curves, reduced_curves
from kansym.validation.same_form import contains, probes, tolerance

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
        Formulas nearer than this one that contain the pick: the pick with constants that the data do not ask for.
    """

    words: str
    margin: float
    rms: float
    pick_rms: float
    better: float
    special_cases: tuple[str, ...]

    @property
    def odds(self) -> float:
        """Odds for the pick, 2^margin."""
        return math.inf if self.margin > 1000 else 2.0**self.margin


def nearest_rival(discovery: Discovery, residuals: Residuals, *, seed: int) -> Rival | None:
    """The rival of the least description length among the formulas of the front, those beside it, and polynomials.

    A rival whose constants can be set to give the pick's values, inside the box of the data and around it, is the
    pick with constants to spare, and is passed over; so is one that has more constants than half as many as there are
    rows, unless the pick has as many. All lengths are taken here from leave-one-out losses, so that they compare.

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
    left_out = _left_out(residuals)
    functions = discovery.own_functions
    own = _length(loo(residuals), residuals, floor, functions)
    candidates = []
    for formula in (*discovery.front, *discovery.rivals):
        if formula is pick or formula.expression == pick.expression:
            continue
        if len(formula.constants) > max(MOST_FITTED * residuals.n, len(pick.constants)):
            continue
        other = residuals_of(formula, discovery.dataset)
        if other.n == residuals.n:
            margin = _length(loo(other), other, floor, functions) - own
            candidates.append((margin, str(formula), _left_out(other), formula, other))
    used = tuple(j for j, name in enumerate(pick.variables) if name in _names(pick))
    for generic in (*generic_curves(residuals, used, floor), *reduced_curves(residuals, floor)):
        error = residuals.y - generic.predicted
        candidates.append((generic.bits - own, generic.words, error, generic, None))
    special: list[str] = []
    for count, (margin, words, error, rival, other) in enumerate(sorted(candidates, key=lambda entry: entry[0])):
        if count < MOST_COMPARED:
            if isinstance(rival, Formula):
                same = contains(other.form, pick.expression, points, allowed)
            else:
                same = rival.mimics(values, points, allowed)
            if same:
                special.append(words)
                continue
        return Rival(
            words=words,
            margin=margin,
            rms=math.sqrt(mean_square(error, residuals.weights)),
            pick_rms=math.sqrt(mean_square(left_out, residuals.weights)),
            better=_resampled(left_out, error, residuals.weights, seed),
            special_cases=tuple(special),
        )
    return None


def _left_out(residuals: Residuals) -> np.ndarray:
    return residuals.raw / np.maximum(1.0 - residuals.leverage, 1e-3)


def _length(loss: float, residuals: Residuals, floor: float, functions: tuple[OwnFunction, ...]) -> float:
    if not math.isfinite(loss):
        return math.inf
    misfit = misfit_bits(residuals.n, loss, floor, errors_given=residuals.sigma is not None)
    return misfit + formula_bits(folded(residuals.form, functions), residuals.n, residuals.X.shape[1])


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
