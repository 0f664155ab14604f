# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""Is a formula finite and real everywhere in a box? Interval arithmetic with subdivision, and points that break it."""

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import sympy

from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import parametrize
from kansym.validation.conditions import Condition, conditions
from kansym.validation.intervals import interval
from kansym.validation.places import inside

POINTS = 512
"""Points at which every condition is looked at first."""

MOST_BOXES = 60_000
"""Boxes that are bounded for one condition."""

AT_ONCE = 4_000

MIDPOINTS = 2_000
"""Pairs of rows between which conditions are looked at."""

SECONDS = 2.0
"""Default time for all conditions."""

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
        What breaks or could not be decided; empty for "defined".
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


def check_domain(
    expression: sympy.Expr,
    names: Sequence[str],
    box: np.ndarray,
    *,
    rows: np.ndarray | None = None,
    seconds: float = SECONDS,
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
    seconds : float, default 2
        For all conditions together.
    seed : int
        Of the points.
    """
    deadline = time.monotonic() + seconds
    symbols = tuple(plain_symbol(name) for name in names)
    points = np.concatenate([inside(box, POINTS, seed=seed), _corners(box)])
    found = []
    for condition in conditions(expression):
        broken = _broken_point(condition, symbols, points)
        if broken is None:
            verdict = _decide(condition, symbols, box, deadline)
        else:
            verdict = Domain(UNDEFINED, _words(condition), tuple(float(x) for x in broken), False, 0.0)
        if verdict.status == UNDEFINED and rows is not None and _among(condition, symbols, rows, seed):
            return replace(verdict, among_rows=True)
        found.append(verdict)
    order = (DEFINED, UNDECIDED, UNDEFINED)
    return max(found, key=lambda verdict: (order.index(verdict.status), verdict.undecided_share))


def _among(condition: Condition, symbols: tuple[sympy.Symbol, ...], rows: np.ndarray, seed: int) -> bool:
    """Whether a condition breaks between rows: a part that must not vanish has both signs, or others break midway."""
    form = parametrize(condition.part, symbols)
    if condition.kind == "not zero":
        values = form.evaluate(rows)
        return bool((values > 0).any() and (values < 0).any())
    pairs = np.random.default_rng(seed).integers(len(rows), size=(MIDPOINTS, 2))
    values = form.evaluate(0.5 * (rows[pairs[:, 0]] + rows[pairs[:, 1]]))
    if condition.kind == "finite":
        return bool(np.isnan(values).any())
    return bool((values <= 0).any() if condition.kind == "positive" else (values < 0).any())


def _words(condition: Condition) -> str:
    return condition.reason if condition.kind == "finite" else f"{condition.reason}: {_short(condition.part)}"


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
    if condition.kind == "finite":
        return None if known.all() else points[int(np.argmin(known))]
    if condition.kind == "positive":
        broken = known & (values <= 0)
    elif condition.kind == "not negative":
        broken = known & (values < 0)
    else:
        broken = known & (values == 0)
    if broken.any():
        return points[int(np.argmax(broken))]
    if condition.kind == "not zero" and (values[known] > 0).any() and (values[known] < 0).any():
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


def _decide(condition: Condition, symbols: tuple[sympy.Symbol, ...], box: np.ndarray, deadline: float) -> Domain:
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
        if count + len(boxes) > MOST_BOXES or time.monotonic() > deadline:
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


def _certain(kind: str, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    if kind == "positive":
        return low > 0
    if kind == "not negative":
        return low >= 0
    if kind == "not zero":
        return (low > 0) | (high < 0)
    return np.isfinite(low) & np.isfinite(high)


def _certainly_broken(kind: str, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    if kind == "positive":
        return high <= 0
    if kind == "not negative":
        return high < 0
    return np.zeros(len(low), dtype=bool)
