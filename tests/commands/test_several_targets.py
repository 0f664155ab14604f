"""``kansym discover --target u,v``: options, output, folders, and one line for what cannot be."""

import json

import numpy as np
import pytest

from kansym.cli import main
from kansym.commands.options import joined_names, split_names, target_errors
from kansym.errors import ArgumentError
from kansym.run.storage import load_run


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Two targets of a line, and an input that is constant."""
    path = tmp_path_factory.mktemp("table") / "t.csv"
    t = np.linspace(1, 3, 15)
    columns = np.c_[t, 2.5 * t, np.full(15, 0.1), 1 / t, np.full(15, 0.002), np.full(15, 7.0)]
    np.savetxt(path, columns, delimiter=",", header='t [s],u [m],du,"v, in V",dv,flat', comments="")
    return path


@pytest.mark.parametrize(
    ("options", "errors"),
    [
        (None, {}),
        (["1%"], {"u": "1%", "v": "1%"}),
        (["below,above"], {"u": "below,above", "v": "below,above"}),
        (["u=du,v=dv"], {"u": "du", "v": "dv"}),
        (["u=du", "v=0.1"], {"u": "du", "v": "0.1"}),
        (["u=below,above,v=dv"], {"u": "below,above", "v": "dv"}),
        (["v=dv", "0.5"], {"u": "0.5", "v": "dv"}),
        (["w=dw"], {"u": "w=dw", "v": "w=dw"}),
        (['"u=x, y",z'], {"u": '"x, y",z'}),
    ],
)
def test_errors_by_target(options, errors):
    assert target_errors(options, ["u", "v"]) == errors


@pytest.mark.parametrize("options", [["u=a", "u=b"], ["1%", "2%"], ["u="]])
def test_errors_given_twice_or_not_at_all(options):
    with pytest.raises(ArgumentError, match="--error"):
        target_errors(options, ["u", "v"])


def test_names_that_are_joined_can_be_split():
    names = ["u", "v, in V", 'a "b"']
    assert split_names([joined_names(names)]) == names


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--target", "u,zz"], "there is no target column 'zz'"),
        (["--target", "u,u"], "the target 'u' is named twice"),
        (["--target", "u", "--target", "u"], "the target 'u' is named twice"),
        (["--target", "u,dv", "--columns", "t,u"], "column 'u' is a target and cannot also be an input"),
        (["--target", "u,dv", "--error", "u=dv"], "the error column 'dv' is a target"),
        (["--target", "u,dv", "--error", "u=nothing"], "there is no error column 'nothing'"),
        (["--target", "u,dv", "--guess", "a*t"], "for one target"),
        (["--target", "u,dv", "--given", "t + ..."], "for one target"),
        (["--target", "du,flat"], "constant"),
        (["--target", "u", "--error", "du", "--error", "dv"], "--error: one target has one"),
    ],
)
def test_bad_input_is_one_line_and_code_2(table, capsys, arguments, words):
    assert main(["discover", str(table), *arguments, "--seconds", "1"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and words in err


def test_targets_are_searched_printed_and_saved(table, tmp_path, capsys):
    out = tmp_path / "out"
    targets = ["--target", 'u,"v, in V",flat', "--error", 'u=du,"v, in V=dv"']
    arguments = [*targets, "--seconds", "2", "--deterministic", "--out", str(out)]
    assert main(["discover", str(table), *arguments]) == 0
    text, err = capsys.readouterr()
    assert "u = 2.5*t" in text and "v, in V = 1/t" in text and "flat: no result" in text
    assert "u: constant and linear formulas" in err and f"saved to {out}" in err
    runs = {name: load_run(out / name) for name in ("u", "v_in_V")}
    for name, run in runs.items():
        # No target is an input of the other, nor are errors.
        assert run.summary.names == ("t",), name
        assert run.summary.table["target"] == run.summary.target
    assert runs["u"].dataset.y_error[0] == 0.1 and runs["v_in_V"].dataset.y_error[0] == 0.002
    assert runs["v_in_V"].summary.table["error"] == "dv"

    assert main(["report", str(out)]) == 0
    assert capsys.readouterr().out == text
    assert main(["report", str(out), "--html", str(tmp_path / "page.html")]) == 0
    assert "v, in V" in (tmp_path / "page.html").read_text()
    capsys.readouterr()
    assert main(["figures", str(out)]) == 2
    assert "name one of them: u, v_in_V" in capsys.readouterr().err
    other = tmp_path / "other.csv"
    other.write_text(table.read_text().replace("2.5", "2.6", 1))
    assert main(["discover", str(other), *targets, "--seconds", "1", "--out", str(out)]) == 2
    assert "run of another table" in capsys.readouterr().err


def test_json_has_every_run_and_what_they_share(table, capsys):
    arguments = ["--target", "u,dv", "--columns", "t", "--seconds", "1", "--deterministic", "--json", "-q"]
    assert main(["discover", str(table), *arguments]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in found["targets"]] == ["u", "dv"]
    assert found["results"]["u"]["text"] == "u = 2.5*t" or found["results"]["u"]["text"] == "u = 5*t/2"
    assert "constant" in found["results"]["dv"]["failure"]
    assert found["common"]["relations"] == []


def test_a_column_whose_name_holds_a_comma_is_one_target(table, capsys):
    arguments = ["--target", "v, in V", "--columns", "t", "--seconds", "1", "--deterministic", "-q"]
    assert main(["discover", str(table), *arguments]) == 0
    assert capsys.readouterr().out.startswith("v, in V = 1/t")


def test_units_of_a_file_are_for_all_targets(table, tmp_path, capsys):
    units = tmp_path / "units.txt"
    units.write_text("u = km\ndv = V\n")
    arguments = ["--target", "u,dv", "--columns", "t", "--units", str(units), "--seconds", "1", "--deterministic"]
    assert main(["discover", str(table), *arguments, "--json", "-q"]) == 0
    assert json.loads(capsys.readouterr().out)["results"]["u"]["y_units"] == "km"
