"""Term pursuit for one target: sums grow a term at a time, and are changed where that shortens them.

A beam of sums is kept under several noise floors. Every round adds a column of the dictionary to each, refines the
constants of all candidates together by successive halving, and then tries moves on a few of the best: another term in
place of one, one more factor in a term, another factor in place of one.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from kansym import clock
from kansym.clock import Work
from kansym.deferred import Tensor, torch
from kansym.terms.dictionary import Dictionary, limited
from kansym.terms.effort import Effort
from kansym.terms.factors import NUMBER
from kansym.terms.length import Lengths
from kansym.terms.refinement import Refined, refine
from kansym.terms.rows import TermRows, orthonormal
from kansym.terms.slots import Key, Slots, beside, joined, values

FLOORS = ((0.0, 0.5), (0.003, 0.25), (0.03, 0.25))
"""Noise that is pretended, in units of the target's root mean square, and the share of a beam under it."""

STEPS = (3, 6, 18)
"""Steps of the three rounds of successive halving: for all, for a third, for the beam."""

EXACT = 1e-24
"""Mean squared residual, in units of the target's, at which a sum is the law."""

FIRST_TERMS = 10
"""Times as many first terms as others: little is known from one term."""

SEED_COLUMNS = 8
"""Second terms tried beside each of the plain first ones."""

REPLACED, MULTIPLIED = 5, 8
"""Columns tried in place of a term, and functions by which a term is multiplied."""

CANDIDATE_OVERHEAD = 0.2
"""What it costs to tell a candidate from the others, in small fits."""

GAIN = 2.0
"""Nats that a round of moves or a term must bring for another one."""


@dataclass(frozen=True, eq=False)
class State:
    """A sum: its description length, its table (K, F) and its sum of squared residuals."""

    length: float
    slots: Slots
    square: float


class Beam:
    """The search for sums of one target.

    Parameters
    ----------
    dictionary : Dictionary
        Weighted for `rows`.
    rows : TermRows
    lengths : Lengths
    effort : Effort
        Its seeds are first terms beside which all columns are tried whatever they explain alone: a term of a law of
        two hardly ever looks like the law.
    top : int
        Columns tried for each state.
    until : float
        `kansym.clock.now` value to stop at.
    most_cost : float, default inf
        Longest term in nats, coefficient not counted.
    blocks : sequence of TermRows, optional
        The same rows in blocks, each of which has coefficients of its own; the dictionary scores by them.
    """

    def __init__(
        self,
        dictionary: Dictionary,
        rows: TermRows,
        lengths: Lengths,
        *,
        effort: Effort,
        top: int,
        until: float,
        most_cost: float = math.inf,
        blocks: Sequence[TermRows] | None = None,
    ) -> None:
        self.dictionary, self.rows, self.lengths = dictionary, rows, lengths
        self.blocks = [rows] if blocks is None else list(blocks)
        self.effort, self.width, self.top = effort, effort.width, top
        self.until, self.most_cost = until, most_cost
        self.exact = False

    def late(self) -> bool:
        return clock.late(self.until)

    def rounds(self, most_terms: int, moves: int) -> Iterator[list[State]]:
        """The best sums of one term, of two, and so on, or none where time is up; ends when another no longer pays."""
        states: list[Slots] = []
        last = math.inf
        for terms in range(1, most_terms + 1):
            new = self.sift(self._grown(states, terms))
            while self.late():
                # Begun again where whoever asks has given more time for it.
                yield new
                if self.late():
                    return
                new = self.sift(self._grown(states, terms))
            if not new:
                return
            new = self.changed(new, moves)
            self.exact = self._is_exact(new)
            yield new
            # Whoever asks for another term may have given more time for it.
            if self.exact or self.late() or new[0].length > last - 1:
                return
            last = new[0].length
            states = [state.slots for state in new]

    def changed(self, new: list[State], moves: int) -> list[State]:
        """A beam after rounds of moves, as long as they pay."""
        for _ in range(moves if new else 0):
            if self.late() or self._is_exact(new):
                break
            before = new[0].length
            middle, end = new[self.width // 2 : self.width // 2 + 1], new[3:][-1:]
            moved = self._moved([state.slots for state in [*new[:3], *middle, *end]])
            more = self.sift(moved + [one for state in new for one in _offset(state.slots)])
            new = self._union(new + more)
            if new[0].length > before - GAIN:
                break
        return new

    def _is_exact(self, states: Sequence[State]) -> bool:
        return min(state.square for state in states) < EXACT * self.rows.number

    # -- candidates --------------------------------------------------------------------------------------------------

    def _grown(self, states: list[Slots], terms: int) -> list[Slots]:
        grown = self._added(states, self.top) if states else []
        if terms == 1:
            return self._added([None], FIRST_TERMS * self.top)
        if terms == 2 and math.isfinite(self.most_cost):
            grown += self._added(self.dictionary.plain(self.effort.seeds), SEED_COLUMNS)
            grown += self._added(self.dictionary.functions(self.effort.functions), SEED_COLUMNS)
        return grown

    def _added(self, states: Sequence[Slots | None], top: int) -> list[Slots]:
        """Each state with another term."""
        found = []
        for state in states:
            if self.late():
                break
            basis, residual = self.projected(state)
            chosen = self.dictionary.best(self.dictionary.scores(basis, residual), top, most_cost=self.most_cost)
            if chosen:
                found.append(beside(state, self.dictionary.terms(chosen)))
        return found

    def _moved(self, states: Sequence[Slots]) -> list[Slots]:
        """Changes of one term of each state."""
        found = []
        for state in states:
            if self.late():
                break
            factors = values(state, self.rows.columns)
            for k in range(len(state)):
                others = [other for other in range(len(state)) if other != k]
                rest = state[others] if others else None
                basis, residual = self.projected(rest)
                if others:
                    chosen = self.dictionary.best(
                        self.dictionary.scores(basis, residual), REPLACED, most_cost=self.most_cost
                    )
                    if chosen:
                        found.append(beside(rest, self.dictionary.terms(chosen)))
                found += self._multiplied(state[k], factors[k], rest, basis, residual)
        return found

    def _multiplied(
        self, term: Slots, factors: Tensor, rest: Slots | None, basis: Tensor, residual: Tensor
    ) -> list[Slots]:
        """A term, and the term less one of its factors, times another function."""
        active = (term.factor > 0).nonzero()[:, 0].tolist()
        kept = [active, *([other for other in active if other != one] for one in active)]
        columns = torch.stack([factors[which].prod(0) * self.rows.root for which in kept])
        columns = columns / torch.linalg.vector_norm(columns, dim=1, keepdim=True) * math.sqrt(self.rows.number)
        cost = torch.stack([self.lengths.cost(term[which]) for which in kept])
        scores = self.dictionary.scores(basis, residual, (columns, cost))
        found: list[Slots] = []
        for left, right in self.dictionary.best(scores, MULTIPLIED, most_cost=self.most_cost):
            product = joined([term[kept[left]], self.dictionary.right_slots[right]], axis=0)
            found.append(beside(rest, product[None, None]))
        return found

    def projected(self, state: Slots | None) -> tuple[Tensor, Tensor]:
        """An orthonormal basis of a state's terms in each block, and what they leave of the target."""
        if state is None:
            return self.rows.y.new_zeros(0, self.rows.number), self.rows.y
        bases, left = [], []
        for block in self.blocks:
            basis, _, _ = orthonormal(values(state, block.columns).prod(-2) * block.root)
            bases.append(basis)
            left.append(block.y - (basis @ block.y) @ basis)
        return torch.cat(bases, -1), torch.cat(left)

    # -- choice ------------------------------------------------------------------------------------------------------

    def sift(self, candidates: Sequence[Slots]) -> list[State]:
        """The best sums of distinct structure, with their constants refined; sorted by length."""
        table = _distinct(candidates)
        if table is None:
            return []
        keep = self.width
        first = refine(table, self.blocks, STEPS[0], until=self.until)
        first = first[self._choose(first, max(2 * keep, len(first) // 3), 3)]
        second = refine(first.slots, self.blocks, STEPS[1], until=self.until) if len(first) else first
        if self.late() and not bool(torch.isfinite(second.square).any()):
            second = first
        second = second[self._choose(second, keep, 1)]
        third = refine(second.slots, self.blocks, STEPS[2], until=self.until) if len(second) else second
        # Time may be up in a round: what the last one left is as good.
        return self._states(third if bool(torch.isfinite(third.square).all()) else second)

    def _states(self, refined: Refined) -> list[State]:
        lengths = self.lengths.of(refined.slots, refined.square, self.rows.number).tolist()
        squares = refined.square.tolist()
        states = [
            State(length, refined.slots[b], square)
            for b, (length, square) in enumerate(zip(lengths, squares, strict=True))
            if math.isfinite(length)
        ]
        return sorted(states, key=lambda state: state.length)

    def _choose(self, refined: Refined, keep: int, alike: int) -> list[int]:
        """The shortest under each noise floor; at most `alike` starts of one structure."""
        keys = refined.slots.keys().tolist()
        counts: dict[Key, int] = {}
        chosen: dict[int, None] = {}
        for floor, share in FLOORS:
            lengths = self.lengths.of(refined.slots, refined.square, self.rows.number, floor=floor)
            taken = 0
            order = torch.argsort(lengths, stable=True)
            for b, length in zip(order.tolist(), lengths[order].tolist(), strict=True):
                if taken >= share * keep or not math.isfinite(length):
                    break
                if b not in chosen and counts.get(keys[b], 0) < alike:
                    counts[keys[b]] = counts.get(keys[b], 0) + 1
                    chosen[b] = None
                    taken += 1
        return list(chosen)

    def _union(self, states: list[State]) -> list[State]:
        """The beam from states of one size: one of each structure, the best under each noise floor."""
        distinct: dict[Key, State] = {}
        ordered = sorted(states, key=lambda state: state.length)
        for state, key in zip(ordered, joined([state.slots[None] for state in ordered]).keys().tolist(), strict=True):
            distinct.setdefault(key, state)
        found = list(distinct.values())
        table = joined([state.slots[None] for state in found])
        square = self.rows.y.new_tensor([state.square for state in found])
        chosen: dict[int, None] = {}
        for floor, share in FLOORS:
            lengths = self.lengths.of(table, square, self.rows.number, floor=floor)
            fresh = [b for b in torch.argsort(lengths, stable=True).tolist() if b not in chosen]
            chosen |= dict.fromkeys(fresh[: int(share * self.width)])
        return sorted((found[b] for b in chosen), key=lambda state: state.length)


def _offset(state: Slots) -> list[Slots]:
    """Powers of a sum (K, F) on other offsets: each on one that begins at zero, and two of one argument as one.

    The pole of 1/(u + a) may be where no grid of offsets has it, while 1/u is a start that is always there. And to
    first order in the offsets u^p (u + a)^q is (u + a q/(p + q))^(p + q), of which noise shows no more.
    """
    found = []
    shifted = NUMBER["shifted"]
    power, offset = state.factor == NUMBER["power"], state.factor == shifted
    for k, f in power.nonzero().tolist():
        found.append(_on_offset(state, k, f, 0.0, float(state.theta[k, f, 0])))
    for k in range(len(state)):
        places = (power | offset)[k].nonzero()[:, 0].tolist()
        for f, g in itertools.combinations(places, 2):
            if int(state.argument[k, f]) != int(state.argument[k, g]):
                continue
            (a, p), (b, q) = (
                (0.0, float(state.theta[k, one, 0])) if power[k, one] else state.theta[k, one].tolist()
                for one in (f, g)
            )
            if p + q != 0:
                joint = _on_offset(state, k, f, (a * p + b * q) / (p + q), p + q)
                joint.factor[0, k, g], joint.theta[0, k, g], joint.free[0, k, g] = 0, 0.0, False
                found.append(joint)
    return found


def _on_offset(state: Slots, k: int, f: int, offset: float, exponent: float) -> Slots:
    """A sum (K, F) with (u + offset)^exponent for a factor, as a table (1, K, F)."""
    new = state.map(torch.clone)
    new.factor[k, f], new.free[k, f, 0] = NUMBER["shifted"], True
    new.theta[k, f, 0], new.theta[k, f, 1] = offset, exponent
    return new[None]


def _distinct(candidates: Sequence[Slots]) -> Slots | None:
    """One table of candidates, less those that are there twice or have too many factors."""
    if not candidates:
        return None
    table = joined(list(candidates)).packed()
    clock.charge(Work.SMALL_FITS, CANDIDATE_OVERHEAD * len(table))
    _, first = np.unique(table.keys(decimals=3), return_index=True)
    kept = torch.zeros(len(table), dtype=torch.bool)
    kept[first.tolist()] = True
    table = table[kept.to(table.factor.device) & limited(table)]
    return table if len(table) else None
