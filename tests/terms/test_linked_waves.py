"""Waves beside a constant or a line under functions of y."""

import numpy as np
import pytest
import sympy

from kansym.primitives.allowed import allowed_functions
from kansym.primitives.library import PrimitiveLibrary, default_library
from kansym.symbolic.parametric import parametrize
from kansym.terms.linked_waves import linked_waves

X = sympy.Symbol("x", positive=True)

LAWS = {
    "fringes": 3.5 / (1 + 0.85 * sympy.sin(0.5 * X) ** 2),
    "the third side": sympy.sqrt(2.3 - 1.9 * sympy.cos(1.3 * X)),
    "directions": sympy.exp(1.4 * sympy.sin(2.1 * X + 0.4)),
    "growth by seasons": 0.3 * sympy.exp(-0.1 * X - 0.8 * sympy.cos(2.6 * X)),
    "of the other sign": -1 / (1.6 + sympy.sin(0.7 * X)),
}


def values(expression, x):
    return parametrize(expression, (X,)).evaluate(x[:, None])


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_every_law_is_found(rng, law):
    x = rng.uniform(0.1, 9.0, 300)
    y = values(law, x)
    found = [one for one in linked_waves(x, y, X) if np.allclose(values(one, x), y, rtol=1e-6)]
    # A phase is none where a sine or a cosine alone leaves as little.
    assert min(len(parametrize(one, (X,)).constants) for one in found) <= 3 + bool(law.has(sympy.exp))


def test_noise_may_take_it_across_zero(rng):
    x = rng.uniform(0.1, 9.0, 600)
    clean = values(sympy.exp(5 * sympy.cos(1.3 * X) - 5), x)
    y = clean + rng.normal(0, 0.01, len(x))
    assert (y < 0).any()
    best = next(linked_waves(x, y, X, noise=0.01))
    assert np.sqrt(np.mean((values(best, x) - clean) ** 2)) < 0.003


def test_rows_without_weight_do_not_count(rng):
    x = rng.uniform(0.1, 9.0, 300)
    y, wrong = values(LAWS["fringes"], x), rng.random(300) < 0.3
    y[wrong] = 50.0
    best = next(linked_waves(x, y, X, weights=np.where(wrong, 0.0, 1.0)))
    np.testing.assert_allclose(values(best, x), values(LAWS["fringes"], x), rtol=1e-6)


def test_where_there_is_nothing_to_say(rng):
    x = rng.uniform(0.1, 9.0, 300)
    y = values(LAWS["fringes"], x)
    assert list(linked_waves(x[:5], y[:5], X)) == []
    assert list(linked_waves(x, np.full(300, 2.0), X)) == []
    assert list(linked_waves(np.ones(300), y, X)) == []
    assert list(linked_waves(x, rng.normal(size=300), X)) == []
    allowed = allowed_functions(PrimitiveLibrary([default_library()[name] for name in ("x", "x^-1", "exp")]))
    assert list(linked_waves(x, y, X, allowed=allowed)) == []
