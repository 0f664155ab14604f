"""The clock of a search: work that is counted, and the wall beside it."""

import math
import threading
from contextvars import copy_context

import numpy as np
import pytest

from kansym import DiscoveryOptions, clock, discover, make_dataset
from kansym.clock import LEAST_SAFETY, SECONDS, SLOWNESS, WALL_SHARE, Clock, Work
from kansym.search.discovery import WALL_DECIDED
from kansym.search.results import StopReason
from kansym.symbolic.timelimit import call_with_limit


class Wall:
    """Time on the wall, which stands still until it is moved."""

    def __init__(self):
        self.time = 1000.0

    def __call__(self):
        return self.time


@pytest.fixture
def wall(monkeypatch):
    wall = Wall()
    monkeypatch.setattr("kansym.clock.time.monotonic", wall)
    return wall


def work(seconds, running):
    """Charge work of so many seconds of the reference core."""
    running.charge(Work.ALGEBRA, seconds / (SLOWNESS * SECONDS[Work.ALGEBRA]))


# -- work --------------------------------------------------------------------------------------------------------------


def test_charges_add_up_in_seconds_of_the_reference_core():
    with clock.running(Clock()) as running:
        assert clock.now() == 0
        clock.charge(Work.SMALL_FITS)
        clock.charge(Work.FORM_VALUES, 1000)
        clock.charge(Work.FORM_VALUES, 500)
        expected = SLOWNESS * (SECONDS[Work.SMALL_FITS] + 1500 * SECONDS[Work.FORM_VALUES])
        assert clock.now() == running.now() == pytest.approx(expected, rel=1e-12)
    counted = {kind: amount for kind, amount in running.counts.items() if amount}
    assert counted == {Work.SMALL_FITS: 1, Work.FORM_VALUES: 1500}


def test_every_kind_of_work_has_its_seconds():
    assert set(SECONDS) == set(Work) and all(seconds > 0 for seconds in SECONDS.values())


def test_a_deadline_passes_with_work_and_not_with_time(wall):
    with clock.running(Clock(60.0)) as running:
        deadline = clock.now() + 5
        wall.time += 59
        assert not clock.late(deadline) and clock.left(deadline) == 5
        work(3, running)
        assert not clock.late(deadline) and clock.left(deadline) == pytest.approx(2)
        work(2.1, running)
        assert clock.late(deadline) and clock.left(deadline) == 0
    assert not running.ended_by_wall


# -- the wall ----------------------------------------------------------------------------------------------------------


def test_no_deadline_outlasts_the_wall(wall):
    with clock.running(Clock(10.0)) as running:
        deadline = clock.now() + 5
        wall.time += 10.5
        # What has no deadline knows no wall either, and nothing has been decided by it yet.
        assert not clock.late(None) and not clock.late(math.inf)
        assert running.wall_is_up and not running.ended_by_wall
        assert clock.late(deadline) and clock.left(deadline) == 0
    assert running.ended_by_wall


def test_work_that_is_spent_is_not_put_down_to_the_wall(wall):
    running = Clock(10.0)
    work(6, running)
    wall.time += 11
    assert running.late(5.0) and not running.ended_by_wall


def test_without_a_limit_the_wall_ends_nothing(wall):
    running = Clock()
    wall.time += 1e9
    assert not running.late(1.0) and not running.wall_is_up


def test_a_grant_moves_the_wall_back(wall):
    running = Clock(10.0)
    wall.time += 11
    running.grant(2.0)
    assert not running.late(5.0)
    # From now on, though the limit was passed a second ago.
    wall.time += 1.5
    assert not running.late(5.0)
    wall.time += 1
    assert running.late(5.0)


def test_no_deadline_outlasts_the_horizon(wall):
    with clock.running(Clock(10.0)) as running:
        running.horizon = 3.0
        work(2, running)
        assert not clock.late(5.0) and clock.left(5.0) == pytest.approx(1) and not running.over
        assert clock.left(2.5) == pytest.approx(0.5) and clock.left(math.inf) == math.inf
        work(1.1, running)
        assert clock.late(5.0) and clock.left(5.0) == 0 and running.over
        # What it decides is decided by work, so a rerun does not differ.
        assert not clock.late(math.inf) and not running.ended_by_wall
        running.horizon = math.inf
        assert not clock.late(5.0) and not running.over
        wall.time += 11
        assert running.over


def test_a_single_step_has_the_rest_of_the_wall_within_bounds(wall, monkeypatch):
    monkeypatch.setattr(clock, "SAFETY_SECONDS", 20.0)
    with clock.running(Clock(30.0)) as running:
        assert clock.safety() == running.safety() == clock.SAFETY_SECONDS
        wall.time += 25
        assert clock.safety() == pytest.approx(5)
        wall.time += 10
        assert clock.safety() == LEAST_SAFETY
    assert Clock().safety() == clock.SAFETY_SECONDS


def test_a_step_that_was_given_up_is_noted():
    with clock.running(Clock()) as running:
        clock.interfered()
    assert running.ended_by_wall


# -- which clock runs --------------------------------------------------------------------------------------------------


def test_outside_a_search_time_is_that_of_the_wall_and_charges_count_for_nothing(wall):
    assert not clock.searching()
    before = dict(clock.current().counts)
    clock.charge(Work.ALGEBRA, 1e9)
    assert clock.current().counts == before
    assert clock.now() == wall.time
    assert not clock.late(None) and not clock.late(wall.time + 1) and clock.left(wall.time + 1) == 1
    wall.time += 1.5
    assert clock.late(wall.time - 0.5) and clock.left(wall.time - 0.5) == 0


def test_a_search_within_a_search_uses_the_clock_that_runs(with_wall):
    with clock.budget(10.0) as outer:
        assert outer.wall_limit == WALL_SHARE * 10 and clock.searching()
        with clock.budget(2.0) as inner:
            assert inner is outer is clock.current()
        assert clock.current() is outer
    assert not clock.searching()


def test_a_deterministic_search_has_no_wall(with_wall):
    with clock.budget(10.0, deterministic=True) as running:
        assert running.wall_limit == math.inf


def test_the_clock_is_put_back_after_an_error():
    with pytest.raises(ZeroDivisionError), clock.budget(1.0):
        raise ZeroDivisionError
    assert not clock.searching()


def test_a_call_with_a_limit_charges_the_clock_of_its_caller():
    with clock.running(Clock()) as running:
        call_with_limit(lambda: clock.charge(Work.EVALUATIONS, 3), 60.0)
    assert running.counts[Work.EVALUATIONS] == 3


def test_a_thread_has_the_clock_of_its_context():
    def charge():
        clock.charge(Work.EVALUATIONS)

    with clock.running(Clock()) as running:
        threads = [threading.Thread(target=charge), threading.Thread(target=copy_context().run, args=(charge,))]
        for thread in threads:
            thread.start()
            thread.join()
    assert running.counts[Work.EVALUATIONS] == 1


# -- searches ----------------------------------------------------------------------------------------------------------


def noise():
    """A table in which there is nothing to find, however long the search."""
    rng = np.random.default_rng(0)
    return make_dataset(rng.normal(size=(1000, 5)), rng.normal(size=1000))


def test_a_search_whose_wall_is_up_at_once_gives_a_valid_result_and_says_so():
    with clock.running(Clock(-1.0)) as running:
        found = discover(noise(), DiscoveryOptions(max_seconds=60))
    assert running.ended_by_wall
    assert found.stopped == StopReason.OUT_OF_WALL_TIME and WALL_DECIDED in found.notes
    assert found.formula in list(found.front) and np.isfinite(found.formula.predict(found.dataset.X)).all()


def test_the_wall_ends_a_search_on_a_machine_that_is_too_slow():
    class Slow(Clock):
        """Ten times slower than the reference core."""

        wall = property(lambda self: 10 * self.now())

    with clock.running(Slow(WALL_SHARE * 15)) as running:
        found = discover(noise(), DiscoveryOptions(max_seconds=15))
    assert running.ended_by_wall and 0.9 * 1.5 * WALL_SHARE < running.now() < 1.5 + 2
    assert found.stopped == StopReason.OUT_OF_WALL_TIME and WALL_DECIDED in found.notes


def test_a_search_that_spends_its_work_does_not_speak_of_the_wall():
    with clock.running(Clock()) as running:
        found = discover(noise(), DiscoveryOptions(max_seconds=1))
    assert not running.ended_by_wall
    assert found.stopped == StopReason.OUT_OF_TIME and WALL_DECIDED not in found.notes


def test_a_search_may_have_less_of_the_wall_than_of_the_work(with_wall, wall):
    with clock.budget(100.0, wall=10.0) as limits:
        wall.time += WALL_SHARE * 10.0 - 0.1
        assert not clock.late(100.0)
        wall.time += 0.2
        assert clock.late(100.0) and limits.ended_by_wall


def test_a_deterministic_search_has_none_of_it(with_wall, wall):
    with clock.budget(100.0, deterministic=True, wall=10.0):
        wall.time += 50.0
        assert not clock.late(100.0)
