"""Errors below and above y, against the likelihood of the two-piece normal distribution."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.optimize
import scipy.stats

from kansym import DiscoveryOptions, discover, make_dataset
from kansym.data import read_table
from kansym.errors import DataError
from kansym.fitting.known_form import fit_columns as fit_constants
from kansym.fitting.sides import scattered
from kansym.run.summary import fingerprint

t = np.linspace(0, 10, 60)


def decay(A, tau, b):
    return A * np.exp(-t / tau) + b


def two_piece(rng, f, below, above):
    """Values whose likelihood for f is the two-piece normal one: a curve above y is as far as `above` allows."""
    under = rng.uniform(size=len(f)) < above / (below + above)
    size = np.abs(rng.normal(size=len(f)))
    return np.where(under, f - above * size, f + below * size)


BELOW, ABOVE = np.full(60, 0.1), np.linspace(0.2, 0.5, 60)


def test_errors_below_and_above_have_their_likelihood():
    y = two_piece(np.random.default_rng(4), decay(3.0, 2.0, 1.0), BELOW, ABOVE)
    fit = fit_constants("A*exp(-t/tau) + b", {"t": t}, y, y_error=(BELOW, ABOVE))

    def chi2(values):
        f = decay(*values)
        return (((y - f) / np.where(f > y, ABOVE, BELOW)) ** 2).sum()

    options = {"xatol": 1e-10, "fatol": 1e-12, "maxiter": 5000}
    best = scipy.optimize.minimize(chi2, [3.0, 2.0, 1.0], method="Nelder-Mead", options=options)
    np.testing.assert_allclose([fit.values[name] for name in ("A", "tau", "b")], best.x, rtol=1e-5)
    assert fit.chi2 == pytest.approx(best.fun, rel=1e-8)
    same = fit_constants("A*exp(-t/tau) + b", {"t": t}, y, y_error=np.stack([BELOW, ABOVE]))
    assert same.values == fit.values
    assert fit.intervals()["A"][0] < fit.values["A"] - 0.5 * fit.errors["A"]


@pytest.mark.long
def test_constants_are_not_pulled_to_the_longer_side():
    rng, pulls, plain = np.random.default_rng(5), [], []
    for _ in range(200):
        y = two_piece(rng, np.full(60, 7.0), BELOW, ABOVE)
        fit = fit_constants("a*x", {"x": 1.0}, y, y_error=(BELOW, ABOVE))
        pulls.append((fit.values["a"] - 7.0) / fit.errors["a"])
        plain.append(fit_constants("a*x", {"x": 1.0}, y, y_error=(BELOW + ABOVE) / 2).values["a"] - 7.0)
    assert abs(np.mean(pulls)) < 0.3 and 0.8 < np.std(pulls) < 1.25
    assert np.mean(plain) < -0.1  # what the mean of both errors does


@pytest.mark.parametrize("y", [(0.0, 0.0, 0.0), (0.0, 0.5)])
def test_profiles_are_those_of_the_likelihood(y):
    y = np.array(y)
    fit = fit_constants("a*x", {"x": np.ones(len(y))}, y, y_error=(0 * y + 1, 0 * y + 3))

    def rise(a):
        return (((y - a) / np.where(a > y, 3.0, 1.0)) ** 2).sum() - fit.chi2 - 1.0

    ends = [scipy.optimize.brentq(rise, fit.values["a"], fit.values["a"] + side) for side in (-5, 5)]
    assert fit.intervals()["a"] == pytest.approx(ends, abs=1e-3)
    assert ends[1] - fit.values["a"] > 2 * (fit.values["a"] - ends[0])


def test_bootstrap_draws_from_the_likelihood():
    fit = fit_constants("a*x", {"x": np.ones(8)}, np.full(8, 7.0), y_error=(0.1, 0.4))
    drawn = scattered(np.full(40_000, 7.0), np.tile([[0.1], [0.4]], 40_000), np.random.default_rng(0))
    cut = [0.5 * scipy.stats.halfnorm(scale=scale).sf(scale) for scale in (0.1, 0.4)]
    assert np.mean(drawn > 7.1) == pytest.approx(2 * cut[0] * 0.2, abs=0.005)
    assert np.mean(drawn < 6.6) == pytest.approx(2 * cut[1] * 0.8, abs=0.005)
    low, high = fit.intervals(method="bootstrap", samples=200)["a"]
    assert low < 7 < high and np.isfinite([low, high]).all()


def test_inputs_with_errors_have_sides_too():
    y = two_piece(np.random.default_rng(4), 3 * t, BELOW, ABOVE)
    fit = fit_constants("a*t", {"t": t}, y, y_error=(BELOW, ABOVE), x_error={"t": 0.1})

    def chi2(a):
        return ((y - a * t) ** 2 / (np.where(a * t > y, ABOVE, BELOW) ** 2 + (0.1 * a) ** 2)).sum()

    # The nearest points of a line have their distance in closed form; the correction for curvature is zero.
    best = scipy.optimize.minimize_scalar(chi2, bracket=(2.9, 3.1))
    assert fit.values["a"] == pytest.approx(best.x, rel=1e-6)
    low, high = fit.intervals()["a"]
    assert [chi2(low) - best.fun, chi2(high) - best.fun] == pytest.approx([1.0, 1.0], abs=1e-3)


def test_equal_sides_are_ordinary_errors():
    y = decay(3.0, 2.0, 1.0) + 0.1 * np.random.default_rng(6).normal(size=60)
    ways = [fit_constants("A*exp(-t/tau) + b", {"t": t}, y, y_error=error) for error in (0.1, (0.1, 0.1))]
    assert ways[0].values == pytest.approx(ways[1].values, rel=1e-9)
    assert ways[0].errors == pytest.approx(ways[1].errors, rel=1e-9)


@pytest.mark.long
def test_errors_below_and_above_are_searched(tmp_path):
    y = two_piece(np.random.default_rng(7), decay(3.0, 2.0, 0.0), BELOW / 5, ABOVE / 5)
    path = tmp_path / "t.csv"
    columns = np.stack([t, y, -BELOW / 5, ABOVE / 5], axis=1)
    rows = "".join(",".join(map(repr, row)) + "\n" for row in columns.tolist())
    path.write_text("t,y,y_minus,y_plus\n" + rows)
    table = read_table(path, target="y", error="y_minus, y_plus")
    assert table.names == ("t",)
    np.testing.assert_allclose(table.y_error, (BELOW + ABOVE) / 10)
    found = discover(table, DiscoveryOptions(max_seconds=3, deterministic=True))
    best = fit_constants("A*exp(-t/tau)", {"t": t}, y, y_error=(BELOW / 5, ABOVE / 5))
    values = sorted(abs(one.value) for one in found.formula.constants)
    assert values == pytest.approx(sorted([1 / best.values["tau"], best.values["A"]]), rel=1e-4)
    assert set(np.round(found.dataset.y_error, 12)) <= set(np.round([*BELOW / 5, *ABOVE / 5], 12))


def test_errors_below_and_above_that_cannot_be():
    x, y = np.arange(5.0)[:, None], np.array([1.0, 2, 4, 3, 5])
    with pytest.raises(DataError, match="must be positive, got -1 in row 3"):
        make_dataset(x, y, y_error=(0.1, np.array([1, 1, 1, -1, 1])))
    with pytest.raises(DataError, match="must be positive, got 0 in row 0"):
        fit_constants("a*x", {"x": x[:, 0]}, y, y_error=(0.0, 0.1))
    kept = make_dataset(x, y, y_error=(0.1, np.array([1, 1, 1, np.nan, 1])), drop_missing=True)
    assert kept.y_sides.shape == (2, 4)


@pytest.mark.parametrize("error", ["poisson", (0.5, 1.0)])
def test_a_table_stays_the_same_where_its_errors_follow_from_the_formula(error):
    table = make_dataset(np.arange(5.0)[:, None], np.array([1.0, 2, 4, 3, 5]), y_error=error)
    other = make_dataset(np.arange(5.0)[:, None], np.array([1.0, 2, 4, 3, 5]), y_error=0.5)
    assert fingerprint(replace(table, y_error=2 * table.y_error)) == fingerprint(table) != fingerprint(other)
