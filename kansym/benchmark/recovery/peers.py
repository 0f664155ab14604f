"""Other tools on the same tables, each run in a process of its own, so that a crash is one row."""

import importlib.util
import json
import subprocess
import sys
import tempfile
from typing import Any

import sympy

from kansym.benchmark.launch import BenchmarkError, environment
from kansym.benchmark.recovery import stages
from kansym.benchmark.recovery.judge import judge
from kansym.benchmark.recovery.problem import Problem
from kansym.benchmark.recovery.settings import Job
from kansym.benchmark.recovery.single_precision import without_rounding
from kansym.benchmark.recovery.strict import strict
from kansym.errors import ArgumentError, MissingDependencyError
from kansym.symbolic.complexity import complexity
from kansym.symbolic.parser import parse_expression
from kansym.symbolic.simplification import simplify

PEERS = {"operon": "pyoperon"}
"""Tools and the packages that they come in."""

GRACE = 60.0
"""Seconds beyond the budget, and again half of it, after which a tool is stopped."""

SIMPLIFY_SECONDS = 1.0
"""For the simplification that a peer's formula gets before its nodes are counted."""


def check_peer(name: str) -> None:
    """Raise an error that says what to do if a peer is unknown or not installed.

    Raises
    ------
    ArgumentError
    MissingDependencyError
    """
    if name not in PEERS:
        raise ArgumentError(f"peers: there is no peer {name!r}; known: {', '.join(PEERS)}")
    if importlib.util.find_spec(PEERS[name]) is None:
        raise MissingDependencyError(f"the peer {name} needs the package {PEERS[name]!r}: pip install 'kansym[operon]'")


def run_peer(problem: Problem, job: Job) -> dict[str, Any]:
    """Run a peer on a problem and judge its pick and its front.

    Returns
    -------
    dict
        Fields of a record, see `kansym.benchmark.recovery.records`.

    Raises
    ------
    BenchmarkError
        If the peer crashes, or does not end in time.
    """
    answer = _search(problem, job)
    formulas = [parse_expression(text, problem.names) for text in answer["formulas"]]
    shorter = [_simplified(formula, problem) for formula in formulas]
    verdicts = [strict(formula, problem) for formula in shorter]
    pick = judge(shorter[0], problem)
    front = list(zip(shorter, verdicts, strict=True))
    return {
        # A peer has no network: what was close or inaccurate is told by its best formula.
        "stage": stages.stage(pick.strict, front, problem, None, network=False),
        "recovered": pick.strict.recovered,
        "srbench": pick.srbench,
        "front_recovered": any(verdict.recovered for verdict in verdicts),
        "elapsed": answer["elapsed"],
        "inside": pick.strict.inside,
        "beyond": pick.strict.beyond,
        "nodes": pick.strict.nodes,
        "law_nodes": pick.strict.law_nodes,
        "formula": str(shorter[0]),
    }


def _search(problem: Problem, job: Job) -> dict[str, Any]:
    request = {
        "X": problem.X.tolist(),
        "y": problem.y.tolist(),
        "names": list(problem.names),
        "seconds": job.settings.seconds,
        "seed": job.seed,
    }
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(
                [sys.executable, "-m", f"kansym.benchmark.recovery.{job.tool}_worker"],
                input=json.dumps(request),
                capture_output=True,
                text=True,
                cwd=folder,
                env=environment(1),
                timeout=1.5 * job.settings.seconds + GRACE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise BenchmarkError(f"{job.tool} did not end in time") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise BenchmarkError(f"{job.tool} ended with exit code {done.returncode}: {last}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def _simplified(formula: sympy.Expr, problem: Problem) -> sympy.Expr:
    """The shorter of the formula and its simplification: a peer is not to fail for want of algebra."""
    result = simplify(formula, problem.symbols, problem.X, seconds=SIMPLIFY_SECONDS).expression
    forms = [without_rounding(form, problem.symbols, problem.X) for form in (result, formula)]
    return min(forms, key=complexity)
