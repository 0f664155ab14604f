"""The network that predicts without a formula; some of it in the real process."""

import itertools
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from kansym.comparison.peers import peer_named
from kansym.comparison.process import PeerProcess
from kansym.comparison.request import Answer, Request
from kansym.comparison.workers import mlp
from kansym.data.scaling import Scaling


def request_for(folder: Path, X: np.ndarray, y: np.ndarray, **changes: Any) -> Request:
    fields = {
        "weights": None,
        "points": X,
        "units": (None,) * X.shape[1],
        "y_unit": None,
        "functions": ("x", "sin"),
        # Every start has converged long before.
        "seconds": 600.0,
        "seed": 0,
        "folder": folder,
    }
    return Request(X=X, y=y, **{**fields, **changes})


@pytest.fixture
def two_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlp, "STARTS", 2)


def trained(folder: Path, X: np.ndarray, y: np.ndarray, **changes: Any) -> Answer:
    return mlp.search(request_for(folder, X, y, **changes), lambda line: None)


def test_learns_a_smooth_law_in_odd_units(two_starts: None, tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    X = generator.uniform([1e9, 2e-6], [3e9, 5e-6], (150, 2))
    points = generator.uniform([1e9, 2e-6], [3e9, 5e-6], (40, 2))

    def law(Z: np.ndarray) -> np.ndarray:
        return 1e20 * (5 + Z[:, 0] * Z[:, 1] / 1e4)

    answer = trained(tmp_path, X, law(X), points=points)
    assert answer.predictions is not None and answer.predictions.shape == (40,) and not answer.formulas
    assert np.std(answer.predictions - law(points)) < 1e-2 * np.std(law(points))
    assert answer.parameters == mlp.parameters_of(2, mlp.width_for(2))
    assert answer.version == torch.__version__


@pytest.mark.long
def test_same_seed_same_predictions(two_starts: None, tmp_path: Path) -> None:
    # Noise, where early stopping ends every start long before the time does.
    generator = np.random.default_rng(1)
    X, y = generator.uniform(-1, 1, (20, 1)), generator.normal(size=20)
    first, again, other = (trained(tmp_path, X, y, seed=seed) for seed in (3, 3, 4))
    assert "2 of 2 starts converged" in first.remark
    assert first.predictions is not None and again.predictions is not None and other.predictions is not None
    assert np.array_equal(first.predictions, again.predictions)
    assert not np.allclose(first.predictions, other.predictions)


@pytest.mark.long
def test_weights_count(two_starts: None, tmp_path: Path) -> None:
    # Two values at every place: least squares lie at their weighted mean.
    x = np.linspace(-1, 1, 60)[:, None]
    X, y = np.vstack([x, x]), np.concatenate([np.zeros(60), np.ones(60)])
    weights = np.concatenate([np.full(60, 0.2), np.full(60, 1.8)])
    weighted = trained(tmp_path, X, y, weights=weights).predictions
    plain = trained(tmp_path, X, y).predictions
    assert weighted is not None and plain is not None
    assert np.mean(weighted) == pytest.approx(0.9, abs=0.05)
    assert np.mean(plain) == pytest.approx(0.5, abs=0.15)


def test_keeps_the_time_within_a_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.random.default_rng(2).uniform(-1, 1, (1000, 4))
    request = request_for(tmp_path, X, np.sin(X.sum(axis=1)), points=X[:5], seconds=30.0)
    # Every look at the clock takes a second.
    looks = itertools.count()
    monkeypatch.setattr(mlp, "time", SimpleNamespace(monotonic=lambda: float(next(looks)), perf_counter=float))
    answer = mlp.search(request, lambda line: None)
    assert next(looks) < 40
    assert answer.predictions is not None and np.isfinite(answer.predictions).all()
    assert "0 of 1 starts converged" in answer.remark


@pytest.mark.long
def test_few_rows_and_no_points(two_starts: None, tmp_path: Path) -> None:
    X = np.arange(4.0)[:, None]
    answer = trained(tmp_path, X, 2 * X[:, 0] + 1)
    assert answer.predictions is not None
    # Nothing is held back, so that four points are met.
    np.testing.assert_allclose(answer.predictions, 2 * X[:, 0] + 1, atol=1e-3)
    with PeerProcess(peer_named("mlp")) as process:
        nowhere = process.ask(request_for(tmp_path, X, 2 * X[:, 0] + 1, points=np.zeros((0, 1)), seconds=0.1))
    assert nowhere.predictions is not None and nowhere.predictions.shape == (0,)


@pytest.mark.parametrize(("rows", "held"), [(50, 10), (9, 0), (10, 2)])
def test_a_fifth_of_the_rows_is_held_back(tmp_path: Path, rows: int, held: int) -> None:
    X = np.linspace(0, 1, rows)[:, None]
    request = request_for(tmp_path, X, X[:, 0])
    data = mlp._Data.of(request, Scaling.fit(X, X[:, 0]), torch.Generator().manual_seed(1))
    assert len(data.training) == rows - held
    # Without rows to spare, those that are fitted say when to stop.
    assert len(data.validation) == (held or rows)
    assert len({*data.training.tolist(), *data.validation.tolist()}) == rows


@pytest.mark.parametrize("columns", [1, 2, 3, 9, 40])
def test_width_gives_the_nearest_count(columns: int) -> None:
    width, target = mlp.width_for(columns), mlp.spline_parameters(columns)
    assert target == 65 * (columns + 1)
    off = abs(mlp.parameters_of(columns, width) - target)
    for other in (width - 1, width + 1):
        assert other < 1 or abs(mlp.parameters_of(columns, other) - target) >= off


def test_count_is_that_of_torch() -> None:
    net = torch.nn.Sequential(torch.nn.Linear(3, 7), torch.nn.Tanh(), torch.nn.Linear(7, 7), torch.nn.Linear(7, 1))
    assert mlp.parameters_of(3, 7) == sum(tensor.numel() for tensor in net.parameters())


def test_forward_is_that_of_torch() -> None:
    net = torch.nn.Sequential(
        torch.nn.Linear(3, 5), torch.nn.Tanh(), torch.nn.Linear(5, 5), torch.nn.Tanh(), torch.nn.Linear(5, 1)
    ).double()
    state = []
    for layer in net:
        if isinstance(layer, torch.nn.Linear):
            state += [layer.weight.T, layer.bias]
    x = torch.linspace(-1, 1, 12, dtype=torch.float64).reshape(4, 3)
    torch.testing.assert_close(mlp.forward(state, x), net(x)[:, 0])


def test_initial_weights_are_glorots() -> None:
    state = mlp._initial(4, 50, torch.Generator().manual_seed(0))
    bounds = [math.sqrt(6 / count) for count in (54, 100, 51)]
    for weight, bound in zip(state[::2], bounds, strict=True):
        assert weight.abs().max() <= bound and weight.abs().max() > 0.9 * bound
    assert all(float(bias.detach().abs().max()) == 0.0 for bias in state[1::2])
