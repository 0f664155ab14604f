"""Tasks give their results wherever they run, and a worker that dies costs its own task alone."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from kansym.executors import WINDOW, WorkerFailure, completed


def squared(number: int) -> int:
    return number * number


def squared_or_dead(number: int) -> int:
    if number == 3:
        # As when the system takes the memory back: no exception is left to catch.
        os._exit(1)
    if number == 2:
        # Under way when the other worker dies.
        time.sleep(0.3)
    return number * number


def test_in_this_process_results_come_in_order():
    assert list(completed(squared, range(4))) == [(0, 0), (1, 1), (2, 4), (3, 9)]


def test_tasks_are_asked_for_one_by_one():
    asked = []

    def tasks():
        for number in range(3):
            asked.append(number)
            yield number

    results = completed(squared, tasks())
    assert next(results) == (0, 0)
    assert asked == [0]


def test_a_worker_that_dies_costs_its_own_task_alone():
    found = dict(completed(squared_or_dead, [2, 3, 4], workers=2))
    assert isinstance(found.pop(1), WorkerFailure)
    assert found == {0: 4, 2: 16}


def test_any_executor_will_do():
    with ThreadPoolExecutor(3) as pool:
        found = dict(completed(squared, range(2 * WINDOW), executor=pool))
        assert found == {place: place * place for place in range(2 * WINDOW)}
        # It is left open.
        assert pool.submit(squared, 3).result() == 9


def test_what_an_executor_loses_is_a_failure():
    def task(number):
        if number == 1:
            raise RuntimeError("worker lost")
        return number

    with ThreadPoolExecutor(2) as pool:
        found = dict(completed(task, range(3), executor=pool))
    assert found == {0: 0, 1: WorkerFailure("RuntimeError: worker lost"), 2: 2}


def test_an_executor_gets_no_more_than_it_can_hold():
    asked = []

    def tasks():
        for number in range(3 * WINDOW):
            asked.append(number)
            yield number

    with ThreadPoolExecutor(1) as pool:
        results = completed(squared, tasks(), executor=pool)
        next(results)
        assert len(asked) == WINDOW
        results.close()


def test_a_cluster_gives_the_same():
    distributed = pytest.importorskip("distributed")
    from kansym.executors import dask_executor

    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as cluster,
        dask_executor(cluster.scheduler_address) as pool,
    ):
        assert dict(completed(squared, range(5), executor=pool)) == {place: place * place for place in range(5)}
