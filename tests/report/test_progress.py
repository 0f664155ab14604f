"""Who is told how a search goes."""

import io
import sys

import numpy as np
import pytest
from rich.console import Console

from kansym import ArgumentError, DiscoveryOptions, SymbolicRegressor, discover, make_dataset
from kansym.report.notebook import progress as notebook_progress
from kansym.report.notebook.progress import LiveProgress
from kansym.report.progress import watched
from kansym.report.terminal import ProgressDisplay

LINE = np.linspace(1, 2, 12)
DATA = make_dataset(LINE[:, None], 3 * LINE)
QUICK = DiscoveryOptions(max_seconds=1)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_plain_function_is_called_and_needs_no_end():
    heard = []
    discover(DATA, QUICK, progress=heard.append)
    assert heard and heard[-1].best is not None


def test_nothing_is_said_where_nobody_looks(capsys):
    with watched("auto", 1.0) as watch:
        assert watch.callback is None
    discover(DATA, QUICK, progress="auto")
    assert capsys.readouterr() == ("", "")


def test_a_line_in_a_terminal(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with watched("auto", 1.0) as watch:
        assert isinstance(watch.callback, ProgressDisplay)
    discover(DATA, QUICK, progress="auto")
    assert "left" in terminal.getvalue()


def test_how_far_the_best_formula_is_ahead(rng):
    heard = []
    x = rng.uniform(1, 3, 40)
    discover(make_dataset(x[:, None], x**2 + 0.01 * rng.normal(size=40)), QUICK, progress=heard.append)
    assert heard[-1].ahead is not None and heard[-1].ahead > 0
    assert f"{heard[-1].ahead:.0f} bits ahead" == heard[-1].lead
    screen = io.StringIO()
    ProgressDisplay(Console(file=screen, width=200), 1.0)(heard[-1])
    assert f"best, {heard[-1].lead}: y = " in screen.getvalue()


def test_an_output_in_a_notebook(monkeypatch):
    monkeypatch.setattr(notebook_progress, "in_notebook", lambda: True)
    with watched("auto", 1.0) as watch:
        assert isinstance(watch.callback, LiveProgress)


def test_python_alone_is_no_notebook():
    assert not notebook_progress.in_notebook()


@pytest.mark.parametrize("progress", ["live", 3])
def test_anything_else_is_refused(progress):
    with pytest.raises(ArgumentError, match="progress must be a callable, 'auto' or None, got"):
        SymbolicRegressor(progress=progress, max_seconds=1).fit(LINE[:, None], LINE)
