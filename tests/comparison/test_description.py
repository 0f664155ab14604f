import numpy as np
import pytest
import sympy

from kansym import DiscoveryOptions, discover, make_dataset
from kansym.comparison.description import bits_of

x = sympy.Symbol("x")


def test_the_law_is_shorter_than_what_it_is_and_some_more(rng):
    X = rng.uniform(0.5, 3, (80, 1))
    dataset = make_dataset(X, 2.5 * X[:, 0] ** 2 + rng.normal(0, 0.05, 80), names=["x"], target="y")
    law, longer, mean = (
        bits_of(form, dataset)
        for form in (2.5 * x**2, 2.5 * x**2 + sympy.Float(1e-4) * sympy.sin(3.3 * x), sympy.Float(dataset.y.mean()))
    )
    assert law < longer < mean
    assert bits_of(sympy.log(x - 1), dataset) is None


def test_it_is_what_kansym_picks_by():
    X = np.linspace(1, 3, 60)[:, None]
    dataset = make_dataset(X, np.exp(0.7 * X[:, 0]), names=["x"], target="y")
    found = discover(dataset, DiscoveryOptions(max_seconds=5)).formula
    assert bits_of(found.expression, dataset) == pytest.approx(found.description_length, abs=1e-6)


def test_a_whole_number_costs_the_same_however_a_tool_writes_it():
    X = np.linspace(1, 3, 40)[:, None]
    dataset = make_dataset(X, 2 * X[:, 0] + 1, names=["x"], target="y", units=["m"], y_units="m")
    written = (2 * x + 1, sympy.Float(2) * x + sympy.Float(1), 2 * x + sympy.Float(1.0000000001))
    assert len({round(bits_of(form, dataset), 3) for form in written}) == 1
