"""The fuzzer of the command: cases are reproducible, and what is wrong is seen."""

import json
import os
import sys
import time
import warnings

import numpy as np
import pytest

from kansym.data import read_table
from kansym.errors import KansymError
from tests.fuzz import __main__ as fuzz
from tests.fuzz import worker
from tests.fuzz.__main__ import Summary, describe
from tests.fuzz.worker import Outcome, make_case, run_case


@pytest.fixture
def run(tmp_path):
    """Stands for a saved run."""
    folder = tmp_path / "saved"
    folder.mkdir()
    (folder / "formula.json").write_text('{"kansym": "run"}')
    return folder


def contents(folder):
    return {
        path.relative_to(folder): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def test_a_case_is_the_same_again(tmp_path, run):
    for number in range(40):
        folders = [tmp_path / f"{number}{letter}" for letter in "ab"]
        made = []
        for folder in folders:
            folder.mkdir()
            file, line = make_case(0, number, folder, run)
            made.append((file.kind, [token.replace(str(folder), "") for token in line.tokens], contents(folder)))
        # HDF5 and Parquet files hold no dates; all others are written by hand.
        assert made[0] == made[1]


def test_other_seeds_are_other_cases(tmp_path, run):
    kinds = []
    for seed in (0, 1):
        made = []
        for number in range(10):
            folder = tmp_path / f"{seed}-{number}"
            folder.mkdir()
            made.append(make_case(seed, number, folder, run)[1].tokens[1:])
        kinds.append(made)
    assert kinds[0] != kinds[1]


def test_a_third_of_the_tables_can_be_read(tmp_path, run):
    read = asked = 0
    for number in range(200):
        folder = tmp_path / str(number)
        folder.mkdir()
        file, line = make_case(3, number, folder, run)
        if line.command not in ("discover", "fit-constants") or file.kind == "pipe":
            continue
        asked += 1
        try:
            read_table(file.path, **{"target": "", **line.options})
            read += 1
        except KansymError:
            pass
    assert asked > 150 and read > asked / 3


def case_with(monkeypatch, tmp_path, run, main, *, command="discover", as_json=False):
    """The outcome of a case in which `main` takes the place of the command."""
    monkeypatch.setattr("kansym.cli.main", main)
    original = worker.make_case

    def made(*arguments):
        file, line = original(*arguments)
        tokens = (command, str(file.path), "--quiet")
        return file, type(line)(tokens, 0.5, command, as_json, {"target": file.columns[-1]})

    monkeypatch.setattr(worker, "make_case", made)
    folder = tmp_path / "case"
    folder.mkdir()
    return run_case(0, 0, folder, run)


def say(out="", err="", code=0):
    def main(_):
        sys.stdout.write(out)
        sys.stderr.write(err)
        return code

    return main


def warn(_):
    warnings.warn("overflow", RuntimeWarning, stacklevel=1)
    return say("y = x\n")(_)


def fail(_):
    raise ZeroDivisionError("a bug")


def work_long(_):
    began = time.process_time()
    while time.process_time() - began < 0.5 * 1.1 + 0.3:
        pass
    return say("y = x\n")(_)


def use_memory(_):
    np.ones(4_000_000)
    return say("y = x\n")(_)


LINE = "kansym: error: there is no file x.csv\n"


@pytest.mark.parametrize(
    ("main", "expected"),
    [
        (say("y = x\n"), ""),
        (say(err=LINE, code=2), ""),
        (say(err=LINE, code=1), "exit code 1"),
        (say(out="y", err=LINE, code=2), "without one clear line"),
        (say(err=LINE * 2, code=2), "without one clear line"),
        (say(err="no file\n", code=2), "without one clear line"),
        (say(err=f"kansym: error: {'x' * 5000}\n", code=2), "without one clear line"),
        (say(), "no output"),
        (say("y = x\n", err="Traceback (most recent call last):\n"), "warning"),
        (warn, "printed a warning"),
        (fail, "ZeroDivisionError: a bug"),
        (work_long, "took"),
    ],
)
def test_what_is_wrong_is_seen(monkeypatch, tmp_path, run, main, expected):
    if main is work_long:
        monkeypatch.setattr(worker, "GRACE", 0.1)
    outcome = case_with(monkeypatch, tmp_path, run, main)
    assert expected in outcome.failure if expected else outcome.failure == ""


@pytest.mark.skipif(not os.path.exists("/proc/self/clear_refs"), reason="the peak of memory is measured on Linux only")
def test_memory_is_measured_per_case(monkeypatch, tmp_path, run):
    monkeypatch.setattr(worker, "MOST_MEMORY", 1)
    outcome = case_with(monkeypatch, tmp_path, run, use_memory)
    assert "MB of memory" in outcome.failure and outcome.memory > 32_000_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "invalid JSON"),
        ('{"formula": NaN}', "invalid JSON: NaN"),
        ('{"formula": {}}', "cannot be read back"),
    ],
)
def test_wrong_json_is_seen(monkeypatch, tmp_path, run, text, expected):
    assert expected in case_with(monkeypatch, tmp_path, run, say(text), as_json=True).failure


def test_a_formula_that_is_not_finite_is_seen(monkeypatch, tmp_path):
    from kansym.fitting.known_form import fit_columns as fit_constants
    from tests.fuzz.files import RandomFile
    from tests.fuzz.options import CommandLine

    path = tmp_path / "t.csv"
    path.write_text("x,y\n-1,1\n2,3\n3,4\n")
    line = CommandLine(("discover",), 1.0, "discover", True, {"target": "y"})
    file = RandomFile(path, "text", ("x", "y"))
    for text, data, expected in (
        ("a*sqrt(x)", [1.0, 2.0, 3.0], "no finite value on 1 of 3"),
        ("a*x", [1.0, 2.0, 3.0], ""),
    ):
        formula = fit_constants(text, {"x": np.array(data)}, np.array([1.0, 1.5, 2.0])).formula
        out = json.dumps({"formula": formula.to_dict()}, allow_nan=False)
        assert expected in worker._wrong_result(line, file, out)
        assert bool(expected) == bool(worker._wrong_result(line, file, out))


def test_summary_counts_and_names_failures():
    summary = Summary()
    summary.add(Outcome(4, "discover", "text", 0, 1.5, 10 * 2**20))
    summary.add(Outcome(7, "discover", "npy", 2, 0.1, 30 * 2**20))
    summary.add(Outcome(9, "report", "text", 1, 0.1, 1, "exit code 1: a\nbug", ("report", "a b")))
    text = "\n".join(summary.lines())
    assert "3 cases, 1 failed" in text and "slowest: case 4, 1.5 s" in text and "most memory: case 7, 30 MB" in text
    assert [line.split() for line in summary.lines() if line.startswith("discover")] == [["discover", "1", "1", "0"]]
    assert describe(summary.failures[0]) == "case 9 (text): exit code 1: a | bug: kansym report 'a b'"


@pytest.mark.long
def test_a_worker_that_does_not_answer_is_ended(monkeypatch, tmp_path, run):
    number = next(number for number in range(1000) if takes_long(number, tmp_path / str(number), run))
    monkeypatch.setattr(fuzz, "HANG", 0.01)
    (outcome,) = fuzz.outcomes([number], seed=0, jobs=1, out=tmp_path)
    assert outcome.number == number and "no answer for 0.01 s" in outcome.failure
    assert json.loads((tmp_path / f"case-{number}" / "case.json").read_text())["number"] == number


def takes_long(number, folder, run):
    """Whether a case searches a table that can be read for a second."""
    folder.mkdir()
    file, line = make_case(0, number, folder, run)
    if line.command != "discover" or line.seconds < 1 or "target" not in line.options or file.kind != "text":
        return False
    try:
        return read_table(file.path, **line.options).n_rows > 20 and len(line.tokens) < 9
    except KansymError:
        return False


def test_options_that_make_no_sense(capsys):
    with pytest.raises(SystemExit):
        fuzz.main(["--cases", "0"])
    assert "--cases" in capsys.readouterr().err
