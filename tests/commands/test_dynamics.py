"""``kansym dynamics``: a file, a folder, and mistakes in one line with exit code 2."""

import json

import numpy as np
import pandas as pd
import pytest

from kansym.cli import main


@pytest.fixture
def decay(tmp_path):
    t = np.linspace(0, 4, 40)
    path = tmp_path / "decay.csv"
    pd.DataFrame({"t [s]": t, "x [m]": 2 * np.exp(-0.5 * t)}).to_csv(path, index=False)
    return path


def test_a_file_becomes_equations_and_a_folder(decay, tmp_path, capsys):
    arguments = ["dynamics", str(decay), "--time", "t", "--state", "x", "--seconds", "5", "--deterministic", "-q"]
    assert main([*arguments, "--json", "--out", str(tmp_path / "out")]) == 0
    stored = json.loads(capsys.readouterr().out)
    assert stored["equations"] == ["dx/dt = -x/2"]
    assert (tmp_path / "out" / "report.html").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--time", "t"], "--state is missing"),
        (["--time", "s", "--state", "x"], "no time column 's'"),
        (["--time", "t", "--state", "y"], "no state column 'y'"),
        (["--time", "x", "--state", "t"], "does not increase"),
        (["--time", "t", "--state", "x", "--order", "3"], "--order must be 1 or 2"),
        (["--time", "t", "--state", "x", "--error", "x:1,y"], "--error: expected state=error"),
        (["--time", "t", "--state", "x", "--seconds", "0"], "positive number of seconds"),
    ],
)
def test_mistakes_are_one_line(decay, options, words, capsys):
    assert main(["dynamics", str(decay), *options]) == 2
    message = capsys.readouterr().err.strip()
    assert words in message
    assert "\n" not in message.split("kansym: error:")[-1]


def test_a_trajectory_of_two_points_is_refused(tmp_path, capsys):
    path = tmp_path / "two.csv"
    path.write_text("t,x\n0,1\n1,2\n")
    assert main(["dynamics", str(path), "--time", "t", "--state", "x"]) == 2
    assert "2 points" in capsys.readouterr().err
