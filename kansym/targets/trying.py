# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false
"""Forms found for one target tried on the table of another, and judged like any formula there."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import sympy

from kansym import clock
from kansym.data.dataset import Dataset
from kansym.data.preparation import canonical_table, prepare, thinned
from kansym.errors import KansymError
from kansym.primitives.allowed import allowed_functions
from kansym.search.discovery import MOST_ROWS
from kansym.search.effective_errors import with_effective_errors
from kansym.search.final_fit import hinted, settled
from kansym.search.formulation import from_expression
from kansym.search.front import ParetoFront
from kansym.search.lengths import description_length_of
from kansym.search.options import DiscoveryOptions
from kansym.search.results import Discovery, StopReason, notes_on
from kansym.search.rows import FitRows
from kansym.symbolic.formula import Formula
from kansym.symbolic.own_functions import own_functions
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.symbolic.timelimit import TimeLimitError, call_with_limit
from kansym.targets.seeds import suggestions

logger = logging.getLogger(__name__)

FINISHED = 3
"""Forms of the shortest descriptions after a fit, that get all of the algebra."""

PROMISING_BITS = 60.0
"""Bits behind the pick at which a fitted form may still become shorter: algebra drops terms and finds exact numbers."""

SURPLUS = 0.1
"""Bits by which a formula must be shorter to take the place of another: less is the rounding of sums."""

STEPS = 30
"""Steps of the first fit of a form."""


@dataclass(frozen=True, eq=False)
class Source:
    """A formula whose parts are suggestions.

    Attributes
    ----------
    target : str
    formula : Formula
    """

    target: str
    formula: Formula


def formulas_of(
    sources: Sequence[Source], fit_rows: FitRows, until: float, least: float = np.inf
) -> Iterator[tuple[str, Formula]]:
    """Formulas for the rows that the formulas of other targets lead to, each with the target that it came from.

    Every suggestion is fitted; those of the shortest descriptions are dropped terms from, snapped and simplified.

    Parameters
    ----------
    sources : sequence of Source
        Of other targets.
    fit_rows : FitRows
    until : float
        `kansym.clock.now` value at which to stop.
    least : float
        Bits of the best formula so far.
    """
    fitted: dict[sympy.Expr, tuple[float, str, ParametricForm]] = {}
    for source in sources:
        for raw in suggestions(source.formula.expression, fit_rows.dataset.names):
            if clock.late(until):
                break
            expression = raw.xreplace(fit_rows.symbols)
            if expression in fitted or (fit_rows.allowed and not fit_rows.allowed.permits(expression)):
                continue
            length, form = _fitted(expression, fit_rows)
            if form is not None and length < least + PROMISING_BITS:
                fitted[expression] = (length, source.target, form)
    best = sorted(fitted, key=lambda expression: (fitted[expression][0], str(expression)))
    for expression in best[:FINISHED]:
        length, target, form = fitted[expression]
        if clock.late(until) or length > least + PROMISING_BITS:
            return
        # With its values: of constants that are one algebra makes the number.
        for formula in _finished(form.substituted(), fit_rows, until, f"the form of {target}"):
            least = min(least, formula.description_length)
            yield target, formula


def _fitted(expression: sympy.Expr, fit_rows: FitRows) -> tuple[float, ParametricForm | None]:
    """The description length of a suggestion and the form with its fitted constants; None where it has none."""
    try:
        form = parametrize(expression, fit_rows.variables)
        if len(form.constants) >= len(fit_rows.train):
            return np.inf, None
        found = fit_rows.fit(form, max_steps=STEPS)
        if found.status == "non-finite":
            return np.inf, None
        return description_length_of(found.form, fit_rows), found.form
    except KansymError as problem:
        logger.info("a form is left out: %s", problem)
        return np.inf, None


def _finished(expression: sympy.Expr, fit_rows: FitRows, until: float, structure: str) -> list[Formula]:
    try:
        return call_with_limit(
            lambda: from_expression(expression, fit_rows, structure=structure, deadline=until), clock.safety()
        )
    except TimeLimitError:
        clock.interfered()
        return []


def seeds_of(
    sources: Sequence[Source], share: float
) -> Callable[[FitRows, float, Callable[[str, str], None]], Iterator[Formula]]:
    """The formulas of other targets as seeds of a search, which have a share of its time."""

    def seeds(fit_rows: FitRows, deadline: float, report: Callable[[str, str], None]) -> Iterator[Formula]:
        report("guess", f"trying what was found for {', '.join(source.target for source in sources)}")
        now = clock.now()
        for _, formula in formulas_of(sources, fit_rows, now + share * (deadline - now)):
            yield formula

    return seeds


def with_sources(
    found: Discovery, dataset: Dataset, sources: Sequence[Source], options: DiscoveryOptions, seconds: float
) -> tuple[Discovery, str]:
    """What was found for a target, with formulas that others suggest where these are shorter descriptions.

    Parameters
    ----------
    found : Discovery
    dataset : Dataset
        That was searched.
    sources : sequence of Source
        Of other targets.
    options : DiscoveryOptions
        Those of the search.
    seconds : float
        Of the current clock.

    Returns
    -------
    discovery : Discovery
        The same object where nothing is shorter.
    target : str
        Where the new pick came from; empty where the pick stays.
    """
    until = clock.now() + seconds
    fit_rows = _rows_of(dataset, found, options)
    new: dict[Formula, str] = {}
    for target, formula in formulas_of(sources, fit_rows, until, found.formula.description_length):
        if _shorter(formula, found.formula):
            new[formula] = target
    if not new:
        return found, ""
    # The old pick by the same rows and rules: what is shorter than both is.
    own = found.formula.expression.xreplace(fit_rows.symbols)
    again = from_expression(own, fit_rows, structure=found.formula.steps, deadline=until)
    new = {formula: target for formula, target in new.items() if all(_shorter(formula, one) for one in again)}
    if not new:
        return found, ""
    front = ParetoFront.from_formulas([*new, *found.front], found.dataset.X)
    pick = front.best
    if pick not in new:
        return found, ""
    stopped = StopReason.AS_GOOD_AS_DATA if fit_rows.at_noise(pick) else found.stopped
    # What was noted about the old pick does not hold for the new one.
    units = () if fit_rows.units is None else fit_rows.units.notes
    notes = (*dataset.notes, *units, *notes_on(front, None, found.noise_floor))
    changed = replace(found, front=front, formula=pick, reading=None, stopped=stopped, notes=notes)
    if dataset.y_error is not None or options.loss != "linear" or dataset.n_rows > fit_rows.dataset.n_rows:
        changed = settled(changed, canonical_table(dataset), loss=options.loss, until=until)
    else:
        changed = hinted(changed)
    return changed, new[pick]


def _shorter(formula: Formula, other: Formula) -> bool:
    return (formula.rank[0], formula.rank[1] + SURPLUS) < other.rank


def _rows_of(dataset: Dataset, found: Discovery, options: DiscoveryOptions) -> FitRows:
    """The rows that formulas are judged on: those of the search, less outliers where the loss is a robust one."""
    table = canonical_table(dataset)
    if options.loss != "linear" and found.outliers:
        far = np.isin(np.arange(table.n_rows), [outlier.row for outlier in found.outliers])
        table = table.take(~far)
    table = with_effective_errors(table.take(thinned(np.arange(table.n_rows), MOST_ROWS)), seed=options.seed)
    rows = prepare(table, validation_fraction=options.validation_fraction, seed=options.seed)
    library = allowed_functions(options.primitives), own_functions(options.primitives)
    return FitRows.of(rows.table, rows.train, rows.validation, rows.noise_floor, *library)
