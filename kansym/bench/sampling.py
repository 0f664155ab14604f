"""Ranges of variables, and rows drawn from them."""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from kansym.errors import ArgumentError

BEYOND = 0.3
"""A box is extended by this part of its width on either side, in the scale that it is drawn in."""

MOST_ROUNDS = 200
"""Times that rows outside of a law's domain are drawn again."""


@dataclass(frozen=True)
class Variable:
    """A variable and the range that its values are drawn from.

    Attributes
    ----------
    name, unit : str
        The unit is "1" for a pure number.
    low, high : float
        Ends of the range; of the size of the values where `signed`.
    distribution : {"uniform", "log"}
        Uniform in the value or in its logarithm.
    signed : bool
        Either sign with the same probability.
    integer : bool
        Whole numbers, both ends included.
    above : str
        An earlier variable that this whole number exceeds; empty for none.
    """

    name: str
    low: float
    high: float
    unit: str = "1"
    distribution: Literal["uniform", "log"] = "uniform"
    signed: bool = False
    integer: bool = False
    above: str = ""

    def __post_init__(self) -> None:
        if not np.isfinite([self.low, self.high]).all() or not self.low <= self.high:
            raise ArgumentError(f"variable {self.name!r}: low and high must be finite and ordered, got {self}")
        if self.distribution not in ("uniform", "log"):
            raise ArgumentError(f"variable {self.name!r}: distribution must be 'uniform' or 'log', got {self}")
        if (self.distribution == "log" or self.signed) and self.low <= 0:
            raise ArgumentError(f"variable {self.name!r}: a range of sizes must be positive, got {self}")

    def extended(self) -> "Variable":
        """The variable over a range that is longer by `BEYOND` of its width at both ends.

        A variable that is never negative stays so: laws hold for positive masses, and ``sqrt(a)*sqrt(b)`` is not
        wrong because it has no value where both are negative.
        """
        if self.distribution == "log":
            factor = (self.high / self.low) ** BEYOND
            return replace(self, low=self.low / factor, high=self.high * factor)
        margin = BEYOND * (self.high - self.low)
        low, high = self.low - margin, self.high + margin
        if self.integer:
            low, high = float(np.floor(low)), float(np.ceil(high))
        if self.signed or self.low >= 0:
            low = max(low, float(self.low > 0) if self.integer else 0.0)
        if self.signed and low <= 0:
            low = self.low
        return replace(self, low=low, high=high)


def generator(name: str, seed: int) -> np.random.Generator:
    """Random numbers that differ from name to name and from seed to seed, and are the same on every machine."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def draw_one(variable: Variable, low: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Values of a variable, as many as there are lower ends `low`."""
    if variable.integer:
        sizes = np.floor(low + generator.random(len(low)) * (variable.high - low + 1))
    elif variable.distribution == "log":
        sizes = np.exp(generator.uniform(np.log(low), np.log(variable.high)))
    else:
        sizes = generator.uniform(low, variable.high)
    if variable.signed:
        sizes = sizes * generator.choice([-1.0, 1.0], len(low))
    return sizes


def draw(variables: Sequence[Variable], count: int, generator: np.random.Generator) -> np.ndarray:
    """Independent rows, shape (count, d)."""
    columns: dict[str, np.ndarray] = {}
    for variable in variables:
        low = np.full(count, variable.low)
        if variable.above:
            low = np.maximum(low, columns[variable.above] + 1)
        columns[variable.name] = draw_one(variable, low, generator)
    return np.column_stack(list(columns.values()))


def within_domain(
    draw_rows: Callable[[int], np.ndarray], evaluate: Callable[[np.ndarray], np.ndarray], count: int, what: str
) -> tuple[np.ndarray, np.ndarray]:
    """Rows with finite values: those without are drawn again.

    Parameters
    ----------
    draw_rows : callable
        Maps a number of rows to an array (number, d).
    evaluate : callable
        Maps rows to values (n,), nan outside of the domain.
    count : int
    what : str
        For the message.

    Raises
    ------
    ArgumentError
        If `MOST_ROUNDS` rounds are not enough.
    """
    rows: list[np.ndarray] = []
    found: list[np.ndarray] = []
    missing = count
    for _ in range(MOST_ROUNDS):
        X = draw_rows(missing)
        y = evaluate(X)
        good = np.isfinite(y)
        rows.append(X[good])
        found.append(y[good])
        missing -= int(good.sum())
        if not missing:
            return np.concatenate(rows), np.concatenate(found)
    raise ArgumentError(f"{what} is defined almost nowhere within its ranges: {missing} of {count} rows are missing")
