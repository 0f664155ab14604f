import numpy as np
import pytest

from kansym.bench.sampling import Variable, draw, generator, grid, within_domain
from kansym.errors import ArgumentError


def column(variable, count=4000):
    return draw([variable], count, generator("test", 0))[:, 0]


def test_distributions():
    uniform = column(Variable("x", 2, 6))
    assert uniform.min() >= 2 and uniform.max() <= 6 and np.mean(uniform) == pytest.approx(4, abs=0.1)
    log = column(Variable("x", 1e-4, 1e4, distribution="log"))
    assert np.mean(np.log10(log)) == pytest.approx(0, abs=0.15)
    normal = column(Variable("x", -1, 3, distribution="normal"))
    assert np.mean(normal) == pytest.approx(1, abs=0.05) and np.std(normal) == pytest.approx(1, abs=0.05)
    with pytest.raises(ArgumentError, match="no whole number"):
        Variable("n", 1, 4, distribution="normal", integer=True)
    signed = column(Variable("x", 1, 10, distribution="log", signed=True))
    assert np.abs(signed).min() >= 1 and np.mean(signed > 0) == pytest.approx(0.5, abs=0.05)
    whole = column(Variable("n", 1, 4, integer=True))
    values, counts = np.unique(whole, return_counts=True)
    assert values.tolist() == [1, 2, 3, 4] and counts.min() > 850


def test_grids():
    X = grid([Variable("x", 0, 1), Variable("y", 1, 100, distribution="log"), Variable("z", 2, 4)], (2, 3, 1))
    np.testing.assert_allclose(X, [[x, y, 3] for x in (0, 1) for y in (1, 10, 100)])
    assert grid([Variable("n", 1, 5, integer=True)], (9,)).tolist() == [[1], [2], [3], [4], [5]]


def test_a_whole_number_above_another():
    X = draw([Variable("a", 1, 5, integer=True), Variable("b", 2, 6, integer=True, above="a")], 2000, generator("t", 0))
    assert (X[:, 1] > X[:, 0]).all() and X[:, 1].max() == 6
    last = X[X[:, 0] == 5]
    assert (last[:, 1] == 6).all()


def test_extension_by_a_third_of_the_width():
    def ends(variable):
        wide = variable.extended()
        return wide.low, wide.high

    assert ends(Variable("x", -1, 1)) == pytest.approx((-1.6, 1.6))
    # Never negative stays never negative.
    assert ends(Variable("x", 1, 5)) == pytest.approx((0, 6.2))
    assert ends(Variable("x", 10, 12)) == pytest.approx((9.4, 12.6))
    assert ends(Variable("x", 1, 1e10, distribution="log")) == pytest.approx((1e-3, 1e13))
    assert ends(Variable("n", 1, 6, integer=True)) == (1, 8)
    assert ends(Variable("n", 0, 6, integer=True)) == (0, 8)
    assert ends(Variable("n", -4, 6, integer=True)) == (-7, 9)
    assert ends(Variable("x", 1, 5, signed=True)) == (1, 6.2)


def test_seeds_and_names_decide_the_numbers():
    variable = Variable("x", 0, 1)
    first = draw([variable], 5, generator("a", 0))
    assert np.array_equal(first, draw([variable], 5, generator("a", 0)))
    assert not np.array_equal(first, draw([variable], 5, generator("a", 1)))
    assert not np.array_equal(first, draw([variable], 5, generator("b", 0)))


def test_rows_outside_of_the_domain_are_drawn_again():
    numbers = generator("t", 0)
    X, y = within_domain(
        lambda count: numbers.uniform(-1, 1, (count, 1)), lambda X: np.where(X[:, 0] > 0.9, X[:, 0], np.nan), 50, "it"
    )
    assert X.shape == (50, 1) and (X > 0.9).all() and np.array_equal(X[:, 0], y)


@pytest.mark.parametrize("wrong", [(2, 1), (0, np.inf), (np.nan, 1)])
def test_ranges_must_be_finite_and_ordered(wrong):
    with pytest.raises(ArgumentError, match="'x': low and high"):
        Variable("x", *wrong)
