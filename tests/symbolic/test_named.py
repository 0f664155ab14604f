"""A formula in names is the formula: the same values, every constant where its number stands, names as given."""

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.mathtext import MathTextParser

from kansym.symbolic.formula import Constant, Formula
from kansym.symbolic.parser import parse_expression

NUMBERS = st.floats(0.011, 99.0).map(lambda x: float(f"{x:.9g}")) | st.floats(-99.0, -0.011).map(
    lambda x: float(f"{x:.9g}")
)


def formula(text, *constants, columns=("t",), target="y"):
    return Formula(parse_expression(text, columns), tuple(columns), target, 5, 1.0, 1.0, 1.0, constants)


@settings(max_examples=30)
@given(NUMBERS, NUMBERS, NUMBERS)
def test_with_its_constants_it_has_the_values_of_the_formula(a, b, c):
    t = sympy.Symbol("t")
    expression = sympy.Float(a) * sympy.exp(-sympy.Float(abs(b)) * t) + sympy.Float(c) / (t + sympy.Float(abs(a)) + 1)
    whole = Formula(expression, ("t",), "y", 5, 1.0, 1.0, 1.0)
    named = whole.named()
    values = {sympy.Symbol(one.name): one.value for one in named.constants}
    x = np.linspace(0.1, 2.0, 5)
    anew = [float(named.expression.subs(values).subs(t, point)) for point in x]
    assert anew == pytest.approx(whole.predict(x[:, None]), rel=1e-9)
    # No number that was fitted is left in it.
    assert not named.expression.atoms(sympy.Float)


def test_names_that_the_user_gave_stand_where_the_user_put_them():
    decay = formula("4.304*exp(-t/2.5) + 0.682", Constant("A", 4.304, 0.016), Constant("tau", 2.5, 0.02, unit="s"))
    named = decay.named()
    assert named.text == "y = A*exp(-t/tau) + c0"
    assert named.latex(with_target=True) == r"y = A e^{-t/\tau} + c_{0}"
    assert str(named).splitlines() == [named.text, "A = 4.304(16)", "tau = 2.500(20) s", "c0 = 0.682"]


def test_a_constant_has_the_sign_with_which_it_stands_in_the_formula():
    line = formula("2.5 - 0.34*t", Constant("c0", 2.5, 0.1), Constant("c1", -0.34, 0.02))
    assert line.named().text == "y = c0 + c1*t"
    assert "c1 = -0.340(20)" in str(line.named())


def test_names_stand_where_numbers_do():
    # sympy's order of letters would put the offset first and the factor behind the column.
    decay = formula("2.5*b*exp(-0.4*t) + 0.7", columns=("b", "t"))
    assert decay.latex() == r"2.5 b e^{-0.4 t} + 0.7"
    found = {f"c_{{{one.name[1:]}}}": one.value for one in decay.named().constants}
    shown = decay.named().latex()
    for name, value in found.items():
        shown = shown.replace(name, f"{value:g}")
    assert shown == decay.latex()


def test_a_constant_called_like_a_column_is_told_apart():
    named = formula("2.5*c0", Constant("c0", 2.5, 0.1), columns=("c0",)).named()
    assert named.text == "y = c0*c0_fit" and [one.name for one in named.constants] == ["c0_fit"]


def test_its_latex_is_mathematics():
    found = formula("4.304*exp(-t/2.5) + 0.682", Constant("A", 4.304, 0.016), Constant("tau", 2.5, 0.02, unit="m/s^2"))
    for text in (found.latex(with_target=True), found.latex(with_target=True, with_units=True)):
        MathTextParser("agg").parse(f"${text}$")
