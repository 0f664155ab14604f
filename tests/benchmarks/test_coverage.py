"""The benchmark of coverage, small: intervals hold the truth as often as chance allows."""

import numpy as np
import pytest
import scipy.stats

from benchmarks import coverage

SETS = 60


@pytest.mark.parametrize("case", coverage.CASES, ids=str)
def test_intervals_hold_the_truth_as_often_as_they_say(case):
    """36 numbers in all: each may be as far off as happens once in 20,000 times, so that one in 500 runs fails."""
    hits = coverage.covered(case, 1, range(SETS), ("covariance", "scaled")).sum(axis=0)
    for level, counts in zip(coverage.LEVELS, np.moveaxis(hits, 1, 0), strict=True):
        low, high = scipy.stats.binom.ppf([2.5e-5, 1 - 2.5e-5], SETS, level)
        assert (low <= counts).all() and (counts <= high).all()


def test_counts_of_profiles_and_of_processes():
    case = coverage.Case("saturation", 0.1, False)
    together = coverage.covered(case, 0, range(4), ("profile", "covariance"))
    assert together.shape == (4, 2, 2, 2)
    alone = coverage.covered(case, 0, range(2, 4), ("profile",))
    np.testing.assert_array_equal(alone[:, 0], together[2:, 0])


def test_errors_that_are_too_small_are_seen(monkeypatch):
    """Half the true errors must miss the level, or the test above cannot fail."""
    honest = coverage.estimate

    def boastful(form, X, y, *, y_error, **more):
        return honest(form, X, y, y_error=y_error / 2, **more)

    monkeypatch.setattr(coverage, "estimate", boastful)
    hits = coverage.covered(coverage.Case("decay", 0.01, False), 1, range(SETS), ("covariance",)).sum(axis=0)
    low = scipy.stats.binom.ppf(2.5e-5, SETS, coverage.LEVELS[0])
    assert (hits[0, 0] < low).all()


def test_command(capsys):
    assert coverage.main(["--sets", "3", "--profiles", "0", "--jobs", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Coverage in per cent of 3 tables")
    # Three laws with 3, 2 and 3 constants, four kinds of noise, two methods.
    assert len(lines) == 2 + 8 * 4 * 2 + 2
    assert lines[-2].startswith("covariance: ") and lines[-1].startswith("scaled: ")
