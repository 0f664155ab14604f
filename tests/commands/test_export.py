"""``kansym export``."""

import numpy as np
import pytest

from kansym.cli import main
from kansym.data import make_dataset
from kansym.export import to_code
from kansym.export.languages import LANGUAGES
from kansym.run.storage import load_run, save_run
from kansym.search.discovery import discover
from kansym.search.options import DiscoveryOptions


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    x = np.linspace(1, 3, 30)
    dataset = make_dataset(x[:, None], 2.5 * x**2, names=["speed"], target="energy", units=["m/s"], y_units="J")
    path = tmp_path_factory.mktemp("runs") / "energy"
    save_run(discover(dataset, DiscoveryOptions(max_seconds=5)), path, command="kansym discover energy.csv")
    return path


@pytest.mark.parametrize("language", ["python", "c", "latex"])
def test_code_of_the_pick_is_printed(folder, capsys, language):
    assert main(["export", str(folder), "--to", language]) == 0
    run = load_run(folder)
    code = capsys.readouterr().out
    assert code.strip() == to_code(run.formula, language, run=run).strip()
    assert "kansym discover energy.csv" in code and "sha256" in code
    if language != "latex":
        assert "energy [J]" in code and "speed: [m/s]" in code


def test_another_formula_goes_to_a_file(folder, tmp_path, capsys):
    out = tmp_path / "new" / "law.f90"
    assert main(["export", str(folder), "--to", "fortran", "--index", "0", "--name", "law", "--out", str(out)]) == 0
    shown = capsys.readouterr()
    assert (shown.out, shown.err.splitlines()[0]) == ("", f"saved to {out}")
    text = out.read_text(encoding="utf-8")
    assert "elemental pure function law" in text or "pure function law" in text
    assert main(["export", str(folder), "--to", "c", "--index", "-1"]) == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--to", "cobol"], f"--to must be one of {', '.join(LANGUAGES)}"),
        (["--to", "c", "--index", "99"], "--index must name one of the"),
        (["--to", "c", "--out", "."], "is a folder; name a file"),
        ([], "--to"),
    ],
)
def test_what_is_refused(folder, capsys, options, message):
    assert main(["export", str(folder), *options]) == 2
    assert message in capsys.readouterr().err
