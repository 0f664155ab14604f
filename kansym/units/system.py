"""The units of one table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import sympy

from kansym.errors import DataError
from kansym.units.consistency import Consistency, check
from kansym.units.linear import solve
from kansym.units.naming import name_unit
from kansym.units.unit import Dimension, Unit, parse_unit


class _Table(Protocol):
    """What has names and units; a `kansym.data.dataset.Dataset`."""

    @property
    def names(self) -> tuple[str, ...]: ...

    @property
    def units(self) -> tuple[str | None, ...]: ...

    @property
    def target(self) -> str: ...

    @property
    def y_units(self) -> str | None: ...


class UnknownUnit(str):
    """A note on a unit that cannot be read: it changes what is found, and is said even to those who want quiet."""

    __slots__ = ()


@dataclass(frozen=True)
class UnitSystem:
    """Units of the columns and the target of a table.

    Attributes
    ----------
    columns : dict of str to (Unit or None)
        None where it is not known.
    target : Unit or None
    notes : tuple of UnknownUnit
        Units that could not be read, one sentence each.
    """

    columns: Mapping[str, Unit | None]
    target: Unit | None
    notes: tuple[UnknownUnit, ...] = ()

    @classmethod
    def of(cls, table: _Table) -> "UnitSystem | None":
        """The units of a table; None where it has none. Units that cannot be read are noted and left out of account."""
        texts = {**dict(zip(table.names, table.units, strict=True)), table.target: table.y_units}
        if not any(texts.values()):
            return None
        notes: list[UnknownUnit] = []
        units = {}
        for name, text in texts.items():
            try:
                units[name] = None if text is None else parse_unit(text, f"The unit of {name!r}")
            except DataError as problem:
                units[name] = None
                notes.append(UnknownUnit(f"{problem}. It is shown, and formulas are not checked for it."))
        target = units.pop(table.target)
        if target is None and not any(units.values()):
            return None if not notes else cls({name: None for name in units}, None, tuple(notes))
        return cls(units, target, tuple(notes))

    @property
    def complete(self) -> bool:
        """Whether all units are known."""
        return self.target is not None and all(self.columns.values())

    @cached_property
    def closed(self) -> bool:
        """Whether all units are known and a product of powers of the columns can have the target's."""
        if self.target is None or not self.complete:
            return False
        columns = [unit.dimension for unit in self.columns.values() if unit is not None]
        return spans(columns, self.target.dimension)

    @property
    def known(self) -> bool:
        """Whether any unit is known."""
        return self.target is not None or any(self.columns.values())

    def check(self, expression: sympy.Expr, constants: Mapping[str, float]) -> Consistency:
        """Whether a formula of the columns is dimensionally consistent, and the units of its constants."""
        return check(expression, self.columns, self.target, constants)

    def named(self, unit: Unit) -> str:
        """A unit in words, in terms of the table's own units where that is short."""
        own = [
            one
            for one in (self.target, *self.columns.values())
            if one is not None and not (one.pure and one.scale == 1)
        ]
        return name_unit(unit, own)

    def dimension(self, expression: sympy.Expr) -> Dimension | None:
        """The dimension of an expression of columns without fitted constants; None if it has none, or is unknown."""
        name = "_value"
        found = check(expression, {**self.columns, name: None}, None, {})
        if not found.consistent:
            return None
        value = sympy.Symbol(name)
        # The unknown unit of a symbol that is added to the expression is that of the expression.
        found = check(sympy.Add(expression, value, evaluate=False), {**self.columns, name: None}, None, {})
        return found.units[name].dimension if found.consistent else None

    def target_dimension(self, outer: sympy.Expr, symbol: sympy.Symbol) -> Dimension | None:
        """The dimension that `symbol` must have for `outer` to have the target's; None where there is no such."""
        found = check(outer, {**self.columns, symbol.name: None}, self.target, {})
        return found.units[symbol.name].dimension if found.consistent else None


def spans(dimensions: Sequence[Dimension], wanted: Dimension) -> bool:
    """Whether a product of powers of quantities with these dimensions has the wanted one."""
    matrix = [[dimension[k] for dimension in dimensions] for k in range(len(wanted))]
    return solve(matrix, [[power] for power in wanted], len(dimensions)) is not None
