"""Tables as measurements make them: unequal errors, repeated points, holes, a handful of rows."""

import numpy as np
import pytest

from kansym import DiscoveryOptions, discover, make_dataset, read_table
from kansym.data.noise import noise_floor
from kansym.fitting.known_form import fit_columns as fit_constants
from kansym.run.summary import RunSummary

QUICK = DiscoveryOptions(max_seconds=1.0)


def run(X, y, options=QUICK, **more):
    return discover(make_dataset(X, y, **more), options)


def test_rows_with_large_errors_hardly_count(rng):
    x = np.linspace(1, 5, 60)
    sigma = np.where(np.arange(60) % 2, 0.01, 5.0)
    y = 2.5 * x + sigma * rng.normal(size=60)
    found = run(x[:, None], y, y_error=sigma)
    # The standard error of the slope of a line through the origin: 1/sqrt(sum(x^2/sigma^2)).
    expected = 1 / np.sqrt(np.sum((x / sigma) ** 2))
    assert abs(found.formula.predict(np.array([[3.0]]))[0] - 7.5) < 5 * 3 * expected
    fit = fit_constants("a*x", {"x": x}, y, y_error=sigma)
    assert fit.errors["a"] == pytest.approx(expected, rel=1e-6)
    assert abs(fit.values["a"] - 2.5) < 5 * expected


def test_errors_over_many_decades(rng):
    x = np.linspace(1, 3, 40)
    sigma = 10.0 ** rng.uniform(-8, 4, 40)
    found = run(x[:, None], x**2 + sigma * rng.normal(size=40), y_error=sigma)
    best = np.argsort(sigma)[:10]
    predicted = found.formula.predict(x[best, None])
    assert np.isfinite(predicted).all()
    assert np.max(np.abs(predicted - x[best] ** 2)) < 0.1


def test_repeated_points_tell_the_noise(rng):
    x = np.repeat(rng.uniform(1, 3, 30), 6)
    y = 3 * x + 0.2 * rng.normal(size=len(x))
    dataset = make_dataset(x[:, None], y)
    means = np.array([y[x == value].mean() for value in x])
    spread = np.sqrt(np.sum((y - means) ** 2) / (len(x) - 30))
    assert noise_floor(dataset) == pytest.approx(spread)
    assert 0.15 < spread < 0.25
    found = discover(dataset, QUICK)
    # Nothing is fitted below the spread: no more constants than the line has.
    assert len(found.formula.constants) <= 2
    assert found.formula.predict(np.array([[2.0]]))[0] == pytest.approx(6, abs=0.15)


def test_a_hole_in_a_column_is_said_and_the_formula_is_finite_there(rng):
    x = np.concatenate([rng.uniform(1, 2, 40), rng.uniform(8, 9, 40)])
    found = run(x[:, None], 2 / x, DiscoveryOptions(max_seconds=20.0))
    assert any("has no values between" in note for note in found.notes)
    inside = found.formula.predict(np.linspace(2, 8, 50)[:, None])
    np.testing.assert_allclose(inside, 2 / np.linspace(2, 8, 50), rtol=1e-6)


@pytest.mark.parametrize(("rows", "columns"), [(2, 1), (3, 1), (5, 1), (8, 1), (2, 3), (4, 3), (5, 3), (8, 3)])
def test_tiny_tables_give_a_finite_formula_and_a_warning(rows, columns):
    rng = np.random.default_rng([rows, columns])
    X, y = rng.uniform(1, 2, (rows, columns)), rng.normal(size=rows)
    found = run(X, y, DiscoveryOptions(max_seconds=0.2))
    assert np.isfinite(found.formula.predict(X)).all()
    assert len(found.formula.constants) <= rows
    assert any(f"Only {rows} rows" in note for note in RunSummary.of(found).notes)


def test_a_table_of_two_equal_rows_and_a_third():
    found = run(np.array([[1.0], [1.0], [2.0]]), np.array([3.0, 3.0, 5.0]))
    assert np.isfinite(found.formula.predict(np.array([[1.0], [2.0]]))).all()
    assert any("Merged 1 exact copies" in note for note in found.notes)


def test_the_same_input_everywhere_but_for_one_row(rng):
    X = np.ones((30, 1))
    X[-1] = 2.0
    found = run(X, np.concatenate([rng.normal(size=29), [5.0]]))
    assert np.isfinite(found.formula.predict(X)).all()


def test_a_copy_of_the_target_is_said_in_the_report(tmp_path, rng):
    x = rng.uniform(1, 3, 40)
    path = tmp_path / "run.csv"
    np.savetxt(path, np.column_stack([x, np.exp(x), np.exp(x)]), header="x,copy,y", comments="", delimiter=",")
    found = discover(read_table(path, target="y"), QUICK)
    assert any("'copy' holds the same numbers" in note for note in RunSummary.of(found).notes)


@pytest.mark.parametrize("size", [1e-120, 1.0, 1e120])
def test_values_near_the_ends_of_double_precision(size, rng):
    X = rng.uniform(1, 3, (30, 2))
    y = size * (3 * X[:, 0] + X[:, 1])
    found = run(X * [1e150, 1e-150], y, DiscoveryOptions(max_seconds=8.0, deterministic=True))
    np.testing.assert_allclose(found.formula.predict(X * [1e150, 1e-150]), y, rtol=1e-6)
