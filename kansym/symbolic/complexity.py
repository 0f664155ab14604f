# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportIndexIssue=false, reportGeneralTypeIssues=false
"""The size of a formula: a node count like PySR's, and its description length in bits."""

import math

import sympy

from kansym.errors import ArgumentError
from kansym.symbolic.parametric import ParametricForm, parametrize

OPERATORS = 20
"""Operators and functions in the alphabet that structure is coded in; the exact number hardly matters."""


RARITY: dict[type, float] = {
    **dict.fromkeys((sympy.tan, sympy.cot, sympy.tanh, sympy.cosh, sympy.sinh, sympy.coth), 3.0),
    **dict.fromkeys((sympy.asin, sympy.acos, sympy.atan, sympy.atanh, sympy.asinh, sympy.acosh), 3.0),
    **dict.fromkeys((sympy.erf, sympy.Abs), 5.0),
    **dict.fromkeys((sympy.airyai, sympy.airybi, sympy.besselj, sympy.bessely), 8.0),
}
"""Bits of a function beyond those of any operator: log2 of how much rarer it is in physics than exp, log, sine or a
root. With noise several functions fit a short curve as well as the law's own does, and this is what is known then."""


def complexity(expression: sympy.Expr) -> int:
    """Number of nodes of the formula as a person would write it.

    Every operator, function, variable and constant counts 1 (PySR's default). A difference is one operator, not a
    sum with a product by -1; ``a/b`` is one operator, not a power; ``1/a`` and ``sqrt(a)`` are unary; any other
    power is binary; a rational number or a negative number is one constant; the order of a Bessel function belongs
    to its name.

    Examples
    --------
    >>> x, y = sympy.symbols("x y")
    >>> complexity(x - y), complexity(x / y), complexity(1 / x), complexity(2.5 * x**2 - sympy.sqrt(y))
    (3, 3, 2, 8)
    """
    if not expression.args:
        return 1
    if expression.is_Add:
        return _sum_size(expression)
    if expression.is_Mul:
        return _product_size(expression)
    if expression.is_Pow:
        base, exponent = expression.args
        inner = complexity(base)
        if exponent in (sympy.S.NegativeOne, sympy.S.Half):
            return 1 + inner
        if exponent == -sympy.S.Half:
            return 2 + inner
        return 1 + inner + complexity(exponent)
    arguments = expression.args
    if isinstance(expression, (sympy.besselj, sympy.bessely, sympy.besseli, sympy.besselk)):
        arguments = arguments[1:]
    elif isinstance(expression, sympy.Heaviside):
        arguments = arguments[:1]
    return 1 + sum(complexity(argument) for argument in arguments)


def node_count(expression: sympy.Basic) -> int:
    """Number of nodes of sympy's own tree, a guard for the cost of algebra rather than a measure of simplicity."""
    return sum(1 for _ in sympy.preorder_traversal(expression))


def description_length(
    formula: sympy.Expr | ParametricForm,
    n: int,
    loss: float,
    noise_floor: float,
    n_variables: int,
) -> float:
    """Bits to write down the data with the help of the formula, up to a constant of the data.

    ``n/2 log2(max(loss, noise_floor^2))`` for the residuals, plus the formula: every node from an alphabet of
    operators and variables, rare functions `RARITY` more, ``1/2 log2(n)`` for each fitted real constant,
    ``log2(1 + |p|) + log2(q)`` for each rational p/q. Only differences between formulas for the same data mean
    anything.

    Parameters
    ----------
    formula : sympy.Expr or ParametricForm
        Floats (or the constants of the form) are the fitted real constants.
    n : int
        Number of data.
    loss : float
        Mean squared residual, in squared units of y; nan or inf gives inf.
    noise_floor : float
        Standard deviation of the noise of y, below which a smaller loss means nothing.
    n_variables : int
        Number of columns the formula could have used.

    Raises
    ------
    ArgumentError
        If `n` is not positive or `noise_floor` is negative.

    References
    ----------
    Rissanen, Automatica 14 (1978) 465, doi:10.1016/0005-1098(78)90005-5; the code for rationals is that of
    AI Feynman 2, Udrescu et al., NeurIPS 33 (2020), arXiv:2006.10782.
    """
    if n <= 0:
        raise ArgumentError(f"n must be positive, got {n}")
    if noise_floor < 0:
        raise ArgumentError(f"noise_floor must not be negative, got {noise_floor}")
    if not math.isfinite(loss):
        return math.inf
    # The smallest double stands in for a perfect fit with no known noise, so that the order stays finite.
    misfit = 0.5 * n * math.log2(max(loss, noise_floor**2, 1e-300))
    return misfit + formula_bits(formula, n, n_variables)


def formula_bits(formula: sympy.Expr | ParametricForm, n: int, n_variables: int) -> float:
    """The part of `description_length` that the formula itself costs."""
    if isinstance(formula, ParametricForm):
        form, size = formula, complexity(formula.expression)
    else:
        form, size = parametrize(formula, ()), complexity(formula)
    bits = size * math.log2(OPERATORS + n_variables) + 0.5 * math.log2(n) * len(form.constants)
    for node in sympy.preorder_traversal(form.expression):
        bits += RARITY.get(node.func, 0.0)
        # -1 is a sign, and the 1 of 1/2 in a square root is part of the operator.
        if isinstance(node, sympy.Rational) and node not in (sympy.S.NegativeOne, sympy.S.Half):
            bits += math.log2(1 + abs(node.p)) + math.log2(node.q)
    return bits


def _sum_size(expression: sympy.Expr) -> int:
    terms = expression.args
    negated = [_is_negation(term) for term in terms]
    size = len(terms) - 1
    for term, negative in zip(terms, negated, strict=True):
        size += complexity(-term if negative else term)
    # With no positive term to start from, the first minus sign is an operation of its own.
    return size + (1 if all(negated) else 0)


def _is_negation(term: sympy.Basic) -> bool:
    return isinstance(term, sympy.Mul) and term.args[0] is sympy.S.NegativeOne


def _product_size(expression: sympy.Expr) -> int:
    numerator: list[int] = []
    denominator: list[int] = []
    negative = False
    factors = list(expression.args)
    for argument in [factor.args[0] for factor in factors if isinstance(factor, sympy.sign)]:
        # sign(u)*|u|^q is the real odd root: a power of u.
        for power in [f for f in factors if f.is_Pow and f.args[0] == sympy.Abs(argument)]:
            factors.remove(power)
            factors.remove(sympy.sign(argument))
            numerator.append(2 + complexity(argument))
            break
    for factor in factors:
        if factor is sympy.S.NegativeOne:
            negative = True
        elif factor.is_Pow and factor.args[1].is_Number and factor.args[1].is_negative:
            denominator.append(_inverted_power_size(*factor.args))
        else:
            numerator.append(complexity(factor))
    size = sum(numerator) + sum(denominator)
    size += max(len(numerator) - 1, 0) + max(len(denominator) - 1, 0)
    return size + (1 if denominator else 0) + (1 if negative else 0)


def _inverted_power_size(base: sympy.Expr, exponent: sympy.Expr) -> int:
    if exponent is sympy.S.NegativeOne:
        return complexity(base)
    return complexity(base) + (1 if exponent == -sympy.S.Half else 2)
