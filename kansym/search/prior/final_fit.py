"""The last fit of guesses, in their own notation, and the pick written like the guess that it is."""

import logging
from dataclasses import replace

import numpy as np

from kansym.data.dataset import Dataset
from kansym.errors import KansymError
from kansym.fitting.estimate import estimate
from kansym.search.front import ParetoFront
from kansym.search.guess_outcome import GuessOutcome
from kansym.search.prior.guess import Guess
from kansym.search.results import Discovery
from kansym.symbolic.constants import constants_of
from kansym.symbolic.formula import Formula
from kansym.symbolic.parametric import ParametricForm
from kansym.units.system import UnitSystem

logger = logging.getLogger(__name__)

MOST_ROWS = 50_000
"""Rows up to which guesses are fitted once more; in longer tables their constants stay those of the search."""

MOST_ROBUST = 10_000
"""The same with a robust loss, whose weights are found anew many times."""


def settled_guesses(discovery: Discovery, table: Dataset | None, *, loss: str, pick: Formula) -> Discovery:
    """The discovery with guesses fitted as its other formulas are, and the pick written as the guess it is.

    Parameters
    ----------
    discovery : Discovery
    table : Dataset or None
        What constants are settled on, where that is not the table of the search.
    loss : str
    pick : Formula
        As the search found it; outcomes quote it.
    """
    said, now = str(pick), str(discovery.formula)
    outcomes = tuple(replace(one, words=one.words.replace(said, now)) for one in discovery.guesses)
    discovery = replace(discovery, guesses=outcomes)
    if table is not None:
        if table.n_rows > (MOST_ROWS if loss == "linear" else MOST_ROBUST):
            return discovery
        outcomes = tuple(_settled(one, table, loss) for one in outcomes)
    discovery = replace(discovery, guesses=outcomes)
    for one in outcomes:
        if one.as_written and one.formula is not None:
            # One function has one description length, that of its shortest notation.
            settled = discovery.formula
            written = replace(one.formula, description_length=settled.description_length)
            front = ParetoFront(written if formula is settled else formula for formula in discovery.front)
            return replace(discovery, formula=written, front=front)
    return discovery


def _settled(outcome: GuessOutcome, table: Dataset, loss: str) -> GuessOutcome:
    formula = outcome.formula
    if formula is None or not formula.constants:
        return outcome
    form = Guess.read(outcome.text, table.names, table.target).form
    form = form.with_values(np.array([constant.value for constant in formula.constants]))
    try:
        fit = estimate(
            form,
            table.X,
            table.y,
            y_error=table.y_error,
            x_error=table.x_error,
            sample_weight=table.sample_weight,
            loss=loss,
        )
    except KansymError as problem:
        logger.info("constants of the guess %s stay as they are: %s", outcome.text, problem)
        return outcome
    return replace(outcome, formula=_with_constants(formula, fit.form, fit.covariance, table))


def _with_constants(formula: Formula, form: ParametricForm, covariance: np.ndarray, table: Dataset) -> Formula:
    units = UnitSystem.of(table)
    checked = None
    if units is not None and units.known:
        values = {symbol.name: float(value) for symbol, value in zip(form.constants, form.values, strict=True)}
        checked = units.check(form.expression, values)
    with np.errstate(invalid="ignore"):
        errors = np.sqrt(np.diagonal(covariance))
    constants = constants_of(form, errors, units, checked)
    return replace(formula, expression=form.substituted(), constants=constants, covariance=covariance)
