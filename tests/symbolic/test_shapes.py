"""Equal shapes: they are the same functions, and have one price."""

import numpy as np
import pytest
import sympy
from scipy.optimize import least_squares

from kansym.symbolic.complexity import formula_bits
from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.shapes import equal_shapes

X = sympy.Symbol("x", positive=True)
CONSTANTS = sympy.symbols("a b c d")
VALUES = (2.3, 0.7, 1.9, 0.4)

FAMILIES = {
    "a peak over a background": [
        "a/((x + b)**2 + c) + d",
        "a/(c*(x + b)**2 + 1) + d",
    ],
    "a saturation": ["a*x/(x + b)", "a/(b/x + 1)", "a*x/(b*x + 1)", "a/(1/x + b)"],
    "a decay": ["a*exp(-x/b)", "a*exp(-b*x)"],
    "a bell": ["a*exp(-(x + c)**2/b**2)", "a*exp(-b*(x + c)**2)"],
    "a steep saturation": ["a*x**2/(x**2 + b)", "a/(b/x**2 + 1)", "a*x**2/(b*x**2 + 1)"],
    "a logistic curve": ["a/(b*exp(c*x) + 1)", "a*(tanh(c*x + b) + 1)", "a/(exp(c*x) + b)", "a*(1 - tanh(c*x + b))"],
    "a parabola": ["a*x**2 + b*x + c", "a*(x + b)**2 + c", "a*x*(x + b) + c"],
    "a resonance": ["a/sqrt((x**2 + b)**2 + c)", "a/sqrt(b*x**4 + x**2 + c)", "a/sqrt(x**4 + b*x**2 + c)"],
    "a parabola through the origin": ["a*x**2 + b*x", "a*x*(x + b)"],
}


def form(text):
    expression = sympy.parse_expr(text, {"x": X, **{c.name: c for c in CONSTANTS}})
    constants = tuple(c for c in CONSTANTS if expression.has(c))
    return ParametricForm(expression, (X,), constants, np.array(VALUES[: len(constants)]))


@pytest.mark.parametrize("family", list(FAMILIES))
def test_one_function_has_one_price(family):
    bits = [formula_bits(form(text), 100, 2) for text in FAMILIES[family]]
    assert max(bits) - min(bits) < 1e-9


@pytest.mark.parametrize("text", [text for family in FAMILIES.values() for text in family])
def test_shapes_are_the_same_function(text):
    own = form(text)
    x = np.linspace(0.3, 4.0, 40)
    y = own.evaluate(x[:, None])
    for shape in equal_shapes(own.expression, own.constants):
        assert shape.free_symbols == own.expression.free_symbols
        function = sympy.lambdify([X, *own.constants], shape)
        starts = np.random.default_rng(0).uniform(-3, 3, (60, len(own.constants)))
        with np.errstate(all="ignore"):
            fits = [least_squares(lambda p, f=function: np.nan_to_num(f(x, *p) - y, nan=9, posinf=9, neginf=9), s,
                                  xtol=1e-14, ftol=1e-14, gtol=1e-14) for s in starts[:20]]  # fmt: skip
        assert min(fit.cost for fit in fits) < 1e-12, shape


@pytest.mark.parametrize(
    "text",
    ["1/(a*x + 1)", "a/(2*x + 1)", "a/(b*x + 3)", "a*exp(b*x)/(b*x + 1)", "x**2 + 3*x", "a*(tanh(x**2) + 2)"],
)
def test_nothing_is_moved_into_a_constant_that_is_not_free(text):
    own = form(text)
    assert list(equal_shapes(own.expression, own.constants)) == []
