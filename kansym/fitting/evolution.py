"""Differential evolution of the nonlinear constants, the linear ones solved for in every trial."""

from collections.abc import Collection

import numpy as np

from kansym.fitting.screening import Screen

GENERATIONS = 100
"""Generations at most; most populations have gathered in one place by then."""

GATHERED = 1e-6
"""Relative difference of the losses within a population at which it is in one place."""

CROSSOVER = 0.9
"""Share of the constants that a trial takes from the mutant."""


def evolved(
    screen: Screen, population: np.ndarray, held: Collection[int], rng: np.random.Generator
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
    """
    population = population.copy()
    losses, values = screen.losses(population)
    m, q = population.shape
    free = np.array([j not in held for j in range(q)])
    for _ in range(GENERATIONS):
        order = np.argsort(losses)
        if losses[order[-1]] - losses[order[0]] <= GATHERED * losses[order[0]]:
            break
        leaders = population[order[rng.integers(max(2, m // 5), size=m)]]
        first, second = (population[rng.permutation(m)] for _ in range(2))
        factor = rng.uniform(0.3, 1.0, size=(m, 1))
        mutants = population + factor * (leaders - population) + factor * (first - second)
        taken = rng.random((m, q)) < CROSSOVER
        taken[np.arange(m), rng.integers(q, size=m)] = True
        trials = np.where(taken & free, mutants, population)
        trial_losses, trial_values = screen.losses(trials)
        better = trial_losses < losses
        population[better], losses[better], values[better] = trials[better], trial_losses[better], trial_values[better]
    order = np.argsort(losses, kind="stable")
    return losses[order], values[order]
