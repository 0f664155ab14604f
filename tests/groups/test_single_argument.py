"""Combinations of two inputs that a target is a function of: told by how smooth it is, with constants of each group."""

import numpy as np
import pytest
import sympy

from kansym.groups.single_argument import single_arguments
from kansym.terms.arguments import arguments

x, z = sympy.symbols("x z", positive=True)
BLOCKS = [slice(40 * g, 40 * g + 40) for g in range(4)]
OWN = np.repeat([0.5, 0.9, 1.4, 2.0], 40)


def table(law, noise=0.02):
    rng = np.random.default_rng(6)
    X = rng.uniform(0.5, 3.0, (160, 2))
    y = law(*X.T, OWN)
    return X, y + noise * y.std() * rng.standard_normal(len(y))


def found(X, y, factors=()):
    with np.errstate(all="ignore"):
        all_of_them = np.array([np.ones(len(y)), *factors])
        return single_arguments(arguments(X, (x, z)), all_of_them, y, np.ones(len(y)), BLOCKS)


@pytest.mark.parametrize(
    ("law", "expected"),
    [
        (lambda u, v, a: np.tanh(a * (u - v)), x - z),
        (lambda u, v, a: np.exp(-a * u * v), x * z),
        (lambda u, v, a: 1 / (1 + a * (u**2 + v**2)), x**2 + z**2),
        (lambda u, v, a: np.sin(a * (u + v)), x + z),
    ],
)
def test_the_combination_is_found(law, expected):
    ((argument, factors),) = found(*table(law))
    assert argument.expression == expected
    assert factors == [0]


def test_times_a_power_of_an_input():
    X, y = table(lambda u, v, a: u * np.exp(-a * (u + v)))
    ((argument, factors),) = found(X, y, [X[:, 0], X[:, 1], X[:, 0] ** 2])
    assert argument.expression == x + z
    assert factors == [0, 1]


@pytest.mark.parametrize("law", [lambda u, v, a: np.sin(3 * a * u) * v, lambda u, v, a: np.exp(-u) + a * np.sin(2 * v)])
def test_a_law_of_two_inputs_has_none(law):
    assert found(*table(law)) == []


def test_one_input_has_none():
    X, y = table(lambda u, v, a: np.exp(-a * u))
    assert single_arguments(arguments(X[:, :1], (x,)), np.ones((1, 160)), y, np.ones(160), BLOCKS) == []
