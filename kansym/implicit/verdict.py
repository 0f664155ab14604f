"""Whether a form is a relation: what was measured, and the rules."""

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np
import scipy

from kansym import clock
from kansym.clock import Work
from kansym.implicit.judging import LEAST_NOTICE, MOST_SHARE, Judged, shuffled
from kansym.implicit.noise import Noise
from kansym.implicit.pencil import Pencil
from kansym.implicit.terms import values_and_slopes
from kansym.numbers import percent, probability, short
from kansym.validation.verdict import DESCRIPTION, LAW, NOTHING

SHUFFLES = 199
"""Shuffled tables of the test: the least p-value is then one half of a percent."""

TESTED_ROWS = 300
"""Rows of each of them."""

LEAST_GAIN = 10.0
"""Bits by which a relation must shorten the table, its own length paid for: a chance of one in a thousand."""

UNLIKELY = 1e-3
"""Probability of a chi-squared below which rows are farther off than their errors allow."""

STRUCTURED = 4.0
"""Standard errors of the correlation of neighbouring distances from which they have structure: with a dozen columns
chance gives one in a thousand tables."""

FAR = 5.0
"""Errors from which a row is far off."""


class Topic(Enum):
    """What a ground is about."""

    GAIN = "bits"
    SHARE = "share"
    SHUFFLED = "shuffled"
    COLUMN = "column"
    ERRORS = "errors"
    STRUCTURE = "structure"
    ROWS = "rows"
    UNITS = "units"


@dataclass(frozen=True)
class Ground:
    """One reason.

    Attributes
    ----------
    topic : Topic
    supports : bool
        Whether it speaks for a relation.
    value : float
    name : str
        A column, where it is about one.
    fatal : bool
        Whether there is no relation where it speaks against one.
    """

    topic: Topic
    supports: bool
    value: float
    name: str = ""
    fatal: bool = False

    @property
    def words(self) -> str:
        """For people."""
        value = self.value
        name = self.name
        return {
            Topic.GAIN: f"it saves {value:.0f} bits over columns that know nothing of each other, its length paid for",
            Topic.SHARE: f"it leaves {percent(value)} of what shuffled columns leave",
            Topic.SHUFFLED: f"shuffled columns satisfy it as well with {probability(value)}",
            Topic.COLUMN: f"{name} takes part: shuffled alone, it makes what is left {short(value)} times as large",
            Topic.ERRORS: f"rows lie as far off as their errors allow with {probability(value)}",
            Topic.STRUCTURE: f"the distances of rows that are neighbours in {name} are alike by {value:.1f} errors",
            Topic.ROWS: f"{value:.0f} rows are more than {FAR:.0f} errors off",
            Topic.UNITS: "the units of its terms go together" if self.supports else "units of its terms differ",
        }[self.topic]


@dataclass(frozen=True)
class Verdict:
    """The verdict on a form.

    Attributes
    ----------
    kind : str
        "law", "good description" or "no closed form found".
    grounds : tuple of Ground
    """

    kind: str
    grounds: tuple[Ground, ...]

    @property
    def holds(self) -> bool:
        """Whether there is a relation."""
        return self.kind != NOTHING


@dataclass(frozen=True, eq=False)
class Measured:
    """What was measured of a form.

    Attributes
    ----------
    gain, form_bits : float
    share : float
        What it leaves in parts of what shuffled columns leave.
    p_value : float
        Share of shuffled tables that the form, fitted anew, describes as well.
    notices : dict of str to float
        By column, how much what is left grows where it alone is shuffled.
    chi2 : float
    degrees : int
    residuals : ndarray, shape (n,)
        Distances of rows in units of their errors; of the estimated ones where none were given.
    shuffled : ndarray, shape (m,)
        The same of shuffled rows.
    structure : tuple of (column, float)
        The column by whose order distances of neighbours are most alike, and by how many errors.
    """

    gain: float
    form_bits: float
    share: float
    p_value: float
    notices: dict[str, float]
    chi2: float
    degrees: int
    residuals: np.ndarray
    shuffled: np.ndarray
    structure: tuple[str, float]

    @property
    def far(self) -> int:
        """Rows that are far off."""
        return int((np.abs(self.residuals) > FAR).sum())


def measured(found: Judged, X: np.ndarray, noise: Noise, names: tuple[str, ...], elsewhere, seed: int) -> Measured:
    """Measure a form: shuffled tables, and whether distances have structure.

    Parameters
    ----------
    found : Judged
    X : ndarray, shape (n, d)
    noise : Noise
    names : tuple of str
    elsewhere : tuple of ndarray
        Shuffled rows and their errors.
    seed : int
    """
    fitted = found.fitted
    scale = 1.0 if noise.given else max(fitted.size, 1e-300)
    apart = fitted.evaluate(*elsewhere) / scale
    return Measured(
        gain=found.gain,
        form_bits=found.form_bits,
        share=found.share,
        p_value=p_value(found, X, noise, seed),
        notices={names[j]: value for j, value in found.notices.items()},
        chi2=fitted.chi2 / scale**2,
        degrees=max(len(X) - fitted.constants + len(found.held), 1),
        residuals=fitted.residuals / scale,
        shuffled=apart[np.isfinite(apart)],
        structure=_structure(found, X, noise, names),
    )


def p_value(found: Judged, X: np.ndarray, noise: Noise, seed: int) -> float:
    """Share of shuffled tables, with the present one, that the form describes as well with constants of theirs."""
    generator = np.random.default_rng([seed, 62])
    rows = np.arange(len(X))
    if len(X) > TESTED_ROWS:
        rows = np.sort(generator.choice(len(X), TESTED_ROWS, replace=False))
    form, columns = found.form, sorted(found.form.columns)
    places = np.arange(len(form.terms))[None, :]

    def eigenvalue(X: np.ndarray, sigma: np.ndarray) -> float:
        values, slopes = values_and_slopes(form.terms, X, form.rates)
        keep = np.isfinite(values).all(axis=1) & np.isfinite(slopes).all(axis=(1, 2))
        if keep.sum() <= form.size:
            return math.inf
        pencil = Pencil(values[keep], (slopes * sigma[:, None, :])[keep])
        try:
            return float(pencil.weighted(places, form.free, steps=3)[0][0])
        except np.linalg.LinAlgError:
            return math.inf

    clock.charge(Work.SMALL_FITS, 3 * SHUFFLES)
    own = eigenvalue(X[rows], noise.sigma[rows])
    others = [eigenvalue(*shuffled(X[rows], noise.sigma[rows], columns, generator)) for _ in range(SHUFFLES)]
    return (1 + sum(other <= own for other in others)) / (SHUFFLES + 1)


def _structure(found: Judged, X: np.ndarray, noise: Noise, names: tuple[str, ...]) -> tuple[str, float]:
    """Where the distances of neighbouring rows are most alike; nothing where they are rounding."""
    residuals = found.fitted.residuals
    n = len(residuals)
    if (not noise.given and found.fitted.size <= noise.floor) or n < 10:
        return "", 0.0
    # Ranks: a few rows far off must not hide what the others do.
    ranks = scipy.stats.rankdata(residuals)
    ranks = (ranks - ranks.mean()) / max(float(ranks.std()), 1e-300)
    found_ones = []
    for j in sorted(found.form.columns):
        order = np.argsort(X[:, j], kind="stable")
        sorted_ranks = ranks[order]
        found_ones.append((names[j], float(np.mean(sorted_ranks[1:] * sorted_ranks[:-1])) * math.sqrt(n)))
    return max(found_ones, key=lambda one: one[1])


def verdict_on(found: Measured, noise: Noise, units_agree: bool | None) -> Verdict:
    """The verdict by the rules.

    No relation: it saves nothing, leaves a fifth or more of what shuffled columns leave, or shuffled tables satisfy it
    as well. A law beside that leaves no structure, keeps to the errors where they are given, and units agree.
    """
    grounds = [
        Ground(Topic.GAIN, bool(found.gain >= LEAST_GAIN), found.gain, fatal=True),
        Ground(Topic.SHARE, bool(found.share <= MOST_SHARE), found.share, fatal=True),
        Ground(Topic.SHUFFLED, found.p_value <= 0.01, found.p_value, fatal=True),
    ]
    grounds += [
        Ground(Topic.COLUMN, value >= LEAST_NOTICE, value, name, fatal=True) for name, value in found.notices.items()
    ]
    if noise.given:
        chance = float(scipy.stats.chi2.sf(found.chi2, found.degrees))
        grounds.append(Ground(Topic.ERRORS, chance >= UNLIKELY, chance))
    name, size = found.structure
    if name:
        grounds.append(Ground(Topic.STRUCTURE, size < STRUCTURED, size, name))
    if found.far:
        grounds.append(Ground(Topic.ROWS, False, float(found.far)))
    if units_agree is not None:
        grounds.append(Ground(Topic.UNITS, units_agree, 0.0))
    against = [one for one in grounds if not one.supports]
    kind = NOTHING if any(one.fatal for one in against) else DESCRIPTION if against else LAW
    return Verdict(kind, tuple(grounds))
