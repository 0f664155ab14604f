"""What the soak calls a leak."""

import numpy as np
import pytest

from benchmarks.soak import Count, grows


def counts(memory, files=8):
    """A count a minute."""
    return [Count(float(k), float(one), 2, files, 0) for k, one in enumerate(memory)]


def test_what_grows_after_the_warm_up_is_a_leak(rng):
    flat = 500 + 5 * rng.normal(size=60)
    assert not grows(counts(flat), "memory")[1]
    # Caches that fill up are none.
    filling = flat + np.where(np.arange(60) < 15, 20.0 * np.arange(60), 300.0)
    assert not grows(counts(filling), "memory")[1]
    growth, leaks = grows(counts(flat + 3.0 * np.arange(60)), "memory")
    assert leaks and growth == pytest.approx(3.0 * 41, rel=0.2)


def test_a_count_that_stays_is_none():
    assert grows(counts(np.full(9, 500.0)), "files") == (0.0, False)
