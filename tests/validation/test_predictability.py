import numpy as np
import pytest

from kansym.fitting.predictability import dependence, leftover, smoothers
from kansym.fitting.residuals import residuals_of


def _left(discovery, names=("x",)):
    return leftover(residuals_of(discovery.formula, discovery.dataset), names, seed=0)


def test_every_smoother_predicts_each_row_from_the_others(rng):
    """Changing one value must not change its own prediction: the definition of leave-one-out."""
    X = rng.uniform(0, 1, (30, 2))
    values = rng.normal(size=30)
    changed = values.copy()
    changed[7] += 5.0
    labels = set()
    for label, predict in smoothers(X, ("a", "b")):
        before, after = predict(np.column_stack([values, changed])).T
        assert after[7] == pytest.approx(before[7], abs=1e-8)
        assert not np.allclose(after, before)
        labels.add(label)
    assert labels == {"a function of a", "a function of b", "a function of all inputs"}


def test_noise_leaves_nothing(discovered, rng):
    objections = 0
    for _ in range(30):
        X = rng.uniform(0, 1, (60, 2))
        objections += _left(discovered(X, X[:, 0] + rng.normal(size=60), "x + 0.1"), ("x", "y")).objection
    # One in a hundred is expected.
    assert objections <= 3


@pytest.mark.parametrize(
    ("left", "share"),
    [(lambda X: np.sin(12 * X[:, 0]), 0.3), (lambda X: 4 * (X[:, 0] - 0.5) * (X[:, 1] - 0.5), 0.05)],
    ids=["a wave", "a product of two inputs"],
)
def test_a_missing_term_is_found(discovered, rng, left, share):
    X = rng.uniform(0, 1, (300, 2))
    y = 5 * X[:, 0] + left(X) + 0.4 * rng.normal(size=300)
    found = _left(discovered(X, y, "5*x + 0.1"), ("x", "y"))
    assert found.objection
    assert found.share > share


def test_few_rows(discovered, rng):
    x = np.arange(1.0, 10)
    found = _left(discovered(x, x + rng.normal(size=9), "1.1*x"))
    assert found.rows == 9
    assert 0 < found.p_value <= 1
    assert _left(discovered(x[:7], x[:7] + rng.normal(size=7), "1.1*x")) is None


def test_an_exact_fit_leaves_rounding_and_is_not_asked(discovered):
    x = np.linspace(1, 2, 50)
    assert _left(discovered(x, 2.3 / x, "2.3/x")) is None


def test_dependence_is_seen_and_noise_is_not(discovered, rng):
    x = rng.uniform(0, 1, 40)
    names = ("x",)
    curve = discovered(x, (x - 0.5) ** 2 + 0.01 * rng.normal(size=40), "0.1*x")
    found = dependence(residuals_of(curve.formula, curve.dataset), names, seed=0)
    assert found.p_value < 0.01
    assert found.left < 0.2
    p_values = []
    for _ in range(30):
        noise = discovered(x, rng.normal(size=40), "0.1*x")
        p_values.append(dependence(residuals_of(noise.formula, noise.dataset), names, seed=0).p_value)
    # Uniform under noise: a mean of thirty is within 0.16 of a half but for one case in 400.
    assert np.mean(p_values) == pytest.approx(0.5, abs=0.16)
