"""The dictionary: terms L x R that are never stored.

L holds monomials and few functions, R functions with grids of constants. The inner products of a vector v with all
|L| |R| columns are one product of matrices, L diag(v) R^T, and so are the gains of orthogonal least squares (Chen,
Billings and Luo 1989, doi:10.1080/00207178908953472): with an orthonormal basis Q of the terms so far and their
residual r, a column d lowers the sum of squares by (r d)^2 / (|d|^2 - sum (q d)^2).
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from kansym import clock
from kansym.clock import Work
from kansym.primitives.allowed import AllowedFunctions
from kansym.terms.arguments import INPUT, PAIR, Argument
from kansym.terms.factors import FACTORS, NUMBER
from kansym.terms.grids import Atom, atoms
from kansym.terms.length import Lengths
from kansym.terms.rows import TermRows
from kansym.terms.slots import MOST_FACTORS, Slots, joined, values

SINGLE = (-3, -2, -1, -1.5, -0.5, 1 / 3, 0.5, 1, 1.5, 2, 3, 4)
DOUBLE = (-2, -1, -0.5, 0.5, 1, 2, 3)
TRIPLED = (-2, -1, 0.5, 1, 2)
"""Exponents of monomials of one, two and three inputs."""

COARSE_PAIRS = 12
"""Functions of a pair of inputs among the left factors."""

STEEP = {"L": 60.0, "R": 1e4}
"""Largest value of a column in units of its root mean square: beyond, a few rows decide."""

FLAT = 1e-3
"""Least spread of a column, in the same units."""

SHARP_ROWS, SINGULAR = {torch.float32: 1e-6, torch.float64: 1e-13}, {torch.float32: 3e-5, torch.float64: 1e-9}
"""Share of the residual that is rounding when columns are scored, and share of a column that must be new."""

PASSES = 150
"""Passes over the scores, in multiplications of a product of matrices."""

BY_EXPONENT = frozenset({"shifted", "square plus", "square less"})
"""Factors whose second constant makes another function of them, and no other start of the same."""

TURNS = 4.0
"""Frequencies closer than this, in radians over the data, are starts of one sine."""

MOST_ALIKE = 5
"""Best columns taken for one right family: at least two, or this share of all."""


@dataclass(frozen=True, eq=False)
class Scores:
    """Gains of all columns of a dictionary for one state.

    Attributes
    ----------
    gain : Tensor (L, R)
        Share of the residual's sum of squares that a column takes away.
    mean_square : float
        Of the residual.
    left_cost : Tensor (L,)
    """

    gain: Tensor
    mean_square: float
    left_cost: Tensor


class Dictionary:
    """Columns for one table.

    Parameters
    ----------
    arguments : sequence of Argument
    rows : TermRows
        The rows that columns are scored on; without weights.
    lengths : Lengths
    allowed : AllowedFunctions, optional
    dimension : int
        Inputs of the table, one to three.

    Attributes
    ----------
    left_slots, right_slots : Slots
        (L, F) and (R, 1).
    left, right : Tensor (L, n), (R, n)
        Of unit mean square; right ones are sorted by family.
    """

    def __init__(
        self,
        arguments: Sequence[Argument],
        rows: TermRows,
        lengths: Lengths,
        allowed: AllowedFunctions | None,
        dimension: int,
    ) -> None:
        self.rows, self.lengths, self.dimension = rows, lengths, dimension
        device, dtype = rows.y.device, rows.y.dtype
        right: list[list[tuple[Atom, int]]] = [[(("one", 0.0, 0.0), 0)]]
        for number, argument in enumerate(arguments):
            right += [[(atom, number)] for atom in atoms(argument, allowed=allowed)]
        left = list(_left(arguments, dimension, allowed))
        self.left_slots, self.left = self._columns(Slots.of(left, device, dtype), "L")
        slots, columns = self._columns(Slots.of(right, device, dtype), "R")
        families = _families(slots, rows.columns)
        order = np.argsort(families, kind="stable")
        index = torch.from_numpy(order).to(device)
        self.right_slots, self.right = slots[index], columns[index]
        # Families are consecutive; `family` numbers them from zero.
        starts = np.flatnonzero(np.diff(families[order], prepend=-1))
        self.starts = starts
        self.ends = np.append(starts[1:], len(order))
        self.family = torch.from_numpy(np.repeat(np.arange(len(starts)), self.ends - starts)).to(device)
        self.left_cost, self.right_cost = lengths.cost(self.left_slots), lengths.cost(self.right_slots)
        self.family_cost = self.right_cost[torch.from_numpy(starts).to(device)]
        # Two inputs at most have smooth columns that differ by less than single precision sees.
        self.dtype = torch.float64 if dimension < 3 else torch.float32
        self._right = self.right.to(self.dtype)
        self.weighted(rows)

    @property
    def size(self) -> int:
        return len(self.left) * len(self.right)

    def weighted(self, rows: TermRows) -> None:
        """Score on these rows: the same inputs, with another target or other weights."""
        self.rows = rows
        self._left = (self.left * rows.root).to(self.dtype)
        self._square = (self._left**2) @ (self._right**2).T
        clock.charge(Work.DICTIONARY_VALUES, self.size * rows.number)

    def _columns(self, slots: Slots, side: str) -> tuple[Slots, Tensor]:
        """What is finite and varies, and is not decided by a few rows; of unit mean square."""
        clock.charge(Work.FORM_VALUES, slots.factor.numel() * self.rows.number)
        columns = values(slots, self.rows.columns).prod(-2)
        scaled = columns / columns.square().mean(1, keepdim=True).sqrt()
        constant = (columns == 1).all(1)
        kept = torch.isfinite(scaled).all(1) & (scaled.abs().amax(1) < STEEP[side])
        kept &= (scaled.std(1) > FLAT) | constant
        return slots[kept], scaled[kept]

    # -- scores ------------------------------------------------------------------------------------------------------

    def scores(self, basis: Tensor, residual: Tensor, own: tuple[Tensor, Tensor] | None = None) -> Scores:
        """Gains of the columns beside a basis (K, n), or of `own` left columns (M, n), given with their costs."""
        if own is None:
            left, cost, square = self._left, self.left_cost, self._square.clone()
        else:
            left, cost = own[0].to(self.dtype), own[1]
            square = (left**2) @ (self._right**2).T
        n, count = residual.numel(), len(basis)
        # Products in single precision take half the time; scores are passed over whatever the number of rows.
        products_each = n * (1 + count) * (0.5 if self.dtype == torch.float32 else 1.0)
        clock.charge(Work.DICTIONARY_VALUES, len(left) * len(self.right) * (products_each + PASSES))

        def products(v: Tensor) -> Tensor:
            return (left * v.to(self.dtype)) @ self._right.T

        least = square * SINGULAR[self.dtype]
        for vector in basis:
            square.sub_(products(vector).square_())
        total = residual.square().sum()
        gain = products(residual / total.sqrt()).square_().div_(square)
        gain[square < least] = 0.0
        gain.clamp_(0, 1 - SHARP_ROWS[self.dtype])
        return Scores(gain, float(total / n), cost)

    def best(self, scores: Scores, top: int, *, most_cost: float = math.inf) -> list[tuple[int, int]]:
        """The columns of the shortest descriptions, half of `top` under each of several noise floors.

        Of one family and left column only the best start is taken, and of one family only a few.

        Returns
        -------
        list of (left, right)
        """
        best = self._by_family(scores.gain)
        error = math.sqrt(scores.mean_square)
        n = self.rows.number
        # Near the end only what the data resolve counts; before, a term may matter that explains little yet.
        floors = (0.0, 0.03, 0.15) if scores.mean_square > 1e-3 else (0.0, 0.3 * error)
        cost = scores.left_cost[:, None] + self.family_cost[None, :]
        found: dict[tuple[int, int], None] = {}
        for floor in floors:
            least = max(floor, self.lengths.floor)
            length = 0.5 * n * torch.log(scores.mean_square * (1 - best) + least**2) + cost
            length = torch.where(cost > most_cost, torch.inf, length).reshape(-1)
            values, order = torch.topk(length, min(3 * top, length.numel()), largest=False)
            alike: dict[int, int] = {}
            taken = 0
            for value, place in zip(values.tolist(), order.tolist(), strict=True):
                if not math.isfinite(value):
                    break
                left, family = divmod(place, len(self.starts))
                alike[family] = alike.get(family, 0) + 1
                if alike[family] > max(2, top // MOST_ALIKE) or (left, family) in found:
                    continue
                found[left, family] = None
                taken += 1
                if taken >= top // 2:
                    break
        return [(left, self._start(scores.gain, left, family)) for left, family in found]

    def _by_family(self, gain: Tensor) -> Tensor:
        """Largest gain of each family, (L, families)."""
        if gain.device.type == "cpu":
            return torch.from_numpy(np.maximum.reduceat(gain.numpy(), self.starts, axis=1))
        best = gain.new_zeros(len(gain), len(self.starts))
        return best.scatter_reduce_(1, self.family.expand(len(gain), -1), gain, "amax")

    def _start(self, gain: Tensor, left: int, family: int) -> int:
        start, end = int(self.starts[family]), int(self.ends[family])
        return start + int(gain[left, start:end].argmax())

    # -- columns -----------------------------------------------------------------------------------------------------

    def plain(self, count: int) -> list[Slots]:
        """The cheapest left columns as sums of one term, tables (1, F)."""
        order = torch.argsort(self.left_cost, stable=True)[:count].tolist()
        return [self.left_slots[left : left + 1] for left in order]

    def terms(self, chosen: Sequence[tuple[int, int]]) -> Slots:
        """Columns as a table (M, 1, F) of one term each."""
        left, right = (torch.tensor(side, device=self.rows.y.device) for side in zip(*chosen, strict=True))
        product = joined([self.left_slots[left], self.right_slots[right]], axis=1)
        return product.packed().map(lambda tensor: tensor[:, None])


def _left(
    arguments: Sequence[Argument], dimension: int, allowed: AllowedFunctions | None
) -> Iterator[list[tuple[Atom, int]]]:
    """Products of the left side: monomials of up to three inputs, then a coarse set of functions."""
    yield []
    power = FACTORS[NUMBER["power"]]
    exponents: list[list[float]] = []
    for argument in arguments[:dimension]:
        low = argument.column.min()
        exponents.append(
            [e for e in SINGLE if (low > 0 or e > 0) and (e == int(e) or low >= 0) and power.permitted(allowed, e, 0.0)]
        )
    for count, among in ((1, SINGLE), (2, DOUBLE), (3, TRIPLED)):
        for inputs in itertools.combinations(range(dimension), count):
            for chosen in itertools.product(*([e for e in exponents[j] if e in among] for j in inputs)):
                yield [(("power", float(e), 0.0), j) for e, j in zip(chosen, inputs, strict=True)]
    for number, argument in enumerate(arguments):
        if argument.level == INPUT:
            yield from ([(atom, number)] for atom in atoms(argument, coarse=True, allowed=allowed))
        elif argument.level == PAIR:
            yield from ([(atom, number)] for atom in atoms(argument, coarse=True, allowed=allowed)[:COARSE_PAIRS])


def _families(slots: Slots, columns: Tensor) -> np.ndarray:
    """A number for each right column; equal ones are starts of one function of one argument."""
    width = (columns.amax(1) - columns.amin(1)).tolist()
    numbers: dict[tuple, int] = {}
    found = []
    for (factor,), (argument,), ((a, b),) in zip(
        slots.factor.tolist(), slots.argument.tolist(), slots.theta.tolist(), strict=True
    ):
        name = FACTORS[factor].name
        which = 0.0
        if name == "circular":
            which = (a, b)
        elif name in BY_EXPONENT:
            which = b
        elif name in ("power", "sign"):
            which = a
        elif name == "sin":
            which = int(abs(a) * width[argument] / TURNS)
        found.append(numbers.setdefault((factor, argument, which), len(numbers)))
    return np.array(found)


def limited(slots: Slots) -> Tensor:
    """Which sums (B,) have no term of more than `MOST_FACTORS` factors."""
    return ((slots.factor > 0).sum(-1) <= MOST_FACTORS).all(-1)
