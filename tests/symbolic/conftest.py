"""Random formulas over two positive variables and one of either sign."""

import numpy as np
import pytest
import sympy
from hypothesis import strategies as st

SYMBOLS = (sympy.Symbol("x", positive=True), sympy.Symbol("y", positive=True), sympy.Symbol("z", real=True))


@st.composite
def formulas(draw, depth=3):
    """An expression with Float constants, defined on most of the rows of `rows`."""
    if depth == 0 or draw(st.integers(0, 5)) == 0:
        return draw(st.sampled_from(SYMBOLS))
    constant = st.floats(-3, 3).map(lambda v: sympy.Float(round(v, 3) or 0.5))
    kind = draw(st.sampled_from(["add", "mul", "affine", "power", "function", "exact"]))
    inner = draw(formulas(depth=depth - 1))
    if kind == "add":
        return inner + draw(formulas(depth=depth - 1))
    if kind == "mul":
        return inner * draw(formulas(depth=depth - 1))
    if kind == "affine":
        return draw(constant) * inner + draw(constant)
    if kind == "power":
        exponents = [sympy.Integer(2), sympy.Integer(-1), sympy.Rational(1, 2), sympy.Float(1.5), sympy.Float(-2.0)]
        return inner ** draw(st.sampled_from(exponents))
    if kind == "exact":
        return inner * draw(st.sampled_from([sympy.pi, sympy.Rational(2, 3), -sympy.Integer(2), sympy.sqrt(2)]))
    function = draw(
        st.sampled_from([sympy.exp, sympy.log, sympy.sin, sympy.cos, sympy.tanh, sympy.atan, sympy.erf, sympy.Abs])
    )
    return function(inner)


@pytest.fixture(scope="session")
def symbols():
    return SYMBOLS


@pytest.fixture(scope="session")
def rows():
    """Data for the three variables of `formulas`, shape (200, 3)."""
    rng = np.random.default_rng(5)
    return np.column_stack([rng.uniform(0.5, 3, 200), rng.uniform(0.5, 3, 200), rng.uniform(-2, 2, 200)])


@pytest.fixture(scope="session")
def any_formula():
    """The hypothesis strategy `formulas`."""
    return formulas()
