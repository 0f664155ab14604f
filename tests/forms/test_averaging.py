"""Averages over forms."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import kansym
from kansym.fitting.residuals import residuals_of, value_errors
from kansym.forms.averaging import averaged
from kansym.forms.result import Forms


def test_the_deviation_is_that_of_a_mixture(decay):
    found = decay()
    weights = np.array([0.6, 0.3])
    forms = Forms([replace(one, probability=float(p)) for one, p in zip(found.forms, weights, strict=False)], 0.1)
    X = np.linspace(0, 6, 7)[:, None]
    mean, deviation = averaged(forms, found.dataset, X)
    generator = np.random.default_rng(0)
    which = generator.random(200_000) < weights[0] / weights.sum()
    drawn = []
    for one in forms:
        errors = value_errors(residuals_of(one.formula, found.dataset), X)
        drawn.append(one.formula.predict(X) + errors * generator.normal(size=(200_000, 1)))
    sample = np.where(which[:, None], drawn[0], drawn[1])
    assert mean == pytest.approx(sample.mean(axis=0), abs=5e-3)
    assert deviation == pytest.approx(sample.std(axis=0), rel=0.02)


def test_extrapolation_shows_its_doubt(decay):
    found = decay(rows=40)
    _, deviation = found.predict([[2.0], [6.0]], average=True, return_std=True)
    _, alone = found.predict([[2.0], [6.0]], return_std=True)
    assert deviation[1] > 3 * deviation[0] and deviation[1] > 1.5 * alone[1]


def test_the_pick_alone_has_the_errors_of_its_constants(decay):
    found = decay()
    X = {"x": [1.0, 5.0]}
    values, errors = found.predict(X, return_std=True)
    assert np.array_equal(values, found.formula.predict(X)) and np.array_equal(found.predict(X), values)
    rows = np.array([[1.0], [5.0]])
    assert errors == pytest.approx(value_errors(residuals_of(found.formula, found.dataset), rows))


def test_a_form_without_a_value_does_not_count_and_the_pick_must_have_one(decay):
    found = decay(extra=("1.9 - 0.9*log(x + 0.4)",))
    logarithm = next(one for one in found.front if "log" in str(one))
    rest = [one for one in found.forms if one.formula is not logarithm]
    made = Forms([*rest, replace(rest[0], formula=logarithm, probability=0.2)], 0.0)
    with_it, _ = averaged(made, found.dataset, [[-1.0], [2.0]])
    without, _ = averaged(Forms(rest, 0.0), found.dataset, [[-1.0], [2.0]])
    assert with_it[0] == without[0] and with_it[1] != without[1]
    first = Forms([replace(rest[0], formula=logarithm), *rest], 0.0)
    assert np.isnan(averaged(first, found.dataset, [[-1.0]])[0]).all()


@pytest.mark.filterwarnings("ignore:.*ConvergenceWarning")
def test_an_estimator_averages_too():
    generator = np.random.default_rng(0)
    X = generator.uniform(1, 2, (60, 1))
    y = X[:, 0] ** 2 + 0.05 * generator.normal(size=60)
    model = kansym.SymbolicRegressor(max_seconds=3, deterministic=True).fit(X, y, variable_names=["x"])
    mean, deviation = model.predict(X[:5], average=True, return_std=True)
    assert mean.shape == deviation.shape == (5,) and (deviation > 0).all()
    assert np.allclose(mean, model.predict(X[:5]), atol=0.1)
    assert np.array_equal(model.predict(X[:5], average=True), mean)
    with pytest.raises(kansym.ArgumentError, match="index: averages"):
        model.predict(X[:5], index=0, average=True)


def test_rows_are_taken_by_name(decay):
    formula = decay().formula
    expected = formula.predict(np.array([[1.0], [2.0]]))
    for rows in ({"x": [1.0, 2.0]}, {"x [s]": [1, 2]}, pd.DataFrame({"b": [0, 0], "x": [1, 2]})):
        assert np.array_equal(formula.predict(rows), expected)
    assert formula.predict({"x": 1.0}).shape == (1,)
    with pytest.raises(kansym.DataError, match=r"lacks the columns \['x'\]"):
        formula.predict({"z": [1.0]})
    with pytest.raises(kansym.DataError, match="must hold numbers"):
        formula.predict({"x": ["a"]})


def test_columns_of_different_lengths_are_refused(discovered, rng):
    X = rng.uniform(1, 2, (40, 2))
    formula = discovered(X, X[:, 0] * X[:, 1], "1.5*x*y").formula
    with pytest.raises(kansym.DataError, match=r"columns of one length, got x \(2,\), y \(3,\)"):
        formula.predict({"x": [1.0, 2.0], "y": [1.0, 2.0, 3.0]})
    assert formula.predict({"x": [1.0, 2.0], "y": 3.0}) == pytest.approx([3.0, 6.0])
