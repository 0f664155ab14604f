"""Formulas as PySR takes them: there and back."""

import re

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym.errors import ArgumentError
from kansym.export.pysr_guess import pysr_guess, pysr_names
from kansym.symbolic.parser import parse_expression
from kansym.symbolic.pysr import translated

X = np.random.default_rng(0).uniform(0.2, 0.9, (40, 2))
x, z = sympy.symbols("x z")


def values(expression):
    with np.errstate(all="ignore"):
        return np.asarray(sympy.lambdify([x, z], expression, modules=["scipy", "numpy"])(*X.T)) * np.ones(40)


def there_and_back(expression):
    """By kansym's parser of formulas, and by its reader of PySR's Julia."""
    text = pysr_guess(expression, ["x", "z"]).text
    return text, [
        parse_expression(text, ["x", "z"]),
        parse_expression(translated(text, {"x": "x", "z": "z"}), ["x", "z"]),
    ]


FORMULAS = [
    "-2.5*x**2/(z + 1) - 3/x",
    "-x - z",
    "exp(-x/1.7)*z^1.5 - 0.3",
    "x**(1/3) - 1/sqrt(z)",
    "sqrt(2)*pi*x/3 - EulerGamma",
    "2**x - x**z",
    "1/(x*z)**2",
    "x**-1.37",
    "log(x)/log(10) + abs(x - z)*sign(z - 0.5)",
    "atan(x) + asinh(z) + acosh(1 + x) + atanh(z) + asin(x) - acos(z)",
    "erf(x) + erfc(z) + gamma(x) + tanh(z) - sinh(x)*cosh(z) + tan(x)",
    # Without a counterpart in PySR; the same function all the same.
    "sec(x) + csc(z) + cot(x) + sech(z) + csch(x) + coth(z) + sinc(x)",
    "1.23456789012345678e-19*x + 6.02214076e23*z",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_there_and_back(text):
    expression = parse_expression(text, ["x", "z"])
    _, back = there_and_back(expression)
    for again in back:
        np.testing.assert_allclose(values(again), values(expression), rtol=2e-14, atol=2e-15)


@settings(max_examples=40)
@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e200, max_value=1e200))
def test_constants_keep_all_digits(number):
    text = pysr_guess(sympy.Float(number) + x, ["x"]).text
    floats = [float(found) for found in re.findall(r"-?\d[\d.]*(?:e[+-]?\d+)?", text)]
    assert number == 0 or abs(number) in [abs(one) for one in floats]


def test_every_operation_has_two_operands():
    # Julia reads a*b*c as one call of three arguments, and -x as one of one.
    found = pysr_guess(parse_expression("-x*z*2.5*(x + z + 1 - x**2)", ["x", "z"]), ["x", "z"])
    assert found.text.count("(") == found.text.count(")") == len(re.findall(r" [-+*/^] ", found.text))


def test_operators_that_it_uses():
    found = pysr_guess(parse_expression("3.0*exp(-x)*cos(z)/x", ["x", "z"]), ["x", "z"])
    assert set(found.binary_operators) == {"*", "/"} and found.unary_operators == ("cos", "exp")
    assert pysr_guess(parse_expression("sqrt(x) + x**2 - z", ["x", "z"]), ["x", "z"]).binary_operators == (
        "+",
        "-",
        "^",
    )


@pytest.mark.parametrize(
    "text", ["besselj(0, x)", "airyai(x) + z", "LambertW(x)", "atan2(x, z)", "Heaviside(x)", "loggamma(x)"]
)
def test_functions_that_pysr_lacks_are_refused(text):
    name = re.match(r"\w+", text)
    assert name is not None
    with pytest.raises(ArgumentError, match=f"PySR has no function like {name[0]}"):
        pysr_guess(parse_expression(text, ["x", "z"]), ["x", "z"])


def test_names():
    # What PySR's check refuses: anything in sympy, keywords, and names that are no identifiers.
    columns = ["x", "beta", "beta_", "lambda", "v (m/s)", "N", "q", "1x", "square"]
    names = pysr_names(columns)
    assert list(names) == columns and len(set(names.values())) == len(columns)
    assert (names["x"], names["beta_"], names["q"]) == ("x", "beta_", "q")
    assert all(name.isidentifier() and not hasattr(sympy, name) for name in names.values())
    assert names["square"] != "square" and names["lambda"] != "lambda"
    expression = sympy.Symbol("v (m/s)") ** 2 / sympy.Symbol("beta")
    found = pysr_guess(expression, columns)
    assert found.text == f"(({names['v (m/s)']} ^ 2.0) / {names['beta']})" and found.names == tuple(names.values())


def test_names_of_the_users_own():
    assert pysr_guess(x * z, ["x", "z"], ["m", "v"]).text == "(m * v)"
    assert pysr_guess(x * z, ["x", "z"], {"z": "v"}).text == "(x * v)"
    for names, message in [
        (["m"], "names has 1 entries for 2 columns"),
        (["m", "beta"], "PySR refuses 'beta'"),
        (["m", "a b"], "PySR refuses 'a b'"),
        (["m", "m"], "must differ"),
        ("mv", "one name for each column"),
    ]:
        with pytest.raises(ArgumentError, match=message):
            pysr_guess(x * z, ["x", "z"], names)
