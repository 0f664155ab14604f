"""Imports run down the layers, and no two neighbours import each other: the contracts in pyproject.toml."""

import subprocess
import sys
from pathlib import Path

import pytest


def test_imports_run_down_the_layers():
    pytest.importorskip("importlinter", reason="import-linter checks this")
    # In a process of its own, since it sets up logging.
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
