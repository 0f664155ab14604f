"""Straight lines and parabolas, which every search tries first."""

import numpy as np
import pytest

from kansym import DiscoveryOptions, discover, make_dataset


@pytest.mark.parametrize("rows", [8, 20, 60])
@pytest.mark.parametrize(
    ("law", "text"),
    [
        (lambda a, b: 3 * a + 1, "y = 3*a + 1"),
        (lambda a, b: 2.5 * a, "y = 5*a/2"),
        (lambda a, b: 3 * a - 2 * b + 1, "y = 3*a - 2*b + 1"),
        (lambda a, b: a + b, "y = a + b"),
    ],
    ids=["line", "proportional", "plane", "sum"],
)
def test_a_column_that_does_not_matter_leaves_no_rounding_behind(law, text, rows):
    rng = np.random.default_rng(rows)
    a, b = rng.uniform(1, 5, (2, rows))
    found = discover(
        make_dataset(np.column_stack([a, b]), law(a, b), names=["a", "b"]), DiscoveryOptions(max_seconds=3)
    )
    assert str(found.formula) == text


@pytest.mark.parametrize(
    ("law", "text"),
    [(lambda x: x**2 + x, "y = x**2 + x"), (lambda x: 4 * x**2 - 3, "y = 4*x**2 - 3"), (lambda x: 2 * x, "y = 2*x")],
)
def test_parabolas(law, text):
    x = np.linspace(-2, 3, 40)
    found = discover(make_dataset(x[:, None], law(x), names=["x"]), DiscoveryOptions(max_seconds=3))
    assert str(found.formula) in (text, "y = x*(x + 1)")
