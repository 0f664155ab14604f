# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportOperatorIssue=false
"""What has to hold for a formula to have a finite real value: conditions on its parts."""

from collections.abc import Iterator
from dataclasses import dataclass

import sympy


@dataclass(frozen=True)
class Condition:
    """One condition.

    Attributes
    ----------
    part : sympy.Expr
    kind : str
        "positive", "not negative", "not zero" or "finite".
    reason : str
        What breaks where it does not hold, in words.
    """

    part: sympy.Expr
    kind: str
    reason: str


def conditions(expression: sympy.Expr) -> list[Condition]:
    """All conditions of an expression, the innermost first; last that its value is finite."""
    found: dict[tuple[sympy.Expr, str], Condition] = {}
    for node in sympy.postorder_traversal(expression):
        for condition in _of(node):
            if condition.part.free_symbols:
                found.setdefault((condition.part, condition.kind), condition)
    found[expression, "finite"] = Condition(expression, "finite", "the value overflows")
    # A positive part is also not negative and not zero.
    strict = {part for part, kind in found if kind == "positive"}
    return [c for (part, kind), c in found.items() if kind in ("positive", "finite") or part not in strict]


def _of(node: sympy.Basic) -> Iterator[Condition]:
    name = type(node).__name__
    if node.is_Pow:
        yield from _of_power(*node.args)
    elif name == "log":
        yield Condition(node.args[0], "positive", "logarithm of a number that is not positive")
    elif name in ("tan", "sec"):
        yield Condition(sympy.cos(node.args[0]), "not zero", "pole")
    elif name in ("cot", "csc"):
        yield Condition(sympy.sin(node.args[0]), "not zero", "pole")
    elif name in ("coth", "csch"):
        yield Condition(node.args[0], "not zero", "pole")
    elif name in ("asin", "acos"):
        yield Condition(1 - node.args[0], "not negative", f"{name} of a number above 1")
        yield Condition(1 + node.args[0], "not negative", f"{name} of a number below -1")
    elif name == "acosh":
        yield Condition(node.args[0] - 1, "not negative", "acosh of a number below 1")
    elif name == "atanh":
        yield Condition(1 - node.args[0], "positive", "atanh of a number of at least 1")
        yield Condition(1 + node.args[0], "positive", "atanh of a number of at most -1")
    elif name in ("bessely", "besselk"):
        yield Condition(node.args[1], "positive", f"{name} of a number that is not positive")
    elif name == "LambertW":
        yield Condition(node.args[0] + sympy.exp(-1), "not negative", "LambertW of a number below -1/e")


def _of_power(base: sympy.Expr, exponent: sympy.Expr) -> Iterator[Condition]:
    if base is sympy.E:
        return
    if not exponent.is_number:
        yield Condition(base, "positive", "power of a number that is not positive")
    elif exponent.is_Integer:
        if exponent.is_negative:
            yield Condition(base, "not zero", "pole")
    elif exponent.is_negative:
        yield Condition(base, "positive", "root or real power of a number that is not positive, in a denominator")
    else:
        yield Condition(base, "not negative", "root or real power of a negative number")
