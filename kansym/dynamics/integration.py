# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false
"""Right-hand sides that are integrated, with exact sensitivities to initial values and constants."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
import scipy.integrate
import sympy

from kansym import clock
from kansym.clock import Work
from kansym.dynamics.inputs import InputFunction
from kansym.symbolic.evaluation import MODULES, with_real_symbols
from kansym.symbolic.parametric import ParametricForm

PRECISION, SENSITIVITY_PRECISION = 1e-10, 1e-5
"""Relative tolerances of states, unless the noise allows more, and of their sensitivities."""

MOST_CALLS, CALLS_PER_POINT = 3_000, 30
"""Evaluations of the right-hand side in one integration: a form that needs more cannot be integrated."""

FAR = 1e6
"""Size of a state, in units of its largest measured one, at which a trajectory is given up."""

STIFF_SHARE = 0.3
"""Share of the steps taken by the implicit method from which a system is called stiff."""

SCALAR = [
    {
        "RealAbs": abs, "RealSign": lambda u: (u > 0) - (u < 0),
        "Heaviside": lambda u, half=0.5: (u > 0) + half * (u == 0),
    },
    "math",
]  # fmt: skip
"""Functions of numbers: several times faster than numpy's on single ones."""

PLAIN = frozenset({
    "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "exp", "log", "RealAbs", "RealSign",
    "Heaviside", "sqrt", "erf", "gamma",
})  # fmt: skip
"""Functions that `SCALAR` has."""


class CannotIntegrateError(ArithmeticError):
    """A trajectory leaves the domain of the right-hand side, runs away, or needs too many steps."""


@dataclass(frozen=True, eq=False)
class Flow:
    """A system of equations with constants, compiled.

    Attributes
    ----------
    forms : tuple of ParametricForm, length m
        Right-hand sides in the same variables; their constants have different names.
    variables : tuple of sympy.Symbol
        States, then inputs, then the time if it occurs.
    scale : ndarray, shape (m,)
        Sizes of the states.
    explicit_time : bool
    precision : float, default 1e-10
        Relative tolerance of the states.
    """

    forms: tuple[ParametricForm, ...]
    variables: tuple[sympy.Symbol, ...]
    scale: np.ndarray
    explicit_time: bool = False
    precision: float = PRECISION
    stiff: list[bool] = field(default_factory=list)

    @property
    def values(self) -> np.ndarray:
        """Values of all constants (p,)."""
        return np.concatenate([form.values for form in self.forms])

    def split(self, values: np.ndarray) -> list[np.ndarray]:
        """Constants (p,), by equation."""
        return np.split(values, np.cumsum([len(form.constants) for form in self.forms])[:-1])

    @cached_property
    def _compiled(self) -> Callable[..., tuple]:
        expressions = tuple(form.expression for form in self.forms)
        constants = tuple(symbol for form in self.forms for symbol in form.constants)
        return _compile(expressions, self.variables, constants)

    def integrate(
        self, x0: np.ndarray, times: np.ndarray, values: np.ndarray, inputs: InputFunction | None = None
    ) -> np.ndarray:
        """States (n, m) at times (n,), the first of which has the states x0 (m,).

        Raises
        ------
        CannotIntegrateError
        """
        return self._solve(x0, times, values, inputs, sensitive=False)

    def sensitivities(
        self, x0: np.ndarray, times: np.ndarray, values: np.ndarray, inputs: InputFunction | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """States (n, m), and their derivatives (n, m, m + p) by initial values and constants: variational equations.

        Raises
        ------
        CannotIntegrateError
        """
        m, p = len(self.forms), len(values)
        solution = self._solve(x0, times, values, inputs, sensitive=True)
        return solution[:, :m], solution[:, m:].reshape(len(times), m, m + p)

    def derivatives(
        self, states: np.ndarray, times: np.ndarray, values: np.ndarray, inputs: InputFunction | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Right-hand sides (n, m), Jacobians (n, m, m) and derivatives by the constants (n, m, p), at states (n, m).

        Raises
        ------
        CannotIntegrateError
            Outside of the domain of a right-hand side.
        """
        (n, m), p, constants = states.shape, len(values), values.tolist()
        clock.charge(Work.EVALUATIONS, 0.2 * n)
        found = []
        try:
            for t, state in zip(times.tolist(), states.tolist(), strict=True):
                known = state if inputs is None else [*state, *inputs(t)]
                found.append(self._compiled(*known, *([t] if self.explicit_time else []), *constants))
            f, by_state, by_constant = (np.array(part, dtype=np.float64) for part in zip(*found, strict=True))
        except (ArithmeticError, ValueError, TypeError, KeyError) as error:
            raise CannotIntegrateError(str(error)) from error
        return f, by_state.reshape(n, m, m), by_constant.reshape(n, m, p)

    def _solve(
        self, x0: np.ndarray, times: np.ndarray, values: np.ndarray, inputs: InputFunction | None, *, sensitive: bool
    ) -> np.ndarray:
        m, p = len(self.forms), len(values)
        function, constants = self._compiled, values.tolist()
        far, calls = (FAR * self.scale).tolist(), 0
        most = MOST_CALLS + CALLS_PER_POINT * len(times)
        timed = self.explicit_time

        def slopes(t: float, y: np.ndarray) -> np.ndarray:
            nonlocal calls
            calls += 1
            state = y[:m].tolist()
            if calls > most or any(not abs(one) < limit for one, limit in zip(state, far, strict=True)):
                raise CannotIntegrateError("too many steps, or out of bounds")
            known = state if inputs is None else [*state, *inputs(t)]
            f, by_state, by_constant = function(*known, *([t] if timed else []), *constants)
            if not sensitive:
                return np.array(f, dtype=np.float64)
            S = y[m:].reshape(m, m + p)
            left = np.array(by_state, dtype=np.float64).reshape(m, m) @ S
            left[:, m:] += np.array(by_constant, dtype=np.float64).reshape(m, p)
            return np.concatenate([np.array(f, dtype=np.float64), left.ravel()])

        start, rtol, atol = np.asarray(x0, dtype=np.float64), self.precision, 1e-3 * self.precision * self.scale
        if sensitive:
            begin = np.hstack([np.eye(m), np.zeros((m, p))])
            start = np.concatenate([start, begin.ravel()])
            units = np.concatenate([self.scale, np.maximum(np.abs(values), 1e-6)])
            rtol = np.concatenate([np.full(m, self.precision), np.full(m * (m + p), SENSITIVITY_PRECISION)])
            fine = SENSITIVITY_PRECISION * self.scale[:, None] / units
            atol = np.concatenate([atol, fine.ravel()])
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore", scipy.integrate.ODEintWarning)
                solution, info = scipy.integrate.odeint(
                    slopes, start, times, tfirst=True, rtol=rtol, atol=atol, mxstep=5000, full_output=True
                )
        except CannotIntegrateError:
            raise
        except (ArithmeticError, ValueError, TypeError, KeyError) as error:
            # A logarithm of a negative number, a complex power.
            raise CannotIntegrateError(str(error)) from error
        finally:
            clock.charge(Work.EVALUATIONS, calls * (0.2 if sensitive else 0.1))
        if info["message"] != "Integration successful." or not np.isfinite(solution).all():
            raise CannotIntegrateError(str(info["message"]))
        self.stiff.append(bool(np.mean(info["mused"] == 2) > STIFF_SHARE))
        return solution

    @property
    def is_stiff(self) -> bool:
        """Whether most integrations needed an implicit method."""
        return bool(self.stiff) and sum(self.stiff) > len(self.stiff) / 2


@lru_cache(maxsize=256)
def _compile(
    expressions: tuple[sympy.Expr, ...], variables: tuple[sympy.Symbol, ...], constants: tuple[sympy.Symbol, ...]
) -> Callable[..., tuple]:
    """A function of numbers that gives f, its derivatives by the states, and those by the constants, as flat lists."""
    m = len(expressions)
    prepared, x, c = [], [], []
    for expression in expressions:
        one, x, c = with_real_symbols(expression, variables, constants)
        prepared.append(one)
    by_state = [sympy.diff(one, symbol) for one in prepared for symbol in x[:m]]
    by_constant = [sympy.diff(one, symbol) for one in prepared for symbol in c]
    clock.charge(Work.COMPILED_NODES, sum(one.count_ops() + 1 for one in (*prepared, *by_state, *by_constant)))
    everything = (prepared, by_state, by_constant)
    names = {type(node).__name__ for part in everything for one in part for node in one.atoms(sympy.Function)}
    modules = SCALAR if names <= PLAIN else MODULES
    return sympy.lambdify([*x, *c], everything, modules=modules, cse=True)


def flow_of(
    forms: Sequence[ParametricForm],
    variables: tuple[sympy.Symbol, ...],
    scale: np.ndarray,
    explicit_time: bool,
    precision: float = PRECISION,
) -> Flow:
    """A flow of forms whose constants may have the same names."""
    renamed = []
    for k, form in enumerate(forms):
        fresh = tuple(sympy.Symbol(f"constant {k} {j}") for j in range(len(form.constants)))
        expression = form.expression.xreplace(dict(zip(form.constants, fresh, strict=True)))
        renamed.append(ParametricForm(expression, variables, fresh, np.asarray(form.values, dtype=np.float64)))
    return Flow(tuple(renamed), variables, np.asarray(scale, dtype=np.float64), explicit_time, precision)
