"""Constants of formulas for counts, against the maximum of the likelihood."""

import numpy as np
import pytest
import scipy.optimize
import scipy.stats

from kansym import DiscoveryOptions, discover, make_dataset
from kansym.errors import DataError
from kansym.fitting.known_form import fit_constants

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


def test_rows_without_counts_do_not_lower_the_mean():
    # With errors of the roots of what was counted, high counts count less than low ones.
    counts = np.random.default_rng(0).poisson(2.0, 400).astype(float)
    fit = fit_constants("a*x", {"x": 1.0}, counts, y_error="poisson")
    assert fit.values["a"] == pytest.approx(counts.mean(), rel=1e-9)


def test_counts_are_searched():
    counts = np.random.default_rng(1).poisson(decay(300.0, 2.0, 0.0) + 0.0).astype(float)
    table = make_dataset(t[:, None], counts, names=["t"], target="N", y_error="poisson")
    found = discover(table, DiscoveryOptions(max_seconds=8, deterministic=True))
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
