import math
import random
import runpy
import time
from pathlib import Path

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kansym.errors import ArgumentError
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.parser import parse_expression
from kansym.symbolic.same import Sameness, SameVerdict, compare_formulas, judge, precise
from kansym.symbolic.same.forms import exact_exponents, loosened, tied

HERE = Path(__file__).parent
HELPERS = runpy.run_path(str(HERE / "same_helpers.py"))
rows, values, judged, compared, real = (HELPERS[name] for name in ("rows", "values", "judged", "compared", "real"))


# -- with noisy data --------------------------------------------------------------------------------------------------

SINE = "{A}*sin({W}*x + {P})"
TWO_TERMS = "{A}*sin({W}*x) + {B}*cos({W}*x)"


def noisy(sigma, seed=1):
    generator = np.random.default_rng(seed)

    def y(x):
        return 2.5 * np.sin(1.3 * x + 0.4) + sigma * generator.standard_normal(len(x))

    return y


def test_the_same_law_fitted_twice_is_the_same():
    # Written differently, with constants a third of a standard error from the best ones.
    first = SINE.format(A="2.501", W="1.2998", P="0.4003")
    second = TWO_TERMS.format(A="2.3031", B="0.9731", W="1.3001")
    verdict = judged(first, second, {"x": (0, 6)}, noisy(0.05), count=200)
    assert verdict.kind is Sameness.SAME
    assert 1e-4 < verdict.inside < 0.1


def test_constants_far_off_the_data_are_other_constants():
    first = SINE.format(A="2.501", W="1.2998", P="0.4003")
    second = SINE.format(A="2.8", W="1.31", P="0.41")
    assert judged(first, second, {"x": (0, 6)}, noisy(0.05), count=200).kind is Sameness.OTHER_CONSTANTS


def test_few_digits_of_exact_data_are_other_constants():
    box, y = {"x": (0, 5)}, lambda x: 2.512345 * x + 1.0
    assert judged("2.512345*x + 1", "2.512*x + 1.001", box, y).kind is Sameness.OTHER_CONSTANTS
    assert judged("2.512345*x + 1", "2.5123451*x + 1.0000001", box, y).kind is Sameness.SAME
    assert judged("2.512345*x + 1", "2.5123451*x + 1.0000001", box).kind is Sameness.OTHER_CONSTANTS


def test_exact_numbers_and_fitted_ones_within_their_errors_are_the_same():
    generator = np.random.default_rng(2)
    verdict = judged("2*x + pi", "2.003*x + 3.14", {"x": (0, 5)},
                     lambda x: 2 * x + math.pi + 0.1 * generator.standard_normal(len(x)), count=100)  # fmt: skip
    assert verdict.kind is Sameness.SAME


def test_an_exponent_is_not_a_fraction_within_its_error():
    generator = np.random.default_rng(2)
    verdict = judged("1.0*x**2", "1.001*x**1.998", {"x": (0.5, 5)},
                     lambda x: x**2 + 0.1 * generator.standard_normal(len(x)), count=100)  # fmt: skip
    assert verdict.kind is Sameness.SAME_ON_DATA and "do not tell them apart" in verdict.reason


def test_other_laws_within_the_noise_are_the_same_on_the_data():
    generator = np.random.default_rng(2)

    def y(x):
        return np.tanh(x) + 0.2 * generator.standard_normal(len(x))

    assert judged("tanh(x)", "0.999*erf(0.89*x)", {"x": (0, 2)}, y, count=60).kind is Sameness.SAME_ON_DATA
    assert judged("tanh(x)", "erf(x)", {"x": (0, 2)}, lambda x: np.tanh(x), count=60).kind is Sameness.DIFFERENT


def test_constants_to_spare_are_named():
    generator = np.random.default_rng(2)
    verdict = judged("x*z", "1.002*x*z - 0.01", {"x": (1, 5), "z": (1, 5)},
                     lambda x, z: x * z + 0.1 * generator.standard_normal(len(x)), count=100)  # fmt: skip
    assert verdict.kind is Sameness.SAME_ON_DATA
    assert verdict.reason.endswith("the second is the first with constants to spare")


def test_weights_say_which_rows_count():
    X = np.linspace(0.0, 4.0, 80)[:, None]
    x = X[:, 0]
    # Beyond 2 the rows are worthless; without weights they would move the line.
    y = np.where(x < 2, 1.5 * x + 1, 40.0)
    formulas = [parse_expression(text, ["x"]) for text in ("1.5*x + 1", "1.5000001*x + 0.9999999")]
    weights = np.where(x < 2, 1.0, 0.0)
    assert compared(*formulas, X, y, ["x"], weights=weights).kind is Sameness.SAME


def test_rows_too_few_for_the_constants():
    verdict = judged("1.5*x**2 + 2.25*x + 0.5", "1.6*x**2 + 2.0*x + 0.7", {"x": (0, 1)}, lambda x: x, count=2)
    assert verdict.kind is Sameness.OTHER_CONSTANTS


# -- forms ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("1.5*sin(2.0*x + 0.3)", "0.4*sin(3.1*x) + 1.2*cos(3.1*x)"),
        ("3.0/(2.0 + x)", "1/(1.1*x + 0.4)"),
        ("2.0*exp(-0.5*x)", "1.1*2**(-x/0.7)"),
        ("1.7*log(2.2*x)", "0.3 + 0.9*log(x)"),
        ("2*x + 3", "2.1*x - 2.9"),
        ("1.5*x**1.72", "exp(0.2 + 1.3*log(x))"),
        ("0.5*(1 + tanh(0.7*x))", "0.9/(1 + exp(-3.0*x))"),
    ],
)
def test_constants_that_lead_from_one_to_the_other(first, second):
    assert judged(first, second, {"x": (0.2, 5)}).kind is Sameness.OTHER_CONSTANTS


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("x**2 + 1.5", "x**2.01 + 1.5"),
        ("1.5*x", "1.5*x + 0.3*x**2"),
        ("2.0/(exp(x) - 1)", "2.0/(exp(x) + 1)"),
        ("1.5*besselj(0, x)", "1.5*besselj(1, x)"),
        ("1.5*x", "1.5*sin(x)"),
    ],
)
def test_more_than_constants_is_different(first, second):
    assert judged(first, second, {"x": (0.5, 3)}).kind is Sameness.DIFFERENT


def test_exponents_that_are_fractions_but_for_rounding():
    x = plain_symbol("x")
    assert exact_exponents(x ** sympy.Float(2.0)) == x**2
    assert exact_exponents(1.5 * x ** sympy.Float(-0.33333333333333)) == 1.5 * x ** sympy.Rational(-1, 3)
    assert exact_exponents(x ** sympy.Float(2.0001)) == x ** sympy.Float(2.0001)
    assert judged("x**2.0", "x*x", {"x": (-2, 2)}).kind is Sameness.SAME


def test_what_is_loose():
    form = loosened(parametrize(parse_expression("3*x**2 + 1.5*exp(-x)/pi - 1", ["x"]), [plain_symbol("x")]))
    assert sorted(form.form.values) == pytest.approx([-1, 1 / math.pi, 1.5, 3])
    assert form.units == tuple(np.flatnonzero(form.form.values == -1))
    assert form.form.expression.has(plain_symbol("x") ** 2)


def test_constants_that_occur_twice():
    form = parametrize(parse_expression("2.5*x + 2.5000000001*z - 2.4999999999*x*z", ["x", "z"]), [x, z])
    assert len(form.constants) == 3
    assert len(tied(form, 1e-9).constants) == 1
    assert tied(form, 1e-12).expression == form.expression


# -- points -----------------------------------------------------------------------------------------------------------


def test_a_column_with_one_value_is_varied():
    X = np.column_stack([np.linspace(1, 2, 30), np.full(30, 2.0)])
    first, second = (parse_expression(text, ["x", "z"]) for text in ("x*z", "2*x"))
    assert compared(first, second, X, None, ["x", "z"]).kind is Sameness.SAME_ON_DATA


def test_columns_that_go_together():
    x = np.linspace(1, 2, 30)
    first, second = (parse_expression(text, ["x", "z"]) for text in ("x*z", "x**3"))
    assert compared(first, second, np.column_stack([x, x**2]), None, ["x", "z"]).kind is Sameness.SAME_ON_DATA


def test_whole_numbers_hide_a_wave():
    X = np.arange(1.0, 20.0)[:, None]
    first, second = (parse_expression(text, ["n"]) for text in ("1/n**2", "1/n**2 + sin(pi*n)"))
    assert compared(first, second, X, None, ["n"]).kind is Sameness.SAME_ON_DATA


def test_one_row_without_a_value_is_found():
    X = np.linspace(0.0, 1.0, 5000)[:, None]
    first, second = (parse_expression(text, ["x"]) for text in ("log(abs(x - 0.001))", "log(x - 0.001)"))
    verdict = compared(first, second, X, None, ["x"])
    assert verdict.kind is Sameness.DIFFERENT and "not defined" in verdict.reason


def test_removable_singularities_and_edges_on_a_row_are_no_difference():
    X = np.linspace(-1.0, 1.0, 41)[:, None]
    for first, second in (("sinc(x)", "sin(x)/x"), ("sqrt(1.0 - x**2)", "sqrt(1.00000000001 - x**2)")):
        formulas = [parse_expression(text, ["x"]) for text in (first, second)]
        assert compared(*formulas, X, None, ["x"]).kind is Sameness.SAME, first


# -- time, and formulas nobody writes ---------------------------------------------------------------------------------

x, z = plain_symbol("x"), plain_symbol("z")


def tower(height):
    expression = x
    for _ in range(height):
        expression = sympy.exp(expression)
    return expression


def nested(depth):
    expression = x
    for number in range(depth):
        expression = sympy.exp(-(expression**2)) + sympy.Float(0.1 + number / 1000)
    return expression


NASTY = {
    "tower": (tower(4), tower(4) + 1),
    "taller tower": (tower(7), 2 * tower(7)),
    "power tower": (x**x**x**x**x, sympy.exp(sympy.log(x) * x**x**x**x)),
    "sine of a huge angle": (sympy.sin(1e300 * x), sympy.sin(1.0001e300 * x)),
    "sine of a tower": (sympy.sin(tower(3)), sympy.sin(tower(3) + 1)),
    "huge values": (1e300 * x, 1e300 * x**2),
    "huge power": ((1 + x) ** 1e9, sympy.exp(1e9 * x)),
    "nowhere": (sympy.log(-(x**2) - 1), sympy.log(-(x**2) - 2)),
    "gamma": (sympy.gamma(x) ** sympy.gamma(x * 40), sympy.gamma(x + 1) / x),
    "Bessel": (sympy.besselj(x, 90 * z), sympy.besselj(z, 90 * x)),
    "many": (
        sympy.besselk(2.5, x) + sympy.bessely(3, x) + sympy.airyai(x * 30) + sympy.LambertW(x),
        sympy.besselk(2.5, x) + sympy.bessely(3, x) + sympy.airyai(x * 30) + sympy.LambertW(x) * 1.001,
    ),
    "nested": (nested(25), nested(25) * 1.00001),
    "tangents": (sympy.tan(sympy.tan(sympy.tan(1e5 * x))), sympy.tan(sympy.tan(sympy.tan(1.0001e5 * x)))),
    "error function": (sympy.erf(x * 1e5), sympy.erf(x * 1e5 + 1)),
    "long": (
        sympy.Add(*(sympy.Float(0.37 * i + 0.1) * sympy.sin(sympy.Float(0.51 * i + 0.3) * x * z) for i in range(30))),
        sympy.Add(*(sympy.Float(0.37 * i + 0.2) * sympy.sin(sympy.Float(0.51 * i + 0.3) * x * z) for i in range(29))),
    ),
    "not a number": (sympy.nan * x, x),
    "infinite": (sympy.oo * x, x),
    "beyond doubles": (sympy.Float("1e400") * x, sympy.Float("1e400") * x**2),
}


@pytest.mark.parametrize("name", NASTY)
@pytest.mark.parametrize("with_data", [False, True])
def test_every_comparison_ends(name, with_data):
    X = rows({"x": (0.5, 3.0), "z": (0.5, 3.0)})
    y = np.sin(X[:, 0]) if with_data else None
    # Without the limit some go on for ever, so that a slow machine can have minutes.
    start = time.monotonic()
    verdict = compare_formulas(*NASTY[name], X, y, ["x", "z"], seconds=0.5)
    assert time.monotonic() - start < 300
    assert isinstance(verdict, SameVerdict)
    if name != "power tower":
        assert verdict.kind is not Sameness.SAME


def test_without_time_nothing_is_the_same():
    first = sympy.besselk(2.5, x) * sympy.bessely(1.5, x)
    second = sympy.bessely(1.5, x) * sympy.besselk(2.5, x) * (sympy.sin(x) ** 2 + sympy.cos(x) ** 2)
    X = rows({"x": (0.5, 3.0)})
    verdict = compared(first, second, X, None, ["x"], looks=20)
    assert verdict.kind is not Sameness.SAME and "not decided within" in verdict.reason
    assert compared(first, second, X, None, ["x"]).kind is Sameness.SAME


def test_a_step_that_never_ends_is_ended(monkeypatch):
    def endless(self):
        while True:
            pass

    monkeypatch.setattr(judge._Judge, "verdict", endless)
    verdict = compare_formulas(sympy.sin(x), x, rows({"x": (0.5, 3.0)}), None, ["x"], seconds=0.1)
    assert verdict.kind is Sameness.UNDECIDED and verdict.reason == "not decided within 0.1 s"


def test_without_points_where_both_have_a_value_nothing_is_decided():
    box = {"x": (0.5, 2), "z": (0, 1)}
    verdict = judged("log(-x**2 - 1) + x - x*sin(z)**2", "log(-1 - x**2) + x*cos(z)**2", box)
    assert verdict.kind is Sameness.UNDECIDED and math.isnan(verdict.inside)


def test_wrong_arguments_are_named():
    X = np.ones((5, 1))
    for arguments, options in [
        ((x, z, X, None, ["x"]), {}),
        ((x, x, X, None, ["x", "z"]), {}),
        ((x, x, np.ones((0, 1)), None, ["x"]), {}),
        ((x, 2 * x, X, np.ones(4), ["x"]), {}),
        ((x, 2 * x, X * np.nan, None, ["x"]), {}),
        ((x, 2 * x, X, np.ones(5), ["x"]), {"weights": -np.ones(5)}),
        ((x, 2 * x, X, None, ["x"]), {"seconds": 0}),
        ((x, sympy.zeta(x), X, None, ["x"]), {}),
        ((x, "x", X, None, ["x"]), {}),
    ]:
        with pytest.raises(ArgumentError):
            compare_formulas(*arguments, **options)


# -- properties -------------------------------------------------------------------------------------------------------

CONSTANTS = st.floats(0.3, 3.0).map(lambda value: sympy.Float(round(value, 6)))
LEAVES = st.one_of(st.sampled_from([x, z]), CONSTANTS)
FUNCTIONS = (sympy.sin, sympy.cos, sympy.tanh, sympy.atan, lambda u: sympy.exp(-u), lambda u: 1 / (1 + u**2))
PARTS = st.recursive(
    LEAVES,
    lambda parts: st.one_of(
        st.builds(lambda a, b: a + b, parts, parts),
        st.builds(lambda a, b: a * b, parts, parts),
        st.builds(lambda f, u: f(u), st.sampled_from(FUNCTIONS), parts),
    ),
    max_leaves=5,
)
FORMULAS = st.builds(
    lambda part, constant, node, last: node(part, x + constant * z) + last,
    PARTS,
    CONSTANTS,
    st.sampled_from([sympy.Add, sympy.Mul, lambda a, b: a * sympy.sin(b), lambda a, b: sympy.tanh(a) + b**2]),
    CONSTANTS,
)
BOX = {"x": (0.5, 2.0), "z": (-1.0, 1.0)}


def verdict_of(first, second, names=("x", "z"), X=None):
    return compared(first, second, rows(BOX) if X is None else X, None, names)


@pytest.mark.long
@settings(max_examples=6)
@given(FORMULAS, st.randoms(use_true_random=False))
def test_a_formula_is_itself_with_rounded_constants(formula, generator):
    other = formula.xreplace({n: n * (1 + 1e-10 * generator.uniform(-1, 1)) for n in formula.atoms(sympy.Float)})
    assert verdict_of(formula, formula).kind is Sameness.SAME
    assert verdict_of(formula, other).kind is Sameness.SAME
    assert verdict_of(sympy.expand(formula), other).kind is Sameness.SAME


@settings(max_examples=6)
@given(FORMULAS, FORMULAS)
@pytest.mark.long
def test_the_verdict_is_symmetric_and_repeatable(first, second):
    verdict, swapped = verdict_of(first, second), verdict_of(second, first)
    assert verdict.kind is swapped.kind
    assert verdict == verdict_of(first, second)


@pytest.mark.long
@settings(max_examples=6)
@given(FORMULAS, FORMULAS)
def test_names_and_order_of_columns_do_not_matter(first, second):
    symbols = {x: plain_symbol("b"), z: plain_symbol("a")}
    renamed = [formula.xreplace(symbols) for formula in (first, second)]
    X = rows(BOX)
    assert verdict_of(first, second).kind is verdict_of(*renamed, names=["a", "b"], X=X[:, ::-1]).kind


@pytest.mark.long
@settings(max_examples=6)
@given(FORMULAS, FORMULAS, st.sampled_from([1e-2, 1e-4, 1e-6]))
def test_one_more_term_breaks_equality(formula, term, factor):
    X = rows(BOX)
    size, share = (np.std(values(part, ("x", "z"), X)) for part in (formula, term))
    # A term that is the formula, or a part of it, only changes a constant; but then it does.
    assume(np.isfinite([size, share]).all() and share > 1e-3 and size > 1e-3)
    other = formula + sympy.Float(factor * size / share) * term
    assume(not np.allclose(values(other, ("x", "z"), X), values(formula, ("x", "z"), X), rtol=1e-8, atol=0))
    assert verdict_of(formula, other, X=X).kind is not Sameness.SAME


# -- many digits ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.long] * (name == "airyai"))
        for name in sorted(precise.KNOWN - {"bessely", "besselk"})
    ],
)
def test_functions_against_mpmath(name):
    oracles = {
        "Abs": abs,
        "LambertW": mpmath.lambertw,
        "Heaviside": lambda u: (1 + mpmath.sign(u)) / 2,
        "sinc": lambda u: mpmath.sin(u) / u if u else mpmath.mpf(1),
    }
    oracle = oracles.get(name) or getattr(mpmath, name)
    generator = random.Random(1)
    for bits in (170, 500):
        for size in (1e-12, 1e-3, 1.0, 3.0, 9.0, 30.0) * 2:
            arguments = [size * generator.uniform(-1, 1)]
            if name == "atan2":
                arguments.append(generator.uniform(-2, 2))
            if name.startswith("bessel"):
                arguments.insert(0, generator.choice([0, 1, 2, 0.5, 2.25]))
            with mpmath.workprec(bits + 1500):
                expected = real(oracle, [mpmath.mpf(argument) for argument in arguments])
                try:
                    found = precise.function_value(name, precise.numbers(np.array(arguments, dtype=float)), bits)
                except precise.Undefined:
                    assert expected is None, arguments
                    continue
                assert expected is not None, arguments
                error = abs(mpmath.mp.make_mpf(found._mpf_) - expected)
                assert error <= mpmath.mpf(2) ** (4 - bits) * abs(expected), (bits, arguments)


def test_values_and_gradients_against_mpmath():
    text = "1.5*x**2.25*exp(-0.3*x)/(z + 0.7)**0.5 + sin(2.5*x*z)*atan(z + 0.25) - x**(0.4*z)"
    form = parametrize(parse_expression(text, ["x", "z"]), [x, z])
    formula = precise.PreciseFormula(form)
    with mpmath.workdps(60):
        function = sympy.lambdify([*form.variables, *form.constants], form.expression, modules="mpmath")
        point = [mpmath.mpf(1.3), mpmath.mpf(0.8)]
        constants = [mpmath.mpf(float(value)) for value in form.values]
        own = precise.numbers(np.array([1.3, 0.8]))
        value, effects = formula.effects(own, formula.constants, precise.sizes_of(formula.constants), 170)
        expected = function(*point, *constants)
        assert abs(mpmath.mp.make_mpf(value._mpf_) - expected) < mpmath.mpf(2) ** -165
        single = formula.value(own, formula.constants, 170).number
        assert abs(mpmath.mp.make_mpf((single - value)._mpf_)) < mpmath.mpf(2) ** -165
        for index, effect in enumerate(effects):
            partial = [0] * (2 + len(constants))
            partial[2 + index] = 1
            slope = mpmath.diff(function, (*point, *constants), tuple(partial))
            assert abs(mpmath.mp.make_mpf(effect._mpf_) - slope * abs(constants[index])) < 1e-20


def test_absorbed_terms_are_noticed():
    for text, at, digits in [
        ("exp(x) + exp(-x)", 100.0, 87),
        ("tanh(x)", 50.0, 43),
        ("cos(x)", 1e-20, 40),
        ("x + 1", 3.0, 1),
    ]:
        formula = precise.PreciseFormula(parametrize(parse_expression(text, ["x"]), [x]))
        value = formula.value(precise.numbers(np.array([at])), (), 170)
        assert value.absorbed * math.log10(2) == pytest.approx(digits, abs=1.5), text


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        ("0.99937*a**(3/2)", "a**(3/2)", Sameness.OTHER_CONSTANTS),
        ("a + sin(a)", "2.1*(a + sin(a))", Sameness.OTHER_CONSTANTS),
        ("a", "-2.1*a", Sameness.DIFFERENT),
        ("a**2", "2.1*a**3", Sameness.DIFFERENT),
    ],
)
def test_a_factor_of_the_whole_is_a_constant(first, second, kind):
    X = np.linspace(0.4, 39, 30)[:, None]
    pair = (parse_expression(text, ["a"]) for text in (first, second))
    assert compared(*pair, X, None, ["a"]).kind is kind
