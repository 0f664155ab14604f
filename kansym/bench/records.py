"""Results as lines of JSON that outlive a killed run."""

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kansym.bench.settings import Job, Settings
from kansym.errors import StorageError

FILE = "results.jsonl"

Record = dict[str, Any]
"""Of a job: its settings, "law", "seed", "tool", "stage", "recovered", "srbench", "front_recovered", "elapsed" (in
seconds), "inside", "beyond", "nodes", "law_nodes", "formula", "stopped", "network_error" and "failure"; what does not
apply is None."""


def key_of(record: Record) -> tuple[Any, ...]:
    """The key of the job that a record is of."""
    # Older results were made before primitives could be chosen.
    known = {"primitives": (), **record}
    settings = Settings(**{name: known[name] for name in Settings.__dataclass_fields__})
    return Job(settings, record["law"], record["seed"], record["tool"]).key


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
