"""What must hold for every formula."""

import json

import numpy as np
import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kansym.symbolic import (
    canonicalize,
    complexity,
    from_tree,
    parametrize,
    plain,
    simplify,
    to_latex,
    to_text,
    to_tree,
)

few = settings(max_examples=40)


def values(expression, symbols, rows):
    with np.errstate(all="ignore"):
        return parametrize(expression, symbols).evaluate(rows)


def assert_same_function(expression, other, symbols, rows):
    expected, actual = values(expression, symbols, rows), values(other, symbols, rows)
    known = np.isfinite(expected)
    size = np.maximum(np.abs(expected[known]), 1e-3 * np.median(np.abs(expected[known])))
    assert (np.abs(actual[known] - expected[known]) <= 1e-8 * size).all()


def usable(expression, symbols, rows):
    """Finite and of moderate size, so that rounding errors stay below the tolerance."""
    found = values(expression, symbols, rows)
    return np.isfinite(found).all() and 1e-6 < np.abs(found).max() < 1e6 and expression.free_symbols


@few
@given(data=st.data())
def test_canonical_gauge_keeps_the_function(data, any_formula, symbols, rows):
    expression = data.draw(any_formula)
    assume(usable(expression, symbols, rows))
    assert_same_function(expression, canonicalize(expression, symbols[:2]), symbols, rows)


@few
@given(data=st.data())
def test_canonical_gauge_needs_no_more_constants(data, any_formula, symbols, rows):
    expression = data.draw(any_formula)
    assume(usable(expression, symbols, rows))
    canonical = canonicalize(expression, symbols[:2])
    before = sum(isinstance(node, sympy.Float) for node in sympy.preorder_traversal(expression))
    after = sum(isinstance(node, sympy.Float) for node in sympy.preorder_traversal(canonical))
    # A sum under a power may trade its leading coefficient for a prefactor, which is one for one.
    assert after <= before + (1 if expression.has(sympy.log, sympy.exp) else 0)


@settings(max_examples=25)
@given(data=st.data())
def test_simplify_keeps_the_function_is_idempotent_and_never_longer(data, any_formula, symbols, rows):
    expression = data.draw(any_formula)
    assume(usable(expression, symbols, rows))
    once = simplify(expression, symbols, rows, seconds=20.0).expression
    assert_same_function(expression, once, symbols, rows)
    assert 0 < complexity(once) <= complexity(expression)
    assert simplify(once, symbols, rows, seconds=20.0).expression == once


@few
@given(data=st.data())
def test_storage_is_exact(data, any_formula, symbols, rows):
    drawn = data.draw(any_formula)
    canonical = canonicalize(drawn, symbols[:2])
    # log(-2*x) of a positive x becomes log(2*x) + I*pi: it has no values, and cannot be stored.
    assume(not any(expression.has(sympy.I, sympy.zoo, sympy.nan) for expression in (drawn, canonical)))
    for expression in (drawn, canonical):
        tree = to_tree(expression)
        loaded = from_tree(json.loads(json.dumps(tree)))
        assert loaded == expression
        assert to_tree(loaded) == tree


@few
@given(data=st.data())
def test_constants_taken_out_and_put_back_change_nothing(data, any_formula, symbols, rows):
    expression = data.draw(any_formula)
    form = parametrize(expression, symbols)
    assert not form.expression.has(sympy.Float)
    assert sorted(map(float, form.substituted().atoms(sympy.Float))) == pytest.approx(
        sorted(map(float, expression.atoms(sympy.Float))), rel=1e-15
    )
    assume(usable(expression, symbols, rows))
    assert_same_function(expression, form.substituted(), symbols, rows)


@few
@given(data=st.data())
def test_jacobian_agrees_with_finite_differences(data, any_formula, symbols, rows):
    expression = data.draw(any_formula)
    assume(usable(expression, symbols, rows) and expression.has(sympy.Float))
    form = parametrize(expression, symbols)
    jacobian = form.jacobian(rows)
    step = 1e-6
    for j in range(len(form.constants)):
        moved = [form.with_values(form.values + sign * step * np.eye(len(form.values))[j]) for sign in (2, 1, -1, -2)]
        far, near, near_back, far_back = (each.evaluate(rows) for each in moved)
        numeric, coarse = (near - near_back) / (2 * step), (far - far_back) / (4 * step)
        # Only where the difference quotient itself has converged: away from kinks and poles.
        size = np.abs(numeric) + np.abs(form.evaluate(rows)).max() * 1e-3 + 1e-3
        smooth = np.abs(numeric - coarse) < 1e-6 * size
        assert np.isfinite(jacobian[smooth, j]).all()
        assert (np.abs(jacobian[smooth, j] - numeric[smooth]) <= 1e-4 * size[smooth]).all()


@few
@given(data=st.data())
def test_every_formula_prints(data, any_formula):
    expression = plain(data.draw(any_formula))
    assert to_text(expression)
    latex = to_latex(expression)
    assert latex.count("{") == latex.count("}")
    assert latex.count(r"\left") == latex.count(r"\right")
