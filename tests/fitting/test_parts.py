"""The parts of a fit without a start: expected sizes, candidates, screening, descents, signs and directions."""

import math

import numpy as np
import pytest
import scipy.optimize
import sympy

from kansym import clock
from kansym.fitting.candidates import DECADES, Candidates, expected_sizes
from kansym.fitting.determined import undetermined_groups, undetermined_notes
from kansym.fitting.least_squares import best_descent, polished, projected_descent
from kansym.fitting.population import Screen, descended, evolved
from kansym.fitting.signs import positive_where_free
from kansym.fitting.starts import aliased, roughness, starting_values
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm, columns_of
from kansym.symbolic.parser import free_names, parse_expression
from kansym.symbolic.refit import LeastSquares


def form_of(text, values=None, column="x"):
    names = free_names(text, [column])
    symbols = tuple(map(plain_symbol, names))
    values = np.ones(len(names)) if values is None else np.array(values, dtype=float)
    return ParametricForm(parse_expression(text, [column, *names]), (plain_symbol(column),), symbols, values)


def problem_of(form, x, y):
    return LeastSquares(form, columns_of(x[:, None], 1), y)


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("A*exp(-x/s) + B", {"A": 3, "s": 2, "B": 3}),
        ("A*exp(-k*x)", {"A": 3, "k": -2}),
        ("a/(1 + b*x + c*x**2)", {"a": 3, "b": -2, "c": -4}),
        ("A*exp(-((x - m)/s)**2)", {"A": 3, "m": 2, "s": 2}),
        ("A*x**p", {"A": 1, "p": 0}),
        ("sqrt(a*x)", {"a": 4}),
    ],
)
def test_sizes_follow_from_dimensions(text, sizes):
    form = form_of(text)
    found = expected_sizes(form.expression, form.constants, {plain_symbol("x"): 100.0}, 1000.0, 50)
    assert dict(zip([symbol.name for symbol in form.constants], found, strict=True)) == pytest.approx(sizes, abs=1e-9)


def test_a_frequency_is_between_one_radian_and_half_a_period_per_row():
    form = form_of("sin(w*x)")
    found = expected_sizes(form.expression, form.constants, {plain_symbol("x"): 1.0}, 1.0, 100)
    assert 0 < found[0] < np.log10(np.pi * 100)


def test_candidates_cover_decades_of_both_signs_and_the_range_of_the_column():
    form = form_of("A*exp(-((2*x - m)/s)**2)")
    x = np.linspace(1000, 1010, 30)
    candidates = Candidates.of(form, [1, 2], x[:, None], x)
    unit = np.random.default_rng(0).random((4000, 2))
    places, widths = candidates.at(unit, 0), candidates.at(unit, 1)
    assert candidates.places[0] == pytest.approx([2000, 2020]) and np.isnan(candidates.places[1]).all()
    assert 0.4 < np.mean((places >= 2000) & (places <= 2020)) < 0.6
    assert 0.2 < np.mean(widths < 0) < 0.4
    low, high = candidates.sizes[:, 1].min() - DECADES, candidates.sizes[:, 1].max() + DECADES
    assert (np.log10(np.abs(widths)) >= low).all() and (np.log10(np.abs(widths)) <= high).all()


def test_screening_solves_for_what_is_linear():
    form = form_of("A*exp(-k*x) + B")
    x = np.linspace(0, 3, 25)
    y = 2 * np.exp(-x) + 0.5 + 0.1 * np.sin(11 * x)
    screen = Screen(problem_of(form, x, y))
    ks = np.array([[0.3], [1.0], [4.0]])
    losses, values = screen.losses(ks)
    for (k,), loss, row in zip(ks, losses, values, strict=True):
        design = np.column_stack([np.exp(-k * x), np.ones(25)])
        solution, rss = np.linalg.lstsq(design, y, rcond=None)[:2]
        assert loss == pytest.approx(rss[0] / np.sum(y**2), rel=1e-9)
        assert dict(zip([s.name for s in form.constants], row, strict=True)) == pytest.approx(
            {"A": solution[0], "k": k, "B": solution[1]}, rel=1e-8
        )


def test_screening_takes_undefined_and_equal_columns():
    x = np.linspace(0.1, 3, 25)
    screen = Screen(problem_of(form_of("A*log(x - m)"), x, x))
    losses, _ = screen.losses(np.array([[1.0], [-1.0]]))
    assert losses[0] == np.inf and np.isfinite(losses[1])
    equal = Screen(problem_of(form_of("A*exp(-k*x) + B*exp(-q*x)"), x, np.exp(-x)))
    assert equal.losses(np.array([[1.0, 1.0]]))[0][0] < 1e-20


@pytest.mark.parametrize("way", ["batch", "evolution"])
def test_batches_arrive_where_scipy_does(way):
    form = form_of("A*exp(-k*x) + B")
    x = np.linspace(0, 3, 25)
    y = 2 * np.exp(-x) + 0.5 + 0.1 * np.sin(11 * x)
    screen, rng = Screen(problem_of(form, x, y)), np.random.default_rng(0)
    population = 10 ** rng.uniform(-1, 1, (16, 1))
    if way == "batch":
        losses, values = descended(screen, screen.losses(population)[1])
    else:
        losses, values = evolved(screen, population, (), rng)
    reference = scipy.optimize.curve_fit(lambda x, A, k, B: A * np.exp(-k * x) + B, x, y, p0=[1, 1, 1])[0]
    assert (np.diff(losses) >= 0).all()
    assert dict(zip([s.name for s in form.constants], values[0], strict=True)) == pytest.approx(
        dict(zip("AkB", reference, strict=True)), rel=1e-4
    )


def test_projected_descent_and_settling():
    form = form_of("A*exp(-k*x) + B*exp(-q*x)", [1, 0.3, 1, 5])
    x = np.linspace(0, 3, 30)
    truth = dict(A=1.0, k=0.5, B=2.0, q=3.0)
    y = np.exp(-0.5 * x) + 2 * np.exp(-3 * x)
    problem = problem_of(form, x, y)
    found = projected_descent(problem, form.values)
    assert dict(zip([s.name for s in form.constants], found, strict=True)) == pytest.approx(truth, rel=1e-4)
    values, converged = polished(problem, found)
    assert converged
    assert dict(zip([s.name for s in form.constants], values, strict=True)) == pytest.approx(truth, rel=1e-11)
    assert projected_descent(problem_of(form_of("a + b*x"), x, y), np.ones(2)) is None
    # From a decay that has died out long before the second row, the plain fit alone runs off.
    far = best_descent(problem_of(form_of("A*exp(-k*x)"), x, 3 * np.exp(-0.2 * x)), np.array([1.0, 100.0]))
    assert far[0] == pytest.approx([3, 0.2], rel=1e-6)


def test_settling_is_exact_with_large_residuals():
    """The gradient vanishes to rounding, also where Gauss-Newton steps only gain a factor each."""
    form = form_of("A*sin(w*x)", [1, 1.1])
    x = np.linspace(0, 6, 40)
    problem = problem_of(form, x, np.sin(1.1 * x) + np.cos(2.7 * x))
    values, _ = polished(problem, form.values)
    jacobian = np.column_stack([np.sin(values[1] * x), values[0] * x * np.cos(values[1] * x)])
    jacobian /= np.linalg.norm(jacobian, axis=0)
    residual = values[0] * np.sin(values[1] * x) - np.sin(1.1 * x) - np.cos(2.7 * x)
    assert np.abs(jacobian.T @ residual).max() < 1e-12


def test_signs_that_change_nothing_are_positive():
    x = np.linspace(-1, 1, 9)
    columns = columns_of(x[:, None], 1)
    squared = form_of("A*exp(-((x - m)/s)**2)")
    assert positive_where_free(squared, columns, np.array([1.0, -0.2, -3.0]), ()) == pytest.approx([1, -0.2, 3])
    ratio = form_of("(A/s)*exp(-((x - m)/s)**2)")
    assert positive_where_free(ratio, columns, np.array([-1.0, -3.0, -0.2]), ()) == pytest.approx([1, 3, -0.2])
    assert positive_where_free(ratio, columns, np.array([-1.0, -3.0, -0.2]), {1}) == pytest.approx([-1, -3, -0.2])


def test_fast_oscillations_are_told_from_slow_ones():
    x = np.arange(40.0)[:, None]
    form = form_of("cos(2*pi*f*x + 1)")
    slow, half, one, two = (np.array([f]) for f in (0.06, 0.94, 1.06, 1.94))
    for fast in (half, one, two):
        assert aliased(form, x, fast)
        assert roughness(form, x, fast) > 10 * roughness(form, x, slow)
    for frequency in (0.01, 0.06, 0.2, 0.4, 0.47):
        assert not aliased(form, x, np.array([frequency]))
    assert roughness(form_of("a + x"), x, np.array([2.0])) < 1e-13
    assert roughness(form_of("log(x - a)"), x, np.array([2.0])) == np.inf


def test_directions_without_effect_are_grouped():
    null = np.zeros((5, 2))
    null[[0, 2], 0] = np.sqrt(0.5)
    null[4, 1] = 1
    assert undetermined_groups(null) == [[0, 2], [4]]
    # Any other basis of the same directions gives the same groups.
    turn = np.array([[0.6, 0.8], [-0.8, 0.6]])
    assert undetermined_groups(null @ turn) == [[0, 2], [4]]
    notes = undetermined_notes(list("abcde"), null)
    assert "tell a and c apart" in notes[0] and "determine e" in notes[1]
    assert undetermined_notes(["a"], np.zeros((1, 0))) == []


def test_nowhere_finite_gives_no_start():
    form = form_of("A*log(-x**2 - s**2)")
    x = np.linspace(1, 2, 10)
    assert starting_values(form, x[:, None], x, None, {}, np.random.default_rng(0)) is None


def test_many_rows_are_thinned_for_the_starts():
    form = form_of("A*exp(-k*x)")
    x = np.random.default_rng(0).uniform(0, 5, 20_000)
    y = 2 * np.exp(-0.7 * x)
    found = starting_values(form, x[:, None], y, np.ones(20_000), {}, np.random.default_rng(0))
    assert found == pytest.approx([2, 0.7], rel=1e-8)


def test_starts_are_cut_short_at_their_deadline():
    form = form_of("A*exp(-k*x) + B*exp(-l*x)")
    x = np.linspace(0, 5, 100)
    y = 2 * np.exp(-0.7 * x) + 3 * np.exp(-4.0 * x)
    spent = []
    for deadline in (None, 0.0):
        with clock.running(clock.Clock()) as work:
            found = starting_values(form, x[:, None], y, None, {}, np.random.default_rng(0), deadline)
            spent.append(work.now())
        assert found is not None and np.isfinite(found).all()
    assert spent[1] < 0.1 * spent[0]


def test_constants_without_a_rule_are_of_size_one():
    a = sympy.Symbol("a")
    x = plain_symbol("x")
    assert expected_sizes(x + sympy.Heaviside(a), (a,), {x: 3.0}, 5.0, 10) == pytest.approx([0])


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("A*cos(w*x + p)", [-3.0, 2.1, 0.5 - math.pi + 80 * math.pi], [3.0, 2.1, 0.5]),
        ("A*cos(w*x + p)", [3.0, -2.1, -0.5], [3.0, 2.1, 0.5]),
        ("A*sin(w*x + p)", [3.0, -2.1, math.pi - 0.5], [3.0, 2.1, 0.5]),
        ("A*exp(-x/T)*sin(p - w*x) + B", [-2.0, 1.5, 7.0, 3.0, -0.5], [2.0, 1.5, 7.0 - 3 * math.pi, 3.0, -0.5]),
        ("A*cos(2*pi*(x - p)/T)", [-3.0, 0.2 + 7.5 * 2.9, 2.9], [3.0, 0.2, 2.9]),
        ("A*cos(p)*x", [3.0, 20.0], [3.0, 20.0 - 6 * math.pi]),
        ("p*x + cos(p*x)", [20.0], [20.0]),
    ],
)  # fmt: skip
def test_phases_are_within_half_a_period(text, values, expected):
    columns = columns_of(np.linspace(-1, 3, 40)[:, None], 1)
    form = form_of(text)
    found = positive_where_free(form, columns, np.array(values), ())
    np.testing.assert_allclose(
        form.value_at(columns, found), form.value_at(columns, np.array(values)), rtol=1e-9, atol=1e-9
    )
    assert found == pytest.approx(expected, abs=1e-9)


def test_a_phase_that_was_given_keeps_its_turns():
    columns = columns_of(np.linspace(-1, 3, 40)[:, None], 1)
    assert positive_where_free(form_of("A*cos(w*x + p)"), columns, np.array([3.0, 2.0, 30.0]), {2})[2] == 30.0
    # The turns of p are complex where k is negative, and infinite where it is 0.
    for text, k in (("A*cos(w*x + p*sqrt(k))", -1.0), ("A*cos(w*x + p/k)", 0.0)):
        assert positive_where_free(form_of(text), columns, np.array([3.0, 2.0, 1.0, k]), ()).shape == (4,)
