"""Where independent tasks run: processes of this machine, a Dask cluster, or any executor of the user's.

A task is a function and a value that can be pickled. What it returns must not depend on where it ran, so results do not
depend on the number of workers.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from kansym.deferred import torch
from kansym.optional import optional_module

Task = TypeVar("Task")
Result = TypeVar("Result")

WINDOW = 256
"""Tasks that a foreign executor holds at a time: enough for a cluster, and tables are read as they are needed."""


@dataclass(frozen=True)
class WorkerFailure:
    """In place of a result: the worker ended before the task did, more than once.

    Attributes
    ----------
    reason : str
    """

    reason: str


def completed(
    function: Callable[[Task], Result],
    tasks: Iterable[Task],
    *,
    workers: int = 1,
    executor: Executor | None = None,
) -> Iterator[tuple[int, Result | WorkerFailure]]:
    """Results as they come, each with the position of its task.

    A worker process that dies takes those of its siblings with it. The tasks that were under way then run again, one at
    a time, and one whose process dies again is given up, and nothing else.

    Parameters
    ----------
    function : callable
        What it raises ends everything: a task that may fail returns its failure.
    tasks : iterable
        Asked for one by one, as workers become free.
    workers : int, default 1
        Processes of one thread each; with 1, everything happens in this process.
    executor : concurrent.futures.Executor, optional
        Where tasks run instead, `dask_executor` or any other. It is left open.
    """
    places = enumerate(tasks)
    if executor is not None:
        yield from _elsewhere(function, places, executor)
    elif workers == 1:
        yield from ((place, function(task)) for place, task in places)
    else:
        yield from _in_processes(function, places, workers)


@contextmanager
def dask_executor(scheduler: str | None = None) -> Iterator[Executor]:
    """Workers of a Dask cluster as an executor.

    Parameters
    ----------
    scheduler : str, optional
        Its address, ``tcp://host:8786``, or that of a file which the scheduler wrote. Default: a cluster on this
        machine, for as long as the executor is open.

    Raises
    ------
    MissingDependencyError
        If ``distributed`` is not installed.
    """
    distributed = optional_module("distributed", feature="A Dask cluster", extra="dask")
    where = {"scheduler_file": scheduler} if scheduler and scheduler.endswith(".json") else {"address": scheduler}
    with distributed.Client(**where) as client, client.get_executor() as executor:
        yield executor


def _elsewhere(
    function: Callable[[Task], Result], places: Iterator[tuple[int, Task]], executor: Executor
) -> Iterator[tuple[int, Result | WorkerFailure]]:
    under_way: dict[Future[Result], int] = {}
    try:
        while True:
            for place, task in islice(places, WINDOW - len(under_way)):
                under_way[executor.submit(function, task)] = place
            if not under_way:
                return
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                place = under_way.pop(future)
                error = future.exception()
                if error is None:
                    yield place, future.result()
                else:
                    yield place, WorkerFailure(f"{type(error).__name__}: {error}")
    finally:
        for future in under_way:
            future.cancel()


def _in_processes(
    function: Callable[[Task], Result], places: Iterator[tuple[int, Task]], workers: int
) -> Iterator[tuple[int, Result | WorkerFailure]]:
    while lost := (yield from _until_a_worker_dies(function, places, workers)):
        for place, task in lost:
            if (yield from _until_a_worker_dies(function, iter([(place, task)]), 1)):
                reason = "its process died twice, most likely for lack of memory; try fewer workers"
                yield place, WorkerFailure(reason)


def _until_a_worker_dies(
    function: Callable[[Task], Result], places: Iterator[tuple[int, Task]], workers: int
) -> Generator[tuple[int, Result], None, list[tuple[int, Task]]]:
    """Yields results; returns the tasks that were under way when a worker died, none if all are done."""
    before = set(multiprocessing.active_children())
    under_way: dict[Future[Result], tuple[int, Task]] = {}
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_prepare_worker)
    try:
        while True:
            for one in islice(places, workers - len(under_way)):
                under_way[_submitted(pool, function, one[1])] = one
            if not under_way:
                return []
            done = wait(under_way, return_when=FIRST_COMPLETED).done
            broken = any(isinstance(future.exception(), BrokenProcessPool) for future in done)
            if broken:
                # Every future of a broken pool ends; some have a result all the same.
                done = wait(under_way).done
            for future in done:
                if not isinstance(future.exception(), BrokenProcessPool):
                    yield under_way.pop(future)[0], future.result()
            if broken:
                return list(under_way.values())
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in set(multiprocessing.active_children()) - before:
            process.terminate()


def _submitted(pool: Executor, function: Callable[[Task], Result], task: Task) -> Future[Result]:
    try:
        with _one_thread():
            return pool.submit(function, task)
    except BrokenProcessPool as error:
        failed: Future[Result] = Future()
        failed.set_exception(error)
        return failed


@contextmanager
def _one_thread() -> Iterator[None]:
    """Environment in which processes are started that are to use one thread."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _prepare_worker() -> None:
    # Ctrl-C reaches every process of the terminal; the parent decides what happens then.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
