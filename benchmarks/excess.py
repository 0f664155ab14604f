"""Of the laws that a run of `kansym bench` lost: is the law's description longer than the pick's?

Both are fitted to the rows of the search, and described as a search describes them, the noise unknown. What is shorter
than the law is no fault of a search that looks for the shortest description: rows with noise do not tell the two apart.

    kansym bench lab:7 --seconds 60 --out runs/lab
    python -m benchmarks.excess runs/lab
"""

from pathlib import Path

import numpy as np
import sympy
from cyclopts import App

from kansym.bench.catalogue import load_catalogue
from kansym.bench.problem import Problem, make_problem
from kansym.bench.records import Record, read
from kansym.symbolic.complexity import description_length
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.parser import parse_expression
from kansym.symbolic.refit import refit

STEPS = 50
"""Most steps of a fit to the rows."""

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


if __name__ == "__main__":
    app()
