# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false
"""The steps by which two formulas are compared."""

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import sympy
from mpmath import libmp

from kansym.comparison.same.algebra import equal_by_algebra, has_branches, not_a_number
from kansym.comparison.same.fit import Fits, Table, as_good, fit_both, fitted_alike, told_apart
from kansym.comparison.same.forms import LooseForm, exact_exponents, loosened, same_skeleton, tied, written_alike
from kansym.comparison.same.functions import ZERO, Number, Undefined
from kansym.comparison.same.meeting import Meeting, Side
from kansym.comparison.same.points import places
from kansym.comparison.same.program import Program
from kansym.comparison.same.reach import reaches
from kansym.comparison.same.values import BITS, FEW, Sampled, sample, unite
from kansym.comparison.same.verdict import Sameness, SameVerdict
from kansym.errors import ArgumentError
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.symbolic.timelimit import TimeLimitError, call_with_limit

logger = logging.getLogger(__name__)

NOISE = 5e-9
"""Relative change of a Float that is taken for rounding. Printed constants carry 1e-10, and what sympy works out from
them some ten times that: exp(15.0), 2.9**12. Single precision is ten times farther away."""

SHARE = 1e-15
"""Share of the formula's value that is taken for rounding, whatever its constant: what double precision leaves where
terms should cancel. The product of two velocities over c**2 is more at a walking pace."""

WORST_ROWS, WORST_POINTS = 8, 6
"""Places with the largest differences that are looked at first."""

SAMPLING, REACHING = 0.4, 0.7
"""Shares of the time after which no further places, and no further starts, are begun."""

SIMPLIFYING = 0.3
"""Share of the time for algebra."""


class OutOfTimeError(Exception):
    """Hardly any time is left."""


class Judge:
    """One comparison, step by step; what is known when time runs out can be asked for from outside.

    Parameters
    ----------
    formulas : pair of sympy.Expr
        In plain symbols.
    table : Table
    box : array (d, 2)
        Of all rows.
    names : sequence of str, length d
    seed : int
    seconds : float
        From now on.
    """

    def __init__(
        self,
        formulas: tuple[sympy.Expr, ...],
        table: Table,
        box: np.ndarray,
        names: Sequence[str],
        seed: int,
        seconds: float,
    ) -> None:
        self.first, self.second = formulas
        self.table, self.box, self.names, self.seed = table, box, names, seed
        self.start, self.seconds = time.monotonic(), seconds
        self.inside = self.beyond = math.nan
        self.by_rows: SameVerdict | None = None
        self.rounded = False

    # -- time ---------------------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Raise when little time is left: ending here is surer than being ended."""
        if not self.in_time(0.85):
            raise OutOfTimeError

    def in_time(self, share: float) -> bool:
        """Whether less than this share of the time is gone."""
        return time.monotonic() - self.start < share * self.seconds

    def undecided(self, why: str) -> SameVerdict:
        """The verdict when time is up: what agrees as far as it was looked at may differ beyond."""
        if self.by_rows is not None:
            return replace(self.by_rows, reason=f"{self.by_rows.reason}; {why}")
        if self.rounded or max(self.inside, self.beyond) <= NOISE:
            return self._as(Sameness.SAME_ON_DATA, f"{why}; where it was looked they differ by no more than rounding")
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
        spots = places(self.table.X, self.box, branched=branched, also=also, seed=self.seed)
        sampled = sample(programs, spots, check=self.check, in_time=lambda: self.in_time(SAMPLING))
        self.inside, self.beyond = sampled.difference("row", "inside"), sampled.difference("beyond")
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
        forms = [program.form for program in sampled.programs]
        if written_alike(forms[0], forms[1], NOISE):
            return self._as(Sameness.SAME, "the same expression, but for rounding of its constants")
        sides = tuple(Side(program, tuple(program.constants), True) for program in sampled.programs)
        if not _within_rounding(sampled, sides):
            return None
        self.rounded = True
        # A constant that occurs twice, rounded twice, first as one: apart, the two are a double root for Newton.
        tight = [tied(form, NOISE) for form in forms]
        tries = [sides]
        if any(one is not form for one, form in zip(tight, forms, strict=True)):
            programs = [Program(form) for form in tight]
            tries.insert(0, tuple(Side(program, tuple(program.constants), True) for program in programs))
        unions = (unite(sampled, first, second, self.check, _is_rounding) for first, second in tries)
        union = next((union for union in unions if union is not None), None)
        if union is None:
            return None
        if union.saturated and not self._by_algebra():
            return self._as(
                Sameness.SAME_ON_DATA, "equal, but for terms that are too small on the data to be looked at"
            )
        how = " once constants are moved by no more than rounding" if union.meeting.moves.any() else ""
        return self._as(Sameness.SAME, f"equal to 30 digits{how}, in the box of the data and beyond")

    def _other_constants(
        self, forms: tuple[ParametricForm, ParametricForm], sampled: Sampled, apart: bool
    ) -> SameVerdict | None:
        """Equal with other constants: those that the rows give, or those of each other."""
        loose = loosened(forms[0]), loosened(forms[1])
        fits = self._fits((loose[0].form, loose[1].form))
        if fits is not None and not all(
            one.keeps_signs(form.values) for one, form in zip(loose, fits.forms, strict=True)
        ):
            fits = None
        good = False
        if fits is not None:
            good = as_good([form.evaluate(self.table.X) for form in forms], fits, self.table)
            if good and not apart and fitted_alike(fits, self.table, sampled, self.check):
                return self._as(Sameness.SAME, "equal once both are fitted to the same rows")
        leads = self._leads(loose, fits, sampled)
        if not all(leads):
            return self._with_spare_constants(leads)
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

    def _leads(self, loose: tuple[LooseForm, LooseForm], fits: Fits | None, sampled: Sampled) -> list[bool]:
        """For each form, whether it has constants with which it is the other formula.

        Where the data tell the formulas apart, a second one is not tried once the first has failed.
        """
        forms = loose[0].form, loose[1].form
        if len(forms[0].constants) and same_skeleton(*forms):
            return [True, True]
        found = [False, False]
        # The one with fewer constants first: it is the one that fails sooner.
        for own in sorted((0, 1), key=lambda index: len(forms[index].constants)):
            starts = [forms[own].values, *([] if fits is None else [fits.forms[own].values])]
            try:
                found[own] = len(forms[own].constants) > 0 and reaches(
                    loose[own],
                    sampled,
                    1 - own,
                    starts,
                    seed=self.seed,
                    check=self.check,
                    in_time=lambda: self.in_time(REACHING),
                )
            except (ArgumentError, ArithmeticError, np.linalg.LinAlgError) as error:
                logger.debug("constants could not be set", exc_info=error)
            if not found[own] and (self.by_rows is None or self.by_rows.kind is Sameness.DIFFERENT):
                break
        return found

    def _with_spare_constants(self, leads: list[bool]) -> SameVerdict | None:
        if self.by_rows is None or not any(leads) or self.by_rows.kind is Sameness.DIFFERENT:
            return None
        larger, smaller = ("first", "second") if leads[0] else ("second", "first")
        spare = f"the {larger} is the {smaller} with constants to spare"
        return replace(self.by_rows, reason=f"{self.by_rows.reason}; {spare}")

    def _on_data(self, forms: tuple[ParametricForm, ParametricForm], apart: bool) -> SameVerdict:
        values = [form.evaluate(self.table.X) for form in forms]
        if told_apart(self.table, values):
            return self._as(Sameness.DIFFERENT, "their values differ on the data")
        noise = "the rows do not tell them apart" if self.table.y is not None else "equal on the rows to six digits"
        where = "they are not defined at the same places of the box" if apart else "they are not equal"
        return self._as(Sameness.SAME_ON_DATA, f"{noise}, but {where}")


def _is_rounding(meeting: Meeting) -> bool:
    with np.errstate(divide="ignore"):
        return bool((np.abs(meeting.moves) <= np.maximum(NOISE, SHARE / meeting.effects)).all())


def _within_rounding(sampled: Sampled, sides: Sequence[Side]) -> bool:
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


def _ratio(number: Number, scale: Number) -> float:
    if number == ZERO:
        return 0.0
    return math.inf if scale == ZERO else libmp.to_float(libmp.mpf_div(number, scale, BITS))
