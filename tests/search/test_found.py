"""Formulas found so far, and better parts of them."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import sympy

from kansym.data.dataset import Dataset
from kansym.data.preparation import prepare
from kansym.errors import ArgumentError
from kansym.search import formulation
from kansym.search.found import FoundFormulas
from kansym.search.rows import FitRows
from kansym.symbolic.parametric import parametrize

NOISE = 0.02
SECONDS = 8.0
"""Of work, of which better parts have a share."""
F = sympy.Float


@pytest.fixture
def found(rng):
    def of(function, rows=800, noise=NOISE):
        X = rng.uniform(0.5, 3.0, (rows, 2))
        y = function(*X.T) + noise * rng.normal(size=rows)
        prepared = prepare(Dataset(X, y, ("u", "v"), target="t"), validation_fraction=0.2, seed=0)
        fit_rows = FitRows.of(prepared.table, prepared.train, prepared.validation, prepared.noise_floor, None)
        return FoundFormulas(fit_rows, math.inf)

    return of


@pytest.fixture
def curve(rng, work_clock):
    """The same for a function of one column."""

    def of(function, rows, noise):
        X = np.linspace(0.05, 4.5, rows)[:, None]
        y = function(X[:, 0]) + noise * rng.normal(size=rows)
        prepared = prepare(Dataset(X, y, ("u",), target="t"), validation_fraction=0.2, seed=0)
        fit_rows = FitRows.of(prepared.table, prepared.train, prepared.validation, prepared.noise_floor, None)
        return FoundFormulas(fit_rows, 4 * SECONDS)

    return of


@pytest.fixture
def brief(found, work_clock):
    """The same with little time."""

    def of(*arguments, **options):
        search = found(*arguments, **options)
        search.deadline = SECONDS
        return search

    return of


def test_nothing_is_known_of_no_formulas(found):
    none = found(lambda u, v: u + v)
    assert none.best() is None and none.best_loss() == math.inf
    assert not none.exact() and not none.at_noise() and none.long() and len(none) == 0
    none.improve(NOISE, seed=0)
    assert list(none) == []


def test_an_exact_formula_is_at_noise(found):
    search = found(lambda u, v: 2.5 * u * v, noise=0.0)
    u, v = search.fit_rows.variables
    search.add(F(2.4) * u * v, "a guess")
    best = search.best()
    assert search.exact() and search.at_noise() and not search.long()
    assert best is not None and search.best_loss() == best.validation_loss


def test_a_formula_of_many_columns_is_short_up_to_more_nodes(found):
    search = found(lambda u, v: u * v)

    def long(columns, nodes):
        expression = sympy.Add(1, *(sympy.Symbol(f"x{k}") for k in range(columns)))
        one = SimpleNamespace(complexity=nodes, expression=expression)
        search.best = lambda: one
        return search.long()

    def very_long(columns, nodes):
        return long(columns, nodes) and search.very_long()

    assert [long(columns, 12) for columns in (1, 2, 5)] == [False, False, False]
    assert [long(columns, 13) for columns in (1, 2, 3)] == [True, True, False]
    assert not long(5, 18) and long(5, 19)
    assert not very_long(5, 36) and very_long(5, 37)


def test_a_function_of_a_product_of_more_columns_is_simple_with_more_nodes(found):
    search = found(lambda u, v: u * v)
    product = sympy.Mul(*sympy.symbols("x:3"))

    def simplest(argument, nodes):
        search.best = lambda: SimpleNamespace(complexity=nodes, expression=F(2.4) * sympy.asin(argument))
        return search.simplest()

    assert [simplest(product, nodes) for nodes in (9, 10)] == [True, False]
    assert [simplest(sympy.Symbol("x0"), nodes) for nodes in (5, 6)] == [True, False]


def test_no_power_law_is_long(found):
    search = found(lambda u, v: u * v)
    u, v = search.fit_rows.variables
    law, other = F(2.4) * u**2 / v**3, F(2.4) * (u + 1) ** 2 / v**3

    def long(expression):
        search.best = lambda: SimpleNamespace(complexity=99, expression=expression)
        return search.long()

    assert long(other) and not long(law)


@pytest.mark.long
def test_a_constant_that_is_missing_is_found(brief):
    search = brief(lambda u, v: 3.1 * u / (u + 1.27 * v + 2.3))
    u, v = search.fit_rows.variables
    search.add(F(3.0) * u / (u + v + F(2.0)), "a guess")
    before = search.best()
    search.improve(NOISE, seed=0)
    best = search.best()
    assert before is not None and best is not None
    assert best.description_length < before.description_length - 20
    assert np.sqrt(best.validation_loss) < 1.1 * NOISE
    assert best.complexity <= before.complexity + 4


@pytest.mark.long
def test_a_part_that_is_wrong_is_read_anew(brief):
    search = brief(lambda u, v: 2.0 * np.exp(-1.3 * u) + np.sin(2.2 * v))
    u, v = search.fit_rows.variables
    search.add(F(0.9) / (u**2 + F(0.8)) + sympy.sin(F(2.2) * v) + F(0.01), "a guess")
    search.improve(NOISE, seed=0)
    best = search.best()
    assert best is not None and best.expression.has(sympy.exp) and np.sqrt(best.validation_loss) < 1.1 * NOISE


@pytest.mark.long
def test_what_has_given_way_is_asked_nothing_more(brief):
    search = brief(lambda u, v: 2.0 * np.exp(-1.3 * u) + np.sin(2.2 * v))
    u, v = search.fit_rows.variables
    # Each part is wrong: with one of them right, the other is that of the new pick.
    search.add(F(0.9) / (u**2 + F(0.8)) + F(0.5) * v - F(0.8), "a guess")
    search.deadline = 3 * SECONDS
    read, behind = search._read, []

    def recorded(part, formula, *rest):
        behind.append(formula.description_length - search.best().description_length)
        read(part, formula, *rest)

    search._read = recorded
    before = search.best()
    search.improve(NOISE, seed=0)
    best = search.best()
    assert before is not None and best is not None
    assert best.description_length < before.description_length - 200
    # Constants that are missing may be added between two parts.
    assert len(behind) > 1 and max(behind) < 20


@pytest.mark.long
def test_what_is_right_stays_the_pick(brief):
    search = brief(lambda u, v: 2.0 * np.exp(-1.3 * u) + np.sin(2.2 * v))
    u, v = search.fit_rows.variables
    search.add(F(2.1) * sympy.exp(-F(1.2) * u) + sympy.sin(F(2.2) * v), "the law")
    before = search.best()
    search.improve(NOISE, seed=0)
    assert search.best() is before


def test_it_ends_when_time_is_up(found):
    search = found(lambda u, v: 3.1 * u / (u + 1.27 * v + 2.3))
    u, v = search.fit_rows.variables
    search.add(F(3.0) * u / (u + v + F(2.0)), "a guess")
    number = len(search)
    search.deadline = -math.inf
    search.improve(NOISE, seed=0)
    assert len(search) == number


@pytest.mark.long
def test_without_noise_a_term_of_one_column_is_added_where_it_leaves_hardly_anything(found):
    search = found(lambda u, v: u * v + 0.3 * np.sin(9 * v), noise=0.0)
    u, v = search.fit_rows.variables
    search.add(F(1.0) * u * v + F(0.01) * v, "a guess")
    search.improve(0.0, seed=0)
    assert search.exact()


@pytest.mark.long
def test_without_noise_terms_of_one_column_that_come_near_give_way_to_the_law(found):
    # The other term is the law's; two that together come near a sine, and their constants, are not.
    search = found(lambda u, v: 0.7 * u * v**2 + 0.5 * np.sin(1.3 * v) + 0.2 * v, noise=0.0)
    u, v = search.fit_rows.variables
    near = F(0.62) - F(0.9) / (v + F(1.4)) + F(0.35) * sympy.tanh(F(1.1) * v - F(0.5))
    search.add(F(0.7) * u * v**2 + near, "a guess")
    assert not search.exact()
    search.improve(0.0, seed=0)
    best = search.best()
    assert search.exact() and best is not None and best.expression.has(sympy.sin) and best.complexity <= 20


def test_without_noise_nothing_long_is_made_of_what_is_no_law(found):
    search = found(
        lambda u, v: np.sin(9 * u * v) + np.cos(5 * v + np.sin(7 * v)) + np.tanh(3 * v**2 - 4 * v), noise=0.0
    )
    u, v = search.fit_rows.variables
    search.add(F(0.01) * u * v, "a guess")
    before = list(search)
    search.improve(0.0, seed=0)
    assert list(search) == before


@pytest.mark.long
def test_a_part_that_is_right_and_has_a_constant_too_many_is_read_anew(brief):
    search = brief(lambda u, v: 3.0 * np.sin(2.2 * v) + 2.0 / u**2)
    u, v = search.fit_rows.variables
    # Within the noise the same curve, with an offset and a pole of its own.
    search.add(F(3.0) * sympy.sin(F(2.2) * v) + F(1.24) / (u - F(0.22)) - F(0.52), "a guess")
    search.improve(NOISE, seed=0)
    best = search.best()
    assert best is not None and np.sqrt(best.validation_loss) < 1.1 * NOISE
    assert sympy.limit(best.expression.subs(best.variables[1], 0), best.variables[0], sympy.oo) == 0


@pytest.mark.long
def test_a_part_that_is_wrong_is_read_anew_however_short_the_formula(brief):
    search = brief(lambda u, v: 2.0 * u * np.exp(-1.3 * v))
    u, v = search.fit_rows.variables
    search.add(F(0.9) * u / (v**2 + F(0.8)), "a guess")
    assert not search.long()
    search.improve(NOISE, seed=0)
    best = search.best()
    assert best is not None and best.expression.has(sympy.exp) and np.sqrt(best.validation_loss) < 1.1 * NOISE


@pytest.mark.long
def test_without_noise_one_wrong_function_gives_way_wherever_it_is(brief):
    search = brief(lambda u, v: 0.82 * u * (0.57 * v) ** u, noise=0.0)
    u, v = search.fit_rows.variables
    search.add(F(0.8) * u * sympy.exp(u * (F(2.0) - F(4.0) / (F(0.57) * v + 1))), "a guess")
    assert not search.exact()
    search.improve(0.0, seed=0)
    assert search.exact()


@pytest.mark.long
def test_of_two_wrong_functions_one_comes_nearer_after_the_other(brief):
    search = brief(lambda u, v: 2 - 1 / (1 + u**4) - 1 / (1 + v**4), noise=0.0)
    u, v = search.fit_rows.variables
    search.deadline = 6 * SECONDS
    search.add(F(2.0) - sympy.exp(-F(0.77) * u**2) - sympy.exp(-F(0.77) * v**2), "a guess")
    search.improve(0.0, seed=0)
    assert search.exact()


def test_a_formula_that_was_found_twice_is_asked_once(brief, monkeypatch):
    search = brief(lambda u, v: 0.82 * u * (0.57 * v) ** u, noise=0.0)
    u, v = search.fit_rows.variables
    search.add(F(0.8) * u * sympy.exp(u * (F(2.0) - F(4.0) / (F(0.57) * v + 1))), "a guess")
    search.all += [replace(one, steps=()) for one in search.all]
    asked = []
    monkeypatch.setattr(search, "_read", lambda part, formula, *rest, **_: asked.append((formula.expression, part)))
    search.improve(0.0, seed=0)
    assert asked and len(asked) == len(set(asked))


def test_what_a_formula_follows_is_no_noise(found):
    search = found(lambda u, v: u * v, noise=0.0)
    u, v = search.fit_rows.variables
    search.add(F(1.1) * u * v ** F(0.9), "a guess")
    assert search.exact() and search.belies(1e-3)
    noisy = found(lambda u, v: u * v)
    noisy.add(F(1.1) * u * v ** F(0.9), "a guess")
    # Of its residual, and of the errors that are given, it is the noise.
    assert not noisy.belies(NOISE) and noisy.belies(10 * NOISE)


def test_a_pick_with_a_wrong_part_is_wrong_until_there_is_another(found):
    search = found(lambda u, v: 2.0 * np.exp(-1.3 * u) + np.sin(2.2 * v))
    assert search.wrong()
    u, v = search.fit_rows.variables
    search.add(F(0.9) / (u**2 + F(0.8)) + sympy.sin(F(2.2) * v), "a guess")
    assert search.wrong()
    search.add(F(2.1) * sympy.exp(-F(1.2) * u) + sympy.sin(F(2.2) * v), "the law")
    assert not search.wrong()


@pytest.mark.long
def test_a_wrong_envelope_of_a_wave_of_the_only_column_is_read_anew(curve):
    search = curve(lambda u: (1 + np.cos(6.1 * u)) * np.sinc(0.81 * u / np.pi) ** 2, 130, 0.003)
    (u,) = search.fit_rows.variables
    search.add((F(1.0) + sympy.cos(F(6.1) * u)) * sympy.exp(-F(0.2) * u**2), "a guess")
    assert search.best().train_loss > (3 * 0.003) ** 2
    search.improve(0.003, seed=0)
    assert search.best().train_loss < (1.2 * 0.003) ** 2


def test_of_many_rows_only_what_may_be_the_pick_gets_the_algebra(found):
    search = found(lambda u, v: 2.0 * u * np.exp(-1.3 * v))
    u, v = search.fit_rows.variables
    search.add(F(1.9) * u * sympy.exp(-F(1.2) * v), "the law")
    pick, number = search.best(), len(search)
    assert pick not in search.fit_rows.rough
    search.add(F(0.9) * u**2 / (v**2 + F(0.8)) + F(0.3), "far behind")
    behind = list(search)[number:]
    assert behind and set(behind) <= set(search.fit_rows.rough) and search.best() is pick


def test_of_forms_with_ever_fewer_constants_the_shortest_get_the_algebra(found, monkeypatch):
    finished = []
    finish = formulation._finish
    monkeypatch.setattr(
        formulation, "_finish", lambda form, *rest: finished.append(len(form.constants)) or finish(form, *rest)
    )
    search = found(lambda u, v: 2.0 * u + 1.5 * np.sin(2.0 * v))
    u, v = search.fit_rows.variables
    search.add(F(2.0) * u + F(1.5) * sympy.sin(F(2.0) * v) + F(0.01) * u**2 + F(0.02) / v + F(0.01), "too long")
    assert finished and max(finished) < 5
    assert search.best().complexity <= 12


def test_a_formula_beyond_double_precision_costs_no_other(brief, monkeypatch):
    search = brief(lambda u, v: 2.0 * np.exp(-1.3 * u) + np.sin(2.2 * v))
    u, v = search.fit_rows.variables
    right = F(2.1) * sympy.exp(-F(1.2) * u) + sympy.sin(F(2.2) * v)
    search.add(F(0.9) / (u**2 + F(0.8)) + sympy.sin(F(2.2) * v), "a guess")
    search.add(F(0.4) * u * v, "another guess")
    refused = []

    def of_one(expression, variables):
        if not expression.has(sympy.sin):
            refused.append(expression)
            raise ArgumentError("beyond double precision")
        return parametrize(expression, variables)

    monkeypatch.setattr("kansym.search.found.parametrize", of_one)
    monkeypatch.setattr("kansym.search.found.read_anew", lambda *_, **__: iter([u + v, right]))
    search.improve(NOISE, seed=0)
    assert refused and np.sqrt(search.best().validation_loss) < 1.1 * NOISE
