"""Functions of one input that several curves are sums of.

Where y is a sum of products, each input at a time makes curves that are sums of the same few functions, whatever the
other inputs are: what their singular vectors have in common is looked for by all triples of simple functions, with the
coefficients of every curve solved for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from kansym import clock
from kansym.deferred import torch
from kansym.primitives.allowed import AllowedFunctions
from kansym.terms.arguments import Argument
from kansym.terms.dictionary import Dictionary
from kansym.terms.length import Lengths
from kansym.terms.refinement import Refined, refine
from kansym.terms.rows import TermRows, orthonormal
from kansym.terms.slots import Slots, beside, joined, values
from kansym.terms.triples import best_triples

TRIPLES = 1500
"""Triples under each noise floor that are refined."""

FLOORS = (0.0, 0.003, 0.03)
"""Noise that is pretended where some are chosen."""

STEPS, KEPT = (4, 8, 20), (200, 40)
"""Steps of the rounds of successive halving, and sets that are kept under each floor between them."""

UNEXPLAINED = 3.0
"""Residual, in units of the curves' error, above which another function is looked for."""

DROPPED = 8
"""Sets of which smaller ones are tried."""


class Spans:
    """The search for functions of one input.

    Parameters
    ----------
    arguments : sequence of Argument
        The input and simple functions of it, on the points of the curves.
    curves : ndarray, shape (J, n)
        Weighted by how much each counts.
    error : float
        Root mean square error of the curves, in units of their root sum of mean squares.
    number : int
        Rows of the whole table, which decide what a constant costs.
    allowed : AllowedFunctions, optional
    until : float
        `kansym.clock.now` value to stop at.
    device : torch.device
    """

    def __init__(
        self,
        arguments: Sequence[Argument],
        curves: np.ndarray,
        *,
        error: float,
        number: int,
        allowed: AllowedFunctions | None,
        until: float,
        device: torch.device,
    ) -> None:
        self.until, self.error = until, error
        columns = torch.from_numpy(np.array([argument.column for argument in arguments])).to(device)
        y = torch.from_numpy(curves / math.sqrt(float(np.sum(curves**2)) / curves.shape[1])).to(device)
        self.rows = TermRows(columns, y, torch.ones_like(y[0]))
        self.lengths = Lengths(arguments, number, error, device)
        first = TermRows(columns, y[0], self.rows.root)
        self.dictionary = Dictionary(arguments, first, self.lengths, allowed, 1)

    def sets(self, most: int) -> list[Slots]:
        """Sets of functions, tables (K, F); the likeliest first, and none where time is up."""
        found = self._among(None)
        plain = self.dictionary.plainest()[:2]
        for terms, rich in (([plain[0]], False), ([plain[-1]], False), (plain, False), ([], True)):
            if found and self._residual(found[0]) <= UNEXPLAINED * self.error:
                break
            found = self._sorted(found + self._among(joined(terms) if terms else None, rich=rich))
        smaller = self._sorted([*found, *(less for one in found[:DROPPED] for less in self._smaller(one))])
        return [one.slots[0] for one in smaller[:most]]

    def _residual(self, refined: Refined) -> float:
        return math.sqrt(float(refined.square[0]) / self.rows.number)

    def _among(self, plain: Slots | None, *, rich: bool = False) -> list[Refined]:
        """Sets of three functions, and of some plain ones besides."""
        basis = None
        if plain is not None:
            basis, _, _ = orthonormal(values(plain, self.rows.columns).prod(-2))
        table = best_triples(self.dictionary, self.rows.y, TRIPLES, rich=rich, beside=basis, until=self.until)
        if table is None:
            return []
        if plain is not None:
            table = beside(plain, table)
        refined = refine(table.packed(), self.rows, STEPS[0], until=self.until)
        for steps, kept in zip(STEPS[1:], KEPT, strict=True):
            refined = refine(refined[self._best(refined, kept)].slots, self.rows, steps, until=self.until)
        return self._sorted([refined[k : k + 1] for k in self._best(refined, DROPPED)])

    def _best(self, refined: Refined, kept: int) -> list[int]:
        chosen: dict[int, None] = {}
        for floor in FLOORS:
            lengths = self.lengths.of(refined.slots, refined.square, self.rows.number, floor=floor)
            finite = [
                k for k in torch.argsort(lengths, stable=True)[:kept].tolist() if math.isfinite(float(lengths[k]))
            ]
            chosen |= dict.fromkeys(finite)
        return list(chosen)

    def _smaller(self, one: Refined) -> list[Refined]:
        """The sets that are left where functions are dropped one after another, the least missed first."""
        found = []
        while one.slots.terms > 1 and not clock.late(self.until):
            count = one.slots.terms
            less = [one.slots.map(lambda t, k=k: torch.cat([t[:, :k], t[:, k + 1 :]], 1)) for k in range(count)]
            refined = refine(joined(less), self.rows, STEPS[1], until=self.until)
            lengths = self._length(refined)
            best = int(torch.argmin(lengths))
            if not float(lengths[best]) < float(self._length(one)[0]):
                break
            one = refined[best : best + 1]
            found.append(one)
        return found

    def _length(self, refined: Refined) -> torch.Tensor:
        return self.lengths.of(refined.slots, refined.square, self.rows.number)

    def _sorted(self, found: list[Refined]) -> list[Refined]:
        """One set of each structure, the shortest first."""
        keys: dict[int, None] = {}
        kept = []
        for one in sorted(found, key=lambda one: float(self._length(one)[0])):
            key = int(one.slots.keys()[0])
            if key not in keys and math.isfinite(float(one.square[0])):
                keys[key] = None
                kept.append(one)
        return kept
