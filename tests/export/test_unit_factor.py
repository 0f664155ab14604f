"""A unit with a factor, in LaTeX and in comments of source code."""

from kansym.export.latex import constant_to_latex
from kansym.export.program import FittedConstant
from kansym.export.writing import value_and_unit
from kansym.symbolic.formula import Constant

CONSTANT = Constant("c0", 0.0021703, 5.6e-6, unit="10^3 m s^-2")


def test_the_number_in_latex_takes_the_factor():
    assert constant_to_latex(CONSTANT) == r"2.170(6)\,\mathrm{m\,s^{-2}}"
    assert constant_to_latex(Constant("c0", 3.0, 0.1, unit="1/cm")) == r"3.00(10)\,\mathrm{cm^{-1}}"


def test_comments_keep_it_in_brackets_since_the_code_has_the_number():
    assert value_and_unit(FittedConstant("c0", CONSTANT)) == "0.002170(6) (10^3 m s^-2)"
