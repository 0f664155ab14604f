# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""Whether a formula is fit to be a law to look for: finite, not flat, and with no part that could be left out."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import sympy

from kansym.bench import sampling
from kansym.bench.sampling import Variable
from kansym.symbolic.complexity import complexity
from kansym.symbolic.naming import plain_symbol

ROWS = 1000

DEFINED_BEYOND = 0.9
"""Rows beyond the ranges at which a law must have a value."""

FLAT = 0.02
"""Least spread, in parts of the mean."""

SPIKY, TAILED = 30.0, 20.0
"""Largest distance of the 99.9 % point from the median in spreads, and largest spread in distances of the quartiles."""

COLUMN_MATTERS = 0.02
"""Least change, in spreads, where a column is held at the middle of its range."""

PART_MATTERS = 0.01
"""Least RMS change, in spreads, where a term is replaced by the best combination of its companions, or a function by
the best parabola in its argument."""

STRAIGHT = 1e-3
"""Least share of the variance that is left by a linear formula in all columns."""

SHORTEST, LONGEST = 5, 36
"""Nodes."""

FUNCTIONS: Mapping[type, Any] = {
    sympy.exp: np.exp,
    sympy.log: np.log,
    sympy.sin: np.sin,
    sympy.cos: np.cos,
    sympy.tan: np.tan,
    sympy.tanh: np.tanh,
    sympy.Abs: np.abs,
}
"""Functions that drawn laws hold."""

Known = dict[sympy.Basic, np.ndarray]


def rows_of(node: sympy.Basic, known: Known) -> np.ndarray:
    """Values of a formula at rows, shape (n,); nan where it has none.

    Parameters
    ----------
    node : sympy.Expr
        Of numbers, sums, products, powers and `FUNCTIONS`.
    known : dict of sympy.Expr to array (n,)
        Values of its symbols, and of any other parts that are not to be computed; what is computed is added.
    """
    found = known.get(node)
    if found is None:
        if node.is_number:
            found = np.full(len(next(iter(known.values()))), float(node))
        else:
            parts = [rows_of(argument, known) for argument in node.args]
            with np.errstate(all="ignore"):
                found = _combined(node, parts)
        known[node] = found
    return found


def objection(formula: sympy.Expr, variables: Sequence[Variable], generator: np.random.Generator) -> str | None:
    """What is wrong with a formula as a law; None where nothing is.

    Parameters
    ----------
    formula : sympy.Expr
        In the names of the variables; those that it lacks are columns that do not matter.
    variables : sequence of Variable
    generator : numpy.random.Generator
        Draws the rows that are looked at.
    """
    if not SHORTEST <= complexity(formula) <= LONGEST:
        return "too short or too long"
    symbols = [plain_symbol(variable.name) for variable in variables]
    X = sampling.draw(variables, ROWS, generator)
    wide = sampling.draw([variable.extended() for variable in variables], ROWS, generator)
    known: Known = dict(zip(symbols, X.T, strict=True))
    y = rows_of(formula, known)
    if not np.isfinite(y).all():
        return "not finite"
    if np.isfinite(rows_of(formula, dict(zip(symbols, wide.T, strict=True)))).mean() < DEFINED_BEYOND:
        return "not finite beyond the ranges"
    spread = float(np.std(y))
    if spread == 0 or spread < FLAT * abs(float(np.mean(y))):
        return "flat"
    lower, middle, upper = np.percentile(y, (25, 50, 75))
    if np.percentile(np.abs(y - middle), 99.9) > SPIKY * spread or spread > TAILED * (upper - lower):
        return "spiky"
    used = [place for place, symbol in enumerate(symbols) if symbol in formula.free_symbols]
    for place in used:
        held: Known = dict(zip(symbols, X.T, strict=True))
        held[symbols[place]] = np.full(ROWS, X[:, place].mean())
        if not _differs(rows_of(formula, held), y, COLUMN_MATTERS * spread):
            return f"{symbols[place]} hardly matters"
    if _left_by(np.column_stack([X[:, used], np.ones(ROWS)]), y) ** 2 < STRAIGHT * spread**2:
        return "linear"
    return _superfluous(formula, known, y, PART_MATTERS * spread)


def _superfluous(formula: sympy.Expr, known: Known, y: np.ndarray, least: float) -> str | None:
    """A part of the formula that could be left out or be simpler, or a pole within the ranges."""
    columns = {node: values for node, values in known.items() if isinstance(node, sympy.Symbol)}

    def changes(node: sympy.Basic, values: np.ndarray) -> bool:
        return _differs(rows_of(formula, {**columns, node: values}), y, least)

    for node in _parts(formula):
        if node.is_Pow and node.exp.is_number and node.exp.is_negative:
            signs = np.sign(rows_of(node.base, known))
            if signs.min() != signs.max():
                return f"a pole of {node}"
        if node.is_Add:
            terms = [rows_of(argument, known) for argument in node.args]
            for place, term in enumerate(terms):
                others = [other for other, argument in zip(terms, node.args, strict=True) if argument.free_symbols]
                others = [other for other in others if other is not term]
                matrix = np.column_stack([*others, np.ones(len(y))])
                if not node.args[place].free_symbols:
                    # An offset inside something else; without it the others stay as they are.
                    stand_in = np.zeros(len(y))
                else:
                    stand_in = matrix @ np.linalg.lstsq(matrix, term, rcond=None)[0]
                if not changes(node, rows_of(node, known) - term + stand_in):
                    return f"the term {node.args[place]}"
        elif node.is_Function or node.is_Pow:
            varying = [argument for argument in node.args if argument.free_symbols]
            if len(varying) != 1 or (node.is_Pow and node.base.is_number):
                # Where an exponent is a column, a constant to its power is no part of its own.
                continue
            u = rows_of(varying[0], known)
            u = (u - u.mean()) / (np.std(u) or 1.0)
            whole = node.is_Pow and node.exp.is_Integer
            matrix, own = np.stack([u**k for k in range(2 if whole else 3)], axis=1), rows_of(node, known)
            if not (np.isfinite(matrix).all() and np.isfinite(own).all()):
                return f"values of {node} that leave double precision"
            if not changes(node, matrix @ np.linalg.lstsq(matrix, own, rcond=None)[0]):
                return f"the function {node}"
    return None


def _parts(formula: sympy.Expr) -> list[sympy.Basic]:
    """All different parts with variables in them, in the order of the tree."""
    return list(dict.fromkeys(node for node in sympy.preorder_traversal(formula) if node.free_symbols))


def _combined(node: sympy.Basic, parts: list[np.ndarray]) -> np.ndarray:
    if node.is_Add:
        return np.sum(parts, axis=0)
    if node.is_Mul:
        return np.prod(parts, axis=0)
    if node.is_Pow:
        return np.power(*parts)
    return FUNCTIONS[node.func](*parts)


def _differs(found: np.ndarray, y: np.ndarray, least: float) -> bool:
    """Whether values differ by more than `least`; those that are not finite do."""
    difference = found - y
    if not np.isfinite(difference).all():
        return True
    return float(np.sqrt(np.mean(difference**2))) > least


def _left_by(matrix: np.ndarray, y: np.ndarray) -> float:
    return float(np.std(y - matrix @ np.linalg.lstsq(matrix, y, rcond=None)[0]))
