# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportIndexIssue=false, reportGeneralTypeIssues=false
"""Rewriting of a found formula by what the data know, and into the notation of textbooks.

Absolute values and nested roots that algebra leaves because it does not know signs; sums of logarithms and products of
roots joined; minus signs where they read best; factors that can carry a unit.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import sympy
from sympy import Expr, Mul, Pow

from kansym.symbolic.naming import rebuild
from kansym.symbolic.parametric import ParametricForm, parametrize


def use_signs(expression: sympy.Expr, variables: Sequence[sympy.Symbol], X: np.ndarray) -> sympy.Expr:
    """Write |g| as g or -g, and split roots of products, where the factors have one sign on all rows.

    The root of a square comes out of algebra as an absolute value. Where the data lie on one side of its kink there is
    no evidence for the kink, and the smooth law is what continues beyond the data. In the same way sqrt(1/g) becomes
    1/sqrt(g).

    Parameters
    ----------
    expression : sympy.Expr
    variables : sequence of Symbol, length d
    X : ndarray, shape (n, d)
    """

    def sign(part: sympy.Expr) -> int:
        if not part.free_symbols:
            return int(sympy.sign(part)) if part.is_real else 0
        values = parametrize(part, tuple(variables)).evaluate(X)
        if not np.isfinite(values).all():
            return 0
        return 1 if (values > 0).all() else -1 if (values < 0).all() else 0

    def visit(node: sympy.Expr) -> sympy.Expr:
        if not node.args:
            return node
        arguments = [visit(argument) for argument in node.args]
        if list(node.args) != arguments:
            node = node.func(*arguments)
        if isinstance(node, sympy.Abs):
            known = sign(node.args[0])
            return known * node.args[0] if known else node
        if isinstance(node, sympy.Pow) and node.exp.is_Rational and not node.exp.is_Integer:
            return _split_root(node, sign)
        return node

    return visit(expression)


def _split_root(power: sympy.Pow, sign: Callable[[sympy.Expr], int]) -> sympy.Expr:
    """(a^p b^q)^r as |a|^(p r) |b|^(q r), where the product is positive."""
    factors = [factor for factor in sympy.Mul.make_args(power.base) if factor is not sympy.S.NegativeOne]
    nested = any(isinstance(factor, sympy.Pow) for factor in factors)
    if not nested and len(factors) == len(sympy.Mul.make_args(power.base)):
        return power
    parts = []
    for factor in factors:
        base, exponent = factor.as_base_exp()
        known = sign(base)
        if known == 0:
            return power
        # -x + y in place of -(x - y), which printing would keep apart.
        parts.append(sympy.expand_mul(known * base) if known < 0 else base)
        parts[-1] = parts[-1] ** (exponent * power.exp)
    return sympy.Mul(*parts)


LARGEST_POWER = 12
"""Of an argument: beyond, the sum is easier to read, and the power of a number may be too long to hold."""


def join_logarithms(expression: sympy.Expr) -> sympy.Expr:
    """The expression with ``p log(a) + q log(b)`` as ``r log(a^(p/r) b^(q/r))`` for rational p and q.

    r is their greatest common divisor. Arguments are taken to be positive; the caller checks the values.
    """
    if not expression.args:
        return expression
    arguments = [join_logarithms(argument) for argument in expression.args]
    node = expression.func(*arguments) if arguments != list(expression.args) else expression
    return _joined_logarithms(node) if node.is_Add else node


def _joined_logarithms(total: sympy.Expr) -> sympy.Expr:
    logarithms, rest = [], []
    for term in total.args:
        coefficient, factor = term.as_coeff_Mul()
        if isinstance(factor, sympy.log) and coefficient.is_Rational:
            logarithms.append((coefficient, factor.args[0]))
        else:
            rest.append(term)
    if len(logarithms) < 2:
        return total
    numerators = math.gcd(*(int(c.p) for c, _ in logarithms))
    common = sympy.Rational(numerators, math.lcm(*(int(c.q) for c, _ in logarithms)))
    if all(c < 0 for c, _ in logarithms):
        common = -common
    if max(abs(c / common) for c, _ in logarithms) > LARGEST_POWER:
        return total
    product = sympy.Mul(*(argument ** (c / common) for c, argument in logarithms))
    # Evaluation would take the powers of positive symbols out again.
    joined = sympy.log(product, evaluate=False)
    return sympy.Add(*rest, joined if common == 1 else sympy.Mul(common, joined, evaluate=False))


def join_roots(expression: sympy.Expr) -> sympy.Expr:
    """The expression with factors of one fractional exponent, up to its sign, under one root.

    Where all factors have values nothing changes; the root may have some where they have none.
    """
    if not expression.args:
        return expression
    arguments = [join_roots(argument) for argument in expression.args]
    node = rebuild(expression.func, arguments, expression)
    return _joined_roots(node) if node.is_Mul else node


def _joined_roots(product: sympy.Expr) -> sympy.Expr:
    groups: dict[sympy.Expr, list[sympy.Expr]] = defaultdict(list)
    rest = []
    for factor in product.args:
        base, exponent = factor.args if factor.is_Pow else (factor, sympy.S.One)
        if exponent.is_Rational and not exponent.is_Integer and not base.is_Number:
            groups[abs(exponent)].append(base if exponent > 0 else 1 / base)
        else:
            rest.append(factor)
    if all(len(bases) < 2 for bases in groups.values()):
        return product
    roots = []
    for exponent, bases in groups.items():
        inside = sympy.Mul(*bases)
        above, below = inside.as_numer_denom()
        # One over a root, where there is nothing above.
        roots.append(below**-exponent if above is sympy.S.One else inside**exponent)
    return rebuild(sympy.Mul, [*rest, *roots])


def absorb_minus(expression: Expr) -> Expr:
    """The expression with ``-a (b - c)`` as ``a (c - b)`` and ``-a log(b/c)`` as ``a log(c/b)``.

    Only where an exact number has the minus, and one factor can take it: fitted constants keep their signs. Arguments
    of logarithms are taken to be positive, and quotients of numbers in them stay as they are.
    """
    if not expression.args:
        return expression
    arguments = [absorb_minus(argument) for argument in expression.args]
    node = rebuild(expression.func, arguments, expression)
    return _absorbed(node) if node.is_Mul else node


def with_positive_offsets(form: ParametricForm) -> tuple[ParametricForm, np.ndarray]:
    """The form with ``-a (u + c)^p`` as ``a (c' - u)^p`` for odd p and a constant c below zero; c' is -c.

    Returns
    -------
    form : ParametricForm
    signs : array (k,)
        -1 for the constants that were turned.
    """
    values = form.values.copy()
    limited = np.zeros(len(values), dtype=bool) if form.bounds is None else np.isfinite(form.bounds).any(axis=1)
    below = {
        symbol for symbol, value, own in zip(form.constants, values, limited, strict=True) if value < 0 and not own
    }
    expression, turned = form.expression, set()
    for product in [node for node in sympy.preorder_traversal(form.expression) if isinstance(node, Mul)]:
        if not any(factor.is_Rational and factor.is_negative for factor in product.args):
            continue
        for factor in product.args:
            base, power = factor.as_base_exp()
            offsets = [term for term in base.args if term in below] if base.is_Add and len(base.args) == 2 else []
            if len(offsets) != 1 or not (power.is_Integer and power % 2) or form.expression.count(offsets[0]) != 1:
                continue
            (other,) = (term for term in base.args if term is not offsets[0])
            if other.as_coeff_Mul()[0].is_negative or expression.count(product) != 1:
                continue
            better = Mul(-1, *(one for one in product.args if one is not factor), Pow(offsets[0] - other, power))
            expression = expression.xreplace({product: better})
            turned.add(offsets[0])
            break
    signs = np.array([-1.0 if symbol in turned else 1.0 for symbol in form.constants])
    return replace(form, expression=expression, values=values * signs), signs


def _absorbed(product: Expr) -> Expr:
    numbers = [factor for factor in product.args if factor.is_Rational]
    if len(numbers) != 1 or not numbers[0].is_negative:
        return product
    others = [factor for factor in product.args if factor is not numbers[0]]
    room = {factor: turned for factor in others if (turned := _turned(factor)) is not None}
    if len(room) != 1:
        return product
    factors = [room.get(factor, factor) for factor in others]
    number = -numbers[0]
    if number == 1:
        return factors[0] if len(factors) == 1 else rebuild(Mul, factors)
    return rebuild(Mul, [number, *factors])


def _turned(factor: Expr) -> Expr | None:
    """The factor with the other sign, where that is as long."""
    if isinstance(factor, sympy.log):
        # Of a sum of quotients that would be one long quotient.
        above, below = sympy.fraction(factor.args[0])
        return sympy.log(below / above) if above.free_symbols and below.free_symbols else None
    if factor.is_Add and any(term.as_coeff_Mul()[0].is_negative for term in factor.args):
        return sympy.Add(*(-term for term in factor.args))
    return None


FACTOR_STEP = 2.0**-20
"""Distance of the factors from one, where they start, and from each other: algebra would drop one itself before
it is fitted, and equal numbers would be one constant."""


def with_factors(expression: sympy.Expr) -> sympy.Expr:
    """The expression with a real factor on every term of it, and on every term of the arguments of its functions."""
    return _Factors().scaled(expression)


class _Factors:
    def __init__(self) -> None:
        self.count = 0

    def scaled(self, node: sympy.Expr) -> sympy.Expr:
        return sympy.Add(*(self._term(self._inside(term)) for term in sympy.Add.make_args(node)))

    def _term(self, term: sympy.Expr) -> sympy.Expr:
        coefficient, rest = term.as_coeff_Mul()
        if coefficient.is_Float:
            # One that is 1.0 but for rounding is dropped by algebra like none.
            if abs(abs(coefficient) - 1) > FACTOR_STEP:
                return term
            term = sympy.sign(coefficient) * rest
        self.count += 1
        return sympy.Float(1.0 + self.count * FACTOR_STEP) * term

    def _inside(self, node: sympy.Expr) -> sympy.Expr:
        if not node.args or node.is_number:
            return node
        if isinstance(node, sympy.Function) and not isinstance(node, sympy.Abs | sympy.sign | sympy.atan2):
            return node.func(*(self.scaled(argument) for argument in node.args))
        if node.is_Pow and node.args[0].is_Add:
            # 1 + x of a length x: the term that has no unit of its own gets one.
            return node.func(self.scaled(node.args[0]), self._inside(node.args[1]))
        return node.func(*(self._inside(argument) for argument in node.args))
