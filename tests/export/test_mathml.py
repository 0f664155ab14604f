"""MathML: well formed, safe, and saying the same as the LaTeX."""

import math
import re
from xml.etree import ElementTree

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from kansym.bench.catalogue import load_catalogue
from kansym.export.mathml import LETTER, name_to_mathml, to_mathml
from kansym.symbolic import to_latex
from kansym.symbolic.formula import Constant, Formula
from kansym.symbolic.naming import LETTERS

X, Y = sympy.symbols("x y")
F = sympy.Float


def tree(text):
    return ElementTree.fromstring(text)


def shown(text):
    """What is read on the line, without marks of layout."""
    return re.sub(r"[\u2061\u2062\s]", "", "".join(tree(text).itertext()))


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (F(1.602e-19) * X, "1.602×10−19x"),
        (Y * (X**-2 - Y**-2), "y(1x2−1y2)"),
        (sympy.exp(-X / sympy.Symbol("tau")), "e−x/τ"),
        (sympy.sin(sympy.Symbol("theta1")), "sinθ1"),
        (sympy.besselj(1, X), "J1(x)"),
        (sympy.Symbol("rho_c_0") * 2, "2ρc,0"),
        (3 * 2**X, "3·2x"),
        (sympy.Abs(X), "|x|"),
    ],
    ids=str,
)
def test_it_shows(expression, text):
    assert shown(to_mathml(expression)) == text


def test_a_formula_has_its_digits_and_target():
    constant = Constant("c0", 9.81234567, error=0.019)
    formula = Formula(F(9.81234567) * X, ("x",), "force", 3, 1.0, math.nan, 1.0, (constant,))
    assert shown(to_mathml(formula)) == "9.812x"
    assert shown(to_mathml(formula, digits=3, with_target=True)) == "force=9.81x"
    assert tree(to_mathml(formula, with_target=True, display=True)).attrib == {
        "display": "block",
        "alttext": "force = 9.81235*x",
    }


def test_every_letter_of_latex_has_a_character():
    assert set(LETTER) == LETTERS and all(len(letter) == 1 for letter in LETTER.values())


@settings(max_examples=100)
@given(name=st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cn"]), min_size=1, max_size=12))
def test_names_cannot_break_out(name):
    root = tree(f'<math xmlns="http://www.w3.org/1998/Math/MathML">{name_to_mathml(name)}</math>')
    assert len(root) == 1 and "script" not in [child.tag for child in root.iter()]


@pytest.mark.parametrize("law", [law for name in ("feynman", "feynman_bonus") for law in load_catalogue(name).laws])
def test_it_has_the_numbers_fractions_and_roots_of_the_latex(law):
    root, latex = tree(to_mathml(law.expression)), to_latex(law.expression)
    counts = {tag: len(root.findall(f".//{{*}}{tag}")) for tag in ("mfrac", "msqrt")}
    assert counts == {"mfrac": latex.count(r"\frac"), "msqrt": latex.count(r"\sqrt")}


def test_short_names_of_letters_are_the_letters():
    assert "<mi>ε</mi>" in to_mathml(sympy.Symbol("eps_0") * sympy.Symbol("lam")) and "<mi>λ</mi>" in to_mathml(
        sympy.Symbol("lam")
    )
