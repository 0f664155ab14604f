"""Functions of two columns beside those of single ones, read as a table of their own."""

import itertools
import math

import numpy as np
import pytest
import sympy

from kansym import clock
from kansym.search.block_readings import block_readings
from kansym.symbolic.parametric import parametrize

VARIABLES = X, Z, W = sympy.symbols("x z w", positive=True)

LAWS = {
    "a base and an exponent": 3 * W / (1 + 0.6 * Z**2) ** X,
    "a power in an exponent": 0.6 * W * sympy.exp(-((1.4 * X) ** Z)),
    "a combination in a product": W**2 * sympy.log(1 + sympy.exp(2 * (X - Z))),
    "a difference in a sum": 0.8 * (X - Z) * sympy.Abs(X - Z) + 1.5 / (X**2 + 0.4) - sympy.cos(4 * W),
}


def readings(law, *, noise=0.01, most=None):
    generator = np.random.default_rng(1)
    points = generator.uniform(0.3, 2.8, (1500, 3))
    clean = parametrize(law, VARIABLES).evaluate(points)
    level = noise * float(np.std(clean))
    table = {"weights": None, "noise": 1.05 * level, "noisy": True, "allowed": None, "seed": 0}
    with clock.budget(math.inf, deterministic=True):
        found = block_readings(points, clean + generator.normal(0, level, len(clean)), VARIABLES, table, until=math.inf)
        return list(itertools.islice(found, most)), points, clean, level


@pytest.mark.long
@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_every_law_is_read(law):
    found, points, clean, level = readings(law, most=1)
    residual = parametrize(found[0], VARIABLES).evaluate(points) - clean
    assert np.sqrt(np.mean(residual**2)) < 0.5 * level
    assert found[0].free_symbols == set(VARIABLES)
    # A few operations more than the law has are constants that no data are without.
    assert len(list(sympy.preorder_traversal(found[0]))) <= len(list(sympy.preorder_traversal(law))) + 10


@pytest.mark.parametrize("law", [sympy.sin(X * Z * W), sympy.exp(-X * Z) + sympy.cos(3 * Z * W)])
def test_no_word_where_there_is_more_to_a_law(law):
    assert readings(law)[0] == []


def test_two_columns_are_the_whole_table():
    rows = np.random.default_rng(0).uniform(size=(500, 2))
    table = {"weights": None, "noise": 0.1, "noisy": True, "allowed": None, "seed": 0}
    assert list(block_readings(rows, rows.prod(1), (X, Z), table, until=math.inf)) == []


@pytest.mark.parametrize("noisy", [pytest.param(True, marks=pytest.mark.long), False])
def test_columns_of_few_values_and_a_target_that_hardly_depends_on_them(noisy):
    generator = np.random.default_rng(2)
    n = 500
    counts, rare = generator.integers(0, 3, n).astype(float), np.where(generator.random(n) < 0.99, 0.0, 1.0)
    points = np.column_stack([counts, rare, generator.uniform(-1, 1, n)])
    table = {"weights": generator.uniform(0, 1, n), "noise": 0.3, "noisy": noisy, "allowed": None, "seed": 0}
    y = points[:, 2] * rare + 0.1 * generator.normal(size=n)
    with clock.budget(2, deterministic=True):
        for found in block_readings(points, y, VARIABLES, table, until=1.0):
            assert np.isfinite(parametrize(found, VARIABLES).values).all()


@pytest.mark.long
def test_without_noise_one_pair_that_leaves_far_less_is_followed():
    # Of a steep function of another column few pieces leave more than an interpolant does.
    generator = np.random.default_rng(1)
    points = np.column_stack([generator.uniform(*ends, 2000) for ends in ((0.5, 2.5), (0.5, 5.0), (0.001, 1.0))])
    law = sympy.exp(-0.19 / W) * sympy.exp(-((0.37 * Z) ** X))
    y = parametrize(law, VARIABLES).evaluate(points)
    table = {"weights": None, "noise": 1e-3 * float(np.std(y)), "noisy": False, "allowed": None, "seed": 0}
    with clock.budget(math.inf, deterministic=True):
        first = next(block_readings(points, y, VARIABLES, table, until=30.0))
    residual = parametrize(first, VARIABLES).evaluate(points) - y
    assert np.sqrt(np.mean(residual**2)) < 1e-3 * float(np.std(y))
