# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""A formula with names for the numbers that were fitted, ``A*exp(-t/tau) + c2``, and what they are."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import sympy

from kansym.numbers import measured
from kansym.symbolic.constants import CONSTANT_PREFIX, Constant, is_named, with_constant_symbols
from kansym.symbolic.latex import name_to_latex, to_latex
from kansym.symbolic.naming import plain_symbol, rename
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.text import to_text
from kansym.units.words import after_number


@dataclass(frozen=True, eq=False)
class NamedFormula:
    """A formula in names; as text it is one line for the formula and one for each constant.

    Attributes
    ----------
    expression : sympy.Expr
        In plain symbols of columns and constants.
    target : str
        What it is equal to.
    constants : tuple of Constant
        Those that occur, named as in the expression, with the values that make it the formula.
    """

    expression: sympy.Expr
    target: str
    constants: tuple[Constant, ...]

    @property
    def like_numbers(self) -> tuple[str, ...]:
        """Names of constants that stand where their numbers would; those that a user named are letters like others."""
        return tuple(constant.name for constant in self.constants if not is_named(constant.name))

    @cached_property
    def text(self) -> str:
        """``y = A*exp(-t/tau) + c2``."""
        return f"{self.target} = {to_text(self.expression)}"

    def latex(self, *, with_target: bool = False) -> str:
        """The formula in LaTeX, for mathematics mode; with `with_target` behind ``target =``."""
        text = to_latex(self.expression, constants=self.like_numbers)
        return f"{name_to_latex(self.target)} = {text}" if with_target else text

    def __str__(self) -> str:
        values = (f"{one.name} = {measured(one.value, one.error)}{after_number(one.unit)}" for one in self.constants)
        return "\n".join([self.text, *values])

    def __repr__(self) -> str:
        return f"<NamedFormula {self.text}; {len(self.constants)} constants>"


def named_formula(
    expression: sympy.Expr, variables: Sequence[str], target: str, constants: Sequence[Constant]
) -> NamedFormula:
    """The formula in names. A constant that is called like a column gets ``_fit`` behind its name.

    Parameters
    ----------
    expression : sympy.Expr
        In plain symbols, with numbers.
    variables : sequence of str
        Names of the columns.
    target : str
    constants : sequence of Constant
        Of the formula.
    """
    with_keys, found = named_constants(expression, variables, constants)
    shown: dict[str, str] = {}
    for key, constant in found.items():
        clash = constant.name in variables or constant.name in shown.values()
        shown[key] = f"{constant.name}_fit" if clash else constant.name
    renamed = rename(with_keys, {plain_symbol(key): plain_symbol(name) for key, name in shown.items()})
    return NamedFormula(renamed, target, tuple(replace(one, name=shown[key]) for key, one in found.items()))


def named_constants(
    expression: sympy.Expr, variables: Sequence[str], constants: Sequence[Constant]
) -> tuple[sympy.Expr, dict[str, Constant]]:
    """The expression with symbols for its fitted numbers, and the constants by the names of these symbols.

    A symbol is called ``constant NAME``, so that it differs from a column of the same name. Numbers that are made of
    constants with names of their own, as g/2 in ``g*t**2/2`` or -1/tau in ``exp(-t/tau)``, are written so; see
    `kansym.symbolic.constants`.
    """
    form = parametrize(expression, tuple(plain_symbol(name) for name in variables))
    named, _ = with_constant_symbols(form, constants, CONSTANT_PREFIX)
    records = {CONSTANT_PREFIX + constant.name: constant for constant in constants}
    taken = {constant.name for constant in constants}
    free = (f"c{number}" for number in itertools.count())
    found: dict[str, Constant] = {}
    replaced: dict[sympy.Basic, sympy.Expr] = {}
    for symbol, value in zip(named.constants, named.values, strict=True):
        constant = records.get(symbol.name)
        if constant is None:
            name = next(name for name in free if name not in taken)
            constant = Constant(name, float(value))
            replaced[symbol] = plain_symbol(CONSTANT_PREFIX + name)
        found[CONSTANT_PREFIX + constant.name] = constant
    return named.expression.xreplace(replaced), found
