"""kansym's part of the benchmark: the library's ordinary entry points, timed."""

import time
from typing import Any

import torch

from benchmarks.speed.samples import PLANTS, draw, plant, problem_named
from kansym.extraction.edges import match_cost
from kansym.extraction.matching import match_edges
from kansym.extraction.selection import SelectionOptions
from kansym.kan.network import Network
from kansym.kan.training import TrainingOptions, train
from kansym.primitives.library import default_library

COMPLEXITY_WEIGHT = SelectionOptions.complexity_weight


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
    # Ranked as the pipeline ranks edges, without an estimate of the curves' error, which pykan does not get either.
    chosen = [min(matches, key=lambda match: match_cost(match, 0.0, COMPLEXITY_WEIGHT)) for matches in found]
    names = {"": chosen, "_by_fit": [matches[0] for matches in found]}
    outcome: dict[str, Any] = {"seconds": seconds, "cpu": cpu, "edges": len(x), "functions": count}
    for suffix, picks in names.items():
        outcome["first" + suffix] = [match.primitive.name for match in picks]
        outcome["right" + suffix] = [
            entry.name in (match.primitive.name, match.primitive.equivalent_to)
            for match, entry in zip(picks, PLANTS, strict=True)
        ]
    return outcome


def warm_up(job: dict[str, Any]) -> None:
    """One small run of the job's kind, so that one-time costs of torch stay out of the figures."""
    if job["kind"] == "training":
        training({**job, "steps": 3})
    else:
        matching({**job, "points": 50})
