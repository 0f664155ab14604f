"""Number of threads for torch and BLAS while small problems run."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

from kansym.deferred import deferred_module

if TYPE_CHECKING:
    import torch
else:
    torch = deferred_module("torch", globals())

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
    before = torch.get_num_threads()
    if rows >= SMALL_ROWS:
        yield
        return
    # BLAS has threads of its own, whatever torch is set to.
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(before)
