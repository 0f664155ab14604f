"""The paired set: its entries, what two states are told, and what is said of pairs of records."""

import json
import subprocess
import sys

import numpy as np
import pytest

from benchmarks.pace.side import HERE
from benchmarks.paired.entries import NOISE, ROWS, STRATA, catalogue_of, entries, sample, table_of
from benchmarks.paired.searching import WORKER, read_records, verdicts
from benchmarks.paired.summary import contest, figures, lines_of_contest, lines_of_states
from kansym.bench.catalogue import HALVES, catalogue_names, load_catalogue
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parser import parse_expression


def test_size_of_the_set():
    found = entries()
    assert len({entry.name for entry in found}) == len(found) >= 600
    for stratum in STRATA:
        assert sum(entry.stratum == stratum for entry in found) >= 200
    written = catalogue_of("textbooks").names
    assert len(written) >= 150
    halves = [{one.law for one in found if one.kind == "textbooks" and one.half == half} for half in HALVES]
    assert halves[0] | halves[1] == set(written) and not halves[0] & halves[1]
    assert 0.4 < len(halves[0]) / len(written) < 0.6


def test_every_beginning_is_a_fair_sample():
    few, more = sample("development", 30), sample("development", 60)
    assert set(few) <= set(more)
    assert [sum(entry.stratum == stratum for entry in few) for stratum in STRATA] == [10, 10, 10]
    assert all(entry.half == "development" for entry in more)
    assert {entry.kind for entry in sample("development", kinds=("sums",))} == {"sums"}


@pytest.mark.parametrize("stratum", STRATA)
def test_tables_are_as_their_stratum_says(stratum):
    chosen = [one for one in sample("development", kinds=("textbooks",)) if one.stratum == stratum][:6]
    for entry in chosen:
        table, again = table_of(entry), table_of(entry)
        X, y = table.problem.X, table.problem.y
        np.testing.assert_array_equal(X, again.problem.X)
        np.testing.assert_array_equal(y, again.problem.y)
        assert ROWS[stratum][0] <= len(y) <= max(ROWS[stratum][1], 10 * X.shape[1])
        clean = table.problem.law_at(X)
        assert NOISE[stratum][0] <= table.noise <= NOISE[stratum][1]
        left = float(np.sqrt(np.mean((y - clean) ** 2))) / float(np.std(clean))
        assert left == pytest.approx(table.noise, rel=0.5, abs=1e-12)
        if table.problem.errors is not None:
            np.testing.assert_allclose(table.problem.errors, table.noise * np.std(clean), rtol=1e-9)


def shape_of(law):
    """A law's form without names: its columns by number in every order would be too many, so by first appearance."""
    names = iter(range(99))
    places = {}
    for symbol in law.form.atoms(plain_symbol("x").func):
        places.setdefault(symbol, None)
    ordered = sorted(places, key=lambda symbol: str(law.form).index(symbol.name))
    return law.form.xreplace({symbol: plain_symbol(f"z{next(names)}") for symbol in ordered})


def test_no_law_from_textbooks_is_in_a_catalogue():
    known = {shape_of(law) for name in catalogue_names() for law in load_catalogue(name).laws}
    for law in catalogue_of("textbooks").laws:
        assert law.source, f"{law.name} names no source"
        assert shape_of(law) not in known, f"{law.name} is in a catalogue"


def ask(*, clone=HERE, **request):
    """The answer of a side of a state, in a process of its own."""
    done = subprocess.run(
        [sys.executable, str(WORKER)],
        input=json.dumps(request) + "\n",
        capture_output=True,
        text=True,
        cwd=clone,
        env={"PYTHONPATH": str(clone), "PATH": "", "OMP_NUM_THREADS": "1"},
        check=True,
    )
    return json.loads(done.stdout)


def test_a_side_searches_a_table_and_outlives_one_that_breaks_it():
    x = np.linspace(1, 4, 30)
    request = {"errors": None, "names": ["x0"], "seconds": 5.0, "certify": False, "without": ["networks"]}
    found = ask(X=x[:, None].tolist(), y=(2.5 * x**3).tolist(), **request)
    assert found["cpu"] >= found["seen"] >= 0 and found["work"] > 0
    entry = next(one for one in sample("development") if one.kind == "losses")
    problem = table_of(entry).problem
    truth = str(problem.truth)
    assert verdicts(truth, [truth], problem)["right"]
    assert not verdicts("x0 + 1", ["x0 + 1"], problem)["right"]
    assert verdicts("x0 + 1", [truth], problem)["front_right"]
    assert "DataError" in ask(X=[[1.0]], y=[float("nan")], **request)["failure"]


def test_exact_numbers_are_written_where_they_are_asked_for():
    x = np.linspace(1, 4, 40)
    y = 2 * x**3 * (1 + 0.01 * np.random.default_rng(0).normal(size=40))
    table = {"X": x[:, None].tolist(), "y": y.tolist(), "errors": None, "names": ["x0"], "seconds": 5.0}
    measured = ask(**table, certify=False, without=["networks"])["formula"]
    rounded = ask(**table, certify=False, without=["networks"], exact=True)["formula"]
    law = parse_expression("2*x0**3", ["x0"])
    assert parse_expression(measured, ["x0"]) != law
    assert parse_expression(rounded, ["x0"]).equals(law)


def record(entry, state, right, cpu=1.0, stratum="clean"):
    return {
        "entry": entry,
        "kind": "textbooks",
        "stratum": stratum,
        "state": state,
        "right": right,
        "form": right,
        "front_right": right,
        "cpu": cpu,
    }


def test_pairs_that_differ():
    before = [record(f"law{k}", "old", right=k < 6) for k in range(10)]
    after = [record(f"law{k}", "new", right=k >= 5, cpu=2.0) for k in range(10)] + [record("more", "new", True)]
    pair = contest(before, after)
    assert (pair.pairs, pair.before, pair.after) == (10, 6, 5)
    assert pair.lost == tuple(f"law{k}" for k in range(5)) and pair.won == tuple(f"law{k}" for k in range(6, 10))
    # McNemar: 4 of 9 that differ, two-sided binomial: 1 - C(9,4)/2^9 - ... by hand 1 for 4 or 5 of 9.
    assert pair.p == pytest.approx(1.0)
    assert pair.cpu == (1.0, 2.0, 1.0, 2.0)
    one_sided = contest(
        [record(f"a{k}", "old", False) for k in range(6)], [record(f"a{k}", "new", True) for k in range(6)]
    )
    assert one_sided.p == pytest.approx(2 / 2**6)
    text = "\n".join(lines_of_contest(before + after, "old", "new"))
    assert "lost: law0" in text and "won:  law9" in text and "more" not in text
    assert any("new" in line and "5" in line for line in lines_of_states(before + after))
    assert figures(before + after)["old"] == "right clean 6 of 10; form 6 of 10; mean 1.0 s, median 1.0 s"


def test_records_survive_a_cut_line(tmp_path):
    path = tmp_path / "records.jsonl"
    path.write_text(json.dumps(record("a", "now", True)) + "\n" + '{"entry": "b", "ri', encoding="utf-8")
    assert [one["entry"] for one in read_records(path)] == ["a"]
    assert read_records(tmp_path / "none.jsonl") == []


def test_what_libraries_write_does_not_mix_with_answers(tmp_path):
    loud = tmp_path / "kansym"
    loud.mkdir()
    code = "import os\n\n\ndef make_dataset(*_, **__):\n    os.write(1, b' ** On entry to DLASCL')\n"
    (loud / "__init__.py").write_text(code)
    found = ask(X=[[1.0]], y=[1.0], errors=None, names=["x0"], seconds=1.0, certify=False, without=[], clone=tmp_path)
    assert "AttributeError" in found["failure"]
