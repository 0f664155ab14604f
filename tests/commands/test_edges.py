"""`kansym edges`."""

import json
from pathlib import Path

import numpy as np
import pytest

from kansym import DiscoveryOptions, discover, load_run, make_dataset, save_run
from kansym.cli import main
from kansym.kan.growth import GrowthOptions


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (250, 2))
    dataset = make_dataset(X, np.exp(np.sin(2 * X[:, 0]) + X[:, 1] ** 2), names=["x", "z"], target="f")
    options = DiscoveryOptions(max_seconds=20, structure=False, growth=GrowthOptions(shapes=((2, 1, 1),)))
    return save_run(discover(dataset, options), tmp_path_factory.mktemp("run"), options=options)


def test_the_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["edges", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("[2, 1, 1], RMS residual")
    assert lines[1].split()[:2] == ["edge", "from"]
    assert [line.split()[0] for line in lines[2:5]] == ["0.0.0", "0.1.0", "1.0.0"]


def test_suggestions(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["edges", str(folder), "--start", "splines", "--edge", "x -> h1.0", "--suggest", "3", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["suggestions"][0]["name"] == "sin"


def test_steps_in_their_order_and_a_new_run(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    out = tmp_path / "new"
    steps = ["--fix", "0.0.0=tanh", "--unfix", "0.0.0", "--fix", "0.0.0=sin,a=2", "--free", "0.0.0"]
    assert main(["edges", str(folder), *steps, "--seconds", "2", "--out", str(out)]) == 0
    text = capsys.readouterr().out
    assert text.index("to tanh") < text.index("unfix") < text.index("to sin")
    assert "f = exp(z**2 + sin(2*x))" in text and "Verdict: law" in text
    assert "Its constants were fitted to the rows on their own" in text
    run = load_run(out)
    assert str(run.formula) == "f = exp(z**2 + sin(2*x))"
    assert "--fix 0.0.0=tanh" in run.summary.command
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_run_of_another_table_is_not_replaced(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    x = np.linspace(1, 2, 12)
    out = save_run(discover(make_dataset(x[:, None], 2 * x), DiscoveryOptions(max_seconds=1)), tmp_path)
    assert main(["edges", str(folder), "--out", str(out)]) == 2
    assert "holds a run of another table (y by x0; 12 rows" in capsys.readouterr().err


def test_the_run_itself_is_never_changed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for more in ([], ["--overwrite"]):
        assert main(["edges", str(folder), "--refit", "--out", str(folder), *more]) == 2
        assert "is the folder of the run itself, which is never changed" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_script(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "steps.txt"
    script.write_text("unfix 0.0.0\nrefit 1\n")
    assert main(["edges", str(folder), "--script", str(script), "--json", "--seconds", "1"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert not record["is_symbolic"] and "formula" not in record
    assert record["script"].startswith("unfix 0.0.0\n")
    assert main(["edges", str(folder), "--script", str(script), "--seconds", "1"]) == 0
    assert "no formula yet: 0.0.0 is a spline" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--fix", "0.0.0=snn"], "--fix 0.0.0=snn: there is no primitive 'snn'"),
        (["--remove", "9.9.9"], "there is no edge '9.9.9'"),
        (["--suggest", "3"], "--suggest needs --edge"),
        (["--edge", "0.0.0", "--remove", "0.0.0"], "goes with no steps"),
        (["--start", "2,a,1"], "--start: expected a shape"),
        (["--script", "/nowhere/steps.txt"], "cannot be read"),
        (["--unfix", "0.0.0", "--out", "NEW"], "still splines: 0.0.0"),
    ],
)
def test_mistakes_are_one_line(folder: Path, tmp_path: Path, capsys, options: list[str], words: str) -> None:
    options = [str(tmp_path / "new") if option == "NEW" else option for option in options]
    assert main(["edges", str(folder), "--seconds", "1", *options]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 1 and words in errors[0]
    assert not (tmp_path / "new" / "formula.json").exists()
