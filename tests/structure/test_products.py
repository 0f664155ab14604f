"""Lists of products hold what they say, each once, and no more of them than asked for."""

import numpy as np
import pytest
import sympy

from kansym.structure.products import MOST_PRODUCTS, product_lists

SYMBOLS = sympy.symbols("a b c d e f g", real=True)


@pytest.mark.parametrize("columns", [2, 3, 5, 7])
@pytest.mark.parametrize("low", [-10, 0.1])
def test_lists_are_of_distinct_products_with_their_values(box, values, columns, low):
    X = box(60, *[(low, 10)] * columns)
    variables, lists = SYMBOLS[:columns], list(product_lists(X, SYMBOLS[:columns], 10_000))
    assert lists
    for products in lists:
        assert len({one.expression for one in products}) == len(products) <= MOST_PRODUCTS
        assert products[0].expression == 1
        for one in products[:: max(1, len(products) // 40)]:
            assert np.allclose(one.values, values(one.expression, variables, X), rtol=1e-12)


def test_no_list_is_longer_than_asked_for(box):
    X = box(60, *[(-10, 10)] * 4)
    assert all(len(products) <= 200 for products in product_lists(X, SYMBOLS[:4], 200))


def test_sums_that_are_positive_on_all_rows_have_logarithms(box):
    X = box(400, *[(-10, 10)] * 3)
    X = X[X[:, 0] + X[:, 2] > 0]
    a, _, c = SYMBOLS[:3]
    first = next(product_lists(X, SYMBOLS[:3], 10_000))
    assert sympy.log(a + c) in {one.expression for one in first}
    # Of columns that are positive themselves this says nothing.
    plain = next(product_lists(np.abs(X), SYMBOLS[:3], 10_000))
    assert sympy.log(a + c) not in {one.expression for one in plain}
