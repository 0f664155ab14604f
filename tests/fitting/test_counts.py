"""Constants of formulas for counts, against the maximum of the likelihood."""

import mpmath
import numpy as np
import pytest
import scipy.optimize
import scipy.stats

from kansym import DiscoveryOptions, discover, make_dataset
from kansym.errors import ArgumentError, DataError
from kansym.fitting.counts import deviance_residuals
from kansym.fitting.known_form import fit_columns as fit_constants

t = np.linspace(0, 10, 60)


def decay(A, tau, b):
    return A * np.exp(-t / tau) + b


@pytest.mark.parametrize("size", [5.0, 40.0, 1000.0])
def test_the_maximum_of_the_likelihood(size):
    counts = np.random.default_rng(3).poisson(decay(size, 2.0, 0.05 * size)).astype(float)
    fit = fit_constants("A*exp(-t/tau) + b", {"t": t}, counts, y_error="poisson")

    def minus_log(values):
        expected = decay(*values)
        return np.inf if (expected <= 0).any() else -scipy.stats.poisson.logpmf(counts, expected).sum()

    best = scipy.optimize.minimize(
        minus_log,
        [size, 2.0, 0.05 * size],
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 5000},
    ).x
    np.testing.assert_allclose([fit.values[name] for name in ("A", "tau", "b")], best, rtol=1e-5)
    # Fisher's information: sum of the outer products of the derivatives over the expected counts.
    A, tau, _ = best
    shape = np.exp(-t / tau)
    jacobian = np.column_stack([shape, A * t / tau**2 * shape, np.ones_like(t)])
    errors = np.sqrt(np.diag(np.linalg.inv(jacobian.T @ (jacobian / decay(*best)[:, None]))))
    np.testing.assert_allclose([fit.errors[name] for name in ("A", "tau", "b")], errors, rtol=1e-4)


@pytest.mark.parametrize("size", [8.0, 200.0])
@pytest.mark.parametrize("level", [0.6827, 0.9545])
def test_profiles_are_those_of_the_likelihood(size, level):
    counts = np.random.default_rng(8).poisson(decay(size, 2.0, 0.1 * size)).astype(float)
    fit = fit_constants("A*exp(-t/tau) + b", {"t": t}, counts, y_error="poisson")
    names = list(fit.values)

    def twice_minus_log(values):
        return -2 * scipy.stats.poisson.logpmf(counts, np.maximum(decay(*values), 1e-9)).sum()

    least = twice_minus_log(list(fit.values.values()))
    found = fit.intervals(level)
    for j in (0, 1):
        for end in found[names[j]]:
            others = [value for i, value in enumerate(fit.values.values()) if i != j]
            options = {"xatol": 1e-7, "fatol": 1e-9, "maxiter": 2000}
            best = scipy.optimize.minimize(
                lambda z, j=j, end=end: twice_minus_log(np.insert(z, j, end)),
                others,
                method="Nelder-Mead",
                options=options,
            )
            assert best.fun - least == pytest.approx(scipy.stats.chi2.ppf(level, 1), rel=2e-3)


def test_one_mean_has_the_exact_interval_of_its_likelihood():
    # The deviance of n rows of a mean m from their mean M: 2 n (m - M + M log(M/m)).
    counts = np.array([0.0, 2.0, 1.0, 3.0, 0.0])
    low, high = fit_constants("a*x", {"x": 1.0}, counts, y_error="poisson").intervals()["a"]
    mean, n = counts.mean(), len(counts)
    for end in (low, high):
        assert 2 * n * (end - mean + mean * np.log(mean / end)) == pytest.approx(1.0, abs=1e-3)
    assert high - mean > mean - low


@pytest.mark.long
def test_counts_within_bounds():
    counts = np.random.default_rng(11).poisson(decay(60.0, 2.0, 0.0)).astype(float)
    fit = fit_constants("A*exp(-t/tau) + b", {"t": t}, counts, y_error="poisson", bounds={"b": (0.5, None)})

    def minus_log(values):
        return -scipy.stats.poisson.logpmf(counts, decay(*values)).sum()

    best = scipy.optimize.minimize(minus_log, [60, 2, 1], bounds=[(1, 200), (0.1, 9), (0.5, 9)], tol=1e-12).x
    assert fit.at_bound == {"b": 0.5} and best[2] == 0.5
    np.testing.assert_allclose(list(fit.values.values()), best, rtol=1e-4)
    assert fit.intervals()["b"][0] == 0.5


def test_deviances_near_and_far(rng):
    counts = rng.poisson(5.0, 300).astype(float)
    near = counts * (1 + 10.0 ** rng.uniform(-12, -1, 300)) + (counts == 0) * rng.uniform(0.01, 3, 300)
    roots, slopes = deviance_residuals(counts, near)
    with mpmath.workdps(40):
        exact = [
            float(mpmath.sqrt(2 * (f - n + (n * mpmath.log(n / mpmath.mpf(f)) if n else 0))))
            for n, f in zip(counts.tolist(), near.tolist(), strict=True)
        ]
    # The parabola of a row without counts has its zero at zero, and the deviance there not.
    np.testing.assert_allclose(
        roots, np.where(counts > 0, exact, np.sqrt(np.maximum(np.square(exact) - 1e-3, 0))), rtol=1e-9
    )
    # Their product is half the derivative of the deviance, which is that of the likelihood.
    np.testing.assert_allclose(roots * slopes, (near - counts) / near, rtol=1e-9)


@pytest.mark.parametrize("count", [0.0, 3.0])
def test_deviances_go_on_smoothly_below_zero(count):
    expected = np.linspace(-0.01, 0.01, 2001)
    roots, slopes = deviance_residuals(np.full(2001, count), expected)
    numeric = np.gradient(roots, expected)
    smooth = np.abs(expected - 1e-3) > 1e-4
    np.testing.assert_allclose(slopes[smooth][1:-1], numeric[smooth][1:-1], rtol=2e-2)
    assert (np.diff(roots) > 0).all()


def test_rows_without_counts_do_not_lower_the_mean():
    # With errors of the roots of what was counted, high counts count less than low ones.
    counts = np.random.default_rng(0).poisson(2.0, 400).astype(float)
    fit = fit_constants("a*x", {"x": 1.0}, counts, y_error="poisson")
    assert fit.values["a"] == pytest.approx(counts.mean(), rel=1e-9)


@pytest.mark.long
def test_counts_are_searched():
    counts = np.random.default_rng(1).poisson(decay(300.0, 2.0, 0.0) + 0.0).astype(float)
    table = make_dataset(t[:, None], counts, names=["t"], target="N", y_error="poisson")
    found = discover(table, DiscoveryOptions(max_seconds=4, deterministic=True))
    values = sorted(abs(one.value) for one in found.formula.constants)
    best = fit_constants("A*exp(-t/tau)", {"t": t}, counts, y_error="poisson")
    assert values == pytest.approx([1 / best.values["tau"], best.values["A"]], rel=1e-4)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1%", 0.01), ("2.5 %", 0.025), ("sqrt(y)", None), ("sqrt(x)", None)],
)
def test_errors_in_words(text, expected, rng):
    x, y = rng.uniform(1, 3, 20), rng.uniform(5, 9, 20)
    table = make_dataset(x[:, None], y, names=["x"], y_error=text)
    wanted = expected * y if expected else np.sqrt(y if "y" in text else x)
    np.testing.assert_allclose(table.y_error, wanted)
    assert not table.counts


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0%", "positive percentage"),
        ("sqrt(z)", "has no column 'z'"),
        ("poisson", "needs counts"),
        ("about right", "1%, sqrt\\(NAME\\) of a column, or poisson"),
    ],
)
def test_what_is_no_error_is_refused(text, words, rng):
    with pytest.raises(DataError, match=words):
        make_dataset(rng.uniform(1, 3, (20, 1)), rng.uniform(5, 9, 20), names=["x"], y_error=text)
    with pytest.raises(DataError, match="poisson"):
        make_dataset(np.arange(4.0)[:, None], np.array([0.0, 1.0, 2.0, 0.0]), names=["x"], y_error="sqrt(y)")


@pytest.mark.parametrize("text", ["1%", "poisson", "sqrt(y)"])
def test_missing_rows_are_left_out_where_errors_are_words(text):
    y = np.array([4.0, np.nan, 9.0, 16.0])
    table = make_dataset(np.arange(4.0)[:, None], y, names=["x"], y_error=text, drop_missing=True)
    assert table.n_rows == 3 and np.isfinite(table.y_error).all()
    with pytest.raises(DataError, match="row 1"):
        make_dataset(np.arange(4.0)[:, None], y, names=["x"], y_error=text)


@pytest.mark.parametrize("rows", [1, 4])
def test_no_counts_at_all_give_no_standard_error(rows):
    fit = fit_constants("a*x", {"x": np.ones(rows)}, np.zeros(rows), y_error="poisson")
    assert fit.values["a"] == pytest.approx(0, abs=1e-6) and np.isnan(fit.errors["a"])
    assert any("expected counts are zero" in note for note in fit.notes)
    # Twice the logarithm of the likelihood falls by 2 n a.
    assert fit.intervals()["a"][1] == pytest.approx(0.5 / rows, rel=0.01)
    assert fit.intervals(method="covariance")["a"] == (-np.inf, np.inf)
    with pytest.raises(ArgumentError, match="the expected counts are zero; take 'profile'"):
        fit.intervals(method="bootstrap")
