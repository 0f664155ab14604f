# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
"""Laws of product units, fitted as a whole: c * prod x^p * f(a prod x^q), or its logarithm.

Most laws of physics are a power law times a function of one or two dimensionless products: Planck's law is
c nu^3 / (exp(a nu/T) - 1), a sum of two powers is one of them times (1 + v). Read from the gradients of an interpolant,
the exponents need many rows or little noise; fitted to the table itself they are as sharp as the data allow. All
functions f of a list are fitted at once, from many starts, by Levenberg-Marquardt with real exponents; the exponents of
the best are then rounded, each one where the description length asks for it. A column of both signs enters by its
exponential, exp(k x).

The hidden units of product-unit networks: Durbin and Rumelhart, Neural Computation 1 (1989) 133,
doi:10.1162/neco.1989.1.1.133.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.structure.unit_expressions import FRACTIONS, Entries, expression_of, rational
from kansym.structure.unit_fitting import Fit, Start, fit, screened
from kansym.structure.unit_functions import FACTORS, Factor
from kansym.symbolic.complexity import COSTS, formula_bits

SCREEN_ROWS = 160
"""Rows that all starts are tried on."""

SHORTLIST, SHORT_ROWS = 40, 500
"""Models fitted further, and on how many rows."""

FINAL = 8
"""Models fitted on all rows and rounded."""

MOST_ROWS = 2000
"""Rows of the last fits."""

SMALL_TABLE = 200
"""Rows below which gradients of an interpolant say little, whole laws are fitted first, and no column is dropped for
good."""

NEAR_FRACTION = 1.5
"""Distance in standard errors at which several exponents are rounded at once."""

AT_FLOOR, ROUNDING = 1.02, 1e-22
"""Ratio of a model's loss to the expected noise variance at which no second function is looked for, and the least such
variance in units of the target's mean square."""

CENTRES = (0.3, 1.5)
"""Values of a product v at the centre of the data to start from."""

WIDE = 2.0
"""Standard deviation of a product's logarithm from which starts at both ends of its range are tried too."""

EXTENDED = 2
"""Models that get a second function."""

ROWS_PER_CONSTANT = 2
"""Rows per fitted number below which a model is not tried."""

LARGEST_EXPONENT = 16.0
"""Of a column: steeper ones are a fit gone astray, and their factors leave double precision."""

MOST_ENTRIES = 10
"""Columns, at most: a unit has as many exponents."""


@dataclass(frozen=True, eq=False)
class Model:
    """A fitted law of product units.

    Attributes
    ----------
    factors : tuple of Factor
    fit : Fit
        Of the parameters: level, exponents of the power law, then level and exponents of each product.
    fixed : ndarray of bool
        Parameters that were rounded.
    bits : float
        Description length up to a constant.
    """

    factors: tuple[Factor, ...]
    fit: Fit
    fixed: np.ndarray
    bits: float = math.inf


@dataclass(frozen=True, eq=False)
class UnitLaw:
    """A law of product units as a formula.

    Attributes
    ----------
    expression : sympy.Expr
    loss : float
        Weighted mean squared residual.
    bits : float
        Description length up to a constant; real exponents count as many bits as the data determine.
    """

    expression: sympy.Expr
    loss: float
    bits: float


def product_unit_laws(
    X: np.ndarray,
    t: np.ndarray,
    variables: Sequence[sympy.Symbol],
    weights: np.ndarray | None = None,
    *,
    logarithm: bool = False,
    exponential: bool = False,
    floor: float = 0.0,
    seed: int = 0,
    until: float = math.inf,
) -> list[UnitLaw]:
    """Laws of product units, those of least description length first.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    t : ndarray, shape (n,)
    variables : sequence of Symbol, length d
    weights : ndarray, shape (n,), optional
    logarithm : bool, default False
        Whether t is the logarithm of such a law.
    exponential : bool, default False
        Whether columns enter by their exponentials: then it is a law of sums, exp(k x).
    floor : float, default 0
        Noise variance of t, as far as it is known: a law that comes so close needs no second function.
    seed : int, default 0
        Chooses the rows of the first looks.
    until : float
        `kansym.clock.now` value after which nothing further is started.
    """
    if not (np.isfinite(X).all() and np.isfinite(t).all()) or not 1 <= X.shape[1] <= MOST_ENTRIES or not np.ptp(t) > 0:
        return []
    entries = Entries.of(X, variables, exponential=exponential)
    search = _Search(entries, t, weights, logarithm, X.shape[1], floor, seed, until)
    laws = []
    for model in search.models():
        expression = expression_of(
            entries, model.factors, model.fit.parameters, model.fit.amplitude * search.scale, logarithm=logarithm
        )
        loss = model.fit.loss * search.scale**2
        own = 0.5 * len(t) * math.log2(max(loss, 1e-300)) + formula_bits(expression, len(t), X.shape[1])
        real = sum(search.surplus(model, k) for k in search.exponents(len(model.fixed)))
        laws.append(UnitLaw(expression, loss, own + real))
    return sorted(laws, key=lambda law: law.bits)


class _Search:
    """Fits of all factors to one table, whose target is kept in units of its spread."""

    def __init__(
        self,
        entries: Entries,
        t: np.ndarray,
        weights: np.ndarray | None,
        logarithm: bool,
        columns: int,
        floor: float,
        seed: int,
        until: float,
    ) -> None:
        # A logarithm's unit is not free.
        self.scale = 1.0 if logarithm else float(np.sqrt(np.mean(t**2)))
        self.values, self.t = entries.values, t / self.scale
        self.w = np.ones(len(t)) if weights is None else weights / weights.mean()
        self.power, self.logarithm, self.until = entries.power, logarithm, until
        self.columns, self.floor = columns, max(floor / self.scale**2, ROUNDING)
        self.order = np.random.default_rng(seed).permutation(len(t))
        self.rows = self.order[:MOST_ROWS]
        self.steps = 6 if len(t) > SCREEN_ROWS else 20

    def models(self) -> list[Model]:
        """Models with up to two functions, rounded, the best first."""
        n, m = self.values.shape
        rows = self.order[:SCREEN_ROWS]
        level, exponents = self._power_law(rows)
        plain = np.concatenate([[level], exponents])
        found = self._best([((), plain)])
        if n >= ROWS_PER_CONSTANT * (2 * m + 2):
            found += self._best(self._with_factor((), plain))
        least = min((model.fit.loss for model in found), default=math.inf)
        if n >= 5 * ROWS_PER_CONSTANT * (3 * m + 3) and least > AT_FLOOR * self.floor:
            first = [model for model in sorted(found, key=lambda one: one.bits) if model.factors][:EXTENDED]
            for model in first:
                found += self._best(self._with_factor(model.factors, model.fit.parameters))
        return sorted(found, key=lambda model: model.bits)

    def _with_factor(self, factors: tuple[Factor, ...], parameters: np.ndarray) -> list[Start]:
        """Starts with one more function, of every product of one or two columns."""
        starts = []
        for q in _directions(self.values.shape[1]):
            spread = float(np.std(self.values @ q))
            # Over decades the function's bend may be anywhere.
            shifts = (0.0,) if spread < WIDE else (-1.3 * spread, 0.0, 1.3 * spread)
            levels = [math.log(centre) for centre in CENTRES] + [shift for shift in shifts if shift]
            starts += [((*factors, f), np.concatenate([parameters, [a], q])) for f in FACTORS for a in levels]
        return starts

    def _power_law(self, rows: np.ndarray) -> tuple[float, np.ndarray]:
        """Level and exponents of the power law nearest to log|t|, to start from."""
        F, t, w = self.values[rows], self.t[rows], self.w[rows]
        if self.logarithm:
            target, root = t, np.sqrt(w)
        else:
            floor = 0.03 * float(np.sqrt(np.mean(t**2)))
            target, root = np.log(np.maximum(np.abs(t), floor)), np.sqrt(w) * np.maximum(np.abs(t), floor)
        design = np.column_stack([np.ones(len(F)), F])
        # A little ridge: with few rows the exponents would be anything.
        penalty = 1e-3 * float(root.max()) * np.eye(design.shape[1])
        solved = np.linalg.lstsq(
            np.vstack([design * root[:, None], penalty]), np.r_[target * root, np.zeros(len(penalty))], rcond=None
        )[0]
        return float(solved[0]), solved[1:]

    def _best(self, starts: list[Start]) -> list[Model]:
        few, more = self.order[:SCREEN_ROWS], self.order[:SHORT_ROWS]
        candidates = starts
        if len(starts) > FINAL:
            looked = screened(
                self.values[few], self.t[few], self.w[few], starts, self.logarithm, steps=self.steps, until=self.until
            )
            candidates = []
            for factors, first in looked[:SHORTLIST]:
                if clock.late(self.until):
                    break
                better = self._fitted(factors, first.parameters, more, steps=3 * self.steps)
                candidates.append((better.loss, factors, better.parameters))
            candidates = [one[1:] for one in _distinct(sorted(candidates, key=lambda one: one[0]))[:FINAL]]
        models = []
        for factors, parameters in candidates:
            if models and clock.late(self.until):
                break
            models += self._rounded(factors, parameters)
        kept: list[Model] = []
        for model in sorted((one for one in models if math.isfinite(one.bits)), key=lambda one: one.bits):
            if not any(_same(model, other) for other in kept):
                kept.append(model)
        return kept

    def _fitted(
        self,
        factors: tuple[Factor, ...],
        parameters: np.ndarray,
        rows: np.ndarray,
        *,
        steps: int,
        fixed: np.ndarray | None = None,
    ) -> Fit:
        free = np.ones(len(parameters), dtype=bool) if fixed is None else ~fixed
        clock.charge(Work.SMALL_FITS, 3)
        return fit(
            self.values[rows], self.t[rows], self.w[rows], factors, parameters, free, self.logarithm, steps=steps
        )

    def _rounded(self, factors: tuple[Factor, ...], parameters: np.ndarray) -> list[Model]:
        """The model on all rows: as it is, with exponents rounded, and with exponents rounded but none to zero.

        With few rows a column that matters a little may be dropped on the training rows and missed on all.
        """
        free = np.zeros(len(parameters), dtype=bool)
        real = self._model(factors, self._fitted(factors, parameters, self.rows, steps=80, fixed=free), free)
        found = [real, self._with_rounding(real, zero=True)]
        if len(self.t) < SMALL_TABLE:
            found.append(self._with_rounding(real, zero=False))
        return found

    def _with_rounding(self, model: Model, *, zero: bool) -> Model:
        """The model with each exponent rounded that the description length wants rounded."""
        together = True
        while math.isfinite(model.bits):
            wanted = self._wanted(model, zero=zero)
            if not wanted:
                break
            # All at once where that goes well: exponents near a fraction rarely contradict each other.
            chosen = [one for one in wanted if one[3] < NEAR_FRACTION] if together else []
            chosen = chosen or wanted[:1]
            trial, held = model.fit.parameters.copy(), model.fixed.copy()
            for _, k, rounded, _ in chosen:
                trial[k], held[k] = rounded, True
            fitted = self._fitted(model.factors, trial, self.rows, steps=self.steps, fixed=held)
            following = self._model(model.factors, fitted, held)
            if following.bits <= model.bits + 1:
                model = following
            elif len(chosen) > 1:
                together = False
            else:
                # What the quadratic model of the loss did not see.
                model = replace(model, fit=model.fit.without_variance(chosen[0][1]))
        return model

    def _wanted(self, model: Model, *, zero: bool) -> list[tuple[float, int, float, float]]:
        """Roundings that shorten the description, as (bits, parameter, value, distance in standard errors)."""
        found = []
        for k in self.exponents(len(model.fixed)):
            variance = model.fit.variance[k]
            if model.fixed[k] or not variance > 0:
                continue
            value = model.fit.parameters[k]
            options = []
            for rounded in self._candidates(value, k):
                if rounded == 0 and not zero:
                    continue
                # The loss when one parameter is held elsewhere and the others follow.
                rise = (value - rounded) ** 2 / variance
                loss = 0.5 * len(self.t) * math.log2(1 + rise / len(self.rows))
                bits = loss + self._exponent_bits(rounded, True) - self._exponent_bits(value, False, variance)
                options.append((bits, k, rounded, math.sqrt(rise)))
            if options and min(options)[0] < 0:
                found.append(min(options))
        return sorted(found)

    def exponents(self, length: int) -> Iterator[int]:
        m = self.values.shape[1]
        return (k for k in range(length) if k % (m + 1) != 0)

    def surplus(self, model: Model, k: int) -> float:
        """Bits that an exponent costs more than a real constant of average precision."""
        if model.fixed[k]:
            return 0.0
        real = self._exponent_bits(model.fit.parameters[k], False, model.fit.variance[k])
        return real - self._exponent_bits(model.fit.parameters[k], False)

    def _candidates(self, value: float, k: int) -> list[float]:
        entry = k % (self.values.shape[1] + 1) - 1
        if not self.power[entry]:
            return [0.0]
        return sorted({0.0, *(round(value * q) / q for q in FRACTIONS)})

    def _exponent_bits(self, value: float, fixed: bool, variance: float = 0.0) -> float:
        """Bits of a base, its exponent and the product that they join; none for an exponent of zero."""
        if fixed and value == 0:
            return 0.0
        bits = COSTS["variable"] + math.log2(self.columns) + COSTS["*"]
        if fixed and abs(value) == 1:
            return bits
        if fixed and abs(value) in (0.5, 2):
            return bits + COSTS["sqrt" if abs(value) == 0.5 else "^"]
        bits += COSTS["^" if fixed else "^ real"] + COSTS["constant"]
        if fixed:
            exponent = rational(value)
            return bits + math.log2(1 + abs(exponent.p)) + math.log2(exponent.q)
        # A real number is written as finely as the data tell it.
        size = 2 * max(abs(value), 1.0)
        fine = math.log2(size / min(math.sqrt(variance), size)) if variance > 0 else 0.0
        return bits + max(0.5 * math.log2(len(self.t)), fine)

    def _model(self, factors: tuple[Factor, ...], found: Fit, fixed: np.ndarray) -> Model:
        n, m = self.values.shape
        if not math.isfinite(found.loss):
            return Model(factors, found, fixed)
        entries = found.parameters.reshape(-1, m + 1)[:, 1:]
        if np.abs(entries[:, self.power]).max(initial=0.0) > LARGEST_EXPONENT:
            return Model(factors, found, fixed)
        bits = 0.5 * n * math.log2(max(found.loss, 1e-300))
        for k in self.exponents(len(found.parameters)):
            bits += self._exponent_bits(found.parameters[k], bool(fixed[k]), found.variance[k])
        for place, factor in enumerate(factors):
            q = found.parameters[(place + 1) * (m + 1) + 1 : (place + 2) * (m + 1)]
            if not np.any(q):
                return Model(factors, found, fixed)
            bits += factor.bits + COSTS["constant"] + 0.5 * math.log2(n)
        return Model(factors, found, fixed, bits)


def _same(model: Model, other: Model) -> bool:
    """Whether two models with the same functions came to the same fit."""
    return (
        model.factors == other.factors
        and int(model.fixed.sum()) == int(other.fixed.sum())
        and abs(model.fit.loss - other.fit.loss) <= 1e-6 * other.fit.loss
    )


def _distinct(ranked: list[tuple[float, tuple[Factor, ...], np.ndarray]]) -> list:
    """One of each group of fits that came to the same loss with the same factors."""
    kept: list[tuple[float, tuple[Factor, ...], np.ndarray]] = []
    for one in ranked:
        if math.isfinite(one[0]) and not any(
            one[1] == other[1] and abs(one[0] - other[0]) <= 1e-3 * other[0] for other in kept
        ):
            kept.append(one)
    return kept


def _directions(m: int) -> list[np.ndarray]:
    """Exponents of a product to start from: single entries and pairs."""
    found = []
    for i in range(m):
        for size in (1.0, -1.0, 2.0) if m < 4 else (1.0, -1.0):
            one = np.zeros(m)
            one[i] = size
            found.append(one)
        for j in range(i):
            for pair in ((1.0, -1.0), (-1.0, 1.0), (1.0, 1.0)):
                both = np.zeros(m)
                both[[i, j]] = pair
                found.append(both)
    return found
