"""Products of functions are what they say."""

import numpy as np
import sympy

from kansym.structure.products import Function, products

A, B = sympy.symbols("a b", real=True)


def test_products_are_distinct_finite_and_have_their_values(rng):
    a, b = rng.uniform(1, 2, 30), rng.uniform(1, 2, 30)
    own = [Function.of(A, a), Function.of(1 / A, 1 / a), Function.of(sympy.exp(A), np.full(30, np.inf))]
    found = products([own, [Function.of(B, b)]], 2, 30)
    assert {one.expression for one in found} == {sympy.S.One, A, 1 / A, B, A * B, B / A}
    for one in found:
        expected = sympy.lambdify((A, B), one.expression)(a, b) * np.ones(30)
        np.testing.assert_allclose(one.values, expected, rtol=1e-13)
