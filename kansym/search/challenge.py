# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false
"""The case against a formula: the same formula with other functions in the places of its own.

That a formula describes noisy data says little while others of its length do so too. Every part of it that depends on
one column or one argument, the whole of it among them, is replaced by all compositions of few operations of that, and
by all short sums of its powers and exponentials, with constants fitted; the formula itself is put on a slope, and held
against all compositions of few operations of all columns and all sums of products. Nothing is looked up: these are the
compositions and terms that the search makes of the library's functions.
"""

import itertools
import logging
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import sympy

from kansym import clock, provenance
from kansym.errors import ArgumentError
from kansym.provenance import Origin
from kansym.search.curve_readings import TREES, EngineTable
from kansym.search.formulation import from_expression
from kansym.search.lengths import description_length_of
from kansym.search.parts_anew import SMALLEST_PART, Part, parts_within, read_anew
from kansym.search.rows import FitRows
from kansym.symbolic.complexity import complexity
from kansym.symbolic.formula import Formula
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.terms.enumeration import FEW, FEW_OF_NOISY_CURVES, Enumeration
from kansym.terms.pursuit import Pursuit, TermOptions, suits

logger = logging.getLogger(__name__)

SECONDS = 10.0
"""Of work, for all that one formula is held against."""

LEAST_ROWS = 10
"""Rows below which next to everything describes them."""

MOST_PARTS, HANDED, FITTED = 4, 12, 7
"""Parts that are replaced, the largest first; compositions of each; and those of each that get all of the algebra."""

SLOPED, WHOLE, PART, SUMS = 0.1, 3.0, 1.5, 1.0
"""Shares of the time: of a slope, of a curve, of a part or all columns, and of sums of products."""

ALIKE = 1e-6
"""Relative difference of the losses of two forms that have the same values."""

WORDS = 0.5
"""Bits by which other words for the formula are worth a look."""

NEAR_BITS = 25.0
"""Bits behind the formula up to which another is handed on."""

NEAR_NATS = NEAR_BITS * math.log(2)

Source = Callable[[float], Iterator[sympy.Expr]]
"""Formulas until a time of `kansym.clock.now`."""


def rivals(formula: Formula, fit_rows: FitRows, *, until: float, seed: int) -> list[Formula]:
    """Formulas that describe the rows about as well as a formula does, or better, the shortest description first.

    Parameters
    ----------
    formula : Formula
    fit_rows : FitRows
        With noise.
    until : float
        `kansym.clock.now` value to stop at.
    seed : int
    """
    expression = formula.expression.xreplace(fit_rows.symbols)
    if len(fit_rows.fitting) < LEAST_ROWS or not expression.free_symbols:
        return []
    own = fit_rows.fit(parametrize(expression, fit_rows.variables)).form
    length = description_length_of(own, fit_rows)
    limit, loss = length + NEAR_BITS, fit_rows.loss(own, fit_rows.fitting)
    found: list[Formula] = []
    sources = _sources(own, fit_rows, seed)
    whole = clock.left(until) / sum(share for share, _ in sources)
    for share, source in sources:
        if clock.late(until):
            break
        # What a source leaves of its share is saved: one that takes all it gets would find nothing more.
        due = min(until, clock.now() + whole * share)
        forms = _shortest(fit_rows.faults.guard("a source of rivals", source(due)), fit_rows, until)
        # The formula itself comes back in many words, each of which would get all of the algebra.
        news = [one for one in forms if one.length < length - WORDS or not _alike(one.loss, loss)]
        for one in news[:FITTED]:
            if one.length < limit and not clock.late(until):
                provenance.credit(one.origin, changed="as a rival of the pick")
                found += from_expression(one.form.substituted(), fit_rows, structure="rival", deadline=until)
    kept = [one for one in found if one.description_length < limit and one.consistent is not False]
    logger.info("%d rivals of %s", len(kept), formula)
    return sorted(kept, key=lambda one: one.rank)


def _sources(own: ParametricForm, fit_rows: FitRows, seed: int) -> list[tuple[float, Source]]:
    """The formula on a slope, other parts of it, and all short ones, each with its share of the time."""
    expression, noise = own.substituted(), _noise(own, fit_rows)
    symbols = [symbol for symbol in fit_rows.variables if expression.has(symbol)]
    X, y, weights = fit_rows.rows(fit_rows.fitting)
    table: EngineTable = {
        "weights": weights,
        "noise": noise,
        "noisy": True,
        "allowed": fit_rows.allowed,
        "seed": seed,
    }
    found: list[tuple[float, Source]] = [(SLOPED, lambda _: (_sloped(own, one, fit_rows) for one in symbols))]
    # Other functions in its own places come nearest, so they have their turn before forms that share nothing with it.
    parts = [part for part in parts_within(expression, fit_rows) if complexity(part.expression) >= SMALLEST_PART]
    for part in sorted(parts, key=lambda part: -complexity(part.expression))[:MOST_PARTS]:
        # A curve has fewer rivals of its own length than of one operation more.
        share, few = (WHOLE, FEW_OF_NOISY_CURVES) if part.expression == expression else (PART, TREES)
        found.append((share, partial(_anew, part, fit_rows, noise, few, seed)))
    if len(symbols) > 1:
        every = Enumeration(X, y, fit_rows.variables, **table)
        found.append((PART, lambda due: every.formulas(due, few=FEW, handed=HANDED, near=NEAR_NATS)))
    if suits(X, y):
        found.append((SUMS, partial(_sums, X, y, fit_rows.variables, table)))
    return found


def _sums(
    X: np.ndarray, y: np.ndarray, variables: tuple[sympy.Symbol, ...], table: EngineTable, due: float
) -> Iterator[sympy.Expr]:
    return Pursuit(X, y, variables, options=TermOptions(handed_with_noise=HANDED), **table).formulas(due)


def _anew(part: Part, fit_rows: FitRows, noise: float, few: float, seed: int, due: float) -> Iterator[sympy.Expr]:
    # Compositions have all that simple forms have, with more constants: a rival may be longer than the formula.
    return read_anew(part, fit_rows, noise, until=due, seed=seed, handed=HANDED, few=few, near=NEAR_NATS, short=False)


def _sloped(form: ParametricForm, symbol: sympy.Symbol, fit_rows: FitRows) -> sympy.Expr:
    """A formula over a background that is not flat, of which the fit has to find the slope."""
    column = fit_rows.dataset.X[:, fit_rows.variables.index(symbol)]
    slope = 1e-3 * float(np.std(fit_rows.dataset.y)) / float(np.ptp(column))
    return form.substituted() + sympy.Float(slope) * symbol


@dataclass(frozen=True, eq=False)
class _Fitted:
    """A fitted form, the length of its description, what it leaves, and who wrote it."""

    length: float
    form: ParametricForm
    loss: float
    origin: Origin | None


def _shortest(expressions: Iterator[sympy.Expr], fit_rows: FitRows, until: float) -> list[_Fitted]:
    """Expressions with their constants fitted while there is time, the shortest descriptions first."""
    fitted: list[_Fitted] = []
    for one in itertools.takewhile(lambda _: not clock.late(until), expressions):
        origin = provenance.last()
        try:
            fit = fit_rows.fit(parametrize(one, fit_rows.variables), max_steps=30)
            fitted.append(_Fitted(description_length_of(fit.form, fit_rows), fit.form, fit.loss, origin))
        except ArgumentError as error:
            # A constant that no double holds; see `from_expression`.
            logger.info("rival given up: %s", error)
        except Exception as error:
            fit_rows.faults.add("a rival", error)
    kept: list[_Fitted] = []
    # Rounded, so that what is as long stays in the order in which it came.
    for one in sorted(fitted, key=lambda one: round(one.length, 6)):
        # What leaves the same is the same in other words.
        if not any(_alike(one.loss, other.loss) for other in kept):
            kept.append(one)
    return kept


def _alike(first: float, second: float) -> bool:
    return abs(first - second) <= ALIKE * second


def _noise(form: ParametricForm, fit_rows: FitRows) -> float:
    """Standard deviation of y: that of the errors, or what the formula leaves."""
    if fit_rows.errors_given:
        return fit_rows.noise_floor
    n = len(fit_rows.fitting)
    return math.sqrt(fit_rows.loss(form, fit_rows.fitting) * n / max(n - len(form.constants), 1))
