"""Derivatives, fits and their variances against finite differences, linear least squares and simulation."""

import numpy as np
import pytest

from kansym.structure import unit_fitting
from kansym.structure.unit_fitting import _evaluate, _residuals, fit, screened
from kansym.structure.unit_functions import FACTORS

FACTOR = {(str(factor.base), factor.power): factor for factor in FACTORS}
ROOT, PLANCK, LESS = FACTOR["_v + 1", 0.5], FACTOR["exp(_v) - 1", -1], FACTOR["1 - _v", -1]
HYPERBOLIC, SINE, ARCSINE = FACTOR["tanh(_v)", 1], FACTOR["sin(_v)", 2], FACTOR["asin(_v)", 1.0]
STEP = 1e-6
"""Of central differences: they are off by the third derivative times 1e-13, and by rounding of 1e-16/1e-6."""


def table(n=30, m=2, seed=0):
    """Centred logarithms of columns, a target, and weights of mean 1."""
    rng = np.random.default_rng(seed)
    w = rng.uniform(0.2, 2.0, n)
    return rng.uniform(-0.7, 0.7, (n, m)), rng.normal(1.0, 0.5, n), w / w.mean()


def parameters_of(factors, m=2, seed=1):
    """Exponents of size 1, and products near 0.4, where every function is defined and none is constant."""
    theta = np.random.default_rng(seed).uniform(-0.8, 0.8, (1 + len(factors)) * (m + 1))
    theta[m + 1 :: m + 1] = -1.5
    return theta


def differences(function, theta):
    """Central differences of a function with values of any shape, on the last axis."""
    unit = STEP * np.eye(len(theta))
    return np.stack([(function(theta + one) - function(theta - one)) / (2 * STEP) for one in unit], axis=-1)


COMBINATIONS = [(), (ROOT,), (PLANCK,), (LESS,), (HYPERBOLIC,), (SINE,), (ROOT, PLANCK), (HYPERBOLIC, LESS)]
combinations = pytest.mark.parametrize(
    "factors", COMBINATIONS, ids=lambda factors: "*".join(f"({one.base})^{one.power}" for one in factors) or "power law"
)


@combinations
def test_derivatives_of_a_logarithm(factors):
    F, t, w = table()
    theta = parameters_of(factors)
    _, _, residual, jacobian = _residuals(F, t, w, theta[None], factors, True)
    expected = differences(lambda one: _residuals(F, t, w, one[None], factors, True)[2][0], theta)
    assert np.isfinite(residual).all()
    assert jacobian[0] == pytest.approx(expected, rel=1e-7, abs=1e-8)


@combinations
def test_gradient_of_the_loss_with_the_amplitude_following(factors):
    # At the best amplitude the residual is orthogonal to the model, so that J^T r is the exact gradient of the
    # projected loss also with Kaufman's Jacobian.
    F, t, w = table()
    theta = parameters_of(factors)
    _, _, residual, jacobian = _residuals(F, t, w, theta[None], factors, False)
    expected = differences(lambda one: 0.5 * len(t) * _residuals(F, t, w, one[None], factors, False)[0][0], theta)
    assert jacobian[0].T @ residual[0] == pytest.approx(expected, rel=1e-6, abs=1e-7)
    # The level only carries the size, which the amplitude takes back.
    assert jacobian[0, :, 0] == pytest.approx(0, abs=1e-13)


@combinations
def test_jacobian_is_that_of_the_model_less_its_part_along_the_model(factors):
    F, t, w = table()
    theta = parameters_of(factors)
    _, amplitude, residual, jacobian = _residuals(F, t, w, theta[None], factors, False)
    root = np.sqrt(w)

    def model(one):
        return amplitude[0] * root * _evaluate(F, one[None], factors, False)[0][0]

    along = model(theta) / np.linalg.norm(model(theta))
    plain = differences(model, theta)
    assert jacobian[0] == pytest.approx(plain - np.outer(along, along @ plain), rel=1e-6, abs=1e-7)
    assert residual[0] == pytest.approx(model(theta) - root * t)
    # The best amplitude: no other leaves less.
    assert along @ residual[0] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("logarithm", [True, False])
def test_sets_of_parameters_do_not_mix(logarithm):
    F, t, w = table()
    many = np.stack([parameters_of((ROOT,), seed=seed) for seed in range(5)])
    together = _residuals(F, t, w, many, (ROOT,), logarithm)
    for place, one in enumerate(many):
        alone = _residuals(F, t, w, one[None], (ROOT,), logarithm)
        for both, single in zip(together, alone, strict=True):
            assert both[place] == pytest.approx(single[0], rel=1e-13, abs=1e-13)


def test_no_value_no_loss():
    # 1 - v changes its sign on the rows: an inverse takes that, a root and a logarithm do not.
    F, t, w = table()
    crossing = np.array([0.1, 0.2, 0.3, 0.0, 1.0, 0.4])
    assert np.isfinite(_residuals(F, t, w, crossing[None], (LESS,), False)[0]).all()
    assert np.isinf(_residuals(F, t, w, crossing[None], (LESS,), True)[0]).all()
    assert np.isinf(_residuals(F, t, w, crossing[None], (FACTOR["1 - _v", 0.5],), False)[0]).all()
    assert np.isinf(_residuals(F, t, w, crossing[None], (ARCSINE,), False)[0]).all()
    # Nothing to be proportional to.
    assert np.isinf(_residuals(F, 0 * t, w, crossing[None], (), False)[0]).all()


def test_negative_values_of_an_odd_power_keep_their_sign():
    F, _, _ = table()
    crossing = np.array([0.1, 0.2, 0.3, 0.0, 1.0, 0.4])
    design = np.column_stack([np.ones(len(F)), F])
    expected = np.exp(design @ crossing[:3]) / (1 - np.exp(design @ crossing[3:]))
    assert _evaluate(F, crossing[None], (LESS,), False)[0][0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    "factors", [(ROOT,), (PLANCK,), (HYPERBOLIC,), (SINE,)], ids=lambda factors: str(factors[0].base)
)
@pytest.mark.parametrize("logarithm", [True, False])
def test_known_parameters_are_found_again(factors, logarithm):
    F, _, w = table(n=60, seed=3)
    # v up to 1.9: sin v is positive on all rows.
    truth = np.array([0.7, 1.5, -1.0, -0.8, 0.5, -1.5])
    t = _evaluate(F, truth[None], factors, logarithm)[0][0]
    start = truth + np.array([0.1, -0.1, 0.15, 0.2, -0.1, 0.15])
    found = fit(F, t, w, factors, start, np.ones(6, dtype=bool), logarithm, steps=100)
    assert found.loss < 1e-18
    # The loss is flat: a small loss leaves errors of the size of its root over the smallest singular value.
    assert found.parameters[1:] == pytest.approx(truth[1:], abs=1e-6)
    level = found.parameters[0] if logarithm else found.parameters[0] + np.log(found.amplitude)
    assert level == pytest.approx(0.7, abs=1e-6)


def test_amplitude_carries_size_and_sign():
    F, _, w = table()
    t = -2e5 * np.exp(F @ [1.5, -0.5])
    found = fit(F, t, w, (), np.array([0.0, 1.0, 0.0]), np.ones(3, dtype=bool), False, steps=50)
    assert found.parameters == pytest.approx([0.0, 1.5, -0.5], abs=1e-8)
    assert found.amplitude == pytest.approx(-2e5, rel=1e-8)


def test_held_parameters_keep_and_have_no_variance():
    F, t, w = table(n=60)
    start = parameters_of((ROOT,))
    free = np.array([True, True, False, True, False, True])
    for logarithm in (True, False):
        found = fit(F, np.abs(t) + 0.1, w, (ROOT,), start, free, logarithm, steps=20)
        held = ~free if logarithm else ~free | (np.arange(6) == 0)
        assert found.parameters[held] == pytest.approx(start[held], rel=0, abs=0)
        assert (found.variance[held] == 0).all()
        assert (found.variance[~held] > 0).all()
        assert (found.parameters[~held] != start[~held]).all()


def test_a_parameter_can_be_kept_from_rounding():
    F, t, w = table()
    found = fit(F, t, w, (), np.zeros(3), np.ones(3, dtype=bool), True, steps=5)
    kept = found.without_variance(1)
    assert kept.variance[1] == 0
    assert found.variance[1] > 0
    assert kept.variance[[0, 2]] == pytest.approx(found.variance[[0, 2]])
    assert kept.parameters is found.parameters


def test_a_parameter_of_next_to_no_influence_has_a_variance():
    F, t, w = table()
    start = np.array([0.0, 0.5, 0.5, np.log(306.0), 0.01, 0.0])
    found = fit(F, np.abs(t) + 0.1, w, (HYPERBOLIC,), start, np.arange(6) == 3, False, steps=3)
    assert not np.isnan(found.variance).any()


def test_variances_of_a_linear_fit():
    F, t, w = table(n=40)
    found = fit(F, t, w, (), np.zeros(3), np.ones(3, dtype=bool), True, steps=50)
    design = np.column_stack([np.ones(40), F])
    solution = np.linalg.solve(design.T @ (w[:, None] * design), design.T @ (w * t))
    loss = np.mean(w * (design @ solution - t) ** 2)
    assert found.parameters == pytest.approx(solution, abs=1e-6)
    assert found.loss == pytest.approx(loss, rel=1e-8)
    assert found.variance == pytest.approx(loss * np.diag(np.linalg.inv(design.T @ (w[:, None] * design))), rel=1e-6)


def test_variances_of_a_nonlinear_fit_are_those_of_repeated_measurements():
    F, _, w = table(n=80, m=1, seed=5)
    truth = np.array([0.0, 1.0, 0.3, 2.0])
    clean = _evaluate(F, truth[None], (HYPERBOLIC,), False)[0][0]
    rng = np.random.default_rng(6)
    free = np.ones(4, dtype=bool)
    fits = [
        fit(F, clean + 1e-3 * rng.normal(size=80) / np.sqrt(w), w, (HYPERBOLIC,), truth, free, False, steps=15)
        for _ in range(300)
    ]
    scatter = np.var([one.parameters[1:] for one in fits], axis=0)
    # 300 tables give a variance to sqrt(2/300) = 8 %; four constants on 80 rows take 5 % off the loss.
    assert np.mean([one.variance[1:] for one in fits], axis=0) == pytest.approx(scatter, rel=0.3)


def starts_of(number=6):
    rng = np.random.default_rng(7)
    return [
        (factors, np.concatenate([[0.0, 0.5, -0.5], [-1.0], rng.uniform(-1, 1, 2)]))
        for factors in ((ROOT,), (HYPERBOLIC,), (LESS,))
        for _ in range(number)
    ]


@pytest.mark.parametrize("logarithm", [True, False])
def test_screened_starts_come_best_first(logarithm):
    F, t, w = table(n=50)
    t = np.abs(t) + 0.1
    starts = starts_of()
    found = screened(F, t, w, starts, logarithm)
    losses = [one.loss for _, one in found]
    assert losses == sorted(losses)
    assert len(found) <= len(starts)
    assert {factors for factors, _ in found} == {factors for factors, _ in starts}
    for factors, one in found:
        loss, amplitude, _, _ = _residuals(F, t, w, one.parameters[None], factors, logarithm)
        assert loss[0] == pytest.approx(one.loss, rel=1e-12)
        assert amplitude[0] == pytest.approx(one.amplitude, rel=1e-12)
    # Steps only ever gain.
    before = min(_residuals(F, t, w, theta[None], factors, logarithm)[0][0] for factors, theta in starts)
    assert losses[0] < before


def test_screening_finds_the_function():
    F, _, w = table(n=50)
    truth = np.array([0.0, 1.0, 0.0, -0.5, 1.0, -1.0])
    t = _evaluate(F, truth[None], (HYPERBOLIC,), False)[0][0]
    starts = [(factors, np.array([0.0, 0.6, 0.1, 0.0, 0.8, -0.7])) for factors in ((ROOT,), (HYPERBOLIC,), (LESS,))]
    assert screened(F, t, w, starts, False)[0][0] == (HYPERBOLIC,)


def test_screening_leaves_earlier_functions_alone():
    F, t, w = table(n=50)
    start = parameters_of((ROOT, HYPERBOLIC))
    ((_, found),) = screened(F, np.abs(t) + 0.1, w, [((ROOT, HYPERBOLIC), start)], True)
    assert found.parameters[3:6] == pytest.approx(start[3:6], rel=0, abs=0)
    assert (found.parameters[6:] != start[6:]).all()


def test_screening_in_small_batches(monkeypatch):
    F, t, w = table(n=50)
    whole = screened(F, t, w, starts_of(), False)
    monkeypatch.setattr(unit_fitting, "CHUNK", 1)
    single = screened(F, t, w, starts_of(), False)
    assert [one.loss for _, one in whole] == pytest.approx([one.loss for _, one in single], rel=1e-6)


def test_screening_drops_starts_without_a_value():
    F, t, w = table()
    crossing = np.array([0.1, 0.2, 0.3, 0.0, 1.0, 0.4])
    assert screened(F, t, w, [((ARCSINE,), crossing)], False) == []


def test_screening_stops_in_time_but_not_without_a_result():
    F, t, w = table()
    found = screened(F, t, w, starts_of(), False, until=0.0)
    assert {factors for factors, _ in found} == {(ROOT,)}
