"""Joint refinement of inner constants, with the coefficients in closed form."""

import math

import numpy as np
import pytest
import scipy.optimize
import torch

from kansym import clock
from kansym.clock import Clock
from kansym.terms.refinement import refine
from kansym.terms.rows import TermRows, orthonormal
from kansym.terms.slots import Slots

CPU = torch.device("cpu")


def rows_of(X, y, root=None):
    root = np.ones(len(y)) if root is None else root
    return TermRows(torch.from_numpy(X.T.copy()), torch.from_numpy(y * root), torch.from_numpy(root))


def sums(*terms):
    """A table with B = 1."""
    return Slots.of(terms, CPU, torch.float64).map(lambda tensor: tensor[None])


def test_bases_are_orthonormal_and_span_nearly_equal_terms():
    generator = torch.Generator().manual_seed(0)
    one = torch.randn(3, 60, generator=generator, dtype=torch.float64)
    terms = torch.stack([one[0], one[0] + 1e-7 * one[1], one[2]])
    basis, triangle, size = orthonormal(terms)
    torch.testing.assert_close(basis @ basis.T, torch.eye(3, dtype=torch.float64), rtol=0, atol=1e-14)
    torch.testing.assert_close(triangle.T @ basis * size[:, None], terms, rtol=1e-12, atol=1e-12)


def test_without_steps_it_is_least_squares(table):
    X = table((0.5, 3.0), (1.0, 2.0))
    y = np.sin(X[:, 0]) + X[:, 1]
    found = refine(sums([(("power", 2.0, 0.0), 0)], [(("exp", 0.3, 0.0), 1)]), rows_of(X, y), 0, until=math.inf)
    A = np.column_stack([X[:, 0] ** 2, np.exp(0.3 * X[:, 1])])
    expected, square, *_ = np.linalg.lstsq(A, y, rcond=None)
    np.testing.assert_allclose(found.coefficients[0], expected, rtol=1e-10)
    assert float(found.square[0]) == pytest.approx(float(square[0]), rel=1e-10)


def test_constants_of_a_sum_reach_rounding(table):
    X = table((0.5, 3.0), (0.0, 6.0))
    y = 1.3 * X[:, 0] * np.sin(1.7 * X[:, 1] + 0.4) - 2 * np.exp(-0.8 * X[:, 0])
    start = sums([(("power", 1.0, 0.0), 0), (("sin", 1.6, 0.0), 1)], [(("exp", -0.3, 0.0), 0)])
    found = refine(start, rows_of(X, y), 25, until=math.inf)
    assert float(found.square[0]) < 1e-24 * len(y)
    np.testing.assert_allclose(found.coefficients[0], [1.3, -2.0], rtol=1e-9)
    np.testing.assert_allclose(found.slots.theta[0, 0, 1], [1.7, 0.4], rtol=1e-9)


def test_several_targets_share_their_constants(table):
    X = table((0.5, 3.0))
    sine, decay = np.sin(1.7 * X[:, 0] + 0.4), np.exp(-0.8 * X[:, 0])
    targets = torch.from_numpy(np.array([sine + 0.1 * decay, 0.2 * sine - decay, decay]))
    rows = TermRows(torch.from_numpy(X.T.copy()), targets, torch.ones(len(X), dtype=torch.float64))
    start = sums([(("sin", 1.6, 0.1), 0)], [(("exp", -0.5, 0.0), 0)])
    found = refine(start, rows, 25, until=math.inf)
    assert float(found.square[0]) < 1e-24 * targets.numel()
    np.testing.assert_allclose(found.slots.theta[0, :, 0], [[1.7, 0.4], [-0.8, 0.0]], rtol=1e-9)


def test_the_residual_of_several_targets_is_that_of_least_squares(table):
    X = table((0.5, 3.0))
    targets = np.array([np.sin(X[:, 0]), np.log(X[:, 0]), X[:, 0] ** 0.3])
    rows = TermRows(torch.from_numpy(X.T.copy()), torch.from_numpy(targets), torch.ones(len(X), dtype=torch.float64))
    found = refine(sums([(("power", 2.0, 0.0), 0)], [(("power", 1.0, 0.0), 0)]), rows, 0, until=math.inf)
    A = np.column_stack([X[:, 0] ** 2, X[:, 0]])
    square = np.sum((targets.T - A @ np.linalg.lstsq(A, targets.T, rcond=None)[0]) ** 2)
    assert float(found.square[0]) == pytest.approx(square, rel=1e-10)


def test_a_batch_gives_what_each_gives_alone(table):
    X = table((0.5, 3.0), (0.0, 6.0), rows=60)
    y = np.exp(-0.8 * X[:, 0]) + np.log(X[:, 1] + 1.4)
    one = sums([(("exp", -0.3, 0.0), 0)], [(("log", 1.0, 0.0), 1)])
    other = sums([(("power", 1.0, 0.0), 0)], [(("power", 1.0, 0.0), 1)])
    both = Slots(*(torch.cat(pair) for pair in zip(vars(one).values(), vars(other).values(), strict=True)))
    found = refine(both, rows_of(X, y), 8, until=math.inf)
    for b, alone in enumerate((one, other)):
        expected = refine(alone, rows_of(X, y), 8, until=math.inf)
        torch.testing.assert_close(found.square[b], expected.square[0], rtol=1e-6, atol=1e-20)


def test_weights_of_rows_count(table):
    X = table((0.5, 3.0), rows=80)
    y = np.exp(-0.8 * X[:, 0])
    y[:20] += 5.0
    root = np.ones(80)
    root[:20] = 0.0
    found = refine(sums([(("exp", -0.3, 0.0), 0)]), rows_of(X, y, root), 20, until=math.inf)
    assert float(found.slots.theta[0, 0, 0, 0]) == pytest.approx(-0.8, rel=1e-9)


def test_sums_that_cancel_and_sums_without_values_are_refused(table):
    X = table((-1.0, 3.0), rows=50)
    twice = sums([(("exp", 1.0, 0.0), 0)], [(("exp", 1.0, 0.0), 0)])
    outside = sums([(("log", 0.0, 0.0), 0)], [])
    for slots in (twice, outside):
        assert math.isinf(float(refine(slots, rows_of(X, X[:, 0]), 0, until=math.inf).square[0]))


def test_work_is_charged_and_ends_it(table):
    X = table((0.5, 3.0), rows=50)
    start = sums([(("exp", -0.3, 0.0), 0)])
    with clock.running(Clock()):
        refine(start, rows_of(X, X[:, 0]), 3, until=math.inf)
        spent = clock.now()
        assert spent > 0
        late = refine(start, rows_of(X, X[:, 0]), 3, until=0.0)
        assert clock.now() == spent and math.isinf(float(late.square[0]))


def test_blocks_have_coefficients_of_their_own_and_one_inner_constant(table):
    X = table((0.5, 3.0), (1.0, 2.0))
    half, sizes = len(X) // 2, np.array([2.0, -0.7])
    codes = np.arange(len(X)) // half
    rng = np.random.default_rng(5)
    y = sizes[np.minimum(codes, 1)] * np.exp(-1.3 * X[:, 0]) + 0.01 * rng.standard_normal(len(X))
    parts = (slice(0, half), slice(half, None))
    blocks = [rows_of(X[part], y[part]) for part in parts]
    found = refine(sums([(("exp", -0.9, 0.0), 0)]), blocks, 30, until=math.inf)

    def square(rate):
        columns = (np.exp(rate * X[part, 0]) for part in parts)
        return sum(y[p] @ y[p] - (c @ y[p]) ** 2 / (c @ c) for p, c in zip(parts, columns, strict=True))

    best = scipy.optimize.minimize_scalar(square, bounds=(-2.0, -0.8), method="bounded", options={"xatol": 1e-10})
    assert float(found.square[0]) == pytest.approx(best.fun, rel=1e-9)
    assert float(found.slots.theta[0, 0, 0, 0]) == pytest.approx(best.x, rel=1e-5)
