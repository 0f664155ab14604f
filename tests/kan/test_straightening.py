"""Curves of a network as straight lines, the rest of them handed on."""

import pytest
import torch

from kansym.kan.layer import EdgeMode
from kansym.kan.network import Network
from kansym.kan.straightening import straightened

X = torch.rand(400, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2 - 1


def with_curves(shape, curves, grid=30):
    """A network whose edges are fitted to functions of the value of their source."""
    net = Network.create(shape, grid=grid, generator=torch.Generator().manual_seed(0))
    for number, layer in enumerate(net.layers):
        h = net.trace(X, need_slope=False)[number][0][0]
        low, high = h.amin(0), h.amax(0)
        layer.center[0], layer.half_width[0] = (high + low) / 2, (high - low) / 2
        for (level, source, target), curve in curves.items():
            if level == number:
                u = (h[:, source] - layer.center[0, source]) / layer.half_width[0, source]
                layer.coefficients[0, source, target] = layer.curves.fit(u, curve(h[:, source])[:, None])[:, 0]
    return net


def error(one, other):
    return float((one(X) - other(X)).abs().max() / other(X).std())


@pytest.mark.parametrize("power", [2.07, -0.5, 1.0])
@pytest.mark.parametrize("edge", [(0, 0, 0), (0, 1, 0)])
def test_factors_are_raised_to_the_power_that_makes_one_straight(power, edge):
    net = with_curves(
        (2, (0, 1), 1),
        {
            (0, 0, 0): lambda x: (x + 2) ** power,
            (0, 1, 0): lambda x: (3 + 2 * x) ** -power,
            (1, 0, 0): lambda h: torch.exp(-(h.abs() ** (1 / power))),
        },
    )
    straight = straightened(net, [edge], X)
    assert straight.layers[0].mode[0, edge[1], 0] == EdgeMode.SYMBOLIC
    assert error(straight, net) < 1e-3
    # The root of a line is at the zero of the factor.
    c, d = straight.layers[0].affine[0, edge[1], 0, 2:4].tolist()
    assert d / c == pytest.approx(2.0 if edge[1] == 0 else 1.5, rel=2e-2)


def test_the_only_curve_into_a_node_goes_into_those_that_leave_it():
    net = with_curves((2, 1, 1), {(0, 0, 0): lambda x: torch.exp(x), (1, 0, 0): lambda h: torch.sin(h)})
    net.set_off(0, 1, 0)
    straight = straightened(net, [(0, 0, 0)], X)
    assert straight.layers[0].affine[0, 0, 0, :4].tolist() == [1, 0, 1, 0]
    # Splines of degree 3 on thirty intervals.
    assert error(straight, net) < 1e-4


def test_what_cannot_be_handed_on_is_the_nearest_line():
    net = with_curves((2, 1), {(0, 0, 0): lambda x: x**2 + x, (0, 1, 0): lambda x: x})
    straight = straightened(net, [(0, 0, 0)], X)
    c, d = straight.layers[0].affine[0, 0, 0, 2:4].tolist()
    assert (c, d) == pytest.approx(
        tuple(
            torch.linalg.lstsq(torch.stack([X[:, 0], torch.ones(400)], 1), (X[:, 0] ** 2 + X[:, 0])).solution.tolist()
        ),
        rel=1e-4,
    )


def test_factors_that_change_sign_are_not_raised():
    net = with_curves((2, (0, 1), 1), {(0, 0, 0): lambda x: x, (0, 1, 0): lambda x: x + 2, (1, 0, 0): lambda h: h**3})
    straight = straightened(net, [(0, 1, 0)], X)
    assert straight.layers[0].mode[0, 0, 0] == EdgeMode.SPLINE
    assert error(straight, net) < 1e-6
