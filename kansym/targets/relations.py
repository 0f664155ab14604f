# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false
"""Equations between targets, and expressions that stand in several of them."""

import itertools
from collections.abc import Collection, Iterator, Sequence

import sympy

from kansym import clock
from kansym.clock import Work
from kansym.symbolic.complexity import complexity
from kansym.symbolic.factoring import factored
from kansym.symbolic.parametric import node_count
from kansym.symbolic.timelimit import TimeLimitError, call_with_limit

SIMPLE = 0.5
"""Nodes of a sum of squares, in parts of those before algebra, up to which it is simple."""

EFFORT = 20.0
"""Times that the algebra of a sum of squares rebuilds each of its nodes, about."""

LONGEST = 60
"""Nodes of all terms together beyond which algebra is not tried."""

LEAST_PART = 3
"""Nodes of an expression that is worth a name."""


def sums_of_squares(
    expressions: Sequence[sympy.Expr], until: float | None = None
) -> list[tuple[tuple[int, ...], tuple[int, ...], sympy.Expr]]:
    """Sets of formulas whose squares add up to something simple: all of them, three, or two.

    Parameters
    ----------
    expressions : sequence of sympy.Expr
        Of the targets, in names for all that is not exact.
    until : float, optional
        `kansym.clock.now` value at which to stop.

    Returns
    -------
    list of (places, signs, expression)
        The largest sets first; a part of a set that is given is not given again.
    """
    real = {one: sympy.Symbol(one.name, real=True) for e in expressions for one in e.free_symbols}
    back = {one: name for name, one in real.items()}
    forms = [expression.xreplace(real) for expression in expressions]
    found: list[tuple[tuple[int, ...], tuple[int, ...], sympy.Expr]] = []
    for count in sorted({len(forms), 3, 2} - {1}, reverse=True):
        for places in itertools.combinations(range(len(forms)), count):
            if any(set(places) <= set(larger) for larger, _, _ in found):
                continue
            if clock.late(until):
                return found
            for signs in [(1,) * count] + ([(1, -1)] if count == 2 else []):
                simple = _simple_sum([forms[place] for place in places], signs)
                if simple is not None:
                    if simple.could_extract_minus_sign():
                        signs, simple = tuple(-sign for sign in signs), -simple
                    found.append((places, signs, simple.xreplace(back)))
                    break
    return found


def _simple_sum(forms: Sequence[sympy.Expr], signs: Sequence[int]) -> sympy.Expr | None:
    size = sum(complexity(form) for form in forms)
    if size > LONGEST or not all(form.free_symbols for form in forms):
        return None
    total = sympy.Add(*(sign * form**2 for sign, form in zip(signs, forms, strict=True)))
    clock.charge(Work.ALGEBRA, EFFORT * node_count(total))
    try:
        ways = call_with_limit(lambda: [factored(total), factored(sympy.trigsimp(total))], clock.safety())
    except TimeLimitError:
        clock.interfered()
        return None
    except sympy.PolynomialError:
        return None
    best = min(ways, key=complexity)
    # A difference of equal squares says that two targets are the same.
    return best if best != 0 and complexity(best) <= SIMPLE * complexity(total) else None


def common_parts(
    expressions: Sequence[sympy.Expr], columns: Collection[sympy.Symbol]
) -> list[tuple[sympy.Expr, tuple[int, ...]]]:
    """Expressions that stand in several formulas, up to sign, the simplest first.

    A power of a column, or a column times a number, is none; nor is a part of a larger one that stands nowhere else.

    Parameters
    ----------
    expressions : sequence of sympy.Expr
    columns : collection of Symbol
    """
    places: dict[sympy.Expr, set[int]] = {}
    counts: dict[sympy.Expr, int] = {}
    for place, expression in enumerate(expressions):
        for node in _subexpressions(expression):
            if _is_telling(node, columns):
                key = unsigned(node)
                places.setdefault(key, set()).add(place)
                counts[key] = counts.get(key, 0) + 1
    several = sorted(
        (part for part, where in places.items() if len(where) > 1),
        key=lambda part: (complexity(part), sympy.default_sort_key(part)),
    )
    kept: list[sympy.Expr] = []
    for part in reversed(several):
        inside = [larger for larger in kept if part in map(unsigned, _subexpressions(larger))]
        # What stands in a larger part as often as anywhere has no use for a name of its own.
        if sum(counts[larger] for larger in inside) < counts[part]:
            kept.append(part)
    return [(part, tuple(sorted(places[part]))) for part in reversed(kept)]


def _subexpressions(expression: sympy.Expr) -> Iterator[sympy.Expr]:
    for node in sympy.preorder_traversal(expression):
        yield node
        if node.is_Mul:
            # -x/y, and the product without its number.
            number, rest = node.as_coeff_Mul()
            if number != 1 and rest.is_Mul:
                yield rest


def unsigned(node: sympy.Expr) -> sympy.Expr:
    """The same or its negative, whichever has the fewer signs."""
    return -node if node.could_extract_minus_sign() else node


def _is_telling(node: sympy.Expr, columns: Collection[sympy.Symbol]) -> bool:
    if not node.free_symbols & set(columns) or complexity(node) < LEAST_PART:
        return False
    if node.is_Pow:
        # Its base is looked at by itself.
        return False
    if node.is_Mul:
        number, rest = node.as_coeff_Mul()
        return number == 1 and not rest.is_Pow and not rest.is_Symbol
    return node.is_Add or node.is_Function


def with_parts(expression: sympy.Expr, names: Sequence[tuple[sympy.Expr, sympy.Symbol]]) -> sympy.Expr:
    """The expression with names for parts, either sign of them, the largest parts first."""
    for part, name in reversed(names):
        expression = expression.xreplace({part: name, -part: -name})
        if part.is_Mul:
            expression = expression.subs(part, name)
    return expression
