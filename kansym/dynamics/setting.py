"""What systems are judged on: measured states, their errors, and smoothed states to begin with."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from kansym.dynamics.integration import Flow, flow_of
from kansym.dynamics.shooting import ShootingFit, Shot, shots_of
from kansym.dynamics.smoothing import Smoothed
from kansym.dynamics.trajectories import Trajectories
from kansym.symbolic.parametric import ParametricForm, parametrize

FOLLOWED, FOLLOWED_EXACTLY = 4.0, 0.02
"""Root-mean-square residual, in standard errors, at which trajectories are followed; and without noise in units of the
size of the states."""

SHARE_OF_NOISE = 1e-4
"""Precision of a step of integration in units of the noise; a run adds up some ten times that."""

FLOOR = 3e-3
"""Root-mean-square residual in standard errors below which less says nothing. They are estimated, and much too large
for spikes without noise: what is left of them then tells the law."""


@dataclass(frozen=True, eq=False)
class Setting:
    """What systems are judged on.

    Attributes
    ----------
    data : Trajectories
    smoothed : Smoothed
    order : int
    explicit_time : bool
    names : tuple of str
        Variables of right-hand sides: states of the flow, inputs, and the time where it may occur.
    state_names : tuple of str
        States of the flow: those of the data, and their derivatives where the order is 2.
    """

    data: Trajectories
    smoothed: Smoothed
    order: int
    explicit_time: bool
    names: tuple[str, ...]
    state_names: tuple[str, ...]
    sigmas: list[np.ndarray] = field(default_factory=list)
    guesses: list[np.ndarray] = field(default_factory=list)
    scale: np.ndarray = field(default_factory=lambda: np.empty(0))

    @classmethod
    def of(cls, data: Trajectories, smoothed: Smoothed, order: int, explicit_time: bool) -> "Setting":
        rates = tuple(rate_name(state, data) for state in data.states) if order == 2 else ()
        states = (*data.states, *rates)
        names = (*states, *data.inputs, *((data.time,) if explicit_time else ()))
        guesses = [_smoothed_states(run.t, smoothed, run.name, order, run.x) for run in data.runs]
        sigmas = [smoothed.sigma(run) for run in data.runs]
        scale = data.scale
        if order == 2:
            speeds = np.max([np.abs(guess[:, len(scale) :]).max(axis=0) for guess in guesses], axis=0)
            scale = np.concatenate([scale, np.where(speeds > 0, speeds, 1.0)])
        return cls(data, smoothed, order, explicit_time, names, states, sigmas, guesses, scale)

    def flow(self, forms: Sequence[ParametricForm]) -> Flow:
        """The flow of right-hand sides, one for each state of the data."""
        variables = forms[0].variables
        kinematic = []
        if self.order == 2:
            m = len(self.data.states)
            kinematic = [parametrize(variables[m + k], variables) for k in range(m)]
        return flow_of([*kinematic, *forms], variables, self.scale, self.explicit_time, self.precision)

    @property
    def precision(self) -> float:
        """Relative tolerance of integrations: well below the noise."""
        noise = min(float(np.min(sigma.min(axis=0) / self.data.scale)) for sigma in self.sigmas)
        return float(np.clip(SHARE_OF_NOISE * noise, 1e-10, 1e-6))

    def shots(self, parts: int, only: Sequence[int] | None = None) -> tuple[Shot, ...]:
        """All runs, or some, in so many shots."""
        chosen = range(len(self.data.runs)) if only is None else only
        runs = [self.data.runs[k] for k in chosen]
        most = None if parts == 1 else max(4, math.ceil(max(map(len, runs)) / parts))
        observed = np.arange(len(self.data.states))
        return shots_of(runs, [self.sigmas[k] for k in chosen], [self.guesses[k] for k in chosen], observed, most)

    def floor(self, state: int) -> float:
        """Least residual of a state that counts, in its standard errors."""
        return 1.0 if self.smoothed.exact[state] else FLOOR

    def follows(self, fit: ShootingFit) -> bool:
        """Whether trajectories are followed, if not to the noise then closely."""
        exact = self.smoothed.exact
        relative = np.sqrt(fit.losses) * np.array([float(np.median(s)) for s in np.vstack(self.sigmas).T])
        close = relative < FOLLOWED_EXACTLY * self.data.scale
        return bool(np.all(np.where(exact, close, fit.losses < FOLLOWED**2)))


def rate_name(state: str, data: Trajectories) -> str:
    """What the derivative of a measured position is called."""
    name = f"{state}_dot"
    while name in (data.time, *data.states, *data.inputs):
        name += "_"
    return name


def _smoothed_states(t: np.ndarray, smoothed: Smoothed, name: str, order: int, x: np.ndarray) -> np.ndarray:
    """Smoothed states (and derivatives) at the points of a run; measured ones where nothing is smooth."""
    m = x.shape[1]
    found = np.hstack([x, np.gradient(x, t, axis=0)]) if order == 2 else x.copy()
    for piece in smoothed.pieces:
        if piece.run.name != name:
            continue
        inside = (t >= piece.run.t[0]) & (t <= piece.run.t[-1])
        found[inside, :m] = piece.states(t[inside])
        if order == 2:
            found[inside, m:] = piece.states(t[inside], 1)
    return found
