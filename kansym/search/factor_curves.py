# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportReturnType=false
"""One function of a product or a sum: its points, while splines stand for the others, and its readings."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import sympy

from kansym.errors import ArgumentError
from kansym.search.curve_readings import EngineTable, curve_readings, stand_in
from kansym.structure.scaled_forms import scaled_forms
from kansym.structure.simple_forms import SimpleForm, simple_forms
from kansym.symbolic.complexity import complexity, formula_bits
from kansym.symbolic.parametric import parametrize
from kansym.terms.polyadic import Polyadic
from kansym.terms.powers import free_powers
from kansym.terms.pursuit import Pursuit, TermOptions
from kansym.terms.targets import Target

FLAT = 2.0
"""What a function changes, in units of its error, up to which it is a constant."""

KEPT = 3
"""Readings of a function that are kept."""

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
class Reading:
    """A function of one column, its description length in bits beside what it leaves of the rows, and that: the sum of
    squares in units of the noise."""

    bits: float
    left: float
    expression: sympy.Expr


@dataclass(frozen=True, eq=False)
class Frame:
    """The columns of a table, shape (n, d), and what they stand for."""

    X: np.ndarray
    expressions: tuple[sympy.Expr, ...]


@dataclass(frozen=True, eq=False)
class Seen:
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
class Curve:
    """The function of one product and one coordinate, as points, and what it may be.

    Attributes
    ----------
    X : ndarray, shape (k, m)
        The coordinate, or columns that it is a function of.
    target : ndarray, shape (k,)
    symbols : tuple of Symbol, length m
        Stand for that.
    arguments : tuple of Expr, length m
        What they stand for.
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

    X: np.ndarray
    target: np.ndarray
    symbols: tuple[sympy.Symbol, ...]
    arguments: tuple[sympy.Expr, ...]
    table: EngineTable
    noise: float
    error: float
    rows: int
    numbers: int
    exact: bool
    flat: bool
    found: dict[str, Reading]

    @classmethod
    def of(cls, seen: Seen, number: int, column: int) -> "Curve":
        """The function of a product, by their numbers, and a coordinate."""
        rest = _Rest.of(seen, number, column)
        x, target, share = rest.averaged(seen.frame.X[:, column])
        return rest.curve(x[:, None], target, share, (stand_in(x),), (seen.frame.expressions[column],))

    @property
    def sure(self) -> bool:
        """Whether nothing else need be asked: few others leave as little of what is no noise."""
        return self.flat or (self.exact and self.settled)

    @property
    def settled(self) -> bool:
        """Whether there is something short that leaves no more than noise."""
        good = LEAVES * len(self.X) * (self.error / self.noise) ** 2
        return any(one.left < good and complexity(one.expression) <= SHORT for one in self.found.values())

    def best(self) -> list[Reading]:
        """The shortest descriptions."""
        return sorted(self.found.values(), key=lambda one: one.bits)[:KEPT]

    def take(self, expressions: Iterator[sympy.Expr]) -> None:
        """Take readings."""
        for expression in () if self.flat else expressions:
            try:
                residual = self.target - parametrize(expression, self.symbols).evaluate(self.X)
            except ArgumentError:  # a constant that no double holds
                continue
            left = float(self.table["weights"] @ residual**2) / self.noise**2
            bits = self._misfit(left) + formula_bits(expression, self.rows, len(self.symbols))
            # What leaves the same is the same in other words.
            same = f"{left:.4g}"
            if math.isfinite(left) and (same not in self.found or bits < self.found[same].bits):
                meant = dict(zip(self.symbols, self.arguments, strict=True))
                self.found[same] = Reading(bits, left, expression.xreplace(meant))

    def _misfit(self, left: float) -> float:
        """Bits of what a reading leaves. What splines miss, if not noise, is the same over a piece, and of any size."""
        if self.exact:
            return 0.5 * self.numbers * math.log2(max(left / len(self.X), 1.0))
        return 0.5 * left / math.log(2)

    def quick_forms(self) -> Iterator[sympy.Expr]:
        """A line, a power, and the likeliest forms without a constant within, beside one: a tenth of all work."""
        weights, allowed = self.table["weights"], self.table["allowed"]
        slope, level = np.polyfit(self.X[:, 0], self.target, 1, w=None if weights is None else np.sqrt(weights))
        yield sympy.Float(float(slope)) * self.symbols[0] + sympy.Float(float(level))
        if self.exact and self.settled:
            x, w = self.X[:, 0], 1.0 if weights is None else weights
            yield sympy.Float(float(np.sum(w * x * self.target) / np.sum(w * x**2))) * self.symbols[0]
            return
        yield from free_powers(self.X[:, 0], self.target, self.symbols[0], weights=weights, allowed=allowed)
        yield from self._likely(simple_forms(self.X, self.target, self.symbols, weights, offset=True))

    def forms(self) -> Iterator[sympy.Expr]:
        """The likeliest forms without a constant within, alone, and with one, alone and beside another."""
        if self.sure:
            return
        weights = self.table["weights"]
        yield from self._likely(simple_forms(self.X, self.target, self.symbols, weights))
        for offset in (False, True):
            yield from self._likely(scaled_forms(self.X[:, 0], self.target, self.symbols[0], weights, offset=offset))

    def _likely(self, forms: list[SimpleForm]) -> Iterator[sympy.Expr]:
        """The shortest of them that are permitted."""
        allowed = self.table["allowed"]
        for form in sorted(forms, key=lambda form: form.bits(len(self.X), 1))[:KEPT]:
            if allowed is None or allowed.permits(form.expression):
                yield form.whole

    def readings(self, until: float) -> Iterator[sympy.Expr]:
        """What all engines for curves say of one coordinate."""
        return curve_readings(self.X[:, 0], self.target, self.symbols[0], self.table, until=until, short=False)

    def sums(self, until: float) -> Iterator[sympy.Expr]:
        """Sums of products, where nothing that was found is right."""
        if not self.settled:
            options = TermOptions(quick=True)
            yield from Pursuit(self.X, self.target, self.symbols, options=options, **self.table).formulas(until)


@dataclass(frozen=True, eq=False)
class _Rest:
    """y while splines stand for all functions but one, whose values at the rows are `own`: y = a + slope own, where
    `residual` is what splines leave, and the rows of which they miss far more count less."""

    seen: Seen
    number: int
    column: int
    own: np.ndarray
    slope: np.ndarray
    residual: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(cls, seen: Seen, number: int, column: int) -> "_Rest":
        fitted, table, y = seen.fitted, seen.table, seen.target.z
        values = np.stack([fitted.functions(k, x) for k, x in enumerate(seen.frame.X.T)])
        own, slope = values[column, :, number], np.delete(values, column, 0)[:, :, number].prod(0)
        weights = np.ones(len(y)) if table["weights"] is None else table["weights"] / table["weights"].mean()
        residual = y - values.prod(0).sum(1)
        square = weights * residual**2
        # At a kink or an end splines may miss far more than elsewhere, which is no reason to doubt the rest.
        with np.errstate(over="ignore"):
            weights = weights * np.minimum(1.0, FAR * np.median(square) / np.maximum(square, np.finfo(float).tiny))
        return cls(seen, number, column, own, slope, residual, weights)

    def curve(
        self,
        X: np.ndarray,
        target: np.ndarray,
        share: np.ndarray,
        symbols: tuple[sympy.Symbol, ...],
        arguments: tuple[sympy.Expr, ...],
    ) -> Curve:
        """With points and their weights."""
        fitted, table, y = self.seen.fitted, self.seen.table, self.seen.target.z
        # Where an interpolant misses much, splines leave less, and that is the noise.
        noise = min(table["noise"], math.sqrt(float(self.weights @ self.residual**2) / len(y)))
        # Cubic functions are followed exactly.
        noise = max(noise, float(np.finfo(float).eps * np.std(y)))
        size = math.sqrt(float(share.mean())) if len(share) else 1.0
        told: EngineTable = {**table, "weights": share, "noise": noise / size, "noisy": True}
        exact = not table["noisy"] or noise < LESS * table["noise"]
        changed = float(np.std(self.own)) * math.sqrt(float(np.mean(self.slope**2)))
        # Of what no row says anything of there are no points, or a single one.
        several = bool(len(share) and np.ptp(X, axis=0).all())
        flat = not several or changed <= FLAT * fitted.error * math.sqrt(fitted.numbers / len(y))
        found = {"": Reading(0.0, 0.0, sympy.Float(float(self.own.mean())))} if flat else {}
        numbers, error = len(fitted.splines[self.column].c), max(noise, min(table["noise"], fitted.error))
        return Curve(X, target, symbols, arguments, told, noise, error, len(y), numbers, exact, flat, found)

    def averaged(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Points of one coordinate, values, and weights: what the rows next to each other say together.

        Only what its spline leaves is averaged, which has no slope and no bend. Single rows with a small factor say
        hardly anything, and noise would give their values any sign.
        """
        weights, slope, residual = self.weights, self.slope, self.residual
        places = np.array_split(np.argsort(x, kind="stable"), min(POINTS, len(x) // EACH))
        told = np.array([weights[one] @ slope[one] ** 2 for one in places])
        missed = np.array([np.mean((weights * residual**2)[one]) for one in places])
        # Where splines miss more than elsewhere, all rows say the same wrong thing.
        share = told * np.minimum(1.0, MISSED * np.median(missed) / np.maximum(missed, np.finfo(float).tiny))
        kept = share > LEAST_SHARE * share.mean()
        centres = np.array([x[one].mean() for one in places])[kept]
        moved = np.array([(weights * slope)[one] @ residual[one] for one in places])[kept] / told[kept]
        functions = self.seen.fitted.functions(self.column, centres)[:, self.number]
        return centres, functions + moved, share[kept]
