"""What is refused as a law, and why."""

import numpy as np
import pytest

from kansym.bench.acceptance import objection, rows_of
from kansym.bench.sampling import Variable, generator
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.parser import parse_expression

RANGES = {"x": (0.1, 5.0), "y": (-3.0, 3.0), "n": (1.0, 3.0)}


def against(text, **ranges):
    variables = [Variable(name, *ends) for name, ends in (RANGES | ranges).items() if name in text or name in ranges]
    return objection(parse_expression(text, RANGES), variables, generator("test", 0))


@pytest.mark.parametrize(
    "text",
    [
        "2.5*x*exp(-0.8*x) + 0.7*y",
        "x**n/(2.0**n + x**n)",
        "1.5*abs(y - 0.4) + 0.3*x**2",
        "3.0*tanh(1.2*(y - x))/x",
        "4.0*exp(-0.5*x)*cos(3.0*x)",
    ],
)
def test_laws(text):
    assert against(text) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2.0*x", "short"),
        ("2.0*log(y) + x", "not finite"),
        ("5000.0 + 0.1*sin(2.0*x)*y", "flat"),
        ("3.0*x - 2.0*y + 1.0", "linear"),
        ("1.0/(y**2 + 1e-9)*x + y", "spiky"),
        ("x/(y - 0.3)**2 + 2.0", "spiky"),
        ("1/(0.2 + y) + 30.0*x", "pole"),
        ("3.0*x*exp(-x) + 0.001*y", "y hardly matters"),
        ("3.0*exp(-x) + 0.001*sin(9.0*x)", "the term"),
        ("3.0*exp(-0.01*x)*y**2 + x", "the function exp"),
        ("30.0*x + sqrt(x + 100.0)*y**2", "the function"),
        ("2.0*abs(x + 1.0)*y**2 + x", "the function Abs"),
    ],
)
def test_what_is_no_law(text, reason):
    assert reason in (against(text) or "nothing"), against(text)


def test_a_column_that_the_formula_lacks_is_no_objection():
    assert against("2.5*x*exp(-0.8*x) + 1.5*sin(x)", y=(0.0, 1.0)) is None


def test_values_are_those_of_the_compiled_formula():
    formula = parse_expression(
        "sqrt(x)*exp(-y/3) + 1/(1 + abs(y)**n) - tanh(x*y)*log(x) + cos(n)**2 - tan(x/9)", RANGES
    )
    symbols = [plain_symbol(name) for name in RANGES]
    X = np.column_stack([np.random.default_rng(1).uniform(*ends, 50) for ends in RANGES.values()])
    found = rows_of(formula, dict(zip(symbols, X.T, strict=True)))
    np.testing.assert_allclose(found, parametrize(formula, symbols).evaluate(X), rtol=1e-12)
