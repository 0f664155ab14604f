"""kansym on a CUDA card beside one core: as right, and how much sooner?

Steps of training, matching, and whole searches, each on the CPU and on the card in one run. The first table says from
how much work (networks times rows times parameters) a card is ahead, which is what `kansym.device.CUDA_WORK` should be;
the last, whether the formulas are the same::

    OMP_NUM_THREADS=1 python -m benchmarks.card
    OMP_NUM_THREADS=1 python -m benchmarks.card --quick
"""

import sys
import time
from collections.abc import Callable
from itertools import product
from typing import TypeVar

import numpy as np
import torch
from cyclopts import App

from benchmarks.machine import describe
from kansym import DiscoveryOptions, discover, make_dataset
from kansym.device import CUDA_WORK
from kansym.extraction.matching import match_edges
from kansym.kan.network import Network
from kansym.kan.parameters import ParameterMap
from kansym.kan.training import TrainingOptions, train
from kansym.primitives.library import default_library

STEPS = 12
"""Steps of a training that is timed."""

LONGEST = 3e9
"""Networks times rows times squared parameters from which the CPU is not waited for."""

T = TypeVar("T")

app = App(name="python -m benchmarks.card", help="kansym on a CUDA card beside one core.", version_flags=[])


def timed(work: Callable[[], T], device: str) -> tuple[float, T]:
    """Seconds of a second run, and what it gave."""

    def finish() -> None:
        if device == "cuda":
            torch.cuda.synchronize()

    work()
    finish()
    start = time.perf_counter()
    result = work()
    finish()
    return time.perf_counter() - start, result


def of_a_step(start: Network, x: torch.Tensor, y: torch.Tensor, device: str) -> float:
    """Milliseconds."""
    options = TrainingOptions(steps=STEPS, tolerance=0.0, rescale_every=0)
    network, inputs, targets = start.to(device), x.to(device), y.to(device)
    seconds, _ = timed(lambda: train(network, inputs, targets, options), device)
    return 1e3 * seconds / STEPS


def training(populations: tuple[int, ...], rows: tuple[int, ...]) -> None:
    print("\nA step of Levenberg-Marquardt, milliseconds; work in units of CUDA_WORK")
    for (shape, grid), population, n in product((((2, 5, 1), 5), ((4, 5, 5, 1), 10)), populations, rows):
        generator = torch.Generator().manual_seed(0)
        x = 2 * torch.rand(n, shape[0], dtype=torch.float64, generator=generator) - 1
        y = torch.exp(torch.sin(torch.pi * x[:, 0]) + x[:, 1] ** 2)
        start = Network.create(shape, grid=grid, population=population, generator=generator)
        size = ParameterMap.of(start).size
        devices = ("cuda",) if population * n * size**2 > LONGEST else ("cpu", "cuda")
        found = [f"{device} {of_a_step(start, x, y / y.std(), device):.2f}" for device in devices]
        work = population * n * size / CUDA_WORK
        print(f"{shape}, {population} networks, {n} rows, work {work:.2g}: {', '.join(found)}", flush=True)


def matching(numbers: tuple[int, ...]) -> None:
    print("\nMatching of edges to the whole library, seconds")
    for number in numbers:
        x = torch.linspace(-1, 1, 300, dtype=torch.float64).expand(number, -1).contiguous()
        y = torch.stack([torch.sin((1 + k / 20) * x[0] + 0.1 * k) for k in range(number)])
        seconds, names = {}, {}
        for device in ("cpu", "cuda"):
            there = x.to(device), y.to(device)
            seconds[device], found = timed(lambda there=there: match_edges(*there, default_library()), device)
            names[device] = [matches[0].primitive.name for matches in found]
        same = sum(a == b for a, b in zip(names["cpu"], names["cuda"], strict=True))
        print(f"{number} edges: cpu {seconds['cpu']:.2f}, cuda {seconds['cuda']:.2f}, {same} the same", flush=True)


def searches(seconds: float) -> bool:
    """Whether the card finds what the CPU does."""
    print("\nSearches, seconds and formulas")
    rng = np.random.default_rng(0)
    one, two, three = rng.uniform(0.1, 4, (300, 1)), rng.uniform(-1, 1, (1000, 2)), rng.uniform(1, 3, (20_000, 3))
    tables = {
        "one column": (one, np.exp(-one[:, 0]) * np.sin(3 * one[:, 0]), {}),
        "networks alone": (two, np.exp(np.sin(np.pi * two[:, 0]) + two[:, 1] ** 2), {"structure": False}),
        "several columns": (three, three[:, 0] * np.exp(-three[:, 1]) + three[:, 2] ** 2, {}),
    }
    same = True
    for name, (X, y, options) in tables.items():
        formulas = []
        for device in ("cpu", "cuda"):
            start = time.perf_counter()
            given = DiscoveryOptions(max_seconds=seconds, deterministic=True, device=device, **options)
            formulas.append(str(discover(make_dataset(X, y), given).formula))
            print(f"{name}, {device}: {time.perf_counter() - start:.1f} s, {formulas[-1]}", flush=True)
        same &= formulas[0] == formulas[1]
    return same


@app.default
def main(*, quick: bool = False) -> None:
    """Measure and print; exit status 2 without a card, 1 where a search finds another formula on it.

    Parameters
    ----------
    quick
        Small cases only: a look, not a measurement.
    """
    if not torch.cuda.is_available():
        print("no CUDA device is available", file=sys.stderr)
        raise SystemExit(2)
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, {describe()}")
    training((4,) if quick else (4, 64, 1024, 4096), (300,) if quick else (300, 6000))
    matching((15,) if quick else (15, 64, 512))
    if not searches(5.0 if quick else 60.0):
        raise SystemExit(1)


if __name__ == "__main__":
    app()
