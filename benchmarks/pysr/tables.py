"""The tables of the benchmark. All are made anew from their names, so that a record can be checked against them."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kansym.bench.catalogue import load_catalogue
from kansym.bench.problem import Problem, make_problem
from kansym.data.catalogue import load_dataset
from kansym.data.dataset import Dataset, make_dataset

LAWS = "random:2026"
"""Laws that are drawn from a seed: nobody has tuned anything to them."""

LAW_ROWS = 300


@dataclass(frozen=True)
class Table:
    """A table that PySR is run on.

    Attributes
    ----------
    title : str
    make : callable
        Gives the dataset, always the same.
    killed_after : float or None
        Seconds of the search after which the worker is killed.
    """

    title: str
    make: Callable[[], Dataset]
    killed_after: float | None = None


def kepler() -> Dataset:
    """The planets."""
    return load_dataset("kepler", target="period")


def force() -> Dataset:
    """Coulomb's law in units, its constant being none of the columns."""
    X = np.random.default_rng(0).uniform(1, 5, (200, 3))
    y = 8.98755179 * X[:, 0] * X[:, 1] / X[:, 2] ** 2
    return make_dataset(X, y, names=["q1", "q2", "r"], target="force", units=["C", "C", "m"], y_units="N")


def reserved_names() -> Dataset:
    """Columns that PySR refuses by these names, and errors of the target that are its weights."""
    rng = np.random.default_rng(1)
    X, errors = rng.uniform(1, 4, (150, 3)), rng.uniform(0.01, 0.1, 150)
    y = 2.5 * X[:, 0] * X[:, 1] + X[:, 2] ** 2 + rng.normal(0, errors)
    return make_dataset(X, y, names=["N", "E", "beta"], target="S", y_error=errors)


TABLES = {
    "kepler": Table("Kepler's third law", kepler),
    "units": Table("a force law with units", force),
    "names": Table("reserved names and errors of the target", reserved_names),
    "killed": Table("a worker that is killed with SIGKILL", reserved_names, killed_after=12.0),
}
"""By the name in the record."""

GUESS_TABLE = "guess"
"""The first example of PySR's documentation, of which the law is given as a guess."""


def guess_table() -> Dataset:
    """Five columns, of which two count."""
    X = 2 * np.random.default_rng(0).standard_normal((100, 5))
    return make_dataset(X, 2.5382 * np.cos(X[:, 3]) + X[:, 0] ** 2 - 0.5, names=[f"x{k}" for k in range(5)], target="y")


def law_names(count: int) -> list[str]:
    """The first of the drawn laws."""
    return [law.name for law in load_catalogue(LAWS).laws][:count]


def law_problem(name: str) -> Problem:
    """A drawn law and its table, without noise."""
    return make_problem(load_catalogue(LAWS)[name], rows=LAW_ROWS, seed=0)


def law_table(problem: Problem) -> Dataset:
    """The table of a drawn law."""
    return make_dataset(problem.X, problem.y, names=list(problem.names), target="y")


def digest(dataset: Dataset) -> str:
    """SHA-256 of the numbers of a table."""
    parts = [dataset.X, dataset.y, *([] if dataset.y_error is None else [dataset.y_error])]
    return hashlib.sha256(b"".join(np.ascontiguousarray(part, dtype="<f8").tobytes() for part in parts)).hexdigest()
