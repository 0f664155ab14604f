"""The entries of the paired set: which law, drawn how, with how many rows and how much noise.

What an entry is follows from its name alone, so that two states of the project get the same table, and a sample of the
set is the same for everybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

import numpy as np

from kansym.bench import sampling
from kansym.bench.catalogue import HALVES, Catalogue, load_catalogue
from kansym.bench.law import Law
from kansym.bench.problem import Problem, make_problem
from kansym.bench.sampling import Variable

LAWS = Path(__file__).parents[1] / "laws"
"""Catalogues that were written for this set."""

Stratum = Literal["clean", "low noise", "high noise"]
STRATA: tuple[Stratum, ...] = ("clean", "low noise", "high noise")

NOISE: dict[Stratum, tuple[float, float]] = {
    "clean": (0.0, 0.0),
    "low noise": (0.005, 0.015),
    "high noise": (0.02, 0.05),
}
"""Least and most noise of a stratum, in standard deviations of the clean target."""

ROWS: dict[Stratum, tuple[int, int]] = {"clean": (30, 2000), "low noise": (100, 2000), "high noise": (30, 200)}
"""Fewest and most rows of a stratum."""

ROWS_PER_COLUMN = 10
"""Fewest rows for each column: fewer decide on no law of several columns."""

ERRORS_GIVEN = 0.5
"""Share of noisy tables that have a column of errors."""

AS_STATED = 0.6
"""Share of laws from textbooks whose columns are drawn as their entries say; the rest are drawn otherwise."""

DECADE = 3.0
"""Ratio of the ends of a positive range from which a logarithmic draw differs visibly from a uniform one."""

ORDER_SEED = 2026
"""Decides the order of the entries, so the sample that a number of them is; never to be changed."""


@dataclass(frozen=True, order=True)
class Entry:
    """A law with the circumstances under which it is searched.

    Attributes
    ----------
    kind : str
        Where it comes from: "textbooks", "losses", "random", ...
    catalogue, law : str
        As `kansym.bench.catalogue.load_catalogue` reads them; the catalogue may be a file of `LAWS`.
    stratum : str
        One of `STRATA`.
    half : {"development", "report"}
    """

    kind: str
    catalogue: str
    law: str
    stratum: Stratum
    half: str

    @property
    def name(self) -> str:
        return f"{self.kind}/{self.law}/{self.stratum}"

    @property
    def generator(self) -> np.random.Generator:
        """Random numbers that decide the circumstances, the same on every machine."""
        return sampling.generator(f"paired {self.name}", ORDER_SEED)


@dataclass(frozen=True)
class Source:
    """Laws of one kind.

    Attributes
    ----------
    kind, catalogue : str
    half : {"development", "report", "by name"}
        By name: every law has the half that its name draws, whatever other laws there are.
    laws : int or None
        How many in each stratum, from the first on; other strata have the laws after them. None: all laws in each.
    strata : tuple of str
    """

    kind: str
    catalogue: str
    half: str
    laws: int | None = None
    strata: tuple[Stratum, ...] = STRATA


SOURCES = (
    Source("losses", "losses", "development", strata=("clean", "low noise")),
    Source("textbooks", "textbooks", "by name"),
    Source("random", "random:911", "development", 20),
    Source("random", "random:1911", "report", 20),
    Source("sums", "sums:911", "development", 10),
    Source("sums", "sums:1911", "report", 10),
    # Laboratory tables have rows and noise of their own, most of it about 1 %.
    Source("laboratory", "lab:911", "development", 15, ("low noise",)),
    Source("laboratory", "lab:1911", "report", 15, ("low noise",)),
    Source("classics", "classics:development", "development", 10),
    Source("odebench", "odebench:development", "development", 10),
    Source("livermore2", "livermore2:development", "development", 10),
)
"""Seeds and halves that no change of the search has been made on."""


@cache
def catalogue_of(name: str) -> Catalogue:
    """A catalogue of kansym, or one of `LAWS`."""
    path = LAWS / f"{name}.toml"
    return load_catalogue(path if path.is_file() else name)


@lru_cache(maxsize=1)
def entries() -> tuple[Entry, ...]:
    """All entries, in an order in which every beginning is a fair sample."""
    found = [entry for source in SOURCES for entry in _entries(source)]
    return tuple(sorted(found, key=lambda entry: (float(sampling.generator(entry.name, ORDER_SEED).random()), entry)))


def _entries(source: Source) -> list[Entry]:
    names = catalogue_of(source.catalogue).names
    found = []
    for place, stratum in enumerate(source.strata):
        chosen = names if source.laws is None else names[place * source.laws : (place + 1) * source.laws]
        found += [Entry(source.kind, source.catalogue, law, stratum, _half(source, law)) for law in chosen]
    return found


def _half(source: Source, law: str) -> str:
    if source.half in HALVES:
        return source.half
    return HALVES[int(sampling.generator(f"half of {law}", ORDER_SEED).random() < 0.5)]


def sample(half: str, count: int | None = None, *, kinds: Sequence[str] = (), only: str = "") -> tuple[Entry, ...]:
    """Entries of a half; of `count` a third from each stratum, the first in their order.

    Parameters
    ----------
    half : {"development", "report"}
    count : int, optional
        All by default.
    kinds : sequence of str
        Only these, if any.
    only : str
        Only entries with this text in their names.
    """
    chosen = [one for one in entries() if one.half == half and (not kinds or one.kind in kinds) and only in one.name]
    strata = [[one for one in chosen if one.stratum == stratum] for stratum in STRATA]
    if count is not None:
        strata = [one[: count // 3 + (place < count % 3)] for place, one in enumerate(strata)]
    order = {entry: place for place, entry in enumerate(chosen)}
    # The strata in turn, so that a run that is cut has a part of each.
    turns = sorted((place, order[entry]) for stratum in strata for place, entry in enumerate(stratum))
    return tuple(chosen[index] for _, index in turns)


@dataclass(frozen=True, eq=False)
class Table:
    """What is searched for one entry.

    Attributes
    ----------
    problem : kansym.bench.problem.Problem
    noise : float
        In standard deviations of the clean target.
    distribution : str
        How the columns were drawn: "as stated", "log" or "normal".
    """

    problem: Problem
    noise: float
    distribution: str


def table_of(entry: Entry) -> Table:
    """The table of an entry, always the same."""
    generator = entry.generator
    law = catalogue_of(entry.catalogue)[entry.law]
    distribution = "as stated"
    if entry.kind == "textbooks" and generator.random() > AS_STATED:
        law, distribution = _drawn_otherwise(law, generator)
    fewest, most = ROWS[entry.stratum]
    rows = max(round(_between(fewest, most, generator)), ROWS_PER_COLUMN * len(law.variables))
    if law.noise is not None:
        return Table(make_problem(law, rows=rows, seed=0), law.noise.scale, distribution)
    level = _between(*NOISE[entry.stratum], generator)
    _, clean = law.sample(rows, 0)
    size = float(np.sqrt(np.mean(clean**2)))
    # Noise in spreads: one per cent of a temperature in kelvin would bury all that moves it.
    relative = level * float(np.std(clean)) / size
    problem = make_problem(law, rows=rows, seed=0, noise=relative)
    if level and generator.random() < ERRORS_GIVEN:
        problem = replace(problem, errors=np.full(len(problem.y), relative * size))
    return Table(problem, level, distribution)


def _between(low: float, high: float, generator: np.random.Generator) -> float:
    """A number drawn uniformly in its logarithm."""
    share = generator.random()
    return float(low * (high / low) ** share) if low else 0.0


def _drawn_otherwise(law: Law, generator: np.random.Generator) -> tuple[Law, str]:
    """The law with its columns drawn from logarithmic or normal distributions over the same ranges."""
    distribution: Literal["log", "normal"] = "log" if generator.random() < 0.5 else "normal"

    def redrawn(variable: Variable) -> Variable:
        if variable.integer or variable.signed or variable.above:
            return variable
        if distribution == "log" and not (variable.low > 0 and variable.high / variable.low >= DECADE):
            return variable
        return replace(variable, distribution=distribution)

    return replace(law, variables=tuple(map(redrawn, law.variables))), distribution
