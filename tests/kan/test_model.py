"""`kansym.KAN` as a torch module and as something that is fitted to a table."""

import copy
import logging
import pickle

import numpy as np
import pandas as pd
import pytest
import sympy
import torch

from kansym import (
    KAN,
    ArgumentError,
    DataError,
    kan_from_expression,
    load_dataset,
    make_dataset,
    primitive_from_expression,
)
from kansym.errors import StorageError
from kansym.interrupting import Abandoned
from kansym.primitives import default_library

DOUBLE = torch.float64


def law(X):
    return 30 + 4 * np.sin(2 * X[:, 0] / 50) + (X[:, 1] / 0.1) ** 2


@pytest.fixture(scope="module")
def table():
    """200 rows in units far from [-1, 1]."""
    X = np.random.default_rng(0).uniform([-50, 0], [50, 0.1], (200, 2))
    return X, law(X)


@pytest.fixture(scope="module")
def fitted(table):
    return KAN([2, 1], grid=6, seed=1).fit(*table, starts=1, steps=20)


# -- torch -------------------------------------------------------------------------------------------------------------


def test_outputs_have_the_shape_of_a_module():
    net = KAN([3, 2, 2])
    assert isinstance(net, torch.nn.Module)
    assert net(torch.zeros(5, 3)).shape == (5, 2) and net(torch.zeros(4, 5, 3)).shape == (4, 5, 2)
    assert net(torch.zeros(3)).shape == (2,) and net(torch.zeros(0, 3)).shape == (0, 2)
    assert net(torch.zeros(5, 3, dtype=torch.float32)).dtype == DOUBLE


@pytest.mark.parametrize("shape", [[2, 3, 1], [2, (1, 2), 2]])
def test_gradients_are_those_of_finite_differences(shape):
    net = KAN(shape, seed=3)
    x = 1.6 * torch.rand(6, 2, dtype=DOUBLE, generator=torch.Generator().manual_seed(0)) - 0.8
    assert torch.autograd.gradcheck(net, (x.clone().requires_grad_(),))
    assert torch.autograd.gradgradcheck(lambda z: net(z).sum(), (x.clone().requires_grad_(),), atol=1e-4)
    names, values = zip(*net.named_parameters(), strict=True)

    def outputs(*values):
        return torch.func.functional_call(net, dict(zip(names, values, strict=True)), (x,))

    assert torch.autograd.gradcheck(outputs, values)


def test_every_parameter_is_one_that_trains(fitted):
    net = fitted.copy()
    net.edges["x0 -> y"].fix("sin")
    net(torch.rand(20, 2, dtype=DOUBLE)).square().sum().backward()
    affine = net.layers[0].affine
    assert isinstance(affine, torch.nn.Parameter) and affine.grad is not None
    # sin(a x + b) c + d: p is no constant of a sine, and the other edge is a spline.
    assert (affine.grad[0, 0, 0, :4] != 0).all() and affine.grad[0, 0, 0, 4] == 0 and not affine.grad[0, 1].any()
    assert not net.layers[0].coefficients.grad[0, 0].any() and net.layers[0].coefficients.grad[0, 1].any()


def test_a_loop_of_ones_own_solves_a_differential_equation():
    net = KAN([1, 1], grid=8, input_range=(0, 2))
    x = torch.linspace(0, 2, 25, dtype=DOUBLE)[:, None].requires_grad_()
    optimizer = torch.optim.LBFGS(net.parameters(), max_iter=25, line_search_fn="strong_wolfe", tolerance_change=1e-14)

    def closure():
        optimizer.zero_grad()
        y = net(x)
        (slope,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        loss = (slope + y).square().mean() + (net(torch.zeros(1, 1)) - 1).square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    assert np.allclose(net.predict(x), np.exp(-x.detach().numpy()[:, 0]), atol=2e-3)


def test_optimizers_keep_their_parameters_while_the_shape_stays(fitted):
    net = fitted.copy()
    before = list(net.parameters())
    net.fit(net.table.X, net.table.Y[:, 0], steps=1)
    assert all(a is b for a, b in zip(before, net.parameters(), strict=True))
    net.refine(12)
    assert net.layers[0].coefficients.shape[-1] == 15


def test_a_penalty_can_be_differentiated():
    net = KAN([2, 2, 1])
    net.penalty(torch.rand(30, 2), 1e-2, smoothness=1e-6).backward()
    assert all(bool(one.grad.abs().sum() > 0) for one in net.parameters())


def test_a_state_comes_back(fitted, tmp_path):
    net = fitted.copy()
    net.edges["x0 -> y"].fix("sin")
    torch.save(net.state_dict(), tmp_path / "state.pt")
    again = KAN([2, 1], grid=6)
    again.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    X = net.table.X[:7]
    assert np.array_equal(again.predict(X), net.predict(X)) and again.names == net.names
    assert [name for name, _ in again.named_parameters()] == [name for name, _ in net.named_parameters()]
    with pytest.raises(RuntimeError, match="size mismatch"):
        KAN([2, 1], grid=5).load_state_dict(net.state_dict())


def test_precision_and_device_move_everything(fitted):
    net = fitted.copy().float()
    assert net.dtype == torch.float32 and net(torch.zeros(1, 2)).dtype == torch.float32
    X = net.table.X
    assert np.allclose(net.predict(X), fitted.predict(X), rtol=1e-4)
    net.fit(X, law(X), steps=2)
    net.edges["x0 -> y"].fix("sin")
    assert net.dtype == torch.float32 and net.double().dtype == DOUBLE
    moved = fitted.copy().to("meta")
    assert {one.device.type for one in moved.state_dict().values() if isinstance(one, torch.Tensor)} == {"meta"}
    assert KAN([1, 1], dtype=torch.float32).layers[0].coefficients.dtype == torch.float32


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_network_on_a_card_is_trained_there(table):
    net = KAN([2, 1], grid=6, device="cuda").fit(*table, steps=10)
    assert net.device.type == "cuda" and net.error.held_out < 0.5
    assert net.symbolify().loss < 1e-6


@pytest.mark.parametrize("again", [copy.deepcopy, lambda net: net.copy()])
def test_copies_are_apart(fitted, again):
    other = again(fitted)
    assert other.edges is not fitted.edges and other.error.train == fitted.error.train
    with torch.no_grad():
        other.layers[0].coefficients.add_(1.0)
    assert not np.allclose(other.predict(other.table.X), fitted.predict(fitted.table.X))


def test_a_network_can_be_pickled_by_its_user(fitted):
    again = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(again.predict(again.table.X), fitted.predict(fitted.table.X))


# -- fit ---------------------------------------------------------------------------------------------------------------


def test_fit_works_in_the_units_of_the_user(fitted, table):
    X, y = table
    unseen = np.random.default_rng(1).uniform([-50, 0], [50, 0.1], (100, 2))
    assert np.abs(fitted.predict(unseen) - law(unseen)).max() < 0.02 * y.std()
    assert fitted.predict(X).shape == (200,)
    assert np.allclose(fitted(torch.from_numpy(X)).detach()[:, 0], fitted.predict(X))
    held_out = fitted.table.validation
    residual = fitted.predict(fitted.table.X[held_out]) - fitted.table.Y[held_out, 0]
    assert fitted.error.held_out == pytest.approx(np.sqrt(np.mean(residual**2)))


def test_history_is_a_table_in_units_of_y(table):
    X, y = table
    net = KAN([2, 1], grid=6).fit(X, y, starts=1, steps=4, metrics={"worst": lambda p, t: (p - t).abs().max()})
    net.fit(X, y, steps=2)
    assert list(net.history) == ["fit", "step", "training", "validation", "worst"]
    assert net.history["fit"].tolist() == [1] * 5 + [2] * 3 and net.history["step"].tolist() == [0, 1, 2, 3, 4, 0, 1, 2]
    last = net.history[net.history["fit"] == 1].iloc[-1]
    assert net.error.held_out * (1 - 1e-9) <= last["validation"] <= last["worst"]
    assert net.history.loc[:4, "validation"].is_monotonic_decreasing
    assert net.history["validation"].iloc[-1] == pytest.approx(net.error.held_out)


def test_frames_series_and_tensors_bring_their_names(table):
    X, y = table
    frame = pd.DataFrame(X, columns=["t", "s"])
    net = KAN([2, 1]).fit(frame, pd.Series(y, name="f"), starts=1, steps=3)
    assert net.names == ("t", "s") and net.targets == ("f",)
    # Columns are found by name.
    assert np.array_equal(net.predict(frame[["s", "t"]].assign(more=0)), net.predict(X))
    with pytest.raises(DataError, match="lacks the column 't'"):
        net.predict(frame.rename(columns={"t": "u"}))
    tensors = KAN([2, 1]).fit(torch.from_numpy(X), torch.from_numpy(y)[:, None], starts=1, steps=3)
    assert np.array_equal(tensors.predict(torch.from_numpy(X)), net.predict(X))


def test_a_dataset_and_the_mapping_of_pykan_are_taken():
    kepler = load_dataset("kepler")
    net = KAN([kepler.n_columns, 1]).fit(kepler, steps=2)
    assert net.targets == (kepler.target,) and len(net.table.validation) == 0
    x = np.linspace(-1, 1, 40)[:, None]
    parts = {"train_input": x[::2], "train_label": x[::2] ** 2, "test_input": x[1::2], "test_label": x[1::2] ** 2}
    pykan = KAN([1, 1]).fit({name: torch.from_numpy(one) for name, one in parts.items()}, steps=5)
    assert sorted(pykan.table.X[pykan.table.validation, 0]) == sorted(x[1::2, 0])


def test_weights_and_errors_decide(table):
    X, _ = table
    half = X[:, 0] > 0
    y = np.where(half, 1.0, -1.0) + 0.001 * X[:, 0]
    flat = KAN([2, 1], grid=1)
    for given in ({"weights": np.where(half, 1.0, 1e-8)}, {"y_error": np.where(half, 0.01, 100.0)}):
        net = flat.copy().fit(X, y, steps=10, validation=0, **given)
        assert np.abs(net.predict(X[half]) - y[half]).max() < 1e-3


def test_rows_for_validation_may_be_given(table):
    X, y = table
    net = KAN([2, 1]).fit(X[:150], y[:150], validation=(X[150:], y[150:]), starts=1, steps=2)
    assert set(net.table.Y[net.table.validation, 0]) == set(y[150:])
    assert len(KAN([2, 1]).fit(X, y, validation=0, starts=1, steps=2).table.validation) == 0


@pytest.mark.long
def test_several_outputs_at_once(table):
    X, y = table
    Y = np.column_stack([y, 1e6 * X[:, 1] ** 2])
    net = KAN([2, 2], grid=6).fit(X, Y, starts=1, steps=15)
    assert net.predict(X).shape == (200, 2) and net.targets == ("y0", "y1")
    assert (np.abs(net.predict(X) - Y).max(0) < 0.03 * Y.std(0)).all()
    assert int(net.prune(0.01)) == 1 and net.tree().count("spline") == 3
    scores = net.attribute().set_index("name")["score"]
    assert scores["x0 -> y1"] == 0 and scores["x0 -> y0"] > 0.1
    first, second = net.symbolify()
    assert str(second) == "y1 = 1000000*x1**2" and "sin" in str(first)
    assert {edge.name for edge in net.edges if edge.mode == "spline"} == {"x0 -> y0", "x1 -> y0", "x1 -> y1"}
    assert net.figure() is not None


def test_starts_are_compared_and_the_seed_decides(table):
    X, y = table
    one, two = (KAN([2, 1, 1], grid=3, seed=5).fit(X, y, starts=8, steps=10) for _ in range(2))
    assert np.array_equal(one.predict(X), two.predict(X)) and one.history.equals(two.history)
    alone = KAN([2, 1, 1], grid=3, seed=5).fit(X, y, starts=1, steps=10)
    assert one.error.held_out <= alone.error.held_out
    assert not np.array_equal(
        KAN([2, 1, 1], grid=3, seed=6)(torch.zeros(1, 2)).detach(),
        KAN([2, 1, 1], grid=3, seed=5)(torch.zeros(1, 2)).detach(),
    )


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam", "AdaM", lambda leaves: torch.optim.RMSprop(leaves, lr=0.1)])
def test_other_optimizers_train(table, optimizer):
    X, y = table
    net = KAN([2, 1]).fit(
        X, y, optimizer=optimizer, steps=4 if optimizer == "lbfgs" else 20, learning_rate=0.1, starts=1
    )
    assert net.history["validation"].iloc[-1] < 0.5 * net.history["validation"].iloc[0]


def test_batches_are_drawn_and_judged_once_per_pass(table):
    X, y = table
    net = KAN([2, 1]).fit(X, y, optimizer="adam", batch_size=40, steps=40, learning_rate=0.1, starts=1)
    assert net.history["step"].tolist() == list(range(0, 41, 4))
    assert net.history["validation"].iloc[-1] < 0.5 * net.history["validation"].iloc[0]


def test_a_loss_of_ones_own_is_in_the_units_of_the_user():
    # The median is what the mean absolute residual is least at, the mean what squares want.
    x = np.zeros((30, 1)) + np.linspace(-1, 1, 30)[:, None]
    y = np.where(np.arange(30) % 3 == 0, 1000.0, 10.0)
    seen = []

    def absolute(prediction, target):
        seen.append(float(target.max()))
        return (prediction - target).abs().mean()

    net = KAN([1, 1], grid=1)
    net.fit(x, y, loss=absolute, optimizer="adam", learning_rate=0.05, steps=400, validation=0, starts=1)
    assert np.abs(net.predict(x) - 10).max() < 40 and set(seen) == {1000.0}
    assert net.history["training"].iloc[-1] == pytest.approx(np.abs(net.predict(x) - y).mean())


def test_ctrl_c_keeps_the_best_so_far(table):
    def pressed(step, error):
        if step == 3:
            raise KeyboardInterrupt

    net = KAN([2, 1]).fit(*table, starts=1, steps=50, callback=pressed)
    assert net.history["step"].iloc[-1] == 3 and net.error.held_out == pytest.approx(net.history["validation"].iloc[-1])


def test_a_second_ctrl_c_ends_everything(table):
    def pressed(step, error):
        raise Abandoned

    net = KAN([2, 1])
    with pytest.raises(KeyboardInterrupt):
        net.fit(*table, starts=1, callback=pressed)
    assert net._is_fresh() and len(net.history) == 0


def test_a_callback_can_end_a_fit(table):
    net = KAN([2, 1]).fit(*table, starts=8, steps=50, callback=lambda step, error: step == 2)
    assert net.history["step"].iloc[-1] == 2


def test_time_ends_a_fit(table, monkeypatch):
    net = KAN([2, 1])
    monkeypatch.setattr("kansym.clock.late", lambda deadline: deadline is not None)
    assert len(net.fit(*table, starts=1, max_seconds=5).history) == 1


def test_weights_that_are_no_numbers_are_undone(table):
    def wild(leaves):
        return torch.optim.SGD(leaves, lr=1e200)

    net = KAN([2, 1]).fit(*table, optimizer=wild, steps=5, starts=1)
    assert np.isfinite(net.predict(table[0])).all()


def test_a_second_fit_goes_on(fitted, table):
    net = fitted.copy()
    before = net.error.held_out
    net.fit(*table, steps=3)
    assert net.error.held_out <= before * (1 + 1e-12)
    shown = KAN([2, 1]).fit(*table, steps=0)
    assert len(shown.table.X) == 200 and len(shown.history) == 1


def test_a_trained_network_keeps_its_units():
    net = KAN([1, 1], input_range=(0, 4))
    with torch.no_grad():
        net.layers[0].coefficients.zero_().add_(2.0)
    x = np.linspace(0, 4, 30)[:, None]
    assert np.allclose(net.copy().fit(x, x[:, 0], steps=0).predict(x), 2.0)


def test_rows_beyond_the_grid_are_remarked_upon(fitted, caplog):
    inside, outside = np.array([[10.0, 0.05]]), np.array([[500.0, 0.05], [0.0, 0.05]])
    with caplog.at_level(logging.WARNING):
        fitted.predict(inside)
        assert not caplog.records
        fitted.predict(outside)
    assert "1 of 2 rows lie beyond the grid of x0" in caplog.text
    assert fitted.beyond(outside).tolist() == [[True, False], [False, False]]
    # A straight line, not a cubic.
    values = fitted.predict([[500.0, 0.05], [1000.0, 0.05], [1500.0, 0.05]])
    assert values[2] - values[1] == pytest.approx(values[1] - values[0])


def test_more_coefficients_than_rows_are_remarked_on(table, caplog):
    X, y = table
    KAN([2, 2, 1]).fit(X[:10], y[:10], steps=1)
    assert "the splines have 48 coefficients for 10 rows" in caplog.text
    caplog.clear()
    KAN([2, 2, 1]).fit(X[:100], y[:100], steps=1)
    assert not caplog.text


def test_the_last_line_of_the_history_is_the_end(table):
    X, y = table
    net = KAN([2, 2, 1]).fit(X, y, optimizer="lbfgs", steps=3, starts=2)
    last = net.history.iloc[-1]
    assert (last["step"], last["training"]) == (3, pytest.approx(net.error.train, rel=1e-9))


def test_a_network_without_data_says_so():
    net = KAN([2, 1])
    assert "not fitted" in repr(net)
    for step in (lambda: net.edges, net.prune, net.symbolify, lambda: net.error):
        with pytest.raises(ArgumentError, match="has seen no data yet"):
            step()
    with pytest.raises(ArgumentError, match="must be a tensor"):
        net(np.zeros((1, 2)))
    with pytest.raises(ArgumentError, match="one column for each input"):
        net(torch.zeros(1, 3))


# -- files -------------------------------------------------------------------------------------------------------------


def test_saved_and_loaded(fitted, tmp_path):
    net = fitted.copy()
    net.edges["x0 -> y"].fix("sin")
    again = KAN.load(net.save(tmp_path / "net.safetensors"))
    X = net.table.X
    assert np.array_equal(again.predict(X), net.predict(X)) and again.names == net.names and again.seed == net.seed
    assert "1 primitives" in repr(again) and "not fitted" not in repr(again)
    # It goes on where it was.
    again.fit(X, law(X), steps=0)
    assert again.error.train == pytest.approx(net.error.train)


def test_a_primitive_of_ones_own_is_looked_up(fitted, tmp_path):
    z = sympy.Symbol("z")
    own = primitive_from_expression("wave", sympy.sin(z) + sympy.sin(3 * z) / 9)
    net = fitted.copy()
    net.edges["x0 -> y"].fix(own)
    path = net.save(tmp_path / "net.safetensors")
    with pytest.raises(StorageError, match="wave"):
        KAN.load(path)
    again = KAN.load(path, library=default_library().with_primitive(own))
    assert np.array_equal(again.predict(net.table.X), net.predict(net.table.X))


def test_a_network_from_elsewhere_is_read():
    X = np.random.default_rng(0).uniform(0.5, 2, (100, 2))
    y = 2.5 * X[:, 0] * np.exp(-X[:, 1])
    network = kan_from_expression("2.5*x*exp(-y)", ["x", "y"], X=X)
    net = KAN.of(network, names=["x", "y"], targets=["z"])
    np.testing.assert_allclose(net.predict(X), y, rtol=1e-12)
    net.fit(X, y, steps=0)
    np.testing.assert_allclose(net.predict(X), y, rtol=1e-12)
    assert str(net.formula()) == "z = 5*x*exp(-y)/2"
    # Its curves may be trained as well.
    net.edges["y -> z"].unfix()
    assert net.fit(X, y, steps=5).error.held_out < 1e-3
    for wrong in (network.select([0, 0]), "2.5*x*exp(-y)"):
        with pytest.raises(ArgumentError, match="population 1"):
            KAN.of(wrong)  # pyright: ignore[reportArgumentType]


def test_other_files_are_refused(tmp_path):
    from kansym.kan import save_network

    path = save_network(KAN([1, 1]).network, tmp_path / "plain.safetensors")
    with pytest.raises(StorageError, match=r"not one that KAN\.save wrote"):
        KAN.load(path)
    with pytest.raises(StorageError, match="there is no file"):
        KAN.load(tmp_path / "none.safetensors")


def test_names_are_those_that_were_given(table):
    net = KAN([2, 1], names=["a", "b"], targets=["c"]).fit(*table, starts=1, steps=1)
    assert net.names == ("a", "b") and net.edges[0].name == "a -> c"
    assert make_dataset(*table).names == ("x0", "x1")
