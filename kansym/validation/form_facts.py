# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""What kind of formula it is: constant, power law, with real exponents."""

from dataclasses import dataclass

import sympy

from kansym.symbolic.parametric import ParametricForm


@dataclass(frozen=True)
class FormFacts:
    """Facts about a form.

    Attributes
    ----------
    depends_on_inputs : bool
        Whether a column occurs in it.
    real_exponents : int
        Fitted exponents of something that depends on columns.
    power_law : bool
        Whether it is a product of powers of columns and a constant.
    """

    depends_on_inputs: bool
    real_exponents: int
    power_law: bool


def form_facts(form: ParametricForm) -> FormFacts:
    """Facts about a form; its constants are the fitted ones."""
    columns, constants = set(form.variables), set(form.constants)
    powers = [node for node in form.expression.atoms(sympy.Pow) if node.base.free_symbols & columns]
    fitted = [p for p in powers if p.exp.free_symbols & constants and not p.exp.free_symbols & columns]
    return FormFacts(
        depends_on_inputs=bool(form.expression.free_symbols & columns),
        real_exponents=len(fitted),
        power_law=all(_is_factor(factor, columns) for factor in sympy.Mul.make_args(form.expression)),
    )


def _is_factor(factor: sympy.Expr, columns: set[sympy.Symbol]) -> bool:
    base, exponent = factor.as_base_exp()
    if exponent.free_symbols & columns:
        return False
    return base in columns or not base.free_symbols & columns
