import pytest

from kansym import surfaces


@pytest.mark.parametrize("name", sorted(surfaces._HOMES))
def test_every_surface_is_a_function(name):
    assert callable(surfaces.surface(name))
