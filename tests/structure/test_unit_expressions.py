"""Columns, and the formula of parameters: on the rows it is the model that the parameters stand for."""

import numpy as np
import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kansym.structure.unit_expressions import Entries, expression_of, rational
from kansym.structure.unit_fitting import _evaluate
from kansym.structure.unit_functions import FACTORS

X, Y = sympy.symbols("x y", positive=True)
S, N = sympy.Symbol("s", real=True), sympy.Symbol("n", negative=True)
SUM, LESS = (next(one for one in FACTORS if one.sign == sign and one.power == 1) for sign in (1, -1))
ROOT = next(one for one in FACTORS if one.sign == 1 and one.power == 0.5)
TANH = next(one for one in FACTORS if one.base.func == sympy.tanh and one.power == 1)


def mixed(n=40, seed=0):
    """A positive, a negative and a column of both signs."""
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.uniform(0.5, 3, n), -rng.uniform(0.5, 3, n), rng.normal(0, 1, n)])


def positive(n=40, seed=0):
    return np.random.default_rng(seed).uniform(0.5, 3, (n, 2))


def model_values(entries, factors, parameters, amplitude, logarithm):
    with np.errstate(all="ignore"):
        return amplitude * _evaluate(entries.values, np.asarray(parameters)[None], factors, logarithm)[0][0]


def centred(entries, *units):
    """Parameters of products with given exponents and factor 1, each as (level, exponents) of plain columns."""
    found = []
    for level, exponents in units:
        e = np.asarray(exponents) * entries.scales
        found += [level + float(np.dot(exponents, entries.centres)), *e]
    return np.array(found)


def test_columns_of_one_sign_enter_by_their_logarithm():
    table = mixed()
    entries = Entries.of(table, (X, N, S))
    assert entries.power.tolist() == [True, True, False]
    assert entries.bases == (X, -N, sympy.exp(S))
    plain = entries.values * entries.scales + entries.centres
    assert plain == pytest.approx(np.column_stack([np.log(table[:, 0]), np.log(-table[:, 1]), table[:, 2]]))
    assert np.median(entries.values, axis=0) == pytest.approx(0, abs=1e-12)


def test_on_request_every_column_enters_by_its_exponential():
    entries = Entries.of(mixed(), (X, N, S), exponential=True)
    assert entries.bases == (sympy.exp(X), sympy.exp(N), sympy.exp(S))
    assert not entries.power.any()
    assert entries.values * entries.scales + entries.centres == pytest.approx(mixed())


def test_a_row_far_out_does_not_set_the_scale():
    column = np.r_[-1000.0, 0:7][:, None]
    entries = Entries.of(column, (S,))
    assert 1 < entries.scales[0] < 10
    assert 0 < entries.centres[0] < 6


@pytest.mark.parametrize("column", [np.zeros(6), np.r_[np.zeros(7), -1.0, 1.0]], ids=["constant", "mostly zero"])
def test_a_column_without_spread_has_a_scale(column):
    entries = Entries.of(column[:, None], (S,))
    assert entries.scales.tolist() == [1.0]
    assert np.isfinite(entries.values).all()


@pytest.mark.parametrize("exponents", [[2, -1, 0.7], [0.5, 1 / 3, 0], [0, 0, -1.3], [1.234, 0.0, 0.0], [0, 0, 0]])
def test_a_product_and_its_logarithm(values, exponents):
    table = mixed()
    entries = Entries.of(table, (X, N, S))
    expected = 0.4 + entries.values @ np.array(exponents)
    level, slopes = 0.4, np.array(exponents, dtype=float)
    assert np.log(values(entries.product(level, slopes), (X, N, S), table)) == pytest.approx(expected, abs=1e-12)
    assert values(entries.logarithm(level, slopes), (X, N, S), table) == pytest.approx(expected, abs=1e-12)


def test_exponents_are_fractions_where_they_were_rounded():
    assert rational(1.5) == sympy.Rational(3, 2)
    assert rational(-2 / 3) == sympy.Rational(-2, 3)
    assert rational(3.0) == 3
    assert isinstance(rational(3.0), sympy.Integer)
    assert isinstance(rational(0.25), sympy.Float)
    assert isinstance(rational(1.5001), sympy.Float)


def test_the_logarithm_of_a_square_is_that_of_the_size(values):
    (square,) = [factor for factor in FACTORS if str(factor.base) == "sin(_v)" and factor.power == 2]
    table = mixed(seed=0)
    entries = Entries.of(table, (X, N, S))
    parameters = np.array([0, 0, 0, 0, 0, 0, 1.0, 0])
    formula = expression_of(entries, (square,), parameters, 1.0, logarithm=True)
    expected = model_values(entries, (square,), parameters, 1.0, True)
    assert values(formula, (X, N, S), table) == pytest.approx(expected, rel=1e-9)


exponents = st.sampled_from([0.0, 0.0, 1.0, -1.0, 2.0, 0.5, -1 / 3, 1.5, 0.731, -1.42])


@pytest.mark.long
@settings(max_examples=60, deadline=None)
@given(
    factors=st.lists(st.sampled_from(FACTORS), max_size=2).map(tuple),
    logarithm=st.booleans(),
    seed=st.integers(0, 5),
    data=st.data(),
)
def test_the_formula_is_the_model(values, factors, logarithm, seed, data):
    table = mixed(seed=seed)
    entries = Entries.of(table, (X, N, S))
    levels = st.floats(-1.5, 1.0)
    parameters = np.array([data.draw(levels if k % 4 == 0 else exponents) for k in range(4 * (1 + len(factors)))])
    amplitude = 1.0 if logarithm else data.draw(st.sampled_from([1.0, -3.7, 2e-9]))
    expected = model_values(entries, factors, parameters, amplitude, logarithm)
    # Near a zero or a pole of a function a rounding error of its argument is anything.
    size = np.abs(expected / amplitude)
    known = np.isfinite(expected) & (size < 1e6) & (size > 1e-6)
    for k, factor in enumerate(factors, start=1):
        with np.errstate(all="ignore"):
            v = np.exp(parameters[4 * k] + entries.values @ parameters[4 * k + 1 : 4 * k + 4])
            known &= (np.abs(factor.elasticity(v)) < 100) & (np.abs(factor.value(v)) > 1e-3)
    assume(known.any())
    formula = expression_of(entries, factors, parameters, amplitude, logarithm=logarithm)
    assert formula.free_symbols <= {X, N, S}
    found = values(formula, (X, N, S), table)
    # v/3 for Langevin's function is short by 7e-6 below v = 0.01; all else is rounding.
    assert found[known] == pytest.approx(expected[known], rel=1e-5, abs=1e-5 * abs(amplitude))
    # Neither is a rule of thumb: for any other function the two agree to rounding.
    if not any(factor.base.has(sympy.tanh) and factor.base.is_Add for factor in factors):
        assert found[known] == pytest.approx(expected[known], rel=1e-9, abs=1e-9 * abs(amplitude))


@pytest.mark.parametrize("logarithm", [False, True])
@pytest.mark.parametrize("factor", [SUM, LESS, ROOT], ids=["x+y", "x-y", "sqrt(x^2+y)"])
def test_a_product_that_a_sum_holds_as_well_goes_into_the_sum(agree, factor, logarithm):
    # x^p (1 + y/x^(p/power))^power, the exponents of y and x in the product given in plain columns.
    table = np.column_stack([np.linspace(2, 3, 30), np.random.default_rng(0).uniform(0.5, 1.5, 30)])
    entries = Entries.of(table, (X, Y))
    inner = -1 / factor.power
    formula = expression_of(
        entries, (factor,), centred(entries, (0.0, [1, 0]), (0.0, [inner, 1])), 1.0, logarithm=logarithm
    )
    written = sympy.exp(formula) if logarithm else formula
    expected = (X ** sympy.nsimplify(1 / factor.power) + factor.sign * Y) ** sympy.nsimplify(factor.power)
    assert agree(written, expected, (X, Y), table, relative=1e-13)
    # No more than it takes: x and y occur once.
    assert formula.count(X) == formula.count(Y) == 1


def test_a_product_that_a_sum_does_not_hold_stays_outside(agree):
    table = positive()
    entries = Entries.of(table, (X, Y))
    formula = expression_of(entries, (SUM,), centred(entries, (0.0, [0, 2]), (0.0, [1, 0])), 3.0, logarithm=False)
    assert agree(formula, 3 * Y**2 * (1 + X), (X, Y), table, relative=1e-13)
    assert formula.count(Y) == 1


def test_of_two_functions_the_one_with_a_sum_absorbs(agree):
    table = positive()
    entries = Entries.of(table, (X, Y))
    parameters = centred(entries, (0.0, [1, 0]), (0.0, [0, 1]), (0.0, [-1, 1]))
    formula = expression_of(entries, (TANH, SUM), parameters, 2.0, logarithm=False)
    assert agree(formula, 2 * (X + Y) * sympy.tanh(Y), (X, Y), table, relative=1e-13)
    assert formula.count(X) == 1


@pytest.mark.parametrize("power", [1, -1, 0.5, -0.5, 2])
def test_the_logarithm_of_a_sum_has_one_constant_per_term(agree, power):
    table = positive()
    entries = Entries.of(table, (X, Y))
    factor = next(one for one in FACTORS if one.sign == 1 and one.power == power)
    formula = expression_of(entries, (factor,), centred(entries, (0.6, [0, 0]), (0.3, [2, -1])), 1.0, logarithm=True)
    expected = sympy.Float(0.6) + power * sympy.log(1 + sympy.exp(sympy.Float(0.3)) * X**2 / Y)
    assert agree(formula, expected, (X, Y), table, relative=1e-12)
    assert len(formula.atoms(sympy.Float)) == 2
    assert formula.count(sympy.log) == 1


def test_a_logarithm_of_large_size_can_be_written(agree):
    table = positive()
    entries = Entries.of(table, (X, Y))
    for level in (400.0, -400.0):
        formula = expression_of(entries, (ROOT,), centred(entries, (level, [0, 0]), (0.0, [1, 0])), 1.0, logarithm=True)
        assert agree(formula, level + sympy.log(1 + X) / 2, (X, Y), table, relative=1e-12)


def test_numbers_far_beyond_those_of_the_law_do_not_overflow(values):
    # The factor exp(level - e * centre) is taken at the centre of the columns: 1e200 at 1e-100 squared is 1.
    table = 1e100 * positive()
    entries = Entries.of(table, (X, Y))
    formula = expression_of(entries, (), np.array([0.0, -2.0, 0.0]), 1.0, logarithm=False)
    assert values(formula, (X, Y), table) == pytest.approx(np.exp(-2 * entries.values[:, 0]), rel=1e-9)
