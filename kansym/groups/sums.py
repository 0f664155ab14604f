"""Sums of products whose coefficients are each group's own, looked for on the rows of all groups together.

A group of thirty rows does not tell a sum of two terms from a hundred others, and rows of all groups do not follow any
one sum where their coefficients differ. So the columns of the dictionary of term pursuit (`kansym.terms`) are scored
group by group, beside terms that each group has with coefficients of its own, and their gains are added up: orthogonal
least squares (Chen, Billings and Luo 1989, doi:10.1080/00207178908953472) with a block for each group. Sums grow and
are changed in the beam of that pursuit, with their inner constants shared; and one function of a sum may have inner
constants of each group's own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.deferred import Tensor, torch
from kansym.gradients import without_gradients
from kansym.groups.searched_rows import SearchedRows
from kansym.groups.table import GroupedTable
from kansym.primitives.allowed import AllowedFunctions
from kansym.terms.arguments import Argument, arguments
from kansym.terms.beam import Beam, State
from kansym.terms.dictionary import Dictionary, Scores
from kansym.terms.effort import EFFORTS
from kansym.terms.length import Lengths
from kansym.terms.refinement import refine
from kansym.terms.rows import TermRows
from kansym.terms.slots import Slots, beside, expression, values

TERMS, MOVES, TOP, HELD = 3, 3, 12, 24
"""Most terms, rounds of changes of each, columns tried beside each sum, and sums of each number of terms."""

SEEDS, FUNCTIONS = 24, 32
"""Plain terms and functions beside which all columns are tried."""

SEARCHED = 0.85
"""Share of the time after which sums with shared inner constants are done, which come after functions of each group's
own, alone and beside an offset; the rest is for such functions beside one term."""

LEADING, APART, STEPS = 6, 16, 8
"""Sums beside which there is such a function, such functions of either side beside each, and steps that fit their
constants."""

NEW = 1e-4
"""Share of a column's square that the terms before it must leave."""

LONE = 0.95
"""Share of a column's square in one row of a group from which that row is all there is of it."""

LEFT = 1e-6
"""Share of the target that is rounding."""

HALF, PASSES = 0.5, 40
"""Time of single precision in units of double precision, and passes over the gains of a group in multiplications."""


@dataclass(frozen=True, eq=False)
class _Side:
    """Where functions begin and end among the columns of one side, whose starts are neighbours, and how many constants
    of each are fitted."""

    begins: np.ndarray
    ends: np.ndarray
    free: Tensor

    @classmethod
    def of(cls, slots: Slots) -> _Side:
        fixed = torch.where(slots.free, 0.0, slots.theta).flatten(1)
        kind = torch.cat([slots.factor.double(), slots.argument.double(), fixed.double()], 1)
        begins = np.flatnonzero(np.append(True, (kind[1:] != kind[:-1]).any(1).numpy()))
        return cls(begins, np.append(begins[1:], len(kind)), slots.free.sum((-1, -2))[begins])


class GroupedDictionary(Dictionary):
    """A dictionary whose columns have a coefficient in each of several blocks of rows, `parts`.

    For a basis that is orthonormal in each block. What single precision does not see of a column is no term of a table
    with noise.
    """

    def __init__(
        self,
        arguments: list[Argument],
        rows: TermRows,
        lengths: Lengths,
        allowed: AllowedFunctions | None,
        dimension: int,
        parts: list[slice],
    ) -> None:
        super().__init__(arguments, rows, lengths, allowed, dimension)
        self.parts = parts
        self._left, self._right = (self.left * rows.root).float(), self.right.float()
        self._square = [self._squares(self._left, part) for part in parts]
        self.sides = (_Side.of(self.left_slots), _Side.of(self.right_slots))

    def scores(self, basis: Tensor, residual: Tensor, own: tuple[Tensor, Tensor] | None = None) -> Scores:
        """Gains of the columns, summed over the blocks; see `Dictionary.scores`."""
        gains, total = self.gains(basis, residual, None if own is None else own[0].float())
        gain = torch.stack(gains).sum(0).div_(total).clamp_(0.0, 1 - LEFT)
        return Scores(gain, total / len(residual), self.left_cost if own is None else own[1])

    def gains(self, basis: Tensor, residual: Tensor, own: Tensor | None = None) -> tuple[list[Tensor], float]:
        """What each column takes away (L, R) in each block, and what there is in all."""
        columns = self._left if own is None else own
        vectors, target = basis.float(), residual.float()
        found = []
        for number, part in enumerate(self.parts):
            left, right = columns[:, part], self._right[:, part].T
            square = self._square[number] if own is None else self._squares(own, part)
            new = square
            for vector in vectors[:, part]:
                new = new - ((left * vector) @ right).square_()
            rows = part.stop - part.start
            clock.charge(Work.DICTIONARY_VALUES, HALF * square.numel() * (rows * (1 + len(vectors)) + PASSES))
            share = ((left * target[part]) @ right).square_().div_(new)
            found.append(share.masked_fill_(new < NEW * square, 0.0).nan_to_num_(0.0, 0.0, 0.0))
        return found, max(float(residual @ residual), LEFT)

    def _squares(self, columns: Tensor, part: slice) -> Tensor:
        """Squares of all columns (L, R) in one block; inf for what has all of it in one row, which it then imitates."""
        left, right = columns[:, part] ** 2, self._right[:, part] ** 2
        square = left @ right.T
        for side, axis in ((left, 1), (right, 0)):
            lone = side.amax(1) > LONE * side.sum(1)
            square = square.masked_fill_(lone.unsqueeze(axis), torch.inf)
        return square


@dataclass(frozen=True, eq=False)
class Start:
    """A sum with its description length, and its terms (K, F) for all groups, or for each."""

    length: float
    slots: tuple[Slots, ...]


class GroupedSums:
    """Sums of up to three products for one table with groups.

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
        found = SearchedRows.of(table, seed)
        self.groups, self.parts, X, dimension = found.groups, found.parts, found.X, table.dataset.n_columns
        y, root = found.y * found.root, found.root
        self.arguments = arguments(X, table.variables, allowed)
        columns = torch.from_numpy(np.array([argument.column for argument in self.arguments]))
        self.rows = TermRows(columns, torch.from_numpy(y), torch.from_numpy(root))
        self.blocks = [self.rows.take(torch.arange(part.start, part.stop)) for part in self.parts]
        self.lengths = Lengths(self.arguments, len(y), noise, torch.device("cpu"), blocks=len(self.parts))
        self.dictionary = GroupedDictionary(self.arguments, self.rows, self.lengths, allowed, dimension, self.parts)
        self.effort = replace(EFFORTS[dimension], seeds=SEEDS, functions=FUNCTIONS)

    @without_gradients
    def expressions(self, until: float, most: int) -> Iterator[list[sympy.Expr]]:
        """The sums of the shortest descriptions.

        Parameters
        ----------
        until : float
            `kansym.clock.now` value.
        most : int
            How many, at most.

        Yields
        ------
        list of sympy.Expr
            One formula with Float constants, or one for each of `groups`, which differ in these; to start from.
        """
        began, whole = clock.now(), clock.left(until)
        beam = self._beam(until)
        found: list[Start] = []
        first: list[State] = []
        for state in (None, self.dictionary.plainest()[0]):
            found += self._added_apart(beam, state, until)
        beam.until = began + SEARCHED * whole
        for states in beam.rounds(TERMS, MOVES):
            if not states:
                break
            first = first or states
            found += [Start(state.length, (state.slots,)) for state in states[:HELD]]
        for state in first[:LEADING]:
            if not clock.late(until):
                found += self._added_apart(beam, state.slots, until)
        seen: set[int] = set()
        for one in sorted(found, key=lambda one: one.length):
            key = int(one.slots[0][None].keys()[0])
            if key not in seen:
                seen.add(key)
                blocks = self.blocks[: len(one.slots)]
                yield [self._expression(slots, block) for slots, block in zip(one.slots, blocks, strict=True)]
            if len(seen) == most:
                break

    def _beam(self, until: float) -> Beam:
        return Beam(
            self.dictionary,
            self.rows,
            self.lengths,
            effort=self.effort,
            top=TOP,
            until=until,
            most_cost=self.effort.first_cost,
            blocks=self.blocks,
        )

    def _expression(self, state: Slots, block: TermRows) -> sympy.Expr:
        """A sum with the coefficients of one group, in units of its own."""
        terms = values(state, block.columns).prod(-2) * block.root
        solved = torch.linalg.lstsq(terms.T, block.y[:, None]).solution[:, 0]
        # Last digits, which depend on where arrays lie in memory, are no part of a start.
        return expression(state, [float(f"{one:.6g}") for one in solved.tolist()], self.arguments)

    def _added_apart(self, beam: Beam, state: Slots | None, until: float) -> list[Start]:
        """Some terms with one more, one of whose functions has other constants in each group."""
        basis, residual = beam.projected(state)
        gains, total = self.dictionary.gains(basis, residual)
        chosen = self._chosen(gains, total)
        squares = torch.zeros(len(chosen), dtype=torch.float64)
        tables: list[Slots] = []
        for number, block in enumerate(self.blocks):
            table = beside(state, self.dictionary.terms([starts[number] for starts in chosen])).packed()
            refined = refine(table, block, STEPS, until=until)
            tables.append(refined.slots)
            squares += refined.square
        own = tables[0].free.sum((-1, -2, -3)) * self._constant * (len(self.blocks) - 1)
        lengths = (self.lengths.of(tables[0], squares, self.rows.number) + own).tolist()
        return [
            Start(length, tuple(table[k] for table in tables))
            for k, length in enumerate(lengths)
            if math.isfinite(length)
        ]

    def _chosen(self, gains: list[Tensor], total: float) -> list[list[tuple[int, int]]]:
        """Columns of the best terms, for each group its own start of the left or of the right function."""
        dictionary, found = self.dictionary, []
        costs = (dictionary.left_cost, dictionary.right_cost)
        for which, side in enumerate(dictionary.sides):
            # (columns of the other side, columns of this side)
            turned = [gain.numpy() if which else gain.numpy().T for gain in gains]
            best = np.add.reduce([np.maximum.reduceat(gain, side.begins, axis=1) for gain in turned])
            rest = torch.from_numpy(1 - np.clip(best / total, 0.0, 1 - LEFT)).double() * total / self.rows.number
            cost = costs[1 - which][:, None] + costs[which][side.begins][None, :]
            cost = cost + side.free[None, :] * self._constant * (len(self.blocks) - 1)
            length = 0.5 * self.rows.number * torch.log(rest + self.lengths.floor**2) + cost
            # Functions without a constant have none of each group's own.
            length = torch.where(side.free[None, :] > 0, length, torch.inf).reshape(-1)
            for place in torch.topk(length, min(APART, len(length)), largest=False).indices.tolist():
                other, block = divmod(place, len(side.begins))
                low, high = int(side.begins[block]), int(side.ends[block])
                starts = [low + int(gain[other, low:high].argmax()) for gain in turned]
                found.append([(other, start) if which else (start, other) for start in starts])
        return found

    @property
    def _constant(self) -> float:
        """Nats of one constant of one group."""
        return 0.5 * math.log(self.rows.number / len(self.parts))
