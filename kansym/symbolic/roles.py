# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportIndexIssue=false, reportGeneralTypeIssues=false
"""What a constant does in a formula: exponent, offset, inner coefficient or prefactor."""

from collections.abc import Iterator

import sympy
from sympy import Expr

from kansym.symbolic.parametric import ParametricForm

ORDER = ("exponent", "phase", "offset", "inner", "prefactor")
"""Roles in the order of deciding: exponents define the structure, prefactors depend on all the rest."""


def roles(form: ParametricForm) -> dict[sympy.Symbol, str]:
    """The role of every constant that occurs, by its first occurrence.

    "exponent": in a power; "phase": a term of the argument of sin, cos or tan; "offset": a term of another sum;
    "inner": a coefficient inside a function or a power; "prefactor": a coefficient outside all of them.
    """
    found: dict[sympy.Symbol, str] = {}
    constants = set(form.constants)
    variables = set(form.variables)

    def visit(node: Expr, role: str, inside: bool) -> None:
        if node in constants:
            found.setdefault(node, role)
            return
        inner = "inner" if inside else "prefactor"
        for position, argument in enumerate(node.args):
            if node.is_Pow and position == 1 and not argument.free_symbols & variables:
                visit(argument, "exponent", True)
            elif role == "exponent":
                visit(argument, role, True)
            elif node.is_Add:
                visit(argument, "phase" if role == "phase" else "offset", inside)
            elif node.is_Mul:
                visit(argument, inner, inside)
            else:
                periodic = isinstance(node, (sympy.sin, sympy.cos, sympy.tan)) and argument.is_Add
                visit(argument, "phase" if periodic else "inner", True)

    visit(form.expression, "prefactor", False)
    return found


def coefficient_pairs(form: ParametricForm) -> Iterator[tuple[sympy.Symbol, sympy.Symbol]]:
    """Pairs of constants that are coefficients of terms of the same sum."""
    constants = set(form.constants)
    seen: set[tuple[sympy.Symbol, sympy.Symbol]] = set()
    for node in sympy.preorder_traversal(form.expression):
        if not isinstance(node, sympy.Add):
            continue
        coefficients = []
        for term in node.args:
            own = [factor for factor in sympy.Mul.make_args(term) if factor in constants]
            if len(own) == 1:
                coefficients.append(own[0])
        for i, first in enumerate(coefficients):
            for second in coefficients[i + 1 :]:
                if first != second and (first, second) not in seen:
                    seen.add((first, second))
                    yield first, second
