"""All pairs of cheap columns at once: least squares on two columns in closed form, from the Gram matrix."""

import math

import numpy as np
import torch
from torch import Tensor

from kansym import clock
from kansym.clock import Work
from kansym.terms.dictionary import Dictionary
from kansym.terms.slots import Slots, joined

COLUMNS = 2500
"""Cheapest columns of which all pairs are looked at."""

STARTS = 8
"""Most starts of one family among them."""

PAIR_FLOORS = (0.0, 0.003, 0.03)
"""Noise that is pretended, in units of the target's root mean square."""

NEW, ROUNDING = 1e-9, 1e-12
"""Share of the second column that must be new, and share of the target that is rounding."""


@torch.no_grad()
def best_pairs(dictionary: Dictionary, y: Tensor, top: int) -> Slots:
    """The shortest sums of two columns as a table (M, 2, F); `top` of them under each noise floor.

    Parameters
    ----------
    dictionary : Dictionary
    y : Tensor (n,)
        Target times root weights.
    top : int
    """
    left, right, sorts = _cheapest(dictionary)
    device = y.device
    columns = dictionary.left[left] * dictionary.right[right] * dictionary.rows.root
    columns = columns / torch.linalg.vector_norm(columns, dim=1, keepdim=True)
    clock.charge(Work.DICTIONARY_VALUES, len(columns) ** 2 * (len(y) + 120))
    gram = columns @ columns.T
    share = columns @ (y / torch.linalg.vector_norm(y))
    new = 1 - gram.square()
    gain = share[:, None].square() + share[None, :].square() - 2 * gram * share[:, None] * share[None, :]
    gain = torch.nan_to_num(gain / new.clamp(min=ROUNDING))
    gain[new < NEW] = 0.0
    gain.clamp_(0, 1 - ROUNDING)
    # Pairs of starts of the same two functions are one candidate.
    starts = np.flatnonzero(np.diff(sorts, prepend=-1))
    ends = np.append(starts[1:], len(sorts))
    best = torch.from_numpy(
        np.maximum.reduceat(np.maximum.reduceat(gain.cpu().numpy(), starts, axis=0), starts, axis=1)
    ).to(device)
    first = torch.from_numpy(starts).to(device)
    cost = (dictionary.left_cost[left] + dictionary.right_cost[right])[first]
    mean_square = float(y.square().mean())
    below = torch.ones_like(best, dtype=torch.bool).tril(-1)
    chosen: dict[tuple[int, int], None] = {}
    for floor in PAIR_FLOORS:
        least = max(floor, dictionary.lengths.floor)
        length = 0.5 * len(y) * torch.log(mean_square * (1 - best) + least**2) + cost[:, None] + cost[None, :]
        length[below] = torch.inf
        lengths, order = torch.topk(length.reshape(-1), min(top, length.numel()), largest=False)
        for value, place in zip(lengths.tolist(), order.tolist(), strict=True):
            if math.isfinite(value):
                chosen[divmod(place, len(starts))] = None
    pairs = []
    for a, b in chosen:
        block = gain[starts[a] : ends[a], starts[b] : ends[b]]
        row, column = divmod(int(block.argmax()), block.shape[1])
        pairs.append((int(starts[a]) + row, int(starts[b]) + column))
    sides = []
    for side in zip(*pairs, strict=True):
        index = torch.tensor(side, device=device)
        chosen_columns = list(zip(left[index].tolist(), right[index].tolist(), strict=True))
        sides.append(dictionary.terms(chosen_columns))
    return joined(sides, axis=1)


def _cheapest(dictionary: Dictionary) -> tuple[Tensor, Tensor, np.ndarray]:
    """Left and right columns of the cheapest products, and a number for the functions that each is made of; sorted."""
    thin = torch.zeros(len(dictionary.right), dtype=torch.bool, device=dictionary.right.device)
    for start, end in zip(dictionary.starts.tolist(), dictionary.ends.tolist(), strict=True):
        thin[np.unique(np.linspace(start, end - 1, STARTS).round().astype(int)).tolist()] = True
    cost = dictionary.left_cost[:, None] + dictionary.right_cost[None, :]
    cost = torch.where(thin[None, :], cost, torch.inf).reshape(-1)
    # Equal costs are taken in the order of the dictionary, on every device.
    order = torch.argsort(cost, stable=True)[:COLUMNS]
    order = order[torch.isfinite(cost[order])]
    left, right = order // len(dictionary.right), order % len(dictionary.right)
    sorts = left * len(dictionary.starts) + dictionary.family[right]
    place = torch.argsort(sorts, stable=True)
    return left[place], right[place], sorts[place].cpu().numpy()
