# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""A search for the part of a law that is not given."""

import logging
import math
import time
from dataclasses import dataclass, field, replace

import numpy as np
import sympy

from kansym import clock
from kansym.data.columns import is_constant
from kansym.data.dataset import Dataset
from kansym.data.preparation import prepare
from kansym.errors import ArgumentError, DataError
from kansym.search.formulation import judge
from kansym.search.front import ParetoFront
from kansym.search.options import DiscoveryOptions
from kansym.search.pipeline import run_pipeline
from kansym.search.prior.part import PLACE, REST, GivenPart
from kansym.search.prior.rest import MOVED, ROUNDS, Rest, merged, whole_law
from kansym.search.prior.starts import first_constants
from kansym.search.progress import ProgressCallback
from kansym.search.results import Discovery, StopReason, TrainedNetwork, near_rivals
from kansym.search.rows import FitRows
from kansym.symbolic.formula import Formula
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.timelimit import NESTING_SECONDS, TimeLimitError, call_with_limit

logger = logging.getLogger(__name__)

LIKE_TERMS = (
    "A term is given with its number, and what was found has a term of the same kind: the formula holds both as one, "
    "with a fitted constant in place of the number."
)


@dataclass(frozen=True, eq=False)
class GivenNetwork(TrainedNetwork):
    """A network for the unknown part, and the given one around it.

    Attributes
    ----------
    part : GivenPart
    constants : ndarray, shape (k,)
        Of the given part.
    """

    part: GivenPart = field(kw_only=True)
    constants: np.ndarray = field(kw_only=True)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Predictions of y for rows in the user's units, shape (n, d) -> (n,)."""
        return self.part.values(X, super().predict(X), self.constants)


def discover_given(dataset: Dataset, options: DiscoveryOptions, progress: ProgressCallback | None = None) -> Discovery:
    """Look for the law of what `options.given` leaves; the formulas that are found hold the given part.

    Constants of the given part are fitted before the search (`first_constants`), then together with each formula that
    is found; where that moves what is left by much, it is searched again.

    Raises
    ------
    ArgumentError
        If `options.given` cannot be read or solved.
    DataError
        If the unknown part has no value on most rows, or is a constant.
    """
    start, began = clock.now(), time.monotonic()
    part = GivenPart.read(options.given or "", dataset.names, options.limits)
    rows = prepare(dataset, validation_fraction=options.validation_fraction, seed=options.seed)
    dataset = rows.table
    fit_rows = FitRows.of(dataset, rows.train, rows.validation, rows.noise_floor)
    constants = first_constants(part, dataset, options.seed)
    rounds = ROUNDS if part.constants else 1
    formulas: list[Formula] = []
    notes: list[str] = []
    found, network, best = None, None, math.inf
    for number in range(rounds):
        left = clock.left(start + options.max_seconds)
        if number and left < 0.1 * options.max_seconds:
            break
        rest = Rest.of(part, dataset, constants)
        table, notes = _table_of(rest, part)
        # The first round has most of the time: later ones begin near their end.
        share = left if rounds == 1 else max(0.6 * left, 0.1)
        result = run_pipeline(table, replace(options.alone, max_seconds=share), progress)
        judged = [_judged(part, formula, constants, fit_rows) for formula in result.front]
        formulas += [formula for _, formula in judged if formula is not None]
        ranked = [(formula.rank, form) for form, formula in judged if formula is not None]
        if found is None or (ranked and min(ranked, key=lambda pair: pair[0])[0][1] < best):
            found, network = result, _network(part, result, constants, fit_rows)
        if not ranked or result.interrupted:
            break
        rank, form = min(ranked, key=lambda pair: pair[0])
        best = min(best, rank[1])
        moved = form.values[: len(constants)]
        change = Rest.of(part, dataset, moved).values - rest.values
        spread = float(np.std(table.y)) or 1.0
        constants = moved
        if not np.nanmax(np.abs(change), initial=0.0) > MOVED * spread:
            break
    assert found is not None
    if not formulas:
        raise DataError(f"given {part.text!r}: no formula for the rest has a value on all rows")
    front = ParetoFront.from_formulas(formulas, dataset.X)
    stopped = found.stopped
    if stopped == StopReason.AS_GOOD_AS_DATA and not front.best.validation_loss <= (2 * fit_rows.noise_floor) ** 2:
        # The rest is as good as noise, but only with the constants that were tried for the given part.
        stopped = StopReason.GIVEN_PART_EXPLAINED
    return replace(
        found,
        stopped=stopped,
        front=front,
        formula=front.best,
        rivals=near_rivals(formulas, front),
        formulas=tuple(formulas),
        network=network,
        reading=None,
        dataset=dataset,
        noise_floor=fit_rows.noise_floor,
        seconds=time.monotonic() - began,
        notes=(*dataset.notes, *part.name_hints, *notes),
    )


def _table_of(rest: Rest, part: GivenPart) -> tuple[Dataset, list[str]]:
    """The table of the unknown part, whose residuals count as they do in y, and what to say about it."""
    dataset, good = rest.dataset, rest.defined
    if not rest.is_defined(2):
        raise DataError(
            f"given {part.text!r}: what is left has a finite value on only {good.sum()} of {len(good)} rows"
        )
    notes = []
    if not good.all():
        notes.append(f"What the given part leaves has no value on {int((~good).sum())} rows; they were not searched.")
    values, slope = rest.values[good], rest.slope[good]
    if is_constant(values):
        raise DataError(
            f"given {part.text!r}: what is left is a constant ({values[0]:g}); there is no more law to find"
        )
    weight = None if dataset.sample_weight is None else dataset.sample_weight[good]
    flat = bool(np.ptp(slope) <= 1e-12 * slope.max())
    # Errors of y say already what a row counts.
    if dataset.y_error is None and not flat:
        by_slope = (slope.min() / slope) ** 2
        weight = by_slope if weight is None else by_slope * weight
    error = None if dataset.y_error is None else dataset.y_error[good]
    return rest.table(PLACE, error=error, weight=weight), notes


def _judged(
    part: GivenPart, formula: Formula, constants: np.ndarray, fit_rows: FitRows
) -> tuple[ParametricForm, Formula | None]:
    """The whole law as a form, whose first constants are those of the given part, and as a formula."""
    form, lost = _joined(part, formula, constants, fit_rows)
    whole = judge(form, fit_rows, structure=f"given {part.text}")
    if whole is not None and lost:
        whole = replace(whole, notes=(*whole.notes, LIKE_TERMS))
    return form, whole


def _joined(part: GivenPart, formula: Formula, constants: np.ndarray, fit_rows: FitRows) -> tuple[ParametricForm, bool]:
    """The whole law with the constants of both parts fitted together, and whether a given number was lost to it."""
    own = tuple(map(plain_symbol, part.constants))
    columns = dict(zip(map(plain_symbol, part.names), fit_rows.variables, strict=True))

    def known(rest: sympy.Expr) -> sympy.Expr:
        return part.expression.xreplace({**columns, REST: rest})

    try:
        form, lost = call_with_limit(
            lambda: merged(whole_law(known, own, constants, formula, fit_rows)[0], own, part.limits), NESTING_SECONDS
        )
    except TimeLimitError:
        raise ArgumentError(f"given {part.text[:200]!r} is nested too deeply; write it as one fraction") from None
    form = form.bounded(part.limits)
    result = fit_rows.fit(form)
    return form if result.status == "non-finite" else result.form, lost


def _network(part: GivenPart, found: Discovery, constants: np.ndarray, fit_rows: FitRows) -> GivenNetwork | None:
    if found.network is None:
        return None
    own = found.network
    network = GivenNetwork(
        own.network, own.scaling, own.train_loss, own.validation_loss, own.names, own.target,
        part=part, constants=constants,
    )  # fmt: skip
    return network.measured(fit_rows)
