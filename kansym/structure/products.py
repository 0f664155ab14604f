# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportOperatorIssue=false, reportReturnType=false, reportAttributeAccessIssue=false
"""Products of functions of columns, by the hundred."""

import functools
import itertools
from dataclasses import dataclass

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work


@dataclass(frozen=True, eq=False)
class Function:
    """A function of a column or a product of several, with its values (n,); few are ever written."""

    factors: tuple[sympy.Expr, ...]
    values: np.ndarray

    @classmethod
    def of(cls, expression: sympy.Expr, values: np.ndarray) -> "Function":
        return cls((expression,), values)

    @property
    def expression(self) -> sympy.Expr:
        return sympy.Mul(*self.factors)

    def times(self, other: "Function") -> "Function":
        return Function(self.factors + other.factors, self.values * other.values)


def products(functions: list[list[Function]], factors: int, rows: int) -> list[Function]:
    """One, and the products of functions from up to so many of the lists; finite ones."""
    found = [Function.of(sympy.S.One, np.ones(rows))]
    for number in range(1, min(factors, len(functions)) + 1):
        for some in itertools.combinations(functions, number):
            found += [functools.reduce(Function.times, chosen) for chosen in itertools.product(*some)]
    clock.charge(Work.FORM_VALUES, len(found) * rows)
    clock.charge(Work.ALGEBRA, len(found))
    return [one for one in found if np.isfinite(one.values @ one.values) and one.values.any()]
