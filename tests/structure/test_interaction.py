"""Sums and products of functions of fewer columns, against interactions that are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym import KAN, ArgumentError, DataError, make_dataset, separability
from kansym.structure.interaction import Verdict


@pytest.fixture(scope="module")
def X() -> np.ndarray:
    return np.random.default_rng(0).uniform(1, 3, (300, 3))


def test_the_finest_sum_and_the_finest_product(X):
    sums = separability(lambda x: x[:, 0] * x[:, 1] + np.exp(x[:, 2]), X)
    assert sums.terms == (("x0", "x1"), ("x2",))
    assert sums.factors == (("x0", "x1", "x2"),)
    products = separability(lambda x: np.sin(x[:, 0]) * np.exp(-x[:, 1]) * x[:, 2], X)
    assert products.factors == (("x0",), ("x1",), ("x2",))
    assert products.terms == (("x0", "x1", "x2"),)


def test_the_size_is_the_spread_of_the_interaction():
    # Of centred columns that are independent, x z is all interaction: its spread is that of the product.
    X = np.random.default_rng(1).uniform(-1, 1, (2000, 2))
    found = separability(lambda x: x[:, 0] + 0.5 * x[:, 0] * x[:, 1], X)
    interaction = 0.5 / 3
    spread = np.sqrt(1 / 3 + interaction**2)
    assert found.sums[0, 1] == pytest.approx(interaction / spread, rel=0.08)
    # The effect of a column counts its share of the interaction.
    assert found.sums[1, 1] == pytest.approx(interaction / spread, rel=0.08)


@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_of_a_table_with_and_without_noise(X, noise):
    y = X[:, 0] * X[:, 1] + np.sqrt(X[:, 2])
    y = y + noise * y.std() * np.random.default_rng(2).standard_normal(len(y))
    found = separability(X, y)
    assert found.terms == (("x0", "x1"), ("x2",))
    assert found.sums[0, 1] > 10 * found.sum_errors[0, 1]
    assert found.sum_errors[0, 1] < max(2 * noise, 1e-3)


def test_groups_of_columns_and_the_verdict(X):
    def law(x):
        return x[:, 0] * x[:, 1] + x[:, 2]

    found = separability(law, X, groups=[["x0", "x1"], "x2"])
    assert found.groups == (("x0", "x1"), ("x2",))
    assert found.verdict() is Verdict.HOLDS
    assert found.verdict(product=True) is Verdict.FAILS
    assert separability(law, X, groups=["x0", "x1"]).verdict() is Verdict.FAILS


def test_of_a_network_its_error_is_the_error(X):
    net = KAN([3, 1], grid=3, seed=0).fit(X, np.exp(X[:, 0]) + np.sin(X[:, 1]) + X[:, 2], steps=20, starts=1)
    found = separability(net)
    assert found.terms == (("x0",), ("x1",), ("x2",))
    error = max(net.error.train, net.error.held_out)
    assert found.sum_errors[0, 1] * np.std(net.table.Y) == pytest.approx(error, rel=0.1)


def test_columns_that_move_together_cannot_be_told():
    # Points off the line x = z are outside of the data, whatever an interpolant says there.
    x = np.linspace(0, 1, 200)
    X = np.column_stack([x, x + 1e-4 * np.sin(40 * x)])
    found = separability(lambda rows: rows[:, 0] + rows[:, 1] ** 2, X, groups=["x0", "x1"])
    assert found.verdict() is Verdict.OPEN
    assert found.terms == (("x0", "x1"),)


def test_rows_with_larger_errors_count_less(X):
    y = X[:, 0] * X[:, 1] + X[:, 2]
    rough = np.arange(len(y)) % 3 == 0
    error = np.where(rough, 3.0, 0.01)
    wild = y + error * np.random.default_rng(3).standard_normal(len(y))
    weighted = separability(make_dataset(X, wild, y_error=error))
    assert weighted.terms == (("x0", "x1"), ("x2",))
    # Without the errors the table is mostly noise.
    assert separability(X, wild).verdict() is Verdict.OPEN


@settings(max_examples=10)
@given(st.floats(-3, 3), st.floats(0.1, 10))
def test_units_and_zero_of_a_sum_change_nothing(offset, factor):
    X = np.random.default_rng(4).uniform(-1, 1, (100, 2))
    plain = separability(lambda x: x[:, 0] * x[:, 1] + x[:, 1], X)
    other = separability(lambda x: factor * (x[:, 0] * x[:, 1] + x[:, 1]) + offset, X)
    assert other.sums[0, 1] == pytest.approx(plain.sums[0, 1], rel=1e-6)


def test_text_and_figure(X):
    found = separability(lambda x: x[:, 0] * x[:, 1] + x[:, 2], X)
    assert str(found).splitlines()[0] == "y = A(x0, x1) + B(x2)"
    figure = found.figure()
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["missing to be a sum", "missing to be a product"]
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert f"{found.sums[0, 1]:.2g}" in texts
    assert any(text.startswith("<") for text in texts)
    figure.draw_without_rendering()


def test_what_is_wrong_is_said(X):
    with pytest.raises(ArgumentError, match=r"groups must be two or more lists of different columns.*'x9'"):
        separability(lambda x: x[:, 0], X, groups=["x0", "x9"])
    with pytest.raises(ArgumentError, match="give a Dataset, X and y"):
        separability(X)
    with pytest.raises(ArgumentError, match="give rows X"):
        separability(lambda x: x[:, 0])
    with pytest.raises(ArgumentError, match="one value for each of 300 rows"):
        separability(lambda x: x, X)
    with pytest.raises(ArgumentError, match="two columns or more"):
        separability(X[:, :1], X[:, 0] ** 2)
    with pytest.raises(DataError, match="48 rows or more"):
        separability(X[:20], X[:20, 0] * X[:20, 1])
    with pytest.raises(ArgumentError, match="one output"):
        separability(KAN([2, 2]), X[:, :2])
