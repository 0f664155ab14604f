import numpy as np
import pytest

from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.parser import parse_expression
from kansym.symbolic.same import can_fit_values, equal_values

VALUES = np.linspace(-2.0, 3.0, 40)


def test_relative_differences_count_at_every_row():
    moved = VALUES.copy()
    assert equal_values(VALUES, moved * (1 + 9e-9), relative=1e-8)
    moved[7] *= 1 + 3e-8
    assert not equal_values(VALUES, moved, relative=1e-8)


def test_zeros_of_both_and_few_rows_say_nothing():
    assert not equal_values(np.zeros(40), np.zeros(40), relative=1e-8)
    assert equal_values(np.zeros(40), np.zeros(40))
    assert not equal_values(VALUES[:9], VALUES[:9], relative=1e-8)
    assert equal_values(VALUES[:10], VALUES[:10])


@pytest.mark.parametrize("options", [{"relative": 1e-8}, {"rms": 1e-8}])
def test_both_have_to_be_defined_on_the_same_rows_but_for_strays(options):
    missing = VALUES.copy()
    missing[:2] = np.nan
    assert not equal_values(VALUES, missing, **options)
    assert equal_values(VALUES, missing, strays=0.05, **options)
    missing[2] = np.nan
    assert not equal_values(VALUES, missing, strays=0.05, **options)


def test_the_largest_differences_are_strays_of_a_mean():
    moved = VALUES.copy()
    moved[:2] += 1e3
    assert not equal_values(VALUES, moved, rms=0.1)
    assert equal_values(VALUES, moved, rms=0.0, strays=0.05)
    assert equal_values(VALUES, VALUES + 0.1, rms=0.1001) and not equal_values(VALUES, VALUES + 0.1, rms=0.0999)


def test_constants_are_fitted_to_values():
    X = np.linspace(0.5, 3.0, 40)[:, None]
    form = parametrize(parse_expression("1.5*exp(-0.3*x) + 0.2", ["x"]), [plain_symbol("x")])
    assert can_fit_values(form, X, 0.7 * np.exp(-1.1 * X[:, 0]), 1e-8)
    assert not can_fit_values(form, X, np.sin(X[:, 0]), 1e-3)
    assert not can_fit_values(form, X, np.where(X[:, 0] < 1.0, np.nan, 1.0), 1e-3)
    assert not can_fit_values(form, X[:3], X[:3, 0], 1e-3)
