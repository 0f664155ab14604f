"""What surrounds a wave is seen by the range of the wave alone."""

import numpy as np
import pytest
import sympy

from kansym.structure.bounded import bounded

SYMBOLS = A, B, C, D = sympy.symbols("a b c d", real=True)
PHASE = A**3 * B * C + C**2 - D


def first(expression, box, values, rows=2000):
    X = box(rows, *[(-10, 10)] * 4)
    return X, next(bounded(X, values(expression, SYMBOLS, X), SYMBOLS), None)


@pytest.mark.parametrize(
    ("expression", "offset", "factor", "power", "sign"),
    [
        (sympy.sin(PHASE), 0, 1, 1, 1),
        (A - C + sympy.cos(PHASE), A - C, 1, 1, 1),
        (A * (B + sympy.cos(PHASE)) / D, B, D / A, 1, 1),
        (A * B - sympy.sin(PHASE) ** 2, A * B, 1, 2, -1),
        (B * sympy.cos(PHASE) ** 4 / C**2, 0, C**2 / B, 4, 1),
    ],
    ids=str,
)
def test_what_surrounds_a_wave(box, values, expression, offset, factor, power, sign):
    X, found = first(expression, box, values)
    assert found is not None
    assert (found.offset.expression, found.factor.expression) == (offset, factor)
    assert (found.power, found.sign) == (power, sign)
    # As if the wave were a column of its own.
    law = found.law(sympy.Symbol("wave"))
    wave = np.abs(found.values) ** (1 / power) if power > 1 else found.values
    whole = values(law, (*SYMBOLS, sympy.Symbol("wave")), np.column_stack([X, wave]))
    assert np.allclose(whole, values(expression, SYMBOLS, X), rtol=1e-6, atol=1e-6)
    assert found.used() == (sympy.sympify(offset).free_symbols | sympy.sympify(factor).free_symbols)


def test_the_phase_of_a_power_is_twice_that_of_its_wave(box, values):
    X, found = first(D + sympy.cos(PHASE) ** 2, box, values)
    cosine, sine = found.waves()
    phase = values(PHASE, SYMBOLS, X)
    assert cosine[1] is sympy.cos and np.allclose(cosine[0], np.cos(2 * phase), atol=1e-6)
    assert sine[1] is sympy.sin and np.allclose(sine[0], -cosine[0])


@pytest.mark.parametrize(
    "expression",
    [A + 0.9 * sympy.cos(PHASE), A + sympy.cos(PHASE) + 0.01 * B, 20 * sympy.exp(-(B**2) / 50) + A * B / 7],
    ids=str,
)
def test_nothing_else_fills_the_interval(box, values, expression):
    assert first(expression, box, values)[1] is None


def test_the_third_side_of_a_triangle_is_no_wave(box, values):
    X = box(2000, (1, 5), (1, 5), (0, 6), (0, 6))
    y = values(sympy.sqrt(A**2 + B**2 - 2 * A * B * sympy.cos(C - D)), SYMBOLS, X)
    assert np.abs((y - X[:, 0]) / X[:, 1]).max() <= 1 + 1e-12
    assert next(bounded(X, y, SYMBOLS), None) is None


def test_few_rows_say_nothing(box, values):
    assert first(A + sympy.cos(PHASE), box, values, rows=200)[1] is None


def test_noise_hides_the_range(box, values, rng):
    X = box(2000, *[(-10, 10)] * 4)
    y = values(A + sympy.cos(PHASE), SYMBOLS, X) + 1e-3 * rng.normal(size=2000)
    assert next(bounded(X, y, SYMBOLS), None) is None
