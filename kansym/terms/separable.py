"""Sums of products of functions of single inputs, found one input at a time on an interpolant.

A table of y over one input and draws of the others is a matrix; of a sum of K products its rank is at most K, and its
columns lie in the span of the functions of that input. So rank tells how many terms there are, and the functions of
each input are looked for on their own (`kansym.terms.spans`), however many inputs their partners have. What is left is
which of their products make y: a linear problem.
"""

from __future__ import annotations

import itertools
import logging
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.deferred import torch
from kansym.primitives.allowed import AllowedFunctions
from kansym.structure.links import Function
from kansym.structure.surrogate import Surrogate, best_surrogate
from kansym.terms.arguments import Argument, arguments
from kansym.terms.beam import State
from kansym.terms.frames import Combined, Frame, frames
from kansym.terms.length import Lengths
from kansym.terms.polyadic import AS_GOOD, Polyadic, best_polyadic
from kansym.terms.refinement import refine
from kansym.terms.rows import TermRows
from kansym.terms.slots import Slots, joined, values
from kansym.terms.spans import Spans

logger = logging.getLogger(__name__)

POINTS, OTHERS, GLANCE = 80, 80, 40
"""Points of one input, and draws of the others, at which the interpolant is read, and both for a first look."""

FRAMES = 2
"""Coordinates with a combination of two inputs that are followed, those in which fewest functions are seen."""

GLANCED, MOST_COMBINED = {"ranks": (1, 2), "pieces": (10,), "starts": 1}, 3
"""Splines of a first look at other coordinates, and most inputs of a table with such a look."""

GLANCED_GOOD = 2.0
"""Error at the first look, in units of the least or the noise, of coordinates that are fitted again."""

MOST_RANK = 3
"""Most functions of one input that are independent of each other."""

GAP = 6.0
"""Ratio of two singular values that parts the law from what the interpolant misses."""

SMOOTHED = 0.2
"""Error of an interpolant of noisy rows, in units of what it leaves of them: it averages over neighbours."""

SETS, COMBINATIONS, REFINED = 6, 100, 15
"""Sets of functions of each input that go on, combinations of them whose products are looked at, and the shortest sums
of products whose constants are refined."""

MOST_PRODUCTS = 64
"""Most products of which a sum is chosen."""

MOST_TERMS = 8
"""Terms of the longest sum that is handed on: what takes more is no law that was read rightly."""

ROUNDS, STEPS = 3, 12
"""Rounds of dropping terms and refining what is left, and steps of each."""

LEAST_ERROR = 1e-9
"""Error of curves, in units of their size, below which they are as good as exact."""

RIDGE = 1e-13
"""Share of the largest entry that keeps a Gram matrix regular."""


class Separable:
    """Sums of products for one table.

    Parameters
    ----------
    X : ndarray, shape (n, d)
        Two or more inputs.
    y : ndarray, shape (n,)
    variables : tuple of Symbol, length d
    inputs : sequence of Argument
        All arguments of the table.
    weights : ndarray, shape (n,), optional
        Of the squared residuals.
    noisy : bool
        Whether y has noise.
    allowed : AllowedFunctions, optional
    seed : int
        Of the interpolant's rows and the draws of the other inputs.
    """

    def __init__(
        self,
        X: np.ndarray,
        y: np.ndarray,
        variables: tuple[sympy.Symbol, ...],
        inputs: Sequence[Argument],
        *,
        weights: np.ndarray | None,
        noisy: bool,
        allowed: AllowedFunctions | None,
        seed: int,
    ) -> None:
        self.X, self.y, self.weights, self.noisy = X, y, weights, noisy
        self.allowed, self.seed, self.error = allowed, seed, 0.0
        self.plain, self.variables = Frame(X, variables), variables
        self._place: dict[sympy.Basic, int] = {argument.expression: k for k, argument in enumerate(inputs)}
        self._tables: list[Table] | None = None
        self._surrogate: Surrogate | None = None

    def curves(self, forward: Function) -> list[Curves] | None:
        """What is seen of each input for a function of y; None where the curves of one are no sums of few functions."""
        if self._tables is None:
            self._surrogate = best_surrogate(self.X, self.y, weights=self.weights, seed=self.seed)
            if self._surrogate is not None:
                self.error = self._surrogate.error * float(self.y.std()) * (SMOOTHED if self.noisy else 1.0)
            self._tables = list(self._read(self.plain, POINTS, OTHERS))
        return self._all_seen(self._tables, forward)

    def combinations(self, most: float, until: float) -> Iterator[tuple[Frame, list[Curves]]]:
        """Coordinates in which fewer functions than so many are seen, with what is seen; the fewest first."""
        found: list[tuple[int, Combined]] = []
        for frame in frames(self.X, self.variables):
            if clock.late(until):
                return
            if frame.combination not in self._place:
                continue
            seen = self._all_seen(self._read(frame, GLANCE, GLANCE), np.asarray)
            if seen is not None and sum(len(one.curves) for one in seen) < most:
                found.append((sum(len(one.curves) for one in seen), frame))
        for _, frame in sorted(found, key=lambda one: one[0])[:FRAMES]:
            seen = self._all_seen(self._read(frame, POINTS, OTHERS), np.asarray)
            if seen is not None:
                yield frame, seen

    def by_splines(self, noise: float, until: float) -> Iterator[tuple[Frame, list[Curves]]]:
        """Coordinates in which y is a sum of few products but for noise, with what is seen; the fewest products first.

        Parameters
        ----------
        noise : float
            Standard deviation of y, as far as it is known. No more than an interpolant misses is believed, and no more
            than some such sum does.
        until : float
            `kansym.clock.now` value to stop at.
        """
        plain = self._by_splines(self.plain)
        looked = [] if plain is None else [(plain, self.plain)]
        # Of three inputs there are many, and in combinations a sum is seldom much shorter.
        seen = plain is not None and plain.error <= AS_GOOD * noise and self.X.shape[1] > 2
        others = () if seen or self.X.shape[1] > MOST_COMBINED else frames(self.X, self.variables, boxed=False)
        for frame in others:
            if clock.late(until):
                break
            one = self._by_splines(frame, **GLANCED) if frame.combination in self._place else None
            looked += [] if one is None else [(one, frame)]
        # A first look has few pieces, and misses more than there is.
        near = GLANCED_GOOD * max(noise, min((one.error for one, _ in looked), default=0.0))
        likely = [(one.rank, one.error, frame) for one, frame in looked if one.error <= near]
        likely.sort(key=lambda one: one[:2])
        fitted = [(frame, plain if frame is self.plain else self._by_splines(frame)) for *_, frame in likely[:FRAMES]]
        good = [(frame, one) for frame, one in fitted if one is not None]
        least = min([noise or math.inf, *(one.error for _, one in good)])
        for frame, one in sorted(good, key=lambda pair: (pair[1].rank, pair[1].error)):
            seen = self._curves_of(frame, one) if one.error <= AS_GOOD * least else None
            if seen is not None:
                yield frame, seen

    def _by_splines(self, frame: Frame, **options: Any) -> Polyadic | None:
        return best_polyadic(frame.X, self.y, weights=self.weights, seed=self.seed, **options)

    def _curves_of(self, frame: Frame, fitted: Polyadic) -> list[Curves] | None:
        """What a fit says of each coordinate, at values and beside partners that rows have."""
        # As the rows are, and not evenly from a box: splines know all of the rows.
        others = Frame.draws(frame, OTHERS, np.random.default_rng(self.seed))
        # Of the noise of n rows each of k numbers that are fitted to them keeps a share of k/n.
        error = fitted.error * math.sqrt(fitted.numbers / len(self.y))
        curves = []
        for column in range(frame.X.shape[1]):
            points = Frame.points(frame, column, POINTS)
            curves.append(Curves.of(points, fitted.table(column, points, others), error))
        return None if any(one is None for one in curves) else curves

    def _all_seen(self, tables: Iterable[Table], forward: Function) -> list[Curves] | None:
        """Curves of all coordinates; None at the first whose curves are no sums of few functions."""
        found = []
        for table in tables:
            one = self._seen(table, forward)
            if one is None:
                return None
            found.append(one)
        return found or None

    def _seen(self, table: Table, forward: Function) -> Curves | None:
        with np.errstate(all="ignore"):
            values = forward(table.values)
            # What an error of y is at the values of this function.
            moved = forward(table.values + self.error)
        if not (np.isfinite(values).all() and np.isfinite(moved).all()):
            return None
        return Curves.of(table.points, values, math.sqrt(float(np.mean((moved - values) ** 2))))

    def _read(self, frame: Frame, points: int, others: int) -> Iterator[Table]:
        """Tables for each coordinate, in their order; none without an interpolant."""
        if self._surrogate is None:
            return
        generator = np.random.default_rng(self.seed)
        dimension = self.X.shape[1]
        for column in range(dimension):
            own = frame.points(column, points)
            grid = np.repeat(frame.draws(others, generator)[None], points, 0)
            grid[:, :, column] = own[:, None]
            values = self._surrogate.predict(frame.inputs(grid.reshape(-1, dimension)))
            yield Table(own, values.reshape(points, -1))

    def sums(
        self,
        curves: Sequence[Curves],
        rows: TermRows,
        lengths: Lengths,
        *,
        until: float,
        known: dict[int, list[Slots]],
        frame: Frame | None = None,
    ) -> Iterator[State]:
        """Sums of products with their constants refined on some rows, the likeliest first.

        The functions of inputs as they are go into `known`, and are not looked for again in other coordinates.
        """
        frame = frame or self.plain
        sets = []
        for column, seen in enumerate(curves):
            # An input that no combination changes has the same functions in all coordinates.
            own = not (isinstance(frame, Combined) and column in frame.sides)
            same = known.get(column, []) if own else []
            sets.append(same or self._sets(frame.expressions[column], seen, lengths, rows, until))
            if not sets[-1]:
                return
            if own:
                known[column] = sets[-1]
        if isinstance(frame, Combined):
            sets[frame.replaced] = [_times_input(one, frame.replaced) for one in sets[frame.replaced]]
        order = sorted(itertools.product(*(range(len(some)) for some in sets)), key=lambda one: (sum(one), one))
        found: list[tuple[float, Slots]] = []
        for chosen in order[:COMBINATIONS]:
            if clock.late(until):
                break
            products = _products([some[k] for some, k in zip(sets, chosen, strict=True)])
            if len(products) <= MOST_PRODUCTS:
                length, needed = _needed(products, rows, lengths)
                if math.isfinite(length):
                    found.append((length, needed))
        for _, products in sorted(found, key=lambda one: one[0])[:REFINED]:
            if clock.late(until):
                return
            state = _fitted(products, rows, lengths, until)
            if state is not None and len(state.slots) <= MOST_TERMS:
                yield state

    def _sets(
        self, coordinate: sympy.Expr, seen: Curves, lengths: Lengths, rows: TermRows, until: float
    ) -> list[Slots]:
        """Sets of functions of one coordinate, as tables (K, F) of the arguments of the whole table."""
        symbol = sympy.Symbol("u", real=True)
        every = arguments(seen.points[:, None], (symbol,), self.allowed)
        places = [self._place.get(one.expression.xreplace({symbol: coordinate})) for one in every]
        own = [one for one, place in zip(every, places, strict=True) if place is not None]
        spans = Spans(
            own,
            seen.curves,
            error=seen.error,
            number=lengths.number,
            allowed=self.allowed,
            until=until,
            device=rows.y.device,
        )
        place = torch.tensor([place for place in places if place is not None], device=rows.y.device)
        found = spans.sets(SETS)
        logger.info("terms: %s has %d functions, %d sets", coordinate, len(seen.curves), len(found))
        return [Slots(one.factor, place[one.argument] * (one.factor > 0), one.theta, one.free) for one in found]


@dataclass(frozen=True, eq=False)
class Table:
    """Values of y at points (n,) of one coordinate, for draws of the others: (n, m)."""

    points: np.ndarray
    values: np.ndarray


@dataclass(frozen=True, eq=False)
class Curves:
    """What an interpolant shows of one input.

    Attributes
    ----------
    points : ndarray, shape (n,)
    curves : ndarray, shape (J, n)
        Singular vectors times singular values.
    error : float
        Root mean square of what they leave, in units of all.
    """

    points: np.ndarray
    curves: np.ndarray
    error: float

    @classmethod
    def of(cls, points: np.ndarray, table: np.ndarray, error: float) -> Curves | None:
        """From a table over points (n,) and draws of the other inputs, and the root mean square error of its values.

        None where no gap of the singular values parts few curves from errors.
        """
        left, singular, _ = np.linalg.svd(table, full_matrices=False)
        size = math.sqrt(float(np.sum(singular**2)))
        if not size > 0:
            return None
        error, singular = error * math.sqrt(table.size) / size, singular / size
        ratios = singular[:MOST_RANK] / np.maximum(singular[1 : MOST_RANK + 1], 1e-16)
        parted = np.flatnonzero((ratios > GAP) & (singular[:MOST_RANK] > error))
        if not len(parted):
            return None
        rank = int(parted[-1]) + 1
        rest = math.sqrt(float(np.sum(singular[rank:] ** 2)))
        # What the interpolant misses is in the first singular vectors as well.
        return cls(points, (left[:, :rank] * singular[:rank]).T, max(rest, error, LEAST_ERROR))


def _times_input(functions: Slots, column: int) -> Slots:
    """Functions of a combination, and each times the input that it took the place of."""
    device, dtype = functions.theta.device, functions.theta.dtype
    power = Slots.of([[(("power", 1.0, 0.0), column)]], device, dtype)
    times = power.map(lambda tensor: tensor.expand(len(functions), *tensor.shape[1:]))
    return joined([functions, joined([functions, times], axis=1)])


def _products(sets: Sequence[Slots]) -> Slots:
    """All products of one function of each set, a table (K, F)."""
    found = [
        joined(list(chosen), axis=0)
        for chosen in itertools.product(*([one[k] for k in range(len(one))] for one in sets))
    ]
    width = max(one.factor.shape[-1] for one in found)
    rows = [one.widened(width).map(lambda tensor: tensor[None]) for one in found]
    return joined(rows).packed()


def _fitted(products: Slots, rows: TermRows, lengths: Lengths, until: float) -> State | None:
    """The sum of some products that is shortest, with its constants refined."""
    state = None
    for _ in range(ROUNDS):
        refined = refine(products[None], rows, STEPS, until=until)
        if not math.isfinite(float(refined.square[0])):
            return state
        length = float(lengths.of(refined.slots, refined.square, rows.number)[0])
        if state is not None and not length < state.length:
            return state
        state = State(length, refined.slots[0], float(refined.square[0]))
        length, products = _needed(refined.slots[0], rows, lengths)
        if not math.isfinite(length):
            return state
    return state


def _needed(products: Slots, rows: TermRows, lengths: Lengths) -> tuple[float, Slots]:
    """The length of the sum of those products that are needed, and them; inf where none has a value on all rows.

    Backward elimination with constants as they are, at the precision that all products reach together.
    """
    terms = values(products, rows.columns).prod(-2) * rows.root
    size = torch.linalg.vector_norm(terms, dim=1)
    kept = (torch.isfinite(size) & (size > 0)).nonzero()[:, 0].tolist()
    unit = terms[kept] / size[kept, None]
    gram, share = unit @ unit.T, unit @ rows.y
    clock.charge(Work.DENSE_PRODUCTS, len(kept) ** 4 + rows.number * len(kept) ** 2)
    cost = (lengths.cost(products) + lengths.term_cost)[kept]
    left = list(range(len(kept)))
    total, floor, best, answer = float(rows.y.square().sum()), None, math.inf, left
    while left:
        own = gram[left][:, left] + RIDGE * torch.eye(len(left), dtype=gram.dtype, device=gram.device)
        inverse = torch.linalg.inv_ex(own)[0]
        coefficients = inverse @ share[left]
        square = max(total - float(share[left] @ coefficients), 0.0)
        floor = math.sqrt(square / rows.number) if floor is None else floor
        least = max(floor, lengths.floor)
        length = 0.5 * rows.number * math.log(square / rows.number + least**2) + float(cost[left].sum())
        if length < best:
            best, answer = length, list(left)
        # What leaving out a term adds to the sum of squares, and what that makes of the length.
        more = coefficients.square() / inverse.diagonal()
        after = 0.5 * rows.number * torch.log((square + more) / rows.number + least**2) - cost[left]
        left.pop(int(torch.argmin(after)))
    return best, products[[kept[k] for k in answer]]
