"""Which constants of a form are shared and which are each group's own: the shortest description of all rows."""

import itertools
import math
from dataclasses import dataclass, replace

import numpy as np
import scipy
import sympy

from kansym import clock
from kansym.groups.fit import GroupedRows, JointFit, descend, described, joint_fit
from kansym.groups.table import GroupedTable
from kansym.symbolic.complexity import formula_bits
from kansym.symbolic.parametric import ParametricForm

LEVEL_ROWS = 8
"""Rows of a group, beyond its constants, from which its noise is told from that of the others."""

UNEQUAL = 1e-4
"""Probability below which the noise of the groups clearly differs."""

GLANCE = 15
"""Steps that show whether a form has a chance."""

SAME_SIGN = 1e-10
"""Relative change of the values by another sign of a constant that is none."""

HOPELESS = 40.0
"""Bits behind the best after which no further constant is made a shared one."""

RELATIVE_FLOOR = 1e-12
"""Residual in units of the largest value that is rounding."""


@dataclass(frozen=True, eq=False)
class Split:
    """A form with the decision about its constants.

    Attributes
    ----------
    fit : JointFit
        In units of `levels`, where there are any.
    bits : float
        Length of the description of all rows, up to a constant of the data.
    levels : array (G,) or None
        Noise of each group in units of the target, where they differ; None where one level, or given errors, will do.
    """

    fit: JointFit
    bits: float
    levels: np.ndarray | None

    @property
    def form(self) -> ParametricForm:
        return self.fit.form

    @property
    def shared(self) -> np.ndarray:
        return self.fit.shared


class Judge:
    """Description lengths of forms for one grouped table.

    Parameters
    ----------
    table : GroupedTable
    """

    def __init__(self, table: GroupedTable) -> None:
        self.table, self.rows = table, GroupedRows.of(table)
        self.errors_given = table.dataset.y_error is not None
        largest = float(np.abs(table.dataset.y).max())
        self.floor = max(table.floor, RELATIVE_FLOOR * largest)
        self._words: dict[sympy.Expr, float] = {}

    def bits(self, fit: JointFit, levels: np.ndarray | None) -> float:
        """Description length of a fit.

        Chi-squared in full where the table has errors, else ``n/2 log2`` of the mean squared residual, of all rows or
        of each group, as of rows predicted from the others; the nodes of the form; and ``1/2 log2(n)`` for each
        constant that was fitted, with n all rows for a shared one and those of the group for each of its own.
        """
        rows = self.rows if levels is None else self.rows.at_levels(levels)
        left_out = fit.left_out(rows)
        if not np.isfinite(left_out).all():
            return math.inf
        counts, n = rows.counts, len(rows.y)
        if self.errors_given:
            misfit = 0.5 * float(left_out @ left_out) / math.log(2)
        elif levels is None:
            misfit = 0.5 * n * math.log2(max(float(np.mean(left_out**2)), self.floor**2))
        else:
            squares = rows.sums(left_out**2) / counts * levels**2
            misfit = 0.5 * float(counts @ np.log2(np.maximum(squares, self.floor**2)))
        return misfit + self.cost(fit, levels)

    def cost(self, fit: JointFit, levels: np.ndarray | None) -> float:
        """The part of the description that the form and its constants are."""
        counts, n = self.rows.counts, len(self.rows.y)
        own = int((~fit.shared).sum())
        words = self.words(fit.form)
        constants = 0.5 * math.log2(n) * int(fit.shared.sum()) + 0.5 * own * float(np.log2(counts).sum())
        return words + constants + (0.0 if levels is None else 0.5 * float(np.log2(counts[1:]).sum()))

    @property
    def saving(self) -> float:
        """Bits by which a shared constant is cheaper than one of each group's own."""
        return 0.5 * (float(np.log2(self.rows.counts).sum()) - math.log2(len(self.rows.y)))

    def words(self, form: ParametricForm) -> float:
        """The part of the description that the form is.

        A constant that stands in several places costs which pair is equal, with either sign: else two that are equal
        by chance would be one.
        """
        known = self._words.get(form.expression)
        if known is not None:
            return known
        k = len(form.constants)
        repeated = sum(form.expression.count(symbol) for symbol in form.constants) - k
        words = formula_bits(replace(form, bounds=None), 1, len(self.rows.columns))
        return words + (repeated * math.log2(k * (k + 1)) if repeated else 0.0)

    def price(self, form: ParametricForm, words: float) -> None:
        """Let a form cost so many bits: the same function with other names for its constants is no longer one."""
        self._words[form.expression] = min(words, self.words(form))

    def losses(self, split: Split) -> np.ndarray:
        """Sums of squares (G,) of a fit, in the units of the rows."""
        squares = self.rows.sums(split.fit.residuals**2)
        return squares if split.levels is None else squares * split.levels**2

    def least_bits(self, form: ParametricForm, losses: np.ndarray) -> float:
        """The shortest that a description can be, with these sums of squares (G,) of each group on its own."""
        counts, n = self.rows.counts, len(self.rows.y)
        words = formula_bits(form, n, len(self.rows.columns))
        if not np.isfinite(losses).all():
            return math.inf
        if self.errors_given:
            return words + 0.5 * float(losses.sum()) / math.log(2)
        one = n * math.log2(max(float(losses.sum()) / n, self.floor**2))
        each = float(counts @ np.log2(np.maximum(losses / counts, self.floor**2)))
        return words + 0.5 * min(one, each)

    def split(
        self,
        form: ParametricForm,
        shared: np.ndarray,
        start: np.ndarray,
        levels: np.ndarray | None,
        max_steps: int = 60,
    ) -> Split | None:
        """A form fitted with some constants shared; None where it has no finite value."""
        rows = self.rows if levels is None else self.rows.at_levels(levels)
        fit = joint_fit(form, rows, shared, start, max_steps=max_steps)
        if fit is None:
            return None
        return Split(fit, self.bits(fit, levels), levels)

    def glance(self, form: ParametricForm, starts: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Constants (G, k) and sums of squares (G,) with all constants each group's own, after few steps."""
        best, losses = starts[0], np.full(len(starts[0]), np.inf)
        for start in starts:
            best, losses = self._from(form, start, best, losses, GLANCE)
        return best, losses

    def separate(self, form: ParametricForm, best: np.ndarray, losses: np.ndarray) -> Split | None:
        """A form with all constants each group's own, from constants (G, k) with these sums of squares (G,).

        Groups that end far above where the form takes others begin again at the constants of these.
        """
        rows, none = self.rows, np.zeros(len(form.constants), dtype=bool)
        size = np.maximum(rows.sums((rows.y * rows.root) ** 2), 1e-300)
        for _ in range(2):
            good = np.argsort(losses / size, kind="stable")
            if not np.isfinite(losses[good[0]]):
                return None
            for leader in good[: 1 + min(2, len(good) // 2)]:
                worse = losses / size > 1.5 * losses[leader] / size[leader]
                if worse.any():
                    start = np.where(worse[:, None], best[leader], best)
                    best, losses = self._from(form, start, best, losses, GLANCE)
        best, losses = _better(best, losses, *descend(form, rows, none, best, max_steps=40))
        if not np.isfinite(losses).all():
            return None
        return self.at(form, self._of_one_sign(form, best))

    def _of_one_sign(self, form: ParametricForm, values: np.ndarray) -> np.ndarray:
        """The constants (G, k) with signs turned in single groups where that changes nothing: a*tanh(b*x) has two."""
        rows, k = self.rows, values.shape[1]
        mixed = [j for j in range(k) if (values[:, j] > 0).any() and (values[:, j] < 0).any()]
        for turned in (*((j,) for j in mixed), *itertools.combinations(mixed, 2)):
            signs = np.ones(k)
            signs[list(turned)] = -1.0
            before = rows.values(form, values)
            with np.errstate(all="ignore"):
                apart = np.abs(rows.values(form, values * signs) - before) > SAME_SIGN * np.abs(before).max()
            same = rows.sums(apart.astype(float)) == 0
            wanted = same & (np.sign(values[:, list(turned)]).sum(axis=1) < 0)
            values = np.where(wanted[:, None], values * signs, values)
        return values

    def _from(
        self, form: ParametricForm, start: np.ndarray, best: np.ndarray, losses: np.ndarray, steps: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """The better of some constants and where a start leads to, for each group."""
        none = np.zeros(len(form.constants), dtype=bool)
        if form.linear_constants:
            start, _ = descend(form, self.rows, none, start, max_steps=3, active=form.linear_constants)
        return _better(best, losses, *descend(form, self.rows, none, start, max_steps=steps))

    def at(self, form: ParametricForm, values: np.ndarray) -> Split:
        """The split with all constants each group's own, at a minimum."""
        rows, none = self.rows, np.zeros(len(form.constants), dtype=bool)
        fit = described(form, rows, none, values)
        plain = Split(fit, self.bits(fit, None), None)
        levels = None if self.errors_given else self._levels(plain)
        if levels is None:
            return plain
        weighted = described(form, rows.at_levels(levels), none, values)
        return Split(weighted, self.bits(weighted, levels), levels)

    def _levels(self, split: Split) -> np.ndarray | None:
        """Noise of each group, of all together where it has few rows; None where they are as good as equal.

        By Bartlett's test, doi:10.1098/rspa.1937.0109.
        """
        rows, k = self.rows, len(split.form.constants)
        squares, free = rows.sums(split.fit.residuals**2), rows.counts - k
        enough = free >= LEVEL_ROWS
        m, total = int(enough.sum()), float(free[enough].sum())
        if m < 2:
            return None
        variances = np.maximum(squares[enough] / free[enough], self.floor**2)
        pooled = float(variances @ free[enough]) / total
        statistic = total * math.log(pooled) - float(free[enough] @ np.log(variances))
        correction = 1 + (float((1 / free[enough]).sum()) - 1 / total) / (3 * (m - 1))
        if scipy.stats.chi2.sf(statistic / correction, m - 1) > UNEQUAL:
            return None
        return np.maximum(np.sqrt(np.where(enough, squares / np.maximum(free, 1), pooled)), self.floor)

    def decide(self, separate: Split, *, thorough: bool = False, until: float | None = None) -> Split:
        """The shortest description by one form: constants become shared one by one, those first that differ least.

        Parameters
        ----------
        separate : Split
            With all constants each group's own.
        thorough : bool, default False
            Try every single change at the end, until none makes the description shorter.
        until : float, optional
            `kansym.clock.now` value after which no further change is tried.
        """
        k = len(separate.form.constants)
        best = here = separate
        while here is not None and not here.shared.all() and not clock.late(until):
            apart = self.apart(here)
            order = [int(j) for j in np.argsort(apart, kind="stable") if not here.shared[j]]
            found = [self._moved(here, j, separate) for j in order[: 1 if len(order) < 3 else 2]]
            here = min((one for one in found if one), key=lambda one: one.bits, default=None)
            if here is not None and here.bits < best.bits:
                best = here
            elif here is not None and here.bits > best.bits + HOPELESS:
                break
        everything = self.split(separate.form, np.ones(k, dtype=bool), separate.fit.values, separate.levels)
        if everything is not None and everything.bits < best.bits:
            best = everything
        while thorough and not clock.late(until):
            after = [one for j in range(k) if (one := self._moved(best, j, separate)) is not None]
            shortest = min(after, key=lambda one: one.bits, default=best)
            if not shortest.bits < best.bits:
                break
            best = shortest
        return self.settled(best)

    def _moved(self, split: Split, j: int, separate: Split) -> Split | None:
        """The split with one constant of the other kind."""
        shared = split.shared.copy()
        shared[j] = not shared[j]
        start = split.fit.values
        if not shared[j]:
            start = start.copy()
            start[:, j] = separate.fit.values[:, j]
        return self.split(split.form, shared, start, split.levels)

    def apart(self, split: Split) -> np.ndarray:
        """Chi-squared (k,) of "all groups have the same" for each constant on its own (Wald's test)."""
        fit = split.fit
        variance = np.maximum(np.diagonal(fit.covariance, axis1=1, axis2=2), 1e-300) * self.variance(split)
        weight = np.where(fit.undetermined, 0.0, 1.0 / variance)
        total = np.maximum(weight.sum(axis=0), 1e-300)
        mean = (weight * fit.values).sum(axis=0) / total
        with np.errstate(over="ignore", invalid="ignore"):
            return np.where(weight > 0, weight * (fit.values - mean) ** 2, 0.0).sum(axis=0)

    def variance(self, split: Split) -> float:
        """Of the weighted residuals of a fit; 1 where errors were given, at least that of rounding."""
        if self.errors_given:
            return 1.0
        fit = split.fit
        free = len(fit.residuals) - fit.fitted
        least = self.floor**2 if split.levels is None else 0.0
        return max(float(fit.residuals @ fit.residuals) / free, least) if free > 0 else math.nan

    def settled(self, split: Split) -> Split:
        """A split with the noise of each group as its own residuals say, where that differs."""
        for _ in range(3):
            if split.levels is None:
                break
            rows = self.rows.at_levels(split.levels)
            free = np.maximum(rows.counts - rows.sums(split.fit.leverage), 1.0)
            ratio = np.sqrt(rows.sums(split.fit.residuals**2) / free)
            enough = free >= LEVEL_ROWS
            pooled = math.sqrt(float((ratio**2 * free)[enough].sum() / free[enough].sum())) if enough.any() else 1.0
            levels = np.maximum(split.levels * np.where(enough, ratio, pooled), self.floor)
            again = self.split(split.form, split.shared, split.fit.values, levels, max_steps=20)
            if again is None or not again.bits < split.bits - 1e-3:
                break
            split = again
        return split


def _better(
    values: np.ndarray, losses: np.ndarray, others: np.ndarray, other_losses: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Of two fits, the better one of each group."""
    better = other_losses < losses
    return np.where(better[:, None], others, values), np.where(better, other_losses, losses)
