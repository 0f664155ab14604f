# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false
"""What measured states say of one equation once a system follows them: the linear response of its trajectories.

A small change of a right-hand side moves the trajectories by an integral of that change, and so do changes of initial
values and of the other constants. The residuals of the states are therefore a linear regression for the right-hand side
at the points that the trajectories pass, like the weak form, but with no curve through noisy points in it: its errors
are those of the states, and what other constants and initial values can do is projected out.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.dynamics.integration import CannotIntegrateError
from kansym.dynamics.library import MOST_TERMS, Atom, libraries, sparse_sums
from kansym.dynamics.ranking import Ranked, finer
from kansym.dynamics.setting import Setting
from kansym.dynamics.shooting import Shot
from kansym.dynamics.weak import FLOOR, Grid, WeakProblem
from kansym.symbolic.parametric import columns_of

logger = logging.getLogger(__name__)

SYSTEMS = 4
"""Sums for all equations that are handed on from each library."""

SHARE = 0.1
"""Part of the time that is left which the products of one library with all equations may take."""

MOST = 2e6
"""Rows times nodes of a regression: longer runs have the weak form only."""


@dataclass(frozen=True, eq=False)
class Response:
    """The response of a system's trajectories to changes of its right-hand sides, in units of the errors of the states.

    Attributes
    ----------
    grid : Grid
    A : list of ndarray, shape (rows, nodes)
        By equation: what a change of its right-hand side at the nodes does to the measured states.
    residual : ndarray, shape (rows,)
    now : list of ndarray, shape (nodes,)
        The right-hand sides of the system.
    starts : ndarray, shape (rows, shots times states)
        Response to initial values.
    constants : list of ndarray, shape (rows, constants)
        By equation: response to its constants.
    """

    grid: Grid
    A: list[np.ndarray]
    residual: np.ndarray
    now: list[np.ndarray]
    starts: np.ndarray
    constants: list[np.ndarray]

    @classmethod
    def of(cls, setting: Setting, ranked: Ranked) -> "Response | None":
        """That of a system which follows the data; None where it is too long or too unstable."""
        shots, m = setting.shots(ranked.parts), len(setting.data.states)
        rows, width = sum(len(shot.run) for shot in shots) * m, sum(4 * len(shot.run) - 3 for shot in shots)
        if rows * width > MOST or len(ranked.fit.values) >= rows:
            return None
        try:
            parts = [_response(setting, ranked, *one) for one in zip(shots, ranked.fit.starts, strict=True)]
        except (CannotIntegrateError, np.linalg.LinAlgError) as error:
            logger.info("no linear response: %s", error)
            return None
        X = np.vstack([part[0] for part in parts])
        now = [form.value_at(columns_of(X, len(setting.names)), form.values) for form in ranked.fitted]
        if not np.isfinite(now).all():
            return None
        ends = np.cumsum([len(form.constants) for form in ranked.forms])[:-1]
        return cls(
            Grid(setting.names, X, X[::4]),
            [_diagonal([part[4][k] for part in parts]) for k in range(m)],
            np.concatenate([part[1] for part in parts]),
            now,
            _diagonal([part[2] for part in parts]),
            np.split(np.vstack([part[3] for part in parts]), ends, axis=1),
        )

    def problems(self) -> tuple[WeakProblem, ...]:
        """A regression for each equation, whatever the constants of the others."""
        return tuple(
            self._problem(A, self.residual + A @ now, [c for j, c in enumerate(self.constants) if j != k])
            for k, (A, now) in enumerate(zip(self.A, self.now, strict=True))
        )

    def systems(self, until: float) -> list[list[sympy.Expr]]:
        """Sparse sums for all equations at once: for where one is wrong as long as another is."""
        whole = self.residual + sum(A @ now for A, now in zip(self.A, self.now, strict=True))
        problem, m, found = self._problem(np.hstack(self.A), whole, []), len(self.A), []
        marks = [sympy.Symbol(f"equation {k}") for k in range(m)]
        for atoms in libraries(self.grid):
            work = problem.A.size * len(atoms)
            if work * clock.SECONDS[Work.DENSE_PRODUCTS] > SHARE * clock.left(until):
                break
            clock.charge(Work.DENSE_PRODUCTS, work)
            values = np.column_stack([atom.values for atom in atoms])
            matrix = np.hstack([A @ values for A in np.split(problem.A, m, axis=1)])
            everywhere = [Atom(mark * atom.expression, atom.values, atom.bits) for mark in marks for atom in atoms]
            sums = sparse_sums(problem, everywhere, until=until, most=m * MOST_TERMS, matrix=matrix)
            for one in sums[:SYSTEMS]:
                terms = sympy.Add.make_args(one)
                own = [[term / mark for term in terms if term.has(mark)] for mark in marks]
                if all(own):
                    found.append([sympy.Add(*sides) for sides in own])
        return found

    def _problem(self, A: np.ndarray, b: np.ndarray, constants: Sequence[np.ndarray]) -> WeakProblem:
        nuisance = np.hstack([self.starts, *constants])
        lengths = np.linalg.norm(nuisance, axis=0)
        basis = np.linalg.qr(nuisance[:, lengths > 0] / lengths[lengths > 0])[0]
        clock.charge(Work.DENSE_PRODUCTS, 2 * A.size * basis.shape[1])
        return WeakProblem(self.grid, A - basis @ (basis.T @ A), b - basis @ (basis.T @ b), float(np.sqrt(FLOOR)))


def _response(
    setting: Setting, ranked: Ranked, shot: Shot, start: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, list[np.ndarray]]:
    """Of one shot: nodes (M, d), residuals (n m,), responses to initial values, constants and each right-hand side."""
    flow, values = setting.flow(ranked.fitted), ranked.fit.values
    t = finer(shot.run.t)
    states = flow.integrate(start, t, values, shot.inputs)
    _, jacobian, by_constant = flow.derivatives(states, t, values, shot.inputs)
    size, m, p = states.shape[1], len(setting.data.states), len(values)
    M = len(t)
    # Columns: initial values, constants, and each right-hand side at every node.
    R = np.hstack([np.eye(size), np.zeros((size, p + m * M))])
    ends = [R.copy()]

    def drive(node: int) -> np.ndarray:
        u = np.zeros_like(R)
        u[:, size : size + p] = by_constant[node]
        for k in range(m):
            # Only the last of the flow's equations are looked for; where the order is 2 the first say what a rate is.
            u[size - m + k, size + p + k * M + node] = 1.0
        return u

    clock.charge(Work.DENSE_PRODUCTS, 12.0 * M * R.size * size)
    for a in range(0, M - 2, 2):
        h = t[a + 2] - t[a]
        first, middle, last = drive(a), drive(a + 1), drive(a + 2)
        one = jacobian[a] @ R + first
        two = jacobian[a + 1] @ (R + h / 2 * one) + middle
        three = jacobian[a + 1] @ (R + h / 2 * two) + middle
        R = R + h / 6 * (one + 2 * two + 2 * three + jacobian[a + 2] @ (R + h * three) + last)
        if (a + 2) % 4 == 0:
            ends.append(R)
    # Errors that were estimated, of spikes for one, can be far too large: what is left of the states is then less.
    losses = np.maximum(ranked.fit.losses, [setting.floor(k) ** 2 for k in range(m)])
    sigma = shot.sigma * np.sqrt(np.where(losses < FLOOR, losses, 1.0))
    at_points = np.array([end[shot.observed] for end in ends]) / sigma[:, :, None]
    if not np.isfinite(at_points).all():
        raise CannotIntegrateError("the response to a change is unstable")
    flat = at_points.reshape(-1, at_points.shape[2])
    residual = ((shot.run.x - states[::4][:, shot.observed]) / sigma).ravel()
    columns = [states]
    if shot.inputs is not None:
        columns.append(np.array([shot.inputs(float(time)) for time in t]))
    if setting.explicit_time:
        columns.append(t[:, None])
    each = [flat[:, size + p + k * M : size + p + (k + 1) * M] for k in range(m)]
    return np.hstack(columns), residual, flat[:, :size], flat[:, size : size + p], each


def _diagonal(blocks: Sequence[np.ndarray]) -> np.ndarray:
    """Blocks beside and below each other."""
    found = np.zeros((sum(len(block) for block in blocks), sum(block.shape[1] for block in blocks)))
    row = column = 0
    for block in blocks:
        found[row : row + len(block), column : column + block.shape[1]] = block
        row, column = row + len(block), column + block.shape[1]
    return found
