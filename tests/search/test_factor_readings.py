"""Functions of single columns, each read while splines stand for the others."""

import math

import numpy as np
import pytest
import sympy

from kansym import clock
from kansym.search.factor_readings import factor_readings
from kansym.symbolic.parametric import parametrize

X, Z = sympy.symbols("x z", positive=True)
NOISE = 0.01

LAWS = {
    "a product": 2 * sympy.sin(1.7 * X) * sympy.exp(-0.8 * Z),
    "a product beside a constant": 3.2 + 2 * sympy.sin(1.7 * X) * sympy.exp(-0.8 * Z),
    "a resonance": Z / sympy.sqrt(0.02 * X**2 + (0.9 - X**2) ** 2),
    "a sum": 2.2 * sympy.log(1 + 3 * X) - 1.4 / (Z**2 + 0.5),
    "a sum under a reciprocal": 1 / (0.3 + 2 * X + 1.5 / Z),
    "a sum under a root": sympy.sqrt(1.3 * X**2 + 0.7 * sympy.exp(Z)),
    "a product beside functions of both": Z * sympy.sin(5 * X) + 0.8 / X + sympy.exp(Z),
    "the same under a reciprocal": 5 / (0.09 * Z * sympy.sqrt(X) + sympy.exp(-0.8 * X) + 0.3),
    "a power that noise takes across zero": 12 / (0.9 * Z**2 + 1) ** (3 * X),
    "a product beside a function": Z * sympy.sin(2.7 * sympy.log(X + 1)) + 0.8 / X,
}


def nodes(expression):
    return len(list(sympy.preorder_traversal(expression)))


def first_near(formulas, points, clean, most, longest=math.inf):
    """The first of the formulas that is so near to the law and so short: what is read at once may be a stand-in."""
    with clock.budget(math.inf, deterministic=True):
        for one in formulas:
            near = np.sqrt(np.mean((parametrize(one, (X, Z)).evaluate(points) - clean) ** 2)) < most
            if near and nodes(one) <= longest:
                return one
    raise AssertionError("the law was not read")


def readings(law, *, noise=NOISE, rows=1500, scale=1.0, told=1.05):
    """Formulas of noisy rows of a law, with the rows and what the law is there; told is that much of the noise."""
    generator = np.random.default_rng(1)
    points = generator.uniform(0.2, 2.5, (rows, 2))
    clean = scale * parametrize(law, (X, Z)).evaluate(points)
    level = noise * float(np.std(clean))
    table = {"weights": None, "noise": told * level, "noisy": True, "allowed": None, "seed": 0}
    y = clean + generator.normal(0, level, rows)
    return factor_readings(points, y, (X, Z), table, until=math.inf), points, clean, level


def test_a_law_is_read(law):
    found, points, clean, level = readings(law)
    # A few operations more than the law has are constants that no data are without.
    first_near(found, points, clean, 0.5 * level, longest=nodes(law) + 8)


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
@pytest.mark.long
def test_every_law_is_read(law):
    test_a_law_is_read(law)


@pytest.fixture(params=["a sum under a reciprocal"])
def law(request):
    return LAWS[request.param]


@pytest.mark.long
def test_what_splines_follow_exactly():
    law = 1.3 * X**3 * Z**2
    points = np.random.default_rng(1).uniform(0.2, 2.5, (800, 2))
    y = parametrize(law, (X, Z)).evaluate(points)
    table = {"weights": None, "noise": 1e-4 * float(np.std(y)), "noisy": False, "allowed": None, "seed": 0}
    with clock.budget(math.inf, deterministic=True):
        first = next(factor_readings(points, y, (X, Z), table, until=math.inf))
    np.testing.assert_allclose(parametrize(first, (X, Z)).evaluate(points), y, rtol=1e-6)


@pytest.mark.long
def test_a_kink_in_one_column_is_no_noise():
    # To an interpolant it is, and splines miss a thousandth there.
    law = 4.9 * (X - 1.2) * sympy.Abs(X - 1.2) + sympy.sin(2.3 * Z)
    points = np.random.default_rng(1).uniform(0.2, 2.5, (1500, 2))
    y = parametrize(law, (X, Z)).evaluate(points)
    table = {"weights": None, "noise": 3e-3 * float(np.std(y)), "noisy": True, "allowed": None, "seed": 0}
    first = first_near(factor_readings(points, y, (X, Z), table, until=math.inf), points, y, 1e-3 * np.std(y))
    assert first.has(sympy.Abs) and first.has(sympy.sin)


@pytest.mark.long
def test_a_sum_of_one_column_beside_another():
    # Compositions of few operations have one of the terms of x.
    law = 0.7 * Z - 1.4 * sympy.sin(7 * sympy.log(X + 1)) + 3.8 * sympy.exp(-0.43 * X)
    found, points, clean, level = readings(law, noise=1e-5, told=30.0)
    read = first_near(found, points, clean, level)
    assert read.has(sympy.log) and read.has(sympy.exp)


@pytest.mark.long
def test_units_of_y_do_not_matter():
    one = readings(LAWS["a product"], rows=400)
    other = readings(LAWS["a product"], rows=400, scale=1e-9)
    with clock.budget(math.inf, deterministic=True):
        values = [parametrize(next(found), (X, Z)).evaluate(points) for found, points, _, _ in (one, other)]
    np.testing.assert_allclose(values[1], 1e-9 * values[0], rtol=1e-4, atol=1e-9 * one[3])


@pytest.mark.parametrize(
    "law",
    [
        sympy.sin(3 * X * Z) + sympy.exp(-X / Z),
        pytest.param(sympy.cos(X + 2 * Z) * Z**X, marks=pytest.mark.long),
    ],
)
def test_no_word_where_there_is_more_to_a_law(law):
    with clock.budget(math.inf, deterministic=True):
        assert list(readings(law)[0]) == []


@pytest.mark.long
def test_few_rows_of_much_noise():
    found, points, clean, level = readings(LAWS["a product"], noise=0.03, rows=160)
    first_near(found, points, clean, level)


@pytest.mark.long
def test_a_narrow_peak_of_few_rows():
    # An interpolant misses five times the noise, which is then all that is known.
    law = 1.7 * X * sympy.sin(1.2 * Z) / sympy.sqrt(0.03 * X**2 + (1.44 - X**2) ** 2)
    generator = np.random.default_rng(3)
    points = generator.uniform(0.2, 2.8, (320, 2))
    clean = parametrize(law, (X, Z)).evaluate(points)
    level = 0.01 * float(np.std(clean))
    table = {"weights": None, "noise": 5 * level, "noisy": False, "allowed": None, "seed": 0}
    y = clean + generator.normal(0, level, len(clean))
    first_near(factor_readings(points, y, (X, Z), table, until=math.inf), points, clean, level)


@pytest.mark.long
def test_the_constant_of_one_function_is_no_part_of_another():
    # Without the bell's own constant the waves are with the straight line, which is then none.
    law = (sympy.cos(2.5 * Z) / 2 + sympy.exp(-0.9 * Z)) * sympy.exp(-((X - 1.3) ** 2)) + 0.8 * Z
    points = np.random.default_rng(1).uniform(0.2, 2.5, (1500, 2))
    y = parametrize(law, (X, Z)).evaluate(points)
    table = {"weights": None, "noise": 1e-5 * float(np.std(y)), "noisy": False, "allowed": None, "seed": 0}
    first_near(factor_readings(points, y, (X, Z), table, until=math.inf), points, y, 1e-4, longest=nodes(law) + 8)
