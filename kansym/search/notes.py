"""Notes that a run puts beside its result."""

import math

from kansym.search.front import ParetoFront

WRONG_UNITS = (
    "A formula whose units do not go together fits much better than any that is dimensionally consistent; it is on the "
    "front, marked. Check the units of the table, and whether a column with a unit is missing."
)

NETWORK_BETTER = (
    "No closed form found that matches the network: held out, the formula's residual is {:.2g} times the network's, so "
    "take it as a rough description and not as the law."
)


def notes_on(front: ParetoFront, network_loss: float | None, floor: float) -> list[str]:
    """Notes on a front: that a network does much better, or formulas of wrong units.

    Parameters
    ----------
    front : ParetoFront
    network_loss : float or None
        Mean squared residual of the best network on the held-out rows, None without either.
    floor : float
        Noise floor, in the units of the target.
    """
    notes, loss = [], front.best.validation_loss
    if network_loss is not None and loss > max(9 * network_loss, (3 * floor) ** 2):
        notes.append(NETWORK_BETTER.format(math.sqrt(loss / network_loss)))
    wrong = min((one.loss for one in front if one.consistent is False), default=math.inf)
    if front.best.loss > 4 * max(wrong, floor**2):
        notes.append(WRONG_UNITS)
    return notes
