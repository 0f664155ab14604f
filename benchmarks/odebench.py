# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false
"""Equations of motion: the 63 systems of ODEBench, from trajectories with and without noise.

``python -m benchmarks.odebench --out odebench.jsonl`` generates the trajectories as published (150 points on
0 <= t <= 10, noise a share of each state), looks for the equations, and asks of each system whether every equation is
right in form (with other numbers it is the law, and no term of it is too many), and for R^2 of the trajectories from
the true initial values: those it was found on, and those from other initial values, which a search on one trajectory
has not seen. Lines that are in the file already are not done again.

d'Ascoli et al., ODEFormer (2024), arXiv:2310.05573.
"""

import argparse
import json
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.integrate
import sympy

from kansym.bench.catalogue import load_catalogue
from kansym.bench.form import same_form
from kansym.bench.law import Law
from kansym.bench.problem import make_problem
from kansym.dynamics.discovery import discover_dynamics
from kansym.dynamics.system import System
from kansym.errors import KansymError
from kansym.symbolic.naming import plain_symbol

POINTS, END = 150, 10.0
"""Of a trajectory."""

GOOD = 0.9
"""R^2 from which a trajectory counts as reproduced."""

STARTS = Path(__file__).with_name("odebench_starts.toml")


def main(arguments: list[str] | None = None) -> int:
    """Run what is asked for and print a table."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--systems", default="1-63", help="numbers and ranges, as in 1,3,5-9; odd or even for halves")
    parser.add_argument("--noise", type=float, nargs="+", default=[0.0, 0.01, 0.05])
    parser.add_argument("--train", nargs="+", default=["both"], choices=["both", "one"])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--deterministic", action="store_true")
    parser.add_argument("--out", type=Path, default=None, help="file of results, one JSON object a line")
    options = parser.parse_args(arguments)
    done = _done(options.out)
    rows = []
    for noise in options.noise:
        for train in options.train:
            for number in numbers(options.systems):
                key = {
                    "system": number,
                    "noise": noise,
                    "train": train,
                    "seconds": options.seconds,
                    "seed": options.seed,
                }
                found = next((row for row in done if all(row.get(name) == key[name] for name in key)), None)
                if found is None:
                    found = {**key, **solve(number, noise, train, options.seconds, options.seed, options.deterministic)}
                    if options.out is not None:
                        with options.out.open("a", encoding="utf-8") as file:
                            file.write(json.dumps(found) + "\n")
                    _say(
                        f"{number:>3} {noise:g} {train}: {'exact' if found['exact'] else 'not exact'} {found['found']}"
                    )
                rows.append(found)
    _table(rows)
    return 0


def numbers(text: str) -> list[int]:
    """The systems of ``1,3,5-9``, ``odd`` or ``even``."""
    if text in ("odd", "even"):
        return [k for k in range(1, 64) if k % 2 == (text == "odd")]
    found: list[int] = []
    for part in text.split(","):
        low, _, high = part.partition("-")
        found += range(int(low), int(high or low) + 1)
    return found


def truth(number: int) -> tuple[list[Law], list[list[float]]]:
    """The right-hand sides of a system in ``x0``, ``x1``, ..., and its two initial values."""
    group = f"ode{number:02d}"
    laws = [law for law in load_catalogue("odebench").laws if law.group == group]
    return laws, tomllib.loads(STARTS.read_text(encoding="utf-8"))[group]


def trajectories(number: int, noise: float, seed: int) -> tuple[pd.DataFrame, list[np.ndarray]]:
    """A table of both trajectories with noise, numbered by ``run``, and the states without."""
    rates, starts = truth(number)
    names = [f"x{k}" for k in range(len(rates))]
    function = sympy.lambdify(sympy.symbols(names), [law.expression for law in rates], "numpy")
    t, generator = np.linspace(0.0, END, POINTS), np.random.default_rng(seed)
    frames, clean = [], []
    for run, start in enumerate(starts):
        solution = scipy.integrate.solve_ivp(
            lambda _, x: function(*x), (0.0, END), start, t_eval=t, rtol=1e-12, atol=1e-12, method="LSODA"
        )
        states = solution.y.T
        clean.append(states)
        measured = states * (1 + noise * generator.standard_normal(states.shape))
        frames.append(pd.DataFrame({"run": run, "t": t, **dict(zip(names, measured.T, strict=True))}))
    return pd.concat(frames, ignore_index=True), clean


def solve(number: int, noise: float, train: str, seconds: float, seed: int, deterministic: bool) -> dict[str, Any]:
    """Look for one system and judge it."""
    rates, starts = truth(number)
    table, clean = trajectories(number, noise, seed)
    names = [f"x{k}" for k in range(len(rates))]
    began = time.monotonic()
    try:
        system = discover_dynamics(
            table if train == "both" else table[table["run"] == 0],
            time="t",
            states=names,
            trajectory="run",
            max_seconds=seconds,
            seed=seed,
            deterministic=deterministic,
        )
    except KansymError as error:
        return {"exact": False, "right": [False] * len(rates), "r2": [-1.0, -1.0], "found": str(error)[:200]}
    right = [is_form(formula.expression, law, seed) for formula, law in zip(system.formulas, rates, strict=True)]
    return {
        "exact": all(right),
        "right": right,
        "r2": [_r2(system, start, states) for start, states in zip(starts, clean, strict=True)],
        "found": list(system.equations()),
        "truth": [law.formula for law in rates],
        "verdicts": [] if system.certificate is None else [one.kind for one in system.certificate.verdicts],
        "took": round(time.monotonic() - began, 1),
    }


def is_form(found: sympy.Expr, law: Law, seed: int) -> bool:
    """Whether a right-hand side is the law with other numbers, and no term of it could be left out."""
    problem = make_problem(law, rows=200, seed=seed)
    columns = {plain_symbol(name): plain_symbol(place) for name, place in problem.places.items()}
    if {symbol.name for symbol in found.free_symbols} - set(problem.places):
        return False
    form = found.xreplace(columns)
    terms = sympy.Add.make_args(sympy.expand(form))
    fewer = (sympy.Add(*(other for other in terms if other is not term)) for term in terms if len(terms) > 1)
    return same_form(form, problem) and not any(same_form(one, problem) for one in fewer)


def _r2(system: System, start: list[float], states: np.ndarray) -> float:
    """Share of the variance of all states that the trajectory from the true initial values has."""
    try:
        found = system.simulate(start, np.linspace(0.0, END, POINTS))
    except KansymError:
        return -1.0
    variance = float(np.sum((states - states.mean(axis=0)) ** 2))
    return max(-1.0, 1 - float(np.sum((found - states) ** 2)) / variance) if variance > 0 else -1.0


def _done(path: Path | None) -> list[dict[str, Any]]:
    if path is None or not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def _table(rows: list[dict[str, Any]]) -> None:
    _say(f"{'noise':>6} {'train':>5} {'systems':>8} {'exact':>6} {'equations':>10} {'R2 rec':>7} {'R2 gen':>7}")
    for noise, train in dict.fromkeys((row["noise"], row["train"]) for row in rows):
        own = [row for row in rows if (row["noise"], row["train"]) == (noise, train)]
        right = [one for row in own for one in row["right"]]
        again = sum(row["r2"][0] > GOOD and (train == "one" or row["r2"][1] > GOOD) for row in own)
        other = f"{sum(row['r2'][1] > GOOD for row in own)}" if train == "one" else "-"
        exact = sum(row["exact"] for row in own)
        _say(f"{noise:>6g} {train:>5} {len(own):>8} {exact:>6} {sum(right):>5}/{len(right):<4} {again:>7} {other:>7}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
