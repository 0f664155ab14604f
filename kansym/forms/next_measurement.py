"""Where to measure next: what tells the leading forms apart, and what the constants of the pick need."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kansym.data.dataset import Dataset
from kansym.data.sample_points import around, box_of, extended, inside
from kansym.errors import DataError
from kansym.fitting.residuals import Residuals, residuals_of
from kansym.forms.constants_next import ConstantReading, constant_readings, jointly_best
from kansym.forms.predicted import Predictions, noise_at, predictions, thinned_table
from kansym.forms.result import FormProbability, Forms
from kansym.surfaces import surface
from kansym.symbolic.rows_by_name import rows_by_name

DECIDED = 10.0
"""Bits between two forms that decide, odds of a thousand to one; see `kansym.validation.rivals.NEAR`."""

MOST_READINGS = 100
"""Readings at one place that are counted."""

LEADING, MOST_LEADING = 0.01, 6
"""Probability of a form that is to be told apart from others, and most forms. The most probable two are in any case."""

BEYOND = 1 / 3
"""Part of a column's range beyond it at either end where a reading is looked for, marked as such."""

ALONG, SCATTERED, MOST_CORNERS = 201, 400, 64
"""Points along a single column, points of several, and corners of their box."""

NODES = 24
"""Of the quadrature over a reading: enough for the logarithm of a mixture of a few Gaussians to three digits."""

ALIKE = 0.99
"""Share of the most bits from which on a place is as good; of these the one where the two leading forms differ most."""


@dataclass(frozen=True, eq=False)
class Reading:
    """One row to be measured.

    Attributes
    ----------
    at : mapping of str to float
        Values of the columns.
    beyond : bool
        Whether it lies outside of the range of a column.
    values : tuple of float
        What the leading forms predict there, in their order.
    error : float
        Standard error of a reading there.
    apart : float
        Difference of the two leading forms in units of its error: of a reading, and of both predictions.
    bits : float
        That one reading is expected to tell about which of the leading forms it is.
    readings : int or None
        At this place, until the leading form is `DECIDED` bits ahead of the second where it is right; None where more
        than `MOST_READINGS` would be needed, or the constants of the forms leave too much open.
    decides : float
        Bits that so many readings are expected to give between the two, or a single one where `readings` is None.
    """

    at: Mapping[str, float]
    beyond: bool
    values: tuple[float, ...]
    error: float
    apart: float
    bits: float
    readings: int | None
    decides: float


@dataclass(frozen=True, eq=False)
class NextMeasurement:
    """What a next measurement would tell.

    Attributes
    ----------
    target : str
    units : mapping of str to (str or None)
        Of columns and target.
    leading : tuple of FormProbability
        The forms that are to be told apart, the pick first.
    inside, beyond : Reading or None
        The best row within the range of every column, and the best of those that lie beyond some range, where it tells
        more. None without a second form, and where the forms do not differ.
    constants : tuple of ConstantReading
        Of each fitted constant of the pick the row that lowers its error most.
    jointly : mapping of str to float, or None
        The row that lowers the errors of all constants most together (D-optimal).
    points : array (m, d)
        All rows that were looked at, with columns in the order of the table.
    bits, apart : array (m,)
        There, as of `Reading`; nan where the forms have no values.
    outside : array of bool (m,)
        Which lie beyond.
    """

    target: str
    units: Mapping[str, str | None]
    leading: tuple[FormProbability, ...]
    inside: Reading | None
    beyond: Reading | None
    constants: tuple[ConstantReading, ...]
    jointly: Mapping[str, float] | None
    points: np.ndarray
    bits: np.ndarray
    apart: np.ndarray
    outside: np.ndarray

    @property
    def best(self) -> Reading | None:
        """The row that tells most: within the ranges, unless only one beyond tells anything."""
        return self.inside if self.inside is not None else self.beyond

    def text(self) -> str:
        """In lines of plain text."""
        return "\n".join(surface("next_measurement_text")(self))

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        best = self.best
        where = "nothing to tell apart" if best is None else f"at {dict(best.at)}: {best.bits:.2g} bits"
        return f"<NextMeasurement of {self.target}: {where}>"


def next_measurement(forms: Forms, dataset: Dataset, candidates: Any = None) -> NextMeasurement:
    """Look for the rows that would tell most.

    Of the leading forms: what one reading is expected to tell about which of them it is, the mutual information of form
    and reading (Lindley, Ann. Math. Statist. 27 (1956) 986, doi:10.1214/aoms/1177728069; Box and Hill, Technometrics 9
    (1967) 57, doi:10.2307/1266318), where each form predicts with the errors of its constants and of the reading. Of
    the constants of the pick: by its covariance, linearised, the row that lowers the error of one (c-optimal), or the
    volume of all (D-optimal; Atkinson and Donev, Optimum Experimental Designs, 1992).

    Parameters
    ----------
    forms : Forms
    dataset : Dataset
        That was searched.
    candidates : Dataset, DataFrame, mapping of name to values, or array (m, d), optional
        Rows that can be measured. Default: points of the range of every column and of a third of it beyond; where the
        values of a column are whole numbers, whole numbers.

    Raises
    ------
    DataError
        If `candidates` lacks a column, or has no row.
    """
    names = dataset.names
    points = _points(dataset) if candidates is None else _given(candidates, names)
    box = box_of(dataset.X)
    outside = np.asarray(((points < box[:, 0]) | (points > box[:, 1])).any(axis=1))
    table, each = thinned_table(dataset)
    residuals = residuals_of(forms.pick.formula, table)
    error = noise_at(residuals, points)
    leading = leading_forms(forms)
    found = predictions(leading, dataset, points)
    bits, apart = expected_bits(_weights(leading), found, error), differences(found, error)
    looked = _Looked(names, points, outside, found, error, bits, apart)
    within, beyond = looked.best(~outside), looked.best(outside)
    if within is not None and beyond is not None and not beyond.bits > within.bits:
        beyond = None
    reachable = ~outside if not outside.all() else outside
    at, own = points[reachable], error[reachable]
    units = dict(zip(names, dataset.units, strict=True)) | {dataset.target: dataset.y_units}
    return NextMeasurement(
        target=dataset.target,
        units=units,
        leading=leading,
        inside=within,
        beyond=beyond,
        constants=constant_readings(residuals, each, at, own, names),
        jointly=jointly_best(residuals, each, at, own, names),
        points=points,
        bits=bits,
        apart=apart,
        outside=outside,
    )


def leading_forms(forms: Forms) -> tuple[FormProbability, ...]:
    """The pick and the most probable others."""
    others = [one for one in forms.probable if one is not forms.pick]
    chosen = [one for place, one in enumerate(others) if place == 0 or one.probability >= LEADING]
    return (forms.pick, *chosen[: MOST_LEADING - 1])


def _weights(leading: tuple[FormProbability, ...]) -> np.ndarray:
    weights = np.array([max(one.probability, np.finfo(float).tiny) for one in leading])
    return weights / weights.sum()


def differences(found: Predictions, error: np.ndarray) -> np.ndarray:
    """Difference (m,) of the first two forms in units of its error; zeros with one form."""
    if len(found.values) < 2:
        return np.zeros(len(error))
    with np.errstate(all="ignore"):
        return np.abs(found.values[0] - found.values[1]) / np.sqrt(
            error**2 + found.errors[0] ** 2 + found.errors[1] ** 2
        )


def expected_bits(weights: np.ndarray, found: Predictions, error: np.ndarray) -> np.ndarray:
    """Mutual information (m,) in bits of the form and one reading at each point.

    Parameters
    ----------
    weights : array (k,)
        Of the forms, with the sum 1.
    found : Predictions
    error : array (m,)
        Of a reading.
    """
    if len(weights) < 2:
        return np.zeros(len(error))
    nodes, shares = np.polynomial.hermite_e.hermegauss(NODES)
    shares = shares / shares.sum()
    with np.errstate(all="ignore"):
        deviations = np.sqrt(found.errors**2 + error**2)
        total = np.zeros(len(error))
        for own, weight in enumerate(weights):
            reading = found.values[own][:, None] + deviations[own][:, None] * nodes
            each = [
                math.log(w) - np.log(s)[:, None] - 0.5 * ((reading - v[:, None]) / s[:, None]) ** 2
                for w, v, s in zip(weights, found.values, deviations, strict=True)
            ]
            mixture = np.logaddexp.reduce(each, axis=0)
            total += weight * ((each[own] - math.log(weight) - mixture) * shares).sum(axis=1)
        return np.where(np.isfinite(total), np.maximum(total / math.log(2), 0.0), np.nan)


def bits_between(apart: float, reading: float, first: float, second: float, count: int) -> float:
    """Bits that a number of readings is expected to give for the first of two forms where it is right.

    Kullback and Leibler's divergence of the distributions of their mean.

    Parameters
    ----------
    apart : float
        Difference of the predictions.
    reading, first, second : float
        Standard errors of a reading and of both predictions.
    count : int
    """
    own, other = (reading**2 / count + error**2 for error in (first, second))
    if not (own > 0 and other > 0):
        return math.inf if apart > 0 else 0.0
    return 0.5 * (own / other - 1.0 - math.log(own / other) + apart**2 / other) / math.log(2)


@dataclass(frozen=True, eq=False)
class _Looked:
    """All rows that were looked at."""

    names: tuple[str, ...]
    points: np.ndarray
    outside: np.ndarray
    found: Predictions
    error: np.ndarray
    bits: np.ndarray
    apart: np.ndarray

    def best(self, which: np.ndarray) -> Reading | None:
        """The row that tells most of some (m,)."""
        usable = np.flatnonzero(which & (self.bits > 0))
        if not len(usable):
            return None
        near = usable[self.bits[usable] >= ALIKE * self.bits[usable].max()]
        place = int(near[np.argmax(self.apart[near])])
        readings, decides = self._count(place)
        return Reading(
            at=dict(zip(self.names, map(float, self.points[place]), strict=True)),
            beyond=bool(self.outside[place]),
            values=tuple(map(float, self.found.values[:, place])),
            error=float(self.error[place]),
            apart=float(self.apart[place]),
            bits=float(self.bits[place]),
            readings=readings,
            decides=decides,
        )

    def _count(self, place: int) -> tuple[int | None, float]:
        values, errors = self.found.values[:2, place], self.found.errors[:2, place]
        apart, reading = float(abs(values[0] - values[1])), float(self.error[place])
        for count in range(1, MOST_READINGS + 1):
            bits = bits_between(apart, reading, float(errors[0]), float(errors[1]), count)
            if bits >= DECIDED:
                return count, bits
        return None, bits_between(apart, reading, float(errors[0]), float(errors[1]), 1)


def _given(candidates: Any, names: tuple[str, ...]) -> np.ndarray:
    rows = candidates
    if isinstance(candidates, Dataset):
        rows = dict(zip(candidates.names, candidates.X.T, strict=True))
    points = rows_by_name(rows, names)
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        raise DataError("candidates: there is no row with finite values")
    return points


def _points(dataset: Dataset) -> np.ndarray:
    """Points of the box of the rows, and of the larger one."""
    box = box_of(dataset.X)
    larger = extended(box, BEYOND)
    if dataset.n_columns == 1:
        # The ends of the range are among them.
        low, high = (
            np.linspace(*ends, ALONG // 3)[:, None] for ends in ((larger[0, 0], box[0, 0]), (box[0, 1], larger[0, 1]))
        )
        points = np.concatenate([low[:-1], np.linspace(box[0, 0], box[0, 1], ALONG)[:, None], high[1:]])
    else:
        corners = np.stack(np.meshgrid(*box[: int(math.log2(MOST_CORNERS))]), axis=-1).reshape(
            -1, min(len(box), int(math.log2(MOST_CORNERS)))
        )
        rest = np.tile(np.median(dataset.X[:, corners.shape[1] :], axis=0), (len(corners), 1))
        points = np.concatenate(
            [np.hstack([corners, rest]), inside(box, SCATTERED, seed=0), around(box, SCATTERED, seed=0)]
        )
    whole = (np.round(dataset.X) == dataset.X).all(axis=0)
    if whole.any():
        # Quantum numbers and counts have nothing in between.
        low, high = np.ceil(larger[whole, 0]), np.floor(larger[whole, 1])
        points[:, whole] = np.clip(np.round(points[:, whole]), low, high)
        points = np.unique(points, axis=0)
    return points


def pick_residuals(forms: Forms, dataset: Dataset) -> Residuals:
    """Residuals of the pick on the rows that errors are taken from."""
    return residuals_of(forms.pick.formula, thinned_table(dataset)[0])
