# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false
"""Equations of motion: the 63 systems of ODEBench, from trajectories with and without noise, and 27 of LLM-ODE.

``python -m benchmarks.odebench --out odebench.jsonl`` generates the trajectories as published (150 points on
0 <= t <= 10, noise a share of each state), looks for the equations, and asks of each system whether every equation is
right in form (with other numbers it is the law, and no term of it is too many), and for R^2 of the trajectories from
the true initial values: those it was found on, and those from other initial values, which a search on one trajectory
has not seen. Lines that are in the file already are not done again.

``--catalogue llm_ode`` has the further systems, many of them chaotic, on their grid. ``--tool pysindy --python
PYTHON`` gives the same tables to PySINDy, in an interpreter that has it (``pip install pysindy cvxpy``); see
`benchmarks.pysindy_worker`.

d'Ascoli et al., ODEFormer (2024), arXiv:2310.05573; Ziaei Bideh and Gryak, LLM-ODE (2026), arXiv:2603.20910.
"""

import argparse
import json
import math
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.integrate
import sympy

from benchmarks.table import keep
from kansym.bench.catalogue import load_catalogue
from kansym.bench.form import same_form
from kansym.bench.law import Law
from kansym.bench.problem import make_problem
from kansym.comparison.process import GRACE, environment
from kansym.dynamics.discovery import discover_dynamics, fit_dynamics
from kansym.dynamics.integration import CannotIntegrateError, flow_of
from kansym.dynamics.trajectories import read_trajectories
from kansym.errors import KansymError
from kansym.symbolic.complexity import formula_bits, misfit_bits
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.symbolic.parser import parse_expression

GRIDS = {"odebench": (150, 10.0), "llm_ode": (100, 5.0)}
"""Points and end of a trajectory, as published."""

GOOD = 0.9
"""R^2 from which a trajectory counts as reproduced."""

BUSY = 20.0
"""Wall time that another tool may take, in units of its processor time: other programs may run beside it."""

WORKER = Path(__file__).with_name("pysindy_worker.py")

Key = dict[str, Any]
"""What tells one line of results from another: catalogue, tool, system, noise, train, seconds, seed."""


def main(arguments: list[str] | None = None) -> int:
    """Run what is asked for and print a table."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--catalogue", default="odebench", choices=list(GRIDS))
    parser.add_argument("--tool", default="kansym", choices=["kansym", "pysindy"])
    parser.add_argument("--python", default=sys.executable, help="interpreter that has the other tool")
    parser.add_argument("--systems", default="all", help="numbers and ranges, as in 1,3,5-9; odd or even for halves")
    parser.add_argument("--noise", type=float, nargs="+", default=[0.0, 0.01, 0.05])
    parser.add_argument("--train", nargs="+", default=["both"], choices=["both", "one"])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--deterministic", action="store_true")
    parser.add_argument(
        "--excess",
        action="store_true",
        help="of each system that is not exact: is its description longer than the law's?",
    )
    parser.add_argument("--out", type=Path, default=None, help="file of results, one JSON object a line")
    parser.add_argument("--keep", action="store_true", help="keep the figures in benchmarks/results")
    options = parser.parse_args(arguments)
    done = _done(options.out)
    rows = []
    for noise in options.noise:
        for train in options.train:
            for number in numbers(options.systems, options.catalogue):
                key: Key = {
                    "catalogue": options.catalogue,
                    "tool": options.tool,
                    "system": number,
                    "noise": noise,
                    "train": train,
                    "seconds": options.seconds,
                    "seed": options.seed,
                }
                found = next((row for row in done if all(row.get(name) == key[name] for name in key)), None)
                if found is None:
                    found = {**key, **solve(key, options.deterministic, options.python)}
                    if options.out is not None:
                        with options.out.open("a", encoding="utf-8") as file:
                            file.write(json.dumps(found) + "\n")
                    _say(
                        f"{number:>3} {noise:g} {train}: {'exact' if found['exact'] else 'not exact'} {found['found']}"
                    )
                rows.append(found)
    for row in rows if options.excess else ():
        if not row["exact"] and row["tool"] == "kansym" and row["found"] and not isinstance(row["found"], str):
            excess = law_excess(row)
            words = "one of them cannot be followed" if excess is None else f"the law is {excess:+.1f} bits longer"
            _say(f"{row['system']:>3} {row['noise']:g} {row['train']}: {words}")
            row["shorter"] = excess is not None and excess > 0
    figures = _table(rows)
    if options.keep:
        keep("odebench", "Equations of motion", figures)
    return 0


def numbers(text: str, catalogue: str = "odebench") -> list[int]:
    """The systems of ``all``, ``1,3,5-9``, ``odd`` or ``even``."""
    known = sorted(int(group[-2:]) for group in _starts(catalogue))
    if text in ("all", "odd", "even"):
        return [k for k in known if text == "all" or k % 2 == (text == "odd")]
    found: list[int] = []
    for part in text.split(","):
        low, _, high = part.partition("-")
        found += (k for k in known if int(low) <= k <= int(high or low))
    return found


def _starts(catalogue: str) -> dict[str, list[list[float]]]:
    return tomllib.loads(Path(__file__).with_name(f"{catalogue}_starts.toml").read_text(encoding="utf-8"))


def truth(number: int, catalogue: str = "odebench") -> tuple[list[Law], list[list[float]]]:
    """The right-hand sides of a system in ``x0``, ``x1``, ..., and its two initial values."""
    starts = _starts(catalogue)
    group = next(name for name in starts if int(name[-2:]) == number)
    return [law for law in load_catalogue(catalogue).laws if law.group == group], starts[group]


def trajectories(
    number: int, noise: float, seed: int, catalogue: str = "odebench"
) -> tuple[pd.DataFrame, list[np.ndarray]]:
    """A table of both trajectories with noise, numbered by ``run``, and the states without."""
    rates, starts = truth(number, catalogue)
    points, end = GRIDS[catalogue]
    names = [f"x{k}" for k in range(len(rates))]
    function = sympy.lambdify(sympy.symbols(names), [law.expression for law in rates], "numpy")
    t, generator = np.linspace(0.0, end, points), np.random.default_rng(seed)
    frames, clean = [], []
    for run, start in enumerate(starts):
        solution = scipy.integrate.solve_ivp(
            lambda _, x: function(*x), (0.0, end), start, t_eval=t, rtol=1e-12, atol=1e-12, method="LSODA"
        )
        states = solution.y.T
        clean.append(states)
        measured = states * (1 + noise * generator.standard_normal(states.shape))
        frames.append(pd.DataFrame({"run": run, "t": t, **dict(zip(names, measured.T, strict=True))}))
    return pd.concat(frames, ignore_index=True), clean


def solve(key: Key, deterministic: bool = False, python: str = sys.executable) -> dict[str, Any]:
    """Look for one system and judge it."""
    rates, starts = truth(key["system"], key["catalogue"])
    table, clean = trajectories(key["system"], key["noise"], key["seed"], key["catalogue"])
    names = [f"x{k}" for k in range(len(rates))]
    table = table if key["train"] == "both" else table[table["run"] == 0]
    began = time.monotonic()
    try:
        if key["tool"] == "kansym":
            right, simulate, more = _by_kansym(table, names, key, deterministic)
        else:
            right, simulate, more = _by_pysindy(table, names, key, python)
    except KansymError as error:
        return {"exact": False, "right": [False] * len(rates), "r2": [-1.0, -1.0], "found": str(error)[:200]}
    took = round(time.monotonic() - began, 1)
    forms = [is_form(expression, law, key["seed"]) for expression, law in zip(right, rates, strict=True)]
    t = np.linspace(0.0, GRIDS[key["catalogue"]][1], GRIDS[key["catalogue"]][0])
    return {
        "exact": all(forms),
        "right": forms,
        "r2": [_r2(simulate, start, t, states) for start, states in zip(starts, clean, strict=True)],
        **more,
        "truth": [law.formula for law in rates],
        "took": took,
    }


Simulate = Callable[[Sequence[float], np.ndarray], np.ndarray]
"""States (n, m) from initial values at times (n,)."""

Answer = tuple[list[sympy.Expr], Simulate, dict[str, Any]]
"""Right-hand sides in plain symbols, what integrates them, and what is kept with the result."""


def _by_kansym(table: pd.DataFrame, names: list[str], key: Key, deterministic: bool) -> Answer:
    system = discover_dynamics(
        table,
        time="t",
        states=names,
        trajectory="run",
        max_seconds=key["seconds"],
        seed=key["seed"],
        deterministic=deterministic,
    )
    verdicts = [] if system.certificate is None else [one.kind for one in system.certificate.verdicts]
    more = {"found": list(system.equations()), "verdicts": verdicts}
    return [formula.expression for formula in system.formulas], system.simulate, more


def _by_pysindy(table: pd.DataFrame, names: list[str], key: Key, python: str) -> Answer:
    runs = [own for _, own in table.groupby("run")]
    request = {
        "t": runs[0]["t"].tolist(),
        "runs": [own[names].to_numpy().tolist() for own in runs],
        "seconds": key["seconds"],
        "seed": key["seed"],
    }
    try:
        done = subprocess.run(
            [python, str(WORKER)],
            input=json.dumps(request),
            capture_output=True,
            text=True,
            env=environment(),
            timeout=BUSY * key["seconds"] + GRACE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise KansymError("PySINDy did not end in time") from None
    if done.returncode:
        raise KansymError(f"PySINDy failed: {done.stderr.strip().splitlines()[-1:]}")
    answer = json.loads(done.stdout)
    rates = [parse_expression(text, names) for text in answer["equations"]]
    symbols = tuple(map(plain_symbol, names))
    scale = np.abs(table[names].to_numpy()).max(axis=0)
    flow = flow_of([ParametricForm(rate, symbols, (), np.empty(0)) for rate in rates], symbols, scale, False)

    def simulate(start: Sequence[float], t: np.ndarray) -> np.ndarray:
        return flow.integrate(np.array(start), t, np.empty(0))

    return rates, simulate, {"found": [str(rate) for rate in rates], "settings": answer["settings"]}


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


def law_excess(row: dict[str, Any]) -> float | None:
    """Bits by which the law is longer than what was found, both fitted to the trajectories of the search.

    Every term of the law has a coefficient that is fitted: nobody knows that it is one. None where one of them cannot
    be followed from end to end. What is shorter than the law is no fault of a search that
    looks for the shortest description: points with noise do not tell the two apart.
    """
    rates, _ = truth(row["system"], row["catalogue"])
    table, _ = trajectories(row["system"], row["noise"], row["seed"], row["catalogue"])
    names = [f"x{k}" for k in range(len(rates))]
    table = table if row["train"] == "both" else table[table["run"] == 0]
    data = read_trajectories(table, time="t", states=names, trajectory="run")
    found = [parse_expression(text.partition(" = ")[2], names) for text in row["found"]]
    symbols = tuple(map(plain_symbol, names))
    law = [_with_coefficients(one.expression) for one in rates]
    try:
        systems = [fit_dynamics(data, [parametrize(one, symbols) for one in system]) for system in (law, found)]
    except KansymError:
        return None
    sigmas = np.vstack(systems[0].sigmas)
    bits = []
    for system in systems:
        fitted = np.vstack([system.fitted(k)[:, : len(names)] for k in range(len(data.runs))])
        square = np.mean(((fitted - np.vstack([run.x for run in data.runs])) / sigmas) ** 2, axis=0)
        misfit = sum(misfit_bits(data.points, float(one), 0.0) for one in square)
        bits.append(misfit + sum(formula_bits(one.expression, data.points, len(names)) for one in system.formulas))
    return bits[0] - bits[1] if math.isfinite(bits[0] - bits[1]) else None


def _with_coefficients(expression: sympy.Expr) -> sympy.Expr:
    """A law in plain symbols with a Float before every term."""
    plain = expression.xreplace({symbol: plain_symbol(symbol.name) for symbol in expression.free_symbols})
    terms = (term if term.has(sympy.Float) else sympy.Float(1.0) * term for term in sympy.Add.make_args(plain))
    return sympy.Add(*terms)


def _r2(simulate: Simulate, start: list[float], t: np.ndarray, states: np.ndarray) -> float:
    """Share of the variance of all states that the trajectory from the true initial values has."""
    try:
        found = simulate(start, t)
    except (KansymError, CannotIntegrateError):
        return -1.0
    variance = float(np.sum((states - states.mean(axis=0)) ** 2))
    return max(-1.0, 1 - float(np.sum((found - states) ** 2)) / variance) if variance > 0 else -1.0


def _done(path: Path | None) -> list[dict[str, Any]]:
    if path is None or not path.exists():
        return []
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    # Lines of a time with one catalogue and one tool.
    return [{"catalogue": "odebench", "tool": "kansym", **line} for line in lines]


def _table(rows: list[dict[str, Any]]) -> dict[str, str]:
    """Print a line for each noise and kind of training, and give the figures in words."""
    _say(f"{'noise':>6} {'train':>5} {'systems':>8} {'exact':>6} {'equations':>10} {'R2 rec':>7} {'R2 gen':>7}")
    figures = {}
    for noise, train in dict.fromkeys((row["noise"], row["train"]) for row in rows):
        own = [row for row in rows if (row["noise"], row["train"]) == (noise, train)]
        right = [one for row in own for one in row["right"]]
        again = sum(row["r2"][0] > GOOD and (train == "one" or row["r2"][1] > GOOD) for row in own)
        other = f"{sum(row['r2'][1] > GOOD for row in own)}" if train == "one" else "-"
        exact = sum(row["exact"] for row in own)
        _say(f"{noise:>6g} {train:>5} {len(own):>8} {exact:>6} {sum(right):>5}/{len(right):<4} {again:>7} {other:>7}")
        words = f"exact {exact} of {len(own)}, equations {sum(right)} of {len(right)}, R^2 > {GOOD:g}: {again}"
        trained = "both trajectories" if train == "both" else "one trajectory"
        if any("shorter" in row for row in own):
            words += f", not exact but shorter than the law: {sum(row.get('shorter', False) for row in own)}"
        figures[f"{own[0]['tool']}, noise {100 * noise:g} %, {trained}"] = words + (
            "" if train == "both" else f", from other initial values: {other}"
        )
    return figures


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
