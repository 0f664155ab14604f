"""The log of a search: who had which slice of work, what was expected of it, and what came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

BETTER = 3.0
"""Bits by which a formula is better than the pick."""


@dataclass(frozen=True)
class Event:
    """A slice of work, or several of one engine without a proposal.

    Attributes
    ----------
    at : float
        Seconds of work of the search when it ended.
    work : float
    engine : str
    task : int
        Its number, 1 for the whole table.
    table : str
        The table of the task, in words.
    rate : float
        Chance per second that was expected of it.
    came : str
        What was proposed, if anything.
    bits : float
        Change of the description length of the pick.
    """

    at: float
    work: float
    engine: str
    task: int
    table: str
    rate: float
    came: str
    bits: float

    @property
    def better(self) -> bool:
        """Whether the pick became shorter by bits that count."""
        return self.bits < -BETTER


def merged(log: Sequence[Event]) -> tuple[Event, ...]:
    """The log with slices of one engine at one task that follow each other without a proposal as one."""
    found: list[Event] = []
    for event in log:
        last = found[-1] if found else None
        same = last is not None and (last.engine, last.task) == (event.engine, event.task)
        if last is not None and same and not (last.came or last.better):
            found[-1] = replace(event, work=last.work + event.work, rate=last.rate, bits=last.bits + event.bits)
        else:
            found.append(event)
    return tuple(found)


def explanation(log: Sequence[Event]) -> str:
    """A log as text: when the pick changed and by whom, what each engine took, and the slices one by one.

    Parameters
    ----------
    log : sequence of Event
        As of `Discovery.log`.
    """
    if not log:
        return "This run has no log: it was found without a search, or by a version that kept none."
    lines = ["The pick became shorter", ""]
    for event in log:
        if event.better:
            lines.append(f"{event.at:8.2f} s  {-event.bits:10.1f} bits  {event.engine} of {event.table}: {event.came}")
    spent: dict[str, tuple[float, int]] = {}
    for event in log:
        work, asked = spent.get(event.engine, (0.0, 0))
        spent[event.engine] = work + event.work, asked + 1
    lines += ["", "Work by engine", ""]
    for name, (work, asked) in sorted(spent.items(), key=lambda one: -one[1][0]):
        lines.append(f"{work:8.2f} s  in {asked:4d} turns  {name}")
    lines += ["", "Turn by turn: end, work, chance per second that was expected, engine, table, what came", ""]
    for event in log:
        came = f"  ->  {event.came}" if event.came else ""
        lines.append(f"{event.at:8.2f} s {event.work:6.2f} s {event.rate:9.4f}  {event.engine} of {event.table}{came}")
    return "\n".join(lines)
