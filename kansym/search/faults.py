"""Errors that cost a candidate, or what is left of an engine, and never the run."""

import functools
import logging
from collections.abc import Callable, Iterator
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


class CallbackError(BaseException):
    """Carries an error of the user's own callback past everything that contains errors of candidates.

    Parameters
    ----------
    error : Exception
    """

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


class Faults:
    """What failed in a search.

    Attributes
    ----------
    count : int
    """

    def __init__(self) -> None:
        self.count = 0

    def add(self, what: str, error: Exception) -> None:
        """Count an error, and log it with its traceback."""
        self.count += 1
        logger.warning("%s failed, and the search goes on without it: %s: %s", what, type(error).__name__, error)
        logger.debug("where it failed", exc_info=error)

    def guard(self, what: str, source: Iterator[T]) -> Iterator[T]:
        """What an iterator gives until it fails."""
        while True:
            try:
                one = next(source)
            except StopIteration:
                return
            except Exception as error:
                self.add(what, error)
                return
            yield one

    @property
    def note(self) -> list[str]:
        """For the user, where anything failed."""
        if not self.count:
            return []
        what = "One step of the search" if self.count == 1 else f"{self.count} steps of the search"
        return [f"{what} failed and cost what they would have found; the log says which, and the rest stands."]


class HasFaults(Protocol):
    """A search that counts its faults."""

    @property
    def faults(self) -> Faults: ...


Search = TypeVar("Search", bound=HasFaults)


def contained(
    what: str,
) -> Callable[[Callable[Concatenate[Search, P], Any]], Callable[Concatenate[Search, P], Any]]:
    """For methods of a search whose errors it counts and survives; they then return None.

    Parameters
    ----------
    what : str
        The step, for the log.
    """

    def decorate(method: Callable[Concatenate[Search, P], Any]) -> Callable[Concatenate[Search, P], Any]:
        @functools.wraps(method)
        def run(self: Search, *args: P.args, **kwargs: P.kwargs) -> Any:
            try:
                return method(self, *args, **kwargs)
            except Exception as error:
                self.faults.add(what, error)
                return None

        return run

    return decorate
