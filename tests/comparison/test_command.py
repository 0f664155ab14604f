import json

import numpy as np
import pytest

import kansym.comparison.process as process_module
from kansym.cli import main


@pytest.fixture(autouse=True)
def little_patience(monkeypatch):
    monkeypatch.setattr(process_module, "GRACE", 1.0)


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    x = np.linspace(1, 3, 60)
    path = tmp_path / "line.csv"
    path.write_text("a,b\n" + "".join(f"{v!r},{2 * v + 1!r}\n" for v in x.tolist()))
    return path


def test_one_table(faulty, table, capsys, tmp_path):
    faulty("")
    arguments = ["compare", "line.csv", "--target", "b", "--with", "faulty", "--seconds", "1", "--out", "out", "-q"]
    assert main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["tool", "nodes", "bits"]
    assert lines[1].split()[:2] == ["kansym", "5"] and lines[1].endswith("2*a + 1")
    assert lines[2].split()[:2] == ["faulty", "5"] and "same formula" in lines[2]
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert {
        "comparison.json",
        "comparison.csv",
        "comparison.txt",
        "comparison.svg",
        "comparison.png",
        "comparison.html",
    } <= written
    assert {"formula.json", "certificate.json", "report.txt"} <= written
    assert "faulty found the same" in (tmp_path / "out" / "report.txt").read_text()
    # Again is all right, with another table it is not.
    assert main(arguments) == 0
    table.write_text(table.read_text() + "9,9\n")
    assert main(arguments) == 2
    assert "holds a run of another table" in capsys.readouterr().err


def test_a_missing_tool_is_exit_code_3(faulty, table, capsys):
    faulty("missing")
    assert main(["compare", "line.csv", "--target", "b", "--with", "faulty", "--seconds", "3", "-q"]) == 3
    assert "pip install faulty" in capsys.readouterr().out


def test_json(faulty, table, capsys):
    faulty("crash")
    assert main(["compare", "line.csv", "--target", "b", "--with", "faulty", "--seconds", "3", "-q", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert [tool["tool"] for tool in record["tools"]] == ["kansym", "faulty"]
    assert record["tools"][1]["failure"].startswith("ValueError")


@pytest.mark.long
def test_a_finished_run(faulty, table, capsys, tmp_path):
    faulty("")
    assert main(["discover", "line.csv", "--target", "b", "--seconds", "5", "--out", "run", "-q"]) == 0
    capsys.readouterr()
    assert main(["compare", "run", "--with", "faulty", "-q"]) == 0
    out = capsys.readouterr().out
    assert "same formula" in out and "60 rows fitted by all" in out and "held out" not in out.splitlines()[0]
    assert (tmp_path / "run" / "comparison.json").exists()
    main(["report", "run"])
    assert "faulty found the same" in capsys.readouterr().out
    # Moved, and another table in its place.
    table.rename(tmp_path / "moved.csv")
    assert main(["compare", "run", "--with", "faulty", "-q"]) == 2
    assert "--data" in capsys.readouterr().err
    assert main(["compare", "run", "--with", "faulty", "-q", "--data", "moved.csv"]) == 0
    table.write_text((tmp_path / "moved.csv").read_text() + "9,9\n")
    capsys.readouterr()
    assert main(["compare", "run", "--with", "faulty", "-q"]) == 2
    assert "rows differ" in capsys.readouterr().err
    # A run of an older version does not say how its table was read.
    record = json.loads((tmp_path / "run" / "formula.json").read_text())
    assert record["table"]["file"] == "line.csv" and record["table"]["target"] == "b"
    (tmp_path / "run" / "formula.json").write_text(json.dumps(record | {"table": {}}))
    assert main(["compare", "run", "--with", "faulty", "-q"]) == 2
    assert "compare the table itself" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["line.csv"], "--target is missing"),
        (["line.csv", "--target", "b", "--with", "eureqa"], "there is no peer 'eureqa'"),
        (["line.csv", "--target", "b", "--data", "line.csv"], "--data goes with the folder"),
        (["line.csv", "--target", "b", "--pysr-csv", "nowhere.csv"], "nowhere.csv"),
        (["line.csv", "--target", "b", "--seconds", "0"], "--seconds must be a positive number"),
        (["nowhere.csv", "--target", "b"], "there is no file nowhere.csv"),
        (["."], "holds no finished run"),
    ],
)
def test_mistakes_are_one_line(table, capsys, arguments, words):
    assert main(["compare", *arguments, "-q"]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and len(captured.err.splitlines()) == 1 and words in captured.err
