"""Verdicts go no further than the data: silence without power, curves of walks, and rows that spoil a law."""

from dataclasses import replace

import numpy as np
import pytest

from kansym.fitting.residuals import residuals_of
from kansym.validation.certificate import Certificate, certify
from kansym.validation.freed_edges import LEVEL, FreedEdges, FreedFunction, freed_edges
from kansym.validation.grounds import Topic
from kansym.validation.verdict import DESCRIPTION, LAW, NOTHING, judge
from tests.validation.test_freed_edges import fitted
from tests.validation.test_verdict import CONSTANT, FIT, LAWFUL, TEST

FREED = FreedFunction("exp(x)", "x", "", 8, 2, 1.0, 0.6, 0.6, power=0.99)


@pytest.mark.parametrize(
    ("p_value", "power", "said"),
    [(0.6, 0.99, [True]), (0.6, 0.4, []), (0.6, np.nan, []), (0.05, 0.99, []), (0.003, 0.99, [False])],
)
def test_silence_of_a_test_supports_only_what_it_could_have_seen(p_value, power, said):
    moved = p_value < LEVEL
    function = replace(FREED, p_value=p_value, adjusted_p=p_value, power=power, moved=moved)
    freed = FreedEdges((function,), named=function.text if moved else "")
    verdict = judge(replace(LAWFUL, freed=freed))
    assert [ground.supports for ground in verdict.grounds if ground.topic is Topic.FUNCTIONS] == said
    assert (verdict.kind == LAW) == (False not in said)


def test_power_is_how_often_a_deviation_of_that_size_is_seen(rng):
    # Where the function is right but for a tenth of its spread, in the smoothest way that the constants leave free.
    x, seen = np.linspace(0, 4, 45), []
    truth = 3 * np.exp(-0.7 * x) + 0.5
    table = np.column_stack([np.ones(45), np.exp(-0.7 * x), x * np.exp(-0.7 * x)])
    for _ in range(60):
        bend = x**2 - table @ np.linalg.lstsq(table, x**2, rcond=None)[0]
        bend *= 0.1 * np.std(3 * np.exp(-0.7 * x)) / np.std(bend)
        y = truth + bend + 0.12 * rng.standard_normal(45)
        (found,) = freed_edges(fitted("a*exp(-b*x) + c", x, y, 0.12, a=3.0, b=0.7, c=0.5)).functions
        seen.append((found.power, found.moved))
    power, moved = np.mean(seen, axis=0)
    assert 0.3 < power < 0.95
    assert moved == pytest.approx(power, abs=0.2)


def test_few_rows_of_much_noise_have_no_power(rng):
    x = np.linspace(0, 4, 30)
    y = 3 * np.exp(-0.7 * x) + 0.3 * rng.standard_normal(30)
    poor = freed_edges(fitted("a*exp(-b*x)", x, y, 0.3, a=3.0, b=0.7))
    rich = freed_edges(
        fitted("a*exp(-b*x)", x, 3 * np.exp(-0.7 * x) + (y - 3 * np.exp(-0.7 * x)) / 30, 0.01, a=3.0, b=0.7)
    )
    assert poor.least_power < 0.3 < 0.99 < rich.least_power


ALIKE = replace(TEST, adjusted_p=1e-12, objection=True, words="neighbouring residuals are alike along x")


@pytest.mark.parametrize(
    ("fit", "tests", "constants", "kind", "words"),
    [
        # Twice what the errors allow with nine constants, and with as few as a law has.
        ({"chi2": 180.0, "chi2_p": 1e-5}, (TEST,), 9, NOTHING, "with 9 fitted constants chi-squared is still"),
        ({"chi2": 180.0, "chi2_p": 1e-5}, (TEST,), 3, DESCRIPTION, "chi-squared is 180"),
        ({"chi2": 98.0, "chi2_p": 0.4}, (TEST,), 9, DESCRIPTION, "9 fitted constants"),
        # Within the errors of the table, or half as much again, and not noise.
        ({"chi2": 98.0, "chi2_p": 0.4, "one_minus_r2": 0.1}, (ALIKE,), 3, NOTHING, "what it leaves is not noise"),
        ({"noise_floor": 0.09, "one_minus_r2": 0.1}, (ALIKE,), 3, NOTHING, "what it leaves is not noise"),
        ({"chi2": 300.0, "chi2_p": 1e-30, "noise_floor": 0.09, "one_minus_r2": 0.1}, (ALIKE,), 3, NOTHING, "not noise"),
        ({"noise_floor": 0.09, "one_minus_r2": 0.1}, (TEST,), 3, LAW, ""),
    ],
)
def test_a_curve_that_does_not_account_for_the_data_is_no_description(fit, tests, constants, kind, words):
    changed = replace(FIT, **fit)
    held = replace(LAWFUL.constants, constants=(CONSTANT,) * constants, rank=constants)
    verdict = judge(replace(LAWFUL, fit=changed, residual_tests=tests, constants=held))
    assert verdict.kind == kind and words in verdict.reason


def test_a_verdict_that_few_rows_spoil_says_which(discovered, rng):
    x = np.linspace(0.5, 6, 80)
    y = 3 * np.exp(-0.7 * x) + 0.02 * rng.standard_normal(80)
    y[[17, 42]] += (0.4, -0.3)
    found = discovered(x, y, "2.1*exp(-0.5*x)", y_error=np.full(80, 0.02))
    certificate = certify(found)
    without = certificate.verdict.without
    assert certificate.verdict.kind != LAW and without.kind == LAW
    assert sorted(without.rows) == [17, 42] and f"x = {x[42]:g}" in without.places
    assert Certificate.from_dict(certificate.to_dict()).verdict.without == without
    assert f"at x = {x[17]:g}; x = {x[42]:g}: law" in certificate.verdict.reason


def test_rows_are_not_blamed_for_a_wrong_formula(discovered, rng):
    x = np.linspace(0.5, 6, 80)
    y = 3 * np.exp(-0.7 * x) + 0.3 * np.sin(3 * x) + 0.02 * rng.standard_normal(80)
    y[17] += 2.0
    found = discovered(x, y, "2.1*exp(-0.5*x)", y_error=np.full(80, 0.02))
    assert residuals_of(found.formula, found.dataset).n == 80
    assert certify(found).verdict.without is None
    right = discovered(
        x, 3 * np.exp(-0.7 * x) + 0.02 * rng.standard_normal(80), "2.1*exp(-0.5*x)", y_error=np.full(80, 0.02)
    )
    assert certify(right).verdict.kind == LAW and certify(right).verdict.without is None
