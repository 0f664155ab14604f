# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportReturnType=false
"""Ordinary tables that groups make; what is good on one of them is tried on all groups."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import sympy

from kansym.data.dataset import Dataset
from kansym.groups.contest import Contest, columns_of_constants
from kansym.groups.decision import Split
from kansym.groups.table import GroupedTable
from kansym.search.agenda.grounds import UserGround
from kansym.search.agenda.task import Found, Task
from kansym.search.found import FoundFormulas
from kansym.symbolic.formula import Formula
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm

LEADING = 3
"""Best formulas of a table that are tried on all groups as soon as they come."""

NEAR_BITS = 40.0
"""Bits behind the best of a table up to which its formulas are tried on all groups in the end."""


class TableGround(UserGround):
    """One table that groups make.

    Parameters
    ----------
    formulas : FoundFormulas
        Of the table.
    contest : Contest
    numbers : mapping of Symbol to sympy.Expr
        What stands for the symbols of its columns in a form for all groups.
    """

    def __init__(self, formulas: FoundFormulas, contest: Contest, numbers: Mapping[sympy.Symbol, sympy.Expr]) -> None:
        super().__init__(formulas)
        self.contest, self.numbers = contest, dict(numbers)
        self._offered: set[sympy.Expr] = set()

    def take(self, found: Found) -> list[Task]:
        """Judge a formula on the table, and on all groups if it is among the best there."""
        before = len(self.formulas)
        super().take(found)
        if len(self.formulas) > before:
            for formula in self.near()[:LEADING]:
                self.offer(formula)
        return []

    def near(self) -> list[Formula]:
        """Formulas of the table, the best first, as long as they are near it."""
        ranked = sorted(self.formulas, key=lambda one: one.rank)
        return [one for one in ranked if one.description_length <= ranked[0].description_length + NEAR_BITS]

    def offer(self, formula: Formula) -> None:
        """Try a formula on all groups, unless that was done before."""
        if formula.expression not in self._offered:
            self._offered.add(formula.expression)
            self.contest.offer(formula.expression.xreplace(self.numbers))


def scaled(table: GroupedTable) -> Dataset:
    """All rows, with the target of each group in units of its own root mean square."""
    dataset = table.dataset
    sizes = np.sqrt(np.add.reduceat(dataset.y**2, table.starts) / table.counts)
    scale = np.where(sizes > 0, sizes, 1.0)[table.codes]
    error = None if dataset.y_error is None else dataset.y_error / scale
    return replace(dataset, y=dataset.y / scale, y_error=error, y_units=None, y_sides=None, counts=False)


def with_constants(split: Split, table: GroupedTable) -> tuple[Dataset, ParametricForm]:
    """All rows with the groups' own constants of a form as columns, and the form in these."""
    X, form, values = columns_of_constants(split, table)
    dataset = table.dataset
    levels = np.ones(len(values)) if split.levels is None else split.levels
    extended = replace(
        dataset,
        X=np.ascontiguousarray(X),
        names=tuple(symbol.name for symbol in form.variables),
        units=(None,) * X.shape[1],
        y_units=None,
        x_error=None,
        y_error=dataset.y_error if split.levels is None else levels[table.codes],
    )
    return extended, form


def columns_of(table: GroupedTable) -> dict[sympy.Symbol, sympy.Symbol]:
    """The symbols of the columns of all groups, by those of formulas."""
    return {plain_symbol(symbol.name): symbol for symbol in table.variables}
