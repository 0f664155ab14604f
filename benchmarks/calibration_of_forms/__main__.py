"""Are the probabilities of forms right?

Tables of drawn laws, 30 to 2,000 rows with 0.3 to 10 % of noise, errors given or not, one in ten without a law and one
in ten without noise, are searched, and each form that was met is held against the law::

    python -m benchmarks.calibration_of_forms search --seed 11 --tables 80 --seconds 8   # development
    python -m benchmarks.calibration_of_forms fit runs/forms/11-8s.jsonl                 # kansym/forms/calibration.json
    python -m benchmarks.calibration_of_forms search --seed 1011 --tables 400            # looked at once
    python -m benchmarks.calibration_of_forms report runs/forms/1011-8s.jsonl            # bins, scores and the figure

A search goes on where it was stopped.
"""

import json
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter, validators

from benchmarks.calibration_of_forms.searching import Record, examine
from benchmarks.calibration_of_forms.tables import table
from kansym.executors import WorkerFailure, completed

app = App(name="python -m benchmarks.calibration_of_forms", help="Probabilities of forms.", version_flags=[])

Count = Annotated[int, Parameter(validator=validators.Number(gte=1))]
Seconds = Annotated[float, Parameter(validator=validators.Number(gt=0))]

FOLDER = Path("runs/forms")


def searched(task: tuple[int, int, float]) -> Record:
    """The record of a table, by its number, the seed and the seconds."""
    index, seed, seconds = task
    return examine(table(index, seed), seconds=seconds)


def read(path: Path) -> list[Record]:
    """Records of a file; a half-written last line is passed over."""
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


@app.command
def search(*, seed: int = 11, tables: Count = 80, seconds: Seconds = 8.0, jobs: Count = 1, out: Path = FOLDER) -> None:
    """Search the tables of a seed.

    Parameters
    ----------
    seed
        Below 1000 for development; from 1000 up for a report.
    tables
        Their number.
    seconds
        Budget of each search.
    jobs
        Processes.
    out
        Folder for the records, a line of JSON each; those it holds already are not computed again.
    """
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{seed}-{seconds:g}s.jsonl"
    known = {record["name"] for record in read(path)}
    wanted = [index for index in range(tables) if f"{seed}-{index:03d}" not in known]
    try:
        for _, found in completed(searched, ((index, seed, seconds) for index in wanted), workers=jobs):
            if isinstance(found, WorkerFailure):
                print(found.reason)
                continue
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(found, ensure_ascii=False) + "\n")
            print(line(found), flush=True)
    except KeyboardInterrupt:
        print("interrupted")


def line(record: Record) -> str:
    """A record in one line."""
    if "failure" in record:
        return f"{record['name']} {record['failure']}"
    right = next((str(place) for place, one in enumerate(record["forms"]) if one["law"]), "-")
    return (
        f"{record['name']} {record['kind']:8} {record['elapsed']:5.1f} s  {record['verdict']:20} law at {right:>2} of "
        f"{len(record['forms']):3}  {record['formula'][:70]} | {record['law']}"
    )


if __name__ == "__main__":
    app()
