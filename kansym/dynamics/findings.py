"""What a system shows: conserved quantities and fixed points."""

from dataclasses import dataclass

import numpy as np
import sympy

MANY = 100.0
"""Errors of which no number is given."""


@dataclass(frozen=True, eq=False)
class Conserved:
    """A function of the states that stays as it is.

    Attributes
    ----------
    expression : sympy.Expr
        In plain symbols; the largest coefficient is 1.
    values : tuple of float
        Its mean along each measured run.
    spread : float
        Root-mean-square change along the measured runs, in units of what the errors of the states make of it.
    share : float
        The same in units of how much the quantity differs among random states of the same extent.
    """

    expression: sympy.Expr
    values: tuple[float, ...]
    spread: float
    share: float

    def __str__(self) -> str:
        # Without noise the errors are none, and their number says nothing.
        errors = f"{self.spread:.2g} errors, " if self.spread < MANY else ""
        share = f"{100 * self.share:.3g} % of its extent"
        return f"{self.expression.evalf(5)} (along the data constant within {errors}{share})"


@dataclass(frozen=True, eq=False)
class FixedPoint:
    """A state at rest.

    Attributes
    ----------
    point : dict of str to float
    eigenvalues : ndarray, shape (m,), complex
        Of the Jacobian.
    kind : str
        stable or unstable node or focus, saddle, centre (of the linear equations), or degenerate.
    """

    point: dict[str, float]
    eigenvalues: np.ndarray
    kind: str

    def __str__(self) -> str:
        place = ", ".join(f"{name}={value:.5g}" for name, value in self.point.items())
        return f"{place}: {self.kind}, eigenvalues {', '.join(f'{value:.4g}' for value in self.eigenvalues)}"
