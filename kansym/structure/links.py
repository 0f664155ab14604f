# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportGeneralTypeIssues=false
"""Links: functions of the target under which a law may be simpler, L(y) in place of y."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import sympy

from kansym.structure.problem import TARGET, Problem
from kansym.symbolic.steps import Step, StepKind

Function = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Link:
    """A function applied to the target.

    Attributes
    ----------
    name : str
    forward, slope : callable
        L and dL/dt.
    back : sympy.Expr
        The inverse, in `TARGET`; for targets below zero `sign` multiplies it where `even`.
    usable : callable
        Whether a target allows it.
    even : bool
        Whether L forgets the sign of t, which must then be one and the same on all rows.
    exact : callable, optional
        Whether a target allows it where only exact laws are looked for; default as `usable`.
    """

    name: str
    forward: Function
    slope: Function
    back: sympy.Expr
    usable: Callable[[np.ndarray], bool]
    even: bool = False
    exact: Callable[[np.ndarray], bool] | None = None

    def apply(self, problem: Problem) -> Problem:
        """The problem with L(t) as its target."""
        if self.name == "identity":
            return problem
        value, slope = self.forward(problem.t), self.slope_back(problem.t)
        return problem.linked(value, self.inverse(problem.t), slope, Step(StepKind.LINK, self.name))

    def inverse(self, t: np.ndarray) -> sympy.Expr:
        """The inverse, in `TARGET`, with the sign of these targets."""
        return -self.back if self.even and t[0] < 0 else self.back

    def slope_back(self, t: np.ndarray) -> np.ndarray:
        """|dt/dL|, shape (n,), by which errors of L(t) count as errors of t."""
        with np.errstate(all="ignore"):
            return 1.0 / np.abs(self.slope(t))

    def near(self, t: np.ndarray, at: np.ndarray) -> np.ndarray:
        """L(t) as the straight line that it is near other targets, shape (n,): noise of t is noise of that size there,
        and of mean zero."""
        with np.errstate(all="ignore"):
            return self.forward(at) + (t - at) * self.slope(at)


def _one_signed(t: np.ndarray) -> bool:
    return bool((t > 0).all() or (t < 0).all())


def _within(low: float, high: float) -> Callable[[np.ndarray], bool]:
    # On numbers much smaller than one these functions are straight lines, and say nothing.
    return lambda t: bool((t > low).all() and (t < high).all() and np.std(t) > 1e-2)


def _signed_log(t: np.ndarray) -> np.ndarray:
    return np.log(np.abs(t))


WIDEST_EXP = 8.0
"""Range of a target beyond which its exponential is the largest few rows and nothing else."""

LARGEST_EXP = 30.0
"""Largest target whose exponential is looked at."""

LINKS: tuple[Link, ...] = (
    Link("identity", lambda t: t, np.ones_like, TARGET, lambda t: True),
    Link("log", _signed_log, lambda t: 1 / t, sympy.exp(TARGET), _one_signed, even=True),
    Link("square", lambda t: t**2, lambda t: 2 * t, sympy.sqrt(TARGET), _one_signed, even=True),
    Link("reciprocal", lambda t: 1 / t, lambda t: -1 / t**2, 1 / TARGET, _one_signed),
    Link(
        "exp",
        np.exp,
        np.exp,
        sympy.log(TARGET),
        lambda t: bool(np.std(t) > 1e-2 and np.ptp(t) < WIDEST_EXP and np.abs(t).max() < LARGEST_EXP),
        exact=lambda t: bool(np.abs(t).max() < LARGEST_EXP),
    ),
    Link("sin", np.sin, np.cos, sympy.asin(TARGET), _within(-np.pi / 2, np.pi / 2)),
    Link("cos", np.cos, lambda t: -np.sin(t), sympy.acos(TARGET), _within(0, np.pi)),
    Link("tan", np.tan, lambda t: 1 / np.cos(t) ** 2, sympy.atan(TARGET), _within(-np.pi / 2, np.pi / 2)),
    Link(
        "reciprocal square",
        lambda t: t**-2.0,
        lambda t: -2 * t**-3.0,
        TARGET ** sympy.Rational(-1, 2),
        _one_signed,
        even=True,
    ),
    Link(
        "root",
        lambda t: np.sqrt(np.abs(t)),
        lambda t: 0.5 * np.sign(t) / np.sqrt(np.abs(t)),
        TARGET**2,
        _one_signed,
        even=True,
    ),
)
"""The identity first: it wins ties."""


def usable_links(t: np.ndarray, *, exact: bool = False) -> list[Link]:
    """Links that are finite, and forget nothing, on a target, for laws that are exact or for any."""
    found = []
    for link in LINKS:
        usable = link.exact if exact and link.exact else link.usable
        if usable(t):
            with np.errstate(all="ignore"):
                slope = link.slope(t)
                finite = np.isfinite(link.forward(t)).all() and np.isfinite(slope).all()
            # Where the slope underflows to zero the way back is lost.
            if finite and (slope != 0).all():
                found.append(link)
    return found
