"""Symmetries: true ones hold, false ones fail by the size of what breaks them."""

import numpy as np
import pytest
import sympy

from kansym import KAN, ArgumentError, DataError, symmetries, symmetry
from kansym.structure.interaction import Verdict

x0, x1, x2 = sympy.symbols("x0 x1 x2")


@pytest.fixture(scope="module")
def X() -> np.ndarray:
    return np.random.default_rng(0).uniform(1, 3, (400, 3))


@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_a_true_one_holds_and_a_false_one_fails(X, noise):
    y = np.sin(X[:, 0] - X[:, 1]) * X[:, 2]
    y = y + noise * y.std() * np.random.default_rng(1).standard_normal(len(y))
    assert symmetry(X, y, through="x0 - x1").verdict is Verdict.HOLDS
    false = symmetry(X, y, through="x0 + x1")
    assert false.verdict is Verdict.FAILS
    assert false.rest == ("x2",)


def test_the_size_is_what_breaks_it():
    # y = u + b v with v = x0 + x1 independent of u: what F(u) cannot say is b v.
    generator = np.random.default_rng(2)
    u, v = generator.uniform(-1, 1, (2, 1500))
    X = np.column_stack([(v + u) / 2, (v - u) / 2])
    y = np.sin(2 * u) + 0.1 * v
    found = symmetry(X, y, through="x0 - x1")
    assert found.size * y.std() == pytest.approx(0.1 / np.sqrt(3), rel=0.1)
    assert found.verdict is Verdict.FAILS


def test_scaling_with_a_factor(X):
    found = symmetry(X, X[:, 0] ** 2 * np.exp(-X[:, 1] / X[:, 0]) / X[:, 2], through="x1/x0", factor="x0**2/x2")
    assert found.verdict is Verdict.HOLDS
    assert found.values.shape == (400, 1)
    # Along the one column that is left the target is one curve.
    order = np.argsort(found.values[:, 0])
    np.testing.assert_allclose(found.y, np.exp(-found.values[:, 0]), rtol=1e-12)
    assert (np.diff(found.y[order]) < 0).all()


def test_those_of_a_law_are_found(X):
    X = X[:200]
    found = symmetries(X, X[:, 0] ** 2 * np.sin(X[:, 1] / X[:, 0]) * X[:, 2])
    assert found[0].verdict is Verdict.HOLDS
    assert {found[0].through[0], 1 / found[0].through[0]} == {x1 / x0, x0 / x1}
    inner = symmetries(X, np.exp(-((X[:, 0] - X[:, 1]) ** 2)) + X[:, 2])
    assert {*inner[0].through} in ({x0 - x1}, {x1 - x0})


def test_none_are_found_where_there_are_none(X):
    found = symmetries(
        X, np.sin(X[:, 0] * X[:, 1] ** 1.3) + np.cos(X[:, 2] * X[:, 0] ** 0.7) + X[:, 1] ** 1.7 * X[:, 2]
    )
    assert not [one for one in found if one.verdict is Verdict.HOLDS]


def test_what_nothing_smooth_describes_cannot_be_told():
    generator = np.random.default_rng(3)
    found = symmetry(generator.uniform(0, 1, (200, 2)), generator.standard_normal(200), through="x0 - x1")
    assert found.verdict is Verdict.OPEN


def test_of_a_network(X):
    net = KAN([2, 1, 1], seed=0).fit(X[:, :2], np.tanh(X[:, 0] - X[:, 1]), steps=20, starts=4)
    found = symmetry(net, through="x0 - x1")
    assert found.verdict is Verdict.HOLDS
    assert found.error >= net.error.train / np.std(net.predict(X[:, :2]))


def test_text_and_figure(X):
    found = symmetry(X, X[:, 0] * np.sin(X[:, 1] / X[:, 2]), through="x1/x2", factor="x0")
    assert str(found).startswith("y = x0 * F(x1/x2): holds; missing ")
    figure = found.figure(dark=True)
    (axes,) = figure.axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x1/x2", "y / (x0)")
    points = np.asarray(axes.collections[0].get_offsets())
    np.testing.assert_allclose(points[:, 1], np.sin(points[:, 0]), rtol=1e-12)


def test_what_is_wrong_is_said(X):
    y = X[:, 0] * X[:, 1] + X[:, 2]
    with pytest.raises(ArgumentError, match="x9"):
        symmetry(X, y, through="x9 - x1")
    with pytest.raises(ArgumentError, match="through must be combinations of x0, x1, x2, got '2'"):
        symmetry(X, y, through="2")
    with pytest.raises(ArgumentError, match="through must be combinations"):
        symmetry(X, y, through=[])
    with pytest.raises(DataError, match="must be finite on every row"):
        symmetry(X, y, through="log(x0 - 2)")
    with pytest.raises(DataError, match="the factor not zero"):
        symmetry(X, y, through="x0", factor="x0 - x0")
