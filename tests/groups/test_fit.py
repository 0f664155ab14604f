"""The joint fit: against scipy on the whole of the constants, and on every group alone."""

import numpy as np
import pytest
import scipy.optimize
import sympy

from kansym.data.dataset import make_dataset
from kansym.groups.fit import GroupedRows, descend, joint_fit
from kansym.groups.table import grouped_table
from kansym.symbolic.parametric import ParametricForm

T, A, TAU, B = sympy.symbols("t A tau B", real=True)
FORM = ParametricForm(A * sympy.exp(-T / TAU) + B, (T,), (A, TAU, B), np.array([3.0, 1.5, 0.0]))


@pytest.fixture
def table(decays):
    t, y, names = decays
    return grouped_table(make_dataset(t[:, None], y, names=["t"], target="N"), names, "sample")


def model(t, codes, size, lifetime, background):
    return size[codes] * np.exp(-t / lifetime[codes]) + background[codes]


@pytest.mark.parametrize("shared", [(0, 0, 1), (0, 1, 0), (1, 1, 1), (0, 1, 1)])
def test_agrees_with_scipy_on_all_constants_at_once(table, shared):
    rows, mask, groups = GroupedRows.of(table), np.array(shared, dtype=bool), table.n_groups
    fit = joint_fit(FORM, rows, mask, np.tile(FORM.values, (groups, 1)))
    assert fit is not None
    sizes = [1 if one else groups for one in shared]

    def spread(flat):
        parts = np.split(flat, np.cumsum(sizes)[:-1])
        return [np.broadcast_to(part, groups) for part in parts]

    t, y = table.dataset.X[:, 0], table.dataset.y
    start = np.concatenate([fit.values[:1, j] if one else fit.values[:, j] for j, one in enumerate(shared)])
    oracle = scipy.optimize.least_squares(
        lambda flat: model(t, table.codes, *spread(flat)) - y, start * 1.02, xtol=1e-15, ftol=1e-15, gtol=1e-15
    )
    assert np.sum(fit.residuals**2) == pytest.approx(2 * oracle.cost, rel=1e-7)
    covariance = np.linalg.inv(oracle.jac.T @ oracle.jac)
    expected = [np.broadcast_to(np.sqrt(part), groups) for part in np.split(np.diag(covariance), np.cumsum(sizes)[:-1])]
    found = np.sqrt(np.diagonal(fit.covariance, axis1=1, axis2=2))
    np.testing.assert_allclose(found, np.column_stack(expected), rtol=1e-4)
    hat = oracle.jac @ covariance @ oracle.jac.T
    np.testing.assert_allclose(fit.leverage, np.diag(hat), rtol=1e-4, atol=1e-8)


def test_without_shared_constants_groups_are_fits_of_their_own(table):
    rows, none = GroupedRows.of(table), np.zeros(3, dtype=bool)
    values, losses = descend(FORM, rows, none, np.tile(FORM.values, (table.n_groups, 1)))
    for g in range(table.n_groups):
        part = table.of(g)
        best, _ = scipy.optimize.curve_fit(
            lambda t, a, tau, b: a * np.exp(-t / tau) + b, part.X[:, 0], part.y, p0=values[g] * 1.01, xtol=1e-14
        )
        np.testing.assert_allclose(values[g], best, rtol=1e-5)
        assert losses[g] == pytest.approx(np.sum((FORM.with_values(best).evaluate(part.X) - part.y) ** 2), rel=1e-8)


def test_five_hundred_groups_are_fitted_jointly():
    rng = np.random.default_rng(1)
    codes = np.repeat(np.arange(500), 6)
    size, t = rng.uniform(1, 5, 500), rng.uniform(0, 4, 3000)
    y = size[codes] * np.exp(-t / 1.7) + 1e-3 * rng.standard_normal(3000)
    table = grouped_table(make_dataset(t[:, None], y, names=["t"]), codes)
    form = ParametricForm(A * sympy.exp(-T / TAU), (T,), (A, TAU), np.array([2.0, 1.0]))
    fit = joint_fit(form, GroupedRows.of(table), np.array([False, True]), np.tile(form.values, (500, 1)))
    assert fit is not None
    assert fit.values[0, 1] == pytest.approx(1.7, abs=2e-3)
    np.testing.assert_allclose(fit.values[:, 0], size, atol=0.02)
    assert fit.fitted == 501
