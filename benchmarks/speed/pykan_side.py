"""pykan's part of the benchmark, at its fastest settings that keep its results.

Imported in the worker process only: importing pykan seeds nothing, but building a model seeds torch, numpy and random
globally, and its functions print.
"""

import time
from typing import Any

import numpy as np
import torch
from kan import KAN  # type: ignore[import-not-found]  # only with the extra "bench"
from kan.utils import SYMBOLIC_LIB  # type: ignore[import-not-found]

from benchmarks.speed.samples import PLANTS, draw, plant, problem_named


def _model(shape: tuple[int, ...], grid: int, seed: int, **options: Any) -> Any:
    # pykan changes the list it is given.
    return KAN(width=list(shape), grid=grid, k=3, seed=seed, auto_save=False, **options)


def training(job: dict[str, Any]) -> dict[str, Any]:
    """L-BFGS in speed mode (no symbolic branch, no stored activations, no checkpoints).

    The trace holds the validation RMSE that `fit` itself computes after every step, after one entry for the start.
    """
    problem = problem_named(job["problem"])
    sample = draw(problem, job["seed"])
    dtype = torch.get_default_dtype()
    x, y, x_validation, y_validation = (
        torch.from_numpy(array).to(dtype) for array in (sample.x, sample.y, sample.x_validation, sample.y_validation)
    )
    model = _model(problem.shape, problem.grid, job["seed"]).speed()
    with torch.no_grad():
        start = float((model(x_validation) - y_validation).square().mean().sqrt())
    times: list[tuple[float, float]] = []

    def clock() -> torch.Tensor:
        times.append((time.perf_counter() - wall, time.process_time() - cpu))
        return torch.zeros(())

    data = {"train_input": x, "train_label": y, "test_input": x_validation, "test_label": y_validation}
    wall, cpu = time.perf_counter(), time.process_time()
    result = model.fit(
        data, opt="LBFGS", steps=job["steps"], update_grid=job["update_grid"], metrics=[clock], log=job["steps"] + 1
    )
    errors = [start, *map(float, result["test_loss"])]
    return {"trace": [(*when, error) for when, error in zip([(0.0, 0.0), *times], errors, strict=True)]}


def matching(job: dict[str, Any]) -> dict[str, Any]:
    """`suggest_symbolic` with the default library on edges that carry the planted curves.

    The activations of a [E, 1] model are set to the curves, which is what a trained model would have stored.
    """
    curves = plant(job["seed"], job["points"])
    dtype = torch.get_default_dtype()
    x = torch.from_numpy(curves.x).to(dtype)
    y = torch.from_numpy(curves.splined if job["splined"] else curves.exact).to(dtype)
    model = _model((len(x), 1), 3, 0)
    model(x.T.contiguous())
    model.spline_postacts[0] = y.T[:, None, :].contiguous()
    edges = range(len(x))[: job["edges"]]
    names = list(SYMBOLIC_LIB)
    first, by_fit = [], []
    wall, cpu = time.perf_counter(), time.process_time()
    for edge in edges:
        scores: list[np.ndarray] = []

        def score(r2: np.ndarray, scores: list[np.ndarray] = scores) -> np.ndarray:
            scores.append(r2)
            return np.log2(1 + 1e-5 - r2)  # pykan's default

        first.append(model.suggest_symbolic(0, edge, 0, verbose=False, r2_loss_fun=score)[0])
        by_fit.append(names[int(np.argmax(scores[0]))])
    seconds, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {
        "seconds": seconds,
        "cpu": cpu,
        "edges": len(edges),
        "functions": len(names),
        "first": first,
        "right": [name in entry.peers for name, entry in zip(first, PLANTS, strict=False)],
        "first_by_fit": by_fit,
        "right_by_fit": [name in entry.peers for name, entry in zip(by_fit, PLANTS, strict=False)],
    }


def warm_up(job: dict[str, Any]) -> None:
    """One small run of the job's kind, so that one-time costs of torch stay out of the figures."""
    if job["kind"] == "training":
        training({**job, "steps": 1})
    else:
        matching({**job, "points": 10, "edges": 1})
