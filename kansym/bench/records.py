"""Settings and jobs of a recovery benchmark, and their results as lines of JSON that outlive a killed run."""

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kansym.clock import DEFAULT_SECONDS
from kansym.errors import ArgumentError, StorageError
from kansym.primitives.library import PrimitiveLibrary, default_library

FILE = "results.jsonl"

ENGINES = ("structure", "terms", "networks")
"""What a search can do without: the structure search (and sums with it), sums of products, and networks."""

Record = dict[str, Any]
"""Of a job: its settings, "law", "seed", "tool", "stage", "recovered", "form", "srbench", "front_recovered", "elapsed"
(in seconds), "inside", "beyond", "nodes", "law_nodes", "formula", "stopped", "network_error" and "failure"; of kansym's
pick also "origin" (a dictionary, see `kansym.provenance.Origin`) and "reductions" (the kinds of its steps). What does
not apply is None. Older results lack "form", "origin" and "reductions"."""


@dataclass(frozen=True)
class Settings:
    """Settings that decide a result, besides law, seed and tool; results of other settings are never mixed.

    Attributes
    ----------
    catalogue : str
        Name or path.
    rows : int, default 2000
        Where the law does not bring its own.
    seconds : float, default 120
        Budget of a law.
    noise : float, default 0
        Standard deviation of the noise on the target, in units of the RMS of the clean target.
    dummies : int, default 0
        Columns that do not matter.
    primitives : tuple of str, default ()
        The functions that every tool may use, by kansym's names; all of the default library if empty.
    without : tuple of str, default ()
        Engines of kansym that are switched off, of `ENGINES`.
    """

    catalogue: str
    rows: int = 2000
    seconds: float = DEFAULT_SECONDS
    noise: float = 0.0
    dummies: int = 0
    primitives: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.rows < 2:
            raise ArgumentError(f"rows must be at least 2, got {self.rows}")
        if not 0 < self.seconds < math.inf:
            raise ArgumentError(f"seconds must be a positive number, got {self.seconds}")
        if not 0 <= self.noise < math.inf:
            raise ArgumentError(f"noise must not be negative, got {self.noise}")
        if self.dummies < 0:
            raise ArgumentError(f"dummies must not be negative, got {self.dummies}")
        # JSON has no tuples; the order of names does not matter to a result, and keys are compared.
        object.__setattr__(self, "primitives", tuple(sorted(set(self.primitives))))
        object.__setattr__(self, "without", tuple(sorted(set(self.without))))
        for name in self.without:
            if name not in ENGINES:
                raise ArgumentError(f"without: there is no engine {name!r}; it takes {', '.join(ENGINES)}")
        try:
            self.library()
        except ArgumentError as error:
            raise ArgumentError(f"primitives: {error}") from None

    def library(self) -> PrimitiveLibrary:
        """The primitives that every tool may use."""
        return default_library().only(*self.primitives) if self.primitives else default_library()

    def to_dict(self) -> dict[str, Any]:
        """The settings in JSON types."""
        return asdict(self)


WITH_UNITS = "kansym with units"
"""The tool that is told the units of columns and target."""

OWN = ("kansym", WITH_UNITS)
"""Tools that are kansym."""


@dataclass(frozen=True)
class Job:
    """One law, one seed, one tool.

    Attributes
    ----------
    settings : Settings
    law : str
    seed : int
    tool : str
        "kansym", `WITH_UNITS` or a peer.
    """

    settings: Settings
    law: str
    seed: int
    tool: str = "kansym"

    @property
    def key(self) -> tuple[Any, ...]:
        """What distinguishes results."""
        return (*self.settings.to_dict().values(), self.law, self.seed, self.tool)


def key_of(record: Record) -> tuple[Any, ...]:
    """The key of the job that a record is of."""
    return Job(settings_of(record), record["law"], record["seed"], record["tool"]).key


def settings_of(record: Record) -> Settings:
    """The settings that a record was made with."""
    # Older results were made before these could be chosen.
    known = {"primitives": (), "without": (), **record}
    return Settings(**{name: known[name] for name in Settings.__dataclass_fields__})


def append(folder: Path, record: Record) -> None:
    """Add a record to the file in `folder`; it is on disk when this returns."""
    with (folder / FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(_finite(record), ensure_ascii=False, allow_nan=False) + "\n")


def read(folder: Path) -> list[Record]:
    """All records in `folder`; the line that a killed run left half-written is passed over.

    Raises
    ------
    StorageError
        If another line is no record.
    """
    path = folder / FILE
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")
    if lines[-1]:
        # So that the next record starts a line of its own.
        path.write_text("".join(f"{line}\n" for line in lines[:-1]), encoding="utf-8")
    records = []
    for number, line in enumerate(lines[:-1], start=1):
        try:
            record = json.loads(line)
            key_of(record)
        except (ValueError, KeyError, TypeError) as error:
            raise StorageError(f"{path}, line {number}: not a result of kansym bench ({error})") from error
        records.append(record)
    return records


def done(records: Iterable[Record]) -> set[tuple[Any, ...]]:
    """Keys of the jobs that have a result; failures are tried again."""
    return {key_of(record) for record in records if record["failure"] is None}


def _finite(record: Record) -> Record:
    # JSON has no inf and no nan.
    return {
        name: str(value) if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in record.items()
    }
