"""A phase of any number of radians is found to all digits, or not at all."""

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym import clock
from kansym.structure.phases import EFFORTS, phase_of, trials
from kansym.structure.products import Function
from kansym.structure.rational import powers_up_to

SYMBOLS = A, B, C = sympy.symbols("a b c", real=True)
ROWS = np.random.default_rng(5).uniform(-10, 10, (1000, 3))
POWERS = [
    Function.of(sympy.Mul(*(z**q for z, q in zip(SYMBOLS, p, strict=True))), np.prod(ROWS ** np.array(p), axis=1))
    for p in powers_up_to(3, 4)
    if any(p)
]


EVERY = tuple(range(len(EFFORTS)))


def phase(wave, products=POWERS, efforts=EVERY, **options):
    with clock.running(clock.Clock()):
        found = (phase_of(wave, products, effort=effort, **options) for effort in efforts)
        return next((one for one in found if one is not None), None)


@pytest.mark.parametrize(
    "expression",
    [
        A**3 * B,
        A**2 * C - B * C + A,
        A * B * C - A**4 + B - C**2,
        A**2 * B**2 + A * B * C - C**3 + A**2 - B,
        3.23 * A**2 * B - C,
        -0.89 * B**2,
        A * B**3 - C**2 + 4.52,
        A * B + B**3 - C - 7.1 * A**2,
    ],
    ids=str,
)
def test_a_sum_of_products(expression, values):
    truth = values(expression, SYMBOLS, ROWS)
    for wave in (np.cos(truth), np.sin(truth)):
        found = phase(wave)
        assert found is not None
        assert np.allclose(np.cos(values(found, SYMBOLS, ROWS)), wave, atol=1e-7)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.integers(0, len(POWERS) - 1), min_size=1, max_size=4, unique=True),
    st.lists(st.sampled_from((1, -1)), min_size=4, max_size=4),
)
def test_any_signed_sum_of_four(places, signs):
    truth = sum(sign * POWERS[k].values for k, sign in zip(places, signs, strict=False))
    found = phase(np.cos(truth), efforts=(0,))
    assert found is not None
    values = sympy.lambdify(SYMBOLS, found)(*ROWS.T)
    assert np.allclose(np.cos(values), np.cos(truth), atol=1e-7)


def test_a_coefficient_has_all_its_digits(values):
    found = phase(np.cos(values(2.7182818 * A**2 * B + C, SYMBOLS, ROWS)))
    (number,) = found.atoms(sympy.Float)
    assert abs(abs(float(number)) - 2.7182818) < 1e-11


def test_noise_is_no_phase(rng):
    assert phase(rng.uniform(-1, 1, len(ROWS)), POWERS[:20]) is None


def test_a_wave_of_other_products_is_none():
    assert phase(np.cos(np.exp(ROWS[:, 0])), POWERS[:20]) is None


def test_without_shifts_there_are_no_sines(values):
    wave = np.sin(values(A**3 * B, SYMBOLS, ROWS))
    assert phase(wave, efforts=(0,)) is not None
    assert phase(wave, efforts=(0,), any_shift=False) is None


def test_a_deadline_ends_it(values):
    assert phase(np.cos(values(A * B, SYMBOLS, ROWS)), until=-1.0) is None


def test_trials_grow_with_products_and_effort():
    assert [trials(5, effort) for effort in range(4)] == [10 + 40 + 80 + 1, 5 + 50, 200, 400]
