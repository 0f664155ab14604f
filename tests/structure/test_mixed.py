"""Functions of columns are columns like others."""

import numpy as np
import pytest
import sympy

from kansym.structure.mixed import mixed_laws

SYMBOLS = A, B, C, D, E, F = sympy.symbols("a b c d e f", real=True)


@pytest.mark.parametrize(
    ("expression", "box_"),
    [
        (A - B * C + B * sympy.exp(A) - D, (-10, 10)),
        (B + C * D + E**2 + sympy.sin(A), (-10, 10)),
        ((20.08 * B**2 + 1) / (sympy.sqrt(B) + B), (0.01, 10)),
        (A**2 + 1.37 * sympy.sqrt(1 + 0.53 * (B + 2.63) * (sympy.log(B) + 5.16) / A), (0.01, 10)),
        (A * (2 * B + B / C + D + sympy.log(A) + sympy.log(E) + sympy.log(F)), (0.01, 10)),
        (A + sympy.sqrt(B**2 + sympy.cos(C) + 1), (-10, 10)),
    ],
    ids=str,
)
def test_laws_of_the_class(box, law, agree, expression, box_):
    symbols = tuple(sorted(expression.free_symbols, key=str))
    X = box(1600, *[box_] * len(symbols))
    found = next(mixed_laws(X, law(expression, symbols).predict(X), symbols), None)
    assert found is not None
    assert agree(found, expression, symbols, box(300, *[box_] * len(symbols), seed=1))


def test_the_logarithm_of_a_product_of_both_signs(box):
    X = box(4000, *[(-10, 10)] * 3)
    X = X[X.prod(1) > 0][:1600]
    t = X[:, 0] + np.log(X.prod(1))
    found = next(mixed_laws(X, t, SYMBOLS[:3]))
    assert np.allclose(sympy.lambdify(SYMBOLS[:3], found)(*X.T), t, rtol=1e-9, atol=1e-9)


def test_the_root_of_a_product_of_both_signs(box):
    X = box(8000, *[(-10, 10)] * 6)
    a, b, c, d, e, f = X[X[:, 0] * X[:, 1] > 0][:1600].T
    t = b * np.sqrt(a * b) * (a * c - c - d) + e + f
    found = next(mixed_laws(np.column_stack([a, b, c, d, e, f]), t, SYMBOLS))
    assert sympy.simplify(found - B * sympy.sqrt(A * B) * (A * C - C - D) - E - F) == 0


def test_columns_below_zero(box):
    X = box(1600, (-3.0, -0.5), (0.5, 3.0))
    t = X[:, 1] / (X[:, 0] + 2 * np.sqrt(-X[:, 0]) + 5) + X[:, 1]
    found = next(mixed_laws(X, t, SYMBOLS[:2]))
    assert np.allclose(sympy.lambdify(SYMBOLS[:2], found)(*X.T), t, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "expression",
    [
        sympy.sin(1.3 * A),
        sympy.exp(-A * B),
        sympy.tanh(A * B) + C,
        sympy.log(A + B),
        A**1.7 + B,
        sympy.sin(A) * sympy.exp(B / 3),
        sympy.atan(A),
    ],
    ids=str,
)
@pytest.mark.parametrize("width", [2.5, 0.5])
def test_other_functions(box, law, expression, width):
    symbols = tuple(sorted(expression.free_symbols, key=str))
    X = box(1600, *[(0.5, 0.5 + width)] * len(symbols))
    assert list(mixed_laws(X, law(expression, symbols).predict(X), symbols)) == []


def test_noise_is_no_law(box, rng):
    X = box(1600, *[(0.5, 3)] * 3)
    t = X[:, 0] * np.exp(X[:, 1]) + X[:, 2]
    assert list(mixed_laws(X, t * (1 + 1e-8 * rng.normal(size=1600)), SYMBOLS[:3])) == []


def test_what_needs_no_function_is_not_its_concern(box):
    X = box(1600, *[(0.5, 3)] * 3)
    assert list(mixed_laws(X, X[:, 0] / X[:, 1] + X[:, 2], SYMBOLS[:3])) == []


def test_tables_it_does_not_ask(box):
    eight = sympy.symbols("x:8")
    X = box(200, *[None] * 8)
    t = X[:, 0] + np.exp(X[:, 1])
    assert list(mixed_laws(X, t, eight)) == []
    assert list(mixed_laws(X[:, :0], t, ())) == []
    assert list(mixed_laws(np.column_stack([X[:, 0], np.zeros(200)]), t, SYMBOLS[:2])) == []
    assert list(mixed_laws(X[:, :2], t, SYMBOLS[:2], until=-np.inf)) == []
