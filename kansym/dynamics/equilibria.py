# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false
"""Fixed points and their stability."""

import numpy as np
import scipy.optimize
import sympy

from kansym.dynamics.findings import FixedPoint
from kansym.dynamics.system import System
from kansym.errors import ArgumentError
from kansym.symbolic.evaluation import MODULES
from kansym.symbolic.naming import plain_symbol

STARTS = 60
"""Points from which Newton's method starts."""

AROUND = 0.5
"""Extent of the data by which the box of starts is larger on each side."""

SAME, ROOT = 1e-6, 1e-9
"""Distance of two fixed points that are one, and size of the rates at one, in units of their sizes along the data."""

DEGENERATE = 3
"""Degenerate fixed points that are named: mostly they are points of a curve of such points."""

NEUTRAL = 1e-7
"""Real part of an eigenvalue, in units of the largest, that is zero."""


def fixed_points(system: System, *, seed: int = 0) -> tuple[FixedPoint, ...]:
    """States at rest in a box around the data, by Newton's method from many points.

    Parameters
    ----------
    system : System
    seed : int, default 0
        Of the points to start from.

    Raises
    ------
    ArgumentError
        If the system has inputs or depends on the time: nothing is at rest then.
    """
    if system.data.inputs or system.explicit_time:
        raise ArgumentError("fixed points: the system has inputs or depends on the time, so that nothing is at rest")
    symbols = [plain_symbol(name) for name in system.states]
    rates = sympy.lambdify(symbols, list(system.rates), modules=MODULES)
    slopes = sympy.lambdify(symbols, system.jacobian().tolist(), modules=MODULES)
    m = len(symbols)
    along = np.vstack([system.fitted(k) for k in range(len(system.data.runs))])
    along = along[np.isfinite(along).all(axis=1)]
    low, high = along.min(axis=0), along.max(axis=0)
    margin = AROUND * np.maximum(high - low, 1e-9 + 1e-3 * np.abs(high))
    generator = np.random.default_rng(seed)
    starts = np.vstack(
        [along[:: max(1, len(along) // 20)], generator.uniform(low - margin, high + margin, (STARTS, m))]
    )
    starts = np.vstack([np.zeros(m), starts])
    with np.errstate(all="ignore"):
        typical = np.array([np.abs(np.array(rates(*row), dtype=np.float64)) for row in along[::5]]).max(axis=0)
        typical = np.where(typical > 0, typical, 1.0)
        size = np.maximum(np.abs(high), np.abs(low)) + 1e-300
        found: list[FixedPoint] = []
        for start in starts:
            point = _root(rates, slopes, start, typical)
            outside = point is None or not ((point > low - 2 * margin) & (point < high + 2 * margin)).all()
            if point is None or outside:
                continue
            point = np.where(np.abs(point) < 1e-10 * size, 0.0, point)
            if any(np.all(np.abs(point - list(one.point.values())) < SAME * size) for one in found):
                continue
            eigenvalues = np.linalg.eigvals(np.array(slopes(*point), dtype=np.float64))
            found.append(
                FixedPoint(dict(zip(system.states, point.tolist(), strict=True)), eigenvalues, kind(eigenvalues))
            )
    # Along a whole curve of them any few will do.
    degenerate = [one for one in found if one.kind == "degenerate"][DEGENERATE:]
    kept = [one for one in found if one not in degenerate]
    return tuple(sorted(kept, key=lambda one: tuple(one.point.values())))


def _root(rates, slopes, start: np.ndarray, typical: np.ndarray) -> np.ndarray | None:
    try:
        solution = scipy.optimize.root(
            lambda x: np.array(rates(*x), dtype=np.float64), start, jac=lambda x: np.array(slopes(*x), dtype=np.float64)
        )
        left = np.abs(np.array(rates(*solution.x), dtype=np.float64)) / typical
    except (ArithmeticError, ValueError, TypeError, np.linalg.LinAlgError):
        return None
    good = np.isfinite(solution.x).all() and bool((left < ROOT).all())
    return solution.x if good else None


def kind(eigenvalues: np.ndarray) -> str:
    """The kind of a fixed point, from the eigenvalues of the Jacobian."""
    size = float(np.abs(eigenvalues).max(initial=0.0))
    real = np.where(np.abs(eigenvalues.real) <= NEUTRAL * size, 0.0, eigenvalues.real)
    turning = bool((np.abs(eigenvalues.imag) > NEUTRAL * size).any())
    if (real == 0).any():
        return "centre" if turning and (real == 0).all() else "degenerate"
    if (real > 0).any() and (real < 0).any():
        return "saddle"
    return f"{'stable' if (real < 0).all() else 'unstable'} {'focus' if turning else 'node'}"
