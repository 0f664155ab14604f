"""One job: draw the table, let the tool search, judge what it found."""

import math
import time
from typing import Any

from kansym.bench import stages
from kansym.bench.catalogue import load_catalogue
from kansym.bench.judge import judge
from kansym.bench.problem import Problem, make_problem
from kansym.bench.records import Record
from kansym.bench.settings import OWN, WITH_UNITS, Job
from kansym.bench.strict import strict

MOST_JUDGED = 40
"""Formulas of a front that are judged."""


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
        from kansym.bench.peers import run_peer

        return _record(job, **run_peer(problem, job))
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return _record(job, stage=stages.FAILED, failure=reason[:500], elapsed=time.perf_counter() - start)


def _record(job: Job, **found: Any) -> Record:
    empty = dict.fromkeys(
        ("elapsed", "inside", "beyond", "nodes", "law_nodes", "formula", "stopped", "network_error", "failure"), None
    )
    flags = {"stage": stages.NO_FORMULA, "recovered": False, "srbench": False, "front_recovered": False}
    flags["wrong_units"] = None
    return {**job.settings.to_dict(), "law": job.law, "seed": job.seed, "tool": job.tool, **flags, **empty, **found}


def _kansym(problem: Problem, job: Job) -> Record:
    from kansym.data.dataset import make_dataset
    from kansym.search.discovery import discover
    from kansym.search.options import DiscoveryOptions

    told: dict[str, Any] = problem.units() if job.tool == WITH_UNITS else {}
    dataset = make_dataset(problem.X, problem.y, names=list(problem.names), target="y", **told)
    options = DiscoveryOptions(
        max_seconds=job.settings.seconds, seed=job.seed, device="cpu", primitives=job.settings.library()
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
        "stage": stages.stage(verdict.strict, front, problem, predict),
        "recovered": verdict.strict.recovered,
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
        "network_error": math.nan if predict is None else stages.network_error(problem, predict),
    }
