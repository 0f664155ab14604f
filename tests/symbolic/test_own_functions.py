"""Functions of a user's own, as one function of a formula."""

import numpy as np
import pytest
import sympy

from kansym.primitives.custom import primitive_from_expression
from kansym.primitives.library import default_library
from kansym.symbolic.canonical import canonicalize
from kansym.symbolic.complexity import formula_bits
from kansym.symbolic.own_functions import folded, own_functions
from kansym.symbolic.parametric import parametrize

Z, X, Y = sympy.Symbol("z"), sympy.Symbol("x", positive=True), sympy.Symbol("y", positive=True)

COSINE = sympy.cos(Z / 2)
MEAN = 2 / ((1 + COSINE) / 4 + sympy.sqrt(COSINE) / 2 + sympy.sqrt((1 + COSINE) / 2 * sympy.sqrt(COSINE)))

SHAPES = {
    "langevin": sympy.coth(Z) - 1 / Z,
    "agm": MEAN,
    "bump": Z**2 * sympy.exp(-Z),
    "ratio": Z / (1 + Z**3),
}


@pytest.fixture(scope="module", params=list(SHAPES))
def own(request):
    return primitive_from_expression(request.param, SHAPES[request.param])


def written(expression):
    return parametrize(canonicalize(expression, [X, Y]), (X, Y))


def test_a_place_is_seen_after_algebra(own):
    (function,) = own_functions(default_library().with_primitive(own))
    (symbol,) = own.expression.free_symbols
    law = 2.7 * own.expression.xreplace({symbol: X}) * sympy.sqrt(Y)
    form = written(law)
    short = folded(form, (function,))
    assert short.expression.has(sympy.Function(own.name)(X)) and short.constants == form.constants
    plain = written(2.7 * sympy.exp(X) * sympy.sqrt(Y))
    assert formula_bits(short, 100, 2) == pytest.approx(formula_bits(plain, 100, 2), abs=8)


def test_other_formulas_are_left_as_they_are(own):
    functions = own_functions(default_library().with_primitive(own))
    for law in (2.7 * sympy.exp(-X) * Y, sympy.cos(X / 2) + 1.3, X / (1.2 + Y**3), 0.3 * X**2 + sympy.coth(1.4 * Y)):
        form = written(law)
        assert folded(form, functions).expression == form.expression


def test_an_argument_may_have_constants():
    function = own_functions(default_library().with_primitive(primitive_from_expression("agm", MEAN)))
    law = 1.3 * MEAN.xreplace({Z: 0.45 * X}) + 0.7
    (call,) = folded(parametrize(law, (X, Y)), function).expression.atoms(sympy.Function("agm"))
    assert call.args[0].has(X) and len(call.args[0].free_symbols) == 2


def test_two_of_them_stand_side_by_side_and_one_in_the_other():
    library = default_library()
    for name in ("langevin", "bump"):
        library = library.with_primitive(primitive_from_expression(name, SHAPES[name]))
    langevin, bump = SHAPES["langevin"], SHAPES["bump"]
    law = 1.4 * langevin.xreplace({Z: X}) * bump.xreplace({Z: Y}) + 0.3 * bump.xreplace({Z: langevin.xreplace({Z: X})})
    found = folded(parametrize(law, (X, Y)), own_functions(library)).expression
    one, other = sympy.Function("langevin"), sympy.Function("bump")
    assert found.has(other(Y)) and found.has(other(one(X))) and not found.has(sympy.coth, sympy.exp)


def test_the_default_library_has_none():
    assert own_functions(default_library()) == () and own_functions(default_library().only("x", "sin")) == ()
    form = written(2.7 * sympy.exp(-X))
    assert folded(form, ()).expression == form.expression and np.array_equal(folded(form, ()).values, form.values)
