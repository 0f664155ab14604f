"""Laws with a wave of very many radians in several columns."""

import pytest
import sympy

from kansym import clock
from kansym.structure.phase_laws import phase_laws

SYMBOLS = A, B, C, D = sympy.symbols("a b c d", real=True)


def found(expression, X, values, **options):
    with clock.running(clock.Clock()):
        return next(phase_laws(X, values(expression, SYMBOLS, X), SYMBOLS, **options), None)


@pytest.mark.parametrize(
    "expression",
    [
        A - C + sympy.cos(A**2 * B + A**3 * B**2 - D),
        A * (B + sympy.sin(A * C * D - 3.4 * C**2)) / D,
        D + sympy.sin(A * B**2 - C) ** 2,
        B * sympy.cos(A * C + D + 4.52) ** 4 / D**2,
    ],
    ids=str,
)
def test_a_wave_beside_a_term_and_under_a_factor(box, values, agree, expression):
    X = box(2000, *[(-10, 10)] * 4)
    law = found(expression, X, values)
    assert law is not None
    assert agree(law, expression, SYMBOLS, box(200, *[(-10, 10)] * 4, seed=1), relative=1e-6)


def test_under_a_root(box, values, agree):
    ranges = [(1.1, 10), (-10, 10), (-10, 10), (-10, 10)]
    expression = sympy.sqrt(A**2 + sympy.cos(B * C * D))
    law = found(expression, box(2000, *ranges), values)
    assert law is not None and agree(law, expression, SYMBOLS, box(200, *ranges, seed=1), relative=1e-6)


def test_a_logarithm_in_the_phase(box, values, agree):
    ranges = [(-10, 10), (0.1, 10), (-10, 10), (-10, 10)]
    expression = D - sympy.sin(A * sympy.log(B) - A + C)
    X = box(2000, *ranges)
    law = found(expression, X, values)
    assert law is not None and agree(law, expression, SYMBOLS, box(200, *ranges, seed=1), relative=1e-6)


def test_a_table_without_waves_has_none(box, values):
    assert found(A + B * sympy.exp(C / 5) - D**2, box(2000, *[(-10, 10)] * 4), values) is None


def test_a_deadline_ends_it(box, values):
    assert found(A + sympy.cos(B * C), box(2000, *[(-10, 10)] * 4), values, until=-1.0) is None


def test_noise_ends_it_at_once(box, values, rng):
    X = box(2000, *[(-10, 10)] * 4)
    y = values(A + sympy.cos(B * C * D), SYMBOLS, X) + 0.01 * rng.normal(size=2000)
    with clock.running(clock.Clock()) as own:
        assert list(phase_laws(X, y, SYMBOLS)) == []
        assert own.now() < 0.5
