import numpy as np
import pytest
import sympy

from kansym.errors import ArgumentError
from kansym.symbolic import equivalent

X, Y = sympy.symbols("x y")
BOX = [[0.5, 3.0], [1.0, 2.0]]


@pytest.mark.parametrize(
    ("f", "g"),
    [
        (sympy.sin(X) ** 2, 1 - sympy.cos(X) ** 2),
        (sympy.log(X * Y), sympy.log(X) + sympy.log(Y)),
        (X / (X + Y), 1 / (1 + Y / X)),
        (sympy.Abs(X), sympy.sqrt(X**2)),
        (X * 3.14159265, X * sympy.pi),
    ],
    ids=str,
)
def test_the_same_function(f, g):
    assert equivalent(f, g, (X, Y), BOX)


@pytest.mark.parametrize(
    ("f", "g"),
    [(X, X + 1e-4), (X, sympy.sin(X)), (X**2, X**2.001), (sympy.Abs(X - 4), 4 - X), (X * Y, X / Y)],
    ids=str,
)
def test_different_functions(f, g):
    box = [[0.5, 3.9], [1.0, 2.0]]
    assert not equivalent(f, g, (X, Y), box)
    assert equivalent(f, g, (X, Y), box).difference > 1e-6


def test_what_only_agrees_inside_the_box_differs():
    assert not equivalent(sympy.Abs(X), X, (X,), [[0.0, 1.0]])


def test_cancellation_is_not_a_difference():
    f, g = (1 - sympy.cos(X)) / X**2, 2 * sympy.sin(X / 2) ** 2 / X**2
    x = np.linspace(1e-9, 1e-7, 50)
    assert np.abs((1 - np.cos(x)) / x**2 - 2 * np.sin(x / 2) ** 2 / x**2).max() > 1e-3
    assert equivalent(f, g, (X,), [[1e-9, 1e-7]])


def test_domains_must_agree_inside_the_box():
    verdict = equivalent(sympy.sqrt(X), sympy.sqrt(sympy.Abs(X)), (X,), [[-1.0, 1.0]])
    assert not verdict and "not defined" in verdict.reason
    assert not equivalent(sympy.log(X), sympy.log(X), (X,), [[-2.0, -1.5]])


def test_tolerance_counts():
    assert not equivalent(X, 1.0001 * X, (X,), [[0, 1]])
    assert equivalent(X, 1.0001 * X, (X,), [[0, 1]], tolerance=1e-3)


def test_bad_boxes_are_refused():
    for box in ([[0, 1]], [[1, 0], [0, 1]], [[0, np.inf], [0, 1]]):
        with pytest.raises(ArgumentError, match="box must be finite"):
            equivalent(X, Y, (X, Y), box)
