"""All pairs of cheap columns: least squares on two columns in closed form, from blocks of their Gram matrix.

The first term of a sum need not explain much of it: what a beam keeps after one term are look-alikes of the whole sum.
So sums of two terms are looked for as such.
"""

import math

import numpy as np
import torch
from torch import Tensor

from kansym import clock
from kansym.clock import Work
from kansym.terms.dictionary import Dictionary
from kansym.terms.slots import Slots, joined

STARTS = 8
"""Most starts of one family among the columns."""

BLOCK = 512
"""Rows of the Gram matrix that are held at once, as they fit into a cache."""

PAIR_FLOORS = (0.0, 0.003, 0.03)
"""Noise that is pretended, in units of the target's root mean square."""

NEW, ROUNDING = {torch.float32: 1e-4, torch.float64: 1e-9}, {torch.float32: 1e-6, torch.float64: 1e-12}
"""Share of the second column that must be new, and share of the target that is rounding."""

PASSES = 200
"""Passes over an entry of the Gram matrix, in multiplications of a product of matrices."""


@torch.no_grad()
def best_pairs(dictionary: Dictionary, y: Tensor, top: int, *, columns: int, until: float = math.inf) -> Slots | None:
    """The shortest sums of two columns as a table (M, 2, F); `top` of them under each noise floor.

    Parameters
    ----------
    dictionary : Dictionary
    y : Tensor (n,)
        Target times root weights.
    top : int
    columns : int
        How many of the cheapest columns are paired.
    until : float, default inf
        `kansym.clock.now` value to stop at; later blocks of pairs are left out.
    """
    left, right, sorts = _cheapest(dictionary, columns)
    # One input has smooth columns that differ by less than single precision sees.
    dtype = torch.float64 if dictionary.dimension == 1 else torch.float32
    terms = dictionary.left[left] * dictionary.right[right] * dictionary.rows.root
    terms = (terms / torch.linalg.vector_norm(terms, dim=1, keepdim=True)).to(dtype)
    share = terms @ (y / torch.linalg.vector_norm(y)).to(dtype)
    # Pairs of starts of the same two functions are one candidate.
    starts = np.flatnonzero(np.diff(sorts, prepend=-1))
    ends = np.append(starts[1:], len(sorts))
    best = np.zeros((len(starts), len(starts)), dtype=np.float32 if dtype == torch.float32 else np.float64)
    first = 0
    while first < len(starts) and not clock.late(until):
        last = max(first + 1, int(np.searchsorted(starts, starts[first] + BLOCK)))
        rows = slice(int(starts[first]), int(ends[last - 1]))
        # The matrix is symmetric: pairs with earlier columns have been seen.
        own = starts[first:] - starts[first]
        clock.charge(Work.DICTIONARY_VALUES, (rows.stop - rows.start) * (len(sorts) - rows.start) * (len(y) + PASSES))
        gain = _gains(terms[rows], terms[rows.start :], share[rows], share[rows.start :]).cpu().numpy()
        across = np.maximum.reduceat(gain, own, axis=1)
        best[first:last, first:] = np.maximum.reduceat(across, own[: last - first], axis=0)
        first = last
    chosen = _shortest(dictionary, torch.from_numpy(best).to(y.device), left, right, starts, y, top)
    pairs = []
    for a, b in chosen:
        one, other = slice(int(starts[a]), int(ends[a])), slice(int(starts[b]), int(ends[b]))
        gain = _gains(terms[one], terms[other], share[one], share[other])
        row, column = divmod(int(gain.argmax()), gain.shape[1])
        pairs.append((one.start + row, other.start + column))
    if not pairs:
        return None
    sides = []
    for side in zip(*pairs, strict=True):
        index = torch.tensor(side, device=y.device)
        sides.append(dictionary.terms(list(zip(left[index].tolist(), right[index].tolist(), strict=True))))
    return joined(sides, axis=1)


def _gains(one: Tensor, other: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """Share of the target that two columns explain together, from unit columns and their shares of the target."""
    gram = one @ other.T
    new = gram.square().neg_().add_(1.0)
    gram.mul_(first[:, None]).mul_(second).mul_(-2.0).add_(first.square()[:, None]).add_(second.square())
    gram.div_(new).masked_fill_(new < NEW[gram.dtype], 0.0)
    return gram.nan_to_num_(0.0, 0.0, 0.0).clamp_(0.0, 1.0 - ROUNDING[gram.dtype])


def _shortest(
    dictionary: Dictionary, best: Tensor, left: Tensor, right: Tensor, starts: np.ndarray, y: Tensor, top: int
) -> list[tuple[int, int]]:
    """Pairs of sorts of columns of the shortest descriptions under each noise floor."""
    first = torch.from_numpy(starts).to(y.device)
    cost = (dictionary.left_cost[left] + dictionary.right_cost[right])[first].to(best.dtype)
    mean_square = float(y.square().mean())
    upper = torch.ones_like(best, dtype=torch.bool).triu()
    chosen: dict[tuple[int, int], None] = {}
    for floor in PAIR_FLOORS:
        least = max(floor, dictionary.lengths.floor)
        length = 0.5 * len(y) * torch.log(mean_square * (1 - best) + least**2) + cost[:, None] + cost[None, :]
        length = torch.where(upper & (best > 0), length, torch.inf).reshape(-1)
        lengths, order = torch.topk(length, min(top, length.numel()), largest=False)
        for value, place in zip(lengths.tolist(), order.tolist(), strict=True):
            if math.isfinite(value):
                chosen[divmod(place, len(starts))] = None
    return list(chosen)


def _cheapest(dictionary: Dictionary, columns: int) -> tuple[Tensor, Tensor, np.ndarray]:
    """Left and right columns of the cheapest products, and a number for the functions that each is made of; sorted."""
    thin = torch.zeros(len(dictionary.right), dtype=torch.bool, device=dictionary.right.device)
    for start, end in zip(dictionary.starts.tolist(), dictionary.ends.tolist(), strict=True):
        thin[np.unique(np.linspace(start, end - 1, STARTS).round().astype(int)).tolist()] = True
    cost = dictionary.left_cost[:, None] + dictionary.right_cost[None, :]
    cost = torch.where(thin[None, :], cost, torch.inf).reshape(-1)
    # Equal costs are taken in the order of the dictionary, on every device.
    order = torch.argsort(cost, stable=True)[:columns]
    order = order[torch.isfinite(cost[order])]
    left, right = order // len(dictionary.right), order % len(dictionary.right)
    sorts = left * len(dictionary.starts) + dictionary.family[right]
    place = torch.argsort(sorts, stable=True)
    return left[place], right[place], sorts[place].cpu().numpy()
