# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportIndexIssue=false, reportGeneralTypeIssues=false
"""Constants that a formula lacks: what data say of each without a fit.

A formula that is right but for one number, as x/(x + z + c) where the law has x/(x + 1.1 z + c), leaves a residual
along its derivative by that number. So each place where a constant can come in (an offset, a factor, an exponent) is
asked at once: the derivatives by all parts of the formula come from one pass back through its tree, and what the
constants that are there could do as well is taken off. How much a new constant lowers the sum of squares to first order
is Rao's score test.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.symbolic.evaluation import finite_column
from kansym.symbolic.parametric import ParametricForm, node_count
from kansym.symbolic.scaled_columns import unit_columns
from kansym.symbolic.tape import is_whole, rule_of, symbols_of, varying

ALIKE = 1e-4
"""One less the cosine between two derivatives of places that say the same."""

LEAST = 1e-6
"""Share of a derivative that the constants that are there do not have."""

LARGEST_STEP = 0.5
"""Largest change of a factor or an exponent from one to begin with, and of an offset in spreads of what it is added to.
"""

PASSES = 4.0
"""Cost of values and derivatives of all parts, in evaluations."""


@dataclass(frozen=True, eq=False)
class MissingConstant:
    """A place for one more constant.

    Attributes
    ----------
    drop : float
        Of the weighted mean squared residual, to first order.
    expression : sympy.Expr
        The formula with Float constants, the new one after a step that lowers the residual.
    """

    drop: float
    expression: sympy.Expr


@dataclass(eq=False)
class _Part:
    """A node of the tree: its place, values (n,), and the derivative of the formula by it."""

    node: sympy.Expr
    place: tuple[int, ...]
    children: tuple[int, ...]
    value: np.ndarray
    slopes: tuple[np.ndarray, ...]
    adjoint: np.ndarray = field(default_factory=lambda: np.zeros(0))


def missing_constants(
    form: ParametricForm, X: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None
) -> list[MissingConstant]:
    """Places for one more constant, the one that lowers the residual most first; places that say the same only once.

    Parameters
    ----------
    form : ParametricForm
        Fitted.
    X : ndarray, shape (n, d)
    y : ndarray, shape (n,)
    weights : ndarray, shape (n,), optional
        Of the squared residuals.

    References
    ----------
    Rao, Proceedings of the Cambridge Philosophical Society 44 (1948) 50, doi:10.1017/S0305004100023987.
    """
    clock.charge(Work.EVALUATED_NODES, PASSES * len(y) * node_count(form.expression))
    clock.charge(Work.EVALUATIONS, PASSES * node_count(form.expression))
    parts: list[_Part] = []
    leaves = dict(zip(form.variables, np.asarray(X, dtype=float).T, strict=True))
    leaves |= {c: np.full(len(y), value) for c, value in zip(form.constants, form.values, strict=True)}
    with np.errstate(all="ignore"):
        _forward(form.expression, (), leaves, parts)
        _backward(parts)
        root = np.ones(len(y)) if weights is None else np.sqrt(weights / weights.mean())
        residual = (y - parts[-1].value) * root
        known = [
            sum((part.adjoint for part in parts if part.node == constant), np.zeros(len(y)))
            for constant in form.constants
        ]
        span = _orthonormal(np.column_stack(known) * root[:, None] if known else np.zeros((len(y), 0)))
        if span is None or not np.isfinite(residual).all():
            return []
        found: list[tuple[float, float, np.ndarray, _Place]] = []
        for place in _places(parts, form):
            derivative = place.derivative * root
            own = derivative - span @ (span.T @ derivative)
            size = float(own @ own)
            if not (math.isfinite(size) and size > LEAST * LEAST * float(derivative @ derivative) > 0):
                continue
            along = float(own @ residual)
            # Of values beyond 1e15 the residual is all rounding; it cannot drop below zero.
            drop = min(along * along / size, float(residual @ residual)) / len(y)
            if math.isfinite(drop):
                found.append((drop, along / size, own / math.sqrt(size), place))
    found.sort(key=lambda one: -one[0])
    kept: list[tuple[float, float, np.ndarray, _Place]] = []
    for one in found:
        if all(abs(float(one[2] @ other[2])) < 1 - ALIKE for other in kept):
            kept.append(one)
    values = {c: sympy.Float(float(value)) for c, value in zip(form.constants, form.values, strict=True)}
    return [MissingConstant(drop, place.written(form.expression, step, values)) for drop, step, _, place in kept]


def _forward(node: sympy.Expr, place: tuple[int, ...], leaves: dict, parts: list[_Part]) -> int:
    """Append the parts of a tree, children first; returns the index of the node."""
    n = len(next(iter(leaves.values())))
    if node in leaves:
        parts.append(_Part(node, place, (), leaves[node], ()))
    elif node.is_number:
        parts.append(_Part(node, place, (), np.full(n, float(node) if node.is_real else np.nan), ()))
    elif is_whole(node):
        # Cases, for instance: their parts are not looked into.
        value = rule_of(node).value(*(leaves[one] for one in symbols_of(node)))
        parts.append(_Part(node, place, (), finite_column(value, n), ()))
    else:
        children = tuple(_forward(node.args[k], (*place, k), leaves, parts) for k in varying(node))
        value, slopes = _evaluated(node, [parts[k].value for k in children])
        parts.append(_Part(node, place, children, value, slopes))
    return len(parts) - 1


def _evaluated(node: sympy.Expr, values: list[np.ndarray]) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """Value and derivatives by the arguments."""
    rule, n = rule_of(node), len(values[0])
    value = rule.value(*values)
    slopes = [0.0 if one is None else one for one in rule.partials(values, value, [True] * len(values))]
    if not node.is_Function:
        return value, tuple(np.broadcast_to(one, n) for one in slopes)
    return finite_column(value, n), tuple(finite_column(one, n) for one in slopes)


def _backward(parts: list[_Part]) -> None:
    """The derivative of the last part by all others: each comes after its children."""
    parts[-1].adjoint = np.ones_like(parts[-1].value)
    for part in reversed(parts):
        for child, slope in zip(part.children, part.slopes, strict=True):
            parts[child].adjoint = part.adjoint * slope


def _orthonormal(matrix: np.ndarray) -> np.ndarray | None:
    """An orthonormal basis of the columns; None where one is not finite."""
    if not np.isfinite(matrix).all():
        return None
    unit, lengths = unit_columns(matrix)
    left, singular, _ = np.linalg.svd(unit[:, lengths > 0], full_matrices=False)
    clock.charge(Work.DENSE_PRODUCTS, matrix.size * matrix.shape[1])
    return left[:, singular > LEAST * singular.max(initial=0.0)]


@dataclass(frozen=True, eq=False)
class _Place:
    """Where a constant can come in, the derivative by it, and what the part becomes."""

    place: tuple[int, ...]
    derivative: np.ndarray
    largest: float
    change: Callable[[sympy.Expr, float], sympy.Expr]

    def written(self, expression: sympy.Expr, step: float, values: dict) -> sympy.Expr:
        step = float(np.clip(step, -self.largest, self.largest))
        return _changed(expression, self.place, lambda node: self.change(node, step)).xreplace(values)


def _changed(node: sympy.Expr, place: Sequence[int], change: Callable[[sympy.Expr], sympy.Expr]) -> sympy.Expr:
    if not place:
        return change(node)
    arguments = list(node.args)
    arguments[place[0]] = _changed(arguments[place[0]], place[1:], change)
    return node.func(*arguments)


def _places(parts: list[_Part], form: ParametricForm) -> Iterator[_Place]:
    """Offsets, factors and exponents that are not there, and places of one constant that may have two."""
    variables, constants = set(form.variables), set(form.constants)
    shared = {c for c in constants if sum(part.node == c for part in parts) > 1}
    parents = {child: part for part in parts for child in part.children}
    for index, part in enumerate(parts):
        node, parent = part.node, None if index not in parents else parents[index].node
        if node in shared:
            yield _Place(part.place, part.adjoint * part.value, LARGEST_STEP, _times)
        if not node.free_symbols & variables:
            continue
        loose = [argument for argument in node.args if not argument.free_symbols & variables and argument.free_symbols]
        if not (parent is not None and parent.is_Add) and not (node.is_Add and loose):
            spread = float(np.std(part.value)) * LARGEST_STEP
            yield _Place(part.place, part.adjoint, spread, lambda node, e: node + sympy.Float(e))
        if not (parent is not None and parent.is_Mul) and not (node.is_Mul and loose):
            yield _Place(part.place, part.adjoint * part.value, LARGEST_STEP, _times)
        if node.is_Pow and not node.args[1].free_symbols & (variables | constants):
            base = parts[part.children[0]].value
            if (base > 0).all():
                derivative = part.adjoint * part.value * np.log(base)
                yield _Place(part.place, derivative, LARGEST_STEP, _with_other_exponent)
        elif not (parent is not None and parent.is_Pow) and not node.is_Mul and (part.value > 0).all():
            derivative = part.adjoint * part.value * np.log(part.value)
            yield _Place(part.place, derivative, LARGEST_STEP, lambda node, e: node ** sympy.Float(1 + e))


def _times(node: sympy.Expr, step: float) -> sympy.Expr:
    return sympy.Float(1 + step) * node


def _with_other_exponent(node: sympy.Expr, step: float) -> sympy.Expr:
    return node.args[0] ** sympy.Float(float(node.args[1]) + step)
