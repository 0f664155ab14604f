"""Term pursuit: sums are found, in the time and with the functions that are given."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import sympy

from kansym import clock
from kansym.clock import Clock
from kansym.primitives.allowed import allowed_functions
from kansym.primitives.library import default_library
from kansym.structure.problem import TARGET
from kansym.terms.beam import Beam
from kansym.terms.pursuit import LEAST_ROWS, ROWS_PER_TERM, Pursuit, TermOptions, suits
from kansym.terms.targets import Target, Way

SHORT = TermOptions(terms=2, moves=1)


def pursued(X, y, *, seconds=12.0, **options):
    variables = sympy.symbols(f"x:{X.shape[1]}", real=True)
    options.setdefault("options", SHORT)
    with clock.running(Clock()) as running:
        found = list(Pursuit(X, y, variables, **options).formulas(seconds))
        return found, variables, running.now()


def error(formula, variables, X, y):
    return np.sqrt(np.mean((sympy.lambdify(variables, formula)(*X.T) - y) ** 2)) / y.std()


CASES = {
    "decay and wave": (((0.0, 4.0),), lambda x: 2 * np.exp(-0.7 * x) + 0.5 * np.sin(3.1 * x)),
    "kink anywhere": (((0.0, 4.0),), lambda x: 1.5 * np.abs(x - 0.9) + 0.8 * np.sqrt(x)),
    "kink": (((-2.0, 2.0), (0.0, 4.0)), lambda x, t: 1.5 * np.abs(x) - 0.8 * np.exp(-0.6 * t)),
    "product": (((0.5, 4.0), (0.0, 6.0)), lambda p, t: 1.4 * np.sqrt(p) + 0.3 * p * np.exp(-0.4 * t)),
}


LONG = {"kink anywhere", "kink", "product"}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long) if name in LONG else name for name in CASES]
)
def test_sums_are_found(table, name):
    ends, law = CASES[name]
    X, far = table(*ends), table(*ends, seed=1)
    found, variables, _ = pursued(X, law(*X.T), seconds=40.0)
    assert min(error(one, variables, far, law(*far.T)) for one in found) < 1e-8


@pytest.mark.long
def test_waves_are_not_looked_for_where_formulas_may_not_have_them(table):
    X = table((-2.0, 3.0), rows=600)
    allowed = allowed_functions(default_library().only("x", "exp"))
    found, _, _ = pursued(X, np.sin(2 * X[:, 0] ** 2 - X[:, 0]), seconds=1.0, allowed=allowed)
    assert not any(one.has(sympy.sin, sympy.cos) for one in found)


@pytest.mark.long
def test_a_target_under_a_link_is_found(table):
    X = table((0.5, 3.0), (1.0, 2.0))
    y = 1 / (0.7 * X[:, 0] + 0.4 * X[:, 1] ** 2)
    found, variables, _ = pursued(X, y, seconds=40.0)
    assert error(found[-1], variables, X, y) < 1e-8


def test_the_same_seed_gives_the_same_formulas(table):
    X = table((0.0, 4.0))
    y = np.tanh(X[:, 0] - 1) / (1 + X[:, 0] ** 2) + 0.1 * X[:, 0]
    first, second = (pursued(X, y, seconds=0.7, seed=3)[0] for _ in range(2))
    assert first and first == second


def test_work_that_is_charged_ends_it(table):
    X = table((0.5, 3.0), (1.0, 2.0))
    y = np.random.default_rng(0).normal(size=len(X))
    _, _, spent = pursued(X, y, seconds=3.0, options=TermOptions())
    assert spent < 6.0
    assert pursued(X, y, seconds=-1.0)[0] == []


def test_only_allowed_functions_are_used(table):
    X = table((0.5, 3.0))
    y = np.sin(2 * X[:, 0]) + np.exp(-X[:, 0])
    allowed = allowed_functions(default_library().only("x", "exp"))
    assert allowed is not None
    found, _, _ = pursued(X, y, seconds=0.8, allowed=allowed)
    assert found and all(allowed.permits(one) for one in found)


@pytest.mark.long
def test_rows_without_weight_do_not_count(table):
    X = table((0.0, 4.0))
    y = 2 * np.exp(-0.7 * X[:, 0]) + 0.3 * X[:, 0]
    weights = np.ones(len(y))
    weights[:100] = 0.0
    spoilt = np.where(weights > 0, y, 9.0)
    found, variables, _ = pursued(X, spoilt, weights=weights)
    assert min(error(one, variables, X, y) for one in found) < 1e-8


@pytest.mark.long
def test_extreme_units_and_tables_that_say_nothing(table):
    X = table((0.0, 4.0))
    y = 1e-19 * (2 * np.exp(-0.7 * X[:, 0]) + 0.3 * X[:, 0])
    found, variables, _ = pursued(X, y)
    assert min(error(one, variables, X, y) for one in found) < 1e-8
    assert not suits(X, np.ones(len(X)))
    few = X[:LEAST_ROWS]
    assert suits(few, few[:, 0]) and suits(few.repeat(2, axis=1), few[:, 0])
    assert not suits(few[1:], few[1:, 0])
    assert not suits(few.repeat(6, axis=1), few[:, 0])
    assert not suits(np.tile(X, 6), y)


@pytest.mark.long
def test_a_beam_that_is_taken_up_again_has_its_own_rows_and_target(table, monkeypatch):
    X = table((0.5, 3.0))
    y = np.exp(np.sin(3 * X[:, 0]) + 0.3 * X[:, 0] ** 2)
    added, seen = Beam._added, []

    def watched(beam, states, top):
        seen.append(beam.dictionary.rows is beam.rows)
        return added(beam, states, top)

    monkeypatch.setattr(Beam, "_added", watched)
    with clock.running(Clock()) as running:
        search = Pursuit(X, y, sympy.symbols("x:1", real=True), options=SHORT)
        first = Target("identity", y, np.ones_like(y), lambda z: z, TARGET, 1.0, 1)
        linked = Target("square", y**2, 1 / (2 * y), np.square, sympy.sqrt(TARGET), 1.0, 1)
        for target in (first, linked, replace(first, way=Way.AGAIN), replace(first, terms=2)):
            list(search._search(target, search._rows(target.z, target.slope), running.now() + 20.0))
    assert len(seen) > 3 and all(seen)


@pytest.mark.long
def test_a_pole_between_values_of_both_signs(table):
    X = table((-10.0, 10.0), (-10.0, 10.0), (-10.0, 10.0), rows=1000)
    x, z, u = sympy.symbols("x:3", real=True)
    found = next(iter(Pursuit(X, 2 * X[:, 0] + X[:, 1] / X[:, 2] - 0.01, (x, z, u)).formulas()))
    assert np.abs(sympy.lambdify((x, z, u), found - 2 * x - z / u + 0.01)(*X.T)).max() < 1e-8


@pytest.mark.long
def test_with_noise_the_rows_correct_what_an_interpolant_shows(table):
    X = table((0.0, 2.0), (0.5, 2.0), (1.0, 20.0))[:160]
    y = 2.1 * np.sin(3.1 * X[:, 0] + 0.5) * X[:, 1] ** 3 * X[:, 2] / (8.0 + X[:, 2])
    noisy = y + 0.02 * y.std() * np.random.default_rng(2).normal(size=len(y))
    variables = sympy.symbols("x:3", real=True)
    with clock.running(Clock()):
        first = next(Pursuit(X, noisy, variables, noise=0.02 * y.std(), noisy=True).formulas(60.0))
    # A law with as many constants has an error of some 2 % / sqrt(160 / 4).
    assert error(first, variables, X, y) < 0.007


@pytest.mark.long
def test_a_quick_look_finds_a_plain_sum_in_a_part_of_the_time(table):
    X = table((-2.0, 2.0), (-2.0, 2.0))
    y = 0.7 * X[:, 0] - 0.2 * np.abs(X[:, 0] - X[:, 1])
    noise = 0.02 * np.random.default_rng(0).normal(size=len(X))
    known = {"noise": 0.02, "noisy": True, "seconds": 14.0}
    found, variables, quick = pursued(X, y + noise, options=TermOptions(quick=True), **known)
    assert min(error(one, variables, X, y) for one in found) < 0.02
    *_, whole = pursued(X, y + noise, options=TermOptions(), **known)
    assert quick < 0.2 * whole


def test_a_sum_has_no_more_terms_than_its_rows_can_refuse(table):
    X = table((0.0, 4.0))[:25]
    variables = sympy.symbols("x:1")
    assert Pursuit(X, np.exp(-X[:, 0]), variables).options.terms == 25 // ROWS_PER_TERM


@pytest.mark.long
def test_a_sum_is_found_on_two_dozen_noisy_rows_of_two_inputs():
    X = np.array([(v, t) for v in np.geomspace(0.2, 2.0, 6) for t in np.linspace(260.0, 420.0, 4)])
    y = 0.083 * X[:, 1] / (X[:, 0] - 0.09) - 5.0 / X[:, 0] ** 2
    noise = 0.005 * y.std()
    measured = y + noise * np.random.default_rng(0).normal(size=len(y))
    found, variables, _ = pursued(X, measured, seconds=12.0, noise=noise, noisy=True, options=TermOptions())
    assert min(error(one, variables, X, y) for one in found) < 0.005


@pytest.mark.long
def test_of_sums_that_leave_as_little_the_likeliest_comes_first():
    law = lambda x: 0.4 + 1.2e-3 * x + 29.0 * np.exp(-2200.0 / x)  # noqa: E731
    x, far = (np.linspace(*ends, 40)[:, None] for ends in ((200.0, 500.0), (150.0, 700.0)))
    y = law(x[:, 0])
    noise = 1e-3 * y.std()
    measured = y + noise * np.random.default_rng(1).normal(size=len(y))
    found, variables, _ = pursued(x, measured, seconds=13.0, noise=0.1 * noise, noisy=True, options=TermOptions())
    # Before the end the shortest sum so far comes after every round.
    first = found[-TermOptions().handed_with_noise]
    assert error(first, variables, far, law(far[:, 0])) < 0.005


def test_with_noise_the_shortest_sum_so_far_comes_after_every_round(table):
    X = table((0.5, 3.0), (0.5, 3.0))
    y = X[:, 0] * np.exp(-0.7 * X[:, 1]) + 0.4 * np.sin(2.2 * X[:, 0]) - 0.3 * np.log(X[:, 1])
    y += 0.02 * y.std() * np.random.default_rng(0).normal(size=len(y))
    variables = sympy.symbols("x:2", real=True)
    with clock.running(Clock()):
        search = Pursuit(X, y, variables, noisy=True)
        one, two, three = itertools.islice(search.formulas(30.0), 3)
    assert error(one, variables, X, y) > error(two, variables, X, y) > error(three, variables, X, y)
