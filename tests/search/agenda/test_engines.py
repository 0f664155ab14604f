"""What every engine keeps to, and what engines and tasks know of a table."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import sympy

from kansym import DiscoveryOptions, clock, discover, provenance
from kansym.data.dataset import Dataset, make_dataset
from kansym.search.agenda import curves, sums
from kansym.search.agenda.engines import ENGINES
from kansym.search.agenda.grounds import CurveGround, UserGround
from kansym.search.agenda.stepping import Steps
from kansym.search.agenda.task import OF_NOISE, Facts, Found, Task, part_rows, prepared_rows
from kansym.search.found import FoundFormulas
from kansym.structure.leaf import symbols
from kansym.structure.problem import Problem
from kansym.structure.separability import Separation

OPTIONS = DiscoveryOptions(max_seconds=20.0, seed=0, device="cpu", deterministic=True)


@pytest.fixture(autouse=True)
def _search():
    with clock.running(clock.Clock()), provenance.keeping():
        yield


def whole_of(X, y, *, error=None, options=OPTIONS):
    """The task of a user's table."""
    names = tuple("uvwx"[: X.shape[1]])
    rows = prepared_rows(Dataset(X, y, names, y_error=None if error is None else np.full(len(y), error)), options)
    fitted = rows.rows(rows.fitting)
    problem = Problem.of(fitted[0], fitted[1], rows.variables, fitted[2])
    facts = Facts.of(fitted[1], options.seed)
    return Task(problem, UserGround(FoundFormulas(rows, 20.0)), facts, options, given=rows)


def noisy_table(rng, n, columns):
    X = rng.uniform(0.5, 4.0, (n, columns))
    return X, np.exp(-X[:, 0]) + 0.01 * rng.normal(size=n)


def informed(task):
    """The task with its interpolant."""
    engine = next(one for one in ENGINES if one.informs)
    if engine.suits(task):
        list(engine.propose(task))
    return task


def tasks(rng):
    """Tables of one to three columns, with noise and without, few rows, and a function read off an interpolant."""
    X, y = noisy_table(rng, 80, 2)
    plane = rng.uniform(1.0, 3.0, (120, 3))
    made = [
        whole_of(*noisy_table(rng, 12, 1), error=0.01),
        whole_of(*noisy_table(rng, 120, 1)),
        whole_of(X, y),
        whole_of(X, np.exp(-X[:, 0]) * X[:, 1]),
        whole_of(plane, plane[:, 0] * plane[:, 1] / plane[:, 2]),
    ]
    made = [informed(task) for task in made]
    return [*made, curve_of(made[3], np.linspace(0.5, 4.0, 200), lambda z: np.exp(-z)).task(1.0)]


def curve_of(task, z, law, *, column=0, product=True, error=1e-4):
    """The ground of a function that separates, as an interpolant sees it."""
    return CurveGround(task, task.problem, Separation(column, product, error), (z, law(z)), error)


@pytest.fixture
def plane(rng):
    """The task of an exact table of two columns."""
    X = rng.uniform(0.5, 4.0, (120, 2))
    return informed(whole_of(X, np.cos(X[:, 0] / 3) * X[:, 1]))


def test_readings_that_are_one_function_open_one_task(plane, rng):
    z, (variable,) = np.linspace(0.5, 4.0, 200), symbols(1)
    ground = curve_of(plane, z, lambda z: np.cos(z / 3) + 1e-5 * rng.normal(size=len(z)))
    wordy = sympy.sqrt(0.5 + 0.5 * sympy.cos(2 * variable / 3))
    (first,) = ground.take(Found(wordy, plane.problem))
    nested = first.smaller(first.problem, chance=0.5)
    assert first.odds > nested.odds > 0
    (short,) = ground.take(Found(sympy.cos(variable / 3), plane.problem))
    assert first.odds == nested.odds == 0 < short.odds
    assert ground.take(Found(wordy, plane.problem)) == []
    assert ground.take(Found(sympy.cos(variable / 3), plane.problem)) == []


def test_a_reading_that_fits_less_well_opens_a_task_of_its_own(plane, rng):
    z, (variable,) = np.linspace(0.5, 4.0, 200), symbols(1)
    ground = curve_of(plane, z, lambda z: np.cos(z / 3) + 1e-5 * rng.normal(size=len(z)), error=1e-6)
    (short,) = ground.take(Found(1 - variable**2 / 20, plane.problem))
    (right,) = ground.take(Found(sympy.cos(variable / 3), plane.problem))
    assert short.odds > 0 and right.odds > 0


def test_a_constant_beside_a_term_belongs_to_the_rest(rng):
    X = rng.uniform(0.5, 4.0, (120, 2))
    task = informed(whole_of(X, 2 * X[:, 0] + np.sin(X[:, 1])))
    z, (variable,) = np.linspace(0.5, 4.0, 200), symbols(1)
    ground = curve_of(task, z, lambda z: 2 * (z - z.mean()), product=False)
    assert ground.task(1.0).up_to_constant
    (rest,) = ground.take(Found(2 * variable - 4.5, task.problem))
    np.testing.assert_allclose(rest.problem.t, np.sin(rest.problem.X[:, 0]), atol=1e-9)


def test_a_separated_power_is_read(plane):
    z = np.linspace(0.5, 4.0, 200)
    task = curve_of(plane, z, lambda z: z**-1.35, error=1e-7).task(1.0)
    (variable,) = symbols(1)
    powers = [one for one in curves.of_one_column(task) if one.expression.is_Mul]
    assert any(abs(one.expression.as_coeff_exponent(variable)[1] + 1.35) < 1e-6 for one in powers)


@pytest.mark.parametrize(("column", "right"), [(0, True), (1, False)], ids=["right", "wrong"])
def test_a_step_is_confirmed_where_fewer_columns_tell_as_much(column, right, rng):
    X = rng.uniform(0.5, 4.0, (200, 2))
    whole = informed(whole_of(X, X[:, 0] * np.exp(-X[:, 1]) * (1 + 0.02 * rng.normal(size=200))))
    problem = whole.problem
    factor = problem.columns[column]
    rest = problem.without(column, factor, problem.X[:, column], product=True)
    task = whole.smaller(rest, chance=0.5, facts=whole.facts.anew(), kinds=frozenset({"exact laws"}))
    assert task.odds == 0.5 and not task.asks("compositions")
    informed(task)
    assert (task.odds > 0.8) == right and task.asks("compositions") == right


def test_a_smaller_table_tells_that_what_looked_like_noise_was_none(rng):
    X = rng.uniform(0.5, 4.0, (200, 2))
    whole = informed(whole_of(X, X[:, 0] * np.exp(-X[:, 1])))
    reducer = whole.facts.reducer
    lowest, reducer.lowest, reducer.noisy = reducer.lowest, 0.01, True
    rest = whole.problem.without(0, whole.problem.columns[0], whole.problem.X[:, 0], product=True)
    informed(whole.smaller(rest, facts=whole.facts.anew()))
    assert not reducer.noisy and reducer.lowest < max(lowest, 1e-4)


def test_work_that_has_found_nothing_makes_a_step_less_likely(plane):
    step = plane.smaller(plane.problem, chance=0.9)
    assert step.still_likely == pytest.approx(0.9)
    step.tried = {"curves": 0.5, "compositions": 0.2}
    # Bayes' rule: of 90 true steps 40 % have shown no law, and of 10 wrong ones all.
    assert step.still_likely == pytest.approx(36 / (36 + 10))
    step.chance = 0.0
    assert step.still_likely == 0.0


def test_what_leaves_more_than_the_function_may_be_wrong_by_is_less_likely(plane):
    z, (variable,) = np.linspace(0.5, 4.0, 200), symbols(1)
    ground = curve_of(plane, z, lambda z: np.cos(z / 3), error=1e-5)
    (wrong,) = ground.take(Found(1.05 - variable / 4, plane.problem))
    (right,) = ground.take(Found(sympy.cos(variable / 3), plane.problem))
    assert wrong.odds < 0.01 < 0.4 < right.odds


def begun(engine, task):
    """What an engine proposes in three slices, after which it is left."""
    steps = Steps(partial(engine.propose, task))
    came = [item for _ in range(3) for item in steps.step(0.1)]
    steps.close()
    assert steps.done
    return came


@pytest.mark.parametrize("name", [one.name for one in ENGINES])
def test_an_engine_proposes_the_same_again_and_never_raises(name, rng):
    engine = next(one for one in ENGINES if one.name == name)
    first, again = tasks(rng), tasks(np.random.default_rng(20240519))
    suited = [pair for pair in zip(first, again, strict=True) if engine.suits(pair[0])]
    for pair in suited[:2]:
        one, other = ([str(getattr(item, "expression", type(item))) for item in begun(engine, task)] for task in pair)
        assert one == other


def test_every_engine_suits_some_table(rng):
    made = [whole_of(*noisy_table(rng, 200, 1)), *tasks(rng)]
    # These are for waves of many turns.
    special = {"fast factors", "waves"}
    assert {one.name for one in ENGINES if any(map(one.suits, made))} >= {one.name for one in ENGINES} - special


def test_waves_are_asked_where_an_interpolant_sees_nothing(rng):
    X = rng.uniform(0.5, 3.0, (400, 2))
    waves = next(one for one in ENGINES if one.name == "waves")
    assert waves.suits(informed(whole_of(X, np.sin(90 * X[:, 0] - 70 * X[:, 1]))))
    assert not waves.suits(informed(whole_of(X, np.sin(X[:, 0] - X[:, 1]))))


def test_waves_of_many_turns_are_seen(rng):
    X = rng.uniform(-8.0, 8.0, (600, 3))
    task = whole_of(X, np.cos(4 * X[:, 1] - X[:, 0]) + X[:, 2])
    found = next(one for one in sums.waves(task) if isinstance(one, Found)).expression
    rows = task.rows
    left = sympy.lambdify(rows.variables, found, "numpy")(*rows.dataset.X.T) - rows.dataset.y
    assert np.abs(left).max() < 1e-9


@pytest.mark.parametrize("n", [200, 50])
def test_what_an_interpolant_leaves_is_hardly_noise(rng, n):
    task = informed(whole_of(*noisy_table(rng, n, 2)))
    assert task.noise > 0 and task.told(None)["noise"] == pytest.approx(OF_NOISE * task.noise)


def test_errors_that_are_given_are_noise_that_no_interpolant_need_see(rng):
    task = whole_of(*noisy_table(rng, 40, 1), error=0.01)
    assert task.noisy and not task.facts.seen and task.told(None)["noise"] == pytest.approx(0.01)


@pytest.mark.parametrize("error", [None, 1e3])
def test_rows_of_a_target_over_decades_count_by_their_relative_errors_without_noise(rng, error):
    x = rng.uniform(-4, 8, (300, 1))
    task = whole_of(x, np.exp(2 * x[:, 0]), error=error)
    y = task.table()[1]
    if error:
        assert task.evened(y, None) is None
    else:
        np.testing.assert_allclose(task.evened(y, None) * (y**2 + np.median(np.abs(y)) ** 2), 1.0)


def test_a_quotient_of_noisy_values_is_noisy_in_its_own_weights(rng):
    # y/x^3 has large values, and large noise, where x is small, and its weights are small there.
    x = rng.uniform(0.05, 4.0, (400, 1))
    t = 1.0 + np.exp(-x[:, 0]) / x[:, 0] ** 3 + 0.01 * rng.normal(size=400) / x[:, 0] ** 3
    whole = whole_of(x, t)
    problem = replace(whole.problem, t=t, trust=x[:, 0] ** 6)
    left = np.sqrt(np.average((0.01 / x[:, 0] ** 3) ** 2, weights=x[:, 0] ** 6))
    surrogate = informed(whole).surrogate

    def noise_of(error):
        part = whole.smaller(problem, surrogate=None if error is None else replace(surrogate, error=error))
        return part.noise

    assert left / t.std() < 1e-3
    assert noise_of(left / t.std()) == pytest.approx(left)
    assert noise_of(1e-4 * left / t.std()) == 0.0 == noise_of(None)


@pytest.mark.parametrize("noisy", [True, False])
def test_no_long_formula_is_handed_on_with_noise(rng, noisy):
    X = rng.uniform(0.5, 4.0, (60, 1))
    task = whole_of(X, np.exp(-X[:, 0]), error=0.01 if noisy else None)
    (x,) = task.rows.variables
    long = sympy.Add(*(float(k) * sympy.sin(k * x + 0.5) for k in range(1, 30)))
    handed = [one.expression for one in curves.permitted(task, [long, sympy.sin(x)])]
    assert (long in handed) is not noisy and sympy.sin(x) in handed


def test_a_part_has_its_own_names_and_its_target_its_own_errors(rng):
    X, y = noisy_table(rng, 60, 2)
    rows = part_rows(whole_of(X, y).problem, 0.02, OPTIONS)
    assert rows.noise_floor == pytest.approx(0.02) and not {"u", "v"} & set(rows.dataset.names)


def test_formulas_are_in_the_users_units(rng):
    units = np.array([1e-19, 3e8, 1e-3])
    X = rng.uniform(0.5, 3.0, (300, 3)) * units
    y = 1e-12 * np.hypot(X[:, 0] / units[0], X[:, 1] / units[1]) / (X[:, 2] / units[2])
    found = discover(make_dataset(X, y), OPTIONS)
    np.testing.assert_allclose(found.formula.predict(X), y, rtol=1e-7)
