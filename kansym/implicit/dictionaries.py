"""Dictionaries of terms that a relation is looked for in, from the values that the columns allow; names say nothing.

Each dictionary is small enough to be searched whole: products of powers; products with a function of one column, such
as the sine of an angle or a logarithm; functions of a product of two columns; functions with an inner constant.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from kansym.implicit.terms import Function, Powers, Term, bits_of, one_of, single, values_and_slopes

MOST_TERMS = 120
"""Terms of a dictionary: with so many, all sums of two and most of three are tried in a second."""

MOST_PRODUCTS = 60
"""The same where each product stands alone and with several functions."""

GROUPS = (("log",), ("sin", "cos", "sin2", "tan"), ("exp",), ("tanh",))
"""Functions that stand in one relation together."""

HIGHEST = 4
"""Power of a column: higher ones imitate each other."""

TURNS = 4 * np.pi
"""Size up to which a column may be an angle in radians."""

LARGEST_ARGUMENT = 30.0
"""Of a function that grows exponentially."""


@dataclass(frozen=True)
class Dictionary:
    """Terms that are tried together.

    Attributes
    ----------
    name : str
    terms : tuple of Term
        The cheapest first.
    required : frozenset of int
        Places of terms of which a relation must have one: those that no other dictionary has. Empty for all.
    rates : tuple of float
        Inner constants, where terms have some.
    """

    name: str
    terms: tuple[Term, ...]
    required: frozenset[int] = frozenset()
    rates: tuple[float, ...] = ()


def usable(terms: Iterable[Term], X: np.ndarray, noise: np.ndarray, rates: Sequence[float] = ()) -> list[Term]:
    """Terms with finite values and slopes that vary, and that errors leave something of."""
    terms = list(terms)
    if not terms:
        return []
    values, slopes = values_and_slopes(terms, X, rates)
    with np.errstate(all="ignore"):
        finite = np.isfinite(values).all(axis=0) & np.isfinite(slopes).all(axis=(0, 2))
        sizes = np.sqrt(np.mean(values**2, axis=0))
        varies = np.ptp(values, axis=0) > 1e-9 * sizes
        # Near a pole first order says nothing of what errors do.
        moved = np.abs(slopes * noise[:, None, :]).max(axis=2)
        steady = (moved <= np.maximum(np.abs(values), np.std(values, axis=0))).mean(axis=0) > 0.97
    return [term for term, ok in zip(terms, finite & varies & steady, strict=True) if ok]


def powers_allowed(column: np.ndarray, error: np.ndarray) -> list[tuple[float, int]]:
    """Powers that a column may have, each with what it counts for: 1 for the column itself and its inverse."""
    found = [(float(k), k) for k in range(1, HIGHEST + 1)]
    # Negative powers need a column that stays away from zero by several of its errors.
    size = np.abs(column)
    if size.min() > max(4 * float(error.max()) * (column.min() < 0 < column.max()), 0.0) and size.min() > 0:
        found += [(-1.0, 1), (-2.0, 2)]
    if column.min() > 0:
        found += [(0.5, 2), (-0.5, 2)]
    return found


def monomials(X: np.ndarray, errors: np.ndarray, most: int) -> list[Term]:
    """Products of powers, as many whole layers of equal effort as there is room for."""
    d = X.shape[1]
    allowed = [[(0.0, 0), *powers_allowed(X[:, j], errors[:, j])] for j in range(d)]
    kept: list[Term] = []
    for effort in range(1, HIGHEST + 3):
        layer = [Term(powers) for powers in _of_effort(allowed, effort)]
        layer = sorted(usable(layer, X, errors), key=bits_of)
        if kept and len(kept) + len(layer) > most:
            return sorted(kept + layer[: most - len(kept)], key=bits_of)
        kept += layer
        if len(kept) > most:
            break
    return sorted(kept, key=bits_of)[:most]


def _of_effort(allowed: Sequence[Sequence[tuple[float, int]]], effort: int) -> Iterator[Powers]:
    """Exponents whose counts add up to an effort."""
    if len(allowed) == 1:
        yield from ((power,) for power, cost in allowed[0] if cost == effort)
        return
    for power, cost in allowed[0]:
        if cost <= effort:
            for rest in _of_effort(allowed[1:], effort - cost):
                yield (power, *rest)


def logarithms(X: np.ndarray, errors: np.ndarray) -> list[Term]:
    """The logarithm of every positive column."""
    d = X.shape[1]
    terms = [Term(one_of(d), (Function("log", single(d, j)),)) for j in range(d) if X[:, j].min() > 0]
    return usable(terms, X, errors)


def _is_angle(column: np.ndarray) -> bool:
    """Whether values can be angles in radians, and are no narrow band of them."""
    return bool(np.abs(column).max() <= TURNS and np.ptp(column) > 0.2)


def plain_functions(X: np.ndarray) -> list[Function]:
    """Functions of one column without an inner constant."""
    d, found = X.shape[1], []
    for j in range(d):
        column, powers = X[:, j], single(d, j)
        if column.min() > 0:
            found.append(Function("log", powers))
        if _is_angle(column):
            found += [Function(shape, powers) for shape in ("sin", "cos", "sin2", "tan")]
    return found


def pair_functions(X: np.ndarray) -> list[Function]:
    """Functions of the product or ratio of two columns."""
    d, found = X.shape[1], []
    for i, j in itertools.combinations(range(d), 2):
        for first, second in ((1, 1), (1, -1), (-1, 1)):
            powers = tuple(float(first) if k == i else float(second) if k == j else 0.0 for k in range(d))
            with np.errstate(all="ignore"):
                argument = X[:, i] ** float(first) * X[:, j] ** float(second)
            if not np.isfinite(argument).all():
                continue
            if np.abs(argument).max() < LARGEST_ARGUMENT:
                found += [Function(shape, powers) for shape in ("exp", "tanh")]
            if _is_angle(argument):
                found += [Function(shape, powers) for shape in ("sin", "cos")]
    return found


def with_functions(X: np.ndarray, errors: np.ndarray, functions: Sequence[Function], name: str) -> Dictionary | None:
    """Products of powers alone, and times one function each; None where no function has values."""
    d = X.shape[1]
    alone = monomials(X, errors, max(MOST_PRODUCTS // 2, 2 * d))
    few = alone[: max(MOST_TERMS // max(len(functions), 1), d)]
    made = [Term(one_of(d), (function,)) for function in functions]
    made += [
        Term(term.powers, (function,))
        for function in functions
        for term in few
        if sum(power != 0 for power in term.powers) <= 2 and max(map(abs, term.powers)) <= 2
    ]
    made = sorted(usable(made, X, errors), key=bits_of)[:MOST_TERMS]
    if not made:
        return None
    terms = sorted([*alone, *made], key=bits_of)
    return Dictionary(name, tuple(terms), frozenset(k for k, term in enumerate(terms) if term.functions))


def of_columns(X: np.ndarray, errors: np.ndarray) -> Iterator[Dictionary]:
    """All dictionaries without inner constants, the plainest first."""
    logs = logarithms(X, errors)
    if len(logs) > 1:
        yield Dictionary("powers", tuple(logs))
    yield Dictionary("products", tuple(monomials(X, errors, MOST_TERMS)))
    for kind, functions in (("functions", plain_functions(X)), ("functions of two columns", pair_functions(X))):
        for shapes in GROUPS:
            own = [one for one in functions if one.shape in shapes]
            found = with_functions(X, errors, own, f"{kind}, {' and '.join(shapes)}") if own else None
            if found is not None:
                yield found


FAMILIES = (("exp",), ("sin", "cos"), ("cosh",), ("tanh",))
"""Functions that share an inner constant."""


def inner_grid(shapes: Sequence[str], column: np.ndarray) -> np.ndarray:
    """Inner constants to begin from, between hardly bent and as bent as rows can show.

    The steps are as wide as a fit reaches from: a fifth of the constant, or of waves half a radian over the column.
    """
    width, peak = float(np.ptp(column)), float(np.abs(column).max())
    if "sin" in shapes:
        return np.arange(1.0, 40.0, 0.5) / width
    grid = np.geomspace(0.3, LARGEST_ARGUMENT / 2, 20) / width
    grid = grid[grid * peak < 20 * LARGEST_ARGUMENT]
    return np.concatenate([grid, -grid]) if shapes == ("exp",) else grid


def inner_functions(
    X: np.ndarray, errors: np.ndarray, place: int, shapes: Sequence[str], rate: float, beside: Sequence[Term]
) -> Dictionary | None:
    """Functions of one column with an inner constant, alone and times another column, beside products of powers."""
    d = X.shape[1]
    functions = [Function(shape, single(d, place), 0) for shape in shapes]
    products = [one_of(d), *(single(d, j) for j in range(d) if j != place)]
    made = usable([Term(powers, (one,)) for one in functions for powers in products], X, errors, (rate,))
    if not made:
        return None
    terms = sorted([*beside, *made], key=bits_of)
    return Dictionary(
        "inner constants", tuple(terms), frozenset(k for k, t in enumerate(terms) if t.functions), (rate,)
    )
