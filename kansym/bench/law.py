# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
"""A known law, as a catalogue describes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import sympy

from kansym.bench import sampling
from kansym.bench.evaluation import values
from kansym.errors import ArgumentError
from kansym.symbolic.complexity import complexity
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parser import parse_expression


@dataclass(frozen=True)
class Noise:
    """Noise that belongs to a law's data.

    Attributes
    ----------
    kind : {"relative", "absolute", "counts"}
        In parts of each target, or in units of the target; before the logarithm, where the target is one. Counts are
        drawn from Poisson's distribution around the law.
    scale : float, default 1
        Without a meaning for counts.
    given : bool, default False
        Whether the table has a column of errors: the standard deviation of each target, for counts the square root of
        the count (1 for none).
    """

    kind: Literal["relative", "absolute", "counts"]
    scale: float = 1.0
    given: bool = False

    def __post_init__(self) -> None:
        if self.kind not in ("relative", "absolute", "counts"):
            raise ArgumentError(f"noise: kind must be 'relative', 'absolute' or 'counts', got {self.kind!r}")
        if not 0 <= self.scale < np.inf:
            raise ArgumentError(f"noise: scale must be a number that is not negative, got {self.scale}")

    def deviations(self, clean: np.ndarray) -> np.ndarray:
        """Standard deviation of each target (n,), from the targets without noise."""
        if self.kind == "counts":
            return np.sqrt(np.maximum(clean, 0.0))
        return self.scale * (np.abs(clean) if self.kind == "relative" else np.ones(len(clean)))


@dataclass(frozen=True, eq=False)
class Law:
    """A formula, where its variables live, and where it comes from.

    Attributes
    ----------
    name : str
        As in the literature, e.g. "I.12.2".
    title : str
        What it is about; may be empty.
    formula : str
        In the names of variables and constants, to be read by `kansym.symbolic.parser.parse_expression`.
    target, target_unit : str
    variables : tuple of Variable
    constants : mapping of str to float
        Numbers with a name.
    free : tuple of str
        Constants that are not part of the law: only its form is to be recovered (measured tables, where nobody knows
        the true values).
    log_target : bool
        Whether the logarithm of the target is what is fitted.
    rows : int or None
        Size of the table where it belongs to the law; None where the user decides.
    noise : Noise or None
    data : mapping of str to array, or None
        A measured table: a column per variable, and the target (not its logarithm).
    trajectory : Trajectory or None
        Where the rows are states of a dynamical system.
    precise : bool
        Evaluate with 50 digits: in double precision the law overflows or cancels.
    levels : tuple of int
        Where the rows are a grid: so many values of each variable, evenly spaced in the scale that it is drawn in.
    judge : {"values", "fit"}
        What the strict criterion asks for: the law's values, or values as good as those of the law with its `free`
        constants fitted to the same rows.
    group : str
        Laws of one group are never in different halves of a catalogue; empty for none.
    source : str
    """

    name: str
    formula: str
    target: str
    variables: tuple[sampling.Variable, ...]
    title: str = ""
    target_unit: str = "1"
    constants: Mapping[str, float] = field(default_factory=dict)
    free: tuple[str, ...] = ()
    log_target: bool = False
    rows: int | None = None
    noise: Noise | None = None
    data: Mapping[str, np.ndarray] | None = None
    trajectory: sampling.Trajectory | None = None
    precise: bool = False
    levels: tuple[int, ...] = ()
    judge: Literal["values", "fit"] = "values"
    group: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        if self.levels and (len(self.levels) != len(self.variables) or min(self.levels) < 1):
            raise ArgumentError(f"levels must be a whole number of at least 1 for each variable, got {self.levels}")
        if self.levels and any(variable.signed or variable.above for variable in self.variables):
            raise ArgumentError("levels: a grid has no variables of either sign, and none above another")
        if self.judge not in ("values", "fit"):
            raise ArgumentError(f"judge must be 'values' or 'fit', got {self.judge!r}")
        if self.judge == "fit" and not self.free:
            raise ArgumentError("judge: 'fit' needs the names of constants under free")
        if self.log_target and self.noise is not None and (self.noise.given or self.noise.kind == "counts"):
            raise ArgumentError("noise: counts, and errors that are given, are not those of a logarithm")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the variables, in the order of the columns that `sample` returns."""
        return tuple(variable.name for variable in self.variables)

    @cached_property
    def form(self) -> sympy.Expr:
        """The law with its constants as symbols."""
        expression = parse_expression(self.formula, (*self.names, *self.constants))
        return sympy.log(expression) if self.log_target else expression

    @cached_property
    def expression(self) -> sympy.Expr:
        """The law, in plain symbols named like the variables."""
        numbers = {plain_symbol(name): sympy.Float(value) for name, value in self.constants.items()}
        return self.form.xreplace(numbers)

    @property
    def nodes(self) -> int:
        """Node count, see `kansym.symbolic.complexity.complexity`."""
        return complexity(self.expression)

    def evaluate(self, X: np.ndarray) -> np.ndarray:
        """The law at rows X (n, d), shape (n,); nan where it is not finite and real."""
        symbols = [plain_symbol(name) for name in self.names]
        return values(self.expression, symbols, X, precise=self.precise)

    def sample(self, rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw rows and the law's values there, without noise.

        Parameters
        ----------
        rows : int
            Number of rows where the law does not bring its own table or number.
        seed : int
            The same seed gives the same rows.

        Returns
        -------
        X : array (n, d)
            Rows outside of the law's domain have been drawn again.
        y : array (n,)
            For a measured table, the measured values.

        Raises
        ------
        ArgumentError
            If the law is hardly ever defined within its ranges.
        """
        rows = self.rows or rows
        generator = sampling.generator(self.name, seed)
        if self.data is not None:
            X = np.column_stack([self.data[name] for name in self.names])
            y = np.asarray(self.data[self.target], dtype=np.float64)
            return X, np.log(y) if self.log_target else y
        if self.trajectory is not None:
            X = self.trajectory.sample(rows, generator)
            return X, self.evaluate(X)
        if self.levels:
            X = sampling.grid(self.variables, self.levels)
            y = self.evaluate(X)
            if not np.isfinite(y).any():
                raise ArgumentError(f"the law {self.name} is defined nowhere on its grid")
            return X[np.isfinite(y)], y[np.isfinite(y)]
        return sampling.within_domain(
            lambda count: sampling.draw(self.variables, count, generator), self.evaluate, rows, f"the law {self.name}"
        )

    def add_noise(self, y: np.ndarray, noise: float, seed: int) -> np.ndarray:
        """Targets with noise: the law's own and ``N(0, noise * RMS(y))``; shape (n,)."""
        generator = sampling.generator(f"{self.name} noise", seed)
        if self.noise is not None and self.noise.kind == "counts" and self.data is None:
            y = generator.poisson(np.maximum(y, 0.0)).astype(np.float64)
        elif self.noise is not None and self.data is None:
            plain = np.exp(y) if self.log_target else y
            noisy = plain + self.noise.deviations(plain) * generator.standard_normal(len(y))
            if self.log_target and self.noise.kind == "relative":
                # The logarithm of each factor by itself: the plain target may leave double precision.
                noisy = y + np.log(np.abs(1 + self.noise.scale * generator.standard_normal(len(y))))
            elif self.log_target:
                noisy = np.log(np.abs(noisy))
            y = noisy
        if noise < 0:
            raise ArgumentError(f"noise must not be negative, got {noise}")
        return y + noise * float(np.sqrt(np.mean(y**2))) * generator.standard_normal(len(y)) if noise else y

    def errors(self, clean: np.ndarray, measured: np.ndarray, noise: float = 0.0) -> np.ndarray | None:
        """The table's column of errors (n,), if it has one.

        Parameters
        ----------
        clean, measured : array (n,)
            Targets without noise and with it.
        noise : float, default 0
            What `add_noise` has added to the law's own.
        """
        if self.noise is None or not self.noise.given:
            return None
        own = np.sqrt(np.maximum(measured, 1.0)) if self.noise.kind == "counts" else self.noise.deviations(clean)
        return np.hypot(own, noise * float(np.sqrt(np.mean(clean**2))))

    def box(self, X: np.ndarray) -> tuple[sampling.Variable, ...]:
        """The ranges within which the law is judged.

        The stated ones; for states of a dynamical system, the box around the rows `X`.
        """
        if self.trajectory is None:
            return self.variables
        low, high = X.min(axis=0), X.max(axis=0)
        return tuple(
            sampling.Variable(name, unit=variable.unit, low=float(a), high=float(b))
            for name, variable, a, b in zip(self.names, self.variables, low, high, strict=True)
        )
