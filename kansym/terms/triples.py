"""All triples of simple columns of one input: least squares on three columns in closed form, from their Gram matrix.

Functions of one input are so alike that a sum of three grown a term at a time, or from its best pair, ends among its
many imitations more often than not. There are few enough to try all triples of them; which of their starts lies in the
right valley only the refinement of thousands tells.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from kansym import clock
from kansym.clock import Work
from kansym.deferred import Tensor, torch
from kansym.gradients import without_gradients
from kansym.terms.dictionary import Dictionary
from kansym.terms.pairs import LEFT_OVER, groups, unit_columns
from kansym.terms.slots import Slots, joined

FLOORS = (0.0, 0.003, 0.03, 0.3)
"""Noise that is pretended, in units of the target's root mean square."""

NEW = 1e-10
"""Share of a column that must be new beside the others."""

ROUNDING = 1e-14
"""Share of the target that is rounding."""

CHUNK = 500
"""Triples whose starts are compared at once."""

PASSES, CHOICE_PASSES = 160, 1000
"""Passes over a triple of columns, and over a triple of starts, in multiplications of a product of matrices."""


@dataclass(frozen=True, eq=False)
class _Columns:
    """Places of columns in the dictionary, where each group of them begins and ends, and their inner products."""

    left: Tensor
    right: Tensor
    starts: np.ndarray
    ends: np.ndarray
    gram: Tensor
    share: Tensor


@without_gradients
def best_triples(
    dictionary: Dictionary,
    y: Tensor,
    top: int,
    *,
    rich: bool = False,
    beside: Tensor | None = None,
    until: float = math.inf,
) -> Slots | None:
    """The shortest sums of three columns as a table (M, 3, F), of one start for each three functions.

    Parameters
    ----------
    dictionary : Dictionary
        Of one input.
    y : Tensor (n,) or (J, n)
        Target times root weights, or several that are sums of the same functions.
    top : int
        Triples taken under each noise floor.
    rich : bool, default False
        Products with the input, and more functions of functions, too.
    beside : Tensor (K, n), optional
        Orthonormal basis of terms that the sum has besides; what those leave of target and columns counts.
    until : float, default inf
        `kansym.clock.now` value to stop at; there are no triples then.
    """
    left, right, sorts = dictionary.simple(rich=rich)
    terms, y = unit_columns(dictionary, left, right, y, beside)
    starts = groups(sorts)
    share = terms @ (y / torch.linalg.vector_norm(y)).reshape(-1, y.shape[-1]).T
    columns = _Columns(left, right, starts, np.append(starts[1:], len(sorts)), terms @ terms.T, share)
    gain = _gains(columns, np.repeat(np.arange(len(starts)), columns.ends - starts), until)
    if gain is None:
        return None
    chosen = _best_starts(columns, _shortest(dictionary, columns, gain, y, top))
    places = [torch.from_numpy(side).to(left.device) for side in chosen.T]
    sides = [list(zip(left[side].tolist(), right[side].tolist(), strict=True)) for side in places]
    return joined([dictionary.terms(side) for side in sides], axis=1) if len(chosen) else None


def _gains(columns: _Columns, group: np.ndarray, until: float) -> np.ndarray | None:
    """Share of the target that the best starts of three groups explain, (S, S, S) for groups in ascending order."""
    count, starts = len(group), columns.starts
    best = np.zeros(3 * (len(starts),))
    size = columns.gram.diagonal().clone()
    there = (size > 1 - LEFT_OVER).tolist()
    for first in range(count):
        if clock.late(until):
            return None
        clock.charge(Work.DICTIONARY_VALUES, PASSES * (count - first) ** 2)
        if not there[first]:
            continue
        # What the first leaves of the second and the third, and what both leave of the third.
        row, explained = columns.gram[first, first:], columns.share[first]
        one = columns.share[first:] - row[:, None] * explained
        gram = torch.addr(columns.gram[first:, first:], row, row, alpha=-1)
        new = size[first:] - row.square()
        new = torch.where(new < NEW, torch.inf, new)
        slope = gram / new[:, None]
        rest = torch.addcmul(new[None, :], slope, gram, value=-1)
        gain = torch.zeros_like(gram)
        for target in one.T:
            gain.add_(torch.addcmul(target[None, :], slope, target[:, None], value=-1).square_())
        gain.div_(rest).masked_fill_(~(rest > NEW) | torch.isinf(rest), 0.0)
        gain.add_((explained.square().sum() + one.square().sum(1) / new)[:, None])
        found = gain.nan_to_num_(0.0, 0.0, 0.0).clamp_(0.0, 1.0 - ROUNDING).cpu().numpy()
        own = np.unique(np.maximum(starts[starts >= starts[group[first]]] - first, 0))
        found = np.maximum.reduceat(np.maximum.reduceat(found, own, axis=1), own, axis=0)
        mine = best[group[first], group[first] :, group[first] :]
        np.maximum(mine, found, out=mine)
    return best


def _shortest(dictionary: Dictionary, columns: _Columns, gain: np.ndarray, y: Tensor, top: int) -> np.ndarray:
    """Groups (M, 3) of the shortest descriptions under each noise floor."""
    cost = (dictionary.left_cost[columns.left] + dictionary.right_cost[columns.right]).cpu().numpy()[columns.starts]
    three = np.argwhere(gain > 0)
    three = three[(three[:, 0] <= three[:, 1]) & (three[:, 1] <= three[:, 2])]
    rest = float(y.square().sum()) / y.shape[-1] * (1 - gain[tuple(three.T)])
    nats = cost[three].sum(1)
    chosen: set[int] = set()
    for floor in FLOORS:
        least = max(floor, dictionary.lengths.floor)
        length = 0.5 * y.shape[-1] * np.log(rest + least**2) + nats
        chosen |= set(np.argsort(length, kind="stable")[:top].tolist())
    return three[sorted(chosen)]


def _best_starts(columns: _Columns, three: np.ndarray) -> np.ndarray:
    """The places (M, 3) of the starts that explain most, for groups (M, 3)."""
    gram, share, number = columns.gram.cpu().numpy(), columns.share.cpu().numpy(), columns.ends - columns.starts
    own = np.arange(int(number.max(initial=1)))
    combinations = np.stack(np.meshgrid(own, own, own, indexing="ij"), -1).reshape(-1, 3)
    clock.charge(Work.DICTIONARY_VALUES, CHOICE_PASSES * len(three) * len(combinations))
    found = [np.zeros((0, 3), dtype=np.int64)]
    for begin in range(0, len(three), CHUNK):
        part = three[begin : begin + CHUNK]
        # Groups of fewer starts have their last one several times.
        places = columns.starts[part][:, None] + np.minimum(combinations, number[part][:, None] - 1)
        a, b, c = np.moveaxis(places, -1, 0)
        first, second, third = gram[a, b], gram[a, c], gram[b, c]
        with np.errstate(all="ignore"):
            new = gram[b, b] - first**2
            slope = (third - first * second) / new
            rest = gram[c, c] - second**2 - slope * (third - first * second)
            one = share[b] - first[..., None] * share[a]
            two = share[c] - second[..., None] * share[a] - slope[..., None] * one
            gain = (share[a] ** 2 + one**2 / new[..., None] + two**2 / rest[..., None]).sum(-1)
        gain[~(new > NEW) | ~(rest > NEW) | ~np.isfinite(gain)] = -1
        best = gain.argmax(1)
        found.append(places[np.arange(len(part)), best])
    return np.concatenate(found)
