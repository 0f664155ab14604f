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


def _training(settings: Settings, **variants: Any) -> list[dict[str, Any]]:
    return [
        {"kind": "training", "problem": problem.name, "seed": seed, **variants}
        for problem in PROBLEMS
        for seed in range(settings.seeds)
    ]


def _matching(points: int, **variants: Any) -> dict[str, Any]:
    return {"kind": "matching", "seed": 0, "points": points, "splined": False, **variants}


def requests(settings: Settings) -> list[dict[str, Any]]:
    """Requests for the workers: kansym, pykan in float64, pykan in float32 (its own default)."""
    few, many = settings.points, settings.many_points
    plain = [job for count in POPULATIONS for job in _training(settings, steps=settings.kansym_steps, population=count)]
    plain += [
        _matching(few, batched=True),
        _matching(few, batched=True, splined=True),
        _matching(few, batched=False),
    ]
    double = _training(settings, steps=settings.steps, update_grid=False)
    double += _training(settings, steps=settings.steps, update_grid=True)
    double += [_matching(few, edges=settings.edges), _matching(few, edges=settings.edges, splined=True)]
    single = _training(settings, steps=settings.steps, update_grid=False)
    single += [_matching(few, edges=min(settings.edges or 4, 4))]
    if many:
        plain += [_matching(many, batched=True)]
        single += [_matching(many, edges=1)]
    found = []
    for tool, dtype, jobs in (("kansym", "float64", plain), ("pykan", "float64", double), ("pykan", "float32", single)):
        chosen = [job for job in jobs if job["kind"] in settings.kinds]
        found.append({"tool": tool, "dtype": dtype, "threads": settings.threads, "jobs": chosen})
    return found
