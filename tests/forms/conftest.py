"""Discoveries made by hand: no search is run."""

from dataclasses import replace

import numpy as np
import pytest

from kansym.search.results import StopReason
from tests.validation.conftest import discovered as discovered


@pytest.fixture
def decay(discovered):
    """Sixty rows of a decay to a level, and four formulas: the law, two other forms and a line."""

    def make(noise=0.06, *, rows=60, error=True, seed=4, extra=()):
        generator = np.random.default_rng(seed)
        t = np.sort(generator.uniform(0, 4, rows))
        y = 2.0 * np.exp(-t / 1.7) + 0.4 + noise * generator.normal(size=rows)
        formulas = ("2.1*exp(-0.6*x) + 0.41", "0.05*x + 2.2*exp(-0.5*x)", "2.3 - 0.8*x + 0.1*x**2", "1.8 - 0.3*x")
        found = discovered(t, y, *formulas, *extra, y_error=noise if error else None)
        return replace(found, stopped=StopReason.AS_GOOD_AS_DATA)

    return make
