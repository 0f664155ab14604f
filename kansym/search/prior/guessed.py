# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
"""A search that starts from formulas that the user gives."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import sympy

from kansym import clock, provenance
from kansym.data.dataset import Dataset
from kansym.extraction.selection import EXACT
from kansym.fitting.bounds import require_names
from kansym.fitting.predictability import leftover
from kansym.fitting.residuals import residuals_of
from kansym.search.formulation import from_expression, judge
from kansym.search.lengths import description_length_of
from kansym.search.options import DiscoveryOptions
from kansym.search.pipeline import run_pipeline
from kansym.search.prior.correction import corrections
from kansym.search.prior.guess import Guess, freed
from kansym.search.prior.guess_standing import judged
from kansym.search.prior.starts import UnusableGuess, fitted_guess
from kansym.search.prior.trial import STRUCTURE, Trial, outcome
from kansym.search.progress import ProgressCallback
from kansym.search.results import Discovery
from kansym.search.rows import FitRows
from kansym.symbolic.formula import Formula
from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.timelimit import TimeLimitError, call_with_limit

logger = logging.getLogger(__name__)

FITTING_SHARE = 0.2
"""Share of the time for the constants of all guesses, and for what is smaller or freer than they are."""

CORRECTION_SHARE = 0.35
"""Share of the time, after that, for what they lack; the plain search has the rest."""

FREED_BITS = 10.0
"""Bits by which a guess with its exact numbers free must be shorter to be corrected in place of the guess."""

CORRECTED = 2
"""Guesses that corrections are looked for, the shortest descriptions first."""

BEYOND_ERRORS = 1.5
"""Residual in units of the errors of the table from which something is left in it, with structure or without."""


def discover_guessed(
    dataset: Dataset, options: DiscoveryOptions, progress: ProgressCallback | None = None
) -> Discovery:
    """Search with guesses to begin with.

    Each guess is fitted, snapped, reduced and put on the front, and once more with its exact numbers free. Where it
    leaves residuals with structure, a term and a factor that it lacks are looked for. Then comes the search as without
    guesses; it ends early where the guess is as good as the data. A guess that no test rejects is the
    pick in the end, see `kansym.search.prior.guess_standing`; with a robust loss, where tests depend on which rows
    count, the shortest description is.

    Raises
    ------
    ArgumentError
        If a guess is no formula of the columns.
    """
    trials = [Trial(guess) for guess in read_guesses(dataset, options)]
    plain = options.alone

    def seeds(fit_rows: FitRows, deadline: float, report: Callable[[str, str], None]) -> Iterator[Formula]:
        yield from _guessed(trials, fit_rows, plain, deadline, report)

    found = run_pipeline(dataset, plain, progress, seeds=seeds)
    found = judged(trials, found) if options.loss == "linear" else _told(trials, found)
    notes: list[str] = [note for trial in trials for note in trial.guess.name_hints]
    notes += [f"The guess {one.text} was not used: {one.words}" for one in found.guesses if one.formula is None]
    return replace(found, notes=(*found.notes, *notes))


def _told(trials: list[Trial], found: Discovery) -> Discovery:
    """The discovery with what it says of its guesses, the shortest description being the pick."""
    return replace(found, guesses=tuple(outcome(trial, found) for trial in trials))


def read_guesses(dataset: Dataset, options: DiscoveryOptions) -> list[Guess]:
    """The guesses of the options for a table.

    Raises
    ------
    ArgumentError
        If one cannot be used, or a bound is for a constant that none has.
    """
    names, limits = dataset.names, options.limits
    guesses = [Guess.read(text, names, dataset.target, dataset.dropped, limits) for text in options.guesses]
    require_names(limits, [symbol.name for guess in guesses for symbol in guess.form.constants[: guess.named]])
    return guesses


def _guessed(
    trials: list[Trial],
    fit_rows: FitRows,
    options: DiscoveryOptions,
    deadline: float,
    report: Callable[[str, str], None],
) -> Iterator[Formula]:
    start = clock.now()
    for place, trial in enumerate(trials):
        if fit_rows.allowed is not None:
            fit_rows.allowed.allow(trial.guess.form.expression)
        report("guess", f"fitting {trial.guess.text}")
        share = FITTING_SHARE * (deadline - start) / len(trials)
        yield from _fitted(trial, fit_rows, options, min(deadline, start + (place + 1) * share), deadline)
    start = clock.now()
    usable = [(trial.best, trial) for trial in trials if trial.best is not None]
    usable.sort(key=lambda pair: pair[0].rank)
    for place, (best, trial) in enumerate(usable[:CORRECTED]):
        # Where one formula leaves only noise, the others lack nothing that it does not have.
        if not _something_left(trial, fit_rows, options.seed):
            break
        report("guess", f"looking for what {trial.guess.text} lacks")
        until = start + (place + 1) * CORRECTION_SHARE * (deadline - start) / min(len(usable), CORRECTED)
        for correction in corrections(_base(trial, fit_rows), fit_rows, options, until):
            trial.corrections.append(correction)
            yield from correction.formulas
            report("guess", f"{correction.way} with {correction.expression}")
            before, best = best, min((best, *correction.formulas), key=lambda one: one.rank)
            if best is not before and not _structured(best, fit_rows, options.seed)[0]:
                return


def _fitted(
    trial: Trial, fit_rows: FitRows, options: DiscoveryOptions, until: float, deadline: float
) -> Iterator[Formula]:
    """The guess with its constants fitted, the smaller formulas that it leads to, and it with its numbers free."""
    now = clock.now()
    try:
        provenance.sign("a guess")
        # Half of the time is for what follows from the fit.
        half = now + 0.5 * (until - now)
        trial.form = fitted_guess(trial.guess, fit_rows, seed=options.seed, until=half, deadline=deadline)
    except UnusableGuess as problem:
        trial.problem = str(problem)
        return
    trial.formula = judge(trial.form, fit_rows, structure=f"the guess {trial.guess.text}")
    if trial.formula is None:
        trial.problem = "it has no finite value on the held-out rows"
        return
    trial.exact = _exact(trial.formula, fit_rows)
    formulas = [trial.formula]
    # Without names constants would leave the bounds that hold them.
    if not trial.form.at_bound(trial.form.values).any():
        formulas += _forms(trial.form.substituted(), fit_rows, trial, until)
    if not trial.exact:
        trial.free = freed(trial.form)
        if trial.free is not None and not trial.form.at_bound(trial.form.values).any():
            formulas += _forms(trial.free.form.substituted(), fit_rows, trial, until)
    trial.best = min(formulas, key=lambda formula: formula.rank)
    yield from formulas


def _forms(raw: sympy.Expr, fit_rows: FitRows, trial: Trial, until: float) -> list[Formula]:
    structure = f"the guess {trial.guess.text}"
    try:
        return call_with_limit(
            lambda: from_expression(raw, fit_rows, structure=structure, deadline=until), clock.safety()
        )
    except TimeLimitError:
        clock.interfered()
        logger.info("no time to simplify the guess %s", trial.guess.text)
        return []


def _exact(formula: Formula, fit_rows: FitRows) -> bool:
    return formula.validation_loss <= EXACT * float(np.mean(fit_rows.dataset.y**2))


def _something_left(trial: Trial, fit_rows: FitRows, seed: int) -> bool:
    """Whether corrections are worth a search; remembers how much the residuals look like noise."""
    if trial.best is None or trial.exact:
        return False
    structured, trial.left = _structured(trial.best, fit_rows, seed)
    return structured


def _structured(formula: Formula, fit_rows: FitRows, seed: int) -> tuple[bool, float | None]:
    """Whether a formula leaves anything but noise, as far as can be told, and the probability that it does not."""
    if _exact(formula, fit_rows):
        return False, None
    found = leftover(residuals_of(formula, fit_rows.dataset), fit_rows.dataset.names, seed=seed)
    if found is None:
        return True, None
    errors = fit_rows.dataset.y_error is not None
    beyond = errors and formula.validation_loss > (BEYOND_ERRORS * fit_rows.noise_floor) ** 2
    return beyond or (found.p_value < STRUCTURE and found.share > 0), found.p_value


def _base(trial: Trial, fit_rows: FitRows) -> ParametricForm:
    """The fitted form that corrections are added to: with its exact numbers free only where that says more."""
    assert trial.form is not None
    if trial.free is None:
        return trial.form
    loose = fit_rows.fit(trial.free.form)
    if loose.status == "non-finite":
        return trial.form
    length = description_length_of(trial.form, fit_rows)
    return loose.form if description_length_of(loose.form, fit_rows) < length - FREED_BITS else trial.form
