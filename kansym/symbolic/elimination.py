"""Backward elimination: which constants of a formula can go?

A fitted edge brings all four constants of ``c f(a x + b) + d``; most laws need fewer. One at a time, the constant whose
removal (0 for a term or an origin, 1 for a factor or an exponent) hurts least is taken out and the others refitted. The
chain of ever smaller formulas goes to the front, where description length decides how far was right.
"""

from collections.abc import Callable, Iterator, Sequence

import sympy

from kansym.symbolic.canonical import canonicalize
from kansym.symbolic.complexity import complexity
from kansym.symbolic.parametric import ParametricForm, parametrize

Fit = Callable[[ParametricForm], tuple[ParametricForm, float] | None]
"""Refits a form and returns it with its score (lower is better), or None where it cannot be evaluated."""


def without(form: ParametricForm, constant: sympy.Symbol, value: int) -> ParametricForm | None:
    """The form with one constant replaced by 0 or 1, or None when that leaves no smaller formula of the variables."""
    others = {
        symbol: sympy.Float(float(number))
        for symbol, number in zip(form.constants, form.values, strict=True)
        if symbol != constant
    }
    reduced: sympy.Expr = form.expression.xreplace({constant: sympy.Integer(value), **others})  # pyright: ignore[reportAssignmentType]
    if reduced.has(sympy.nan, sympy.zoo, sympy.oo, -sympy.oo) or not reduced.free_symbols:
        return None
    positive = [symbol for symbol in form.variables if symbol.is_positive]
    reduced = canonicalize(reduced, positive)
    if reduced.has(sympy.nan, sympy.zoo, sympy.oo, sympy.I) or not reduced.free_symbols:
        return None
    smaller = parametrize(reduced, form.variables)
    fewer = len(smaller.constants) < len(form.constants)
    return smaller if fewer and complexity(smaller.expression) <= complexity(form.expression) else None


def eliminate(form: ParametricForm, fit: Fit, *, values: Sequence[int] = (0, 1)) -> Iterator[ParametricForm]:
    """Ever smaller forms, each with one constant less, refitted; ends with one constant or when nothing can go.

    Parameters
    ----------
    form : ParametricForm
        Fitted.
    fit : callable
        See `Fit`.
    values : sequence of int, default (0, 1)
        What a constant may be replaced by.
    """
    while len(form.constants) > 1:
        best: tuple[ParametricForm, float] | None = None
        for constant in form.constants:
            for value in values:
                smaller = without(form, constant, value)
                fitted = None if smaller is None else fit(smaller)
                if fitted is not None and (best is None or fitted[1] < best[1]):
                    best = fitted
        if best is None:
            return
        form = best[0]
        yield form
