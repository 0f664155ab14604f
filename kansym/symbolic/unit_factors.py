# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportGeneralTypeIssues=false
"""Factors that can carry a unit: ``sin(x)`` of metres becomes ``a*sin(b*x)``."""

import sympy

STEP = 2.0**-20
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
        if term.as_coeff_Mul()[0].is_Float:
            return term
        self.count += 1
        return sympy.Float(1.0 + self.count * STEP) * term

    def _inside(self, node: sympy.Expr) -> sympy.Expr:
        if not node.args or node.is_number:
            return node
        if isinstance(node, sympy.Function) and not isinstance(node, sympy.Abs | sympy.sign | sympy.atan2):
            return node.func(*(self.scaled(argument) for argument in node.args))
        if node.is_Pow and node.args[0].is_Add:
            # 1 + x of a length x: the term that has no unit of its own gets one.
            return node.func(self.scaled(node.args[0]), self._inside(node.args[1]))
        return node.func(*(self._inside(argument) for argument in node.args))
