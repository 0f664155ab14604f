# scipy types its results as tuples.
# pyright: reportAttributeAccessIssue=false
"""Whether a guess stands: a form that was there before the data has to be rejected, not to be the shortest.

A description length charges a form for being one of all that a search could have written. A guess was none of these:
it was chosen before the search, and shorter forms among thousands that it tried are no evidence against it. It stands
where

1. chi-squared is what the errors of the table allow;
2. no smooth function of the inputs predicts what it leaves;
3. the data determine its constants, and reject every special case of it that was found;
4. no formula that was found, a choice among many (`CHOSEN`), and none that has the guess as a special case, fits better
   beyond chance.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import scipy

from kansym.data.weights import mean_square, row_weights
from kansym.fitting.levels import DENIAL, OBJECTION
from kansym.fitting.predictability import leftover
from kansym.fitting.residuals import Residuals, residuals_of
from kansym.search.guess_outcome import CONFIRMED, GuessOutcome, ShorterRival, with_pick
from kansym.search.prior.family import Place
from kansym.search.prior.trial import STRUCTURE, Trial, outcome
from kansym.search.results import Discovery
from kansym.symbolic.complexity import early_bits, misfit_bits
from kansym.symbolic.formula import Formula
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.symbolic.refit import jacobian_rank, refit

CHOSEN = 13.0
"""Bits that a formula must fit better because it is the best of some thousand that a search fits."""

MOST_RIVALS = 5
"""Shorter descriptions that are named beside a guess."""


def judged(trials: list[Trial], found: Discovery) -> Discovery:
    """The discovery with what it says of its guesses; a guess that stands is the pick, with its shorter rivals below.

    Of several that stand the shortest description is the pick.

    Parameters
    ----------
    trials : list of Trial
        Of guesses that were searched from.
    found : Discovery
        With the shortest description of all as its pick.
    """
    outcomes = [outcome(trial, found) for trial in trials]
    stand = [] if any(one.verdict == CONFIRMED for one in outcomes) else [t for t in trials if stands(t, found)]
    if stand:
        chosen = min(stand, key=lambda trial: trial.formula.rank if trial.formula else (True, math.inf))
        kept = _with_guess(chosen, found)
        outcomes = [_standing(chosen, kept) if one is chosen else outcome(one, kept) for one in trials]
        found = kept
    return replace(found, guesses=tuple(outcomes))


def stands(trial: Trial, found: Discovery) -> bool:
    """Whether no test rejects a guess, on the table of a search and beside the formulas that it found."""
    if trial.formula is None or trial.form is None or trial.exact or trial.formula.consistent is False:
        return False
    if trial.form.at_bound(trial.form.values).any():
        # What holds it there is not the data.
        return False
    guess = _Fitted.of(trial.formula, found)
    if guess is None or guess.rows.exact or jacobian_rank(guess.rows.form, guess.rows.X) < guess.rows.k:
        return False
    if guess.chi2 is not None and not scipy.stats.chi2.sf(guess.chi2, guess.freedom) >= DENIAL:
        return False
    left = leftover(guess.rows, found.dataset.names, seed=0)
    if left is not None and left.p_value < STRUCTURE and left.share > 0:
        return False
    comparison = _Comparison(trial, trial.form, guess, found)
    return not any(comparison.rejected_by(other) for other in (*found.front, *found.rivals))


@dataclass(frozen=True, eq=False)
class _Fitted:
    """A formula with its constants fitted to all rows.

    Attributes
    ----------
    rows : Residuals
    bits : float
        Of what it leaves, and of constants beyond those that are paid for by the number of rows.
    chi2 : float or None
        Where the table has errors.
    """

    rows: Residuals
    bits: float
    chi2: float | None

    @classmethod
    def of(cls, formula: Formula, found: Discovery) -> "_Fitted | None":
        """None where it has no value on some row."""
        rows = residuals_of(formula, found.dataset)
        if rows.undefined or rows.n <= rows.k:
            return None
        form = refit(rows.form, rows.X, rows.y, weights=rows.weights).form
        predicted = form.evaluate(rows.X)
        if np.isfinite(predicted).all():
            rows = replace(rows, form=form, predicted=predicted)
        loss = mean_square(rows.raw, rows.weights)
        chi2 = None if rows.sigma is None else float(np.sum((rows.raw / rows.sigma) ** 2))
        # With errors their own likelihood counts, since those of inputs differ from formula to formula.
        bits = misfit_bits(rows.n, loss, found.noise_floor) if chi2 is None else 0.5 * chi2 / math.log(2)
        bits += early_bits(rows.k, rows.y, loss, found.noise_floor, weights=rows.weights)
        return cls(rows, bits, chi2)

    @property
    def freedom(self) -> int:
        """Rows less constants."""
        return self.rows.n - self.rows.k

    def needs_more_than(self, special: "_Fitted") -> bool:
        """Whether its constants fit better than fewer of them do, beyond chance: the test of nested formulas.

        Of few rows the fit of many constants is no prediction of the others, which `bits` has.
        """
        more = self.rows.k - special.rows.k
        if more <= 0 or self.bits >= special.bits:
            return more <= 0
        if self.chi2 is not None and special.chi2 is not None:
            return bool(scipy.stats.chi2.sf(special.chi2 - self.chi2, more) < OBJECTION)
        own, other = (float(np.sum(one.rows.raw**2 * _weights(one.rows))) for one in (self, special))
        if not own > 0:
            return True
        return bool(scipy.stats.f.sf((other - own) / more / (own / self.freedom), more, self.freedom) < OBJECTION)


def _weights(rows: Residuals) -> np.ndarray | float:
    return 1.0 if rows.weights is None else rows.weights


@dataclass(frozen=True, eq=False)
class _Comparison:
    """A guess beside what a search found."""

    trial: Trial
    form: ParametricForm
    guess: _Fitted
    found: Discovery

    def rejected_by(self, other: Formula) -> bool:
        """Whether a formula is evidence against the guess."""
        if other is self.trial.formula or other.consistent is False:
            return False
        fitted = _Fitted.of(other, self.found)
        if fitted is None:
            return False
        dataset = self.found.dataset
        place = Place.of(dataset.X, dataset.y, self.guess.rows.rms, row_weights(dataset))
        # On few rows any formula of as many constants has the values of any other.
        if fitted.rows.k < self.guess.rows.k and place.reproduced(self.form, other.predict(place.X)) is not None:
            return not self.guess.needs_more_than(fitted)
        if fitted.rows.k > self.guess.rows.k and self._is_special_case_of(other, place):
            return fitted.needs_more_than(self.guess)
        price = CHOSEN + 0.5 * math.log2(fitted.rows.n) * (fitted.rows.k - self.guess.rows.k)
        return self.guess.bits - fitted.bits > price

    def _is_special_case_of(self, other: Formula, place: Place) -> bool:
        """Whether a formula can have the values of the guess: it has something added, or other numbers."""
        values = self.guess.rows.form.evaluate(place.X)
        general = parametrize(other.expression, tuple(map(plain_symbol, other.variables)))
        return place.reproduced(general, values) is not None


def _with_guess(trial: Trial, found: Discovery) -> Discovery:
    """The discovery with a guess as its pick, in the notation of the guess."""
    assert trial.formula is not None
    twins = [one for one in (*found.front, *found.rivals) if _same(trial.formula, one, found)]
    # One function has one description length, that of its shortest notation.
    length = min(one.description_length for one in (trial.formula, *twins))
    pick = replace(trial.formula, description_length=length)
    front = with_pick([pick, *(one for one in found.front if one not in twins)], pick)
    rivals = tuple(one for one in found.rivals if one not in twins)
    # A network that was read is not this formula.
    return replace(found, formula=pick, front=front, rivals=rivals, reading=None)


def _same(first: Formula, second: Formula, found: Discovery) -> bool:
    """Whether two formulas have the same values on the rows."""
    dataset = found.dataset
    place = Place.of(dataset.X, dataset.y, math.sqrt(first.train_loss), row_weights(dataset))
    return place.same(first.predict(place.X), second.predict(place.X))


def _standing(trial: Trial, found: Discovery) -> GuessOutcome:
    """What is said of a guess that no test rejects; `found` has it as its pick."""
    rivals = tuple(_shorter(found))
    words = "No test rejects it, and it was there before the data: it is the pick"
    words += ", though a search finds shorter descriptions." if rivals else "."
    return GuessOutcome(
        trial.guess.text,
        CONFIRMED,
        words,
        formula=found.formula,
        bits=max((rival.bits for rival in rivals), default=0.0),
        left=trial.left,
        numbers={symbol.name: value for symbol, value in trial.guess.numbers.items()},
        as_written=True,
        rivals=rivals,
    )


def _shorter(found: Discovery) -> Iterator[ShorterRival]:
    """Formulas that are shorter descriptions than the pick, the shortest first."""
    length = found.formula.description_length
    shorter = (one for one in (*found.front, *found.rivals) if one.description_length < length)
    for formula in sorted(shorter, key=lambda one: one.rank)[:MOST_RIVALS]:
        yield ShorterRival(formula, length - formula.description_length)
