# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportReturnType=false
"""Products and sums of functions of single columns, each read from the rows while splines stand for the others.

Where splines in single columns, one for each, leave no more than noise of y as a product or a sum, all functions but
one, f, may be taken from them: y = a + b f, and (y - a)/b says what f is, with errors in proportion to 1/b. Every
function is then a curve, however many columns there are. A combination of two columns may stand in the place of one.
"""

import itertools
import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import sympy

from kansym import clock
from kansym.search.curve_readings import EngineTable, curve_readings, stand_in
from kansym.structure.scaled_forms import scaled_forms
from kansym.structure.simple_forms import simple_forms
from kansym.symbolic.complexity import formula_bits
from kansym.symbolic.parametric import parametrize
from kansym.terms.frames import Frame, frames
from kansym.terms.polyadic import AS_GOOD, Polyadic, best_polyadic, fit_additive, fit_polyadic
from kansym.terms.targets import Target, linked_targets, plain_target

logger = logging.getLogger(__name__)

COLUMNS, LEAST_ROWS = range(2, 6), 60
"""Columns of a table, and its fewest rows."""

PIECES, FIRST = (6, 12, 24), 10
"""Pieces of splines, and those of a first look at other coordinates."""

FRAMES = 2
"""Combinations of two columns that are followed: those in which the first look misses least."""

FLAT = 2.0
"""What a function changes, in units of its error, up to which it is a constant."""

KEPT, HANDED = 3, 6
"""Readings of each function that are kept, and formulas that are handed on."""

POINTS, EACH, LEAST_SHARE = 200, 4, 1e-2
"""Most points of each function, least rows of one, and its least weight in units of their mean: a value of any sign
keeps all functions away that have one."""


@dataclass(frozen=True, eq=False)
class _Reading:
    """A function of one column, and its description length in bits beside what it leaves of the rows."""

    bits: float
    expression: sympy.Expr


@dataclass(frozen=True, eq=False)
class _Seen:
    """A function z of y that is a product or a sum of functions of some coordinates.

    Attributes
    ----------
    target : Target
    frame : Frame
    fitted : Polyadic
        Of z.
    table : EngineTable
        Of z: its weights are those of y times the squared slope of y, so that errors count as they do in y.
    """

    target: Target
    frame: Frame
    fitted: Polyadic
    table: EngineTable


def factor_readings(
    X: np.ndarray,
    y: np.ndarray,
    variables: tuple[sympy.Symbol, ...],
    table: EngineTable,
    *,
    combined: bool = True,
    until: float,
) -> Iterator[sympy.Expr]:
    """Formulas of a noisy table that is such a product or sum, the shortest first; none where it is none.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    y : ndarray, shape (n,)
    variables : tuple of Symbol, length d
    table : EngineTable
        Its noise is the most that splines may leave.
    combined : bool, default True
        Whether combinations of two columns are looked at.
    until : float
        `kansym.clock.now` value to stop at.
    """
    if len(variables) not in COLUMNS or len(y) < LEAST_ROWS or not np.ptp(y) > 0:
        return
    for seen in _seen(X, y, variables, table, until, combined=combined):
        fitted, name = seen.fitted, seen.target.name
        expressions = ", ".join(map(str, seen.frame.expressions))
        logger.info("terms: %s as %d products in %s leaves %.1e", name, fitted.rank, expressions, fitted.error)
        places = itertools.product(range(fitted.rank), range(len(variables)))
        readings = {place: _readings(seen, place, until) for place in places}
        if all(readings.values()):
            yield from map(seen.target.formula, _combined(readings))


def _seen(
    X: np.ndarray,
    y: np.ndarray,
    variables: tuple[sympy.Symbol, ...],
    table: EngineTable,
    until: float,
    *,
    combined: bool,
) -> Iterator[_Seen]:
    """What y is a product or a sum of; nothing where there is more to it."""
    plain = _product(Frame(X, variables), y, table) or _sum(Frame(X, variables), y, table)
    if plain is not None:
        yield plain
        return
    looked: list[tuple[float, Frame]] = []
    for frame in frames(X, variables, boxed=False) if combined else ():
        if clock.late(until):
            return
        one = fit_polyadic(frame.X, y, 1, pieces=FIRST, starts=1, weights=table["weights"], seed=table["seed"])
        looked += [] if one is None else [(one.error, frame)]
    for _, frame in sorted(looked, key=lambda one: one[0])[:FRAMES]:
        product = _product(frame, y, table)
        if product is not None:
            yield product


def _product(frame: Frame, y: np.ndarray, table: EngineTable) -> _Seen | None:
    """y as one product, or a constant and one, that leaves no more than noise."""
    options = {"ranks": (1,), "pieces": PIECES, "weights": table["weights"], "seed": table["seed"]}
    for constant in (False, True):
        fitted = best_polyadic(frame.X, y, constant=constant, **options)
        if fitted is not None and fitted.error <= AS_GOOD * table["noise"]:
            return _Seen(plain_target(y), frame, fitted, table)
    return None


def _sum(frame: Frame, y: np.ndarray, table: EngineTable) -> _Seen | None:
    """y, or a function of y, as a sum that leaves no more than noise: the one that leaves least."""
    found: list[tuple[float, _Seen]] = []
    for target in (plain_target(y), *linked_targets(y, table["allowed"])):
        told = _under(target, table)
        for pieces in PIECES:
            fitted = fit_additive(frame.X, target.z, pieces=pieces, weights=told["weights"], seed=told["seed"])
            if fitted is not None and fitted.error <= AS_GOOD * told["noise"]:
                found.append((fitted.error / told["noise"], _Seen(target, frame, fitted, told)))
    return min(found, key=lambda one: one[0])[1] if found else None


def _under(target: Target, table: EngineTable) -> EngineTable:
    """What engines are told of a function of y."""
    if not target.linked:
        return table
    own = np.ones(len(target.z)) if table["weights"] is None else table["weights"]
    weights = own * target.slope**2
    return {**table, "weights": weights, "noise": table["noise"] * math.sqrt(float(own.mean() / weights.mean()))}


def _combined(readings: dict[tuple[int, int], list[_Reading]]) -> Iterator[sympy.Expr]:
    """Sums of products of the best readings, and with one of them for another, the shortest first."""
    first = {place: found[0] for place, found in readings.items()}
    chosen = [first, *({**first, place: other} for place, found in readings.items() for other in found[1:])]
    chosen.sort(key=lambda one: sum(reading.bits for reading in one.values()))
    for one in chosen[:HANDED]:
        terms = itertools.groupby(one, key=lambda place: place[0])
        yield sympy.Add(*(sympy.Mul(*(one[place].expression for place in group)) for _, group in terms))


def _readings(seen: _Seen, place: tuple[int, int], until: float) -> list[_Reading]:
    """What the function of a product, by their numbers, and a column may be, the shortest description first."""
    number, column = place
    fitted, frame, table, y = seen.fitted, seen.frame, seen.table, seen.target.z
    values = np.stack([fitted.functions(k, x) for k, x in enumerate(frame.X.T)])
    own, slope = values[column, :, number], np.delete(values, column, 0)[:, :, number].prod(0)
    changed = float(np.std(own)) * math.sqrt(float(np.mean(slope**2)))
    if changed <= FLAT * fitted.error * math.sqrt(fitted.numbers / len(y)):
        return [_Reading(0.0, sympy.Float(float(np.mean(own))))]
    root = np.ones(len(y)) if table["weights"] is None else np.sqrt(table["weights"] / table["weights"].mean())
    residual = root * (y - values.prod(0).sum(1))
    x, target, share = _averaged(fitted, number, column, frame.X[:, column], root * slope, residual)
    # Where an interpolant misses much, splines leave less, and that is the noise.
    noise = min(table["noise"], fitted.error)
    told: EngineTable = {**table, "weights": share, "noise": noise / math.sqrt(float(np.mean(share))), "noisy": True}
    symbol = stand_in(x)
    found: dict[str, _Reading] = {}
    forms = _forms(x, target, symbol, told)
    for expression in itertools.chain(forms, curve_readings(x, target, symbol, told, until=until)):
        left = float(share @ (target - parametrize(expression, (symbol,)).evaluate(x[:, None])) ** 2)
        bits = 0.5 * left / noise**2 / math.log(2) + formula_bits(expression, len(y), 1)
        # What leaves the same is the same in other words.
        same = f"{left:.4g}"
        if math.isfinite(left) and (same not in found or bits < found[same].bits):
            found[same] = _Reading(bits, expression.xreplace({symbol: frame.expressions[column]}))
    return sorted(found.values(), key=lambda one: one.bits)[:KEPT]


def _forms(x: np.ndarray, target: np.ndarray, symbol: sympy.Symbol, table: EngineTable) -> Iterator[sympy.Expr]:
    """The likeliest forms with one constant within, and with none."""
    weights, allowed = table["weights"], table["allowed"]
    found = [simple_forms(x[:, None], target, (symbol,), weights)]
    found += [scaled_forms(x, target, symbol, weights, offset=offset) for offset in (False, True)]
    for forms in found:
        likely = sorted(forms, key=lambda form: form.bits(len(x), 1))[:KEPT]
        yield from (form.expression for form in likely if allowed is None or allowed.permits(form.expression))


def _averaged(
    fitted: Polyadic, number: int, column: int, x: np.ndarray, slope: np.ndarray, residual: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points of one function, its values, and their weights: what the rows next to each other say together.

    Only what its spline leaves is averaged, which has no slope and no bend. Single rows with a small factor say hardly
    anything, and noise would give their values any sign.
    """
    places = np.array_split(np.argsort(x, kind="stable"), min(POINTS, len(x) // EACH))
    share = np.array([slope[one] @ slope[one] for one in places])
    kept = share > LEAST_SHARE * share.mean()
    centres = np.array([x[one].mean() for one in places])[kept]
    moved = np.array([slope[one] @ residual[one] for one in places])[kept] / share[kept]
    return centres, fitted.functions(column, centres)[:, number] + moved, share[kept]
