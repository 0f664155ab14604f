"""The benchmark with PySR, run on a stand-in, and the reader of its record: what no run has made does not pass."""

import copy
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

import benchmarks.pysr.__main__ as command
from benchmarks.pysr import record as record_module
from benchmarks.pysr.record import read_record, write_record
from benchmarks.pysr.tables import TABLES
from kansym.errors import StorageError

STAND_IN = Path(__file__).parents[1] / "comparison" / "stand_in_pysr"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A record of a run with the stand-in, which is killed sooner than the real one."""
    folder = tmp_path_factory.mktemp("pysr")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(STAND_IN))
        patch.syspath_prepend(str(STAND_IN))
        patch.setenv("STAND_IN_PYSR", str(folder / "plan.json"))
        patch.setitem(TABLES, "killed", replace(TABLES["killed"], killed_after=0.5))
        record = command.run(laws=1, seconds=0.5, law_seconds=1.0)
    # What the run sets for itself.
    os.environ.pop(command.OFFLINE, None)
    return record


@pytest.fixture
def record(made, monkeypatch):
    """The same as if Julia had been in it."""
    monkeypatch.setitem(TABLES, "killed", replace(TABLES["killed"], killed_after=0.5))
    found = copy.deepcopy(made)
    found["versions"] |= {"julia": "1.12.1", "backend": "2.0.0"}
    return found


@pytest.fixture
def read(tmp_path):
    def reader(record):
        write_record(tmp_path / "record.json", record)
        return read_record(tmp_path / "record.json")

    return reader


def test_everything_that_is_named_is_tried_and_judged_from_what_was_left(record, read):
    results = read(record)
    assert {one.name: one.passed for one in results.outcomes} == {
        "Kepler's third law": True,
        "a force law with units": True,
        "reserved names and errors of the target": True,
        "a worker that is killed with SIGKILL": True,
        "a guess of kansym's is kept": True,
    }
    assert (results.pysr, results.julia, results.laws, results.law_seconds) == ("2.7.2", "1.12.1", 1, 1.0)
    assert 0 <= results.recovered <= 1 and results.start_up > 0
    assert results.figures["works: a guess of kansym's is kept"] == "yes"
    assert any(line.startswith("works   Kepler's third law: ") for line in command.lines(results))


def test_a_stand_in_is_no_run(made, read):
    with pytest.raises(StorageError, match="it has no version of julia"):
        read(made)


def test_facts_without_what_was_left_are_no_run(read, tmp_path):
    """What is known of the runs of November 2026, put into the form of a record by hand."""
    facts = {
        "commit": "cb61a74",
        "versions": {"pysr": "1.5.10", "julia": "1.12.1", "backend": "1.11.3"},
        "settings": {"laws": 25, "seconds": 30.0, "law_seconds": 60.0},
        "started": "2026-11-30T10:00:00+00:00",
        "ended": "2026-11-30T13:00:00+00:00",
        "searches": {name: {"seconds": 30.0, "start_up": 72.0, "outcome": "passed"} for name in TABLES},
        "guess": {"lacking": "`guesses` is not a valid keyword argument for PySRRegressor."},
        "laws": {},
        "recovered": 4,
    }
    with pytest.raises(StorageError, match="is not complete"):
        read(facts)
    # With the halls of fame of another run put into it.
    hall = (STAND_IN.parent / "pysr_files" / "kepler" / "hall_of_fame.csv").read_text()
    for name, one in facts["searches"].items():
        one |= {"hall": hall, "table": record_module.digest(TABLES[name].make()), "remark": "", "killed_after": None}
    with pytest.raises(StorageError, match=r"was not made by a run: .* losses are not those of the formulas"):
        read(facts)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda r: r["searches"]["units"].update(hall=r["searches"]["kepler"]["hall"]), "losses are not those"),
        (
            lambda r: r["searches"]["units"].update(hall="Complexity,Loss,Equation\n3,0.5,x0 * 1.0\n"),
            "losses are not those",
        ),
        (lambda r: r["searches"]["kepler"].update(table="0" * 64), "its table is not the one"),
        (lambda r: r["searches"].pop("killed"), "it has the searches"),
        (lambda r: r["settings"].update(laws=25), "it has 1 laws, not the first 25"),
        (lambda r: r.update(ended=r["started"]), "its searches took"),
        (lambda r: r.pop("guess"), "is not complete"),
    ],
)
def test_a_record_that_was_changed_is_refused(record, read, change, words):
    change(record)
    with pytest.raises(StorageError, match=words):
        read(record)


def test_outcomes_are_not_taken_from_the_record(record, read):
    record["searches"]["killed"]["remark"] = ""
    record["guess"]["hall"] = "\n".join(record["guess"]["hall"].splitlines()[:-1]) + "\n"
    results = read(record)
    assert [one.passed for one in results.outcomes] == [True, True, True, False, False]
    record["guess"] = {"lacking": "`guesses` is not a valid keyword argument"}
    assert read(record).outcomes[-1].passed is None


def test_files_that_are_none(tmp_path):
    path = tmp_path / "record.json"
    with pytest.raises(StorageError, match="cannot be read"):
        read_record(path)
    for text in ("{", "[]", json.dumps({"kind": "bench", "format": 1})):
        path.write_text(text)
        with pytest.raises(StorageError):
            read_record(path)


@pytest.mark.parametrize("plan", ["no julia", "no pysr"])
def test_without_julia_one_line_says_so(plan, tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("PYTHONPATH", str(STAND_IN))
    monkeypatch.syspath_prepend(str(STAND_IN))
    monkeypatch.setenv("STAND_IN_PYSR", str(tmp_path / "plan.json"))
    monkeypatch.setenv(command.OFFLINE, "yes")
    (tmp_path / "plan.json").write_text(json.dumps({"import": plan}))
    assert command.main(out=tmp_path / "record.json") == 0
    (line,) = capfd.readouterr().out.splitlines()
    assert line.startswith("skipped: PySR ") and not (tmp_path / "record.json").exists()


def test_the_version_without_guesses(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(STAND_IN))
    monkeypatch.setenv("STAND_IN_PYSR", str(tmp_path / "plan.json"))
    (tmp_path / "plan.json").write_text(json.dumps({"version": "1.5.10"}))
    found = command._guess()
    assert found["pysr"] == "1.5.10" and "`guesses` is not a valid keyword argument" in found["lacking"]
