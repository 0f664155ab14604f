import copy
import sys

import pytest
import torch
from numpy.testing import assert_allclose

from kansym.clock import Work
from kansym.errors import ArgumentError, MissingDependencyError, TrainingError
from kansym.kan import jacobian
from kansym.kan.jacobian import mean_loss
from kansym.kan.levenberg_marquardt import STATE, packed, unpacked
from kansym.kan.network import Network
from kansym.kan.optimizers import OPTIMIZERS, first_order
from kansym.kan.spline import basis, fit_coefficients
from kansym.kan.training import TrainingOptions, train
from kansym.primitives.library import default_library


def rmsprop(leaves):
    return torch.optim.RMSprop(leaves, lr=1e-2)


# Each optimizer with the steps it needs on a small problem.
CONTRACT = {
    "levenberg-marquardt": TrainingOptions(steps=15),
    "lbfgs": TrainingOptions(optimizer="lbfgs", steps=8),
    "adam": TrainingOptions(optimizer="adam", steps=120, learning_rate=0.03),
    "lamb": TrainingOptions(optimizer="lamb", steps=120, learning_rate=0.03),
    "function": TrainingOptions(optimizer=rmsprop, steps=120),
}
each_optimizer = pytest.mark.parametrize("options", CONTRACT.values(), ids=CONTRACT.keys())
# Where every step is dear: LAMB takes Adam's way, with other lengths of its steps.
FEW = {name: options for name, options in CONTRACT.items() if name != "lamb"}


def each_way(*long):
    """All of these; the named ones, and a user's own optimizer, which takes Adam's way too, in the long tests."""
    return pytest.mark.parametrize(
        "options",
        [
            pytest.param(options, id=name, marks=[pytest.mark.long] * (name in (*long, "function")))
            for name, options in FEW.items()
        ],
    )


def with_steps(options, steps, **changes):
    return TrainingOptions(**{**vars(options), "steps": steps, **changes})


@pytest.fixture
def problem(rows):
    """Rows of a smooth function of two variables, of unit variance."""

    def make(n=120, seed=0):
        x = rows(n, 2, seed=seed)
        y = torch.exp(torch.sin(2 * x[:, 0]) + x[:, 1] ** 2)
        return x, (y - 1.4) / 0.9

    return make


def tensors(network):
    return [value for layer in network.layers for value in vars(layer).values() if isinstance(value, torch.Tensor)]


def test_the_contract_covers_every_name():
    assert set(OPTIMIZERS) < set(CONTRACT)


class TestContract:
    @each_optimizer
    def test_reduces_the_loss_of_every_network(self, options, plain_network, problem):
        network, (x, y) = plain_network((2, 1, 1), population=2), problem()
        start = mean_loss(network, x, y[:, None])
        result = train(network, x, y, options)
        assert (result.train_loss < 0.3 * start).all()
        assert_allclose(result.train_loss, mean_loss(result.network, x, y[:, None]), rtol=1e-9)
        assert torch.equal(result.train_loss, result.validation_loss)
        assert 0 < result.steps <= options.steps and not result.stopped

    @each_way("lbfgs")
    def test_trains_networks_of_every_kind_of_edge(self, options, mixed_network, problem):
        network, (x, y) = mixed_network((2, (1, 1), 1), population=2), problem(60)
        start = mean_loss(network, x, y[:, None])
        result = train(network, x, y, with_steps(options, min(options.steps, 40), lamb=1e-3))
        assert (result.train_loss < start).all()
        assert all(torch.isfinite(tensor).all() for tensor in tensors(result.network))

    @each_optimizer
    def test_is_deterministic(self, options, plain_network, problem):
        network, (x, y) = plain_network((2, 1, 1)), problem()
        first, second = (train(network, x, y, with_steps(options, 4)) for _ in range(2))
        for one, other in zip(tensors(first.network), tensors(second.network), strict=True):
            assert torch.equal(one, other)

    @each_optimizer
    def test_leaves_its_arguments_alone(self, options, mixed_network, problem):
        network, (x, y) = mixed_network((2, 1, 1)), problem()
        weights = torch.linspace(1, 2, 120, dtype=torch.float64)
        before = copy.deepcopy((network, x, y, weights))
        train(network, x, y, with_steps(options, 4), weights=weights, validation=(x, y))
        after = (network, x, y, weights)
        for one, other in zip([*tensors(before[0]), *before[1:]], [*tensors(after[0]), *after[1:]], strict=True):
            assert torch.equal(one, other) and not other.requires_grad

    @each_optimizer
    def test_a_network_does_not_depend_on_its_neighbours(self, options, mixed_network, problem):
        network, (x, y) = mixed_network((2, 1, 1), population=3), problem()
        # Products of matrices differ in their last digits with the number of networks. Ten iterations of L-BFGS make
        # 1e-11 of that, and twenty 1e-3.
        options = with_steps(options, 1 if options.optimizer == "lbfgs" else 6)
        together = train(network, x, y, options)
        for p in range(3):
            alone = train(network.select([p]), x, y, options)
            assert_allclose(alone.train_loss[0], together.train_loss[p], rtol=1e-6)
            ours = together.network.select([p])
            assert_allclose(alone.network(x), ours(x), rtol=1e-5, atol=1e-6)

    @each_optimizer
    def test_a_network_without_a_finite_start_stops_nobody(self, options, plain_network, problem):
        network, (x, y) = plain_network((2, 1, 1), population=3), problem()
        network.set_symbolic(0, 0, 0, default_library()["log"], network=1)  # of negative numbers
        start = mean_loss(network, x, y[:, None])
        result = train(network, x, y, options)
        assert torch.isinf(result.validation_loss[1]) and result.ranked()[-1] == 1 and result.best != 1
        assert (result.train_loss[[0, 2]] < 0.5 * start[[0, 2]]).all()
        assert all(torch.isfinite(tensor).all() for tensor in tensors(result.network))

    @each_way("adam")
    def test_keeps_the_weights_of_the_best_validation_loss(self, options, plain_network, problem):
        generator = torch.Generator().manual_seed(0)
        (x, y), validation = problem(30, seed=3), problem(200, seed=4)
        y = y + 0.5 * torch.randn(30, dtype=torch.float64, generator=generator)
        network = plain_network((2, 2, 1), grid=12)
        validation = (validation[0], validation[1][:, None])
        seen = []
        result = train(network, x, y, options, validation=validation, callback=lambda step, best: seen.append(best))
        unchecked = train(network, x, y, options)
        assert_allclose(result.validation_loss, mean_loss(result.network, *validation), rtol=1e-9)
        assert_allclose(result.train_loss, mean_loss(result.network, x, y[:, None]), rtol=1e-9)
        # Thirty noisy rows and fine grids overfit: the last weights are not the best.
        assert (result.validation_loss < 0.98 * mean_loss(unchecked.network, *validation)).any()
        assert (result.validation_loss <= mean_loss(unchecked.network, *validation) * (1 + 1e-6)).all()
        best = [loss for _, loss in result.history]
        assert best == sorted(best, reverse=True) and min(seen) == best[-1] == float(result.validation_loss.min())

    @each_way("lbfgs")
    def test_stops_at_the_deadline(self, options, plain_network, problem, work_clock):
        network, (x, y) = plain_network((2, 2, 1), population=3, grid=10), problem(6000)
        y = y + 0.1 * torch.sin(1e4 * x[:, 0])
        budget, looks = 0.3, []
        options = with_steps(options, 10**6, tolerance=0.0)
        callback = lambda step, best: looks.append(work_clock.now())  # noqa: E731
        result = train(network, x, y, options, deadline=budget, callback=callback)
        # It looks at the clock after every step, and the first that is too late is the last.
        assert len(looks) > 4 and all(now <= budget for now in looks[:-1])
        assert result.stopped and work_clock.now() < 1.3 * budget
        assert (result.train_loss < mean_loss(network, x, y[:, None])).all()

    @each_optimizer
    def test_does_not_depend_on_chunks_of_rows(self, options, monkeypatch, plain_network, problem):
        network, (x, y) = plain_network((2, 1, 1)), problem(90)
        whole = train(network, x, y, with_steps(options, 3))
        monkeypatch.setattr(jacobian, "CHUNK_BYTES", 1)
        parts = train(network, x, y, with_steps(options, 3))
        assert_allclose(parts.train_loss, whole.train_loss, rtol=1e-6)

    @each_optimizer
    def test_row_weights_say_which_rows_count(self, options, plain_network, problem):
        network, (x, y) = plain_network((2, 1)), problem()
        y = torch.where(x[:, 0] > 0, 1.0, -1.0).double()
        weights = torch.where(x[:, 0] > 0, 1.0, 0.0).double()
        result = train(network, x, y, options, weights=weights)
        residual = (result.network(x)[..., 0] - y).abs()
        assert residual[:, x[:, 0] > 0].mean() < 0.2 * residual[:, x[:, 0] <= 0].mean()

    @each_optimizer
    def test_frozen_constants_stay_and_the_others_move(self, options, plain_network, problem):
        network, (x, _) = plain_network((2, 1)), problem()
        y = 1.4 * torch.sin(1.1 * x[:, 0] + 0.3) + x[:, 1]
        network.set_symbolic(0, 0, 0, default_library()["sin"], a=1.0, b=0.2, c=1.0, d=0.0, frozen=("b", "d", "p"))
        found = train(network, x, y, with_steps(options, 30)).network.layers[0].affine[:, 0, 0]
        assert_allclose(found[:, [1, 3, 4]], [[0.2, 0.0, 1.0]] * 2, rtol=0, atol=0)
        assert (found[:, [0, 2]] != 1.0).all()

    @each_optimizer
    def test_nothing_to_train_is_no_error(self, options, plain_network, problem):
        network, (x, y) = plain_network((2, 1)), problem()
        for source in range(2):
            network.set_symbolic(0, source, 0, default_library()["x"], frozen="abcdp")
        result = train(network, x, y, options)
        assert_allclose(result.train_loss, mean_loss(network, x, y[:, None]), rtol=1e-12)

    @each_way("lbfgs")
    def test_sparsity_shrinks_edges_that_are_not_needed(self, options, plain_network, rows):
        network, x = plain_network((2, 1)), rows(200, 2)
        y = torch.sin(3 * x[:, 0]) + 0.05 * x[:, 1]

        def spread(lamb):
            found = train(network, x, y, with_steps(options, options.steps, lamb=lamb, lamb_entropy=0.0)).network
            edges = found.trace(x)[1][1]
            assert edges is not None
            return edges.value.std(1)[:, 1, 0]

        assert (spread(0.2) < spread(0.0)).all()


@pytest.mark.parametrize("grid", [4, 10])
def test_one_spline_is_fitted_to_its_own_least_squares_error(grid, plain_network, rows):
    x = rows(300, 1)
    y = torch.sin(5 * x[:, 0])
    coefficients = fit_coefficients(x[:, 0], y[:, None], grid)
    floor = (basis(x[:, 0], grid)[0] @ coefficients - y[:, None]).square().mean()
    result = train(plain_network((1, 1), grid=grid), x, y, TrainingOptions(smoothness=1e-13, ridge=1e-13))
    assert_allclose(result.train_loss, [floor] * 2, rtol=1e-3)


@pytest.mark.parametrize(
    ("shape", "function", "limit"),
    [
        ((2, 1), lambda x: torch.sin(3 * x[:, 0]) + x[:, 1] ** 3, 1e-7),
        ((2, (0, 1)), lambda x: torch.exp(x[:, 0]) * torch.cos(2 * x[:, 1]), 1e-7),
        ((2, 1, 1), lambda x: torch.exp(torch.sin(2 * x[:, 0]) + 0.5 * x[:, 1] ** 2), 1e-6),
        ((3, (1, 1), 1), lambda x: x[:, 0] * x[:, 1] + torch.tanh(2 * x[:, 2]), 1e-5),
    ],
    ids=["sum", "product", "composition", "sum-of-product"],
)
def test_levenberg_marquardt_finds_known_functions(shape, function, limit, plain_network, rows):
    x = rows(400, shape[0])
    y = function(x)
    result = train(plain_network(shape, population=4, grid=10), x, y / y.std())
    assert result.validation_loss.min() < limit


@pytest.mark.parametrize("optimizer", ["levenberg-marquardt", "lbfgs"])
def test_symbolic_constants_are_found_to_rounding(optimizer, plain_network, rows):
    network, x = plain_network((2, 1), population=1), rows(100, 2)
    library = default_library()
    network.set_symbolic(0, 0, 0, library["sin"], a=2.7, b=0.2, c=1.5, d=0.3)
    network.set_symbolic(0, 1, 0, library["x^p"], a=1.0, b=2.0, c=0.5, d=0.0, p=1.0, frozen=("a", "d"))
    y = 2.0 * torch.sin(3.0 * x[:, 0] + 0.4) + 1.0 + 0.7 * (x[:, 1] + 1.6) ** 1.5
    result = train(network, x, y, TrainingOptions(optimizer=optimizer, steps=100, tolerance=0.0))
    affine = result.network.layers[0].affine[0]
    assert result.train_loss[0] < 1e-14
    assert_allclose(affine[0, 0], [3.0, 0.4, 2.0, 1.0, 1.0], rtol=1e-5)
    assert_allclose(affine[1, 0], [1.0, 1.6, 0.7, 0.0, 1.5], rtol=1e-5, atol=1e-6)


def test_two_outputs_are_fitted_at_once(plain_network, rows):
    x = rows(200, 2)
    y = torch.stack([torch.sin(2 * x[:, 0]) + x[:, 1], x[:, 0] - x[:, 1] ** 2], 1)
    assert train(plain_network((2, 2), grid=8), x, y).train_loss.max() < 1e-7


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs", rmsprop])
def test_a_step_out_of_the_domain_is_taken_back(optimizer, plain_network, rows):
    # The minimum lies beyond the domain of log, so descent runs into its edge.
    network, x = plain_network((1, 1), population=1), rows(50, 1)
    network.set_symbolic(0, 0, 0, default_library()["log"], a=1.0, b=1.05, c=1.0, d=0.0, frozen=("a", "c", "d", "p"))
    options = TrainingOptions(optimizer=optimizer, steps=60, learning_rate=0.5)
    start = float(mean_loss(network, x, torch.full((50, 1), -3.0, dtype=torch.float64)))
    result = train(network, x, torch.full((50,), -3.0, dtype=torch.float64), options)
    assert torch.isfinite(result.train_loss).all() and result.train_loss[0] < start
    assert torch.isfinite(result.network(x)).all()


@pytest.mark.parametrize("optimizer", ["adam", pytest.param("lbfgs", marks=pytest.mark.long)])
def test_drifted_nodes_are_put_back_on_their_grids(optimizer, plain_network, problem):
    network, (x, y) = plain_network((2, 1, 1), population=1), problem()
    network.layers[0].coefficients *= 50.0
    options = TrainingOptions(optimizer=optimizer, steps=10, rescale_every=1)
    moved = train(network, x, y, options).network
    stayed = train(network, x, y, with_steps(options, 10, rescale_every=0)).network
    assert moved.trace(x)[1][0].abs().max() < 2 < stayed.trace(x)[1][0].abs().max()


def with_line_search(leaves):
    return torch.optim.LBFGS(leaves, line_search_fn="strong_wolfe")


@pytest.mark.parametrize(("optimizer", "seen"), [("lbfgs", [0, 1, 2]), (with_line_search, [0])])
def test_time_is_up_also_in_the_middle_of_a_step(optimizer, seen, plain_network, problem):
    network, (x, y) = plain_network((2, 1, 1), population=3), problem()
    shown = []

    def observe(network, index, loss, step):
        shown.append((step, index.tolist()))
        return len(shown) == 4

    options = TrainingOptions(optimizer=optimizer, steps=5)
    first_order(network, x, y[:, None], weights=None, options=options, observe=observe)
    assert shown == [(0, [0, 1, 2]), *[(0, seen)] * 3]


@pytest.mark.parametrize("optimizer", ["sgd", "", 3])
def test_unknown_optimizers_are_refused_with_the_names(optimizer, plain_network, problem):
    with pytest.raises(ArgumentError, match="optimizer must be one of levenberg-marquardt, lbfgs, adam, lamb"):
        train(plain_network((2, 1)), *problem(), options=TrainingOptions(optimizer=optimizer))


def test_functions_must_return_an_optimizer(plain_network, problem):
    with pytest.raises(ArgumentError, match="optimizer must return a torch optimizer, got list"):
        train(plain_network((2, 1)), *problem(), options=TrainingOptions(optimizer=list))  # type: ignore[arg-type]


def test_lamb_names_the_extra_it_needs(monkeypatch, plain_network, problem):
    monkeypatch.setitem(sys.modules, "pytorch_optimizer", None)
    with pytest.raises(MissingDependencyError, match=r"LAMB.*kansym\[optim\]"):
        train(plain_network((2, 1)), *problem(), options=TrainingOptions(optimizer="lamb"))


@each_optimizer
def test_no_finite_network_is_an_error(options, plain_network, problem):
    network = plain_network((2, 1))
    network.set_symbolic(0, 0, 0, default_library()["log"])
    with pytest.raises(TrainingError, match="finite"):
        train(network, *problem(), options=options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": torch.zeros(7)}, "y must have shape"),
        ({"y": torch.full((120,), float("nan"))}, "y must be finite; it has 120"),
        ({"x": torch.full((120, 2), float("inf"))}, "x must be finite"),
        ({"weights": torch.full((120,), float("nan"))}, "weights must be finite"),
        ({"validation": (torch.zeros(5, 2), torch.zeros(4))}, "validation y must have shape"),
    ],
)
def test_data_that_do_not_fit_are_refused(change, message, plain_network, problem):
    x, y = problem()
    with pytest.raises(ArgumentError, match=message):
        train(plain_network((2, 1)), **{"x": x, "y": y, **change})


@pytest.mark.parametrize(
    "options",
    [{"steps": -1}, {"lamb": -1.0}, {"ridge": float("nan")}, {"smoothness": float("inf")}, {"learning_rate": 0.0}],
)
def test_options_out_of_range_are_refused(options):
    with pytest.raises(ArgumentError, match=next(iter(options))):
        TrainingOptions(**options)


def test_no_validation_rows_mean_no_validation(plain_network, problem):
    x, y = problem()
    empty = (x[:0], y[:0])
    result = train(plain_network((2, 1)), x, y, validation=empty)
    assert torch.equal(result.train_loss, result.validation_loss)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@each_optimizer
def test_cuda_trains_as_well(options, plain_network, problem):
    network, (x, y) = plain_network((2, 1, 1)), problem()
    result = train(network.to("cuda"), x.cuda(), y.cuda(), options)
    assert result.network.device.type == "cuda"
    assert (result.train_loss.cpu() < 0.3 * mean_loss(network, x, y[:, None])).all()


def test_a_population_costs_less_than_its_members(rows, work_clock):
    # What batching is for: one pass through all of them.
    x = rows(400, 3)
    y = torch.sin(2 * x[:, 0]) * x[:, 1] + x[:, 2]
    network = Network.create((3, 2, 1), population=8, generator=torch.Generator().manual_seed(0))
    options = TrainingOptions(steps=10, tolerance=0.0)
    train(network, x, y, options)
    together = work_clock.counts[Work.NETWORK_PASSES]
    for p in range(8):
        train(network.select([p]), x, y, options)
    assert 0 < together < (work_clock.counts[Work.NETWORK_PASSES] - together) / 2


def test_validation_rows_count_by_their_weights(plain_network, problem):
    (x, y), (held_out, target) = problem(60, seed=3), problem(40, seed=4)
    # The second half of the held-out rows is nonsense, and says so.
    relative = torch.cat([torch.full((20,), 2.0), torch.zeros(20)]).to(y)
    target = torch.cat([target[:20], target[20:] + 100.0])
    result = train(plain_network((2, 2, 1)), x, y, validation=(held_out, target, relative))
    plain = train(plain_network((2, 2, 1)), x, y, validation=(held_out[:20], target[:20]))
    assert_allclose(result.validation_loss, plain.validation_loss, rtol=1e-9)
    assert bool((result.validation_loss < 1.0).all())


def test_the_best_weights_are_unpacked_into_tensors_of_their_own(mixed_network):
    network = mixed_network((3, (1, 1), 1))
    rows = packed(network)
    again = unpacked(network, rows)
    for one, other in zip(network.layers, again.layers, strict=True):
        for name in STATE:
            found = getattr(other, name)
            assert torch.equal(found, getattr(one, name)) and found.is_contiguous()
            assert found.untyped_storage().nbytes() == found.numel() * 8
    again.layers[0].coefficients.zero_()
    assert torch.equal(packed(network), rows)
