"""Values and derivatives of tapes against mpmath, and which constants are linear against sympy."""

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym.errors import ArgumentError
from kansym.symbolic.tape import Tape

X, Y = sympy.symbols("x y", real=True)
A, B, C = sympy.symbols("a b c", real=True)
ROWS = np.array([[0.3, 1.7, 2.9], [0.8, -0.6, 1.1]])
CONSTANTS = (0.7, 1.3, -0.4)
LEAVES = (X, A, B, C, Y, sympy.Integer(2), sympy.Rational(1, 3))
FUNCTIONS = (sympy.sin, sympy.tanh, sympy.atan, lambda u: sympy.exp(u / 5), lambda u: sympy.log(2 + u**2))
POWERS = (2, 3, -1, -2, sympy.Rational(1, 2), sympy.Rational(-1, 2), sympy.Rational(4, 3), C)


def bent(inner: st.SearchStrategy) -> st.SearchStrategy:
    positive = st.tuples(inner, st.sampled_from(POWERS)).map(lambda one: (1 + one[0] ** 2) ** one[1])
    applied = st.tuples(st.sampled_from(FUNCTIONS), inner).map(lambda one: one[0](one[1]))
    joined = st.tuples(inner, inner, inner)
    return st.one_of(positive, applied, joined.map(lambda of: sympy.Add(*of)), joined.map(lambda of: sympy.Mul(*of)))


EXPRESSIONS = st.recursive(st.sampled_from(LEAVES), bent, max_leaves=8)


def exact(expression: sympy.Expr) -> np.ndarray:
    function = sympy.lambdify((X, Y, A, B, C), expression, "mpmath")
    with mpmath.workdps(40):
        return np.array([float(function(*map(mpmath.mpf, row), *map(mpmath.mpf, CONSTANTS))) for row in ROWS.T])


@given(EXPRESSIONS)
@settings(max_examples=150)
def test_values_and_derivatives_are_those_of_mpmath(expression):
    tape = Tape(expression, (X, Y), (A, B, C))
    arguments = [*ROWS, *map(np.float64, CONSTANTS)]
    size = 1 + max(float(np.abs(exact(part)).max()) for part in sympy.preorder_traversal(expression))
    assert np.broadcast_to(tape.values(arguments), 3) == pytest.approx(exact(expression), rel=1e-11, abs=1e-13 * size)
    for symbol, found in zip((A, B, C), tape.derivatives(arguments), strict=True):
        wanted = exact(sympy.diff(expression, symbol))
        scale = size * (1 + float(np.abs(wanted).max()))
        assert np.broadcast_to(found, 3) == pytest.approx(wanted, rel=1e-9, abs=1e-11 * scale)


@given(EXPRESSIONS)
@settings(max_examples=150)
def test_in_linear_constants_the_expression_is_jointly_linear(expression):
    tape = Tape(expression, (X, Y), (A, B, C))
    members = [(A, B, C)[k] for k in tape.linear]
    for one in members:
        assert not sympy.diff(expression, one).free_symbols & set(members)


@pytest.mark.parametrize(
    ("expression", "linear"),
    [
        (A * X + B * sympy.exp(-C * X), (0, 1)),
        (A * (B + X) + C, (0, 2)),
        (sympy.sin(A * X) + B - C, (1, 2)),
        (A / (B + C * X), (0,)),
        (X**2 * Y, (0, 1, 2)),
    ],
)
def test_which_constants_are_linear(expression, linear):
    assert Tape(expression, (X, Y), (A, B, C)).linear == linear


def test_conditions_are_taken_as_a_whole():
    bend = sympy.Piecewise((A * X, X < 1), (A + B * (X - 1) ** 2, True))
    tape = Tape(bend, (X, Y), (A, B, C))
    by_a, by_b, by_c = (np.broadcast_to(one, 3) for one in tape.derivatives([*ROWS, *map(np.float64, CONSTANTS)]))
    x = ROWS[0]
    assert by_a == pytest.approx(np.where(x < 1, x, 1.0))
    assert by_b == pytest.approx(np.where(x < 1, 0.0, (x - 1) ** 2))
    assert not by_c.any()


def test_a_factor_that_is_zero_has_its_derivative():
    tape = Tape(A * (X - A) * (Y + B), (X, Y), (A, B, C))
    by_a = tape.derivatives([np.array([0.7]), np.array([0.2]), *map(np.float64, CONSTANTS)])[0]
    assert by_a == pytest.approx(-0.7 * 1.5)


def test_the_order_of_a_bessel_function_is_no_constant_to_fit():
    tape = Tape(sympy.besselj(A, X), (X,), (A,))
    with pytest.raises(ArgumentError, match="no closed derivative of besselj by its argument 1"):
        tape.derivatives([np.array([1.0]), np.float64(0.5)])


def test_symbols_that_nobody_has_are_named():
    with pytest.raises(ArgumentError, match=r"among its variables: \['b'\]"):
        Tape(A * X + B, (X,), (A,))
