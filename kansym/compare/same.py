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
from mpmath import libmp

from kansym.compare.same_algebra import equal_by_algebra, has_branches, not_a_number
from kansym.compare.same_fit import Fits, Table, as_good, fit_both, fitted_alike, told_apart
from kansym.compare.same_forms import exact_exponents, loosened, same_skeleton
from kansym.compare.same_functions import Undefined, warm_up
from kansym.compare.same_meeting import Side
from kansym.compare.same_points import places
from kansym.compare.same_program import Program
from kansym.compare.same_reach import reaches
from kansym.compare.same_values import BITS, FEW, Sampled, sample, unite
from kansym.errors import ArgumentError
from kansym.symbolic.naming import plain, plain_symbol
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.symbolic.timelimit import TimeLimitError, call_with_limit

logger = logging.getLogger(__name__)

NOISE = 1e-9
"""Relative change of a Float that is taken for rounding. Printed constants and sums of them carry 1e-10."""

SHARE = 1e-15
"""Share of the formula's value that is taken for rounding, whatever its constant: what double precision leaves where
terms should cancel. The product of two velocities over c**2 is more at a walking pace."""

WORST_ROWS, WORST_POINTS = 8, 6
"""Places with the largest differences that are looked at first."""

GRACE = 0.2
"""Seconds, at most, for ending what is not done in time."""

SAMPLING, REACHING = 0.4, 0.7
"""Shares of the time after which no further places, and no further starts, are begun."""

SIMPLIFYING = 0.3
"""Share of the time for algebra."""


class Sameness(StrEnum):
    """How two formulas stand to each other.

    The same formula: equal inside the box of the data and beyond it, but for rounding of constants; or equal once
    both are fitted to the same rows, if both describe the rows as well as that fit.

    The same form with other constants: each gives the other's values once its constants are set. Constants are the
    numbers that multiply or are added, fitted or exact, and fitted exponents. Exponents that are fractions, orders,
    signs and pi belong to the form, and so does the absence of a constant: x**2 and x**2.01 are different.

    The same on the data: equal on the rows to six digits, or, where there is noise, within five standard errors.
    """

    SAME = "same formula"
    OTHER_CONSTANTS = "same form, other constants"
    SAME_ON_DATA = "same on the data, differs beyond it"
    DIFFERENT = "different"


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

    Both are evaluated with 50 digits, more where small terms ask for it, at places on the rows, in their box and 30 %
    beyond. Equality is that of all digits once Floats are moved within their rounding (Newton's method, see
    `kansym.compare.same_meeting`), so that sin(x) is not x in however small a box. Formulas that are not equal are
    fitted to the rows, if there is a y, and compared again; then it is tried to set the constants of each so that it
    becomes the other; last, the rows are asked whether they tell the two apart. Algebra is only used where numbers do
    not decide.

    Beyond the box a column without negative values has none, and one without positive values too: sqrt(x**2) is x
    where x cannot be negative. Places where only one formula has a value count on the rows and in the box, not beyond.

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
        For places and starts. The verdict depends on nothing else, unless the time runs out.
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
    table = _table(X, y, weights, names, seconds, seed)
    formulas = tuple(plain(sympy.sympify(formula, strict=True)) for formula in (first, second))
    unknown = sorted({s.name for f in formulas for s in f.free_symbols} - set(names))
    if unknown:
        raise ArgumentError(f"the formulas contain {unknown}, which are not among the columns {list(names)}")
    warm_up()
    judge = _Judge(formulas, table, X, names, seed, seconds)
    try:
        return call_with_limit(judge.verdict, max(seconds - GRACE, 0.5 * seconds), grace=min(GRACE, 0.25 * seconds))
    except (TimeLimitError, _OutOfTimeError):
        return judge.undecided(f"not decided within {seconds:g} s")
    except (RecursionError, MemoryError, OverflowError) as error:
        return judge.undecided(f"too large to be compared ({type(error).__name__})")


class _OutOfTimeError(Exception):
    pass


class _Judge:
    """One comparison, step by step; what is known when time runs out can be asked for from outside."""

    def __init__(
        self,
        formulas: tuple[sympy.Expr, ...],
        table: Table,
        X: np.ndarray,
        names: Sequence[str],
        seed: int,
        seconds: float,
    ) -> None:
        self.first, self.second = formulas
        self.table, self.X, self.names, self.seed = table, X, names, seed
        self.start, self.seconds = time.monotonic(), seconds
        self.sampled: Sampled | None = None
        self.inside = self.beyond = math.nan
        self.by_rows: SameVerdict | None = None

    # -- time ---------------------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Raise when little time is left: ending here is surer than being ended."""
        if not self.in_time(0.85):
            raise _OutOfTimeError

    def in_time(self, share: float) -> bool:
        """Whether less than this share of the time is gone."""
        return time.monotonic() - self.start < share * self.seconds

    def undecided(self, why: str) -> SameVerdict:
        """The verdict when time is up: what agrees as far as it was looked at may differ beyond."""
        if self.by_rows is not None:
            return replace(self.by_rows, reason=f"{self.by_rows.reason}; {why}")
        near = max(self.inside, self.beyond) <= NOISE
        if near:
            return self._as(Sameness.SAME_ON_DATA, f"{why}; equal to nine digits at the places that were looked at")
        return self._as(Sameness.DIFFERENT, why)

    def _as(self, kind: Sameness, reason: str) -> SameVerdict:
        return SameVerdict(kind, self.inside, self.beyond, reason)

    # -- steps --------------------------------------------------------------------------------------------------------

    def verdict(self) -> SameVerdict:
        """All steps in turn."""
        for formula, word in ((self.first, "first"), (self.second, "second")):
            if not_a_number(formula):
                return self._as(Sameness.DIFFERENT, f"the {word} holds something that is not a number")
        self.first, self.second = exact_exponents(self.first), exact_exponents(self.second)
        if self.first == self.second:
            self.inside = self.beyond = 0.0
            return self._as(Sameness.SAME, "the same expression")
        symbols = tuple(map(plain_symbol, self.names))
        try:
            forms = parametrize(self.first, symbols), parametrize(self.second, symbols)
        except ArgumentError as error:
            return self._as(Sameness.DIFFERENT, str(error))
        sampled = self._sample(forms)
        if len(sampled.common()) < FEW:
            return self._without_values()
        apart = sampled.undefined_apart("row"), sampled.undefined_apart("row", "inside")
        if apart[0]:
            return self._as(Sameness.DIFFERENT, "they are not defined on the same rows")
        if not apart[1]:
            same = self._equal(sampled)
            if same is not None:
                return same
        self.by_rows = self._on_data(forms, apart[1] > 0)
        return self._other_constants(forms, sampled, apart[1] > 0) or self.by_rows

    def _sample(self, forms: tuple[ParametricForm, ParametricForm]) -> Sampled:
        branched = has_branches(self.first) or has_branches(self.second)
        also = self._worst_rows(forms) if branched else np.array([], dtype=int)
        programs = Program(forms[0]), Program(forms[1])
        spots = places(self.table.X, branched=branched, also=also, seed=self.seed)
        sampled = sample(programs, spots, check=self.check, in_time=lambda: self.in_time(SAMPLING))
        self.inside, self.beyond = sampled.difference("row", "inside"), sampled.difference("beyond")
        self.sampled = sampled
        return sampled

    def _worst_rows(self, forms: tuple[ParametricForm, ParametricForm]) -> np.ndarray:
        first, second = (form.evaluate(self.table.X) for form in forms)
        with np.errstate(all="ignore"):
            apart = np.abs(first - second) / np.maximum(np.abs(first), np.abs(second))
        apart = np.where(np.isfinite(first) != np.isfinite(second), np.inf, np.nan_to_num(apart, nan=0.0))
        rows = np.argsort(-apart, kind="stable")[:WORST_ROWS]
        return rows[apart[rows] > 0]

    def _without_values(self) -> SameVerdict:
        if self._by_algebra():
            return self._as(Sameness.SAME, "equal by algebra; there is hardly a place where both have a value")
        return self._as(Sameness.DIFFERENT, "there is hardly a place where both have a value")

    def _by_algebra(self) -> bool:
        left = SIMPLIFYING * self.seconds
        try:
            return call_with_limit(
                lambda: equal_by_algebra(self.first, self.second, self.names, self.table.X), left, grace=0.05
            )
        except TimeLimitError:
            return False
        except Exception as error:  # sympy raises many types from deep inside; it only fails to show an equality
            logger.debug("two formulas could not be simplified", exc_info=error)
            return False

    def _equal(self, sampled: Sampled) -> SameVerdict | None:
        """Equal as they are, but for rounding of constants."""
        first, second = (Side(program, tuple(program.constants), True) for program in sampled.programs)
        if not _within_rounding(sampled, (first, second)):
            return None
        union = unite(sampled, first, second, self.check)
        if union is None:
            return None
        meeting = union.meeting
        with np.errstate(divide="ignore"):
            allowed = np.maximum(NOISE, SHARE / meeting.effects)
        if (np.abs(meeting.moves) > allowed).any():
            return None
        if union.saturated and not self._by_algebra():
            return self._as(
                Sameness.SAME_ON_DATA, "equal, but for terms that are too small on the data to be looked at"
            )
        how = " once constants are moved by no more than rounding" if meeting.moves.any() else ""
        return self._as(Sameness.SAME, f"equal to 30 digits{how}, in the box of the data and beyond")

    def _other_constants(
        self, forms: tuple[ParametricForm, ParametricForm], sampled: Sampled, apart: bool
    ) -> SameVerdict | None:
        """Equal with other constants: those that the rows give, or those of each other."""
        loose = loosened(forms[0]), loosened(forms[1])
        fits = self._fits(loose)
        good = False
        if fits is not None:
            misfits = [self.table.misfit(form.evaluate(self.table.X)) for form in forms]
            good = all(as_good(misfit, fits, self.table) for misfit in misfits)
            if good and not apart and fitted_alike(fits, self.table, sampled, self.check):
                return self._as(Sameness.SAME, "equal once both are fitted to the same rows")
        if not self._mutual(loose, fits, sampled):
            return None
        if good and not apart:
            return self._as(Sameness.SAME, "the same form, and both describe the rows as well as its best constants do")
        return self._as(Sameness.OTHER_CONSTANTS, "each has constants with which it is the other")

    def _fits(self, forms: tuple[ParametricForm, ParametricForm]) -> Fits | None:
        if self.table.y is None:
            return None
        try:
            return fit_both(forms, self.table)
        except (ArgumentError, ArithmeticError, np.linalg.LinAlgError) as error:
            logger.debug("two formulas could not be fitted", exc_info=error)
            return None

    def _mutual(self, forms: tuple[ParametricForm, ParametricForm], fits: Fits | None, sampled: Sampled) -> bool:
        if not len(forms[0].constants) or not len(forms[1].constants):
            return False
        if same_skeleton(*forms):
            return True
        try:
            # The one with fewer constants first: it is the one that fails sooner.
            for own in sorted((0, 1), key=lambda index: len(forms[index].constants)):
                starts = [forms[own].values, *([] if fits is None else [fits.forms[own].values])]
                if not reaches(
                    forms[own],
                    sampled,
                    1 - own,
                    starts,
                    seed=self.seed,
                    check=self.check,
                    in_time=lambda: self.in_time(REACHING),
                ):
                    return False
        except (ArgumentError, ArithmeticError, np.linalg.LinAlgError) as error:
            logger.debug("constants could not be set", exc_info=error)
            return False
        return True

    def _on_data(self, forms: tuple[ParametricForm, ParametricForm], apart: bool) -> SameVerdict:
        values = [form.evaluate(self.table.X) for form in forms]
        if told_apart(self.table, values):
            return self._as(Sameness.DIFFERENT, "their values differ on the data")
        noise = "the rows do not tell them apart" if self.table.y is not None else "equal on the rows to six digits"
        where = "they are not defined at the same places of the box" if apart else "they are not equal"
        return self._as(Sameness.SAME_ON_DATA, f"{noise}, but {where}")


def _within_rounding(sampled: Sampled, sides: tuple[Side, Side]) -> bool:
    """Whether the largest differences are no more than rounding of the constants makes, to leading order."""
    for i in sampled.worst(WORST_POINTS):
        allowed = 0.0
        scale = sampled.scale(i)
        values = []
        for side in sides:
            try:
                value, gradient = side.program.gradient(sampled.points[i], side.constants, BITS)
            except Undefined:
                # Next to the edge of a domain; the other places decide.
                break
            values.append(value)
            for slope, constant in zip(gradient, side.constants, strict=True):
                effect = libmp.mpf_abs(libmp.mpf_mul(slope, constant, BITS))
                allowed += max(NOISE * _ratio(effect, scale), SHARE)
        else:
            apart = _ratio(libmp.mpf_abs(libmp.mpf_sub(values[0], values[1], BITS)), scale)
            # Rounding of the working precision, where much cancels.
            if apart > 2 * allowed + 2.0 ** min(0.0, sampled.absorbed(i) + 10 - BITS):
                return False
    return True


def _ratio(number: tuple, scale: tuple) -> float:
    return libmp.to_float(libmp.mpf_div(number, scale, BITS)) if number[1] else 0.0


def _table(
    X: np.ndarray,
    y: np.ndarray | None,
    weights: np.ndarray | None,
    names: Sequence[str],
    seconds: float,
    seed: int,
) -> Table:
    X = np.asarray(X, dtype=np.float64)
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
