"""The units in which all groups lie on one curve: found for laws that have them, and for no other."""

import numpy as np
import pytest

from kansym.groups.collapse import collapse
from kansym.groups.known_form import fit_constants_by_group

RNG = np.random.default_rng(4)
CODES = np.repeat(np.arange(4), 15)
X = RNG.uniform(0.2, 4, 60)
P, Q = RNG.uniform(1, 3, 4)[CODES], RNG.uniform(0.5, 2, 4)[CODES]


@pytest.mark.parametrize(
    ("text", "y", "labels"),
    [
        ("A*exp(-x/tau) + B", P * np.exp(-X / Q) + 0.4, ("x / tau", "(y − B) / A")),
        ("A*tanh(k*x)", P * np.tanh(Q * X), ("x · k", "y / A")),
        ("A*exp(c*x)", P * np.exp(-Q * X), ("x · |c|", "y / A")),
        ("exp(-(x - m)**2)", np.exp(-((X - P) ** 2)), ("x − m", "y")),
        ("A/(x**2 + s**2)", 2.0 / (X**2 + P**2), ("x / s", "y · s²")),
    ],
)
def test_all_groups_lie_on_one_curve(text, y, labels):
    found = fit_constants_by_group(text, {"x": X}, y + 1e-4 * RNG.standard_normal(60), CODES)
    one = collapse(found)
    assert one is not None
    assert (one.x_label, one.y_label) == labels
    order = np.argsort(one.x)
    assert np.abs(np.interp(one.x[order], *one.curve) - one.y[order]).max() < 0.02 * np.ptp(one.y)


def test_a_law_without_such_units_has_none():
    y = P * X + Q * np.sin(2 * X)
    found = fit_constants_by_group("a*x + b*sin(2*x)", {"x": X}, y + 1e-4 * RNG.standard_normal(60), CODES)
    assert found.per_group == ("a", "b")
    assert collapse(found) is None
