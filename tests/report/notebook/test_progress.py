"""Live progress: one output, at most five updates a second, the result at the end."""

import numpy as np
import pytest
import sympy

from kansym import DiscoveryOptions, SymbolicRegressor, discover, make_dataset
from kansym.report.notebook import LiveProgress, live_progress
from kansym.report.notebook.progress import INTERVAL
from kansym.search.progress import Progress
from kansym.search.results import Discovery
from kansym.symbolic.formula import Formula

BEST = Formula(2.5 * sympy.Symbol("<x>"), ("<x>",), "y", 3, 0.25, 0.25, -5.0)


class Outputs:
    """Stands for a notebook: a list of outputs, each a list of what it showed."""

    def __init__(self) -> None:
        self.shown: list[list[dict[str, str]]] = []

    def display(self, bundle):
        versions = [bundle]
        self.shown.append(versions)
        outputs = self

        class Handle:
            def update(self, bundle):
                assert versions in outputs.shown
                versions.append(bundle)

        return Handle()


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def outputs():
    return Outputs()


def at(elapsed: float, best: Formula | None = BEST, message: str = "trained") -> Progress:
    return Progress("training", message, best, elapsed, 10.0 - elapsed)


def test_one_output_is_updated_at_most_five_times_a_second(outputs):
    clock = Clock()
    live = LiveProgress(display=outputs.display, clock=clock)
    for step in range(400):
        clock.now = 100.0 + step * 0.01
        live(at(step * 0.01))
    assert len(outputs.shown) == 1
    assert 15 <= len(outputs.shown[0]) <= 4.0 / INTERVAL + 1


def test_it_shows_stage_time_and_the_best_formula_escaped(outputs):
    live = LiveProgress(display=outputs.display)
    live(at(2.5, message="grid\n<5>"))
    (bundle,) = outputs.shown[0]
    assert bundle["text/plain"] == "training: grid <5>; 2 s, 8 s left\ny = 2.5*<x>"
    html = bundle["text/html"]
    assert "grid &lt;5&gt;" in html and "<x>" not in html and "<math" in html and 'aria-valuenow="25"' in html
    assert "3 nodes, RMS residual 0.5" in html


def test_without_a_formula_and_without_a_budget(outputs):
    live = LiveProgress(display=outputs.display)
    live(Progress("reading", "starting", None, 0.0, 0.0))
    assert "<math" not in outputs.shown[0][0]["text/html"]


def test_a_long_message_is_cut(outputs):
    live = LiveProgress(display=outputs.display)
    live(at(1.0, message="word " * 1000))
    assert len(outputs.shown[0][0]["text/plain"]) < 300


def found() -> Discovery:
    x = np.linspace(1, 2, 12)
    return discover(make_dataset(x[:, None], 3 * x), DiscoveryOptions(max_seconds=1))


def test_the_result_ends_an_output_and_the_next_search_has_its_own(outputs):
    live = LiveProgress(display=outputs.display)
    live(at(1.0))
    result = found()
    live.done(result)
    assert (
        str(result.formula) in outputs.shown[0][-1]["text/plain"]
        and "ended because" in outputs.shown[0][-1]["text/html"]
    )
    # One line: the result itself mostly follows in the same cell.
    assert "<math" not in outputs.shown[0][-1]["text/html"] and "\n" not in outputs.shown[0][-1]["text/plain"]
    live(at(0.5))
    assert len(outputs.shown) == 2


def test_an_error_is_said(outputs):
    live = LiveProgress(display=outputs.display)
    live.done(None)
    assert outputs.shown == []
    live(at(1.0))
    live.done(None)
    assert "ended by an error" in outputs.shown[0][-1]["text/plain"]


def test_a_search_tells_it_the_end(outputs):
    live = LiveProgress(display=outputs.display)
    x = np.linspace(1, 2, 12)
    model = SymbolicRegressor(max_seconds=2, progress=live).fit(x[:, None], 3 * x)
    assert len(outputs.shown) == 1
    assert str(model.formula_) in outputs.shown[0][-1]["text/plain"]


def test_a_search_that_fails_tells_it_too():
    told = []

    class Callback:
        def __call__(self, progress):
            raise RuntimeError("full")

        def done(self, discovery):
            told.append(discovery)

    x = np.linspace(1, 2, 12)
    with pytest.raises(RuntimeError, match="full"):
        discover(make_dataset(x[:, None], 3 * x), DiscoveryOptions(max_seconds=1), progress=Callback())
    assert told == [None]


def test_live_progress_is_one():
    pytest.importorskip("IPython")
    assert isinstance(live_progress(), LiveProgress)
