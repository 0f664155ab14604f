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
from kansym.comparison.memory import peak_memory
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


def test_a_late_start_is_told_and_does_not_count(faulty, request_of, monkeypatch):
    monkeypatch.setattr(process_module, "TELL_EVERY", 0.3)
    lines = []
    with PeerProcess(faulty("late start")) as process:
        answer = process.ask(request_of(), lines.append)
        # The stand-in says 0.01 s for its search, and sleeps for 5 s before.
        assert answer.start_up >= 5.0 and answer.seconds == 0.01 and answer.start_up == process.start_up
        told = [line for line in lines if line.endswith("so far, which do not count as its time")]
        assert any(line.startswith("starting Julia: ") for line in told)
        assert any(line.startswith("compiling for this table: ") for line in told)
        # What is told of the second wait includes the first.
        assert float(told[-1].split(": ")[1].split()[0]) >= 3
        assert process.ask(request_of()).start_up < answer.start_up


def test_the_start_up_of_a_failure_is_known(faulty, request_of):
    with PeerProcess(faulty("late start, then killed")) as process:
        with pytest.raises(PeerError, match="was killed by SIGKILL"):
            process.ask(request_of())
        assert process.start_up >= 5.0


@pytest.mark.parametrize("fault", ["", "hang with results"])
def test_the_memory_of_the_process(faulty, request_of, fault):
    if peak_memory(os.getpid()) is None:
        pytest.skip("other processes are known on Linux only")
    with PeerProcess(faulty(fault)) as process:
        answer = process.ask(request_of(2.0))
    # An interpreter with numpy in it.
    assert answer.peak_memory is not None and answer.peak_memory > 20 * 2**20


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
    answer = Answer((PeerFormula("x0", 1, 0.5),), 0, None, 1.0, 2.0, 3, "remark", "v", 2**30)
    assert Answer.read(answer.write()).write() == answer.write()
    predicted = Answer.read(Answer(predictions=np.array([1.0, 2.0])).write())
    np.testing.assert_array_equal(predicted.predictions, [1.0, 2.0])


@pytest.mark.parametrize("record", [{}, [], None, {"formulas": [{}]}, {"formulas": 3}, {"formulas": [], "pick": "x"}])
def test_answers_that_are_none(record):
    with pytest.raises(PeerError):
        Answer.read(record)
