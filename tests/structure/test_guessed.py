"""Outer operations are guessed where the inner part is a sum of products."""

import numpy as np
import pytest
import sympy

from kansym import clock
from kansym.structure.guessed import guessed_laws

SYMBOLS = A, B, C = sympy.symbols("a b c", real=True)
POSITIVE = [(0.5, 6)] * 3


def found(expression, X, values, **options):
    with clock.running(clock.Clock()):
        return next(guessed_laws(X, values(expression, SYMBOLS, X), SYMBOLS, **options), None)


@pytest.mark.parametrize(
    "expression",
    [
        # A wave of a function of a column as a factor.
        A * (B - 1.2 * C + A * C) * sympy.sin(sympy.exp(B)) ** 2 / C,
        # A term subtracted, then a link.
        A * B + sympy.sqrt(C * sympy.log(A) + 2.2 * B / A + 7),
        A - B + 1 / (C**2 + 1.3 * A * B),
        C + sympy.log(A**2 + 3.1 * B * C + sympy.sqrt(B)),
        A + B * sympy.log(A * C + 0.7 * sympy.sqrt(B) * A + 1),
        # A sum that a function of y is divided by, then a link.
        sympy.sqrt((A + B * sympy.exp(-B)) * sympy.log(A * C + 2.4 * B + 1.1)),
    ],
    ids=str,
)
def test_laws_of_the_class(box, values, agree, expression):
    law = found(expression, box(1600, *POSITIVE), values)
    assert law is not None
    assert agree(law, expression, SYMBOLS, box(300, *POSITIVE, seed=1), relative=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_another_law_is_not_imitated(box, values, seed):
    expression = sympy.atan(A * B) + 0.77 * sympy.tanh(C - A) + sympy.sqrt(1 + sympy.log(1 + B * C))
    assert found(expression, box(1600, *POSITIVE, seed=seed), values, seed=seed) is None


def test_noise_is_no_law(box, values, rng):
    X = box(1600, *POSITIVE)
    y = values(A * B + sympy.sqrt(C * A + 2.2 * B), SYMBOLS, X) * (1 + 1e-4 * rng.normal(size=1600))
    with clock.running(clock.Clock()):
        assert list(guessed_laws(X, y, SYMBOLS)) == []


def test_a_deadline_ends_it(box, values):
    assert found(A * B + sympy.sqrt(C * A + 2.2 * B), box(1600, *POSITIVE), values, until=-1.0) is None


def test_one_column_is_left_to_others(box):
    X = box(900, (1, 2))
    with clock.running(clock.Clock()):
        assert list(guessed_laws(X, np.log(X[:, 0] ** 2 + 1), (A,))) == []
