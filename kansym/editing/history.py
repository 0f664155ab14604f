"""The states of a network under edit, with undo and redo."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from kansym.errors import ArgumentError
from kansym.kan.layer import EdgeMode
from kansym.kan.network import Network


@dataclass(frozen=True, eq=False)
class State:
    """One state of an edited network; never changed, so that going back to it is exact.

    Attributes
    ----------
    network : Network
        Population 1.
    splines : Network
        The network with spline edges that the primitives are drawn over, of the same shape.
    label : str
        The step that led here.
    step : str
        The step as a line of a script (`kansym.editing.script`); empty for the start.
    note : str
        What the user should know about the step; empty where there is nothing.
    memo : dict
        Results that were worked out for this state.
    """

    network: Network
    splines: Network
    label: str
    step: str = ""
    note: str = ""
    memo: dict[Any, Any] = field(default_factory=dict, repr=False)

    def followed_by(
        self, network: Network, label: str, step: str, note: str = "", splines: Network | None = None
    ) -> "State":
        """The state after this one.

        Its reference is its own network where that has splines wherever the old reference has, else the old reference.

        Parameters
        ----------
        network : Network
        label, step, note : str
        splines : Network, optional
            The reference, where the shape has changed.
        """
        if splines is None:
            lost = any(
                bool(((new.mode == EdgeMode.SYMBOLIC) & old.spline_edges).any())
                for new, old in zip(network.layers, self.splines.layers, strict=True)
            )
            splines = self.splines if lost else network
        return State(network, splines, label, step, note)

    @property
    def reference(self) -> Network | None:
        """`splines`, or None where that is the network itself."""
        return None if self.splines is self.network else self.splines


class History:
    """States in order, and the place where one is.

    Parameters
    ----------
    start : State
    """

    def __init__(self, start: State) -> None:
        self._states = [start]
        self._place = 0

    @property
    def current(self) -> State:
        return self._states[self._place]

    @property
    def labels(self) -> tuple[str, ...]:
        """The steps up to the current state, the start first."""
        return tuple(state.label for state in self._states[: self._place + 1])

    @property
    def steps(self) -> tuple[str, ...]:
        """The same as lines of a script, without the start."""
        return tuple(state.step for state in self._states[1 : self._place + 1])

    @property
    def undone(self) -> tuple[str, ...]:
        """The steps that `redo` would do again, the next one first."""
        return tuple(state.label for state in self._states[self._place + 1 :])

    def push(self, state: State) -> None:
        """Go on to a new state; steps that were undone are forgotten."""
        del self._states[self._place + 1 :]
        self._states.append(state)
        self._place += 1

    def move(self, steps: int) -> State:
        """Go back (negative) or forward, and return the state there.

        Raises
        ------
        ArgumentError
            If there are fewer steps than that.
        """
        place = self._place + steps
        if not 0 <= place < len(self._states):
            there = self._place if steps < 0 else len(self._states) - 1 - self._place
            verb = "undo" if steps < 0 else "redo"
            if there == 0:
                raise ArgumentError(f"there is nothing to {verb}")
            raise ArgumentError(f"steps must be at most {there} to {verb}, got {abs(steps)}")
        self._place = place
        return self.current


def join_words(words: Iterable[str]) -> str:
    """Words as the argument of a step, separated by commas; those with commas are quoted."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(list(words))
    return line.getvalue()


def split_words(argument: str) -> list[str]:
    """The inverse of `join_words`: words without blanks around them, and without empty ones."""
    words = [word.strip() for row in csv.reader([argument], skipinitialspace=True) for word in row]
    return [word for word in words if word]
