"""``kansym sweep``: files, names, exit codes."""

import json

import pytest

from kansym.cli import main
from kansym.data.patterns import matching
from kansym.errors import ArgumentError
from kansym.sweeps.folder import names_of


def test_patterns_stand_for_files_each_once(tmp_path):
    for name in ("b.csv", "a.csv", "c[1].csv"):
        (tmp_path / name).write_text("x,y\n")
    found = matching([str(tmp_path / "*.csv"), str(tmp_path / "a.csv"), str(tmp_path / "c[1].csv")])
    assert [name.rsplit("/", 1)[1] for name in found] == ["a.csv", "b.csv", "c[1].csv"]


@pytest.mark.parametrize("patterns", [[], ["nothing/*.csv"]])
def test_no_file_is_an_error(patterns):
    with pytest.raises(ArgumentError):
        matching(patterns)


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (["runs/a.csv", "runs/b.csv"], ["a", "b"]),
        (["one/a.csv", "two/a.csv"], ["one-a", "two-a"]),
        (["x/one/a.csv", "y/one/a.csv", "y/b.csv"], ["x-one-a", "y-one-a", "y-b"]),
        (["/top/a.csv", "a.csv"], ["top-a", "a"]),
        (["a.csv", "a.txt"], ["a.csv", "a.txt"]),
    ],
)
def test_names_tell_files_apart(files, names):
    assert names_of(files) == dict(zip(names, files, strict=True))


def test_a_sweep_from_files(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.csv").write_text("x,y\n" + "".join(f"{k},{2 * k + 1}\n" for k in range(1, 12)))
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    assert main(["sweep", "*.csv", "--target", "y", "--seconds", "5", "--json"]) == 0
    out, err = capsys.readouterr()
    rows = {row["table"]: row for row in json.loads(out)["rows"]}
    assert rows["good"]["formula"] == "y = 2*x + 1"
    assert "there is no target column 'y'" in rows["bad"]["reason"]
    assert main(["sweep", "good.csv", "--target", "y", "--seconds", "5"]) == 0
    out, err = capsys.readouterr()
    assert "1 tables: 1 law" in out or "1 table: 1 law" in out
    assert "good: law: y = 2*x + 1" in err


def test_only_bad_tables_are_an_error(tmp_path, capsys):
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    assert main(["sweep", str(tmp_path / "bad.csv"), "--target", "y", "--out", str(tmp_path / "out")]) == 2
    assert "could be searched" in capsys.readouterr().err


def test_a_scheduler_needs_dask(capsys):
    assert main(["sweep", "a.csv", "--target", "y", "--scheduler", "tcp://host:1"]) == 2
    assert "--scheduler is for --executor dask" in capsys.readouterr().err
