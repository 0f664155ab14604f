"""Whatever a peer does, its process ends and the caller gets an answer or a reason."""

import _thread
import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import kansym.comparison.process as process_module
from kansym.comparison.process import MissingPeerError, PeerProcess
from kansym.comparison.request import Answer, PeerError, PeerFormula, Request


@pytest.fixture(autouse=True)
def little_patience(monkeypatch):
    monkeypatch.setattr(process_module, "GRACE", 1.0)


def test_an_answer_and_progress(faulty, request_of):
    lines = []
    with PeerProcess(faulty("")) as process:
        answer = process.ask(request_of(), lines.append)
        assert [f.expression for f in answer.formulas] == ["1.5", "2.0*x0 + 1.0"]
        assert (answer.pick, answer.version) == (1, "1.2") and answer.start_up > 0
        assert lines == ["starting", "ready in a moment", "at work"]
        first = process._process
        process.ask(request_of())
        # Kept alive: the next request does not wait for imports.
        assert process._process is first
    assert process._process is None and first.poll() is not None


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("crash", "^ValueError: the population died out over two lines$"),
        ("exit", "ended with exit code 7: fatal: out of luck"),
        ("segfault", "killed by SIGSEGV"),
        ("killed", "^was killed by SIGKILL$"),
        ("nothing", "found no formula"),
        ("hang", "did not end within 1 s"),
        ("stubborn", "did not end within 1 s"),
    ],
)
def test_faults_are_reasons(faulty, request_of, fault, reason):
    with PeerProcess(faulty(fault)) as process:
        with pytest.raises(PeerError, match=reason):
            process.ask(request_of(0.3 if reason.startswith("did not end") else 120.0))
        # The next table is asked of a new process.
        faulty("")
        if process._process is None:
            assert process.ask(request_of()).pick == 1


def test_what_was_found_before_the_budget_ended_is_kept(faulty, request_of):
    with PeerProcess(faulty("hang with results")) as process:
        answer = process.ask(request_of(2.0))
    assert [f.expression for f in answer.formulas] == ["x0 + 1"] and "stopped at the budget" in answer.remark


@pytest.mark.long
def test_a_million_lines_are_no_answer(faulty, request_of):
    with PeerProcess(faulty("million lines")) as process:
        answer = process.ask(request_of(60.0))
        assert answer.pick == 1 and len(process._words) <= process_module.LAST_WORDS


def test_a_missing_tool(faulty, request_of):
    with PeerProcess(faulty("missing")) as process, pytest.raises(MissingPeerError, match="pip install faulty"):
        process.ask(request_of())


def test_a_start_that_takes_too_long(faulty, request_of):
    from dataclasses import replace

    peer = replace(faulty("slow start"), start_up_limit=1.0)
    with PeerProcess(peer) as process, pytest.raises(PeerError, match="did not start within 1 s"):
        process.ask(request_of())


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie that nobody has collected is as good as gone.
    return " Z " not in Path(f"/proc/{pid}/stat").read_text() if Path(f"/proc/{pid}/stat").exists() else True


def test_children_end_with_the_process(faulty, request_of, tmp_path, monkeypatch):
    monkeypatch.setenv("CHILD", str(tmp_path / "child"))
    with PeerProcess(faulty("child")) as process, pytest.raises(PeerError):
        process.ask(request_of(3.0))
    pid = int((tmp_path / "child").read_text())
    until = time.monotonic() + 300
    while _alive(pid) and time.monotonic() < until:
        time.sleep(0.1)
    assert not _alive(pid)


@pytest.fixture
def interruptible():
    """Python ignores Ctrl-C where its shell does, as for jobs in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_interrupts_stop_the_process(faulty, request_of, interruptible):
    process, caught = PeerProcess(faulty("hang")), threading.Event()

    def interrupt() -> None:
        # Again and again: one that arrives while Python runs a destructor is lost, as a user's would be.
        while not caught.wait(1.5):
            _thread.interrupt_main()

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        try:
            process.ask(request_of(120.0))
        finally:
            caught.set()
    assert process._process is None


def test_an_interrupt_at_the_start_leaves_no_process(faulty, request_of):
    process = PeerProcess(faulty("hang"))

    def interrupted(text: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        process.ask(request_of(), interrupted)
    assert process._process is None


def test_requests_and_answers_survive_the_way(tmp_path, rng):
    X = rng.normal(size=(5, 2))
    asked = Request(X, X[:, 0], X[:, 1] ** 2, X[:2], ("m", None), "s", ("exp",), 2.5, 7, tmp_path)
    read = Request.read(asked.write())
    for name in ("X", "y", "weights", "points"):
        np.testing.assert_array_equal(getattr(read, name), getattr(asked, name))
    assert (read.units, read.y_unit, read.functions, read.seconds, read.seed) == (("m", None), "s", ("exp",), 2.5, 7)
    answer = Answer((PeerFormula("x0", 1, 0.5),), 0, None, 1.0, 2.0, 3, "remark", "v")
    assert Answer.read(answer.write()).write() == answer.write()
    predicted = Answer.read(Answer(predictions=np.array([1.0, 2.0])).write())
    np.testing.assert_array_equal(predicted.predictions, [1.0, 2.0])


@pytest.mark.parametrize("record", [{}, [], None, {"formulas": [{}]}, {"formulas": 3}, {"formulas": [], "pick": "x"}])
def test_answers_that_are_none(record):
    with pytest.raises(PeerError):
        Answer.read(record)
