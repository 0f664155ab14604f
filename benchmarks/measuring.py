"""Tasks that are measured one by one: kept as lines of JSON, in processes, going on where they stopped."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.table import keep as keep_figures
from kansym.errors import ArgumentError
from kansym.executors import WorkerFailure, completed

Record = dict[str, Any]


def measured(
    function: Callable[[Any], Record],
    tasks: Sequence[Any],
    key: Callable[[Any], list[Any]],
    *,
    file: Path | None,
    jobs: int,
    line: Callable[[Record], str],
) -> list[Record]:
    """Records of all tasks, each with its ``key``; those that a file holds already are not computed again.

    Parameters
    ----------
    function : callable
        From a task to its record.
    tasks : sequence
    key : callable
        Of a task, in JSON types.
    file : Path, optional
        Records are appended to it.
    jobs : int
        Processes.
    line : callable
        What is printed of a record.
    """
    known: dict[str, Record] = {}
    if file is not None and file.exists():
        for text in file.read_text(encoding="utf-8").splitlines():
            record = json.loads(text)
            known[json.dumps(record["key"])] = record
    todo = [task for task in tasks if json.dumps(key(task)) not in known]
    for place, found in completed(function, todo, workers=jobs):
        if isinstance(found, WorkerFailure):
            found = {"failure": found.reason}
        record = {"key": key(todo[place]), **found}
        known[json.dumps(record["key"])] = record
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(record, ensure_ascii=False) + "\n")
        print(line(record), flush=True)
    return [known[json.dumps(key(task))] for task in tasks if json.dumps(key(task)) in known]


def measure_and_say(
    function: Callable[[Any], Record],
    tasks: Sequence[Any],
    key: Callable[[Any], list[Any]],
    *,
    name: str,
    title: str,
    out: Path | None,
    jobs: int,
    line: Callable[[Record], str],
    figures: Callable[[Sequence[Record]], dict[str, str]],
    keep: bool,
) -> None:
    """`measured` with a file of a name in a folder; the headline figures are printed, and kept where all is there."""
    if not tasks:
        raise ArgumentError("only: no task has that in its name")
    file = None if out is None else out / f"{name}.jsonl"
    records = measured(function, tasks, key, file=file, jobs=jobs, line=line)
    said = figures(records)
    print("", *(f"{what}: {value}" for what, value in said.items()), sep="\n")
    if keep and len(records) == len(tasks):
        keep_figures(name, title, said)
