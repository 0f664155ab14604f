# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportIndexIssue=false, reportGeneralTypeIssues=false
"""The canonical gauge of a formula: every constant that another one can absorb is absorbed.

One walk over the tree, bottom up. Each rule below builds one kind of node from children that are already canonical,
so the cost is that of building the expression; nothing is searched. `regauged` gives the one other gauge that laws are
written in.
"""

import math
from collections.abc import Collection, Iterator

import numpy as np
import sympy
from sympy import Add, Expr, Float, Integer, Mul, Pow

from kansym import clock
from kansym.clock import Work
from kansym.symbolic.naming import rebuild, rename
from kansym.symbolic.parametric import ParametricForm, node_count

ROUNDING = 1e-14
"""Relative difference below which two coefficients are the same number."""

LARGEST_RATIO = 6
"""A coefficient is pulled out of a sum if the others are integer multiples of it, up to this."""


def canonicalize(expression: Expr, positive_variables: Collection[sympy.Symbol] = ()) -> Expr:
    """Bring an expression with Float constants into the canonical gauge, in milliseconds.

    - ``exp`` of a sum with logarithms becomes a product of powers with one prefactor;
    - logarithms of products are split, so that constants merge, and joined again where coefficients are equal;
    - ``0.5**x`` becomes ``exp(-0.693*x)``;
    - positive factors leave powers, ``(a*x + b)**p`` becomes ``a**p*(x + b/a)**p``, likewise in ``log`` and ``Abs``;
    - nested affine maps fold, additive and multiplicative constants merge, exact 1.0 and 0.0 vanish;
    - phases of sin, cos and tan go to [-pi/2, pi/2), signs of even and odd functions to the outside, and
      ``cos(|u|)`` becomes ``cos(u)``;
    - equal coefficients of a sum are pulled out: ``4.9*x - 4.9*y + 0.5`` becomes ``4.9*(x - y) + 0.5``.

    Exponents stay Floats and no term is dropped: rounding constants is the business of snapping.

    Parameters
    ----------
    expression : sympy.Expr
        Real valued. Its symbols are taken to be real whatever their assumptions.
    positive_variables : collection of sympy.Symbol
        Variables that are positive on all data; symbols that are positive by assumption count too.

    Returns
    -------
    sympy.Expr
        In the same symbols; equal to the input wherever the input is real and finite.
    """
    positive = {symbol for symbol in positive_variables} | {
        symbol for symbol in expression.free_symbols if symbol.is_positive
    }
    internal = {
        symbol: sympy.Symbol(symbol.name, positive=True) if symbol in positive else sympy.Symbol(symbol.name, real=True)
        for symbol in expression.atoms(sympy.Symbol)
    }
    result = expression.xreplace(internal)
    clock.charge(Work.ALGEBRA, node_count(expression))
    for _ in range(4):
        previous, result = result, _present(_visit(result))
        if result == previous:
            break
    return rename(result, {new: old for old, new in internal.items()})


def _visit(node: Expr) -> Expr:
    if not node.args:
        return node
    arguments = [_visit(argument) for argument in node.args]
    if node.is_Add:
        return _sum(arguments)
    if node.is_Mul:
        return _product(arguments)
    if node.is_Pow:
        return _power(*arguments)
    rule = _RULES.get(node.func)
    return node.func(*arguments) if rule is None else rule(*arguments)


def _sum(terms: list[Expr]) -> Expr:
    total = Add(*terms)
    if not total.is_Add:
        return total
    numbers = [term for term in total.args if term.is_number]
    others = [term for term in total.args if not term.is_number]
    if any(number.has(Float) for number in numbers):
        constant = _float(Add(*numbers))
        if constant is not None:
            return Add(*others) if float(constant) == 0.0 else Add(constant, *others)
    return total


def _product(factors: list[Expr]) -> Expr:
    flat = Mul(*factors)
    if not flat.is_Mul:
        return flat
    numbers = [factor for factor in flat.args if factor.is_number]
    others = [factor for factor in flat.args if not factor.is_number]
    exponentials = [factor for factor in others if isinstance(factor, sympy.exp)]
    if len(exponentials) > 1:
        rest = [factor for factor in others if not isinstance(factor, sympy.exp)]
        return _product([*numbers, *rest, _exp(_sum([factor.args[0] for factor in exponentials]))])
    if len(others) > 1:
        # A lone sum distributes its coefficient; beside other factors it has one constant too many.
        for i, factor in enumerate(others):
            content, remainder = _content(factor, keep_sign=False)
            if content is not sympy.S.One:
                others[i] = remainder
                numbers.append(content)
    coefficient = Mul(*numbers)
    if coefficient.has(Float):
        value = _float(coefficient)
        if value is None:
            return _into_exponential(coefficient, others)
        coefficient = _without_unit(value)
    return Mul(coefficient, *others)


def _into_exponential(coefficient: Expr, factors: list[Expr]) -> Expr:
    """The product of a number that no double can hold with an exponential that brings it back, if there is one."""
    for i, factor in enumerate(factors):
        if isinstance(factor, sympy.exp):
            logarithm = Float(float(sympy.log(abs(coefficient)).evalf(30)))
            joined = sympy.exp(_sum([factor.args[0], logarithm]), evaluate=False)
            return Mul(sympy.sign(coefficient), *factors[:i], joined, *factors[i + 1 :])
    return Mul(coefficient, *factors)


def _power(base: Expr, exponent: Expr) -> Expr:
    power = Pow(base, exponent)
    if not power.is_Pow:
        return power
    if not exponent.is_number:
        return _exp(_product([sympy.log(base), exponent])) if isinstance(base, Float) and base > 0 else power
    base, exponent = power.args
    whole = bool(exponent.is_integer)
    if base.is_Mul:
        outside, inside = [], []
        for factor in base.args:
            if whole or factor.is_positive:
                outside.append(_power(factor, exponent))
            elif factor.is_Number and factor.is_negative and factor is not sympy.S.NegativeOne:
                outside.append(_power(-factor, exponent))
                inside.append(sympy.S.NegativeOne)
            else:
                inside.append(factor)
        return _product([*outside, Pow(Mul(*inside), exponent)]) if _moderate(outside) and outside else power
    if base.is_Pow and (whole or base.args[0].is_positive):
        return _power(base.args[0], _product([base.args[1], exponent]))
    if isinstance(base, sympy.exp):
        return _exp(_product([base.args[0], exponent]))
    content, remainder = _content(base, keep_sign=not whole)
    if content is not sympy.S.One:
        outside = [Pow(content, exponent)]
        if _moderate(outside):
            return _product([*outside, Pow(remainder, exponent)])
    return power


def _exp(argument: Expr) -> Expr:
    factors: list[Expr] = []
    rest: list[Expr] = []
    for term in Add.make_args(argument):
        logarithms = [factor for factor in Mul.make_args(term) if isinstance(factor, sympy.log)]
        if term.is_number and term.has(Float):
            factors.append(sympy.exp(term))
        elif len(logarithms) == 1:
            inner = logarithms[0].args[0]
            power = Mul(*(factor for factor in Mul.make_args(term) if factor is not logarithms[0]))
            if power.is_number or inner.is_positive:
                factors.append(_power(inner, power))
            else:
                rest.append(term)
        else:
            rest.append(term)
    if not factors or not _moderate(factors):
        # sympy would take a number out of the exponent even where no double can hold its exponential.
        return sympy.exp(argument, evaluate=_moderate(factors))
    return _product([*factors, sympy.exp(Add(*rest))])


def _log(argument: Expr) -> Expr:
    if isinstance(argument, sympy.exp):
        return argument.args[0]
    if argument.is_Pow and argument.args[0].is_positive:
        return _product([argument.args[1], _log(argument.args[0])])
    if argument.is_Mul:
        terms, inside = [], []
        for factor in argument.args:
            if isinstance(factor, Float):
                terms.append(sympy.log(abs(factor)))
                inside.append(sympy.sign(factor))
            elif factor.is_positive and not factor.is_number:
                terms.append(_log(factor))
            else:
                inside.append(factor)
        return _sum([*terms, sympy.log(Mul(*inside))]) if terms else sympy.log(argument)
    content, remainder = _content(argument, keep_sign=True)
    if content is not sympy.S.One:
        return _sum([sympy.log(content), sympy.log(remainder)])
    return sympy.log(argument)


def _abs(argument: Expr) -> Expr:
    content, remainder = _content(argument, keep_sign=False)
    return _product([abs(content), sympy.Abs(remainder)])


def _sign(argument: Expr) -> Expr:
    content, remainder = _content(argument, keep_sign=False)
    return _product([sympy.sign(content), sympy.sign(remainder)])


def _periodic(function: type[sympy.Function], argument: Expr) -> Expr:
    phase = next((term for term in Add.make_args(argument) if isinstance(term, Float)), None)
    if phase is None or not argument.is_Add or abs(phase) > 1e8:
        return function(argument)
    turns = math.floor(float(phase) / math.pi + 0.5)
    if turns == 0:
        return function(argument)
    # The multiple of pi is subtracted with more digits than a double has, or a large phase would lose its own.
    reduced = Float((phase.n(40) - turns * sympy.pi.n(40)), 15)
    shifted = function(_sum([argument - phase, Float(float(reduced))]))
    odd = function is not sympy.tan and turns % 2 == 1
    return _product([sympy.S.NegativeOne, shifted]) if odd else shifted


def _without_size(argument: Expr) -> Expr:
    """The argument of an even function, which need not be one of absolute size."""
    number, rest = argument.as_coeff_Mul()
    return number * rest.args[0] if isinstance(rest, sympy.Abs) else argument


_RULES = {
    sympy.exp: _exp,
    sympy.log: _log,
    sympy.Abs: _abs,
    sympy.sign: _sign,
    sympy.sin: lambda argument: _periodic(sympy.sin, argument),
    sympy.cos: lambda argument: _periodic(sympy.cos, _without_size(argument)),
    sympy.cosh: lambda argument: sympy.cosh(_without_size(argument)),
    sympy.tan: lambda argument: _periodic(sympy.tan, argument),
}


def _content(expression: Expr, *, keep_sign: bool) -> tuple[Expr, Expr]:
    """Split a sum into (number, sum with leading coefficient 1), or (1, expression) if there is nothing to split.

    The leading term is the first that is not a number, in an order that does not depend on coefficients. It is split
    off only if every coefficient is a Float. With `keep_sign` the number is positive and the leading coefficient may
    be -1; otherwise a negative sign is split off from exact coefficients too.
    """
    if not expression.is_Add or expression.is_number:
        return sympy.S.One, expression
    pairs = [term.as_coeff_Mul() for term in expression.args if not term.is_number]
    coefficient, leading = min(pairs, key=lambda pair: pair[1].sort_key())
    # With an exact coefficient anywhere, the sum has no constant to spare.
    superfluous = all(isinstance(term.as_coeff_Mul()[0], Float) for term in expression.args)
    number = coefficient if superfluous else sympy.S.One
    number = abs(number)
    if coefficient.is_negative and not keep_sign:
        number = -number
    if number is sympy.S.One:
        return number, expression
    terms = []
    for term in expression.args:
        factor, rest = term.as_coeff_Mul()
        # The leading coefficient becomes exactly 1, whatever the rounding of the division.
        scaled = sympy.sign(factor / number) if superfluous and rest == leading else factor / number
        terms.append(Mul(_without_unit(scaled), rest))
    if number.has(Float) and not all(_moderate([term.as_coeff_Mul()[0]]) for term in terms):
        return sympy.S.One, expression
    return number, Add(*terms)


def _present(node: Expr, *, factor: bool = False) -> Expr:
    """Last step: join logarithms with equal coefficients and pull equal coefficients out of sums.

    A sum that is itself a `factor` keeps its coefficients: `_content` has dealt with it.
    """
    if not node.args:
        return node
    arguments = [_present(argument, factor=bool(node.is_Mul or node.is_Pow)) for argument in node.args]
    result = rebuild(node.func, arguments, node)
    if not result.is_Add:
        return result
    joined = _join_logarithms(result)
    return _pull_equal_factors(joined if factor else _pull_common_factor(joined))


def _join_logarithms(expression: Expr) -> Expr:
    groups: dict[Expr, list[Expr]] = {}
    others: list[Expr] = []
    for term in expression.args:
        coefficient, rest = term.as_coeff_Mul()
        if isinstance(rest, sympy.log) and rest.args[0].is_positive and rest.has(sympy.Symbol):
            sign = Integer(-1) if coefficient.is_negative else Integer(1)
            groups.setdefault(abs(coefficient), []).append(Pow(rest.args[0], sign))
        else:
            others.append(term)
    if all(len(group) == 1 for group in groups.values()):
        return expression
    for coefficient, arguments in groups.items():
        # log(1/x) alone is -log(x).
        negative = len(arguments) == 1 and arguments[0].is_Pow and arguments[0].args[1] == -1
        argument = 1 / arguments[0] if negative else Mul(*arguments)
        others.append(Mul(-coefficient if negative else coefficient, sympy.log(argument)))
    return Add(*others)


def _pull_common_factor(expression: Expr) -> Expr:
    if not expression.is_Add:
        return expression
    pairs = [term.as_coeff_Mul() for term in expression.args]
    exact = all(coefficient.is_Rational for coefficient, _ in pairs)
    if not exact and not all(isinstance(coefficient, Float) for coefficient, _ in pairs):
        return expression
    smallest = min((coefficient for coefficient, _ in pairs), key=abs)
    if abs(smallest) == 1 or smallest == 0:
        return expression
    terms = []
    for coefficient, rest in pairs:
        ratio = float(coefficient / smallest)
        if not math.isfinite(ratio):
            return expression
        multiple = round(ratio)
        # 2.0*x + 4.0 is no more natural as 2.0*(x + 2).
        largest = 1 if exact or rest is sympy.S.One else LARGEST_RATIO
        if abs(multiple) > largest or abs(ratio - multiple) > ROUNDING * abs(ratio):
            return expression
        terms.append(Mul(Integer(multiple), rest))
    total = Add(*terms)
    if all(term.could_extract_minus_sign() for term in total.args):
        total, smallest = -total, -smallest
    return Mul(smallest, total, evaluate=False)


def _pull_equal_factors(expression: Expr) -> Expr:
    """Equal Floats pulled out where not all terms have them: ``4.9*x - 4.9*y + 0.5`` is ``4.9*(x - y) + 0.5``."""
    if not expression.is_Add:
        return expression
    groups: list[tuple[Float, list[Expr]]] = []
    others: list[Expr] = []
    for term in expression.args:
        coefficient, rest = term.as_coeff_Mul()
        if not isinstance(coefficient, Float) or rest is sympy.S.One:
            others.append(term)
            continue
        for first, members in groups:
            if abs(abs(coefficient) - abs(first)) <= ROUNDING * abs(first):
                members.append(rest if coefficient * first > 0 else -rest)
                break
        else:
            groups.append((coefficient, [rest]))
    if all(len(members) == 1 for _, members in groups):
        return expression
    return Add(*others, *(Mul(first, Add(*members), evaluate=False) for first, members in groups))


def _float(number: Expr) -> Float | None:
    """A number as a double, or None if doubles cannot hold it."""
    value = number.evalf(30) if not isinstance(number, Float) else number
    if not value.is_Float:
        return Float(0.0) if value.is_zero else None
    return Float(float(value)) if _moderate([value]) else None


def _moderate(numbers: list[Expr]) -> bool:
    """Whether all Floats among the expressions can safely be multiplied in double precision."""
    return all(
        number.is_zero or (abs(number) < 1e280 and abs(number) > 1e-280) for number in numbers if number.is_Float
    )


def _without_unit(number: Expr) -> Expr:
    """Exact 1.0 and -1.0 as integers, which vanish from products."""
    value = float(number)
    if value == 1.0:
        return sympy.S.One
    return sympy.S.NegativeOne if value == -1.0 else number


def regauged(form: ParametricForm) -> Iterator[tuple[ParametricForm, sympy.Symbol]]:
    """Equal forms in which a sum with a fitted offset is scaled to the offset 1 or -1.

    The canonical gauge scales the leading term of a sum to 1. Where the law is ``1/(1 + 0.3*x)`` that hides the two
    ones in ``3.33/(x + 3.33)``. Number of constants and function are the same.

    Yields
    ------
    ParametricForm
    sympy.Symbol
        The prefactor, which may now be a simple number.
    """
    constants = set(form.constants)
    values = dict(zip(form.constants, form.values, strict=True))
    for node in sympy.preorder_traversal(form.expression):
        if not isinstance(node, Mul):
            continue
        prefactors = [factor for factor in node.args if factor in constants]
        if len(prefactors) != 1:
            continue
        for factor in node.args:
            base, exponent = factor.as_base_exp()
            if not base.is_Add or not exponent.is_number:
                continue
            offsets = [term for term in base.args if term in constants]
            if len(offsets) != 1 or form.expression.count(offsets[0]) != 1:
                continue
            if form.expression.count(prefactors[0]) != 1 or values[offsets[0]] == 0:
                continue
            prefactor, offset = prefactors[0], offsets[0]
            b = float(values[offset])
            rest = Add(*(term for term in base.args if term is not offset))
            # Distributed, so that a coefficient of the sum itself does not hide.
            scaled = Pow(Add(1 if b > 0 else -1, sympy.expand_mul(offset * rest)), exponent)
            others = [argument for argument in node.args if argument is not factor]
            changed = {prefactor: values[prefactor] * abs(b) ** float(exponent), offset: 1 / abs(b)}
            new_values = np.array([changed.get(symbol, values[symbol]) for symbol in form.constants])
            if not np.isfinite(new_values).all():
                continue
            expression = form.expression.xreplace({node: Mul(*others, scaled)})
            yield ParametricForm(expression, form.variables, form.constants, new_values), prefactor
