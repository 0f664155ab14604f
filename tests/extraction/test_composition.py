"""A symbolic network and its formula are the same function."""

import math

import numpy as np
import pytest
import sympy
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kansym.errors import ArgumentError
from kansym.extraction.composition import AffineMap, compose
from kansym.kan.network import Network
from kansym.primitives import default_library
from kansym.symbolic import parametrize

LIBRARY = default_library()
SMOOTH = ["x", "x^2", "x^3", "sin", "exp", "tanh", "gaussian", "lorentzian", "atan", "sqrt(1+x^2)", "erf", "sech"]
SHAPES = [(1, 1), (2, 1), (3, 1, 1), (2, (0, 2), 1), (2, (1, 2), 1), (2, 2, (0, 1)), (3, (2, 1), (1, 1), 1)]


def empty(shape, seed=0):
    return Network.create(shape, grid=1, generator=torch.Generator().manual_seed(seed))


def symbols(count):
    return sympy.symbols(f"x0:{count}", real=True)


def values(expression, variables, X):
    return parametrize(expression, variables).evaluate(X)


def network_values(network, scaling, X, index=0):
    """What the network predicts for rows in the user's units."""
    u = (X - np.array(scaling.center)) / np.array(scaling.half_width)
    return scaling.y_center + scaling.y_scale * network(torch.from_numpy(u))[index, :, 0].numpy()


def identity_scaling(inputs):
    return AffineMap([0.0] * inputs, [1.0] * inputs, 0.0, 1.0)


@st.composite
def networks(draw):
    """A random symbolic network with sums, products, offsets and switched-off edges."""
    shape = draw(st.sampled_from(SHAPES))
    network = empty(shape)
    number = st.floats(-1.5, 1.5).map(lambda value: round(value, 3))
    for position, layer in enumerate(network.layers):
        for target in range(layer.n_out):
            layer.offset[0, target] = draw(number) if draw(st.booleans()) else layer.offset[0, target]
            for source in range(layer.n_in):
                if source and draw(st.integers(0, 4)) == 0:
                    network.set_off(position, source, target)
                    continue
                constants = {name: draw(number) for name in "abcd"}
                network.set_symbolic(position, source, target, LIBRARY[draw(st.sampled_from(SMOOTH))], **constants)
    return network


@pytest.mark.long
@settings(max_examples=60)
@given(network=networks(), data=st.data())
def test_a_formula_is_its_network(network, data):
    inputs = network.n_inputs
    positive = st.floats(0.2, 5.0)
    scaling = AffineMap(
        [data.draw(st.floats(-5, 5)) for _ in range(inputs)],
        [data.draw(positive) for _ in range(inputs)],
        data.draw(st.floats(-5, 5)),
        data.draw(positive),
    )
    u = np.random.default_rng(0).uniform(-1, 1, (40, inputs))
    X = np.array(scaling.center) + u * np.array(scaling.half_width)
    expected = network_values(network, scaling, X)
    assume(np.isfinite(expected).all() and np.abs(expected).max() < 1e8)
    variables = symbols(inputs)
    actual = values(compose(network, variables, scaling), variables, X)
    np.testing.assert_allclose(actual, expected, rtol=1e-9, atol=1e-9 * max(1.0, np.abs(expected).max()))


@pytest.mark.parametrize("primitive", LIBRARY.values(), ids=lambda primitive: primitive.name)
def test_every_primitive_composes(primitive):
    network = empty((1, 1))
    network.set_symbolic(0, 0, 0, primitive, a=0.3, b=0.5 + max(primitive.domain.lower, 0.0), c=-2.0, d=0.7, p=1.7)
    scaling = AffineMap([3.0], [0.5], -1.0, 4.0)
    X = np.linspace(2.6, 3.4, 30)[:, None]
    (x,) = symbols(1)
    actual = values(compose(network, (x,), scaling), (x,), X)
    expected = network_values(network, scaling, X)
    assert np.isfinite(expected).all()
    np.testing.assert_allclose(actual, expected, rtol=1e-12)


def test_sums_products_and_offsets_by_hand():
    network = empty((2, (1, 1), 1))
    square, identity = LIBRARY["x^2"], LIBRARY["x"]
    network.set_symbolic(0, 0, 0, square, a=2.0, b=1.5, c=0.5)
    network.set_symbolic(0, 1, 0, identity, c=3.0, d=0.25)
    network.set_symbolic(0, 0, 1, identity, d=2.5)
    network.set_symbolic(0, 1, 1, identity)
    network.set_symbolic(1, 0, 0, identity)
    network.set_symbolic(1, 1, 0, identity, c=-4.0)
    network.layers[0].offset[0] = torch.tensor([0.125, 0.5])
    network.layers[1].offset[0] = torch.tensor([7.5])
    x, y = symbols(2)
    found = compose(network, (x, y), identity_scaling(2))
    expected = 0.5 * (2 * x + 1.5) ** 2 + 3 * y + 0.25 + 0.125 - 4 * (0.5 * (x + 2.5) * y) + 7.5
    assert sympy.expand(found - expected).is_zero or sympy.expand(found - expected) == 0.0


def test_scaling_is_folded_back():
    network = empty((1, 1))
    network.set_symbolic(0, 0, 0, LIBRARY["exp"], a=2.0, b=0.25)
    (x,) = symbols(1)
    found = compose(network, (x,), AffineMap([10.0], [4.0], 100.0, 8.0))
    # u = (x - 10) / 4, so 2 u + 1/4 = x / 2 - 4.75.
    X = np.array([[8.0], [10.0], [13.0]])
    np.testing.assert_allclose(values(found, (x,), X), 100 + 8 * np.exp(X[:, 0] / 2 - 4.75), rtol=1e-14)
    # sympy takes the number out of the exponent; the rate is the one of x.
    assert 0.5 in {float(number) for number in found.atoms(sympy.Float)}


def test_no_digits_are_lost_far_from_the_origin():
    # log of a wavelength in metres: center / half_width of order one, but at 1e-30 of any other unit.
    network = empty((1, 1))
    network.set_symbolic(0, 0, 0, LIBRARY["log"], a=1.0, b=3.0)
    (x,) = symbols(1)
    scaling = AffineMap([3e-30], [1e-30], 0.0, 1.0)
    X = np.array([[2e-30], [3.5e-30], [4e-30]])
    np.testing.assert_allclose(values(compose(network, (x,), scaling), (x,), X), np.log(X[:, 0] / 1e-30), rtol=1e-12)


def test_exact_constants_are_structure():
    network = empty((2, 1))
    network.set_symbolic(0, 0, 0, LIBRARY["x"])
    network.set_symbolic(0, 1, 0, LIBRARY["sin"], c=-1.0)
    x, y = symbols(2)
    assert compose(network, (x, y), identity_scaling(2)) == x - sympy.sin(y)


def test_each_network_of_a_population_has_its_own_formula():
    network = empty((1, 1)).select([0, 0])
    network.set_symbolic(0, 0, 0, LIBRARY["exp"], network=0)
    network.set_symbolic(0, 0, 0, LIBRARY["sin"], network=1)
    (x,) = symbols(1)
    found = [compose(network, (x,), identity_scaling(1), index=index) for index in (0, 1)]
    assert found == [sympy.exp(x), sympy.sin(x)]


def test_nodes_without_edges_are_their_offset():
    network = empty((1, (1, 1), 1))
    network.set_symbolic(0, 0, 0, LIBRARY["x"])
    network.set_off(0, 0, 1)
    for source in (0, 1):
        network.set_symbolic(1, source, 0, LIBRARY["x"])
    network.layers[0].offset[0] = torch.tensor([0.0, 2.5])
    (x,) = symbols(1)
    X = np.array([[1.0], [2.0]])
    scaling = identity_scaling(1)
    np.testing.assert_allclose(values(compose(network, (x,), scaling), (x,), X), network_values(network, scaling, X))


def test_a_spline_is_named():
    network = empty((2, 1, 1))
    network.set_symbolic(0, 0, 0, LIBRARY["x"])
    with pytest.raises(ArgumentError, match="edge 1 -> 0 of layer 0 is a spline"):
        compose(network, symbols(2), identity_scaling(2))


def test_a_spline_beside_a_function_is_named():
    network = empty((1, 1))
    network.set_symbolic(0, 0, 0, LIBRARY["sin"], keep_spline=True)
    with pytest.raises(ArgumentError, match="edge 0 -> 0 of layer 0 is a spline"):
        compose(network, symbols(1), identity_scaling(1))


def test_several_outputs_are_refused():
    with pytest.raises(ArgumentError, match="must have one output to become one formula, got 2"):
        compose(empty((1, 2)), symbols(1), identity_scaling(1))


def test_the_exponent_of_a_free_power_is_a_constant():
    network = empty((1, 1))
    network.set_symbolic(0, 0, 0, LIBRARY["x^p"], p=1.75)
    x = sympy.Symbol("x", positive=True)
    found = compose(network, (x,), identity_scaling(1))
    assert [float(number) for number in found.atoms(sympy.Float)] == [1.75]
    assert math.isclose(float(found.subs(x, 2)), 2**1.75)
