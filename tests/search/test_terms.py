"""Sums of products as an engine of the search."""

import numpy as np
import pytest

from kansym import Dataset, DiscoveryOptions, discover


@pytest.fixture
def table():
    """A law that has no symmetry, and of which no column separates."""
    P, t = np.random.default_rng(3).uniform([0.1, 0], [5, 20], (300, 2)).T
    y = 0.47 * np.cbrt(P) + 0.47 * P * np.exp(-0.086 * t)
    return Dataset(np.column_stack([P, t]), y, ("P", "t"))


@pytest.mark.long
def test_a_sum_that_nothing_else_finds(table, monkeypatch):
    # From a straight line improving comes to it, one function after the other.
    monkeypatch.setattr("kansym.search.found.FoundFormulas.improve", lambda *_, **__: None)
    found = discover(table, DiscoveryOptions(max_seconds=30, deterministic=True))
    assert found.formula.validation_loss < 1e-20


@pytest.mark.parametrize(
    "options", [{"terms": False}, pytest.param({"structure": False}, marks=pytest.mark.long)], ids=str
)
def test_it_can_be_left_out(table, options, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("sums of products were looked for")

    monkeypatch.setattr("kansym.search.agenda.sums.Pursuit", refuse)
    discover(table, DiscoveryOptions(max_seconds=1, deterministic=True, **options))


@pytest.mark.long
def test_an_exponential_of_a_ratio_on_eight_rows(rng):
    X = np.column_stack([np.linspace(0.1, 0.55, 8), np.tile([290.0, 350.0], 4)])
    clean = 0.0022 * np.expm1(4900 * X[:, 0] / X[:, 1])
    y = clean * (1 + 0.005 * rng.normal(size=8))
    table = Dataset(X, y, ("V", "T"), y_error=0.005 * clean)
    found = discover(table, DiscoveryOptions(max_seconds=8, deterministic=True))
    np.testing.assert_allclose(found.formula.predict(X), clean, rtol=0.02)
    assert found.formula.complexity <= 10


@pytest.mark.long
def test_a_peak_on_a_background_with_errors(rng):
    t = np.sort(rng.uniform(0, 12, 100))
    y = 3.1 * np.exp(-0.42 * t) + 1.7 * np.exp(-(((t - 5.2) / 0.6) ** 2)) + 0.3 + 0.005 * rng.normal(size=100)
    table = Dataset(t[:, None], y, ("t",), y_error=np.full(100, 0.005))
    found = discover(table, DiscoveryOptions(max_seconds=8, deterministic=True))
    # A product of two sums, (0.097 + exp(...))*(0.38 + exp(...)), describes these rows as well to a hundredth of a bit.
    near = [one for one in (found.formula, *found.rivals) if one.rank[1] < found.formula.rank[1] + 1]
    constants = [sorted(abs(constant.value) for constant in one.constants) for one in near]
    law = pytest.approx([0.3, 0.42, 1.7, 1 / 0.36, 3.1, 5.2], rel=0.05)
    assert any(one == law for one in constants)


@pytest.mark.long
def test_a_curve_that_a_factor_leaves_has_compositions_however_short_its_time(rng):
    X = rng.uniform([0.0, 1.0], [20.0, 3.0], (400, 2))
    y = 16.3 * np.exp(0.072 * X[:, 0] - 0.3 * np.cos(1.31 * X[:, 1]))
    found = discover(Dataset(X, y, ("t", "h")), DiscoveryOptions(max_seconds=45, deterministic=True))
    new = rng.uniform([0.0, 0.0], [30.0, 6.0], (50, 2))
    expected = 16.3 * np.exp(0.072 * new[:, 0] - 0.3 * np.cos(1.31 * new[:, 1]))
    np.testing.assert_allclose(found.formula.predict(new), expected, rtol=1e-6)
