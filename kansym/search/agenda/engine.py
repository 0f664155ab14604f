"""What an engine is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kansym import clock
from kansym.search.agenda.task import Proposal, Task


@dataclass(frozen=True)
class Engine:
    """What proposes.

    It reads no clock, knows neither the pick nor other engines, and may be left at any charge of its work.

    Attributes
    ----------
    name : str
    suits : callable
        Whether a task may be asked, without any work.
    propose : callable
        Proposals for a task, the likely ones first.
    informs : bool, default False
        Whether it learns what other engines need.
    informed : bool, default False
        Whether it comes after those that learn something of the task, where there are any.
    like : str, default ""
        The engine whose yields are expected of it where its own were not measured.
    kind : str, default "structure"
        Of the user's switches: "structure", "terms" or "networks".
    """

    name: str
    suits: Callable[[Task], bool]
    propose: Callable[[Task], Iterator[Proposal]]
    informs: bool = False
    informed: bool = False
    like: str = ""
    kind: str = "structure"

    @property
    def measured(self) -> str:
        """The engine whose yields are expected of it."""
        return self.like or self.name


def whole_budget(task: Task, share: float = 1.0) -> float:
    """A deadline for what shares its work among parts: some of the seconds of the search, from now on."""
    return clock.now() + share * task.options.max_seconds
