"""Number of threads for torch and BLAS while small problems run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits

from kansym.deferred import once_torch_is_here, torch

SMALL_ROWS = 50_001
"""Tables below this run on one thread; larger ones are searched on fewer rows, and only their last fit is large."""


@contextmanager
def threads_for(rows: int) -> Iterator[None]:
    """Limit torch and BLAS to one thread for small tables; the caller's setting comes back afterwards.

    A run on a small table is many thousand operations of some ten microseconds each. Splitting them over threads gains
    nothing, and on a busy machine the waiting at every barrier slows them tenfold.

    Parameters
    ----------
    rows : int
        Rows of the table.
    """
    if rows >= SMALL_ROWS:
        yield
        return
    before: list[int] = []

    def limit() -> None:
        before.append(torch.get_num_threads())
        torch.set_num_threads(1)

    try:
        # BLAS has threads of its own, whatever torch is set to; its limit ends first, or it would undo torch's.
        with once_torch_is_here(limit), threadpool_limits(1):
            yield
    finally:
        if before:
            torch.set_num_threads(before[0])
