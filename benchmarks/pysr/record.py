# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false
"""The record of a run with PySR, and its reader.

A record holds what PySR left, its halls of fame as they are, and no outcome. The reader makes the tables anew,
evaluates the formulas on them, and works the outcomes out itself. A file that merely states what came out is refused:
it has no halls of fame, or losses in them that are not those of their formulas.
"""

import datetime
import json
import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.pysr.tables import GUESS_TABLE, TABLES, digest, guess_table, law_names, law_problem, law_table
from kansym.bench.strict import strict
from kansym.comparison.hall_of_fame import FILE, HallOfFame, read_hall_of_fame
from kansym.comparison.peer_formulas import values_of
from kansym.comparison.request import safe_names
from kansym.comparison.workers.pysr import RUN
from kansym.data.dataset import Dataset
from kansym.data.weights import mean_square, row_weights
from kansym.errors import ArgumentError, DataError, StorageError
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parser import parse_expression

FORMAT = 1
KIND = "benchmarks.pysr"

PENALTY = 1000.0
"""What PySR adds to the loss of a formula whose units do not go together, as a rule."""

CLOSE = 1e-4
"""Relative difference of a loss from that of its formula, printed constants being rounded."""

NOTHING = 1e-20
"""Loss in units of the mean square of the target that is rounding."""

TRUE_ROWS = 0.9
"""Share of the rows of a hall of fame whose loss has to be that of the formula; its pick always."""


@dataclass(frozen=True)
class Outcome:
    """What came of one thing that was tried.

    Attributes
    ----------
    name : str
    passed : bool or None
        None where this version of PySR lacks it.
    words : str
    """

    name: str
    passed: bool | None
    words: str


@dataclass(frozen=True)
class Results:
    """A record that was read.

    Attributes
    ----------
    pysr, julia, backend : str
        Versions of PySR, Julia and SymbolicRegression.jl.
    commit, date : str
    start_up : float
        Seconds of the first start.
    outcomes : tuple of Outcome
    recovered, own_recovered, laws : int
        Drawn laws that PySR's pick and kansym's formula are, and how many there were.
    law_seconds : float
        For each.
    """

    pysr: str
    julia: str
    backend: str
    commit: str
    date: str
    start_up: float
    outcomes: tuple[Outcome, ...]
    recovered: int
    own_recovered: int
    laws: int
    law_seconds: float

    @property
    def figures(self) -> dict[str, str]:
        """The headline figures."""
        found = {"versions": f"PySR {self.pysr}, SymbolicRegression.jl {self.backend}, Julia {self.julia}"}
        words = {True: "yes", False: "no", None: "lacking"}
        found |= {f"works: {one.name}": words[one.passed] for one in self.outcomes}
        found["seconds to start up"] = f"{self.start_up:.0f}"
        if self.laws:
            found[f"PySR, drawn laws in {self.law_seconds:g} s"] = f"{self.recovered} of {self.laws}"
            found[f"kansym, drawn laws in {self.law_seconds:g} s"] = f"{self.own_recovered} of {self.laws}"
        return found


def write_record(path: Path, record: Mapping[str, Any]) -> None:
    """Write a record, in one step."""
    text = json.dumps({"kind": KIND, "format": FORMAT, **record}, indent=1, ensure_ascii=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".new")
    beside.write_text(text + "\n", encoding="utf-8")
    beside.replace(path)


def read_record(path: Path) -> Results:
    """Read a record, and work out what came of the run.

    Raises
    ------
    StorageError
        If it is no record, or none that a run with PySR has made.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["kind"] != KIND or record["format"] != FORMAT:
            raise StorageError(f"{path} is no record of python -m {KIND}, format {FORMAT}")
        return _results(record)
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error
    except (ArgumentError, DataError) as error:
        raise StorageError(f"{path} was not made by a run: {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StorageError(f"{path} is not complete ({type(error).__name__}: {error})") from error


def _results(record: Mapping[str, Any]) -> Results:
    versions = {name: str(record["versions"][name]) for name in ("pysr", "julia", "backend")}
    for name, version in versions.items():
        if not version[:1].isdigit():
            raise DataError(f"it has no version of {name}")
    took = _moment(record["ended"]) - _moment(record["started"])
    searches = [*record["searches"].values(), *record["laws"].values()]
    asked = sum(float(one["seconds"]) + float(one["start_up"]) for one in searches)
    if not took.total_seconds() >= asked > 0:
        raise DataError(f"its searches took {asked:.0f} s, and it {took.total_seconds():.0f} s")
    if set(record["searches"]) != set(TABLES):
        raise DataError(f"it has the searches {', '.join(record['searches'])}, not {', '.join(TABLES)}")
    outcomes = [_searched(name, one) for name, one in record["searches"].items()]
    outcomes.append(_guessed(record[GUESS_TABLE]))
    count = int(record["settings"]["laws"])
    if list(record["laws"]) != law_names(count):
        raise DataError(f"it has {len(record['laws'])} laws, not the first {count} of those that are drawn")
    judged = [_judged(name, one) for name, one in record["laws"].items()]
    return Results(
        **versions,
        commit=str(record["commit"]),
        date=_moment(record["started"]).date().isoformat(),
        start_up=max(float(one["start_up"]) for one in searches),
        outcomes=tuple(outcomes),
        recovered=sum(theirs for theirs, _ in judged),
        own_recovered=sum(own for _, own in judged),
        laws=count,
        law_seconds=float(record["settings"]["law_seconds"]),
    )


def _moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)


def _searched(name: str, one: Mapping[str, Any]) -> Outcome:
    """A table that PySR was run on: whether it left formulas that are what it says."""
    table = TABLES[name]
    hall = checked_hall(one, table.make())
    pick = hall.formulas[hall.pick].expression
    words = f"{len(hall.formulas)} formulas, of which it picks {pick}; {float(one['seconds']):.0f} s"
    if table.killed_after is None:
        return Outcome(table.title, True, words)
    told = str(one["remark"]).startswith("was killed by SIGKILL; this is what it had")
    in_time = float(one["seconds"]) < float(one["budget"]) and float(one["killed_after"]) == table.killed_after
    return Outcome(table.title, told and in_time, f"{words}; {one['remark']}")


def _guessed(one: Mapping[str, Any]) -> Outcome:
    """Whether a guess of kansym's was kept, as one of the rows that PySR left."""
    title = "a guess of kansym's is kept"
    if "lacking" in one:
        return Outcome(title, None, str(one["lacking"]))
    dataset = guess_table()
    hall = checked_hall(one, dataset)
    guess = values_of(parse_expression(str(one["guess"]).replace("^", "**"), dataset.names), dataset.names, dataset.X)
    scale = float(np.abs(guess).max())
    rows = [values_of(row, dataset.names, dataset.X) for row in hall.expressions]
    kept = any(np.abs(row - guess).max() <= 1e-6 * scale for row in rows)
    return Outcome(title, kept, f"{one['guess']}: {'among' if kept else 'not among'} {len(rows)} rows")


def _judged(name: str, one: Mapping[str, Any]) -> tuple[bool, bool]:
    """Whether PySR's pick is a drawn law, and whether kansym's formula is, by the strict criterion."""
    problem = law_problem(name)
    hall = checked_hall(one, law_table(problem))
    own = None if not one["kansym"] else parse_expression(str(one["kansym"]), problem.names)
    return strict(hall.expressions[hall.pick], problem).recovered, bool(own and strict(own, problem).recovered)


def checked_hall(one: Mapping[str, Any], dataset: Dataset) -> HallOfFame:
    """PySR's formulas of a search in the table's names, if they have the losses that stand beside them.

    Raises
    ------
    DataError
        If the table is another one, or the losses are not those of the formulas.
    """
    if one["table"] != digest(dataset):
        raise DataError("its table is not the one of this version of the benchmark")
    names = one.get("names") or list(safe_names(dataset.n_columns))
    with tempfile.TemporaryDirectory(prefix="kansym-pysr-") as folder:
        # As kansym reads a run of PySR's: by its folder, and by the file in it.
        file = Path(folder) / RUN / FILE
        file.parent.mkdir()
        file.write_text(str(one["hall"]), encoding="utf-8")
        hall, again = (read_hall_of_fame(path, names) for path in (folder, file))
    if again.formulas != hall.formulas:
        raise DataError("the file and the folder of the run are not read alike")
    rows = zip(hall.formulas, hall.expressions, strict=True)
    true = [_has_its_loss(formula.loss, row, dataset, names) for formula, row in rows]
    if not true[hall.pick] or sum(true) < TRUE_ROWS * len(true):
        raise DataError(f"{len(true) - sum(true)} of {len(true)} losses are not those of the formulas on this table")
    renamed = {plain_symbol(a): plain_symbol(b) for a, b in zip(names, dataset.names, strict=True)}
    expressions = tuple(row.xreplace(renamed) for row in hall.expressions)
    return HallOfFame(hall.formulas, expressions, hall.pick, hall.source, hall.remarks)


def _has_its_loss(loss: float | None, row: Any, dataset: Dataset, names: Sequence[str]) -> bool:
    if loss is None:
        return False
    weights = row_weights(dataset)
    own = mean_square(values_of(row, names, dataset.X) - dataset.y, weights)
    small = NOTHING * float(np.mean(dataset.y**2))
    # With units wrong dimensions cost extra.
    return any(math.isclose(loss, own + more, rel_tol=CLOSE, abs_tol=small) for more in (0.0, PENALTY))
