# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportGeneralTypeIssues=false
"""Changes of coordinates under which a variable that sits in two places separates.

sin^2(n x / 2) / sin^2(x / 2) does not separate in n and x, but it does in u = n x and x. One column is replaced by its
product, quotient, sum or difference with another one that stays.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import sympy

from kansym.structure.problem import Problem
from kansym.structure.surrogate import one_signed
from kansym.symbolic.steps import Step, StepKind

POWERS = ((1, 1), (1, -1), (1, 2), (2, 1), (1, -2), (2, -1))
"""Exponents (p, q) of the new column x_i^p x_j^q."""


@dataclass(frozen=True, eq=False)
class Coordinates:
    """Column i replaced by u(x_i, x_j): (x_i - shift)^p x_j^q, or x_i + sign * x_j where the powers are None.

    Attributes
    ----------
    i, j : int
    powers : tuple of int, or None
    sign : int
    shift : int
        With r = x/z the difference x - z has become z (r - 1).
    """

    i: int
    j: int
    powers: tuple[int, int] | None
    sign: int = 1
    shift: int = 0

    def inputs(self, X: np.ndarray) -> np.ndarray:
        """The columns with u in place of x_i."""
        changed = X.copy()
        if self.powers is None:
            changed[:, self.i] = X[:, self.i] + self.sign * X[:, self.j]
        else:
            p, q = self.powers
            changed[:, self.i] = (X[:, self.i] - self.shift) ** float(p) * X[:, self.j] ** float(q)
        return changed

    def gradient(self, gradient: np.ndarray, X: np.ndarray) -> np.ndarray:
        """Derivatives with respect to the new columns."""
        x, z = X[:, self.i], X[:, self.j]
        if self.powers is None:
            by_x, by_z = np.ones(len(X)), np.full(len(X), float(self.sign))
        else:
            p, q = self.powers
            x = x - self.shift
            u = x ** float(p) * z ** float(q)
            by_x, by_z = p * u / x, q * u / z
        changed = gradient.copy()
        changed[:, self.i] = gradient[:, self.i] / by_x
        # Along constant u, x_i gives way as x_j grows.
        changed[:, self.j] = gradient[:, self.j] - by_z * changed[:, self.i]
        return changed

    def apply(self, problem: Problem) -> Problem:
        x, z = problem.columns[self.i], problem.columns[self.j]
        if self.powers is None:
            new = x + self.sign * z
        else:
            new = (x - self.shift) ** sympy.Integer(self.powers[0]) * z ** sympy.Integer(self.powers[1])
        columns = list(problem.columns)
        columns[self.i] = new
        step = Step(StepKind.COORDINATE, expressions=(new,))
        return problem.with_inputs(self.inputs(problem.X), tuple(columns), step)


def coordinate_changes(X: np.ndarray) -> Iterator[Coordinates]:
    """Changes of one column by another one; products only among columns of one sign."""
    signed = one_signed(X)
    for i, j in itertools.permutations(range(X.shape[1]), 2):
        if signed[i] and signed[j]:
            yield from (Coordinates(i, j, powers) for powers in POWERS)
        yield from (Coordinates(i, j, None, sign) for sign in (1, -1))
        if signed[j]:
            for shift in (1, -1):
                if (X[:, i] != shift).all():
                    yield from (Coordinates(i, j, (1, q), 1, shift) for q in (1, -1))
