"""Which jobs make up a benchmark."""

from dataclasses import dataclass
from typing import Any

from kansym.benchmark.problems import PROBLEMS

POPULATIONS = (1, 4)
"""Starts that kansym trains side by side."""


@dataclass(frozen=True)
class Settings:
    """Size of a benchmark.

    Attributes
    ----------
    seeds : int, default 3
        Data sets and starts per problem.
    threads : int, default 1
        For both tools.
    steps : int, default 50
        L-BFGS steps of pykan, of up to 20 inner iterations each; it may reach its best at any of them.
    kansym_steps : int, default 200
        Levenberg-Marquardt steps of kansym at most.
    points, many_points : int, default 200 and 1000
        Points per edge in matching. pykan's cost is proportional to them, so that the larger number, that of the
        training rows, is timed on one edge only; 0 to leave it out.
    edges : int or None, default None
        Planted edges that pykan matches; None for all.
    kinds : tuple of {"training", "matching"}
    """

    seeds: int = 3
    threads: int = 1
    steps: int = 50
    kansym_steps: int = 200
    points: int = 200
    many_points: int = 1000
    edges: int | None = None
    kinds: tuple[str, ...] = ("training", "matching")


def _matching(points: int, **variants: Any) -> dict[str, Any]:
    return {"kind": "matching", "seed": 0, "points": points, "splined": False, **variants}


def _training_requests(settings: Settings, problem: str) -> list[tuple[str, str, list[dict[str, Any]]]]:
    def runs(steps: int, **variants: Any) -> list[dict[str, Any]]:
        common = {"kind": "training", "problem": problem, "steps": steps}
        return [{**common, "seed": seed, **variants} for seed in range(settings.seeds)]

    own = [job for count in POPULATIONS for job in runs(settings.kansym_steps, population=count)]
    fixed, moving = runs(settings.steps, update_grid=False), runs(settings.steps, update_grid=True)
    return [("kansym", "float64", own), ("pykan", "float64", fixed + moving), ("pykan", "float32", fixed)]


def _matching_requests(settings: Settings) -> list[tuple[str, str, list[dict[str, Any]]]]:
    few, many = settings.points, settings.many_points
    own = [_matching(few, batched=True), _matching(few, batched=True, splined=True), _matching(few, batched=False)]
    double = [_matching(few, edges=settings.edges), _matching(few, edges=settings.edges, splined=True)]
    single = [_matching(few, edges=min(settings.edges or 4, 4))]
    if many:
        own.append(_matching(many, batched=True))
        single.append(_matching(many, edges=1))
    return [("kansym", "float64", own), ("pykan", "float64", double), ("pykan", "float32", single)]


def requests(settings: Settings) -> list[dict[str, Any]]:
    """Requests for the workers: kansym, pykan in float64 and in float32 (its default), problem by problem.

    The tools take turns so that both meet about the same load of the machine.
    """
    parts: list[tuple[str, str, list[dict[str, Any]]]] = []
    if "training" in settings.kinds:
        for problem in PROBLEMS:
            parts += _training_requests(settings, problem.name)
    if "matching" in settings.kinds:
        parts += _matching_requests(settings)
    return [{"tool": tool, "dtype": dtype, "threads": settings.threads, "jobs": jobs} for tool, dtype, jobs in parts]
