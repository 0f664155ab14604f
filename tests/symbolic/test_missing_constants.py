"""Constants that a formula lacks."""

import numpy as np
import pytest
import sympy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kansym.symbolic.missing_constants import missing_constants
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.refit import refit

X, Y, Z = SYMBOLS = (sympy.Symbol("x", positive=True), sympy.Symbol("y", positive=True), sympy.Symbol("z", real=True))
F = sympy.Float

LACKING = {
    "factor of one term": (F(1.3) * X / (X + Y + F(2.1)), F(1.3) * X / (X + F(1.2) * Y + F(2.1))),
    "offset below": (F(0.7) * X * Y / (X + Y), F(0.7) * X * Y / (X + Y + F(0.2))),
    "offset of all": (F(1.1) * sympy.exp(-X * Y), F(1.1) * sympy.exp(-X * Y) + F(0.05)),
    "exponent": (F(2.0) * X**2 / Y, F(2.0) * X ** F(2.1) / Y),
    "exponent of a column": (F(0.4) * X * sympy.sin(Y), F(0.4) * X ** F(0.9) * sympy.sin(Y)),
    "phase": (F(1.5) * sympy.sin(2 * X) + Y, F(1.5) * sympy.sin(2 * X + F(0.15)) + Y),
    "rate": (F(1.5) * sympy.exp(-X) + Z, F(1.5) * sympy.exp(F(-1.15) * X) + Z),
    "second rate": (
        sympy.exp(F(-0.71234567) * X) + sympy.exp(F(-0.71234567) * Y),
        sympy.exp(F(-0.68) * X) + sympy.exp(F(-0.75) * Y),
    ),
    "order of a function": (F(1.2) * sympy.besselj(1, X) + Y, F(1.2) * sympy.besselj(1, F(1.1) * X) + Y),
    "kink": (F(0.8) * sympy.Abs(Z) + Y, F(0.8) * sympy.Abs(Z - F(0.2)) + Y),
}


def evaluated(expression, rows):
    return parametrize(expression, SYMBOLS).evaluate(rows)


@pytest.mark.parametrize("formula, law", LACKING.values(), ids=list(LACKING))
def test_the_constant_that_is_missing_comes_first(rows, formula, law):
    y = evaluated(law, rows)
    form = refit(parametrize(formula, SYMBOLS), rows, y).form
    before = float(np.mean((form.evaluate(rows) - y) ** 2))
    first = missing_constants(form, rows, y)[0]
    assert 0.5 * before < first.drop <= before * (1 + 1e-9)
    after = refit(parametrize(first.expression, SYMBOLS), rows, y).loss
    assert after < 1e-6 * before


def test_what_is_promised_is_what_a_linear_fit_gives(rows, rng):
    # One constant more, its derivative by finite differences, beside those of the constants that are there.
    y = 1.3 * rows[:, 0] / (rows[:, 0] + rows[:, 1] + 2.1) + 0.01 * rng.normal(size=len(rows))
    weights = rng.uniform(0.5, 2.0, len(rows))
    form = refit(parametrize(F(1.3) * X / (X + Y + F(2.1)), SYMBOLS), rows, y, weights=weights).form
    root, residual = np.sqrt(weights / weights.mean()), y - form.evaluate(rows)
    step = 1e-6
    changed = form.expression.subs(X + Y, X + (1 + step) * Y)
    derivative = (
        parametrize(changed.subs(dict(zip(form.constants, map(F, form.values), strict=True))), SYMBOLS)
    ).evaluate(rows)
    derivative = (derivative - form.evaluate(rows)) / step
    columns = np.column_stack([form.jacobian(rows), derivative]) * root[:, None]
    both, alone = (
        residual * root - part @ np.linalg.lstsq(part, residual * root, rcond=None)[0]
        for part in (columns, columns[:, :-1])
    )
    expected = float(np.mean(alone**2) - np.mean(both**2))
    promised = [one.drop for one in missing_constants(form, rows, y, weights)]
    assert min(abs(drop - expected) for drop in promised) < 1e-3 * expected


@pytest.mark.long
@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_noise_asks_for_nothing(seed):
    # Chi-squared of one degree of freedom, for each of a dozen places.
    rng = np.random.default_rng(seed)
    rows = np.column_stack([rng.uniform(0.5, 3, 400), rng.uniform(0.5, 3, 400), rng.uniform(-2, 2, 400)])
    law = F(1.1) * sympy.exp(F(-0.6) * X) * sympy.sin(F(1.3) * Y + F(0.4)) + F(0.3)
    y = evaluated(law, rows) + 0.02 * rng.normal(size=400)
    form = refit(parametrize(law, SYMBOLS), rows, y).form
    assert missing_constants(form, rows, y)[0].drop * 400 / 0.02**2 < 30


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_constant_promises_more_than_there_is(any_formula, rows, data):
    formula = data.draw(any_formula)
    form = parametrize(formula, SYMBOLS)
    y = form.evaluate(rows)
    good = np.isfinite(y)
    if not formula.free_symbols or good.sum() < 50:
        return
    y = np.where(good, y, 0.0) + 0.1 * np.cos(7 * rows[:, 0])
    with np.errstate(over="ignore"):
        loss = float(np.mean((form.evaluate(rows)[good] - y[good]) ** 2))
    for one in missing_constants(form, rows[good], y[good]):
        assert 0 <= one.drop <= loss * (1 + 1e-9)
        assert one.expression.free_symbols <= set(SYMBOLS)


def test_a_formula_without_values_lacks_nothing_that_can_be_said(rows):
    form = parametrize(sympy.log(Z) * F(2.0), SYMBOLS)
    assert missing_constants(form, rows, rows[:, 0]) == []


def test_cases_are_taken_as_they_are(rows):
    step = sympy.Piecewise((F(0.5) * X, sympy.Gt(X, 1)), (X**2, True))
    y = evaluated(F(1.5) * step + Y + F(0.3), rows)
    form = refit(parametrize(F(1.4) * step + Y, SYMBOLS), rows, y).form
    loss = float(np.mean((form.evaluate(rows) - y) ** 2))
    assert 0.5 * loss < missing_constants(form, rows, y)[0].drop <= loss * (1 + 1e-9)
