"""Coverage of the errors of constants from integrated trajectories: noisy pendula and logistic growths.

``python -m benchmarks.dynamics_coverage`` draws systems with known constants, measures them with noise, fits the given
form to the integrated trajectories, and counts how often the intervals of 68.27 and 95.45 % hold the true constants,
with the standard error of that share.
"""

import argparse
import math
import sys

import numpy as np
import pandas as pd
import scipy.integrate
import scipy.stats
import sympy

from benchmarks.table import keep
from kansym.dynamics.discovery import fit_dynamics
from kansym.dynamics.trajectories import read_trajectories
from kansym.symbolic.parametric import ParametricForm

POINTS = 60
"""Of a trajectory."""

LEVELS = (0.6827, 0.9545)


def pendulum(generator: np.random.Generator) -> dict[str, float]:
    """Errors of g/L and of the damping of a pendulum, in standard errors, by name."""
    truth = {"k": generator.uniform(5, 15), "b": generator.uniform(0.05, 0.5)}
    t = np.linspace(0.0, 6.0, POINTS)
    start = [generator.uniform(0.5, 2.5), generator.uniform(-1, 1)]
    solution = scipy.integrate.solve_ivp(
        lambda _, x: [x[1], -truth["k"] * np.sin(x[0]) - truth["b"] * x[1]],
        (0, t[-1]),
        start,
        t_eval=t,
        rtol=1e-10,
        atol=1e-10,
    )
    theta, omega, k, b = sympy.symbols("theta theta_dot k b")
    angle = solution.y[0] + generator.uniform(0.005, 0.05) * generator.standard_normal(POINTS)
    guess = np.array(list(truth.values())) * generator.uniform(0.95, 1.05, 2)
    form = ParametricForm(-k * sympy.sin(theta) - b * omega, (theta, omega), (k, b), guess)
    return _misses(pd.DataFrame({"t": t, "theta": angle}), "theta", form, truth, 2)


def growth(generator: np.random.Generator) -> dict[str, float]:
    """The same for rate and capacity of a logistic growth."""
    truth = {"r": generator.uniform(0.5, 1.5), "K": generator.uniform(50, 150)}
    t = np.linspace(0.0, 10.0, POINTS)
    start = generator.uniform(0.02, 0.1) * truth["K"]
    n = truth["K"] / (1 + (truth["K"] / start - 1) * np.exp(-truth["r"] * t))
    size, r, capacity = sympy.symbols("n r K")
    measured = n + generator.uniform(0.005, 0.05) * truth["K"] * generator.standard_normal(POINTS)
    guess = np.array(list(truth.values())) * generator.uniform(0.9, 1.1, 2)
    form = ParametricForm(r * size * (1 - size / capacity), (size,), (r, capacity), guess)
    return _misses(pd.DataFrame({"t": t, "n": measured}), "n", form, truth, 1)


def _misses(
    table: pd.DataFrame, state: str, form: ParametricForm, truth: dict[str, float], order: int
) -> dict[str, float]:
    data = read_trajectories(table, time="t", states=[state])
    (formula,) = fit_dynamics(data, [form], order=order).formulas
    return {one.name: (one.value - truth[one.name]) / (one.error or np.nan) for one in formula.constants}


SYSTEMS = {"pendulum": pendulum, "growth": growth}


def main(arguments: list[str] | None = None) -> int:
    """Draw, fit, count, and print a table."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--systems", type=int, default=500, help="of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", action="store_true", help="keep the figures in benchmarks/results")
    options = parser.parse_args(arguments)
    figures: dict[str, str] = {}
    free = POINTS - 4
    # Where errors are estimated from the residuals, standard errors are those of Student's distribution.
    limits = [float(scipy.stats.t.ppf(0.5 + level / 2, free)) for level in LEVELS]
    sys.stdout.write(f"{'system':<10}{'constant':<10}" + "".join(f"{100 * level:>13.2f} %" for level in LEVELS) + "\n")
    for place, (name, draw) in enumerate(SYSTEMS.items()):
        generator = np.random.default_rng([options.seed, place])
        rows = [draw(generator) for _ in range(options.systems)]
        for constant in rows[0]:
            sizes = np.abs([row[constant] for row in rows])
            shares = [_share(float(np.mean(sizes < limit)), len(sizes)) for limit in limits]
            figures[f"{name}, {constant}"] = " and ".join(shares)
            sys.stdout.write(f"{name:<10}{constant:<10}" + "".join(f"{share:>15}" for share in shares) + "\n")
            sys.stdout.flush()
    if options.keep:
        keep("dynamics_coverage", "Errors of constants of motion", figures)
    return 0


def _share(share: float, n: int) -> str:
    """In percent, with its standard error."""
    return f"{100 * share:.1f} ± {100 * math.sqrt(share * (1 - share) / n):.1f} %"


if __name__ == "__main__":
    sys.exit(main())
