"""Ctrl-C: once for what has been found, twice to end."""

import signal
import threading

import numpy as np
import pytest

from kansym import interrupting
from kansym.data.dataset import make_dataset
from kansym.estimator.regressor import SymbolicRegressor
from kansym.interrupting import Abandoned, first_press, two_presses
from kansym.search.discovery import discover
from kansym.search.options import DiscoveryOptions

RNG = np.random.default_rng(0)
X = RNG.uniform(1, 3, (200, 3))
Y = np.sin(3 * X[:, 0] * X[:, 1]) / (X[:, 2] + np.exp(X[:, 1])) + 0.01 * RNG.normal(size=200)
OPTIONS = DiscoveryOptions(max_seconds=30, structure=False)


@pytest.fixture(autouse=True)
def usual_handler(monkeypatch):
    """That of a script in the foreground which was not interrupted before."""
    monkeypatch.setattr(interrupting._Presses, "last", -np.inf)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def press_at(*moments):
    """A callback that presses Ctrl-C at the reports of these numbers or stages."""
    seen = []

    def progress(report):
        seen.append(report)
        if len(seen) in moments or report.stage in moments:
            signal.raise_signal(signal.SIGINT)

    return progress


def test_the_second_press_is_another_error():
    with two_presses():
        with pytest.raises(KeyboardInterrupt) as first:
            signal.raise_signal(signal.SIGINT)
        assert not isinstance(first.value, Abandoned)
        with pytest.raises(Abandoned):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with pytest.raises(KeyboardInterrupt) as outside, two_presses():
        signal.raise_signal(signal.SIGINT)
    assert outside.type is KeyboardInterrupt


@pytest.mark.parametrize("error", [None, KeyboardInterrupt])
def test_a_press_ends_a_block_and_is_noted(error):
    with first_press() as press:
        if error is not None:
            raise error
    assert press.came is (error is not None)


@pytest.mark.parametrize("error", [Abandoned, ValueError])
def test_a_block_ends_with_its_other_errors(error):
    with pytest.raises(error), first_press():
        raise error


def test_a_later_press_is_a_first_one_again(monkeypatch):
    monkeypatch.setattr(interrupting, "SOON", 0.0)
    for _ in range(2):
        with two_presses(), pytest.raises(KeyboardInterrupt) as pressed:
            signal.raise_signal(signal.SIGINT)
        assert not isinstance(pressed.value, Abandoned)


def test_other_handlers_and_other_threads_are_left_alone():
    own = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        mine = signal.getsignal(signal.SIGINT)
        with two_presses():
            assert signal.getsignal(signal.SIGINT) is mine
    finally:
        signal.signal(signal.SIGINT, own)

    def elsewhere():
        with two_presses():
            found.append(signal.getsignal(signal.SIGINT))

    found = []
    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert found == [signal.default_int_handler]


def test_one_press_is_said_and_keeps_what_was_found(caplog):
    model = SymbolicRegressor(options=OPTIONS, progress=press_at(3)).fit(X, Y)
    (record,) = [one for one in caplog.records if one.levelname == "WARNING"]
    message = record.getMessage()
    assert "the search was interrupted after " in message and f"is kept: {model.formula_}" in message
    assert message.endswith("; a second Ctrl-C raises KeyboardInterrupt")
    assert any(note.startswith("The search was interrupted after ") for note in model.discovery_.notes)
    assert model.discovery_.interrupted


def test_a_second_press_at_once_ends():
    with pytest.raises(KeyboardInterrupt):
        discover(make_dataset(X, Y), OPTIONS, progress=press_at(3, "finishing"))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_two_presses_end_a_loop(monkeypatch):
    # However long a busy machine takes to come to the second report.
    monkeypatch.setattr(interrupting, "SOON", 1e9)
    model = SymbolicRegressor(options=OPTIONS)
    fitted = 0
    with pytest.raises(KeyboardInterrupt):
        for _ in range(3):
            model.progress = press_at(2)
            model.fit(X, Y)
            fitted += 1
    assert fitted == 1


def test_a_press_in_the_last_fit_keeps_what_was_found(monkeypatch):
    monkeypatch.setattr("kansym.search.discovery.settled", lambda *a, **k: signal.raise_signal(signal.SIGINT))
    x = np.linspace(1, 2, 20)
    dataset = make_dataset(x[:, None], 2 * x, y_error=0.1)
    found = discover(dataset, DiscoveryOptions(max_seconds=5))
    assert found.interrupted and found.dataset.y_error is not None
    assert any("last fit of the constants was interrupted" in note for note in found.notes)
    # The search had come to its end.
    assert not any("more time may find more" in note for note in found.notes)
