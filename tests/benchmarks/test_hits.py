"""The hit matrix: sets of finders that cover, and what is said of each."""

import pytest

from benchmarks.hits import Jury, cover, lines
from benchmarks.paired.entries import sample, table_of
from kansym.bench.problem import Problem
from kansym.provenance import Book, Origin
from kansym.symbolic.formula import Formula


def record(entry, **spent):
    hits = {name: {"work": work, "spent": work, "changes": [], "reductions": []} for name, work in spent.items()}
    return {"entry": entry, "hits": hits, "spent": {**spent, "idle": 2.0}}


MATRIX = [
    record("a", algebra=1.0, sums=5.0),
    record("b", algebra=1.0),
    record("c", algebra=2.0, sums=4.0),
    record("d", sums=3.0),
    record("e", trees=9.0),
    record("f"),
]


def test_greedy_cover():
    assert cover(MATRIX, 1.0) == [("algebra", 3), ("sums", 1), ("trees", 1)]
    assert cover(MATRIX, 0.6) == [("algebra", 3)]
    # Of equals the cheaper one comes first.
    assert cover([record("a", slow=5.0, quick=1.0)], 1.0) == [("quick", 1)]
    assert cover([record("f")], 0.95) == []


def test_a_law_needs_all_who_read_on_its_way():
    through = record("g", sums=1.0)
    through["hits"]["sums"]["readers"] = ["curves"]
    assert cover([through], 1.0) == [("curves", 0), ("sums", 1)]
    # Who reads on the way is not idle, and one finder for two laws comes before two for one.
    assert "Without any hit: idle;" in "\n".join(lines([through]))
    assert cover([through, record("h", trees=9.0), record("i", trees=9.0)], 0.5) == [("trees", 2)]


def test_the_page():
    text = "\n".join(lines(MATRIX))
    assert "6 laws, of which 5 have a hit" in text
    assert "| algebra | 3 | 3 | 1 | 0 | 1.0 s |" in text
    assert "Without any hit: idle" in text
    reading = record("g", networks=3.0)
    del reading["spent"]["networks"]
    assert "| networks | 1 | 1 | 1 | 0 | 3.0 s | - |" in "\n".join(lines([*MATRIX, reading]))


@pytest.fixture(scope="module")
def problem() -> Problem:
    return table_of(next(one for one in sample("development") if one.kind == "losses")).problem


def formula(problem, expression, target="y"):
    return Formula(expression, problem.names, target, 9, 0.0, 0.0, 0.0, origin=Origin("sums", 2.0))


def test_a_jury_withholds_the_law_and_nothing_else(problem):
    jury = Jury(problem)
    jury.book = Book()
    jury.book.spent["sums"] = 1.5
    assert jury(formula(problem, problem.truth))
    assert jury.hits["sums"]["work"] == 2.0 and jury.hits["sums"]["spent"] == 1.5
    assert not jury(formula(problem, problem.truth + 1))
    assert not jury(formula(problem, problem.truth, target="_t"))
