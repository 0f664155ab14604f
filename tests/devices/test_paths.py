"""What a user can do with device="cuda", on a pretended card: nothing mixes devices, and laws are found."""

import math

import numpy as np
import pytest
import sympy
import torch
from numpy.testing import assert_allclose

from kansym import DiscoveryOptions, clock, discover, edit, make_dataset
from kansym.extraction import match_edges, matching, variable_projection
from kansym.extraction.edges import edges_of_mode, match_network
from kansym.extraction.selection import Rows, SelectionOptions, Selector
from kansym.kan import EdgeMode, Network, TrainingOptions, load_network, save_network, train
from kansym.kan.elimination import EliminationOptions, eliminate
from kansym.kan.growth import Grower, GrowthOptions
from kansym.kan.pruning import prune
from kansym.kan.spline import basis
from kansym.kan.straightening import straightened
from kansym.primitives import default_library
from kansym.terms.pursuit import Pursuit, TermOptions

LIBRARY = default_library().only("x", "x^2", "sin", "exp", "sqrt")
FEW = SelectionOptions(top_k=2, beam=4, finalists=2, screen_steps=10, final_steps=20)


def on_card(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(array).to("cuda")


def product_rows(rng: np.random.Generator, rows: int = 150) -> tuple[np.ndarray, np.ndarray]:
    X = rng.uniform(-1, 1, (rows, 2))
    return X, np.exp(0.8 * X[:, 0]) * X[:, 1] ** 2


def options(seconds: float, **more) -> DiscoveryOptions:
    growth = GrowthOptions(shapes=((1, 1),), population=2, last_grid=5, training=TrainingOptions(steps=15))
    return DiscoveryOptions(
        **{"max_seconds": seconds, "device": "cuda", "growth": growth, "primitives": LIBRARY, "selection": FEW, **more}
    )


def relative_error(discovery, X: np.ndarray, y: np.ndarray) -> float:
    return float(np.abs(discovery.formula.predict(X) - y).max() / y.std())


@pytest.mark.long
def test_discover_several_columns(card, rng):
    X = rng.uniform(1, 3, (120, 3))
    y = X[:, 0] * np.exp(-X[:, 1]) + X[:, 2] ** 2
    growth = GrowthOptions(shapes=((3, 1),), population=2, training=TrainingOptions(steps=10))
    # With so few primitives the law takes 7 s of work, and no more is done once it is there.
    found = discover(make_dataset(X, y), options(30, growth=growth))
    assert relative_error(found, X, y) < 1e-9


@pytest.mark.long
def test_discover_with_networks_alone(card, rng):
    X, y = product_rows(rng)
    growth = GrowthOptions(shapes=((2, (0, 1), 1),), population=2, training=TrainingOptions(steps=25))
    found = discover(make_dataset(X, y), options(3, structure=False, growth=growth))
    assert relative_error(found, X, y) < 1e-9
    assert card.counts.launches > 10_000


@pytest.mark.long
def test_growing_pruning_and_selecting(card, rng):
    X, y = product_rows(rng)
    rows = Rows(on_card(X), on_card(y / y.std()), (on_card(X[:40]), on_card(y[:40] / y.std())))
    growth = GrowthOptions(shapes=((2, (0, 1), 1),), population=2, training=TrainingOptions(steps=20), last_grid=5)
    generator = torch.Generator().manual_seed(0)
    grower = Grower(rows.x, rows.y, validation=rows.validation, options=growth, generator=generator)
    candidate = next(iter(grower))
    pruned = prune(candidate.network, rows.x, rows.y, validation=rows.validation, threshold=1e-4)
    found = Selector(rows, tuple(LIBRARY.values()), FEW, target=1e-18).select(pruned.network)
    assert found[0].network.device.type == "cuda" and found[0].network.is_symbolic
    assert found[0].validation_loss < 1e-18


@pytest.mark.long
def test_eliminating_and_straightening(card, rng):
    x = on_card(rng.uniform(-1, 1, (150, 3)))
    y = torch.exp(-(x[:, 0] + 2) / (x[:, 1] + 3))
    net = Network.create((3, (0, 1), 1), grid=5, generator=torch.Generator().manual_seed(0), device="cuda")
    net = train(net, x, y, TrainingOptions(steps=30)).network
    few = EliminationOptions(finalists=2, steps=6)
    lean = eliminate(net, x, y, options=few)[0]
    assert lean.device.type == "cuda" and bool((lean.layers[0].mode[0, 2] == EdgeMode.OFF).all())
    assert float((lean(x)[0, :, 0] - y).std() / y.std()) < 0.02
    # Factors of one sign are raised to a power, which is looked for on the host.
    net.layers[0].coefficients = net.layers[0].coefficients.abs() + 0.5
    straight = straightened(net, [(0, 0, 0)], x)
    assert straight.device.type == "cuda" and int(straight.layers[0].mode[0, 0, 0]) == EdgeMode.SYMBOLIC


@pytest.mark.long
def test_reconsidering_edges_one_at_a_time(card, rng):
    X, y = product_rows(rng, rows=40)
    rows = Rows(on_card(X), on_card(y), (on_card(X[:0]), on_card(y[:0])))
    start = Network.create((2, (0, 1)), grid=3, generator=torch.Generator().manual_seed(0), device="cuda")
    trained = train(start, rows.x, rows.y, TrainingOptions(steps=8)).network
    few = SelectionOptions(top_k=1, beam=1, finalists=1, screen_steps=3, final_steps=3, rounds=1)
    # Without the right functions the joint search fails, and the steps after it are taken.
    found = Selector(rows, (LIBRARY["x"], LIBRARY["sin"]), few).select(trained)
    assert found and found[0].network.device.type == "cuda"


@pytest.mark.parametrize(
    ("optimizer", "steps"), [("levenberg-marquardt", 6), pytest.param("lbfgs", 1, marks=pytest.mark.long), ("adam", 6)]
)
def test_training_ends_where_it_does_on_the_cpu(card, rng, optimizer, steps):
    X, y = product_rows(rng, rows=60)
    start = Network.create((2, (1, 1), 1), grid=3, population=2, generator=torch.Generator().manual_seed(3))
    few = TrainingOptions(optimizer=optimizer, steps=steps, lamb=1e-3, rescale_every=1)
    here = train(start, torch.from_numpy(X), torch.from_numpy(y), few)
    there = train(start.to("cuda"), on_card(X), on_card(y), few).to("cpu")
    assert_allclose(there.train_loss, here.train_loss, rtol=1e-6)


def test_edges_are_matched_on_the_card_and_few_of_a_network_on_the_host(card):
    x = torch.linspace(0.1, 2, 60, dtype=torch.float64)
    curves = torch.stack([torch.sin(2 * x), torch.exp(-x), 3 * torch.sqrt(x)])
    there = match_edges(x.expand(3, -1).to("cuda"), curves.to("cuda"), LIBRARY)
    assert [matches[0].primitive.name for matches in there] == ["sin", "exp", "sqrt"]
    network = Network.create((1, 1), grid=5, generator=torch.Generator().manual_seed(0), device="cuda")
    refs = edges_of_mode(network, EdgeMode.SPLINE)
    with card.counting() as counts:
        match_network(network, x[:, None].to("cuda"), tuple(LIBRARY.values()), refs, error=1e-3)
    assert counts.launches < 300 and counts.waits < 15


@pytest.mark.parametrize(
    ("together", "left_to_the_host"),
    [pytest.param(0, 10**9, marks=pytest.mark.long), (10**9, 0)],
    ids=["one after the other", "all at once"],
)
@pytest.mark.long
def test_a_card_matches_what_the_host_does(card, monkeypatch, together, left_to_the_host):
    """However many primitives are screened at once, and wherever the last steps are done."""
    monkeypatch.setattr(matching, "chunk_bytes", lambda device: together)
    monkeypatch.setattr(variable_projection, "_CARD_POINTS", left_to_the_host)
    x = torch.linspace(0.1, 2, 60, dtype=torch.float64)
    curves = torch.stack([torch.sin(2 * x), torch.exp(-x), 3 * torch.sqrt(x), torch.asin(x / 2), x**3 - x])
    x, library = x.expand(5, -1), default_library()
    here = match_edges(x, curves, library, top_k=3)
    for one, other in zip(here, match_edges(x.to("cuda"), curves.to("cuda"), library, top_k=3), strict=True):
        assert [match.primitive for match in other] == [match.primitive for match in one]
        exact = [max(match.loss, 1e-14) for match in one]
        assert_allclose([max(match.loss, 1e-14) for match in other], exact, rtol=1e-3)
        assert_allclose(other[0].evaluate(x[0]), one[0].evaluate(x[0]), rtol=1e-4, atol=1e-4)


def test_functions_that_are_sums_are_those_of_the_host(card):
    z = torch.cat([torch.linspace(-60, 60, 2001, dtype=torch.float64), torch.tensor([0.0, -0.0, 1e6, math.nan])])
    for name in ("J0", "J1", "Ai", "sinc"):
        primitive = default_library()[name]
        for function in (primitive.function, primitive.derivative):
            with card.counting() as counts:
                there = function(z.to("cuda"), z.to("cuda"))
            assert_allclose(there.cpu(), function(z, z), rtol=1e-9, atol=1e-14)
            assert counts.launches < 70 and counts.waits == 0
            assert function(z.float().to("cuda"), z.float().to("cuda")).dtype == torch.float32


@pytest.mark.parametrize("degree", [1, 2, 3, 5])
def test_bases_of_splines_are_those_of_the_host(card, degree):
    u = torch.cat([torch.linspace(-1.2, 1.2, 50, dtype=torch.float64), torch.tensor([-1.0, 1.0])])
    for there, here in zip(basis(u.to("cuda"), 4, degree), basis(u, 4, degree), strict=True):
        assert_allclose(there.cpu(), here, atol=1e-14)
    nothing = basis(torch.tensor([math.nan], device="cuda"), 4, degree)[0].cpu()
    assert nothing.isnan().any() and not (nothing.isfinite() & (nothing != 0)).any()


@pytest.mark.long
def test_sums_of_terms(card, rng):
    X = rng.uniform(0.5, 4, (50, 1))
    y = 0.3 * X[:, 0] * np.exp(-0.4 * X[:, 0])
    variables = sympy.symbols("t:1", real=True)
    pursuit = Pursuit(X, y, variables, device="cuda", options=TermOptions(terms=1, moves=0))
    with clock.running(clock.Clock()):
        found = next(pursuit.formulas(1.5))
    assert_allclose(sympy.lambdify(variables, found)(*X.T), y, rtol=1e-6)


def test_networks_are_stored_from_the_card(card, tmp_path):
    network = Network.create((2, (1, 1), 1), grid=4, generator=torch.Generator().manual_seed(0), device="cuda")
    network.set_symbolic(0, 0, 0, LIBRARY["sin"], a=2.0)
    read, _ = load_network(save_network(network, tmp_path), library=LIBRARY)
    x = torch.rand(9, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1)).to("cuda")
    assert torch.equal(read.to("cuda")(x).cpu(), network(x).cpu())


@pytest.mark.long
def test_editing_by_hand(card, work_clock, rng):
    X, y = product_rows(rng)
    before = card.counts.launches
    net = edit(make_dataset(X, y), start=(2, (0, 1), 1), options=options(3), device="cuda", max_seconds=1)
    assert card.counts.launches > before + 1000
    with card.counting() as counts:
        net.edge(0, 0, 0).suggest(3)
    assert counts.launches == 0
    with card.counting() as counts:
        net.auto(max_seconds=3)
        net.refit(max_seconds=1)
    assert counts.launches > 1000
    assert net.is_symbolic and net.error.train < 1e-6 * y.std()
    assert net.network.device.type == "cpu"
