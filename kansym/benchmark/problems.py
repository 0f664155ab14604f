"""Data sets for the training benchmark."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Problem:
    """A function with the shape and grid at which both tools fit it.

    Attributes
    ----------
    name, formula : str
    shape : tuple of int
        Sum nodes per layer.
    grid : int
        Intervals of every cubic spline.
    low, high : float
        Range of every input; samples are uniform.
    function : callable
        Maps inputs (n, d) to targets (n,).
    """

    name: str
    formula: str
    shape: tuple[int, ...]
    grid: int
    low: float
    high: float
    function: Callable[[Array], Array]


@dataclass(frozen=True)
class Sample:
    """Rows as both tools get them: inputs scaled to [-1, 1], target standardised by its training rows.

    Attributes
    ----------
    x, y : arrays (n, d) and (n, 1)
        Training rows.
    x_validation, y_validation : arrays (m, d) and (m, 1)
    """

    x: Array
    y: Array
    x_validation: Array
    y_validation: Array


def _first_example(x: Array) -> Array:
    return np.exp(np.sin(np.pi * x[:, 0]) + x[:, 1] ** 2)


def _coulomb(x: Array) -> Array:
    return x[:, 0] * x[:, 1] / (4 * np.pi * x[:, 2] * x[:, 3] ** 2)


def _mechanical_energy(x: Array) -> Array:
    return x[:, 0] * (9.81 * x[:, 1] + x[:, 2] ** 2 / 2)


PROBLEMS = (
    # pykan's own introductory example, with the shape and grid it uses there.
    Problem("first example", "exp(sin(pi x) + y^2)", (2, 5, 1), 3, -1.0, 1.0, _first_example),
    # A product of powers is exactly representable on [d, 1, 1]: a sum of logarithms under an exponential.
    Problem("Coulomb's law", "q1 q2 / (4 pi eps r^2)", (4, 1, 1), 5, 1.0, 5.0, _coulomb),
    # Two products of powers, hence two hidden nodes.
    Problem("mechanical energy", "m g h + m v^2 / 2", (3, 2, 1), 5, 1.0, 5.0, _mechanical_energy),
)


def problem_named(name: str) -> Problem:
    """The problem of that name."""
    return {problem.name: problem for problem in PROBLEMS}[name]


def draw(problem: Problem, seed: int, *, train: int = 1000, validation: int = 1000) -> Sample:
    """Noise-free rows of a problem; the same seed gives the same rows everywhere."""
    generator = np.random.default_rng(seed)
    raw = generator.uniform(problem.low, problem.high, (train + validation, len_inputs(problem)))
    y = problem.function(raw)
    x = (raw - (problem.high + problem.low) / 2) / ((problem.high - problem.low) / 2)
    y = ((y - y[:train].mean()) / y[:train].std())[:, None]
    return Sample(x[:train], y[:train], x[train:], y[train:])


def len_inputs(problem: Problem) -> int:
    """Number of inputs."""
    return problem.shape[0]
