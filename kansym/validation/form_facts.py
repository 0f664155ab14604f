# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""What kind of formula it is: constant, power law, with real exponents."""

from dataclasses import dataclass

import sympy

from kansym.symbolic.parametric import ParametricForm

HIGH = 5
"""Power of a column that is as good as a function of its own inside one: laws have cos(x**2) and exp(-(x/a)**4)."""


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
    nested : bool
        Whether a function, other than a power or a root, or a power of `HIGH` or more, stands inside another one.
    """

    depends_on_inputs: bool
    real_exponents: int
    power_law: bool
    nested: bool


def form_facts(form: ParametricForm) -> FormFacts:
    """Facts about a form; its constants are the fitted ones."""
    columns, constants = set(form.variables), set(form.constants)
    powers = [node for node in form.expression.atoms(sympy.Pow) if node.base.free_symbols & columns]
    fitted = [p for p in powers if p.exp.free_symbols & constants and not p.exp.free_symbols & columns]
    return FormFacts(
        depends_on_inputs=bool(form.expression.free_symbols & columns),
        real_exponents=len(fitted),
        nested=any(
            _functions(part, columns) or _has_high_power(part, columns)
            for node in _functions(form.expression, columns)
            for part in node.args
        ),
        power_law=all(_is_factor(factor, columns) for factor in sympy.Mul.make_args(form.expression)),
    )


def _functions(expression: sympy.Expr, columns: set[sympy.Symbol]) -> list[sympy.Expr]:
    """The functions of columns in an expression; a column in an exponent makes an exponential function."""

    def counts(node: sympy.Basic) -> bool:
        if node.is_Pow:
            return bool(node.exp.free_symbols & columns)
        return node.is_Function and not isinstance(node, sympy.Abs) and bool(node.free_symbols & columns)

    return [node for node in sympy.preorder_traversal(expression) if counts(node)]


def _has_high_power(expression: sympy.Expr, columns: set[sympy.Symbol]) -> bool:
    powers = (node for node in expression.atoms(sympy.Pow) if node.base.free_symbols & columns)
    return any(power.exp.is_number and abs(float(power.exp)) >= HIGH for power in powers)


def _is_factor(factor: sympy.Expr, columns: set[sympy.Symbol]) -> bool:
    base, exponent = factor.as_base_exp()
    if exponent.free_symbols & columns:
        return False
    return base in columns or not base.free_symbols & columns
