"""Many values of the constants at once: screened, brought down in a batch, and bred."""

from collections.abc import Collection

import numpy as np

from kansym import clock
from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.refit import LeastSquares

CHUNK = 400_000
"""Numbers in one array, so that screening stays in the cache and a few megabytes."""

RIDGE = 1e-13
"""Relative ridge of the normal equations of unit columns: keeps them solvable when two columns are equal."""

STEPS = 40
"""Steps of every start: enough to see which minimum it goes to."""

DAMPING = 1e-2
"""Damping at the start, relative to unit columns of the Jacobian."""

GENERATIONS = 100
"""Generations at most; most populations have gathered in one place by then."""

GATHERED = 1e-6
"""Relative difference of the losses within a population at which it is in one place."""

CROSSOVER = 0.9
"""Share of the constants that a trial takes from the mutant."""


class Screen:
    """Variable projection (Golub and Pereyra 1973, doi:10.1137/0710036) in batches.

    Parameters
    ----------
    problem : LeastSquares
        On the few rows that candidates are judged by.
    """

    def __init__(self, problem: LeastSquares) -> None:
        self.problem = problem
        self.form: ParametricForm = problem.form
        self.linear = list(self.form.linear_constants)
        self.nonlinear = [j for j in range(len(self.form.constants)) if j not in self.linear]
        self.n = len(problem.y)

    def losses(self, nonlinear: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Loss and all constants for each of m choices of the nonlinear ones.

        Parameters
        ----------
        nonlinear : array (m, q)

        Returns
        -------
        losses : array (m,)
            Weighted mean squares in units of the mean square of y; inf where the formula is not finite.
        values : array (m, k)
        """
        size = max(1, CHUNK // (self.n * max(1, len(self.linear))))
        parts = [self._losses(nonlinear[i : i + size]) for i in range(0, len(nonlinear), size)]
        return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])

    def _losses(self, nonlinear: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        m, p = len(nonlinear), len(self.linear)
        values = np.zeros((m, len(self.form.constants)))
        values[:, self.nonlinear] = nonlinear
        with np.errstate(all="ignore"):
            target = self.problem.root * ((self.problem.y - self._value(values)) / self.problem.scale)
            if p:
                # The derivatives with respect to the linear constants do not depend on these.
                design = self.jacobian(values)[:, :, self.linear]
                lengths = np.sqrt((design**2).sum(axis=1))
                unit = np.where(lengths[:, None, :] > 0, design / lengths[:, None, :], 0.0)
                usable = np.isfinite(unit).all(axis=(1, 2)) & np.isfinite(target).all(axis=1)
                unit, target = np.where(usable[:, None, None], unit, 0.0), np.where(usable[:, None], target, 0.0)
                gram = np.swapaxes(unit, 1, 2) @ unit + RIDGE * p * np.eye(p)
                solved = np.linalg.solve(gram, np.swapaxes(unit, 1, 2) @ target[:, :, None])
                values[:, self.linear] = np.where(lengths > 0, solved[:, :, 0] / lengths, 0.0)
                if self.form.bounds is not None:
                    values = self.form.inside(values)
                    solved = (values[:, self.linear] * lengths)[:, :, None]
                target = np.where(usable[:, None], target - (unit @ solved)[:, :, 0], np.nan)
            losses = np.mean(target**2, axis=1)
        finite = np.isfinite(losses) & np.isfinite(values).all(axis=1)
        return np.where(finite, losses, np.inf), np.where(finite[:, None], values, 0.0)

    def residuals(self, values: np.ndarray) -> np.ndarray:
        """Weighted residuals (m, n) for all constants (m, k), in units of the RMS of y; nan where not finite."""
        with np.errstate(all="ignore"):
            return self.problem.root * ((self._value(values) - self.problem.y) / self.problem.scale)

    def jacobian(self, values: np.ndarray) -> np.ndarray:
        """Derivatives (m, n, k) of `residuals`."""
        columns, repeated = self._tiled(values)
        with np.errstate(all="ignore"):
            jacobian = self.form.jacobian_at(columns, repeated).reshape(len(values), self.n, values.shape[1])
            return jacobian * (self.problem.root / self.problem.scale)[None, :, None]

    def _value(self, values: np.ndarray) -> np.ndarray:
        """The formula (m, n)."""
        columns, repeated = self._tiled(values)
        return self.form.value_at(columns, repeated).reshape(len(values), self.n)

    def _tiled(self, values: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        # One row per pair of candidate and row of the table: the compiled formula takes arrays for constants, too.
        m = len(values)
        return [np.tile(column, m) for column in self.problem.columns], np.repeat(values.T, self.n, axis=1)


def descended(screen: Screen, values: np.ndarray, deadline: float | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Losses (m,) and all constants (m, k) after some steps from `values` (m, k), sorted, the best first.

    No step begins after `deadline`, a `kansym.clock.now` value.
    """
    values = screen.form.inside(values.copy())
    m, k = values.shape
    residuals = screen.residuals(values)
    losses = _losses(residuals)
    damping = np.full(m, DAMPING)
    for _ in range(STEPS):
        if clock.late(deadline):
            break
        with np.errstate(all="ignore"):
            jacobian = screen.jacobian(values)
            lengths = np.sqrt((jacobian**2).sum(axis=1))
            lengths[:, screen.form.fixed] = 0.0
            unit = np.where(lengths[:, None, :] > 0, jacobian / lengths[:, None, :], 0.0)
            unit = np.where(np.isfinite(unit), unit, 0.0)
            transposed = np.swapaxes(unit, 1, 2)
            right = transposed @ np.where(np.isfinite(residuals), residuals, 0.0)[:, :, None]
            solved = np.linalg.solve(transposed @ unit + damping[:, None, None] * np.eye(k), right)[:, :, 0]
            trials = screen.form.inside(values - np.where(lengths > 0, solved / lengths, 0.0))
            trial_residuals = screen.residuals(trials)
        trial_losses = _losses(trial_residuals)
        better = trial_losses < losses
        values[better], losses[better], residuals[better] = (
            trials[better],
            trial_losses[better],
            trial_residuals[better],
        )
        damping = np.clip(np.where(better, damping / 4, damping * 5), 1e-12, 1e12)
    order = np.argsort(losses, kind="stable")
    return losses[order], values[order]


def _losses(residuals: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        losses = np.mean(residuals**2, axis=1)
    return np.where(np.isfinite(losses), losses, np.inf)


def evolved(
    screen: Screen,
    population: np.ndarray,
    held: Collection[int],
    rng: np.random.Generator,
    deadline: float | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """A population (m, q) after evolution: losses (m,) and all constants (m, k), the best first.

    Mutants are those of Zhang and Sanderson (IEEE Trans. Evol. Comput. 13 (2009) 945, doi:10.1109/TEVC.2009.2014613):
    the member, moved towards one of the best fifth, and by the difference of two others. Steps are as large as the
    population is wide in each direction, so that no scale has to be known.

    Parameters
    ----------
    screen : Screen
    population : array (m, q), m >= 4
    held : collection of int
        Constants that stay as they are, by index.
    rng : numpy.random.Generator
    deadline : float, optional
        `kansym.clock.now` value after which no generation begins.
    """
    population = population.copy()
    losses, values = screen.losses(population)
    m, q = population.shape
    free = np.array([j not in held for j in range(q)])
    for _ in range(GENERATIONS):
        order = np.argsort(losses)
        if losses[order[-1]] - losses[order[0]] <= GATHERED * losses[order[0]] or clock.late(deadline):
            break
        leaders = population[order[rng.integers(max(2, m // 5), size=m)]]
        first, second = (population[rng.permutation(m)] for _ in range(2))
        factor = rng.uniform(0.3, 1.0, size=(m, 1))
        mutants = population + factor * (leaders - population) + factor * (first - second)
        taken = rng.random((m, q)) < CROSSOVER
        taken[np.arange(m), rng.integers(q, size=m)] = True
        trials = np.where(taken & free, mutants, population)
        if screen.form.bounds is not None:
            trials = np.clip(trials, *screen.form.bounds[screen.nonlinear].T)
        trial_losses, trial_values = screen.losses(trials)
        better = trial_losses < losses
        population[better], losses[better], values[better] = trials[better], trial_losses[better], trial_values[better]
    order = np.argsort(losses, kind="stable")
    return losses[order], values[order]
