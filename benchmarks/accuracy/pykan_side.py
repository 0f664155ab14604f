"""pykan: L-BFGS on grids of 3, 5, 10, 20 and 50 intervals, as in the KAN paper; a fifth of the time for each."""

from typing import Any

import torch
from kan import KAN  # type: ignore[import-not-found]  # only with the extra "bench"

from benchmarks.accuracy.targets import Array
from benchmarks.accuracy.trace import Job, Trace

GRIDS = (3, 5, 10, 20, 50)

VARIANTS = ("grid updates", "fixed grids")
"""pykan lays its grids anew during the first steps unless told not to, which is at times better and at times worse."""

UNBOUNDED = 100_000


class _StageIsOverError(Exception):
    """Ends pykan's `fit`, which has no limit of time."""


def train(job: Job, trace: Trace) -> None:
    rows = trace.rows
    torch.set_default_dtype(torch.float64)
    names = ("train_input", "train_label", "test_input", "test_label")
    arrays = (rows.x, rows.y, rows.x_validation, rows.y_validation)
    data = dict(zip(names, map(torch.from_numpy, arrays), strict=True))
    model: Any = KAN(width=list(job.shape), grid=GRIDS[0], k=3, seed=job.seed, auto_save=False).speed()
    for number, grid in enumerate(GRIDS):
        if number:
            # `refine` reads what the activations were, which the fast mode does not keep.
            model.save_act = True
            model(data["train_input"])
            model = model.refine(grid).speed()
        end = trace.seconds * (number + 1) / len(GRIDS)

        def predict(x: Array, model: Any = model) -> Array:
            with torch.no_grad():
                return model(torch.from_numpy(x)).numpy()

        def judged(predict: Any = predict, end: float = end) -> torch.Tensor:
            trace.judge(predict)
            if trace.elapsed > end:
                raise _StageIsOverError
            return torch.zeros(())

        updates = job.variant == "grid updates"
        try:
            model.fit(data, opt="LBFGS", steps=UNBOUNDED, update_grid=updates, metrics=[judged], log=UNBOUNDED)
        except _StageIsOverError:
            continue
