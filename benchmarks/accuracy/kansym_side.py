"""kansym: a fit, and fits on finer and finer grids."""

from benchmarks.accuracy.trace import Job, Trace
from kansym import KAN

VARIANTS = ("",)


def train(job: Job, trace: Trace) -> None:
    rows = trace.rows
    held_out = (rows.x_validation, rows.y_validation)
    net = KAN(list(job.shape), grid=3, seed=job.seed)
    for grid in (3, 6, 12, 24, 48, 96):
        net.refine(grid)
        net.fit(rows.x, rows.y, validation=held_out, max_seconds=max(trace.left, 0.01))
        trace.judge(net.predict)
