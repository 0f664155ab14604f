# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportReturnType=false, reportOperatorIssue=false
"""Coordinates of a table: the inputs, or a combination of two in place of one of them.

The combination and its partner are drawn from a box in which all of their values stay within the data: an interpolant
knows nothing outside.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import sympy

EDGE = 0.005
"""Share of the rows at each end of an input where an interpolant is not read."""

BOXES = (0.8, 0.65, 0.5, 0.35)
"""Share of the rows between the sides of a box, in each of its two directions; the first that fits is taken."""

Solve = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class _Change:
    """A combination u(x, z) that takes the place of x, and x(u, z)."""

    expression: Callable[[sympy.Expr, sympy.Expr], sympy.Expr]
    forward: Solve
    back: Solve


_CHANGES = (
    _Change(lambda x, z: x - z, lambda x, z: x - z, lambda u, z: u + z),
    _Change(lambda x, z: z - x, lambda x, z: z - x, lambda u, z: z - u),
    _Change(lambda x, z: x * z, lambda x, z: x * z, lambda u, z: u / z),
    _Change(lambda x, z: x / z, lambda x, z: x / z, lambda u, z: u * z),
    _Change(lambda x, z: z / x, lambda x, z: z / x, lambda u, z: z / u),
    _Change(lambda x, z: x + z, lambda x, z: x + z, lambda u, z: u - z),
    _Change(lambda x, z: x * z**2, lambda x, z: x * z**2, lambda u, z: u / z**2),
    _Change(lambda x, z: x**2 * z, lambda x, z: x**2 * z, lambda u, z: np.sqrt(u / z)),
)


@dataclass(frozen=True, eq=False)
class Frame:
    """Coordinates of a table: the inputs themselves.

    Attributes
    ----------
    X : ndarray, shape (n, d)
        The coordinates of the rows.
    expressions : tuple of Expr, length d
        In the inputs.
    """

    X: np.ndarray
    expressions: tuple[sympy.Expr, ...]

    def points(self, column: int, count: int) -> np.ndarray:
        """Values of one coordinate, as the rows are spread."""
        return np.quantile(self.X[:, column], np.linspace(EDGE, 1 - EDGE, count))

    def draws(self, count: int, generator: np.random.Generator) -> np.ndarray:
        """Rows of coordinates, as those of the table are."""
        return self.X[generator.permutation(len(self.X))[:count]]

    def inputs(self, Z: np.ndarray) -> np.ndarray:
        """Inputs for rows of coordinates."""
        return Z


@dataclass(frozen=True, eq=False)
class Combined(Frame):
    """Coordinates with a combination of two inputs in place of one of them.

    Attributes
    ----------
    replaced, partner : int
        Column that gave way to a combination, and that of the other input in it.
    sides : dict of int to ndarray
        Ends of the box of both.
    back : callable
        The input that gave way, of the combination and the other.
    """

    replaced: int
    partner: int
    sides: dict[int, np.ndarray]
    back: Solve

    @property
    def combination(self) -> sympy.Expr:
        """The coordinate that took the place of an input."""
        return self.expressions[self.replaced]

    def points(self, column: int, count: int) -> np.ndarray:
        """Values of one coordinate; evenly between the sides of the box."""
        if column in self.sides:
            low, high = self.sides[column]
            return np.linspace(low, high, count)
        return super().points(column, count)

    def draws(self, count: int, generator: np.random.Generator) -> np.ndarray:
        """Rows of coordinates; those of the box are drawn evenly from it."""
        Z = super().draws(count, generator).copy()
        for column, (low, high) in self.sides.items():
            Z[:, column] = generator.uniform(low, high, len(Z))
        return Z

    def inputs(self, Z: np.ndarray) -> np.ndarray:
        """Inputs for rows of coordinates."""
        X = Z.copy()
        X[:, self.replaced] = self.back(Z[:, self.replaced], Z[:, self.partner])
        return X


def frames(X: np.ndarray, variables: tuple[sympy.Symbol, ...], *, boxed: bool = True) -> Iterator[Combined]:
    """Coordinates in which a combination of two inputs takes the place of one, wherever a box fits into the data.

    Without boxes all there are: of a sum of products every function is seen on all rows.
    """
    for replaced, partner in itertools.permutations(range(X.shape[1]), 2):
        x, z = X[:, replaced], X[:, partner]
        for change in _CHANGES:
            with np.errstate(all="ignore"):
                u = change.forward(x, z)
                if not (np.isfinite(u).all() and np.ptp(u) > 0):
                    continue
                sides = _box(u, x, z, change.back) if boxed else (_ends(u), _ends(z))
            if sides is None:
                continue
            Z = X.copy()
            Z[:, replaced] = u
            expressions: list[sympy.Expr] = list(variables)
            expressions[replaced] = change.expression(variables[replaced], variables[partner])
            both = dict(zip((replaced, partner), sides, strict=True))
            yield Combined(Z, tuple(expressions), replaced, partner, both, change.back)


def _ends(values: np.ndarray) -> np.ndarray:
    return np.array([values.min(), values.max()])


def _box(u: np.ndarray, x: np.ndarray, z: np.ndarray, back: Solve) -> tuple[np.ndarray, np.ndarray] | None:
    """Sides of u and z between which x stays within its values; x is monotonic in both."""
    for share in BOXES:
        ends = [0.5 - share / 2, 0.5 + share / 2]
        one, other = np.quantile(u, ends), np.quantile(z, ends)
        corners = back(np.repeat(one, 2), np.tile(other, 2))
        # Where signs change, a combination that divides has a pole between the corners.
        safe = (one.prod() > 0 and other.prod() > 0) or bool(np.isfinite(back(np.zeros(1), np.zeros(1))).all())
        if safe and np.isfinite(corners).all() and corners.min() >= x.min() and corners.max() <= x.max():
            return one, other
    return None
