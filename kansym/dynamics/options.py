"""Options of a search for equations of motion."""

from dataclasses import dataclass

from kansym.clock import DEFAULT_SECONDS
from kansym.errors import Argument, ArgumentError


@dataclass(frozen=True)
class DynamicsOptions:
    """What decides a search for equations of motion, besides the data.

    Attributes
    ----------
    order : {1, 2}, default 1
        Of the equations. With 2 the states are positions, and ``x'' = f(x, x')`` is looked for; velocities need not be
        measured.
    explicit_time : bool, default False
        Whether the time itself may occur on the right.
    max_seconds : float, default 120
    seed : int, default 0
    deterministic : bool, default False
        As of `kansym.search.options.DiscoveryOptions`.
    search : bool, default True
        Whether the whole search (structure, sums of products, networks) works on the derivatives beside the sparse
        sums. Turn it off for a quick look.
    """

    order: int = 1
    explicit_time: bool = False
    max_seconds: float = DEFAULT_SECONDS
    seed: int = 0
    deterministic: bool = False
    search: bool = True

    def __post_init__(self) -> None:
        if self.order not in (1, 2):
            raise ArgumentError(Argument("order"), f" must be 1 or 2, got {self.order!r}")
        number = isinstance(self.max_seconds, int | float) and not isinstance(self.max_seconds, bool)
        if not (number and 0 < self.max_seconds < float("inf")):
            words = f" must be a positive number of seconds, got {self.max_seconds!r}"
            raise ArgumentError(Argument("max_seconds"), words)
        if not isinstance(self.seed, int) or self.seed < 0:
            raise ArgumentError(Argument("seed"), f" must be an integer of at least 0, got {self.seed!r}")
