# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false
"""The distinct forms among the formulas that a search has met: the same function in other words is one form."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import sympy

from kansym.data.sample_points import around, box_of, inside
from kansym.data.weights import spread
from kansym.errors import ArgumentError
from kansym.search.results import Discovery
from kansym.symbolic.complexity import formula_bits
from kansym.symbolic.formula import Formula
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.own_functions import folded
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.symbolic.same import can_fit_values, equal_values

MOST_BEHIND = 40.0
"""Bits behind the shortest description from which on a form is not worth a look: odds of one to 2^40, or, where the
bits have been found to count for a third (`kansym.forms.calibration`), of one to ten thousand."""

MOST_FORMULAS = 200
"""Formulas that are looked at, the shortest descriptions first."""

POINTS = 60
"""Points inside of the box of the rows where values are compared, and as many around it."""

MOST_ROWS = 200
"""Rows where values are compared; more are thinned evenly."""

OF_RESIDUAL, OF_SPREAD = 1e-3, 1e-8
"""Root-mean-square difference of the values of one function: in units of the residual, which a million rows do not tell
apart, and, without noise, in units of the spread of y."""

STRAYS = 0.05
"""Share of the points that may be left out, next to poles."""

ALIKE = 1.0
"""Bits by which two fits of one form differ at most: of other rows, or ended early."""


@dataclass(frozen=True, eq=False)
class DistinctForm:
    """A form that a search has met.

    Attributes
    ----------
    formula : Formula
        Its shortest notation.
    bits : float
        Description length.
    words : float
        Of these, what the formula itself costs; the rest are of what it leaves.
    """

    formula: Formula
    bits: float
    words: float


def distinct_forms(discovery: Discovery) -> list[DistinctForm]:
    """The forms of a discovery, the pick first and then the shortest descriptions first.

    Formulas are one form if they differ in fitted numbers alone, have the same values in and around the box of the
    rows, or can each be given the values of the other by other numbers.

    Parameters
    ----------
    discovery : Discovery
    """
    compared = _Compared(discovery)
    for formula in _candidates(discovery):
        compared.add(formula)
    first, *rest = compared.forms
    return [first, *sorted(rest, key=lambda one: (one.bits, one.formula.complexity))]


def _candidates(discovery: Discovery) -> Iterator[Formula]:
    """The pick, and other formulas that are not too far behind it, the shortest first; each expression once."""
    pick = discovery.formula
    seen: set[sympy.Expr] = set()
    others = sorted((*discovery.front, *discovery.rivals, *discovery.formulas), key=lambda one: one.rank)
    usable = (one for one in others if _is_usable(one, discovery))
    limit = min(pick.description_length, next((one.description_length for one in others), math.inf)) + MOST_BEHIND
    for formula in (pick, *usable):
        if formula is not pick and not formula.description_length < limit:
            return
        if formula.expression not in seen and len(seen) < MOST_FORMULAS:
            seen.add(formula.expression)
            yield formula


def _is_usable(formula: Formula, discovery: Discovery) -> bool:
    """Whether it is a formula of this table that could be its law."""
    if formula.consistent is False or not math.isfinite(formula.description_length):
        return False
    return formula.target == discovery.formula.target and formula.variables == discovery.formula.variables


class _Compared:
    """Forms as they are found to be others than those before.

    Parameters
    ----------
    discovery : Discovery
    """

    def __init__(self, discovery: Discovery) -> None:
        self.discovery = discovery
        self.variables = tuple(map(plain_symbol, discovery.formula.variables))
        X, y = discovery.dataset.X, discovery.dataset.y
        box = box_of(X)
        self.around = np.concatenate([inside(box, POINTS, seed=0), around(box, POINTS, seed=0)])
        self.points = np.concatenate([self.around, X[:: -(-len(X) // MOST_ROWS)]])
        loss = discovery.formula.train_loss
        residual = math.sqrt(loss) if loss >= 0 else 0.0
        self.allowed = max(OF_RESIDUAL * residual, OF_SPREAD * spread(y, None))
        self.residual = max(residual, self.allowed)
        self.forms: list[DistinctForm] = []
        self._met: list[tuple[ParametricForm, np.ndarray]] = []

    def add(self, formula: Formula) -> None:
        """A formula whose description is no shorter than those before it, but for the first."""
        try:
            form = parametrize(formula.expression, self.variables)
        except ArgumentError:
            # A constant that no double holds.
            return
        values = form.evaluate(self.points)
        if self.forms and any(self._same(place, formula, form, values) for place in range(len(self.forms))):
            return
        bits = formula.description_length
        words = formula_bits(
            folded(form, self.discovery.own_functions), self.discovery.dataset.n_rows, len(self.variables)
        )
        if formula is self.discovery.formula and any(guess.as_written for guess in self.discovery.guesses):
            # A guess was there before the search: it was not chosen among all that can be written, so that its length
            # is none.
            bits, words = bits - words, 0.0
        self.forms.append(DistinctForm(formula, bits, words))
        self._met.append((form, values))

    def _same(self, place: int, formula: Formula, form: ParametricForm, values: np.ndarray) -> bool:
        other, known = self._met[place]
        if form.expression == other.expression or equal_values(values, known, rms=self.allowed, strays=STRAYS):
            return True
        near = abs(formula.description_length - self.forms[place].bits) < ALIKE
        if not near or len(form.constants) != len(other.constants) or not form.constants:
            return False
        both = np.isfinite(values) & np.isfinite(known)
        # Fits of one form come nearer to each other than to the rows.
        if not both.any() or math.sqrt(float(np.mean((values[both] - known[both]) ** 2))) > self.residual:
            return False
        return all(
            can_fit_values(one, self.around, two.evaluate(self.around), self.allowed)
            for one, two in ((form, other), (other, form))
        )


def formulas_of(forms: Iterable[DistinctForm]) -> list[Formula]:
    """Their formulas."""
    return [one.formula for one in forms]
