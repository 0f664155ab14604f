"""Curves of one variable read as closed forms."""

import math

import pytest
import torch

from kansym.errors import ArgumentError
from kansym.extraction.one_dimensional import as_networks, read_curve
from kansym.extraction.selection import Rows, Selector
from kansym.primitives import default_library

LIBRARY = default_library()
OFFERED = ("x", "x^2", "x^3", "x^-1", "x^-2", "exp", "log", "sin", "tanh", "gaussian", "bose")
PRIMITIVES = [LIBRARY.get(name) for name in OFFERED]
CURVES = {
    # name: (form, curve, ends of the data, primitives that the exact reading may be made of)
    "single": ("single", lambda x: 2.0 * torch.exp(-x) + 0.4, (0.0, 4.0), {"exp"}),
    "cubic": ("polynomial", lambda x: x**3 - 2 * x + 1, (-2.0, 3.0), {"x", "x^3"}),
    "fraction": ("rational", lambda x: (1 + 2 * x) / (1 + x + x**2), (0.0, 5.0), {"x", "x^2"}),
    "planck": ("product", lambda x: x**3 / torch.expm1(x), (0.5, 12.0), {"x^3", "bose"}),
    "log + 1/x^2": ("sum", lambda x: torch.log(x) + 0.2 / x**2, (0.3, 4.0), {"log", "x^-2"}),
    "langevin": ("sum", lambda x: 1 / torch.tanh(x) - 1 / x, (0.2, 8.0), {"bose", "x^-1"}),
    "exp(1/x)": ("chain", lambda x: torch.exp(1 / x), (0.3, 3.0), {"x^-1", "exp"}),
}


def scaled(curve, ends, rows=150):
    """The curve over inputs scaled to [-1, 1], in units of its spread, and where the raw zero lies."""
    low, high = ends
    x = torch.linspace(low, high, rows, dtype=torch.float64)
    y = curve(x)
    middle, half = (low + high) / 2, (high - low) / 2
    return (x - middle) / half, y / y.std(), -middle / half


def first_exact(u, y, origin, **options):
    for form, readings in read_curve(u, y, PRIMITIVES, origin=origin, **options):
        if readings[0].loss < 1e-18:
            return form, readings
    raise AssertionError("no exact reading")


LONG = {"langevin", "exp(1/x)", "log + 1/x^2"}


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.long] * (name in LONG)) for name in CURVES])
def test_a_planted_curve_comes_back_exactly(name):
    planted_form, curve, ends, names = CURVES[name]
    u, y, origin = scaled(curve, ends)
    form, readings = first_exact(u, y, origin)
    assert form == planted_form and set(readings[0].names) == names
    # y has unit variance, so the loss is the relative mean squared residual.
    selector = Selector(Rows(u[:, None], y, (u[:0, None], y[:0])), PRIMITIVES)
    assert selector.fit_all(as_networks(readings, u))[0].train_loss < 1e-20


def test_a_polynomial_keeps_no_term_that_is_not_there():
    u, y, origin = scaled(*CURVES["cubic"][1:3])
    _, readings = first_exact(u, y, origin)
    assert readings[0].names == ("x", "x^3")
    assert len(readings) == 1


@pytest.fixture(scope="module")
def wild():
    """A curve that has no short form, and all that it was read as."""
    u, y, origin = scaled(lambda x: torch.sin(3 * x) * torch.exp(torch.sin(x) + 0.1 * x**3), (0.0, 8.0), rows=40)
    return u, y, list(read_curve(u, y, PRIMITIVES, origin=origin, count=3))


@pytest.mark.long
def test_groups_share_form_and_shape_and_are_sorted(wild):
    *_, groups = wild
    assert groups
    for form, readings in groups:
        assert 0 < len(readings) <= 3
        assert {reading.form for reading in readings} == {form}
        assert len({reading.network.shape for reading in readings}) == 1
        costs = [reading.cost for reading in readings]
        assert costs == sorted(costs)
        assert len({reading.names for reading in readings}) == len(readings)


@pytest.mark.long
def test_the_network_of_a_reading_leaves_the_loss_that_it_claims(wild):
    u, y, groups = wild
    for _, readings in groups:
        outputs = as_networks(readings, u)(u[:, None])[:, :, 0]
        for reading, output in zip(readings, outputs, strict=True):
            left = float((output - y).square().mean() / y.var(correction=0))
            assert left == pytest.approx(reading.loss, rel=1e-3, abs=1e-12)


def test_noise_goes_to_the_simple_law(rng):
    u, y, origin = scaled(*CURVES["single"][1:3], rows=600)
    noisy = y + 0.1 * torch.from_numpy(rng.normal(size=len(y)))
    form, readings = next(iter(read_curve(u, noisy, PRIMITIVES, origin=origin, floor=1e-26)))
    assert form == "single" and readings[0].names == ("exp",)


def test_weights_choose_the_rows_that_count():
    # The second half is nonsense of no weight.
    u, y, origin = scaled(*CURVES["single"][1:3])
    spoiled = torch.where(u > 0, 5 * torch.sin(30 * u), y)
    form, readings = first_exact(u, spoiled, origin, weights=(u <= 0).double())
    assert form == "single" and readings[0].names == ("exp",)


def test_a_constant_weight_of_any_size_changes_nothing():
    u, y, origin = scaled(*CURVES["fraction"][1:3], rows=60)
    (_, plain), (_, heavy) = (first_exact(u, y, origin, weights=weights) for weights in (None, torch.full_like(y, 1e6)))
    assert plain[0].names == heavy[0].names
    assert math.isclose(plain[0].cost, heavy[0].cost, rel_tol=0.1)


@pytest.mark.long
def test_only_primitives_that_were_offered_are_used():
    u, y, origin = scaled(*CURVES["cubic"][1:3])
    offered = [primitive for primitive in PRIMITIVES if primitive.name in ("x", "exp", "sin")]
    for _, readings in read_curve(u, y, offered, origin=origin):
        assert all(set(reading.names) <= {"polynomial", "x", "exp", "sin"} for reading in readings)


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 6])
def test_few_rows_are_no_error(rows):
    u = torch.linspace(-1, 1, rows, dtype=torch.float64) if rows > 1 else torch.zeros(1, dtype=torch.float64)
    groups = list(read_curve(u, torch.sin(2 * u) + 1, PRIMITIVES, origin=-1.3))
    assert groups and (rows >= 4 or {form for form, _ in groups} == {"single"})
    for _, readings in groups:
        assert torch.isfinite(as_networks(readings, u)(u[:, None])).all()


@pytest.mark.parametrize("level", [0.0, 3.0, -1e90, 0.1])
@pytest.mark.parametrize("rows", [2, 5, 12, 100])
def test_a_constant_curve_is_one_primitive_of_no_influence(rows, level):
    u = torch.linspace(-1, 1, rows, dtype=torch.float64)
    for form, readings in read_curve(u, torch.full_like(u, level), PRIMITIVES, origin=-1.3):
        assert form == "single"
        torch.testing.assert_close(as_networks(readings, u)(u[:, None])[0, :, 0], torch.full_like(u, level))


@pytest.mark.parametrize(
    "u, y",
    [
        ([-1, -1, 1, 1, 1], [0, 1, 2, 3, 4]),
        ([0, 0, 0, 0, 0], [0, 1, 2, 3, 4]),
        ([-1, -0.5, 0, 0.5, 1, 1], [0, 1, 0, 1, 0, 1]),
        ([-1, -0.6, -0.2, 0.2, 0.6, 1], [0, 0, 0, 1, 1, 1]),
    ],
    ids=["two places", "one place", "zigzag", "step"],
)
def test_strange_curves_are_no_error(u, y):
    u, y = (torch.tensor(values, dtype=torch.float64) for values in (u, y))
    for _, readings in read_curve(u, y, PRIMITIVES, origin=-1.3):
        assert torch.isfinite(as_networks(readings, u)(u[:, None])).all()


def test_rows_without_weight_do_not_count_as_points():
    u = torch.linspace(-1, 1, 50, dtype=torch.float64)
    groups = list(read_curve(u, torch.sin(u), PRIMITIVES, origin=-1.3, weights=(torch.arange(50) < 3).double()))
    assert {form for form, _ in groups} == {"single"}


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_points_that_are_not_finite_are_refused(wrong):
    u = torch.linspace(-1, 1, 50, dtype=torch.float64)
    with pytest.raises(ArgumentError, match="not finite"):
        list(read_curve(u, torch.where(u == u[7], wrong, u), PRIMITIVES, origin=-1.3))


@pytest.mark.parametrize("scale", [1e-90, pytest.param(1e90, marks=pytest.mark.long)])
def test_the_unit_of_y_does_not_matter(scale):
    u, y, origin = scaled(*CURVES["planck"][1:3], rows=60)
    form, readings = first_exact(u, scale * y, origin, floor=1e-24 * scale**2)
    assert form == "product" and set(readings[0].names) == {"x^3", "bose"}


@pytest.mark.parametrize("allowed", [-1.0, 0.4])
def test_the_deadline_is_kept(allowed, work_clock):
    u, y, origin = scaled(lambda x: torch.sin(3 * x) * torch.exp(torch.sin(x) + 0.1 * x**3), (0.0, 8.0), rows=500)
    forms = [form for form, _ in read_curve(u, y, PRIMITIVES, origin=origin, deadline=allowed)]
    # The single matches and the round under way are finished.
    assert work_clock.now() < max(allowed, 0.0) + 4
    # After the deadline no further forms are tried, and what was found is handed out.
    assert "single" in forms
    assert allowed > 0 or set(forms) == {"single"}


@pytest.mark.parametrize("points", [3, 6, pytest.param(30, marks=pytest.mark.long)])
def test_forms_with_as_many_constants_as_points_are_not_tried(points):
    u = torch.linspace(0.3, 2.0, points, dtype=torch.float64)
    y = torch.exp(-u) + 0.3 * torch.sin(3 * u)
    forms = {form for form, _ in read_curve(u, y, PRIMITIVES, origin=0.0)}
    assert "single" in forms
    assert bool(forms & {"sum", "product", "chain"}) == (points == 30)
