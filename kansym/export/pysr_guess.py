# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
# pyright: reportOperatorIssue=false
"""Formulas as PySR takes them for ``PySRRegressor(guesses=[...])``: Julia, and nothing that PySR lacks."""

import keyword
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sympy

from kansym.errors import ArgumentError
from kansym.functions import RECIPROCALS
from kansym.symbolic.naming import safe_identifiers

# PySR's own names, of `pysr.export_sympy`; columns may not be called so, nor like anything in sympy.
# fmt: off
_TAKEN = frozenset({
    "div", "inv", "mult", "sqrt_abs", "square", "cube", "plus", "sub", "neg", "pow", "pow_abs", "acosh_abs",
    "atanh_clip", "abs", "mod", "log10", "log2", "log1p", "log_abs", "log10_abs", "log2_abs", "log1p_abs", "ceil",
    "round", "greater", "less", "greater_equal", "less_equal", "cond", "logical_or", "logical_and", "relu", "fma",
    "muladd", "clamp",
})
# fmt: on

_SAME = frozenset({
    sympy.exp, sympy.log, sympy.Abs, sympy.sign, sympy.sin, sympy.cos, sympy.tan, sympy.asin, sympy.acos, sympy.atan,
    sympy.sinh, sympy.cosh, sympy.tanh, sympy.asinh, sympy.acosh, sympy.atanh, sympy.erf, sympy.erfc, sympy.gamma,
})  # fmt: skip
"""Functions that PySR has, under sympy's names in small letters."""


@dataclass(frozen=True)
class PysrGuess:
    """A formula for PySR.

    Attributes
    ----------
    text : str
        In Julia; constants have all digits.
    names : tuple of str
        What PySR has to call the columns, in their order: ``fit(..., variable_names=names)``.
    binary_operators, unary_operators : tuple of str
        What the formula uses: PySR refuses a guess with an operator that it was not given.
    """

    text: str
    names: tuple[str, ...]
    binary_operators: tuple[str, ...]
    unary_operators: tuple[str, ...]


def pysr_guess(
    expression: sympy.Expr, columns: Sequence[str], names: Sequence[str] | Mapping[str, str] | None = None
) -> PysrGuess:
    """A formula for ``PySRRegressor(guesses=[...])``.

    Sums and products are written as pairs, so that no operator needs more than two arguments; functions that PySR lacks
    are written with those that it has where that is the same function.

    Parameters
    ----------
    expression : sympy.Expr
        In plain symbols of the columns.
    columns : sequence of str
    names : sequence of str, or mapping of column to str, optional
        What the columns are called in PySR. Default: their own names where PySR takes them, otherwise ones like them
        (see `pysr_names`).

    Raises
    ------
    ArgumentError
        If PySR would refuse a name, or has no such function.
    """
    known = _names(columns, names)
    writer = _Writer(known)
    text = writer.visit(expression)
    binary = tuple(operator for operator in ("+", "-", "*", "/", "^") if operator in writer.used)
    unary = tuple(sorted(writer.used - set(binary)))
    return PysrGuess(text, tuple(known.values()), binary, unary)


def pysr_names(columns: Sequence[str]) -> dict[str, str]:
    """For every column a name that PySR takes: its own, or one like it.

    PySR wants Python identifiers that are no keywords and mean nothing in sympy: ``N``, ``E`` and ``beta`` will not do.

    Examples
    --------
    >>> pysr_names(["x", "beta", "v (m/s)", "N"])
    {'x': 'x', 'beta': 'beta_', 'v (m/s)': 'v_m_s', 'N': 'N_'}
    """
    found: dict[str, str] = {name: name for name in columns if _fits(name)}
    for name in columns:
        if name in found:
            continue
        base = safe_identifiers([name])[name] if not (name.isascii() and name.isidentifier()) else name
        candidate = base if _fits(base) else f"{base}_"
        number = 2
        while candidate in found.values() or not _fits(candidate):
            candidate, number = f"{base}_{number}", number + 1
        found[name] = candidate
    return {name: found[name] for name in columns}


def _fits(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name) and name not in _TAKEN and not hasattr(sympy, name)


def _names(columns: Sequence[str], names: Sequence[str] | Mapping[str, str] | None) -> dict[str, str]:
    if names is None:
        return pysr_names(columns)
    if isinstance(names, str):
        raise ArgumentError(f"names must be one name for each column, got the text {names!r}")
    if isinstance(names, Mapping):
        known = {column: str(names.get(column, column)) for column in columns}
    else:
        if len(names) != len(columns):
            raise ArgumentError(f"names has {len(names)} entries for {len(columns)} columns: {', '.join(columns)}")
        known = dict(zip(columns, map(str, names), strict=True))
    for name in known.values():
        if not _fits(name):
            raise ArgumentError(f"names: PySR refuses {name!r}; it wants an identifier that means nothing in sympy")
    if len(set(known.values())) < len(known):
        raise ArgumentError(f"names must differ from each other, got {list(known.values())}")
    return known


class _Writer:
    """Julia, every operation of two in parentheses; remembers which operators it used."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names
        self.used: set[str] = set()

    def visit(self, node: sympy.Expr) -> str:
        if isinstance(node, sympy.Symbol):
            return self.names[node.name]
        if node.is_number:
            return self.number(node)
        if node.is_Add:
            return self.sum(node.as_ordered_terms())
        if node.is_Mul:
            return self.product(node)
        if node.is_Pow:
            return self.power(node)
        rewritten = _rewritten(node)
        if rewritten is not None:
            return self.visit(rewritten)
        if node.func not in _SAME:
            raise ArgumentError(
                f"PySR has no function like {node.func.__name__}, so that {str(node)[:80]} cannot be a guess; choose "
                "another formula of the front"
            )
        return self.call(node.func.__name__.lower(), node.args[0])

    def number(self, node: sympy.Expr) -> str:
        return repr(float(node.evalf(30)))

    def call(self, name: str, argument: sympy.Expr) -> str:
        self.used.add(name)
        return f"{name}({self.visit(argument)})"

    def pair(self, first: str, operator: str, second: str) -> str:
        self.used.add(operator)
        return f"({first} {operator} {second})"

    def sum(self, terms: Sequence[sympy.Expr]) -> str:
        negative = [term for term in terms if term.could_extract_minus_sign()]
        positive = [term for term in terms if not term.could_extract_minus_sign()]
        first, *others = positive or negative
        text = self.visit(first)
        for term in others if positive else ():
            text = self.pair(text, "+", self.visit(term))
        for term in negative if positive else others:
            text = self.pair(text, "-", self.visit(-term))
        return text

    def product(self, node: sympy.Expr) -> str:
        above: list[sympy.Expr] = []
        below: list[sympy.Expr] = []
        for factor in node.args:
            if factor.is_Rational and factor.q != 1 and abs(factor.p) == 1:
                below.append(sympy.Integer(factor.q))
                above += [] if factor.p == 1 else [sympy.S.NegativeOne]
            elif factor.is_Pow and factor.exp.is_number and factor.exp.is_negative:
                below.append(sympy.Pow(factor.base, -factor.exp))
            else:
                above.append(factor)
        text = self.chain(above) if above else "1.0"
        return self.pair(text, "/", self.chain(below)) if below else text

    def chain(self, factors: Iterable[sympy.Expr]) -> str:
        first, *others = [self.visit(factor) for factor in factors]
        for other in others:
            first = self.pair(first, "*", other)
        return first

    def power(self, node: sympy.Expr) -> str:
        base, exponent = node.args
        if exponent.is_number and exponent.is_negative:
            return self.pair("1.0", "/", self.visit(sympy.Pow(base, -exponent)))
        if exponent is sympy.S.Half:
            return self.call("sqrt", base)
        text = self.visit(base)
        # -2.0 ^ n is -(2.0 ^ n) in Julia.
        return self.pair(f"({text})" if text.startswith("-") else text, "^", self.visit(exponent))


def _rewritten(node: sympy.Expr) -> sympy.Expr | None:
    """A function that PySR lacks in those that it has, None for others."""
    u = node.args[0]
    if isinstance(node, sympy.sinc):
        # Julia's sinc is that of pi*u; this has a hole at 0.
        return sympy.sin(u) / u
    if isinstance(node, sympy.cot):
        return sympy.cos(u) / sympy.sin(u)
    return 1 / RECIPROCALS[node.func](u) if node.func in RECIPROCALS else None
