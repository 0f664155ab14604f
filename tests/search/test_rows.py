"""Rows as formulas and as networks see them, and when a formula is as good as they are."""

import math
from dataclasses import replace

import numpy as np
import pytest
import sympy
import torch

from kansym import DiscoveryOptions
from kansym.data import make_dataset, split
from kansym.kan.jacobian import mean_loss
from kansym.kan.pruning import prune
from kansym.kan.training import TrainingOptions
from kansym.search.formulation import judge
from kansym.search.networks import Networks
from kansym.search.rows import FitRows, fitted_scaling, scaled_rows
from kansym.symbolic.parametric import parametrize

ERRORS = np.where(np.arange(200) % 2, 0.01, 3.0)


def noisy_table(**changes):
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (200, 2))
    y = np.sin(2 * X[:, 0]) + X[:, 1] ** 2 + ERRORS * rng.normal(size=200)
    return make_dataset(X, y, **changes)


def bench_of(table, fraction=0.2):
    train, validation = split(table, validation_fraction=fraction, seed=0)
    return FitRows.of(table, train, validation, 0.0)


def test_weights_have_the_mean_one_in_either_part():
    rows = scaled_rows(fit_rows := bench_of(noisy_table(y_error=ERRORS)), fitted_scaling(fit_rows, 1000), 1000)
    held_out = rows.validation[2]
    assert rows.weights is not None and held_out is not None
    assert float(rows.weights.mean()) == pytest.approx(1.0) and float(held_out.mean()) == pytest.approx(1.0)
    expected = fit_rows.weights[fit_rows.validation]
    np.testing.assert_allclose(held_out, expected / expected.mean())


def test_rows_alike_have_no_weights_and_large_tables_are_thinned():
    fit_rows = bench_of(noisy_table())
    rows = scaled_rows(fit_rows, fitted_scaling(fit_rows, 40), 40)
    assert rows.weights is None and rows.validation[2] is None
    assert (len(rows.x), len(rows.validation[0])) == (40, 10)


def test_a_held_out_part_without_weight_counts_row_by_row():
    weight = np.ones(200)
    fit_rows = bench_of(noisy_table())
    weight[fit_rows.validation] = 0.0
    fit_rows = bench_of(noisy_table(sample_weight=weight))
    rows = scaled_rows(fit_rows, fitted_scaling(fit_rows, 1000), 1000)
    assert bool(torch.isfinite(mean_loss_of_zero(rows)))


def mean_loss_of_zero(rows):
    _, target, weights = rows.judges
    return (target.square() * (1.0 if weights is None else weights[:, None])).mean()


def test_losses_of_networks_are_those_of_formulas():
    # A network is held against formulas all through the search.
    fit_rows = bench_of(noisy_table(y_error=ERRORS))
    networks = Networks(fit_rows, DiscoveryOptions(max_seconds=30, seed=0), "cpu", math.inf)
    network = networks.trained(next(iter(networks.grower(lambda _: None))))
    measured = network.measured(fit_rows)
    assert network.validation_loss == pytest.approx(measured.validation_loss, rel=1e-9)
    assert network.train_loss == pytest.approx(measured.train_loss, rel=1e-9)
    # Every row counting the same, it is another number by far.
    plain = np.mean((network.predict(fit_rows.dataset.X) - fit_rows.dataset.y)[fit_rows.validation] ** 2)
    assert plain > 100 * measured.validation_loss


@pytest.mark.parametrize("fraction", [0.2, 0.0])
def test_pruning_judges_by_the_same_loss(fraction):
    chosen = DiscoveryOptions(validation_fraction=fraction or 0.01, seed=0)
    networks = Networks(bench_of(noisy_table(y_error=ERRORS)), chosen, "cpu", math.inf)
    network = next(iter(networks.grower(lambda _: None))).network
    rows, options = networks.rows, TrainingOptions(steps=0)
    held_out = rows.validation if fraction else None
    result = prune(network, rows.x, rows.y, validation=held_out, threshold=0.9, weights=rows.weights, options=options)
    judges = rows.judges if fraction else (rows.x, rows.y[:, None], rows.weights)
    assert float(result.validation_loss[0]) == pytest.approx(float(mean_loss(network, *judges)[0]), rel=1e-9)


# -- as good as the data ----------------------------------------------------------------------------------------------


def level_of(error=None):
    x = np.linspace(1, 2, 30)[:, None]
    table = make_dataset(x, x[:, 0], names=["x"], y_error=None if error is None else np.full(30, error))
    rows = np.arange(30)
    return FitRows.of(table, rows[rows % 5 > 0], rows[rows % 5 == 0], 0.1)


@pytest.mark.parametrize(
    ("train", "held_out", "errors", "good"),
    [
        (1.0, 1.0, True, True),
        (1.7, 1.7, True, True),
        (2.1, 1.5, True, False),
        (2.1, 1.5, False, True),
        (0.3, 2.5, True, False),
        (0.3, 2.5, False, False),
    ],
)
def test_chi_squared_decides_where_errors_are_known(train, held_out, errors, good):
    fit_rows = level_of(0.1 if errors else None)
    formula = judge(parametrize(sympy.Float(1.0) * fit_rows.variables[0], fit_rows.variables), fit_rows, structure="")
    losses = {"train_loss": train * 0.01, "validation_loss": held_out * 0.01}
    assert fit_rows.at_noise(replace(formula, **losses)) == good
