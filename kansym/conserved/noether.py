"""The symmetry that a conserved quantity belongs to, by Noether's theorem, read off its derivatives.

Where a state p is the rate of another one q, up to a factor, the two are canonical. A conserved quantity I then moves q
by dI/dp: by what the motion does itself if I is an energy, all by the same amount if I is a momentum, around the origin
if I is an angular momentum.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from kansym.dynamics.trajectories import Trajectories

RATE = 0.99
"""Correlation of differences of a state with another one from which on that is its rate: with a dozen points in a turn
and errors of a few percent it is as large."""

LAGS = (1, 2, 4)
"""Points on either side between which differences are taken: few bend least, many have less noise."""

SAME = 0.05
"""Part of the size of a derivative that it may deviate by: constants are known to a few percent."""


class Motion(StrEnum):
    """What a conserved quantity does to the coordinates."""

    TIME = "time"
    TRANSLATION = "translation"
    ROTATION = "rotation"
    SCALING = "scaling"


@dataclass(frozen=True)
class NoetherSymmetry:
    """A symmetry with the states that it moves.

    Attributes
    ----------
    motion : Motion
    states : tuple of str
        Coordinates that are moved.
    """

    motion: Motion
    states: tuple[str, ...]

    def __str__(self) -> str:
        if self.motion is Motion.TIME:
            return "shifts of the time: it is an energy"
        *others, last = self.states
        return f"{self.motion}s of {', '.join(others)} and {last}" if others else f"{self.motion}s of {last}"


def canonical_pairs(data: Trajectories) -> tuple[tuple[int, int], ...]:
    """Places of states and of their rates, those that are each other's first choice."""
    alike = np.max([_alike(data, lag) for lag in LAGS], axis=0)
    pairs = []
    for i in range(len(data.states)):
        j = int(np.argmax(alike[i]))
        if alike[i, j] >= RATE and int(np.argmax(alike[:, j])) == i:
            pairs.append((i, j))
    # The rate of a rate is no partner of the first: of q, v, a chain is cut after v.
    seconds = {j for _, j in pairs}
    return tuple((i, j) for i, j in pairs if i not in seconds)


def _alike(data: Trajectories, lag: int) -> np.ndarray:
    """Correlations (m, m) of the rates of states with states."""
    m = len(data.states)
    rates, middles = [np.empty((0, m))], [np.empty((0, m))]
    for run in data.runs:
        if len(run) > 2 * lag:
            rates.append((run.x[2 * lag :] - run.x[: -2 * lag]) / (run.t[2 * lag :] - run.t[: -2 * lag])[:, None])
            middles.append(run.x[lag:-lag])
    all_rates, all_middles = np.vstack(rates), np.vstack(middles)
    if len(all_rates) < 3:
        return np.zeros((m, m))
    with np.errstate(all="ignore"):
        alike = np.nan_to_num(np.corrcoef(all_rates.T, all_middles.T)[:m, m:])
    np.fill_diagonal(alike, 0.0)
    return alike


def noether(
    gradient: np.ndarray, x: np.ndarray, pairs: Sequence[tuple[int, int]], states: Sequence[str]
) -> NoetherSymmetry | None:
    """The symmetry of a quantity; None where there are no canonical pairs, or it moves coordinates otherwise.

    Parameters
    ----------
    gradient : ndarray, shape (n, m)
        Of the quantity, by the states.
    x : ndarray, shape (n, m)
        The states.
    pairs : sequence of (int, int)
        As of `canonical_pairs`.
    states : sequence of str
    """
    if not pairs:
        return None
    first, second = [i for i, _ in pairs], [j for _, j in pairs]
    if len(first) + len(second) < x.shape[1]:
        return None
    moved, q, p = gradient[:, second], x[:, first], x[:, second]
    sizes = np.sqrt(np.mean(moved**2, axis=0))
    acting = [k for k in range(len(pairs)) if sizes[k] > SAME * sizes.max()]
    names = tuple(states[first[k]] for k in acting)
    if len(acting) == len(pairs) and _is_multiple(moved, p):
        return NoetherSymmetry(Motion.TIME, names)
    own = moved[:, acting]
    if (own.std(axis=0) <= SAME * np.abs(own.mean(axis=0))).all():
        return NoetherSymmetry(Motion.TRANSLATION, names)
    if len(acting) == 2 and _is_multiple(own, np.column_stack([-q[:, acting[1]], q[:, acting[0]]])):
        return NoetherSymmetry(Motion.ROTATION, names)
    if _is_multiple(own, q[:, acting]):
        return NoetherSymmetry(Motion.SCALING, names)
    return None


def _is_multiple(values: np.ndarray, others: np.ndarray) -> bool:
    """Whether one array is a number times another."""
    size = float(np.sum(others**2))
    factor = float(np.sum(values * others)) / size if size else 0.0
    left = values - factor * others
    return bool(np.sum(left**2) <= SAME**2 * np.sum(values**2))
