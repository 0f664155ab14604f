# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportIndexIssue=false, reportGeneralTypeIssues=false
"""The passes of simplification, with what each costs and the largest formula it is tried on."""

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sympy
from sympy import Add, Expr, Mul, Pow

from kansym import clock
from kansym.clock import Work
from kansym.symbolic.complexity import complexity
from kansym.symbolic.factoring import factored
from kansym.symbolic.parametric import ParametricForm, node_count, parametrize
from kansym.symbolic.partial_fractions import degree_of_root, split_denominators
from kansym.symbolic.polynomial_powers import join_powers

LARGEST_TREE = 400
"""Trees with more nodes than this are only brought into canonical gauge."""

LOOK, EXPANSION = 0.2, 3.0
"""Times that passes go through all nodes which find nothing to do in most formulas, and where squares are expanded."""

TRIGONOMETRY = 100.0
"""Times that trigsimp goes through all nodes."""


def recognize_hyperbolic(expression: Expr) -> Expr:
    """Write differences, sums and quotients of exponentials as sinh, cosh and tanh.

    ``exp(u) - exp(-u)`` becomes ``2*sinh(u)``, ``exp(u) + exp(-u)`` becomes ``2*cosh(u)``, and
    ``(exp(u) - k)/(exp(u) + k)`` becomes ``tanh((u - log(k))/2)`` for a positive number k, as does ``1 - 2*k/(exp(u) +
    k)``.
    """
    if not expression.has(sympy.exp):
        return expression
    for change in (_hyperbolic_sum, _one_and_quotient):
        expression = expression.replace(lambda node: node.is_Add, change)
    return expression.replace(lambda node: node.is_Mul, _hyperbolic_quotient)


def _hyperbolic_sum(expression: Expr) -> Expr:
    coefficients: dict[Expr, Expr] = {}
    others: list[Expr] = []
    for term in expression.args:
        coefficient, rest = term.as_coeff_Mul()
        if isinstance(rest, sympy.exp):
            coefficients[rest.args[0]] = coefficient
        else:
            others.append(term)
    changed = False
    for argument in list(coefficients):
        first, second = coefficients.get(argument), coefficients.get(-argument)
        if first is None or second is None or abs(first) != abs(second):
            continue
        function = sympy.cosh if first == second else sympy.sinh
        others.append(2 * first * function(argument))
        del coefficients[argument], coefficients[-argument]
        changed = True
    if not changed:
        return expression
    return Add(*others, *(coefficient * sympy.exp(argument) for argument, coefficient in coefficients.items()))


def _one_and_quotient(total: Expr) -> Expr:
    """``a + b/(exp(u) + k)`` with b = -2 a k, beside other terms."""
    number, rest = total.as_coeff_Add()
    for term in Add.make_args(rest) if number.is_Float or number.is_Rational else ():
        coefficient, power = term.as_coeff_Mul()
        below = _exponential_and_number(power.base) if power.is_Pow and power.exp == -1 else None
        if below is None or not below[1].is_positive:
            continue
        if abs(coefficient + 2 * number * below[1]) <= SAME_NUMBER * abs(coefficient):
            return number * sympy.tanh((below[0] - sympy.log(below[1])) / 2) + rest - term
    return total


def _hyperbolic_quotient(expression: Expr) -> Expr:
    factors = list(expression.args)
    for denominator in [factor for factor in factors if factor.is_Pow and factor.args[1] == -1]:
        for numerator in [factor for factor in factors if factor.is_Add]:
            below, above = _exponential_and_number(denominator.args[0]), _exponential_and_number(numerator)
            if below is None or above is None or below[0] != above[0]:
                continue
            if below[1] == -above[1] and below[1].is_nonzero:
                sign = 1 if below[1].is_positive else -1
                factors.remove(numerator)
                factors.remove(denominator)
                tanh = sympy.tanh((below[0] - sympy.log(abs(below[1]))) / 2)
                return Mul(*factors, tanh**sign)
    return expression


def _exponential_and_number(expression: Expr) -> tuple[Expr, Expr] | None:
    """(u, k) of ``exp(u) + k``."""
    if not expression.is_Add or len(expression.args) != 2:
        return None
    number, rest = expression.as_coeff_Add()
    if isinstance(rest, sympy.exp) and number != 0:
        return rest.args[0], number
    return None


SAME_NUMBER = 1e-9
"""Relative difference of two numbers that is taken to be rounding."""


def join_softplus(expression: Expr) -> Expr:
    """Take the linear term into ``c*log(a + b*exp(-u)) + c*u``, which is ``c*log(a*exp(u) + b)``."""
    if not (expression.has(sympy.exp) and expression.has(sympy.log)):
        return expression
    return expression.replace(lambda node: node.is_Add, _softplus)


def _softplus(total: Expr) -> Expr:
    for term in total.args:
        coefficient, logarithm = term.as_coeff_Mul()
        if not isinstance(logarithm, sympy.log):
            continue
        number, rest = logarithm.args[0].as_coeff_Add()
        scale, power = rest.as_coeff_Mul()
        if number == 0 or not isinstance(power, sympy.exp):
            continue
        others = sympy.expand(total - term).as_coefficients_dict()
        inside = sympy.expand(coefficient * power.args[0]).as_coefficients_dict()
        if all(part in others and abs(others[part] + c) <= SAME_NUMBER * abs(c) for part, c in inside.items()):
            left = Add(*(c * part for part, c in others.items() if part not in inside))
            return left + coefficient * sympy.log(number * sympy.exp(-power.args[0]) + scale)
    return total


def swap_squares(expression: Expr) -> Expr:
    """With ``1 - sin(u)^2`` in the place of ``cos(u)^2``, or the other way round, where it is shorter."""
    for argument in sorted({wave.args[0] for wave in expression.atoms(sympy.sin, sympy.cos)}, key=str):
        for one, other in itertools.permutations((sympy.sin(argument), sympy.cos(argument))):
            swapped = expression.replace(
                lambda node, one=one: node.is_Pow and node.base == one and node.exp.is_Integer and node.exp % 2 == 0,
                lambda node, other=other: (1 - other**2) ** (node.exp / 2),
            )
            if swapped != expression:
                expanded = swapped.replace(lambda node: node.is_Add, _expand)
                expression = min(expression, expanded, key=complexity)
    return expression


ROUND_DIGITS = 3
"""Digits of a round number."""


def join_waves(expression: Expr) -> Expr:
    """The expression with ``a sin(u) + b cos(u)``, times the same factor, as one wave with a phase.

    Of a wave that has a phase both numbers are hardly ever round.
    """
    return expression.replace(lambda node: node.is_Add, _joined_waves)


def _joined_waves(total: Expr) -> Expr:
    seen: dict[tuple[Expr, Expr, type], tuple[Expr, Expr]] = {}
    for term in total.args:
        number, rest = term.as_coeff_Mul()
        for wave in Mul.make_args(rest):
            if not isinstance(wave, sympy.sin | sympy.cos):
                continue
            place = wave.args[0], rest / wave
            other = seen.get((*place, sympy.cos if isinstance(wave, sympy.sin) else sympy.sin))
            if other is not None and not (_is_round(number) and _is_round(other[0])):
                both = (number, other[0]) if isinstance(wave, sympy.sin) else (other[0], number)
                a, b = map(float, both)
                # With one sign for a wave and its negative.
                size = math.copysign(math.hypot(a, b), a)
                joined = size * sympy.sin(place[0] + math.atan2(b / size, a / size)) * place[1]
                return _joined_waves(total - term - other[1] + joined)
            seen[*place, type(wave)] = number, term
    return total


def _is_round(number: Expr) -> bool:
    value = float(number)
    return abs(value - float(f"{value:.{ROUND_DIGITS}g}")) <= SAME_NUMBER * abs(value)


SQUARE_ROUNDING = 1e-10
"""Relative difference of the square of a coefficient that is taken to be rounding."""


def complete_squares(expression: Expr) -> Expr:
    """The expression with ``p^2 a^2 + 2 p q a b + q^2 b^2`` as ``(p a + q b)^2`` wherever the three terms are in a sum.

    `sympy.factor` sees it only where nothing else is in the sum.
    """
    return expression.replace(lambda node: node.is_Add and len(node.args) >= 3, _completed)


def _completed(total: Expr) -> Expr:
    terms = list(total.args)
    done: list[Expr] = []
    while (found := _one_square(terms)) is not None:
        used, square = found
        terms = [term for place, term in enumerate(terms) if place not in used]
        done.append(square)
    return Add(*terms, *done) if done else total


def _one_square(terms: list[Expr]) -> tuple[set[int], Expr] | None:
    """Places of three terms that are a square, and the square."""
    squares = [(place, *root) for place, term in enumerate(terms) if (root := _square_root(term)) is not None]
    by_rest: dict[Expr, list[tuple[int, Expr]]] = {}
    for place, term in enumerate(terms):
        coefficient, rest = term.as_coeff_Mul()
        by_rest.setdefault(rest, []).append((place, coefficient))
    for (i, p, a), (j, q, b) in itertools.combinations(squares, 2):
        if (p > 0) != (q > 0):
            continue
        for place, middle in by_rest.get(a * b, ()):
            if place in (i, j) or not _same(middle**2, 4 * p * q):
                continue
            # The whole sign and the common size in front, the sign of the middle term between the two.
            ratio = middle / (2 * p)
            exact = sympy.S.One if _same(abs(ratio), 1) else abs(ratio)
            sign = sympy.sign(ratio)
            # (x - 1)^2 rather than (1 - x)^2
            root = sign * a + exact * b if a.is_Number else a + sign * exact * b
            return {i, j, place}, Mul(p, Pow(root, 2))
    return None


def _square_root(term: Expr) -> tuple[Expr, Expr] | None:
    """(p, a) of a term ``p a^2``; a is 1 of a number."""
    coefficient, rest = term.as_coeff_Mul()
    if not coefficient.is_Number or not coefficient.is_finite or coefficient == 0:
        return None
    factors = []
    for factor in Mul.make_args(rest):
        base, exponent = factor.as_base_exp()
        if factor is sympy.S.One:
            continue
        if not (exponent.is_Integer and exponent % 2 == 0):
            return None
        factors.append(base ** (exponent / 2))
    return coefficient, Mul(*factors)


def _same(first: Expr, second: Expr) -> bool:
    if first == second:
        return True
    one, other = float(first), float(second)
    return math.isfinite(one) and abs(one - other) <= SQUARE_ROUNDING * abs(other)


ROUNDING = 1e-12
"""Share of the largest coefficient below which one that squares leave of each other is rounding."""


def turn_squares(expression: Expr) -> Expr:
    """The expression with squares of sums in a sum multiplied out and completed to other squares.

    ``(a - b + c - d)^2 + (a - b - c + d)^2`` becomes ``2 (a - b)^2 + 2 (c - d)^2``: sums of squares are the same in any
    turned axes, and what a fit finds is seldom turned to the shortest.
    """
    return expression.replace(lambda node: node.is_Add, _turned_squares)


def _turned_squares(total: Expr) -> Expr:
    # A number that is rounding stands in the way of nothing else than of being seen.
    terms = [term for term in total.args if term.is_Number or _is_square(term) or _has_sum(term)]
    if sum(map(_is_square, terms)) < 2 or not any(map(_has_sum, terms)):
        return total
    clock.charge(Work.ALGEBRA, EXPANSION * node_count(total))
    expanded = [term.as_coeff_Mul() for term in Add.make_args(sympy.expand(Add(*terms)))]
    least = ROUNDING * max(abs(float(number)) for number, _ in expanded)
    kept = [_rounded(number, least) * rest for number, rest in expanded if abs(float(number)) > least]
    others = [term for term in total.args if term not in terms]
    return Add(_completed(Add(*kept)), *others)


def _rounded(number: Expr, error: float) -> Expr:
    """The integer that a Float is but for its rounding, or the number."""
    nearest = sympy.Integer(round(float(number)))
    return nearest if abs(float(number) - int(nearest)) <= error else number


def _is_square(term: Expr) -> bool:
    number, rest = term.as_coeff_Mul()
    return number.is_Number and rest.is_Pow and rest.args[1] == 2


def _has_sum(term: Expr) -> bool:
    """Whether a polynomial term is a product or a square of sums."""
    return term.is_polynomial() and any(factor.as_base_exp()[0].is_Add for factor in Mul.make_args(term))


def cancel_signs(expression: Expr) -> Expr:
    """The expression without ``|u|`` and ``sign(u)`` of a symbol where it is the same function for both signs.

    ``sin(|u| v) sign(u)`` is ``sin(u v)``.
    """
    for symbol in sorted(expression.free_symbols, key=str):
        absolute, sign = sympy.Abs(symbol), sympy.sign(symbol)
        if expression.has(absolute, sign):
            above = expression.subs({absolute: symbol, sign: 1})
            below = expression.subs({absolute: -symbol, sign: -1})
            expression = above if above == below else expression
    return expression


HIGHEST_DEGREE = 8
"""Degree of the numerators that are divided."""

CANCELLED = 1e-10
"""Share of its terms below which a coefficient is rounding."""


def divide(expression: sympy.Expr) -> sympy.Expr:
    """The expression with polynomial division where that makes it shorter.

    In every product with a sum below, the factors above that are sums, one at a time and all together, are divided by
    it with respect to each symbol, or its square root, and each exponential; of the same powers of two sums, the sums
    are.
    """
    # With symbols for the Floats: polynomial algebra on inexact numbers is neither exact nor stable.
    form = parametrize(expression, ())
    values = dict(zip(form.constants, form.values, strict=True))
    divided = _divided(form.expression, values)
    return ParametricForm(divided, (), form.constants, form.values).substituted()


def split_fractions(expression: Expr) -> Expr:
    """The expression with ``(a*d + b)/d`` as ``a + b/d`` wherever a term above has what is below as a factor."""
    return expression.replace(lambda node: node.is_Mul, _split)


def _split(product: Expr) -> Expr:
    below = {one.args[0] for one in product.args if one.is_Pow and one.args[1] is sympy.S.NegativeOne}
    for numerator in product.args:
        if numerator.is_Add and any(below & set(Mul.make_args(term)) for term in numerator.args):
            rest = product / numerator
            return Add(*(rest * term for term in numerator.args))
    return product


Values = Mapping[sympy.Symbol, float]


def _divided(node: sympy.Expr, values: Values) -> sympy.Expr:
    if not node.args:
        return node
    node = node.func(*(_divided(argument, values) for argument in node.args))
    if not node.is_Mul:
        return node
    # A quotient of constants is one constant.
    found = [node, *_divisions(node, values), *_divisions_of_powers(node, values)]
    return min(found, key=lambda one: complexity(one.subs(values)))


def _divisions(node: sympy.Expr, values: Values) -> list[sympy.Expr]:
    below = [f for f in node.args if f.is_Pow and f.args[1] is sympy.S.NegativeOne and f.args[0].is_Add]
    above = [f for f in node.args if f not in below]
    found = []
    for factor in below:
        denominator = factor.args[0]
        rest = [f for f in below if f is not factor]
        groups = [[f] for f in above if f.is_Add]
        if len(above) > 1:
            groups.append(above)
        for group, (replaced, symbol, generator) in itertools.product(groups, _generators(node, denominator, values)):
            numerator = sympy.expand(sympy.Mul(*group)).xreplace(replaced)
            parts = _polynomial_quotient(numerator, denominator.xreplace(replaced), symbol)
            if parts is not None:
                cleared = (_without_rounding(part, symbol, values) for part in parts)
                quotient, remainder = (part.xreplace({symbol: generator}) for part in cleared)
                others = [f for f in above if f not in group]
                found.append(sympy.Mul(*others, *rest, quotient + sympy.factor_terms(remainder) / denominator))
    return found


def _generators(
    node: sympy.Expr, denominator: sympy.Expr, values: Values
) -> list[tuple[dict[sympy.Expr, sympy.Expr], sympy.Symbol, sympy.Expr]]:
    """What may be divided with respect to: what is replaced, the symbol in its place, and what that stands for."""
    found = []
    for symbol in sorted(denominator.free_symbols - values.keys(), key=str):
        root = sympy.Dummy("g", positive=True)
        square = degree_of_root(node, symbol) == 2
        found.append(({symbol: root**2}, root, sympy.sqrt(symbol)) if square else ({}, symbol, symbol))
    for exponential in sorted(denominator.atoms(sympy.exp), key=str):
        # What holds for any value of a symbol holds for an exponential.
        root = sympy.Dummy("g", positive=True)
        found.append(({exponential: root}, root, exponential))
    return found


def _divisions_of_powers(node: sympy.Expr, values: Values) -> list[sympy.Expr]:
    """Of ``p^n / q^n``, the powers of what division makes of ``p / q``."""
    found = []
    powers = [f for f in node.args if f.is_Pow and f.args[1].is_Integer and f.args[0].is_Add]
    for above, below in itertools.permutations(powers, 2):
        if above.args[1] > 1 and above.args[1] == -below.args[1]:
            others = [f for f in node.args if f not in (above, below)]
            ratios = _divisions(above.args[0] / below.args[0], values)
            found += [sympy.Mul(*others, Pow(ratio, above.args[1])) for ratio in ratios]
    return found


def _polynomial_quotient(
    numerator: sympy.Expr, denominator: sympy.Expr, symbol: sympy.Symbol
) -> tuple[sympy.Expr, sympy.Expr] | None:
    """Quotient and remainder with respect to a symbol, where there is a quotient."""
    if not (numerator.is_polynomial(symbol) and denominator.is_polynomial(symbol)):
        return None
    degree = sympy.degree(numerator, symbol)
    if not 0 < sympy.degree(denominator, symbol) <= degree <= HIGHEST_DEGREE:
        return None
    return sympy.div(numerator, denominator, symbol)


def _without_rounding(part: sympy.Expr, symbol: sympy.Symbol, values: Values) -> sympy.Expr:
    """A polynomial without the coefficients that are zero but for rounding, which their symbols do not show."""
    kept = []
    for (power,), coefficient in sympy.Poly(part, symbol).terms():
        groups: dict[sympy.Expr, list[tuple[float, sympy.Expr]]] = {}
        for term in Add.make_args(sympy.expand(coefficient)):
            others = term.free_symbols - values.keys()
            number, varying = term.as_independent(*others, as_Add=False) if others else (term, sympy.S.One)
            groups.setdefault(varying, []).append((float(number.subs(values)), term))
        known = [group for group in groups.values() if not _cancels([number for number, _ in group])]
        if len(known) == len(groups):
            kept.append(coefficient * symbol**power)
        else:
            kept += [term * symbol**power for group in known for _, term in group]
    return Add(*kept)


def _cancels(numbers: list[float]) -> bool:
    return abs(math.fsum(numbers)) <= CANCELLED * math.fsum(map(abs, numbers))


def _powers(expression: Expr) -> Expr:
    return sympy.powsimp(expression, combine="all")


def _trigonometry(expression: Expr) -> Expr:
    if len(expression.atoms(sympy.sin, sympy.cos, sympy.tan)) < 2:
        return expression
    clock.charge(Work.ALGEBRA, TRIGONOMETRY * node_count(expression))
    return sympy.trigsimp(expression)


def _collect(expression: Expr) -> Expr:
    candidates = [sympy.collect(expression, symbol) for symbol in sorted(expression.free_symbols, key=str)]
    return min(candidates, key=complexity, default=expression)


def _factor(expression: Expr) -> Expr:
    # With symbols for the Floats: polynomial algebra on inexact numbers is neither exact nor stable.
    form = parametrize(expression, ())
    return ParametricForm(factored(form.expression), (), form.constants, form.values).substituted()


def _expand(expression: Expr) -> Expr:
    return sympy.expand(expression, power_exp=False, power_base=False, log=False)


@dataclass(frozen=True)
class Pass:
    """A pass of `kansym.symbolic.simplification.simplify`.

    Attributes
    ----------
    rewrite : callable
        From one expression to an equal one, which need not be shorter.
    cost : float
        How many times it goes through all nodes.
    largest : float
        Nodes of the largest tree that it is tried on.
    """

    rewrite: Callable[[Expr], Expr]
    cost: float = 1.0
    largest: float = LARGEST_TREE


PASSES: dict[str, Pass] = {
    "canonical gauge": Pass(lambda expression: expression, largest=math.inf),
    "common factors": Pass(sympy.factor_terms, cost=2.0),
    "powers": Pass(_powers, cost=4.0),
    "hyperbolic functions": Pass(recognize_hyperbolic),
    "softplus": Pass(join_softplus),
    "trigonometry": Pass(_trigonometry, largest=20),
    "waves": Pass(join_waves),
    "squares of waves": Pass(swap_squares, cost=LOOK),
    "collection": Pass(_collect, cost=2.0),
    "common denominator": Pass(sympy.together, cost=2.0),
    "turned squares": Pass(turn_squares, cost=LOOK),
    "expansion": Pass(_expand, cost=3.0),
    "factorization": Pass(_factor, cost=6.0, largest=60),
    "squares": Pass(complete_squares),
    "powers of sums": Pass(join_powers, cost=LOOK, largest=80),
    "signs": Pass(cancel_signs, cost=LOOK),
    "fractions": Pass(split_fractions),
    "division": Pass(divide),
    "partial fractions": Pass(split_denominators, cost=LOOK),
}
"""The passes in order; each is followed by the canonical gauge. Up to their largest trees each takes some tenths of a
second at most; then trigsimp takes minutes, from 40 nodes on, and factor some seconds, from 80 on."""
