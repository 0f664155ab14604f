"""``kansym relation``, ``conserved`` and ``symmetries``: files, folders, and mistakes in one line with exit code 2."""

import json

import numpy as np
import pandas as pd
import pytest

from kansym.cli import main


@pytest.fixture
def gas(tmp_path):
    g = np.random.default_rng(0)
    V, T = g.uniform(1, 3, 50), g.uniform(250, 400, 50)
    path = tmp_path / "gas.csv"
    pd.DataFrame({"p [Pa]": 8.314 * T / V, "V [m^3]": V, "T [K]": T}).to_csv(path, index=False)
    return path


@pytest.fixture
def spring(tmp_path):
    t = np.linspace(0, 6, 60)
    parts = [
        pd.DataFrame({"run": k, "t": t, "x": a * np.cos(2 * t), "v": -2 * a * np.sin(2 * t)})
        for k, a in ((0, 1), (1, 2))
    ]
    path = tmp_path / "spring.csv"
    pd.concat(parts).to_csv(path, index=False)
    return path


def test_a_relation_and_its_folder(gas, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["relation", str(gas), "--seconds", "1", "--deterministic", "-q", "--json", "--out", str(out)]) == 0
    stored = json.loads(capsys.readouterr().out)
    assert stored["relations"][0]["text"] == "V*p = 8.314*T" and stored["relations"][0]["law"]
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "V*p = 8.314*T" in page and "<svg" in page and (out / "relation.png").exists()
    assert json.loads((out / "relation.json").read_text(encoding="utf-8"))["times"]


def test_a_conserved_quantity_and_its_folder(spring, tmp_path, capsys):
    out = tmp_path / "out"
    arguments = ["conserved", str(spring), "--time", "t", "--state", "x,v", "--run", "run", "--seconds", "3"]
    assert main([*arguments, "--deterministic", "-q", "--out", str(out)]) == 0
    assert capsys.readouterr().out.startswith("0.250000000*v**2 + x**2 = constant")
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "Conserved quantities" in page and "<svg" in page and (out / "conserved.json").exists()


def test_a_symmetry(tmp_path, capsys):
    X = np.random.default_rng(1).uniform(1, 2, (120, 2))
    path = tmp_path / "t.csv"
    pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "y": np.sin(X[:, 0] - X[:, 1])}).to_csv(path, index=False)
    assert main(["symmetries", str(path), "--target", "y", "--through", "a - b", "--json"]) == 0
    (stored,) = json.loads(capsys.readouterr().out)["symmetries"]
    assert stored["through"] == ["a - b"] and stored["verdict"] == "holds"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["relation", "{gas}", "--columns", "p,q"], "--columns"),
        (["relation", "{gas}", "--columns", "p"], "at least two columns"),
        (["relation", "{gas}", "--error-of", "p"], "--error-of: expected column=value"),
        (["relation", "{gas}", "--error-of", "q=1"], "no column 'q'"),
        (["relation", "{gas}", "--seconds", "0"], "--seconds must be positive"),
        (["relation", "no.csv"], "no file"),
        (["conserved", "{spring}", "--time", "t"], "--state is missing"),
        (["conserved", "--time", "t", "--state", "x,v"], "no file is named"),
        (["conserved", "{spring}", "--time", "t", "--state", "x"], "does not increase"),
        (["conserved", "{spring}", "--time", "t", "--state", "x", "--run", "run"], "at least two states"),
        (["symmetries", "{gas}"], "--target is missing"),
    ],
)
def test_mistakes_are_one_line(gas, spring, arguments, words, capsys):
    assert main([one.format(gas=gas, spring=spring) for one in arguments]) == 2
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1
