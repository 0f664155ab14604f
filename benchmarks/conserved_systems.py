"""Systems for `benchmarks.conserved`: runs from an integrator, and what stays constant along them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.integrate
import sympy

from kansym.symbolic.parser import parse_expression

Rates = Callable[[float, np.ndarray], list[float]]
Start = Callable[[np.random.Generator], list[float]]


@dataclass(frozen=True)
class SystemCase:
    """A system.

    Attributes
    ----------
    name : str
    states : tuple of str
    rates : callable
    start : callable
        A state to begin at, from a generator.
    quantities : tuple of str
        What is conserved, independent of each other.
    length : float
        Of a run.
    points : int
    runs : int
    """

    name: str
    states: tuple[str, ...]
    rates: Rates
    start: Start
    quantities: tuple[str, ...]
    length: float = 12.0
    points: int = 120
    runs: int = 10

    def table(self, seed: int, noise: float) -> pd.DataFrame:
        """Runs with noise in parts of the spread of each state."""
        generator = np.random.default_rng([seed, sum(map(ord, self.name))])
        parts = []
        t = np.linspace(0.0, self.length, self.points)
        for number in range(self.runs):
            solution = scipy.integrate.solve_ivp(
                self.rates, (0.0, self.length), self.start(generator), t_eval=t, rtol=1e-10, atol=1e-12, method="DOP853"
            )
            parts.append(pd.DataFrame({"run": number, "t": t} | dict(zip(self.states, solution.y, strict=True))))
        table = pd.concat(parts, ignore_index=True)
        for state in self.states:
            table[state] += noise * table[state].std() * generator.standard_normal(len(table))
        return table

    def functions(self) -> list[sympy.Expr]:
        """What is conserved."""
        return [parse_expression(text, list(self.states)) for text in self.quantities]


def _kepler(_: float, s: np.ndarray) -> list[float]:
    x, y, u, v = s
    r3 = (x * x + y * y) ** 1.5
    return [u, v, -x / r3, -y / r3]


def _kepler_start(g: np.random.Generator) -> list[float]:
    phase, speed, turn = g.uniform(0, 2 * np.pi), g.uniform(0.75, 1.2), g.uniform(-0.4, 0.4)
    return [np.cos(phase), np.sin(phase), -speed * np.sin(phase + turn), speed * np.cos(phase + turn)]


def _coupled(_: float, s: np.ndarray) -> list[float]:
    a, b, c, p, q, r = s
    return [p, q, r, -a - 0.7 * (a - b), -b - 0.7 * (b - a) - 0.7 * (b - c), -c - 0.7 * (c - b)]


def _top(_: float, s: np.ndarray) -> list[float]:
    a, b, c = s
    return [(2.0 - 3.0) / 1.0 * b * c, (3.0 - 1.0) / 2.0 * c * a, (1.0 - 2.0) / 3.0 * a * b]


def _normal(m: int, size: float) -> Start:
    return lambda g: list(size * g.standard_normal(m))


def _lorenz(_: float, s: np.ndarray) -> list[float]:
    return [10 * (s[1] - s[0]), s[0] * (28 - s[2]) - s[1], s[0] * s[1] - 8 / 3 * s[2]]


SYSTEMS = (
    SystemCase("oscillator", ("q", "p"), lambda t, s: [s[1], -2.3 * s[0]], _normal(2, 1.0), ("p**2 + 2.3*q**2",)),
    SystemCase("pendulum", ("theta", "omega"), lambda t, s: [s[1], -9.81 * np.sin(s[0])],
               lambda g: [g.uniform(-2.6, 2.6), g.uniform(-1, 1)], ("omega**2/2 - 9.81*cos(theta)",), 6.0),
    SystemCase("double well", ("x", "v"), lambda t, s: [s[1], s[0] - s[0] ** 3],
               lambda g: [g.uniform(-1.8, 1.8), g.uniform(-0.8, 0.8)], ("v**2/2 - x**2/2 + x**4/4",)),
    SystemCase("Kepler", ("x", "y", "u", "v"), _kepler, _kepler_start,
               ("x*v - y*u", "u**2/2 + v**2/2 - 1/sqrt(x**2 + y**2)", "v*(x*v - y*u) - x/sqrt(x**2 + y**2)"), 6.0),
    SystemCase("Lotka-Volterra", ("x", "y"),
               lambda t, s: [1.1 * s[0] - 0.4 * s[0] * s[1], 0.1 * s[0] * s[1] - 0.4 * s[1]],
               lambda g: [g.uniform(3, 9), g.uniform(1.5, 5)], ("0.1*x - 0.4*log(x) + 0.4*y - 1.1*log(y)",), 20.0),
    SystemCase("three oscillators", ("a", "b", "c", "p", "q", "r"), _coupled, _normal(6, 1.0),
               ("(p - r)**2 + 1.7*(a - c)**2", "(p + q + r)**2 + (a + b + c)**2",
                "(p - 2*q + r)**2 + 3.1*(a - 2*b + c)**2")),
    SystemCase("Euler's top", ("a", "b", "c"), _top, _normal(3, 1.0),
               ("a**2 + 2*b**2 + 3*c**2", "a**2 + 4*b**2 + 9*c**2")),
    SystemCase("Henon-Heiles", ("x", "y", "u", "v"),
               lambda t, s: [s[2], s[3], -s[0] - 2 * s[0] * s[1], -s[1] - s[0] ** 2 + s[1] ** 2],
               lambda g: list(g.uniform(-0.3, 0.3, 4)),
               ("u**2/2 + v**2/2 + x**2/2 + y**2/2 + x**2*y - y**3/3",), 40.0, 300),
    SystemCase("damped pendulum", ("theta", "omega"), lambda t, s: [s[1], -9.81 * np.sin(s[0]) - 0.3 * s[1]],
               lambda g: [g.uniform(-2.6, 2.6), g.uniform(-1, 1)], (), 6.0),
    SystemCase("Lorenz", ("x", "y", "z"), _lorenz,
               lambda g: list(np.array([0, 0, 25]) + 6 * g.standard_normal(3)), (), 6.0, 300),
    SystemCase("guiding centre", ("x", "y", "u", "v"), lambda t, s: [s[2], s[3], 1.6 * s[3], -1.6 * s[2]],
               _normal(4, 1.0), ("u**2 + v**2", "x + v/1.6", "y - u/1.6")),
    # No dictionary of the search holds what is conserved here.
    SystemCase("Morse", ("q", "p"), lambda t, s: [s[1], -6 * (1 - np.exp(-s[0])) * np.exp(-s[0])],
               lambda g: [g.uniform(-0.4, 0.8), g.uniform(-0.6, 0.6)], ("p**2/2 + 3*(1 - exp(-q))**2",)),
    SystemCase("Toda", ("a", "b", "p", "q"),
               lambda t, s: [s[2], s[3], -2 * np.sinh(s[0] - s[1]), 2 * np.sinh(s[0] - s[1])], _normal(4, 0.7),
               ("p + q", "(p - q)**2/4 + 2*cosh(a - b)")),
    SystemCase("relativistic", ("q", "p"), lambda t, s: [s[1] / np.sqrt(1 + s[1] ** 2), -s[0]], _normal(2, 1.3),
               ("sqrt(1 + p**2) + q**2/2",)),
    SystemCase("Gaussian well", ("q", "p"), lambda t, s: [s[1], -4 * s[0] * np.exp(-(s[0] ** 2))],
               lambda g: [g.uniform(-0.8, 0.8), g.uniform(-0.6, 0.6)], ("p**2/2 - 2*exp(-q**2)",)),
    SystemCase("soft centre", ("x", "y", "u", "v"),
               lambda t, s: [s[2], s[3], *(-2 * s[:2] / (1 + s[0] ** 2 + s[1] ** 2) ** 2)],
               lambda g: [*g.uniform(-1, 1, 2), *g.uniform(-0.6, 0.6, 2)],
               ("x*v - y*u", "u**2/2 + v**2/2 - 1/(1 + x**2 + y**2)")),
)  # fmt: skip
"""Those of AI Poincare and more; a damped pendulum and Lorenz's system have none."""
