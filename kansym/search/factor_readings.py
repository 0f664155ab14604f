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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import sympy
from scipy.interpolate import BSpline

from kansym import clock
from kansym.search.curve_readings import EngineTable, curve_readings, stand_in
from kansym.structure.scaled_forms import scaled_forms
from kansym.structure.simple_forms import simple_forms
from kansym.symbolic.complexity import complexity, formula_bits
from kansym.symbolic.parametric import parametrize
from kansym.terms.frames import Frame, frames
from kansym.terms.polyadic import (
    AS_GOOD,
    CONSTANT,
    Polyadic,
    best_polyadic,
    fit_additive,
    fit_polyadic,
    with_moved_pieces,
)
from kansym.terms.pursuit import Pursuit, TermOptions
from kansym.terms.targets import Target, linked_targets, plain_target

logger = logging.getLogger(__name__)

COLUMNS, LEAST_ROWS = range(2, 6), 60
"""Columns of a table, and its fewest rows."""

PIECES, FIRST = (6, 12, 24), 10
"""Pieces of splines, and those of a first look at other coordinates."""

FEWEST, FEW_ROWS_EACH = (3, 6), 50
"""Pieces of splines where a table has fewer rows for each of its columns."""

MOST_BESIDE = 3
"""Columns of a table in which a product with a combination has a function of that combination beside it."""

FRAMES = 2
"""Combinations of two columns that are followed: those in which the first look misses least."""

FLAT = 2.0
"""What a function changes, in units of its error, up to which it is a constant."""

KEPT, HANDED = 3, 6
"""Readings of each function that are kept, and formulas that are handed on."""

SHORT, LEAVES = 20, 4.0
"""Nodes of a reading that is short, and the most that it may leave, in units of noise: of one that is neither a sum of
products may be in its place."""

LESS = 0.5
"""What splines leave, in units of what an interpolant does, below which that was no noise."""

FAR, MISSED = 20.0, 3.0
"""Squared residual of a row, in units of the median, from which on it counts less: three standard deviations; and the
same of the mean of the rows of a point."""

POINTS, EACH, LEAST_SHARE = 200, 4, 1e-2
"""Most points of each function, least rows of one, and its least weight in units of their mean: a value of any sign
keeps all functions away that have one."""


@dataclass(frozen=True, eq=False)
class _Reading:
    """A function of one column, its description length in bits beside what it leaves of the rows, and that: the sum of
    squares in units of the noise."""

    bits: float
    left: float
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
    beside : tuple of int
        Coordinates whose functions come beside a product.
    """

    target: Target
    frame: Frame
    fitted: Polyadic
    table: EngineTable
    beside: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class _Curve:
    """The function of one product and one coordinate, as points, and what it may be.

    Attributes
    ----------
    x, target : ndarray, shape (k,)
    symbol, argument : sympy.Expr
        The symbol stands for the coordinate.
    table : EngineTable
        Of the points.
    noise, error : float
        What splines leave of z, without rows of which they miss far more; and with them, at most what the table has.
    rows, numbers : int
        Of the table, and of its spline.
    exact : bool
        Whether what they leave is no noise.
    flat : bool
        Whether the function is a constant.
    found : dict
        Readings, by what they leave.
    """

    x: np.ndarray
    target: np.ndarray
    symbol: sympy.Symbol
    argument: sympy.Expr
    table: EngineTable
    noise: float
    error: float
    rows: int
    numbers: int
    exact: bool
    flat: bool
    found: dict[str, _Reading]

    @classmethod
    def of(cls, seen: _Seen, number: int, column: int) -> "_Curve":
        """The function of a product, by their numbers, and a column."""
        fitted, frame, table, y = seen.fitted, seen.frame, seen.table, seen.target.z
        values = np.stack([fitted.functions(k, x) for k, x in enumerate(frame.X.T)])
        own, slope = values[column, :, number], np.delete(values, column, 0)[:, :, number].prod(0)
        weights = np.ones(len(y)) if table["weights"] is None else table["weights"] / table["weights"].mean()
        residual = y - values.prod(0).sum(1)
        square = weights * residual**2
        # At a kink or an end splines may miss far more than elsewhere, which is no reason to doubt the rest.
        weights = weights * np.minimum(1.0, FAR * np.median(square) / np.maximum(square, np.finfo(float).tiny))
        # Where an interpolant misses much, splines leave less, and that is the noise.
        noise = min(table["noise"], math.sqrt(float(weights @ residual**2) / len(y)))
        x, target, share = _averaged(fitted, number, column, frame.X[:, column], slope, residual, weights)
        told: EngineTable = {**table, "weights": share, "noise": noise / math.sqrt(float(share.mean())), "noisy": True}
        exact = not table["noisy"] or noise < LESS * table["noise"]
        changed = float(np.std(own)) * math.sqrt(float(np.mean(slope**2)))
        flat = changed <= FLAT * fitted.error * math.sqrt(fitted.numbers / len(y))
        found = {"": _Reading(0.0, 0.0, sympy.Float(float(own.mean())))} if flat else {}
        numbers, symbol = len(fitted.splines[column].c), stand_in(x)
        error, argument = max(noise, min(table["noise"], fitted.error)), frame.expressions[column]
        return cls(x, target, symbol, argument, told, noise, error, len(y), numbers, exact, flat, found)

    @property
    def sure(self) -> bool:
        """Whether nothing else need be asked: few others leave as little of what is no noise."""
        return self.flat or (self.exact and self.settled)

    @property
    def settled(self) -> bool:
        """Whether there is something short that leaves no more than noise."""
        good = LEAVES * len(self.x) * (self.error / self.noise) ** 2
        return any(one.left < good and complexity(one.expression) <= SHORT for one in self.found.values())

    def best(self) -> list[_Reading]:
        """The shortest descriptions."""
        return sorted(self.found.values(), key=lambda one: one.bits)[:KEPT]

    def take(self, expressions: Iterator[sympy.Expr]) -> None:
        """Take readings."""
        for expression in () if self.flat else expressions:
            residual = self.target - parametrize(expression, (self.symbol,)).evaluate(self.x[:, None])
            left = float(self.table["weights"] @ residual**2) / self.noise**2
            bits = self._misfit(left) + formula_bits(expression, self.rows, 1)
            # What leaves the same is the same in other words.
            same = f"{left:.4g}"
            if math.isfinite(left) and (same not in self.found or bits < self.found[same].bits):
                self.found[same] = _Reading(bits, left, expression.xreplace({self.symbol: self.argument}))

    def _misfit(self, left: float) -> float:
        """Bits of what a reading leaves. What splines miss, if not noise, is the same over a piece, and of any size."""
        if self.exact:
            return 0.5 * self.numbers * math.log2(max(left / len(self.x), 1.0))
        return 0.5 * left / math.log(2)

    def forms(self) -> Iterator[sympy.Expr]:
        """The likeliest forms with one constant within, and with none."""
        weights, allowed = self.table["weights"], self.table["allowed"]
        found = [simple_forms(self.x[:, None], self.target, (self.symbol,), weights)]
        for offset in (False, True):
            found.append(scaled_forms(self.x, self.target, self.symbol, weights, offset=offset))
        for forms in found:
            likely = sorted(forms, key=lambda form: form.bits(len(self.x), 1))[:KEPT]
            yield from (form.expression for form in likely if allowed is None or allowed.permits(form.expression))

    def readings(self, until: float) -> Iterator[sympy.Expr]:
        """What all engines for curves say."""
        return curve_readings(self.x, self.target, self.symbol, self.table, until=until)

    def sums(self, until: float) -> Iterator[sympy.Expr]:
        """Sums of products, where nothing that was found is right."""
        if not self.settled:
            options = TermOptions(quick=True)
            pursuit = Pursuit(self.x[:, None], self.target, (self.symbol,), options=options, **self.table)
            yield from pursuit.formulas(until)


_Look = Callable[[Frame, np.ndarray, EngineTable], _Seen | None]


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
        Whether products with combinations of two columns are looked at; sums with them are, since they take less time.
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
        curves = {place: _Curve.of(seen, *place) for place in places}
        for curve in curves.values():
            curve.take(curve.forms())
        waiting = [curve for curve in curves.values() if not curve.sure]
        for number, curve in enumerate(waiting):
            share = clock.now() + clock.left(until) / (len(waiting) - number)
            curve.take(curve.readings(share))
            curve.take(curve.sums(share))
        if all(curve.found for curve in curves.values()):
            yield from map(seen.target.formula, _combined({place: one.best() for place, one in curves.items()}))


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
    frame = Frame(X, variables)
    plain = _product(frame, y, table) or _sum(frame, y, table) or _product_and_functions(frame, y, table)
    if plain is not None:
        yield plain
        return
    looked: list[tuple[float, _Look, Frame]] = []
    first = FIRST if len(y) >= FEW_ROWS_EACH * (len(variables) + 1) else FEWEST[1]
    told = {"pieces": first, "weights": table["weights"], "seed": table["seed"]}
    for frame in frames(X, variables, boxed=False):
        if clock.late(until):
            return
        looks: list[tuple[_Look, float, Polyadic | None]] = [(_sum, 1.0, fit_additive(frame.X, y, **told))]
        if combined:
            looks.append((_product, 1.0, fit_polyadic(frame.X, y, 1, starts=1, **told)))
        if combined and len(variables) <= MOST_BESIDE:
            # A function more has to be better by as much as one that is not there.
            more = fit_polyadic(frame.X, y, 1, starts=1, beside=(frame.replaced,), **told)
            looks.append((_product_and_functions, AS_GOOD, more))
        looked += [(price * fitted.error, look, frame) for look, price, fitted in looks if fitted is not None]
    for _, look, frame in sorted(looked, key=lambda one: one[0])[:FRAMES]:
        found = look(frame, y, table)
        if found is not None:
            yield found


def _product(frame: Frame, y: np.ndarray, table: EngineTable) -> _Seen | None:
    """y as one product, or a constant and one, that leaves no more than noise."""
    for beside in ((), (CONSTANT,)):
        seen = _product_beside(frame, plain_target(y), table, beside)
        if seen is not None:
            return seen
    return None


def _product_beside(frame: Frame, target: Target, told: EngineTable, beside: Sequence[int]) -> _Seen | None:
    rows, columns = frame.X.shape
    pieces = PIECES if rows >= FEW_ROWS_EACH * columns else FEWEST
    options = {"ranks": (1,), "pieces": pieces, "weights": told["weights"], "seed": told["seed"]}
    fitted = best_polyadic(frame.X, target.z, beside=beside, **options)
    good = fitted is not None and fitted.error <= AS_GOOD * told["noise"]
    return _Seen(target, frame, fitted, told, tuple(beside)) if good else None


def _product_and_functions(frame: Frame, y: np.ndarray, table: EngineTable) -> _Seen | None:
    """y, or a function of y, as a product and functions of one column or all: what in a first look leaves least."""
    columns = range(frame.X.shape[1])
    looked: list[tuple[float, Target, EngineTable, tuple[int, ...]]] = []
    for target in (plain_target(y), *linked_targets(y, table["allowed"])):
        told = _under(target, table)
        options = {"pieces": FEWEST[1], "starts": 1, "weights": told["weights"], "seed": told["seed"]}
        for beside in (*((column,) for column in columns), tuple(columns)):
            one = fit_polyadic(frame.X, target.z, 1, beside=beside, **options)
            # Functions more have to be better by as much as those that are not there.
            price = (AS_GOOD if len(beside) > 1 else 1.0) / told["noise"]
            looked += [] if one is None else [(price * one.error, target, told, beside)]
    for _, target, told, beside in sorted(looked, key=lambda one: one[0])[:FRAMES]:
        seen = _product_beside(frame, target, told, beside)
        if seen is not None:
            return _without_constants(_without_flat(seen))
    return None


def _without_flat(seen: _Seen) -> _Seen:
    """Without functions beside a product that are but noise, which would have rows of their own."""
    kept = tuple(k for number, k in enumerate(seen.beside, start=1) if not _Curve.of(seen, number, k).flat)
    if kept in ((), seen.beside):
        return seen
    return _product_beside(seen.frame, seen.target, seen.table, kept) or seen


def _without_constants(seen: _Seen) -> _Seen:
    """f(x) h(z) + g(x) with the constant of h, which the rows do not tell, in g: (h + c) f + g is h f + (g + c f)."""
    for number, other in enumerate(seen.beside if seen.frame.X.shape[1] == 2 else (), start=1):
        curve = _Curve.of(seen, 0, 1 - other)
        curve.take(curve.forms())
        best = curve.best()
        constant = float(best[0].expression.as_coeff_Add()[0]) if best else 0.0
        splines = list(seen.fitted.splines)
        # B-splines add up to one.
        for column, change in ((1 - other, -constant), (other, constant * splines[other].c[:, 0])):
            spline = splines[column]
            coefficients = spline.c.copy()
            coefficients[:, 0 if column != other else number] += change
            splines[column] = BSpline(spline.t, coefficients, 3)
        seen = replace(seen, fitted=replace(seen.fitted, splines=tuple(splines)))
    return seen


def _sum(frame: Frame, y: np.ndarray, table: EngineTable) -> _Seen | None:
    """y, or a function of y, as a sum that leaves no more than noise: the one that leaves least."""
    found: list[tuple[float, _Seen]] = []
    for target in (plain_target(y), *linked_targets(y, table["allowed"])):
        told = _under(target, table)
        for pieces in PIECES:
            options = {"pieces": pieces, "weights": told["weights"], "seed": told["seed"]}
            fitted = with_moved_pieces(partial(fit_additive, frame.X, target.z, **options))
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


def _averaged(
    fitted: Polyadic,
    number: int,
    column: int,
    x: np.ndarray,
    slope: np.ndarray,
    residual: np.ndarray,
    weights: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points of one function, its values, and their weights: what the rows next to each other say together.

    Only what its spline leaves is averaged, which has no slope and no bend. Single rows with a small factor say hardly
    anything, and noise would give their values any sign.
    """
    places = np.array_split(np.argsort(x, kind="stable"), min(POINTS, len(x) // EACH))
    told = np.array([weights[one] @ slope[one] ** 2 for one in places])
    missed = np.array([np.mean((weights * residual**2)[one]) for one in places])
    # Where splines miss more than elsewhere, all rows say the same wrong thing.
    share = told * np.minimum(1.0, MISSED * np.median(missed) / np.maximum(missed, np.finfo(float).tiny))
    kept = share > LEAST_SHARE * share.mean()
    centres = np.array([x[one].mean() for one in places])[kept]
    moved = np.array([(weights * slope)[one] @ residual[one] for one in places])[kept] / told[kept]
    return centres, fitted.functions(column, centres)[:, number] + moved, share[kept]
