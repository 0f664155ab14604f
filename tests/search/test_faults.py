"""A step that fails costs what it would have found, and is counted; the run ends with what the others found."""

import time
from dataclasses import replace

import numpy as np
import pytest

from kansym import Dataset, DiscoveryOptions, discover
from kansym.kan.growth import GrowthOptions
from kansym.search.faults import Faults, contained
from kansym.search.watchdog import HungError


def options(seconds=1.0):
    return DiscoveryOptions(max_seconds=seconds, deterministic=True, growth=GrowthOptions(shapes=((2, 1),)))


rng = np.random.default_rng(0)
X = rng.uniform(1, 3, (80, 2))
NOISY = Dataset(X, X[:, 0] * np.exp(-X[:, 1]) + 0.01 * rng.normal(size=80), ("x", "z"), y_error=np.full(80, 0.01))
CURVE = Dataset(X[:, :1], np.sin(3 * X[:, 0]) + 0.01 * rng.normal(size=80), ("x",))


ERRORS = Dataset(CURVE.X, CURVE.y, ("x",), y_error=np.full(80, 0.01))

LATE = (
    "search.smaller_forms.eliminate",
    "search.found.rivals",
    "search.challenge.read_anew",
    "search.networks.Networks.selector",
    "search.agenda.networks.match_edges",
)
"""Steps that less than a second is too short for."""

OF_NETWORKS = ("search.networks.Networks.selector",)
"""Steps that a search comes to where it has networks alone."""

pytestmark = pytest.mark.faults

STEPS = {
    "structure.search.Reducer.look": (NOISY, MemoryError("no memory")),
    "search.pipeline.baseline": (NOISY, OverflowError("too large")),
    "search.agenda.sums.Enumeration": (ERRORS, RuntimeError("a bug")),
    "search.networks.Networks.grower": (CURVE, ValueError("a bug")),
    "search.networks.Networks.selector": (NOISY, IndexError("a bug")),
    "search.agenda.networks.match_edges": (CURVE, RecursionError("too deep")),
    "search.formulation.snap": (CURVE, MemoryError("no memory")),
    "search.formulation.simplify": (CURVE, RecursionError("too deep")),
    "search.formulation.drop_terms": (NOISY, OverflowError("too large")),
    "search.smaller_forms.eliminate": (CURVE, ZeroDivisionError("a bug")),
    "search.found.rivals": (NOISY, TypeError("a bug")),
    "search.challenge.read_anew": (NOISY, FloatingPointError("a bug")),
}


LONG = {
    "search.pipeline.baseline",
    "search.formulation.drop_terms",
    "search.found.rivals",
    "search.challenge.read_anew",
    "search.smaller_forms.eliminate",
}


@pytest.mark.parametrize(
    "step", [pytest.param(step, marks=pytest.mark.long) if step in LONG else step for step in STEPS]
)
def test_a_run_ends_with_its_best_whatever_fails(step, monkeypatch, caplog):
    table, error = STEPS[step]

    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(f"kansym.{step}", fail)
    told = options(6.0 if step in LATE else 0.6)
    if step in OF_NETWORKS:
        told = replace(told, structure=False, terms=False)
    found = discover(table, told)
    assert np.isfinite(found.formula.predict(table.X)).all() and found.formula in list(found.front)
    assert any("failed and cost" in note for note in found.notes)
    assert any(type(error).__name__ in record.getMessage() for record in caplog.records)


@pytest.mark.long
def test_memory_that_cannot_be_had_costs_a_formula(monkeypatch):
    from kansym.search import formulation

    plain, calls = formulation.drop_terms, []

    def greedy(form, *args, **kwargs):
        calls.append(form)
        if len(calls) == 2:
            np.empty(2**60)
        return plain(form, *args, **kwargs)

    monkeypatch.setattr(formulation, "drop_terms", greedy)
    found = discover(NOISY, options())
    assert len(calls) > 2 and any("One step of the search failed" in note for note in found.notes)


def test_errors_of_the_user_s_own_callback_are_passed_on():
    def callback(progress):
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        discover(NOISY, options(), progress=callback)


def test_what_came_before_a_fault_stays():
    def source():
        yield 1
        yield 2
        raise ValueError("broken")

    faults = Faults()
    assert list(faults.guard("counting", source())) == [1, 2] and faults.count == 1
    assert faults.note[0].startswith("One step")


def test_a_contained_method_returns_none_and_interruptions_pass():
    class Search:
        def __init__(self):
            self.faults = Faults()

        @contained("a step")
        def step(self, error):
            raise error

    search = Search()
    assert search.step(ValueError("broken")) is None and search.faults.count == 1
    with pytest.raises(KeyboardInterrupt):
        search.step(KeyboardInterrupt())


def spin():
    while True:
        pass


def closed_early():
    """A generator whose end takes long: what is raised in it there, Python can only report."""
    try:
        yield
    finally:
        wait(0.002)


def wait(seconds):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


def close_for_ever():
    while True:
        next(closed_early())
        wait(0.002)


@pytest.fixture
def hanging(monkeypatch, with_wall):
    """Make a step hang; the watchdog takes the search to be late as soon as it does, and only then."""
    hung = []

    def make(step, hang):
        def step_that_hangs(*args, **kwargs):
            hung.append(step)
            monkeypatch.setattr("kansym.search.watchdog.SPARE", -100.0)
            try:
                hang()
            finally:
                monkeypatch.setattr("kansym.search.watchdog.SPARE", 100.0)

        monkeypatch.setattr(f"kansym.{step}", step_that_hangs)
        monkeypatch.setattr("kansym.search.watchdog.AGAIN", 0.02)
        return hung

    return make


@pytest.mark.parametrize("hang", [spin, pytest.param(close_for_ever, marks=pytest.mark.long)])
@pytest.mark.parametrize("step", ["search.formulation.snap", "search.agenda.sums.Enumeration"])
def test_a_step_that_hangs_is_interrupted(step, hang, monkeypatch, hanging):
    hung, reports = hanging(step, hang), []
    monkeypatch.setattr("sys.unraisablehook", lambda unraisable: reports.append(unraisable.exc_type))
    table = CURVE if "snap" in step else NOISY
    found = discover(table, DiscoveryOptions(max_seconds=3.0))
    assert np.isfinite(found.formula.predict(table.X)).all()
    assert hung and any("failed and cost" in note for note in found.notes)
    assert HungError not in reports


def test_a_callback_takes_as_long_as_it_takes(monkeypatch, with_wall):
    monkeypatch.setattr("kansym.search.watchdog.SPARE", 0.0)
    monkeypatch.setattr("kansym.search.watchdog.AGAIN", 0.05)
    ended = []

    def callback(progress):
        if not ended:
            time.sleep(1.0)
            ended.append(progress.stage)

    found = discover(NOISY, DiscoveryOptions(max_seconds=0.3), progress=callback)
    assert ended and np.isfinite(found.formula.predict(NOISY.X)).all()
