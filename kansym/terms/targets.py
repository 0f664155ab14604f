# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportReturnType=false, reportOperatorIssue=false
"""Targets under links: a reciprocal, root or logarithm of y may be a sum of products where y is none.

Rows are weighted by |dy/dz|, so that small errors of z count as the errors of y that they are.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import sympy

from kansym.primitives.allowed import AllowedFunctions

LEAST = 1e-6
"""Smallest |y|, in units of its root mean square, under a link."""


@dataclass(frozen=True, eq=False)
class Target:
    """What sums are fitted to.

    Attributes
    ----------
    name : str
    z : ndarray, shape (n,)
    slope : ndarray, shape (n,)
        |dy/dz|.
    back : callable
        y from an expression for z.
    share : float
        Part of the time that is given to it.
    terms : int
        Most terms.
    any_length : bool
        Whether terms may be of any length; a target met before is then begun anew, and otherwise taken up again.
    """

    name: str
    z: np.ndarray
    slope: np.ndarray
    back: Callable[[sympy.Expr], sympy.Expr]
    share: float
    terms: int
    any_length: bool = False


def targets(y: np.ndarray, allowed: AllowedFunctions | None, most_terms: int) -> list[Target]:
    """y with short sums first, then functions of it, and y with all there is time for.

    Functions of y are for targets of one sign that keep away from zero, and for functions that formulas may have.
    """
    one = np.ones_like(y)
    plain = Target("y", y, one, lambda e: e, 0.32, 2)
    found = [plain]
    size = float(np.sqrt(np.mean(y**2)))
    positive = bool((y > 0).all())
    if (positive or bool((y < 0).all())) and float(np.abs(y).min()) > LEAST * size:
        sign = 1 if positive else -1
        magnitude = np.abs(y)
        found += [
            Target("1/y", 1 / y, y * y, lambda e: 1 / e, 0.13, 3),
            Target("log y", np.log(magnitude), magnitude, lambda e: sign * sympy.exp(e), 0.13, 3),
            Target("y^2", y * y, 0.5 / magnitude, lambda e: sign * sympy.sqrt(e), 0.1, 3),
            Target("sqrt y", np.sqrt(magnitude), 2 * np.sqrt(magnitude), lambda e: sign * e**2, 0.1, 2),
        ]
    symbol = sympy.Symbol("z", positive=True)
    found = [one for one in found if allowed is None or allowed.permits(one.back(symbol))]
    whole = Target("y", y, one, lambda e: e, 0.7, most_terms)
    return [*found, whole, replace(whole, share=1.0, any_length=True)]
