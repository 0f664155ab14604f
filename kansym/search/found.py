# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false
"""The formulas that a search has found so far, and what is asked about them."""

import logging
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import sympy

from kansym import clock, provenance
from kansym.clock import Work
from kansym.errors import ArgumentError
from kansym.extraction.selection import EXACT
from kansym.fitting.predictability import PERMUTATIONS, leftover
from kansym.fitting.residuals import residuals_of
from kansym.search.challenge import ALIKE, rivals
from kansym.search.challenge import SECONDS as CHALLENGE_SECONDS
from kansym.search.formulation import from_expression, polished
from kansym.search.front import ParetoFront
from kansym.search.lacking import fewer_terms, lacking, wrong_parts
from kansym.search.lengths import description_length_of
from kansym.search.parts_anew import Part, parts_of, plainly_wrong, read_anew
from kansym.search.rows import FitRows
from kansym.structure.settling import UNEVEN_ROWS
from kansym.symbolic.complexity import FEW_ROWS
from kansym.symbolic.formula import Formula
from kansym.symbolic.missing_constants import missing_constants
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.symbolic.single_argument import is_power_law
from kansym.symbolic.steps import Structure
from kansym.terms.pursuit import LEAST_ROWS

logger = logging.getLogger(__name__)

SHORT_FORMULA, SHORT_OF_COLUMNS, NODES_OF_COLUMN = 12, 8, 2
"""Nodes of a formula than which no sum of products is much shorter: the first number, or of many columns the second one
and so many for each, since every column takes itself and an operation."""

VERY_LONG = 2.0
"""Lengths of a short formula from which on one is very long."""

SIMPLEST = 5
"""Nodes of a power of one column with its factor, or of another function of a line."""

LEADERS, PLACES, MOST_ROUNDS = 12, 2, 10
"""Formulas of the shortest descriptions that are asked for what they lack, constants tried in each, and most rounds of
improving, where each ends as soon as the pick has given way to something far better."""

LEAST_LEFT = 1e-3
"""Share of the residual that one constant leaves at least, as far as is believed."""

CONSTANT_BITS, NEAR_BITS, READ_BITS = 6.0, 8.0, 20.0
"""Price of a constant's place in a formula beside its 1/2 log2(n); and bits behind the pick at which a formula with one
more is still worth a fit, since what is expected is rough, and one with a new part, whose offset or exponent may yet
turn out to be none or a whole number."""

MOST_OF_THE_REST, NEARLY_ALL, MUCH_OF_THE_REST = 0.5, 0.9, 0.3
"""Share of the residual that one function explains where it is taken to be what is wrong; the same of a formula that
leaves much; and in the end, where it may be one of two or three that are."""

HARDLY_LEFT, FORESEEN = 0.02, 0.9
"""Share of the squared residual that it may leave beside the others or as one more factor; and in the place of another,
of what such a function explains what it must explain."""

IMPROVING = 0.3
"""Share of the time that is left for better parts of what has been found."""

NEAR_MISS = 0.1
"""Residual, in units of the RMS of y, of a formula without noise of which one function may be all that is wrong."""

FAR_BELOW = 0.3
"""Residual of a formula, in units of the noise that interpolants see, that is beyond what noise allows."""

READ_ANEW, PARTS = 2, 5
"""Formulas whose parts are read anew, in each round, and most parts of each."""

WITHOUT_TERMS = 3
"""Formulas whose parts are also looked at without each of their terms."""

PAIR_SHARE, PART_SHARE = 0.7, 0.5
"""Share of the time that is left for a part of two columns, and for one of one without noise."""

Seeds = Callable[[FitRows, float, Callable[[str, str], None]], Iterator[Formula]]
"""Formulas to begin with, from the rows, a `kansym.clock.now` deadline, and what progress is reported to."""


def nodes_of_short(formula: sympy.Expr) -> int:
    """Nodes of a formula of as many columns than which none is much shorter."""
    return max(SHORT_FORMULA, SHORT_OF_COLUMNS + NODES_OF_COLUMN * len(formula.free_symbols))


@dataclass(eq=False)
class _WrongPart:
    """A part of a formula, with the description to hope for without it, the share of the residual that it is, the form
    that it is a part of, and whether it was read anew."""

    bits: float
    share: float
    formula: Formula
    form: ParametricForm
    part: Part
    asked: bool = False


class FoundFormulas:
    """Formulas of one search.

    Parameters
    ----------
    fit_rows : FitRows
    deadline : float
        `kansym.clock.now` value.
    """

    def __init__(self, fit_rows: FitRows, deadline: float) -> None:
        self.fit_rows, self.deadline = fit_rows, deadline
        self.all: list[Formula] = []
        self._asked: set[sympy.Expr] = set()
        self._wrong_of: dict[sympy.Expr, list[_WrongPart]] = {}
        self._wrong: dict[Formula, bool] = {}
        self._leaving: dict[Formula, bool] = {}

    def __iter__(self) -> Iterator[Formula]:
        return iter(self.all)

    def __len__(self) -> int:
        return len(self.all)

    def best(self) -> Formula | None:
        """The pick so far."""
        return min(self.all, key=lambda formula: formula.rank, default=None)

    def ahead(self) -> float | None:
        """Bits by which the pick is ahead of the shortest other function; None where there is no other."""
        best = self.best()
        if best is None:
            return None
        # What leaves the same is the same function in other words.
        others = (one for one in self.all if abs(one.train_loss - best.train_loss) > ALIKE * best.train_loss)
        least = min((one.description_length for one in others), default=math.inf)
        return least - best.description_length if math.isfinite(least) else None

    def best_loss(self) -> float:
        """The least loss on held-out rows; inf without formulas."""
        return min((formula.validation_loss for formula in self.all), default=math.inf)

    def exact(self) -> bool:
        """Whether the pick's residual is rounding."""
        best = self.best()
        return best is not None and best.validation_loss <= EXACT * float(np.mean(self.fit_rows.dataset.y**2))

    def at_noise(self) -> bool:
        """Whether the pick's residual is the noise floor, or rounding."""
        best = self.best()
        return self.exact() or (best is not None and self.fit_rows.at_noise(best))

    def long(self) -> bool:
        """Whether a sum of products may well be shorter than the pick, as where noise lets much pass for it."""
        return self._longer_than(1.0)

    def very_long(self) -> bool:
        """Whether the pick is so long that it seldom is on the way to the law, and improving it takes long."""
        return self._longer_than(VERY_LONG)

    def _longer_than(self, times: float) -> bool:
        """Whether the pick is longer than so many short formulas."""
        best = self.best()
        if best is None:
            return True
        # Nothing is shorter than a power law of the same columns.
        return best.complexity > times * nodes_of_short(best.expression) and not self.power_law()

    def power_law(self) -> bool:
        """Whether the pick is a product of powers of columns and a constant."""
        best = self.best()
        return best is not None and is_power_law(best.expression, best.expression.free_symbols)

    def simplest(self) -> bool:
        """Whether the pick is as short as a line of functions of y and of a column, or of a product, can be."""
        best = self.best()
        if best is None:
            return False
        return best.complexity <= SIMPLEST + NODES_OF_COLUMN * (len(best.expression.free_symbols) - 1)

    def wrong(self) -> bool:
        """Whether a part of the pick is wrong beyond doubt, whatever interpolants of the table see."""
        best = self.best()
        if best is None:
            return True
        if best not in self._wrong:
            form = self._form(best.expression)
            self._wrong[best] = form is None or plainly_wrong(form.substituted(), self.fit_rows)
        return self._wrong[best]

    def leaves_something(self) -> bool:
        """Whether smooth functions predict what the pick leaves of few rows, by the test that its certificate makes.

        An interpolant of few rows may miss as much of a function of many turns as a wrong formula does; neighbours of
        its residual are alike all the same.
        """
        best, dataset = self.best(), self.fit_rows.dataset
        if best is None:
            return True
        if dataset.n_rows >= UNEVEN_ROWS:
            return False
        if best not in self._leaving:
            clock.charge(Work.DENSE_PRODUCTS, 2 * PERMUTATIONS * dataset.n_rows**2)
            left = leftover(residuals_of(best, dataset), dataset.names, seed=0)
            self._leaving[best] = left is not None and left.objection
        return self._leaving[best]

    def add(self, raw: sympy.Expr, structure: Structure) -> None:
        """Fit and simplify an expression, which whoever signed last has found."""
        made = from_expression(raw, self.fit_rows, structure=structure, deadline=self.deadline, pick=self.best())
        self.all += [one for one in made if not provenance.withheld(one)]

    def polish(self, deadline: float) -> list[tuple[Formula, Formula]]:
        """Bring the pick into shape where that was left out, and of few rows the front.

        Returns
        -------
        list of (Formula, Formula)
            What each was, and what it is.
        """
        made: list[tuple[Formula, Formula]] = []
        rough = min(self.all, key=lambda formula: formula.rank)
        while rough is not None:
            made.append((rough, polished(rough, self.fit_rows, clock.left(deadline))))
            self.all[self.all.index(rough)] = made[-1][1]
            rough = self._rough({one for one, _ in made})
        return made

    def _rough(self, tried: set[Formula]) -> Formula | None:
        """The next formula on the front of few rows that is not in shape."""
        if len(self.fit_rows.dataset.y) >= FEW_ROWS:
            return None
        front = sorted(ParetoFront.from_formulas(self.all, self.fit_rows.dataset.X), key=lambda formula: formula.rank)
        return next((one for one in front if one in self.fit_rows.rough and one not in tried), None)

    def improve(self, noise: float, *, seed: int) -> None:
        """Try the shortest formulas with what they lack and with parts read anew, if none is as good as the data.

        Parameters
        ----------
        noise : float
            Standard deviation of y, as far as it is known. Without noise a formula is the law or is not, and is asked
            which one function is most of what is wrong with it.
        seed : int
        """
        if self.at_noise():
            return
        exactly = noise <= 0 or self.belies(noise)
        until = clock.now() + IMPROVING * clock.left(self.deadline)
        if exactly:
            self._improve_exactly(until, seed)
            return
        for _ in range(MOST_ROUNDS):
            before = self.best()
            leaders = sorted(self.all, key=lambda formula: formula.rank)[:LEADERS]
            new = [one for one in leaders if one.expression not in self._asked]
            for number, formula in enumerate(new):
                if clock.late(until):
                    return
                self._asked.add(formula.expression)
                form = self._form(formula.expression)
                if form is None:
                    continue
                self._complete(formula, form)
                if self._gave_way(before):
                    break
                if number < READ_ANEW and len(self.fit_rows.fitting) >= LEAST_ROWS:
                    self._read_parts(formula, form, noise, until, seed)
            if self.best() is before:
                return

    def belies(self, noise: float) -> bool:
        """Whether a formula of several columns follows the rows more closely than what looks like noise allows."""
        below = FAR_BELOW * noise
        many = len(self.fit_rows.variables) > 1 and len(self.fit_rows.fitting) >= LEAST_ROWS
        return many and below > self.fit_rows.noise_floor and self.best_loss() < below**2

    def _improve_exactly(self, until: float, seed: int) -> None:
        """Without noise: whatever formula has one wrong part, the one first that is the best without it."""
        if len(self.fit_rows.variables) == 1 or len(self.fit_rows.fitting) < LEAST_ROWS:
            # A function of the only column is what the whole search is for.
            return
        for _ in range(MOST_ROUNDS):
            before = self.best()
            parts = [one for one in self._wrong_parts() if one.share >= MOST_OF_THE_REST]
            for one in parts[:PARTS]:
                if clock.late(until) or self.exact():
                    return
                one.asked = True
                share = clock.now() + PART_SHARE * clock.left(until)
                # What comes beside the others or as one more factor leaves hardly anything, or formulas would grow.
                instead = one.part.expression.free_symbols
                most = max(HARDLY_LEFT, 1.0 - FORESEEN * one.share) if instead else HARDLY_LEFT
                self._read(one.part, one.formula, one.form, 0.0, share, seed, most=most)
                if self._gave_way(before):
                    break
            if self.best() is before:
                return

    def _wrong_parts(self) -> list["_WrongPart"]:
        """Parts that may be all that is wrong with a formula, with the best description to hope for first."""
        leaders = sorted(self.all, key=lambda formula: formula.rank)[:LEADERS]
        front = ParetoFront.from_formulas(self.all, self.fit_rows.dataset.X)
        found: list[_WrongPart] = []
        for number, formula in enumerate({one.expression: one for one in (*leaders, *front)}.values()):
            if formula.expression not in self._wrong_of:
                self._wrong_of[formula.expression] = self._wrong_parts_of(formula, fewer=number < WITHOUT_TERMS)
            found += [one for one in self._wrong_of[formula.expression] if not one.asked]
        return sorted(found, key=lambda one: one.bits)

    def _wrong_parts_of(self, formula: Formula, *, fewer: bool) -> list["_WrongPart"]:
        """Parts of one formula that are most of what is wrong with it, or with it less one of its terms.

        A term may be there only because another one is wrong.
        """
        form = self._form(formula.expression) if formula.expression.free_symbols else None
        if form is None:
            return []
        forms = [(form, self.fit_rows.loss(form, self.fit_rows.fitting), formula.description_length)]
        for other in map(self._form, fewer_terms(form.substituted())) if fewer else ():
            fitted = None if other is None else self.fit_rows.fit(other, max_steps=30)
            if fitted is not None and fitted.status != "non-finite":
                forms.append((fitted.form, fitted.loss, description_length_of(fitted.form, self.fit_rows)))
        n, size = len(self.fit_rows.dataset.y), float(np.mean(self.fit_rows.dataset.y**2))
        found: list[_WrongPart] = []
        for form, loss, length in forms:
            near = loss <= NEAR_MISS**2 * size
            share = MUCH_OF_THE_REST if near else NEARLY_ALL
            for part in wrong_parts(form.substituted(), self.fit_rows, share, near=near)[:PARTS]:
                explained = part.drop / len(self.fit_rows.fitting)
                bits = length + 0.5 * n * math.log2(max(1.0 - explained, LEAST_LEFT))
                found.append(_WrongPart(bits, explained, formula, form, part))
        return found

    def challenge(self, seconds: float, *, seed: int) -> None:
        """Try other functions in the places of the pick's.

        With noise the first formula that is as good as the data need not be the law.
        """
        best = self.best()
        if best is not None:
            until = clock.now() + min(seconds, CHALLENGE_SECONDS)
            self.all += rivals(best, self.fit_rows, until=until, seed=seed)

    def _gave_way(self, before: Formula | None) -> bool:
        """Whether what was the pick is now far behind it."""
        best = self.best()
        if best is None or before is None or best is before:
            return False
        return best.description_length < before.description_length - READ_BITS

    def _form(self, expression: sympy.Expr) -> ParametricForm | None:
        """None where a constant is out of double precision, which costs this formula and no other."""
        try:
            return parametrize(expression.xreplace(self.fit_rows.symbols), self.fit_rows.variables)
        except ArgumentError as error:
            logger.info("formula given up: %s", error)
            return None

    def _promises(self, bits: float, near: float) -> bool:
        """Whether a description of about so many bits may become the shortest."""
        best = self.best()
        return best is None or bits < best.description_length + near

    def _complete(self, formula: Formula, form: ParametricForm) -> None:
        """Add what a formula becomes with each of a few more constants."""
        loss, n = self.fit_rows.loss(form, self.fit_rows.fitting), len(self.fit_rows.dataset.y)
        if not loss > self.fit_rows.noise_floor**2:
            return
        price = 0.5 * math.log2(n) + CONSTANT_BITS
        for one in missing_constants(form, *self.fit_rows.rows(self.fit_rows.fitting))[:PLACES]:
            fewer = 0.5 * n * math.log2(loss / max(loss - one.drop, LEAST_LEFT * loss))
            if fewer < price or not self._promises(formula.description_length + price - fewer, NEAR_BITS):
                return
            provenance.credit(formula.origin, changed="one more constant")
            self.add(one.expression, formula.steps)

    def _read_parts(self, formula: Formula, form: ParametricForm, noise: float, until: float, seed: int) -> None:
        """Add what a formula becomes with a function of one column more, and with others for some of its parts."""
        expression = form.substituted()
        # A function of the only column is what the whole search is for.
        several, long = len(self.fit_rows.variables) > 1, formula.complexity > nodes_of_short(formula.expression)
        parts = lacking(expression, self.fit_rows, 0.0) if several else []
        if several or long:
            parts += parts_of(expression, self.fit_rows, long=long)
            parts.sort(key=lambda part: -part.drop)
        before = self.best()
        for part in parts[:PARTS]:
            # What the new one lacks is then asked, and not what else the old one did.
            if self._gave_way(before):
                return
            # What depends on two columns takes longer, and is not asked of what has given way to something better.
            if not part.pair or self.best() is before:
                share = clock.now() + PAIR_SHARE * clock.left(until) if part.pair else until
                self._read(part, formula, form, noise, share, seed)

    def _read(
        self,
        part: Part,
        formula: Formula,
        form: ParametricForm,
        noise: float,
        until: float,
        seed: int,
        *,
        most: float = HARDLY_LEFT,
    ) -> None:
        """Add what a formula becomes with other functions in one place; without noise, of which they leave at most so
        much."""
        if clock.late(until):
            return
        loss = self.fit_rows.loss(form, self.fit_rows.fitting)
        others: list[tuple[float, sympy.Expr]] = []
        # Without noise what the part leaves is of the others, whose constants are not yet right.
        sums = noise <= 0 and part.expression != 0
        left = math.sqrt(loss) if noise <= 0 else noise
        for raw in read_anew(part, self.fit_rows, left, until=until, seed=seed, sums=sums):
            other, made = self._form(raw), raw
            if other is None:
                continue
            if noise <= 0:
                # What is then still far from the rows is no law, and would only be longer.
                fitted = self.fit_rows.fit(other, max_steps=30)
                if fitted.status == "non-finite" or fitted.loss >= most * loss:
                    continue
                other, made = fitted.form, fitted.form.substituted()
            others.append((description_length_of(other, self.fit_rows), made))
        # The best in any case, and what promises as much as long as there is time.
        for number, (bits, raw) in enumerate(sorted(others, key=lambda one: one[0])):
            if not self._promises(bits, READ_BITS) or (number and clock.late(until)):
                return
            provenance.credit(formula.origin, changed="a part read anew")
            self.add(raw, formula.steps)
