# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportOperatorIssue=false
"""Is a formula finite and real everywhere in a box? Interval arithmetic with subdivision, and points that break it."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

import numpy as np
import sympy

from kansym.data.sample_points import inside
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import parametrize
from kansym.validation.interval_arithmetic import interval

POINTS = 512
"""Points at which every condition is looked at first."""

MOST_BOXES = 60_000
"""Boxes that are bounded for one condition."""

AT_ONCE = 4_000

MIDPOINTS = 2_000
"""Pairs of rows between which conditions are looked at."""

LIMITS = 8
"""Places of the other columns at which a limit is looked for."""

STEPS_ASIDE = (-1e-3, 1e-3, -1e-5, 1e-5)
"""Steps to either side of a place where a denominator vanishes, in widths of the box: far and near."""

AT_A_LIMIT = 1e-3
"""Largest difference between the two sides, in units of the values a little farther away."""

DEFINED, UNDEFINED, UNDECIDED = "defined", "undefined", "undecided"


@dataclass(frozen=True)
class Domain:
    """Whether a formula has finite real values in a whole box.

    Attributes
    ----------
    status : str
        "defined": proved, everywhere in the box. "undefined": there is a point where it is not. "undecided": neither,
        within the limits of time and of double precision.
    reason : str
        What breaks or could not be decided; for "defined" empty, or where a limit takes the place of a value.
    example : tuple of float
        A point where it breaks, or near which it could not be decided: one number per column; else empty.
    among_rows : bool
        Whether it breaks between rows of the table, and not only in a part of the box that has none.
    undecided_share : float
        Largest share of the box, over the conditions, in which a condition could not be decided.
    """

    status: str
    reason: str
    example: tuple[float, ...]
    among_rows: bool
    undecided_share: float


class Requirement(Enum):
    """What has to hold for a part of a formula."""

    POSITIVE = auto()
    NOT_NEGATIVE = auto()
    NOT_ZERO = auto()
    FINITE = auto()


@dataclass(frozen=True)
class Condition:
    """What has to hold for a formula to have a finite real value: a condition on one of its parts.

    Attributes
    ----------
    part : sympy.Expr
    kind : Requirement
        What has to hold for it.
    reason : str
        What breaks where it does not hold, in words.
    """

    part: sympy.Expr
    kind: Requirement
    reason: str


def conditions(expression: sympy.Expr) -> list[Condition]:
    """All conditions of an expression, the innermost first; last that its value is finite."""
    found: dict[tuple[sympy.Expr, Requirement], Condition] = {}
    for node in sympy.postorder_traversal(expression):
        for condition in _of(node):
            if condition.part.free_symbols:
                found.setdefault((condition.part, condition.kind), condition)
    found[expression, Requirement.FINITE] = Condition(expression, Requirement.FINITE, "the value overflows")
    # A positive part is also not negative and not zero.
    strict = {part for part, kind in found if kind == Requirement.POSITIVE}
    return [
        c
        for (part, kind), c in found.items()
        if kind in (Requirement.POSITIVE, Requirement.FINITE) or part not in strict
    ]


def _of(node: sympy.Basic) -> Iterator[Condition]:
    name = type(node).__name__
    if node.is_Pow:
        yield from _of_power(*node.args)
    elif name == "log":
        yield Condition(node.args[0], Requirement.POSITIVE, "logarithm of a number that is not positive")
    elif name in ("tan", "sec"):
        yield Condition(sympy.cos(node.args[0]), Requirement.NOT_ZERO, "pole")
    elif name in ("cot", "csc"):
        yield Condition(sympy.sin(node.args[0]), Requirement.NOT_ZERO, "pole")
    elif name in ("coth", "csch"):
        yield Condition(node.args[0], Requirement.NOT_ZERO, "pole")
    elif name in ("asin", "acos"):
        yield Condition(1 - node.args[0], Requirement.NOT_NEGATIVE, f"{name} of a number above 1")
        yield Condition(1 + node.args[0], Requirement.NOT_NEGATIVE, f"{name} of a number below -1")
    elif name == "acosh":
        yield Condition(node.args[0] - 1, Requirement.NOT_NEGATIVE, "acosh of a number below 1")
    elif name == "atanh":
        yield Condition(1 - node.args[0], Requirement.POSITIVE, "atanh of a number of at least 1")
        yield Condition(1 + node.args[0], Requirement.POSITIVE, "atanh of a number of at most -1")
    elif name in ("bessely", "besselk"):
        yield Condition(node.args[1], Requirement.POSITIVE, f"{name} of a number that is not positive")
    elif name == "LambertW":
        yield Condition(node.args[0] + sympy.exp(-1), Requirement.NOT_NEGATIVE, "LambertW of a number below -1/e")


def _of_power(base: sympy.Expr, exponent: sympy.Expr) -> Iterator[Condition]:
    if base is sympy.E:
        return
    if not exponent.is_number:
        yield Condition(base, Requirement.POSITIVE, "power of a number that is not positive")
    elif exponent.is_Integer:
        if exponent.is_negative:
            yield Condition(base, Requirement.NOT_ZERO, "pole")
    elif exponent.is_negative:
        yield Condition(
            base, Requirement.POSITIVE, "root or real power of a number that is not positive, in a denominator"
        )
    else:
        yield Condition(base, Requirement.NOT_NEGATIVE, "root or real power of a negative number")


def check_domain(
    expression: sympy.Expr,
    names: Sequence[str],
    box: np.ndarray,
    *,
    rows: np.ndarray | None = None,
    seed: int = 0,
) -> Domain:
    """Look for poles and undefined places of a formula in a box, or prove that there are none.

    Every denominator, logarithm, root and so on gives a condition on a part of the formula. Points that break one are
    looked for first; a part that must not vanish and has both signs vanishes between, and bisection gives the place.
    Else the box is split until bounds of the part decide, or the limits are reached.

    Parameters
    ----------
    expression : sympy.Expr
        In plain symbols.
    names : sequence of str, length d
    box : array (d, 2)
    rows : array (n, d), optional
        The table: where it fills only a part of the box, as with x < y, a formula may well be undefined in the rest.
    seed : int
        Of the points.
    """
    symbols = tuple(plain_symbol(name) for name in names)
    points = np.concatenate([inside(box, POINTS, seed=seed), _corners(box)])
    found = []
    limits: list[Condition] = []
    for condition in conditions(expression):
        if _removable(condition, expression, symbols, box):
            limits.append(condition)
            continue
        broken = _broken_point(condition, symbols, points)
        if broken is None:
            verdict = _decide(condition, symbols, box)
        else:
            verdict = Domain(UNDEFINED, _words(condition), tuple(float(x) for x in broken), False, 0.0)
        if verdict.status == UNDEFINED and rows is not None and _among(condition, symbols, rows, seed):
            return replace(verdict, among_rows=True)
        found.append(verdict)
        if limits and condition.kind == Requirement.FINITE and verdict.status == UNDECIDED:
            # Bounds decide nothing where a limit is taken.
            found[-1] = Domain(DEFINED, f"by its limit where {_short(limits[0].part)} vanishes", (), False, 0.0)
    order = (DEFINED, UNDECIDED, UNDEFINED)
    return max(found, key=lambda verdict: (order.index(verdict.status), verdict.undecided_share))


def _removable(
    condition: Condition, expression: sympy.Expr, symbols: tuple[sympy.Symbol, ...], box: np.ndarray
) -> bool:
    """Whether a part that must not vanish does so at one value of one column, where the formula has a finite limit.

    As sin(x)/x at zero: on both sides the formula goes to one number, and a pole would grow.
    """
    used = [j for j, symbol in enumerate(symbols) if symbol in condition.part.free_symbols]
    if condition.kind != Requirement.NOT_ZERO or len(used) != 1:
        return False
    (column,) = used
    slope = sympy.diff(condition.part, symbols[column])
    if slope.free_symbols or not slope:
        return False
    zero = -float(condition.part.subs(symbols[column], 0) / slope)
    width = float(box[column, 1] - box[column, 0])
    if not box[column, 0] <= zero <= box[column, 1] or not width > 0:
        return False
    # Other columns at several places: the limit must be there for all of them.
    points = np.repeat(inside(box, LIMITS, seed=0), 4, axis=0)
    points[:, column] = zero + width * np.tile(STEPS_ASIDE, LIMITS)
    values = parametrize(expression, symbols).evaluate(points).reshape(LIMITS, 4)
    far, near = values[:, :2], values[:, 2:]
    size = np.abs(far).max(axis=1)
    return bool(
        np.isfinite(values).all()
        and (np.abs(near).max(axis=1) <= 2 * size).all()
        and (np.abs(near[:, 0] - near[:, 1]) <= AT_A_LIMIT * size).all()
    )


def _among(condition: Condition, symbols: tuple[sympy.Symbol, ...], rows: np.ndarray, seed: int) -> bool:
    """Whether a condition breaks between rows: a part that must not vanish has both signs, or others break midway."""
    form = parametrize(condition.part, symbols)
    if condition.kind == Requirement.NOT_ZERO:
        values = form.evaluate(rows)
        return bool((values > 0).any() and (values < 0).any())
    pairs = np.random.default_rng(seed).integers(len(rows), size=(MIDPOINTS, 2))
    values = form.evaluate(0.5 * (rows[pairs[:, 0]] + rows[pairs[:, 1]]))
    if condition.kind == Requirement.FINITE:
        return bool(np.isnan(values).any())
    return bool((values <= 0).any() if condition.kind == Requirement.POSITIVE else (values < 0).any())


def _words(condition: Condition) -> str:
    return condition.reason if condition.kind == Requirement.FINITE else f"{condition.reason}: {_short(condition.part)}"


def _short(part: sympy.Expr) -> str:
    text = str(part.xreplace({number: sympy.Float(number, 6) for number in part.atoms(sympy.Float)}))
    return text if len(text) <= 60 else text[:57] + "..."


def _corners(box: np.ndarray) -> np.ndarray:
    if len(box) > 8:
        return box.T
    return np.array(list(itertools.product(*box)))


def _broken_point(condition: Condition, symbols: tuple[sympy.Symbol, ...], points: np.ndarray) -> np.ndarray | None:
    """A point that breaks a condition, if one shows."""
    form = parametrize(condition.part, symbols)
    values = form.evaluate(points)
    known = np.isfinite(values)
    if condition.kind == Requirement.FINITE:
        return None if known.all() else points[int(np.argmin(known))]
    if condition.kind == Requirement.POSITIVE:
        broken = known & (values <= 0)
    elif condition.kind == Requirement.NOT_NEGATIVE:
        broken = known & (values < 0)
    else:
        broken = known & (values == 0)
    if broken.any():
        return points[int(np.argmax(broken))]
    if condition.kind == Requirement.NOT_ZERO and (values[known] > 0).any() and (values[known] < 0).any():
        above, below = points[known & (values > 0)][0], points[known & (values < 0)][0]
        middle, value = above, 0.0
        size = float(np.max(np.abs(form.evaluate(np.stack([above, below])))))
        for _ in range(200):
            middle = 0.5 * (above + below)
            value = float(form.evaluate(middle[None])[0])
            if not np.isfinite(value):
                return None
            above, below = (middle, below) if value > 0 else (above, middle)
        # A jump from one sign to the other, as of 1/u, is no zero.
        return middle if abs(value) <= 1e-6 * size else None
    return None


def _decide(condition: Condition, symbols: tuple[sympy.Symbol, ...], box: np.ndarray) -> Domain:
    """Prove a condition by bounds on smaller and smaller boxes."""
    used = [j for j, symbol in enumerate(symbols) if symbol in condition.part.free_symbols]
    if not used:
        return Domain(DEFINED, "", (), False, 0.0)
    width = np.where(box[used, 1] > box[used, 0], box[used, 1] - box[used, 0], 1.0)
    waiting = [box[used][None]]
    count, left, example = 0, 0.0, box[used].mean(axis=1)
    share = [np.ones(1)]
    while waiting:
        boxes, shares = waiting.pop(), share.pop()
        if len(boxes) > AT_ONCE:
            waiting.append(boxes[AT_ONCE:])
            share.append(shares[AT_ONCE:])
            boxes, shares = boxes[:AT_ONCE], shares[:AT_ONCE]
        if count + len(boxes) > MOST_BOXES:
            left += float(shares.sum()) + sum(float(part.sum()) for part in share)
            example = boxes[0].mean(axis=1)
            break
        count += len(boxes)
        low, high = interval(condition.part, {symbols[j]: (boxes[:, i, 0], boxes[:, i, 1]) for i, j in enumerate(used)})
        broken = _certainly_broken(condition.kind, low, high)
        if broken.any():
            middle = box.mean(axis=1)
            middle[used] = boxes[int(np.argmax(broken))].mean(axis=1)
            return Domain(UNDEFINED, _words(condition), tuple(float(x) for x in middle), False, 0.0)
        open_ = ~_certain(condition.kind, low, high)
        boxes, shares = boxes[open_], shares[open_]
        if not len(boxes):
            continue
        sides = (boxes[:, :, 1] - boxes[:, :, 0]) / width
        tiny = sides.max(axis=1) < 1e-9
        if tiny.any():
            left += float(shares[tiny].sum())
            example = boxes[int(np.argmax(tiny))].mean(axis=1)
            boxes, shares, sides = boxes[~tiny], shares[~tiny], sides[~tiny]
            if not len(boxes):
                # At double precision's end everywhere that is open: splitting on would not decide it.
                continue
        waiting.append(_halves(boxes, sides.argmax(axis=1)))
        share.append(np.repeat(0.5 * shares, 2))
    if left == 0.0 and not waiting:
        return Domain(DEFINED, "", (), False, 0.0)
    middle = box.mean(axis=1)
    middle[used] = example
    return Domain(UNDECIDED, f"not proved: {_words(condition)}", tuple(float(x) for x in middle), False, min(left, 1.0))


def _halves(boxes: np.ndarray, axis: np.ndarray) -> np.ndarray:
    rows = np.arange(len(boxes))
    middle = 0.5 * (boxes[rows, axis, 0] + boxes[rows, axis, 1])
    first, second = boxes.copy(), boxes.copy()
    first[rows, axis, 1], second[rows, axis, 0] = middle, middle
    return np.stack([first, second], axis=1).reshape(-1, *boxes.shape[1:])


def _certain(kind: Requirement, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    if kind == Requirement.POSITIVE:
        return low > 0
    if kind == Requirement.NOT_NEGATIVE:
        return low >= 0
    if kind == Requirement.NOT_ZERO:
        return (low > 0) | (high < 0)
    return np.isfinite(low) & np.isfinite(high)


def _certainly_broken(kind: Requirement, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    if kind == Requirement.POSITIVE:
        return high <= 0
    if kind == Requirement.NOT_NEGATIVE:
        return high < 0
    return np.zeros(len(low), dtype=bool)
