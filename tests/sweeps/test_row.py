"""What counts as one form."""

import pytest
import sympy

from kansym.sweeps.row import _form

x, t = sympy.symbols("x t")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (2 * x, x),
        (3.1 * sympy.exp(-t / 2), 0.2 * sympy.exp(-7.0 * t)),
        (x**2 + 1, 4.5 * x**2 - 3),
        (x**1.234, 2 * x**0.777),
        (sympy.sin(2.0 * x + 0.3) * t, 5 * t * sympy.sin(x - 1)),
        (1 / (x**2 + 4.0), 7 / (x**2 + 0.1)),
    ],
)
def test_numbers_do_not_matter(first, second):
    assert _form(first) == _form(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (x**2, x**3),
        (x, t),
        (sympy.exp(x), sympy.exp(x) + 1),
        (sympy.sin(x), sympy.cos(x)),
        (x + t, x * t),
        (x + x**2, x**2),
        (sympy.sqrt(x), x**1.234),
        (sympy.exp(2.0 * t) + sympy.exp(3.0 * t), sympy.exp(2.0 * t)),
    ],
)
def test_functions_columns_and_structure_do(first, second):
    assert _form(first) != _form(second)
