"""Points of single functions of products and sums, and what they are read as."""

import math

import numpy as np
import pytest
import sympy

from kansym import clock
from kansym.search.factor_curves import LESS, Curve, Frame, Seen
from kansym.terms.polyadic import best_polyadic, fit_additive
from kansym.terms.targets import plain_target

X, Z, W = sympy.symbols("x z w", positive=True)
NOISE = 0.01


def seen(law, *, noise=NOISE, noisy=True, told=None, wrong=0, additive=False):
    """Splines of rows of a law of three columns, some of them wrong by fifty times the noise."""
    generator = np.random.default_rng(2)
    points = generator.uniform(0.2, 2.5, (1200, 3))
    clean = law(*points.T)
    level = noise * float(np.std(clean))
    y = clean + generator.normal(0, level, len(clean))
    y[:wrong] += 50 * level
    fitted = fit_additive(points, y, pieces=12) if additive else best_polyadic(points, y, ranks=(1,))
    assert fitted is not None
    table = {"weights": None, "noise": told or 1.05 * level, "noisy": noisy, "allowed": None, "seed": 0}
    return Seen(plain_target(y), Frame(points, (X, Z, W)), fitted, table)


def product(x, z, w):
    return np.sin(1.7 * x) * np.exp(-z) * (1 + w**2)


def chi_squared(curve, function):
    """Of points, for each, against a function but for its factor."""
    weights, values = curve.table["weights"], function(curve.X[:, 0])
    factor = (weights * values) @ curve.target / ((weights * values) @ values)
    return float(np.mean(weights * (curve.target - factor * values) ** 2)) / curve.noise**2


def test_points_are_those_of_the_function():
    found = seen(product)
    for column, function in enumerate((lambda x: np.sin(1.7 * x), lambda z: np.exp(-z), lambda w: 1 + w**2)):
        curve = Curve.of(found, 0, column)
        assert not curve.flat and not curve.exact
        assert 0.6 < chi_squared(curve, function) < 1.3


def test_wrong_rows_count_less():
    right, wrong = (Curve.of(seen(product, wrong=count, told=1.0), 0, 0) for count in (0, 12))
    assert wrong.noise < 1.5 * right.noise < 0.5 * wrong.error


def test_a_function_that_is_not_there_is_flat():
    found = seen(lambda x, z, w: np.log(1 + 3 * x) - 1.4 / (z**2 + 0.5) + 0 * w, additive=True)
    curves = [Curve.of(found, k, k) for k in range(3)]
    assert [curve.flat for curve in curves] == [False, False, True]
    assert curves[2].sure and len(curves[2].best()) == 1
    assert curves[2].best()[0].expression.is_number
    # Nothing else is asked of it.
    curves[2].take(iter([sympy.sin(curves[2].symbols[0])]))
    assert len(curves[2].best()) == 1


@pytest.mark.parametrize(("noisy", "told", "exact"), [(True, 1.0, False), (True, 3.0 / LESS, True), (False, 1.0, True)])
def test_what_splines_leave_is_noise_or_is_not(noisy, told, exact):
    level = NOISE * float(np.std(seen(product, noise=0.0).target.z))
    assert Curve.of(seen(product, noisy=noisy, told=told * level), 0, 0).exact is exact


@pytest.mark.parametrize("noisy", [pytest.param(True, marks=pytest.mark.long), False])
def test_the_right_reading_is_the_shortest(noisy):
    curve = Curve.of(seen(product, noisy=noisy), 0, 1)
    z = curve.symbols[0]
    with clock.budget(math.inf, deterministic=True):
        curve.take(iter([1 / (1.0 + z) ** 2, sympy.nan * z]))
        assert not curve.settled
        curve.take(curve.forms())
    assert curve.settled and curve.sure is not noisy
    assert curve.best()[0].expression.has(sympy.exp)
    assert curve.best()[0].expression.free_symbols == {Z}


def test_a_size_that_nobody_knows_costs_less_than_chi_squared():
    noisy, exact = (Curve.of(seen(product, noisy=one), 0, 1) for one in (True, False))
    wrong = float(noisy.target.mean()) / (1.0 + noisy.symbols[0])
    for curve in (noisy, exact):
        curve.take(iter([wrong.xreplace({noisy.symbols[0]: curve.symbols[0]})]))
    bits = [curve.best()[0].bits for curve in (noisy, exact)]
    assert bits[1] < 0.1 * bits[0]


@pytest.mark.long
def test_nothing_else_is_asked_of_an_exact_line():
    curve = Curve.of(seen(lambda x, z, w: (1.5 - 0.6 * x) * z * np.exp(w), noise=1e-6, noisy=False), 0, 0)
    curve.take(curve.quick_forms())
    assert curve.sure and {sympy.Poly(one.expression).degree() for one in curve.best()} == {1}
    assert not list(curve.forms())
    bent = Curve.of(seen(product, noise=1e-6, noisy=False), 0, 0)
    bent.take(bent.forms())
    assert any(one.expression.has(sympy.sin) for one in bent.best())


@pytest.mark.long
def test_products_of_two_functions_are_for_exact_curves_that_nothing_else_is():
    def resonance(x, z, w):
        return np.cos(1.3 * x) ** 2 / (1 + (0.9 * x) ** 2) * np.exp(-z) * (1 + w)

    exact, noisy = (Curve.of(seen(resonance, noise=1e-4, noisy=one), 0, 0) for one in (False, True))
    assert not list(noisy.products())
    exact.take(exact.products())
    assert exact.settled and exact.best()[0].expression.has(sympy.cos)
    assert not list(exact.products())
