import numpy as np
import pytest
import scipy.optimize
import sympy

from kansym.clock import Work
from kansym.errors import ArgumentError
from kansym.symbolic import ParametricForm, parametrize, redundant_constants, refit
from kansym.symbolic.refit import LeastSquares, jacobian_rank

X, Y = sympy.symbols("x y", positive=True)
B = sympy.symbols("b1:4", real=True)

# NIST StRD nonlinear least squares, https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml
MISRA_Y = [10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78]
MISRA_X = [77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0]
DANWOOD_Y = [2.138, 3.421, 3.597, 4.340, 4.882, 5.660]
DANWOOD_X = [1.309, 1.471, 1.490, 1.565, 1.611, 1.680]
BOXBOD_Y = [109.0, 149.0, 149.0, 191.0, 213.0, 224.0]
BOXBOD_X = [1.0, 2.0, 3.0, 5.0, 7.0, 10.0]


@pytest.mark.parametrize(
    ("expression", "x", "y", "start", "certified", "errors"),
    [
        pytest.param(
            B[0] * (1 - sympy.exp(-B[1] * X)),
            MISRA_X,
            MISRA_Y,
            [500.0, 1e-4],
            [2.3894212918e02, 5.5015643181e-04],
            [2.7070075241e00, 7.2668688436e-06],
            id="Misra1a",
        ),
        pytest.param(
            B[0] * X ** B[1],
            DANWOOD_X,
            DANWOOD_Y,
            [1.0, 5.0],
            [7.6886226176e-01, 3.8604055871e00],
            [1.8281973860e-02, 5.1726610913e-02],
            id="DanWood",
        ),
        pytest.param(
            B[0] * (1 - sympy.exp(-B[1] * X)),
            BOXBOD_X,
            BOXBOD_Y,
            [100.0, 0.75],
            [2.1380940889e02, 5.4723748542e-01],
            [1.2354515176e01, 1.0455993237e-01],
            id="BoxBOD",
        ),
    ],
)
def test_certified_values_of_nist(expression, x, y, start, certified, errors):
    form = ParametricForm(expression, (X,), B[:2], np.array(start))
    result = refit(form, np.array(x)[:, None], np.array(y))
    assert result.status == "converged"
    assert result.form.values == pytest.approx(certified, rel=1e-9)
    assert result.errors == pytest.approx(errors, rel=1e-8)
    assert result.rank == 2


def test_covariance_is_that_of_curve_fit():
    rng = np.random.default_rng(1)
    x = np.linspace(0.5, 4, 60)
    sigma = rng.uniform(0.02, 0.1, 60)
    y = 2.0 * np.exp(-0.7 * x) + 0.4 + sigma * rng.normal(size=60)
    form = ParametricForm(B[0] * sympy.exp(-B[1] * X) + B[2], (X,), B, np.array([1.0, 1.0, 0.0]))
    result = refit(form, x[:, None], y, weights=sigma**-2)
    values, covariance = scipy.optimize.curve_fit(
        lambda t, a, b, c: a * np.exp(-b * t) + c, x, y, p0=[1, 1, 0], sigma=sigma, ftol=1e-15, xtol=1e-15
    )
    assert result.form.values == pytest.approx(values, rel=1e-6)
    assert result.covariance == pytest.approx(covariance, rel=1e-4)


@pytest.mark.parametrize("unit", [1e-30, 1e-100, 1.0, 1e30, 1e100])
def test_exact_data_are_fitted_to_rounding_in_any_unit(unit):
    rng = np.random.default_rng(2)
    rows = rng.uniform(1, 3, (300, 2))
    y = unit * (2.5 * rows[:, 0] ** 1.5 * np.exp(-0.7 * rows[:, 1]) + 0.3)
    start = unit * (sympy.Float(1.1) * X ** sympy.Float(1.2) * sympy.exp(-sympy.Float(0.5) * Y) + sympy.Float(0.1))
    result = refit(parametrize(sympy.expand(start), (X, Y)), rows, y)
    assert np.sqrt(result.loss) < 1e-14 * np.abs(y).max()
    fitted = sorted(abs(result.form.values) / np.array([1 if 0.5 < abs(v) < 2 else unit for v in result.form.values]))
    assert fitted == pytest.approx(sorted([2.5, 1.5, 0.7, 0.3]), rel=1e-10)


def test_takes_few_evaluations(work_clock):
    rng = np.random.default_rng(3)
    rows = rng.uniform(1, 3, (2000, 2))
    y = 2.5 * rows[:, 0] ** 1.5 * np.exp(-0.7 * rows[:, 1]) + 0.3
    start = sympy.Float(2.1) * X ** sympy.Float(1.2) * sympy.exp(-sympy.Float(0.5) * Y) + sympy.Float(0.1)
    form = parametrize(start, (X, Y))
    assert refit(form, rows, y).status == "converged"
    # A dozen steps, each with the values and four derivatives; numerical derivatives would double the steps.
    assert work_clock.counts[Work.EVALUATIONS] < 120 and work_clock.now() < 0.04


def test_redundant_constants_are_seen_and_get_no_errors():
    rng = np.random.default_rng(4)
    rows = rng.uniform(1, 3, (100, 2))
    y = rows[:, 0] / rows[:, 1] ** 2 * (1 + 0.01 * rng.normal(size=100))
    a, b, c = B
    form = ParametricForm(a * (b * X) ** c / Y**2, (X, Y), B, np.array([1.0, 1.2, 0.9]))
    assert jacobian_rank(form, rows) == 2
    assert len(redundant_constants(form, rows)) == 1
    assert redundant_constants(form, rows)[0] in (a, b)
    result = refit(form, rows, y)
    assert result.rank == 2
    errors = dict(zip(B, result.errors, strict=True))
    assert np.isnan(errors[a]) and np.isnan(errors[b])
    reduced = refit(ParametricForm(a * X**c / Y**2, (X, Y), (a, c), np.array([1.0, 0.9])), rows, y)
    assert errors[c] == pytest.approx(reduced.errors[1], rel=1e-6)
    assert result.loss == pytest.approx(reduced.loss, rel=1e-10)


def test_eight_constants_of_rank_three():
    c = sympy.symbols("c0:8", real=True)
    inner = c[1] * (c[2] * sympy.log(c[3] * X) + c[4] - c[5] * sympy.log(c[6] * Y)) + c[7]
    values = np.array([1.7, 0.5, 2.0, 1.3, 0.4, 4.0, 0.9, 0.2])
    form = ParametricForm(c[0] * sympy.exp(inner), (X, Y), c, values)
    rows = np.random.default_rng(0).uniform(1, 3, (200, 2))
    assert jacobian_rank(form, rows) == 3
    assert len(redundant_constants(form, rows)) == 5


def test_never_worse_than_the_start():
    rng = np.random.default_rng(5)
    rows = rng.uniform(0, 6, (80, 1))
    y = np.sin(20 * rows[:, 0])
    form = parametrize(sympy.sin(sympy.Float(3.3) * X) * sympy.Float(0.2), (X,))
    start = np.mean((form.evaluate(rows) - y) ** 2)
    for steps in (1, 3, 100):
        assert refit(form, rows, y, max_steps=steps).loss <= start


def test_a_start_that_is_not_finite_is_said():
    form = parametrize(sympy.log(X - sympy.Float(2.5)), (X,))
    result = refit(form, np.array([[1.0], [2.0], [3.0]]), np.zeros(3))
    assert result.status == "non-finite" and result.covariance is None and result.form is form


def test_an_exponent_on_negative_data_stays_and_does_not_block_the_others():
    z = sympy.Symbol("z", real=True)
    rows = np.linspace(-2, 2, 50)[:, None]
    form = parametrize(sympy.Float(1.1) * z ** sympy.Float(2.0) + sympy.Float(0.5), (z,))
    result = refit(form, rows, 3 * rows[:, 0] ** 2 + 1)
    assert result.loss < 1e-25
    assert np.isnan(result.errors[list(form.values).index(2.0)])


def test_log_scale_start_finds_what_the_plain_start_misses():
    x = np.linspace(1, 12, 80)
    y = np.exp(3 * x) / x
    form = ParametricForm(B[0] * sympy.exp(B[1] * X) * X ** B[2], (X,), B, np.array([1.0, 0.1, 1.0]))
    result = refit(form, x[:, None], y, log_scale_start=True)
    assert result.form.values == pytest.approx([1.0, 3.0, -1.0], rel=1e-8)


def test_fewer_rows_than_constants_gives_no_covariance():
    form = parametrize(sympy.Float(1.1) * X**2 + sympy.Float(0.5) * X + sympy.Float(0.3), (X,))
    result = refit(form, np.array([[1.0], [2.0]]), np.array([1.0, 2.0]))
    assert result.covariance is None and np.isnan(result.errors).all() and result.loss < 1e-20


def test_bad_weights_are_refused():
    form = parametrize(sympy.Float(1.1) * X, (X,))
    for weights in (np.array([1.0, -1.0]), np.array([1.0]), np.array([0.0, 0.0]), np.array([np.nan, 1.0])):
        with pytest.raises(ArgumentError, match="weights must be 2 finite"):
            refit(form, np.ones((2, 1)), np.ones(2), weights=weights)
    with pytest.raises(ArgumentError, match="y must have shape"):
        refit(form, np.ones((2, 1)), np.ones(3))


def test_directions_without_effect_and_absolute_covariance():
    x = np.linspace(1.0, 2.0, 12)
    a, b, c, u = sympy.symbols("a b c u")
    form = ParametricForm(a * b * u + c, (u,), (a, b, c), np.array([2.0, 5.0, 1.0]))
    problem = LeastSquares(form, (x,), 10 * x + 1)
    null = problem.null_space(form.values)
    # Of a times b only the product counts: in units of their effects, one up and the other down.
    assert null.shape == (3, 1)
    np.testing.assert_allclose(np.abs(null[:, 0]), [np.sqrt(0.5), np.sqrt(0.5), 0], atol=1e-12)
    inverse, rank = problem.inverse_normal(form.values, sigma=3.0)
    assert rank == 2 and np.isnan(inverse[:2]).all()
    design = np.column_stack([x, np.ones(12)])
    assert inverse[2, 2] == pytest.approx(9 * np.linalg.inv(design.T @ design)[1, 1], rel=1e-10)
