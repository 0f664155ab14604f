"""Sums of products of splines on scattered rows, against the laws that the rows were made of."""

import math

import numpy as np
import pytest

from kansym.clock import Clock, running
from kansym.terms.polyadic import CONSTANT, best_polyadic, fit_additive, fit_polyadic

NOISE = 0.01


def noisy(law, rows=1500, columns=2, noise=NOISE, seed=0):
    """Rows of a law with noise in units of its root mean square, and the clean values and the noise."""
    generator = np.random.default_rng(seed)
    Z = generator.uniform(0.2, 2.5, (rows, columns))
    clean = law(*Z.T)
    level = noise * float(np.sqrt(np.mean(clean**2)))
    return Z, clean + generator.normal(0, level, rows), clean, level


def test_a_product_is_one_product_whose_error_is_that_of_the_rows():
    Z, y, clean, level = noisy(lambda x, z, w: np.sin(1.7 * x) * np.exp(-z) * (1 + w**2), columns=3)
    fitted = best_polyadic(Z, y)
    assert fitted is not None and fitted.rank == 1
    assert fitted.error < 1.1 * level
    # What a hundred numbers keep of the noise of fifteen hundred rows.
    assert np.sqrt(np.mean((fitted.predict(Z) - clean) ** 2)) < 0.4 * level


def test_products_are_counted():
    Z, y, _, level = noisy(lambda x, z: np.sin(2 * x) * z + np.exp(-x) * np.cos(3 * z))
    fitted = best_polyadic(Z, y)
    assert fitted is not None and fitted.rank == 2 and fitted.error < 1.1 * level


def test_a_constant_is_the_last_product():
    Z, y, _, level = noisy(lambda x, z: 3.2 + np.sin(2 * x) * z)
    fitted = fit_polyadic(Z, y, 1, pieces=12, beside=(CONSTANT,))
    assert fitted is not None and fitted.rank == 2 and fitted.error < 1.15 * level
    last = [fitted.functions(k, z)[:, 1] for k, z in enumerate(Z.T)]
    assert float(np.ptp(last[0] * last[1])) < 1e-12
    assert float((last[0] * last[1])[0]) == pytest.approx(3.2, abs=0.02)


def test_a_function_beside_a_product_is_the_last_one():
    Z, y, clean, level = noisy(lambda x, z, w: np.sin(2 * x) * np.exp(-z) * (1 + w) + 1.5 / (z + 0.3), columns=3)
    fitted = fit_polyadic(Z, y, 1, pieces=12, beside=(1,))
    assert fitted is not None and fitted.rank == 2 and fitted.error < 1.1 * level
    assert np.sqrt(np.mean((fitted.predict(Z) - clean) ** 2)) < 0.4 * level
    np.testing.assert_allclose(fitted.functions(0, Z[:, 0])[:, 1] * fitted.functions(2, Z[:, 2])[:, 1], 1.0)
    own = fitted.functions(1, Z[:, 1])[:, 1] - 1.5 / (Z[:, 1] + 0.3)
    assert np.sqrt(np.mean((own - own.mean()) ** 2)) < 0.4 * level
    for beside in ((), (CONSTANT,), (0,), (2,)):
        other = fit_polyadic(Z, y, 1, pieces=12, beside=beside)
        assert other is not None and other.error > 5 * level


def test_functions_beside_a_product():
    Z, y, clean, level = noisy(lambda x, z, w: x * np.sin(2 * z) * (1 + w**2) + 1.5 / (z + 0.3) + np.exp(w), columns=3)
    fitted = fit_polyadic(Z, y, 1, pieces=12, beside=(0, 1, 2))
    assert fitted is not None and fitted.rank == 4 and fitted.error < 1.15 * level
    assert np.sqrt(np.mean((fitted.predict(Z) - clean) ** 2)) < 0.5 * level
    # What is not there has no size.
    assert np.std(fitted.functions(0, Z[:, 0])[:, 1]) < level


def test_a_sum_of_functions_of_single_columns():
    Z, y, clean, level = noisy(lambda x, z, w: np.log(1 + 3 * x) - 1.4 / (z**2 + 0.5) + 0 * w, columns=3)
    fitted = fit_additive(Z, y, pieces=12)
    assert fitted is not None and fitted.error < 1.1 * level
    assert np.sqrt(np.mean((fitted.predict(Z) - clean) ** 2)) < 0.4 * level
    # Every function but the first is zero in the mean, so that the idle one has no size.
    assert np.sqrt(np.mean(fitted.functions(2, Z[:, 2])[:, 2] ** 2)) < 0.4 * level


def test_cubics_are_exact():
    Z, _, clean, _ = noisy(lambda x, z: 1 + x**3 - 2 * z**2)
    fitted = fit_additive(Z, clean, pieces=4)
    assert fitted is not None and fitted.error < 1e-4 * np.std(clean)


def test_neither_a_product_nor_a_sum():
    Z, y, _, level = noisy(lambda x, z: np.sin(3 * x * z))
    product, total = fit_polyadic(Z, y, 1, pieces=12), fit_additive(Z, y, pieces=12)
    assert product is not None and total is not None
    assert min(product.error, total.error) > 20 * level


def test_pieces_are_short_where_a_function_bends():
    Z, y, _, level = noisy(lambda x, z: z / np.sqrt(0.002 + (0.6 - x**2) ** 2))
    even = fit_polyadic(Z, y, 1, pieces=24)
    assert even is not None
    moved = best_polyadic(Z, y, ranks=(1,), pieces=(12, 24))
    assert moved is not None and moved.error < min(0.1 * even.error, 1.3 * level)


def test_weights_silence_rows():
    Z, y, clean, level = noisy(lambda x, z: np.sin(2 * x) * z)
    weights = np.where(np.arange(len(y)) % 3, 1.0, 1e-9)
    fitted = fit_polyadic(Z, np.where(weights < 1, y + 5.0, y), 1, pieces=12, weights=weights)
    assert fitted is not None
    assert np.sqrt(np.mean((fitted.predict(Z) - clean) ** 2)) < 0.6 * level


def test_few_rows_are_not_enough():
    Z, y, _, _ = noisy(lambda x, z: x * z, rows=40)
    assert fit_polyadic(Z, y, 1, pieces=6) is None
    assert fit_additive(Z, y, pieces=6) is None
    assert best_polyadic(Z, y) is None


def test_the_seed_is_all_that_is_random():
    Z, y, _, _ = noisy(lambda x, z: np.sin(2 * x) * z + np.exp(-x) * np.cos(3 * z))
    one, same = (fit_polyadic(Z, y, 2, pieces=6, seed=4) for _ in range(2))
    assert one is not None and same is not None
    np.testing.assert_array_equal(one.predict(Z), same.predict(Z))


def test_once_time_is_over_the_first_fit_has_to_do(monkeypatch):
    Z, y, _, _ = noisy(lambda x, z: np.sin(2 * x) * z + np.exp(-x) * np.cos(3 * z))
    calls = []

    def counted(*args, **kwargs):
        calls.append(kwargs)
        return fit_polyadic(*args, **kwargs)

    monkeypatch.setattr("kansym.terms.polyadic.fit_polyadic", counted)
    with running(Clock()) as work:
        work.horizon = -1.0
        assert best_polyadic(Z, y) is not None and len(calls) == 1
        work.horizon = math.inf
        assert best_polyadic(Z, y) is not None and len(calls) > 5
