"""The passes of simplification, one by one."""

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from kansym.symbolic.complexity import complexity
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.parser import parse_expression
from kansym.symbolic.passes import (
    cancel_signs,
    complete_squares,
    divide,
    join_softplus,
    join_waves,
    recognize_hyperbolic,
    split_fractions,
    swap_squares,
)
from kansym.symbolic.simplification import simplify

X, Y, Z = SYMBOLS = sympy.symbols("x y z")
F = sympy.Float


@pytest.mark.parametrize(
    ("apart", "together"),
    [
        (X**2 - 2 * X * Y + Y**2 + Z, (X - Y) ** 2 + Z),
        (1 / (F(1.7) * X**2 - F(3.4) * X * Y + F(1.7) * Y**2 + Z**2), 1 / (F(1.7) * (X - Y) ** 2 + Z**2)),
        (4 * X**2 + 4 * X * Y + Y**2 + Z, (2 * X + Y) ** 2 + Z),
        (3 * Z - X**2 - 2 * X * Y - Y**2, 3 * Z - (X + Y) ** 2),
        (X**2 - 2 * X + 1 + Z, (X - 1) ** 2 + Z),
        (X**4 + 2 * X**2 * Y / Z + Y**2 / Z**2 - Z, (X**2 + Y / Z) ** 2 - Z),
        (sympy.sin(X**2 + 2 * X * Y + Y**2 + Z) * Y, sympy.sin((X + Y) ** 2 + Z) * Y),
    ],
    ids=str,
)
def test_three_terms_are_one_square(apart, together):
    found = complete_squares(apart)
    assert sympy.expand(found - apart).equals(0)
    assert complexity(found) == complexity(together) < complexity(apart)


@pytest.mark.parametrize(
    "expression",
    [
        X**2 + 2 * X + Z,
        X**2 - 3 * X * Y + Y**2 + Z,
        X**2 - 2 * X * Y - Y**2 + Z,
        F(1.7) * X**2 - F(3.401) * X * Y + F(1.7) * Y**2 + Z,
        X**3 + 2 * X * Y + Y**2,
        X**2 + Y**2,
    ],
    ids=str,
)
def test_what_is_no_square_stays(expression):
    assert complete_squares(expression) == expression


@pytest.mark.long
@given(st.floats(0.1, 50), st.floats(-9, 9).filter(lambda q: abs(q) > 0.1), st.integers(1, 3), st.sampled_from([-1, 1]))
def test_completed_squares_keep_values(p, q, power, sign):
    square = sign * (F(p) * X**power + F(q) * Y * Z) ** 2
    expression = sympy.expand(square) + F(0.7) * Z
    rows = np.random.default_rng(0).uniform(0.2, 5.0, (20, 3))
    found, expected = (parametrize(e, SYMBOLS).evaluate(rows) for e in (complete_squares(expression), expression))
    size = parametrize(F(p) ** 2 * X ** (2 * power) + F(q) ** 2 * (Y * Z) ** 2 + Z, SYMBOLS).evaluate(rows)
    assert (np.abs(found - expected) <= 1e-12 * size).all()
    assert len(sympy.Add.make_args(complete_squares(expression))) == 2


def test_newtons_law_with_one_square_multiplied_out():
    names = sympy.symbols("m x1 x2 y1 y2 z1 z2")
    m, x1, x2, y1, y2, z1, z2 = names
    apart = m / (x1**2 - 2 * x1 * x2 + x2**2 + (y1 - y2) ** 2 + (z1 - z2) ** 2)
    rows = np.random.default_rng(1).uniform([1, 1, 3, 1, 3, 1, 3], [2, 2, 4, 2, 4, 2, 4], (300, 7))
    found = simplify(apart, names, rows, seconds=20.0).expression
    assert complexity(found) == complexity(m / ((x1 - x2) ** 2 + (y1 - y2) ** 2 + (z1 - z2) ** 2))


U, V = sympy.symbols("x y", positive=True)


@pytest.mark.parametrize(
    ("fraction", "expected"),
    [
        # The respiration of bacteria, and a predator's prey (Strogatz, p. 288).
        (-(U * V + U**3 / 2 - 10 * U**2 + U - 20) / (U**2 / 2 + 1), 20 - U - U * V / (U**2 / 2 + 1)),
        (-U * (V + U**2 - 3 * U - 4) / (U + 1), -U * (U - 4 + V / (U + 1))),
        ((U * V + V + 1) / (U + 1), V + 1 / (U + 1)),
        (sympy.exp(U**2 * V * (U**2 - 1 + V) / (U + 1)), sympy.exp(U**2 * V * (U - 1 + V / (U + 1)))),
    ],
    ids=str,
)
def test_whole_parts_are_taken_out(fraction, expected):
    found = divide(fraction)
    assert complexity(found) == complexity(expected) < complexity(fraction)
    assert sympy.simplify(found - expected) == 0


@pytest.mark.parametrize(
    "expression",
    [U, U / (1 + V), (U + 1) / (V + 2), U**2 / (1 + U), (1 - U) / (1 + U), sympy.sin(U) / (1 + U)],
    ids=str,
)
def test_a_division_that_is_no_shorter_is_not_made(expression):
    assert divide(expression) == expression


def test_real_constants_are_divided_without_rounding():
    a = sympy.Float(1.2345678901234567)
    found = divide((U * V + a * U**2 + a * U) / (U + 1))
    assert sympy.Float(a) in found.atoms(sympy.Float)
    assert complexity(found) == complexity(a * U + U * V / (U + 1))


def test_coefficients_that_are_rounding_are_left_out():
    # -0.0042 u^3 - 4 u/(5.71 + u) over one denominator: u^2 and u vanish from the quotient in numbers only.
    fraction = -0.700525394045534 * (0.00105 * U**4 + 0.0059955 * U**3 + U) / (0.175131348511384 * U + 1)
    found = divide(fraction)
    assert complexity(found) == complexity(0.3 * U**3 + 4.1 + 4.2 / (0.17 * U + 1)) < complexity(fraction)
    assert float(found.subs(U, 2.3)) == pytest.approx(float(fraction.subs(U, 2.3)), rel=1e-12)


coefficients = st.integers(-5, 5)


@pytest.mark.long
@given(st.lists(coefficients, min_size=3, max_size=4), coefficients, st.integers(1, 5))
def test_division_keeps_values(above, cross, below):
    numerator = sum((c * U**k for k, c in enumerate(above)), cross * U * V)
    fraction = numerator / (U + below)
    found = divide(fraction)
    assert complexity(found) <= complexity(fraction)
    point = {U: sympy.Rational(7, 3), V: sympy.Rational(5, 11)}
    assert sympy.expand(found.subs(point) - fraction.subs(point)) == 0


def test_fractions_are_split_where_a_term_above_has_what_is_below():
    below = 4.66 * sympy.exp(4 * X) + 1
    assert split_fractions(0.5 * (Y * below * sympy.sin(X) + 478) / below) == 0.5 * Y * sympy.sin(X) + 239.0 / below
    assert split_fractions(sympy.exp((3 * Y * below + X) / below)) == sympy.exp(3 * Y + X / below)
    for other in (0.5 * (Y + 478) / below, (below * Y + 1) / (below + 1), below * Y + 1 / below):
        assert split_fractions(other) == other


def test_softplus():
    x, y, z = sympy.symbols("x y z")
    exp, log = sympy.exp, sympy.log
    product = x * (y + z)
    assert join_softplus(0.1064 * product + 0.19 * log(1 + exp(-0.56 * product))) == 0.19 * log(1 + exp(0.56 * product))
    assert join_softplus(3 - 0.1064 * x + y + 0.19 * log(2 + 3 * exp(0.56 * x))) == 3 + y + 0.19 * log(
        3 + 2 * exp(-0.56 * x)
    )
    for other in (
        0.11 * x + 0.19 * log(1 + exp(-0.56 * x)),
        0.1064 * x + 0.19 * log(x + exp(-0.56 * x)),
        x + log(exp(-x), evaluate=False),
    ):
        assert join_softplus(other) == other


def test_hyperbolic_functions():
    z = sympy.Symbol("z", real=True)
    assert recognize_hyperbolic(sympy.exp(z) + sympy.exp(-z)) == 2 * sympy.cosh(z)
    assert recognize_hyperbolic((sympy.exp(z) - 1) / (sympy.exp(z) + 1)) == sympy.tanh(z / 2)
    assert recognize_hyperbolic((sympy.exp(z) + 1) / (sympy.exp(z) - 1)) == 1 / sympy.tanh(z / 2)
    assert recognize_hyperbolic(X + 3 - 6 / (sympy.exp(z) + 1)) == X + 3 * sympy.tanh(z / 2)
    assert recognize_hyperbolic(X + 3 - 5 / (sympy.exp(z) + 1)) == X + 3 - 5 / (sympy.exp(z) + 1)
    assert recognize_hyperbolic(sympy.exp(z) + sympy.exp(2 * z)) == sympy.exp(z) + sympy.exp(2 * z)


@pytest.mark.parametrize("angle", [0.3, sympy.pi / 4, 1.1])
def test_squares_are_turned_to_the_shortest(angle):
    u, v, sine, cosine = X - Y, 2 * Z + 1, sympy.sin(angle), sympy.cos(angle)
    turned = (cosine * u - sine * v) ** 2 + (sine * u + cosine * v) ** 2 + X
    rows = np.random.default_rng(0).uniform(-2, 2, (50, 3))
    found = simplify(sympy.N(turned) if isinstance(angle, float) else turned, SYMBOLS, rows, seconds=60.0).expression
    assert sympy.expand(found - (u**2 + v**2 + X)).subs({X: 0.7, Y: -1.3, Z: 0.4}) == pytest.approx(0, abs=1e-12)
    assert complexity(found) <= complexity(u**2 + v**2 + X)


def test_squares_that_are_shortest_stay():
    shortest = (X - Y) ** 2 + (X + Z) ** 2
    assert (
        simplify(shortest, SYMBOLS, np.random.default_rng(0).uniform(-2, 2, (50, 3)), seconds=60.0).expression
        == shortest
    )


@pytest.mark.parametrize("odd", [sympy.sin, sympy.tanh, sympy.atan, lambda u: u**3])
def test_signs_before_and_in_odd_functions_cancel(odd):
    assert cancel_signs(odd(X * sympy.Abs(Y)) * sympy.sign(Y) + Z) == odd(X * Y) + Z


@pytest.mark.parametrize("kinked", [sympy.Abs(X), sympy.sin(X * sympy.Abs(Y)), sympy.cos(Y) * sympy.sign(Y)])
def test_functions_that_differ_with_the_sign_keep_it(kinked):
    assert cancel_signs(kinked) == kinked


def test_a_sine_and_a_cosine_of_one_argument_are_one_wave():
    x, y = sympy.symbols("x y", real=True)
    wave = 2 * sympy.sin(x - 4)
    apart = x * y + y * sympy.expand_trig(wave).evalf() + sympy.expand(-3 * sympy.expand_trig(wave)).evalf()
    joined = join_waves(apart)
    assert not joined.atoms(sympy.cos)
    assert len({round(float(one.args[0].subs(x, 0)), 9) for one in joined.atoms(sympy.sin)}) == 1
    law = x * y + (y - 3) * wave
    assert all(abs(float((joined - law).subs({x: a, y: b}))) < 1e-12 for a, b in ((0.3, 1.2), (-2.0, 0.7)))


def test_round_numbers_of_a_sine_and_a_cosine_stay():
    x, y = sympy.symbols("x y", real=True)
    for expression in (2 * sympy.sin(x) + 0.35 * sympy.cos(x), 1.234567 * sympy.sin(x) + 1.5 * sympy.cos(x) * y):
        assert join_waves(expression) == expression


def test_a_quotient_of_exponentials_is_divided():
    law = 1.7 * sympy.tanh(X / 2) - 0.3 * Y * Z
    apart = (1.7 * (sympy.exp(X) - 1) - 0.3 * Y * (Z * sympy.exp(X) + Z)) / (sympy.exp(X) + 1)
    found = simplify(apart, SYMBOLS, np.random.default_rng(0).uniform(0.5, 2, (50, 3)), seconds=60.0).expression
    assert complexity(found) <= complexity(law) < complexity(apart)


def test_a_quotient_with_square_roots_is_divided():
    law = 14.5 * X - 47.9 / (1 + 2.7 * X**2) - 34.1 * sympy.sqrt(X)
    apart = sympy.together(law)
    found = simplify(apart, SYMBOLS, np.random.default_rng(0).uniform(0.5, 2, (50, 3)), seconds=60.0).expression
    assert complexity(found) <= complexity(law) < complexity(apart)


def test_powers_of_a_quotient_are_divided_as_the_quotient():
    law = 0.7 * (1.0 + X * Y - 5.4 / (1 + 0.4 * Z)) ** 2
    apart = 0.7 * sympy.expand((1.0 + X * Y) * (1 + 0.4 * Z) - 5.4) ** 2 / (1 + 0.4 * Z) ** 2
    found = simplify(apart, SYMBOLS, np.random.default_rng(0).uniform(0.5, 2, (50, 3)), seconds=60.0).expression
    assert complexity(found) <= complexity(law) + 2 < complexity(apart)


@pytest.mark.parametrize(
    ("long", "short"),
    [
        ("(1 - cos(x)**2)/(a - a*cos(x)**2 + 1)", "sin(x)**2/(a*sin(x)**2 + 1)"),
        ("1/(1 + a - a*sin(2.5*x)**2)", "1/(1 + a*cos(2.5*x)**2)"),
        ("2.5*a*sin(x)**4 - 5.0*a*sin(x)**2 + 2.5*a", "2.5*a*cos(x)**4"),
        ("cos(x)**2 + a", "cos(x)**2 + a"),
        ("cos(x)**3 + a*cos(x)", "cos(x)**3 + a*cos(x)"),
    ],
)
def test_squares_of_waves(long, short):
    before, wanted = (parse_expression(text, ["x", "a"]) for text in (long, short))
    after = swap_squares(before)
    assert complexity(after) == complexity(wanted)
    point = {"x": 0.7, "a": 1.3}
    assert float(after.subs(point)) == pytest.approx(float(before.subs(point)), rel=1e-12)
