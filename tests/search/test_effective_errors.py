"""Errors of the inputs and of y, through the whole search."""

import numpy as np
import pytest

from kansym.data.dataset import make_dataset
from kansym.fitting.residuals import effective_error
from kansym.search.discovery import discover
from kansym.search.effective_errors import with_effective_errors
from kansym.search.options import DiscoveryOptions
from kansym.symbolic.formula import Formula
from kansym.symbolic.naming import plain_symbol

t = plain_symbol("t")


def decay(n=400, sx=0.05, sy=0.02, seed=0):
    rng = np.random.default_rng(seed)
    true = rng.uniform(0.2, 6, n)
    y = 3.1 * np.exp(-true / 1.47) + rng.normal(0, sy, n)
    return make_dataset((true + rng.normal(0, sx, n))[:, None], y, names=["t"], y_error=sy, x_error={"t": sx})


def test_effective_errors_follow_the_slope():
    table = decay()
    expected = np.sqrt(0.02**2 + (3.1 / 1.47 * np.exp(-table.X[:, 0] / 1.47) * 0.05) ** 2)
    found = with_effective_errors(table, seed=0).y_error
    assert np.median(np.abs(found / expected - 1)) < 0.1
    import sympy

    formula = Formula(sympy.Float(3.1) * sympy.exp(-t / 1.47), ("t",), "y", 5, 0.0, 0.0, 0.0)
    np.testing.assert_allclose(effective_error(formula, table), expected, rtol=1e-12)
    exact = make_dataset(table.X, table.y, names=["t"], y_error=0.02)
    assert with_effective_errors(exact, seed=0) is exact


@pytest.mark.long
def test_constants_are_those_of_the_orthogonal_fit():
    from kansym.fitting.known_form import fit_columns as fit_constants

    table = decay()
    found = discover(table, DiscoveryOptions(max_seconds=3))
    known = fit_constants(
        "A*exp(-b*t)", {"t": table.X[:, 0]}, table.y, y_error=0.02, x_error={"t": 0.05}, start={"A": 3.0, "b": 0.7}
    )
    values = {round(abs(constant.value), 1): constant for constant in found.formula.constants}
    for name in ("A", "b"):
        constant = values[round(known.values[name], 1)]
        assert abs(constant.value) == pytest.approx(known.values[name], rel=1e-6)
        assert constant.error == pytest.approx(known.errors[name], rel=1e-4)


@pytest.mark.long
def test_errors_of_constants_are_absolute():
    rng = np.random.default_rng(1)
    x = np.linspace(1, 5, 400)
    y = 2.37 * x**2 + rng.normal(0, 0.1, 400)
    errors = []
    for claimed in (0.1, 0.2):
        found = discover(make_dataset(x[:, None], y, names=["x"], y_error=claimed), DiscoveryOptions(max_seconds=1.5))
        (constant,) = found.formula.constants
        assert constant.error == pytest.approx(claimed / np.sqrt(np.sum(x**4)), rel=1e-6)
        errors.append(constant.error)
    assert errors[1] == pytest.approx(2 * errors[0], rel=1e-6)


@pytest.mark.long
def test_large_tables_are_searched_on_some_rows_and_fitted_to_all(monkeypatch):
    monkeypatch.setattr("kansym.search.discovery.MOST_ROWS", 300)
    rng = np.random.default_rng(2)
    x = rng.uniform(1, 5, 1000)
    y = 2.37 * x**2 + rng.normal(0, 0.1, 1000)
    found = discover(make_dataset(x[:, None], y, names=["x"]), DiscoveryOptions(max_seconds=1.5))
    (constant,) = found.formula.constants
    assert constant.value == pytest.approx(float(np.sum(y * x**2) / np.sum(x**4)), rel=1e-10)
    assert found.dataset.n_rows == 1000 and any("300 of 1000 rows" in note for note in found.notes)
