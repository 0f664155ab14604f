import itertools

import numpy as np
import pytest
import scipy.stats

from kansym.fitting.residuals import residuals_of
from kansym.validation.residual_tests import check_residuals, holm, lack_of_fit, runs, von_neumann


def _tests(discovery, names=("x",)):
    return check_residuals(residuals_of(discovery.formula, discovery.dataset), names, seed=0)


@pytest.mark.long
def test_noise_passes(discovered, rng):
    rejected = 0
    x = np.linspace(0, 1, 60)
    for _ in range(40):
        rejected += any(test.objection for test in _tests(discovered(x, 3 * x + rng.normal(size=60), "3*x + 0.1")))
    # One in a hundred is expected; more than four of forty has a probability below 1e-4.
    assert rejected <= 4


def test_a_bent_curve_fails_against_a_line(discovered, rng):
    x = np.linspace(0, 1, 60)
    tests = _tests(discovered(x, x**2 + 0.01 * rng.normal(size=60), "x + 0.1"))
    failed = {test.name for test in tests if test.objection}
    assert {"neighbours", "runs"} <= failed
    assert any("neighbouring residuals are alike along x" in test.words for test in tests)


def test_growing_scatter_is_named_and_no_objection(discovered, rng):
    x = np.linspace(0, 1, 200)
    tests = _tests(discovered(x, x + 0.1 * x * rng.normal(size=200), "x + 0.1"))
    scatter = [test for test in tests if test.name == "scatter" and test.along == "x"]
    assert scatter[0].adjusted_p < 0.01
    assert not scatter[0].objection


def test_long_tails_are_named_and_no_objection(discovered, rng):
    x = np.linspace(0, 1, 200)
    tests = _tests(discovered(x, x + 0.01 * rng.standard_cauchy(200), "x + 0.1"))
    (distribution,) = [test for test in tests if test.name == "distribution"]
    assert distribution.adjusted_p < 0.01
    assert not distribution.objection


def test_eight_rows_are_tested_and_five_are_not(discovered, rng):
    for n, tested in ((8, True), (5, False)):
        x = np.arange(1.0, n + 1)
        assert bool(_tests(discovered(x, 2 * x + rng.normal(size=n), "2*x"))) == tested


def test_an_exact_fit_is_not_tested(discovered):
    x = np.linspace(1, 2, 50)
    assert _tests(discovered(x, 2.3 / x, "2.3/x")) == ()


def test_a_repeated_input_and_two_columns(discovered, rng):
    X = np.repeat(rng.uniform(0, 1, (20, 2)), 3, axis=0)
    tests = _tests(discovered(X, X @ [1, 2] + 0.1 * rng.normal(size=60), "x + 2.1*y"), ("x", "y"))
    assert {test.along for test in tests if test.name == "trend"} == {"x", "y", "the prediction"}
    assert all(0 <= test.p_value <= test.adjusted_p <= 1 for test in tests)


def test_holm_steps_down():
    # The example of Holm's procedure done by hand: 4*0.01, 3*0.02, 2*0.03 (raised to the one before), 1*0.5.
    np.testing.assert_allclose(holm(np.array([0.03, 0.01, 0.5, 0.02])), [0.06, 0.04, 0.5, 0.06])
    # A larger p-value is never corrected to a smaller one.
    np.testing.assert_allclose(holm(np.array([0.022, 0.02, 0.021])), [0.06, 0.06, 0.06])


def test_the_number_of_runs_has_its_exact_distribution():
    sequence = np.array([1, 1, 1, -1, -1, -1, 1, 1], dtype=float)
    counts = [1 + np.sum(np.diff(order) != 0) for order in itertools.permutations(sequence)]
    assert runs(sequence) == (3, pytest.approx(np.mean(np.array(counts) <= 3)))


def test_runs_of_long_sequences_agree_with_the_exact_distribution(rng):
    signs = rng.normal(size=101)
    long = runs(signs)[1]
    short = runs(signs[:100])[1]
    assert long == pytest.approx(short, abs=0.12)


def test_von_neumann_ratio(rng):
    values = rng.normal(size=30)
    ranks = scipy.stats.rankdata(values)
    ratio = np.sum(np.diff(ranks) ** 2) / np.sum((ranks - ranks.mean()) ** 2)
    assert von_neumann(values, rng)[0] == pytest.approx(ratio)
    assert von_neumann(np.arange(30.0), rng)[1] <= 2e-4
    assert von_neumann(np.arange(300.0), rng)[1] < 1e-10


def test_both_ways_to_the_probability_of_von_neumann_agree(rng):
    values = np.cumsum(rng.normal(size=120)) * 0.12 + rng.normal(size=120)
    moments = von_neumann(values, rng)[1]
    ranks = scipy.stats.rankdata(values)
    shuffled = rng.permuted(np.tile(ranks, (4000, 1)), axis=1)
    chance = np.mean(np.sum(np.diff(shuffled) ** 2, axis=1) <= np.sum(np.diff(ranks) ** 2))
    assert moments == pytest.approx(chance, abs=0.03)


def _test(discovery):
    return lack_of_fit(residuals_of(discovery.formula, discovery.dataset))


def test_the_f_test_of_a_line_is_that_of_the_textbook(discovered, rng):
    x = np.repeat(np.arange(1.0, 9), 3)
    y = x**2 / 8 + rng.normal(size=24)
    found = _test(discovered(x, y, "1.1*x + 0.1"))
    means = y.reshape(8, 3).mean(axis=1)
    pure = np.sum((y.reshape(8, 3) - means[:, None]) ** 2)
    line = np.polyval(np.polyfit(x, y, 1), np.arange(1.0, 9))
    statistic = (3 * np.sum((means - line) ** 2) / 6) / (pure / 16)
    assert found.statistic == pytest.approx(statistic, rel=1e-6)
    assert found.p_value == pytest.approx(scipy.stats.f.sf(statistic, 6, 16), rel=1e-5)
    assert found.pure_error == pytest.approx(np.sqrt(pure / 16), rel=1e-9)


def test_it_is_not_asked_without_repeated_points(discovered, rng):
    x = np.arange(1.0, 25)
    assert _test(discovered(x, x + rng.normal(size=24), "1.1*x")) is None


def test_copies_of_rows_are_no_repeated_measurements(discovered, rng):
    x = np.arange(1.0, 13)
    y = x + rng.normal(size=12)
    assert _test(discovered(np.tile(x, 2), np.tile(y, 2), "1.1*x")) is None
