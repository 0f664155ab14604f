import numpy as np
import pytest
import scipy.special
import scipy.stats
import sympy

from kansym.fitting.residuals import Residuals
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.parser import parse_expression
from kansym.symbolic.refit import refit
from kansym.validation.freed_edges import LEVEL, freed_edges, functions_of


def fitted(text, X, y, sigma=None, names=("x", "z"), **start):
    """The residuals of a formula whose constants, given with their starts, are fitted."""
    X = np.asarray(X, dtype=np.float64)
    X = X[:, None] if X.ndim == 1 else X
    names = names[: X.shape[1]]
    symbols, constants = (tuple(plain_symbol(name) for name in part) for part in (names, start))
    form = ParametricForm(parse_expression(text, [*names, *start]), symbols, constants, np.array(list(start.values())))
    form = refit(form, X, y).form
    errors = None if sigma is None else np.full(len(y), sigma)
    return Residuals(form, X, y, form.evaluate(X), errors, None, np.zeros(len(y)), 0)


@pytest.fixture
def two_columns(rng):
    X = np.column_stack([rng.uniform(-2, 2.5, 300), rng.uniform(1, 2, 300)])
    y = 2 * scipy.special.erf(0.8 * X[:, 0] - 0.3) * X[:, 1] ** 1.5
    return X, y, y + 0.02 * rng.standard_normal(300)


@pytest.mark.parametrize("sigma", [None, 0.02])
def test_a_look_alike_is_moved_and_the_right_function_stays(two_columns, sigma):
    X, _, y = two_columns
    wrong = freed_edges(fitted("a*tanh(b*x + c)*z**p", X, y, sigma, a=2.0, b=0.9, c=-0.3, p=1.4))
    assert wrong.named.startswith("tanh(") and wrong.alike == () and len(wrong.functions) == 2
    power, tanh = sorted(wrong.functions, key=lambda one: one.argument, reverse=True)
    assert tanh.moved and tanh.argument == "x" and tanh.adjusted_p < 1e-6
    assert not power.moved and power.argument == "z" and power.adjusted_p > LEVEL
    right = freed_edges(fitted("a*erf(b*x + c)*z**p", X, y, sigma, a=2.0, b=0.9, c=-0.3, p=1.4))
    assert right.named == "" and right.moved == () and right.least_p > LEVEL


def test_a_freed_function_bends_towards_the_right_one(two_columns):
    X, _, y = two_columns
    residuals = fitted("a*tanh(b*x + c)*z**p", X, y, 0.02, a=2.0, b=0.9, c=-0.3, p=1.4)
    (tanh,) = (one for one in freed_edges(residuals).functions if one.argument == "x")
    curve = tanh.curve
    assert curve is not None
    x, function, freed, error = (np.array(part) for part in (curve.x, curve.function, curve.freed, curve.error))
    assert x[0] == pytest.approx(X[:, 0].min()) and x[-1] == pytest.approx(X[:, 0].max())
    # The right one, in the scale and about the offset of the function that stands in the formula.
    truth = scipy.special.erf(0.8 * x - 0.3)
    scale, offset = np.polyfit(truth, freed, 1)
    assert np.std(freed - scale * truth - offset) < 0.3 * np.std(
        function - np.polyval(np.polyfit(truth, function, 1), truth)
    )
    assert 0.002 < tanh.move < 0.03
    # Where the curve is known it is not the function.
    assert np.max(np.abs(freed - function) / error) > 5
    assert tanh.gain == pytest.approx(tanh.statistic, rel=0.5)


@pytest.mark.parametrize("known", [pytest.param(True, marks=pytest.mark.long), False])
def test_p_values_under_a_right_formula_are_even(known, rng):
    x = np.linspace(0, 4, 45)
    truth = 3 * np.exp(-0.7 * x) + 0.5
    found = []
    for _ in range(80):
        y = truth + 0.05 * rng.standard_normal(len(x))
        residuals = fitted("a*exp(-b*x) + c", x, y, 0.05 if known else None, a=3.0, b=0.7, c=0.5)
        found.append(freed_edges(residuals).functions[0].p_value)
    assert scipy.stats.kstest(found, "uniform").pvalue > 1e-3


def test_the_band_covers_the_right_function(rng):
    x = np.linspace(-2, 2, 120)
    inside = []
    for _ in range(30):
        y = 3 * np.tanh(x) + 0.1 * rng.standard_normal(len(x))
        curve = freed_edges(fitted("a*tanh(b*x)", x, y, 0.1, a=3.0, b=1.0)).functions[0].curve
        assert curve is not None
        freed, function, error = (np.array(part) for part in (curve.freed, curve.function, curve.error))
        inside.append(np.abs(freed - function)[error > 0] < 1.96 * error[error > 0])
    assert np.concatenate(inside).mean() == pytest.approx(0.95, abs=0.05)


def test_functions_within_each_other_explain_the_same(rng):
    x = rng.uniform(0.2, 3, 400)
    y = np.exp(-(x**1.7)) + 0.02 * rng.standard_normal(400)
    found = freed_edges(fitted("a*exp(-b*x**2)", x, y, 0.02, a=1.0, b=1.0))
    assert len(found.moved) == 2
    assert {found.named, *found.alike} == {one.text for one in found.functions}


def test_shared_functions_are_freed_once_and_sums_and_products_never():
    x, y = sympy.symbols("x y")
    form = ParametricForm(sympy.exp(-x) * y + sympy.sin(sympy.exp(-x)) + x * y, (x, y), (), np.zeros(0))
    assert set(functions_of(form)) == {sympy.exp(-x), sympy.sin(sympy.exp(-x))}


def test_errors_that_are_too_small_accuse_nobody(rng):
    x = np.linspace(0, 3, 200)
    y = 2 * np.exp(-x) + 0.1 * rng.standard_normal(200)
    assert not freed_edges(fitted("a*exp(-b*x)", x, y, 0.01, a=2.0, b=1.0)).moved


@pytest.mark.parametrize(
    ("text", "start", "words"),
    [
        ("a*x + b", {"a": 1.0, "b": 0.0}, "only sums and products"),
        ("a*exp(b*x)", {"a": 2.0, "b": -1.0}, "the fit is exact"),
    ],
)
def test_why_nothing_is_freed(text, start, words):
    x = np.linspace(0, 3, 50)
    y = 2 * np.exp(-x) + (0.01 * np.cos(77 * x) if "exact" not in words else 0.0)
    found = freed_edges(fitted(text, x, y, **start))
    assert words in found.skipped and found.functions == () and found.least_p == 1.0


def test_few_rows_are_too_few(rng):
    x = np.linspace(0, 3, 9)
    y = 2 * np.exp(-x) + 0.01 * rng.standard_normal(9)
    assert freed_edges(fitted("a*exp(b*x)", x, y, a=2.0, b=-1.0)).skipped == "9 rows are too few"


def test_what_cannot_be_freed_says_so(rng):
    X = np.column_stack([rng.uniform(1, 2, 60), rng.choice([1.0, 2.0], 60)])
    y = X[:, 0] ** X[:, 1] + 0.3 * X[:, 1] ** 2 + 0.01 * rng.standard_normal(60)
    found = freed_edges(fitted("a*x**z + b*z**2 + c", X, y, a=1.0, b=0.3, c=0.0))
    failures = {one.text: one.failure for one in found.functions}
    assert failures["x**z"] == "it has several arguments"
    # Two values of z, and two constants of which either takes up what the square could do.
    assert "make up for any change" in failures["z**2"]
    assert not found.moved


def test_constants_that_are_redundant_do_no_harm(two_columns):
    X, _, y = two_columns
    plain = freed_edges(fitted("a*tanh(b*x + c)*z**p", X, y, a=2.0, b=0.9, c=-0.3, p=1.4))
    twice = freed_edges(fitted("a*d*tanh(b*x + c + e)*z**p", X, y, a=2.0, d=1.0, b=0.9, c=-0.3, e=0.0, p=1.4))
    assert [one.p_value for one in twice.functions] == pytest.approx([one.p_value for one in plain.functions], rel=1e-3)


def test_infinite_slopes_and_constant_arguments(rng):
    x = np.linspace(0, 3, 80)
    y = np.sqrt(x) + 0.01 * rng.standard_normal(80)
    (root,) = freed_edges(fitted("a*sqrt(b*x)", x, y, a=1.0, b=1.0)).functions
    assert root.failure == "" and root.p_value > LEVEL
    X = np.column_stack([x, np.ones(80)])
    functions = freed_edges(fitted("a*sqrt(x) + exp(z)*b", X, y, a=1.0, b=0.1)).functions
    assert "does not vary" in next(one.failure for one in functions if one.text == "exp(z)")


def test_many_rows_are_sampled_by_the_seed(rng):
    x = rng.uniform(0, 3, 5000)
    residuals = fitted("a*exp(b*x)", x, 2 * np.exp(-x) + 0.01 * rng.standard_normal(5000), a=2.0, b=-1.0)
    first, again, other = (freed_edges(residuals, seed=seed).functions[0].p_value for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize("size", [1e-200, 1e150])
def test_targets_of_any_size_are_the_same_to_it(size, rng):
    x = np.linspace(0.1, 3, 100)
    y = np.sin(x) + 0.05 * rng.standard_normal(100)
    (plain,) = freed_edges(fitted("a*sin(b*x)", x, y, a=1.0, b=1.0)).functions
    (scaled,) = freed_edges(fitted("a*sin(b*x)", x, size * y, a=size, b=1.0)).functions
    assert scaled.p_value == pytest.approx(plain.p_value, rel=1e-4)
    assert scaled.move == pytest.approx(plain.move, rel=1e-2)


def test_a_function_that_fails_ends_nothing(monkeypatch, rng):
    def broken(*_):
        raise np.linalg.LinAlgError("no")

    monkeypatch.setattr("kansym.validation.freed_edges.fitted", broken)
    x = np.linspace(0.1, 3, 100)
    found = freed_edges(fitted("a*sin(b*x)", x, np.sin(x) + 0.05 * rng.standard_normal(100), a=1.0, b=1.0))
    assert found.functions[0].failure == "the calculation failed (LinAlgError)" and found.named == ""


def test_a_valley_of_constants_hides_no_wrong_function(rng):
    # For large c the hyperbolic cosine becomes an exponential, and the fit goes there slowly and forever.
    x = np.linspace(0, 1, 200)
    y = 1 / (0.3 + x) + 0.02 * rng.standard_normal(200)
    residuals = fitted("a*cosh(b*x - c) + d", x, y, 0.02, a=0.01, b=2.0, c=6.0, d=0.5)
    # What the derivatives by c promise and the fit does not keep would leave 1e-26.
    assert freed_edges(residuals).functions[0].p_value < 1e-60
