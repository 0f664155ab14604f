"""Which columns act together and which apart: y = A(x) + B(z), or y = A(x) B(z), with the size of what speaks against.

For two groups of columns, change one of them, then the other, then both. In a sum the two changes add up to that of
both, in a product they multiply. What is left of that on random pairs of rows is the interaction, in units of y, with
no formula and no derivative. Two functions with independent errors, from halves of the table, measure it: the mean of
their product has no bias from their errors, and their difference says how large those are.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from kansym.errors import ArgumentError
from kansym.structure.response import Response
from kansym.surfaces import surface

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAIRS = 2_000
"""Pairs of rows for each two groups of columns."""

LEAST_PAIRS = 30
"""Pairs among the data that are needed to say anything."""

WIDE = 0.3
"""Root-mean-square change of the columns over these pairs, in units of that over all pairs, that is enough."""

SEEN, NOT_SEEN = 4.0, 2.0
"""Interaction in units of its error from which it is one, and below which none is seen."""


class Verdict(StrEnum):
    """What the data say of a hypothesis about structure."""

    HOLDS = "holds"
    FAILS = "fails"
    OPEN = "cannot be told"


@dataclass(frozen=True, eq=False)
class Separability:
    """How groups of columns act together.

    Attributes
    ----------
    groups : tuple of tuple of str
        The columns whose joint action was measured.
    sums, products : ndarray, shape (g, g)
        Root-mean-square interaction of two groups, in spreads of y: what keeps y from being a sum, or a product, of a
        function of the one and of the other, all else fixed. The diagonal is the effect of the group, others fixed. nan
        where the rows hold no pairs to see it, as of columns that move together.
    sum_errors, product_errors : ndarray, shape (g, g)
        Errors of these, in the same units.
    target : str
    """

    groups: tuple[tuple[str, ...], ...]
    sums: np.ndarray
    products: np.ndarray
    sum_errors: np.ndarray
    product_errors: np.ndarray
    target: str

    @property
    def terms(self) -> tuple[tuple[str, ...], ...]:
        """The finest sum that the data allow: columns of each term."""
        return self._parts(self.sums, self.sum_errors)

    @property
    def factors(self) -> tuple[tuple[str, ...], ...]:
        """The finest product that the data allow: columns of each factor."""
        return self._parts(self.products, self.product_errors)

    def verdict(self, *, product: bool = False) -> Verdict:
        """Whether y is a sum, or product, of one function for each of the groups.

        "cannot be told" where an interaction is about as large as its error, or no rows show it.
        """
        sizes, errors = (self.products, self.product_errors) if product else (self.sums, self.sum_errors)
        pairs = np.triu_indices(len(self.groups), 1)
        ratio = sizes[pairs] / errors[pairs]
        if (ratio > SEEN).any():
            return Verdict.FAILS
        return Verdict.HOLDS if (ratio < NOT_SEEN).all() else Verdict.OPEN

    def _parts(self, sizes: np.ndarray, errors: np.ndarray) -> tuple[tuple[str, ...], ...]:
        parts = [{k} for k in range(len(self.groups))]
        for i, j in itertools.combinations(range(len(self.groups)), 2):
            # What cannot be seen is not taken apart.
            if not sizes[i, j] < NOT_SEEN * errors[i, j]:
                joined = [part for part in parts if i in part or j in part]
                parts = [part for part in parts if part not in joined] + [set().union(*joined)]
        ordered = sorted(sorted(part) for part in parts)
        return tuple(tuple(name for k in part for name in self.groups[k]) for part in ordered)

    def figure(self, *, dark: bool = False) -> "Figure":
        """The interactions as colours and numbers, sums beside products."""
        return surface("separability_figure")(self, dark=dark)

    def __str__(self) -> str:
        lines = [
            f"{self.target} = {_written(self.terms, ' + ')}",
            f"{self.target} = {_written(self.factors, ' * ')}",
        ]
        for i, j in itertools.combinations(range(len(self.groups)), 2):
            sizes = (
                f"{word} {values[i, j]:.2g} ± {errors[i, j]:.1g}"
                for word, values, errors in (
                    ("sum", self.sums, self.sum_errors),
                    ("product", self.products, self.product_errors),
                )
            )
            lines.append(f"  {', '.join(self.groups[i])} | {', '.join(self.groups[j])}: {'; '.join(sizes)}")
        return "\n".join([*lines, "  what is missing to a sum or a product, in spreads of the target"])


def _written(parts: Sequence[Sequence[str]], sign: str) -> str:
    return sign.join(f"{chr(ord('A') + k % 26)}({', '.join(part)})" for k, part in enumerate(parts))


def separability(
    source: Any, data: Any = None, *, groups: Sequence[str | Sequence[str]] | None = None, seed: int = 0
) -> Separability:
    """Measure whether y is a sum or a product of functions of fewer columns.

    Parameters
    ----------
    source : Dataset, array or DataFrame (n, d), KAN, or callable
        A table (a `Dataset`, or X with y as the second argument), a fitted network, or a function of rows (m, d), such
        as ``formula.predict``. Of a table, interpolants are asked, which takes seconds.
    data : array (n,) or (n, d), optional
        y for X; rows X for a function; other rows than its own for a network.
    groups : sequence of (str or sequence of str), optional
        Columns to keep together, such as ``[["x", "y"], "z"]`` for the question whether z separates. Columns that are
        in no group stay fixed. Default: every column on its own; `Separability.terms` and `factors` then say which
        belong together.
    seed : int, default 0
        Of the pairs of rows and of the halves.

    Returns
    -------
    Separability

    Raises
    ------
    ArgumentError
        If the source cannot be asked, or a group holds names that are not columns, or one twice.
    DataError
        If there are too few rows.

    Notes
    -----
    The mean square of y(a) - y(b on group i) - y(b on group j) + y(b on both) over pairs of rows a, b is four times
    the variance that the interaction of the groups has (Sobol, Math. Comput. Simul. 55 (2001) 271,
    doi:10.1016/S0378-4754(00)00270-6). For products, y(a) y(b on both) - y(b on i) y(b on j) is used, in units of the
    root mean square of y. Points that lie outside of the data are left out.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).uniform(1, 2, (300, 3))
    >>> found = separability(lambda x: x[:, 0] * x[:, 1] + x[:, 2], X)
    >>> found.terms
    (('x0', 'x1'), ('x2',))
    """
    response = Response.of(source, data, seed=seed)
    functions, lacking = response.functions(seed)
    members = _members(groups, response.names)
    count = len(members)
    sizes, errors = np.full((2, count, count), np.nan), np.full((2, count, count), np.nan)
    random = np.random.default_rng(seed)
    first, second = random.integers(0, len(response.X), (2, PAIRS))
    a, b = response.X[first], response.X[second]
    for i, own in enumerate(members):
        moved = _with(a, b, own)
        inside = response.inside(moved)
        if _wide(a, b, own, inside):
            effects = [(f(a[inside]) - f(moved[inside])) / np.sqrt(2) for f in functions]
            sizes[:, i, i], errors[:, i, i] = _size(effects, lacking, response.spread)
    for i, j in itertools.combinations(range(count), 2):
        corners = (a, _with(a, b, members[i]), _with(a, b, members[j]), _with(a, b, members[i] + members[j]))
        inside = response.inside(*corners[1:])
        if not (_wide(a, b, members[i], inside) and _wide(a, b, members[j], inside)):
            continue
        values = [[f(corner[inside]) for corner in corners] for f in functions]
        level = float(np.sqrt(np.mean(response.y**2))) or 1.0
        sums = [(none - one - other + both) / 2 for none, one, other, both in values]
        products = [(none * both - one * other) / (2 * level) for none, one, other, both in values]
        for k, left in enumerate((sums, products)):
            sizes[k, i, j], errors[k, i, j] = sizes[k, j, i], errors[k, j, i] = _size(left, lacking, response.spread)
    names = tuple(tuple(response.names[k] for k in own) for own in members)
    return Separability(names, sizes[0], sizes[1], errors[0], errors[1], response.target)


def _members(groups: Sequence[str | Sequence[str]] | None, names: tuple[str, ...]) -> list[list[int]]:
    """Columns of each group."""
    if groups is None:
        return [[k] for k in range(len(names))]
    lists = [[one] if isinstance(one, str) else list(one) for one in groups]
    flat = [name for one in lists for name in one]
    unknown = [name for name in flat if name not in names]
    if unknown or len(lists) < 2 or not all(lists) or len(set(flat)) < len(flat):
        raise ArgumentError(
            f"groups must be two or more lists of different columns out of {', '.join(names)}, got {groups!r}"
        )
    return [[names.index(name) for name in one] for one in lists]


def _with(a: np.ndarray, b: np.ndarray, columns: list[int]) -> np.ndarray:
    """Rows a with some columns of b."""
    mixed = a.copy()
    mixed[:, columns] = b[:, columns]
    return mixed


def _wide(a: np.ndarray, b: np.ndarray, columns: list[int], inside: np.ndarray) -> bool:
    """Whether pairs of rows among the data change the columns by about as much as any pairs do."""
    if inside.sum() < LEAST_PAIRS:
        return False
    moves = ((b - a)[:, columns] / np.maximum(np.std(a[:, columns], axis=0), 1e-300)) ** 2
    return bool(moves[inside].mean() >= WIDE**2 * moves.mean())


def _size(left: list[np.ndarray], lacking: float, spread: float) -> tuple[float, float]:
    """Root mean square of what is left at each of m pairs, by each function, and its error; in spreads of y."""
    if len(left) == 1:
        return float(np.sqrt(np.mean(left[0] ** 2))) / spread, lacking / spread
    one, other = left
    square = max(float(np.mean(one * other)), 0.0)
    apart = float(np.sqrt(np.mean((one - other) ** 2) / 2))
    return float(np.sqrt(square)) / spread, float(np.maximum(apart, lacking)) / spread
