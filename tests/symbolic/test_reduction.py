"""Smaller formulas: terms that can be left out, and backward elimination of constants."""

import math
from itertools import pairwise

import numpy as np
import pytest
import sympy

from kansym.symbolic import parametrize, refit
from kansym.symbolic.complexity import complexity, description_length
from kansym.symbolic.reduction import MOST_FITTED, drop_terms, eliminate, straighter, without

X, Y = sympy.symbols("x y", positive=True)
F = sympy.Float
ROWS = np.column_stack([np.random.default_rng(0).uniform(0.5, 3, 200), np.random.default_rng(1).uniform(0.5, 3, 200)])


def dropped(expression, y, allowed):
    calls = []

    def loss(form):
        calls.append(form)
        value = float(np.mean((form.evaluate(ROWS) - y) ** 2))
        return value if np.isfinite(value) else np.inf

    form = parametrize(expression, (X, Y))
    return form, drop_terms(form, loss, allowed=allowed), calls


def law(x, y):
    return 2.1 * x**2 * np.exp(-0.3 * y)


PLANTED = F(2.1) * X**2 * sympy.exp(-F(0.3) * Y)


@pytest.mark.parametrize(
    "junk",
    [
        F(1.7) * sympy.exp(-F(163.1) * X**2) * sympy.tanh(Y),
        F(1.1e-9) * sympy.sin(F(3.3) * Y),
        F(0.9) * sympy.exp(-F(90.0) * Y) + F(1e-8) * X * Y,
    ],
    ids=str,
)
def test_terms_that_vanish_over_the_data_go(junk):
    _, lean, _ = dropped(PLANTED + junk, law(*ROWS.T), allowed=1e-12)
    assert lean.expression.xreplace(dict(zip(lean.constants, lean.values, strict=True))).count(sympy.Function) == 1
    np.testing.assert_allclose(lean.evaluate(ROWS), law(*ROWS.T), rtol=1e-12)
    assert len(lean.constants) == 2


def test_a_small_term_that_counts_stays():
    small = 1e-4 * np.sin(3.3 * ROWS[:, 1])
    expression = PLANTED + F(1.0e-4) * sympy.sin(F(3.3) * Y)
    form, lean, calls = dropped(expression, law(*ROWS.T) + small, allowed=1e-12)
    assert lean is form and len(calls) == 2


def test_what_counts_is_for_the_caller_to_say():
    small = 1e-4 * np.sin(3.3 * ROWS[:, 1])
    expression = PLANTED + F(1.0e-4) * sympy.sin(F(3.3) * Y)
    _, lean, _ = dropped(expression, law(*ROWS.T) + small, allowed=1e-7)
    assert not lean.expression.has(sympy.sin)


def test_terms_inside_functions_go_too():
    expression = sympy.exp(-F(0.3) * Y + F(1.1e-12) * X) * F(2.1) * X**2
    _, lean, _ = dropped(expression, law(*ROWS.T), allowed=1e-12)
    assert len(lean.constants) == 2
    np.testing.assert_allclose(lean.evaluate(ROWS), law(*ROWS.T), rtol=1e-12)


def test_constants_are_left_alone():
    expression = PLANTED + F(1.3e-13)
    form, lean, calls = dropped(expression, law(*ROWS.T), allowed=1e-3)
    assert 1.3e-13 in lean.values
    del form, calls


def test_a_formula_of_its_variables_stays_one():
    # Everything may go by the loss, but the last term with a variable is kept.
    expression = F(1e-9) * X + F(5.5)
    form, lean, _ = dropped(expression, np.full(200, 5.5), allowed=1.0)
    assert lean is form


def test_a_product_is_no_sum():
    form, lean, calls = dropped(PLANTED, law(*ROWS.T), allowed=1e-12)
    assert lean is form and calls == []


def table(law, noise, rows=400, seed=0):
    rng = np.random.default_rng(seed)
    inputs = np.column_stack([rng.uniform(0.5, 3, rows), rng.uniform(0.5, 3, rows)])
    y = law(*inputs.T)
    return inputs, y + noise * y.std() * rng.normal(size=rows)


def chain(expression, inputs, y):
    """The fitted start and all that elimination leads to, each with its description length."""

    def fit(form):
        result = refit(form, inputs, y)
        if result.status == "non-finite":
            return None
        return result.form, description_length(result.form, len(y), result.loss, 0.0, 2)

    start = fit(parametrize(expression, (X, Y)))
    assert start is not None
    forms = [start[0], *eliminate(start[0], fit)]
    return [(form, description_length(form, len(y), refit(form, inputs, y).loss, 0.0, 2)) for form in forms]


def shortest(forms):
    return min(forms, key=lambda pair: pair[1])[0]


def normal(form):
    """The expression with every constant called c."""
    return form.expression.xreplace(dict.fromkeys(form.constants, sympy.Symbol("c")))


C = sympy.Symbol("c")
CASES = {
    "offset and origin": (
        lambda x, y: 2.5 * x**2 / y,
        F(2.1) * (X + F(0.1)) ** 2 / (Y + F(0.05)) + F(0.2),
        C * X**2 / Y,
    ),
    "exponent": (lambda x, y: 1.7 * x + y, F(1.5) * X ** F(1.1) + F(1.2) * Y ** F(0.9), None),
    "decay": (
        lambda x, y: 3.0 * np.exp(-0.8 * x) + 0 * y,
        F(2.9) * sympy.exp(-F(0.7) * X) + F(0.1) * Y + F(0.02),
        C * sympy.exp(C * X),
    ),
}


@pytest.mark.parametrize("noise", [0.01, 0.05])
@pytest.mark.parametrize("name", ["offset and origin", "decay"])
def test_the_planted_law_is_the_shortest_of_the_chain(name, noise):
    law, start, expected = CASES[name]
    forms = chain(start, *table(law, noise))
    best = shortest(forms)
    assert len(best.constants) < len(forms[0][0].constants)
    found = normal(best)
    assert found == expected or sympy.simplify(found - expected) == 0


@pytest.mark.parametrize("noise", [0.02])
def test_exponents_of_one_go(noise):
    law, start, _ = CASES["exponent"]
    inputs, y = table(law, noise)
    best = shortest(chain(start, inputs, y))
    assert not [node for node in sympy.preorder_traversal(best.expression) if node.is_Pow]
    # Two terms are left, and they fit to the noise.
    assert best.expression.free_symbols >= {X, Y} and len(best.constants) <= 2
    assert np.sqrt(np.mean((best.evaluate(inputs) - law(*inputs.T)) ** 2)) < 0.3 * noise * y.std()


def test_the_chain_only_shrinks():
    law, start, _ = CASES["offset and origin"]
    forms = [form for form, _ in chain(start, *table(law, 0.01))]
    counts = [len(form.constants) for form in forms]
    sizes = [complexity(form.expression) for form in forms]
    assert len(forms) > 2 and all(after < before for before, after in pairwise(counts))
    assert sizes == sorted(sizes, reverse=True)
    assert counts[-1] >= 1 and all(form.expression.free_symbols & {X, Y} for form in forms)


def test_the_least_harmful_constant_goes_first():
    form = parametrize(F(2.0) * X + F(5.5) * Y + F(0.001), (X, Y))
    inputs, _ = table(lambda x, y: x, 0)
    y = 2.0 * inputs[:, 0] + 5.5 * inputs[:, 1] + 0.001

    def fit(smaller):
        result = refit(smaller, inputs, y)
        return result.form, result.loss

    first = next(iter(eliminate(form, fit)))
    assert normal(first) == C * X + C * Y


def test_only_the_most_promising_are_fitted():
    form = parametrize(F(2.0) * X + F(5.5) * Y + F(0.3) * X**2 + F(0.1) * Y**2 + F(0.7), (X, Y))
    order = sorted(form.constants, key=lambda constant: abs(form.values[form.constants.index(constant)]))
    asked = []

    def fit(smaller):
        asked.append(smaller)
        return smaller, float(len(asked))

    def expect(form):
        return lambda constant, value, smaller: order.index(constant) if value == 0 else 100.0

    next(iter(eliminate(form, fit, expect=expect)))
    assert [normal(one) for one in asked] == [
        normal(one) for constant in order[:MOST_FITTED] if (one := without(form, constant, 0)) is not None
    ]


def test_a_fit_that_fails_ends_the_chain():
    form = parametrize(F(2.1) * X + F(0.7) * Y, (X, Y))
    assert list(eliminate(form, lambda smaller: None)) == []


def test_one_constant_stays():
    form = parametrize(F(2.1) * X, (X, Y))
    assert list(eliminate(form, lambda smaller: (smaller, 0.0))) == []


def test_without_gives_smaller_forms_or_none():
    form = parametrize(F(2.1) * X + F(0.7), (X, Y))
    factor = form.constants[list(form.values).index(2.1)]
    level = form.constants[list(form.values).index(0.7)]
    smaller = without(form, level, 0)
    assert smaller is not None and normal(smaller) == C * X and list(smaller.values) == [2.1]
    one = without(form, factor, 1)
    assert one is not None and normal(one) == C + X
    # A formula without its variable is none.
    assert without(form, factor, 0) is None


def test_without_refuses_what_has_no_value():
    form = parametrize(1 / (X + Y) ** 2 / sympy.log(F(2.1) + X), (X, Y))
    assert without(form, form.constants[0], 1) is not None
    form = parametrize(sympy.log(F(2.1) * X) + Y, (X, Y))
    assert without(form, form.constants[0], 0) is None


def test_factors_of_noisy_data_do_not_become_one():
    form = parametrize(F(1.01) * X ** F(1.02), (X,))

    def smallest(**options):
        return [
            one.expression for one in eliminate(form, lambda one: (one, float(complexity(one.expression))), **options)
        ]

    assert smallest(ones=True)[-1] in (X, X ** form.constants[0])
    (left,) = smallest(ones=False)
    (factor,) = left.free_symbols - {X}
    assert left == factor * X


def fitted(expression, y):
    return refit(parametrize(expression, (X, Y)), ROWS, y).form


@pytest.mark.parametrize(
    ("disguised", "plain"),
    [
        (F(850.0) * X * (sympy.exp(F(0.002) * Y) - F(1.000001)), 1.7 * X * Y),
        (F(0.3) + X * (Y / F(4000.0) + F(1.0)) ** F(2000.0) * F(0.5), None),
        (F(2e4) * (F(1.0) - sympy.cos(F(0.01) * X)) * Y, X**2 * Y),
    ],
    ids=["exponential", "bent", "cosine"],
)
def test_functions_that_are_straight_on_the_rows_are_seen_through(disguised, plain):
    form = parametrize(disguised, (X, Y))
    others = list(straighter(form, ROWS))
    if plain is None:
        assert others == []
        return
    y = form.evaluate(ROWS)
    best = min((refit(one, ROWS, y).form for one in others), key=lambda one: complexity(one.expression))
    smallest = min((without(best, one, 0) or best for one in best.constants), key=lambda one: len(one.constants))
    values = refit(smallest, ROWS, y).form.evaluate(ROWS)
    np.testing.assert_allclose(values, y, rtol=0.02)
    assert not smallest.expression.has(sympy.exp, sympy.cos) and len(smallest.constants) == 1


@pytest.mark.parametrize(
    "disguised",
    [
        F(100.0) * sympy.sqrt(F(2.0) - sympy.cos(F(0.01) * X) - sympy.cos(F(0.01) * Y)),
        F(2e4) * (F(1.0) - sympy.sin(F(0.01) * X + F(math.pi / 2))) * Y,
    ],
    ids=["two that cancel", "a quarter turn"],
)
def test_parabolas_are_seen_through(disguised):
    form = parametrize(disguised, (X, Y))
    *_, last = straighter(form, ROWS)
    y = form.evaluate(ROWS)
    assert not last.expression.has(sympy.cos, sympy.sin)
    np.testing.assert_allclose(refit(last, ROWS, y).form.evaluate(ROWS), y, rtol=1e-3)


def test_the_square_of_a_sum_is_a_line_far_from_its_vertex():
    form = parametrize(F(3e-4) * ((X - F(1244.0)) ** 2 - F(1.5e6)) * Y, (X, Y))
    (line,) = straighter(form, ROWS)
    y = form.evaluate(ROWS)
    np.testing.assert_allclose(refit(line, ROWS, y).form.evaluate(ROWS), y, atol=2e-3 * np.std(y))
    assert line.expression.is_polynomial() and sympy.Poly(line.expression, X).degree() == 1
    assert list(straighter(parametrize(F(0.7) * (X - F(1.2)) ** 2 * Y, (X, Y)), ROWS)) == []


@pytest.mark.parametrize(
    "disguised",
    [
        F(1000.0) * X ** F(0.002) + F(0.3) * Y,
        F(38.6) - F(38.5) * (X + F(1.0)) ** F(-0.004) + Y,
        Y * (F(40.0) * (F(2.0) * X + F(0.1)) ** F(0.01) - F(40.0)),
    ],
    ids=str,
)
def test_powers_with_small_exponents_are_logarithms(disguised):
    form = parametrize(disguised, (X, Y))
    (other,) = straighter(form, ROWS)
    y = form.evaluate(ROWS)
    assert other.expression.has(sympy.log) and len(other.constants) <= len(form.constants)
    np.testing.assert_allclose(refit(other, ROWS, y).form.evaluate(ROWS), y, atol=1e-2 * np.std(y))


def test_no_other_power_is_a_logarithm():
    # Of a base of both signs there is none, a root differs from one, and an exponent that varies is no number.
    for power in ((X - F(1.5)) ** F(0.1), X ** F(0.5), X ** (F(0.1) * Y)):
        assert not any(one.expression.has(sympy.log) for one in straighter(parametrize(power, (X, Y)), ROWS))


def test_arguments_beyond_the_largest_square_are_passed_over(capfd):
    # LAPACK speaks up about an infinite matrix where nobody catches it.
    form = parametrize(sympy.tanh(F(1e200) * X + F(3.0)) + sympy.tanh(sympy.exp(F(170.0) * Y)), (X, Y))
    assert list(straighter(form, ROWS)) == []
    assert capfd.readouterr().err == ""


def test_a_term_without_a_constant_of_its_own_can_go():
    # The law has x^2 alone, and the fit gave it y, whose factor the sum has no constant for.
    y = 2.0 * X**2 + F(0.7)
    values = parametrize(y, (X, Y)).evaluate(ROWS)
    start = fitted(F(0.001) * X**2 * (Y + F(2000.0)) + F(0.7), values)

    def fit(smaller):
        again = refit(smaller, ROWS, values)
        return again.form, again.loss + 1e-9 * len(again.form.constants)

    first = next(eliminate(start, fit))
    assert first.expression.free_symbols & {X, Y} == {X}
    np.testing.assert_allclose(first.evaluate(ROWS), values, rtol=1e-6)


def test_parts_that_are_alike_get_the_same_constants():
    x, y = ROWS.T
    target = 1.3 * (x**2 + np.sqrt(x)) / (y + 0.7) + 0.02 * np.random.default_rng(2).normal(size=len(x))
    apart = F(1.31) * X**2 / (Y + F(0.6543)) + F(1.29) * sympy.sqrt(X) / (Y + F(0.8123))

    def fit(smaller):
        result = refit(smaller, ROWS, target, max_steps=30)
        return result.form, result.loss

    first = next(eliminate(fit(parametrize(apart, (X, Y)))[0], fit, ones=False))
    assert len(first.constants) == 3
    (inside,) = {part for part in first.expression.atoms(sympy.Add) if part.free_symbols - set(first.constants) == {Y}}
    assert np.sqrt(np.mean((first.evaluate(ROWS) - target) ** 2)) < 0.022
    (shift,) = inside.free_symbols & set(first.constants)
    assert first.values[first.constants.index(shift)] == pytest.approx(0.7, abs=0.03)


def test_parts_with_constants_far_apart_stay_two():
    x, y = ROWS.T
    target = np.exp(-0.3 * y) + x * np.exp(-2.0 * y)
    form = parametrize(F(1.01) * sympy.exp(-F(0.301) * Y) + F(1.02) * X * sympy.exp(-F(2.01) * Y), (X, Y))
    asked = []

    def fit(smaller):
        asked.append(smaller)
        return smaller, float(np.mean((smaller.evaluate(ROWS) - target) ** 2))

    next(eliminate(form, fit, ones=False))
    assert asked and all(
        len({str(part) for part in one.expression.atoms(sympy.exp)}) != 1 or len(one.expression.atoms(sympy.exp)) == 1
        for one in asked
    )
