"""When sums of products are looked for."""

import numpy as np
import pytest
import sympy

from kansym import clock
from kansym.clock import Clock
from kansym.data.dataset import Dataset
from kansym.data.preparation import prepare
from kansym.search.budget import LEAF, TERMS_AFTER
from kansym.search.options import DiscoveryOptions
from kansym.search.rows import FitRows
from kansym.search.sums import LEAST_OF_CURVE, SEEN_BY_FEW, SHORTER_SECONDS, SPLINED, SPLINED_BY_TWO, Sums, Turn
from kansym.structure.leaf import Leaf, Look
from kansym.symbolic.parametric import parametrize
from kansym.terms.enumeration import Enumeration
from kansym.terms.pursuit import Pursuit


@pytest.fixture
def sums(rng):
    x = rng.uniform(0.5, 4.0, (300, 1))
    rows = prepare(Dataset(x, np.exp(-x[:, 0]) + x[:, 0], ("x",)), validation_fraction=0.2, seed=0)
    fit_rows = FitRows.of(rows.table, rows.train, rows.validation, rows.noise_floor, None)

    def of(seconds=60.0, part=False, **options):
        return Sums(fit_rows, DiscoveryOptions(**options), "cpu", part=part, deadline=seconds)

    with clock.running(Clock()):
        yield of


def test_each_turn_comes_once_and_none_after_the_whole(sums):
    search = sums()
    assert all(search.open(turn) for turn in Turn)
    assert list(search.formulas(Turn.BRIEF))
    assert not search.open(Turn.BRIEF) and search.open(Turn.EARLY)
    list(search.formulas(Turn.WHOLE))
    assert not any(search.open(turn) for turn in Turn)


def test_there_is_no_turn_without_time_for_it(sums):
    search = sums(seconds=1.01 * LEAST_OF_CURVE / Turn.WHOLE.value)
    assert [turn for turn in Turn if search.open(turn)] == [Turn.GLANCE, Turn.COMPOSED, Turn.WHOLE, Turn.NOISY_PART]


def test_a_part_without_time_for_sums_has_compositions(sums, monkeypatch):
    brief = LEAST_OF_CURVE / Turn.BRIEF.value
    assert sums(1.01 * brief, part=True).or_compositions(Turn.BRIEF) is Turn.BRIEF
    search = sums(0.99 * brief, part=True)
    assert search.or_compositions(Turn.BRIEF) is Turn.COMPOSED and search.open(Turn.COMPOSED)
    monkeypatch.setattr(Pursuit, "formulas", lambda *_, **__: pytest.fail("a pursuit"))
    assert len(list(search.formulas(Turn.COMPOSED))) >= 1
    assert not search.open(Turn.COMPOSED)
    # The whole has its turn later, and with noise a part has sums or a glance anyway.
    assert sums(0.99 * brief).or_compositions(Turn.BRIEF) is Turn.BRIEF
    search.noise = 0.1
    assert search.or_compositions(Turn.BRIEF) is Turn.BRIEF


def test_exact_compositions_come_before_what_takes_long(sums, monkeypatch):
    monkeypatch.setattr(Pursuit, "waves", lambda *_, **__: pytest.fail("waves"))
    monkeypatch.setattr(Pursuit, "formulas", lambda *_, **__: pytest.fail("a pursuit"))
    found = list(sums().formulas(Turn.SHORT))
    assert len(found) == 1 and clock.now() < 2.0


@pytest.mark.parametrize(
    ("noise", "columns", "look", "expected"),
    [
        (0.0, 3, Look.WHOLE, (Turn.SHORT,)),
        (0.1, 3, Look.CURVES, (Turn.SHORT,)),
        (0.1, 1, Look.WHOLE, (Turn.SHORT,)),
        (0.1, 2, Look.WHOLE, (Turn.SHORT, Turn.NOISY)),
        (0.1, 3, Look.WHOLE, (Turn.SHORT, Turn.NOISY)),
    ],
)
def test_with_noise_the_whole_has_its_sums_before_a_part_that_is_no_smaller(rng, noise, columns, look, expected):
    search = table_of(rng, 300, 3)
    search.see(noise, noise, (1,))
    leaf = Leaf(np.ones((300, columns)), np.ones(300), (), None, None, 1.0, None, look)
    assert search.before(leaf) == expected


def test_parts_have_turns_that_networks_alone_do_not_have(sums):
    assert not sums(structure=False).open(Turn.WHOLE)
    assert sums(structure=False, part=True).open(Turn.PART)
    assert not sums(terms=False, part=True).open(Turn.PART)


def test_with_errors_no_sum_is_exact_at_first_sight(rng):
    x = rng.uniform(0.5, 4.0, (300, 1))
    y = np.exp(-x[:, 0]) + 0.01 * rng.normal(size=300)
    rows = prepare(Dataset(x, y, ("x",), y_error=np.full(300, 0.01)), validation_fraction=0.2, seed=0)
    fit_rows = FitRows.of(rows.table, rows.train, rows.validation, rows.noise_floor, None)
    with clock.running(Clock()):
        search = Sums(fit_rows, DiscoveryOptions(), "cpu", part=False, deadline=60.0)
        assert search.noisy and not search.open(Turn.BRIEF) and search.open(Turn.WHOLE)


def test_a_glance_is_for_compositions_only(sums, monkeypatch):
    monkeypatch.setattr(Pursuit, "formulas", lambda *_, **__: pytest.fail("a pursuit"))
    search = sums()
    assert len(list(search.formulas(Turn.GLANCE))) >= 1
    assert not search.open(Turn.GLANCE) and search.open(Turn.WHOLE)


def test_the_last_turn(sums):
    search = sums(part=True)
    assert (sums().last, search.last) == (Turn.WHOLE, Turn.PART)
    search.noise = 0.1
    assert search.last is Turn.NOISY_PART


def table_of(rng, n, columns, *, part=False, error=None):
    X = rng.uniform(0.5, 4.0, (n, columns))
    y = np.exp(-X[:, 0]) + 0.01 * rng.normal(size=n)
    given = None if error is None else np.full(n, error)
    rows = prepare(Dataset(X, y, tuple("uvw"[:columns]), y_error=given), validation_fraction=0.2, seed=0)
    fit_rows = FitRows.of(rows.table, rows.train, rows.validation, rows.noise_floor, None)
    return Sums(fit_rows, DiscoveryOptions(), "cpu", part=part, deadline=60.0)


def test_the_first_turn_of_small_tables_is_a_whole_one(rng):
    assert table_of(rng, 300, 1).first is Turn.CURVE
    assert table_of(rng, 40, 2).first is Turn.SMALL
    assert table_of(rng, 40, 2, part=True).first is Turn.SHORT
    assert table_of(rng, 300, 2).first is table_of(rng, 40, 3).first is Turn.GLANCE


@pytest.mark.parametrize(("n", "share"), [(200, 1.0), (50, SEEN_BY_FEW)])
def test_what_few_rows_show_an_interpolant_is_hardly_noise(rng, n, share):
    search = table_of(rng, n, 2)
    search.noise = 0.1
    assert search._engines(noisy=True)[1].given == pytest.approx(share * 0.1)


def test_errors_that_are_given_are_noise_that_no_interpolant_need_see(rng, monkeypatch):
    asked = []
    search = table_of(rng, 40, 1, error=0.01)
    made = search._engines
    monkeypatch.setattr(search, "_engines", lambda *, noisy: asked.append(noisy) or made(noisy=noisy))
    with clock.running(Clock()):
        next(search.formulas(Turn.GLANCE), None)
    assert asked == [True]


def test_one_early_turn_longer_with_noise(sums, monkeypatch):
    search = sums()
    assert search.early is Turn.EARLY
    search.noise = 0.1
    assert search.early is Turn.NOISY and search.open(Turn.NOISY)
    monkeypatch.setattr(Enumeration, "formulas", lambda *_, **__: iter([sympy.S.One]))
    next(search.formulas(Turn.NOISY))
    assert not search.open(search.early)


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_rows_of_a_target_over_decades_count_by_their_relative_errors_without_noise(rng, noise, monkeypatch):
    x = rng.uniform(-4, 8, (300, 1))
    y = np.exp(2 * x[:, 0]) + noise * rng.normal(size=300)
    rows = prepare(Dataset(x, y, ("x",)), validation_fraction=0.2, seed=0)
    fit_rows = FitRows.of(rows.table, rows.train, rows.validation, rows.noise_floor, None)
    seen = []
    monkeypatch.setattr(Enumeration, "formulas", lambda *_, **__: iter([sympy.S.One]))

    class Recorder:
        def __init__(self, X, y, variables, *, weights, **rest):
            seen.append(weights)

        def waves(self, until):
            return iter(())

    monkeypatch.setattr("kansym.search.sums.Pursuit", Recorder)
    search = Sums(fit_rows, DiscoveryOptions(), "cpu", part=False, deadline=60.0)
    search.noise = noise
    with clock.running(Clock()):
        next(search.formulas(Turn.EARLY), None)
    fitted = fit_rows.rows(fit_rows.fitting)[1]
    if noise:
        assert seen == [None]
    else:
        np.testing.assert_allclose(seen[0] * (fitted**2 + np.median(np.abs(fitted)) ** 2), 1.0)


def test_a_part_has_the_time_until_the_first_turn_without_noise_and_all_of_it_with_noise(sums):
    search = sums()
    assert search.spare(0.0, 60.0) == pytest.approx(TERMS_AFTER * 60.0)
    assert search.spare(-60.0, 60.0) == pytest.approx(LEAF * 60.0)
    list(search.formulas(Turn.WHOLE))
    assert search.spare(0.0, 60.0) == np.inf
    noisy = sums()
    noisy.noise = 0.1
    assert noisy.spare(0.0, 60.0) == np.inf


def test_beside_a_formula_that_leaves_nothing_a_turn_takes_a_few_seconds(sums, monkeypatch):
    ends = []

    def formulas(self, until, **_):
        ends.append(until)
        return iter(())

    monkeypatch.setattr(Pursuit, "formulas", formulas)
    monkeypatch.setattr(Enumeration, "formulas", formulas)
    search = sums(600.0)
    search.settled = True
    began = clock.now()
    list(search.formulas(Turn.WHOLE))
    assert max(ends) == pytest.approx(began + SHORTER_SECONDS)


def test_what_is_seen_at_once_takes_no_turn(rng):
    X = rng.uniform(-8.0, 8.0, (600, 3))
    y = np.cos(4 * X[:, 1] - X[:, 0]) + X[:, 2]
    rows = prepare(Dataset(X, y, ("u", "v", "w")), validation_fraction=0.2, seed=0)
    fit_rows = FitRows.of(rows.table, rows.train, rows.validation, rows.noise_floor, None)

    def search(**options):
        return Sums(fit_rows, DiscoveryOptions(**options), "cpu", part=True, deadline=1.0)

    with clock.running(Clock()):
        found = next(search(structure=False).at_once(20.0))
        left = sympy.lambdify(fit_rows.variables, found, "numpy")(*fit_rows.dataset.X.T) - fit_rows.dataset.y
        assert np.abs(left).max() < 1e-9
        assert list(search(terms=False).at_once(20.0)) == []


@pytest.mark.parametrize(("n", "columns"), [(8, 1), (8, 2)])
def test_on_few_rows_only_compositions_are_looked_for(rng, n, columns, monkeypatch):
    monkeypatch.setattr(Pursuit, "formulas", lambda *_, **__: pytest.fail("a pursuit"))
    with clock.running(Clock()):
        search = table_of(rng, n, columns, error=0.01)
        assert search.open(search.first)
        assert list(search.formulas(search.first))
        assert not table_of(rng, 6, columns, error=0.01).open(Turn.WHOLE)
        assert not table_of(rng, n, 3, error=0.01).open(Turn.WHOLE)


def test_squares_of_waves_come_first_and_once(rng):
    x = np.linspace(0.2, 11.0, 90)
    clean = 6.1 * (np.sin(0.57 * x) * np.cos(1.58 * x) / x) ** 2
    y = clean + 0.004 * rng.normal(size=90)
    rows = prepare(Dataset(x[:, None], y, ("x",), y_error=np.full(90, 0.004)), validation_fraction=0.2, seed=0)
    fit_rows = FitRows.of(rows.table, rows.train, rows.validation, rows.noise_floor, None)
    with clock.running(Clock()):
        search = Sums(fit_rows, DiscoveryOptions(), "cpu", part=False, deadline=60.0)
        first = next(search.formulas(Turn.CURVE))
        assert not list(search._of_one_column())
    found = parametrize(first, fit_rows.variables).evaluate(x[:, None])
    assert np.sqrt(np.mean((found - clean) ** 2)) < 0.03 * clean.std()


@pytest.mark.long
def test_idle_columns_are_no_columns_of_sums(rng):
    search = table_of(rng, 300, 3)
    assert search._engines(noisy=False)[1].X.shape[1] == 3
    search.idle = (1, 2)
    enumeration, pursuit = search._engines(noisy=False)
    assert pursuit.X.shape[1] == 1 and [str(symbol) for symbol in pursuit.variables] == ["u"]
    with clock.running(Clock()):
        found = next(enumeration.formulas(1.0))
    assert {str(symbol) for symbol in found.free_symbols} == {"u"}


def test_a_quotient_of_noisy_values_is_noisy_in_its_own_weights(rng):
    # y/x^3 has large values, and large noise, where x is small, and its weights are small there.
    x = rng.uniform(0.05, 4.0, (400, 1))
    weights = x[:, 0] ** 6
    t = 1.0 + np.exp(-x[:, 0]) / x[:, 0] ** 3 + 0.01 * rng.normal(size=400) / x[:, 0] ** 3
    left = np.sqrt(np.average((0.01 / x[:, 0] ** 3) ** 2, weights=weights))
    rows = prepare(Dataset(x, t, ("x",), sample_weight=weights), validation_fraction=0.2, seed=0)
    fit_rows = FitRows.of(rows.table, rows.train, rows.validation, rows.noise_floor, None)

    def noise_of(attainable):
        with clock.running(Clock()):
            options = DiscoveryOptions(), "cpu"
            return Sums(fit_rows, *options, part=True, deadline=60.0, attainable=attainable).noise

    assert left / t.std() < 1e-3
    assert noise_of(left / t.std()) == pytest.approx(left)
    assert noise_of(1e-4 * left / t.std()) == 0.0 == noise_of(None)


@pytest.mark.parametrize("noisy", [True, False])
def test_no_long_formula_is_handed_on_with_noise(sums, noisy, monkeypatch):
    x = sympy.Symbol("x", real=True)
    long = sympy.Add(*(float(k) * sympy.sin(k * x + 0.5) for k in range(1, 30)))
    search = sums()
    search.noise = 0.01 if noisy else 0.0
    monkeypatch.setattr(search, "_found", lambda _: iter([long, sympy.sin(x)]))
    assert (long in list(search.formulas(Turn.WHOLE))) is not noisy


def engines_of_columns(monkeypatch, answer=()):
    """What the engines for functions of one and two columns are asked: their names and what they are told."""
    asked = []

    def of(name):
        return lambda X, y, variables, table, **how: asked.append((name, table, how)) or iter(answer)

    for name in ("factor_readings", "block_readings", "combination_readings"):
        monkeypatch.setattr(f"kansym.search.sums.{name}", of(name))
    return asked


@pytest.mark.parametrize(
    ("noise", "smooth", "told"), [(0.0, 1e-5, (SPLINED, SPLINED_BY_TWO)), (0.0, 0.1, None), (0.1, 0.1, None)]
)
def test_functions_of_columns_are_read_once(rng, monkeypatch, noise, smooth, told):
    asked = engines_of_columns(monkeypatch)
    search = table_of(rng, 300, 2)
    search.see(noise, smooth, ())
    with clock.running(Clock()):
        for combined, products in ((False, False), (False, False), (True, False), (True, True), (True, True)):
            list(search._of_single_columns(60.0, combined=combined, products=products))
    names = ["factor_readings", "block_readings", "combination_readings", "combination_readings"]
    assert [name for name, _, _ in asked] == names
    assert [how.get("products") for _, _, how in asked] == [None, None, False, True]
    # Splines of few pieces do not follow a function as closely as an interpolant may.
    spread = float(np.std(search.fit_rows.rows(search.fit_rows.fitting)[1]))
    single, double = (0.1, 0.1) if told is None else (share * spread for share in told)
    assert [table["noise"] for _, table, _ in asked] == pytest.approx([single, double, single, single])


def test_where_functions_of_columns_are_seen_no_others_are_asked(rng, monkeypatch):
    asked = engines_of_columns(monkeypatch, answer=[sympy.Symbol("x", real=True)])
    search = table_of(rng, 300, 2)
    search.see(0.1, 0.1, ())
    with clock.running(Clock()):
        for idle in ((), (), (0,)):
            search.see(0.1, 0.1, idle)
            list(search._of_single_columns(60.0, combined=True, products=True))
    # Without a column that does not matter the table is another one.
    assert [name for name, _, _ in asked] == ["factor_readings", "factor_readings"]


def test_without_an_interpolant_functions_of_columns_wait(rng, monkeypatch):
    asked = engines_of_columns(monkeypatch)
    search = table_of(rng, 300, 2)
    assert list(search._of_single_columns(60.0, combined=True, products=True)) == []
    assert asked == []


def test_a_turn_for_single_columns_has_nothing_else(rng, monkeypatch):
    x = sympy.Symbol("x", real=True)
    monkeypatch.setattr("kansym.search.sums.factor_readings", lambda *table, **how: iter([x]))
    search = table_of(rng, 300, 2)
    search.see(0.0, 1e-5, ())
    with clock.running(Clock()):
        assert list(search.formulas(Turn.SINGLE)) == [x]


@pytest.mark.parametrize(
    ("attainable", "seen"), [pytest.param(1e-3, True, marks=pytest.mark.long), (1e-9, False), (None, False)]
)
def test_what_splines_follow_far_better_than_an_interpolant_is_read(rng, attainable, seen):
    X = rng.uniform(0.5, 3.0, (400, 2))
    y = np.log(1 + 3 * X[:, 0]) + np.sqrt(X[:, 1])
    rows = prepare(Dataset(X, y, ("x", "z")), validation_fraction=0.2, seed=0)
    fit_rows = FitRows.of(rows.table, rows.train, rows.validation, rows.noise_floor, None)
    with clock.running(Clock()):
        told = {"part": True, "deadline": 60.0, "attainable": attainable}
        search = Sums(fit_rows, DiscoveryOptions(), "cpu", **told)
        found = next(search.followed_by_splines(30.0), None)
    assert (found is not None) == seen
    if found is not None:
        values = parametrize(found, fit_rows.variables).evaluate(X)
        np.testing.assert_allclose(values, y, atol=1e-5)
