"""The numbers of a formula are told to be made of its constants."""

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from kansym import fit_constants
from kansym.symbolic.constant_symbols import with_constant_symbols
from kansym.symbolic.formula import Constant
from kansym.symbolic.parametric import parametrize

X = sympy.Symbol("x")
A, TAU, W = sympy.symbols("A tau w")
T = np.linspace(0.0, 8.0, 60)


@pytest.mark.parametrize(
    ("law", "used"),
    [
        (A * sympy.exp(-X / TAU), ["A", "tau"]),
        (A * X**2 / 2, ["A"]),
        (A / TAU * X, ["A", "tau"]),
        (A * W * X + TAU, ["A", "tau", "w"]),
        (sympy.exp(-(X**2) / (2 * W**2)), ["w"]),
        (X / (A * TAU), ["A", "tau"]),
        (sympy.sqrt(A) * X, ["A"]),
    ],
    ids=str,
)
def test_the_law_comes_back(law, used):
    constants = [Constant("A", 3.017), Constant("tau", 1.3613), Constant("w", -0.7717)]
    numbers = law.subs({symbol: sympy.Float(c.value) for symbol, c in zip((A, TAU, W), constants, strict=True)})
    form, _ = with_constant_symbols(parametrize(numbers, (X,)), constants)
    assert [symbol.name for symbol in form.constants] == used
    assert sympy.simplify(form.expression - law) == 0
    rows = np.linspace(0.1, 4, 9)[:, None]
    np.testing.assert_allclose(form.evaluate(rows), parametrize(numbers, (X,)).evaluate(rows), rtol=1e-13)


def test_names_that_every_formula_gives_are_only_taken_as_they_are():
    constants = [Constant("c0", 4.0), Constant("c1", 0.5)]
    form, numbers = with_constant_symbols(parametrize(sympy.Float(0.25) * X - sympy.Float(0.5), (X,)), constants)
    assert sorted(symbol.name for symbol in form.constants) != ["c0", "c1"]
    assert -sympy.Symbol("c1") in numbers.values()


@given(st.floats(0.01, 100), st.floats(-100, 100).filter(lambda v: abs(v) > 0.01), st.floats(-9, 9))
def test_values_stay(a, tau, other):
    constants = [Constant("a", a), Constant("tau", tau)]
    expression = sympy.Float(a) * X / sympy.Float(tau) + sympy.Float(other)
    form = parametrize(expression, (X,))
    named, _ = with_constant_symbols(form, constants)
    rows = np.linspace(-3, 3, 7)[:, None]
    np.testing.assert_allclose(named.evaluate(rows), form.evaluate(rows), rtol=1e-12, atol=1e-12)


def test_a_time_constant_keeps_its_name_and_error_everywhere():
    y = 3 * np.exp(-T / 1.36) + 0.5 + 0.01 * np.random.default_rng(0).normal(size=60)
    formula = fit_constants("A*exp(-t/tau) + B", {"t": T}, y).formula
    latex = formula.latex(with_units=True)
    assert r"e^{-t/\tau}" in latex and r"\tau = 1.351(5)" in latex and "c_" not in latex
    assert "tau" in formula.to_code("c") and "unknown" not in formula.to_code("c")
    # Digits of -1/tau follow its error, 0.3 % of it.
    assert len(formula.latex().split("e^{-")[1].split(" t")[0]) <= 7
