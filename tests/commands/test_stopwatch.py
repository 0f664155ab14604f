"""What a command says about its time."""

import pytest

from kansym.commands import stopwatch
from kansym.commands.stopwatch import Stopwatch, in_words


@pytest.fixture
def now(monkeypatch):
    """The time, as a list of one number that tests move."""
    time = [100.0]
    monkeypatch.setattr(stopwatch.time, "monotonic", lambda: time[0])
    return time


def test_phases_add_up_to_the_time_since_the_process_was_made(now):
    watch = Stopwatch(began=99.4)
    assert not watch.started
    for phase, seconds in (("reading", 0.2), ("start", 1.0), ("search", 8.9), ("files", 0.7)):
        watch.enter(phase)
        now[0] += seconds
    assert watch.started and watch.total == pytest.approx(11.4)
    # Phases that come again go on, in the place that they had.
    assert watch.times() == pytest.approx({"start": 1.6, "reading": 0.2, "search": 8.9, "files": 0.7})
    assert list(watch.times()) == ["start", "reading", "search", "files"]
    assert sum(watch.times().values()) == pytest.approx(watch.total)


def test_a_new_call_begins_anew(now):
    watch = Stopwatch()
    watch.enter("search")
    watch.quiet = True
    watch.restart()
    now[0] += 2
    assert (watch.started, watch.quiet, watch.record, watch.total) == (False, False, None, 2.0)


@pytest.mark.parametrize(
    ("times", "words"),
    [
        (
            {"start": 0.61, "search": 8.92, "certificate": 1.9, "files": 0.7},
            "12.1 s: start 0.6, search 8.9, certificate 1.9, files 0.7",
        ),
        ({"start": 0.3, "reading": 0.04, "files": 0.0}, "0.3 s: start 0.3"),
        ({"start": 0.01}, "0.0 s"),
    ],
)
def test_the_last_line_names_what_took_time(times, words):
    assert in_words(times) == words
