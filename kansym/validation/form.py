# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""The formula itself: which constants the data determine, and what kind of formula it is."""

from dataclasses import dataclass

import numpy as np
import sympy

from kansym.fitting.residuals import Residuals
from kansym.symbolic.constants import CONSTANT_PREFIX
from kansym.symbolic.formula import Formula
from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.refit import jacobian_rank, redundant_constants
from kansym.symbolic.single_argument import is_power_law

LARGEST_DENOMINATOR = 2
"""Of exponents that need no excuse: with noise a real one is rounded to some fraction or other."""

HIGH = 5
"""Power of a column that is as good as a function of its own inside one: laws have cos(x**2) and exp(-(x/a)**4)."""


@dataclass(frozen=True)
class CheckedConstant:
    """A fitted constant.

    Attributes
    ----------
    name : str
    value : float
    error : float or None
        Standard error; None where it is not known.
    determined : bool
        Whether the data tell it from the others.
    weak : bool
        Whether the error is larger than the value.
    """

    name: str
    value: float
    error: float | None
    determined: bool
    weak: bool


@dataclass(frozen=True)
class CheckedConstants:
    """All fitted constants.

    Attributes
    ----------
    constants : tuple of CheckedConstant
    rank : int
        Constants, or combinations of them, that the rows determine.
    """

    constants: tuple[CheckedConstant, ...]
    rank: int

    @property
    def undetermined(self) -> tuple[str, ...]:
        """Names of constants that could be anything, with the others to match."""
        return tuple(constant.name for constant in self.constants if not constant.determined)

    @property
    def weak(self) -> tuple[str, ...]:
        """Names of constants whose errors are larger than their values."""
        return tuple(constant.name for constant in self.constants if constant.weak)


def check_constants(formula: Formula, residuals: Residuals) -> CheckedConstants:
    """Look at the constants of a formula, and at the rank of its derivatives by them (see `jacobian_rank`)."""
    form = residuals.form
    if not len(form.constants) or residuals.n == 0:
        return CheckedConstants((), 0)
    redundant = redundant_constants(form, residuals.X)
    records = {CONSTANT_PREFIX + constant.name: constant for constant in formula.constants}
    checked = []
    for symbol, value in zip(form.constants, form.values, strict=True):
        own = records.get(symbol.name)
        error = None if own is None else own.error
        checked.append(
            CheckedConstant(
                name=symbol.name if own is None else own.name,
                value=float(value),
                error=error,
                determined=symbol not in redundant,
                weak=error is not None and error > abs(value),
            )
        )
    return CheckedConstants(tuple(checked), int(np.int64(jacobian_rank(form, residuals.X))))


@dataclass(frozen=True)
class FormFacts:
    """Facts about a form.

    Attributes
    ----------
    depends_on_inputs : bool
        Whether a column occurs in it.
    real_exponents : int
        Exponents of something that depends on columns that were fitted, or are none of laws: 4/3, but not 3/2.
    power_law : bool
        Whether it is a product of powers of columns and a constant.
    nested : bool
        Whether a function, other than a power or a root, or a power of `HIGH` or more, stands inside another one; or
        columns in the exponent of columns, where both are sums, ``(1 + x)**(y - 3)``, or the exponent holds a root or
        an inverse, ``x**(1/y)``: an exponential function of a logarithm. ``x**y`` is none.
    columns : int, default 1
        How many columns occur in it.
    """

    depends_on_inputs: bool
    real_exponents: int
    power_law: bool
    nested: bool
    columns: int = 1


def form_facts(form: ParametricForm) -> FormFacts:
    """Facts about a form; its constants are the fitted ones."""
    columns, constants = set(form.variables), set(form.constants)
    powers = [node for node in form.expression.atoms(sympy.Pow) if node.base.free_symbols & columns]
    fitted = [p for p in powers if not p.exp.free_symbols & columns and p.exp.free_symbols & constants]
    return FormFacts(
        depends_on_inputs=bool(form.expression.free_symbols & columns),
        real_exponents=len(fitted) + odd_exponents(form),
        nested=any(
            _is_tower(node, columns)
            or any(_functions(part, columns) or _has_high_power(part, columns) for part in node.args)
            for node in _functions(form.expression, columns)
        ),
        power_law=is_power_law(form.expression, columns),
        columns=len(form.expression.free_symbols & columns),
    )


def odd_exponents(form: ParametricForm) -> int:
    """How many exponents of something that depends on columns are fractions such as 14/3: fitted, then rounded."""
    columns = set(form.variables)
    powers = (node for node in form.expression.atoms(sympy.Pow) if node.base.free_symbols & columns)
    return sum(power.exp.is_Rational and power.exp.q > LARGEST_DENOMINATOR for power in powers)


def _functions(expression: sympy.Expr, columns: set[sympy.Symbol]) -> list[sympy.Expr]:
    """The functions of columns in an expression; a column in an exponent makes an exponential function."""

    def counts(node: sympy.Basic) -> bool:
        if node.is_Pow:
            return bool(node.exp.free_symbols & columns)
        return node.is_Function and not isinstance(node, sympy.Abs) and bool(node.free_symbols & columns)

    return [node for node in sympy.preorder_traversal(expression) if counts(node)]


def _is_tower(node: sympy.Expr, columns: set[sympy.Symbol]) -> bool:
    """Whether a power has columns in both places, and more than a product of them in the exponent, or sums in both."""
    if not (node.is_Pow and all(part.free_symbols & columns for part in node.args)):
        return False
    return all(part.is_Add for part in node.args) or not node.exp.is_polynomial(*columns)


def _has_high_power(expression: sympy.Expr, columns: set[sympy.Symbol]) -> bool:
    powers = (node for node in expression.atoms(sympy.Pow) if node.base.free_symbols & columns)
    return any(power.exp.is_number and abs(float(power.exp)) >= HIGH for power in powers)
