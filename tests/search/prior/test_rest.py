"""The whole law from a known and a found part: terms of one kind become one."""

import numpy as np
import pytest
import sympy

from kansym.search.prior.rest import merged
from kansym.symbolic.parametric import ParametricForm

X = np.random.default_rng(0).uniform(0.5, 2.0, (20, 2))
x, z, k, c0, c1 = sympy.symbols("x z k c0 c1", real=True)


@pytest.mark.parametrize(
    ("whole", "expected", "values", "terms"),
    [
        (x + c0 * x + c1 * z, c0 * x + c1 * z, {c0: 2.5, c1: 0.5}, True),
        (x / 2 - c0 * x + c1, -c0 * x + c1, {c0: 1.0, c1: 0.5}, True),
        (3 + c0 * x + c1, c0 * x + c1, {c0: 1.5, c1: 3.5}, True),
        (k * x + c0 * x + c1 * z, k * x + c1 * z, {k: 5.5, c1: 0.5}, False),
        (2 * k * x + c0 * x + c1, 2 * k * x + c1, {k: 4.75, c1: 0.5}, False),
        (sympy.exp(-x / k) * (c0 * x + c1), sympy.exp(-x / k) * (c0 * x + c1), {k: 4.0, c0: 1.5, c1: 0.5}, False),
        (sympy.Rational(3, 2) * (c0 * x + c1), c0 * x + c1, {c0: 2.25, c1: 0.75}, False),
        (sympy.sqrt(z**2 + 2 * c0 * z**2 + c1), sympy.sqrt(c0 * z**2 + c1), {c0: 4.0, c1: 0.5}, True),
        # A constant in two places cannot take anything up.
        (x + c0 * x + c0 * z, x + c0 * x + c0 * z, {c0: 1.5}, False),
        (k * x + k * z + c0 * x, k * x + k * z + c0 * x, {k: 4.0, c0: 1.5}, False),
    ],
    ids=str,
)
def test_terms_of_one_kind_are_one(whole, expected, values, terms):
    start = {k: 4.0, c0: 1.5, c1: 0.5}
    constants = tuple(one for one in start if whole.has(one))
    form = ParametricForm(whole, (x, z), constants, np.array([start[one] for one in constants]))
    found, joined = merged(form, [k])
    assert (found.expression, joined) == (expected, terms)
    assert dict(zip(found.constants, found.values, strict=True)) == values
    np.testing.assert_allclose(found.evaluate(X), form.evaluate(X), rtol=1e-12)
