import pytest
import torch
from numpy.testing import assert_allclose

from kansym.editing.fixing import _stretch
from kansym.kan.consistency import inconsistency
from kansym.kan.curves import BASES
from kansym.kan.network import Network
from kansym.kan.rescaling import knots_at_quantiles, rescale
from kansym.primitives import default_library

ROWS = torch.rand(300, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) ** 2 * 2 - 1


def _network(base, uneven):
    """A hidden sum, read by a spline, a function and both."""
    network = Network.create((2, 1, 3), grid=6, base=base, generator=torch.Generator().manual_seed(1))
    network.set_symbolic(1, 0, 1, default_library()["sin"], a=1.3, b=0.2)
    network.set_symbolic(1, 0, 2, default_library()["gaussian"], a=0.7, keep_spline=True)
    return knots_at_quantiles(network, ROWS) if uneven else rescale(network, ROWS, only_off_grid=False)


@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("factor", [2.5, -0.4])
def test_a_stretched_node_changes_nothing(base, uneven, factor):
    network = _network(base, uneven)
    stretched = network.clone()
    _stretch(stretched, 0, 0, factor)
    assert inconsistency(stretched) is None
    assert_allclose(stretched.trace(ROWS)[1][0], factor * network.trace(ROWS)[1][0], rtol=1e-12)
    assert_allclose(stretched(1.5 * ROWS), network(1.5 * ROWS), rtol=1e-9, atol=1e-11)
