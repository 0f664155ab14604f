# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""A formula as a program in no language yet: arguments, constants, and an expression of few functions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import sympy

from kansym.export.lowering import lower
from kansym.symbolic.formula import Constant, Formula
from kansym.symbolic.named import named_constants


@dataclass(frozen=True)
class Argument:
    """A column that the formula needs: `identifier` in the code, `name` in the table."""

    identifier: str
    name: str
    unit: str | None = None


@dataclass(frozen=True)
class FittedConstant:
    """A fitted constant with its name in the code."""

    identifier: str
    constant: Constant


@dataclass(frozen=True, eq=False)
class Program:
    """What every exporter writes.

    Attributes
    ----------
    name : str
        Of the function.
    target, unit : str, str or None
        Of what it computes.
    arguments : tuple of Argument
        The columns that occur, in the order of the table.
    constants : tuple of FittedConstant
    body : sympy.Expr
        In symbols named like the identifiers, and in functions of `kansym.export.lowering`.
    """

    name: str
    target: str
    unit: str | None
    arguments: tuple[Argument, ...]
    constants: tuple[FittedConstant, ...]
    body: sympy.Expr


_FUNCTION = "function "
"""The key of the function's name; no symbol is called so."""

Namer = Callable[[Sequence[str]], Mapping[str, str]]
"""Gives every name an identifier of the language, all different."""


def program_of(
    formula: Formula, namer: Namer, *, name: str | None = None, units: Mapping[str, str | None] | None = None
) -> Program:
    """The program of a formula.

    Parameters
    ----------
    formula : Formula
    namer : callable
    name : str, optional
        Of the function, default the target's.
    units : mapping of str to (str or None), optional
        Of columns and target.
    """
    units = units or {}
    expression, constants = named_constants(formula.expression, formula.variables, formula.constants)
    used = {symbol.name for symbol in expression.free_symbols}
    columns = [column for column in formula.variables if column in used]
    # The key of a constant cannot be a column: its symbol has a mark in front.
    keys = [*columns, *constants, _FUNCTION]
    shown = [*columns, *(constant.name for constant in constants.values()), name or formula.target]
    identifiers = _identifiers(namer, keys, shown)
    symbols = {symbol: sympy.Symbol(identifiers[symbol.name], real=True) for symbol in expression.atoms(sympy.Symbol)}
    return Program(
        name=identifiers[_FUNCTION],
        target=formula.target,
        unit=units.get(formula.target),
        arguments=tuple(Argument(identifiers[column], column, units.get(column)) for column in columns),
        constants=tuple(FittedConstant(identifiers[key], constant) for key, constant in constants.items()),
        body=lower(expression.xreplace(symbols)),
    )


def _identifiers(namer: Namer, keys: Sequence[str], shown: Sequence[str]) -> dict[str, str]:
    """Identifiers by key; names that are shown twice, such as a constant called like a column, are told apart."""
    distinct: list[str] = []
    for name in shown:
        while name in distinct:
            name += "_"
        distinct.append(name)
    identifiers = namer(distinct)
    return {key: identifiers[name] for key, name in zip(keys, distinct, strict=True)}
