"""Sums of products whose coefficients are each group's own, looked for on the rows of all groups together.

A group of thirty rows does not tell a sum of two terms from a hundred others, and rows of all groups do not follow any
one sum where their coefficients differ. So the columns of the dictionary of term pursuit (`kansym.terms.dictionary`)
are scored group by group, beside terms that each group has with coefficients of its own, and their gains are added up:
orthogonal least squares (Chen, Billings and Luo 1989, doi:10.1080/00207178908953472) with a block for each group.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import sympy
import torch
from torch import Tensor

from kansym import clock
from kansym.clock import Work
from kansym.groups.table import GroupedTable
from kansym.primitives.allowed import AllowedFunctions
from kansym.terms.arguments import arguments
from kansym.terms.dictionary import Dictionary, Scores
from kansym.terms.effort import EFFORTS
from kansym.terms.length import NODE_NATS, Lengths
from kansym.terms.rows import TermRows
from kansym.terms.slots import Slots, beside, expression, joined, values

MOST_GROUPS, MOST_ROWS = 12, 60
"""Groups, those of most rows, that sums are looked for in, and rows of each."""

LEAST_ROWS = 5
"""Rows of a group, by which two coefficients can be told."""

FIRST, BEST, SECOND = 64, 24, 8
"""Columns of sums of one term, those of them beside which all columns are tried, and second terms of each."""

NEW = 1e-4
"""Share of a column's square that the terms before it must leave."""

LONE = 0.95
"""Share of a column's square in one row of a group from which that row is all there is of it."""

LEFT = 1e-6
"""Share of the target that is rounding."""

HALF, PASSES = 0.5, 40
"""Time of single precision in units of double precision, and passes over the gains of a group in multiplications."""


@dataclass(frozen=True, eq=False)
class Start:
    """A sum with its description length, and its terms (K, F) for all groups, or for each."""

    length: float
    slots: tuple[Slots, ...]


class GroupedSums:
    """Sums of one and two products, without and with an offset, for one table with groups.

    Parameters
    ----------
    table : GroupedTable
        One to five inputs.
    noise : float
        Standard deviation of y in units of each group's own root mean square, where it is known, else 0.
    allowed : AllowedFunctions, optional
    seed : int, default 0
        Of the rows of large groups.

    Attributes
    ----------
    groups : list of int
        Those that are searched.
    """

    def __init__(
        self, table: GroupedTable, noise: float, allowed: AllowedFunctions | None = None, *, seed: int = 0
    ) -> None:
        dataset = table.dataset
        self.groups, chosen, counts = _chosen(table, seed)
        X, dimension = dataset.X[chosen], dataset.n_columns
        root = np.ones(len(chosen)) if dataset.y_error is None else 1.0 / dataset.y_error[chosen]
        y, ends = dataset.y[chosen] * root, np.cumsum(counts)
        self.parts = [slice(int(end - count), int(end)) for end, count in zip(ends, counts, strict=True)]
        # Each group in units of its own, so that they count alike.
        for part in self.parts:
            size = math.sqrt(float(np.mean(y[part] ** 2))) or 1.0
            y[part] /= size
            root[part] /= math.sqrt(float(np.mean(root[part] ** 2)))
        self.arguments = arguments(X, table.variables, allowed)
        columns = torch.from_numpy(np.array([argument.column for argument in self.arguments]))
        self.rows = TermRows(columns, torch.from_numpy(y), torch.from_numpy(root))
        self.lengths = Lengths(self.arguments, len(y), noise, torch.device("cpu"))
        self.dictionary = Dictionary(self.arguments, self.rows, self.lengths, allowed, dimension)
        # What single precision does not see of a column is no term of a table with noise.
        self.left = (self.dictionary.left * self.rows.root).float()
        self.right = self.dictionary.right.float()
        self.squares = [self._square(part) for part in self.parts]
        slots = self.dictionary.right_slots
        kind = slots.factor[:, 0] * len(self.arguments) + slots.argument[:, 0]
        self.blocks = np.flatnonzero(np.diff(kind.numpy(), prepend=-1))
        """Where functions begin: starts of one function of one argument are neighbours."""
        self.ends = np.append(self.blocks[1:], len(kind))
        self.block_free = slots.free[:, 0].sum(-1)[self.blocks]
        self.effort = EFFORTS[dimension]

    @torch.no_grad()
    def expressions(self, until: float, most: int) -> Iterator[list[sympy.Expr]]:
        """The sums of the shortest descriptions, those of one term first.

        Parameters
        ----------
        until : float
            `kansym.clock.now` value.
        most : int
            How many, at most; a third as many of one term, beside an offset or not.

        Yields
        ------
        list of sympy.Expr
            One formula with Float constants, or one for each group of `groups`, which differ in these; to start from.
        """
        offset = self.dictionary.plainest()[0]
        firsts = [found for before in (None, offset) for found in self._added(before, FIRST)]
        seen: set[int] = set()
        yield from self._distinct(firsts, most // 3, seen)
        leading = [one.slots[0] for one in sorted(firsts, key=lambda one: one.length)[:BEST]]
        seeds = [*self.dictionary.plain(self.effort.seeds), *self.dictionary.functions(self.effort.functions)]
        found: list[Start] = []
        for slots in [*leading, *seeds, *(joined([offset, seed]) for seed in seeds[::2])]:
            if clock.late(until):
                break
            found += self._added(slots, SECOND)
        yield from self._distinct(found, most - len(seen), seen)

    def _distinct(self, found: list[Start], most: int, seen: set[int]) -> Iterator[list[sympy.Expr]]:
        """The shortest of different structure, of which none was seen before."""
        enough = len(seen) + most
        for one in sorted(found, key=lambda one: one.length):
            key = int(one.slots[0][None].keys()[0])
            if key not in seen:
                seen.add(key)
                parts = self.parts[: len(one.slots)]
                yield [self._expression(slots, part) for slots, part in zip(one.slots, parts, strict=True)]
            if len(seen) == enough:
                break

    def _expression(self, state: Slots, part: slice) -> sympy.Expr:
        """A sum with the coefficients of one group, in units of its own."""
        terms = self._terms(state)[:, part]
        solved = torch.linalg.lstsq(terms.T, self.rows.y[part][:, None]).solution[:, 0]
        # Last digits, which depend on where arrays lie in memory, are no part of a start.
        return expression(state, [float(f"{one:.6g}") for one in solved.tolist()], self.arguments)

    def _square(self, part: slice) -> Tensor:
        """Squares of all columns (L, R) in one group; inf for what has all of it in one row, which it then imitates."""
        left, right = self.left[:, part] ** 2, self.right[:, part] ** 2
        square = left @ right.T
        for side, axis in ((left, 1), (right, 0)):
            lone = side.amax(1) > LONE * side.sum(1)
            square = square.masked_fill_(lone.unsqueeze(axis), torch.inf)
        return square

    def _terms(self, state: Slots) -> Tensor:
        """Terms (K, n) times root weights."""
        return values(state, self.rows.columns).prod(-2) * self.rows.root

    def _added(self, state: Slots | None, top: int) -> list[Start]:
        """Some terms with one more, the best, where that is the same for all groups and where it has constants of its
        own in each."""
        gains, total = self._gains(state)
        every = torch.stack(gains)
        gain = every.sum(0).div_(total).clamp_(0.0, 1 - LEFT)
        mean_square = total / self.rows.number
        chosen = self.dictionary.best(Scores(gain, mean_square, self.dictionary.left_cost), top)
        found = []
        if chosen:
            table = beside(state, self.dictionary.terms(chosen))
            left, right = (torch.tensor(side) for side in zip(*chosen, strict=True))
            lengths = self._lengths(table, mean_square * (1 - gain[left, right].double()), own=0)
            found += [Start(length, (table[k],)) for k, length in enumerate(lengths) if math.isfinite(length)]
        return found + self._added_apart(state, every, total, top // 2)

    def _added_apart(self, state: Slots | None, gains: Tensor, total: float, top: int) -> list[Start]:
        """The best terms whose right function has other constants in each group."""
        best = np.add.reduce([np.maximum.reduceat(gain.numpy(), self.blocks, axis=1) for gain in gains])
        rest = torch.from_numpy(1 - np.clip(best / total, 0.0, 1 - LEFT)) * total / self.rows.number
        cost = self.dictionary.left_cost[:, None] + self.dictionary.right_cost[self.blocks][None, :]
        cost = cost + self.block_free[None, :] * self._constant * (len(self.parts) - 1)
        length = 0.5 * self.rows.number * torch.log(rest.double() + self.lengths.floor**2) + cost
        # Functions without a constant have none of each group's own.
        length = torch.where(self.block_free[None, :] > 0, length, torch.inf).reshape(-1)
        found = []
        for place in torch.topk(length, min(top, len(length)), largest=False).indices.tolist():
            left, block = divmod(place, len(self.blocks))
            low, high = int(self.blocks[block]), int(self.ends[block])
            starts = [low + int(gain[left, low:high].argmax()) for gain in gains]
            table = beside(state, self.dictionary.terms([(left, right) for right in starts]))
            square = rest[left, block].double()
            (least,) = self._lengths(table[:1], square[None], own=int(self.block_free[block]))
            if math.isfinite(least):
                found.append(Start(least, tuple(table[k] for k in range(len(table)))))
        return found

    @property
    def _constant(self) -> float:
        """Nats of one constant of one group."""
        return 0.5 * math.log(self.rows.number / len(self.parts))

    def _lengths(self, table: Slots, mean_square: Tensor, *, own: int) -> list[float]:
        """Description lengths of sums whose coefficients, and so many of the other constants, are each group's own."""
        groups = len(self.parts)
        each = table.terms * (3 * NODE_NATS + self._constant * groups) + own * self._constant * (groups - 1)
        cost = self.lengths.cost(table).sum(-1) + each
        return (0.5 * self.rows.number * torch.log(mean_square + self.lengths.floor**2) + cost).tolist()

    def _gains(self, state: Slots | None) -> tuple[list[Tensor], float]:
        """What each column takes away (L, R) in each group of what is left beside some terms (K, F), and what is left
        in all."""
        terms = None if state is None else self._terms(state)
        gains, total = [], 0.0
        for part, square in zip(self.parts, self.squares, strict=True):
            residual, left, right = self.rows.y[part], self.left[:, part], self.right[:, part].T
            new = square
            if terms is not None:
                basis, _ = torch.linalg.qr(terms[:, part].T)
                residual = residual - basis @ (basis.T @ residual)
                for vector in basis.T.float():
                    new = new - ((left * vector) @ right).square_()
            products = 1 if terms is None else 1 + len(terms)
            clock.charge(Work.DICTIONARY_VALUES, HALF * square.numel() * (len(residual) * products + PASSES))
            total += float(residual @ residual)
            share = ((left * residual.float()) @ right).square_().div_(new)
            gains.append(share.masked_fill_(new < NEW * square, 0.0).nan_to_num_(0.0, 0.0, 0.0))
        return gains, max(total, LEFT)


def _chosen(table: GroupedTable, seed: int) -> tuple[list[int], np.ndarray, np.ndarray]:
    """Some groups, rows of them, one group after the other, and how many of each."""
    order = [int(g) for g in np.argsort(-table.counts, kind="stable")]
    groups = sorted([g for g in order if table.counts[g] >= LEAST_ROWS][:MOST_GROUPS] or order[:1])
    generator = np.random.default_rng(seed)
    rows = []
    for g in groups:
        mine = np.flatnonzero(table.codes == g)
        rows.append(np.sort(generator.permutation(mine)[:MOST_ROWS]))
    return groups, np.concatenate(rows), np.array([len(one) for one in rows])
