"""Eighty searches that say whether two states of the project find the same: laws, measured tables, and every option."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kansym.bench.catalogue import load_catalogue
from kansym.bench.problem import make_problem
from kansym.data.catalogue import dataset_names, load_dataset
from kansym.data.dataset import Dataset, make_dataset
from kansym.search.discovery import discover
from kansym.search.options import DiscoveryOptions
from kansym.search.results import Discovery
from kansym.validation.certificate import certify

DIGITS = 10
"""Digits of numbers in a record. Rounding moves more of them where a constant is hardly determined."""


@dataclass(frozen=True)
class Search:
    """A table and the options that it is searched with.

    Attributes
    ----------
    table : str
        ``catalogue:law`` or ``measured:name``.
    noise : float, default 0
        Of the law, in units of the RMS of its clean target.
    rows : int, default 300
        Of the law's table.
    units : bool, default False
        Whether the law's units are told.
    outliers : int, default 0
        Rows whose target is far off.
    options : dict
        Of `DiscoveryOptions`.
    """

    table: str
    noise: float = 0.0
    rows: int = 300
    units: bool = False
    outliers: int = 0
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        parts = [self.table, *([f"{self.noise:g}"] if self.noise else ()), *(["units"] if self.units else ())]
        return " ".join([*parts, *(f"{key}={value}" for key, value in self.options.items())])

    def dataset(self, seed: int = 0) -> Dataset:
        """The table; `seed` draws the rows of a law."""
        kind, _, name = self.table.partition(":")
        if kind == "measured":
            return load_dataset(name)
        problem = make_problem(load_catalogue(kind)[name], rows=self.rows, seed=seed, noise=self.noise)
        y = problem.y.copy()
        y[np.random.default_rng(seed).permutation(len(y))[: self.outliers]] += 10 * np.std(y)
        told = problem.units() if self.units else {}
        return make_dataset(problem.X, y, names=list(problem.names), target="y", **told)


def searches() -> tuple[Search, ...]:
    """The eighty searches, always in the same order."""
    return tuple([*_laws(0.0), *_laws(0.01), *_measured(), *_with_options()])


def _laws(noise: float) -> Iterator[Search]:
    """Thirty laws without noise, and thirty others with it."""
    shift = 2 if noise else 0
    for catalogue, every, rows in (("feynman", 5, 300), ("nguyen", 2, 300), ("strogatz", 3, 400)):
        names = [law.name for law in load_catalogue(catalogue).laws]
        chosen = names[shift % every :: every][: {"feynman": 20, "nguyen": 6, "strogatz": 4}[catalogue]]
        # Every other law has as many rows as in the catalogue's own benchmark.
        yield from (
            Search(f"{catalogue}:{law}", noise, rows if k % 2 or catalogue == "strogatz" else 2000)
            for k, law in enumerate(chosen)
        )


def _measured() -> Iterator[Search]:
    return (Search(f"measured:{name}") for name in dataset_names())


def _with_options() -> Iterator[Search]:
    yield Search("feynman:I.12.1", 0.1, units=True)
    yield Search("feynman:I.18.4", 0.1, units=True)
    yield Search("measured:hydrogen", options={"given": "R*(...)"})
    yield Search("measured:mercury", options={"guesses": ("exp(A - B/temperature)",)})
    yield Search("measured:cooling", options={"guesses": ("T0 + A*exp(-time/tau)",)})
    yield Search("feynman:I.12.1", 0.01, outliers=9, options={"loss": "tukey"})
    yield Search("measured:firas", options={"structure": False})


def run(search: Search, seconds: float, *, dataset: Dataset | None = None, deterministic: bool = True) -> Discovery:
    """The discovery of a search, from seed 0."""
    options = DiscoveryOptions(max_seconds=seconds, seed=0, device="cpu", deterministic=deterministic, **search.options)
    return discover(search.dataset() if dataset is None else dataset, options)


def record(found: Discovery, *, verdict: bool = True) -> dict[str, Any]:
    """What is compared: the pick, its constants with errors, the front, why the search ended, and the verdict."""
    return {
        "pick": found.formula.text(DIGITS),
        "constants": [
            [
                constant.name,
                _rounded(constant.value),
                None if constant.error is None else float(f"{constant.error:.4g}"),
            ]
            for constant in found.formula.constants
        ],
        "front": [[formula.complexity, formula.text(DIGITS)] for formula in found.front],
        "stopped": str(found.stopped),
        "verdict": str(certify(found, seeds=0).verdict.kind) if verdict else None,
    }


def _rounded(value: float, digits: int = DIGITS) -> float:
    return float(f"{value:.{digits}g}")
