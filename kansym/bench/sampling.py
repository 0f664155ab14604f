"""Rows of a table: drawn from the ranges of variables, or states of a dynamical system."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import scipy.integrate

from kansym.errors import ArgumentError
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.parser import parse_expression

BEYOND = 0.3
"""A box is extended by this part of its width on either side, in the scale that it is drawn in."""

MOST_ROUNDS = 200
"""Times that rows outside of a law's domain are drawn again."""

MOST_TRIES = 50
"""Starts that may fail, as where a solution runs into a pole."""


@dataclass(frozen=True)
class Variable:
    """A variable and the range that its values are drawn from.

    Attributes
    ----------
    name, unit : str
        The unit is "1" for a pure number.
    low, high : float
        Ends of the range; of the size of the values where `signed`.
    distribution : {"uniform", "log", "normal"}
        Uniform in the value or in its logarithm; or normal, with both ends two standard deviations from the mean.
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
    distribution: Literal["uniform", "log", "normal"] = "uniform"
    signed: bool = False
    integer: bool = False
    above: str = ""

    def __post_init__(self) -> None:
        if not np.isfinite([self.low, self.high]).all() or not self.low <= self.high:
            raise ArgumentError(f"variable {self.name!r}: low and high must be finite and ordered, got {self}")
        if self.distribution not in ("uniform", "log", "normal"):
            raise ArgumentError(
                f"variable {self.name!r}: distribution must be 'uniform', 'log' or 'normal', got {self}"
            )
        if (self.distribution == "log" or self.signed) and self.low <= 0:
            raise ArgumentError(f"variable {self.name!r}: a range of sizes must be positive, got {self}")
        if self.distribution == "normal" and (self.signed or self.integer or self.above):
            raise ArgumentError(f"variable {self.name!r}: a normal variable is no size and no whole number, got {self}")

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
    elif variable.distribution == "normal":
        sizes = generator.normal((low + variable.high) / 2, (variable.high - low) / 4)
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


def grid(variables: Sequence[Variable], levels: Sequence[int]) -> np.ndarray:
    """All combinations of evenly spaced values, shape (product of levels, d); the last variable runs fastest.

    Parameters
    ----------
    variables : sequence of Variable, length d
        Spaced evenly in their values, or in their logarithms where they are drawn so; whole numbers are rounded.
    levels : sequence of int, length d
        Values of each variable, both ends included; a single one is the middle.
    """
    axes = []
    for variable, count in zip(variables, levels, strict=True):
        logarithmic = variable.distribution == "log"
        low, high = (float(np.log(end)) if logarithmic else end for end in (variable.low, variable.high))
        values = np.linspace(low, high, count) if count > 1 else np.array([(low + high) / 2])
        values = np.exp(values) if logarithmic else values
        axes.append(np.unique(np.round(values)) if variable.integer else values)
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))


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


@dataclass(frozen=True)
class Start:
    """How an initial value is drawn.

    Attributes
    ----------
    kind : {"normal", "uniform", "listed"}
    numbers : tuple of float
        Mean and standard deviation; ends of the range; or one value per trajectory.
    """

    kind: str
    numbers: tuple[float, ...]

    def draw(self, trajectory: int, generator: np.random.Generator) -> float:
        """The initial value of a trajectory (0, 1, ...)."""
        if self.kind == "listed":
            return self.numbers[trajectory % len(self.numbers)]
        first, second = self.numbers
        if self.kind == "normal":
            return first + second * float(generator.standard_normal())
        return float(generator.uniform(first, second))


@dataclass(frozen=True)
class Trajectory:
    """A system of ordinary differential equations, sampled at equal steps.

    Attributes
    ----------
    equations : mapping of str to str
        Time derivative of every state variable, in the order of the columns.
    starts : sequence of Start
        One per state variable.
    count : int
        Trajectories.
    step : float
        Time between rows.
    """

    equations: Mapping[str, str]
    starts: Sequence[Start]
    count: int
    step: float

    def sample(self, rows: int, generator: np.random.Generator) -> np.ndarray:
        """States, shape (rows, d), trajectory after trajectory.

        Raises
        ------
        ArgumentError
            If solutions fail again and again.
        """
        names = tuple(self.equations)
        symbols = [plain_symbol(name) for name in names]
        right = [parametrize(parse_expression(text, names), symbols) for text in self.equations.values()]
        parts = []
        length = -(-rows // self.count)
        times = self.step * np.arange(length)

        def derivative(_: float, state: np.ndarray) -> list[float]:
            return [float(form.value_at(tuple(state[:, None]), form.values)[0]) for form in right]

        tries = 0
        while len(parts) < self.count:
            start = [entry.draw(len(parts), generator) for entry in self.starts]
            if not np.isfinite(derivative(0.0, np.array(start))).all():
                solution = None
            else:
                solution = scipy.integrate.solve_ivp(
                    derivative, (0.0, float(times[-1])), start, method="LSODA", t_eval=times, rtol=1e-9, atol=1e-11
                )
            if solution is not None and solution.success and np.isfinite(solution.y).all():
                parts.append(solution.y.T)
                continue
            tries += 1
            if tries > MOST_TRIES:
                raise ArgumentError(f"the system {dict(self.equations)} cannot be integrated from its starts")
        return np.concatenate(parts)[:rows]
