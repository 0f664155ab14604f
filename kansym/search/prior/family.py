# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false
"""Whether a formula is a guess with some values of its constants, or with something added; decided by values.

Formulas come back from a search in another notation than they went in. What is asked here is whether the guess, its
constants free, can have the values of a formula on the rows of the table.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import sympy

from kansym.symbolic.complexity import complexity
from kansym.symbolic.naming import plain
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.symbolic.refit import refit

MOST_ROWS = 400
"""Rows that values are compared on."""

NEGLIGIBLE = 0.3
"""Difference of two formulas, in units of the error that the rows leave in one constant of a formula (sigma/sqrt(n)),
that no data could tell: it changes chi-squared by a tenth."""

ROUNDING = 1e-9
"""The same in units of the size of y, for tables without noise."""

VISIBLE = 1e-6
"""Change of a formula, in units of its size, that a column makes which it depends on."""

MOST_PARTS = 8
"""Terms or factors of a formula among which the added ones are looked for."""

MOST_ADDED = 3
"""Terms or factors that may have been added."""


@dataclass(frozen=True, eq=False)
class Place:
    """The rows that formulas are compared on.

    Attributes
    ----------
    X : array (m, d)
    root : array (m,)
        Square roots of the weights of the rows, which have the mean 1.
    tolerance : float
        Weighted root-mean-square difference, in units of y, below which two formulas are the same.
    """

    X: np.ndarray
    root: np.ndarray
    tolerance: float

    @classmethod
    def of(cls, X: np.ndarray, y: np.ndarray, residual: float, weights: np.ndarray | None = None) -> "Place":
        """Rows of a table on which some formula leaves a residual (weighted root mean square, in units of y)."""
        rows = np.linspace(0, len(X) - 1, min(len(X), MOST_ROWS)).round().astype(np.int64)
        root = np.ones(len(X)) if weights is None else np.sqrt(weights / weights.mean())
        size = float(np.abs(root * y).max()) or 1.0
        size *= float(np.sqrt(np.mean((root * y / size) ** 2)))
        return cls(X[rows], root[rows], max(NEGLIGIBLE * residual / np.sqrt(len(y)), ROUNDING * size))

    def same(self, first: np.ndarray, second: np.ndarray) -> bool:
        """Whether values (m,) of two formulas agree."""
        with np.errstate(all="ignore"):
            return bool(np.sqrt(np.mean((self.root * (first - second)) ** 2)) <= self.tolerance)

    def reproduced(
        self, form: ParametricForm, target: np.ndarray, factor: np.ndarray | float = 1.0
    ) -> np.ndarray | None:
        """Constants (k,) with which a form has the values `target` (m,), fitted from those it has; None without any.

        Where both are multiplied by a `factor` (m,) to have the units of y, that is what counts.
        """
        with np.errstate(all="ignore"):
            weights = (self.root * factor) ** 2
        if not (
            np.isfinite(target).all() and np.isfinite(weights).all() and weights.any() and np.abs(target).max() > 0
        ):
            return None
        fitted = refit(form, self.X, target, weights=weights / weights.max(), max_steps=60).form
        return fitted.values if self.same(fitted.evaluate(self.X) * factor, target * factor) else None

    def needs_all(self, form: ParametricForm, values: np.ndarray) -> bool:
        """Whether a form depends on all of its columns, and not on a limit of some constant in which one is lost."""
        own = form.with_values(values)
        whole = own.evaluate(self.X)
        for j in (j for j, symbol in enumerate(form.variables) if form.expression.has(symbol)):
            moved = self.X.copy()
            moved[:, j] = np.roll(moved[:, j], len(moved) // 3)
            with np.errstate(all="ignore"):
                if not np.nanmax(np.abs(own.evaluate(moved) - whole), initial=0.0) > VISIBLE * np.abs(whole).max():
                    return False
        return True

    def idle(self, form: ParametricForm, values: np.ndarray) -> list[sympy.Symbol]:
        """Constants that may be zero, all at once, without a change of the values."""
        target = form.with_values(values).evaluate(self.X)
        found: list[int] = []
        for j in range(len(values)):
            trial = values.copy()
            trial[[*found, j]] = 0.0
            if values[j] == 0 or self.same(form.with_values(trial).evaluate(self.X), target):
                found.append(j)
        return [form.constants[j] for j in found]


def parts_without(expression: sympy.Expr, constants: Sequence[sympy.Symbol]) -> list[sympy.Expr]:
    """The terms of sums that vanish, or become numbers, when some constants are zero; the largest such terms."""
    zero = dict.fromkeys(constants, sympy.Integer(0))
    found: list[sympy.Expr] = []

    def visit(node: sympy.Expr) -> None:
        if not node.has(*constants):
            return
        for argument in node.args:
            gone = argument.xreplace(zero)
            if node.is_Add and argument.has(*constants) and (gone.is_number and gone.is_finite):
                found.append(argument)
            else:
                visit(argument)

    visit(expression)
    return found


@dataclass(frozen=True, eq=False)
class Addition:
    """What a formula has beyond a guess.

    Attributes
    ----------
    way : str
        "guess + ..." or "guess * ...".
    expression : sympy.Expr
        In plain symbols.
    values : array (k,)
        Constants of the guess in it.
    """

    way: str
    expression: sympy.Expr
    values: np.ndarray


PLUS, TIMES, TIMES_ABOUT_ONE = "guess + ...", "guess * ...", "guess * (1 + ...)"
"""Ways in which a guess may lack something."""


def addition(expression: sympy.Expr, form: ParametricForm, place: Place) -> Addition | None:
    """The fewest terms, or factors, of a formula without which it is the guess; None if there are none such.

    Parameters
    ----------
    expression : sympy.Expr
        Of the formula, in plain symbols.
    form : ParametricForm
        The guess, in symbols of the same names.
    place : Place
    """
    variables = tuple(sympy.Symbol(symbol.name) for symbol in form.variables)

    def values(part: sympy.Expr) -> np.ndarray:
        return parametrize(part, variables).evaluate(place.X)

    whole = values(expression)
    found = [
        _missing_term(expression, form, place, whole, values),
        _missing_factor(expression, form, place, whole, values),
    ]
    return min((one for one in found if one is not None), key=lambda one: complexity(one.expression), default=None)


Values = Callable[[sympy.Expr], np.ndarray]


def _missing_term(
    expression: sympy.Expr, form: ParametricForm, place: Place, whole: np.ndarray, values: Values
) -> Addition | None:
    for terms in _choices(_terms(expression)):
        part = sympy.Add(*terms)
        target = whole - values(part)
        found = place.reproduced(form, target)
        if found is not None and place.needs_all(form, found):
            return Addition(PLUS, plain(part), found)
    return None


def _missing_factor(
    expression: sympy.Expr, form: ParametricForm, place: Place, whole: np.ndarray, values: Values
) -> Addition | None:
    # A guess without a factor of its own has that of the formula only after the added one has been scaled.
    scale = sympy.Symbol("_scale", real=True)
    scaled = ParametricForm(
        scale * form.expression, form.variables, (*form.constants, scale), np.append(form.values, 1.0)
    )
    for factors in _choices(sympy.Mul.make_args(expression)):
        part = sympy.Mul(*factors)
        factor = values(part)
        with np.errstate(all="ignore"):
            target = whole / factor
        found = place.reproduced(form, target, factor)
        if found is not None and place.needs_all(form, found):
            return Addition(TIMES, plain(part), found)
        found = place.reproduced(scaled, target, factor)
        if found is not None and place.needs_all(scaled, found):
            return Addition(TIMES, plain(sympy.expand_mul(sympy.Float(found[-1]) * part)), found[:-1])
    return None


def _terms(expression: sympy.Expr) -> Sequence[sympy.Expr]:
    """Terms of a sum; those of a sum with a common factor too."""
    if expression.is_Add:
        return expression.args
    opened = sympy.expand_mul(expression)
    return opened.args if opened.is_Add else (expression,)


def _choices(parts: Sequence[sympy.Expr]) -> Iterator[tuple[sympy.Expr, ...]]:
    """Some of the parts, but never all; the fewest first."""
    if len(parts) > MOST_PARTS:
        return
    for size in range(1, min(MOST_ADDED, len(parts) - 1) + 1):
        yield from itertools.combinations(parts, size)
