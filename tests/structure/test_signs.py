"""The sign of a sum is found where a table has only its square."""

import numpy as np
import pytest
import sympy

from kansym import clock
from kansym.structure.signs import square_laws

SYMBOLS = A, B, C, D = sympy.symbols("a b c d", real=True)
SIGNED = [(-10, 10)] * 4


def found(y, X, **options):
    with clock.running(clock.Clock()):
        return next(square_laws(X, y, SYMBOLS, **options), None)


@pytest.mark.parametrize(
    "expression",
    [
        (A - 2.3 * B + sympy.sin(C) * 3) ** 2,
        A * (B * A**2 - B + C**2 - 1.3 * sympy.sin(D) - D) ** 2,
        -((A * B - C * D + 0.4) ** 2),
    ],
    ids=str,
)
def test_a_square_under_a_factor(box, values, agree, expression):
    X = box(1600, *SIGNED)
    law = found(values(expression, SYMBOLS, X), X)
    assert law is not None
    assert agree(law, expression, SYMBOLS, box(200, *SIGNED, seed=1), relative=1e-8)
    assert len(law.atoms(sympy.Float)) <= 8


def test_a_target_of_both_signs_is_no_square(box, values):
    X = box(1600, *SIGNED)
    assert found(values((A + B) ** 2 - C**2 * 5, SYMBOLS, X), X) is None


def test_other_positive_targets_are_no_squares_of_few_products(box, values):
    X = box(1600, *SIGNED)
    assert found(values(sympy.exp(sympy.sin(A * B)) + D**2, SYMBOLS, X), X) is None


def test_noise_is_no_law(box, values, rng):
    X = box(1600, *SIGNED)
    y = values((A - 2.3 * B + C * D) ** 2, SYMBOLS, X)
    assert found(y * (1 + 1e-3 * rng.normal(size=1600)), X) is None


def test_a_deadline_ends_it(box, values):
    X = box(1600, *SIGNED)
    assert found(values((A - 2.3 * B) ** 2, SYMBOLS, X), X, until=-np.inf) is None
