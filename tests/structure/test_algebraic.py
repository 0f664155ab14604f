"""Solutions of quadratic equations are found exactly, and only where there are some."""

import numpy as np
import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kansym.structure.algebraic import algebraic_law
from kansym.symbolic.complexity import complexity

SYMBOLS = A, B, C, D = sympy.symbols("a b c d", positive=True)
SEVEN = sympy.symbols("v:7", real=True)
BOX = (0.5, 2.5)


@st.composite
def polynomials(draw, d, degree, most):
    """With coefficients of two digits, positive in the box."""
    powers = st.tuples(*[st.integers(0, degree)] * d).filter(lambda p: sum(p) <= degree)
    terms = draw(st.lists(powers, min_size=1, max_size=most, unique=True))
    parts = (sympy.Mul(*(s**p for s, p in zip(SYMBOLS, power, strict=False))) for power in terms)
    return sympy.Add(*(sympy.Float(draw(st.integers(2, 40)) / 10) * part for part in parts))


@st.composite
def algebraic_functions(draw):
    """A quotient plus or minus a root of one, which may have a factor of both signs before it."""
    d = draw(st.integers(2, 4))
    before = draw(st.sampled_from([1, -1, SYMBOLS[0] - SYMBOLS[1]]))
    below = draw(polynomials(d, 1, 2)) if draw(st.booleans()) else 1
    whole, root = draw(polynomials(d, 1, 2)), draw(polynomials(d, 2, 2))
    return d, draw(st.sampled_from([1, -1])) * (whole + before * sympy.sqrt(root)) / below


@settings(max_examples=40, derandomize=True)
@given(algebraic_functions(), st.integers(-6, 6))
@pytest.mark.long
def test_laws_of_the_class(box, law, agree, planted, decade):
    d, expression = planted
    expression = sympy.Float(10) ** decade * expression
    symbols = SYMBOLS[:d]
    X = box(1500, *[BOX] * d)
    t = law(expression, symbols).predict(X)
    # In one column alone, coefficients that may be any prove nothing.
    assume(len(expression.free_symbols) > 1 and np.ptp(t) > 1e-2 * np.abs(t).max())
    found = algebraic_law(X, t, symbols)
    assert found is not None
    assert agree(found, expression, symbols, box(300, *[BOX] * d, seed=1))


TEXTBOOK = [
    (A + B + C - sympy.sqrt((A + B + C) ** 2 - 4 * A * B)) / 2,
    (A + B) / 2 - sympy.sqrt((A - B) ** 2 / 4 + C**2),
    sympy.sqrt(A**2 * C**2 + B**2 * C**4) + A * D,
    (-A * B + sympy.sqrt(A**2 * B**2 + 4 * A * B * C)) / (2 * C),
    1.7 * (A + B + C - sympy.sqrt((A + B + C) ** 2 - 4 * A * B)) / (2 * A),
    A / (B + sympy.sqrt(B**2 + C)),
    2.5 * A - 0.73 * sympy.sqrt(1.3 * A**2 + B * C / (A + B)),
    2.513274 * A - 0.7312345 * sympy.sqrt(1.3314159 * A**2 + 0.4554321 * B * C),
    (A + B * C) / sympy.sqrt(A**2 + B**2 * D),
    # Below the root is no fraction, and what stands before it has both signs.
    (A - B * C) / sympy.sqrt(1 - 0.0313256 * C**2),
]


@pytest.mark.parametrize("expression", TEXTBOOK, ids=str)
def test_textbook_laws_as_the_textbook_has_them(box, law, agree, expression):
    X = box(1500, *[None] * 4)
    found = algebraic_law(X, law(expression, SYMBOLS).predict(X), SYMBOLS)
    assert found is not None
    assert agree(found, expression, SYMBOLS, box(200, *[None] * 4, seed=1))
    assert complexity(found) <= 1.3 * complexity(expression)


V1, V2, V3, V4, V5, V6, V7 = SEVEN
WIDE = [
    V1 - V6 + (V1 + V4 + V5) * sympy.sqrt(V1**2 + V2 - V3),
    -V4 - V5 * V7 + sympy.sqrt(V1 - V2 - V3 - V4 - 2 * V5 * V6),
    V1 * V4 + V1 + V2 + V5 + sympy.sqrt(0.08 * V1 / (V3 * V5) + V3),
    -2.72 * V1**2 * (V1**2 * V2 + V1 + sympy.sqrt(V1**4 + 0.3)),
    V3 - (V1 + V2) * sympy.sqrt(V1**2 + V2**2 + 1),
]


@pytest.mark.parametrize("expression", WIDE, ids=str)
def test_many_columns_of_both_signs(box, law, expression):
    symbols = sorted(expression.free_symbols, key=str)
    X = box(40000, *[(-10, 10)] * len(symbols))
    t = law(expression, symbols).predict(X)
    # Only where the root is real.
    X, t = X[np.isfinite(t)], t[np.isfinite(t)]
    found = algebraic_law(X[:1600], t[:1600], tuple(symbols))
    assert found is not None
    error = np.abs(law(found, symbols).predict(X) - t)
    assert (error < 1e-9 * (np.abs(t) + np.median(np.abs(t)))).all()
    assert complexity(found) <= complexity(expression)


@pytest.mark.parametrize(
    "expression",
    [
        sympy.exp(A),
        sympy.sin(2 * A) + B,
        sympy.tanh(A * B),
        sympy.sqrt(A) + sympy.cbrt(B),
        sympy.exp(-A) * sympy.cos(B),
        sympy.log(A),
        sympy.exp(A / 10) * B + C,
        sympy.sin(A / 5) + B + C + D,
        sympy.sqrt(A + sympy.sin(B)) * C,
        sympy.atan(A * B - C),
    ],
    ids=str,
)
@pytest.mark.parametrize("width", [2.0, 0.3])
@pytest.mark.parametrize("extra", [0, 1])
def test_other_functions_are_not_taken_for_algebraic_ones(box, law, expression, width, extra):
    # On a narrow range every smooth function nearly is one, and a sum of columns beside it makes that look sparse.
    symbols = sorted(expression.free_symbols, key=str) + list(SEVEN[:extra])
    X = box(1500, *[(1.0, 1.0 + width)] * len(symbols))
    assert algebraic_law(X, law(expression, symbols).predict(X), tuple(symbols)) is None


def test_the_mass_of_a_fast_particle_is_not_approximated(box, law):
    # Nineteen coefficients of a lower degree leave two trillionths of it.
    X = box(2000, (1, 2), (3, 10))
    found = algebraic_law(X, law(B**3 / sympy.sqrt(B**2 - A**2), (A, B)).predict(X), (A, B))
    assert found is None or complexity(found) < 15


@pytest.mark.parametrize("relative", [1e-2, 1e-8])
def test_noise_is_no_law(box, rng, relative):
    X = box(1500, *[None] * 3)
    t = X[:, 0] + np.sqrt(X[:, 1] + X[:, 2] ** 2)
    assert algebraic_law(X, t * (1 + relative * rng.normal(size=1500)), SYMBOLS[:3]) is None
    assert algebraic_law(X, rng.normal(size=1500), SYMBOLS[:3]) is None


def test_both_solutions_in_one_table_are_no_law(box, rng):
    X = box(1500, None, None)
    t = X[:, 0] + rng.choice([-1, 1], 1500) * np.sqrt(X[:, 1] + 1)
    assert algebraic_law(X, t, (A, B)) is None


def test_the_same_rows_give_the_same_law(box, law):
    X = box(1500, *[None] * 4)
    t = law(TEXTBOOK[2], SYMBOLS).predict(X)
    assert algebraic_law(X, t, SYMBOLS) == algebraic_law(X, t, SYMBOLS)


@pytest.mark.parametrize("n", [1, 5, 10])
def test_few_rows_prove_nothing(box, rng, n):
    assert algebraic_law(box(n, None, None), rng.normal(size=n), (A, B)) is None


def test_tables_it_does_not_ask(box):
    eight = sympy.symbols("x:8")
    X = box(200, *[None] * 8)
    root = np.sqrt(X[:, 0] + 1) + X[:, 1]
    assert algebraic_law(X, root, eight) is None
    assert algebraic_law(X[:, :0], root, ()) is None
    assert algebraic_law(X[:, :2], np.zeros(200), (A, B)) is None
    assert algebraic_law(X[:, :2], np.full(200, np.nan), (A, B)) is None
    assert algebraic_law(np.column_stack([X[:, 0], np.zeros(200)]), root, (A, B)) is None
