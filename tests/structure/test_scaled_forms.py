"""Curves with one inner scale: scale, factor and constant come back to rounding."""

import numpy as np
import pytest
import sympy

from kansym.structure.scaled_forms import scaled_forms

U = sympy.Symbol("u", positive=True)

LAWS = [
    sympy.Float(2.5) * U**3 / (sympy.exp(sympy.Float(0.7) * U) - 1),
    sympy.Float(0.3) * sympy.tanh(sympy.Float(1.3) * U),
    -4 * sympy.sqrt(1 + sympy.Float(0.37) * U**2),
    5 * U * sympy.exp(-sympy.Float(0.81) * U**2),
    sympy.sin(sympy.Float(1.9) * U) / U,
    sympy.Float(1.7) / (1 + sympy.Float(0.4) / U),
    U**2 * sympy.atan(sympy.Float(0.9) / sympy.sqrt(U)),
]


@pytest.mark.parametrize("expression", LAWS, ids=str)
def test_exact_forms(box, values, agree, expression):
    X = box(150, (0.3, 3.0))
    forms = scaled_forms(X[:, 0], values(expression, (U,), X), U)
    # Outside of the rows too.
    assert agree(forms[0].expression, expression, (U,), box(50, (0.2, 4.0), seed=3), relative=1e-7)


@pytest.mark.parametrize("expression", LAWS[:4], ids=str)
def test_with_a_constant(box, values, agree, expression):
    X = box(150, (0.3, 3.0))
    t = values(expression, (U,), X) - 11
    forms = scaled_forms(X[:, 0], t, U, offset=True)
    assert agree(forms[0].expression, expression - 11, (U,), box(50, (0.2, 4.0), seed=3), relative=1e-7)


@pytest.mark.parametrize("unit", [1e-12, 1e12])
def test_units_do_not_matter(box, values, agree, unit):
    X = box(150, (0.3, 3.0))
    t = unit**2 * values(LAWS[0], (U,), X)
    expected = unit**2 * LAWS[0].xreplace({U: U / sympy.Float(unit)})
    assert agree(scaled_forms(unit * X[:, 0], t, U)[0].expression, expected, (U,), unit * X, relative=1e-7)


@pytest.mark.long
def test_scales_between_those_of_the_grid(box, values, agree):
    X = box(100, (0.3, 3.0))
    for scale in np.geomspace(0.3, 3.0, 7):
        law = sympy.Float(1.1) * U / (sympy.exp(sympy.Float(scale) * U) + 1)
        assert agree(scaled_forms(X[:, 0], values(law, (U,), X), U)[0].expression, law, (U,), X, relative=1e-7)


@pytest.mark.parametrize("offset", [False, True])
def test_losses_are_those_of_the_formulas_and_bits_are_in_order(box, values, rng, offset):
    X = box(500, (0.3, 3.0))
    t = 2 + np.tanh(X[:, 0]) + 0.05 * rng.normal(size=500)
    w = rng.uniform(0.1, 3.0, 500)
    forms = scaled_forms(X[:, 0], t, U, w, offset=offset)
    bits = [form.bits(500, 1) for form in forms]
    assert bits == sorted(bits)
    for form in forms:
        residual = values(form.expression, (U,), X) - t
        assert np.mean(w / w.mean() * residual**2) == pytest.approx(form.loss, rel=1e-8)


def test_with_noise_the_law_is_among_the_first_and_its_scale_is_right(box, values, rng):
    X = box(300, (0.3, 9.0))
    t = values(LAWS[0], (U,), X)
    forms = scaled_forms(X[:, 0], t + 0.02 * t.std() * rng.normal(size=300), U)
    law = forms[0].expression
    assert law.has(sympy.exp)
    assert sympy.Poly(U**3, U).degree() in [power.exp for power in law.atoms(sympy.Pow) if power.base == U]
    (exponential,) = law.atoms(sympy.exp)
    # The standard error of the scale from 300 rows with 2 % of noise is below 1 %.
    assert float(exponential.args[0].coeff(U)) == pytest.approx(0.7, rel=0.03)


@pytest.mark.parametrize("offset", [False, True])
def test_rows_of_no_weight_do_not_count(box, values, agree, offset):
    X = box(150, (0.3, 3.0))
    law = LAWS[1] + 6 * offset
    t, w = values(law, (U,), X), np.ones(150)
    t[::7], w[::7] = 50.0, 0.0
    assert agree(scaled_forms(X[:, 0], t, U, w, offset=offset)[0].expression, law, (U,), X, relative=1e-7)


def test_nothing_without_positive_columns_or_with_few_rows(box):
    x = box(60, (0.3, 3.0))[:, 0]
    assert scaled_forms(x - 1, x, U) == []
    assert scaled_forms(-x, x, U) == []
    assert scaled_forms(np.r_[0.0, x[1:]], x, U) == []
    assert scaled_forms(np.r_[np.nan, x[1:]], x, U) == []
    assert scaled_forms(x[:19], x[:19], U) == []


@pytest.mark.parametrize("offset", [False, True])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nothing_for_a_target_that_is_not_finite(box, value, offset):
    x = box(60, (0.3, 3.0))[:, 0]
    assert scaled_forms(x, np.r_[value, x[1:]], U, offset=offset) == []


@pytest.mark.parametrize("offset", [False, True])
def test_nothing_for_zero(box, offset):
    x = box(60, (0.3, 3.0))[:, 0]
    assert scaled_forms(x, np.zeros(60), U, offset=offset) == []


@pytest.mark.parametrize("constant", [2.5, 0.1])
def test_nothing_is_made_of_a_constant(box, values, constant):
    # The mean of sixty 0.1 is 0.1 but for rounding: whatever is made of that must stay of that size.
    X = box(60, (0.3, 3.0))
    for form in scaled_forms(X[:, 0], np.full(60, constant), U, offset=True):
        assert values(form.expression, (U,), X) == pytest.approx(constant, rel=1e-12)
