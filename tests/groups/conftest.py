"""Decay curves of several samples, with one background."""

import numpy as np
import pytest

TRUE = {"Ba": (5.0, 2.0), "Cs": (3.0, 1.0), "I": (2.0, 1.5), "Na": (4.0, 3.0)}
BACKGROUND, NOISE = 0.5, 0.03


@pytest.fixture(scope="session")
def decays():
    """Times, counts and names of samples of 8 to 30 rows."""
    rng = np.random.default_rng(0)
    names = np.repeat(list(TRUE), [30, 8, 25, 22])
    t = rng.uniform(0, 5, len(names))
    size, lifetime = np.array([TRUE[name] for name in names]).T
    y = size * np.exp(-t / lifetime) + BACKGROUND + NOISE * rng.standard_normal(len(t))
    return t, y, names
