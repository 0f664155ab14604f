"""The last steps of a pursuit: constants on all rows, and whatever makes a sum shorter.

Backward elimination drops a factor, makes it a power or the argument itself, and holds a constant at a plain number,
whichever shortens the description most, until nothing does. Sums that grew by adding what helped most have such
factors often: a wide Gaussian beside a wave, or a phase that is zero.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from kansym import clock
from kansym.deferred import torch
from kansym.gradients import without_gradients
from kansym.terms.beam import State
from kansym.terms.factors import CAN_VANISH, EXPONENTS, FACTORS, NUMBER
from kansym.terms.length import Lengths
from kansym.terms.refinement import Refined, refine
from kansym.terms.rows import TermRows
from kansym.terms.slots import Key, Slots, joined

POLISHED = 4
"""Sums whose constants are fitted to all rows."""

LOOK_ROWS = 300
"""Rows on which smaller sums are compared."""

FAR = 40.0
"""Nats behind the best at which a sum is not looked at further."""

LONGEST = 12
"""Most changes of one sum."""

NEAR = 0.25
"""Relative distance of a plain number from the fitted one at which it is tried."""

ZERO_NATS = 3.0
"""Nats that zero is worth beside other plain numbers: it takes an operation away."""


@without_gradients
def finished(pool: Sequence[State], rows: TermRows, lengths: Lengths, *, until: float) -> list[tuple[float, Refined]]:
    """The best sums of a pool with their constants fitted to all rows, as short as they get; the shortest first.

    Parameters
    ----------
    pool : sequence of State
        The shortest first.
    rows : TermRows
        All rows.
    lengths : Lengths
    until : float
        `kansym.clock.now` value to stop at; the first sum is fitted whatever the time.

    Returns
    -------
    list of (length, Refined)
        Tables with B = 1.
    """
    found: list[tuple[float, Refined]] = []
    keys: set[Key] = set()
    for state in pool:
        if len(found) >= POLISHED or (found and clock.late(until)):
            break
        polished = refine(state.slots[None].packed(), rows, 12, until=until if found else math.inf)
        length = _length(polished, rows, lengths)
        best = min((other for other, _ in found), default=math.inf)
        if not math.isfinite(length) or length > best + FAR:
            continue
        shorter = _shortened(polished, length, rows, lengths, until)
        # Different sums may become the same one.
        key = int(shorter[1].slots.keys()[0])
        if key not in keys:
            keys.add(key)
            found.append(shorter)
    return sorted(found, key=lambda one: one[0])


def _length(refined: Refined, rows: TermRows, lengths: Lengths) -> float:
    return float(lengths.of(refined.slots, refined.square, rows.number)[0])


def _shortened(best: Refined, length: float, rows: TermRows, lengths: Lengths, until: float) -> tuple[float, Refined]:
    """A sum after all changes that make it shorter."""
    few = rows.take(torch.arange(min(LOOK_ROWS, rows.number), device=rows.y.device))
    for _ in range(LONGEST):
        changes = list(_changes(best.slots))
        if not changes or clock.late(until):
            break
        tried = refine(joined(changes), few, 6, until=until)
        look = lengths.of(tried.slots, tried.square, few.number, count=rows.number)
        look = look - ZERO_NATS * _zeros(tried.slots, best.slots)
        # The few rows may prefer a change that all rows refuse: the next ones have their turn.
        for b in torch.argsort(look, stable=True)[:3].tolist():
            whole = refine(tried.slots[b : b + 1].packed(), rows, 6, until=until)
            new = _length(whole, rows, lengths)
            if new < length:
                best, length = whole, new
                break
        else:
            break
    return length, best


def _zeros(new: Slots, old: Slots) -> torch.Tensor:
    """How many constants of each sum are held at zero that were fitted before."""
    was_free = joined([old.widened(new.factor.shape[-1])]).free
    return (
        ~new.free & was_free & (new.theta == 0) & (new.factor == old.widened(new.factor.shape[-1]).factor)[..., None]
    ).sum((-1, -2, -3))


def _changes(slots: Slots) -> Iterator[Slots]:
    """Sums that have a factor less, a plain one for another, or a constant less; `slots` is a table with B = 1."""
    one, power = NUMBER["one"], NUMBER["power"]
    for _, k, f in (slots.factor > 0).nonzero().tolist():
        name = FACTORS[int(slots.factor[0, k, f])].name
        yield _with_factor(slots, k, f, one, 0.0)
        if name != "power":
            yield _with_factor(slots, k, f, power, 1.0)
        for which in slots.free[0, k, f].nonzero()[:, 0].tolist():
            value = float(slots.theta[0, k, f, which])
            for plain in _plain_numbers(name, which, value):
                theta, free = slots.theta.clone(), slots.free.clone()
                theta[0, k, f, which], free[0, k, f, which] = plain, False
                yield Slots(slots.factor, slots.argument, theta, free)


def _plain_numbers(name: str, which: int, value: float) -> list[float]:
    """Plain numbers near a constant; zero only where a shorter factor is left."""
    found = {float(round(value)), round(value * 2) / 2}
    if name in EXPONENTS and which == 0:
        found |= {round(value * 3) / 3, round(value * 4) / 4}
    if name == "sin" and which == 1:
        found |= {round(value / (math.pi / 2)) * (math.pi / 2)}
    near = [plain for plain in found if abs(plain - value) <= NEAR * max(abs(value), 0.3)]
    return sorted(plain for plain in near if plain != 0 or (name, which) in CAN_VANISH)


def _with_factor(slots: Slots, k: int, f: int, number: int, exponent: float) -> Slots:
    factor, argument = slots.factor.clone(), slots.argument.clone()
    theta, free = slots.theta.clone(), slots.free.clone()
    factor[0, k, f] = number
    if number == 0:
        argument[0, k, f] = 0
    theta[0, k, f] = torch.tensor([exponent, 0.0])
    free[0, k, f] = False
    return Slots(factor, argument, theta, free)
