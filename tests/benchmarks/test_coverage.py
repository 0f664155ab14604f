"""The benchmark of coverage, small: intervals hold the truth as often as chance allows."""

import numpy as np
import pytest
import scipy.stats

from benchmarks import coverage

SETS = 60


def long_beside(case):
    """Errors of the inputs take long; one case of them stays in `make test`."""
    return case.inputs and (case.law, case.noise) != ("saturation", 0.01)


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, marks=[pytest.mark.long] * long_beside(case)) for case in coverage.CASES],
    ids=str,
)
def test_intervals_hold_the_truth_as_often_as_they_say(case):
    """36 numbers in all: each may be as far off as happens once in 20,000 times, so that one in 500 runs fails."""
    hits = coverage.covered(case, 1, range(SETS), ("covariance", "scaled")).sum(axis=0)
    for level, counts in zip(coverage.LEVELS, np.moveaxis(hits, 1, 0), strict=True):
        low, high = scipy.stats.binom.ppf([2.5e-5, 1 - 2.5e-5], SETS, level)
        assert (low <= counts).all() and (counts <= high).all()


@pytest.mark.parametrize("kind", ["bounds", pytest.param("counts", marks=pytest.mark.long)])
def test_bounds_and_counts(kind):
    """As above, about what the Gaussian limit says; of counts in small numbers it is not exact."""
    for case in coverage.KINDS[kind][:4:3]:
        hits = coverage.covered(case, 2, range(SETS), ("covariance",)).sum(axis=0)[0]
        low, high = scipy.stats.binom.ppf(
            [[[2.5e-5]], [[1 - 2.5e-5]]], SETS, coverage.expected(case, "covariance") / 100
        )
        assert (low <= hits).all() and (hits <= high).all()


@pytest.mark.parametrize("distance", [0.0, 0.4, 1.0, 1.7, 5.0])
@pytest.mark.parametrize("method", ["profile", "covariance"])
def test_expected_coverage_is_that_of_linear_fits(distance, method):
    """By simulation: estimates u are Gaussian, those beyond the bound are at it, and all else follows."""
    case = coverage.Case("saturation", 0.1, distance=distance)
    place, correlation, _ = coverage._asymptotic(case)
    rng = np.random.default_rng(0)
    u = rng.standard_normal(400_000)
    other = correlation[1 - place] * u + np.sqrt(1 - correlation[1 - place] ** 2) * rng.standard_normal(len(u))
    below = u < -distance
    spread = np.where(below, np.sqrt(1 - correlation[1 - place] ** 2), 1.0)
    other = np.where(below, other - correlation[1 - place] * (u + distance), other)
    for level, row in zip(coverage.LEVELS, coverage.expected(case, method), strict=True):
        z = scipy.stats.norm.isf(0.5 - 0.5 * level)
        if method == "profile":
            # Chi-squared at the truth, less that at the best value that is allowed.
            rise = u**2 - np.where(below, (u + distance) ** 2, 0.0)
            own = rise <= z**2
        else:
            own = below | (np.abs(u) <= z)
            assert row[1 - place] == pytest.approx(100 * np.mean(np.abs(other) <= z * spread), abs=0.4)
        assert row[place] == pytest.approx(100 * own.mean(), abs=0.4)


@pytest.mark.long
def test_the_truth_is_in_the_interval_where_the_profile_is_low():
    for case in (coverage.KINDS["bounds"][2], coverage.KINDS["counts"][2]):
        form, rows = coverage.simulated(case, np.random.default_rng(5))
        fit = coverage.estimate(form, rows.X, rows.y, y_error=rows.y_error, counts=rows.counts)
        for level in coverage.LEVELS:
            ends = coverage.intervals_of(fit, rows, level=level).values()
            wanted = [low <= value <= high for (low, high), value in zip(ends, form.values, strict=True)]
            assert coverage._within_profiles(fit, rows, form.values, level) == wanted


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
    assert coverage.main(["--sets", "3", "--profiles", "0", "--jobs", "1", "--only", "errors"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Coverage in per cent of 3 tables")
    # Three laws with 3, 2 and 3 constants, four kinds of noise, two methods.
    assert len(lines) == 2 + 8 * 4 * 2 + 2
    assert lines[-2].startswith("errors, covariance: ") and lines[-1].startswith("errors, scaled: ")
