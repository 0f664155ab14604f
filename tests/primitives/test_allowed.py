"""Formulas keep to the functions that the user allows."""

from dataclasses import replace

import numpy as np
import pytest
import sympy

from kansym import DiscoveryOptions, default_library, discover, make_dataset, primitive_from_expression
from kansym.primitives.allowed import AllowedFunctions, allowed_functions
from kansym.primitives.library import PrimitiveLibrary

X, C = sympy.symbols("x c", positive=True)


def library(*names):
    return PrimitiveLibrary([default_library()[name] for name in names])


def test_the_whole_library_allows_everything():
    assert allowed_functions(default_library()) is None


@pytest.mark.parametrize(
    ("names", "expression", "permitted"),
    [
        (("x", "x^2"), C * X**5 / (1 + X) - X / C, True),
        (("x", "x^2"), sympy.sqrt(X), False),
        (("x", "x^2"), X**C, False),
        (("x", "x^2"), sympy.exp(X), False),
        (("x", "sin"), sympy.cos(X + C), True),
        (("x", "sin"), sympy.tan(X), False),
        (("x", "tanh"), sympy.exp(X), True),
        (("x", "sqrt"), X ** sympy.Rational(3, 2), True),
        (("x", "sqrt"), X**C, False),
        (("x", "x^p"), X**C + sympy.sqrt(X), True),
        (("x", "log"), sympy.log(X) * sympy.exp(X), False),
        (("x",), sympy.sqrt(2) * sympy.pi * X, True),
    ],
)
def test_what_is_permitted(names, expression, permitted):
    assert allowed_functions(library(*names)).permits(expression) == permitted


def test_a_guess_adds_its_functions():
    allowed = AllowedFunctions([X])
    assert not allowed.permits(sympy.exp(X))
    allowed.allow(C * sympy.exp(-X))
    assert allowed.permits(sympy.exp(X)) and not allowed.permits(sympy.log(X))


def test_few_functions_less_leave_the_elementary_ones():
    rare = default_library().without("abs", "sign")
    assert allowed_functions(rare).elementary
    assert not allowed_functions(library("x", "sin")).elementary


@pytest.mark.parametrize(
    "law", [np.exp, np.sqrt, pytest.param(np.log, marks=pytest.mark.long)], ids=["exp", "sqrt", "log"]
)
def test_a_search_gives_no_function_that_was_left_out(law):
    rng = np.random.default_rng(0)
    X = rng.uniform(1, 3, (80, 2))
    table = make_dataset(X, law(X[:, 0]) * X[:, 1])
    found = discover(table, DiscoveryOptions(max_seconds=1, primitives=library("x", "x^2", "sin")))
    for formula in found.front:
        kinds = {type(function) for function in formula.expression.atoms(sympy.Function)}
        assert kinds <= {sympy.sin, sympy.cos}
        assert all(power.exp.is_Integer for power in formula.expression.atoms(sympy.Pow) if not power.base.is_number)


@pytest.mark.long
def test_a_guess_with_other_functions_is_fitted():
    x = np.linspace(0.5, 3, 60)
    y = 2.0 * np.exp(-0.7 * x) + 1e-3 * np.random.default_rng(0).normal(size=60)
    options = DiscoveryOptions(max_seconds=1.5, primitives=library("x", "x^2"), guesses=("A*exp(-k*x0)",))
    found = discover(make_dataset(x[:, None], y), options)
    assert found.formula.expression.has(sympy.exp)


def test_a_user_s_own_are_allowed_and_known():
    z = sympy.Symbol("z")
    langevin = primitive_from_expression("langevin", sympy.coth(z) - 1 / z)
    whole = allowed_functions(default_library().with_primitive(langevin))
    assert whole.own == (langevin,) and whole.elementary and whole.permits(sympy.besselj(2, X))
    few = allowed_functions(default_library().only("x").with_primitive(langevin))
    assert few.own == (langevin,) and few.permits(sympy.coth(X)) and not few.permits(sympy.sin(X))
    # A shape is fitted to edges alone.
    shaped = replace(default_library()["x^p"], name="my power")
    assert allowed_functions(default_library().with_primitive(shaped)) is None
