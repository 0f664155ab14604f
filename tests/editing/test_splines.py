from types import SimpleNamespace

import pytest
import torch
from numpy.testing import assert_allclose

from kansym.editing.splines import CLOSE, unfixed
from kansym.extraction.edges import EdgeRef
from kansym.extraction.selection import release_edge
from kansym.kan.curves import BASES
from kansym.kan.layer import EdgeMode
from kansym.kan.network import Network
from kansym.kan.rescaling import knots_at_quantiles, rescale
from kansym.primitives import default_library

ROWS = torch.rand(300, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) ** 2 * 2 - 1
CONTEXT = SimpleNamespace(rows=SimpleNamespace(x=ROWS))


def _network(base, uneven):
    """A hidden sum, read by a spline, a function and both."""
    network = Network.create((2, 1, 3), grid=6, base=base, generator=torch.Generator().manual_seed(1))
    network.set_symbolic(1, 0, 1, default_library()["sin"], a=1.3, b=0.2)
    network.set_symbolic(1, 0, 2, default_library()["gaussian"], a=0.7, keep_spline=True)
    return knots_at_quantiles(network, ROWS) if uneven else rescale(network, ROWS, only_off_grid=False)


@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("target", [1, 2])
def test_an_edge_made_a_spline_again_follows_its_curve(base, uneven, target):
    network, ref = _network(base, uneven), EdgeRef(1, 0, target)
    freed = unfixed(network, ref, CONTEXT)
    assert int(freed.layers[1].mode[0, 0, target]) == EdgeMode.SPLINE
    spread = float(network(ROWS).std())
    assert_allclose(freed(ROWS), network(ROWS), atol=20 * CLOSE * spread)
    released = release_edge(network, EdgeRef(1, 0, 1), ROWS)
    assert_allclose(released(ROWS)[..., 1], network(ROWS)[..., 1], atol=2e-3 * spread)


@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize("base", BASES)
def test_an_edge_that_was_off_comes_back_as_nothing(base, uneven):
    network = Network.create((2, (1, 1)), base=base, generator=torch.Generator().manual_seed(1))
    network = knots_at_quantiles(network, ROWS) if uneven else network
    for target in (0, 1):
        network.set_off(0, 0, target)
        back = unfixed(network, EdgeRef(0, 0, target), CONTEXT)
        assert_allclose(back(ROWS), network(ROWS), rtol=1e-12)
