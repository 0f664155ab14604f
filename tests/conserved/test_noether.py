"""Noether's pairs: energies go with the time, momenta with translations, angular momenta with rotations."""

import numpy as np
import pytest

from kansym.conserved.noether import Motion, canonical_pairs, noether
from kansym.dynamics.trajectories import Trajectories, Trajectory

X = np.random.default_rng(0).normal(size=(200, 4))
PAIRS = ((0, 2), (1, 3))
NAMES = ("x", "y", "u", "v")


NONE, EVEN = np.zeros(200), np.ones(200)


def along(place, sign=1):
    return sign * X[:, place]


@pytest.mark.parametrize(
    ("slopes", "motion", "states"),
    [
        ((along(0), along(1), along(2), along(3)), Motion.TIME, "xy"),
        ((NONE, NONE, EVEN, EVEN), Motion.TRANSLATION, "xy"),
        ((NONE, NONE, EVEN, NONE), Motion.TRANSLATION, "x"),
        ((along(3), along(2, -1), along(1, -1), along(0)), Motion.ROTATION, "xy"),
        ((along(2), along(3), along(0), along(1)), Motion.SCALING, "xy"),
    ],
)
def test_what_a_quantity_belongs_to(slopes, motion, states):
    found = noether(np.column_stack(slopes), X, PAIRS, NAMES)
    assert found is not None and found.motion is motion and found.states == tuple(states)


def test_a_hidden_symmetry_has_no_name():
    # The direction of the axis of an orbit, v*(x*v - y*u) - x/r, moves the coordinates by what depends on velocities.
    x, y, u, v = X.T
    own = np.column_stack([v**2, -u * v, -y * v, 2 * x * v - y * u])
    assert noether(own, X, PAIRS, NAMES) is None


def test_rates_are_found_in_the_runs():
    t = np.linspace(0, 6, 80)
    x = np.column_stack([np.sin(t), 3 * np.cos(t), np.exp(-t)])
    runs = (Trajectory("0", t, x, np.empty((80, 0))),)
    assert canonical_pairs(Trajectories(runs, "t", ("q", "p", "z"), (), {})) == ((0, 1),)
