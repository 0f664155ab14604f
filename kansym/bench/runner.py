"""Jobs one after another, or side by side in worker processes."""

import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool

from kansym.bench.catalogue import Catalogue
from kansym.bench.records import Record
from kansym.bench.run_law import run_job
from kansym.bench.settings import Job, Settings
from kansym.errors import KansymError


class WorkerError(KansymError, RuntimeError):
    """A worker process died."""


def plan(catalogue: Catalogue, settings: Settings, seeds: Sequence[int], tools: Sequence[str]) -> list[Job]:
    """All jobs: seed by seed and law by law, the tools in turn, so that they meet about the same load."""
    return [Job(settings, law.name, seed, tool) for seed in seeds for law in catalogue.laws for tool in tools]


def run(jobs: Sequence[Job], workers: int = 1) -> Iterator[Record]:
    """Records as they arrive.

    Parameters
    ----------
    jobs : sequence of Job
    workers : int, default 1
        Processes with one thread each; with 1, everything happens in this process.

    Raises
    ------
    WorkerError
        If a worker process dies; what had arrived before is not lost.
    """
    if workers == 1:
        yield from map(run_job, jobs)
        return
    before = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(workers, mp_context=context, initializer=_prepare_worker)
    try:
        with _one_thread():
            futures = [executor.submit(run_job, job) for job in jobs]
        for future in as_completed(futures):
            yield future.result()
    except BrokenProcessPool as error:
        raise WorkerError("a worker process died, most likely for lack of memory; try fewer --jobs") from error
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        for process in set(multiprocessing.active_children()) - before:
            process.terminate()


class _one_thread:
    """Environment in which processes are started that are to use one thread."""

    NAMES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")

    def __enter__(self) -> None:
        self.before = {name: os.environ.get(name) for name in self.NAMES}
        os.environ.update(dict.fromkeys(self.NAMES, "1"))

    def __exit__(self, *_: object) -> None:
        for name, value in self.before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _prepare_worker() -> None:
    import torch

    # Ctrl-C reaches every process of the terminal; the parent decides what happens then.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
