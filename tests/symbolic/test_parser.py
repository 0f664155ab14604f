import hypothesis.strategies as st
import numpy as np
import pytest
import sympy
from hypothesis import given, settings

from kansym.errors import KansymError
from kansym.symbolic.parser import (
    DEEPEST,
    KNOWN_FUNCTIONS,
    LONGEST_TEXT,
    MOST_TOKENS,
    FormulaSyntaxError,
    free_names,
    parse_expression,
)

X, Y, G = sympy.symbols("x y gamma")
NAMES = ["x", "y", "gamma", "E", "lambda", "λ (nm)", "x-1", "2theta", "pi"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-x**2", -(X**2)),
        ("x^-2", X**-2),
        ("2**3**2", sympy.Integer(512)),
        ("1/2*x", X / 2),
        ("x - y - 1", X - Y - 1),
        ("x/y/2", X / Y / 2),
        ("2.5e-3*x", sympy.Float(0.0025) * X),
        (".5*x", sympy.Float(0.5) * X),
        ("exp(-(x/y)**2/2)", sympy.exp(-((X / Y) ** 2) / 2)),
        ("arcsin(x) + ln(y) + abs(x)", sympy.asin(X) + sympy.log(Y) + sympy.Abs(X)),
        ("log10(x)", sympy.log(X) / sympy.log(10)),
        ("atan2(x, y)", sympy.atan2(X, Y)),
        ("--x", X),
        ("+x", X),
        ("2*E", 2 * sympy.Symbol("E")),
        ("lambda + 1", sympy.Symbol("lambda") + 1),
        ("λ (nm)*2", 2 * sympy.Symbol("λ (nm)")),
        ("x-1", sympy.Symbol("x-1")),
        ("x - 1", X - 1),
        ("`x-1`*`x`", sympy.Symbol("x-1") * X),
        ("2theta + 1", sympy.Symbol("2theta") + 1),
        ("gamma*gamma(x)", G * sympy.gamma(X)),
    ],
)
def test_formula(text, expected):
    assert parse_expression(text, NAMES) == expected


def test_named_numbers_where_no_column_has_the_name():
    assert parse_expression("pi*E") == sympy.pi * sympy.E
    assert parse_expression("pi", ["pi"]) == sympy.Symbol("pi")


def test_numbers_keep_double_precision():
    for value in (0.1, 1 / 3, 6.62607015e-34, 2.99792458e8, 123456789.123456789):
        assert float(parse_expression(repr(value))) == value


@pytest.mark.parametrize(
    ("text", "position", "problem"),
    [
        ("", 0, "the formula ends"),
        ("x +", 3, "the formula ends"),
        ("x y", 2, "found 'y'"),
        ("(x + 1", 6, "expected '\\)'"),
        ("x + foo", 4, "unknown name 'foo'"),
        ("foo(x)", 0, "unknown function 'foo'"),
        ("sin", 0, "needs an argument"),
        ("asin(x, y)", 0, "argument"),
        ("x + ?", 4, "unexpected character"),
        ("`nothing`", 0, "no column 'nothing'"),
        ("`x", 0, "closing"),
        ("x/0", 1, "division by zero"),
        ("0**-1", 1, "division by zero"),
        ("log(0)", 0, "not a finite number"),
        ("1e400", 0, "beyond the range"),
        ("1e-400", 0, "beyond the range"),
        ("__import__('os').system('true')", 11, "unexpected character"),
        ("x.__class__", 1, "unexpected character"),
        ("[x for x in y]", 0, "unexpected character"),
        ("(lambda: x)()", 7, "unexpected character"),
    ],
)
def test_error_names_text_and_position(text, position, problem):
    with pytest.raises(FormulaSyntaxError, match=problem) as caught:
        parse_expression(text, NAMES)
    assert caught.value.position == position
    assert isinstance(caught.value, KansymError)
    assert repr(text) in str(caught.value)


@pytest.fixture
def wide_net(monkeypatch):
    """No formula is refused for the seconds that it takes, on however slow a machine."""
    monkeypatch.setattr("kansym.symbolic.parser.LONGEST_SECONDS", 600.0)


@pytest.mark.parametrize(
    "text",
    [
        "9**9**9",
        "9**9**9**9**9",
        "(2*x)**100000",
        "((((10**300*x)**1000)**1000)**1000)",
        "exp(exp(exp(100.0)))",
        "exp(1e300)",
        "gamma(10**9)",
        "gamma(100000)",
        "loggamma(10**9)",
        "(9**999)**(9**999)",
        "2.0**(10**12)",
        "(1/3)**(10**9)",
        "9" * 5000,
        "(" * (DEEPEST + 2) + "x" + ")" * (DEEPEST + 2),
        "-" * 500 + "x",
        "x**" * 500 + "x",
        "x+" * LONGEST_TEXT + "x",
        "x*" * MOST_TOKENS + "x",
        "(" * 10**6,
        "gamma(10**9 + 1/2)",
        "loggamma(-10**9)",
        "log(" * 50 + "2" + ")" * 50,
        "exp(10**9*log(2))",
        "exp(log(9)*9**9)",
        "exp(10**9*log(3*x))",
        "sqrt(2)**(10**9)",
        "sqrt(12345)**(10**7)",
        "sqrt(3*x)**(10**7)",
        "(exp(2)*3)**(10**7)",
        "(1 + sqrt(2))**4000",
        "pi**pi**pi**pi",
        "cbrt(" * 45 + "x" + ")" * 45,
        "expm1(" * 45 + "1" + ")" * 45,
        "besseli(1e5, 1e5)",
        "exp(-1000.0)",
        "1e308 + 1e308",
        "1e300*x*1e300",
        "x/(3*2 - 6)",
        "0*(1/(x - x))",
        "sin(1" + ",1" * 900 + ")",
    ],
)
def test_what_would_take_forever_is_refused_for_its_size(text, wide_net):
    with pytest.raises(FormulaSyntaxError) as raised:
        parse_expression(text, ["x"])
    assert "to read; write it shorter" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x**(10**10)", 1.0),
        ("(x + 1)**1000", 2.0**1000),
        ("(x + 1)**999/(x + 1)**998", 2.0),
        ("cosh(x**(10**9))", np.cosh(1)),
        # Both had sympy multiply out: (10**300)**(9**99), and a complex number to the power of 100.
        ("sin(1/Heaviside((10**300/x)**(9**99*(x - 1) + y - 1)))", np.sin(1)),
        ("csch(x**100) + atanh((3/asin(k) + bessely(y, 1e15))*(gamma(k - y) - csch(x**100)))*(x - 1)", 1 / np.sinh(1)),
        ("exp(500*log(x + 1))", 2.0**500),
        ("sec(x)/besseli(1/2, x**(10**300))", 1 / np.cos(1) / (np.sqrt(2 / np.pi) * np.sinh(1))),
        ("*".join(f"(x + {k})" for k in range(100)) + "".join(f"/(x + {k})" for k in range(99)), 100.0),
        ("+".join(f"1/{k}" for k in range(1, 400)), sum(1 / k for k in range(1, 400))),
        ("abs(" * 50 + "-x" + ")" * 50, 1.0),
        ("sqrt(2 + " * 50 + "2*x" + ")" * 50, 2.0),
        ("sqrt(2 + " * 50 + "2.5" + ")" * 50, 2.0),
        # J_n(n) = 0.4473073184 n**(-1/3), DLMF 10.19.8
        ("besselj(1e15, 1e15)", 4.473073184e-6),
        ("besselj(10**9, 10**9)", 4.473073184e-4),
        ("-" * 50 + "x", 1.0),
    ],
)
def test_what_is_large_and_harmless_is_read(text, value, wide_net):
    expression = parse_expression(text, ["x", "y", "k"])
    at = {X: 1, Y: 1, sympy.Symbol("k"): sympy.Rational(1, 2)}
    assert float(expression.subs(at)) == pytest.approx(value, rel=1e-7)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abs(exp(x))", sympy.exp(X)),
        ("abs(2**x)", 2**X),
        ("abs(exp(x)*y)", sympy.exp(X) * sympy.Abs(Y)),
        ("cbrt(exp(sin(x)))", sympy.exp(sympy.sin(X) / 3) * sympy.sign(sympy.exp(sympy.sin(X)))),
    ],
)
def test_columns_are_real(text, expected):
    found = parse_expression(text, ["x", "y"])
    assert not found.has(sympy.re, sympy.im)
    assert found == expected


@pytest.mark.parametrize("text", ["sqrt(-1)", "(-8)**(1/3)", "log(-1)*x", "asin(2)", "acosh(1/2)", "LambertW(-1)"])
def test_numbers_are_real(text):
    with pytest.raises(FormulaSyntaxError, match="or not real"):
        parse_expression(text, ["x"])


@pytest.mark.parametrize("name", sorted(KNOWN_FUNCTIONS))
def test_numbers_are_those_of_sympy(name):
    for arguments in (["0.7"], ["2.5"], ["-0.3"], ["0.5", "0.7"], ["2.0", "2.5"]):
        if name == "LambertW" and len(arguments) == 2:
            continue  # the second one is the number of a branch
        exact = [sympy.Rational(argument) for argument in arguments]
        try:
            found = parse_expression(f"{name}({', '.join(arguments)})")
        except FormulaSyntaxError as failure:
            assert "argument" in str(failure) or not sympy.N(KNOWN_FUNCTIONS[name](*exact)).is_real
            continue
        assert found.is_Float or found.is_Integer
        assert float(found) == pytest.approx(float(sympy.N(KNOWN_FUNCTIONS[name](*exact), 30)), rel=1e-13)


@pytest.mark.parametrize(
    "text", ["x\0", "s\u200bin(x)", "\u202ex", "x\u2212y", "\uff53in(x)", "x\ud800", "\u0663*x", "x²"]
)
def test_look_alikes_are_refused_in_one_line(text):
    with pytest.raises(FormulaSyntaxError) as caught:
        parse_expression(text, ["x", "y"])
    message = str(caught.value)
    assert len(message.splitlines()) == 1 and message.isprintable()


def test_a_raised_digit_is_no_part_of_a_name():
    with pytest.raises(FormulaSyntaxError, match="write a power as x\\*\\*2"):
        free_names("k*x²", ["x"])
    assert free_names("A₁*x²", ["x²"]) == ("A₁",)
    assert parse_expression("2*x²", ["x²"]) == 2 * sympy.Symbol("x²")


def test_messages_stay_short():
    for text in ("1e" + "9" * 5000, "gamma(" + "9" * 900 + ")", "k" * 9000, "x " + "y" * 5000):
        with pytest.raises(FormulaSyntaxError) as caught:
            parse_expression(text, ["x"])
        assert len(str(caught.value)) < 400


@given(st.text(alphabet="xy0123456789.e+-*/^() ,sincoxplgqrt", max_size=40))
@settings(max_examples=300)
def test_any_text_is_a_formula_or_a_clear_error(text):
    try:
        expression = parse_expression(text, ["x", "y"])
    except FormulaSyntaxError:
        return
    assert expression.free_symbols <= {X, Y}


@given(st.floats(-5, 5), st.floats(0.1, 5))
@settings(max_examples=50)
def test_values_are_those_of_python(x, y):
    text = "(x - 2*y)**2/(1 + y**2) - 3*x*y + 2**-y"
    expected = (x - 2 * y) ** 2 / (1 + y**2) - 3 * x * y + 2**-y
    found = float(parse_expression(text, ["x", "y"]).subs({X: x, Y: y}))
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_printed_formulas_are_read_back():
    expression = sympy.exp(-X / 2) * sympy.sqrt(Y) / (1 + sympy.Float(0.25) * X**3) - sympy.pi
    again = parse_expression(str(expression), ["x", "y"])
    values = [float(e.subs({X: 1.3, Y: 0.7})) for e in (expression, again)]
    assert np.isclose(*values, rtol=1e-14)


def test_free_names_are_the_constants_of_a_formula():
    assert free_names("A*exp(-t/tau) + B*A + pi*E", ["t"]) == ("A", "tau", "B")
    # Without a parenthesis a function's name is a name like any other; an unknown function is no constant.
    assert free_names("gamma*x + foo(x)", ["x"]) == ("gamma",)
    assert free_names("`x-1`*k*(pi)", ["x-1", "pi"]) == ("k",)
    assert free_names("3*(", []) == ()
    with pytest.raises(FormulaSyntaxError):
        free_names("a ? b")
