"""Rational laws are found exactly, and only where there are some."""

import numpy as np
import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kansym.structure.rational import ALONE, rational, rational_laws
from kansym.symbolic.complexity import complexity

SYMBOLS = A, B, C = sympy.symbols("a b c", positive=True)
few = settings(max_examples=30)


@st.composite
def polynomials(draw, d, degree, most):
    powers = st.lists(st.integers(0, degree), min_size=d, max_size=d).filter(lambda p: sum(p) <= degree)
    terms = draw(st.lists(powers, min_size=1, max_size=most, unique_by=tuple))
    coefficients = draw(
        st.lists(st.floats(0.2, 5).map(lambda v: round(v, 2)), min_size=len(terms), max_size=len(terms))
    )
    monomials = (sympy.Mul(*(s**p for s, p in zip(SYMBOLS, power, strict=False))) for power in terms)
    return sympy.Add(*(sympy.Float(c) * m for c, m in zip(coefficients, monomials, strict=True)))


@st.composite
def rational_functions(draw):
    d = draw(st.integers(1, 3))
    return d, draw(polynomials(d, 2, 3)) / draw(polynomials(d, 2, 3))


@pytest.mark.long
@few
@given(rational_functions(), st.sampled_from([1.0, -1.0]), st.integers(-8, 8))
def test_sparse_rational_functions(box, law, agree, planted, sign, decade):
    d, expression = planted
    expression = sign * sympy.Integer(10) ** decade * expression
    X = box(400, *[None] * d)
    t = law(expression, SYMBOLS[:d]).predict(X)
    assume(np.ptp(t) > 1e-3 * np.abs(t).max())
    found = rational(X, t, SYMBOLS[:d])
    assert found is not None
    # Also where no row was.
    assert agree(found, expression, SYMBOLS[:d], box(200, *[(0.2, 4.0)] * d, seed=1), relative=1e-6)


def terms(expression):
    """Monomials of numerator and denominator."""
    return sum(len(sympy.Poly(part, *SYMBOLS).terms()) for part in sympy.fraction(sympy.together(expression)))


@pytest.mark.parametrize(
    "expression",
    [
        (A + B) / (1 + A * B),
        A * B / (A + B),
        1 / A + 1 / B,
        A**3 * B,
        (A**2 - B**2) / (A**2 + B**2),
        sympy.Rational(7, 2) + 0 * A,
        1 / (1 - A * B / 10),
        A / (1 + C**2) + 0 * B,
    ],
    ids=str,
)
def test_textbook_forms(box, law, agree, expression):
    X = box(400, None, None, None)
    found = rational(X, law(expression, SYMBOLS).predict(X), SYMBOLS)
    assert found is not None and agree(found, expression, SYMBOLS, box(200, None, None, None, seed=1))
    # Simplest first: nothing that cancels is left over.
    assert terms(found) <= terms(expression)


def test_a_shared_factor_is_removed(box, law, agree):
    X = box(400, None, None)
    expression = (1 + A) * (2 + B) / ((1 + A) * (3 + A * B))
    found = rational(X, law(expression, (A, B)).predict(X), (A, B))
    assert found is not None and agree(found, expression, (A, B), box(100, (3, 6), (3, 6)), relative=1e-7)
    assert sympy.Poly(sympy.fraction(sympy.together(found))[0], A, B).total_degree() == 1


@few
@given(st.tuples(*[st.integers(-9, 9)] * 3))
def test_units_do_not_matter(box, law, agree, decades):
    units = 10.0 ** np.array(decades[:2])
    X = box(400, None, None) * units
    expression = 10.0 ** decades[2] * (A / units[0] + B / units[1]) / (1 + A * B / units.prod())
    found = rational(X, law(expression, (A, B)).predict(X), (A, B))
    assert found is not None and agree(found, expression, (A, B), box(100, None, None, seed=1) * units, relative=1e-7)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("function", [sympy.sqrt, sympy.exp], ids=["sqrt", "exp"])
def test_roots_and_exponentials_of_rational_functions(box, law, agree, function, sign):
    X = box(400, None, None)
    expression = sign * function((1 + A**2) / (B + 2))
    found = next(rational_laws(X, law(expression, (A, B)).predict(X), (A, B)))
    assert agree(found, expression, (A, B), box(100, None, None, seed=1))


def test_logarithms_of_rational_functions(box, law, agree):
    X = box(400, None, None)
    expression = sympy.log((1 + A * B) / (A + 5))
    found = next(rational_laws(X, law(expression, (A, B)).predict(X), (A, B)))
    assert agree(found, expression, (A, B), box(100, None, None, seed=1))


def test_the_simplest_law_comes_first(box, law):
    X = box(400, None, None)
    found = list(rational_laws(X, law(A / B, (A, B)).predict(X), (A, B)))
    # A quotient is a root of a quotient too.
    assert len(found) == 2 and [complexity(one) for one in found] == sorted(complexity(one) for one in found)
    assert sympy.simplify(found[0] * B / A).is_number


OTHERS = [
    sympy.exp(A),
    sympy.sin(2 * A),
    sympy.tanh(A * B),
    sympy.sqrt(A) + B,
    sympy.exp(-A) * sympy.cos(B),
    sympy.log(A),
]


@pytest.mark.parametrize("expression", OTHERS, ids=str)
@pytest.mark.parametrize("width", [2.0, 0.3])
def test_other_functions_are_not_taken_for_rational_ones(box, law, expression, width):
    # On a narrow range every smooth function is nearly rational.
    X = box(400, (1.0, 1.0 + width), (1.0, 1.0 + width))
    assert rational(X, law(expression, (A, B)).predict(X), (A, B)) is None


@pytest.mark.parametrize(
    "expression", [sympy.sin(A), sympy.tanh(A * B), sympy.exp(A) + B, sympy.besselj(0, A)], ids=str
)
def test_nor_are_their_roots_and_logarithms(box, expression):
    X = box(400, None, None)
    t = sympy.lambdify((A, B), expression, "scipy")(*X.T)
    assert list(rational_laws(X, t, (A, B))) == []


@pytest.mark.parametrize("relative", [1.0, 1e-3, 1e-8])
def test_noise_is_no_law(box, rng, relative):
    X = box(400, None, None)
    t = (X[:, 0] + X[:, 1]) * (1 + relative * rng.normal(size=400))
    assert list(rational_laws(X, t, (A, B))) == []
    assert list(rational_laws(X, rng.normal(size=400), (A, B))) == []


@pytest.mark.parametrize("n", [1, 3, 7, 12])
def test_few_rows_prove_nothing(box, rng, n):
    assert list(rational_laws(box(n, None, None), rng.normal(size=n), (A, B))) == []


def test_tables_it_does_not_ask(box):
    seven = sympy.symbols("x:7")
    X = box(100, *[None] * 7)
    assert list(rational_laws(X, X.prod(1), seven)) == []
    assert list(rational_laws(X[:, :0], X[:, 0], ())) == []
    zero = np.column_stack([X[:, 0], np.zeros(100)])
    assert rational(zero, X[:, 0], (A, B)) is None
    assert rational(X[:, :2], np.full(100, np.nan), (A, B)) is None


def test_columns_of_both_signs(box, agree):
    a, b = sympy.symbols("a b", real=True)
    X = box(400, (-2, 2), (-2, 2))
    expression = (a - b) / (1 + a**2)
    found = rational(X, (X[:, 0] - X[:, 1]) / (1 + X[:, 0] ** 2), (a, b))
    assert found is not None and agree(found, expression, (a, b), box(100, (-3, 3), (-3, 3), seed=1))


@pytest.mark.parametrize(
    "expression",
    [
        A**8 + A**7 + A**6 + A**5 + A**4 + A**3 + A**2 + A,
        (A**6 + A**5) / (A**4 + A**3 + A**2 + A + 1),
        sympy.log(A**4 + A**3 + A**2 + A),
    ],
    ids=str,
)
def test_one_column_to_high_degrees(box, law, agree, expression):
    X = box(400, (0.01, 3))
    found = next(rational_laws(X, law(expression, (A,)).predict(X), (A,)))
    assert agree(found, expression, (A,), box(100, (3, 4)), relative=1e-7)


@pytest.mark.parametrize("function", [np.sinh, np.cosh, np.tan, np.arctan, lambda a: a * np.sin(a)])
def test_gaps_that_symmetry_leaves_are_no_evidence(box, function):
    # Odd and even functions have approximations without every other power.
    X = box(400, (-1, 1))
    assert rational(X, function(X[:, 0]), (A,), ALONE) is None


WIDE = sympy.symbols("v:5", real=True)
POLES = [
    WIDE[0] + WIDE[2] + 6.21 + 1 / (WIDE[1] * WIDE[3] + WIDE[1] + 2.08),
    1.6 * (WIDE[0] - WIDE[2] + WIDE[3] / WIDE[1]) / WIDE[1] - 5.4,
    WIDE[2] * (WIDE[4] + (WIDE[0] + WIDE[2]) / (WIDE[0] * WIDE[1] + WIDE[3])),
    30 * WIDE[0] * WIDE[2] / (WIDE[1] ** 2 * (WIDE[0] - 10)),
]


@pytest.mark.parametrize("expression", POLES, ids=str)
def test_many_columns_and_poles_between_the_rows(box, law, agree, expression):
    X = box(1000, *[(-10, 10)] * 5)
    found = next(rational_laws(X, law(expression, WIDE).predict(X), WIDE))
    assert agree(found, expression, WIDE, box(100, *[(11, 15)] * 5), relative=1e-7)
    # Written as it was: with a whole part beside a fraction, or as a product.
    assert complexity(found) <= 1.4 * complexity(expression)


def test_a_square_is_seen(box, law):
    expression = 9.28 * (0.91 - A) ** 2 * (0.5 * B + C) ** 2 / (0.34 * C**2 + 1) ** 2
    X = box(1000, *[(-10, 10)] * 3)
    found = next(rational_laws(X, law(expression, SYMBOLS).predict(X), SYMBOLS))
    assert sum(power.exp == 2 for power in found.atoms(sympy.Pow)) == 3
