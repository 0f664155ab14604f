import keyword

import matplotlib
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym.symbolic import plain, safe_identifiers, to_latex, to_text
from kansym.symbolic.latex import name_to_latex
from kansym.symbolic.parser import parse_expression
from kansym.symbolic.text import split_number

matplotlib.use("Agg")
F = sympy.Float
X, Y = sympy.symbols("x y")


@pytest.mark.parametrize(
    ("expression", "text", "latex"),
    [
        (F(1.602e-19) * X, "1.602e-19*x", r"1.602 \times 10^{-19} x"),
        (F(1.0) * X, "x", "x"),
        (F(-1.0) * X, "-x", "-x"),
        (X ** F(2.0), "x**2", "x^{2}"),
        (X ** F(1.0), "x", "x"),
        (F(9.81234567) * X, "9.81235*x", "9.81235 x"),
        (F(123456789.0) * X, "1.23457e8*x", r"1.23457 \times 10^{8} x"),
        (F(0.001) * X, "0.001*x", "0.001 x"),
        (sympy.Mul(F(4.9), X - Y, evaluate=False), "4.9*(x - y)", "4.9 (x - y)"),
        (X / (4 * sympy.pi * Y**2), "x/(4*pi*y**2)", r"\frac{x}{4 \pi y^{2}}"),
        (F(1.5e12) ** X, "1.5e12**x", r"(1.5 \times 10^{12})^{x}"),
        (sympy.log(X), "log(x)", r"\ln x"),
    ],
    ids=str,
)
def test_constants_print_with_sensible_digits(expression, text, latex):
    assert to_text(expression) == text
    assert to_latex(expression) == latex


T, TAU, RHO, M, V, C = sympy.symbols("t tau rho m v c")


@pytest.mark.parametrize(
    ("expression", "text", "latex"),
    [
        (
            F(109678.9) * (1 / X**2 - 1 / Y**2),
            "109679/x**2 - 109679/y**2",
            r"\frac{109679}{x^{2}} - \frac{109679}{y^{2}}",
        ),
        (Y * (X**-2 - Y**-2), "y*(1/x**2 - 1/y**2)", r"y \left(\frac{1}{x^{2}} - \frac{1}{y^{2}}\right)"),
        ((1 / X**2) ** T, "(1/x**2)**t", r"\left(\frac{1}{x^{2}}\right)^{t}"),
        ((Y - X) ** 2, "(y - x)**2", "(y - x)^{2}"),
        (-X - Y, "-x - y", "-x - y"),
        (M * V**2 / 2, "m*v**2/2", r"\frac{1}{2} m v^{2}"),
        (X / 2 + sympy.Rational(1, 3), "x/2 + 1/3", r"\frac{x}{2} + \frac{1}{3}"),
        (M * C**2, "c**2*m", "m c^{2}"),
        (C**2 * M / sympy.sqrt(1 - V**2 / C**2), None, r"\frac{m c^{2}}{\sqrt{1 - v^{2}/c^{2}}}"),
        (1 / sympy.sqrt(2 * sympy.pi), None, r"\frac{1}{\sqrt{2 \pi}}"),
        (sympy.sqrt(3) * X / 2, None, r"\frac{\sqrt{3} x}{2}"),
        (2 * sympy.pi * sympy.sqrt(X) / sympy.sqrt(Y), None, r"2 \pi \sqrt{\frac{x}{y}}"),
        (X ** sympy.Rational(3, 2), "x**(3/2)", "x^{3/2}"),
        (X ** F(-1.53) * 5, "5/x**1.53", "5 x^{-1.53}"),
        (3 * sympy.Abs(X) ** sympy.Rational(1, 3) * sympy.sign(X), None, r"3 \sqrt[3]{x}"),
        (sympy.exp(-T / TAU) * X, None, r"x e^{-t/\tau}"),
        (sympy.exp(-(X**2) / (2 * Y**2)), None, r"\exp\left(-\frac{x^{2}}{2 y^{2}}\right)"),
        (1 / (sympy.exp(X) - 1), None, r"\frac{1}{e^{x} - 1}"),
        (F(8.9) * sympy.exp(-X) + F(0.29), "0.29 + 8.9*exp(-x)", "8.9 e^{-x} + 0.29"),
        (1 + RHO / X, None, r"1 + \frac{\rho}{x}"),
        (3 * 2**X, "3*2**x", r"3 \cdot 2^{x}"),
        (sympy.Symbol("time") * sympy.Symbol("speed"), "speed*time", r"\mathrm{speed} \, \mathrm{time}"),
        (sympy.sin(X / 2) ** 2, "sin(x/2)**2", r"\sin^{2}(x/2)"),
        (sympy.besselj(0, 2 * X), None, "J_{0}(2 x)"),
        (sympy.Abs(X - 1), None, r"\left|x - 1\right|"),
        (F(-2.5) ** X, None, "(-2.5)^{x}"),
        (sympy.log(sympy.Symbol("time")), None, r"\ln(\mathrm{time})"),
    ],
    ids=str,
)
def test_formulas_are_written_as_by_hand(expression, text, latex):
    assert to_latex(expression) == latex
    if text is not None:
        assert to_text(expression) == text
        again = parse_expression(text, [symbol.name for symbol in expression.free_symbols])
        place = {symbol: 1.3 + 0.2 * k for k, symbol in enumerate(sorted(expression.free_symbols, key=str))}
        assert float(again.subs(place)) == pytest.approx(float(expression.subs(place)), rel=1e-5)


def test_digits_follow_the_standard_error():
    # An error of arithmetic asks for no more than ten digits.
    assert to_latex(F(9.81) * X, digits={9.81: 1e-13}) == "9.81 x"
    assert to_latex(F(0.5279899) * X, digits={0.5279899: 5.7e-6}) == "0.5279899 x"
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
        ("rho_c_0", r"\rho_{c,0}"),
        ("x1_max", r"x_{1,\mathrm{max}}"),
        ("hbar", r"\hbar"),
        ("eps0", r"\varepsilon_{0}"),
        ("lam", r"\lambda"),
        ("lam_max", r"\lambda_{\mathrm{max}}"),
        ("x_lam", r"x_{\mathrm{lam}}"),
        ("steps", r"\mathrm{steps}"),
        ("semi_major_axis", r"\mathrm{semi\_major\_axis}"),
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


@settings(max_examples=100)
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
