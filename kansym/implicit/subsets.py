"""Which terms of a dictionary: all small sets of the cheapest, and the best of these with one more term each."""

import itertools
from collections.abc import Collection, Iterator

import numpy as np

from kansym.implicit.pencil import Pencil

MOST_SETS = 20_000
"""Sets of one size that are tried: each size has as many of the cheapest terms as this allows."""

LARGEST = 6
"""Terms of a relation, without its constant."""

FIRST, KEPT = 300, 40
"""Sets of one size that are weighted on few rows, since equal weights let the largest values decide; and of these those
that are weighted on all."""

FEW_ROWS, FEW_STEPS = 100, 2
"""Rows and steps of the first weighting."""

EXTENDED = 30
"""Sets that are tried with one more term."""


def reach(terms: int, size: int, most: int = MOST_SETS) -> int:
    """How many of so many terms can be combined by so many at a time."""
    count = min(terms, size)
    while count < terms and _choices(count + 1, size) <= most:
        count += 1
    return count


def _choices(n: int, size: int) -> int:
    found = 1
    for k in range(size):
        found = found * (n - k) // (k + 1)
    return found


def whole_sets(terms: int, size: int, required: Collection[int], most: int = MOST_SETS) -> np.ndarray:
    """All sets (K, size) of the cheapest terms that hold one of the required, where there are such."""
    count = reach(terms, size, most)
    sets = np.array(list(itertools.combinations(range(count), size)), dtype=np.intp).reshape(-1, size)
    if required:
        member = np.zeros(terms, dtype=bool)
        member[list(required)] = True
        sets = sets[member[sets].any(axis=1)]
    return sets


def extended(sets: np.ndarray, terms: int) -> np.ndarray:
    """Sets with each of the other terms in turn, each once."""
    if not len(sets):
        return np.empty((0, sets.shape[1] + 1), dtype=np.intp)
    grown = np.concatenate([np.repeat(sets, terms, axis=0), np.tile(np.arange(terms), len(sets))[:, None]], axis=1)
    grown.sort(axis=1)
    grown = grown[(np.diff(grown, axis=1) > 0).all(axis=1)]
    return np.unique(grown, axis=0)


def ranked(
    pencil: Pencil,
    free: bool,
    required: Collection[int],
    costs: np.ndarray,
    gain: float,
    largest: int = LARGEST,
    first: int = FIRST,
) -> Iterator[np.ndarray]:
    """Sets (K, s) of each size, roughly those that describe best first.

    Parameters
    ----------
    pencil : Pencil
    free : bool
        With a free constant.
    required : collection of int
    costs : ndarray, shape (p,)
        Bits of each term.
    gain : float
        Bits that a halved logarithm of the eigenvalue is worth: the number of rows, in powers of two.
    largest, first : int
        Terms of a set, and sets of a size that are weighted.
    """
    grams, few = pencil.grams(free), pencil.thinned(FEW_ROWS)
    terms, before = pencil.values.shape[1], np.empty((0, 1), dtype=np.intp)
    for size in range(1 if free else 2, min(largest, terms) + 1):
        sets = whole_sets(terms, size, required)
        if before.shape[1] == size - 1 and size > 1 and len(before):
            sets = np.unique(np.concatenate([sets, extended(before[:EXTENDED], terms)]), axis=0)
        if not len(sets):
            continue
        eigenvalues = pencil.scan(sets, grams)
        sets = sets[_order(eigenvalues, costs[sets].sum(axis=1), gain)[:first]]
        eigenvalues, vectors, means = few.weighted(sets, free, FEW_STEPS)
        shares = eigenvalues / few.apart(sets, vectors, means) ** 2
        before = sets[_order(shares, costs[sets].sum(axis=1), gain)[:KEPT]]
        yield before


def _order(eigenvalues: np.ndarray, costs: np.ndarray, gain: float) -> np.ndarray:
    return np.argsort(0.5 * gain * np.log2(np.maximum(eigenvalues, 1e-300)) + costs, kind="stable")
