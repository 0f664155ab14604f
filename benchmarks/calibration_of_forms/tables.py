# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false
"""Tables to be searched: drawn laws of every noise and size, with errors and without, and tables without a law."""

import math
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.no_law import KINDS as LAWLESS
from benchmarks.no_law import generator as lawless_generator
from kansym.bench import sampling
from kansym.bench.drawn import COUNT, KINDS
from kansym.bench.law import Law, Noise
from kansym.bench.problem import Problem, make_problem
from kansym.data.dataset import Dataset, make_dataset

ROWS, FEW, NOISE = (30, 2000), (7, 30), (0.003, 0.1)
"""Drawn evenly in their logarithms, the second of tables of few rows; noise in parts of the spread of the law."""

MOST_COLUMNS = 3

TURNS = ("lab", "random", "lab", "random", "lab", "random", "lab", "random", "lawless", "exact")
"""What the tables are, in turn: eight of ten are noisy tables of a law, one has no law and one has no noise."""


@dataclass(frozen=True, eq=False)
class Table:
    """A table with its law.

    Attributes
    ----------
    name, kind : str
    dataset : Dataset
    problem : Problem or None
        None where there is no law.
    """

    name: str
    kind: str
    dataset: Dataset
    problem: Problem | None


def table(index: int, seed: int, *, few: bool = False) -> Table:
    """One table of a seed; each is drawn by itself, so that none needs those before it.

    Parameters
    ----------
    index : int
    seed : int
        Below 1000 for development; from 1000 up for a report.
    few : bool, default False
        A table of few rows.
    """
    kind = TURNS[index % len(TURNS)]
    name = f"{seed}-{index:03d}"
    if kind == "lawless":
        turn = index // len(TURNS)
        own = LAWLESS[turn % len(LAWLESS)]
        return Table(name, own.__name__, make_dataset(*own(lawless_generator(f"forms {name}", seed))), None)
    g = sampling.generator(f"forms {name}", seed)
    law = _law(kind, index, seed)
    rows = round(math.exp(g.uniform(*np.log(FEW if few else ROWS))))
    share, given, relative = math.exp(g.uniform(*np.log(NOISE))), bool(g.random() < 0.5), bool(g.random() < 0.3)
    law = replace(law, rows=None, levels=(), noise=None)
    clean = law.sample(rows, index)[1]
    noise = Noise("absolute", share * float(np.std(clean)), given)
    if relative and clean.min() > 0:
        noise = Noise("relative", share, given)
    problem = make_problem(replace(law, noise=None if kind == "exact" else noise), rows=rows, seed=index)
    dataset = make_dataset(problem.X, problem.y, names=list(problem.names), y_error=problem.errors)
    return Table(name, kind, dataset, problem)


def _law(kind: str, index: int, seed: int) -> Law:
    """The next law of few columns."""
    drawn = KINDS["lab" if kind == "lab" else "random"]
    names = drawn.names(seed + 7000)  # other laws than those of other benchmarks of this seed
    start = index if kind != "exact" else index + 3
    for step in range(COUNT):
        law = drawn.law(names[(start + step * 37) % COUNT])
        if len(law.variables) <= MOST_COLUMNS:
            return law
    raise ArithmeticError(f"no law of {MOST_COLUMNS} columns among those of seed {seed}")
