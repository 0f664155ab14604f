"""Generators that run one slice of work at a time."""

import threading

import numpy as np
import pytest

from kansym import clock, provenance
from kansym.clock import SECONDS, SLOWNESS, Clock, Work
from kansym.search.agenda.stepping import Steps
from kansym.symbolic.timelimit import call_with_limit


def work(seconds):
    clock.charge(Work.ALGEBRA, seconds / (SLOWNESS * SECONDS[Work.ALGEBRA]))


@pytest.fixture(autouse=True)
def whole():
    with clock.running(Clock()) as running, provenance.keeping():
        yield running


def test_a_long_step_is_taken_in_slices_and_charged_to_the_search(whole):
    def source():
        for _ in range(40):
            work(0.025)
        yield "late"

    steps = Steps(source)
    came = []
    while not steps.done:
        before = whole.now()
        came.append(steps.step(0.1))
        assert whole.now() - before <= 0.125 + 1e-9
    assert [one for one in came if one] == [["late"]]
    assert len(came) >= 10 and steps.spent == pytest.approx(1.0) == pytest.approx(whole.now())


def test_every_item_is_handed_over_at_once():
    steps = Steps(lambda: iter(range(3)))
    assert [steps.step() for _ in range(4)] == [[0], [1], [2], []] and steps.done
    assert steps.step() == []


def test_two_jobs_take_turns_and_each_has_its_own_time():
    seen = []

    def source(name):
        def run():
            for k in range(3):
                work(0.1)
                seen.append((name, k, round(clock.now(), 6)))
                yield name

        return run

    one, other = Steps(source("a")), Steps(source("b"))
    while not (one.done and other.done):
        one.step()
        other.step()
    assert sorted(seen) == [("a", 0, 0.1), ("a", 1, 0.2), ("a", 2, 0.3), ("b", 0, 0.1), ("b", 1, 0.2), ("b", 2, 0.3)]


def test_an_error_ends_the_job_and_is_raised_by_its_step():
    def source():
        yield 1
        raise ZeroDivisionError("mine")

    steps = Steps(source)
    assert steps.step() == [1]
    with pytest.raises(ZeroDivisionError, match="mine"):
        steps.step()
    assert steps.done and steps.step() == []


def test_a_closed_job_cleans_up_and_leaves_no_thread():
    cleaned = []

    def source():
        try:
            while True:
                work(0.05)
                yield 0
        finally:
            cleaned.append(True)

    before = set(threading.enumerate())
    steps = Steps(source)
    steps.step()
    steps.close()
    assert cleaned == [True] and steps.done
    assert not any(one.name == "kansym-job" and one.is_alive() for one in set(threading.enumerate()) - before)


def test_closing_what_was_never_begun():
    steps = Steps(lambda: iter([1]))
    steps.close()
    assert steps.done and steps.step() == []


def test_a_job_that_is_finished_early_hands_over_its_best():
    def source():
        until = clock.now() + 100.0
        while not clock.late(until):
            work(0.05)
        yield "best so far"

    steps = Steps(source)
    assert steps.step() == []
    assert steps.finish() == ["best so far"] and steps.done


def test_a_job_that_never_ends_is_left_when_it_is_finished():
    def source():
        yield "first"
        while True:
            yield None

    steps = Steps(source)
    assert steps.step() == ["first"]
    assert set(steps.finish()) == {None}
    steps.close()


def test_who_writes_is_noted_for_each_job_alone():
    @provenance.signed("one")
    def one():
        yield 1

    @provenance.signed("other")
    def other():
        work(0.05)
        yield 2

    first, second = Steps(one), Steps(other)
    second.step(0.01)
    first.step()
    second.step()
    assert (first.origin.finder, second.origin.finder) == ("one", "other")


def test_what_is_tried_may_be_anything_but_finite():
    def source():
        yield float(np.log(np.zeros(1))[0])

    assert Steps(source).step() == [-np.inf]


def test_work_with_a_time_limit_is_charged_and_does_not_pause():
    def source():
        call_with_limit(lambda: work(1.0), 5.0)
        yield clock.now()

    assert Steps(source).step(0.1) == [pytest.approx(1.0)]
