# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportOperatorIssue=false
"""A user's own functions in a formula: each is one function there, however long it is when spelled out.

A formula holds what a primitive stands for, which algebra may have rewritten. So a place of a function is told by its
values: a part of the formula that is a multiple of the function of an argument that it holds.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import sympy
from sympy import Expr, Mul

from kansym.primitives.library import PrimitiveLibrary, default_library
from kansym.primitives.primitive import ARGUMENT
from kansym.symbolic.parametric import ParametricForm

POINTS, LEAST_POINTS = 40, 6
"""Points where values are compared, and how many of them must be finite."""

SMALLEST, LARGEST = 0.03, 6.0
"""Of the variables there."""

AGREEMENT = 1e-8
"""Largest relative difference of a ratio that is constant."""


@dataclass(frozen=True)
class OwnFunction:
    """A function that a user has added to the library.

    Attributes
    ----------
    name : str
    expression : sympy.Expr
        In `kansym.primitives.primitive.ARGUMENT`.
    """

    name: str
    expression: Expr

    def arguments(self, node: Expr) -> Iterator[Expr]:
        """What it may be of in a part of a formula: what stands in its own functions there, or any variable."""
        found: dict[Expr, None] = {}
        for inner in self.expression.atoms(sympy.Function):
            if not inner.args:
                continue
            slope = inner.args[0].diff(ARGUMENT)
            if slope.is_number and slope != 0:
                offset = inner.args[0].subs(ARGUMENT, 0)
                found |= dict.fromkeys((other.args[0] - offset) / slope for other in node.atoms(inner.func))
        yield from found or sorted(node.free_symbols, key=str)


def own_functions(library: PrimitiveLibrary) -> tuple[OwnFunction, ...]:
    """What a library has that the default library does not."""
    known = set(default_library())
    return tuple(OwnFunction(name, library[name].expression) for name in library if name not in known)


def folded(form: ParametricForm, own: tuple[OwnFunction, ...]) -> ParametricForm:
    """The form with one function of a name in every place of a user's own function.

    Parameters
    ----------
    form : ParametricForm
    own : tuple of OwnFunction

    Returns
    -------
    ParametricForm
        To be priced and looked at, not to be evaluated: factors that a constant takes up are left out.
    """
    return ParametricForm(_folded(form.expression, own, form), form.variables, form.constants, form.values)


def _folded(node: Expr, own: tuple[OwnFunction, ...], form: ParametricForm) -> Expr:
    """A node, or else its parts, as functions of a name; from the top, since what has names has no values."""
    if not own or not node.args or not node.free_symbols & set(form.variables):
        return node
    whole = _as_one(node, own, form)
    if whole is not None:
        return whole
    if node.is_Mul or node.is_Add:
        rest, parts = [], []
        for one in node.args:
            (parts if one.free_symbols & set(form.variables) else rest).append(one)
        for symbols in dict.fromkeys(frozenset(one.free_symbols & set(form.variables)) for one in parts):
            mine = [one for one in parts if one.free_symbols & set(form.variables) == symbols]
            together = _as_one(node.func(*mine), own, form) if len(mine) > 1 else None
            rest += [_folded(one, own, form) for one in mine] if together is None else [together]
        return node.func(*rest)
    return node.func(*(_folded(argument, own, form) for argument in node.args))


def _as_one(node: Expr, own: tuple[OwnFunction, ...], form: ParametricForm) -> Expr | None:
    found = (_one_function(node, function, own, form) for function in own)
    return next((one for one in found if one is not None), None)


def _one_function(node: Expr, function: OwnFunction, own: tuple[OwnFunction, ...], form: ParametricForm) -> Expr | None:
    """The node as a multiple of the function, if it is one and has more to it than a name."""
    if not (node.is_Mul or node.is_Add or node.is_Pow or node.is_Function):
        return None
    for argument in function.arguments(node):
        if not argument.free_symbols & set(form.variables):
            continue
        spelled = function.expression.xreplace({ARGUMENT: argument})
        if _proportional(node, spelled, form):
            free = next((one for one in node.free_symbols & set(form.constants) if not argument.has(one)), None)
            named = sympy.Function(function.name)(_folded(argument, own, form))
            return named if free is None else Mul(free, named)
    return None


def _proportional(first: Expr, second: Expr, form: ParametricForm) -> bool:
    columns = np.exp(np.random.default_rng(0).uniform(np.log(SMALLEST), np.log(LARGEST), (POINTS, len(form.variables))))
    with np.errstate(all="ignore"):
        ratio, other = (
            ParametricForm(one, form.variables, form.constants, form.values).evaluate(columns)
            for one in (first, second)
        )
        ratio = ratio / other
    ratio = ratio[np.isfinite(ratio)]
    if len(ratio) < LEAST_POINTS or not ratio.any():
        return False
    return bool(np.ptp(ratio) <= AGREEMENT * np.abs(ratio).max())
