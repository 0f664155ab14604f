"""A formula on all rows of a table that is too long to be held: its last fit and its residuals, as sums over parts.

Of the rows of a part nothing is kept but the triangular factor R of ``[J r]``, with J the derivatives by the constants
and r the residuals: ``R'R`` is their share of the normal equations, without the loss of digits that comes with squares.
Factors of two parts stacked have the factor of both (Golub, Plemmons and Sameh, Parallel block schemes for large-scale
least-squares computations, 1988; Demmel et al., SIAM J. Sci. Comput. 34 (2012) A206, doi:10.1137/080731992).
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import scipy

from kansym import clock
from kansym.data.dataset import Dataset, WholeTable
from kansym.fitting.counts import deviance_residuals
from kansym.fitting.least_squares import Measurements
from kansym.fitting.residuals import effective_error
from kansym.symbolic.formula import Formula
from kansym.symbolic.parametric import ParametricForm, columns_of
from kansym.symbolic.scaled_columns import RANK_TOLERANCE, inverse_normal, unit_columns, zero_if_undefined

MOST_PASSES = 5
"""Times that all rows are read for the fit; from constants of 50,000 rows two or three do."""

SETTLED = 1e-3
"""Step of the constants, in standard errors, that is none."""

BINS = 50
"""Stretches of a column in which residuals are averaged."""

FEWEST_IN_BIN = 30
"""Rows of a stretch whose mean is looked at."""

LISTED = 100
"""Rows far from the formula that are kept."""

RowsDone = Callable[[str, int, int], None]
"""Called with what is done, the rows that were read, and all rows."""


@dataclass(frozen=True)
class MeansAlong:
    """Means of the residuals in stretches of a column, each with about as many rows.

    Attributes
    ----------
    along : str
        A column, or "the prediction".
    statistic : float
        Sum of the squared means in units of their errors, chi-squared for residuals that are zero everywhere.
    stretches : int
    p_value : float
        Of a larger one.
    low, high : float
        The stretch whose mean is the farthest from zero.
    mean, error : float
        There, in the units of y or, where the table has errors, in those.
    """

    along: str
    statistic: float
    stretches: int
    p_value: float
    low: float
    high: float
    mean: float
    error: float


@dataclass(frozen=True)
class AllRows:
    """A formula on all rows.

    Attributes
    ----------
    rows : int
        That were used.
    undefined_rows : int
        Where the formula has no finite value.
    left_out : int
        Beyond what chance allows, left out by a robust fit; of the others is all that follows.
    rms, spread : float
        Root mean square of the residuals and standard deviation of y, weighted by 1/error^2 where there are errors.
    plain_rms, plain_spread : float
        The same with every row counting alike.
    chi2 : float or None
        Where the table has errors.
    far : int
        Rows beyond what chance allows that were not left out.
    farthest : tuple of int
        Numbers of the first of either kind, from 0.
    means : tuple of MeansAlong
        Empty for an exact fit.
    """

    rows: int
    undefined_rows: int
    left_out: int
    rms: float
    spread: float
    plain_rms: float
    plain_spread: float
    chi2: float | None
    far: int
    farthest: tuple[int, ...]
    means: tuple[MeansAlong, ...]

    @property
    def one_minus_r2(self) -> float:
        """Share of the variance that is left, weighted likewise."""
        return (self.rms / self.spread) ** 2 if self.spread > 0 else math.nan

    @property
    def worst(self) -> MeansAlong | None:
        """Where means are the farthest from zero."""
        return min(self.means, key=lambda one: (one.p_value, -one.statistic), default=None)

    @property
    def least_p(self) -> float:
        """Its probability, corrected for the number of columns; one where there are no means."""
        return 1.0 if self.worst is None else min(1.0, len(self.means) * self.worst.p_value)


@dataclass(frozen=True, eq=False)
class FittedToAll:
    """Constants from all rows.

    Attributes
    ----------
    form : ParametricForm
    covariance : array (k, k)
        nan where the rows do not determine a constant.
    passes : int
        Times that the rows were read.
    """

    form: ParametricForm
    covariance: np.ndarray
    passes: int


@dataclass(frozen=True)
class Limit:
    """From where on a row is far off.

    Attributes
    ----------
    sigmas : float
        In standard errors, or in units of `scale`.
    scale : float
        Scatter of the residuals, robust, where the table has no errors.
    leave_out : bool
        Whether such rows count in the fit.
    """

    sigmas: float
    scale: float
    leave_out: bool = False


def fit_to_all(
    form: ParametricForm,
    formula: Formula,
    whole: WholeTable,
    limit: Limit,
    *,
    until: float = math.inf,
    watch: RowsDone | None = None,
) -> FittedToAll | None:
    """Gauss-Newton steps on all rows, from constants that some of the rows gave.

    Parameters
    ----------
    form : ParametricForm
        Of the formula, at its constants.
    formula : Formula
        For the slopes that errors of inputs are folded in by.
    whole : WholeTable
    limit : Limit
    until : float, optional
        `kansym.clock.now` value after which no further pass is begun.
    watch : callable, optional

    Returns
    -------
    FittedToAll or None
        None where the formula has no value on any row.
    """
    values, best, best_loss, known = form.values, None, math.inf, False
    for passed in range(1, MOST_PASSES + 1):
        triangle, rows, known = _triangle(form, values, formula, whole, limit, watch, passed)
        free, k = ~form.at_bound(values), len(values)
        loss = float(triangle[-1, -1] ** 2 + np.sum(triangle[:k, -1] ** 2)) if rows else math.nan
        if not loss < best_loss:
            break
        sigma = 1.0 if known else math.sqrt(loss / max(rows - k, 1))
        covariance = inverse_normal(np.where(free, triangle[:k, :k], 0.0), sigma)[0]
        best, best_loss = FittedToAll(form.with_values(values), covariance, passed), loss
        unit, lengths = unit_columns(np.where(free, triangle[:k, :k], 0.0))
        step = np.linalg.lstsq(unit, -triangle[:k, -1], rcond=RANK_TOLERANCE)[0]
        # The length of a step in standard errors of the constants, all together.
        if np.linalg.norm(unit @ step) <= SETTLED * sigma:
            break
        values = form.inside(values + np.divide(step, lengths, out=np.zeros_like(step), where=lengths > 0))
        if clock.late(until):
            # From constants of many rows a step lands within errors: it is better than none, though nobody looked.
            after = triangle[-1, -1] ** 2 + np.sum((triangle[:k, -1] + unit @ step) ** 2)
            less = 1.0 if known or not loss > 0 else float(after / loss)
            return replace(best, form=form.with_values(values), covariance=less * best.covariance)
    return best


def _triangle(
    form: ParametricForm,
    values: np.ndarray,
    formula: Formula,
    whole: WholeTable,
    limit: Limit,
    watch: RowsDone | None,
    passed: int,
) -> tuple[np.ndarray, int, bool]:
    """The factor (k + 1, k + 1) of derivatives and residuals, the rows in it, and whether their errors are known."""
    k = len(values)
    triangle, used, known = np.zeros((k + 1, k + 1)), 0, False
    for _, table in _watched(whole, watch, f"fit, pass {passed}"):
        columns = columns_of(table.X, len(form.variables))
        expected = form.value_at(columns, values)
        error = _errors(formula, table, expected)
        known = error is not None
        kept = np.isfinite(expected)
        if limit.leave_out:
            kept &= ~_far(table.y - expected, error, limit)
        with np.errstate(all="ignore"):
            if table.counts:
                residuals, slopes = deviance_residuals(table.y, expected)
            else:
                slopes = np.ones(len(expected)) if error is None else 1 / error
                residuals = (expected - table.y) * slopes
            jacobian = zero_if_undefined(form.jacobian_at(columns, values) * slopes[:, None])
        block = np.column_stack([jacobian, residuals])[kept]
        triangle = np.asarray(np.linalg.qr(np.vstack([triangle, block]), mode="r"))
        used += int(kept.sum())
    return triangle, used, known


def _errors(formula: Formula, table: Dataset, expected: np.ndarray) -> np.ndarray | None:
    """Standard errors of y less the formula (n,), where the table has any."""
    rows = Measurements(table.X, table.y, table.y_error, counts=table.counts, sides=table.y_sides)
    return rows.error_at(expected) if rows.by_formula else effective_error(formula, table)


def _far(residuals: np.ndarray, error: np.ndarray | None, limit: Limit) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.abs(residuals) > limit.sigmas * (limit.scale if error is None else error)


def _watched(whole: WholeTable, watch: RowsDone | None, what: str) -> Iterator[tuple[np.ndarray, Dataset]]:
    done = 0
    for numbers, table in whole.chunks():
        yield numbers, table
        done += table.n_rows
        if watch is not None:
            watch(what, done, whole.n_rows)


def residuals_on_all(
    formula: Formula,
    whole: WholeTable,
    sample: Dataset,
    limit: Limit,
    *,
    exact: float = 0.0,
    watch: RowsDone | None = None,
) -> AllRows:
    """What a formula leaves on all rows.

    Parameters
    ----------
    formula : Formula
    whole : WholeTable
    sample : Dataset
        Some of the rows, which say where the stretches of the columns end.
    limit : Limit
    exact : float, optional
        Root mean square, in units of y, below which residuals are rounding, whose means say nothing.
    watch : callable, optional
    """
    sums = _Sums(formula, sample)
    for numbers, table in _watched(whole, watch, "residuals"):
        with np.errstate(all="ignore"):
            expected = formula.predict(table.X)
        error = _errors(formula, table, expected)
        kept = np.isfinite(expected)
        far = kept & _far(table.y - expected, error, limit)
        sums.far += int(far.sum())
        sums.farthest += numbers[far][: LISTED - len(sums.farthest)].tolist()
        sums.undefined += int((~kept).sum())
        if limit.leave_out:
            kept &= ~far
        sums.add(table, expected, error, kept)
    return sums.result(limit, exact)


class _Sums:
    """Sums over rows.

    Parameters
    ----------
    formula : Formula
    sample : Dataset
    """

    def __init__(self, formula: Formula, sample: Dataset) -> None:
        self.center = float(np.median(sample.y))
        self.scale = float(np.abs(sample.y - self.center).max()) or 1.0
        self.rows, self.undefined, self.far, self.farthest = 0, 0, 0, list[int]()
        # Rows: weight one each, and 1/error^2. Columns: weight, y, y^2, residual^2.
        self.moments = np.zeros((2, 4))
        self.known = False
        with np.errstate(all="ignore"):
            predicted = formula.predict(sample.X)
        along = [*zip(sample.names, sample.X.T, strict=True), ("the prediction", predicted[np.isfinite(predicted)])]
        edges = {name: np.unique(np.quantile(x, np.linspace(0, 1, BINS + 1)[1:-1])) for name, x in along if len(x)}
        self.edges = {name: inner for name, inner in edges.items() if len(inner)}
        self.bins = {name: np.zeros((3, len(inner) + 1)) for name, inner in self.edges.items()}
        self.ends = {name: (float(x.min()), float(x.max())) for name, x in along if name in self.edges}

    def add(self, table: Dataset, expected: np.ndarray, error: np.ndarray | None, kept: np.ndarray) -> None:
        """Count the rows of a part that are `kept`."""
        y, left = table.y[kept], (table.y - expected)[kept]
        error = None if error is None else error[kept]
        self.known = error is not None
        self.rows += len(y)
        centred, scaled = (y - self.center) / self.scale, left / self.scale
        parts = np.stack([np.ones(len(y)), centred, centred**2, scaled**2])
        self.moments[0] += parts.sum(axis=1)
        if error is not None:
            self.moments[1] += (parts * (self.scale / error) ** 2).sum(axis=1)
        standard = scaled if error is None else left / error
        for name, inner in self.edges.items():
            x = expected[kept] if name == "the prediction" else table.X[kept, table.names.index(name)]
            place = np.searchsorted(inner, x, side="right")
            for row, values in enumerate((None, standard, standard**2)):
                self.bins[name][row] += np.bincount(place, values, minlength=len(inner) + 1)

    def result(self, limit: Limit, exact: float) -> AllRows:
        """What they come to."""
        (plain_rms, plain_spread), (rms, spread) = (self._sizes(moments) for moments in self.moments)
        if not self.known:
            rms, spread = plain_rms, plain_spread
        tested = plain_rms > exact
        return AllRows(
            rows=self.rows,
            undefined_rows=self.undefined,
            left_out=self.far if limit.leave_out else 0,
            rms=rms,
            spread=spread,
            plain_rms=plain_rms,
            plain_spread=plain_spread,
            chi2=float(self.moments[1, 3]) if self.known else None,
            far=0 if limit.leave_out else self.far,
            farthest=tuple(sorted(self.farthest)),
            means=tuple(found for name in self.edges if tested and (found := self._means(name)) is not None),
        )

    def _sizes(self, moments: np.ndarray) -> tuple[float, float]:
        weight, first, second, squares = moments
        if not weight > 0:
            return math.nan, math.nan
        variance = max(second / weight - (first / weight) ** 2, 0.0)
        return self.scale * math.sqrt(squares / weight), self.scale * math.sqrt(variance)

    def _means(self, name: str) -> MeansAlong | None:
        count, first, second = self.bins[name]
        used = np.flatnonzero(count >= FEWEST_IN_BIN)
        mean = first[used] / count[used]
        variance = (second[used] / count[used] - mean**2) * count[used] / (count[used] - 1)
        used, mean, variance = used[variance > 0], mean[variance > 0], variance[variance > 0]
        if not len(used):
            return None
        error = np.sqrt(variance / count[used])
        statistic = float(np.sum((mean / error) ** 2))
        worst = int(np.argmax(np.abs(mean / error)))
        ends = np.concatenate([[self.ends[name][0]], self.edges[name], [self.ends[name][1]]])
        unit = 1.0 if self.known else self.scale
        return MeansAlong(
            along=name,
            statistic=statistic,
            stretches=len(used),
            p_value=float(scipy.stats.chi2.sf(statistic, len(used))),
            low=float(ends[used[worst]]),
            high=float(ends[used[worst] + 1]),
            mean=unit * float(mean[worst]),
            error=unit * float(error[worst]),
        )
