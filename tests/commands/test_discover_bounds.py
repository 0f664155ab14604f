"""`kansym discover` with bounds and fixed values of what is given: what it refuses, and what it says."""

import json

import numpy as np
import pytest

from kansym.cli import main


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    t = np.linspace(0, 6, 40)
    y = 3 * np.exp(-t / 2) - 0.05 + 0.05 * rng.standard_normal(40)
    rows = [f"{a!r},{b!r},0.05" for a, b in zip(t.tolist(), y.tolist(), strict=True)]
    (tmp_path / "decay.csv").write_text("\n".join(["t,y,e", *rows]))
    return ["decay.csv", "--target", "y", "--error", "e", "--columns", "t"]


@pytest.mark.long
def test_a_guess_within_bounds(table, capsys):
    options = ["--guess", "A*exp(-t/tau) + B", "--bounds", "B>0,tau=0:1.5", "--seconds", "1", "--quiet", "--json"]
    assert main(["discover", *table, *options]) == 0
    found = json.loads(capsys.readouterr().out)
    constants = {one["name"]: one for one in found["guesses"][0]["formula"]["constants"]}
    assert constants["tau"]["value"] == 1.5 and constants["tau"]["error"] is None
    assert constants["tau"]["bounds"] == [0.0, 1.5] and constants["B"]["value"] >= 0
    assert found["options"]["limits"] == {"B": [0.0, None], "tau": [0.0, 1.5]}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--bounds", "B>0"], "--bounds and --fix are for constants of --given or --guess, and there is neither"),
        (["--guess", "A*t", "--bounds", "Q>0"], "--bounds names 'Q', which is not a constant of what is given"),
        (["--given", "A*t + ...", "--fix", "Q=1"], "--fix names 'Q', which is not a constant of what is given"),
        (["--given", "A*t + ...", "--bounds", "A=2:1"], "--bounds of 'A' must have a low end below the high one"),
        (["--guess", "A*t", "--bounds", "A"], "--bounds: expected name=low:high"),
        (
            ["--guess", "A*t", "--bounds", "A>0", "--fix", "A=1"],
            "--bounds of 'A' cannot be used: the constant is fixed",
        ),
    ],
)
def test_refuses_with_one_line(table, capsys, options, message):
    assert main(["discover", *table, *options]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.startswith("kansym: error: ") and captured.err.count("\n") == 1
    assert message in captured.err
