# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportReturnType=false, reportOperatorIssue=false, reportArgumentType=false
"""The same functions with other constants, of which others may be the same in all groups."""

from collections.abc import Iterator

import numpy as np
import sympy

from kansym.symbolic.factoring import factored
from kansym.symbolic.parametric import ParametricForm, node_count

GAUGE_POWERS = ("1", "-1", "2", "-2", "1/2", "-1/2")
"""Powers of one constant that may be a factor of another."""


def combined_constants(
    form: ParametricForm, values: np.ndarray, p: int, q: int
) -> Iterator[tuple[sympy.Expr, np.ndarray]]:
    """What may stand for constant q so that its ratio, product, sum or difference with p, or a ratio or product with
    the square or root of p, is a constant; with values (G,) of that."""
    first, second = form.constants[p], form.constants[q]
    with np.errstate(all="ignore"):
        yield first + second, values[:, q] - values[:, p]
        yield second - first, values[:, q] + values[:, p]
        for power in GAUGE_POWERS:
            exponent = sympy.Rational(power)
            yield first**exponent * second, values[:, q] / values[:, p] ** float(exponent)


def other_squares(form: ParametricForm, values: np.ndarray) -> Iterator[tuple[sympy.Expr, np.ndarray]]:
    """A quadratic written around another point: ``(v + b)^2 + c`` as ``(v + b')^2 + c' v``, as a resonance has it, and
    in units of its value at zero, as ``1 + c' v + b' v^2``, where a factor takes up what that changes.

    Yields
    ------
    sympy.Expr
        The form, with the same names for its constants.
    ndarray, shape (G, k)
        Their values.
    """
    places = {symbol: j for j, symbol in enumerate(form.constants)}
    for node in form.expression.atoms(sympy.Add):
        squares = [one for one in node.args if isinstance(one, sympy.Pow) and one.exp == 2 and one.base.is_Add]
        rest = [one for one in node.args if one not in squares]
        if len(squares) != 1 or len(rest) != 1 or rest[0] not in places:
            continue
        shifts = [one for one in squares[0].base.args if one in places]
        if len(shifts) != 1 or form.expression.count(shifts[0]) + form.expression.count(rest[0]) > 2:
            continue
        j, k = places[shifts[0]], places[rest[0]]
        v = squares[0].base - shifts[0]
        level = values[:, j] ** 2 + values[:, k]
        if (level > 0).all():
            changed = values.copy()
            changed[:, j] = np.copysign(np.sqrt(level), values[:, j])
            changed[:, k] = 2 * (values[:, j] - changed[:, j])
            yield form.expression.xreplace({node: squares[0] + rest[0] * v}), changed
        factor = _factor_of(form.expression, node, places)
        if factor is not None and level.all():
            changed = values.copy()
            changed[:, j], changed[:, k] = 1 / level, 2 * values[:, j] / level
            changed[:, places[factor[0]]] *= level ** factor[1]
            yield form.expression.xreplace({node: 1 + rest[0] * v + shifts[0] * v**2}), changed


def _factor_of(
    expression: sympy.Expr, node: sympy.Expr, places: dict[sympy.Symbol, int]
) -> tuple[sympy.Symbol, float] | None:
    """The constant that multiplies a power of a part, where both stand nowhere else in an expression, and the power."""
    for term in expression.atoms(sympy.Mul):
        powers = [one.as_base_exp() for one in term.args]
        here = [float(exponent) for base, exponent in powers if base == node and exponent.is_number]
        factors = [one for one in term.args if one in places and expression.count(one) == 1]
        if here and factors and expression.count(node) == 1:
            return factors[0], here[0]
    return None


def reciprocals(form: ParametricForm, values: np.ndarray) -> Iterator[tuple[sympy.Expr, np.ndarray]]:
    """A constant that stands in several places as one over another, in one place: ``a*c/(c + x)`` as ``a/(1 + d*x)``.

    Yields
    ------
    sympy.Expr
        The form, with the same names for its constants.
    ndarray, shape (G, k)
        Their values.
    """
    for j, symbol in enumerate(form.constants):
        if form.expression.count(symbol) == 1 or not values[:, j].all():
            continue
        expression = collected(form.expression.xreplace({symbol: 1 / symbol}), symbol)
        if expression.count(symbol) == 1:
            changed = values.copy()
            changed[:, j] = 1 / values[:, j]
            yield expression, changed


def collected(expression: sympy.Expr, symbol: sympy.Symbol) -> sympy.Expr:
    """An expression with a constant in as few places as may be: ``c - c*x/(a + x)`` as ``c*a/(a + x)``."""
    plain = sympy.factor_terms(expression)
    if plain.count(symbol) == 1:
        return plain
    terms = [term for term in sympy.Add.make_args(expression) if term.has(symbol)]
    together = factored(sympy.together(sympy.Add(*terms)))
    other = together + sympy.Add(*(term for term in sympy.Add.make_args(expression) if term not in terms))
    return min((plain, other), key=lambda one: (one.count(symbol), node_count(one)))
