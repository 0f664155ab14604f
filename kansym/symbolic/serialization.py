# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
"""Expressions as JSON trees and back, without evaluating any text."""

import math
from typing import Any

import sympy

from kansym.errors import StorageError
from kansym.functions import FUNCTIONS, NUMBER_SYMBOLS

MAX_DEPTH = 200
MAX_NODES = 20_000
MAX_DIGITS = 400

_OPERATIONS: dict[str, type[sympy.Expr]] = {"Add": sympy.Add, "Mul": sympy.Mul, "Pow": sympy.Pow}
_ASSUMPTIONS = ("real", "positive")


def to_tree(expression: sympy.Expr) -> dict[str, Any]:
    """The expression as nested dictionaries of JSON types. Floats are kept exactly, as hexadecimal doubles.

    Raises
    ------
    StorageError
        If the expression contains anything but sums, products, powers, numbers, symbols and the known functions
        (`kansym.functions.FUNCTIONS`).
    """
    if isinstance(expression, sympy.Symbol):
        tree: dict[str, Any] = {"type": "Symbol", "name": expression.name}
        given = expression.assumptions0
        known = {key: True for key in _ASSUMPTIONS if given.get(key)}
        if sympy.Symbol(expression.name, **known) != expression:
            raise StorageError(f"symbol {expression.name!r} has assumptions that cannot be stored: only {_ASSUMPTIONS}")
        return tree | known
    if isinstance(expression, sympy.Float):
        value = float(expression)
        if not math.isfinite(value) or sympy.Float(value) != expression:
            raise StorageError(f"constant {expression} is not a finite double; round it to double precision")
        return {"type": "Float", "value": value.hex()}
    if isinstance(expression, sympy.Integer):
        return {"type": "Integer", "value": str(int(expression))}
    if isinstance(expression, sympy.Rational):
        return {"type": "Rational", "numerator": str(expression.p), "denominator": str(expression.q)}
    for name, number in NUMBER_SYMBOLS.items():
        if expression == number:
            return {"type": "NumberSymbol", "name": name}
    kind = type(expression).__name__
    allowed = {**_OPERATIONS, **FUNCTIONS}
    if allowed.get(kind) is not type(expression):
        raise StorageError(f"{kind} cannot be stored; a formula may contain {', '.join(sorted(allowed))}")
    return {"type": kind, "args": [to_tree(argument) for argument in expression.args]}


def from_tree(tree: Any) -> sympy.Expr:
    """The expression of a tree made by `to_tree`, equal to the original node by node.

    Raises
    ------
    StorageError
        If a node is of an unknown type, malformed, or the tree is too deep or too large.
    """
    return _Loader().load(tree, 0)


class _Loader:
    def __init__(self) -> None:
        self.nodes = 0

    def load(self, tree: Any, depth: int) -> sympy.Expr:
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise StorageError(f"expression is deeper than {MAX_DEPTH} levels or has more than {MAX_NODES} nodes")
        if not isinstance(tree, dict) or not isinstance(tree.get("type"), str):
            raise StorageError(f"expression node must be an object with a type, got {str(tree)[:60]!r}")
        kind = tree["type"]
        if kind == "Symbol":
            assumptions = {key: True for key in _ASSUMPTIONS if tree.get(key) is True}
            return sympy.Symbol(_text(tree, "name"), **assumptions)
        if kind == "Float":
            return _float(_text(tree, "value"))
        if kind == "Integer":
            return sympy.Integer(_integer(tree, "value"))
        if kind == "Rational":
            denominator = _integer(tree, "denominator")
            if denominator < 1:
                raise StorageError(f"denominator must be positive, got {denominator}")
            return sympy.Rational(_integer(tree, "numerator"), denominator)
        if kind == "NumberSymbol":
            number = NUMBER_SYMBOLS.get(_text(tree, "name"))
            if number is None:
                raise StorageError(f"unknown number {tree['name']!r}; known are {', '.join(NUMBER_SYMBOLS)}")
            return number
        return self.operation(kind, tree, depth)

    def operation(self, kind: str, tree: dict[str, Any], depth: int) -> sympy.Expr:
        function = _OPERATIONS.get(kind) or FUNCTIONS.get(kind)
        arguments = tree.get("args")
        if function is None:
            raise StorageError(f"unknown expression node {kind[:40]!r}; the file is damaged or of a newer version")
        if not isinstance(arguments, list) or not arguments:
            raise StorageError(f"expression node {kind} needs a list of arguments, got {str(arguments)[:60]!r}")
        loaded = [self.load(argument, depth + 1) for argument in arguments]
        try:
            # Unevaluated: evaluation could distribute a factored sum, or compute 10**(10**9).
            result = function(*loaded, evaluate=False)
        except (TypeError, ValueError) as error:
            raise StorageError(f"expression node {kind} cannot take {len(loaded)} arguments") from error
        return result


def _text(tree: dict[str, Any], key: str) -> str:
    value = tree.get(key)
    # A column of a Parquet file may have no name at all.
    if not isinstance(value, str) or (not value and key != "name"):
        raise StorageError(f"expression node {tree['type']} needs the text {key!r}, got {str(value)[:60]!r}")
    return value


def _integer(tree: dict[str, Any], key: str) -> int:
    text = _text(tree, key)
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > MAX_DIGITS:
        raise StorageError(f"expression node {tree['type']} needs an integer as {key!r}, got {text[:60]!r}")
    return int(text)


def _float(text: str) -> sympy.Float:
    try:
        value = float.fromhex(text)
    except (ValueError, OverflowError) as error:
        raise StorageError(f"expression constant {text[:60]!r} is not a hexadecimal double") from error
    if not math.isfinite(value):
        raise StorageError(f"expression constant {text[:60]!r} is not finite")
    return sympy.Float(value)
