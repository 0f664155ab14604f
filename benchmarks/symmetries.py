"""Symmetries of tables: are planted ones found, and none where there is none?

Thirty drawn laws depend on two of their columns through a combination alone: a difference or a sum (translations), a
sum or difference of squares (rotations and boosts), a ratio or a product (scalings). Thirty more depend on all columns
in a way that no such combination brings together::

    python -m benchmarks.symmetries
    python -m benchmarks.symmetries --laws 10 --seed 1 --jobs 2
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import sympy
from cyclopts import App, Parameter, validators

from benchmarks.measuring import Record, measure_and_say
from kansym.data.dataset import make_dataset
from kansym.structure.interaction import Verdict
from kansym.structure.invariance import symmetries
from kansym.symbolic.parser import parse_expression

app = App(name="python -m benchmarks.symmetries", help=str(__doc__).splitlines()[0], version_flags=[])

ROWS = 500

Count = Annotated[int, Parameter(validator=validators.Number(gte=0))]

GROUPS: dict[str, tuple[str, Callable[[np.ndarray, np.ndarray], np.ndarray]]] = {
    "x0 - x1": ("translation", lambda a, b: a - b),
    "x0 + x1": ("translation", lambda a, b: a + b),
    "x0**2 + x1**2": ("rotation", lambda a, b: a**2 + b**2),
    "x0**2 - x1**2": ("boost", lambda a, b: a**2 - b**2),
    "x0/x1": ("scaling", lambda a, b: a / b),
    "x0*x1": ("scaling", lambda a, b: a * b),
}
"""Combinations with the group that leaves them as they are."""

OUTER: tuple[Callable[[np.ndarray], np.ndarray], ...] = (
    lambda u: np.sin(u),
    lambda u: np.exp(-0.3 * u),
    lambda u: u / (1 + u**2),
    lambda u: np.tanh(0.7 * u),
    lambda u: u**2 - 1.3 * u,
)

WITHOUT: tuple[Callable[[np.ndarray, np.ndarray], np.ndarray], ...] = (
    lambda a, b: np.sin(a) * b + a**2,
    lambda a, b: a * np.exp(-b) + np.cos(1.3 * b),
    lambda a, b: a**3 / (1 + b) - 0.4 * b**2 * a,
    lambda a, b: np.log(1 + a) * np.sin(b) + a * b**2,
    lambda a, b: np.tanh(a) + b**2 / (1 + a),
)
"""Functions of two columns that no combination brings together."""


@dataclass(frozen=True)
class Task:
    """A law, by its number."""

    number: int
    planted: bool
    seed: int

    @property
    def combination(self) -> str:
        """What it depends on."""
        return list(GROUPS)[self.number % len(GROUPS)] if self.planted else ""


def table(task: Task):
    """Rows of a law."""
    g = np.random.default_rng([task.seed, task.number, int(task.planted)])
    X = g.uniform(1.0, 3.0, (ROWS, 3))
    if task.planted:
        inner = GROUPS[task.combination][1](X[:, 0], X[:, 1])
        outer = OUTER[(task.number // len(GROUPS)) % len(OUTER)]
        # A scale of its own, and a third column that acts besides.
        y = g.uniform(0.5, 2) * outer(inner * g.uniform(0.6, 1.2)) * X[:, 2] ** g.choice([0.5, 1, 2]) + 0.2 * X[:, 2]
    else:
        inner = WITHOUT[task.number % len(WITHOUT)]
        y = g.uniform(0.5, 2) * inner(X[:, 0] * g.uniform(0.8, 1.2), X[:, 1] * g.uniform(0.8, 1.2))
        y = y * np.cos(0.5 * X[:, 2] + 0.2 * X[:, 0]) + g.uniform(0.5, 1) * X[:, 2] ** 2 * X[:, 1]
    return make_dataset(X, y, names=["x0", "x1", "x2"])


def examine(task: Task) -> Record:
    """Look for symmetries, and judge them."""
    began = time.monotonic()
    found = symmetries(table(task), seed=task.seed)
    holds = [one for one in found if one.verdict is Verdict.HOLDS]
    record: Record = {
        "elapsed": time.monotonic() - began,
        "holds": [str(one) for one in holds],
        "combination": task.combination,
    }
    if task.planted:
        wanted = parse_expression(task.combination, ["x0", "x1", "x2"])
        record["right"] = any(_same(through, wanted) for one in holds for through in one.through)
    return record


def _same(through: sympy.Expr, wanted: sympy.Expr) -> bool:
    """Whether two combinations have the same level lines."""
    a, b = sympy.symbols("x0 x1")
    if through.free_symbols != {a, b}:
        return False
    jacobian = sympy.Matrix([through, wanted]).jacobian([a, b]).det()
    values = [abs(complex(jacobian.subs({a: 1.3, b: 2.1}))), abs(complex(jacobian.subs({a: 2.7, b: 1.2})))]
    return max(values) < 1e-3


def line(record: Record) -> str:
    """A record in words."""
    number, planted = record["key"][:2]
    mark = ("right" if record["right"] else "MISSED") if planted else ("FALSE" if record["holds"] else "none")
    return f"{mark:7}{number:3} {record['combination']:16}{record['elapsed']:6.1f} s  {'; '.join(record['holds'][:2])}"


def figures(records: Sequence[Record]) -> dict[str, str]:
    """Headline figures."""
    planted = [one for one in records if one["key"][1]]
    others = [one for one in records if not one["key"][1]]
    times = [one["elapsed"] for one in records]
    return {
        "planted symmetries found": f"{sum(one['right'] for one in planted)} of {len(planted)}",
        "laws without one in which one is seen": f"{sum(bool(one['holds']) for one in others)} of {len(others)}",
        "seconds, median and largest": f"{statistics.median(times):.0f} and {max(times):.0f}",
    }


def key(task: Task) -> list[Any]:
    """Of a record."""
    return [task.number, task.planted, task.seed]


@app.default
def main(
    *,
    laws: Count = 30,
    seed: Count = 0,
    out: Path | None = None,
    jobs: Annotated[int, Parameter(validator=validators.Number(gte=1))] = 1,
    keep: bool = False,
) -> None:
    """Ask tables of drawn laws for their symmetries.

    Parameters
    ----------
    laws
        With a planted symmetry, and as many without.
    seed
        Of the laws.
    out
        Folder for results; those it holds already are not computed again.
    jobs
        Processes.
    keep
        Keep the headline figures in benchmarks/results.
    """
    wanted = [Task(number, planted, seed) for planted in (True, False) for number in range(laws)]
    names = {"name": "symmetries", "title": "Symmetries of tables"}
    measure_and_say(examine, wanted, key, **names, out=out, jobs=jobs, line=line, figures=figures, keep=keep)


if __name__ == "__main__":
    app()
