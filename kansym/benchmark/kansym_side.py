"""kansym's part of the benchmark: the library's ordinary entry points, timed."""

import time
from typing import Any

import torch

from kansym.benchmark.planted import PLANTS, plant
from kansym.benchmark.problems import draw, problem_named
from kansym.extraction.matching import match_edges
from kansym.kan.network import Network
from kansym.kan.training import TrainingOptions, train
from kansym.primitives.library import default_library


def training(job: dict[str, Any]) -> dict[str, Any]:
    """Levenberg-Marquardt from `population` fresh starts; the trace holds the best validation RMSE so far."""
    problem = problem_named(job["problem"])
    sample = draw(problem, job["seed"])
    x, y, x_validation, y_validation = map(
        torch.from_numpy, (sample.x, sample.y, sample.x_validation, sample.y_validation)
    )
    network = Network.create(
        problem.shape,
        grid=problem.grid,
        population=job["population"],
        generator=torch.Generator().manual_seed(job["seed"]),
    )
    trace: list[tuple[float, float, float]] = []
    wall, cpu = time.perf_counter(), time.process_time()

    def record(_: int, loss: float) -> None:
        trace.append((time.perf_counter() - wall, time.process_time() - cpu, loss**0.5))

    train(
        network,
        x,
        y,
        TrainingOptions(steps=job["steps"]),
        validation=(x_validation, y_validation),
        callback=record,
    )
    return {"trace": trace}


def matching(job: dict[str, Any]) -> dict[str, Any]:
    """All planted edges against the whole library; `batched` says whether in one call or edge by edge."""
    curves = plant(job["seed"], job["points"])
    x = torch.from_numpy(curves.x)
    y = torch.from_numpy(curves.splined if job["splined"] else curves.exact)
    library = default_library()
    count = sum(primitive.equivalent_to not in library for primitive in library.values())
    parts = [slice(None)] if job["batched"] else [slice(e, e + 1) for e in range(len(x))]
    wall, cpu = time.perf_counter(), time.process_time()
    found = [matches for part in parts for matches in match_edges(x[part], y[part], library)]
    seconds, cpu = time.perf_counter() - wall, time.process_time() - cpu
    first = [matches[0].primitive.name if matches else "" for matches in found]
    right = [
        name == entry.name or (name in library and library[name].equivalent_to == entry.name)
        for name, entry in zip(first, PLANTS, strict=True)
    ]
    return {"seconds": seconds, "cpu": cpu, "edges": len(x), "functions": count, "first": first, "right": right}


def warm_up(job: dict[str, Any]) -> None:
    """One small run of the job's kind, so that one-time costs of torch stay out of the figures."""
    if job["kind"] == "training":
        training({**job, "steps": 3})
    else:
        matching({**job, "points": 50})
