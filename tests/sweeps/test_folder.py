"""A sweep keeps what it finds, goes on where it stopped, and loses nothing to a bad table."""

import numpy as np
import pandas as pd
import pytest

import kansym
from kansym import DiscoveryOptions, load_run, make_dataset
from kansym.errors import ArgumentError, DataError
from kansym.executors import WorkerFailure
from kansym.sweeps import folder as module
from kansym.sweeps import sweep
from kansym.sweeps.task import SearchedTable, search_table

OPTIONS = DiscoveryOptions(max_seconds=5, deterministic=True)


def line(slope: float):
    x = np.linspace(1, 4, 12)
    return make_dataset(x[:, None], slope * x + 1, names=["x"], target="y")


def missing():
    raise DataError("there is no such file")


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Two tables, and one that cannot be read."""
    path = tmp_path_factory.mktemp("sweep") / "out"
    tables = {"two": line(2), "lost": missing, "three": lambda: line(3)}
    return path, tables, sweep(tables, OPTIONS, out=path)


def test_every_table_has_a_row_and_a_folder(done):
    path, _, found = done
    assert [row.name for row in found.rows] == ["two", "lost", "three"]
    assert [row.failure for row in found.rows] == ["", "there is no such file", ""]
    assert str(load_run(path / "three").formula) == "y = 3*x + 1"
    assert (path / "two" / "report.html").exists() and (path / "two" / "thumbnail.png").exists()
    assert sorted(entry.name for entry in path.iterdir()) == ["index.html", "sweep.csv", "three", "two"]


def test_the_same_form_is_recognised(done):
    assert [[row.name for row in group] for group in done[2].recurring] == [["two", "three"]]


def test_the_table_of_all_can_be_read(done):
    frame = pd.read_csv(done[0] / "sweep.csv")
    assert list(frame.columns) == list(done[2].to_frame().columns)
    assert list(frame["table"]) == ["two", "lost", "three"]
    assert list(frame["verdict"]) == ["law", "failed", "law"]


def test_what_is_done_is_not_searched_again(done, monkeypatch):
    path, tables, found = done

    def refuse(task):
        raise AssertionError("searched again")

    monkeypatch.setattr(module, "search_table", refuse)
    again = sweep(tables, OPTIONS, out=path)
    assert [row.to_dict() for row in again.rows] == [row.to_dict() for row in found.rows]


@pytest.mark.parametrize(
    ("options", "slope"),
    [(DiscoveryOptions(max_seconds=5, deterministic=True, seed=1), 2), (DiscoveryOptions(max_seconds=6), 2),
     (OPTIONS, 5)],
    ids=["other seed", "other options", "other table"],
)  # fmt: skip
def test_another_table_seed_or_option_is_searched(done, monkeypatch, options, slope, tmp_path):
    asked = []

    def search(task):
        asked.append(task)
        return SearchedTable({}, "not now")

    monkeypatch.setattr(module, "search_table", search)
    sweep({"two": line(slope)}, options, out=done[0])
    assert len(asked) == 1
    # A search that fails takes nothing away.
    assert str(load_run(done[0] / "two").formula) == "y = 2*x + 1"
    # The page of all is that of the last call.
    assert "not now" in (done[0] / "index.html").read_text()
    sweep(done[1], OPTIONS, out=done[0])


def test_an_interrupted_sweep_keeps_what_is_done(tmp_path, monkeypatch, done):
    files = {file.name: file.read_bytes() for file in (done[0] / "two").iterdir()}

    def search(task):
        if task.dataset.y[0] > 3:
            raise KeyboardInterrupt
        return SearchedTable(files)

    monkeypatch.setattr(module, "search_table", search)
    seen = []
    with pytest.raises(KeyboardInterrupt):
        sweep({"two": line(2), "four": line(4), "five": line(5)}, OPTIONS, out=tmp_path, on_row=seen.append)
    assert [row.name for row in seen] == ["two"]
    assert list(pd.read_csv(tmp_path / "sweep.csv")["table"]) == ["two"]


def test_a_killed_sweep_leaves_no_half_of_a_run(tmp_path, monkeypatch):
    (tmp_path / ".partial-one").mkdir()
    monkeypatch.setattr(module, "search_table", lambda task: SearchedTable({}, "no"))
    sweep({"one": line(2)}, OPTIONS, out=tmp_path)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["index.html", "sweep.csv"]


def test_a_worker_that_dies_is_a_row(tmp_path, monkeypatch):
    def dying(function, tasks, **_):
        list(tasks)
        yield 0, WorkerFailure("its process died")

    monkeypatch.setattr(module, "completed", dying)
    found = sweep({"one": line(2)}, OPTIONS, out=tmp_path)
    assert found.failed[0].failure == "its process died"


@pytest.mark.faults
def test_a_certificate_that_fails_costs_itself(monkeypatch, tmp_path):
    monkeypatch.setattr("kansym.sweeps.task.certify", lambda *_, **__: 1 / 0)
    (row,) = sweep({"two": line(2)}, OPTIONS, out=tmp_path).rows
    assert row.failure == "" and row.verdict == "" and row.to_dict()["formula"] == "y = 2*x + 1"


@pytest.mark.faults
def test_a_search_that_fails_says_why(monkeypatch):
    monkeypatch.setattr("kansym.sweeps.task.discover", lambda *_: 1 / 0)
    found = search_table(module.SearchTask(line(2), OPTIONS))
    assert found.files == {} and found.failure == "ZeroDivisionError: division by zero"


@pytest.mark.parametrize(
    ("tables", "jobs", "match"),
    [({}, 1, "tables: there is none"), ({"a": missing}, 0, "jobs must be at least 1, got 0"),
     ({"../a": missing}, 1, "cannot be the name"), ({"index.html": missing}, 1, "cannot be the name"),
     ({".a": missing}, 1, "cannot be the name")],
)  # fmt: skip
def test_bad_arguments(tables, jobs, match, tmp_path):
    with pytest.raises(ArgumentError, match=match):
        sweep(tables, out=tmp_path, jobs=jobs)
    assert list(tmp_path.iterdir()) == []


def test_the_function_is_what_its_name_says_also_the_second_time():
    # A package of its name would take its place once it is imported.
    assert callable(kansym.sweep) and callable(kansym.sweep)
