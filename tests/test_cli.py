"""The command line: what works, what is refused with one line, and what a terminal sees."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from kansym.cli import main
from kansym.commands.implementation.tables import TableOptions, before_the_search
from kansym.commands.options import split_names
from kansym.commands.stopwatch import in_words
from kansym.errors import ArgumentError
from kansym.primitives.library import default_library
from kansym.report import terminal
from kansym.run.storage import load_run
from kansym.search.progress import Progress

FAST = ["--seconds", "1", "--primitives", "x,x^2"]
SQUARES = "".join(f"{a},{b},{3.5 * a * a!r}\n" for a, b in zip(range(1, 9), (3, 1, 4, 1, 5, 9, 2, 6), strict=True))


@pytest.fixture
def table(tmp_path, monkeypatch):
    """Writes a table and returns its name; the working directory is the folder it is in."""
    monkeypatch.chdir(tmp_path)

    def write(text: str, name: str = "t.csv") -> str:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return name

    return write


def refused(capsys, *arguments: str, code: int = 2) -> str:
    """The one line that a refused command writes."""
    assert main(list(arguments)) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert re.fullmatch(r"kansym: error: [^\n]+\n", captured.err), captured.err
    assert "Traceback" not in captured.err
    return captured.err


def found(capsys, *arguments: str, seconds: str = FAST[1]) -> dict:
    """The JSON result of a search, with what was written to standard error under "stderr"."""
    assert main(["discover", *arguments, "--seconds", seconds, *FAST[2:], "--json"]) == 0
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return {**json.loads(captured.out), "stderr": captured.err}


# -- bad input ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("", ["--target", "y"], "t.csv is empty"),
        ("# only\n# comments\n", ["--target", "y"], "only comments"),
        ("a,b,y\n1,2,3\n4,5\n6,7,8\n", ["--target", "y"], "line 3: expected 3 fields, got 2"),
        ("a,y\n1,2\nbad,3\n4,5\n", ["--target", "y"], "line 3: 'bad' is not a number"),
        ("a,y\n1,2\n2,\n3,5\n", ["--target", "y"], "--drop-missing"),
        ("a,y\n1,2\nnan,4\n3,5\n", ["--target", "y"], "--drop-missing"),
        ("a,b,y\n1,2,3\n2,3,4\n", ["--target", "z"], "no target column 'z'; columns: 'a', 'b', 'y'"),
        ("a,b,y\n1,2,3\n2,3,4\n", [], "--target is missing; t.csv: the columns are 'a', 'b', 'y'"),
        ("a,y\n1,2\n2,2\n3,2\n", ["--target", "y"], "target 'y' is constant"),
        ("a,a,y\n1,2,3\n2,3,4\n", ["--target", "y"], "two columns are named 'a'"),
        ("a,y\n1,2\n", ["--target", "y"], "at least two rows"),
        ("a,y\n", ["--target", "y"], "no rows"),
        ("y\n1\n2\n3\n", ["--target", "y"], "no input column is left besides the target 'y'"),
        ("a,y\n1,2\n2,3\n", ["--target", "y", "--columns", "b"], "no input column 'b'"),
        ("a,y\n1,2\n2,3\n", ["--target", "y", "--error", "s"], "no error column 's'"),
        ("a,s,y\n1,0,2\n2,1,3\n", ["--target", "y", "--error", "s"], "must be positive"),
        ("a,y\n1,2\n2,3\n", ["--target", "y", "--device", "abacus"], "--device must be 'auto', 'cpu' or 'cuda'"),
        ("a,y\n1,2\n2,3\n", ["--target", "y", "--primitives", "sin,wiggle"], "--primitives: there is no primitive"),
        ("a,y\n1,2\n2,3\n", ["--target", "y", "--without", "wiggle"], "--without: there is no primitive"),
        ("a,y\n1,2\n2,3\n", ["--target", "y", "--out", "t.csv"], "the output directory t.csv is a file"),
        ("a,y\n1,2\n2,3\n", ["--target", "y", "--out", "t.csv/below"], "cannot be written to"),
        ("a,y\n1,2\n2,3\n", ["--target", "y", "--seconds", "0"], "--seconds must be a positive number"),
        ("a,y\n1,2\n2,3\n", ["--target", "y", "--seconds", "-1"], "--seconds must be a positive number"),
        ("a,y\n1,2\n2,3\n", ["--target", "y", "--seconds", "nan"], "--seconds must be a positive number"),
        ("a,y\n1,2\n2,3\n", ["--target", "y", "--seconds", "abc"], "--seconds"),
        ("a,y\n1,2\n2,3\n", ["--target", "y", "--seed", "-1"], "--seed must be an integer of at least 0"),
        ("a,y\n1,2\n2,3\n", ["--target", "y", "--seed", "1.5"], "--seed"),
        ("a,y\n1,2\n2,3\n", ["--target", "y", "--validation-fraction", "1"], "--validation-fraction must lie"),
        ("a,y\n1,2\n2,3\n", ["--target", "y", "--fast"], "Unknown option: --fast"),
        ("a,y\n1,2\n2,3\n", ["--target", "y", "--guess", "2*a +"], "--guess: formula '2*a +', position 5"),
        ("a,y\n1,2\n2,3\n", ["--target", "y", "--guess", "k*b"], "--guess: 'k*b' contains no column of the table"),
        ("a,y\n1,2\n2,3\n", ["--target", "y", "--guess", "wiggle(a)"], "--guess: formula 'wiggle(a)', position 0"),
        ("a,b,y\n1,1,2\n2,2,3\n", ["--target", "y", "--guess", "k*b + a"], "it repeats column 'a'"),
        ("a,y\n1,2\n2,3\n", ["--target", "y", "--guess", "k*a", "--given", "a + ..."], "--guess and --given"),
        ("a,y\n1,2\n2,3\n", ["--target", "y", "--guess"], "--guess requires an argument"),
        ("a,y\n1,2\n2,3\n", ["--target"], "--target"),
        ("a,y\n1,2\n2,3\n", ["more.csv", "--target", "y"], "more.csv"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(table, capsys, text, options, message):
    assert message in refused(capsys, "discover", table(text), *options)


def test_other_bad_commands_are_one_line_and_exit_code_2(table, capsys, tmp_path):
    (tmp_path / "folder.csv").mkdir()
    assert "there is no file no.csv" in refused(capsys, "discover", "no.csv", "--target", "y")
    message = refused(capsys, "discover", "keplr", "--target", "y")
    assert "there is no file keplr, nor a dataset of that name; known: " in message and "kepler" in message
    assert "is a folder" in refused(capsys, "discover", "folder.csv", "--target", "y")
    assert "unknown kind of file" in refused(capsys, "discover", table("a,y\n1,2\n", "t.exe"), "--target", "y")
    assert "'semi_major_axis', 'period'" in refused(capsys, "discover", "kepler")
    assert "FILE" in refused(capsys, "discover")
    message = refused(capsys, "discovr")
    assert 'Unknown command "discovr". Did you mean "discover"? Available commands: app, bench, ' in message
    assert message.endswith(", primitives, relation, report, sweep, symmetries; see kansym --help\n")
    assert "is not a folder" in refused(capsys, "report", "nowhere")
    assert "no finished run" in refused(capsys, "report", str(tmp_path))


def test_a_bad_output_folder_is_noticed_before_the_search(table, capsys, monkeypatch):
    monkeypatch.setattr(
        "kansym.commands.implementation.discover_one.search", lambda *a, **k: pytest.fail("the search has started")
    )
    refused(capsys, "discover", table(SQUARES), "--target", "x2", "--out", "t.csv")


def test_unexpected_errors_name_their_type_and_how_to_see_more(table, capsys, monkeypatch):
    def broken(*arguments, **options):
        raise ZeroDivisionError("a\nbug")

    monkeypatch.setattr("kansym.commands.implementation.discover_one.search", broken)
    line = refused(capsys, "discover", table(SQUARES), "--target", "x2", "--quiet", code=1)
    assert line == "kansym: error: unexpected ZeroDivisionError: a bug; re-run with --verbose for a traceback\n"
    assert main(["discover", "t.csv", "--target", "x2", "--verbose"]) == 1
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_ctrl_c_outside_of_the_search_ends_with_130(table, capsys, monkeypatch):
    def stop(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("kansym.commands.implementation.tables.read_table", stop)
    assert refused(capsys, "discover", table(SQUARES), "--target", "x2", code=130) == "kansym: error: interrupted\n"


# -- results -----------------------------------------------------------------------------------------------------------


def test_result_report_and_run_directory(table, capsys, tmp_path):
    name = table("a [s],b,y [m]\n" + SQUARES)
    assert main(["discover", name, "--target", "y", *FAST, "--out", "run"]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("y = 3.5*a**2\n") or captured.out.startswith("y = 7*a**2/2\n")
    for part in ("Agreement with the data", "LaTeX\n  y = ", "Formulas by complexity", " * ", " m", "ended because"):
        assert part in captured.out
    assert "saved to run" in captured.err and "composing: " in captured.err
    assert {path.name for path in (tmp_path / "run").iterdir()} >= {"formula.json", "report.txt", "run.log"}
    assert "constant and linear formulas" in (tmp_path / "run" / "run.log").read_text(encoding="utf-8")

    assert main(["report", "run"]) == 0
    report = capsys.readouterr().out
    assert report.split("\n")[0] == captured.out.split("\n")[0]
    assert "command: kansym discover t.csv --target y --seconds 1 --primitives 'x,x^2' --out run" in report
    assert report.rstrip("\n") == (tmp_path / "run" / "report.txt").read_text(encoding="utf-8").rstrip("\n")


def test_a_run_of_the_same_table_is_replaced_and_one_of_another_is_not(table, capsys, tmp_path, monkeypatch):
    name = table("a,b,y\n" + SQUARES)
    command = ["discover", name, "--target", "y", "--columns", "a", "--seconds", "0.3", "-q", "--out", "run"]
    assert main(command) == 0
    (tmp_path / "run" / "notes.txt").write_text("mine")
    assert main([option for option in command if option != "-q"]) == 0
    assert "saved to run, beside files that are not of a run" in capsys.readouterr().err

    def started(*arguments, **options):
        raise ArgumentError("the search has started")

    monkeypatch.setattr("kansym.commands.implementation.discover_one.search", started)
    for other in (["--target", "b"], ["--target", "y", "--columns", "b"]):
        message = refused(capsys, "discover", name, *other, "--out", "run")
        assert "the folder run holds a run of another table (y by a; 8 rows, " in message and "--overwrite" in message
        assert "has started" in refused(capsys, "discover", name, *other, "-q", "--out", "run", "--overwrite")


def test_a_search_from_a_guess(table, capsys, tmp_path):
    rows = "".join(f"{a!r},{3.7 * a**1.5!r}\n" for a in np.linspace(1, 9, 15).tolist())
    name = table(f"a,y\n{rows}")
    # The first begins with a minus, and is no option; of the second, PySR's words are understood.
    guesses = ["--guess", "-2.0*a", "--guess", "k*cube(sqrt(a))"]
    result = found(capsys, name, "--target", "y", *guesses, "--out", "run")
    assert [guess["verdict"] for guess in result["guesses"]] == ["replaced", "confirmed"]
    assert result["options"]["guesses"] == ["-2.0*a", "k*cube(sqrt(a))"]
    assert result["agreement"]["one_minus_r2"] < 1e-20
    assert main(["report", "run"]) == 0
    report = capsys.readouterr().out
    assert "The guesses\n  -2.0*a\n    fitted: c0 = " in report and "(from -2)" in report
    assert "  k*cube(sqrt(a))\n    fitted: k = 3.7" in report and "confirmed: It is the pick" in report


def test_a_guess_without_values_costs_nothing(table, capsys):
    result = found(capsys, table("a,b,y\n" + SQUARES), "--target", "y", "--guess", "log(a - 5)")
    assert result["guesses"][0]["verdict"] == "unusable" and result["agreement"]["one_minus_r2"] < 1e-8
    assert "log(a - 5) was not used: it has no finite value on 5 of 8 rows" in " ".join(result["notes"])


def test_an_unknown_unit_is_said_even_to_those_who_want_quiet(table, capsys):
    name = table("x [m/ss],y\n" + "".join(f"{k},{k * k + 1}\n" for k in range(1, 9)))
    assert main(["discover", name, "--target", "y", *FAST, "--json", "--quiet"]) == 0
    out, err = capsys.readouterr()
    (note,) = (note for note in json.loads(out)["notes"] if "m/ss" in note)
    assert err.strip() == note and "did you mean s?" in note


def test_json_is_one_object_and_quiet_is_quiet(table, capsys):
    name = table("a,b,y\n" + SQUARES)
    assert main(["discover", name, "--target", "y", *FAST, "--json", "--quiet"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    result = json.loads(captured.out)
    assert result["text"].startswith("y = ") and result["latex"].startswith("y = ")
    assert result["target"] == "y" and result["names"] == ["a", "b"] and result["seed"] == 0
    assert {formula["complexity"] for formula in result["front"]} and result["agreement"]["one_minus_r2"] < 1e-8


def test_a_deterministic_search_says_so_and_no_wall_ends_it(table, capsys, monkeypatch, with_wall):
    name = table("a,b,y\n" + SQUARES)
    monkeypatch.setattr("kansym.clock.Clock.wall", property(lambda clock: 1e9))
    assert found(capsys, name, "--target", "y")["stopped"] == "ended by the clock; a rerun may differ"
    result = found(capsys, name, "--target", "y", "--deterministic")
    assert result["options"]["deterministic"] is True
    assert result["stopped"] == "the formula is as good as the data"
    # Whichever engine was first.
    assert result["text"] in {"y = 7*a**2/2", "y = 3.5*a**2"}


def test_verbose_logs_to_stderr_and_leaves_logging_as_it_was(table, capsys):
    import logging

    before = [(logging.getLogger(n).level, logging.getLogger(n).handlers[:]) for n in terminal.LOGGERS]
    assert main(["discover", table("a,y\n1,2\n2,3.9\n3,6.1\n"), "--target", "y", *FAST, "--verbose"]) == 0
    captured = capsys.readouterr()
    assert re.search(r"^\d\d:\d\d:\d\d composing: ", captured.err, re.MULTILINE)
    assert [(logging.getLogger(n).level, logging.getLogger(n).handlers[:]) for n in terminal.LOGGERS] == before


def test_any_names_work_and_columns_are_chosen_by_comma(table, capsys):
    rng = np.random.default_rng(1)
    values = rng.uniform(1, 2, (12, 6))
    y = 2.5 * values[:, 3] * 1.0
    rows = "\n".join(",".join(map(repr, [*row, t])) for row, t in zip(values.tolist(), y.tolist(), strict=True))
    name = table(f'E,I,lambda,λ (nm),x-1,"a, b",N\n{rows}\n')
    result = found(capsys, name, "--target", "N")
    assert result["names"] == ["E", "I", "lambda", "λ", "x-1", "a, b"]
    assert "λ" in result["text"] and result["agreement"]["one_minus_r2"] < 1e-12
    result = found(capsys, name, "--target", "N", "--columns", 'E,"a, b"', "--columns", "λ (nm)")
    assert (
        result["names"] == ["E", "a, b", "λ"]
        and result["units"] == [None, None, "nm"]
        and result["agreement"]["one_minus_r2"] < 1e-12
    )


@pytest.mark.parametrize("unit", [1e-30, 1e30])
def test_extreme_units_work(table, capsys, unit):
    x = np.linspace(1, 2, 10)
    rows = "\n".join(f"{a * unit!r},{3 * a**2 / unit!r}" for a in x.tolist())
    result = found(capsys, table(f"a,y\n{rows}\n"), "--target", "y")
    assert result["agreement"]["one_minus_r2"] < 1e-10


def test_what_is_done_to_the_data_is_said(table, capsys):
    name = table("n,c,a,b,y\n" + "".join(f"{k},7,{k},{k % 3},{2 * k + 1}\n" for k in range(1, 11)) + "11,7,11,2,\n")
    assert "--drop-missing" in refused(capsys, "discover", name, "--target", "y")
    result = found(capsys, name, "--target", "y", "--drop-missing")
    notes = " ".join(result["notes"])
    assert "Dropped 1 of 11 rows with missing or infinite values" in notes
    assert "Dropped column 'c': it is constant (7)" in notes
    assert "Dropped column 'a': it repeats column 'n'" in notes
    assert result["names"] == ["n", "b"] and result["agreement"]["one_minus_r2"] < 1e-12
    assert main(["discover", name, "--target", "y", "--drop-missing", *FAST]) == 0
    out = capsys.readouterr().out
    assert "Dropped 1 of 11 rows" in out and "it is constant (7)" in out and "it repeats column 'n'" in out


def test_fewer_rows_than_parameters_work_and_it_is_said(table, capsys):
    rng = np.random.default_rng(2)
    rows = "\n".join(",".join(map(repr, row)) for row in rng.uniform(1, 2, (5, 3)).tolist())
    result = found(capsys, table(f"a,b,y\n{rows}\n"), "--target", "y")
    assert result["rows"] == 5 and "Only 5 rows for 2 inputs" in " ".join(result["notes"])


def test_a_dataset_that_comes_along_is_found_by_name_and_a_file_goes_first(table, capsys, tmp_path):
    result = found(capsys, "hydrogen", "--target", "wavenumber", "--columns", "n1", seconds="0.2")
    assert "using the dataset 'hydrogen' that comes with kansym" in result["stderr"] and result["names"] == ["n1"]
    result = found(capsys, "kepler", "--target", "semi_major_axis", seconds="0.2")
    assert result["target"] == "semi_major_axis" and result["names"] == ["period"]
    (tmp_path / "kepler").write_text("")
    assert "unknown kind of file" in refused(capsys, "discover", "kepler", "--target", "period")


def test_errors_of_y_weigh_rows(table, capsys):
    rows = "".join(f"{k},{3 * k},0.01\n" for k in range(1, 10)) + "10,900,1e6\n"
    result = found(capsys, table("a,y,s\n" + rows), "--target", "y", "--error", "s")
    assert result["text"] == "y = 3*a" and result["agreement"]["reduced_chi2"] < 1


# -- the other commands ------------------------------------------------------------------------------------------------


def test_primitives_lists_the_library(capsys):
    assert main(["primitives"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == list(default_library())
    assert main(["primitives", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["log"] == {
        "name": "log", "formula": "log(z)", "domain": "z > 0", "complexity": 2, "equivalent_to": None
    }  # fmt: skip
    assert rows["cos"]["equivalent_to"] == "sin" and rows["asin"]["domain"] == "-1 ≤ z ≤ 1"
    assert rows["tan"]["domain"] == "z ≠ 1.571 + k 3.142" and rows["exp"]["domain"] == ""


def test_the_last_line_is_what_the_record_says(table, capsys):
    name = table(SQUARES.join(["a,b,y\n", ""]))
    assert main(["discover", name, "--target", "y", *FAST, "--out", "run"]) == 0
    shown = capsys.readouterr().err.splitlines()[-1]
    run = load_run("run")
    assert in_words(dict(run.summary.times)) == shown and {"start", "search", "files"} <= {*run.summary.times}
    # Folders of before have none.
    path = Path("run/formula.json")
    record = json.loads(path.read_text(encoding="utf-8"))
    del record["times"]
    path.write_text(json.dumps(record), encoding="utf-8")
    assert load_run("run").summary.times == {}
    assert main(["discover", name, "--target", "y", *FAST, "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_datasets_version_and_help(capsys):
    from kansym.data.catalogue import dataset_names

    assert main(["datasets"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]] == list(dataset_names())
    assert main(["datasets", "--json"]) == 0
    assert [entry["name"] for entry in json.loads(capsys.readouterr().out)] == list(dataset_names())
    assert main(["--version"]) == 0
    assert re.fullmatch(r"\d+\.\d+\S*\n", capsys.readouterr().out)
    for command in ([], ["discover"], ["report"], ["primitives"], ["datasets"]):
        assert main([*command, "--help"]) == 0
        assert "Usage: kansym" in capsys.readouterr().out
    assert main(["discover", "--help"]) == 0
    text = " ".join(capsys.readouterr().out.replace("│", " ").split())
    for part in (
        "--seconds FLOAT",
        "[default: 120.0]",
        "Nothing is written without it",
        "exit code 0",
        "--key",
        "--deterministic",
    ):
        assert part in text


def test_helps_show_the_signs_of_formulas(capsys, monkeypatch):
    import kansym.cli as cli

    # Asterisks and underscores outside of backquotes are markup of the format that helps are written in.
    monkeypatch.setenv("COLUMNS", "400")
    for command in cli.COMMANDS:
        assert main([command, "--help"]) == 0
        shown = " ".join(capsys.readouterr().out.replace("│", " ").split())
        written = cli.app[command].default_command.__doc__
        for word in re.findall(r"\S*[*<>\[\]^\\#]\S*", written):
            assert word.replace("`", "") in shown, (command, word)


# -- the terminal ------------------------------------------------------------------------------------------------------


def progress(elapsed: float, message: str = "a [bold]step") -> Progress:
    return Progress("training", message, None, elapsed, 60 - elapsed)


def test_lines_are_at_most_one_per_second(capsys):
    from rich.console import Console

    display = terminal.ProgressDisplay(Console(stderr=True, force_terminal=False), 60)
    with display.running():
        for k in range(40):
            display(progress(0.1 * k))
    lines = capsys.readouterr().err.splitlines()
    assert 3 <= len(lines) <= 4 and "a [bold]step" in lines[0]


def test_a_terminal_gets_a_bar_that_is_cleared():
    from io import StringIO

    from rich.console import Console

    stream = StringIO()
    display = terminal.ProgressDisplay(Console(file=stream, force_terminal=True, width=100), 60)
    with display.running():
        display(progress(1.0))
        display.live.refresh()
    text = stream.getvalue()
    assert "training" in text and "s left" in text
    assert text.rstrip().endswith("\x1b[2K")  # the line is erased


def run(*arguments: str, **options) -> subprocess.Popen:
    command = [sys.executable, "-m", "kansym", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT to a child on Windows")
def test_ctrl_c_gives_the_best_formula_so_far(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.uniform(1, 3, (300, 6))
    y = np.sin(3 * X[:, 0] * X[:, 1]) / (X[:, 2] + np.exp(X[:, 3] * X[:, 4])) + np.log(X[:, 5]) * X[:, 0]
    path = tmp_path / "hard.csv"
    np.savetxt(path, np.column_stack([X, y]), delimiter=",", header="a,b,c,d,e,f,y", comments="")
    # A job that a shell puts in the background ignores SIGINT, and its children inherit that.
    process = run(
        "discover", str(path), "--target", "y", "--seconds", "3000", "--out", str(tmp_path / "run"),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    watchdog = threading.Timer(300, process.kill)
    watchdog.start()
    try:
        assert process.stderr is not None
        assert "constant and linear formulas" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=300)
    finally:
        watchdog.cancel()
    assert process.returncode == 0, err
    assert out.startswith("y = ") and "; interrupted\n" in out and "Traceback" not in err
    assert (tmp_path / "run" / "formula.json").exists()


def test_the_module_runs_and_a_closed_pipe_is_no_error():
    process = run("primitives")
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0 and err == ""


@pytest.mark.long
def test_signs_that_a_terminal_cannot_show_are_escaped():
    process = run("primitives", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert "-1 \\u2264 z \\u2264 1" in out


def test_split_names():
    assert split_names(["a,b", '"c, d"', " e , "]) == ["a", "b", "c, d", "e"]
    assert split_names(None) == []


def test_what_is_odd_about_a_table_is_said_before_the_search(table):
    path = table("f [Herz],u_y,w [m],y\n1,0.1,2,3\n2,0.2,1,5\n3,0.3,4,8\n")
    dataset, _ = TableOptions(path, "y").read()
    hint, unit = before_the_search(dataset)
    assert "say --error u_y" in hint and "did you mean hertz?" in unit
