"""How a tool got on: its errors over its own time, without that of the judging."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.accuracy.targets import Array, Rows, draw, target_named


class TimeIsUpError(Exception):
    """Ends a tool's training from within."""


@dataclass(frozen=True)
class Job:
    """A network to be trained.

    Attributes
    ----------
    target : str
    seed : int
        Of the rows, and of the network's start.
    shape : tuple of int
    variant : str
        What the tool knows its recommended trainings by.
    seconds : float
    """

    target: str
    seed: int
    shape: tuple[int, ...]
    variant: str
    seconds: float

    @property
    def rows(self) -> Rows:
        return draw(target_named(self.target), self.seed)


@dataclass
class Trace:
    """Best states by the validation rows, and when they were reached; starts its clock when it is made.

    Attributes
    ----------
    rows : Rows
    seconds : float
        Time of the processor that the tool has, which is that of a clock on the wall where nothing else runs on its
        core; `judge` raises `TimeIsUpError` when it is over.
    entries : list of (seconds, validation RMSE, test RMSE)
    """

    rows: Rows
    seconds: float
    entries: list[tuple[float, float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._begin, self._best = time.process_time(), math.inf

    @property
    def elapsed(self) -> float:
        return time.process_time() - self._begin

    @property
    def left(self) -> float:
        return self.seconds - self.elapsed

    def note(self, validation: float) -> None:
        """An error on the validation rows that the tool itself has measured, of a state that `close` will see."""
        if validation < self._best and self.left >= 0:
            self._best = validation
            self.entries.append((self.elapsed, validation, math.nan))

    def close(self, predict: Callable[[Array], Any]) -> None:
        """Give the last state that was noted its error on the test rows."""
        if self.entries:
            seconds, validation, _ = self.entries.pop()
            self.entries.append((seconds, validation, _rmse(predict(self.rows.x_test), self.rows.y_test)))

    def judge(self, predict: Callable[[Array], Any]) -> None:
        """Look at the present state with the clock stopped. A state that comes after the time does not count."""
        with self.stopped() as now:
            rows = self.rows
            found = predict(np.concatenate([rows.x_validation, rows.x_test]))
            count = len(rows.x_validation)
            validation = _rmse(found[:count], rows.y_validation)
            if now <= self.seconds and validation < self._best:
                self._best = validation
                self.entries.append((now, validation, _rmse(found[count:], rows.y_test)))
        if now >= self.seconds:
            raise TimeIsUpError

    @contextmanager
    def stopped(self) -> Iterator[float]:
        """Stop the clock; gives the time at which it stopped."""
        now = self.elapsed
        try:
            yield now
        finally:
            self._begin += self.elapsed - now


def _rmse(found: Any, wanted: Array) -> float:
    """Root mean square of the residuals; inf where one is not finite."""
    error = float(((found.reshape(wanted.shape) - wanted) ** 2).mean() ** 0.5)
    return error if math.isfinite(error) else math.inf
