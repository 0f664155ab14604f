"""Products of two functions of one column, each with a scale of its own."""

import numpy as np
import pytest
import sympy

from kansym.structure.scaled_pairs import scaled_pairs
from kansym.symbolic.parametric import parametrize

X = sympy.Symbol("x", real=True)

LAWS = {
    "a wave under a resonance": 2.2 * sympy.cos(0.9 * X) ** 2 / (1 + (0.7 * X) ** 2),
    "a power times two": X * sympy.exp(-0.7 * X) * sympy.tanh(1.3 * X),
    "a single function of a column of both signs": 0.3 * X * sympy.log(1 + 0.4 * X),
    "two of the same scale": X**2 / sympy.sinh(0.2 * X) ** 2,
    "beside a constant": 1.7 + sympy.exp(-((0.6 * X) ** 2)) / sympy.sqrt(1 + (1.9 * X) ** 2),
}


def readings(law, *, low=-2.0, noise=0.0, scale=1.0, offset=False):
    generator = np.random.default_rng(0)
    x = generator.uniform(low, 3.0, 400)
    y = parametrize(law, (X,)).evaluate(x[:, None])
    told = y + noise * float(np.std(y)) * generator.normal(size=len(y))
    return scaled_pairs(scale * x, told, X, offset=offset), x, y


LONG = {"a wave under a resonance", "a power times two", "two of the same scale"}


@pytest.mark.parametrize(
    "law", [pytest.param(law, id=name, marks=[pytest.mark.long] * (name in LONG)) for name, law in LAWS.items()]
)
def test_a_law_is_found_to_rounding(law):
    offset = law.is_Add
    found, x, y = readings(law, offset=offset)
    np.testing.assert_allclose(parametrize(found[0].expression, (X,)).evaluate(x[:, None]), y, rtol=1e-9, atol=1e-12)
    assert found[0].loss < 1e-24 and (found[0].expression.as_coeff_Add()[0] != 0) == offset


@pytest.mark.long
def test_single_functions_are_among_them():
    x = np.random.default_rng(0).uniform(1, 10, 200)
    exact = [form.expression for form in scaled_pairs(x, x / np.sinh(0.16 * x), X) if form.loss < 1e-24]
    # Others are the same in other words, as with the sine and cosine of half of the angle.
    assert any(one.has(sympy.sinh) and not one.has(sympy.cosh) for one in exact)


@pytest.mark.long
def test_the_reciprocal_of_a_positive_column():
    x = 1 / np.random.default_rng(0).uniform(0.2, 3.0, 300)
    (found, *_) = scaled_pairs(x, np.cos(0.9 / x) ** 2 / (1 + (0.7 / x) ** 2), X, either=True)
    assert found.loss < 1e-24 and found.expression.has(sympy.cos)
    # Of both signs there is no such thing.
    law = LAWS["a power times two"]
    x = np.linspace(-2.0, 3.0, 300)
    (found, *_) = scaled_pairs(x, parametrize(law, (X,)).evaluate(x[:, None]), X, either=True)
    assert found.loss < 1e-24


@pytest.mark.long
def test_units_do_not_matter():
    law = LAWS["a wave under a resonance"]
    found, x, y = readings(law, scale=1e-7)
    np.testing.assert_allclose(parametrize(found[0].expression, (X,)).evaluate(1e-7 * x[:, None]), y, rtol=1e-9)


@pytest.mark.long
def test_with_noise_the_law_is_the_shortest():
    law = LAWS["a power times two"]
    found, x, y = readings(law, low=0.1, noise=0.01)
    residual = parametrize(found[0].expression, (X,)).evaluate(x[:, None]) - y
    assert np.sqrt(np.mean(residual**2)) < 3e-3 * np.std(y)


@pytest.mark.long
def test_weights_say_which_rows_count():
    generator = np.random.default_rng(1)
    x = generator.uniform(0.1, 4.0, 300)
    y = np.exp(-0.4 * x) * np.cos(1.7 * x)
    wrong = generator.random(300) < 0.2
    best = scaled_pairs(x, np.where(wrong, 5.0, y), X, np.where(wrong, 0.0, 1.0))[0]
    assert best.loss < 1e-24


@pytest.mark.parametrize(
    ("x", "t"),
    [
        (np.arange(10.0), np.arange(10.0)),
        (np.ones(50), np.arange(50.0)),
        (np.arange(50.0), np.ones(50)),
        (np.arange(50.0), np.full(50, np.nan)),
    ],
    ids=["few rows", "one place", "a constant", "no numbers"],
)
def test_nothing_where_there_is_nothing_to_read(x, t):
    assert scaled_pairs(x, t, X) == []
