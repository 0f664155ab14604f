"""Laws of product units from whole tables: exact exponents, few rows, many decades, rows far out."""

import numpy as np
import pytest
import sympy

from kansym.structure.product_units import MOST_ENTRIES, product_unit_laws

U, V, W = sympy.symbols("u v w", positive=True)
S = sympy.Symbol("s", real=True)


def exponents_of(expression, *symbols):
    """Exponents of a monomial; an error if it is none."""
    factors = {factor.as_base_exp()[0]: factor.as_base_exp()[1] for factor in sympy.Mul.make_args(expression)}
    assert all(base.is_number or base in symbols for base in factors), f"{expression} is not a power law"
    return [factors.get(symbol, 0) for symbol in symbols]


@pytest.mark.parametrize(
    "exponents",
    [
        (sympy.Rational(3, 2), -2, sympy.Rational(1, 3)),
        pytest.param((1, sympy.Rational(-1, 2), 0), marks=pytest.mark.long),
    ],
    ids=str,
)
def test_a_noisy_power_law_has_exact_exponents(box, rng, exponents):
    X = box(120, *[(0.3, 3.0)] * 3)
    t = 3.1 * np.prod(X ** np.array(exponents, dtype=float), axis=1)
    # One per cent of the spread: exponents are known to about 0.002, a tenth of the way to the next fraction or less.
    noise = 0.01 * t.std()
    laws = product_unit_laws(X, t + noise * rng.normal(size=120), (U, V, W), floor=noise**2)
    assert exponents_of(laws[0].expression, U, V, W) == list(exponents)
    assert float(laws[0].expression.subs({U: 1, V: 1, W: 1})) == pytest.approx(3.1, rel=0.02)
    assert laws[0].loss == pytest.approx(noise**2, rel=0.4)


def test_an_exponent_that_is_no_fraction_stays_a_number(box):
    X = box(80, None, None)
    (first, *_) = product_unit_laws(X, 2.0 * X[:, 0] ** 1.234 / X[:, 1], (U, V))
    real, whole = exponents_of(first.expression, U, V)
    assert float(real) == pytest.approx(1.234, abs=1e-9)
    assert whole == -1


def test_laws_come_shortest_first_and_their_losses_are_those_of_the_formulas(box, values, rng):
    X = box(50, None, None)
    t = X[:, 0] * np.tanh(X[:, 1] / X[:, 0]) + 0.01 * rng.normal(size=50)
    laws = product_unit_laws(X, t, (U, V))
    assert [law.bits for law in laws] == sorted(law.bits for law in laws)
    for law in laws:
        residual = values(law.expression, (U, V), X) - t
        assert np.mean(residual**2) == pytest.approx(law.loss, rel=1e-6)


LAWS = [
    U * sympy.sqrt(1 + 2 * V / U),
    3 / (U**2 + 2 * V**2),
    U**3 / (sympy.exp(2 * U / V) - 1),
    pytest.param(U * sympy.tanh(V / U), marks=pytest.mark.long),
    V * sympy.sin(U * V / 2) ** 2,
    pytest.param(sympy.exp(-U / V) / sympy.sqrt(U), marks=pytest.mark.long),
]


@pytest.mark.parametrize("expression", LAWS, ids=str)
def test_exact_laws(box, values, agree, expression):
    X = box(80, (0.4, 1.9), (0.4, 1.9))
    laws = product_unit_laws(X, values(expression, (U, V), X), (U, V))
    # Also on rows outside of the table.
    assert agree(laws[0].expression, expression, (U, V), box(50, (0.3, 2.1), (0.3, 2.1), seed=9), relative=1e-7)


@pytest.mark.long
def test_a_column_of_no_influence_is_dropped(box, values, rng):
    X = box(300, (0.2, 5.0), (0.2, 5.0), None)
    t = values(LAWS[1], (U, V, W), X)
    noise = 0.003 * t.std()
    laws = product_unit_laws(X, t + noise * rng.normal(size=300), (U, V, W), floor=noise**2)
    assert W not in laws[0].expression.free_symbols
    assert laws[0].expression.free_symbols == {U, V}


def planck(nu, temperature):
    h, k, c = 6.62607015e-34, 1.380649e-23, 2.99792458e8
    return np.log(2 * h / c**2) + 3 * np.log(nu) - np.log(np.expm1(h * nu / (k * temperature)))


@pytest.mark.parametrize("noise", [0.0, 0.02])
@pytest.mark.long
def test_planck_in_logarithms_over_decades(rng, noise):
    # 100 rows: nu over six decades, T over two; h/k is 4.799e-11.
    nu, temperature = 10 ** rng.uniform(8.5, 14.5, 100), 10 ** rng.uniform(2, 4, 100)
    t = planck(nu, temperature) + noise * rng.normal(size=100)
    laws = product_unit_laws(np.column_stack([nu, temperature]), t, (U, V), logarithm=True, floor=noise**2)
    found = sympy.lambdify((U, V), laws[0].expression, "mpmath")
    # Where hc/kT is 1e-3 and where it is 500; the exponents of the best law are whole, so nothing is extrapolated.
    for x, y in [(1e10, 500.0), (1e12, 300.0), (1e14, 1e3), (5e14, 5e3), (1e15, 100.0)]:
        expected = float(planck(x, y))
        assert float(found(x, y)) == pytest.approx(expected, abs=1e-8 if not noise else 0.05 + 1e-3 * abs(expected))


@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_eight_rows_and_one_far_out(rng, noise):
    # The logarithm of Bode's law; Mercury's number is minus infinity, for which -1000 stands.
    n = np.r_[-1000.0, 0:7]
    t = np.log(0.4 + 0.3 * np.exp(np.log(2) * n)) + noise * rng.normal(size=8)
    laws = product_unit_laws(n[:, None], t, (S,), logarithm=True, floor=noise**2)
    expression = sympy.expand(sympy.exp(laws[0].expression))
    at = [float(expression.subs(S, sympy.Float(one))) for one in (-1000.0, 0.0, 3.0, 7.0)]
    # Two to three standard errors of three constants from eight rows.
    assert at == pytest.approx([0.4, 0.7, 2.8, 38.8], rel=0.1 if noise else 1e-9)


@pytest.mark.parametrize("logarithm", [False, True])
def test_rydberg(values, agree, logarithm):
    pairs = [(a, b) for a in range(1, 5) for b in range(a + 1, a + 5)]
    X = np.array(pairs, dtype=float)
    law = 91.1267 / (1 / U**2 - 1 / V**2)
    t = values(law, (U, V), X)
    laws = product_unit_laws(X, np.log(t) if logarithm else t, (U, V), logarithm=logarithm)
    found = sympy.exp(laws[0].expression) if logarithm else laws[0].expression
    assert agree(found, law, (U, V), np.array([[5.0, 9.0], [2.0, 30.0]]), relative=1e-8)


def test_a_column_of_both_signs_enters_by_its_exponential(box, values, agree):
    X = box(80, (-2.0, 2.0), None)
    law = V**2 / (1 + sympy.exp(-sympy.Float(1.5) * S))
    laws = product_unit_laws(X, values(law, (S, V), X), (S, V))
    assert agree(laws[0].expression, law, (S, V), box(50, (-3.0, 3.0), None, seed=8), relative=1e-7)


@pytest.mark.long
def test_a_negative_column(box, values, agree):
    n = sympy.Symbol("n", negative=True)
    X = box(80, (-2.5, -0.5), None)
    law = V * sympy.sqrt(-n) / (1 - n * V)
    laws = product_unit_laws(X, values(law, (n, V), X), (n, V))
    assert agree(laws[0].expression, law, (n, V), box(50, (-3.0, -0.4), None, seed=8), relative=1e-7)


@pytest.mark.long
def test_a_second_function_is_added(box, values):
    X = box(300, (0.4, 2.5), (0.4, 2.5))
    t = values(U * sympy.sqrt(1 + V**2) * sympy.exp(-U * V), (U, V), X)
    with_one = product_unit_laws(X, t, (U, V), floor=t.var())
    with_two = product_unit_laws(X, t, (U, V))
    assert min(law.loss for law in with_two) < 1e-3 * min(law.loss for law in with_one)


@pytest.mark.long
def test_no_second_function_beside_an_exact_one(box):
    X = box(120, None, None)
    laws = product_unit_laws(X, X[:, 0] * np.tanh(X[:, 1] / X[:, 0]), (U, V))
    assert laws[0].loss < 1e-20 and all(len(law.expression.atoms(sympy.Function)) < 2 for law in laws)


@pytest.mark.parametrize("unit", [1e-30, pytest.param(1e25, marks=pytest.mark.long)])
def test_units_do_not_matter(box, values, agree, unit):
    X = box(80, None, None)
    law = U * sympy.tanh(V / U)
    laws = product_unit_laws(X * [unit, unit], unit * values(law, (U, V), X), (U, V))
    assert agree(laws[0].expression, law, (U, V), unit * X, relative=1e-8)


@pytest.mark.long
def test_the_same_seed_gives_the_same_laws(box, rng):
    X = box(40, None, None)
    t = X[:, 0] * np.exp(-X[:, 1]) + 0.05 * rng.normal(size=40)
    first, second = (product_unit_laws(X, t, (U, V), seed=3) for _ in range(2))
    assert [law.expression for law in first] == [law.expression for law in second]
    assert [law.bits for law in first] == [law.bits for law in second]


@pytest.mark.long
def test_rows_of_no_weight_do_not_count(box, values, agree):
    X = box(80, None, None)
    law = U**2 * sympy.sqrt(1 + V)
    t, w = values(law, (U, V), X), np.ones(80)
    t[::9], w[::9] = 77.0, 0.0
    laws = product_unit_laws(X, t, (U, V), w)
    assert agree(laws[0].expression, law, (U, V), X, relative=1e-8)
    # Unweighted, they are part of the table.
    assert not agree(product_unit_laws(X, t, (U, V))[0].expression, law, (U, V), X, relative=0.1)


@pytest.mark.long
def test_weights_count_relatively(box, rng):
    X = box(40, None)
    sigma = np.where(np.arange(40) % 2, 1e-3, 0.5)
    t = 2.0 * X[:, 0] ** 1.5 + sigma * rng.normal(size=40)
    heavy = product_unit_laws(X, t, (U,), 1 / sigma**2)[0]
    scaled = product_unit_laws(X, t, (U,), 1e7 / sigma**2)[0]
    assert exponents_of(heavy.expression, U) == exponents_of(scaled.expression, U) == [sympy.Rational(3, 2)]
    # The twenty good rows alone would give the factor to 1e-4.
    assert float(heavy.expression.subs(U, 1)) == pytest.approx(2.0, abs=1e-3)


def test_no_time_left(box, work_clock):
    X = box(2000, *[None] * 4)
    t = X[:, 0] ** 2 * np.tanh(X[:, 1] / X[:, 2]) * X[:, 3]
    laws = product_unit_laws(X, t, (U, V, W, S), until=-1.0)
    # One group of starts and one fit are still made.
    assert work_clock.now() < 9
    assert all(np.isfinite(law.loss) for law in laws)


def with_one(X, t, place, value):
    X, t = X.copy(), t.copy()
    if place == "column":
        X[3, 0] = value
    else:
        t[3] = value
    return X, t


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", ["column", "target"])
def test_nothing_for_numbers_that_are_not_finite(box, place, value):
    X = box(40, None, None)
    assert product_unit_laws(*with_one(X, X[:, 0] ** 2, place, value), (U, V)) == []


@pytest.mark.parametrize("constant", [0.0, 1.0, -2.5])
def test_nothing_for_a_constant_target(box, constant):
    assert product_unit_laws(box(40, None, None), np.full(40, constant), (U, V)) == []


def test_nothing_for_no_columns_or_very_many(box):
    X = box(40, *[None] * (MOST_ENTRIES + 1))
    assert product_unit_laws(X, X[:, 0], sympy.symbols(f"x:{MOST_ENTRIES + 1}")) == []
    assert product_unit_laws(X[:, :0], X[:, 0], ()) == []


@pytest.mark.parametrize("n", [2, 3, 4, 6])
def test_very_few_rows_do_not_fail(box, n):
    X = box(n, None, None)
    laws = product_unit_laws(X, X[:, 0] ** 2, (U, V))
    assert laws
    assert all(np.isfinite(law.bits) for law in laws)


def test_constant_columns_do_not_fail(box, agree):
    X = np.column_stack([box(60, None), np.ones(60), np.zeros(60)])
    laws = product_unit_laws(X, 3 * X[:, 0] ** 2, (U, V, S))
    assert agree(laws[0].expression, 3 * U**2, (U, V, S), X, relative=1e-9)


def test_a_logarithm_of_large_size(agree):
    x = np.linspace(-3, 3, 60)[:, None]
    law = 400 + sympy.log(1 + sympy.exp(S)) / 2
    laws = product_unit_laws(x, 400 + np.logaddexp(0, x[:, 0]) / 2, (S,), logarithm=True)
    assert agree(laws[0].expression, law, (S,), x, relative=1e-10)
