"""A user's own primitives in trees: values, slopes and starts, and laws that have them."""

import numpy as np
import pytest
import sympy

from kansym import clock
from kansym.primitives import default_library, primitive_from_expression
from kansym.primitives.allowed import allowed_functions
from kansym.symbolic.parametric import parametrize
from kansym.terms.enumeration import Enumeration
from kansym.terms.own_operations import own_operation
from kansym.terms.trees import Ranges

Z = sympy.Symbol("z")
X, Y = SYMBOLS = sympy.symbols("x y", positive=True)

OWN = {
    "langevin": sympy.coth(Z) - 1 / Z,
    "response": sympy.airyai(Z),
    "dose": Z**2 * sympy.exp(-Z),
    "root of a log": sympy.sqrt(sympy.log(Z)),
}


@pytest.fixture(scope="module", params=list(OWN))
def primitive(request):
    return primitive_from_expression(request.param, OWN[request.param])


def started(operation, u):
    constants, there = operation.begin(Ranges.of(u[None]))
    return constants[0, there[0]]


def columns(theta):
    return [theta[:, k : k + 1] for k in range(theta.shape[1])]


def test_it_starts_where_it_has_values_and_is_what_it_writes(primitive):
    operation, u = own_operation(primitive), np.linspace(0.4, 3.0, 30)
    theta = started(operation, u)
    assert len(theta) > 3
    values = operation.value(u[None], *columns(theta))
    assert np.isfinite(values).all()
    for row, found in list(zip(theta, values, strict=True))[:: max(1, len(theta) // 5)]:
        written = operation.write(X, *map(sympy.Float, row.tolist()))
        expected = np.array([float(written.evalf(subs={X: value})) for value in u])
        np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-9)


def test_slopes_are_finite_differences(primitive):
    operation, u = own_operation(primitive), np.linspace(0.4, 3.0, 30)
    theta = started(operation, u)[:5]
    own, *others = operation.slopes(u[None], *columns(theta), operation.value(u[None], *columns(theta)))
    assert len(others) == operation.constants
    step = 1e-6

    def difference(shift_u, shift):
        sides = [operation.value(u[None] + sign * shift_u, *columns(theta + sign * shift)) for sign in (1, -1)]
        return (sides[0] - sides[1]) / (2 * step)

    inside = slice(1, -1)
    np.testing.assert_allclose(own[:, inside], difference(step, 0.0)[:, inside], rtol=1e-5, atol=1e-7)
    for place, slope in enumerate(others):
        shift = step * np.eye(operation.constants)[place]
        np.testing.assert_allclose(slope[:, inside], difference(0.0, shift)[:, inside], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    "law",
    [
        lambda f: 1.5 * f(1.1 * X) * Y**2,
        lambda f: 2 * f(1.3 * X) + 0.7 * Y**2,
        pytest.param(lambda f: sympy.sqrt(f(0.9 * X) + 0.5 * Y), marks=pytest.mark.long),
    ],
    ids=["a product", "a sum", "under a root"],
)
def test_a_law_that_has_it_is_found(law, rng):
    expression = OWN["langevin"]
    formula = law(lambda argument: expression.xreplace({Z: argument}))
    rows = rng.uniform(0.4, 3.0, (120, 2))
    library = default_library().with_primitive(primitive_from_expression("langevin", expression))
    y = parametrize(formula, SYMBOLS).evaluate(rows)
    with clock.running(clock.Clock()):
        enumeration = Enumeration(rows, y, SYMBOLS, allowed=allowed_functions(library))
        (found,) = enumeration.formulas(exact=True)
    assert enumeration.exact
    np.testing.assert_allclose(parametrize(found, SYMBOLS).evaluate(rows), y, rtol=1e-6)
