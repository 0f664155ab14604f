"""The dictionary: terms L x R that are never stored.

L holds monomials and few functions, R functions with grids of constants. The inner products of a vector v with all
|L| |R| columns are one product of matrices, L diag(v) R^T, and so are the gains of orthogonal least squares (Chen,
Billings and Luo 1989, doi:10.1080/00207178908953472): with an orthonormal basis Q of the terms so far and their
residual r, a column d lowers the sum of squares by (r d)^2 / (|d|^2 - sum (q d)^2).
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
from kansym.primitives.allowed import AllowedFunctions
from kansym.terms.arguments import INPUT, PAIR, Argument
from kansym.terms.effort import WIDE
from kansym.terms.factors import FACTORS, NUMBER
from kansym.terms.grids import Atom, Density, atoms
from kansym.terms.length import Lengths
from kansym.terms.rows import TermRows
from kansym.terms.slots import MOST_FACTORS, Slots, joined, values

SINGLE = (-3, -2, -1, -1.5, -0.5, 1 / 3, 0.5, 1, 1.5, 2, 3, 4)
DOUBLE = (-2, -1, -0.5, 0.5, 1, 2, 3)
WIDE_DOUBLE = (-1, 1)
"""Exponents of monomials of one input, of two, and of two among many."""

PLAINEST = (0, 1, 2, -1, 0.5, -2)
"""Exponents of the most common terms, the constant among them; the most common first."""

FEW_STARTS = 4
"""Starts of one function among first terms."""

COARSE_PAIRS = 12
"""Functions of a pair of inputs among the left factors."""

STEEP = {"L": 60.0, "R": 1e4}
"""Largest value of a column in units of its root mean square: beyond, a few rows decide."""

POLES = 6.0
"""Largest value of a target, in units of its root mean square, above which it may have poles."""

FLAT = 1e-3
"""Least spread of a column, in the same units."""

SHARP_ROWS, SINGULAR = (1e-6, 1e-13), (3e-5, 1e-9)
"""Share of the residual that is rounding when columns are scored, and share of a column that must be new, in single and
in double precision."""

HALF = (0.5, 1.0)
"""Time of single and of double precision, in units of the latter."""

COARSE = 1e-3
"""Share of the target's sum of squares above which single precision sees enough of a residual, with two inputs."""

SMALL = (1e-2, 1e-6)
"""Share of the target's sum of squares above which a residual's products are differences of others, in single and in
double precision."""

PASSES, CHOICE_PASSES = 60, 900
"""Passes over the scores, and over the best of each family where some are chosen, in multiplications of a product of
matrices."""

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


@dataclass(frozen=True, eq=False)
class _Sides:
    """Left columns with root weights (L, n), right ones (R, n), and their products: squares and with y (L, R)."""

    left: Tensor
    right: Tensor
    square: Tensor
    target: Tensor


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
        Inputs of the table, one to five.
    poles : bool, default False
        Whether inputs with values of both signs may be divided by.

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
        *,
        poles: bool = False,
    ) -> None:
        self.rows, self.lengths, self.dimension = rows, lengths, dimension
        device, dtype = rows.y.device, rows.y.dtype
        right: list[list[tuple[Atom, int]]] = [[(("one", 0.0, 0.0), 0)]]
        for number, argument in enumerate(arguments):
            right += [[(atom, number)] for atom in atoms(argument, density=_density(dimension), allowed=allowed)]
        left = list(_left(arguments, dimension, allowed, poles=poles))
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
        self.levels = torch.tensor([argument.level for argument in arguments], device=device)
        self._sides: dict[torch.dtype, _Sides] = {}
        self._costs: dict[tuple[torch.dtype, float], Tensor] = {}
        self.weighted(rows)

    @property
    def size(self) -> int:
        return len(self.left) * len(self.right)

    def weighted(self, rows: TermRows) -> None:
        """Score on these rows: the same inputs, with another target or other weights."""
        self.rows = rows
        self._sides = {}
        clock.charge(Work.DICTIONARY_VALUES, self.size * rows.number)

    def _precision(self, residual: Tensor) -> torch.dtype:
        """Single precision where it sees enough of a residual (n,): never with one input, whose columns are smooth."""
        if self.dimension == 1:
            return torch.float64
        coarse = float(residual.square().sum()) > COARSE * float(self.rows.y.square().sum())
        return torch.float32 if self.dimension >= 3 or coarse else torch.float64

    def _in(self, dtype: torch.dtype) -> _Sides:
        if dtype not in self._sides:
            left, right = (self.left * self.rows.root).to(dtype), self.right.to(dtype)
            self._sides[dtype] = _Sides(left, right, (left**2) @ (right**2).T, (left * self.rows.y.to(dtype)) @ right.T)
        return self._sides[dtype]

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
        dtype = self._precision(residual)
        sides = self._in(dtype)
        left, right = sides.left, sides.right
        cost, square = self.left_cost, sides.square
        if own is not None:
            left, cost = own[0].to(dtype), own[1]
            square = (left**2) @ (right**2).T
        n, count = residual.numel(), len(basis)
        total = residual.square().sum()
        # Where the residual is no small difference, its products are those of the target and of the basis.
        known = own is None and float(total) > SMALL[dtype == torch.float64] * float(self.rows.y.square().sum())
        # Single precision takes half the time.
        values = n * (count if known else 1 + count) + PASSES
        clock.charge(Work.DICTIONARY_VALUES, len(left) * len(right) * values * HALF[dtype == torch.float64])
        least = square * SINGULAR[dtype == torch.float64]
        gain = sides.target.clone() if known else (left * residual.to(dtype)) @ right.T
        for number, vector in enumerate(basis):
            products = (left * vector.to(dtype)) @ right.T
            if known:
                gain.sub_(products, alpha=float(vector @ self.rows.y))
            products.square_()
            square = square - products if number == 0 else square.sub_(products)
        gain.div_(total.sqrt().to(dtype)).square_().div_(square)
        gain[square < least] = 0.0
        gain.clamp_(0, 1 - SHARP_ROWS[dtype == torch.float64])
        return Scores(gain, float(total / n), cost)

    def best(self, scores: Scores, top: int, *, most_cost: float = math.inf) -> list[tuple[int, int]]:
        """The columns of the shortest descriptions, half of `top` under each of several noise floors.

        Of one family and left column only the best start is taken, and of one family only a few.

        Returns
        -------
        list of (left, right)
        """
        best = self._by_family(scores.gain)
        clock.charge(Work.DICTIONARY_VALUES, CHOICE_PASSES * best.numel() * HALF[best.dtype == torch.float64])
        error = math.sqrt(scores.mean_square)
        n = self.rows.number
        # Near the end only what the data resolve counts; before, a term may matter that explains little yet.
        floors = (0.0, 0.03, 0.15) if scores.mean_square > 1e-3 else (0.0, 0.3 * error)
        cost = self._cost(scores.left_cost, best.dtype, most_cost)
        found: dict[tuple[int, int], None] = {}
        for floor in floors:
            least = max(floor, self.lengths.floor)
            misfit = torch.mul(best, -scores.mean_square).add_(scores.mean_square + least**2).log_()
            length = misfit.mul_(0.5 * n).add_(cost).reshape(-1)
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

    def _cost(self, left_cost: Tensor, dtype: torch.dtype, most: float) -> Tensor:
        """Nats of left columns beside families, inf above `most`."""
        own = left_cost is not self.left_cost
        if own or (dtype, most) not in self._costs:
            cost = (left_cost[:, None] + self.family_cost[None, :]).to(dtype)
            cost = cost.masked_fill_(cost > most, torch.inf)
            if own:
                return cost
            self._costs[dtype, most] = cost
        return self._costs[dtype, most]

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

    def functions(self, count: int) -> list[Slots]:
        """The cheapest functions of one input, a few starts of each, as sums of one term, tables (1, F)."""
        found: list[tuple[float, int]] = []
        factor, level = self.right_slots.factor[:, 0].tolist(), self.levels[self.right_slots.argument[:, 0]].tolist()
        for start, end, cost in zip(self.starts.tolist(), self.ends.tolist(), self.family_cost.tolist(), strict=True):
            if factor[start] not in (0, NUMBER["power"]) and level[start] == INPUT:
                chosen = np.unique(np.linspace(start, end - 1, FEW_STARTS + 2).round().astype(int)[1:-1])
                found += [(cost, place) for place in chosen.tolist()]
        return [self.right_slots[place : place + 1] for _, place in sorted(found)[:count]]

    def plainest(self) -> list[Slots]:
        """The constant and the most common powers of one input as sums of one term, tables (1, F)."""
        powers = {left: exponent for left, exponent in self._powers().items() if exponent in PLAINEST}
        order = sorted(powers, key=lambda left: PLAINEST.index(powers[left]))
        return [self.left_slots[left : left + 1] for left in order]

    def _powers(self) -> dict[int, float]:
        """Left columns that are a power of one input, by their place, with the exponent; zero is the constant."""
        found = {}
        factor, theta = self.left_slots.factor.tolist(), self.left_slots.theta.tolist()
        for left, (factors, constants) in enumerate(zip(factor, theta, strict=True)):
            powers = [a for number, (a, _) in zip(factors, constants, strict=True) if number == NUMBER["power"]]
            if sum(number > 0 for number in factors) == len(powers) <= 1:
                found[left] = powers[0] if powers else 0.0
        return found

    def terms(self, chosen: Sequence[tuple[int, int]]) -> Slots:
        """Columns as a table (M, 1, F) of one term each."""
        left, right = (torch.tensor(side, device=self.rows.y.device) for side in zip(*chosen, strict=True))
        product = joined([self.left_slots[left], self.right_slots[right]], axis=1)
        return product.packed().map(lambda tensor: tensor[:, None])


def _left(
    arguments: Sequence[Argument], dimension: int, allowed: AllowedFunctions | None, *, poles: bool
) -> Iterator[list[tuple[Atom, int]]]:
    """Products of the left side: monomials of one or two inputs, then a coarse set of functions."""
    yield []
    power = FACTORS[NUMBER["power"]]
    exponents: list[list[float]] = []
    for argument in arguments[:dimension]:
        low, least = argument.column.min(), np.abs(argument.column).min()
        exponents.append(
            [
                e
                for e in SINGLE
                if (low > 0 or e > 0 or (poles and least > 0))
                and (e == int(e) or low >= 0)
                and power.permitted(allowed, e, 0.0)
            ]
        )
    wide = dimension >= WIDE
    for count, among in ((1, SINGLE), (2, WIDE_DOUBLE if wide else DOUBLE)):
        for inputs in itertools.combinations(range(dimension), count):
            for chosen in itertools.product(*([e for e in exponents[j] if e in among] for j in inputs)):
                yield [(("power", float(e), 0.0), j) for e, j in zip(chosen, inputs, strict=True)]
    for number, argument in enumerate(arguments):
        if argument.level == INPUT:
            yield from ([(atom, number)] for atom in atoms(argument, density=Density.COARSE, allowed=allowed))
        elif argument.level == PAIR and not wide:
            found = atoms(argument, density=Density.COARSE, allowed=allowed)[:COARSE_PAIRS]
            yield from ([(atom, number)] for atom in found)


def _density(dimension: int) -> Density:
    """Of the right side: a table of one input has few columns, and one of many has too many."""
    return Density.DENSE if dimension == 1 else Density.SPARSE if dimension >= WIDE else Density.FULL


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
