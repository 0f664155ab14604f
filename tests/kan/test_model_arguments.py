"""Arguments, options and data that a `kansym.KAN` cannot use, and what it says of them."""

import numpy as np
import pandas as pd
import pytest
import torch

from kansym import KAN, ArgumentError, DataError


@pytest.fixture(scope="module")
def table():
    X = np.random.default_rng(0).uniform(-1, 1, (200, 2))
    return X, X[:, 0] * X[:, 1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"shape": [2]}, "shape must name inputs and outputs"),
        ({"grid": 0}, "grid must be at least 1, .*got 0"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"dtype": torch.int64}, "dtype must be torch.float32 or torch.float64"),
        ({"input_range": (1, -1)}, "input_range must be"),
        ({"input_range": [(0, 1)] * 3}, "input_range must be"),
        ({"names": ["a", "a"]}, "names must be 2 different names"),
        ({"names": "ab"}, "names must be 2 different names"),
    ],
)
def test_arguments_that_cannot_be_used(arguments, words):
    with pytest.raises(ArgumentError, match=words):
        KAN(**{"shape": [2, 1], **arguments})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda X, y: (X[:, :1], y), r"X must have shape \(n, 2\).* got \(200, 1\)"),
        (lambda X, y: (np.hstack([X, X]), y), r"X must have shape \(n, 2\).* got \(200, 4\)"),
        (lambda X, y: (X[0], y), r"a single row is X\[None\]"),
        (lambda X, y: (X, y[:5]), r"y must have shape \(200,\) or \(200, 1\).* got \(5,\)"),
        (lambda X, y: (X, np.column_stack([y, y])), r"y must have shape .* got \(200, 2\)"),
        (lambda X, y: (X, y[None]), r"y must have shape .* got \(1, 200\)"),
        (lambda X, y: (np.where(np.isclose(X, X[3]), np.nan, X), y), "'x0'"),
        (lambda X, y: (X, np.where(y == y[3], np.inf, y)), "'y'"),
        (lambda X, y: (X.astype(object) * 1j, y), "x0"),
        (lambda X, y: (X, None), "y is missing"),
        (lambda X, y: (X, np.ones(200)), "constant"),
    ],
)
def test_data_that_cannot_be_used(table, change, words):
    with pytest.raises((DataError, ArgumentError), match=words):
        KAN([2, 1]).fit(*change(*table))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"optimizer": "sgd"}, "optimizer must be one of lm, lbfgs, adam, lamb"),
        ({"optimizer": 3}, "optimizer must be one of"),
        ({"steps": -1}, "steps must not be negative"),
        ({"steps": 2.5}, "steps must be a whole number"),
        ({"lamb": -1.0}, "lamb must be"),
        ({"lamb": "a"}, "lamb must be a finite number of at least 0, got 'a'"),
        ({"callback": 3}, "callback must be a function of the step and the error, got 3"),
        ({"grids": 10}, "grids must be whole numbers that ascend"),
        ({"weights": np.ones(5)}, r"weights must have shape \(200,\), one for each row of X"),
        ({"loss": lambda p, t: (p - t).abs(), "optimizer": "adam"}, r"got a tensor of shape \(160, 1\)"),
        ({"loss": torch.nn.functional.l1_loss}, "loss cannot be your own with Levenberg-Marquardt"),
        ({"loss": "mse", "optimizer": "adam"}, "loss must be a function"),
        ({"loss": lambda p, t: 1.0, "optimizer": "adam"}, "loss must return one number"),
        ({"loss": lambda p, t: (p - t).abs().mean(), "optimizer": "adam", "weights": np.ones(200)}, "put them into"),
        ({"batch_size": 10}, "batch_size needs an optimizer that bears noise"),
        ({"batch_size": 0, "optimizer": "adam"}, "batch_size must be at least 1"),
        ({"validation": 1.5}, "validation must be a fraction"),
        ({"validation": (1, 2, 3)}, "validation must be a fraction or a pair"),
        ({"starts": 0}, "starts must be a whole number of at least 1"),
        ({"max_seconds": 0}, "max_seconds must be a positive number"),
        ({"metrics": {"step": print}}, "metrics must not be called 'step'"),
        ({"metrics": 3}, "metrics must be functions"),
    ],
)
def test_options_of_a_fit_that_cannot_be_used(table, arguments, words):
    net = KAN([2, 1])
    with pytest.raises(ArgumentError, match=words):
        net.fit(*table, **arguments)
    assert len(net.history) == 0 and net._is_fresh()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"shape": [2, 1.5, 1]}, r"shape\[1\] must be a number of nodes, or a pair \(sums, products\), got 1.5"),
        ({"shape": [2, (1, 2, 3), 1]}, r"shape\[1\] must be a number of nodes"),
        ({"shape": [[2], 1]}, r"shape\[0\] must be a number of nodes"),
        ({"shape": 3}, "shape must name inputs and outputs"),
        ({"grid": 2.5}, "grid must be at least 1"),
        ({"device": "gpu"}, "must be 'auto', 'cpu' or 'cuda', got 'gpu'"),
    ],
)
def test_networks_that_cannot_be(arguments, words):
    with pytest.raises(ArgumentError, match=words):
        KAN(**{"shape": [2, 1], **arguments})


def test_wrong_values_of_a_frame_are_named_by_their_column(table):
    X, y = table
    frame = pd.DataFrame(X, columns=["alpha", "beta"])
    frame.loc[4, "beta"] = np.nan
    with pytest.raises(DataError, match=r"column 'beta'.*row 4"):
        KAN([2, 1]).fit(frame, y)
    with pytest.raises(ArgumentError, match="name must be an input of alpha, beta, got 'gamma'"):
        KAN([2, 1], names=["alpha", "beta"]).fit(X, y, steps=0).remove_input("gamma")
