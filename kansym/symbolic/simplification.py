# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportIndexIssue=false, reportGeneralTypeIssues=false
"""Shorter forms of the same formula, by bounded steps that are each checked numerically."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sympy
from sympy import Expr

from kansym import clock
from kansym.clock import Work
from kansym.errors import ArgumentError
from kansym.symbolic.canonical import canonicalize
from kansym.symbolic.complexity import complexity
from kansym.symbolic.naming import internal_symbols, rename
from kansym.symbolic.parametric import node_count, parametrize
from kansym.symbolic.passes import PASSES
from kansym.symbolic.timelimit import TimeLimitError, call_with_limit

logger = logging.getLogger(__name__)

TOLERANCE = 1e-9
"""Largest relative difference between a formula and its simplification."""

CHECK_ROWS = 256
"""Rows of data that every step is checked on."""

ROUNDED, ROUNDINGS = 3, 16.0
"""Times that constants are changed in their last digits, some up and some down, to see what that does to values, and
times of it that are allowed."""

ROUNDS = 6

GAUGE = "canonical gauge"
"""The first pass."""


@dataclass(frozen=True)
class SimplifyResult:
    """Outcome of `simplify`.

    Attributes
    ----------
    expression : sympy.Expr
        Never more complex than the input.
    steps : tuple of str
        Names of the passes that were accepted, in order.
    rejected : tuple of (str, str)
        Name and reason of passes whose result was shorter but not equal, or that failed or ran out of time.
    """

    expression: Expr
    steps: tuple[str, ...]
    rejected: tuple[tuple[str, str], ...]


def simplify(
    expression: Expr,
    variables: Sequence[sympy.Symbol],
    X_check: np.ndarray,
    *,
    seconds: float = 1.0,
) -> SimplifyResult:
    """Look for a shorter form of an expression with Float constants.

    A fixed sequence of targeted passes, never sympy's own `simplify`, which takes minutes on sums of a few dozen
    terms. Each pass has a time limit; its result is kept only if it is shorter (the canonical gauge: not longer) and
    agrees with the input to a relative 1e-9 on the data and slightly beyond them. Applying it again changes nothing,
    unless the time ran out.

    Parameters
    ----------
    expression : sympy.Expr
        Taken to be real valued on the data.
    variables : sequence of sympy.Symbol, length d
        The columns, in order.
    X_check : array (n, d)
        Rows on which equality is tested; strictly positive columns are also what allows powers to combine.
    seconds : float, default 1.0
        Limit for all passes together. The canonical gauge (milliseconds) comes first.

    Raises
    ------
    ArgumentError
        If `X_check` does not have one column per variable.
    """
    X_check = np.asarray(X_check, dtype=np.float64)
    if X_check.ndim != 2 or X_check.shape[1] != len(variables) or len(X_check) == 0:
        raise ArgumentError(f"X_check must have shape (n > 0, {len(variables)}), got {X_check.shape}")
    internal = internal_symbols([symbol.name for symbol in variables], X_check)
    forward = dict(zip(variables, internal, strict=True))
    check = _Check(rename(expression, forward), internal, X_check)
    deadline = clock.now() + seconds
    best = rename(expression, forward)
    size = complexity(best)
    steps: list[str] = []
    rejected: dict[tuple[str, str], None] = {}
    for _ in range(ROUNDS):
        changed = False
        for name in PASSES:
            if node_count(best) > PASSES[name].largest:
                continue
            if clock.late(deadline):
                rejected[(name, "out of time")] = None
                changed = False
                break
            candidate, reason = _attempt(name, best)
            if candidate is None:
                rejected[(name, reason)] = None
                continue
            new_size = complexity(candidate)
            if candidate == best or new_size > size or (new_size == size and name != GAUGE):
                continue
            if not check(candidate):
                rejected[(name, "not equal on the check points")] = None
                continue
            best, size, changed = candidate, new_size, True
            steps.append(name)
        if not changed:
            break
    backward = {new: old for old, new in forward.items()}
    return SimplifyResult(rename(best, backward), tuple(steps), tuple(rejected))


def _attempt(name: str, expression: Expr) -> tuple[Expr | None, str]:
    one = PASSES[name]
    clock.charge(Work.ALGEBRA, one.cost * node_count(expression))
    try:
        return call_with_limit(lambda: _rewritten(name, expression), clock.safety()), ""
    except TimeLimitError:
        clock.interfered()
        return None, "out of time"
    except Exception as error:  # sympy raises many types from deep inside; a failed pass is a pass without result
        logger.debug("a simplification pass failed", exc_info=error)
        return None, f"{type(error).__name__}: {error}"


def _rewritten(name: str, expression: Expr) -> Expr:
    found = PASSES[name].rewrite(expression)
    # What a pass leaves alone has been through the first one, the gauge.
    return expression if found == expression and name != GAUGE else canonicalize(found)


class _Check:
    """Numerical equality with the original expression, on the data and a little off their box."""

    def __init__(self, expression: Expr, variables: tuple[sympy.Symbol, ...], X: np.ndarray) -> None:
        self.variables = variables
        rows = np.unique(np.linspace(0, len(X) - 1, CHECK_ROWS).astype(int))
        self.inside = X[rows]
        middle = (X.min(axis=0) + X.max(axis=0)) / 2
        off = middle + 1.1 * (self.inside - middle)
        # Positive columns stay positive: simplification may rely on that.
        self.outside = np.where((X > 0).all(axis=0), np.maximum(off, X.min(axis=0) / 2), off)
        self.expected = self._values(expression, self.inside)
        self.expected_outside = self._values(expression, self.outside)
        self.rounding = self._rounding(expression, self.inside, self.expected)
        self.rounding_outside = self._rounding(expression, self.outside, self.expected_outside)

    def __call__(self, candidate: Expr) -> bool:
        inside = self._values(candidate, self.inside)
        outside = self._values(candidate, self.outside)
        known = np.isfinite(self.expected)
        if not np.isfinite(inside[known]).all():
            return False
        both = np.isfinite(self.expected_outside) & np.isfinite(outside)
        return _close(inside[known], self.expected[known], self.rounding[known]) and _close(
            outside[both], self.expected_outside[both], self.rounding_outside[both]
        )

    def _values(self, expression: Expr, X: np.ndarray) -> np.ndarray:
        # Floats as arguments: printed code would round them.
        return parametrize(expression, self.variables).evaluate(X)

    def _rounding(self, expression: Expr, X: np.ndarray, expected: np.ndarray) -> np.ndarray:
        """What rounding of the constants may do to the values: below a root, near a double zero, a good deal."""
        form, found = parametrize(expression, self.variables), np.zeros(len(X))
        numbers = np.arange(1, len(form.values) + 1)
        for digit in range(ROUNDED):
            change = np.finfo(float).eps * np.where(numbers >> digit & 1, 1.0, -1.0)
            # At the edge of a domain one of the two has no value.
            for changed in (form.values * (1 + change), form.values * (1 - change)):
                with np.errstate(all="ignore"):
                    found = np.fmax(found, np.abs(form.with_values(changed).evaluate(X) - expected))
        return ROUNDINGS * found


def _close(values: np.ndarray, expected: np.ndarray, rounding: np.ndarray) -> bool:
    if not len(expected):
        return True
    # Near a zero of the formula rounding errors are relative to its terms, not to their sum.
    floor = 1e-3 * float(np.median(np.abs(expected)))
    allowed = TOLERANCE * np.maximum(np.abs(expected), floor) + rounding
    return bool((np.abs(values - expected) <= allowed).all())
