# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportOperatorIssue=false
"""Forms that compete for all groups: each is fitted to all of them, and the shortest description wins."""

import itertools
import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.errors import ArgumentError
from kansym.groups.decision import Judge, Split
from kansym.groups.gauges import collected, combined_constants, other_squares, reciprocals
from kansym.groups.table import GroupedTable
from kansym.search.events import Event
from kansym.search.faults import Faults
from kansym.symbolic.canonical import canonicalize
from kansym.symbolic.free_numbers import NUDGE, free_numbers
from kansym.symbolic.missing_constants import missing_constants
from kansym.symbolic.parametric import ParametricForm, node_count, parametrize

logger = logging.getLogger(__name__)

MOST_CONSTANTS = 7
"""Constants of a form, for each group at most; more are a table in disguise."""

GLANCED, PROMISING = 80.0, 15.0
"""Bits behind the best, were all constants shared at no loss, up to which a form is fitted with care, and up to which
its constants are decided on."""

LEADERS, FOLLOWERS, PLACES, ROUNDS = 4, 3, 4, 6
"""Of the best forms that are improved, as many times so many that are tried with fewer constants, places for one more
constant that are tried in each, and rounds."""

NEAR = 3.5
"""Standard errors between a shared constant and the simple number that it may be."""

GAUGE_BITS = 5.0
"""Bits that a combination of two constants costs: that many pairs and combinations are tried."""

MOST_STARTS = 12
"""Groups that keep their constants where a form is written in another way."""

MOST_TURNS = 8
"""Quarter turns of a phase that may be exact."""

SIMPLE = tuple(Fraction(p, q) for q in (1, 2, 3) for p in range(-4 * q, 4 * q + 1) if math.gcd(p, q) == 1)
"""Numbers that an exponent of a law may be."""


@dataclass(frozen=True, eq=False)
class _Entry:
    """A form fitted to each group on its own, and the shortest that its description can be."""

    least: float
    separate: Split


class Contest:
    """Forms tried so far for one grouped table.

    Parameters
    ----------
    table : GroupedTable
    deadline : float
        `kansym.clock.now` value.

    Attributes
    ----------
    found : list of Split
        Different forms with their constants decided, the shortest description first.
    changed : float
        When the best of them came, as `kansym.clock.now`.
    log : tuple of Event
        Who had which slice of work, after a search.
    """

    def __init__(self, table: GroupedTable, deadline: float) -> None:
        self.table, self.deadline = table, deadline
        self.judge, self.faults = Judge(table), Faults()
        self.found: list[Split] = []
        self.tried, self.interrupted, self.idle, self.changed = 0, False, 0.0, clock.now()
        self.log: tuple[Event, ...] = ()
        self._seen: dict[str, float] = {}
        """The shortest that the description by each form can be, from where it was fitted."""
        self._simplified: set[str] = set()
        self._improved: set[str] = set()
        self._until = deadline
        self._positive = [symbol for symbol in table.variables if symbol.is_positive]

    @property
    def best(self) -> Split | None:
        return self.found[0] if self.found else None

    def offer(self, expression: sympy.Expr, others: Mapping[int, sympy.Expr] | None = None) -> None:
        """Try an expression with Float constants, and the same with constants for numbers that nobody measured.

        Parameters
        ----------
        expression : sympy.Expr
        others : mapping of int to sympy.Expr, optional
            The same with other constants, for some groups to start from.
        """
        self.offer_all([expression], [others])

    def offer_all(
        self,
        expressions: Sequence[sympy.Expr],
        others: Sequence[Mapping[int, sympy.Expr] | None],
        until: float = math.inf,
    ) -> None:
        """Try several expressions; the constants of those are decided on first that describe the groups best."""
        entries: list[_Entry] = []
        for expression, starts in zip(expressions, others, strict=True):
            for one in dict.fromkeys([expression, _with_own_size(free_numbers(expression, self.table.variables))]):
                if clock.late(until):
                    break
                try:
                    form = parametrize(canonicalize(one, self._positive), self.table.variables)
                    known = str(form.expression) in self._seen
                    entry = None if known else self._fitted(form, self._starts(form, starts) if starts else None)
                    entries += [] if entry is None else [entry]
                except ArgumentError as error:
                    logger.info("form given up: %s", error)
                except Exception as error:
                    self.faults.add("a form for all groups", error)
        for entry in sorted(entries, key=lambda one: one.least):
            try:
                self._decided(entry)
            except Exception as error:
                self.faults.add("a form for all groups", error)

    def _starts(self, form: ParametricForm, others: Mapping[int, sympy.Expr]) -> np.ndarray:
        """Constants (G, k) of expressions that are the form with other constants."""
        start = np.tile(form.values, (self.table.n_groups, 1))
        for g, other in others.items():
            there = parametrize(canonicalize(other, self._positive), self.table.variables)
            if there.expression == form.expression:
                start[g] = there.values
        return start

    def enter(self, form: ParametricForm, hoped: float = -math.inf, start: np.ndarray | None = None) -> None:
        """Fit a form to all groups and decide about its constants, unless it was met before or has no chance.

        Parameters
        ----------
        form : ParametricForm
        hoped : float, default -inf
            Bits of which its own come near: where it was met before and ended above them, it begins here once more.
        start : array (G, k), optional
            Constants to start from besides those of the form.
        """
        entry = self._fitted(form, start, hoped)
        if entry is not None:
            self._decided(entry)

    def _fitted(self, form: ParametricForm, start: np.ndarray | None, hoped: float = -math.inf) -> "_Entry | None":
        """A form fitted to each group on its own; None where it was met before or has no chance."""
        key = str(form.expression)
        k = len(form.constants)
        rows, groups = len(self.table.dataset.y), self.table.n_groups
        again = self._seen.get(key, -math.inf) > hoped > -math.inf
        if key in self._seen and not again:
            return None
        if not 0 < k <= MOST_CONSTANTS or k + groups > rows or clock.late(self.deadline):
            return None
        before, self._seen[key] = self._seen.get(key), hoped if again else math.inf
        self.tried += 1
        try:
            entry = self._described(form, start)
        except Exception:
            raise
        except BaseException:
            # A fit that was left in the middle says nothing of the form.
            self._seen.pop(key)
            if before is not None:
                self._seen[key] = before
            raise
        if entry is not None:
            self._seen[key] = entry.least
        return entry

    def _described(self, form: ParametricForm, start: np.ndarray | None) -> "_Entry | None":
        starts = [np.tile(form.values, (self.table.n_groups, 1))]
        clock.charge(Work.COMPILED_NODES, node_count(form.expression) * (1 + len(form.constants)))
        values, losses = self.judge.glance(form, starts if start is None else [start, *starts])
        if self._behind(form, losses) > GLANCED:
            return None
        separate = self.judge.separate(form, values, losses)
        return None if separate is None else _Entry(self.judge.least_bits(form, self.judge.losses(separate)), separate)

    def _decided(self, entry: "_Entry") -> None:
        """Decide about the constants of a form where that may become the best."""
        if self.best is not None and entry.least - self.best.bits > PROMISING:
            return
        self._keep(self.judge.decide(entry.separate, until=self.deadline))

    def _behind(self, form: ParametricForm, losses: np.ndarray) -> float:
        """Bits behind the best, at least, with these sums of squares (G,) of each group on its own."""
        return -math.inf if self.best is None else self.judge.least_bits(form, losses) - self.best.bits

    def _keep(self, split: Split) -> Split:
        if math.isfinite(split.bits):
            before = self.best
            self.found.append(split)
            self.found.sort(key=lambda one: (round(one.bits, 6), str(one.form.expression)))
            if self.best is not before:
                self.changed = clock.now()
        return split

    def finish(self) -> None:
        """Decide once more about the constants of the best form, by every single change; a mean if there is none."""
        if not self.found:
            level = sympy.Symbol("c0", real=True)
            form = ParametricForm(level, self.table.variables, (level,), np.array([float(self.table.dataset.y.mean())]))
            self.deadline = math.inf
            self.enter(form)
        best = self.found[0]
        separate = self.judge.at(best.form, self.judge.glance(best.form, [best.fit.values])[0])
        thorough = self.judge.decide(separate, thorough=True)
        if thorough.bits < best.bits and not np.array_equal(thorough.shared, best.shared):
            self.found[0] = thorough

    def improve(self, until: float = math.inf, *, leaders: int = LEADERS) -> None:
        """Try the best forms with one constant more, with simple numbers, and with other names for their constants.

        Parameters
        ----------
        until : float, default inf
            `kansym.clock.now` value after which no other form is taken up.
        leaders : int, default 4
            How many of the best.
        """
        self._until = min(until, self.deadline)
        for _ in range(ROUNDS):
            before = self.best
            self._change(self.found[: FOLLOWERS * leaders], (self._simpler, self._joined), self._simplified)
            self._change(self.found[:leaders], (self._rewritten, self._regauged, self._completed), self._improved)
            if self.best is before or clock.late(self._until):
                return

    def _change(self, splits: Sequence[Split], steps: Sequence[Callable[[Split], None]], had: set[str]) -> None:
        """Change forms that had none of these steps before."""
        for split in splits:
            if str(split.form.expression) in had:
                continue
            if clock.late(self._until):
                return
            for step in steps:
                try:
                    step(split)
                except Exception as error:
                    self.faults.add("a change of a form for all groups", error)
            # What was left in the middle is changed again.
            had.add(str(split.form.expression))

    def _simpler(self, split: Split) -> None:
        """Try simple numbers for shared constants, and for each group's own where these are all near one."""
        fit, form = split.fit, split.form
        sigma = math.sqrt(self.judge.variance(split))
        for j, symbol in enumerate(form.constants):
            # A constant that the rows do not determine may be any number.
            errors = np.where(fit.undetermined[:, j], np.inf, sigma * np.sqrt(np.maximum(fit.covariance[:, j, j], 0.0)))
            values = fit.values[:, j]
            if fit.shared[j]:
                values, errors = values[:1], errors[:1]
            for number in _simple_numbers(form.expression, symbol, float(values[0])):
                if (np.abs(values - float(number)) <= NEAR * errors).all():
                    smaller = form.with_constant(symbol, number)
                    if len(smaller.constants) and smaller.expression.free_symbols & set(form.variables):
                        self._again(smaller, np.delete(fit.values, j, axis=1), split.bits)

    def _joined(self, split: Split) -> None:
        """Try one constant for two that are equal or reciprocal up to their sign, as in a*(1 - exp(-x))."""
        fit, form, variance = split.fit, split.form, self.judge.variance(split)
        for p, q in itertools.combinations(range(len(form.constants)), 2):
            if fit.shared[p] != fit.shared[q]:
                continue
            for sign, power in itertools.product((1, -1), (1, -1)):
                with np.errstate(all="ignore"):
                    other = sign * fit.values[:, p] ** power
                    slope = power * other / fit.values[:, p]
                    square = slope**2 * fit.covariance[:, p, p] - 2 * slope * fit.covariance[:, p, q]
                    error = np.sqrt(np.maximum(variance * (square + fit.covariance[:, q, q]), 0.0))
                # An error beyond double precision is no reason to take two constants for one.
                if np.isfinite(error).all() and (np.abs(fit.values[:, q] - other) <= NEAR * error).all():
                    smaller = form.with_constant(form.constants[q], sign * form.constants[p] ** power)
                    smaller = replace(smaller, expression=collected(smaller.expression, form.constants[p]))
                    values = np.delete(fit.values, q, axis=1)
                    if power == 1:
                        self.enter(smaller.with_values(np.median(values, axis=0)), split.bits)
                    else:
                        self._again(smaller, values, split.bits)

    def _again(self, form: ParametricForm, start: np.ndarray, hoped: float) -> None:
        """Enter a form with constants (G, k), in the canonical gauge where it has no more of them there."""
        form = form.with_values(start[0])
        other = parametrize(canonicalize(form.substituted(), self._positive), form.variables)
        if len(other.constants) > len(form.constants):
            self.enter(form, hoped, start)
            return
        each = {g: form.with_values(start[g]).substituted() for g in range(min(len(start), MOST_STARTS))}
        self.enter(other, hoped, self._starts(other, each))

    def _regauged(self, split: Split) -> None:
        """Try whether the ratio, product, sum or difference of two of each group's own constants is shared, or a ratio
        or product with the square or root of one."""
        form, own = split.form, np.flatnonzero(~split.shared)
        if len(own) < 2 or (self.best is not None and split.bits > self.best.bits + PROMISING):
            return
        values = self.judge.at(form, self.judge.glance(form, [split.fit.values])[0]).fit.values
        for p, q in itertools.combinations(own, 2):
            second = form.constants[q]
            for replacement, combined in combined_constants(form, values, p, q):
                if not np.isfinite(combined).all() or clock.late(self._until):
                    continue
                start = values.copy()
                start[:, q] = combined
                expression = sympy.factor_terms(form.expression.xreplace({second: replacement}))
                changed = ParametricForm(expression, form.variables, form.constants, np.median(start, axis=0))
                if str(expression) in self._seen:
                    continue
                self._seen[str(expression)] = -math.inf
                # What its constants are called is no part of a law, so the form costs what it did.
                self.judge.price(changed, self.judge.words(form) + GAUGE_BITS)
                separate = self.judge.at(changed, start)
                # Clearly different combinations are not shared, whatever else is.
                if self.judge.apart(separate)[q] / (2 * math.log(2)) < self.judge.saving + PROMISING:
                    trial = self.judge.decide(separate, until=self.deadline)
                    if trial.bits < split.bits:
                        self._keep(trial)

    def _rewritten(self, split: Split) -> None:
        """Try the same functions written otherwise, where constants of each group's own may be fewer."""
        form, values = split.form, split.fit.values
        for expression, start in itertools.chain(other_squares(form, values), reciprocals(form, values)):
            changed = ParametricForm(expression, split.form.variables, split.form.constants, np.median(start, axis=0))
            self.enter(changed, split.bits, start)

    def _completed(self, split: Split) -> None:
        """Try constants that the form lacks, where all rows together show it."""
        columns, form, values = columns_of_constants(split, self.table)
        y, weights = self.table.dataset.y, self.judge.rows.root**2
        if split.levels is not None:
            weights = weights / split.levels[self.table.codes] ** 2
        places = missing_constants(form, columns, y, weights)[:PLACES]
        own = [symbol for symbol, shared in zip(split.form.constants, split.shared, strict=True) if not shared]
        for place in places:
            medians = {symbol: sympy.Float(float(np.median(values[:, j]))) for j, symbol in enumerate(own)}
            self.offer(place.expression.xreplace(medians))


def columns_of_constants(split: Split, table: GroupedTable) -> tuple[np.ndarray, ParametricForm, np.ndarray]:
    """Each group's own constants as columns beside the inputs: all columns (n, d + p), the form of the shared constants
    in these columns, and their values (G, p)."""
    form, own = split.form, np.flatnonzero(~split.shared)
    values = split.fit.values[:, own]
    symbols = tuple(form.constants[j] for j in own)
    kept = np.flatnonzero(split.shared)
    constants = tuple(form.constants[j] for j in kept)
    whole = ParametricForm(form.expression, (*form.variables, *symbols), constants, split.fit.values[0, kept])
    return np.hstack([table.dataset.X, values[table.codes]]), whole, values


def _with_own_size(expression: sympy.Expr) -> sympy.Expr:
    """The expression with a constant for an exact factor of the whole: 2*exp(-t), read off one group, says that the
    size of this group is 2."""
    factor, rest = expression.as_coeff_Mul()
    if rest.is_Add or factor.is_Float or abs(factor) == 1:
        return expression
    return sympy.Float(float(factor) * NUDGE) * rest


def _simple_numbers(expression: sympy.Expr, symbol: sympy.Symbol, value: float) -> Iterator[sympy.Expr]:
    """What a constant could be instead: a simple exponent, nothing, one, or the quarter turns of a phase."""
    powers = [node for node in expression.atoms(sympy.Pow) if node.exp.has(symbol)]
    if powers:
        yield from (sympy.Rational(number.numerator, number.denominator) for number in SIMPLE)
    else:
        yield from (sympy.S.Zero, sympy.S.One, sympy.S.NegativeOne)
    waves = [node for node in expression.atoms(sympy.sin, sympy.cos) if symbol in node.args[0].args]
    turns = round(value / (math.pi / 2))
    if waves and 0 < abs(turns) <= MOST_TURNS:
        yield turns * sympy.pi / 2
