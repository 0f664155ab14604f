"""Rows that are states of a dynamical system, from several starts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.integrate

from kansym.errors import ArgumentError
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.parser import parse_expression

MOST_TRIES = 50
"""Starts that may fail, as where a solution runs into a pole."""


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
