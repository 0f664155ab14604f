"""Jobs of a recovery benchmark: draw the table, let kansym or a peer search, judge what was found.

Peers run in processes of their own, so that a crash is one row; jobs run one after another, or side by side.
"""

import math
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kansym.bench import outcome
from kansym.bench.catalogue import Catalogue, load_catalogue
from kansym.bench.outcome import judge
from kansym.bench.problem import Problem, make_problem
from kansym.bench.records import OWN, WITH_UNITS, Job, Record, Settings
from kansym.bench.strict import strict
from kansym.comparison.peer_formulas import readable, simplified
from kansym.comparison.peers import PEERS, is_installed
from kansym.comparison.process import PeerProcess
from kansym.comparison.request import PeerError, Request
from kansym.data.dataset import make_dataset
from kansym.errors import ArgumentError, MissingDependencyError
from kansym.executors import WorkerFailure, completed
from kansym.search.discovery import discover
from kansym.search.options import DiscoveryOptions

MOST_JUDGED = 40
"""Formulas of a front that are judged."""

EMPTY = (
    "elapsed", "inside", "beyond", "nodes", "law_nodes", "formula", "stopped", "network_error", "failure", "origin",
    "reductions",
)  # fmt: skip
"""Fields of a record that need not apply."""

WITH_FORMULAS = tuple(name for name in PEERS if name != "mlp")
"""Peers that can recover a law."""


def check_peer(name: str) -> None:
    """Raise an error that says what to do if a peer is unknown or not installed.

    Raises
    ------
    ArgumentError
    MissingDependencyError
    """
    if name not in WITH_FORMULAS:
        raise ArgumentError(f"peers: there is no peer {name!r}; known: {', '.join(WITH_FORMULAS)}")
    if not is_installed(PEERS[name]):
        raise MissingDependencyError(f"the peer {name} is not installed: {PEERS[name].install}")


def plan(catalogue: Catalogue, settings: Settings, seeds: Sequence[int], tools: Sequence[str]) -> list[Job]:
    """All jobs: seed by seed and law by law, the tools in turn, so that they run under about the same load."""
    return [Job(settings, law, seed, tool) for seed in seeds for law in catalogue.names for tool in tools]


def run(jobs: Sequence[Job], workers: int = 1) -> Iterator[Record]:
    """Records as they arrive.

    Parameters
    ----------
    jobs : sequence of Job
    workers : int, default 1
        Processes with one thread each; with 1, everything happens in this process.
    """
    for place, record in completed(run_job, jobs, workers=workers):
        if isinstance(record, WorkerFailure):
            record = _record(jobs[place], stage=outcome.FAILED, failure=record.reason)
        yield record


def run_job(job: Job) -> Record:
    """The record of a job; a tool that raises gives a record with the reason in "failure".

    Raises
    ------
    KeyboardInterrupt
        Also where the tool itself ended early and handed back what it had.
    """
    start = time.perf_counter()
    try:
        settings = job.settings
        law = load_catalogue(settings.catalogue)[job.law]
        problem = make_problem(law, rows=settings.rows, seed=job.seed, noise=settings.noise, dummies=settings.dummies)
        if job.tool in OWN:
            return _record(job, **_kansym(problem, job))
        return _record(job, **_peer(problem, job))
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return _record(job, stage=outcome.FAILED, failure=reason[:500], elapsed=time.perf_counter() - start)


def _record(job: Job, **found: Any) -> Record:
    empty = dict.fromkeys(EMPTY)
    flags: dict[str, Any] = dict.fromkeys(("recovered", "form", "srbench", "front_recovered"), False)
    flags |= {"stage": outcome.NO_FORMULA, "wrong_units": None}
    return {**job.settings.to_dict(), "law": job.law, "seed": job.seed, "tool": job.tool, **flags, **empty, **found}


def _kansym(problem: Problem, job: Job) -> Record:
    told: dict[str, Any] = problem.units() if job.tool == WITH_UNITS else {}
    dataset = make_dataset(problem.X, problem.y, names=list(problem.names), target="y", y_error=problem.errors, **told)
    options = DiscoveryOptions(
        max_seconds=job.settings.seconds,
        seed=job.seed,
        device="cpu",
        primitives=job.settings.library(),
        structure="structure" not in job.settings.without,
        terms="terms" not in job.settings.without,
        networks="networks" not in job.settings.without,
    )
    start = time.perf_counter()
    discovery = discover(dataset, options)
    elapsed = time.perf_counter() - start
    if discovery.interrupted:
        raise KeyboardInterrupt
    verdict = judge(discovery.formula.expression, problem)
    formulas = [formula.expression for formula in discovery.front][-MOST_JUDGED:]
    front = [(expression, strict(expression, problem)) for expression in formulas]
    network = discovery.network
    predict = None if network is None else network.predict
    return {
        "stage": outcome.stage(verdict.strict, front, problem, predict),
        "recovered": verdict.strict.recovered,
        "form": verdict.form,
        "srbench": verdict.srbench,
        "front_recovered": any(entry.recovered for _, entry in front),
        "elapsed": elapsed,
        "inside": verdict.strict.inside,
        "beyond": verdict.strict.beyond,
        "nodes": verdict.strict.nodes,
        "law_nodes": verdict.strict.law_nodes,
        "formula": discovery.formula.text(),
        "wrong_units": None if not told else discovery.formula.consistent is not True,
        "stopped": discovery.stopped,
        "origin": None if discovery.formula.origin is None else discovery.formula.origin.to_dict(),
        "reductions": [str(step.kind) for step in discovery.formula.steps],
        "network_error": math.nan if predict is None else outcome.network_error(problem, predict),
    }


def _peer(problem: Problem, job: Job) -> dict[str, Any]:
    """Fields of a record; raises `PeerError` where a peer crashes, is late or has no formula that can be read."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        request = Request(
            X=problem.X,
            y=problem.y,
            weights=problem.weights,
            points=problem.X[:0],
            units=(None,) * len(problem.names),
            y_unit=None,
            functions=tuple(job.settings.library()),
            seconds=job.settings.seconds,
            seed=job.seed,
            folder=Path(folder),
        )
        with PeerProcess(PEERS[job.tool]) as process:
            answer = process.ask(request)
    read = readable(answer.formulas, request.names, problem.names)
    if answer.pick not in read:
        raise PeerError("its pick is no formula of real numbers")
    shorter = {number: simplified(formula, problem.names, problem.X) for number, formula in read.items()}
    picked = shorter[answer.pick]
    front = [(formula, strict(formula, problem)) for formula in shorter.values()]
    pick = judge(picked, problem)
    return {
        # A peer has no network: what was close or inaccurate is told by its best formula.
        "stage": outcome.stage(pick.strict, front, problem, None, network=False),
        "recovered": pick.strict.recovered,
        "form": pick.form,
        "srbench": pick.srbench,
        "front_recovered": any(verdict.recovered for _, verdict in front),
        "elapsed": answer.seconds,
        "inside": pick.strict.inside,
        "beyond": pick.strict.beyond,
        "nodes": pick.strict.nodes,
        "law_nodes": pick.strict.law_nodes,
        "formula": str(picked),
    }
