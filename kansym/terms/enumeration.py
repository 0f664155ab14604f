# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportReturnType=false, reportOperatorIssue=false
"""Enumeration: every tree of few operations, with its constants fitted, times a product of powers, on a background.

A sum of products of functions says nothing of functions of functions, or of a column in an exponent. There are some ten
thousand trees of three operations of two inputs, and a grid of constants for each is a few hundred values of a curve:
all are tried. Trees of a size are made of those of smaller sizes, whose values are kept; what they leave of y is known
from a few products of matrices, also times any of many monomials, and beside an offset or, of one input, a line. The
best under several noise floors get their constants by Levenberg-Marquardt, with the coefficients in closed form.
"""

import functools
import heapq
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.primitives.allowed import AllowedFunctions
from kansym.provenance import signed
from kansym.terms.arguments import Argument
from kansym.terms.compositions import VALUE_COST, EnumeratedRows, Key, State, descend
from kansym.terms.length import NODE_NATS, NOISE, ROUNDING
from kansym.terms.monomials import monomials
from kansym.terms.own_operations import own_operation
from kansym.terms.trees import BINARY, NOTHING_NEW, SYMMETRIC, UNARY, Operation, Ranges, Tree

ROWS = 100
"""Rows that trees are looked at on, without noise; with it twice as many."""

MOST_OPERATIONS = 6
"""Operations of the largest trees."""

KEPT = {1: 30, 2: 14}
"""Starts of a tree that larger trees are made of, by the number of inputs, and `FEWEST` of more inputs."""

FEWEST = 8

FLOORS = (0.0, 0.03, 0.15)
"""Noise that is pretended, in units of y's root mean square, where trees are chosen."""

LOOKED_AT, REFINED, FINISHED = 200, 40, 8
"""Trees under each floor that are fitted, alone and times a monomial, those fitted further, and to all rows."""

STEPS = (5, 15, 30)
"""Steps of the three."""

STARTS = 6
"""Starts of a tree that are fitted together."""

MOST_BRANCHES = 5000
"""Trees of a size that larger ones are made of, whose values have to be kept."""

FEW, FEW_OF_NOISY_CURVES = 2500, 4000
"""Trees of a size that is tried at the beginning of a turn, in a second or two; and where y is a noisy function of one
input, which leaves little else to go by."""

MOST_VALUE, FLAT, ROUNDED = 1e100, 1e-9, 1e-14
"""Largest value of a tree, least spread in units of its size, and share of its square that is rounding."""

LOOKED = 0.7
"""Share of the time for looking at trees; the rest is for fitting the best."""

NEARLY_EXACT = 1e-8
"""Residual in units of y's root mean square at which a tree is the law but for the last digits of its constants."""

HANDED = 3
"""Formulas handed on."""

TOGETHER = 32
"""Trees that are fitted together: more of them, and their values leave the cache."""

LOOK_COST = 1.1
"""What looking at a tree costs, in small fits."""


@dataclass(frozen=True, eq=False)
class Branch:
    """A tree with its values on the few rows at some constants, and the rows where y is largest and least."""

    tree: Tree
    values: np.ndarray
    theta: np.ndarray
    extreme: list[int]

    @cached_property
    def ranges(self) -> Ranges:
        return Ranges.of(self.values, self.extreme)


@dataclass(frozen=True, eq=False)
class _Targets:
    """What the values of trees on some rows are multiplied by to see what they leave of y.

    Attributes
    ----------
    total : float
        Square of y.
    square : ndarray, shape (n, M)
        By the squares of the values, times each monomial.
    columns : ndarray, shape (n, (1 + K) M)
        By the values, times each monomial: y, and each of the columns of the background.
    levels : list of float
        Each of those columns' share of y.
    """

    total: float
    square: np.ndarray
    columns: np.ndarray
    levels: list[float]

    @classmethod
    def of(cls, rows: EnumeratedRows) -> "_Targets":
        weighted, background = rows.monomials * rows.root, rows.background[0]
        columns = np.concatenate([weighted * row for row in (rows.y, *background)]).T
        return cls(float(rows.y @ rows.y), (weighted**2).T, columns, [float(row @ rows.y) for row in background])

    def left(self, values: np.ndarray) -> Iterator[np.ndarray]:
        """What values (S, n) leave (S, M) of the square of y: times each monomial, on each background."""
        square = values**2 @ self.square
        products, (_, number) = values @ self.columns, square.shape
        total, with_y, least = self.total, products[:, :number], ROUNDED * square
        yield _left(total, with_y, square, least)
        for k, level in enumerate(self.levels, start=1):
            with_column = products[:, k * number : (k + 1) * number]
            # What one more column of the background takes away of y, of the tree, and of their product.
            total, with_y, square = total - level**2, with_y - with_column * level, square - with_column**2
            yield _left(total, with_y, square, least)


def _left(total: float, with_y: np.ndarray, square: np.ndarray, least: np.ndarray) -> np.ndarray:
    explained = with_y**2 / np.where(square > least, square, np.inf)
    explained[~np.isfinite(explained)] = 0.0
    return np.maximum(total - explained, 0.0)


@functools.lru_cache(maxsize=1024)
def _places(*sizes: int) -> np.ndarray:
    """All combinations of places, shape (N, len(sizes)), the last one running fastest."""
    return np.indices(sizes).reshape(len(sizes), -1).T


@functools.lru_cache(maxsize=1024)
def _spread(kept: int, number: int) -> np.ndarray:
    """Places of so many of a number in the order of their promise: the first, and some of all."""
    first = min(kept // 2, number)
    rest = np.linspace(first, number - 1, min(kept, number) - first).round().astype(int)
    return np.unique([*range(first), *rest.tolist()])


@dataclass(frozen=True, eq=False)
class Composition:
    """A tree times a monomial, on a background, with its constants."""

    length: float
    square: float
    key: Key
    theta: np.ndarray
    coefficients: np.ndarray


class Enumeration:
    """The search for compositions in one table; it can be left and taken up again.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    y : ndarray, shape (n,)
    variables : tuple of Symbol, length d
    weights : ndarray, shape (n,), optional
        Of the squared residuals.
    noise : float, default 0
        Standard deviation of the errors of y, in units of y, where it is known.
    noisy : bool, default False
        Whether y has noise of a size that is not known.
    allowed : AllowedFunctions, optional
        What formulas may have; default anything.
    seed : int, default 0
        Of the rows that trees are looked at on.
    blocks : sequence of slice, optional
        Rows with constants of their own, one block after the other; all of them are looked at.
    leaves : sequence of Argument, optional
        What trees are made of, in place of the inputs; monomials are those of the inputs.
    factors : sequence of int, optional
        Numbers of the monomials that trees are multiplied by, the first among them; default all.

    Attributes
    ----------
    exact : bool
        Whether a formula was found that is exact.
    """

    looked_at, refined, finished = LOOKED_AT, REFINED, FINISHED

    def __init__(
        self,
        X: np.ndarray,
        y: np.ndarray,
        variables: tuple[sympy.Symbol, ...],
        *,
        weights: np.ndarray | None = None,
        noise: float = 0.0,
        noisy: bool = False,
        allowed: AllowedFunctions | None = None,
        seed: int = 0,
        blocks: Sequence[slice] = (),
        leaves: Sequence[Argument] = (),
        factors: Sequence[int] = (),
    ) -> None:
        self.variables, n = variables, len(X)
        columns = np.array([one.column for one in leaves]) if leaves else X.T
        self._leaves, dimension = [one.expression for one in leaves] or list(variables), len(columns)
        root = np.ones(n) if weights is None else np.sqrt(weights / weights.mean())
        self.size = float(np.sqrt(np.mean((root * y) ** 2)))
        self.floor = max(ROUNDING, noise / self.size)
        self._floors = np.maximum(FLOORS, self.floor)[:, None] ** 2
        self.monomials = [one for one in monomials(X) if np.isfinite(one.values).all()]
        self.monomials = [self.monomials[k] for k in factors] or self.monomials
        values = np.array([one.values for one in self.monomials])
        self.rows = EnumeratedRows(columns, root * y / self.size, root, values)
        order = np.random.default_rng(seed).permutation(n)
        looked_at = ROWS * (2 if noisy or self.floor > NOISE else 1)
        self.few = self.rows if blocks else self.rows.take(np.sort(order[:looked_at]))
        self._blocks = [(part, _Targets.of(self.few.take(part))) for part in blocks or [slice(None)]]
        self._cost = NODE_NATS * np.array([one.nodes for one in self.monomials])
        own = () if allowed is None else allowed.own
        self.unary = [one for one in (*UNARY, *map(own_operation, own)) if one.permitted(1, allowed)]
        self.binary = [one for one in BINARY if one.permitted(2, allowed)]
        self.kept = KEPT.get(dimension, FEWEST)
        inputs = [Tree(None, input=k) for k in range(dimension)]
        none = np.zeros((1, 0))
        self._growing: list[Branch] = []
        clean = self.few.y / self.few.root
        self._extreme = [int(clean.argmax()), int(clean.argmin())]
        self._bank = [[self._branch(leaf, self.few.columns[None, k], none) for k, leaf in enumerate(inputs)]]
        self._counts, self.exact = [dimension], False
        self._made: Iterator[Branch] | None = None
        self._best: dict[tuple[float, bool], list[tuple[float, int, Key, np.ndarray]]] = {
            heap: [] for heap in itertools.product(FLOORS, (True, False))
        }
        self._number = itertools.count()
        self.found: dict[Key, Composition] = {}

    @property
    def done(self) -> bool:
        """Whether the law was found, or all sizes have been tried."""
        return self.exact or len(self._bank) > MOST_OPERATIONS

    @property
    def expected(self) -> float:
        """About how many trees the next size has: each has as many more as the last one had."""
        last, before = self._counts[-1], self._counts[-2:][0]
        return last**2 / max(before, 1)

    @signed("enumeration")
    def formulas(
        self,
        until: float = math.inf,
        *,
        few: float = math.inf,
        exact: bool = False,
        handed: int = HANDED,
        near: float = 0.0,
    ) -> Iterator[sympy.Expr]:
        """Formulas in the variables: an exact one at once, or the best of all at the end.

        Parameters
        ----------
        until : float, default inf
            `kansym.clock.now` value to stop at; another call goes on from there.
        few : float, default inf
            Only sizes of which about so many trees are expected; see `FEW`.
        exact : bool, default False
            Only formulas that are exact but for the last digits of their constants.
        handed : int, default 3
            Most formulas.
        near : float, default 0
            Nats by which one may be longer than those of smaller trees.
        """
        found = self.compositions(until, few=few, exact=exact, handed=handed, near=near)
        return (self.expression(one) for one in found)

    def compositions(
        self, until: float, *, few: float = math.inf, exact: bool = False, handed: int = HANDED, near: float = 0.0
    ) -> Iterator[Composition]:
        """Compositions with their constants, as `formulas` has them."""
        news: list[Composition] = []
        with np.errstate(all="ignore"):
            while not clock.late(until):
                if self._made is not None or not any(self._best.values()):
                    if self.done or self.expected > few:
                        break
                    self._next_size(clock.now() + LOOKED * clock.left(until))
                found = self._refined(until, handed, near)
                news += found
                laws = [one for one in found if one.square <= NEARLY_EXACT**2 * self.rows.number]
                if laws:
                    self.exact = True
                    yield laws[0]
                    return
        if not exact:
            yield from sorted(news, key=lambda one: one.length)[:handed]

    # -- trees -------------------------------------------------------------------------------------------------------

    def _next_size(self, until: float) -> None:
        """Score the trees of one more operation, or some of them and the others at another call."""
        if self._made is None:
            self._made = self._grown(len(self._bank))
            self._growing, self._count = [], 0
        for branch in self._made:
            self._count += 1
            if len(self._growing) < MOST_BRANCHES:
                self._growing.append(branch)
            if clock.late(until):
                return
        self._bank.append(self._growing)
        self._counts.append(self._count)
        self._made = None

    def _grown(self, size: int) -> Iterator[Branch]:
        for child in self._bank[size - 1]:
            inner = "" if child.tree.operation is None else child.tree.operation.name
            for operation in self.unary:
                if inner not in NOTHING_NEW.get(operation.name, ()):
                    yield from self._made_of(operation, child)
        for left in range(size):
            right = size - 1 - left
            for (i, one), (j, other) in itertools.product(enumerate(self._bank[left]), enumerate(self._bank[right])):
                if one is other:
                    continue
                for operation in self.binary:
                    if operation.name not in SYMMETRIC or (left, i) < (right, j):
                        yield from self._made_of(operation, one, other)

    def _made_of(self, operation: Operation, *parts: Branch) -> Iterator[Branch]:
        """A tree of others with all its starts, after it was scored; none where it has no values."""
        index, constants = self._begun(operation, parts)
        clock.charge(Work.SMALL_FITS, LOOK_COST + VALUE_COST * len(index) * self.few.columns.shape[1])
        if not len(index):
            return
        values = operation.value(
            *(part.values[index[:, k]] for k, part in enumerate(parts)),
            *(constants[:, k : k + 1] for k in range(operation.constants)),
        )
        high, low = values.max(1), values.min(1)
        largest = np.maximum(high, -low)
        kept = (largest < MOST_VALUE) & (high - low > FLAT * largest)
        if not kept.any():
            return
        theta = np.concatenate([*(part.theta[index[:, k]] for k, part in enumerate(parts)), constants], 1)
        if not kept.all():
            values, theta = values[kept], theta[kept]
        tree = Tree(operation, tuple(part.tree for part in parts))
        self._score(tree, values, theta)
        yield self._branch(tree, values, theta)

    def _begun(self, operation: Operation, parts: Sequence[Branch]) -> tuple[np.ndarray, np.ndarray]:
        """Places of starts of the parts (T, parts), and constants of the operation (T, C), the likeliest first."""
        places = _places(*(len(part.theta) for part in parts))
        constants, there = operation.begin(*(part.ranges.take(places[:, k]) for k, part in enumerate(parts)))
        number = there.sum(1)
        there &= (np.cumsum(number) - number < self.kept**2)[:, None]
        rank = (places.sum(1)[:, None] + np.cumsum(there, 1)).ravel()
        usable = np.flatnonzero(there)
        which, start = np.divmod(usable[np.argsort(rank[usable], kind="stable")], there.shape[1])
        return places[which], constants[which, start]

    def _branch(self, tree: Tree, values: np.ndarray, theta: np.ndarray) -> Branch:
        """A branch with some of its starts, which come in the order of their promise."""
        chosen = _spread(self.kept, len(theta))
        return Branch(tree, values[chosen], theta[chosen], self._extreme)

    # -- choice ------------------------------------------------------------------------------------------------------

    def _score(self, tree: Tree, values: np.ndarray, theta: np.ndarray) -> None:
        """Remember the best monomial and start of a tree under each noise floor, on each background."""
        n = self.few.number
        each = zip(*(targets.left(values[:, part]) for part, targets in self._blocks), strict=True)
        for background, left in enumerate(each):
            least = np.add.reduce([block.min(0) for block in left])
            lengths = 0.5 * n * np.log(least / n + self._floors) + (self._cost + self._fixed(tree, background))
            # What the data say is a tree times this or that before its constants are right may be the tree alone.
            for alone, places in ((True, np.zeros(len(FLOORS), dtype=int)), (False, lengths.argmin(1))):
                for floor, place, mine in zip(FLOORS, places.tolist(), lengths, strict=True):
                    if self._nearer(floor, alone, length := float(mine[place])):
                        some = self._starts(tree, theta, [block[:, place] for block in left])
                        self._remember(floor, alone, length, (tree, place, background), some)

    def _nearer(self, floor: float, alone: bool, length: float) -> bool:
        """Whether a tree of a length is among the best under a noise floor."""
        heap = self._best[floor, alone]
        return len(heap) < self.looked_at or -length > heap[0][0]

    def _remember(self, floor: float, alone: bool, length: float, key: Key, theta: np.ndarray) -> None:
        heap, entry = self._best[floor, alone], (-length, next(self._number), key, theta)
        if len(heap) < self.looked_at:
            heapq.heappush(heap, entry)
        else:
            heapq.heapreplace(heap, entry)

    def _starts(self, tree: Tree, theta: np.ndarray, left: Sequence[np.ndarray]) -> np.ndarray:
        """The constants of a tree to start from, of those (S, P) that leave so much (S,) of each block."""
        del tree
        return theta[np.argsort(left[0], kind="stable")[:STARTS]]

    def _fixed(self, tree: Tree, background: int) -> float:
        """Nats of a tree with its coefficients."""
        constants = tree.constants + 1 + background
        return NODE_NATS * (tree.nodes + 2 + 2 * background) + 0.5 * math.log(self.rows.number) * constants

    def _refined(self, until: float, handed: int, near: float) -> list[Composition]:
        """The best trees so far that were not handed on before, fitted to all rows; the shortest first."""
        chosen = {entry[2]: entry[3] for heap in self._best.values() for entry in heap}
        first = self._fitted(chosen.items(), self.few, STEPS[0], until)
        fitted = {one.key for one in first}
        for heap in self._best.values():
            heap[:] = [entry for entry in heap if entry[2] not in fitted]
            heapq.heapify(heap)
        looked = self._shortest(first, self.refined)
        again = self._fitted([(one.key, one.theta) for one in looked], self.few, STEPS[1])
        better = self._shortest(again, self.finished)
        whole = self._fitted([(one.key, one.theta) for one in better], self.rows, STEPS[2])
        before = min((one.length for one in self.found.values()), default=math.inf)
        self.found |= {one.key: one for one in whole}
        # What is longer than a smaller tree is no news.
        return [one for one in sorted(whole, key=lambda one: one.length) if one.length < before + near][:handed]

    def _shortest(self, fitted: list[Composition], most: int) -> list[Composition]:
        """Those of the shortest lengths under each noise floor."""
        n, kept = self.few.number, dict[Key, Composition]()
        for floor in FLOORS:
            lengths = [
                0.5 * n * math.log(one.square / n + max(floor, self.floor) ** 2) + self._priced(one.key)
                if math.isfinite(one.square)
                else math.inf
                for one in fitted
            ]
            order = sorted(range(len(fitted)), key=lengths.__getitem__)[:most]
            kept |= {fitted[k].key: fitted[k] for k in order if math.isfinite(lengths[k])}
        return list(kept.values())

    def _priced(self, key: Key) -> float:
        tree, monomial, background = key
        return self._fixed(tree, background) + float(self._cost[monomial])

    def _fitted(
        self, trees: Iterable[tuple[Key, np.ndarray]], rows: EnumeratedRows, steps: int, until: float = math.inf
    ) -> list[Composition]:
        """Trees with constants (S, P) fitted, as long as there is time; the best start of each goes on."""
        alike: dict[tuple[int, int], list[tuple[Key, np.ndarray]]] = {}
        for key, theta in trees:
            alike.setdefault((key[0].constants, key[2]), []).append((key, theta))
        found: list[Composition] = []
        for same in alike.values():
            for begin in range(0, len(same), TOGETHER):
                if clock.late(until):
                    return found
                batch = same[begin : begin + TOGETHER]
                descended = descend(batch, rows, steps)
                found += [self._best_start(key, *one) for (key, _), one in zip(batch, descended, strict=True)]
        return found

    def _best_start(self, key: Key, theta: np.ndarray, state: State) -> Composition:
        best, n = int(state.square.argmin()), state.residual.shape[-1]
        square = float(state.square[best])
        length = 0.5 * n * math.log(square / n + self.floor**2) + self._priced(key)
        return Composition(length, square, key, theta[best : best + 1], state.coefficients[best : best + 1])

    def expression(self, fitted: Composition, block: int = 0) -> sympy.Expr:
        """A composition as a formula, with the constants of one block."""
        tree, monomial, background = fitted.key
        theta = [sympy.Float(float(value)) for value in fitted.theta[..., block, :].reshape(-1)]
        shape = self.monomials[monomial].expression(self.variables) * tree.expression(self._leaves, theta)
        columns = [shape, *[sympy.S.One, self._leaves[0]][:background]]
        return sympy.Add(
            *(
                sympy.Float(float(value * self.size)) * one
                for value, one in zip(fitted.coefficients[block], columns, strict=True)
            )
        )
