"""Of the laws that a run of `kansym bench` lost: is the law's description longer than the pick's?

Both are fitted to the rows of the search, and described as a search describes them, the noise unknown. What is shorter
than the law is no fault of a search that looks for the shortest description: rows with noise do not tell the two apart.

    kansym bench lab:7 --seconds 60 --out runs/lab
    python -m benchmarks.excess runs/lab
    python -m benchmarks.excess pairs benchmarks/paired/records.jsonl dc628818   # noisy entries of the paired set
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import sympy
from cyclopts import App

from benchmarks.paired.entries import Entry, entries, table_of
from benchmarks.paired.searching import read_records
from kansym.bench.catalogue import load_catalogue
from kansym.bench.problem import Problem, make_problem
from kansym.bench.records import Record, read
from kansym.errors import KansymError
from kansym.search.found import nodes_of_short
from kansym.search.results import StopReason
from kansym.symbolic.complexity import complexity, description_length
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.parser import parse_expression
from kansym.symbolic.refit import refit

STEPS = 50
"""Most steps of a fit to the rows."""

CLEARLY = 3.0
"""Bits by which a law is clearly shorter."""

TIME_IS_UP = (StopReason.OUT_OF_TIME, StopReason.OUT_OF_WALL_TIME)

EQUAL = 0.1
"""Bits that are none: a form that has the law's constants is as long."""

app = App(name="python -m benchmarks.excess", help="Lost laws with a longer description than the pick's.")


def law_excess(record: Record) -> float:
    """Bits by which the law is longer than the pick, both fitted to the rows; nan where one of them has no value.

    Parameters
    ----------
    record : Record
        Of a law that was lost.
    """
    law = load_catalogue(record["catalogue"])[record["law"]]
    settings = {name: record[name] for name in ("rows", "seed", "noise", "dummies")}
    problem = make_problem(law, **settings)
    pick = parse_expression(record["formula"], [symbol.name for symbol in problem.symbols])
    return length(problem.truth, problem) - length(pick, problem)


def length(formula: sympy.Expr, problem: Problem) -> float:
    """Bits of a formula with its constants fitted to the rows of a problem."""
    form = parametrize(formula, problem.symbols)
    form = refit(form, problem.X, problem.y, weights=problem.weights, max_steps=STEPS).form
    squares = (form.evaluate(problem.X) - problem.y) ** 2
    loss = float(np.average(squares, weights=problem.weights))
    return description_length(form, len(problem.y), loss, 0.0, len(problem.symbols)) if loss > 0 else float("nan")


@app.default
def main(run: Path) -> None:
    """Print the excess of every law that kansym lost, and how many are no shorter than the pick.

    Parameters
    ----------
    run : Path
        Folder of `kansym bench --out`.
    """
    lost = [one for one in read(run) if one["tool"] == "kansym" and not one["recovered"] and one["formula"]]
    longer = 0
    for record in lost:
        excess = law_excess(record)
        longer += excess > -EQUAL
        print(f"{record['law']:12s} the law is {excess:+.1f} bits longer; {record['formula']}")
    print(f"{longer} of {len(lost)} lost laws are no shorter than the pick")


@app.command
def pairs(path: Path, state: str, /) -> None:
    """Count the noisy entries of the paired set whose law is shorter than what a state found, or is that.

    Parameters
    ----------
    path
        Of records of `benchmarks.paired`.
    state
        Its label.
    """
    known = {entry.name: entry for entry in entries()}
    every = [one for one in read_records(path) if one["state"] == state and one.get("noise")]
    shorter = {one["entry"] for one in every if not one["right"] and _has_a_shorter_law(one, known[one["entry"]])}
    ended = [one for one in every if one.get("stopped") not in (None, *map(str, TIME_IS_UP))]
    short = [one for one in ended if _is_short(one, known[one["entry"]])]
    for words, some in (
        ("noisy searches", every),
        ("that ended before their time", ended),
        ("of these with a short formula", short),
    ):
        right, better = sum(one["right"] for one in some), sum(one["entry"] in shorter for one in some)
        print(f"{len(some)} {words}: {right} right, {better} with a law that is shorter by {CLEARLY:g} bits and more")


def _is_short(record: Mapping[str, Any], entry: Entry) -> bool:
    try:
        pick = parse_expression(record["formula"], table_of(entry).problem.names)
    except (KansymError, KeyError):
        return False
    return complexity(pick) <= nodes_of_short(pick)


def _has_a_shorter_law(record: Mapping[str, Any], entry: Entry) -> bool:
    problem = table_of(entry).problem
    try:
        pick = parse_expression(record["formula"], problem.names)
        return length(pick, problem) > length(problem.truth, problem) + CLEARLY
    except (KansymError, KeyError):
        return False


if __name__ == "__main__":
    app()
