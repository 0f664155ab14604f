"""A real notebook, run by a real kernel."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

HERE = Path(__file__).parent

CELLS = (
    "import numpy as np\nfrom kansym import SymbolicRegressor\nfrom kansym.report.notebook import live_progress",
    "rng = np.random.default_rng(0)\nX = rng.uniform(1, 3, (60, 2))",
    "y = 2.5 * X[:, 0] / X[:, 1] + rng.normal(0, 0.01, 60)",
    "model = SymbolicRegressor(max_seconds=2, progress='auto')\nmodel",
    "model.fit(X, y, variable_names=['a', 'b'])",
    "SymbolicRegressor(max_seconds=1, progress=live_progress()).fit(X, y);",
    "model.formula_",
    "model.front_",
    "model.certificate_",
    "model.figure('parity')",
    "%matplotlib inline\nmodel.figure('parity')",
    "model.edit().edges",
)


@pytest.mark.long
def test_a_notebook(tmp_path):
    paths = [str(HERE.parents[2]), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "IPYTHONDIR": str(tmp_path / "ipython")}
    cells, result = tmp_path / "cells.json", tmp_path / "notebook.ipynb"
    cells.write_text(json.dumps(CELLS), encoding="utf-8")
    command = [sys.executable, str(HERE / "run_notebook.py"), str(cells), str(result)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    outputs = [cell.outputs for cell in nbformat.read(result, as_version=4).cells]
    assert outputs[0] == outputs[1] == outputs[2] == []
    for number, cell in enumerate(outputs):
        assert [output for output in cell if output.output_type in ("stream", "error")] == [], CELLS[number]
    # Before the fit the diagram of scikit-learn; then one output for the progress, and the result.
    assert "sk-estimator" in outputs[3][0].data["text/html"]
    progress, result = outputs[4]
    assert progress.output_type == "display_data" and "ended because" in progress.data["text/plain"]
    assert result.output_type == "execute_result" and "<math" in result.data["text/html"]
    assert len(outputs[5]) == 1 and outputs[5][0].output_type == "display_data"
    for cell in outputs[6:9]:
        assert len(cell) == 1 and "kansym" in cell[0].data["text/html"]
    assert "text/latex" in outputs[6][0].data
    # A figure once, with and without the printer of matplotlib, and sharp by itself.
    for cell in outputs[9:11]:
        assert len(cell) == 1 and cell[0].output_type == "execute_result"
        assert {"image/png", "text/plain"} == set(cell[0].data)
    assert outputs[9][0].metadata["image/png"]["width"] > 0
    assert "<svg" in outputs[11][0].data["text/html"]
