"""Compositions of few operations, looked for on the rows of all groups together.

A group of thirty rows does not tell one composition from a hundred others, and all rows together do not follow any one
where constants differ. So trees are scored group by group, each with constants of its own, and what they leave is added
up; and the best are fitted so. Sums and products of two trees are looked at all at once (`kansym.groups.pairs`).
"""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import sympy

from kansym import clock
from kansym.groups.pairs import Pairs
from kansym.groups.searched_rows import SearchedRows
from kansym.groups.single_argument import single_arguments
from kansym.groups.table import GroupedTable
from kansym.primitives.allowed import AllowedFunctions
from kansym.terms.arguments import arguments
from kansym.terms.compositions import EnumeratedRows, Key, descend
from kansym.terms.enumeration import FLOORS, STEPS, Composition, Enumeration
from kansym.terms.length import NODE_NATS
from kansym.terms.trees import Operation, Tree

TOGETHER, APART = 2, 2
"""Constants to start from: those that are best for all groups, and those that are best for each."""

PAIRED_SIZE, JOINED = 2, ("sum", "product")
"""Operations of the largest trees all pairs of which are looked at, and what joins them."""

PAIRED, NEXT = 0.5, 4
"""Share of the time for looking at pairs, and pairs with one tree that are remembered under one noise floor at most."""

LEFT = 1e-6
"""Share of y that single precision does not see."""

NODES = 2
"""Of a constant that is added."""

LEAST_CURVATURE = 1e-10
"""Of a direction of the constants, in units of the largest, that the rows determine."""


class GroupedEnumeration(Enumeration):
    """The search for compositions in one table with groups.

    Parameters
    ----------
    table : GroupedTable
    noise : float
        Standard deviation of y in units of each group's own root mean square, where it is known, else 0.
    allowed : AllowedFunctions, optional
    seed : int, default 0
        Of the rows of large groups.
    leaves : sequence of sympy.Expr, optional
        Inputs and combinations of two that trees are made of; default the inputs.
    factors : sequence of int, optional
        Monomials that trees are multiplied by; see `Enumeration`.

    Attributes
    ----------
    groups : list of int
        Those that are searched.
    arguments : dict of sympy.Expr to Argument
        What `leaves` may be.
    """

    looked_at, refined, finished = 250, 100, 40

    def __init__(
        self,
        table: GroupedTable,
        noise: float,
        allowed: AllowedFunctions | None = None,
        *,
        seed: int = 0,
        leaves: Sequence[sympy.Expr] = (),
        factors: Sequence[int] = (),
    ) -> None:
        found = SearchedRows.of(table, seed)
        self.groups, self.sizes, self._parts = found.groups, found.sizes, found.parts
        self.arguments = {one.expression: one for one in arguments(found.X, table.variables, allowed)}
        super().__init__(
            found.X,
            found.y,
            table.variables,
            weights=found.root**2,
            noise=noise,
            noisy=True,
            allowed=allowed,
            seed=seed,
            blocks=found.parts,
            leaves=[self.arguments[one] for one in leaves],
            factors=factors,
        )
        self._padded, self._paired = _padded(self.rows, found.parts), False
        self._repeated: dict[int, EnumeratedRows] = {}

    def expressions(
        self, until: float, *, few: float = math.inf, handed: int, near: float
    ) -> Iterator[list[sympy.Expr]]:
        """Formulas that differ in their constants, for each of `groups`; see `Enumeration.formulas`."""
        for one in self.compositions(until, few=few, handed=handed, near=near):
            yield [float(size) * self.expression(one, g) for g, size in enumerate(self.sizes)]

    def combined(self) -> list[tuple[sympy.Expr, list[int]]]:
        """Combinations of both inputs that y may be a function of, times monomials of these numbers."""
        if len(self.rows.columns) != 2:
            return []
        y = self.rows.y / self.rows.root
        found = single_arguments(list(self.arguments.values()), self.rows.monomials, y, self.rows.root, self._parts)
        return [(one.expression, factors) for one, factors in found]

    def _next_size(self, until: float) -> None:
        if self._paired or len(self._bank) <= PAIRED_SIZE:
            super()._next_size(until)
            return
        self._paired = True
        pairs = Pairs([branch for size in self._bank[: PAIRED_SIZE + 1] for branch in size], self.rows, self._parts)
        begun, share = clock.now(), PAIRED * clock.left(until)
        cases = [(one, k) for k in range(len(self.rows.background[0]) + 1) for one in self.binary if one.name in JOINED]
        for number, (operation, background) in enumerate(cases, start=1):
            self._pair(pairs, operation, background, begun + share * number / len(cases))

    def _pair(self, pairs: Pairs, operation: Operation, background: int, until: float) -> None:
        """Remember the best pairs of trees on a background under each noise floor."""
        n, trees = self.rows.number, pairs.trees
        y = [self.rows.take(part) for part in self._parts]
        total = sum(float(np.square(one.beside(one.y, background)[1]).sum()) for one in y)
        each = np.array([NODE_NATS * one.nodes + 0.5 * math.log(n) * one.constants for one in trees])
        cost = each + self._fixed(Tree(operation), background)
        for gains in pairs.gains(operation, background, until):
            first = gains.first
            left = np.clip(total - gains.most, LEFT * total, total)
            for floor in FLOORS:
                lengths = 0.5 * n * np.log(left / n + max(floor, self.floor) ** 2) + cost[first] + each[first:]
                for place in np.argsort(lengths, kind="stable")[:NEXT].tolist():
                    if not self._nearer(floor, False, float(lengths[place])):
                        break
                    tree = Tree(operation, (trees[first], trees[first + place]))
                    theta = pairs.theta(operation, background, gains, first + place)
                    self._remember(floor, False, float(lengths[place]), (tree, 0, background), theta)

    def _starts(self, tree: Tree, theta: np.ndarray, left: Sequence[np.ndarray]) -> np.ndarray:
        # (S, G, P)
        together = np.argsort(np.add.reduce(left), kind="stable")
        # Where nothing is added to an argument in a law, what is best on the way there often adds something.
        plain = together[(theta[together][:, sorted(tree.shifts)] == 0).all(axis=1)] if tree.shifts else together[:0]
        same = np.concatenate([together[:TOGETHER], plain[:TOGETHER]])
        apart = np.stack([np.argsort(block, kind="stable")[:APART] for block in left], axis=1)
        return theta[np.concatenate([np.repeat(same[:, None], len(left), axis=1), apart])]

    def _fitted(
        self, trees: Iterable[tuple[Key, np.ndarray]], rows: EnumeratedRows, steps: int, until: float = math.inf
    ) -> list[Composition]:
        """Trees with constants (S, G, P) fitted, one by one; the best start of each group goes on."""
        return [self._fit(*one, rows, steps) for one in itertools.takewhile(lambda _: not clock.late(until), trees)]

    def _fit(self, key: Key, theta: np.ndarray, rows: EnumeratedRows, steps: int) -> Composition:
        """Constants (S, G, P) fitted; the best start of each group goes on."""
        starts, groups, constants = theta.shape
        flat = theta.reshape(starts * groups, constants)
        ((moved, state),) = descend([(key, flat)], self._repeat(starts), steps)
        squares, number = state.square.reshape(starts, groups), range(groups)
        best = squares.argmin(axis=0)
        square = float(squares[best, number].sum())
        theta = moved.reshape(theta.shape)[best, number]
        coefficients = state.coefficients.reshape(starts, groups, -1)[best, number]
        length = 0.5 * rows.number * math.log(square / rows.number + self.floor**2) + self._priced(key)
        if steps != STEPS[0] and math.isfinite(square):
            length = self._shared_length(key, theta, coefficients, square)
        return Composition(length, square, key, theta[None], coefficients)

    def _shortest(self, fitted: list[Composition], most: int) -> list[Composition]:
        """Those of the shortest lengths; under each noise floor, as long as these do not say what is shared."""
        if most == self.finished:
            return sorted(fitted, key=lambda one: one.length)[:most]
        return super()._shortest(fitted, most)

    def _shared_length(self, key: Key, theta: np.ndarray, coefficients: np.ndarray, square: float) -> float:
        """Nats of a composition with those constants shared, or nothing, that best are, as near its minimum.

        Where every group has constants of its own, all compositions of some length leave the noise; what is shared
        tells them apart. What that adds to the sum of squares is taken from its second derivatives.
        """
        tree, monomial, background = key
        rows = self._padded
        values, slopes = tree.values_and_slopes(rows.columns, theta)
        factor = rows.root * rows.monomials[monomial]
        plain = [np.ones_like(rows.y), *rows.columns][:background]
        columns = [*(coefficients[:, :1] * factor * slope for slope in slopes), factor * values]
        jacobian = np.stack([*columns, *(rows.root * one for one in plain)], axis=1)
        constants = np.column_stack([theta, coefficients])
        size = np.sqrt(np.square(jacobian).sum((0, 2)))
        if not (np.isfinite(size).all() and (size > 0).all()):
            return math.inf
        jacobian, constants = jacobian / size[:, None], constants * size
        curvature = jacobian @ jacobian.transpose(0, 2, 1) + LEAST_CURVATURE * np.eye(len(size))
        n, each = self.rows.number, 0.5 * sum(math.log(part.stop - part.start) for part in self._parts)
        words = self._priced(key) - 0.5 * math.log(n) * len(size)

        def length(shared: list[int], nothing: list[int]) -> float:
            rest = square + _sharing(curvature, constants, shared, nothing)
            own = len(size) - len(shared) - len(nothing)
            price = 0.5 * math.log(n) * len(shared) + each * own - NODE_NATS * NODES * len(nothing)
            return words + 0.5 * n * math.log(rest / n + self.floor**2) + price

        may_vanish = {*tree.shifts, *range(len(size) - background, len(size))}
        state, least = (list[int](), list[int]()), length([], [])
        own = set(range(len(size)))
        while own:
            moves = [([*state[0], j], state[1]) for j in own]
            moves += [(state[0], [*state[1], j]) for j in own & may_vanish]
            lengths = [length(*one) for one in moves]
            best = int(np.argmin(lengths))
            state, least = moves[best], min(least, lengths[best])
            own -= {*state[0], *state[1]}
        return least

    def _repeat(self, starts: int) -> EnumeratedRows:
        """The rows of each group for so many starts (..., S G, m)."""
        if starts not in self._repeated:
            rows = self._padded
            self._repeated[starts] = EnumeratedRows(
                *(np.tile(array, (starts, 1)) for array in (rows.columns, rows.y, rows.root, rows.monomials))
            )
        return self._repeated[starts]


def grouped_compositions(
    table: GroupedTable,
    noise: float,
    allowed: AllowedFunctions | None,
    *,
    seed: int,
    until: float,
    handed: int,
    near: float,
) -> Iterator[dict[int, sympy.Expr]]:
    """Formulas for a table with groups, by group; of each kind of leaves, the best of each size when it is done.

    Parameters
    ----------
    table : GroupedTable
    noise : float
    allowed : AllowedFunctions or None
    seed : int
        See `GroupedEnumeration`.
    until : float
        `kansym.clock.now` value to stop at.
    handed : int
        About how many.
    near : float
        Nats behind the best up to which they are.
    """
    plain = GroupedEnumeration(table, noise, allowed, seed=seed)
    engines = [plain]
    for leaf, factors in reversed(plain.combined()):
        beside = GroupedEnumeration(table, noise, allowed, seed=seed, leaves=[leaf, table.variables[0]])
        alone = GroupedEnumeration(table, noise, allowed, seed=seed, leaves=[leaf], factors=factors)
        engines = [alone, beside, *engines]
    for number, engine in enumerate(engines):
        due = clock.now() + clock.left(until) / (len(engines) - number)
        told = {"handed": -(-handed // len(engines)), "near": near}
        while not (engine.done or clock.late(due)):
            for formulas in engine.expressions(due, few=engine.expected, **told):
                yield dict(zip(engine.groups, formulas, strict=True))


def _padded(rows: EnumeratedRows, blocks: list[slice]) -> EnumeratedRows:
    """The rows of each block (..., G, m); where a block has fewer than others, its last without weight."""
    most = max(part.stop - part.start for part in blocks)
    places = np.array([[min(part.start + k, part.stop - 1) for k in range(most)] for part in blocks])
    there = np.array([[part.start + k < part.stop for k in range(most)] for part in blocks])
    return EnumeratedRows(
        rows.columns[:, places], rows.y[places] * there, rows.root[places] * there, rows.monomials[:, places]
    )


def _sharing(curvature: np.ndarray, constants: np.ndarray, shared: list[int], nothing: list[int]) -> float:
    """What the sum of squares, of second derivatives (G, K, K) at constants (G, K), gains where some are shared and
    others are zero."""
    fixed = shared + nothing
    own = [j for j in range(constants.shape[1]) if j not in fixed]
    if not fixed:
        return 0.0
    rest = curvature[:, fixed][:, :, fixed]
    if own:
        cross = curvature[:, own][:, :, fixed]
        rest = rest - cross.transpose(0, 2, 1) @ np.linalg.solve(curvature[:, own][:, :, own], cross)
    there, k = constants[:, fixed, None], len(shared)
    common = np.zeros((len(fixed), 1))
    common[:k] = np.linalg.solve(rest.sum(0)[:k, :k], (rest @ there).sum(0)[:k])
    apart = there - common
    return max(float((apart.transpose(0, 2, 1) @ rest @ apart).sum()), 0.0)
