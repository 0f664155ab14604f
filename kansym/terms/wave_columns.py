# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportReturnType=false
"""Waves whose phases have the root or the logarithm of a column: ``cos(u - v + sqrt(w))``.

A phase is a polynomial of columns, of which one is replaced by its function before waves are looked for.
"""

from collections.abc import Iterator

import numpy as np
import sympy

from kansym import clock
from kansym.terms.chirps import chirps
from kansym.terms.wave_forms import wave_formulas

MOST_COLUMNS = 3
"""Columns of a table up to which functions of theirs are tried in phases."""

FIRST = 0.25
"""Share of the time for waves of the columns as they are."""


def waves_at_once(
    X: np.ndarray, y: np.ndarray, root: np.ndarray, variables: tuple[sympy.Symbol, ...], *, seed: int, seconds: float
) -> Iterator[sympy.Expr]:
    """Waves that leave nothing, or nothing but noise, beside polynomials, of columns or of functions of theirs; see
    `waves_of_functions`."""
    late = clock.now() + seconds
    # A wave of a function is seen, and never found, with the column in its place.
    found = chirps(X, y, root, seed=seed, seconds=seconds * FIRST)
    if found is not None and found.part is not None:
        # What is left beside clear waves has no other, which is what noise is like.
        noise = found.part.error * found.size
        found = chirps(X, y, root, noise=noise, seed=seed, seconds=seconds * FIRST) or found
    if found is not None and found.fit is not None:
        yield from wave_formulas(found.fit, found.size, variables)
    elif not clock.late(late):
        yield from waves_of_functions(X, y, root, variables, seed=seed, seconds=late - clock.now())


def waves_of_functions(
    X: np.ndarray, y: np.ndarray, root: np.ndarray, variables: tuple[sympy.Symbol, ...], *, seed: int, seconds: float
) -> Iterator[sympy.Expr]:
    """Waves that leave nothing beside polynomials, with a root or logarithm of a column in place of the column.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    y : ndarray, shape (n,)
    root : ndarray, shape (n,)
        Root weights.
    variables : tuple of Symbol, length d
    seed : int
        Of the rows.
    seconds : float
        For all of them together.
    """
    late = clock.now() + seconds
    for k, x in enumerate(X.T) if X.shape[1] <= MOST_COLUMNS else ():
        if not ((x > 0).all() or (x < 0).all()):
            continue
        base = variables[k] if x[0] > 0 else -variables[k]
        for function, values in ((sympy.sqrt(base), np.sqrt(np.abs(x))), (sympy.log(base), np.log(np.abs(x)))):
            if clock.late(late):
                return
            found = chirps(_replaced(X, k, values), y, root, seed=seed, seconds=max(0.0, late - clock.now()))
            if found is not None and found.fit is not None:
                for formula in wave_formulas(found.fit, found.size, variables):
                    yield formula.xreplace({variables[k]: function})
                return


def _replaced(X: np.ndarray, k: int, values: np.ndarray) -> np.ndarray:
    other = X.copy()
    other[:, k] = values
    return other
