# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportIndexIssue=false
"""What a known part of a law leaves: its table, which is searched, and the whole law from what is found there.

The known part is given (`kansym.search.prior.given`) or a guess (`kansym.search.prior.correction`).
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np
import sympy

from kansym.data.dataset import Dataset
from kansym.search.prior.part import GivenPart
from kansym.search.rows import FitRows
from kansym.symbolic.formula import Formula
from kansym.symbolic.parametric import ParametricForm, parametrize

ROUNDS = 3
"""Searches for one rest, which depends on the constants of the known part, and they on what is found."""

MOVED = 0.1
"""Change of the rest, in units of its spread, that is worth another search."""

LEAST_DEFINED = 0.5
"""Share of the rows at which the rest must have a value."""


@dataclass(frozen=True, eq=False)
class Rest:
    """The unknown part of a law at the rows of a table, with some constants of the known part.

    Attributes
    ----------
    dataset : Dataset
    values : ndarray, shape (n,)
        nan where the unknown part has no value.
    slope : ndarray, shape (n,)
        |d values/dy|.
    """

    dataset: Dataset
    values: np.ndarray
    slope: np.ndarray

    @classmethod
    def of(cls, part: GivenPart, dataset: Dataset, constants: np.ndarray) -> "Rest":
        """What a given part leaves with constants (k,)."""
        return cls(dataset, *part.values_of_rest(dataset.X, dataset.y, constants))

    @property
    def defined(self) -> np.ndarray:
        """Mask (n,) of the rows at which the rest has a value that depends on y."""
        return np.isfinite(self.values) & np.isfinite(self.slope) & (self.slope > 0)

    def is_defined(self, least: int) -> bool:
        """Whether that are enough rows for a search, at least so many."""
        good = self.defined
        return bool(good.mean() >= LEAST_DEFINED and good.sum() >= least)

    def table(self, target: str, *, error: np.ndarray | None, weight: np.ndarray | None) -> Dataset:
        """The table of the rows at which the rest is defined, with the rest as its target.

        Parameters
        ----------
        target : str
        error : array (m,) or None
            Standard errors at these rows, in units of y.
        weight : array (m,) or None
            Their weights.
        """
        good = self.defined
        return replace(
            self.dataset.take(good),
            y=self.values[good],
            target=target,
            y_error=None if error is None else np.maximum(error * self.slope[good], 1e-300),
            sample_weight=weight,
            y_units=None,
            x_error=None,
        )


def whole_law(
    known: Callable[[sympy.Expr], sympy.Expr],
    constants: Sequence[sympy.Symbol],
    values: np.ndarray,
    rest: Formula,
    fit_rows: FitRows,
) -> tuple[ParametricForm, ParametricForm]:
    """The whole law with a formula for the rest, and the rest alone; not fitted yet.

    sympy may take a time for it that grows exponentially with the nesting: call it with a limit.

    Parameters
    ----------
    known : callable
        Makes the whole of an expression for the rest, in the symbols of the rows.
    constants : sequence of sympy.Symbol
        Of the known part; they come first among the constants of the whole.
    values : array (k,)
        Theirs.
    rest : Formula
    fit_rows : FitRows
    """
    columns = fit_rows.symbols
    alone = parametrize(rest.expression, (*columns, *constants))
    # In the symbols of the rows, which know the signs of the columns.
    expression = known(alone.expression.xreplace(columns))
    numbers = np.concatenate([values, alone.values])
    return ParametricForm(expression, fit_rows.variables, (*constants, *alone.constants), numbers), alone


def merged(
    form: ParametricForm, own: Sequence[sympy.Symbol], limited: Collection[str] = ()
) -> tuple[ParametricForm, bool]:
    """The same function with as few constants and numbers as it takes.

    ``x + (c0*x + c1)`` is one term in x whatever is written: a printed formula shows 1 + c0, so that is the constant.

    A number before a constant of the unknown part goes into that constant, and so does a given term of the same kind;
    where the given term has a constant of its own, that one stays and the other goes.

    Parameters
    ----------
    form : ParametricForm
        A whole law.
    own : sequence of sympy.Symbol
        Constants of the given part; they keep their names and places.
    limited : collection of str
        Names of those with bounds. A term of one of them and a found one stay two: the sum has no bounds.

    Returns
    -------
    form : ParametricForm
    number : bool
        Whether a term that was given with its number has lost it to a found one of the same kind.
    """
    lost = False
    while (change := _without_a_number(form, own)) is not None:
        form = change
    while (change := _without_a_term(form, own, limited)) is not None:
        form, number = change
        lost = lost or number
    return form, lost


def _free(form: ParametricForm, own: Sequence[sympy.Symbol]) -> set[sympy.Symbol]:
    """Constants of the unknown part that stand in one place only, and can take up what stands beside them."""
    return {one for one in form.constants if one not in own and form.expression.count(one) == 1}


def _without_a_number(form: ParametricForm, own: Sequence[sympy.Symbol]) -> ParametricForm | None:
    """The form with one number taken up by the constant that it multiplies; None where no number is left."""
    free = _free(form, own)
    for node in form.expression.atoms(sympy.Mul):
        number, rest = node.as_coeff_Mul()
        taking = next(
            (k for k, one in enumerate(form.constants) if one in free and one in sympy.Mul.make_args(rest)), None
        )
        if abs(number) == 1 or taking is None:
            continue
        values = form.values.copy()
        values[taking] *= float(number)
        return replace(form, expression=form.expression.xreplace({node: rest}), values=values)
    return None


def _without_a_term(
    form: ParametricForm, own: Sequence[sympy.Symbol], limited: Collection[str]
) -> tuple[ParametricForm, bool] | None:
    """The form with two terms made one, and whether one was a number; None where all terms differ."""
    free = _free(form, own)
    values = dict(zip(form.constants, map(float, form.values), strict=True))
    for node in form.expression.atoms(sympy.Add):
        parts = [(term, *_parts(term, form.constants)) for term in node.args]
        pairs = [(one, other) for one, other in permutations(parts, 2) if one[2] in free and one[3] == other[3]]
        for (term, number, constant, _), (its_term, its_number, its_constant, _) in pairs:
            if its_constant is None:
                values[constant] += float(its_number / number)
                gone, constants = its_term, form.constants
            elif form.expression.count(its_constant) == 1 and its_constant.name not in limited:
                values[its_constant] += float(number / its_number) * values[constant]
                gone, constants = term, tuple(one for one in form.constants if one is not constant)
            else:
                continue
            kept = sympy.Add(*(one for one in node.args if one is not gone))
            numbers = np.array([values[one] for one in constants])
            changed = ParametricForm(form.expression.xreplace({node: kept}), form.variables, constants, numbers)
            return changed, its_constant is None
    return None


def _parts(
    term: sympy.Expr, constants: Sequence[sympy.Symbol]
) -> tuple[sympy.Expr, sympy.Symbol | None, sympy.Expr | None]:
    """A term as number, constant and the rest; no rest where it has several constants for factors."""
    number, rest = term.as_coeff_Mul()
    own = [argument for argument in sympy.Mul.make_args(rest) if argument in constants]
    if len(own) > 1:
        return number, None, None
    rest = sympy.Mul(*(argument for argument in sympy.Mul.make_args(rest) if argument not in own))
    return number, own[0] if own else None, rest
