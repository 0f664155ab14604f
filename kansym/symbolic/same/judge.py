# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false
"""Whether two formulas are the same."""

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import sympy

from kansym.data.sample_points import box_of
from kansym.errors import ArgumentError
from kansym.symbolic.naming import plain, plain_symbol
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.symbolic.same.forms import LooseForm, can_reproduce, exact_exponents, loosened, tied
from kansym.symbolic.same.precise import PreciseFormula, Undefined, numbers, sizes_of, warm_up
from kansym.symbolic.same.rows import Table, spread
from kansym.symbolic.same.sampled import BITS, Sampled, points_of, sample, width_of
from kansym.symbolic.same.solving import FEW, Side, Solution, common_solution
from kansym.symbolic.timelimit import TimeLimitError, call_with_limit

logger = logging.getLogger(__name__)

GRACE = 0.2
"""Seconds, at most, for ending what is not done in time."""

NOISE = 5e-9
"""Relative change of a Float that is taken for rounding. Printed constants carry 1e-10, and what sympy works out from
them some ten times that: exp(15.0), 2.9**12. Single precision is ten times farther away."""

SHARE = 1e-15
"""Share of the formula's value that is taken for rounding, whatever its constant: what double precision leaves where
terms should cancel. The product of two velocities over c**2 is more at a walking pace."""

WORST_ROWS, WORST_POINTS = 8, 6
"""Points with the largest differences that are looked at first."""

SAMPLING, REPRODUCING, CHECKING = 0.4, 0.7, 0.85
"""Shares of the time after which no further points, and no further starts, are begun, and after which it is given up:
ending then is surer than being ended."""

FITTED = 0.01
"""In standard errors: how near two fits of the same form to the same rows come to each other. Optimizers stop at a
thousandth or less; the data themselves would leave one."""

FITTED_EXACTLY = 1e-8
"""The same where there is no noise, in units of the spread of y."""

MOVED = 1e-3
"""Relative change of a constant, at most, from one fit to a common formula. A term that has to go, however small its
part, is a term that one formula has and the other has not."""

_BRANCHED = frozenset(
    {"Abs", "sign", "Heaviside", "log", "asin", "acos", "atan", "atan2", "acosh", "atanh", "LambertW"}
    | {"gamma", "loggamma", "bessely", "besselk"}
)


class Sameness(StrEnum):
    """How two formulas stand to each other.

    The same formula: equal inside the box of the data and beyond it, but for rounding of constants; or equal once
    both are fitted to the same rows, if both describe the rows as well as that fit.

    The same form with other constants: each gives the other's values once its constants are set. Constants are the
    numbers that multiply or are added, fitted or exact, and fitted exponents. Exponents that are fractions, orders
    and signs belong to the form, and so does the absence of a constant: x**2 and x**2.01 are different.

    The same on the data: equal on the rows to six digits, or, where there is noise, within five standard errors. So is
    a law next to itself with a constant to spare; the reason says so.

    Not decided: there are hardly points where both have a value, or time ran out before anything was known.
    """

    SAME = "same formula"
    OTHER_CONSTANTS = "same form, other constants"
    SAME_ON_DATA = "same on the data, differs beyond it"
    DIFFERENT = "different"
    UNDECIDED = "not decided"

    @property
    def same_form(self) -> bool:
        """Whether the two are one form."""
        return self in (Sameness.SAME, Sameness.OTHER_CONSTANTS)


@dataclass(frozen=True)
class SameVerdict:
    """Verdict of `compare_formulas`.

    Attributes
    ----------
    kind : Sameness
    inside, beyond : float
        Largest relative difference of the formulas as given, inside the box of the data and beyond it, in units of the
        larger value and at least of a hundredth of the median; nan where there is no common value.
    reason : str
        One line.
    """

    kind: Sameness
    inside: float
    beyond: float
    reason: str


def compare_formulas(
    first: sympy.Expr,
    second: sympy.Expr,
    X: np.ndarray,
    y: np.ndarray | None,
    names: Sequence[str],
    *,
    weights: np.ndarray | None = None,
    seed: int = 0,
    seconds: float = 5.0,
) -> SameVerdict:
    """Whether two formulas are the same, as a physicist would say it.

    There is one test: can the constants of one formula be set so that it gives the values of the other? Values are
    those with 50 digits, more where small terms ask for it, at points on the rows, in their box and 30 % beyond. If
    constants need only be moved within their rounding, it is the same formula (sin(x) is not x in however small a
    box). Else both are fitted to the rows, if there is a y, and compared again; then each has to reproduce the other
    with constants of its own, a factor of the whole among them; last, the rows are asked whether they tell the two
    apart.

    Beyond the box a column without negative values has none, and one without positive values too: sqrt(x**2) is x
    where x cannot be negative. Points where only one formula has a value count on the rows and in the box, not beyond.

    Parameters
    ----------
    first, second : sympy.Expr
        In plain symbols of the columns; Floats are constants.
    X : array (n, d)
        Rows; they give the box.
    y : array (n,), optional
        What both formulas were fitted to. Constants that were printed with few digits or fitted to other precision
        are only seen to be the same with it.
    names : sequence of str, length d
    weights : array (n,), optional
        Of the squared residuals.
    seed : int, default 0
        For points and starts. The verdict depends on nothing else, unless the time runs out.
    seconds : float, default 5
        Hard limit. Where it ends the comparison, formulas are never called the same.

    Returns
    -------
    SameVerdict

    Raises
    ------
    ArgumentError
        If shapes do not fit or numbers are not finite, or a formula holds a symbol or a function that is not known.
    """
    X = np.asarray(X, dtype=np.float64)
    table = _table(X, y, weights, names, seconds, seed)
    for formula in (first, second):
        if not isinstance(formula, sympy.Expr):
            raise ArgumentError(f"formulas must be sympy expressions, got {type(formula).__name__}")
    formulas = plain(first), plain(second)
    unknown = sorted({str(symbol) for formula in formulas for symbol in formula.free_symbols} - set(names))
    if unknown:
        raise ArgumentError(f"the formulas contain {unknown}, which are not among the columns {list(names)}")
    warm_up()
    judge = _Judge(formulas, table, box_of(X), names, seed, seconds)
    try:
        return call_with_limit(judge.verdict, max(seconds - GRACE, 0.5 * seconds), grace=min(GRACE, 0.25 * seconds))
    except (TimeLimitError, _OutOfTimeError):
        return judge.undecided(f"not decided within {seconds:g} s")
    except (RecursionError, MemoryError, ArithmeticError) as error:
        return judge.undecided(f"the comparison failed ({type(error).__name__})")


def _table(
    X: np.ndarray,
    y: np.ndarray | None,
    weights: np.ndarray | None,
    names: Sequence[str],
    seconds: float,
    seed: int,
) -> Table:
    if X.ndim != 2 or X.shape[0] == 0 or X.shape[1] == 0 or X.shape[1] != len(names):
        raise ArgumentError(f"X must have shape (n > 0, {len(names)}), one column per name, got {X.shape}")
    if len(set(names)) != len(names):
        raise ArgumentError(f"names must differ from each other, got {list(names)}")
    y, weights = (None if part is None else np.asarray(part, dtype=np.float64) for part in (y, weights))
    for part, word in ((X, "X"), (y, "y"), (weights, "weights")):
        if part is not None and (len(part) != len(X) or not np.isfinite(part).all()):
            raise ArgumentError(f"{word} must be finite and of length {len(X)}, got shape {part.shape}")
    if weights is not None and ((weights < 0).any() or not weights.any()):
        raise ArgumentError("weights must not be negative, and not all zero")
    if not seconds > 0:
        raise ArgumentError(f"seconds must be positive, got {seconds}")
    return Table.thinned(X, y, weights, seed=seed)


class _OutOfTimeError(Exception):
    """Hardly any time is left."""


class _Judge:
    """One comparison, step by step; what is known when time runs out can be asked for from outside."""

    def __init__(
        self,
        formulas: tuple[sympy.Expr, sympy.Expr],
        table: Table,
        box: np.ndarray,
        names: Sequence[str],
        seed: int,
        seconds: float,
    ) -> None:
        self.formulas = formulas
        self.table, self.box, self.symbols, self.seed = table, box, tuple(map(plain_symbol, names)), seed
        self.start, self.seconds = time.monotonic(), seconds
        self.inside = self.beyond = math.nan
        self.by_rows: SameVerdict | None = None

    def in_time(self, share: float) -> bool:
        """Whether less than this share of the time is gone."""
        return time.monotonic() - self.start < share * self.seconds

    def check(self) -> None:
        if not self.in_time(CHECKING):
            raise _OutOfTimeError

    def undecided(self, why: str) -> SameVerdict:
        """The verdict when time is up: what the rows say, if they have been asked."""
        if self.by_rows is not None:
            return replace(self.by_rows, reason=f"{self.by_rows.reason}; {why}")
        if max(self.inside, self.beyond) <= NOISE:
            return self._as(Sameness.SAME_ON_DATA, f"{why}; where it was looked they differ by no more than rounding")
        return self._as(Sameness.UNDECIDED, why)

    def _as(self, kind: Sameness, reason: str) -> SameVerdict:
        return SameVerdict(kind, self.inside, self.beyond, reason)

    def verdict(self) -> SameVerdict:
        """All steps in turn."""
        first, second = map(exact_exponents, self.formulas)
        if first == second:
            self.inside = self.beyond = 0.0
            return self._as(Sameness.SAME, "the same expression")
        try:
            forms = parametrize(first, self.symbols), parametrize(second, self.symbols)
        except ArgumentError as error:
            return self._as(Sameness.UNDECIDED, str(error))
        sampled = self._sample(forms)
        if sampled.undefined_apart("row"):
            return self._as(Sameness.DIFFERENT, "they are not defined on the same rows")
        if len(sampled.common) < FEW:
            if not self.in_time(SAMPLING):
                raise _OutOfTimeError
            return self._as(Sameness.UNDECIDED, "there is hardly a point where both have a value")
        apart = sampled.undefined_apart("inside")
        if not apart and (same := self._equal(sampled)) is not None:
            return same
        self.by_rows = self._on_rows(forms, apart)
        return self._with_other_constants(forms, sampled, apart) or self.by_rows

    def _sample(self, forms: tuple[ParametricForm, ParametricForm]) -> Sampled:
        branched = any(_has_branches(form.expression) for form in forms)
        also = self._worst_rows(forms) if branched else np.array([], dtype=int)
        points, kinds = points_of(self.table.X, self.box, branched=branched, also=also, seed=self.seed)
        sampled = sample(
            (PreciseFormula(forms[0]), PreciseFormula(forms[1])),
            points,
            kinds,
            width_of(self.box),
            check=self.check,
            in_time=lambda: self.in_time(SAMPLING),
        )
        self.inside, self.beyond = sampled.difference("row", "inside"), sampled.difference("beyond")
        return sampled

    def _worst_rows(self, forms: tuple[ParametricForm, ParametricForm]) -> np.ndarray:
        first, second = (form.evaluate(self.table.X) for form in forms)
        with np.errstate(all="ignore"):
            apart = np.abs(first - second) / np.maximum(np.abs(first), np.abs(second))
        apart = np.where(np.isfinite(first) != np.isfinite(second), np.inf, np.nan_to_num(apart, nan=0.0))
        rows = np.argsort(-apart, kind="stable")[:WORST_ROWS]
        return rows[apart[rows] > 0]

    def _equal(self, sampled: Sampled) -> SameVerdict | None:
        """Equal as they are, but for rounding of constants."""
        if not _within_rounding(sampled):
            return None
        solution = None
        # A constant that occurs twice, rounded twice, first as one: apart, the two are a double root for Newton.
        tight = [tied(formula.form, NOISE) for formula in sampled.formulas]
        tries = [sampled.formulas]
        if any(len(one.constants) < len(own.constants) for one, own in zip(tight, sampled.formulas, strict=True)):
            tries.insert(0, (PreciseFormula(tight[0]), PreciseFormula(tight[1])))
        for formulas in tries:
            sides = [Side(formula, formula.constants) for formula in formulas]
            solution = solution or common_solution(sampled, sides[0], sides[1], self.check, _is_rounding)
        if solution is None:
            return None
        if not solution.decided:
            return self._as(
                Sameness.SAME_ON_DATA, "equal, but for terms that are too small on the data to be looked at"
            )
        how = " once constants are moved by no more than rounding" if solution.moves.any() else ""
        return self._as(Sameness.SAME, f"equal to 30 digits{how}, in the box of the data and beyond")

    def _on_rows(self, forms: tuple[ParametricForm, ParametricForm], apart: bool) -> SameVerdict:
        if self.table.tell_apart(*(form.evaluate(self.table.X) for form in forms)):
            return self._as(Sameness.DIFFERENT, "their values differ on the data")
        noise = "the rows do not tell them apart" if self.table.y is not None else "equal on the rows to six digits"
        where = "they are not defined at the same points of the box" if apart else "they are not equal"
        return self._as(Sameness.SAME_ON_DATA, f"{noise}, but {where}")

    def _with_other_constants(
        self, forms: tuple[ParametricForm, ParametricForm], sampled: Sampled, apart: bool
    ) -> SameVerdict | None:
        """Equal with other constants: those that the rows give, or those of each other."""
        loose = loosened(forms[0]), loosened(forms[1])
        fits = self._fits(loose)
        good = False
        if fits is not None and not apart:
            best = min(self.table.misfit(fit.evaluate(self.table.X)) for fit in fits)
            constants = max(1, *(len(fit.constants) for fit in fits))
            good = self.table.as_good([form.evaluate(self.table.X) for form in forms], best, constants)
            if good and self._fitted_alike(fits, sampled):
                return self._as(Sameness.SAME, "equal once both are fitted to the same rows")
        found = self._reproduce(loose, fits, sampled)
        if all(found):
            if good:
                return self._as(
                    Sameness.SAME, "the same form, and both describe the rows as well as its best constants do"
                )
            return self._as(Sameness.OTHER_CONSTANTS, "each has constants with which it is the other")
        scaled = loose[0].with_factor(), loose[1].with_factor()
        if scaled != loose and all(self._reproduce(scaled, None, sampled)):
            return self._as(Sameness.OTHER_CONSTANTS, "the same but for a constant factor")
        return self._with_spare_constants(found)

    def _fits(self, loose: tuple[LooseForm, LooseForm]) -> list[ParametricForm] | None:
        """Both forms fitted to the rows; None without a y, and where a fit changes signs that belong to the form."""
        if self.table.y is None:
            return None
        try:
            fits = [self.table.fit(one.form) for one in loose]
        except (ArgumentError, ArithmeticError, np.linalg.LinAlgError) as error:
            logger.debug("two formulas could not be fitted", exc_info=error)
            return None
        return fits if all(one.keeps_signs(fit.values) for one, fit in zip(loose, fits, strict=True)) else None

    def _fitted_alike(self, fits: list[ParametricForm], sampled: Sampled) -> bool:
        """Whether both fits are one function, within what an optimizer leaves.

        First by their values on the rows; then there have to be constants within the same reach for which both
        formulas are equal to all digits, at all points.
        """
        table = self.table
        values = [fit.evaluate(table.X) for fit in fits]
        misfits = [table.misfit(one) for one in values]
        if table.y is None or not math.isfinite(max(misfits)):
            return False
        allowed = max(FITTED * min(misfits) / math.sqrt(len(table.X)), FITTED_EXACTLY * spread(table.y))
        if table.rms(values[0] - values[1]) > allowed:
            return False
        sides = [Side(PreciseFormula(fit), numbers(fit.values)) for fit in fits]
        solution = common_solution(
            sampled, sides[0], sides[1], self.check, lambda solution: bool((np.abs(solution.moves) <= MOVED).all())
        )
        if solution is None or not solution.decided:
            return False
        return all(
            table.rms(fit.with_values(np.array(constants, dtype=float)).evaluate(table.X) - before) <= 2 * allowed
            for fit, constants, before in zip(fits, (solution.first, solution.second), values, strict=True)
        )

    def _reproduce(
        self, loose: tuple[LooseForm, LooseForm], fits: list[ParametricForm] | None, sampled: Sampled
    ) -> list[bool]:
        """For each form, whether it has constants with which it is the other formula.

        Where the data tell the formulas apart, a second one is not tried once the first has failed.
        """
        forms = loose[0].form, loose[1].form
        found = [False, False]
        # The one with fewer constants first: it is the one that fails sooner.
        for own in sorted((0, 1), key=lambda index: len(forms[index].constants)):
            starts = [forms[own].values, *([] if fits is None else [fits[own].values])]
            if len(forms[0].constants) == len(forms[1].constants):
                # One form written alike has its constants in the same order.
                starts.insert(0, forms[1 - own].values)
            try:
                found[own] = can_reproduce(
                    loose[own],
                    sampled,
                    1 - own,
                    starts,
                    seed=self.seed,
                    check=self.check,
                    in_time=lambda: self.in_time(REPRODUCING),
                )
            except (ArgumentError, ArithmeticError, np.linalg.LinAlgError) as error:
                logger.debug("constants could not be set", exc_info=error)
            if not found[own] and (self.by_rows is None or self.by_rows.kind is Sameness.DIFFERENT):
                break
        return found

    def _with_spare_constants(self, found: list[bool]) -> SameVerdict | None:
        if self.by_rows is None or not any(found) or self.by_rows.kind is Sameness.DIFFERENT:
            return None
        larger, smaller = ("first", "second") if found[0] else ("second", "first")
        spare = f"the {larger} is the {smaller} with constants to spare"
        return replace(self.by_rows, reason=f"{self.by_rows.reason}; {spare}")


def _has_branches(expression: sympy.Expr) -> bool:
    """Whether a formula may have kinks, jumps, or the edge of a domain, so that two may differ in a small part only."""
    return any(
        type(node).__name__ in _BRANCHED or (node.is_Pow and not node.args[1].is_Integer)
        for node in sympy.preorder_traversal(expression)
    )


def _is_rounding(solution: Solution) -> bool:
    with np.errstate(divide="ignore"):
        return bool((np.abs(solution.moves) <= np.maximum(NOISE, SHARE / solution.effects)).all())


def _within_rounding(sampled: Sampled) -> bool:
    """Whether the largest differences are no more than rounding of the constants makes, to leading order."""
    for i in sampled.worst(WORST_POINTS):
        allowed, unit = 0.0, sampled.unit(i)
        try:
            for formula in sampled.formulas:
                constants = formula.constants
                _, effects = formula.effects(numbers(sampled.points[i]), constants, sizes_of(constants), BITS)
                allowed += sum(max(NOISE * float(abs(effect) / unit), SHARE) for effect in effects)
        except Undefined:
            # Next to the edge of a domain; the other points decide.
            continue
        # Rounding of the working precision, where much cancels.
        if sampled.apart(i) > 2 * allowed + 2.0 ** min(0.0, sampled.absorbed(i) + 10 - BITS):
            return False
    return True
