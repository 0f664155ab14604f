"""Terms that can be left out."""

import numpy as np
import pytest
import sympy

from kansym.symbolic import parametrize
from kansym.symbolic.terms import drop_terms

X, Y = sympy.symbols("x y", positive=True)
F = sympy.Float
ROWS = np.column_stack([np.random.default_rng(0).uniform(0.5, 3, 200), np.random.default_rng(1).uniform(0.5, 3, 200)])


def dropped(expression, y, allowed):
    calls = []

    def loss(form):
        calls.append(form)
        value = float(np.mean((form.evaluate(ROWS) - y) ** 2))
        return value if np.isfinite(value) else np.inf

    form = parametrize(expression, (X, Y))
    return form, drop_terms(form, loss, allowed=allowed), calls


def law(x, y):
    return 2.1 * x**2 * np.exp(-0.3 * y)


PLANTED = F(2.1) * X**2 * sympy.exp(-F(0.3) * Y)


@pytest.mark.parametrize(
    "junk",
    [
        F(1.7) * sympy.exp(-F(163.1) * X**2) * sympy.tanh(Y),
        F(1.1e-9) * sympy.sin(F(3.3) * Y),
        F(0.9) * sympy.exp(-F(90.0) * Y) + F(1e-8) * X * Y,
    ],
    ids=str,
)
def test_terms_that_vanish_over_the_data_go(junk):
    _, lean, _ = dropped(PLANTED + junk, law(*ROWS.T), allowed=1e-12)
    assert lean.expression.xreplace(dict(zip(lean.constants, lean.values, strict=True))).count(sympy.Function) == 1
    np.testing.assert_allclose(lean.evaluate(ROWS), law(*ROWS.T), rtol=1e-12)
    assert len(lean.constants) == 2


def test_a_small_term_that_counts_stays():
    small = 1e-4 * np.sin(3.3 * ROWS[:, 1])
    expression = PLANTED + F(1.0e-4) * sympy.sin(F(3.3) * Y)
    form, lean, calls = dropped(expression, law(*ROWS.T) + small, allowed=1e-12)
    assert lean is form and len(calls) == 2


def test_what_counts_is_for_the_caller_to_say():
    small = 1e-4 * np.sin(3.3 * ROWS[:, 1])
    expression = PLANTED + F(1.0e-4) * sympy.sin(F(3.3) * Y)
    _, lean, _ = dropped(expression, law(*ROWS.T) + small, allowed=1e-7)
    assert not lean.expression.has(sympy.sin)


def test_terms_inside_functions_go_too():
    expression = sympy.exp(-F(0.3) * Y + F(1.1e-12) * X) * F(2.1) * X**2
    _, lean, _ = dropped(expression, law(*ROWS.T), allowed=1e-12)
    assert len(lean.constants) == 2
    np.testing.assert_allclose(lean.evaluate(ROWS), law(*ROWS.T), rtol=1e-12)


def test_constants_are_left_alone():
    expression = PLANTED + F(1.3e-13)
    form, lean, calls = dropped(expression, law(*ROWS.T), allowed=1e-3)
    assert 1.3e-13 in lean.values
    del form, calls


def test_a_formula_of_its_variables_stays_one():
    # Everything may go by the loss, but the last term with a variable is kept.
    expression = F(1e-9) * X + F(5.5)
    form, lean, _ = dropped(expression, np.full(200, 5.5), allowed=1.0)
    assert lean is form


def test_a_product_is_no_sum():
    form, lean, calls = dropped(PLANTED, law(*ROWS.T), allowed=1e-12)
    assert lean is form and calls == []
