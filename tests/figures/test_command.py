"""`kansym figures`: files, their names and formats, and what is refused."""

import numpy as np
import pytest

from kansym import save_run
from kansym.cli import main


@pytest.fixture(scope="module")
def folder(tmp_path_factory, new_discovery):
    X = np.linspace(1, 2, 30)[:, None]
    return save_run(new_discovery(X, 3 * X[:, 0] ** 2, lambda t: 3 * t**2, names=["t"]), tmp_path_factory.mktemp("run"))


def test_all_figures_are_written_beside_the_run(folder, capsys):
    assert main(["figures", str(folder)]) == 0
    written = sorted(path.name for path in (folder / "figures").iterdir())
    assert {"parity.svg", "residuals.svg", "slices.svg", "front.svg", "structure.svg"} <= set(written)
    assert capsys.readouterr().out.splitlines() == [str(folder / "figures" / name) for name in _in_order(written)]


def _in_order(names):
    from kansym.figures import FIGURES

    return [f"{name}.svg" for name in FIGURES if f"{name}.svg" in names]


def test_formats_names_and_dark(folder, tmp_path):
    options = ["--only", "parity,front", "--format", "png,pdf", "--dark", "--out", str(tmp_path / "new")]
    assert main(["figures", str(folder), *options]) == 0
    written = {path.name: path.read_bytes()[:4] for path in (tmp_path / "new").iterdir()}
    assert written == {
        "parity-dark.png": b"\x89PNG",
        "front-dark.png": b"\x89PNG",
        "parity-dark.pdf": b"%PDF",
        "front-dark.pdf": b"%PDF",
    }


@pytest.mark.parametrize(
    ("options", "words"),
    [(["--only", "histogram"], "there is no figure 'histogram'"), (["--format", "gif"], "got 'gif'"),
     (["--only", "correlation"], "'correlation' needs at least two constants")],
)  # fmt: skip
def test_what_cannot_be_done_is_said(folder, capsys, options, words):
    assert main(["figures", str(folder), *options]) == 2
    assert words in capsys.readouterr().err


def test_a_folder_without_a_run_is_refused(tmp_path, capsys):
    assert main(["figures", str(tmp_path / "none")]) == 2
    assert "not a folder" in capsys.readouterr().err
