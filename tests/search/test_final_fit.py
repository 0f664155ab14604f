"""The last fit of the constants: large tables come to the same as small ones."""

import numpy as np
import pytest
import sympy

from kansym import DiscoveryOptions, discover
from kansym.data.dataset import make_dataset
from kansym.search import final_fit as settling
from kansym.search.final_fit import refitted
from kansym.symbolic.formula import Constant, Formula

a, b = sympy.symbols("a b")
START = Formula(
    sympy.Float(2.36) * a + sympy.Float(1.25) * sympy.exp(sympy.Float(-0.6) * b), ("a", "b"), "y", 8, 0.0, 0.0, 0.0
)


@pytest.mark.parametrize("error", [None, 0.07])
def test_few_steps_come_to_the_same_constants_and_errors(monkeypatch, error):
    rng = np.random.default_rng(0)
    X = rng.uniform(1, 3, (2000, 2))
    y = 2.37 * X[:, 0] + 1.2 * np.exp(-X[:, 1] / 1.7) + rng.normal(0, 0.1, 2000)
    table = make_dataset(X, y, names=["a", "b"], y_error=error)
    full, fit = refitted(START, table)
    monkeypatch.setattr(settling, "MOST_VALUES", 100)
    short, none = refitted(START, table)
    assert fit is not None and none is None
    for one, other in zip(full.constants, short.constants, strict=True):
        assert other.value == pytest.approx(one.value, abs=1e-6 * one.error)
        assert other.error == pytest.approx(one.error, rel=1e-6)


def test_names_of_constants_are_kept():
    named = Formula(START.expression, ("a", "b"), "y", 8, 0.0, 0.0, 0.0)
    from dataclasses import replace

    from kansym.symbolic.formula import Constant

    named = replace(named, constants=(Constant("g", 2.36),))
    X = np.random.default_rng(1).uniform(1, 3, (100, 2))
    y = 2 * X[:, 0] + np.exp(-X[:, 1]) + 0.01 * np.random.default_rng(2).normal(size=100)
    found, _ = refitted(named, make_dataset(X, y, names=["a", "b"]))
    assert next(one for one in found.constants if one.name == "g").value == pytest.approx(2, abs=0.01)


def test_constants_have_names_of_their_own():
    # Of the formula's constants one is not told by its value; the number in its place must not borrow a name.
    numbers = sympy.Float(2.5) * a + sympy.Float(3.0) * sympy.exp(-b)
    formula = Formula(numbers, ("a", "b"), "y", 8, 0.0, 0.0, 0.0, (Constant("c0", 5.0), Constant("c1", 3.0)))
    X = np.random.default_rng(0).uniform(1, 3, (30, 2))
    table = make_dataset(X, 2.6 * X[:, 0] + 3.1 * np.exp(-X[:, 1]), names=["a", "b"], y_error=0.1)
    fitted, _ = refitted(formula, table)
    assert sorted(one.name for one in fitted.constants) == ["c0", "c1"]
    assert sorted(round(one.value, 6) for one in fitted.constants) == [2.6, 3.1]


@pytest.mark.parametrize("relative", [True, False])
@pytest.mark.long
def test_a_scatter_that_grows_with_the_target_is_told(relative, rng):
    x = np.linspace(0.5, 10, 100)
    error = 0.03 * 2 * x if relative else np.full(100, 0.3)
    y = 2.2 * x + error * rng.normal(size=100)
    found = discover(make_dataset(x[:, None], y), DiscoveryOptions(max_seconds=1.5))
    hints = [note for note in found.notes if "grows with its size" in note]
    assert len(hints) == relative
    assert not relative or "--error" in hints[0]


@pytest.mark.long
def test_rows_that_look_like_mistakes_are_told_without_errors(rng):
    x = np.linspace(0.5, 10, 60)
    y = 2.2 * x + 0.1 * rng.normal(size=60)
    y[[10, 40]] += 4.0
    found = discover(make_dataset(x[:, None], y), DiscoveryOptions(max_seconds=1.5))
    (note,) = [note for note in found.notes if "--robust" in note]
    assert note.startswith("2 of 60 rows are farther")
