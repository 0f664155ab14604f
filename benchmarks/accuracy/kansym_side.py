"""kansym: one fit that goes on to finer and finer grids.

Its own record of a step has the error on the validation rows alone; the test rows are looked at when it is done.
"""

from benchmarks.accuracy.trace import Job, Trace
from kansym import KAN

VARIANTS = ("",)

GRIDS = (3, 6, 12, 24, 48, 96)


def train(job: Job, trace: Trace) -> None:
    rows = trace.rows

    def over(_: int, error: float) -> bool:
        trace.note(error)
        return trace.left <= 0

    net = KAN(list(job.shape), grid=GRIDS[0], seed=job.seed)
    held_out = (rows.x_validation, rows.y_validation)
    net.fit(rows.x, rows.y, grids=GRIDS[1:], validation=held_out, callback=over)
    trace.close(net.predict)
