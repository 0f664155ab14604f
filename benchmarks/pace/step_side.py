"""One side of `python -m benchmarks.pace steps`: times steps of training; run as a file, with the path of its kansym.

Reads requests, one JSON line each, and writes seconds of the processor for one step; for an empty request, the
operations per second of a product of two matrices of 1024 x 1024 doubles.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import torch

from kansym.kan.network import Network
from kansym.kan.parameters import ParameterMap
from kansym.kan.training import TrainingOptions, train

SIZE = 1024
"""Rows and columns of the matrices whose product is the measure."""

STEPS, LEAST = 6, 0.4
"""Steps of a training, and seconds of the processor that a measurement takes at least."""


def least(work: Callable[[], Any]) -> float:
    """The shortest of several times that some work took, in seconds of the processor."""
    work()
    best, spent = float("inf"), 0.0
    while spent < LEAST:
        start = time.process_time()
        work()
        seconds = time.process_time() - start
        best, spent = min(best, seconds), spent + seconds
    return best


def product() -> dict[str, float]:
    matrix = torch.rand(SIZE, SIZE, dtype=torch.float64)
    return {"rate": 2 * SIZE**3 / least(lambda: matrix @ matrix)}


def step(shape: list[int], grid: int, networks: int, rows: int) -> dict[str, float]:
    """Seconds of a step, with the number of parameters of one network."""
    generator = torch.Generator().manual_seed(0)
    x = 2 * torch.rand(rows, shape[0], dtype=torch.float64, generator=generator) - 1
    y = torch.exp(torch.sin(torch.pi * x[:, 0]) + x.square().mean(1))
    start = Network.create(tuple(shape), grid=grid, population=networks, generator=generator)
    options = TrainingOptions(steps=STEPS, tolerance=0.0, rescale_every=0)
    seconds = least(lambda: train(start, x, y / y.std(), options))
    return {"seconds": seconds / STEPS, "parameters": float(ParameterMap.of(start).size)}


if __name__ == "__main__":
    torch.set_num_threads(1)
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(step(**request) if request else product()), flush=True)
