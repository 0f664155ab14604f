"""Formulas as labels, and labels that make room for each other."""

import itertools

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym.data.dataset import make_dataset
from kansym.figures.labels import expression_label, formula_block, formula_lines, math_size, stacked, text_width

A, B = sympy.symbols("a b")


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0.1, 1)), min_size=1, max_size=8))
def test_property_stacked_labels_never_overlap_and_stay_inside_if_they_can(pairs):
    wanted = sorted((place for place, _ in pairs), reverse=True)
    heights = [height for _, height in pairs]
    middles = stacked(wanted, heights, 0.0, 10.0)
    for k, (upper, lower) in enumerate(itertools.pairwise(middles)):
        assert upper - lower >= 0.5 * (heights[k] + heights[k + 1]) - 1e-9
    assert middles[0] + heights[0] / 2 <= 10 + 1e-9 and middles[-1] - heights[-1] / 2 >= -1e-9


def test_formulas_are_set_as_mathematics_where_they_fit():
    label = expression_label(A**2 / (1 + B), 9, 3.0)
    assert label.math and "dfrac" in label.text and label.width == pytest.approx(math_size(label.text[1:-1], 9)[0])
    narrow = expression_label(sum(sympy.Symbol(f"variable_{k}") for k in range(30)), 9, 2.0)
    assert not narrow.math and "…" in narrow.text and text_width(narrow.text, 9) <= 2.0
    odd = expression_label(sympy.Symbol("名"), 9, 2.0)
    assert not odd.math and odd.text == "□"


def test_long_sums_are_broken_before_signs(new_formula):
    names = [f"x{k}" for k in range(12)]
    dataset = make_dataset(np.eye(12) + 1, np.arange(12.0), names=names)
    x = sympy.symbols(names)
    formula = new_formula(dataset, sympy.Add(*(k * sympy.sin(x[k] + x[0]) for k in range(1, 12))))
    lines = formula_lines(formula, 10, 3.0)
    assert len(lines) > 1 and all(line.math and line.width <= 3.0 for line in lines)
    assert all(line.text[1] in "+-" for line in lines[1:])
    assert sum(line.text.count("sin") for line in lines) == 11


def test_a_long_label_is_broken_and_stays_mathematics(new_formula):
    dataset = make_dataset(np.ones((5, 2)), np.arange(5.0), remove_constant=False)
    a, b = sympy.symbols("x0 x1")
    expression = 1.5 * sympy.log(sympy.sinh(a / b)) - 0.126 * sympy.log(b) - 0.261 * sympy.log(a) + 1.7
    block = formula_block(new_formula(dataset, expression), 8.5, 2.0)
    assert block.math and "\n" in block.text and block.width <= 2.0 and "..." not in block.text
    # Products are broken between factors, and what fits stays whole.
    product = sympy.Mul(*(sympy.sin(k * a + b) for k in range(1, 5)))
    assert formula_block(new_formula(dataset, product), 8.5, 2.0).text.count("\n") >= 1
    assert "\n" not in formula_block(new_formula(dataset, a + b), 8.5, 2.0).text
