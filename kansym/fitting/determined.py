"""What the data determine where they cannot tell the constants themselves apart."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from kansym.fitting.estimate import Estimate
from kansym.symbolic.scaled_columns import scaled_svd, unit_columns, zero_if_undefined

POWERS = (1, -1, 2, -2, 3, -3)
"""Exponents in a product, and multiples in a sum."""

LARGEST = 6
"""Parts of a combination at most, where all are tried."""

SEARCHED = 6
"""Constants of a group of which all combinations are tried; of larger groups pairs, threes and reduced rows."""

ORTHOGONAL = 1e-6
"""Part of a gradient along a direction without effect that counts as none."""

CHECKS, MOVED = 3, 0.2
"""Other places where a combination must be determined too, and how far away they are, relative to the constants.
Derivatives in one place may be orthogonal to a direction by chance; algebra holds everywhere."""

NEGLIGIBLE = 1e-6
"""Share of a constant in a direction without effect that counts as none."""


@dataclass(frozen=True, eq=False)
class Part:
    """A function of the constants with its gradient.

    Attributes
    ----------
    text : str
    is_sum : bool
        Whether it needs parentheses in a product.
    members : frozenset of int
        Constants in it, by index.
    value : callable
        Of all constants (k,).
    gradient : callable
        With respect to all constants, shape (k,).
    """

    text: str
    is_sum: bool
    members: frozenset[int]
    value: Callable[[np.ndarray], float]
    gradient: Callable[[np.ndarray], np.ndarray]


def constant_part(name: str, j: int, k: int) -> Part:
    """The j-th of k constants."""
    unit = np.zeros(k)
    unit[j] = 1.0
    return Part(name, False, frozenset([j]), lambda values: float(values[j]), lambda values: unit)


def product_of(parts: Sequence[Part], powers: Sequence[int]) -> Part:
    """A product of whole powers."""

    def value(values: np.ndarray) -> float:
        with np.errstate(all="ignore"):
            factors = [np.float64(part.value(values)) ** power for part, power in zip(parts, powers, strict=True)]
            return float(np.prod(factors))

    def gradient(values: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            logarithmic = [
                power * part.gradient(values) / part.value(values) for part, power in zip(parts, powers, strict=True)
            ]
            return value(values) * np.sum(logarithmic, axis=0)

    texts = [(f"({part.text})" if part.is_sum else part.text, power) for part, power in zip(parts, powers, strict=True)]
    above = "*".join(_powered(text, power) for text, power in texts if power > 0) or "1"
    below = [_powered(text, -power) for text, power in texts if power < 0]
    divisor = f"({'*'.join(below)})" if len(below) > 1 else "".join(below)
    members = frozenset().union(*(part.members for part in parts))
    return Part(f"{above}/{divisor}" if below else above, False, members, value, gradient)


def _powered(text: str, power: int) -> str:
    return text if power == 1 else f"{text}**{power}"


def exponential_of(part: Part) -> Part:
    """The exponential of a part."""

    def value(values: np.ndarray) -> float:
        with np.errstate(all="ignore"):
            return float(np.exp(part.value(values)))

    return Part(f"exp({part.text})", False, part.members, value, lambda values: value(values) * part.gradient(values))


def sum_of(parts: Sequence[Part], multiples: Sequence[int]) -> Part:
    """A sum of whole multiples."""

    def value(values: np.ndarray) -> float:
        return float(sum(number * part.value(values) for part, number in zip(parts, multiples, strict=True)))

    def gradient(values: np.ndarray) -> np.ndarray:
        return np.sum([number * part.gradient(values) for part, number in zip(parts, multiples, strict=True)], axis=0)

    text = ""
    for part, number in zip(parts, multiples, strict=True):
        term = part.text if abs(number) == 1 else f"{abs(number)}*{part.text}"
        text += term if not text else f" {'-' if number < 0 else '+'} {term}"
    return Part(text, True, frozenset().union(*(part.members for part in parts)), value, gradient)


@dataclass(frozen=True)
class Combination:
    """A combination of constants that the data determine.

    Attributes
    ----------
    text : str
        Such as ``"A*C"`` or ``"B - D"``.
    names : tuple of str
        The constants in it.
    value : float
    error : float
        Standard error; nan where errors cannot be estimated.
    """

    text: str
    names: tuple[str, ...]
    value: float
    error: float


def determined_combinations(fit: Estimate, rng: np.random.Generator) -> tuple[Combination, ...]:
    """The simplest independent combinations, as many as can be found of those that the data determine.

    Products with whole powers and sums with whole multiples are tried, of constants and of sums or products of two of
    them, and products with an exponential. A combination is determined if its gradient lies in the row space of the
    Jacobian; the algebra of the formula or of the rows (columns that are proportional) may make it so.

    Parameters
    ----------
    fit : Estimate
    rng : numpy.random.Generator
        Where else the combinations are checked.
    """
    if not fit.null_space.shape[1]:
        return ()
    values = fit.values
    places = [(values, _directions(fit, values))]
    for _ in range(4 * CHECKS):
        moved = values * (1 + MOVED * np.where(fit.at_bound, 0.0, rng.uniform(-1, 1, values.shape)))
        directions = _directions(fit, moved)
        if directions is not None and directions.shape == fit.null_space.shape:
            places.append((moved, directions))
        if len(places) > CHECKS:
            break
    names = [symbol.name for symbol in fit.form.constants]
    found: list[Combination] = []
    for group in undetermined_groups(fit.null_space):
        if len(group) < 2 or len(places) < 2:
            continue
        wanted = len(group) - int(np.linalg.matrix_rank(fit.null_space[group], tol=ORTHOGONAL))
        found += _of_group(fit, names, group, wanted, places)
    return tuple(found)


def _directions(fit: Estimate, values: np.ndarray) -> np.ndarray | None:
    """Directions without effect at these values, in units of the constants; None where the formula is not finite."""
    if not np.isfinite(fit.squares.loss(values)):
        return None
    null = fit.squares.null_space(values)
    lengths = unit_columns(fit.squares.jacobian(values))[1]
    with np.errstate(all="ignore"):
        # A constant without effect moves freely: any length will do.
        return null / np.where(lengths > 0, lengths, 1.0)[:, None]


def _of_group(
    fit: Estimate,
    names: Sequence[str],
    group: Sequence[int],
    wanted: int,
    places: list[tuple[np.ndarray, np.ndarray | None]],
) -> list[Combination]:
    found: list[Combination] = []
    basis = np.zeros((0, len(names)))
    for part in _candidates(names, group, *places[0]):
        if len(found) == wanted:
            break
        if not all(_orthogonal(part, values, directions) for values, directions in places if directions is not None):
            continue
        gradient = part.gradient(fit.values)
        scale = np.abs(fit.values) + (fit.values == 0)
        direction = gradient * scale
        size = float(np.linalg.norm(direction))
        if not (np.isfinite(size) and size > 0.0):
            continue
        extended = np.vstack([basis, direction / size])
        if np.linalg.matrix_rank(extended, tol=1e-6) <= len(basis):
            continue
        basis = extended
        members = tuple(names[j] for j in sorted(part.members))
        found.append(Combination(part.text, members, part.value(fit.values), _error(fit, gradient)))
    return found


def _orthogonal(part: Part, values: np.ndarray, directions: np.ndarray) -> bool:
    with np.errstate(all="ignore"):
        gradient = part.gradient(values)
        terms = gradient[:, None] * directions
        sizes = np.abs(terms).sum(axis=0)
        # The directions of other groups have parts along this one that are rounding.
        return bool(np.isfinite(terms).all() and (np.abs(terms.sum(axis=0)) <= ORTHOGONAL * sizes.max()).all())


def _error(fit: Estimate, gradient: np.ndarray) -> float:
    """Standard error of a combination whose gradient lies in the row space."""
    squares = fit.squares
    lengths, singular, vectors, rank = scaled_svd(squares.free_jacobian(fit.values) * squares.scale)
    with np.errstate(all="ignore"):
        scaled = zero_if_undefined(gradient / lengths)
        return float(fit.sigma * np.linalg.norm((vectors[:rank] @ scaled) / singular[:rank]))


def _candidates(
    names: Sequence[str], group: Sequence[int], values: np.ndarray, directions: np.ndarray | None
) -> list[Part]:
    """Products and sums, the simple ones first."""
    plain = [constant_part(names[j], j, len(names)) for j in group]
    pairs_of_sums = [sum_of([a, b], [1, sign]) for a, b in combinations(plain, 2) for sign in (1, -1)]
    pairs_of_products = [product_of([a, b], [1, power]) for a, b in combinations(plain, 2) for power in (1, -1)]
    result: list[tuple[tuple[int, int, int], Part]] = []
    largest = LARGEST if len(group) <= SEARCHED else 3
    for size in range(2, min(largest, len(group)) + 1):
        for parts in combinations(plain, size):
            for weights in _weights(size):
                result.append((_cost(weights), product_of(parts, weights)))
                result.append((_cost(weights), sum_of(parts, weights)))
    for pair, other in product(pairs_of_sums, plain):
        if not pair.members & other.members:
            result += [((5, 2, power < 0), product_of([other, pair], [power, 1])) for power in (1, -1)]
    for pair, other in product(pairs_of_products, plain):
        if not pair.members & other.members:
            result += [((5, 2, sign < 0), sum_of([other, pair], [1, sign])) for sign in (1, -1)]
    for one, other in product(plain, plain):
        if one is not other:
            result += [((6, 2, power < 0), product_of([one, exponential_of(other)], [1, power])) for power in (1, -1)]
    if directions is not None and len(group) > SEARCHED:
        chosen = directions[list(group)]
        with np.errstate(all="ignore"):
            logarithmic = chosen / values[list(group)][:, None]
        for matrix, make in ((logarithmic, product_of), (chosen, sum_of)):
            for row in _whole_rows(matrix):
                used = [i for i, weight in enumerate(row) if weight]
                weights = [row[i] for i in used]
                result.append((_cost(weights), make([plain[i] for i in used], weights)))
    order = sorted(range(len(result)), key=lambda i: (result[i][0], i))
    return [result[i][1] for i in order]


def _cost(weights: Sequence[int]) -> tuple[int, int, int]:
    return len(weights), sum(map(abs, weights)), sum(weight < 0 for weight in weights)


def _weights(size: int) -> list[tuple[int, ...]]:
    """Whole numbers without common factor, the first positive."""
    options = POWERS[: {2: 6, 3: 6, 4: 4}.get(size, 2)]
    return [weights for weights in product(options, repeat=size) if weights[0] > 0 and np.gcd.reduce(weights) == 1]


def _whole_rows(directions: np.ndarray) -> list[list[int]]:
    """Combinations of many constants: reduced rows that no direction (m, r) has a part along, if they are whole.

    With products in mind, the rows are exponents and the directions those of the logarithms of the constants.
    """
    if not np.isfinite(directions).all():
        return []
    left, singular, _ = np.linalg.svd(directions / np.abs(directions).max(axis=1, keepdims=True).clip(1e-300))
    rank = int((singular > ORTHOGONAL * singular[0]).sum())
    rows = left[:, rank:].T / np.abs(directions).max(axis=1).clip(1e-300)
    rows = rows / np.abs(rows).max(axis=1, keepdims=True).clip(1e-300)
    for i in range(len(rows)):
        pivot = int(np.argmax(np.abs(rows[i])))
        if abs(rows[i, pivot]) < ORTHOGONAL:
            continue
        rows[i] /= rows[i, pivot]
        for other in range(len(rows)):
            if other != i:
                rows[other] -= rows[other, pivot] * rows[i]
    found = []
    for row in rows:
        for multiple in (1, 2, 3):
            whole = np.round(multiple * row)
            if (
                np.abs(multiple * row - whole).max() < 1e-6
                and np.count_nonzero(whole) >= 2
                and np.abs(whole).max() <= 3
            ):
                first = whole[np.flatnonzero(whole)[0]]
                found.append([int(weight * np.sign(first)) for weight in whole])
                break
    return found


def undetermined_groups(null_space: np.ndarray) -> list[list[int]]:
    """Constants that are tied to each other by directions without effect.

    Parameters
    ----------
    null_space : array (k, r)
        Orthonormal directions, constants in units of their own effect.

    Returns
    -------
    list of list of int
        Indices; a single one where a constant has no effect of its own.
    """
    # The projector, unlike the directions, does not depend on how they were chosen.
    tied = np.abs(null_space @ null_space.T) > NEGLIGIBLE
    groups: list[list[int]] = []
    left = [j for j in range(len(tied)) if tied[j, j]]
    while left:
        group = [left.pop(0)]
        for member in group:
            group += [j for j in left if tied[member, j]]
            left = [j for j in left if j not in group]
        groups.append(sorted(group))
    return groups


def undetermined_notes(
    names: Sequence[str], null_space: np.ndarray, determined: Sequence[tuple[tuple[str, ...], str]] = ()
) -> list[str]:
    """A sentence for every group of `undetermined_groups`.

    Parameters
    ----------
    names : sequence of str, length k
    null_space : array (k, r)
    determined : sequence of (names, text)
        What is known instead: the constants in a combination, and the combination with its value.
    """
    notes = []
    for group in undetermined_groups(null_space):
        members = [names[j] for j in group]
        if len(members) == 1:
            notes.append(
                f"The data do not determine {members[0]}: it has no effect on the formula at these rows. Its value is "
                "arbitrary and has no error."
            )
            continue
        listed = f"{', '.join(members[:-1])} and {members[-1]}"
        part = null_space[group]
        free = int(np.linalg.matrix_rank(part, tol=NEGLIGIBLE))
        left = len(group) - free
        kept = f"only {left} combination{'s' if left > 1 else ''} of them" if left else "none of them"
        texts = [text for inside, text in determined if set(inside) <= set(members)]
        known = f" What they determine: {', '.join(texts)}." if texts else ""
        notes.append(
            f"The data cannot tell {listed} apart: they determine {kept}. Their values are one choice of many and have "
            f"no errors; fix {free} of them at a number in the formula.{known}"
        )
    return notes
