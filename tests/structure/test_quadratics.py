"""Of the two solutions of a quadratic equation the one that the rows are on, as short as it can be."""

import numpy as np
import pytest
import sympy

from kansym.structure.quadratics import discriminant, irreducible, solution

A, B, C = SYMBOLS = sympy.symbols("a b c", real=True)


def numbers(expression, symbols=SYMBOLS):
    """Coefficients of the monomials of a polynomial."""
    found = sympy.Poly(expression, *symbols).as_dict()
    return {power: float(value) for power, value in found.items() if value != 0}


def equation(first, root, below=1):
    """Coefficients of 1, y and y^2 in the equation of (first +- sqrt(root)) / below."""
    parts = ((first**2 - root), -2 * first * below, below**2)
    return [numbers(sympy.expand(part)) for part in parts]


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("first", "root", "below"),
    [
        (A + 2, B + 3, 1),
        (A, B**2 + 1, 1),
        (A - B, 2 * A * B + 9, C + 3),
        (0 * A, B + 4, A + 3),
        (A + B, (A - 5) ** 2 * (C + 3), 1),
        (A, sympy.Rational(7, 3) + 0 * A, 1),
        (A * B, (A + 3) / 3, 1),
    ],
    ids=str,
)
def test_either_solution(box, agree, values, first, root, below, sign):
    expression = (first + sign * sympy.sqrt(root)) / below
    X = box(200, *[(-2, 2)] * 3)
    found = solution(X, values(expression, SYMBOLS, X), SYMBOLS, *equation(first, root, below))
    assert found is not None
    assert agree(found, expression, SYMBOLS, box(100, *[(-2, 2)] * 3, seed=1))


def test_a_square_before_the_root_changes_the_solution(box, agree, values):
    expression = C - (A - B) * sympy.sqrt(A + 3)
    X = box(200, *[(-2, 2)] * 3)
    found = solution(X, values(expression, SYMBOLS, X), SYMBOLS, *equation(C, (A - B) ** 2 * (A + 3)))
    assert found is not None and not found.has(sympy.Abs)
    assert agree(found, expression, SYMBOLS, box(100, *[(-2, 2)] * 3, seed=1))


def test_a_square_that_does_not_change_the_solution_stays_below(box, agree, values):
    expression = C - sympy.sqrt((A - B) ** 2 * (A + 3))
    X = box(200, *[(-2, 2)] * 3)
    found = solution(X, values(expression, SYMBOLS, X), SYMBOLS, *equation(C, (A - B) ** 2 * (A + 3)))
    assert found is not None
    assert agree(found, expression, SYMBOLS, box(100, *[(-2, 2)] * 3, seed=1))


def test_rows_on_both_solutions_have_none(box, rng):
    X = box(200, *[(-2, 2)] * 3)
    t = X[:, 0] + rng.choice([-1, 1], 200) * np.sqrt(X[:, 1] + 3)
    assert solution(X, t, SYMBOLS, *equation(A, B + 3)) is None


def test_rows_on_neither_solution_have_none(box):
    X = box(200, *[(-2, 2)] * 3)
    assert solution(X, X[:, 0] + 1, SYMBOLS, *equation(A, B + 3)) is None


def test_equations_without_a_root(box, agree, values):
    X = box(200, *[(-2, 2)] * 3)
    linear, double = (A + B) / (C + 3), (A - B) / (C + 3)
    one = solution(X, values(linear, SYMBOLS, X), SYMBOLS, numbers(-(A + B)), numbers(C + 3), {})
    other = solution(X, values(double, SYMBOLS, X), SYMBOLS, *equation(A - B, 0 * A, C + 3))
    assert one is not None and agree(one, linear, SYMBOLS, X)
    assert other is not None and agree(other, double, SYMBOLS, X)


def test_the_textbook_keeps_its_square(box, values):
    whole = A + B + C + 9
    expression = (whole - sympy.sqrt(whole**2 - 4 * A * B)) / 2
    X = box(200, *[(0.5, 2)] * 3)
    equal = [numbers(A * B), numbers(-whole), numbers(1 + 0 * A)]
    found = solution(X, values(expression, SYMBOLS, X), SYMBOLS, *equal)
    assert found is not None and sympy.simplify(sympy.nsimplify(found) - expression) == 0
    assert any(power.exp == 2 and power.base.is_Add for power in found.atoms(sympy.Pow))


def test_numbers_that_are_no_fractions(box, agree, values):
    first, root = 2.5132741 * A, 0.73123456789 * B**2 * (1.31415926535 * A + C / 3.217 + 3)
    expression = first + sympy.sqrt(0.73123456789) * B * sympy.sqrt(1.31415926535 * A + C / 3.217 + 3)
    X = box(200, *[(-1, 1)] * 3)
    found = solution(X, values(expression, SYMBOLS, X), SYMBOLS, *equation(first, root))
    assert found is not None and agree(found, expression, SYMBOLS, box(100, *[(-1, 1)] * 3, seed=1))


def test_what_cancels_is_not_in_the_discriminant():
    c, b, a = equation(sympy.Float(0.1) * A + sympy.Float(0.7) * B, C)
    assert list(discriminant(c, b, a)) == [(0, 0, 1)]


def test_factors_of_a_polynomial():
    found = irreducible(numbers(sympy.expand(3 * (A - B) ** 2 * (A + C / 2))))
    assert len(found) == 2
    assert {len(one) for one in found} == {2}
