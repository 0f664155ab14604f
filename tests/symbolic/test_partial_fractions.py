"""Partial fractions in double precision, against the sums that quotients were made of."""

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from kansym.symbolic.complexity import complexity
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.partial_fractions import split_denominators

X, Z = sympy.symbols("x z", positive=True)
POINTS = np.random.default_rng(0).uniform(0.3, 9.0, (60, 2))

SUMS = {
    "two saturations": 2.5 / (X + 3.2) + 1.7 / (X + 0.4),
    "a peak beside a saturation": 0.61 / (0.0056 * X**2 + 1) + 0.55 / (0.128 * X + 1),
    "a root beside a saturation": 41 / sympy.sqrt(X) + 20.4 * X / (X + 4.7478),
    "whole powers": 0.4 * X + 1.2 + 2.1 / (X + 3.0) + 0.3 / (X**2 + X + 5.2),
}


def values(expression):
    return parametrize(expression, (X, Z)).evaluate(POINTS)


@pytest.mark.parametrize("total", SUMS.values(), ids=SUMS)
def test_a_sum_of_fractions_is_found_again(total):
    quotient = sympy.together(total)
    found = split_denominators(quotient)
    assert complexity(found) < complexity(quotient)
    assert len(found.args) <= len(total.args) + 1
    np.testing.assert_allclose(values(found), values(total), rtol=1e-11)


def test_factors_of_other_columns_stay_outside():
    quotient = Z**2 * sympy.together(2.5 / (X + 3.2) + 1.7 / (X + 0.4)) + sympy.sin(X)
    found = split_denominators(quotient)
    assert complexity(found) < complexity(quotient)
    np.testing.assert_allclose(values(found), values(quotient), rtol=1e-11)


@pytest.mark.parametrize(
    "quotient",
    [
        1 / (X**2 + 3 * X + 1.2),
        X / (X**2 + 2.0),
        (X + 1) / (X**2 + 2 * X + 1.0),  # a double root
        (X + 1) / ((X + 2.0) * (X + 2.0000001)),  # two that are one but for the last digits
        (X + Z) / ((X + 2.0) * (X + 1.0)),
        sympy.exp(X) / ((X + 2.0) * (X + 1.0)),
        sympy.exp(-X) / X,
        X**Z / (X + 2.0),
    ],
    ids=str,
)
def test_what_would_not_be_shorter_or_not_be_known_stays(quotient):
    assert split_denominators(quotient) == quotient


@pytest.mark.long
@given(st.lists(st.floats(0.2, 20), min_size=2, max_size=3), st.lists(st.floats(-5, 5), min_size=3, max_size=3))
def test_the_value_is_kept(poles, residues):
    quotient = sympy.together(sum(residue / (X + pole) for pole, residue in zip(poles, residues, strict=False)))
    np.testing.assert_allclose(values(split_denominators(quotient)), values(quotient), rtol=1e-8, atol=1e-9)
