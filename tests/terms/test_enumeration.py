"""Enumeration of compositions."""

import numpy as np
import pytest
import sympy

from kansym import clock
from kansym.clock import Clock
from kansym.primitives.allowed import AllowedFunctions
from kansym.terms.enumeration import FEW, Enumeration

x, y, z = sympy.symbols("x y z", real=True)


def table(law, variables, *, rows=400, noise=0.0, low=0.5, high=3.0):
    generator = np.random.default_rng(5)
    X = generator.uniform(low, high, (rows, len(variables)))
    t = np.broadcast_to(sympy.lambdify(variables, law)(*X.T), rows).astype(float)
    return X, t + noise * np.sqrt(np.mean(t**2)) * generator.standard_normal(rows)


def found(law, variables, *, few=FEW, exact=False, allowed=None, noise=0.0, **options):
    X, t = table(law, variables, noise=noise, **options)
    with clock.running(Clock()):
        engine = Enumeration(X, t, variables, noisy=noise > 0, allowed=allowed)
        return list(engine.formulas(few=few, exact=exact))


def misfit(formula, law, variables, **options):
    X, _ = table(law, variables, **options)
    clean, own = (np.broadcast_to(sympy.lambdify(variables, one)(*X.T), len(X)) for one in (law, formula))
    return float(np.sqrt(np.mean((clean - own) ** 2) / np.mean(clean**2)))


COMPOSITIONS = [
    (2.1 * sympy.exp(-((x / 1.3) ** y)) + 0.4, (x, y)),
    (3.0 * (1 + 0.7 * x**2) ** (-y), (x, y)),
    (x**y / (1.7**y + x**y), (x, y)),
    (0.8 * sympy.exp(-0.5 * sympy.Abs(x - 1.7)) * y, (x, y)),
    (1.9 * sympy.tanh(0.8 * sympy.log(x + 0.9) - 0.4), (x,)),
    (0.7 * sympy.sin(3.1 * sympy.log(x + 0.8) + 0.3), (x,)),
]


# Of those of two inputs the first is found again below.
@pytest.mark.parametrize(
    ("law", "variables"),
    [pytest.param(*one, marks=[pytest.mark.long] * (len(one[1]) > 1)) for one in COMPOSITIONS],
    ids=str,
)
def test_a_function_of_a_function_is_found_exactly(law, variables):
    formulas = found(law, variables)
    assert formulas
    assert misfit(formulas[0], law, variables) < 1e-8


@pytest.mark.long
def test_times_powers_of_the_other_inputs():
    law = 0.3 * y**2 / z * sympy.exp(-1.2 * sympy.sqrt(x + 0.9))
    assert misfit(found(law, (x, y, z))[0], law, (x, y, z)) < 1e-8


@pytest.mark.long
def test_with_noise_as_near_as_the_rows_allow():
    law = 2.1 * sympy.exp(-((x / 1.3) ** y))
    best = found(law, (x, y), noise=0.02)
    assert min(misfit(one, law, (x, y)) for one in best) < 0.005


def test_a_search_goes_on_where_it_was_left():
    X, t = table(COMPOSITIONS[0][0], (x, y))
    with clock.running(Clock()):
        engine = Enumeration(X, t, (x, y))
        parts = 0
        while not (formulas := list(engine.formulas(clock.now() + 0.02, few=FEW, exact=True))) and parts < 1000:
            parts += 1
    assert parts > 1
    assert misfit(formulas[0], COMPOSITIONS[0][0], (x, y)) < 1e-8


@pytest.mark.long
def test_only_functions_that_are_allowed():
    law = 2.1 * sympy.sin(0.7 * x**2)
    allowed = AllowedFunctions([sympy.exp(x), sympy.sqrt(x)])
    formulas = found(law, (x,), allowed=allowed, noise=0.01)
    assert formulas and not any(one.has(sympy.sin, sympy.cos) for one in formulas)


@pytest.mark.long
def test_the_same_seed_gives_the_same_formulas():
    law = 2.1 * sympy.exp(-((x / 1.3) ** y))
    formulas = found(law, (x, y), noise=0.02, rows=150)
    assert formulas and formulas == found(law, (x, y), noise=0.02, rows=150)


def test_an_input_of_both_signs_and_zeros():
    law = 1.3 * sympy.sqrt(1 + 0.6 * x**2) - 0.2
    assert misfit(found(law, (x,), low=-2.0, high=2.0)[0], law, (x,), low=-2.0, high=2.0) < 1e-8


@pytest.mark.long
def test_approximations_only_where_they_are_of_use():
    law = sympy.sin(3 * x) + sympy.exp(-x) * y + 1 / (x + y)
    assert found(law, (x, y), exact=True) == []
    assert 1e-4 < misfit(found(law, (x, y))[0], law, (x, y)) < 0.5


def test_a_curve_on_a_line():
    law = 4.3 / (x**2 + 3.1) - 0.4 * x + 2.2
    (first, *_) = found(law, (x,), low=-4.0, high=5.0)
    assert misfit(first, law, (x,), low=-4.0, high=5.0) < 1e-8


@pytest.mark.long
def test_what_is_nearly_as_short_is_handed_on_where_it_is_asked_for():
    law, options = 61.7 * sympy.tanh(2.0 * x), {"rows": 40, "low": -0.95, "high": 1.0, "noise": 0.06}
    X, t = table(law, (x,), **options)

    def forms(**wanted):
        with clock.running(Clock()):
            return list(Enumeration(X, t, (x,), noisy=True).formulas(few=4000, handed=12, **wanted))

    near, best = forms(near=17.0), forms()
    assert len(near) > len(best)
    # x/sqrt(x^2 + c), which the noise does not tell from the law.
    assert any(one.has(sympy.Pow) and not one.has(sympy.Function) for one in near)
