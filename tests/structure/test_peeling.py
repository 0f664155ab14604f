"""Layer after layer is taken away, and what is left leads back to y."""

import numpy as np
import pytest
import sympy

from kansym import clock
from kansym.structure.leaf import symbols
from kansym.structure.peeling import peeled
from kansym.structure.problem import Problem

SYMBOLS = A, B, C, D, E, F, G = sympy.symbols("a b c d e f g", real=True)


def rests(expression, box, values, ranges=None, columns=5):
    variables = SYMBOLS[:columns]
    X = box(2500, *(ranges or [(-10, 10)] * columns))
    y = values(expression, variables, X)
    X, y = X[np.isfinite(y)], y[np.isfinite(y)]
    with clock.running(clock.Clock()):
        return X, y, list(peeled(Problem.of(X, y, variables)))


@pytest.mark.parametrize(
    ("expression", "left"),
    [
        (A - B**2 + sympy.sqrt(C**2 + D**2 + E**2), (C, D, E)),
        (A / B * (C + sympy.cos(D * E)), (D, E)),
        (sympy.sqrt(A * (B * C - sympy.cos(D * E) * 1.3 - 4.2 * B)), (B, D, E)),
    ],
    ids=str,
)
def test_layers_of_a_law(box, values, expression, left):
    _, _, found = rests(expression, box, values)
    assert set(left) in [set().union(*(column.free_symbols for column in rest.columns)) for rest in found]


def test_every_rest_knows_the_way_back(box, values):
    X, y, found = rests(A / B * (C + sympy.cos(D * E)), box, values)
    assert found
    for rest in found:
        # As if what is left were a column of its own.
        variables = symbols(rest.dimension)
        whole = rest.compose(F, variables)
        own = values(whole, (*SYMBOLS[:5], F), np.column_stack([X, rest.t]))
        assert np.allclose(own, y, rtol=1e-9)


def test_the_last_ones_have_all_columns(box, values):
    # Nothing shows that the root depends on the first column too.
    _, _, found = rests(A + sympy.sqrt(B**2 + C**2 + D**2 + 0.001 * A / E), box, values)
    assert [rest.dimension for rest in found][-1] == 5


def test_where_nothing_shows_nothing_is_taken(box, values):
    _, _, found = rests(sympy.sin(0.3 * A * B) * (C + 1.3) - 0.7 * sympy.cos(D * E), box, values)
    assert found == []


def test_a_deadline_ends_it(box, values):
    X = box(500, *[(-10, 10)] * 3)
    y = values(A + sympy.cos(B * C), SYMBOLS[:3], X)
    with clock.running(clock.Clock()):
        assert list(peeled(Problem.of(X, y, SYMBOLS[:3]), until=-1.0)) == []


def test_what_a_very_large_term_leaves_has_the_rows_with_digits(box, values):
    _, _, found = rests(sympy.exp(A + B + C) + D + 1.7 * sympy.cos(E), box, values)
    rest = next(rest for rest in found if rest.dimension == 5 and len(rest.t) < 2500)
    left = values(D + 1.7 * sympy.cos(E), SYMBOLS[:5], rest.X)
    assert len(rest.t) > 300 and np.allclose(rest.t, left, rtol=0, atol=1e-11)
