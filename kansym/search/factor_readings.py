# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportReturnType=false
"""Products and sums of functions of single columns, each read from the rows while splines stand for the others.

Where splines in single columns, one for each, leave no more than noise of y as a product or a sum, all functions but
one, f, may be taken from them: y = a + b f, and (y - a)/b says what f is, with errors in proportion to 1/b. Every
function is then a curve, however many columns there are. Beside a product may be functions of single columns.
"""

import itertools
import logging
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import sympy
from scipy.interpolate import BSpline

from kansym import clock
from kansym.provenance import signed
from kansym.search.curve_readings import EngineTable
from kansym.search.factor_curves import Curve, Frame, Reading, Seen
from kansym.terms.polyadic import (
    AS_GOOD,
    CONSTANT,
    Polyadic,
    best_polyadic,
    fit_additive,
    fit_polyadic,
    with_moved_pieces,
)
from kansym.terms.targets import Target, linked_targets, noisy_targets, plain_target

logger = logging.getLogger(__name__)

COLUMNS, LEAST_ROWS = range(2, 6), 40
"""Columns of a table, and its fewest rows."""

PIECES, OF_TWO = (6, 12, 24), (6, 12, 24, 48)
"""Pieces of splines, and those of a product of two columns."""

FEWEST, FEW_ROWS_EACH = (3, 6), 50
"""Pieces of splines where a table has fewer rows for each of its columns."""

FOLLOWED = 2
"""Functions of y that are followed: those in which the first look misses least."""

HANDED = 6
"""Formulas that are handed on."""

ROUNDS = 4
"""Fits of a target that is near zero by noise, each near the one before."""


@signed("functions of single columns")
def factor_readings(
    X: np.ndarray,
    y: np.ndarray,
    variables: tuple[sympy.Symbol, ...],
    table: EngineTable,
    *,
    until: float,
) -> Iterator[sympy.Expr]:
    """Formulas of a table that is such a product or sum, the shortest first; none where it is none.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    y : ndarray, shape (n,)
    variables : tuple of Symbol, length d
    table : EngineTable
        Its noise is the most that splines may leave.
    until : float
        `kansym.clock.now` value to stop at.
    """
    if not _suits(y, variables):
        return
    frame = Frame(X, variables)
    alike = as_product(frame, y, table) or as_sum(frame, y, table) or _product_and_functions(frame, y, table)
    yield from _read_each(alike, until)


def _read_each(alike: list[Seen], until: float) -> Iterator[sympy.Expr]:
    """Formulas of all that y is seen as, each with its share of the time."""
    for number, seen in enumerate(alike):
        yield from read(seen, clock.now() + clock.left(until) / (len(alike) - number))


def _suits(y: np.ndarray, variables: tuple[sympy.Symbol, ...]) -> bool:
    return len(variables) in COLUMNS and len(y) >= LEAST_ROWS and bool(np.ptp(y) > 0)


def read(seen: Seen, until: float) -> Iterator[sympy.Expr]:
    """Formulas of what y is seen as, one function after another."""
    fitted, name = seen.fitted, seen.target.name
    expressions = ", ".join(map(str, seen.frame.expressions))
    logger.info("terms: %s as %d products in %s leaves %.1e", name, fitted.rank, expressions, fitted.error)
    places = itertools.product(range(fitted.rank), range(seen.frame.X.shape[1]))
    curves = {place: Curve.of(seen, *place) for place in places}
    told: set[sympy.Expr] = set()
    for look in (Curve.quick_forms, Curve.forms):
        for curve in curves.values():
            curve.take(look(curve))
        yield from _better(seen, curves, told)
    done: set[tuple[int, int]] = set()
    seen = _without_constants(seen, curves, done)
    # The other factor of what comes beside a product is first, since its constant goes there.
    order = sorted(curves, key=lambda place: (place[0], place[1] in seen.beside))
    for number, place in enumerate(order):
        curve, waiting = curves[place], sum(not curves[other].sure for other in order[number:])
        if curve.sure or clock.current().over:
            continue
        share = clock.now() + clock.left(until) / waiting
        curve.take(curve.readings(share))
        curve.take(curve.sums(share))
        done.add(place)
        if place[0] == 0:
            seen = _without_constants(seen, curves, done)
        yield from _better(seen, curves, told)
    yield from _better(seen, curves, told, most=HANDED)


def _better(
    seen: Seen, curves: dict[tuple[int, int], Curve], told: set[sympy.Expr], *, most: int = 1
) -> Iterator[sympy.Expr]:
    """The best formulas by what was read so far, less those that were told before."""
    if not all(curve.found for curve in curves.values()):
        return
    for expression in itertools.islice(_combined({place: one.best() for place, one in curves.items()}), most):
        if expression not in told:
            told.add(expression)
            yield seen.target.formula(expression)


def as_product(frame: Frame, y: np.ndarray, table: EngineTable) -> list[Seen]:
    """y as one product, or a constant and one, that leaves no more than noise."""
    for beside in ((), (CONSTANT,)):
        seen = _product_beside(frame, plain_target(y), table, beside)
        if seen is not None:
            return [seen]
    return []


def _product_beside(frame: Frame, target: Target, table: EngineTable, beside: Sequence[int]) -> Seen | None:
    rows, columns = frame.X.shape
    pieces = FEWEST if rows < FEW_ROWS_EACH * columns else OF_TWO if columns == 2 else PIECES
    fit = partial(best_polyadic, beside=beside, ranks=(1,), pieces=pieces)
    return _good(_settled(frame, target, table, fit, beside))


def _product_and_functions(frame: Frame, y: np.ndarray, table: EngineTable) -> list[Seen]:
    """y, or a function of y, as a product and functions of one column or all.

    Under each function that which leaves least in a first look, and of these the best.
    """
    columns = range(frame.X.shape[1])
    looked: list[tuple[float, Seen]] = []
    for target in functions_of(y, table):
        under: list[tuple[float, Seen]] = []
        for beside in (*((column,) for column in columns), tuple(columns)):
            if clock.current().over:
                return []
            fit = partial(fit_polyadic, rank=1, beside=beside, pieces=FEWEST[1], starts=1)
            one = _settled(frame, target, table, fit, beside)
            # Functions more have to be better by as much as those that are not there.
            price = AS_GOOD if len(beside) > 1 else 1.0
            under += [] if one is None else [(price * one.fitted.error / one.table["noise"], one)]
        looked += sorted(under, key=lambda one: one[0])[:1]
    likely = [one for _, one in sorted(looked, key=lambda one: one[0])[:FOLLOWED]]
    found = [_product_beside(frame, one.target, table, one.beside) for one in likely]
    return [_without_flat(seen, table) for seen in found if seen is not None]


def functions_of(y: np.ndarray, table: EngineTable) -> list[Target]:
    """y, and functions of it."""
    allowed = table["allowed"]
    linked = noisy_targets(y, allowed, table["noise"]) if table["noisy"] else linked_targets(y, allowed)
    return [plain_target(y), *linked]


def _settled(
    frame: Frame,
    target: Target,
    table: EngineTable,
    fit: Callable[..., Polyadic | None],
    beside: Sequence[int] = (),
) -> Seen | None:
    """The fit of a target, which is taken near the fit where it is near zero by noise."""
    seen = None
    for _ in range(1 if target.near is None else ROUNDS):
        told = under(target, table)
        fitted = fit(frame.X, target.z, weights=told["weights"], seed=told["seed"])
        if fitted is None:
            break
        seen = Seen(target, frame, fitted, told, tuple(beside))
        target = target if target.near is None else target.near(fitted.predict(frame.X))
    return seen


def _good(seen: Seen | None) -> Seen | None:
    """What leaves no more than noise."""
    return seen if seen is not None and seen.fitted.error <= AS_GOOD * seen.table["noise"] else None


def _without_flat(seen: Seen, table: EngineTable) -> Seen:
    """Without functions beside a product that are but noise, which would have rows of their own."""
    kept = tuple(k for number, k in enumerate(seen.beside, start=1) if not Curve.of(seen, number, k).flat)
    if kept in ((), seen.beside):
        return seen
    return _product_beside(seen.frame, seen.target, table, kept) or seen


def _without_constants(seen: Seen, curves: dict[tuple[int, int], Curve], done: set[tuple[int, int]]) -> Seen:
    """f(x) h(z) + g(x) with the constant of h, which the rows do not tell, in g: (h + c) f + g is h f + (g + c f).

    The constant is that of the best reading of h, which it leaves; of functions that are not done there are new curves.
    """
    for number, other in enumerate(seen.beside if seen.frame.X.shape[1] == 2 else (), start=1):
        product = (0, 1 - other)
        readings = [] if other == CONSTANT else curves[product].best()
        constant = float(readings[0].expression.as_coeff_Add()[0]) if readings else 0.0
        if constant == 0 or curves[product].flat:
            continue
        splines = list(seen.fitted.splines)
        h, fg = splines[1 - other], splines[other]
        one, both = h.c.copy(), fg.c.copy()
        # B-splines add up to one.
        one[:, 0] -= constant
        both[:, number] += constant * both[:, 0]
        splines[1 - other], splines[other] = BSpline(h.t, one, 3), BSpline(fg.t, both, 3)
        seen = replace(seen, fitted=replace(seen.fitted, splines=tuple(splines)))
        kept = curves[product].found
        found = {same: replace(one, expression=one.expression - constant) for same, one in kept.items()}
        curves[product] = replace(Curve.of(seen, *product), found=found)
        for place in curves.keys() - done - {product}:
            curves[place] = Curve.of(seen, *place)
            curves[place].take(curves[place].quick_forms())
            curves[place].take(curves[place].forms())
    return seen


def as_sum(frame: Frame, y: np.ndarray, table: EngineTable) -> list[Seen]:
    """y, or a function of y, as a sum that leaves no more than noise: the one that leaves least."""
    found: list[Seen] = []
    for target in functions_of(y, table):
        for pieces in PIECES:

            def fit(*rows: np.ndarray, pieces: int = pieces, **told: Any) -> Polyadic | None:
                return with_moved_pieces(partial(fit_additive, *rows, pieces=pieces, **told))

            seen = _good(_settled(frame, target, table, fit))
            found += [] if seen is None else [seen]
    return sorted(found, key=lambda one: one.fitted.error / one.table["noise"])[:1]


def under(target: Target, table: EngineTable) -> EngineTable:
    """What engines are told of a function of y."""
    if not target.linked:
        return table
    own = np.ones(len(target.z)) if table["weights"] is None else table["weights"]
    weights = own * target.slope**2
    return {**table, "weights": weights, "noise": table["noise"] * math.sqrt(float(own.mean() / weights.mean()))}


def _combined(readings: dict[tuple[int, int], list[Reading]]) -> Iterator[sympy.Expr]:
    """Sums of products of the best readings, and with one of them for another, the shortest first."""
    first = {place: found[0] for place, found in readings.items()}
    chosen = [first, *({**first, place: other} for place, found in readings.items() for other in found[1:])]
    chosen.sort(key=lambda one: sum(reading.bits for reading in one.values()))
    for one in chosen[:HANDED]:
        terms = itertools.groupby(one, key=lambda place: place[0])
        yield sympy.Add(*(sympy.Mul(*(one[place].expression for place in group)) for _, group in terms))
