"""`kansym fit-constants`: what it prints, and what it refuses with one line."""

import json
import re

import numpy as np
import pytest
import scipy.optimize

from kansym.cli import main
from kansym.fitting.known_form import fit_columns as fit_constants


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with decay.csv: time with a unit, two constant columns, a column with a gap, y and its error."""
    monkeypatch.chdir(tmp_path)
    t = np.linspace(0, 9, 30)
    y = 3 * np.exp(-t / 2.5) + 0.7 + 0.02 * np.sin(40 * t)
    rows = [
        f"{a!r},{9.81},{9.81},{'' if i == 3 else 1},{b!r},0.02"
        for i, (a, b) in enumerate(zip(t.tolist(), y.tolist(), strict=True))
    ]
    (tmp_path / "decay.csv").write_text("\n".join(["t [s],g,h,gap,y [V],e", *rows]))
    return t, y


def run(capsys, *arguments):
    assert main(["fit-constants", *arguments]) == 0
    return capsys.readouterr()


def test_report(folder, capsys):
    out = run(capsys, "A*exp(-t/tau)+B", "decay.csv", "--target", "y", "--error", "e").out
    assert out.startswith("y = A*exp(-t/tau)+B\ny = ")
    assert re.search(r"tau = 2\.\d\d\d? ± 0\.0\d", out)
    assert "absolute" in out and "Correlations" in out and "chi-squared" in out and "p-value" in out
    assert "Notes" not in out


def test_json_agrees_with_scipy(folder, capsys):
    t, y = folder
    text = run(capsys, "A*exp(-t/tau)+B", "decay.csv", "--target", "y", "--error", "e", "--json").out
    found = json.loads(text)
    values, covariance = scipy.optimize.curve_fit(
        lambda t, A, tau, B: A * np.exp(-t / tau) + B, t, y, p0=[3, 2, 1], sigma=0.02 + 0 * t, absolute_sigma=True
    )
    assert list(found["values"].values()) == pytest.approx(values, rel=1e-6)
    assert list(found["errors"].values()) == pytest.approx(np.sqrt(np.diag(covariance)), rel=1e-4)
    scaled = run(
        capsys, "A*exp(-t/tau)+B", "decay.csv", "--target", "y", "--error", "e", "--scale-errors", "--json"
    ).out
    factor = np.sqrt(found["chi2"] / found["ndf"])
    assert json.loads(scaled)["errors"]["tau"] == pytest.approx(found["errors"]["tau"] * factor, rel=1e-6)


def test_start_and_constant_columns(folder, capsys):
    # g and h are constant and equal: a search drops them, a formula needs them. The gap is in a column it does not use.
    out = run(capsys, "g/h*A*exp(-t/tau)+B", "decay.csv", "--target", "y", "--start", "A=1,tau=1", "--json").out
    found = json.loads(out)
    assert list(found["values"]) == ["A", "tau", "B"]
    assert found["values"]["A"] == pytest.approx(3, rel=0.02)


def test_undetermined_constants_are_null_in_json_and_a_note(folder, capsys):
    out = run(capsys, "A*C*exp(-t/tau)", "decay.csv", "--target", "y", "--json").out
    assert json.loads(out)["errors"]["A"] is None
    out = run(capsys, "A*C*exp(-t/tau)", "decay.csv", "--target", "y").out
    assert "cannot tell A and C apart" in " ".join(out.split()) and "(standard error unknown)" in out


def test_a_shipped_table_brings_its_errors(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    captured = run(capsys, "A*exp(-B/(temperature+C))", "mercury", "--target", "pressure", "--json")
    assert json.loads(captured.out)["chi2"] == pytest.approx(13.4, abs=0.1)
    assert "comes with kansym" in captured.err


def test_errors_of_the_inputs(folder, capsys):
    t, y = folder
    options = ["--target", "y", "--error", "e", "--json"]
    found = json.loads(run(capsys, "A*exp(-t/tau)+B", "decay.csv", *options, "--x-error", "t=0.05").out)
    fit = fit_constants("A*exp(-t/tau)+B", {"t": t}, y, y_error=0.02, x_error={"t": 0.05})
    assert found["values"] == pytest.approx(fit.values, rel=1e-6)
    assert found["errors"] == pytest.approx(fit.errors, rel=1e-5)
    assert found["x_residuals"]["t"] == pytest.approx(list(fit.x_residuals["t"]), abs=1e-6)
    column = json.loads(run(capsys, "A*exp(-t/tau)+B", "decay.csv", *options, "--x-error", "t=e").out)
    assert found["errors"]["A"] > column["errors"]["A"]
    both = run(capsys, "A*exp(-t/tau)+B*g", "decay.csv", *options, "--x-error", "t=0.05,g=e").out
    again = run(capsys, "A*exp(-t/tau)+B*g", "decay.csv", *options, "--x-error", "t=0.05", "--x-error", "g=e").out
    assert both == again and list(json.loads(both)["x_residuals"]) == ["t", "g"]


def test_intervals(folder, capsys):
    options = ["--target", "y", "--error", "e", "--intervals"]
    out = run(capsys, "A*exp(-t/tau)+B", "decay.csv", *options).out
    assert "Intervals of 68.27 % (profile likelihood)" in out
    low, high = map(float, re.search(r"tau: ([\d.]+) to ([\d.]+)", out).groups())
    found = json.loads(run(capsys, "A*exp(-t/tau)+B", "decay.csv", *options, "--level", "0.9545", "--json").out)
    assert found["intervals"]["tau"][0] < low < found["values"]["tau"] < high < found["intervals"]["tau"][1]
    assert found["intervals_level"] == 0.9545 and found["intervals_method"] == "profile"


def test_robust(folder, capsys, tmp_path):
    lines = (tmp_path / "decay.csv").read_text().split("\n")
    cells = lines[12].split(",")
    cells[4] = "9.9"
    (tmp_path / "wild.csv").write_text("\n".join([*lines[:12], ",".join(cells), *lines[13:]]))
    out = run(capsys, "A*exp(-t/tau)+B", "wild.csv", "--target", "y", "--robust", "--intervals").out
    assert "of the tukey loss" in out and "Outliers (rows counted from 0)\n  row 11 (t=" in out and "weight 0" in out
    found = json.loads(run(capsys, "A*exp(-t/tau)+B", "wild.csv", "--target", "y", "--robust", "--json").out)
    assert found["values"]["tau"] == pytest.approx(2.5, abs=0.1)
    assert [outlier["row"] for outlier in found["outliers"]] == [11] and found["loss"] == "tukey"


def test_what_is_determined(folder, capsys):
    out = run(capsys, "A*C*exp(-t/tau)", "decay.csv", "--target", "y", "--json").out
    (part,) = json.loads(out)["determined"]
    assert part["text"] == "A*C" and part["error"] > 0 and part["names"] == ["A", "C"]


def test_bounds_and_fixed_constants(folder, capsys):
    t, y = folder
    options = ["--target", "y", "--error", "e"]
    bounds = ["--bounds", "tau=0:2,A>0", "--bounds", "B<=5,B>=-5"]
    found = json.loads(run(capsys, "A*exp(-t/tau)+B", "decay.csv", *options, *bounds, "--intervals", "--json").out)
    fit = fit_constants(
        "A*exp(-t/tau)+B", {"t": t}, y, y_error=0.02, bounds={"tau": (0, 2), "A": (0, None), "B": (-5, 5)}
    )
    assert found["values"] == pytest.approx(fit.values) and found["at_bound"] == {"tau": 2.0}
    assert found["bounds"] == {"A": [0, None], "tau": [0, 2], "B": [-5, 5]}
    assert found["errors"]["tau"] is None and found["intervals"]["tau"][1] == 2.0
    out = run(capsys, "A*exp(-t/tau)+B", "decay.csv", *options, *bounds, "--intervals").out
    assert "tau = 2 s  (at its bound)" in out and "tau ends above at its bound, 2." in out
    assert "tau is at its bound" in " ".join(out.split())
    out = run(capsys, "A*exp(-t/tau)+B", "decay.csv", *options, "--fix", "tau=2.5", "--intervals").out
    assert "tau = 2.5 s  (fixed)" in out and "tau:" not in out and "28 degrees of freedom" in out
    one = json.loads(run(capsys, "A*exp(-t/tau)+B", "decay.csv", *options, "--bounds", "tau=3:", "--json").out)
    assert one["at_bound"] == {"tau": 3.0} and one["bounds"] == {"tau": [3.0, None]}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["A*t", "decay.csv", "--target", "y", "--bounds", "A"], "--bounds: expected name=low:high, name>number or"),
        (["A*t", "decay.csv", "--target", "y", "--bounds", "A=5"], "--bounds: expected name=low:high"),
        (["A*t", "decay.csv", "--target", "y", "--bounds", "A>x"], "--bounds: expected name=low:high"),
        (["A*t", "decay.csv", "--target", "y", "--bounds", "A=1:2:3"], "--bounds: expected name=low:high"),
        (["A*t", "decay.csv", "--target", "y", "--bounds", "0<A<1"], "--bounds: expected name=low:high"),
        (["A*t", "decay.csv", "--target", "y", "--bounds", "Q>0"], "--bounds names 'Q', which is not a constant"),
        (["A*t", "decay.csv", "--target", "y", "--bounds", "A=2:1"], "--bounds of 'A' must have a low end below"),
        (["A*t", "decay.csv", "--target", "y", "--bounds", "A>2,A<1"], "got 2 to 1"),
        (["A*t", "decay.csv", "--target", "y", "--bounds", "A>2", "--start", "A=1"], "--start of 'A' is 1, outside of"),
        (["A*t", "decay.csv", "--target", "y", "--fix", "A"], "--fix: expected name=number, got 'A'"),
        (["A*t", "decay.csv", "--target", "y", "--fix", "A=inf"], "--fix['A'] must be a finite number"),
        (["A*t", "decay.csv", "--target", "y", "--fix", "A=1"], "--fix holds all constants (A)"),
        (["A*t", "decay.csv"], "--target is missing; the columns are 't', 'g', 'h', 'gap', 'y', 'e'"),
        (["A*t", "nothing", "--target", "y"], "there is no file nothing, nor a dataset of that name; known: "),
        (["A*x", "decay.csv", "--target", "y"], "names no column; the columns are"),
        (["A*(t", "decay.csv", "--target", "y"], "position 4"),
        (["A*t*y", "decay.csv", "--target", "y"], "column 'y' is the target"),
        (["t*2", "decay.csv", "--target", "y"], "has no constants to fit"),
        (["A*t", "decay.csv", "--target", "y", "--start", "A"], "--start: expected name=number, got 'A'"),
        (["A*t", "decay.csv", "--target", "y", "--start", "A=x"], "--start: expected name=number, got 'A=x'"),
        (["A*t", "decay.csv", "--target", "y", "--start", "Q=1"], "start names 'Q'"),
        (["A*gap", "decay.csv", "--target", "y"], "--drop-missing"),
        (["A*t", "decay.csv", "--target", "y", "--seed", "-1"], "seed must be"),
        (["A*t", "decay.csv", "--target", "y", "--seed", "1.5"], "whole number"),
        (["A*t"], "kansym fit-constants --help"),
        (["A*t", "decay.csv", "--target", "y", "--x-error", "t=0.1"], "--x-error needs --error beside it"),
        (["A*t", "decay.csv", "--target", "y", "--error", "e", "--x-error", "t"], "--x-error: expected column=column"),
        (["A*t", "decay.csv", "--target", "y", "--error", "e", "--x-error", "t=nothing"], "nothing"),
        (["A*t", "decay.csv", "--target", "y", "--intervals", "--level", "2"], "level must be between 0 and 1"),
    ],
)
def test_refuses_with_one_line(folder, capsys, arguments, message):
    assert main(["fit-constants", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.startswith("kansym: error: ") and captured.err.count("\n") == 1
    assert message in captured.err
