"""Powers of sums that were multiplied out."""

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from kansym.symbolic.complexity import complexity
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.polynomial_powers import join_powers
from kansym.symbolic.timelimit import call_with_limit

X, Y, Z = SYMBOLS = sympy.symbols("x y z", real=True)
NUMBERS = st.floats(0.2, 5.0).map(lambda number: float(f"{number:.4g}"))


@pytest.mark.parametrize(
    "law",
    [
        5.3531 * (0.708 + 0.5 * X * Y + 0.2495 * X) ** 2,
        -2.3 * (X + 1.3 * Y**2 - 0.7) ** 3 + 0.3 * Y,
        0.6 * (sympy.sin(X) + 0.4 * Y * Z - 2.2) ** 2 - 3.3 * X,
        1.7 * (X**2 + 0.3 * X - 1.9) ** 4,
        sympy.tanh(1.1 * (X + 0.5 * Y + 0.3) ** 2),
    ],
)
def test_a_power_is_found_again(law):
    apart = law.replace(lambda node: node.is_Add or node.is_Pow, sympy.expand)
    found = join_powers(apart)
    assert complexity(found) <= complexity(law) < complexity(apart)
    points = np.random.default_rng(0).uniform(-1.5, 1.5, (50, 3))
    values, expected = (parametrize(one, SYMBOLS).evaluate(points) for one in (found, law))
    np.testing.assert_allclose(values, expected, rtol=1e-8, atol=1e-9 * np.abs(expected).max())


@pytest.mark.long
@given(NUMBERS, NUMBERS, NUMBERS, st.sampled_from([2, 3]), st.sampled_from([-1, 1]))
def test_powers_keep_values(p, q, r, exponent, sign):
    law = sign * r * (X + p * Y - q) ** exponent
    found = join_powers(sympy.expand(law))
    assert complexity(found) <= complexity(law)
    for at in ({X: 0.3, Y: -1.2}, {X: 2.0, Y: 0.7}):
        assert float((found - law).subs(at)) == pytest.approx(0, abs=1e-8 * r * 30**exponent)


@pytest.mark.parametrize(
    "expression",
    [
        2.0 * X**2 + 0.3 * X * Y + 0.7 * Y * Z + Y,
        X**2 + 2.1 * X * Y + Y**2 + 1.7 * X + 0.3,
        sympy.sqrt(X) + X + Y + 1.5,
        X + Y,
    ],
)
def test_what_is_no_power_stays(expression):
    assert join_powers(expression) == expression


def test_a_sum_of_many_terms_stays():
    expression = sympy.expand((X + 0.7 * Y + 1.1 * Z + 0.3) ** 6)
    assert join_powers(expression) is expression


@pytest.mark.parametrize(
    "numbers",
    [
        (1.5824483562089844e-06, -0.4717187921729545, 0.020056278542000035, -1.1816628839980734),
        (0.012358956392398963, 0.5431482123220294, 3.4402450252235153e-06, -7.853378263860364e-05),
        (-3.1557584711318497e-06, -11.8121315378988, -24.367138545035804, -4.29268839173848e-05),
    ],
)
def test_a_term_of_the_root_is_asked_for_once_whatever_rounding_leaves_of_it(numbers):
    # Without a square, the root of a quartic cancels large terms against each other.
    a, b, c, d = numbers
    expression = sympy.Add(a * X**4, b * X**3, c * X, d)
    found = call_with_limit(lambda: join_powers(expression), 20.0)
    for at in (-0.7, 1.3):
        assert float(found.subs(X, at)) == pytest.approx(float(expression.subs(X, at)), rel=1e-9)
