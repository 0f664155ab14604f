"""Where to measure next: oracles are integrals, divergences of Gaussians, and fits with one row more."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy.integrate
import scipy.stats

from kansym.errors import DataError
from kansym.fitting.residuals import residuals_of
from kansym.forms.constants_next import constant_readings
from kansym.forms.next_measurement import bits_between, expected_bits
from kansym.forms.predicted import Predictions, noise_at
from kansym.report.next_measurement import next_lines
from kansym.run.finished import FinishedRun


def test_expected_bits_are_the_mutual_information_of_form_and_reading():
    values, errors = np.array([[0.0], [1.5], [-2.0]]), np.array([[0.1], [0.4], [0.2]])
    weights, reading = np.array([0.5, 0.3, 0.2]), 0.8
    own = [scipy.stats.norm(v, math.hypot(reading, e)) for v, e in zip(values[:, 0], errors[:, 0], strict=True)]

    def of(place):
        def integrand(y):
            mixture = sum(w * one.pdf(y) for w, one in zip(weights, own, strict=True))
            return own[place].pdf(y) * (own[place].logpdf(y) - math.log(mixture)) if mixture > 0 else 0.0

        return scipy.integrate.quad(integrand, -15, 15, limit=400)[0]

    truth = sum(w * of(place) for place, w in enumerate(weights)) / math.log(2)
    found = expected_bits(weights, Predictions(values, errors), np.array([reading]))
    assert found[0] == pytest.approx(truth, rel=2e-3)


def test_a_reading_tells_no_more_than_there_is_to_know():
    far = Predictions(np.array([[0.0, 0.0], [1e3, 0.0]]), np.zeros((2, 2)))
    bits = expected_bits(np.array([0.5, 0.5]), far, np.ones(2))
    assert bits[0] == pytest.approx(1.0, abs=1e-6) and bits[1] == pytest.approx(0.0, abs=1e-9)
    assert expected_bits(np.array([1.0]), Predictions(np.zeros((1, 2)), np.zeros((1, 2))), np.ones(2)).tolist() == [
        0,
        0,
    ]


def test_bits_between_two_forms_are_a_divergence_of_gaussians():
    assert bits_between(3.0, 1.0, 0.0, 0.0, 1) == pytest.approx(4.5 / math.log(2))
    assert bits_between(3.0, 1.0, 0.0, 0.0, 4) == pytest.approx(18 / math.log(2))
    # What the constants of the other form leave open is not averaged away.
    assert bits_between(3.0, 1.0, 0.5, 0.5, 10**6) == pytest.approx(18 / math.log(2), rel=1e-4)
    first, second = scipy.stats.norm(0, math.hypot(0.5, 0.3)), scipy.stats.norm(2, math.hypot(0.5, 0.9))
    truth = scipy.integrate.quad(lambda y: first.pdf(y) * (first.logpdf(y) - second.logpdf(y)), -6, 6)[0]
    assert bits_between(2.0, 0.5, 0.3, 0.9, 1) == pytest.approx(truth / math.log(2), rel=1e-6)


def test_the_row_beyond_is_where_a_parabola_leaves_a_decay(decay):
    discovery = decay(rows=40)
    found = discovery.next_measurement()
    assert found.inside is not None and found.beyond is not None
    assert not found.inside.beyond and found.beyond.beyond
    assert found.beyond.at["x"] > 4.0 and found.beyond.bits > found.inside.bits
    assert found.beyond.apart > found.inside.apart and found.best is found.inside
    x = discovery.dataset.X
    # The column is positive in all of the data, and stays so.
    assert found.points.max() == pytest.approx(x.max() + np.ptp(x) / 3) and found.points.min() > 0


def test_readings_are_counted_until_they_decide(decay):
    close = decay(rows=60).next_measurement().beyond
    sharp = decay(rows=60, noise=0.01).next_measurement().beyond
    assert sharp is None or sharp.readings is None or sharp.decides >= 10
    assert close is None or close.readings is None or close.decides >= 10


def test_rows_that_can_be_measured_are_the_user_s(decay):
    found = decay()
    rows = pd.DataFrame({"other": [1, 2, 3], "x": [1.0, 3.9, 50.0]})
    said = found.next_measurement(rows)
    assert said.points[:, 0].tolist() == [1.0, 3.9, 50.0] and said.outside.tolist() == [False, False, True]
    assert found.next_measurement({"x": 2.5}).inside.at == {"x": 2.5}
    with pytest.raises(DataError, match=r"lacks the columns \['x'\]"):
        found.next_measurement({"y": [1.0]})
    with pytest.raises(DataError, match="no row with finite values"):
        found.next_measurement({"x": [math.nan]})


def test_whole_numbers_stay_whole(discovered, rng):
    n = np.repeat(np.arange(1.0, 9.0), 3)
    found = discovered(n, 3.0 / n**2 + 0.05 * rng.normal(size=24), "3.0/x**2", "2.9*exp(-0.9*x)", y_error=0.05)
    said = found.next_measurement()
    assert np.array_equal(said.points, np.round(said.points)) and said.points.min() >= 1


def test_several_columns_have_a_row_of_all(discovered, rng):
    X = rng.uniform([1, 0.5], [3, 2.5], (80, 2))
    y = X[:, 0] * X[:, 1] / (1 + X[:, 1]) + 0.05 * rng.normal(size=80)
    found = discovered(X, y, "1.0*x*y/(1.1 + y)", "0.6*x*y**0.4", y_error=0.05).next_measurement()
    assert found.inside is not None and set(found.inside.at) == {"x", "y"}
    assert (X.min(axis=0) <= list(found.inside.at.values())).all() and found.jointly is not None


def test_one_form_has_nothing_to_be_told_from(discovered, rng):
    x = rng.uniform(0, 1, 40)
    found = discovered(x, 2 * x + 0.1 * rng.normal(size=40), "2.0*x", y_error=0.1).next_measurement()
    assert found.best is None and len(found.leading) == 1
    assert "There is no second form" in found.text()


def test_the_slope_of_a_line_wants_its_ends_and_errors_are_those_of_a_fit(discovered, rng):
    x = np.linspace(0, 1, 30)
    found = discovered(x, 2 * x + 0.3 + 0.1 * rng.normal(size=30), "2.0*x + 0.3", y_error=0.1)
    residuals = residuals_of(found.formula, found.dataset)
    points = np.linspace(0, 1, 11)[:, None]
    readings = {one.name: one for one in constant_readings(residuals, 1.0, points, np.full(11, 0.1), ("x",))}
    slope = max(readings.values(), key=lambda one: one.error)
    assert slope.at["x"] in (0.0, 1.0)

    def errors(rows):
        design = np.column_stack([rows, np.ones(len(rows))]) / 0.1
        return np.sqrt(np.diag(np.linalg.inv(design.T @ design)))

    assert slope.error == pytest.approx(errors(x)[0], rel=1e-6)
    assert slope.after == pytest.approx(errors(np.append(x, slope.at["x"]))[0], rel=1e-6)
    # As many rows as are counted halve it where they are at the two ends in turn.
    assert slope.halving is not None
    ends = np.tile([0.0, 1.0], slope.halving)[: slope.halving]
    assert errors(np.append(x, ends))[0] <= 0.52 * slope.error


def test_exact_tables_need_no_reading_for_their_constants(discovered):
    x = np.linspace(1, 2, 30)
    found = discovered(x, 2.5 * x**2, "2.5*x**2", "1.0 + 1.9*x")
    assert found.next_measurement().constants == ()


def test_a_reading_has_the_error_of_the_rows_near_it(decay):
    found = decay()
    errors = np.where(found.dataset.X[:, 0] < 2, 0.02, 0.2)
    residuals = residuals_of(found.formula, replace(found.dataset, y_error=errors))
    assert noise_at(residuals, np.array([[0.5], [3.5]])).tolist() == [0.02, 0.2]


def test_it_is_said_in_words(decay):
    lines = decay(rows=40).next_measurement().text().splitlines()
    text = " ".join(" ".join(lines).split())
    assert lines[0] == "Leading forms" and "A: c0 + c1*exp(c2*x)" in text
    assert "beyond the data" in text and "errors" in text and "forms" in text
    assert "c1: one reading at x =" in text and all(len(one) <= 100 for one in lines)


def test_a_run_has_the_same(decay):
    found = decay()
    run = FinishedRun.of(found, certificate=None)
    run = replace(run, summary=replace(run.summary, forms=found.forms))
    assert next_lines(run.next_measurement()) == next_lines(found.next_measurement())
    assert run.next_measurement() is run.next_measurement()
