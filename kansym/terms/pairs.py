"""All pairs of cheap columns: least squares on two columns in closed form, from blocks of their Gram matrix.

The first term of a sum need not explain much of it: what a beam keeps after one term are look-alikes of the whole sum.
So sums of two terms are looked for as such.
"""

from __future__ import annotations

import math

import numpy as np

from kansym import clock
from kansym.clock import Work
from kansym.deferred import Tensor, torch
from kansym.gradients import without_gradients
from kansym.terms.dictionary import Dictionary
from kansym.terms.slots import Slots, joined

NEIGHBOURS = 6
"""Starts of which the best is refined. The best of a family may be in the wrong valley: a function and its derivative
by a constant imitate two functions of a family."""

BLOCK = 512
"""Rows of the Gram matrix that are held at once, as they fit into a cache."""

PAIR_FLOORS = ((0.0, 1.0), (0.003, 1.0), (0.03, 1.0), (0.3, 6.0))
"""Noise that is pretended, in units of the target's root mean square, and how many times as many pairs are taken under
it: on short ranges thousands of pairs of starts leave as little as those of the law, and only the shortest of all are
few enough to be refined."""

NEW, ROUNDING = (1e-4, 1e-9), (1e-6, 1e-12)
"""Share of the second column that must be new, and share of the target that is rounding, in single and in double
precision."""

LEFT_OVER = 1e-5
"""Least share of a column that other terms must leave."""

LOOKED_AT, CHUNK = 20, 1000
"""Times as many pairs whose refinement is foretold as are refined, and how many of them are looked at at once."""

DAMPED = 1e-6
"""Damping of the step that foretells: derivatives that other columns imitate are no reason to expect much."""

FORETOLD, FORETOLD_PASSES = 300, 5000
"""What it costs to foretell a pair, in multiplications of a product of matrices: for each row, and besides."""

PASSES, CHOICE_PASSES = 200, 1800
"""Passes over an entry of the Gram matrix, and over a pair of groups where some are chosen, in multiplications of a
product of matrices."""


@without_gradients
def best_pairs(
    dictionary: Dictionary,
    y: Tensor,
    top: int,
    *,
    columns: int,
    beside: Tensor | None = None,
    until: float = math.inf,
) -> Slots | None:
    """The shortest sums of two columns as a table (M, 2, F); `top` of them under each noise floor.

    Parameters
    ----------
    dictionary : Dictionary
    y : Tensor (n,)
        Target times root weights.
    top : int
    columns : int
        How many of the cheapest columns are paired.
    beside : Tensor (K, n), optional
        Orthonormal basis of terms that the sum has besides; what those leave of target and columns counts.
    until : float, default inf
        `kansym.clock.now` value to stop at; then there is none.
    """
    left, right, sorts = dictionary.cheapest(columns)
    # One input has smooth columns that differ by less than single precision sees.
    dtype = torch.float64 if dictionary.dimension == 1 else torch.float32
    terms, y = unit_columns(dictionary, left, right, y, beside)
    terms = terms.to(dtype)
    unit = y / torch.linalg.vector_norm(y)
    share = terms @ unit.to(dtype)
    # Pairs of starts of the same two functions are one candidate.
    starts = groups(sorts)
    ends = np.append(starts[1:], len(sorts))
    best = _best_of_groups(terms, share, starts, ends, until)
    if best is None:
        return None
    clock.charge(Work.DICTIONARY_VALUES, len(starts) ** 2 / 2 * CHOICE_PASSES)
    cost = (dictionary.left_cost[left] + dictionary.right_cost[right])[torch.from_numpy(starts).to(y.device)]
    one, other = torch.triu_indices(len(starts), len(starts), device=y.device)
    gain = torch.from_numpy(best).to(y.device)[one, other]
    some = (gain > 0).nonzero()[:, 0]
    one, other, gain = one[some], other[some], gain[some]
    looked_at = _shortest(dictionary, gain, (cost[one] + cost[other]).to(dtype), y, LOOKED_AT * top)
    if not len(looked_at):
        return None
    one, other = one[looked_at], other[looked_at]
    members = _members(starts, ends, y.device)
    slopes = _unit_slopes(dictionary.slopes(left, right), terms, beside)
    parts = [
        _foretold(terms, slopes, share, unit, members[one[part]], members[other[part]])
        for part in torch.arange(len(one), device=y.device).split(CHUNK)
    ]
    gain, first, second = (torch.cat(side) for side in zip(*parts, strict=True))
    clock.charge(Work.DICTIONARY_VALUES, len(one) * (len(y) * FORETOLD + FORETOLD_PASSES))
    chosen = _shortest(dictionary, gain, (cost[one] + cost[other]).to(dtype), y, top)
    sides = []
    for side in (first[chosen], second[chosen]):
        sides.append(dictionary.terms(list(zip(left[side].tolist(), right[side].tolist(), strict=True))))
    return joined(sides, axis=1)


def _best_of_groups(
    terms: Tensor, share: Tensor, starts: np.ndarray, ends: np.ndarray, until: float
) -> np.ndarray | None:
    """The largest gain of a pair of each two groups, (G, G) above the diagonal; None where time is up."""
    best = np.zeros((len(starts), len(starts)), dtype=np.float32 if terms.dtype == torch.float32 else np.float64)
    count, n = terms.shape
    first = 0
    while first < len(starts) and not clock.late(until):
        last = max(first + 1, int(np.searchsorted(starts, starts[first] + BLOCK)))
        rows = slice(int(starts[first]), int(ends[last - 1]))
        # The matrix is symmetric: pairs with earlier columns have been seen.
        own = starts[first:] - starts[first]
        clock.charge(Work.DICTIONARY_VALUES, (rows.stop - rows.start) * (count - rows.start) * (n + PASSES))
        gain = _gains(terms[rows], terms[rows.start :], share[rows], share[rows.start :]).cpu().numpy()
        across = np.maximum.reduceat(gain, own, axis=1)
        best[first:last, first:] = np.maximum.reduceat(across, own[: last - first], axis=0)
        first = last
    return None if clock.late(until) else best


def unit_columns(
    dictionary: Dictionary, left: Tensor, right: Tensor, y: Tensor, beside: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Columns (M, n) of unit length and the target (n,), both less what an orthonormal basis (K, n) explains."""
    terms = dictionary.left[left] * dictionary.right[right] * dictionary.rows.root
    terms = terms / torch.linalg.vector_norm(terms, dim=1, keepdim=True)
    if beside is None or not len(beside):
        return terms, y
    terms = terms - (terms @ beside.T) @ beside
    size = torch.linalg.vector_norm(terms, dim=1, keepdim=True)
    # What is left of a column that those terms imitate is rounding.
    return torch.where(size > LEFT_OVER, terms / size, 0.0), y - (y @ beside.T) @ beside


def groups(sorts: np.ndarray) -> np.ndarray:
    """Where groups of neighbouring starts begin, at most `NEIGHBOURS` in each, of one sort."""
    begins = np.diff(sorts, prepend=-1) != 0
    place = np.arange(len(sorts))
    first = np.maximum.accumulate(np.where(begins, place, 0))
    return np.flatnonzero((place - first) % NEIGHBOURS == 0)


def _gains(one: Tensor, other: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """Share of the target that two columns explain together, from unit columns and their shares of the target."""
    gram = one @ other.transpose(-1, -2)
    new = gram.square().neg_().add_(1.0)
    first, second = first[..., :, None], second[..., None, :]
    gram.mul_(first).mul_(second).mul_(-2.0).add_(first.square()).add_(second.square())
    gram.div_(new).masked_fill_(new < NEW[gram.dtype == torch.float64], 0.0)
    return gram.nan_to_num_(0.0, 0.0, 0.0).clamp_(0.0, 1.0 - ROUNDING[gram.dtype == torch.float64])


def _members(starts: np.ndarray, ends: np.ndarray, device: torch.device) -> Tensor:
    """Columns of each group (G, NEIGHBOURS), the last one again where there are fewer."""
    places = np.minimum(starts[:, None] + np.arange(NEIGHBOURS), ends[:, None] - 1)
    return torch.from_numpy(places).to(device)


def _unit_slopes(slopes: Tensor, terms: Tensor, beside: Tensor | None) -> Tensor:
    """Derivatives (M, 2, n), less what their columns and other terms explain, of unit length or zero."""
    size = torch.linalg.vector_norm(slopes, dim=-1, keepdim=True)
    if beside is not None and len(beside):
        slopes = slopes - (slopes @ beside.T) @ beside
    slopes = slopes.to(terms.dtype)
    slopes = slopes - (slopes @ terms[:, :, None]) * terms[:, None]
    left = torch.linalg.vector_norm(slopes, dim=-1, keepdim=True)
    return torch.where(left > LEFT_OVER * size, slopes / left, 0.0)


def _foretold(
    terms: Tensor, slopes: Tensor, share: Tensor, y: Tensor, one: Tensor, other: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """What pairs explain once their constants are refined, as one Gauss-Newton step foretells it.

    Parameters
    ----------
    terms, slopes : Tensor (M, n), (M, 2, n)
        Unit columns and their unit derivatives.
    share : Tensor (M,)
        Of the target, by each column.
    y : Tensor (n,)
        The target, of unit length.
    one, other : Tensor (K, NEIGHBOURS)
        Starts of both columns.

    Returns
    -------
    gain : Tensor (K,)
        Share of the target.
    one, other : Tensor (K,)
        The starts that explain most.
    """
    best = _gains(terms[one], terms[other], share[one], share[other]).flatten(1).argmax(1)
    one = one.gather(1, (best // NEIGHBOURS)[:, None])[:, 0]
    other = other.gather(1, (best % NEIGHBOURS)[:, None])[:, 0]
    columns = torch.cat([terms[one][:, None], terms[other][:, None], slopes[one], slopes[other]], 1).double()
    normal = columns @ columns.transpose(-1, -2)
    normal.diagonal(dim1=-2, dim2=-1).add_(DAMPED)
    explained = columns @ y
    step = torch.linalg.solve_ex(normal, explained[..., None])[0][..., 0]
    linear = (explained * step).sum(-1).nan_to_num(0.0, 0.0, 0.0).to(terms.dtype)
    return linear.clamp(0.0, 1.0 - ROUNDING[terms.dtype == torch.float64]), one, other


def _shortest(dictionary: Dictionary, gain: Tensor, cost: Tensor, y: Tensor, top: int) -> Tensor:
    """Places of pairs of the shortest descriptions under each noise floor, from their gains and costs (K,)."""
    rest = float(y.square().mean()) * (1 - gain)
    chosen: dict[int, None] = {}
    for floor, times in PAIR_FLOORS:
        least = max(floor, dictionary.lengths.floor)
        length = (rest + least**2).log_().mul_(0.5 * len(y)).add_(cost)
        _, order = torch.topk(length, min(int(times * top), length.numel()), largest=False)
        chosen |= dict.fromkeys(order.tolist())
    return torch.tensor(list(chosen), dtype=torch.long, device=y.device)
