"""Primitives, libraries and what holds them survive pickle and deepcopy, as scikit-learn asks of estimators."""

import copy
import dataclasses
import pickle

import pytest
import sympy
import torch

from kansym import DiscoveryOptions
from kansym.primitives import default_library, primitive_from_expression

Z = sympy.Symbol("z")


def test_a_built_in_primitive_is_itself_again():
    for primitive in default_library().values():
        assert pickle.loads(pickle.dumps(primitive)) is primitive
        assert copy.deepcopy(primitive) is primitive


def test_a_primitive_of_the_users_own_is_made_anew():
    langevin = primitive_from_expression("langevin", sympy.coth(Z) - 1 / Z, complexity=7)
    langevin = dataclasses.replace(langevin, starts=(0.3, 3.0))
    again = pickle.loads(pickle.dumps(langevin))
    for field in dataclasses.fields(langevin):
        if field.name not in ("function", "derivative"):
            assert getattr(again, field.name) == getattr(langevin, field.name)
    z, p = torch.linspace(-3, 3, 61, dtype=torch.float64), torch.ones(())
    torch.testing.assert_close(again.function(z, p), langevin.function(z, p), rtol=0, atol=0)
    torch.testing.assert_close(again.derivative(z, p), langevin.derivative(z, p), rtol=0, atol=0)


def test_options_with_a_library_are_stored():
    library = default_library().only("x", "exp").with_primitive(primitive_from_expression("g", sympy.exp(-(Z**4))))
    options = DiscoveryOptions(primitives=library)
    for again in (pickle.loads(pickle.dumps(options)), copy.deepcopy(options)):
        assert list(again.primitives) == list(library) and again.growth == options.growth
        assert again.primitives["exp"] is library["exp"]


def test_a_changed_built_in_is_not_taken_for_the_original():
    changed = dataclasses.replace(default_library()["exp"], complexity=9)
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(changed)
    assert copy.deepcopy(changed).complexity == 9
