import numpy as np
import pytest
import sympy

from kansym.comparison.peer_formulas import without_rounding
from kansym.symbolic.parser import parse_expression


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.0000001*x + 3e-9", "x"),
        ("2.0*x**2.0", "2*x**2"),
        ("0.3333333*x + 1e-3", "0.3333333*x + 1e-3"),
        ("1.001*x", "1.001*x"),
        ("x + 1e-9*exp(20.0000002*x)", "x + 1e-9*exp(20.0000002*x)"),
    ],
)
def test_rounding_errors_of_single_precision_are_taken_away(text, expected):
    x = sympy.Symbol("x")
    X = np.linspace(0.5, 2, 40)[:, None]
    assert without_rounding(parse_expression(text, ["x"]), (x,), X) == parse_expression(expected, ["x"])
