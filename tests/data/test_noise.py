"""The noise floor: what a table tells about its own precision, and nothing more."""

import numpy as np
import pytest

from kansym.data import make_dataset
from kansym.data.noise import RELATIVE_ROUNDING, digit_rounding, noise_floor, pure_error


def table(rows=200, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.uniform(1, 3, rows)
    return x[:, None], np.exp(x) / 7


def test_full_double_precision_leaves_rounding_only():
    X, y = table()
    assert digit_rounding(y) == 0.0
    assert noise_floor(make_dataset(X, y)) == RELATIVE_ROUNDING * np.abs(y).max()


@pytest.mark.parametrize("decimals", [1, 3, 6])
def test_a_rounded_table_has_the_error_of_rounding(decimals):
    X, y = table()
    rounded = np.round(y, decimals)
    floor = noise_floor(make_dataset(X, rounded))
    assert floor == pytest.approx(10.0**-decimals / np.sqrt(12), rel=1e-12)
    # The true error of rounding, which the table does not show.
    assert np.std(rounded - y) == pytest.approx(floor, rel=0.15)


@pytest.mark.parametrize("scale", [1e-30, 1e-5, 1e3])
def test_the_last_digit_is_found_in_any_unit(scale):
    # Four decimals of numbers near one, written in another unit: the last digit moves with the decimal point.
    _, y = table()
    rounded = np.round(y, 4) * scale
    assert digit_rounding(rounded) == pytest.approx(1e-4 * scale / np.sqrt(12), rel=1e-9)


def test_integers_are_counts_and_exact():
    assert digit_rounding(np.array([1.0, 17.0, 250.0, 3000.0])) == 0.0
    assert digit_rounding(np.array([1.0, 17.0, 250.5, 3000.0])) == pytest.approx(0.1 / np.sqrt(12), rel=1e-12)


def test_zeros_have_no_last_digit():
    assert digit_rounding(np.zeros(4)) == 0.0


def test_repeated_points_show_the_noise():
    rng = np.random.default_rng(1)
    X = np.repeat(np.linspace(1, 2, 100), 4)[:, None]
    y = X[:, 0] ** 2 + 0.03 * rng.normal(size=400)
    # 300 degrees of freedom: the estimate is good to 1 / sqrt(600), 4 per cent.
    assert pure_error(X, y) == pytest.approx(0.03, rel=0.15)
    assert noise_floor(make_dataset(X, y)) == pytest.approx(0.03, rel=0.15)


def test_pure_error_by_hand():
    X = np.array([[1.0], [1.0], [2.0], [2.0], [2.0], [3.0]])
    y = np.array([0.0, 2.0, 1.0, 1.0, 4.0, 9.0])
    # Sums of squares about the means 1 and 2: 2 and 6, with one and two degrees of freedom.
    assert pure_error(X, y, least_groups=3) == pytest.approx(np.sqrt(8 / 3), rel=1e-14)
    assert pure_error(X, y) is None


def test_exact_copies_say_nothing_about_noise():
    X, y = table(20)
    assert pure_error(np.tile(X, (3, 1)), np.tile(y, 3)) is None


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_pure_error_in_extreme_units(scale):
    rng = np.random.default_rng(1)
    X = np.repeat(np.linspace(1, 2, 50), 3)[:, None]
    y = X[:, 0] + 0.01 * rng.normal(size=150)
    plain, scaled = pure_error(X, y), pure_error(X, y * scale)
    assert plain is not None and scaled == pytest.approx(plain * scale, rel=1e-9)


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_given_errors_count_by_their_harmonic_mean_square(scale):
    X, y = table(4)
    error = np.array([0.1, 0.2, 0.2, 0.4]) * scale
    expected = (np.mean(np.array([0.1, 0.2, 0.2, 0.4]) ** -2.0)) ** -0.5 * scale
    assert noise_floor(make_dataset(X, y * scale, y_error=error)) == pytest.approx(expected, rel=1e-12)


def test_the_largest_of_several_floors_counts():
    X, y = table()
    rounded = np.round(y, 1)
    repeated = np.concatenate([rounded, rounded + 0.4])
    assert noise_floor(make_dataset(X, rounded)) == pytest.approx(0.1 / np.sqrt(12), rel=1e-12)
    assert noise_floor(make_dataset(np.concatenate([X, X]), repeated)) == pytest.approx(0.4 / np.sqrt(2), rel=1e-6)


def test_given_errors_are_not_raised_by_rows_that_scatter_more():
    rng = np.random.default_rng(2)
    X = np.repeat(np.linspace(1, 2, 20), 4)[:, None]
    y = np.round(X[:, 0] ** 2 + 0.3 * rng.normal(size=80), 1)
    assert noise_floor(make_dataset(X, y, y_error=0.01)) == pytest.approx(0.01, rel=1e-12)
