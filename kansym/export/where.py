r"""A formula with letters for its constants, and what they are: ``a x, \quad a = 9.812(20)\,\mathrm{m\,s^{-2}}``."""

from kansym.export.program import named_constants
from kansym.export.unit_latex import unit_to_latex
from kansym.numbers import measured_latex
from kansym.symbolic.formula import Constant, Formula
from kansym.symbolic.latex import name_to_latex, to_latex
from kansym.symbolic.naming import plain_symbol, rename
from kansym.units.unit import split_factor
from kansym.units.words import begins_with_number


def lettered(formula: Formula) -> tuple[str, tuple[tuple[str, Constant], ...]]:
    """The formula in LaTeX with letters for its constants, and the constants with their letters in LaTeX."""
    expression, constants = named_constants(formula)
    shown: dict[str, str] = {}
    for key, constant in constants.items():
        # A constant may be called like a column.
        clash = constant.name in formula.variables or constant.name in shown.values()
        shown[key] = f"{constant.name}_fit" if clash else constant.name
    renamed = rename(expression, {plain_symbol(key): plain_symbol(name) for key, name in shown.items()})
    return to_latex(renamed), tuple((name_to_latex(shown[key]), constant) for key, constant in constants.items())


def constant_to_latex(constant: Constant) -> str:
    r"""``9.812(20)\,\mathrm{m\,s^{-2}}``; a factor of the unit goes into the number."""
    value, error, words = constant.value, constant.error, constant.unit
    if words and begins_with_number(words):
        factor, words = split_factor(words)
        value, error = factor * value, None if error is None else factor * error
    unit = unit_to_latex(words)
    return measured_latex(value, error) + (rf"\,{unit}" if unit else "")


def latex_with_units(formula: Formula) -> str:
    """The formula with letters for constants, followed by their values, errors and units."""
    text, constants = lettered(formula)
    parts = [f"{letter} = {constant_to_latex(one)}" for letter, one in constants]
    return r", \quad ".join([text, *parts])
