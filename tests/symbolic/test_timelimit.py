"""The time limit: what it stops, and what its exception must never reach."""

import gc
import sys
import threading
import time
import weakref

import pytest
from torch.utils.weak import WeakIdKeyDictionary

from kansym.symbolic import timelimit
from kansym.symbolic.timelimit import TimeLimitError, _Call, call_with_limit


@pytest.fixture
def reports(monkeypatch):
    """What Python could only report: exceptions in finalizers and callbacks, and those that end a thread."""
    found = []
    monkeypatch.setattr(sys, "unraisablehook", lambda report: found.append((report.object, report.exc_value)))
    monkeypatch.setattr(threading, "excepthook", lambda report: found.append((report.thread, report.exc_value)))
    return found


def ended(threads):
    for _ in range(30_000):
        if threading.active_count() == threads:
            return True
        time.sleep(0.01)
    return False


def forever():
    while True:
        pass


def test_a_call_that_takes_too_much_memory_is_given_up(monkeypatch):
    if timelimit._resident() == 0:
        pytest.skip("the system does not tell the size of a process")
    monkeypatch.setattr(timelimit, "MOST_MEMORY", 50e6)

    def greedy():
        taken = []
        while True:
            taken.append(bytearray(b"x") * 1_000_000)

    with pytest.raises(timelimit.MemoryLimitError, match="5e"):
        timelimit.call_with_limit(greedy, 60.0)


def test_an_endless_loop_is_stopped(reports):
    threads = threading.active_count()
    with pytest.raises(TimeLimitError, match=r"did not finish within 0\.05 s"):
        call_with_limit(forever, 0.05, grace=60.0)
    assert ended(threads) and reports == []


def test_results_and_errors_are_passed_on():
    assert call_with_limit(lambda: 3, 300.0) == 3
    assert call_with_limit(lambda: None, 300.0) is None
    with pytest.raises(KeyError):
        call_with_limit(lambda: {}["missing"], 300.0)


def test_code_that_catches_everything_once_is_stopped():
    def stubborn():
        try:
            forever()
        except BaseException:
            forever()

    threads = threading.active_count()
    with pytest.raises(TimeLimitError):
        call_with_limit(stubborn, 0.01, grace=60.0)
    assert ended(threads)


def test_a_limit_inside_a_limit():
    def outer():
        with pytest.raises(TimeLimitError):
            call_with_limit(forever, 0.02, grace=60.0)
        return "went on"

    assert call_with_limit(outer, 300.0) == "went on"


def spin(count=30):
    for _ in range(count):
        pass


class Finalized:
    started = finished = 0

    def __del__(self):
        Finalized.started += 1
        spin()
        Finalized.finished += 1


def closed_early():
    try:
        yield 1
    finally:
        spin()


class Plain:
    pass


def finalizers():
    while True:
        Finalized()


def weak_references():
    kept = weakref.WeakSet()
    while True:
        kept.add(Plain())


def closed_generators():
    while True:
        next(closed_early())


def collections():
    while True:
        cycle = []
        cycle.append(cycle)


@pytest.mark.parametrize("kind", [weakref.WeakKeyDictionary, WeakIdKeyDictionary])
def test_nothing_is_raised_in_the_callback_of_a_weak_container(kind):
    seen = []

    class Watched(dict):
        def __delitem__(self, key):
            seen.append(timelimit.between_callbacks(threading.get_ident()))
            super().__delitem__(key)

    kept, key = kind(), Plain()
    kept.data = Watched()
    kept[key] = 1
    assert timelimit.between_callbacks(threading.get_ident())
    del key
    assert seen == [False]


@pytest.mark.parametrize("function", [finalizers, weak_references, closed_generators, collections])
def test_finalizers_and_callbacks_are_not_cut_short(reports, monkeypatch, function):
    def callback(phase, info):
        spin()

    monkeypatch.setattr(Finalized, "started", 0)
    monkeypatch.setattr(Finalized, "finished", 0)
    gc.callbacks.append(callback)
    before = gc.get_threshold()
    gc.set_threshold(50)
    threads = threading.active_count()
    try:
        for _ in range(6):
            with pytest.raises(TimeLimitError):
                call_with_limit(function, 0.005, grace=60.0)
        assert ended(threads)
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(callback)
    assert reports == []
    assert Finalized.started == Finalized.finished


def test_a_limit_that_passes_as_the_call_ends(reports):
    # Calls that take about as long as they may: the exception is on its way when they return.
    threads = threading.active_count()
    for count in range(0, 40_000, 400):
        try:
            assert call_with_limit(lambda count=count: spin(count) or "done", 1e-4, grace=60.0) == "done"
        except TimeLimitError:
            continue
    assert ended(threads) and reports == []


def test_nothing_is_sent_before_or_after_the_call():
    call = _Call(lambda: 3)
    assert not call._interrupt()
    call.run()
    assert not call._interrupt() and call.results == [3]
    call.stop(5.0)
    assert call.finished.is_set() and call.error is None


def test_an_import_is_not_cut_short(reports, tmp_path, monkeypatch):
    (tmp_path / "slow_module.py").write_text("import time\nfor _ in range(60):\n    time.sleep(0.005)\nwhole = True\n")
    monkeypatch.syspath_prepend(tmp_path)
    threads = threading.active_count()

    def imports():
        import slow_module

        assert slow_module.whole
        forever()

    with pytest.raises(TimeLimitError):
        call_with_limit(imports, 0.01, grace=60.0)
    assert ended(threads) and reports == []
    assert sys.modules.pop("slow_module").whole


def test_other_reports_go_where_they_went(reports):
    class Careless:
        def __del__(self):
            raise ValueError("theirs")

    def careless():
        while True:
            Careless()
            spin(3000)

    hook, threads = sys.unraisablehook, threading.active_count()
    with pytest.raises(TimeLimitError):
        call_with_limit(careless, 0.01, grace=60.0)
    assert sys.unraisablehook is hook and ended(threads)
    assert reports and all(isinstance(value, ValueError) for _, value in reports)
