# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
"""A guess during a search, and the verdict of the data on it."""

import math
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import sympy

from kansym.data.weights import row_weights
from kansym.search.guess_outcome import CONFIRMED, MORE, REPLACED, SMALLER, UNUSABLE, GuessOutcome
from kansym.search.prior.correction import Correction
from kansym.search.prior.family import Place, addition, parts_without
from kansym.search.prior.guess import Freed, Guess
from kansym.search.results import Discovery
from kansym.symbolic.canonical import canonicalize
from kansym.symbolic.complexity import complexity
from kansym.symbolic.formula import Formula
from kansym.symbolic.naming import plain, plain_symbol
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.symbolic.refit import jacobian_rank
from kansym.symbolic.text import to_text

AS_CLOSE = 1.2
"""Ratio of the losses of two formulas that fit as well as each other."""

LARGEST_NUMERATOR, LARGEST_DENOMINATOR = 1000, 24
"""Of a value that a formula has as an exact number."""

STRUCTURE = 0.01
"""Probability of residuals without structure below which something is left in them."""

HINT = "It is a hint, not a discovery: see what the certificate says."
"""Bits are also saved by what imitates the missing part: the words of a guess alone are no verdict."""


@dataclass(eq=False)
class Trial:
    """What is known about a guess so far.

    Attributes
    ----------
    guess : Guess
    form : ParametricForm or None
        Fitted, in the symbols of the search.
    formula : Formula or None
        The same as a formula.
    best : Formula or None
        The shortest description among it, the smaller ones that it leads to, and it with its exact numbers free.
    problem : str
        Why there is none.
    exact : bool
        Whether it leaves nothing but rounding.
    free : Freed or None
        The form with its exact numbers free, at its first values.
    left : float or None
        See `GuessOutcome`.
    corrections : list of Correction
    """

    guess: Guess
    form: ParametricForm | None = None
    formula: Formula | None = None
    best: Formula | None = None
    problem: str = ""
    exact: bool = False
    free: Freed | None = None
    left: float | None = None
    corrections: list[Correction] = field(default_factory=list)


def outcome(trial: Trial, found: Discovery) -> GuessOutcome:
    """The verdict on a guess, from the pick of the search."""
    text = trial.guess.text
    if trial.formula is None or trial.form is None:
        return GuessOutcome(text, UNUSABLE, trial.problem or "the search ended before it was fitted")
    pick, dataset = found.formula, found.dataset
    place = Place.of(dataset.X, dataset.y, math.sqrt(pick.train_loss), row_weights(dataset))
    comparison = _Comparison(trial, trial.form, trial.formula, pick, place)
    return comparison.of_the_family() or comparison.of_an_addition() or comparison.of_another()


@dataclass(frozen=True, eq=False)
class _Comparison:
    """The ways in which a pick may relate to a guess."""

    trial: Trial
    form: ParametricForm
    formula: Formula
    pick: Formula
    place: Place

    @property
    def target(self) -> np.ndarray:
        return self.pick.predict(self.place.X)

    def result(self, verdict: str, words: str, **more: object) -> GuessOutcome:
        bits = self.formula.description_length - self.pick.description_length
        if self.formula.consistent is False:
            words = f"{words} {' '.join(self.formula.notes)}"
        numbers = {symbol.name: value for symbol, value in self.trial.guess.numbers.items()}
        own: dict = {"formula": self.formula, "bits": bits, "left": self.trial.left, "numbers": numbers, **more}
        return GuessOutcome(self.trial.guess.text, verdict, words, **own)

    # -- the guess itself, or less -----------------------------------------------------------------------------------

    def of_the_family(self) -> GuessOutcome | None:
        """Where the pick is the guess with some values of its constants."""
        values, form = self.place.reproduced(self.form, self.target), self.form
        if values is None:
            # exp(-t/tau) is constant for any large tau; in the canonical form its rate is zero, and can be fitted.
            positive = [symbol for symbol in form.variables if symbol.is_positive]
            form = parametrize(canonicalize(form.substituted(), positive), form.variables)
            values = self.place.reproduced(form, self.target)
            if values is None:
                return None
        dropped = self._dropped(form, values)
        same_size = len(self.pick.constants) == len(self.form.constants)
        own_values = self.place.same(self.formula.predict(self.place.X), self.target)
        shorter = len(self.pick.constants) < len(form.constants) and self.pick.complexity < self._least_size()
        if not dropped and not shorter and (form is self.form or same_size):
            if not same_size and jacobian_rank(self.form, self.place.X) < len(self.form.constants):
                words = f"The data cannot tell all of its constants apart: {self.pick} says the same with fewer."
                return self.result(SMALLER, f"{words} {self._left()}".strip())
            fitted = f", with its constants fitted{self._settled_values(values)}" if self.form.constants else ""
            words = f"It is the pick{fitted}."
            more = {"bits": 0.0} if own_values else {}
            return self.result(
                CONFIRMED, f"{words} {self._left()}".strip(), as_written=own_values and same_size, **more
            )
        terms = [part for part in dropped if " = " not in part]
        ones = [part for part in dropped if " = " in part]
        said = [f"The data do not need {', '.join(terms)}"] if terms else []
        said += [f"{'it' if terms else 'It'} does as well with {' and '.join(ones)}"] if ones else []
        words = f"{', and '.join(said) or 'It can be shorter'}: {self.pick} is {self._bits()} shorter. {self._left()}"
        return self.result(SMALLER, words.strip(), dropped=tuple(dropped))

    def _least_size(self) -> int:
        """Nodes of the guess with all its constants, in its own notation or a shorter one."""
        positive = [symbol for symbol in self.form.variables if symbol.is_positive]
        return min(self.formula.complexity, complexity(canonicalize(self.form.substituted(), positive)))

    def _dropped(self, form: ParametricForm, values: np.ndarray) -> list[str]:
        """Parts of the guess that the pick does without, in words."""
        idle = self.place.idle(form, values)
        shown = self._notation(form)
        parts = parts_without(form.expression, idle) if idle else []
        texts = [to_text(plain(part.xreplace(shown))) for part in parts]
        held = {symbol for part in parts for symbol in part.free_symbols}
        texts += [f"{shown.get(symbol, symbol)} = 0" for symbol in idle if symbol not in held]
        if not idle and self.pick.complexity < self.formula.complexity and form is self.form:
            named = form.constants[: self.trial.guess.named]
            ones = [
                (symbol, round(value))
                for symbol, value in zip(named, values, strict=False)
                if abs(abs(value) - 1) < 1e-6
            ]
            if len(self.pick.constants) + len(ones) <= len(self.form.constants):
                texts += [f"{symbol} = {value}" for symbol, value in ones]
        return list(dict.fromkeys(texts))

    def _settled_values(self, values: np.ndarray) -> str:
        """Constants that became exact numbers in the pick, in words; values (k,) are those they have there."""
        missing = len(self.form.constants) - len(self.pick.constants)
        if missing <= 0 or len(values) != len(self.form.constants):
            return ""
        given = self.trial.guess.numbers
        exact = []
        for symbol, value in zip(self.form.constants, values, strict=True):
            number = Fraction(float(value)).limit_denominator(LARGEST_DENOMINATOR)
            if abs(value - number) <= 1e-6 * abs(value) and abs(number.numerator) <= LARGEST_NUMERATOR:
                old = given.get(symbol)
                words = f"{symbol} = {number}" if old is None else f"{number} in place of {old:g}"
                exact.append((abs(number.numerator) + number.denominator, words))
        shown = [words for _, words in sorted(exact)[:missing]]
        return f" ({', '.join(shown)})" if shown else ""

    def _notation(self, form: ParametricForm) -> dict[sympy.Symbol, sympy.Float]:
        """Numbers of the guess in place of their constants, as they were given."""
        if form is self.form:
            return {symbol: sympy.Float(value) for symbol, value in self.trial.guess.numbers.items()}
        return {symbol: sympy.Float(value) for symbol, value in zip(form.constants, form.values, strict=True)}

    def _left(self) -> str:
        if self.trial.exact:
            return "It is exact."
        if self.trial.left is None:
            return ""
        if self.trial.left >= STRUCTURE:
            return "No smooth function of the inputs predicts what it leaves."
        structured = f"What it leaves is not noise (p = {self.trial.left:.2g})"
        return f"{structured}, but nothing that was found describes it in fewer bits than it costs."

    # -- more --------------------------------------------------------------------------------------------------------

    def of_an_addition(self) -> GuessOutcome | None:
        """Where the pick is the guess with something added or multiplied, or with other numbers."""
        # A smaller formula has nothing added, though it may be the guess without most of it and with a new factor.
        if self.pick.complexity >= self._least_size():
            found = addition(self.pick.expression, self.form, self.place)
            if found is not None:
                return self._more(found.way, found.expression)
            for correction in self.trial.corrections:
                # A correction that is longer than the whole undoes the guess first.
                whole = complexity(correction.expression) < self.pick.complexity
                if whole and any(formula is self.pick or self._is_twin(formula) for formula in correction.formulas):
                    return self._more(correction.way, correction.expression)
        free = self.trial.free
        values = None if free is None else self.place.reproduced(free.form, self.target)
        if free is not None and values is not None:
            changes = ", ".join(f"{value:.6g} in place of {number}" for number, value in free.changed(values))
            words = f"The data want other numbers in it: {changes}. That saves {self._bits()}: {self.pick}."
            return self.result(REPLACED, words)
        return None

    def _is_twin(self, formula: Formula) -> bool:
        """Whether a formula is the pick in another notation, and does not only fit as well."""
        alike = formula.complexity == self.pick.complexity and len(formula.constants) == len(self.pick.constants)
        return alike and self.place.same(formula.predict(self.place.X), self.target)

    def _more(self, way: str, added: sympy.Expr) -> GuessOutcome:
        text = to_text(added)
        words = f"The data want more: {way} with {text} for the dots. That saves {self._bits()}; "
        words += f"{self._losses()}. {HINT}"
        return self.result(MORE, words, added=text, way=way)

    # -- something else ----------------------------------------------------------------------------------------------

    def of_another(self) -> GuessOutcome:
        """Where the pick is another formula."""
        before, after = self.formula.loss, self.pick.loss
        if self.pick.complexity < self.formula.complexity and before <= AS_CLOSE * after:
            words = f"A smaller formula that is no part of it does as well: {self.pick}, {self._bits()} shorter."
            if after > AS_CLOSE * before:
                words = (
                    f"It is longer than what it describes is worth: {self.pick} leaves {math.sqrt(after):.3g} where it "
                    f"leaves {math.sqrt(before):.3g}, and is {self._bits()} shorter with that counted."
                )
            return self.result(SMALLER, words)
        variables = tuple(map(plain_symbol, self.pick.variables))
        general = parametrize(self.pick.expression, variables)
        if general.constants and self.place.reproduced(general, self.formula.predict(self.place.X)) is not None:
            words = f"The data want more: {self.pick}, of which the guess is a special case. That saves {self._bits()}"
            return self.result(MORE, f"{words}; {self._losses()}. {HINT}")
        words = f"The data want another formula: {self.pick}. That saves {self._bits()}; {self._losses()}."
        return self.result(REPLACED, words)

    def _bits(self) -> str:
        return f"{self.formula.description_length - self.pick.description_length:.1f} bits"

    def _losses(self) -> str:
        before, after = math.sqrt(self.formula.loss), math.sqrt(self.pick.loss)
        return f"the residual falls from {before:.3g} to {after:.3g}" if after < before else f"it leaves {after:.3g}"
