"""How well a formula and the table agree, in numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from kansym.data.dataset import Dataset
from kansym.data.weights import root_mean_square, row_weights, spread
from kansym.fitting.all_rows import AllRows
from kansym.fitting.residuals import effective_error
from kansym.symbolic.formula import Formula


class Weighting(StrEnum):
    """What the rows of a table are weighted by, in the words of a report; empty where all count the same."""

    NONE = ""
    ERRORS = "1/error^2"
    ROWS = "the weights of the rows"
    BOTH = "1/error^2 and the weights of the rows"

    @classmethod
    def of(cls, dataset: Dataset) -> "Weighting":
        if dataset.y_error is None:
            return cls.NONE if dataset.sample_weight is None else cls.ROWS
        return cls.ERRORS if dataset.sample_weight is None else cls.BOTH

    @property
    def by_errors(self) -> bool:
        """Whether the errors of the target count."""
        return self in (Weighting.ERRORS, Weighting.BOTH)


def fitted_count(formula: Formula) -> int:
    """Constants that were fitted; one that is exact, fixed or at its bound costs no degree of freedom."""
    return sum(constant.snapped is None and constant.held is None for constant in formula.constants)


@dataclass(frozen=True)
class Agreement:
    """How well a formula and the table agree, over all rows but those that a robust fit set aside.

    Attributes
    ----------
    rms : float
        Root-mean-square residual in the units of y; weighted where the table has errors or weights, see `weights`.
    relative : float
        The same, over the standard deviation of y.
    one_minus_r2 : float
        1 - R^2, weighted likewise.
    held_out_rms : float or None
        Root-mean-square residual of the held-out rows, or of leave-one-out in tables below 20 rows.
    reduced_chi2 : float or None
        Chi-squared per degree of freedom, where the table has errors of y; those of the inputs are counted by the
        slopes of the formula.
    undefined_rows : int
        Rows on which the formula has no finite value.
    plain_rms, plain_relative : float or None
        The first two with every row counting the same: the scatter; None in a record of a version without them.
    weights : Weighting
        What rows are weighted by in all others.
    left_out : int
        Rows that a robust fit set aside as outliers; they are in none of these numbers.
    """

    rms: float
    relative: float
    one_minus_r2: float
    held_out_rms: float | None
    reduced_chi2: float | None
    undefined_rows: int
    plain_rms: float | None = None
    plain_relative: float | None = None
    weights: Weighting = Weighting.NONE
    left_out: int = 0

    @classmethod
    def of_all_rows(cls, formula: Formula, dataset: Dataset, found: AllRows) -> "Agreement":
        """Of a formula and all rows of a long table, of which `dataset` is a sample."""
        freedom, held_out = found.rows - fitted_count(formula), formula.validation_loss
        return cls(
            rms=found.rms,
            relative=found.rms / found.spread if found.spread > 0 else math.nan,
            one_minus_r2=found.one_minus_r2,
            held_out_rms=math.sqrt(held_out) if held_out >= 0 and math.isfinite(held_out) else None,
            reduced_chi2=found.chi2 / freedom if found.chi2 is not None and freedom > 0 else None,
            undefined_rows=found.undefined_rows,
            plain_rms=found.plain_rms,
            plain_relative=found.plain_rms / found.plain_spread if found.plain_spread > 0 else math.nan,
            weights=Weighting.of(dataset),
            left_out=found.left_out,
        )

    @classmethod
    def of(cls, formula: Formula, dataset: Dataset, aside: Sequence[int] = ()) -> "Agreement":
        """Of a formula and a table, without the rows `aside`, counted from 0."""
        if len(aside):
            dataset = dataset.take(np.delete(np.arange(dataset.n_rows), aside))
        with np.errstate(all="ignore"):
            predicted = formula.predict(dataset.X)
        finite = np.isfinite(predicted)
        residual, y = (dataset.y - predicted)[finite], dataset.y[finite]
        weights = row_weights(dataset)
        weights = None if weights is None else weights[finite]
        rms, scatter = math.nan, math.nan
        plain, plain_scatter = math.nan, math.nan
        chi2 = None
        if len(y) and (weights is None or weights.any()):
            rms, scatter = root_mean_square(residual, weights), spread(y, weights)
            plain, plain_scatter = root_mean_square(residual, None), spread(y, None)
            error = effective_error(formula, dataset)
            if error is not None:
                freedom = len(y) - fitted_count(formula)
                if freedom > 0:
                    chi2 = float(np.sum((residual / error[finite]) ** 2)) / freedom
        held_out = formula.validation_loss
        relative = rms / scatter if scatter > 0 else math.nan
        return cls(
            rms=rms,
            relative=relative,
            one_minus_r2=relative**2,
            held_out_rms=math.sqrt(held_out) if held_out >= 0 and math.isfinite(held_out) else None,
            reduced_chi2=chi2,
            undefined_rows=int((~finite).sum()),
            plain_rms=plain,
            plain_relative=plain / plain_scatter if plain_scatter > 0 else math.nan,
            weights=Weighting.of(dataset),
            left_out=len(aside),
        )
