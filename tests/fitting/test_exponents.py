"""Exponents freed one by one: against an independent fit, and by class."""

import numpy as np
import pytest
import scipy.optimize
import sympy

from kansym.data.dataset import make_dataset
from kansym.data.noise import noise_floor
from kansym.fitting.exponents import freed_exponents
from kansym.report.values import exponent_lines
from kansym.search.final_fit import with_measured_exponents
from kansym.search.formulation import judge
from kansym.search.front import ParetoFront
from kansym.search.results import Discovery, StopReason
from kansym.search.rows import FitRows
from kansym.symbolic.formula import Formula
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.parser import parse_expression


def found(text, x, y, **columns):
    """A discovery of a formula whose constants are fitted."""
    X = np.asarray(x).reshape(len(y), -1)
    dataset = make_dataset(X, y, names=["x", "z"][: X.shape[1]], target="F", **columns)
    everything = np.arange(len(y))
    rows = FitRows.of(dataset, everything, everything[:0], noise_floor(dataset))
    raw = parse_expression(text, dataset.names).xreplace(rows.symbols)
    formula = judge(rows.fit(parametrize(raw, rows.variables)).form, rows, structure="by hand")
    return Discovery(
        front=ParetoFront([formula]), formula=formula, network=None, reading=None, decisions=(), dataset=dataset,
        noise_floor=rows.noise_floor, seconds=1.0, stopped=StopReason.ALL_SHAPES_TRIED,
    )  # fmt: skip


def rational_exponents(formula):
    return [power.exp for power in formula.expression.atoms(sympy.Pow) if power.exp.is_Rational and power.exp != -1]


def drag(seed, power=0.684, noise=0.01):
    x = np.geomspace(0.5, 800, 60)
    truth = 3 * x * (1 + 0.15 * x**power)
    return x, truth * (1 + noise * np.random.default_rng(seed).normal(size=60)), noise * truth


def test_a_rounded_exponent_is_freed_and_gives_the_other_constants_back():
    x, y, error = drag(0)
    before = found("3.1*x + 0.5*x**(5/3)", x, y, y_error=error)
    (prefactor, *_) = sorted((one.value for one in before.formula.constants), reverse=True)
    after = with_measured_exponents(before, before.dataset, "linear")
    assert rational_exponents(after.formula) == [] and after.front.best is after.formula
    best, _ = scipy.optimize.curve_fit(lambda x, a, b, p: a * x + b * x**p, x, y, [3, 0.4, 1.7], sigma=error)
    fitted = sorted((one.value for one in after.formula.constants), reverse=True)
    assert fitted == pytest.approx(sorted(best, reverse=True), rel=1e-4)
    # With 5/3 the prefactor was off by many of its errors.
    assert abs(prefactor - 3) > 5 * abs(fitted[0] - 3)


def test_what_the_data_say_of_an_exponent_is_told_and_stored():
    x, y, error = drag(1, power=0.5)
    start = found("3.1*x + 0.5*x**(3/2)", x, y, y_error=error)
    after = with_measured_exponents(start, start.dataset, "linear")
    (exponent,) = after.formula.exponents
    best, covariance = scipy.optimize.curve_fit(
        lambda x, a, b, p: a * x + b * x**p, x, y, [3, 0.4, 1.5], sigma=error, absolute_sigma=True
    )
    assert exponent.number == "3/2" and exponent.fitted == pytest.approx(best[2], rel=1e-4)
    assert exponent.deviation == pytest.approx(abs(best[2] - 1.5) / np.sqrt(covariance[2, 2]), rel=0.05)
    assert Formula.from_dict(after.formula.to_dict()).exponents == after.formula.exponents
    (line,) = exponent_lines(after.formula)
    assert line.startswith("x**(3/2): 1.") and line.endswith(f"{exponent.deviation:.1f} errors from 3/2")
    older = {key: value for key, value in after.formula.to_dict().items() if key != "exponents"}
    assert Formula.from_dict(older).exponents == ()


POWERS = ("2/3", "4/3", "5/3", "1/2", "3/2", "2")


@pytest.mark.parametrize("number", POWERS)
def test_of_numbers_that_are_wrong_none_is_written_and_right_ones_stay(number):
    power, right, wrong = float(sympy.Rational(number)), [], []
    for seed in range(5):
        for off, written in ((0.0, right), (0.03, wrong)):
            rng = np.random.default_rng([seed, 7])
            x = np.exp(rng.uniform(np.log(0.5), np.log(30), 100))
            truth = 1.7 * x ** (power + off)
            y = truth * (1 + 0.01 * rng.normal(size=100))
            start = found(f"1.5*x**({number})", x, y, y_error=0.01 * truth)
            after = with_measured_exponents(start, start.dataset, "linear")
            written.append(bool(rational_exponents(after.formula)))
    assert not any(wrong)
    # Five in a hundred fractions, and one in a thousand of the others, are given up.
    assert sum(right) >= 4


def test_a_number_that_units_need_stays_and_is_told(rng):
    X = rng.uniform(1, 5, (200, 2))
    truth = 1.7 * np.sqrt(X[:, 0] ** 2.1 + X[:, 1] ** 2)
    start = found("1.6*sqrt(x**2 + z**2)", X, truth * (1 + 0.002 * rng.normal(size=200)), y_error=0.002 * truth,
                  units=["m", "m"], y_units="m")  # fmt: skip
    after = with_measured_exponents(start, start.dataset, "linear")
    assert sorted(map(str, rational_exponents(after.formula))) == ["1/2", "2", "2"]
    assert max(one.deviation for one in after.formula.exponents) > 3


def test_powers_of_what_has_both_signs_are_not_freed(rng):
    x = np.linspace(-2, 2, 60)
    start = found("1.7*x**2", x, 1.7 * x**2 + 0.1 * rng.normal(size=60))
    assert freed_exponents(parametrize(start.formula.expression, (sympy.Symbol("x"),)), start.dataset) == ()


def test_a_power_of_a_quantity_with_a_unit_stays_and_is_told():
    x, y, error = drag(0)
    plain = found("3.1*x + 0.5*x**(5/3)", x, y, y_error=error)
    length = found("3.1*x + 0.5*x**(5/3)", x, y, y_error=error, units=["m"], y_units="N")
    number = found("3.1*x + 0.5*x**(5/3)", x, y, y_error=error, units=["1"], y_units="N")
    after = [with_measured_exponents(one, one.dataset, "linear").formula for one in (plain, length, number)]
    assert [rational_exponents(one) for one in after] == [[], [sympy.Rational(5, 3)], []]
    assert [one.number for one in after[1].exponents] == ["5/3"] and after[1].exponents[0].deviation > 2
