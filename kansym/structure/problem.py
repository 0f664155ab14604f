# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportGeneralTypeIssues=false
"""A problem is a table that was made from the user's table by exact steps, and knows the way back."""

import math
from dataclasses import dataclass, replace

import numpy as np
import sympy

from kansym.symbolic.steps import Step, StepKind

TARGET = sympy.Symbol("_target")
"""Stands for a problem's own target in `Problem.outer`."""


MODERATE = (1e-3, 1e3)
"""Median sizes of a column that need no other unit."""


@dataclass(frozen=True, eq=False)
class Problem:
    """Inputs and a target computed from the user's columns, so that every residual can be brought back to the user's y.

    Attributes
    ----------
    X : ndarray, shape (n, m)
        Inputs of this problem; m = 0 means a constant is left.
    t : ndarray, shape (n,)
        Target of this problem.
    columns : tuple of sympy.Expr, length m
        Each input in the user's columns.
    outer : sympy.Expr
        The user's y in `TARGET` and the user's columns.
    slope : ndarray, shape (n,)
        |dy/dt| at the data: what a small error of t does to y.
    weights : ndarray, shape (n,), or None
        Of the user's rows, mean 1.
    trust : ndarray, shape (n,), or None
        Weights of t where it was read off an interpolant: the inverse square of its error, up to a factor.
    steps : tuple of Step
        What was done, outermost first.
    """

    X: np.ndarray
    t: np.ndarray
    columns: tuple[sympy.Expr, ...]
    outer: sympy.Expr
    slope: np.ndarray
    weights: np.ndarray | None = None
    trust: np.ndarray | None = None
    steps: tuple[Step, ...] = ()

    @classmethod
    def of(
        cls, X: np.ndarray, y: np.ndarray, variables: tuple[sympy.Symbol, ...], weights: np.ndarray | None = None
    ) -> "Problem":
        """The user's table as a problem, with columns and target of extreme size in units of their own typical size.

        Numbers near one keep their units, so that sin(x) stays sin(x); numbers such as 1e-19 would be lost among
        tolerances.
        """
        scales = np.array([typical_size(x) for x in X.T])
        scale = typical_size(y)
        columns = tuple(
            variable if s == 1 else variable / sympy.Float(s) for variable, s in zip(variables, scales, strict=True)
        )
        outer = TARGET if scale == 1 else sympy.Float(scale) * TARGET
        return cls(X / scales, y / scale, columns, outer, np.full(len(y), scale), weights)

    @property
    def dimension(self) -> int:
        return self.X.shape[1]

    @property
    def reduced(self) -> bool:
        """Whether it has fewer columns than the user's table and nothing of its target was read off an interpolant."""
        kinds = {step.kind for step in self.steps}
        return bool(kinds) and kinds <= {StepKind.SCALING, StepKind.UNITS, StepKind.INNER}

    def finite(self) -> bool:
        return bool(np.isfinite(self.X).all() and np.isfinite(self.t).all() and np.isfinite(self.slope).all())

    def target_weights(self) -> np.ndarray:
        """Weights of t that make its squared residuals those of y."""
        own = np.ones(len(self.t)) if self.weights is None else self.weights
        return own * self.slope**2

    def fitting_weights(self) -> np.ndarray | None:
        """Weights for fits to t: those of y with noise; without, all rows are equally good unless t is approximate."""
        return self.trust if self.weights is None else self.target_weights()

    def compose(self, formula: sympy.Expr, variables: tuple[sympy.Symbol, ...]) -> sympy.Expr:
        """The user's y, from a formula for this problem's target in `variables`, one per input."""
        inner = formula.xreplace(dict(zip(variables, self.columns, strict=True)))
        return self.outer.xreplace({TARGET: inner})

    def divided(self, exponents: np.ndarray) -> "Problem":
        """The same inputs with the target divided by the monomial of the inputs with these exponents.

        It is one half of a step, which `with_inputs` completes.
        """
        factor, values = monomial(self.columns, self.X, exponents)
        outer = self.outer.xreplace({TARGET: factor * TARGET})
        return replace(self, t=self.t / values, outer=outer, slope=self.slope * np.abs(values))

    def without(
        self, column: int, expression: sympy.Expr, values: np.ndarray, *, product: bool, finder: str = ""
    ) -> "Problem":
        """The problem less one column whose factor or term is known: `expression`, with `values` on the rows.

        `finder` is who has read it.
        """
        trust = np.ones(len(self.t)) if self.trust is None else self.trust
        # The factor is not exact, and where it is small its error makes that of the quotient large.
        trust = trust * values**2 if product else trust
        rest = self.less((column,), expression, values, product=product)
        return replace(rest, trust=trust, steps=(*rest.steps[:-1], replace(rest.steps[-1], finder=finder)))

    def less(self, gone: tuple[int, ...], expression: sympy.Expr, values: np.ndarray, *, product: bool) -> "Problem":
        """The problem less columns, after an exact factor or term, in the user's columns, with `values` on the rows."""
        keep = [k for k in range(self.dimension) if k not in gone]
        outer = self.outer.xreplace({TARGET: expression * TARGET if product else expression + TARGET})
        return replace(
            self,
            X=self.X[:, keep],
            columns=tuple(self.columns[k] for k in keep),
            t=self.t / values if product else self.t - values,
            outer=outer,
            slope=self.slope * np.abs(values) if product else self.slope,
            steps=(*self.steps, Step(StepKind.FACTOR if product else StepKind.TERM, expressions=(expression,))),
        )

    def on(self, rows: np.ndarray) -> "Problem":
        """The same problem on some of its rows, shape (k,) of int."""
        weights = None if self.weights is None else self.weights[rows]
        trust = None if self.trust is None else self.trust[rows]
        return replace(self, X=self.X[rows], t=self.t[rows], slope=self.slope[rows], weights=weights, trust=trust)

    def with_inputs(self, X: np.ndarray, columns: tuple[sympy.Expr, ...], step: Step) -> "Problem":
        return replace(self, X=X, columns=columns, steps=(*self.steps, step))

    def linked(self, t: np.ndarray, back: sympy.Expr, slope: np.ndarray, step: Step) -> "Problem":
        """The same inputs, another target: `back` is the present one in `TARGET`, `slope` |d present / d new|."""
        outer = self.outer.xreplace({TARGET: back})
        return replace(self, t=t, outer=outer, slope=self.slope * slope, steps=(*self.steps, step))


def typical_size(values: np.ndarray) -> float:
    """One for numbers of moderate size, otherwise the power of ten nearest to their median."""
    middle = float(np.median(np.abs(values[values != 0]))) if np.any(values != 0) else 1.0
    return 1.0 if MODERATE[0] <= middle <= MODERATE[1] else 10.0 ** round(math.log10(middle))


def monomial(columns: tuple[sympy.Expr, ...], X: np.ndarray, exponents: np.ndarray) -> tuple[sympy.Expr, np.ndarray]:
    """Product of the columns to rational powers, as an expression and as values."""
    values = np.ones(len(X))
    factors = []
    for column, x, exponent in zip(columns, X.T, exponents, strict=True):
        if exponent == 0:
            continue
        power = sympy.nsimplify(exponent, rational=True).limit_denominator(12)
        negative = bool((x < 0).all()) and not power.is_integer
        factors.append((-column if negative else column) ** power)
        values = values * (np.abs(x) ** float(power) if negative else x ** float(power))
    return sympy.Mul(*factors), values


def relative_error(residual: np.ndarray, y: np.ndarray, weights: np.ndarray | None) -> float:
    """Weighted RMS residual in units of the spread of y."""
    return math.sqrt(float(weighted_squares(residual, weights).mean())) / (float(y.std()) or 1.0)


def weighted_squares(residual: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Squared residuals, each times its weight in units of the mean."""
    return residual**2 if weights is None else weights / weights.mean() * residual**2
