# scipy's results are typed as plain tuples.
# pyright: reportAttributeAccessIssue=false, reportArgumentType=false
"""The coefficients of `kansym.forms.calibration` from records of drawn tables, by maximum likelihood.

Two likelihoods are maximised by themselves: that the form which has the law, where one was met, has the share it has;
and that none was met. Priors are weak: a description length is worth what it says to within a factor of two or so, and
a signal moves a logit by about two where it changes by its own spread.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import scipy.optimize

from benchmarks.calibration_of_forms.searching import Record
from kansym.forms.calibration import Calibration, shares_of
from kansym.forms.circumstances import Circumstances

SPREAD_OF_PRICES, SPREAD_OF_SIGNALS = 0.5, 2.0
"""Standard deviations of the priors: of the coefficients of bits around one half, and of the standardised signals. Of
0.7, 1, 2 and 4 for the second, two has the least cross-validated log loss on the development tables."""

LEAST = 1e-6
"""Probability that counts for a smaller one in a logarithm."""

PROBABLE = 0.5
"""Coefficient of bits before any table was looked at."""


@dataclass(frozen=True, eq=False)
class Case:
    """A table as the calibration sees it.

    Attributes
    ----------
    misfit, words : array (m,)
        Bits behind the pick, of what the forms leave and of themselves.
    right : int or None
        The form that has the law; of several the one with the fewest constants. None where none was met.
    circumstances : Circumstances
    """

    misfit: np.ndarray
    words: np.ndarray
    right: int | None
    circumstances: Circumstances


def cases_of(records: Sequence[Record]) -> list[Case]:
    """Those that did not fail."""
    return [_case(record) for record in records if "failure" not in record]


def _case(record: Record) -> Case:
    forms = record["forms"]
    words = np.array([one["words"] for one in forms])
    bits = np.array([one["bits"] for one in forms])
    right = [place for place, one in enumerate(forms) if one["law"]]
    chosen = min(right, key=lambda place: (forms[place]["constants"], bits[place]), default=None)
    misfit = bits - (words - words[0])
    known = {field.name: record["circumstances"][field.name] for field in fields(Circumstances)}
    return Case(misfit, words - words[0], chosen, Circumstances(**known))


def fitted_shares(cases: Sequence[Case]) -> tuple[float, float]:
    """Coefficients of the bits of misfit and of words."""
    met = [case for case in cases if case.right is not None and len(case.misfit) > 1]

    def cost(z: np.ndarray) -> float:
        total = float(np.sum((z - PROBABLE) ** 2)) / (2 * SPREAD_OF_PRICES**2)
        for case in met:
            total -= math.log(max(shares_of(case.misfit, case.words, *z)[case.right], LEAST))
        return total

    found = scipy.optimize.minimize(cost, [PROBABLE, PROBABLE], method="Nelder-Mead", options={"xatol": 1e-4})
    return float(found.x[0]), float(found.x[1])


def signals_of(cases: Sequence[Case], prices: tuple[float, float]) -> list[dict[str, float]]:
    """What the logistic model weighs."""
    return [case.circumstances.signals(1.0 - float(shares_of(case.misfit, case.words, *prices)[0])) for case in cases]


def fitted_not_tried(
    cases: Sequence[Case], names: Sequence[str], prices: tuple[float, float]
) -> tuple[float, dict[str, float]]:
    """Intercept and coefficients of the logit that none of the forms has the law."""
    table = np.array([[one[name] for name in names] for one in signals_of(cases, prices)]).reshape(len(cases), -1)
    missed = np.array([case.right is None for case in cases], dtype=float)
    mean, spread = table.mean(axis=0), table.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    scaled = np.column_stack([np.ones(len(cases)), (table - mean) / spread])

    def cost(z: np.ndarray) -> float:
        logits = scaled @ z
        likelihood = float(np.sum(np.logaddexp(0.0, logits) - missed * logits))
        return likelihood + float(np.sum(z[1:] ** 2)) / (2 * SPREAD_OF_SIGNALS**2)

    found = scipy.optimize.minimize(cost, np.zeros(len(names) + 1), method="BFGS").x
    slopes = found[1:] / spread
    return float(found[0] - slopes @ mean), dict(zip(names, map(float, slopes), strict=True))


def calibrated(cases: Sequence[Case], *, date: str = "", command: str = "") -> Calibration:
    """All coefficients."""
    names = tuple(cases[0].circumstances.signals(0.0))
    prices = fitted_shares(cases)
    intercept, signals = fitted_not_tried(cases, names, prices)
    return Calibration(date, command, len(cases), *prices, intercept, signals)


def probabilities(case: Case, known: Calibration) -> tuple[np.ndarray, float]:
    """Of the forms (m,) of a case, and that none of them is the law's."""
    shares = shares_of(case.misfit, case.words, known.misfit, known.words)
    missing = known.not_tried(case.circumstances, shares)
    return (1.0 - missing) * shares, missing


def log_loss(case: Case, known: Calibration) -> float:
    """Minus the logarithm, in nats, of the probability of what was true."""
    own, missing = probabilities(case, known)
    return -math.log(max(missing if case.right is None else float(own[case.right]), LEAST))


def cross_validated(cases: Sequence[Case], parts: int = 10) -> float:
    """Mean log loss of cases that the coefficients have not seen."""
    total = 0.0
    for part in range(parts):
        rest = [case for place, case in enumerate(cases) if place % parts != part]
        known = calibrated(rest)
        total += sum(log_loss(case, known) for case in cases[part::parts])
    return total / len(cases)
