"""What the LaTeX says is what the formula is, whatever was put above, below and beside."""

import runpy
from pathlib import Path

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kansym.bench.catalogue import load_catalogue
from kansym.bench.evaluation import precise_values
from kansym.symbolic import plain, to_latex
from kansym.symbolic.latex import name_to_latex

HERE = Path(__file__).parent
value_of = runpy.run_path(str(HERE / "latex_reader.py"))["value_of"]
CASES = runpy.run_path(str(HERE.parent / "export" / "cases.py"))
LAWS = [law for name in ("feynman", "feynman_bonus", "nguyen", "strogatz") for law in load_catalogue(name).laws]


def assert_says(expression, names, row, tolerance=1e-12):
    latex = to_latex(expression, digits=17)
    value = value_of(latex, {name_to_latex(name): number for name, number in zip(names, row, strict=True)})
    truth = precise_values(expression, [sympy.Symbol(name) for name in names], np.array([row]))[0]
    if np.isfinite(truth):
        assert abs(mpmath.re(value) - truth) <= tolerance * max(abs(truth), 1e-6), (latex, value, truth)
    return latex


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_of_known_laws(law):
    X, _ = law.sample(2, 0)
    assert_says(law.expression, law.names, X[0])


def test_of_the_formulas_that_exporters_are_asked_for():
    for case in CASES["all_cases"]():
        if case.name != "nasty names":
            # A number such as 1e-300 is shown with its power of ten, 1e20 too.
            assert_says(case.formula.expression, case.formula.variables, case.rows[-1])


@settings(max_examples=60)
@given(data=st.data())
def test_of_any_formula(data, any_formula, symbols):
    expression = plain(data.draw(any_formula))
    assume(expression.free_symbols and not expression.has(sympy.I))
    names = [symbol.name for symbol in symbols]
    row = np.array([0.7, 1.9, -1.3, 0.4, 2.2, 3.1][: len(names)])
    with np.errstate(all="ignore"):
        assert_says(expression, names, row, tolerance=1e-9)


@settings(max_examples=60)
@given(data=st.data())
@pytest.mark.long
def test_of_quotients(data):
    """Products, quotients, roots and signs nested in each other, which is where parentheses go wrong."""
    names = ["x", "y", "z", "time"]
    leaves = st.sampled_from(
        [*(sympy.Symbol(name, real=True) for name in names), *map(sympy.Integer, (-2, -1, 2, 3, 12)), sympy.pi]
    )
    leaves |= st.sampled_from([sympy.Rational(1, 2), sympy.Rational(-3, 4), sympy.Float(1.25), sympy.Float(-3e-7)])

    def small(number):
        """Whether its exponential is a number of no more than some twenty digits: others take minutes to be written."""
        return not number.is_number or bool(abs(number) < 64)

    def larger(inner):
        pairs = st.tuples(inner, inner)
        return st.one_of(
            pairs.map(lambda p: p[0] * p[1]),
            pairs.map(lambda p: p[0] / p[1] if p[1] != 0 else p[0]),
            pairs.map(lambda p: p[0] - p[1]),
            inner.map(lambda e: 1 / (1 + e**2)),
            inner.map(lambda e: sympy.sqrt(e**2 + 1) / sympy.sqrt(2)),
            inner.map(lambda e: sympy.exp(-(e**2) / 2) if small(e**2) else e),
            inner.map(lambda e: sympy.sin(e / 3) ** 2),
            inner.map(lambda e: (e**2 + 2) ** sympy.Rational(-3, 2)),
            inner.map(lambda e: sympy.Abs(e) ** sympy.Rational(1, 3) * sympy.sign(e)),
            inner.map(lambda e: 2**e if small(e) else e),
        )

    expression = data.draw(st.recursive(leaves, larger, max_leaves=7))
    assume(expression.is_finite is not False and not expression.has(sympy.zoo, sympy.nan, sympy.oo, sympy.I))
    # Neither side has the digits for the sine of 2**(2**12).
    assume(all(abs(number.p) < 10**15 and number.q < 10**15 for number in expression.atoms(sympy.Rational)))
    assert_says(plain(expression), names, np.array([0.7, -1.9, 1.3, 0.4]), tolerance=1e-9)
