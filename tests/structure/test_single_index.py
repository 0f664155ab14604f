"""Laws of one product of powers, also where they oscillate too fast for an interpolant."""

import numpy as np
import pytest

from kansym.structure.single_index import single_index
from kansym.structure.surrogate import best_surrogate


def along(exponents, other):
    """Whether one row of exponents is a multiple of another one."""
    return np.linalg.matrix_rank(np.vstack([exponents, other])) == 1


CASES = [
    (lambda a, b, c: np.sin(40 * a * b), [1, 1, 0], [0, 0, 0]),
    (lambda a, b, c: c * np.cos(60 * a / b), [1, -1, 0], [0, 0, 1]),
    (lambda a, b, c: np.sin(30 * a * b / c), [1, 1, -1], [0, 0, 0]),
    (lambda a, b, c: np.sin(15 * a**2 / b) / c**2, [2, -1, 0], [0, 0, -2]),
    (lambda a, b, c: np.tanh(a * b), [1, 1, 0], [0, 0, 0]),
]


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("function, index, factor", CASES)
def test_planted(box, function, index, factor, sign):
    X = box(1200, (1, 2), (1, 2), (1, 2))
    # Columns of one sign may be negative: the index is one of their sizes.
    first = single_index(X * [sign, 1.0, 1.0], function(*X.T))[0]
    assert first.groups.shape == (1, 3) and along(first.groups, [index])
    np.testing.assert_array_equal(first.factor, factor)
    assert first.misfit < 0.05


def test_it_finds_what_an_interpolant_does_not(box):
    X = box(1200, (1, 2), (1, 2))
    t = np.sin(60 * X[:, 0] * X[:, 1])
    surrogate = best_surrogate(X, t)
    assert surrogate is None or surrogate.error > 0.5
    assert along(single_index(X, t)[0].groups, [[1, 1]])


def test_the_smoothest_come_first_and_three_at_most(box):
    X = box(800, (1, 2), (1, 2), (1, 2))
    found = single_index(X, np.tanh(X[:, 0] / X[:, 1]))
    assert 1 <= len(found) <= 3
    assert [one.misfit for one in found] == sorted(one.misfit for one in found)


def test_units_do_not_matter(box):
    X = box(800, (1, 2), (1, 2), (1, 2))
    t = X[:, 2] * np.sin(30 * X[:, 0] / X[:, 1])
    plain, scaled = single_index(X, t), single_index(X * [1e6, 3e-9, 0.1], -1e4 * t)
    assert len(plain) == len(scaled) >= 1
    np.testing.assert_array_equal(plain[0].groups, scaled[0].groups)
    np.testing.assert_array_equal(plain[0].factor, scaled[0].factor)
    assert plain[0].misfit == pytest.approx(scaled[0].misfit, rel=1e-6)


def test_a_power_of_the_index_is_no_new_index(box):
    X = box(600, (1, 2), (1, 2))
    first = single_index(X, np.cos(4 * X[:, 0] ** 2 * X[:, 1] ** 2))[0]
    assert np.gcd.reduce(first.groups[0].astype(int)) == 1 and along(first.groups, [[1, 1]])


def test_the_order_of_the_rows_is_no_part_of_the_law(box, rng):
    X = box(600, (1, 2), (1, 2))
    t = np.sin(30 * X[:, 0] * X[:, 1])
    order = rng.permutation(600)
    assert along(single_index(X[order], t[order])[0].groups, single_index(X, t)[0].groups)


def test_the_seed_decides(box):
    X = box(600, (1, 2), (1, 2))
    t = np.sin(30 * X[:, 0] * X[:, 1])
    first, again = single_index(X, t, seed=4), single_index(X, t, seed=4)
    assert [one.misfit for one in first] == [one.misfit for one in again]


def test_noise_is_allowed_where_it_is_known(box, rng):
    X = box(1500, (1, 2), (1, 2))
    t = np.sin(20 * X[:, 0] * X[:, 1])
    t = t + 0.3 * t.std() * rng.normal(size=1500)
    assert single_index(X, t) == []
    assert along(single_index(X, t, smooth=0.14)[0].groups, [[1, 1]])


def test_noise_alone_is_no_law(box, rng):
    assert single_index(box(600, None, None, None), rng.normal(size=600)) == []


@pytest.mark.parametrize(
    "function", [lambda a, b: np.sin(20 * (a + b)), lambda a, b: np.sin(15 * a) * np.cos(14 * b)], ids=["sum", "two"]
)
def test_laws_of_other_forms_are_refused(box, function):
    X = box(800, (1, 3), (1, 3))
    assert single_index(X, function(*X.T)) == []


def test_tables_it_does_not_ask(box):
    X = box(100, (-1, 1), None)
    X[7, 0] = 0.0
    assert single_index(X, X[:, 0] * X[:, 1]) == []
    assert single_index(box(100, *[None] * 7), np.ones(100)) == []
    assert single_index(box(100, None), np.ones(100)) == []


@pytest.mark.parametrize("index", [[1, 1], [2, -1], [1, 2]], ids=str)
def test_columns_of_both_signs(box, index):
    X = box(1500, (-1, 1), (0.5, 2))
    first, *_ = single_index(X, np.sin(5 * X[:, 0] ** index[0] * X[:, 1] ** index[1] + 1))
    assert along(first.groups, [index])


def test_a_factor_of_both_signs(box):
    X = box(1500, (-1, 1), (1, 2), (1, 2))
    first, *_ = single_index(X, X[:, 0] * (2 + np.sin(20 * X[:, 1] * X[:, 2])))
    assert along(first.groups, [[0, 1, 1]]) and list(first.factor) == [1, 0, 0]


def test_weights_say_where_the_noise_is(box, rng):
    X = box(1500, (0.02, 2), (1, 2), (1, 2))
    t = np.sin(20 * X[:, 1] * X[:, 2]) + 0.02 * rng.normal(size=1500) / X[:, 0] ** 2
    rows = X[:, 1:]
    assert single_index(rows, t) == []
    assert along(single_index(rows, t, X[:, 0] ** 4)[0].groups, [[1, 1]])
