"""Curves planted for the edge matcher."""

import math
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from kansym.kan.layer import EdgeMode
from kansym.kan.network import Network
from kansym.kan.spline import fit_coefficients
from kansym.primitives import Primitive, default_library


@dataclass(frozen=True)
class Planted:
    """Curves ``y = c f(z) + d`` with z affine in x, and the constants in x."""

    x: Tensor
    y: Tensor
    a: Tensor
    b: Tensor
    c: Tensor
    d: Tensor
    p: Tensor


def _planted(primitive: Primitive, edges: int = 3, points: int = 150, seed: int = 0) -> Planted:
    """Random constants, on boxes where the primitive is not mistaken for another one."""
    generator = torch.Generator().manual_seed(seed)

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(edges, generator=generator, dtype=torch.float64)

    domain = primitive.domain
    if domain.pole_period is not None:
        low, high = uniform(-1.5, -0.6), uniform(0.6, 1.5)
    elif math.isfinite(domain.lower) and math.isfinite(domain.upper):
        low, high = uniform(-0.99, -0.4), uniform(0.4, 0.99)
    elif primitive.name == "bose":
        low = uniform(0.05, 0.3)
        high = low + uniform(2, 5)
    elif math.isfinite(domain.lower) or domain.poles:
        low = 10 ** uniform(-2, 0.0)
        high = low * 10 ** uniform(0.7, 1.5)
        if primitive.name == "xlogx":
            low, high = low * 0.2, high + 1
    else:
        width = {"sin": uniform(4, 60), "exp": uniform(1, 8), "Ai": uniform(6, 8)}.get(primitive.name, uniform(4, 7))
        centre = uniform(-1, 1) - (2 if primitive.name == "Ai" else 0)
        low, high = centre - width / 2, centre + width / 2
    if domain.lower > 0:
        low, high = low + domain.lower, high + domain.lower
    t = 2 * torch.rand(edges, points, generator=generator, dtype=torch.float64) - 1
    t[:, 0], t[:, 1] = -1.0, 1.0
    sign = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0)
    half, middle = 10 ** uniform(-2, 2), uniform(-2, 2)
    x = (t * sign[:, None] + middle[:, None]) * half[:, None]
    a = sign * (high - low) / (2 * half)
    b = (low + high) / 2 - a * middle * half
    p = uniform(2.2, 2.8) if primitive.has_shape else torch.full_like(a, math.nan)
    f = primitive.function(a[:, None] * x + b[:, None], p[:, None])
    c = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0) * 10 ** uniform(-2, 2)
    d = c * f.std(-1) * uniform(-2, 2)
    return Planted(x, c[:, None] * f + d[:, None], a, b, c, d, p)


@pytest.fixture(scope="session")
def planted():
    return _planted


def _symbolic_network(shape, edges):
    """A network with every edge planted: ``{(layer, source, target): (name, constants)}``; other edges are off."""
    network = Network.create(shape, grid=1, generator=torch.Generator().manual_seed(0))
    for number, layer in enumerate(network.layers):
        for source, target in torch.cartesian_prod(torch.arange(layer.n_in), torch.arange(layer.n_out)).tolist():
            if (number, source, target) in edges:
                name, constants = edges[number, source, target]
                network.set_symbolic(number, source, target, default_library()[name], **constants)
            else:
                network.set_off(number, source, target)
    return network


@pytest.fixture(scope="session")
def symbolic_network():
    return _symbolic_network


def _splined(network, x, grid):
    """The network with splines on a grid in place of its symbolic edges; the frozen ones of its last layer stay."""
    result = Network.create(network.shape, grid=grid, generator=torch.Generator().manual_seed(0))
    states = network.trace(x, need_slope=False)
    for number, (layer, old) in enumerate(zip(result.layers, network.layers, strict=True)):
        h, values = states[number][0][0], states[number + 1][1].value[0]
        if number:
            low, high = h.amin(0), h.amax(0)
            layer.center[0], layer.half_width[0] = (high + low) / 2, (high - low) / 2
        for source, target in torch.nonzero(old.mode[0] == EdgeMode.SYMBOLIC).tolist():
            if bool(old.frozen[0, source, target].all()):
                result.set_symbolic(number, source, target, default_library()["x"], frozen="abcdp")
                continue
            u = (h[:, source] - layer.center[0, source]) / layer.half_width[0, source]
            fitted = fit_coefficients(u, values[:, source, target, None], grid)
            layer.coefficients[0, source, target] = fitted[:, 0]
    return result


@pytest.fixture(scope="session")
def splined():
    return _splined
