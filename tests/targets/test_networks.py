"""Formulas of a network of several outputs, and what they share."""

import copy

import numpy as np
import pytest
import sympy

from kansym import KAN
from kansym.targets.analysis import _factored, _measured
from kansym.targets.networks import Formulas

rng = np.random.default_rng(0)
X = rng.uniform(0.5, 2, (300, 2))
R = X[:, 0] ** 2 + X[:, 1]


@pytest.fixture(scope="module")
def net():
    Y = np.column_stack([np.exp(-0.7 * R), 3 * np.sin(1.3 * R)])
    return KAN([2, 1, 2], grid=8, names=["a", "b"], targets=["u", "v"]).fit(X, Y, starts=8, steps=40)


@pytest.mark.long
def test_a_shared_node_is_named_once(net):
    before = net.predict(X)
    found = net.symbolify()
    assert isinstance(found, Formulas) and [one.target for one in found] == ["u", "v"]
    (part,) = found.common.parts
    assert (part.text, part.targets) == ("a**2 + b", ("u", "v"))
    assert str(found).count("a**2 + b") == 1 and f"{part.name} = a**2 + b, in u and v" in str(found)
    assert np.allclose(found[1].predict(X), 3 * np.sin(1.3 * R), atol=1e-9)
    assert np.array_equal(net.predict(X), before)
    copied = copy.deepcopy(found)
    assert str(copied) == str(found) and copied.common.parts == found.common.parts


def test_without_anything_in_common_they_are_listed():
    Y = np.column_stack([np.sin(3 * X[:, 0]), X[:, 1] ** 2])
    net = KAN([2, 2], grid=8, targets=["u", "v"]).fit(X, Y, starts=2, steps=30)
    net.prune()
    net.auto()
    found = net.formula()
    assert not found.common and repr(found) == "\n".join(map(str, found)) and len(str(found).splitlines()) == 2


a, b, k = sympy.symbols("a b k", real=True)


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        (sympy.exp(sympy.Mul(sympy.Rational(-7, 10), a**2 + b, evaluate=False)), "exp(k*(a**2 + b))"),
        (2 * sympy.exp(sympy.Mul(sympy.Rational(-7, 10), a**2 + b, evaluate=False)), "2.0*exp(k*(a**2 + b))"),
        (sympy.sin(sympy.Float(1.5) * a - sympy.Float(1.5) * b), "sin(k*(a - b))"),
        (sympy.sin(sympy.Float(1.5) * a + sympy.Float(2.5) * b), "sin(1.5*a + 2.5*b)"),
        (a + b, "a + b"),
        (7 * a + 7 * b, "k*(a + b)"),
        (2 * a + 2 * b, "2*a + 2*b"),
    ],
)
def test_one_constant_times_a_sum_stays_one(expression, shown):
    scales = {}
    measured = _measured(expression, scales)
    assert str(measured.xreplace(dict.fromkeys(scales, k))) == shown
    values = {a: 0.7, b: -1.9, **scales}
    assert float(measured.evalf(subs=values)) == pytest.approx(float(expression.evalf(subs=values)), rel=1e-12)


def test_a_constant_of_every_term_stands_before_the_sum():
    found = _factored(sympy.exp(k * a**2 - k * b) + k * a + a, [k])
    assert found == sympy.exp(k * (a**2 - b)) + k * a + a


@pytest.mark.parametrize("noise", [0.0, 0.01])
@pytest.mark.long
def test_the_shared_part_is_seen_behind_other_constants_and_with_noise(noise):
    # A generator of its own: the draws must not depend on what ran before.
    Y = np.column_stack([2 * np.exp(-0.7 * R), 3 * np.sin(1.3 * R)])
    Y += noise * Y.std(0) * np.random.default_rng(1).normal(size=Y.shape)
    net = KAN([2, 1, 2], grid=5, names=["a", "b"], targets=["u", "v"]).fit(X, Y, starts=8, steps=40)
    parts = net.symbolify().common.parts
    assert [part.text for part in parts] == ["a**2 + b"]
