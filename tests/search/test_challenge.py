"""Rivals of a formula: other functions in the places of its own."""

import math

import numpy as np
import pytest
import sympy

from kansym import Dataset, clock
from kansym.clock import Clock, running
from kansym.search import challenge
from kansym.search.challenge import rivals
from kansym.search.formulation import judge
from kansym.search.rows import FitRows
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.parser import parse_expression

SECONDS = 1.5
"""Of work, for the rivals of a formula."""


def rows_of(X, y, names, error):
    table = Dataset(X, y, names, y_error=np.full(len(y), error))
    everything = np.arange(len(y))
    return FitRows.of(table, everything, everything[:0], error)


def fitted(text, rows):
    names = rows.dataset.names
    form = rows.fit(parametrize(parse_expression(text, names).xreplace(rows.symbols), rows.variables)).form
    return judge(form, rows, structure="test")


def found(formula, rows, seconds=SECONDS):
    with running(Clock()):
        return rivals(formula, rows, until=seconds, seed=0)


def same(formula, law, X):
    return np.allclose(formula.predict(X), law, rtol=0.02)


@pytest.mark.long
def test_the_law_behind_a_part_that_imitates_it(rng):
    X = rng.uniform([0.1, 1.0], [8.0, 3.0], (150, 2))
    law = 2.1 * X[:, 0] / (X[:, 0] + 1.3) * X[:, 1]
    rows = rows_of(X, law + 0.02 * rng.normal(size=150), ("x", "z"), 0.02)
    imitation = fitted("1.0*z*tanh(0.9*x**0.6)", rows)
    best = found(imitation, rows)[0]
    assert best.description_length < imitation.description_length - 5
    assert same(best, law, X)


@pytest.mark.long
def test_a_function_of_a_product_of_columns(rng):
    X = rng.uniform([1.0, 1.0], [4.0, 4.0], (150, 2))
    law = 3.0 * np.exp(-0.21 * X[:, 0] * X[:, 1])
    rows = rows_of(X, law + 0.01 * rng.normal(size=150), ("x", "z"), 0.01)
    best = found(fitted("4.0/(1.0 + 0.3*x*z)**2", rows), rows)[0]
    assert same(best, law, X) and best.expression.has(sympy.exp)


@pytest.mark.long
def test_a_function_of_one_argument_of_several_columns(rng):
    X = rng.uniform([0.0, 1.0, 0.0], [2.0, 3.0, 2.0], (150, 3))
    law = 0.5 * (np.tanh(1.3 * (X[:, 0] - X[:, 2]) / X[:, 1]) + 1)
    rows = rows_of(X, law + 0.01 * rng.normal(size=150), ("x", "z", "w"), 0.01)
    imitation = fitted("0.01 + 0.98*exp(-0.6*((x - w)/z - 1.3)**2)", rows)
    # Its one argument comes after the whole.
    best = found(imitation, rows, 2 * SECONDS)[0]
    assert best.description_length < imitation.description_length - 5
    np.testing.assert_allclose(best.predict(X), law, atol=0.01)


@pytest.mark.long
def test_a_sum_of_powers_under_a_link(rng):
    f = np.linspace(0.5, 5.4, 40)
    law = 1.57 / np.sqrt(0.5 * f**2 + (6.06 - f**2) ** 2)
    rows = rows_of(f[:, None], law + 0.005 * rng.normal(size=40), ("f",), 0.005)
    imitation = fitted("0.8/((f - 2.35)**2 + 0.8)", rows)
    best = found(imitation, rows)[0]
    assert best.description_length < imitation.description_length - 5
    np.testing.assert_allclose(best.predict(f[:, None]), law, atol=0.006)


@pytest.mark.parametrize("size", [0.002, 0.2])
@pytest.mark.long
def test_what_the_data_cannot_tell_apart_is_handed_on(size, rng):
    x = np.linspace(0.1, 1.5, 60)
    rows = rows_of(x[:, None], 3 * np.exp(-x / 1.3) + size * rng.normal(size=60), ("x",), size)
    law = fitted("3.0*exp(-0.77*x)", rows)
    others = [one for one in found(law, rows, 2.5) if not one.expression.has(sympy.exp)]
    near = [one for one in others if one.description_length < law.description_length + 7]
    assert bool(near) == (size == 0.2)


def test_what_a_source_leaves_of_its_time_is_saved(rng, monkeypatch):
    X = rng.uniform([0.1, 1.0], [8.0, 3.0], (150, 2))
    law = 2.1 * X[:, 0] * X[:, 1]
    rows = rows_of(X, law + 0.02 * rng.normal(size=150), ("x", "z"), 0.02)
    formula, dues = fitted("2.1*x*z", rows), []

    def source(due):
        dues.append(due - clock.now())
        return iter(())

    monkeypatch.setattr(challenge, "_sources", lambda *_: [(1.0, source), (3.0, source)])
    found(formula, rows, seconds=100.0)
    assert dues == [pytest.approx(25.0, abs=1.0), pytest.approx(75.0, abs=1.0)]


def test_a_constant_has_no_rivals(rng):
    rows = rows_of(rng.normal(size=(60, 1)), rng.normal(size=60), ("x",), 1.0)
    assert found(fitted("0.3", rows), rows) == []


@pytest.mark.faults
def test_a_rival_that_fails_costs_itself_only(rng, monkeypatch):
    x = np.linspace(0.1, 1.5, 60)
    rows = rows_of(x[:, None], 3 * np.exp(-x / 1.3) + 0.2 * rng.normal(size=60), ("x",), 0.2)

    def raw(part, fit_rows, *args, **kwargs):
        (symbol,) = fit_rows.variables
        yield 3.0 / (1.0 + 0.9 * symbol)
        raise RuntimeError("a bug")

    monkeypatch.setattr("kansym.search.challenge.read_anew", raw)
    others = found(fitted("3.0*exp(-0.77*x)", rows), rows)
    assert any(not one.expression.has(sympy.exp) for one in others)
    assert rows.faults.count >= 1


def test_a_form_of_other_columns_than_the_parts_have(rng):
    X = np.column_stack([rng.uniform(0.1, 12, 40), rng.uniform(65, 75, 40)])
    law = 0.021 * X[:, 0] * X[:, 1] + 2.3
    rows = rows_of(X, law + 0.2 * rng.normal(size=40), ("x", "z"), 0.2)
    best = found(fitted("1.46*x + 0.12*z - 6.5", rows), rows)[0]
    assert len(best.constants) == 2 and np.allclose(best.predict(X), law, atol=0.2)


@pytest.mark.long
def test_a_peak_on_a_background_that_is_not_flat(rng):
    x = np.linspace(0, 60, 200)
    law = 60 * np.exp(-(((x - 31) / 9.0) ** 2)) + 14 + 0.1 * x
    rows = rows_of(x[:, None], law + 2.0 * rng.normal(size=200), ("x",), 2.0)
    best = found(fitted("15.0 + 60.0*exp(-0.012*(x - 31.0)**2)", rows), rows)[0]
    assert np.allclose(best.predict(x[:, None]), law, atol=2.0) and len(best.constants) == 5


def test_a_constant_that_no_double_holds_costs_its_rival_and_is_no_fault(rng):
    x = np.linspace(0.0, 1.0, 30)
    rows = rows_of(x[:, None], 2.0 * x, ("x",), 0.01)
    (symbol,) = rows.variables
    tiny = sympy.Float("9.5e-776") * symbol + sympy.Float(1.5)
    (kept,) = challenge._shortest(iter([tiny, sympy.Float(1.5) * symbol]), rows, math.inf)
    np.testing.assert_allclose(kept.form.evaluate(x[:, None]), 2.0 * x, atol=1e-9)
    assert rows.faults.count == 0
