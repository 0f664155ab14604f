"""Line searches of many networks side by side: each has its own interval, and all are evaluated together.

References
----------
J. Nocedal and S. J. Wright, *Numerical Optimization* (2006), algorithms 3.5 and 3.6, and (3.59).
"""

from __future__ import annotations

from dataclasses import dataclass

from kansym.deferred import Tensor, torch
from kansym.kan.gradient import Gradient, Look

DECREASE, CURVATURE = 1e-4, 0.9
"""Of Wolfe's two conditions: the share of the first slope that the objective must fall by, and the share of it that
must not be left."""

EVALUATIONS = 25
"""Most of one search."""

INSIDE, BACK = 0.1, 0.2
"""How near to an end of its interval a new length lies, and where it lies if the objective has no value at the far end,
in parts of the interval."""

OUTWARDS = (0.01, 9.0)
"""Least and most that a length grows by while no minimum is enclosed, in units of its last growth and of itself."""

LEAST_STEP = 1e-16
"""Largest change of a parameter within an interval at which a search ends."""


@dataclass
class _Points:
    """A length on the way of each network, the objective there and its slope, each of shape (P,)."""

    length: Tensor
    value: Tensor
    slope: Tensor

    def select(self, where: Tensor) -> _Points:
        return _Points(self.length[where], self.value[where], self.slope[where])

    def replaced(self, mask: Tensor, other: _Points) -> _Points:
        """The same with those of `other` where `mask` is true."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return _Points(*(torch.where(mask, new, old) for old, new in pairs))

    def put(self, where: Tensor, other: _Points) -> None:
        for name, new in vars(other).items():
            getattr(self, name)[where] = new


def search(values: Tensor, direction: Tensor, length: Tensor, state: Gradient, look: Look) -> tuple[Tensor, Gradient]:
    """Lengths of steps that meet the strong Wolfe conditions, or the best that `EVALUATIONS` find.

    The interval of each network has the best length so far at one end, `low`; the other, `high`, is infinite until a
    minimum lies between the two.

    Parameters
    ----------
    values, direction : Tensor, shape (P, size)
        A network whose objective does not fall along its direction stays where it is.
    length : Tensor, shape (P,)
        To try first.
    state : Gradient
        At `values`.
    look : callable

    Returns
    -------
    Tensor, shape (P,)
        Lengths, 0 where the objective nowhere fell as it has to.
    Gradient
        The state there.
    """
    state = Gradient(state.loss.clone(), state.objective.clone(), state.gradient.clone())
    slope = (state.gradient * direction).sum(1)
    begin = _Points(torch.zeros_like(slope), state.objective.clone(), slope)
    low, unknown = begin.select(torch.arange(len(slope), device=slope.device)), torch.full_like(slope, torch.nan)
    high = _Points(torch.full_like(slope, torch.inf), unknown, unknown.clone())
    size, length = direction.abs().amax(1), length.clone()
    where = (slope < 0).nonzero()[:, 0]
    for _ in range(EVALUATIONS):
        if not len(where):
            break
        found = look(values[where] + length[where, None] * direction[where], where)
        here = _Points(length[where], found.objective, (found.gradient * direction[where]).sum(1))
        start, lowest, farthest = (points.select(where) for points in (begin, low, high))
        fallen = torch.isfinite(here.value) & (here.value < lowest.value)
        fallen &= here.value <= start.value + DECREASE * here.length * start.slope
        # A slope that points back to the old best length means that a minimum lies between it and this one.
        passed = fallen & (here.slope * (farthest.length - lowest.length) >= 0)
        nearer = lowest.replaced(fallen, here)
        farther = here.replaced(fallen, farthest.replaced(passed, lowest))
        low.put(where, nearer)
        high.put(where, farther)
        _take(state, where, fallen, found)
        enclosed = torch.isfinite(farther.length)
        length[where] = torch.where(enclosed, _between(nearer, farther), _beyond(lowest, here))
        going = ~(fallen & (here.slope.abs() <= -CURVATURE * start.slope))
        going &= ~enclosed | ((farther.length - nearer.length).abs() * size[where] > LEAST_STEP)
        where = where[going]
    return low.length, state


def _take(state: Gradient, where: Tensor, mask: Tensor, found: Gradient) -> None:
    """Write what was found into the places `where` of the state, for those of them that `mask` names."""
    state.loss[where] = torch.where(mask, found.loss, state.loss[where])
    state.objective[where] = torch.where(mask, found.objective, state.objective[where])
    state.gradient[where] = torch.where(mask[:, None], found.gradient, state.gradient[where])


def _minimum(first: _Points, second: _Points) -> Tensor:
    """Where the cubic through two points with their slopes has its minimum; nan where it has none."""
    width = second.length - first.length
    mean = first.slope + second.slope + 3 * (second.value - first.value) / -width
    root = torch.sign(width) * (mean.square() - first.slope * second.slope).sqrt()
    return second.length - width * (second.slope + root - mean) / (second.slope - first.slope + 2 * root)


def _between(low: _Points, high: _Points) -> Tensor:
    """A length within an interval, off both of its ends."""
    share = (_minimum(low, high) - low.length) / (high.length - low.length)
    share = torch.where(torch.isfinite(high.value), share.nan_to_num(0.5, 0.5, 0.5), BACK)
    return low.length + share.clamp(INSIDE, 1 - INSIDE) * (high.length - low.length)


def _beyond(last: _Points, here: _Points) -> Tensor:
    """A longer one."""
    least, most = OUTWARDS
    shortest, longest = here.length + least * (here.length - last.length), (1 + most) * here.length
    found = _minimum(last, here)
    return torch.where(torch.isfinite(found), found, longest).clamp(shortest, longest)
