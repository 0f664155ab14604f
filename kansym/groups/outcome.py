# scipy types its results as tuples.
# pyright: reportAttributeAccessIssue=false, reportArgumentType=false, reportReturnType=false
"""From a decided form to a `GroupedFormula`: errors of the constants, tests of each group, and the verdict."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import scipy
import sympy

from kansym.fitting.residuals import Residuals
from kansym.groups.decision import Judge, Split
from kansym.groups.fit import described
from kansym.groups.result import GroupedConstant, GroupedFormula, GroupFit, equal_test
from kansym.groups.table import GroupedTable
from kansym.numbers import probability, short
from kansym.symbolic.constants import consistency_of, constants_of
from kansym.symbolic.naming import plain
from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.text import to_text
from kansym.units.system import UnitSystem
from kansym.validation.residual_tests import check_residuals
from kansym.validation.rivals import NEAR
from kansym.validation.same_form import contains, probes, tolerance
from kansym.validation.verdict import (
    CHI2_LEVEL,
    DESCRIPTION,
    HALF,
    LAW,
    LAW_RATIO,
    LAW_SAVED,
    LEVEL,
    MOST_CONSTANTS,
    NOTHING,
    SAVED,
    TENTH,
    Ground,
    Topic,
    Verdict,
)

STRANGE = 1e-3
"""Probability, over all groups together, below which a group is said not to follow the law."""

SAME = 1e-3
"""Difference of the values of two forms, in units of the residuals, up to which they are one function."""

FEWEST_ROWS = 3
"""Rows beyond its constants from which a group has a scatter of its own."""

SHOWN_ALTERNATIVES, NEAR_BITS = 5, 40.0


def outcome(
    split: Split,
    judge: Judge,
    *,
    others: Sequence[Split] = (),
    notes: tuple[str, ...] = (),
    searched: bool = False,
    seconds: float = 0.0,
    interrupted: bool = False,
) -> GroupedFormula:
    """The result for a form whose constants are decided on.

    Parameters
    ----------
    split : Split
    judge : Judge
    others : sequence of Split
        Other forms, for comparison.
    notes : tuple of str
    searched : bool, default False
        Whether the form was searched for, and needs a verdict.
    seconds : float
    interrupted : bool
    """
    table, fit = judge.table, split.fit
    variance = judge.variance(split)
    covariance = fit.covariance * variance
    with np.errstate(invalid="ignore"):
        errors = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    errors = np.where(fit.undetermined, np.nan, errors)
    fits = group_fits(split, judge)
    units = _units(split.form.with_values(fit.values[0]), table)
    constants = []
    for j, symbol in enumerate(split.form.constants):
        chi2, p_value = _freed(split, judge, j) if fit.shared[j] else equal_test(fit.values[:, j], errors[:, j])
        constants.append(
            GroupedConstant(
                symbol.name, bool(fit.shared[j]), fit.values[:, j], errors[:, j], units.get(symbol.name), chi2, p_value
            )
        )
    ndf = len(fit.residuals) - fit.fitted
    chi2 = float(fit.residuals @ fit.residuals) if judge.errors_given else None
    found = GroupedFormula(
        form=split.form.with_values(fit.values[0]),
        constants=tuple(constants),
        table=table,
        fits=fits,
        covariance=covariance,
        levels=split.levels,
        noise=None if judge.errors_given or split.levels is not None else math.sqrt(variance),
        chi2=chi2,
        p_value=_p_value(split, judge),
        ndf=ndf,
        bits=split.bits,
        saved=_mean_bits(judge) - split.bits,
        alternatives=tuple(
            (f"{table.dataset.target} = {to_text(plain(one.form.expression))}", one.bits - split.bits)
            for one in [one for one in others if not _same(one, split, judge)][:SHOWN_ALTERNATIVES]
            if one.bits - split.bits < NEAR_BITS
        ),
        notes=(*table.dataset.notes, *notes, *_notes(split, table)),
        seconds=seconds,
        interrupted=interrupted,
    )
    return replace(found, verdict=verdict(found, split, judge, others)) if searched else found


def _same(one: Split, other: Split, judge: Judge) -> bool:
    """Whether two forms are one function with other names for its constants: they have the same values on all rows."""
    if one is other:
        return True
    first, second = (judge.rows.residuals(split.form, split.fit.values) for split in (one, other))
    return float(np.linalg.norm(first - second)) <= SAME * float(np.linalg.norm(second))


def _nearest(split: Split, judge: Judge, others: Sequence[Split]) -> float:
    """Bits to the nearest form that says something else: those that contain the pick are the pick with constants to
    spare."""
    table = judge.table
    g = int(table.counts.argmax())
    rows = table.rows_of(g)
    pick = split.form.with_values(split.fit.values[g])
    points = probes(table.dataset.X[rows], seed=0)
    raw = pick.evaluate(table.dataset.X[rows]) - table.dataset.y[rows]
    allowed = tolerance(float(np.sqrt(np.mean(raw**2))), float(np.std(table.dataset.y[rows])), exact=False)
    for one in others:
        if one.bits - split.bits >= NEAR_BITS:
            break
        form = one.form.with_values(one.fit.values[g])
        if not _same(one, split, judge) and not contains(form, pick.substituted(), points, allowed):
            return one.bits - split.bits
    return math.inf


def _units(form: ParametricForm, table: GroupedTable) -> dict[str, str | None]:
    system = UnitSystem.of(table.dataset)
    nothing = np.full(len(form.constants), np.nan)
    return {one.name: one.unit for one in constants_of(form, nothing, system, consistency_of(form, system))}


def _notes(split: Split, table: GroupedTable) -> list[str]:
    notes = []
    if split.levels is not None:
        low, high = float(split.levels.min()), float(split.levels.max())
        notes.append(
            f"The noise of the groups differs, from {short(low)} to {short(high)}: each was estimated, and rows count "
            "by it."
        )
    for j, symbol in enumerate(split.form.constants):
        loose = [table.names[g] for g in np.flatnonzero(split.fit.undetermined[:, j])]
        if loose:
            where = "" if split.shared[j] else f" of {', '.join(loose[:5])}{' and others' if len(loose) > 5 else ''}"
            notes.append(f"The data do not determine {symbol.name}{where}.")
    return notes


def _freed(split: Split, judge: Judge, j: int) -> tuple[float, float]:
    """Chi-squared of "all groups have the same" for a shared constant, by the fit in which each has its own."""
    shared = split.shared.copy()
    shared[j] = False
    freed = judge.split(split.form, shared, split.fit.values, split.levels)
    if freed is None or freed.fit.undetermined[:, j].any():
        return math.nan, math.nan
    # The residual variance of the larger model: the smaller one is what is asked about.
    gain = float(split.fit.residuals @ split.fit.residuals - freed.fit.residuals @ freed.fit.residuals)
    more, free = freed.fit.fitted - split.fit.fitted, len(split.fit.residuals) - freed.fit.fitted
    if free <= 0:
        return math.nan, math.nan
    chi2 = max(gain, 0.0) / judge.variance(freed)
    p_value = scipy.stats.chi2.sf(chi2, more) if judge.errors_given else scipy.stats.f.sf(chi2 / more, more, free)
    return chi2, float(p_value)


def _mean_bits(judge: Judge) -> float:
    """Length of the description by a mean for each group."""
    level = sympy.Symbol("c0", real=True)
    form = ParametricForm(level, judge.table.variables, (level,), np.ones(1))
    means = judge.rows.sums(judge.rows.y) / judge.rows.counts
    return judge.at(form, means[:, None]).bits


def group_fits(split: Split, judge: Judge) -> tuple[GroupFit, ...]:
    """Each group against the law: do the shared constants suit it, and is its scatter that of the others?

    A group's own fit of the form, all constants free, is compared with the joint one (F test, or chi-squared where the
    table has errors), and what its own fit leaves with what those of the others leave. Probabilities count the groups.
    """
    table, rows = judge.table, judge.rows if split.levels is None else judge.rows.at_levels(split.levels)
    form, groups, k = split.form, table.n_groups, len(split.form.constants)
    separate = judge.at(form, judge.glance(form, [split.fit.values])[0])
    own = described(form, rows, np.zeros(k, dtype=bool), separate.fit.values)
    joint_squares, own_squares = rows.sums(split.fit.residuals**2), rows.sums(own.residuals**2)
    free = table.counts - k
    pooled_free = int(free[free > 0].sum())
    pooled = 1.0 if judge.errors_given else float(own_squares[free > 0].sum()) / max(pooled_free, 1)
    least = judge.floor**2 if split.levels is None else 0.0
    number = int(split.shared.sum())
    unweighted = rows.sums((split.fit.residuals / rows.root) ** 2)
    fits = []
    for g, name in enumerate(table.names):
        p_shared, p_scatter = 1.0, 1.0
        if free[g] > 0 and number:
            chi2 = max(float(joint_squares[g] - own_squares[g]), 0.0) / max(pooled, least, 1e-300)
            p_shared = _sf(chi2, number, None if judge.errors_given else pooled_free)
        others = pooled_free - free[g]
        if free[g] >= FEWEST_ROWS and judge.errors_given:
            p_scatter = float(scipy.stats.chi2.sf(own_squares[g], free[g]))
        elif free[g] >= FEWEST_ROWS and others >= FEWEST_ROWS and split.levels is None:
            rest = float(own_squares[free > 0].sum() - own_squares[g]) / others
            p_scatter = float(scipy.stats.f.sf(own_squares[g] / free[g] / max(rest, least, 1e-300), free[g], others))
        p_shared, p_scatter = min(1.0, p_shared * groups), min(1.0, p_scatter * groups)
        words = ""
        if p_shared < STRANGE:
            words = f"its own fit has other shared constants ({probability(p_shared)}, {groups} groups counted)"
        elif p_scatter < STRANGE:
            what = "its errors allow" if judge.errors_given else "that of the others"
            words = f"it scatters more about its own fit than {what} ({probability(p_scatter)}, {groups} counted)"
        fits.append(
            GroupFit(
                name,
                int(table.counts[g]),
                float(np.sqrt(unweighted[g] / table.counts[g])),
                float(joint_squares[g]) if judge.errors_given else None,
                p_shared,
                not words,
                True,
                words,
            )
        )
    return tuple(fits)


def _sf(chi2: float, number: int, free: int | None) -> float:
    if free is None:
        return float(scipy.stats.chi2.sf(chi2, number))
    return float(scipy.stats.f.sf(chi2 / number, number, free))


def verdict(found: GroupedFormula, split: Split, judge: Judge, others: Sequence[Split]) -> Verdict:
    """Law, good description or nothing, by the rules for one table as far as they apply to several.

    Description length against a mean for each group, what is left of the variance within groups, chi-squared, the
    residual tests in every group with their number counted, constants that a group sees, rivals of the same search that
    do not say the same with constants to spare, and groups that do not follow. Networks, freed functions and the
    ends of columns are not looked at.
    """
    table, dataset = judge.table, judge.table.dataset
    raw = split.fit.residuals / (judge.rows.root if split.levels is None else judge.rows.at_levels(split.levels).root)
    means = judge.rows.sums(dataset.y) / judge.rows.counts
    within = float(np.sum((dataset.y - means[table.codes]) ** 2))
    left = float(np.sum(raw**2)) / within if within > 0 else math.inf
    ratio = found.saved / max(judge.cost(split.fit, split.levels), 1.0) + 1.0
    grounds = [
        Ground(found.saved >= LAW_SAVED, f"it saves {found.saved:.0f} bits over a mean for each group", Topic.SIZE),
        Ground(ratio >= LAW_RATIO, f"it gains {ratio:.2g} bits for each that it costs", Topic.SIZE),
    ]
    if found.p_value is not None:
        good = found.p_value >= CHI2_LEVEL
        words = f"chi-squared is {found.chi2:.4g} for {found.ndf} degrees of freedom ({probability(found.p_value)})"
        grounds.append(Ground(good, words, Topic.FIT))
    else:
        grounds.append(Ground(left <= TENTH, f"it leaves {100 * left:.2g} % of the variance within groups", Topic.FIT))
    strange = _with_structure(split, judge)
    words = f"residuals of {table.n_groups} groups are without structure"
    if strange:
        named = ", ".join(strange[:5])
        words = f"residuals of {len(strange)} of {table.n_groups} groups have structure ({named})"
    grounds.append(Ground(not strange, words, Topic.RESIDUALS))
    allowed = MOST_CONSTANTS + dataset.n_columns - 1
    k = len(split.form.constants)
    grounds.append(Ground(k <= allowed, f"a group sees {k} constants", Topic.CONSTANTS))
    if split.fit.undetermined.any():
        grounds.append(Ground(False, "the data do not determine all constants", Topic.CONSTANTS))
    near = _nearest(split, judge, others)
    grounds.append(
        Ground(
            near >= NEAR,
            f"the nearest other form is {near:.1f} bits longer" if near < NEAR_BITS else "no other form comes near",
            Topic.RIVAL,
        )
    )
    if found.strangers:
        named = ", ".join(found.strangers[:5])
        grounds.append(Ground(False, f"{len(found.strangers)} of the groups do not follow it: {named}", Topic.FIT))
    if found.saved < SAVED or left > HALF:
        reason = (
            f"it saves {found.saved:.0f} bits over a mean for each group"
            if found.saved < SAVED
            else f"it leaves {100 * left:.0f} % of the variance within groups"
        )
        return Verdict(NOTHING, reason, tuple(grounds))
    against = [ground for ground in grounds if not ground.supports]
    if not against:
        return Verdict(LAW, "nothing that was measured speaks against it", tuple(grounds))
    return Verdict(DESCRIPTION, f"it describes the groups, but {against[0].words}", tuple(grounds))


def leaves_nothing(split: Split, judge: Judge) -> bool:
    """Whether a form of some column leaves no more than the errors that are given, and nothing with structure."""
    p_value = _p_value(split, judge)
    varies = bool(split.form.expression.free_symbols & set(split.form.variables))
    return varies and p_value is not None and p_value >= CHI2_LEVEL and not _with_structure(split, judge)


def _p_value(split: Split, judge: Judge) -> float | None:
    """Of chi-squared; None where there are no errors, or no rows beyond the constants."""
    residuals, ndf = split.fit.residuals, len(split.fit.residuals) - split.fit.fitted
    return float(scipy.stats.chi2.sf(float(residuals @ residuals), ndf)) if judge.errors_given and ndf > 0 else None


def _with_structure(split: Split, judge: Judge) -> list[str]:
    """Names of the groups whose residuals speak against the form."""
    table, groups = judge.table, judge.table.n_groups
    named = []
    for g in range(groups):
        rows = table.rows_of(g)
        X, y = table.dataset.X[rows], table.dataset.y[rows]
        form = split.form.with_values(split.fit.values[g])
        sigma = None if table.dataset.y_error is None else table.dataset.y_error[rows]
        weights = None if sigma is None else sigma**-2 / np.mean(sigma**-2)
        sample = Residuals(form, X, y, form.evaluate(X), sigma, weights, split.fit.leverage[rows], 0)
        tests = check_residuals(sample, table.dataset.names, seed=0)
        if any(test.objection and test.adjusted_p * groups < LEVEL for test in tests):
            named.append(table.names[g])
    return named
