import keyword

import matplotlib
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym.symbolic import plain, safe_identifiers, to_latex, to_text
from kansym.symbolic.latex import name_to_latex
from kansym.symbolic.number_format import split_number

matplotlib.use("Agg")
F = sympy.Float
X, Y = sympy.symbols("x y")


@pytest.mark.parametrize(
    ("expression", "text", "latex"),
    [
        (F(1.602e-19) * X, "1.602e-19*x", r"1.602 \times 10^{-19} x"),
        (F(1.0) * X, "x", "x"),
        (F(-1.0) * X, "-x", "- x"),
        (X ** F(2.0), "x**2", "x^{2}"),
        (X ** F(1.0), "x", "x"),
        (F(9.81234567) * X, "9.81235*x", "9.81235 x"),
        (F(123456789.0) * X, "1.23457e8*x", r"1.23457 \times 10^{8} x"),
        (F(0.001) * X, "0.001*x", "0.001 x"),
        (sympy.Mul(F(4.9), X - Y, evaluate=False), "4.9*(x - y)", r"4.9 \left(x - y\right)"),
        (X / (4 * sympy.pi * Y**2), "x/(4*pi*y**2)", r"\frac{x}{4 \pi y^{2}}"),
        (F(1.5e12) ** X, "1.5e12**x", r"\left(1.5 \times 10^{12}\right)^{x}"),
        (sympy.log(X), "log(x)", r"\ln{\left(x \right)}"),
    ],
    ids=str,
)
def test_constants_print_with_sensible_digits(expression, text, latex):
    assert to_text(expression) == text
    assert to_latex(expression) == latex


def test_digits_follow_the_standard_error():
    assert to_latex(F(9.81234567) * X, digits={9.81234567: 0.019}) == "9.812 x"
    assert to_latex(F(9.81234567) * X, digits={9.81234567: 0.0}) == "9.81235 x"
    assert to_text(F(9.8) * X, digits={9.8: 0.019}) == "9.800*x"
    assert to_text(F(123456.7) * X, digits={123456.7: 20.0}) == "123457*x"
    assert split_number(0.0) == ("0", 0)
    assert split_number(-6.62607015e-34, 4) == ("-6.626", -34)


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("x", "x"),
        ("x_0", "x_{0}"),
        ("x12", "x_{12}"),
        ("lambda", r"\lambda"),
        ("Omega", r"\Omega"),
        ("λ", r"\lambda"),
        ("theta_1", r"\theta_{1}"),
        ("T_max", r"T_{\mathrm{max}}"),
        ("period", r"\mathrm{period}"),
        ("λ (nm)", r"\mathrm{\lambda\ (nm)}"),
        ("x-1", r"\mathrm{x-1}"),
        ("50%", r"\mathrm{50\%}"),
        ("a_b_c", r"\mathrm{a\_b\_c}"),
        ("a&b#c", r"\mathrm{a\&b\#c}"),
    ],
)
def test_names_become_latex(name, latex):
    assert name_to_latex(name) == latex
    assert to_latex(sympy.Symbol(name)) == latex


def test_names_may_be_given():
    assert to_latex(X * Y, names={"x": r"\vec{x}"}) == r"\vec{x} y"


@pytest.mark.parametrize(
    "expression",
    [
        F(1.602e-19) * sympy.Symbol("λ (nm)") ** 2 / sympy.Symbol("x-1"),
        sympy.exp(-sympy.Symbol("T_max") / 2) + sympy.sqrt(sympy.Symbol("period")),
        sympy.sin(sympy.Symbol("theta1")) * sympy.Symbol("50%"),
    ],
    ids=str,
)
def test_matplotlib_can_draw_it(expression):
    from matplotlib.mathtext import MathTextParser

    MathTextParser("path").parse(f"${to_latex(expression)}$")


def test_plain_symbols_have_no_assumptions():
    positive = sympy.Symbol("x", positive=True)
    assert plain(2.5 * positive) == 2.5 * X
    assert plain(positive * sympy.Symbol("y", real=True), ["y"]) == positive * Y
    factored = sympy.Mul(F(4.9), positive - 1, evaluate=False)
    assert plain(factored) == sympy.Mul(F(4.9), X - 1, evaluate=False)


@settings(max_examples=100, deadline=None)
@given(names=st.lists(st.text(min_size=1, max_size=8), unique=True, max_size=6))
def test_identifiers_are_safe_and_distinct(names):
    result = safe_identifiers(names, reserved=["exp"])
    assert list(result) == names
    words = [word.lower() for word in result.values()]
    assert len(set(words)) == len(words)
    for word in result.values():
        assert word.isidentifier() and word.isascii() and not keyword.iskeyword(word) and word != "exp"


def test_identifiers_stay_readable():
    names = ["x", "λ (nm)", "2theta", "x-1", "x_1", "lambda", "Ωm"]
    assert list(safe_identifiers(names).values()) == [
        "x",
        "lambda_nm",
        "x_2theta",
        "x_1",
        "x_1_2",
        "lambda_2",
        "Omegam",
    ]
