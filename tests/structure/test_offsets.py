"""Terms and factors around a function have the values that their expressions say."""

import numpy as np
import pytest
import sympy

from kansym.structure.offsets import factors, offsets, terms_of

SYMBOLS = A, B, C = sympy.symbols("a b c", real=True)


@pytest.fixture
def rows(box):
    """Rows of two columns of both signs and a positive one."""
    return box(50, (-10, 10), (-10, 10), (0.1, 10))


@pytest.mark.parametrize("make", [terms_of, lambda X, z: offsets(X, z, 300), factors], ids=["terms", "offsets", "all"])
def test_values_are_those_of_the_expression(rows, values, make):
    found = make(rows, SYMBOLS)
    for one in found[:: max(1, len(found) // 60)]:
        assert np.allclose(one.values, values(one.expression, SYMBOLS, rows), rtol=1e-12)


def test_none_occurs_twice(rows):
    for found in (terms_of(rows, SYMBOLS), offsets(rows, SYMBOLS, 300), factors(rows, SYMBOLS)):
        assert len({one.expression for one in found}) == len(found)


def test_offsets_begin_with_nothing_and_have_either_sign(rows):
    found = [one.expression for one in offsets(rows, SYMBOLS, 300)]
    assert found[0] == 0 and len(found) <= 300
    assert {A, -A, A - B + C, -A - C, sympy.log(C), -A * B, B / C} <= set(found)


def test_functions_need_their_domain(rows):
    found = {one.expression for one in terms_of(rows, SYMBOLS)}
    assert sympy.sqrt(C) in found and sympy.sqrt(A) not in found


def test_nothing_is_divided_by_a_column_with_zeros(rows):
    rows[3, 0] = 0.0
    found = {one.expression for one in factors(rows, SYMBOLS)}
    assert 1 / B in found and 1 / A not in found
