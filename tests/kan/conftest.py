"""Networks with every kind of edge, shared by the tests of kansym.kan."""

import pytest
import torch

from kansym.kan.network import Network
from kansym.primitives.library import default_library

# Constants under which each primitive is smooth on the node values of a freshly drawn network.
_EDGES = (
    ("sin", {"a": 1.3, "b": 0.2, "c": 0.7, "d": -0.1}),
    ("x^2", {"a": 1.0, "b": 0.4, "c": 0.5, "d": 0.2}),
    ("exp", {"a": -0.4, "b": 0.0, "c": 0.6, "d": 0.1}),
    ("log", {"a": 0.2, "b": 3.0, "c": 1.1, "d": 0.0}),
    ("x^p", {"a": 0.1, "b": 2.5, "c": 0.3, "d": 0.1, "p": 1.6}),
)


@pytest.fixture
def rows():
    """`rows(n, d)`: n random inputs in [-1, 1]^d."""

    def make(n, d, seed=0):
        generator = torch.Generator().manual_seed(seed)
        return torch.rand(n, d, dtype=torch.float64, generator=generator) * 2 - 1

    return make


@pytest.fixture
def plain_network():
    """`plain_network(shape)`: all edges splines."""

    def make(shape, *, population=2, grid=4, seed=0):
        return Network.create(shape, grid=grid, population=population, generator=torch.Generator().manual_seed(seed))

    return make


@pytest.fixture
def mixed_network(plain_network):
    """`mixed_network(shape)`: every network has its own mix of spline, symbolic and switched-off edges."""

    def make(shape, *, population=3, grid=4, seed=0):
        network = plain_network(shape, population=population, grid=grid, seed=seed)
        generator = torch.Generator().manual_seed(seed + 1)
        library = default_library()
        for number, layer in enumerate(network.layers):
            kinds = torch.randint(0, 8, (population, layer.n_in, layer.n_out), generator=generator)
            kinds[:, 0, :] = kinds[:, 0, :].clamp_min(1)  # no node without edges
            for p, i, j in torch.cartesian_prod(*(torch.arange(size) for size in kinds.shape)).tolist():
                kind = int(kinds[p, i, j])
                if kind == 0:
                    network.set_off(number, i, j, network=p)
                elif kind <= len(_EDGES):
                    name, constants = _EDGES[kind - 1]
                    network.set_symbolic(number, i, j, library[name], network=p, **constants)
        return network

    return make
