"""Layers in the style of efficient-kan: AdamW with a rate that decays and a grid of 5, as in that project's example.

Or L-BFGS and a grid of 20, for targets that need a finer one: these layers have no refinement.
"""

import torch
from torch import Tensor, nn

from benchmarks.accuracy.efficient import efficient_kan
from benchmarks.accuracy.targets import Array
from benchmarks.accuracy.trace import Job, Trace

VARIANTS = ("AdamW, grid 5", "L-BFGS, grid 20")

RATE, LAST_RATE, DECAY, BATCH = 1e-2, 1e-5, 1e-4, 256
"""Rates of AdamW at the start and at the end of the time, its weight decay, and rows of a step."""


def train(job: Job, trace: Trace) -> None:
    x, y = torch.from_numpy(trace.rows.x), torch.from_numpy(trace.rows.y)
    optimizer, grid = job.variant.split(", grid ")
    model = efficient_kan(job.shape, int(grid), job.seed)
    (_adamw if optimizer == "AdamW" else _lbfgs)(model, x, y, trace, torch.Generator().manual_seed(job.seed))


def _judge(model: nn.Module, trace: Trace) -> None:
    def predict(x: Array) -> Array:
        with torch.no_grad():
            return model(torch.from_numpy(x)).numpy()

    trace.judge(predict)


def _adamw(model: nn.Module, x: Tensor, y: Tensor, trace: Trace, generator: torch.Generator) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=DECAY)
    while True:
        for batch in torch.randperm(len(x), generator=generator).split(BATCH):
            # Exponential decay, by time: how many steps there will be is not known.
            share = min(trace.elapsed / trace.seconds, 1.0)
            optimizer.param_groups[0]["lr"] = RATE * (LAST_RATE / RATE) ** share
            optimizer.zero_grad()
            (model(x[batch]) - y[batch]).square().mean().backward()
            optimizer.step()
        _judge(model, trace)


def _lbfgs(model: nn.Module, x: Tensor, y: Tensor, trace: Trace, _: torch.Generator) -> None:
    optimizer = torch.optim.LBFGS(
        model.parameters(), history_size=10, line_search_fn="strong_wolfe", tolerance_grad=0.0, tolerance_change=0.0
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = (model(x) - y).square().mean()
        loss.backward()
        return loss

    while True:
        optimizer.step(closure)  # type: ignore[arg-type]  # torch's stub wants a float; its own code, a tensor
        _judge(model, trace)
