# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false
"""`System`: equations of motion as a result, to be shown, differentiated and integrated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy

from kansym.dynamics.certificate import Certificate
from kansym.dynamics.definitions import Definition
from kansym.dynamics.findings import Conserved, FixedPoint
from kansym.dynamics.inputs import input_function
from kansym.dynamics.integration import CannotIntegrateError, Flow, flow_of
from kansym.dynamics.trajectories import Trajectories
from kansym.errors import ArgumentError
from kansym.surfaces import surface
from kansym.symbolic.formula import Formula
from kansym.symbolic.latex import name_to_latex
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm, parametrize


@dataclass(frozen=True, eq=False)
class System:
    """Equations of motion that were found.

    Attributes
    ----------
    formulas : tuple of Formula
        The right-hand side of each measured state, with constants, errors and units.
    order : int
        Of the derivatives on the left.
    states : tuple of str
        What is integrated: the measured states, and their derivatives where the order is 2.
    data : Trajectories
        What it was found on.
    sigmas : tuple of ndarray, shape (n, number of measured states)
        Standard errors of the states of each run, given or estimated.
    starts : tuple of ndarray, shape (shots, number of states)
        Fitted initial values of each run, one for each shot.
    shots : tuple of ndarray
        Index of the first point of each shot of each run; a run that is followed from end to end is one shot.
    residuals : ndarray, shape (number of measured states,)
        Root-mean-square residual of the trajectories, in standard errors.
    certificate : Certificate or None
    conserved : tuple of Conserved
    stiff : bool
        Whether an implicit method was needed.
    explicit_time : bool
    notes : tuple of str
    seconds : float
    definitions : tuple of Definition
        States that are the rates of others, whose equations say no more than that.
    """

    formulas: tuple[Formula, ...]
    order: int
    states: tuple[str, ...]
    data: Trajectories
    sigmas: tuple[np.ndarray, ...]
    starts: tuple[np.ndarray, ...]
    shots: tuple[np.ndarray, ...]
    residuals: np.ndarray
    certificate: Certificate | None = None
    conserved: tuple[Conserved, ...] = ()
    stiff: bool = False
    explicit_time: bool = False
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    definitions: tuple[Definition, ...] = ()

    @property
    def variables(self) -> tuple[str, ...]:
        """What the right-hand sides may depend on."""
        return self.formulas[0].variables

    @cached_property
    def rates(self) -> tuple[sympy.Expr, ...]:
        """The derivative of every state of `states`, in plain symbols."""
        own = tuple(formula.expression for formula in self.formulas)
        if self.order == 1:
            return own
        return (*(plain_symbol(name) for name in self.states[len(own) :]), *own)

    @cached_property
    def flow(self) -> Flow:
        """The right-hand sides, compiled, with their numbers fixed."""
        variables = tuple(map(plain_symbol, self.variables))
        forms = [ParametricForm(rate, variables, (), np.empty(0)) for rate in self.rates]
        return flow_of(forms, variables, self.scale, self.explicit_time)

    @property
    def scale(self) -> np.ndarray:
        """Sizes of the states."""
        measured = self.data.scale
        if self.order == 1:
            return measured
        speeds = np.abs(np.vstack(self.starts)[:, len(measured) :]).max(axis=0)
        whole = max(float(run.t[-1] - run.t[0]) for run in self.data.runs)
        return np.concatenate([measured, np.maximum(speeds, measured / whole)])

    def simulate(self, x0: Mapping[str, float] | Sequence[float], t: Any, u: Any = None) -> np.ndarray:
        """States along a trajectory.

        Parameters
        ----------
        x0 : mapping of state to number, or sequence of numbers
            The states at the first time, in the order of `states`.
        t : array-like, shape (n,)
            Increasing times, in the unit of the data.
        u : array-like, shape (n, p) or (n,), optional
            Inputs at these times, where the system has any.

        Returns
        -------
        array (n, number of states)

        Raises
        ------
        ArgumentError
            If a state or an input is missing, times do not increase, or the trajectory leaves the domain of the
            equations or runs away.
        """
        times = np.asarray(t, dtype=np.float64)
        if times.ndim != 1 or len(times) < 2 or not (np.diff(times) > 0).all():
            raise ArgumentError("t must be at least two increasing times")
        if isinstance(x0, Mapping):
            missing = [name for name in self.states if name not in x0]
            if missing:
                raise ArgumentError(f"x0 lacks {missing}; the states are {list(self.states)}")
            x0 = [float(x0[name]) for name in self.states]
        start = np.asarray(x0, dtype=np.float64)
        if start.shape != (len(self.states),):
            raise ArgumentError(
                f"x0 must be {len(self.states)} numbers, for {', '.join(self.states)}; got {start.shape}"
            )
        inputs = None
        if self.data.inputs:
            if u is None:
                raise ArgumentError(f"u is missing: the system has the inputs {', '.join(self.data.inputs)}")
            values = np.asarray(u, dtype=np.float64).reshape(len(times), -1)
            if values.shape[1] != len(self.data.inputs):
                raise ArgumentError(f"u must have shape ({len(times)}, {len(self.data.inputs)}), got {values.shape}")
            inputs = input_function(times, values)
        try:
            return self.flow.integrate(start, times, np.empty(0), inputs)
        except CannotIntegrateError as error:
            raise ArgumentError(f"x0: no trajectory from {start.tolist()} over these times: {error}") from None

    def fitted(self, run: int) -> np.ndarray:
        """States (n, number of states) of a run by the model, from the fitted initial values; nan where it ends."""
        one = self.data.runs[run]
        inputs = input_function(one.t, one.u) if self.data.inputs else None
        found = np.full((len(one), len(self.states)), np.nan)
        ends = [*self.shots[run][1:], len(one) - 1]
        for start, low, high in zip(self.starts[run], self.shots[run], ends, strict=True):
            rows = slice(int(low), int(high) + 1)
            try:
                found[rows] = self.flow.integrate(start, one.t[rows], np.empty(0), inputs)
            except CannotIntegrateError:
                continue
        return found

    def jacobian(self) -> sympy.Matrix:
        """Derivatives of `rates` by the states, in plain symbols."""
        return sympy.Matrix(self.rates).jacobian([plain_symbol(name) for name in self.states])

    def fixed_points(self, *, seed: int = 0) -> tuple[FixedPoint, ...]:
        """States at rest near the data, and their stability; see `kansym.dynamics.equilibria.fixed_points`."""
        return surface("fixed_points")(self, seed=seed)

    def left(self, k: int) -> str:
        """The left side of an equation in text: ``dx/dt``, ``d2x/dt2``."""
        state, time = self.data.states[k], self.data.time
        return f"d{state}/d{time}" if self.order == 1 else f"d2{state}/d{time}2"

    def equations(self) -> tuple[str, ...]:
        """The equations in plain text."""
        return tuple(f"{self.left(k)} = {formula.text(None)}" for k, formula in enumerate(self.formulas))

    def latex(self, *, digits: int | None = None) -> str:
        r"""The system for mathematics mode, aligned at the signs of equality; needs amsmath."""
        dot = r"\dot" if self.order == 1 else r"\ddot"
        lines = []
        for state, formula in zip(self.data.states, self.formulas, strict=True):
            right = formula.latex(digits)
            for name in self.states[len(self.data.states) :]:
                position = self.data.states[self.states.index(name) - len(self.data.states)]
                right = right.replace(name_to_latex(name), rf"\dot{{{name_to_latex(position)}}}")
            lines.append(rf"{dot}{{{name_to_latex(state)}}} &= {right}")
        return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"

    def to_code(self, language: str) -> str:
        """A source file with a function of the right-hand sides; see `kansym.dynamics.code.system_code`."""
        return surface("system_code")(self, language)

    def __str__(self) -> str:
        return "\n".join(self.equations())

    def __repr__(self) -> str:
        return f"<System: {'; '.join(self.equations())}>"

    def _repr_latex_(self) -> str:
        return f"$${self.latex()}$$"


def forms_of(system: System) -> list[ParametricForm]:
    """The right-hand sides with their numbers as constants."""
    variables = tuple(map(plain_symbol, system.variables))
    return [parametrize(formula.expression, variables) for formula in system.formulas]
