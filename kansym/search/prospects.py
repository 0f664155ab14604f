"""What may still become the pick: what cannot is not worth the algebra."""

import math

import sympy

from kansym.search.rows import FitRows
from kansym.structure.product_units import SMALL_TABLE
from kansym.symbolic.complexity import description_length
from kansym.symbolic.formula import Formula

EDGE_BITS = 4.0
"""Least bits of a primitive that is not the identity: an operator and a share of an operand."""

BEHIND, FAR_BEHIND = 30.0, 60.0
"""Bits behind the pick from which on a form gets no algebra, which saves some bits for each number that it simplifies,
and from which on it is left out, since each constant that it does not need would save some ten; of many rows it stays
as it was fitted, since the law may follow from what is far off."""


LARGE = 40
"""Nodes of a large form."""


def could_win(curved_edges: int, loss: float, best: Formula | None, fit_rows: FitRows) -> bool:
    """Whether a symbolic network could become the pick, were its formula as short as its edges allow.

    Each primitive that is not the identity needs at least an operator and an operand; everything else about the bound
    is optimistic too, so what is left out here would not have been picked.

    Parameters
    ----------
    curved_edges : int
    loss : float
        Of the network on the training rows, in squared units of y.
    best : Formula or None
        The pick so far.
    fit_rows : FitRows
    """
    if best is None:
        return True
    n, d = fit_rows.dataset.X.shape
    given = fit_rows.errors_given
    constant = description_length(sympy.S.One, n, loss, fit_rows.noise_floor, d, errors_given=given)
    return EDGE_BITS * curved_edges + constant < best.description_length


def gets_algebra(length: float, nodes: int, pick: Formula | None, *, few: bool) -> bool:
    """Whether a form of this description length and size may be the pick once it is snapped and simplified.

    Of few rows what is smaller than the pick gets it in any case: it may be on the front. Of many rows what is large
    gets it only where it is better than the pick as it is: algebra on it takes seconds, and there are many like it.
    `pick` is None where there is none.
    """
    if pick is None:
        return True
    if few:
        return nodes < pick.complexity or length < pick.description_length + BEHIND
    return length < pick.description_length + (BEHIND if nodes <= LARGE else 0.0)


def is_hopeless(length: float, nodes: int, pick: Formula | None) -> bool:
    """Whether a form is larger than the pick and so far behind that none with fewer constants will be the pick."""
    return pick is not None and nodes >= pick.complexity and length >= pick.description_length + FAR_BEHIND


def may_better(loss: float, pick: Formula | None, fit_rows: FitRows) -> bool:
    """Whether a network may have a better formula than a short one of the structure search.

    Few rows do not tell the constants of several layers apart: of them it has none, unless it sees more of the held-out
    rows than two standard deviations of a mean square of normal errors.

    Parameters
    ----------
    loss : float
        Of the network on the held-out rows, in squared units of y.
    pick : Formula or None
    fit_rows : FitRows
    """
    if pick is None or len(fit_rows.dataset.y) >= SMALL_TABLE:
        return True
    chance = 2 * math.sqrt(2 / max(len(fit_rows.validation), 1))
    return loss < (1 - chance) * pick.validation_loss
