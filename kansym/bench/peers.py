"""Other tools on the same tables, each in a process of its own, so that a crash is one row."""

import tempfile
from pathlib import Path
from typing import Any

from kansym.bench import stages
from kansym.bench.judge import judge
from kansym.bench.problem import Problem
from kansym.bench.settings import Job
from kansym.bench.strict import strict
from kansym.comparison.peer_formulas import readable, simplified
from kansym.comparison.peers import PEERS, is_installed
from kansym.comparison.process import PeerProcess
from kansym.comparison.request import PeerError, Request
from kansym.errors import ArgumentError, MissingDependencyError

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


def run_peer(problem: Problem, job: Job) -> dict[str, Any]:
    """Run a peer on a problem and judge its pick and its front.

    Returns
    -------
    dict
        Fields of a record, see `kansym.bench.records`.

    Raises
    ------
    PeerError
        If the peer crashes, does not end in time, or finds no formula that can be read.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        request = Request(
            X=problem.X,
            y=problem.y,
            weights=None,
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
        "stage": stages.stage(pick.strict, front, problem, None, network=False),
        "recovered": pick.strict.recovered,
        "srbench": pick.srbench,
        "front_recovered": any(verdict.recovered for _, verdict in front),
        "elapsed": answer.seconds,
        "inside": pick.strict.inside,
        "beyond": pick.strict.beyond,
        "nodes": pick.strict.nodes,
        "law_nodes": pick.strict.law_nodes,
        "formula": str(picked),
    }
