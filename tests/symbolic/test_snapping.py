import numpy as np
import pytest
import sympy

from kansym.symbolic import ParametricForm, parametrize, refit, snap
from kansym.symbolic.candidates import ROLES, nearby, simple_number

F = sympy.Float
X, Y = sympy.symbols("x y", positive=True)
Z = sympy.Symbol("z", real=True)
VARIABLES = (X, Y, Z)
POWERS = F(1.1) * X ** F(1.1) * Y ** F(-1.9)


def rows(n, seed=0):
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.uniform(1, 3, n), rng.uniform(1, 3, n), rng.uniform(-1, 3, n)])


def fit_and_snap(start, law, *, noise=0.0, n=400, seed=0, noise_floor=None):
    table = rows(n, seed)
    y = law(*table.T)
    y = y + noise * np.sqrt(np.mean(y**2)) * np.random.default_rng(seed + 1).normal(size=n)
    cut = n * 4 // 5
    fitted = refit(parametrize(start, VARIABLES), table[:cut], y[:cut]).form
    floor = 1e-13 * np.abs(y).max() if noise_floor is None else noise_floor
    return snap(fitted, table[:cut], y[:cut], table[cut:], y[cut:], noise_floor=floor)


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.1])
def test_exponents_become_integers_and_a_measured_constant_stays(noise):
    result = fit_and_snap(POWERS, lambda x, y, z: 9.81 * x / y**2, noise=noise)
    (constant,) = result.form.constants
    assert result.form.expression == constant * X / Y**2
    assert result.form.values[0] == pytest.approx(9.81, rel=1e-12 if noise == 0 else noise)


@pytest.mark.parametrize(
    ("prefactor", "exact"),
    [
        (1 / np.pi, 1 / sympy.pi),
        (1 / (4 * np.pi), 1 / (4 * sympy.pi)),
        (1 / np.sqrt(2 * np.pi), 1 / sympy.sqrt(2 * sympy.pi)),
        (2 / np.sqrt(np.pi), 2 / sympy.sqrt(sympy.pi)),
        (3 / (20 * np.pi), 3 / (20 * sympy.pi)),
        (np.sqrt(2) / 2, sympy.sqrt(2) / 2),
        (4 * np.pi**2 / 3, 4 * sympy.pi**2 / 3),
        (-0.5, -sympy.Rational(1, 2)),
        (2 / 3, sympy.Rational(2, 3)),
    ],
)
def test_exact_prefactors_are_named(prefactor, exact):
    result = fit_and_snap(POWERS, lambda x, y, z: prefactor * x**1.5 / y**2)
    assert result.form.expression == exact * X ** sympy.Rational(3, 2) / Y**2


def test_irrational_prefactors_are_not_read_into_noisy_data():
    result = fit_and_snap(POWERS, lambda x, y, z: x / y**2 / (4 * np.pi), noise=0.001)
    assert len(result.form.constants) == 1 and not result.form.expression.has(sympy.pi)


@pytest.mark.parametrize("value", [9.81, 0.7342, 1.6726, 6.674e-11, 8.314, 299.792])
def test_measured_constants_stay_in_exact_data(value):
    result = fit_and_snap(value / 9 * POWERS, lambda x, y, z: value * x / y**2)
    assert len(result.form.constants) == 1
    assert result.form.values[0] == pytest.approx(value, rel=1e-12)


def test_flukes_are_rare_in_noisy_data():
    """Constants drawn at random have no exact value; at most a few may look as if they had."""
    rng = np.random.default_rng(7)
    wrong = 0
    for trial in range(40):
        value = float(np.exp(rng.uniform(-1, 3)))
        table = rows(100, trial)
        y = value * table[:, 0] + 0.03 * value * rng.normal(size=100)
        fitted = refit(parametrize(F(1.1) * X, VARIABLES), table, y).form
        result = snap(fitted, table, y, np.empty((0, 3)), np.empty(0), noise_floor=0.0)
        wrong += not result.form.constants
    assert wrong <= 4


@pytest.mark.parametrize("value", [1.93, 1.63, 2.08])
def test_a_real_exponent_stays_when_the_data_know_better(value):
    result = fit_and_snap(F(1.1) * X ** F(1.5), lambda x, y, z: 3.217 * x**value, noise=0.001)
    assert len(result.form.constants) == 2


def test_minus_two_from_noisy_data():
    result = fit_and_snap(F(1.1) * Y ** F(-1.9), lambda x, y, z: 2.345 * y**-1.9999, noise=0.001)
    assert result.form.expression.has(Y**-2)


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.1])
def test_offsets_irrelevant_terms_and_equal_coefficients(noise):
    start = F(1.1) * X + F(2.1) * Y + F(0.1) * Z + F(0.2)
    result = fit_and_snap(start, lambda x, y, z: 4.9 * (x - y), noise=noise)
    (constant,) = result.form.constants
    assert result.form.expression == constant * (X - Y)


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_phases_are_fractions_of_pi(noise):
    start = F(1.1) * sympy.sin(F(3.1) * Z + F(1.4)) + F(0.1)
    result = fit_and_snap(start, lambda x, y, z: 3.3 * np.cos(np.pi * z), noise=noise)
    (constant,) = result.form.constants
    assert result.form.expression == constant * sympy.cos(sympy.pi * Z)


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_the_other_gauge_of_a_sum_is_tried(noise):
    result = fit_and_snap(F(1.1) / (Z + F(2.1)), lambda x, y, z: 1 / (1 + 0.3137 * z), noise=noise)
    (constant,) = result.form.constants
    assert result.form.expression == 1 / (constant * Z + 1)


def test_a_known_noise_floor_widens_the_errors():
    start, law = F(1.1) * X ** F(1.5), lambda x, y, z: 3.2174 * x**1.97
    assert len(fit_and_snap(start, law, noise=0.001).form.constants) == 2
    assert fit_and_snap(start, law, noise=0.001, noise_floor=1.0).form.expression.has(X**2)


def test_the_result_fits_as_well_as_the_start():
    result = fit_and_snap(POWERS, lambda x, y, z: 9.81 * x / y**2)
    table = rows(400)
    assert result.form.evaluate(table) == pytest.approx(9.81 * table[:, 0] / table[:, 1] ** 2, rel=1e-13)
    assert [accepted[2] for accepted in result.accepted] == [1, -2]


def test_constants_that_the_data_do_not_determine_take_simple_values():
    a, b = sympy.symbols("a b", real=True)
    form = ParametricForm(a * b * X, (X,), (a, b), np.array([1.7, 2.9]))
    table = rows(50)[:, :1]
    result = snap(form, table, 1.7 * 2.9 * table[:, 0], table, 1.7 * 2.9 * table[:, 0], noise_floor=1e-13)
    assert len(result.form.constants) == 1
    assert result.form.values[0] == pytest.approx(1.7 * 2.9, rel=1e-12)


@pytest.mark.parametrize("kind", ROLES)
@pytest.mark.parametrize("value", [0.02, -0.9, 3.14])
def test_numbers_below_a_cost_are_those_of_all_numbers_that_cost_less(kind, value):
    found = nearby(kind, value, 1.0)
    assert found
    for most in (0.0, 6.0, 12.0):
        cheap = [candidate for candidate in found if candidate.bits < most or candidate.value == 0]
        assert nearby(kind, value, 1.0, most=most) == cheap


def test_candidates_come_cheapest_first_and_inside_the_window():
    found = nearby("inner", 3.1, 0.2)
    assert found[0].value == 3.0
    assert any(candidate.expression == sympy.pi for candidate in found)
    assert all(abs(candidate.value - 3.1) <= 0.2 for candidate in found)
    assert [candidate.bits for candidate in found] == sorted(candidate.bits for candidate in found)
    assert [candidate.expression for candidate in nearby("exponent", -2.0000001, 1e-5)] == [-2]
    assert nearby("prefactor", 9.81, 1e-4) == []
    for candidate in nearby("prefactor", -0.3183, 0.01):
        assert float(candidate.expression) == pytest.approx(candidate.value, rel=1e-15)


# -- noisy data --------------------------------------------------------------------------------------------------------


def structural(start, law, *, noise, n=400):
    table = rows(n)
    y = law(*table.T)
    y = y + noise * np.sqrt(np.mean(y**2)) * np.random.default_rng(1).normal(size=n)
    fitted = refit(parametrize(start, VARIABLES), table, y).form
    return snap(fitted, table, y, table[:0], y[:0], noise_floor=1e-13, structural=True), fitted


def test_the_structure_alone_becomes_exact():
    result, _ = structural(POWERS, lambda x, y, z: 2.0 * x / y**2, noise=0.01)
    (constant,) = result.form.constants
    assert result.form.expression == constant * X / Y**2
    assert result.form.values[0] == pytest.approx(2.0, abs=0.01) and result.form.values[0] != 2.0


def test_terms_go_and_coefficients_within_a_function_become_equal():
    start = F(1.1) * sympy.exp(F(-0.4) * X + F(-0.6) * Y) + F(0.01) * Z
    result, _ = structural(start, lambda x, y, z: 3.0 * np.exp(-0.5 * (x + y)), noise=0.005)
    assert len(result.form.constants) == 2 and Z not in result.form.expression.free_symbols
    assert sorted(result.form.values) == pytest.approx([-0.5, 3.0], rel=0.02)


def test_coefficients_of_terms_may_become_one_that_is_measured():
    result, _ = structural(F(1.1) * X + F(0.9) * Y, lambda x, y, z: x + y, noise=0.01)
    (value,) = result.form.values
    assert value == pytest.approx(1.0, abs=0.005) and value != 1.0
    result, fitted = structural(F(1.1) * X + F(0.9) * Y, lambda x, y, z: x + 2 * y, noise=0.01)
    np.testing.assert_allclose(sorted(result.form.values), sorted(fitted.values), rtol=1e-9)


def test_coefficients_that_are_known_to_a_few_percent_stay_two():
    result, _ = structural(F(1.1) * X + F(0.9) * Y, lambda x, y, z: x + y, noise=0.2, n=40)
    assert len(result.form.constants) == 2


def test_odd_fractions_are_no_exponents_of_noisy_data():
    result, fitted = structural(F(1.1) * X ** F(0.1), lambda x, y, z: 3 * x ** (1 / 11), noise=0.001)
    assert result.accepted == () and len(result.form.constants) == len(fitted.constants)


@pytest.mark.parametrize(
    ("value", "error", "number"),
    [(2.0281, 0.0091, "2"), (0.503, 0.004, "1/2"), (-3.01, 0.02, "-3"), (2.3718, 0.0004, None), (1.9, 1.0, None)],
)
def test_the_simple_number_beside_a_measured_one(value, error, number):
    found = simple_number("prefactor", value, error)
    assert (None if found is None else str(found.expression)) == number


def test_a_factor_of_an_exponential_within_a_sum_is_a_shift():
    start = F(2.0) * X**3 / (F(1.01) * sympy.exp(F(0.9) * X) - 1)
    result, _ = structural(start, lambda x, y, z: 2.0 * x**3 / (np.exp(x) - 1), noise=0.001)
    assert len(result.form.constants) == 2
    (exponential,) = result.form.expression.atoms(sympy.exp)
    assert result.form.expression.has(exponential - 1)
    # By itself it is an amplitude.
    amplitude, _ = structural(F(1.01) * sympy.exp(F(0.9) * X), lambda x, y, z: np.exp(x), noise=0.001)
    assert len(amplitude.form.constants) == 2


@pytest.mark.parametrize(("phase", "turned"), [(-np.pi / 2, True), (1.2, False)])
def test_a_phase_of_a_quarter_turn_makes_a_cosine_of_a_sine(phase, turned):
    start = F(1.8) * sympy.exp(F(-0.4) * X) * sympy.sin(F(1.3) * Y + F(phase * 1.02))
    result, fitted = structural(start, lambda x, y, z: 2 * np.exp(-0.5 * x) * np.sin(1.35 * y + phase), noise=0.02)
    assert len(fitted.constants) == 4
    assert len(result.form.constants) == (3 if turned else 4)
    assert result.form.expression.has(sympy.cos) is turned


@pytest.mark.parametrize(("offset", "constants"), [(0.0, 3), (0.8, 4)])
@pytest.mark.parametrize("pole", [F(23.0) / (Y + F(1.1)), F(20.5) / (F(0.9) * Y + 1)], ids=str)
def test_a_constant_beside_a_pole_makes_a_saturation(pole, offset, constants):
    start = F(20.0) - F(1.8) * X - pole
    law = lambda x, y, z: 21.8 * y / (y + 1.12) - 1.85 * x + offset  # noqa: E731
    result, fitted = structural(start, law, noise=0.01)
    assert len(fitted.constants) == 4
    assert len(result.form.constants) == constants


def test_a_phase_that_is_hardly_known_stays_a_phase():
    start = F(1.8) * sympy.sin(F(1.3) * Y + F(-1.6))
    result, _ = structural(start, lambda x, y, z: 2 * np.sin(1.35 * y - np.pi / 2), noise=0.5, n=30)
    assert len(result.form.constants) == 3


def test_a_coefficient_beside_a_term_without_one_becomes_one():
    start = F(0.9) * sympy.exp(F(-2.4) * (F(1.01) * X - Y) ** 2)
    result, _ = structural(start, lambda x, y, z: 0.8 * np.exp(-2.5 * (x - y) ** 2), noise=0.003)
    assert len(result.form.constants) == 2
    assert result.form.expression.has(X - Y) or result.form.expression.has(Y - X)
    # One that differs stays, and so does an offset: it stands beside no such term.
    start = F(0.9) * sympy.exp(F(-2.4) * (F(1.09) * X - Y) ** 2)
    result, _ = structural(start, lambda x, y, z: 0.8 * np.exp(-2.5 * (1.1 * x - y) ** 2), noise=0.003)
    assert len(result.form.constants) == 3
    start = F(0.9) * sympy.exp(F(-2.4) * (X - F(1.001)) ** 2)
    result, _ = structural(start, lambda x, y, z: 0.8 * np.exp(-2.5 * (x - 1) ** 2), noise=0.003)
    assert len(result.form.constants) == 3
