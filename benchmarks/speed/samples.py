"""What both tools get: rows of known functions to train on, and curves of known primitives to match.

Primitives are only those that both libraries hold, with inner constants well inside pykan's search range of -10 to 10
and amplitudes near one, where its correlation measure is sound.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from kansym.kan.spline import basis, fit_coefficients
from kansym.primitives.library import default_library

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
    raw = generator.uniform(problem.low, problem.high, (train + validation, problem.shape[0]))
    y = problem.function(raw)
    x = (raw - (problem.high + problem.low) / 2) / ((problem.high - problem.low) / 2)
    y = ((y - y[:train].mean()) / y[:train].std())[:, None]
    return Sample(x[:train], y[:train], x[train:], y[train:])


@dataclass(frozen=True)
class Plant:
    """A primitive under its names in both libraries.

    Attributes
    ----------
    name : str
        In kansym's library.
    peers : tuple of str
        Names in pykan's library that count as right: the same function up to inner and outer affine maps.
    lower, upper : (float, float)
        The argument runs over [l, u] as x runs over [-1, 1]; l and u are uniform in these ranges.
    """

    name: str
    peers: tuple[str, ...]
    lower: tuple[float, float]
    upper: tuple[float, float]


PLANTS = (
    Plant("x", ("x",), (-1.0, -0.5), (0.5, 1.0)),
    Plant("x^2", ("x^2",), (-1.5, -0.5), (1.0, 2.0)),
    Plant("x^3", ("x^3",), (-1.5, -0.5), (1.0, 2.0)),
    Plant("x^4", ("x^4",), (-1.2, -0.6), (0.8, 1.4)),
    Plant("x^5", ("x^5",), (-1.2, -0.6), (0.8, 1.4)),
    Plant("x^-1", ("1/x",), (0.3, 0.6), (2.0, 3.0)),
    Plant("x^-2", ("1/x^2",), (0.3, 0.6), (2.0, 3.0)),
    Plant("x^-3", ("1/x^3",), (0.5, 0.8), (2.0, 3.0)),
    Plant("sqrt", ("sqrt", "x^0.5"), (0.02, 0.2), (2.0, 4.0)),
    Plant("1/sqrt", ("1/sqrt(x)", "1/x^0.5"), (0.1, 0.3), (2.0, 4.0)),
    Plant("x^1.5", ("x^1.5",), (0.02, 0.2), (2.0, 4.0)),
    Plant("exp", ("exp",), (-2.0, -1.0), (1.0, 2.0)),
    Plant("log", ("log",), (0.05, 0.3), (2.0, 4.0)),
    Plant("abs", ("abs",), (-1.5, -0.5), (0.5, 1.5)),
    Plant("sin", ("sin", "cos"), (-4.0, -2.0), (2.0, 4.0)),
    Plant("tan", ("tan",), (-1.2, -0.8), (0.8, 1.3)),
    Plant("tanh", ("tanh",), (-3.0, -1.5), (1.5, 3.0)),
    Plant("asin", ("arcsin", "arccos"), (-0.95, -0.8), (0.8, 0.98)),
    Plant("atan", ("arctan",), (-4.0, -2.0), (2.0, 4.0)),
    Plant("gaussian", ("gaussian",), (-2.0, -1.0), (1.0, 2.5)),
    Plant("atanh", ("arctanh",), (-0.9, -0.7), (0.7, 0.95)),
)

SPLINE_GRID = 10
"""Grid of the splines that carry the second set of curves."""


@dataclass(frozen=True)
class PlantedCurves:
    """Points of edges whose primitives are known.

    Attributes
    ----------
    x, exact : arrays (E, n)
        Points in [-1, 1] and the primitives' values ``c * f(a * x + b) + d`` there.
    splined : array (E, n)
        Values of the least-squares cubic splines through them: what a trained network shows of such an edge.
    """

    x: Array
    exact: Array
    splined: Array


def plant(seed: int, points: int, plants: tuple[Plant, ...] = PLANTS) -> PlantedCurves:
    """One curve per entry of `plants`."""
    generator = np.random.default_rng(seed)
    library = default_library()
    x = torch.from_numpy(generator.uniform(-1.0, 1.0, (len(plants), points)))
    curves = []
    for row, entry in zip(x, plants, strict=True):
        low, high = generator.uniform(*entry.lower), generator.uniform(*entry.upper)
        c, d = generator.uniform(0.5, 2.0) * generator.choice([-1.0, 1.0]), generator.uniform(-1.0, 1.0)
        z = (high - low) / 2 * row + (high + low) / 2
        curves.append(c * library[entry.name].function(z, torch.ones_like(z)) + d)
    exact = torch.stack(curves)
    coefficients = fit_coefficients(x, exact.unsqueeze(-1), SPLINE_GRID)
    splined = (basis(x, SPLINE_GRID)[0] @ coefficients).squeeze(-1)
    return PlantedCurves(x.numpy(), exact.numpy(), splined.numpy())
