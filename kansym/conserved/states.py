"""All points of all runs, with the errors of the states, and terms of them that are centred within runs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kansym.conserved.noise import state_noise
from kansym.dynamics.trajectories import Trajectories
from kansym.implicit.judging import shuffled
from kansym.implicit.pencil import Pencil
from kansym.implicit.terms import Term, values_and_slopes

EXACT = 1e-6
"""Part of the spread of a state that runs from an integrator are off, at least: errors are never taken to be less."""

DEVIATIONS = 4.0
"""Standard errors of chi-squared that a conserved quantity may be off."""

ESTIMATED = 1.05
"""The same for errors that are estimated, as a factor: of runs of a thousand points in all they are known to 5 %."""


@dataclass(eq=False)
class States:
    """All points of all runs.

    Attributes
    ----------
    x, sigma : ndarray, shape (n, m)
    labels : ndarray of int, shape (n,)
        The run of each.
    given : bool
        Whether errors were given.
    """

    x: np.ndarray
    sigma: np.ndarray
    labels: np.ndarray
    given: bool

    @classmethod
    def of(cls, data: Trajectories) -> "States":
        x = np.vstack([run.x for run in data.runs])
        sigma = np.vstack(state_noise(data))
        least = EXACT * x.std(axis=0) + 1e-300
        labels = np.repeat(np.arange(len(data.runs)), [len(run) for run in data.runs])
        return cls(x, np.maximum(sigma, least), labels, data.runs[0].error is not None)

    def thinned(self, most: int) -> "States":
        """Some points, evenly taken."""
        step = max(1, len(self.x) // most)
        labels = np.unique(self.labels[::step], return_inverse=True)[1]
        return States(self.x[::step], self.sigma[::step], labels, self.given)

    def pencil(self, terms: Sequence[Term], seed: int, rates: Sequence[float] = ()) -> Pencil:
        """The terms, with their inner constants and errors, centred in every run."""
        columns = list(range(self.x.shape[1]))
        there, sigma = shuffled(self.x, self.sigma, columns, np.random.default_rng([seed, 64]))
        values, slopes = values_and_slopes(terms, self.x, rates)
        others, other_slopes = values_and_slopes(terms, there, rates)
        with np.errstate(all="ignore"):
            noise = other_slopes * sigma[:, None, :]
        return Pencil(values, slopes * self.sigma[:, None, :], self.labels, (others, noise))

    def limit(self, constants: int) -> float:
        """Chi-squared of a point up to which a function is constant along the runs."""
        n, runs = len(self.x), int(self.labels.max()) + 1
        free = max(n - runs - constants, 1)
        tolerated = 1 + DEVIATIONS * math.sqrt(2 / free)
        return free / n * tolerated * (1.0 if self.given else ESTIMATED**2)
