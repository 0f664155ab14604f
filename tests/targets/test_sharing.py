"""Which constants of several targets are one, and what a joint fit makes of them."""

import numpy as np
import pytest
import scipy.optimize
import sympy

from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.symbolic.parser import parse_expression
from kansym.targets.joint import joint_fit, own_fit
from kansym.targets.sharing import links, shared_fit

T = np.linspace(0, 6, 60)


def fitted(text, table, place):
    form = parametrize(parse_expression(text, table.names), tuple(map(plain_symbol, table.names)))
    symbols = tuple(sympy.Symbol(f"_{place} {one.name}", real=True) for one in form.constants)
    renamed = form.expression.xreplace(dict(zip(form.constants, symbols, strict=True)))
    found = own_fit(table.target, ParametricForm(renamed, form.variables, symbols, form.values), table, "linear")
    assert found is not None
    return found


def waves(tables_of, ratio=1.0, phase=0.0, noise=0.03, errors=True):
    targets = {"u": 2.5 * np.cos(1.3 * T), "v": ratio * 2.5 * np.sin(1.3 * T * (1 + phase))}
    tables = tables_of(T[:, None], targets, ["t"], noise, errors)
    texts = {"u": "2.49*cos(1.31*t)", "v": f"{ratio * 2.51!r}*sin({1.31 * (1 + phase)!r}*t)"}
    return [fitted(texts[name], table, place) for place, (name, table) in enumerate(tables.items())]


def shared(own):
    return shared_fit(own, [one.form.expression for one in own], links(own, {}))


@pytest.mark.parametrize("errors", [True, False])
def test_amplitude_and_frequency_are_one_and_have_the_values_of_a_joint_fit(tables_of, errors):
    own = waves(tables_of, errors=errors)
    fit, made_of = shared(own)
    assert fit.saved == 2 and len(made_of) == 2 and fit.p_value > 0.01

    def residuals(p):
        return np.concatenate([own[0].table.y - p[0] * np.cos(p[1] * T), own[1].table.y - p[0] * np.sin(p[1] * T)])

    truth = scipy.optimize.least_squares(residuals, [2.5, 1.3], xtol=1e-14, ftol=1e-14, gtol=1e-14)
    sigma = 0.03 if errors else np.sqrt(2 * truth.cost / 118)
    expected = sigma * np.sqrt(np.diag(np.linalg.inv(truth.jac.T @ truth.jac)))
    # Without errors each target has the weight of its own scatter.
    np.testing.assert_allclose(fit.values, truth.x, rtol=1e-8 if errors else 1e-3)
    np.testing.assert_allclose(fit.errors, expected, rtol=1e-5 if errors else 0.05)


def test_constants_that_differ_by_many_errors_stay_apart(tables_of):
    own = waves(tables_of, ratio=1.1)
    fit, made_of = shared(own)
    assert fit.saved == 1
    (frequency,) = made_of
    assert abs(dict(zip(own[1].form.constants, own[1].fit.values, strict=True))[frequency] - 1.3) < 0.01


def test_nothing_is_shared_where_nothing_agrees(tables_of):
    assert links(waves(tables_of, ratio=1.1, phase=0.05), {}) == []


@pytest.mark.parametrize(("ratio", "expected"), [(-1.0, -1), (2.0, 2), (1.5, sympy.Rational(3, 2))])
def test_signs_and_simple_ratios(tables_of, ratio, expected):
    own = waves(tables_of, ratio=ratio, noise=0.0005)
    fit, made_of = shared(own)
    amplitude = own[1].form.constants[int(np.argmax(np.abs(own[1].fit.values)))]
    assert fit.saved == 2 and made_of[amplitude].as_coeff_Mul()[0] == expected


def test_a_square_of_the_other_constant(tables_of):
    tables = tables_of(T[:, None], {"u": np.cos(1.7 * T), "v": T + 1.7**2}, ["t"], 0.0005)
    own = [fitted(text, tables[name], k) for k, (name, text) in enumerate((("u", "cos(1.71*t)"), ("v", "t + 2.9")))]
    fit, _ = shared(own)
    assert fit.saved == 1 and abs(fit.values[0] - 1.7) < 0.001


def test_units_that_differ_keep_constants_apart(tables_of):
    own = waves(tables_of)
    first, second = (one.form.constants for one in own)
    units = dict(zip(first, ("m", "1/s"), strict=True)) | dict(zip(second, ("V", "1/s"), strict=True))
    assert {link.other for link in links(own, units)} | {link.base for link in links(own, units)} == {
        one for one, unit in units.items() if unit == "1/s"
    }


def test_few_rows_that_hardly_know_a_constant_are_no_agreement(tables_of):
    own = waves(tables_of, noise=2.0)
    assert all(abs(one.fit.errors / one.fit.values).max() > 0.01 for one in own)
    assert shared(own) is None or shared(own)[0].saved < 2


def test_exact_constants_are_the_same_to_rounding_or_not_at_all(tables_of):
    own = waves(tables_of, noise=0.0, errors=False)
    fit, _ = shared(own)
    assert fit.p_value is None and fit.saved == 2
    np.testing.assert_allclose(sorted(fit.values), [1.3, 2.5], rtol=1e-12)
    assert links(waves(tables_of, ratio=1 + 1e-6, phase=1e-6, noise=0.0, errors=False), {}) == []


def test_a_formula_without_values_on_the_rows_of_the_other_has_no_joint_fit(tables_of):
    x = np.linspace(1, 2, 20)
    first = tables_of(x[:, None], {"u": np.sqrt(x)}, ["x"])["u"]
    second = tables_of(-x[:, None], {"v": x}, ["x"])["v"]
    own = [fitted("1.01*sqrt(x)", first, 0), fitted("-1.01*x", second, 1)]
    start = {symbol: value for one in own for symbol, (value, _) in one.values.items()}
    assert joint_fit(own, [one.form.expression for one in own], start) is None
