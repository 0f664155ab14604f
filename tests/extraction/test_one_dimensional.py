"""Curves of one variable read as one or two primitives."""

import math
import time

import pytest
import torch

from kansym.extraction.one_dimensional import Reading, as_networks, inner_candidates, read_curve
from kansym.extraction.selection import Rows, Selector
from kansym.kan.layer import EdgeMode
from kansym.primitives import default_library

LIBRARY = default_library()
PRIMITIVES = [primitive for primitive in LIBRARY.values() if primitive.equivalent_to is None]
CURVES = {
    # form: (curve, ends of the data, its two primitives)
    "clausius-clapeyron": ("chain", lambda x: torch.exp(-5 / x), (0.5, 4.0), {"x^-1", "exp"}),
    "exp(1/x)": ("chain", lambda x: torch.exp(1 / x), (0.3, 3.0), {"x^-1", "exp"}),
    "planck": ("product", lambda x: x**3 / torch.expm1(x), (0.5, 12.0), {"x^3", "bose"}),
    "damped oscillation": ("product", lambda x: torch.exp(-0.4 * x) * torch.sin(3 * x), (0.0, 8.0), {"exp", "sin"}),
    "chirped parabola": ("sum", lambda x: 3 * x**2 + torch.sin(5 * x), (-1.0, 2.0), {"x^2", "sin"}),
    "exp + sin": ("sum", lambda x: torch.exp(x) + 0.5 * torch.sin(4 * x), (-1.0, 2.0), {"exp", "sin"}),
    "single": ("single", lambda x: 2.0 * torch.exp(-x) + 0.4, (0.0, 4.0), {"exp"}),
}


def scaled(curve, ends, rows=150):
    """The curve over inputs scaled to [-1, 1], in units of its spread, and where the raw zero lies."""
    low, high = ends
    x = torch.linspace(low, high, rows, dtype=torch.float64)
    y = curve(x)
    middle, half = (low + high) / 2, (high - low) / 2
    return (x - middle) / half, y / y.std(), -middle / half


def planted_primitives(network):
    """Names of the primitives in the curved edges of a symbolic network."""
    names = set()
    for layer in network.layers:
        symbolic = layer.mode[0] == EdgeMode.SYMBOLIC
        held = layer.frozen[0].all(-1)
        names |= {network.primitives[k].name for k in layer.primitive[0][symbolic & ~held].tolist()}
    return names


@pytest.mark.parametrize("name", CURVES)
def test_a_planted_curve_comes_back_exactly(name):
    planted_form, curve, ends, names = CURVES[name]
    u, y, origin = scaled(curve, ends)
    selector = Selector(Rows(u[:, None], y, (u[:0, None], y[:0])), PRIMITIVES)
    best = {}
    for form, readings in read_curve(u, y, PRIMITIVES, origin=origin):
        best[form] = min(selector.fit_all(as_networks(readings, u)), key=lambda found: found.validation_loss)
        if form == planted_form:
            break
    # y has unit variance, so this is the relative mean squared residual.
    exact = best.pop(planted_form)
    assert exact.train_loss < 1e-16
    assert planted_primitives(exact.network) == names
    # The simpler forms do not hold the curve.
    assert all(found.train_loss > 1e-9 for found in best.values())


def test_forms_come_simplest_first_and_readings_best_first():
    u, y, origin = scaled(lambda x: torch.exp(-0.4 * x) * torch.sin(3 * x), (0.0, 8.0), rows=80)
    forms = []
    for form, readings in read_curve(u, y, PRIMITIVES, origin=origin, count=10):
        forms.append(form)
        costs = [reading.cost for reading in readings]
        assert costs == sorted(costs) and 0 < len(readings) <= 10
        assert {reading.form for reading in readings} == {form}
        assert {len(reading.matches) for reading in readings} == {1 if form == "single" else 2}
        pairs = [tuple(match.primitive.name for match in reading.matches) for reading in readings]
        assert max(pairs.count(pair) for pair in pairs) <= 3
    assert forms == ["single", "chain", "product", "sum"]


def test_the_first_reading_of_an_exact_single_curve_is_right():
    u, y, origin = scaled(*CURVES["single"][1:3])
    form, readings = next(iter(read_curve(u, y, PRIMITIVES, origin=origin)))
    assert form == "single" and readings[0].matches[0].primitive.name == "exp"
    assert readings[0].matches[0].loss < 1e-24


def test_noise_below_the_floor_goes_to_the_simpler_primitive(rng):
    u, y, origin = scaled(*CURVES["single"][1:3])
    noisy = y + 0.01 * torch.from_numpy(rng.normal(size=len(y)))
    _, readings = next(iter(read_curve(u, noisy, PRIMITIVES, origin=origin, floor=1e-4)))
    assert readings[0].matches[0].primitive.name == "exp"


def test_weights_choose_the_rows_that_count():
    # The second half is nonsense of no weight.
    u, y, origin = scaled(*CURVES["single"][1:3])
    spoiled = torch.where(u > 0, 5 * torch.sin(30 * u), y)
    weights = (u <= 0).double()
    _, readings = next(iter(read_curve(u, spoiled, PRIMITIVES, origin=origin, weights=weights)))
    assert readings[0].matches[0].primitive.name == "exp" and readings[0].matches[0].loss < 1e-20


@pytest.mark.parametrize("form", ["single", "chain", "product", "sum"])
def test_the_network_of_a_reading_is_its_curve(form):
    u, y, origin = scaled(*CURVES["exp + sin"][1:3], rows=60)
    readings = dict(read_curve(u, y, PRIMITIVES, origin=origin, count=8))[form]
    outputs = as_networks(readings, u)(u[:, None])[:, :, 0]
    for reading, output in zip(readings, outputs, strict=True):
        first = reading.matches[0].evaluate(u)
        if form == "single":
            expected = first
        else:
            second = reading.matches[1]
            expected = {
                "chain": lambda first=first, second=second: second.evaluate(first),
                "product": lambda first=first, second=second: first * second.evaluate(u),
                "sum": lambda first=first, second=second: first + second.evaluate(u),
            }[form]()
        torch.testing.assert_close(output, expected, rtol=1e-9, atol=1e-9)


def test_inner_candidates_put_the_pole_of_a_power_at_the_raw_zero():
    found = [(a, b) for primitive, a, b, _ in inner_candidates(PRIMITIVES, origin=-1.7) if primitive.name == "x^-1"]
    assert any(-b / a == pytest.approx(-1.7) for a, b in found)
    names = {primitive.name for primitive, *_ in inner_candidates(PRIMITIVES, origin=-1.7)}
    assert "x" not in names and "J0" not in names


@pytest.mark.parametrize("allowed", [-1.0, 0.2])
def test_the_deadline_is_kept(allowed):
    u, y, origin = scaled(*CURVES["planck"][1:3], rows=2000)
    start = time.monotonic()
    forms = [form for form, _ in read_curve(u, y, PRIMITIVES, origin=origin, deadline=start + allowed)]
    # The single matches and the chunk under way are finished: up to a second or so on a busy machine.
    assert time.monotonic() - start < max(allowed, 0.0) + 4
    assert forms[0] == "single"
    # After the deadline no further candidates are matched.
    assert allowed > 0 or forms == ["single"]


def test_a_constant_weight_of_any_size_changes_nothing():
    u, y, origin = scaled(*CURVES["single"][1:3], rows=60)
    plain = next(iter(read_curve(u, y, PRIMITIVES, origin=origin)))[1]
    heavy = next(iter(read_curve(u, y, PRIMITIVES, origin=origin, weights=torch.full_like(y, 1e6))))[1]
    assert isinstance(plain[0], Reading)
    assert [r.matches[0].primitive.name for r in plain[:3]] == [r.matches[0].primitive.name for r in heavy[:3]]
    assert math.isclose(plain[1].cost, heavy[1].cost, rel_tol=1e-6)
