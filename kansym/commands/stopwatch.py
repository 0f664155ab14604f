"""What a person waits for, from Enter to the prompt, and for what.

A command says in which phase it is: ``enter("search")``. What it took stands in its last line and, where it wrote a
run, in the record of that. The first phase begins when the process was made, so that the sum is what a watch beside
the terminal shows.
"""

import time
from pathlib import Path

from kansym.commands.process import collect_from_now_on

START, READING, SEARCH, FIT, CERTIFICATE, FILES = "start", "reading", "search", "fit", "certificate", "files"
"""Phases that several commands have: imports; the table or run; ...; and what is printed, drawn and written."""

SHOWN = 0.05
"""Seconds below which a phase is not named: it would be 0.0."""


class Stopwatch:
    """The phases of a command.

    Parameters
    ----------
    began : float, optional
        `time.monotonic` value of its begin. Default: now.

    Attributes
    ----------
    quiet : bool
        Whether nothing is to be said.
    record : Path or None
        File of JSON that keeps the times, once it is written.
    """

    def __init__(self, began: float | None = None) -> None:
        self.restart(began)

    def restart(self, began: float | None = None) -> None:
        """Begin anew, as of another call."""
        now = time.monotonic()
        self.began = now if began is None else began
        self.quiet = False
        self.record: Path | None = None
        self._phase, self._since = START, self.began
        self._times: dict[str, float] = {}

    @property
    def total(self) -> float:
        """Seconds so far."""
        return time.monotonic() - self.began

    @property
    def started(self) -> bool:
        """Whether any phase but the start was entered: a list or a help has none."""
        return bool(self._times)

    def enter(self, phase: str) -> None:
        """End the present phase and begin another one, or go on with one of before."""
        now = time.monotonic()
        self._times[self._phase] = self._times.get(self._phase, 0.0) + now - self._since
        self._phase, self._since = phase, now
        if phase not in (START, READING):
            collect_from_now_on()

    def times(self) -> dict[str, float]:
        """Seconds of each phase, in the order in which they were first entered, to a millisecond."""
        self.enter(self._phase)
        return {phase: round(seconds, 3) for phase, seconds in self._times.items()}


def in_words(times: dict[str, float]) -> str:
    """``12.1 s: start 0.6, search 8.9, certificate 1.9, files 0.7``."""
    parts = [f"{phase} {seconds:.1f}" for phase, seconds in times.items() if seconds >= SHOWN]
    return f"{sum(times.values()):.1f} s: {', '.join(parts)}" if parts else f"{sum(times.values()):.1f} s"
