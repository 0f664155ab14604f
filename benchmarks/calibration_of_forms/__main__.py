"""Are the probabilities of forms right?

Tables of drawn laws, 30 to 2,000 rows with 0.3 to 10 % of noise, errors given or not, one in ten without a law and one
in ten without noise, are searched, and each form that was met is held against the law::

    python -m benchmarks.calibration_of_forms search --seed 11 --tables 80 --seconds 8   # development
    python -m benchmarks.calibration_of_forms search --seed 13 --tables 50 --seconds 6 --few
    python -m benchmarks.calibration_of_forms fit runs/forms/11-8s.jsonl runs/forms/13-6s-few.jsonl
    python -m benchmarks.calibration_of_forms search --seed 1011 --tables 400            # looked at once
    python -m benchmarks.calibration_of_forms report runs/forms/1011-8s.jsonl            # bins, scores and the figure

A search goes on where it was stopped.
"""

import datetime
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter, validators

from benchmarks.calibration_of_forms.fitting import (
    Case,
    calibrated,
    cases_of,
    cross_validated,
    probabilities,
)
from benchmarks.calibration_of_forms.scores import Scores, diagram, scores_of
from benchmarks.calibration_of_forms.searching import Record, examine
from benchmarks.calibration_of_forms.tables import table
from benchmarks.table import keep as keep_figures
from kansym.executors import WorkerFailure, completed
from kansym.forms.calibration import FILE, calibration
from kansym.validation.verdict import LAW, LIKELY

app = App(name="python -m benchmarks.calibration_of_forms", help="Probabilities of forms.", version_flags=[])

Count = Annotated[int, Parameter(validator=validators.Number(gte=1))]
Seconds = Annotated[float, Parameter(validator=validators.Number(gt=0))]

FOLDER = Path("runs/forms")

CALIBRATION = Path(__file__).parents[2] / "kansym" / "forms" / FILE


def searched(task: tuple[int, int, float, bool]) -> Record:
    """The record of a table, by its number, the seed, the seconds, and whether it has few rows."""
    index, seed, seconds, few = task
    return examine(table(index, seed, few=few), seconds=seconds)


def read(path: Path) -> list[Record]:
    """Records of a file; a half-written last line is passed over."""
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


@app.command
def search(
    *,
    seed: int = 11,
    tables: Count = 80,
    seconds: Seconds = 8.0,
    few: bool = False,
    jobs: Count = 1,
    out: Path = FOLDER,
) -> None:
    """Search the tables of a seed.

    Parameters
    ----------
    seed
        Below 1000 for development; from 1000 up for a report.
    tables
        Their number.
    seconds
        Budget of each search.
    few
        Tables of 7 to 30 rows.
    jobs
        Processes.
    out
        Folder for the records, a line of JSON each; those it holds already are not computed again.
    """
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{seed}-{seconds:g}s{'-few' if few else ''}.jsonl"
    known = {record["name"] for record in read(path)}
    wanted = [index for index in range(tables) if f"{seed}-{index:03d}" not in known]
    try:
        for _, found in completed(searched, ((index, seed, seconds, few) for index in wanted), workers=jobs):
            if isinstance(found, WorkerFailure):
                print(found.reason)
                continue
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(found, ensure_ascii=False) + "\n")
            print(line(found), flush=True)
    except KeyboardInterrupt:
        print("interrupted")


@app.command
def fit(records: Path, /, *more: Path, out: Path = CALIBRATION) -> None:
    """Fit the coefficients to records and write them.

    Parameters
    ----------
    records
        Of `search`, of development seeds.
    more
        Other files of records.
    out
        Where to; the file in kansym by default.
    """
    cases = [case for path in (records, *more) for case in cases_of(read(path))]
    command = " ".join(["python -m benchmarks.calibration_of_forms fit", *(path.name for path in (records, *more))])
    known = calibrated(cases, date=datetime.date.today().isoformat(), command=command)
    replaced = json.dumps(asdict(known), indent=1)
    out.write_text(f"{replaced}\n", encoding="utf-8")
    print(replaced, f"cross-validated log loss {cross_validated(cases):.3f} nats", sep="\n")
    print(*scores_of(cases, known).lines(), sep="\n")


@app.command
def report(records: Path, /, *more: Path, figure: Path | None = None, keep: bool = False) -> None:
    """Score the coefficients of this version on records, and draw the reliability diagram.

    Parameters
    ----------
    records
        Of `search`, of a seed that was not looked at before.
    more
        Other files of records.
    figure
        Where to draw it, a PNG file.
    keep
        Keep the figures in benchmarks/results.
    """
    found = [record for path in (records, *more) for record in read(path) if "failure" not in record]
    cases = cases_of(found)
    scores = scores_of(cases, calibration())
    print(*scores.lines(), sep="\n")
    said = headlines(found, cases, scores)
    print("", *(f"{name}: {value}" for name, value in said.items()), sep="\n")
    if figure is not None:
        diagram(scores, figure)
    if keep:
        keep_figures("calibration_of_forms", "Probabilities of forms", said)


def headlines(records: Sequence[Record], cases: Sequence[Case], scores: Scores) -> dict[str, str]:
    """What is quoted."""
    own = [float(probabilities(case, calibration())[0][0]) for case in cases]
    laws = [(p, case, record) for p, case, record in zip(own, cases, records, strict=True) if record["law"] is not None]
    lawless = [p for p, record in zip(own, records, strict=True) if record["law"] is None]
    worst = max((abs(one.mean - one.share), one) for one in scores.picks if one.count)[1]
    called = [case.right == 0 for _, case, record in laws if record["verdict"] == LAW]
    likely = [case.right == 0 for p, case, record in laws if record["verdict"] == LAW and p >= LIKELY]
    return {
        "tables": str(scores.tables),
        "picks that are right": f"{100 * scores.base:.0f} %",
        "bin that is farthest off": f"mean {worst.mean:.2f}, right {worst.right} of {worst.count}",
        "Brier score of the pick, beside the base rate": f"{scores.brier:.3f}, {scores.brier_base:.3f}",
        "log score of the pick in bits, beside the base rate": f"{scores.log:.3f}, {scores.log_base:.3f}",
        "picks with p of 0.95 and more that are right": f"{scores.sure_right} of {scores.sure}",
        "tables without a law where a form has p above 0.5": f"{sum(p > 0.5 for p in lawless)} of {len(lawless)}",
        "called a law before the rule on forms, right in form": f"{sum(called)} of {len(called)}",
        "of these with p of 0.5 and more": f"{sum(likely)} of {len(likely)}",
    }


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
