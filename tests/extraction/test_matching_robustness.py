"""Scales, domains, weights, degenerate edges, bad input; and each known defect of grid-search matchers."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym.errors import ArgumentError
from kansym.extraction.matching import match_edges
from kansym.primitives import default_library

LIBRARY = default_library()
FEW = LIBRARY.only("x", "x^2", "x^-1", "sqrt", "log", "exp", "sin", "tanh", "gaussian", "asin", "x^p")


def grid(low, high, points=300):
    return torch.linspace(low, high, points, dtype=torch.float64)


def best(x, y, primitives=LIBRARY, **options):
    return match_edges(x[None], y[None], primitives, **options)[0][0]


@pytest.mark.parametrize("amplitude", [1e-30, 1e-3, 1e30])
@pytest.mark.parametrize("shape", ["gaussian", "sin"])
def test_amplitude_does_not_matter(amplitude, shape):
    """A constant added to the variance in 1 - R^2 makes small curves look badly fitted."""
    x = grid(-2, 2)
    y = amplitude * (torch.exp(-(x**2)) if shape == "gaussian" else torch.sin(3 * x + 2))
    match = best(x, y)
    assert match.primitive.name == shape and match.loss < 1e-25
    assert abs(match.c) == pytest.approx(amplitude, rel=1e-9)


@pytest.mark.long
@settings(max_examples=15)
@given(st.floats(-20, 20), st.floats(-20, 20))
def test_powers_of_ten_change_only_the_constants(log_x, log_y):
    x = grid(-1.3, 2.1, 120)
    scale_x, scale_y = 10.0**log_x, 10.0**log_y
    match = best(x * scale_x, torch.tanh(1.5 * x - 0.4) * scale_y, FEW)
    assert match.primitive.name == "tanh" and match.loss < 1e-22
    assert match.a * scale_x == pytest.approx(1.5, rel=1e-7)
    assert match.c / scale_y == pytest.approx(1.0, rel=1e-7)


def test_a_square_keeps_unit_inner_scale():
    match = best(grid(-1, 1), grid(-1, 1) ** 2)
    assert (match.primitive.name, match.a) == ("x^2", 1.0)
    assert match.b == pytest.approx(0, abs=1e-12) and match.c == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize(
    ("x", "function", "name", "constants"),
    [
        (grid(0, 100), lambda x: torch.sin(0.05 * math.pi * x), "sin", (0.05 * math.pi, 0.0)),
        (grid(0, 0.01), lambda x: torch.sin(400 * x), "sin", (400.0, 0.0)),
        (grid(50, 150), lambda x: (x - 100) ** 2, "x^2", (1.0, -100.0)),
        (grid(0, 1, 2000), lambda x: torch.sin(377 * x + 1), "sin", (377.0, 1.0)),
        (grid(1e6, 1e6 + 10), lambda x: 3 * (x - 1e6 - 4) ** 2, "x^2", (1.0, -1e6 - 4)),
        (grid(-3, 3), lambda x: torch.exp(-(((x - 1) / 0.02) ** 2)), "gaussian", (50.0, -50.0)),
        (grid(1000, 1001), lambda x: 5 * torch.exp(x - 1000), "exp", (1.0, None)),
        (grid(0, 4), lambda x: torch.special.xlogy(x, x), "xlogx", (1.0, 0.0)),
        (grid(-1, 1, 401), torch.asin, "asin", (1.0, 0.0)),
        (grid(-1, 1, 401), lambda x: torch.sqrt((1 - x) * (1 + x)), "sqrt(1-x^2)", (1.0, 0.0)),
        (grid(2, 5), lambda x: torch.sqrt(x - 2), "sqrt", (1.0, -2.0)),
        (grid(2, 5), lambda x: torch.sqrt(5 - x), "sqrt", (-1.0, 5.0)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_ranges_far_from_one(x, function, name, constants):
    match = best(x, function(x))
    assert match.primitive.name == name and match.loss < 1e-18
    assert match.a == pytest.approx(constants[0], rel=1e-7)
    if constants[1] is not None:
        assert match.b == pytest.approx(constants[1], rel=1e-9, abs=1e-7)


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (lambda x: 1 / x, "x^-1"),
        (lambda x: x**3.7, "x^p"),
        (torch.log, "log"),
        (lambda x: 1 / torch.sqrt(x), "1/sqrt"),
        (lambda x: 1 / torch.expm1(2 * x), "bose"),
        (torch.sqrt, "sqrt"),
        (lambda x: x**-2, "x^-2"),
    ],
    ids=["x^-1", "x^p", "log", "1/sqrt", "bose", "sqrt", "x^-2"],
)
def test_six_decades_of_x(function, name):
    x = torch.logspace(-6, 0, 300, dtype=torch.float64)
    match = best(x, function(x))
    assert match.primitive.name == name and match.loss < 1e-20
    assert match.b == pytest.approx(0.0, abs=1e-14)


def test_complexity_does_not_buy_a_bad_fit():
    """A clear sine is not a constant, and 1/x^4 wins where it is exact."""
    x = grid(1, 3)
    assert best(x, 0.001 * torch.sin(9 * x) + 5).primitive.name == "sin"
    assert best(x, x**-4.0).primitive.name == "x^-4"


def test_no_argument_leaves_the_domain():
    generator = torch.Generator().manual_seed(3)
    x = torch.rand(6, 80, generator=generator, dtype=torch.float64) * 4 - 2
    y = torch.randn(6, 80, generator=generator, dtype=torch.float64)
    y[3] = x[3] + 0.01 * y[3]
    y[4] = 1 / (x[4] - 0.013)  # a pole among the data: no 1/x may be claimed
    for edge, matches in enumerate(match_edges(x, y, LIBRARY, top_k=99)):
        assert matches
        for match in matches:
            low, high = (match.a * end + match.b for end in (x[edge].min(), x[edge].max()))
            assert bool(match.primitive.domain.covers(torch.minimum(low, high), torch.maximum(low, high)))
            assert bool(torch.isfinite(match.evaluate(x[edge])).all())
    assert all(match.primitive.name != "x^-1" or match.loss > 0.1 for match in matches)


def test_many_points_need_no_more_memory():
    """The work is bounded by `max_points`, not by the rows of the table."""
    x = torch.rand(1, 200_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    match = match_edges(x, torch.exp(3 * x), FEW)[0][0]
    assert match.primitive.name == "exp" and match.loss < 1e-25


def test_weights_decide_what_is_fitted():
    x = grid(-2, 2, 200)
    y = torch.where(x < 0, x**2, 5 * torch.sin(7 * x))
    weights = (x < 0).double()
    match = best(x, y, FEW, weights=weights)
    assert match.primitive.name == "x^2" and match.loss < 1e-25
    assert best(x, y, FEW).loss > 1e-3
    # Scale-free in the weights, and an integer weight is a repeated point.
    again = best(x, y, FEW, weights=1e-200 * weights[None])
    assert (again.c, again.loss) == pytest.approx((match.c, match.loss), rel=1e-12)
    noisy = x + 0.1 * torch.sin(40 * x)
    doubled = best(torch.cat([x, x[:50]]), torch.cat([noisy, noisy[:50]]), LIBRARY.only("x"))
    weighted = best(x, noisy, LIBRARY.only("x"), weights=1 + (torch.arange(200) < 50).double())
    assert (weighted.c, weighted.d, weighted.loss) == pytest.approx((doubled.c, doubled.d, doubled.loss), rel=1e-9)


def test_a_constant_edge_is_the_identity_times_zero():
    x = grid(0, 1, 50).expand(2, -1)
    y = torch.stack([torch.full_like(x[0], 7.5), x[1] ** 2])
    constant, other = match_edges(x, y, FEW)
    assert len(constant) == 1
    assert (constant[0].primitive.name, constant[0].c, constant[0].d, constant[0].loss) == ("x", 0.0, 7.5, 0.0)
    assert other[0].primitive.name == "x^2"


def test_an_edge_without_width_explains_nothing():
    matches = match_edges(torch.ones(1, 4).double(), torch.arange(4.0).double()[None], FEW)[0]
    assert [(m.c, m.d, m.loss) for m in matches] == [(0.0, 1.5, 1.0)]


def test_two_points_are_a_line():
    match = best(torch.tensor([1.0, 2.0]).double(), torch.tensor([3.0, 5.0]).double())
    assert match.primitive.name == "x"
    assert (match.c, match.d) == pytest.approx((2.0, 1.0), rel=1e-12)


def test_one_point_is_a_constant():
    assert best(torch.tensor([1.0]).double(), torch.tensor([3.0]).double()).d == 3.0


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_values_that_are_not_finite_are_refused(bad):
    x = grid(0, 1, 10)[None].clone()
    broken = x.clone()
    broken[0, 3] = bad
    for arguments, name in (((broken, x), "x"), ((x, broken), "y")):
        with pytest.raises(ArgumentError, match=f"{name}: 1 values"):
            match_edges(*arguments, FEW)
    with pytest.raises(ArgumentError, match="weights"):
        match_edges(x, x, FEW, weights=broken)


def test_bad_arguments_are_refused():
    x = grid(0, 1, 10)[None]
    free_scale = type(LIBRARY["x^p"])(
        **{**{f: getattr(LIBRARY["x^p"], f) for f in LIBRARY["x^p"].__dataclass_fields__}, "redundant": frozenset()}
    )
    for call, message in (
        (lambda: match_edges(x[0], x[0], FEW), "one shape"),
        (lambda: match_edges(x, x[:, :5], FEW), "one shape"),
        (lambda: match_edges(x.float(), x, FEW), "x: expected a float64"),
        (lambda: match_edges(x.numpy(), x, FEW), "ndarray"),
        (lambda: match_edges(x, x, []), "primitives"),
        (lambda: match_edges(x, x, [LIBRARY["x"], LIBRARY["x"]]), "distinct"),
        (lambda: match_edges(x, x, [free_scale]), "x\\^p"),
        (lambda: match_edges(x, x, FEW, weights=-torch.ones_like(x)), "weights"),
        (lambda: match_edges(x, x, FEW, weights=torch.zeros_like(x)), "weights"),
        (lambda: match_edges(x, x, FEW, weights=torch.ones(3).double()), "weights"),
        (lambda: match_edges(x, x, FEW, top_k=0), "top_k"),
        (lambda: match_edges(x, x, FEW, max_points=3), "max_points"),
        (lambda: match_edges(x, x, FEW, iterations=-1), "iterations"),
    ):
        with pytest.raises(ArgumentError, match=message):
            call()


def test_same_seed_same_answer_whatever_the_rows_order():
    generator = torch.Generator().manual_seed(5)
    x = (torch.rand(2, 700, generator=generator, dtype=torch.float64) * 8).round(decimals=1)  # with repeated x
    y = torch.exp(-0.4 * x) + 0.02 * torch.randn(2, 700, generator=generator, dtype=torch.float64)
    first, second = match_edges(x, y, FEW), match_edges(x, y, FEW)
    order = torch.randperm(700, generator=generator)
    shuffled = match_edges(x[:, order], y[:, order], FEW)
    assert repr(first) == repr(second) == repr(shuffled)
    assert match_edges(x, y, FEW, seed=1)[0][0].primitive is first[0][0].primitive


def test_an_edge_does_not_depend_on_its_company():
    x = grid(0.5, 3, 100).expand(40, -1)
    rate = torch.linspace(-2, -0.5, 40, dtype=torch.float64)[:, None]
    y = torch.exp(rate * x) + 0.1 * torch.sin(5 * x)
    together = match_edges(x, y, FEW)
    for edge in (0, 35):
        alone = match_edges(x[edge : edge + 1], y[edge : edge + 1], FEW)[0]
        assert alone[0].primitive is together[edge][0].primitive
        assert alone[0].loss == pytest.approx(together[edge][0].loss, rel=1e-6)


def test_noise_leaves_the_right_primitive_in_front():
    generator = torch.Generator().manual_seed(0)
    x = grid(-3, 3, 400)
    y = torch.exp(-(x**2)) + 0.02 * torch.randn(400, generator=generator, dtype=torch.float64)
    match = best(x, y)
    assert match.primitive.name == "gaussian"
    assert (abs(match.a), match.c) == pytest.approx((1.0, 1.0), rel=0.03)
