"""The slot table: values, gradients, structure and formulas."""

import numpy as np
import pytest
import sympy
import torch

from kansym.terms.arguments import arguments
from kansym.terms.slots import Slots, expression, joined, values, values_and_slopes

CPU = torch.device("cpu")


@pytest.fixture
def columns(table):
    X = table((0.5, 3.0), (1.0, 2.0), rows=40)
    x, z = sympy.symbols("x z", positive=True)
    found = arguments(X, (x, z))
    return found, torch.from_numpy(np.array([argument.column for argument in found]))


def sums(*products):
    return Slots.of(products, CPU, torch.float64)


def test_values_are_products_of_what_the_slots_hold(columns):
    _, U = columns
    table = sums([(("exp", -0.7, 0.0), 0), (("power", 2.0, 0.0), 1)], [])
    result = values(table, U).prod(-2)
    torch.testing.assert_close(result[0], torch.exp(-0.7 * U[0]) * U[1] ** 2)
    torch.testing.assert_close(result[1], torch.ones(40, dtype=torch.float64))


def test_slopes_stand_where_their_constants_are(columns):
    _, U = columns
    table = sums([(("sin", 1.1, 0.4), 1), (("power", 2.0, 0.0), 0)], [(("shifted", 0.3, -1.0), 0)])
    value, slopes, places = values_and_slopes(table, U)
    torch.testing.assert_close(value, values(table, U))
    flat = table.free.reshape(-1)
    assert sorted(places.tolist()) == flat.nonzero()[:, 0].tolist()
    for slope, place in zip(slopes, places.tolist(), strict=True):
        moved = [table.theta.clone() for _ in (0, 1)]
        for theta, sign in zip(moved, (1, -1), strict=True):
            theta.view(-1)[place] += sign * 1e-6
        upper, lower = (
            values(Slots(table.factor, table.argument, theta, table.free), U).reshape(-1, 40)[place // 2]
            for theta in moved
        )
        torch.testing.assert_close(slope, (upper - lower) / 2e-6, rtol=1e-7, atol=1e-9)


def test_structure_forgets_order_and_fitted_constants():
    one = sums([(("exp", -0.7, 0.0), 0), (("power", 2.0, 0.0), 1)], [(("sin", 1.0, 0.2), 0)])
    other = sums([(("sin", 3.0, 0.9), 0)], [(("power", 2.0, 0.0), 1), (("exp", 0.1, 0.0), 0)])
    third = sums([(("sin", 3.0, 0.9), 0)], [(("power", 3.0, 0.0), 1), (("exp", 0.1, 0.0), 0)])
    keys = [table.map(lambda tensor: tensor[None]).keys()[0] for table in (one, other, third)]
    assert keys[0] == keys[1] != keys[2]


def test_packing_leaves_no_empty_slots_between(columns):
    _, U = columns
    loose = joined([sums([], []), sums([(("exp", -0.7, 0.0), 0)], [(("log", 1.0, 0.0), 1)])], axis=1)
    packed = loose.packed()
    assert packed.factor.shape == (2, 1) and loose.factor.shape == (2, 2)
    torch.testing.assert_close(values(packed, U).prod(-2), values(loose, U).prod(-2))


def test_formulas_have_the_same_values(columns):
    found, U = columns
    table = sums([(("gaussian", 0.5, 1.2), 0), (("power", -0.5, 0.0), 1)], [(("sin", 2.0, np.pi / 2), 1)])
    formula = expression(table, [2.5, -0.25], found)
    X = [U[0].numpy(), U[1].numpy()]
    expected = 2.5 * values(table, U).prod(-2)[0] - 0.25 * values(table, U).prod(-2)[1]
    made = sympy.lambdify([found[0].expression, found[1].expression], formula)(*X)
    np.testing.assert_allclose(made, expected, rtol=1e-12)
