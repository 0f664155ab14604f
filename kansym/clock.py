"""The clock of a search.

A search must end some time, and how far it gets decides what it finds. Were that measured on the wall, the answer would
change with the machine and with what else runs on it. So every costly step charges an estimate of its cost, from counts
that the data decide (rows, parameters, steps, nodes of an expression), in seconds of a reference core, and every
deadline, share and limit is a time on that clock. The same table, seed and options then lead to the same formula,
however fast or busy the machine is.

Beside the work stands the wall: a limit that a user can rely on. The reference core is `SLOWNESS` times slower than an
idle core of 2025, so that a search on such a core has spent its work before the wall ends it, and has used most of the
seconds that it was given. If the wall ends it, `Clock.ended_by_wall` says so: a rerun may then differ.

Outside a search, where nobody has started a clock, time is `time.monotonic` and charges count for nothing.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum

DEFAULT_SECONDS = 120.0
"""Wall seconds of a search, where the user names none."""

SLOWNESS = 1.5
"""How many times slower than an idle core of 2025 the reference core is: what is charged is low by a third where much
is compiled, and what is found is found early."""

SAFETY_SECONDS, LEAST_SAFETY = 20.0, 0.3
"""Wall seconds of a single step after which it is given up, and the fewest that it has at the end of a search."""

WALL_SHARE = 0.95
"""Share of the user's seconds after which the wall ends a search; the rest is for bringing in what was found."""


class Work(Enum):
    """Kinds of costly steps, each with the unit that it is counted in."""

    ALGEBRA = "nodes of an expression that sympy rebuilds"
    COMPILED_NODES = "nodes of an expression, times its derivatives, that are compiled or put on a tape"
    EVALUATIONS = "evaluations of an expression"
    EVALUATED_NODES = "rows times nodes of an expression that is evaluated"
    NUMBERS_TRIED = "constants for which exact numbers are looked for"
    DENSE_PRODUCTS = "multiplications of matrix products and factorizations"
    SMALL_FITS = "steps of small dense fits, whatever their size"
    KERNEL_ENTRIES = "entries of kernel matrices"
    CHOLESKY = "cubed rows of a Cholesky factor and its inverse"
    PRODUCT_UNITS = "rows times parameters of a step of product units"
    FORM_VALUES = "values of candidate forms that are scored"
    DICTIONARY_VALUES = "rows times columns of a dictionary of terms that are scored"
    SORTED_VALUES = "values that are sorted and scored"
    TENSOR_PASSES = "passes over a batch of curves, whatever its size"
    MATCHED_POINTS = "points of edges matched to a primitive"
    NETWORK_PASSES = "passes through a population of networks, whatever its size"
    NETWORK_PRODUCTS = "rows times squared parameters of a training step"


SECONDS: dict[Work, float] = {
    Work.ALGEBRA: 3e-5,
    Work.COMPILED_NODES: 8e-6,
    Work.EVALUATIONS: 3.3e-5,
    Work.EVALUATED_NODES: 5e-10,
    Work.NUMBERS_TRIED: 2e-3,
    Work.DENSE_PRODUCTS: 5e-10,
    Work.SMALL_FITS: 1e-4,
    Work.KERNEL_ENTRIES: 1.1e-8,
    Work.CHOLESKY: 2e-11,
    Work.PRODUCT_UNITS: 6e-9,
    Work.FORM_VALUES: 5e-9,
    Work.DICTIONARY_VALUES: 7e-11,
    Work.SORTED_VALUES: 5e-8,
    Work.TENSOR_PASSES: 2e-3,
    Work.MATCHED_POINTS: 5e-9,
    Work.NETWORK_PASSES: 5e-4,
    Work.NETWORK_PRODUCTS: 1e-10,
}
"""Seconds of an idle core of 2025 for a unit of each kind; `python -m benchmarks.calibration` measures them."""


class Clock:
    """Work and wall time of one search.

    Parameters
    ----------
    wall_limit : float, default inf
        Seconds from now on the wall after which every deadline has passed.

    Attributes
    ----------
    counts : dict of Work to float
        What was charged so far.
    ended_by_wall : bool
        Whether a deadline was declared passed by the wall alone.
    horizon : float
        Time on this clock at which every deadline has passed: a search that has found what there is sets it.
    """

    def __init__(self, wall_limit: float = math.inf) -> None:
        self.started = time.monotonic()
        self.wall_limit = wall_limit
        self.counts: dict[Work, float] = dict.fromkeys(Work, 0.0)
        self.ended_by_wall = False
        self.horizon = math.inf
        self._work = 0.0

    @property
    def wall(self) -> float:
        """Seconds since the clock was made."""
        return time.monotonic() - self.started

    @property
    def wall_is_up(self) -> bool:
        return self.wall > self.wall_limit

    @property
    def over(self) -> bool:
        """Whether all deadlines have passed, by the wall or the horizon."""
        return self.wall_is_up or self._work > self.horizon

    def charge(self, kind: Work, amount: float) -> None:
        """Count a step of some cost, in the unit of its kind."""
        self.counts[kind] += amount
        self._work += SLOWNESS * SECONDS[kind] * amount

    def now(self) -> float:
        """Seconds of work so far."""
        return self._work

    def grant(self, seconds: float) -> None:
        """Move the wall back, for steps that end a search, however long the one before has taken."""
        self.wall_limit = max(self.wall_limit, self.wall) + seconds

    def safety(self) -> float:
        """Wall seconds after which a step that got lost, in sympy mostly, is given up."""
        return max(min(SAFETY_SECONDS, self.wall_limit - self.wall), LEAST_SAFETY)

    def interfered(self) -> None:
        """Note that wall time decided about a step, so that a rerun may differ."""
        self.ended_by_wall = True

    def late(self, deadline: float | None) -> bool:
        """Whether a time on this clock has passed, as all have once the wall or the horizon has; never None and inf."""
        if deadline is None or deadline == math.inf:
            return False
        if self._work > min(deadline, self.horizon):
            return True
        if self.wall_is_up:
            self.ended_by_wall = True
            return True
        return False


class _Wall(Clock):
    """Time outside a search."""

    def charge(self, kind: Work, amount: float) -> None:
        del kind, amount

    def now(self) -> float:
        return time.monotonic()

    def late(self, deadline: float | None) -> bool:
        return deadline is not None and time.monotonic() > deadline


_WALL = _Wall()
_current: ContextVar[Clock] = ContextVar("clock", default=_WALL)


def current() -> Clock:
    """The clock of the search that is running here, or the wall."""
    return _current.get()


def searching() -> bool:
    """Whether a search has started a clock."""
    return _current.get() is not _WALL


@contextmanager
def running(clock: Clock) -> Iterator[Clock]:
    """Time is that of `clock` until the end of the block, in this thread and those that copy its context."""
    token = _current.set(clock)
    try:
        yield clock
    finally:
        _current.reset(token)


def now() -> float:
    """Time on the current clock, in seconds."""
    return _current.get().now()


def late(deadline: float | None) -> bool:
    """Whether a time on the current clock has passed."""
    return _current.get().late(deadline)


def left(deadline: float) -> float:
    """Seconds on the current clock until a deadline; 0 once it has passed."""
    clock = _current.get()
    if deadline < math.inf:
        deadline = min(deadline, clock.horizon)
    return 0.0 if clock.late(deadline) else deadline - clock.now()


def safety() -> float:
    """Wall seconds for a single step, see `Clock.safety`."""
    return _current.get().safety()


def interfered() -> None:
    """Note that wall time decided about a step, see `Clock.interfered`."""
    _current.get().interfered()


@contextmanager
def budget(seconds: float, *, deterministic: bool = False, wall: float | None = None) -> Iterator[Clock]:
    """The clock of a search: the one that is running, or a new one whose wall is up shortly before `seconds`.

    Parameters
    ----------
    seconds : float
    deterministic : bool, default False
        A deterministic search has no wall.
    wall : float, optional
        Seconds that are left of those, where something came before the search or is to follow it.
    """
    if searching():
        yield current()
    else:
        limit = WALL_SHARE * (seconds if wall is None else wall)
        with running(Clock(math.inf if deterministic else limit)) as clock:
            yield clock


def charge(kind: Work, amount: float = 1.0) -> None:
    """Count a costly step on the current clock, in the unit of its kind."""
    _current.get().charge(kind, amount)
