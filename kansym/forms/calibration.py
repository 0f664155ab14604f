"""From bits to probabilities: the few coefficients that were measured on drawn laws.

Of the forms that a search has met, one has the weight ``2^-(a*m + b*w)``, with m the bits of what it leaves and w those
of the form itself, both behind the pick's. A description length is a posterior probability with a prior of its own
(``a = b = 1``); what a search hands on has been chosen by it, and its prices of nodes are set by hand, so both
coefficients are measured. The chance that none of these forms is the law's is a logistic function of what the search
knows, `kansym.forms.circumstances.Circumstances.signals`.

``calibration.json`` has the coefficients, with the command that wrote them, its date and the number of tables.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from kansym.errors import StorageError
from kansym.forms.circumstances import Circumstances
from kansym.forms.distinct import DistinctForm

FILE = "calibration.json"

MOST_BITS = 1000.0
"""Bits that count: 2^-1000 is a double."""


@dataclass(frozen=True)
class Calibration:
    """Coefficients.

    Attributes
    ----------
    date, command : str
        When and how they were measured.
    tables : int
        Drawn tables that they are from.
    misfit, words : float
        Of bits of what a form leaves, and of the form itself.
    intercept : float
        Of the logit of the chance that the law was not met.
    signals : mapping of str to float
        The other coefficients of it.
    """

    date: str
    command: str
    tables: int
    misfit: float
    words: float
    intercept: float
    signals: Mapping[str, float]

    def shares(self, forms: Sequence[DistinctForm]) -> np.ndarray:
        """Of the forms that were met, shares (m,) with the sum 1; the first is the pick."""
        words = np.array([one.words for one in forms])
        misfit = np.array([one.bits for one in forms]) - words
        return shares_of(misfit - misfit[0], words - words[0], self.misfit, self.words)

    def not_tried(self, found: Circumstances, shares: np.ndarray) -> float:
        """Probability that the law's form is none of those that were met."""
        signals = found.signals(1.0 - float(shares[0]))
        logit = self.intercept + sum(self.signals[name] * signals[name] for name in self.signals)
        return 1.0 / (1.0 + math.exp(-min(max(logit, -MOST_BITS / 2), MOST_BITS / 2)))


def shares_of(misfit: np.ndarray, words: np.ndarray, of_misfit: float, of_words: float) -> np.ndarray:
    """Shares (m,) of forms with so many bits (m,) behind the pick."""
    bits = np.clip(of_misfit * misfit + of_words * words, -MOST_BITS / 2, MOST_BITS / 2)
    weights = np.exp2(-(bits - bits.min()))
    return weights / weights.sum()


@cache
def calibration() -> Calibration:
    """The coefficients that came with this version.

    Raises
    ------
    StorageError
        If the file is damaged.
    """
    text = resources.files("kansym.forms").joinpath(FILE).read_text(encoding="utf-8")
    try:
        record = json.loads(text)
        return Calibration(
            date=str(record["date"]),
            command=str(record["command"]),
            tables=int(record["tables"]),
            misfit=float(record["misfit"]),
            words=float(record["words"]),
            intercept=float(record["intercept"]),
            signals={str(name): float(value) for name, value in record["signals"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StorageError(f"{FILE} of kansym.forms is damaged: {type(error).__name__} {error}") from error
