"""The rows that a search fits and judges on: as formulas see them, in the user's units, and as networks do, scaled."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import sympy

from kansym.data.dataset import Dataset
from kansym.data.preparation import thinned
from kansym.data.scaling import Scaling
from kansym.data.weights import mean_square, row_weights
from kansym.deferred import Tensor, torch
from kansym.extraction.selection import Rows
from kansym.primitives.allowed import AllowedFunctions
from kansym.search.faults import Faults
from kansym.symbolic.constants import consistency_of
from kansym.symbolic.formula import Formula
from kansym.symbolic.naming import internal_symbols, plain_symbol
from kansym.symbolic.own_functions import OwnFunction
from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.refit import RefitResult, refit
from kansym.units.consistency import Consistency
from kansym.units.system import UnitSystem

FITTING_ROWS = 10_000
"""Most rows for trial fits: snapping and elimination fit a formula some hundred times."""

NEAR_FLOOR = 1.5
"""Error in units of the noise floor up to which a formula is as good as the data."""

CHI2_DEVIATIONS = 3.0
"""Standard deviations of chi-squared beyond its mean up to which it is as errors allow."""


@dataclass(frozen=True, eq=False)
class FitRows:
    """The rows that formulas are fitted and judged on, in the user's units.

    Attributes
    ----------
    dataset : Dataset
        Rows in canonical order.
    train, validation : ndarray of int
        Row indices; `validation` may be empty, the loss is then leave-one-out.
    weights : ndarray, shape (n,), or None
        Mean 1.
    noise_floor : float
        In the units of y.
    variables : tuple of Symbol
        Real, or positive where the data are.
    finished : dict
        Description lengths of the forms finished so far, by their expression: many networks lead to one formula.
    eliminated : dict
        Refits of the smaller forms met in backward elimination, for the same reason.
    rough : dict
        Formulas that were not snapped and simplified since time was up, with their forms.
    faults : Faults
        Candidates that failed.
    units : UnitSystem or None
        None where the table has none.
    allowed : AllowedFunctions or None
        What formulas may have besides sums, products and quotients; None where that is anything.
    own : tuple of OwnFunction
        Of the user's library, each of which counts as one function.
    """

    dataset: Dataset
    train: np.ndarray
    validation: np.ndarray
    weights: np.ndarray | None
    noise_floor: float
    variables: tuple[sympy.Symbol, ...]
    finished: dict[str, float] = field(default_factory=dict)
    eliminated: dict[str, tuple[ParametricForm, float] | None] = field(default_factory=dict)
    rough: dict[Formula, ParametricForm] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    units: UnitSystem | None = None
    allowed: AllowedFunctions | None = None
    own: tuple[OwnFunction, ...] = ()

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        train: np.ndarray,
        validation: np.ndarray,
        noise_floor: float,
        allowed: AllowedFunctions | None = None,
        own: tuple[OwnFunction, ...] = (),
    ) -> FitRows:
        variables = internal_symbols(dataset.names, dataset.X)
        units = UnitSystem.of(dataset)
        weights = row_weights(dataset)
        return cls(dataset, train, validation, weights, noise_floor, variables, units=units, allowed=allowed, own=own)

    @property
    def errors_given(self) -> bool:
        """Whether the noise floor is that of standard errors, so that chi-squared counts in full."""
        return self.dataset.y_error is not None

    @property
    def symbols(self) -> dict[sympy.Symbol, sympy.Symbol]:
        """`variables` by the plain symbols of users' formulas, which know no signs."""
        return dict(zip(map(plain_symbol, self.dataset.names), self.variables, strict=True))

    def consistency(self, form: ParametricForm) -> Consistency | None:
        """Whether a form is dimensionally consistent; None where the table has no units."""
        return consistency_of(form, self.units)

    def admits(self, form: ParametricForm) -> bool:
        """Whether nothing is known against the units of a form."""
        found = self.consistency(form)
        return found is None or found.consistent

    def rows(self, index: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        weights = None if self.weights is None else self.weights[index]
        return self.dataset.X[index], self.dataset.y[index], weights

    def loss_of(self, predict: Callable[[np.ndarray], np.ndarray], index: np.ndarray) -> float:
        """Mean squared residual of a network, weighted like that of formulas, where it has a value; nan if nowhere."""
        X, y, weights = self.rows(index)
        residual = predict(X) - y
        good = np.isfinite(residual)
        return mean_square(residual[good], None if weights is None else weights[good]) if good.any() else math.nan

    def at_noise(self, formula: Formula) -> bool:
        """Whether a formula leaves no more than the known errors of the table.

        Where y has standard errors, chi-squared of all rows says so; a rounding or a scatter of repeated points is
        known less well, and half as much again passes.
        """
        if not formula.validation_loss <= (NEAR_FLOOR * self.noise_floor) ** 2:
            return False
        if self.dataset.y_error is None:
            return True
        n, held_out = len(self.dataset.y), len(self.validation)
        rest = formula.validation_loss * held_out + formula.train_loss * (n - held_out)
        fitted = 0 if held_out else min(len(formula.constants), n - 1)
        return rest / (n - fitted) <= self.noise_floor**2 * (1 + CHI2_DEVIATIONS * math.sqrt(2 / (n - fitted)))

    @property
    def fitting(self) -> np.ndarray:
        """Training rows that constants are searched on; more would only cost time, the last fit takes all rows."""
        return thinned(self.train, FITTING_ROWS)

    def fit(self, form: ParametricForm, max_steps: int = 100) -> RefitResult:
        """The form with its constants fitted to the rows of `fitting`."""
        X, y, weights = self.rows(self.fitting)
        return refit(form, X, y, weights=weights, max_steps=max_steps)

    def loss(self, form: ParametricForm, index: np.ndarray) -> float:
        """Weighted mean squared residual over some rows; inf where the formula is not finite."""
        X, y, weights = self.rows(index)
        value = mean_square(form.evaluate(X) - y, weights)
        return value if math.isfinite(value) else math.inf


def leave_one_out(form: ParametricForm, X: np.ndarray, y: np.ndarray, weights: np.ndarray | None) -> float:
    """Leave-one-out mean squared residual of a fitted form, from the leverages (PRESS, Allen 1974).

    Each residual is divided by 1 - h_i with h_i the row's leverage in the linearised fit: exact for linear constants,
    and good wherever one row does not move the constants far.
    """
    residual = form.evaluate(X) - y
    if not len(form.constants):
        return mean_square(residual, weights)
    root = np.ones(len(y)) if weights is None else np.sqrt(weights)
    jacobian = form.jacobian(X) * root[:, None]
    # Overflow means a constant that no double can determine; the loss is then infinite.
    with np.errstate(over="ignore"):
        norms = np.linalg.norm(jacobian, axis=0)
    if not np.all(np.isfinite(norms)):
        return math.inf
    left, singular, _ = np.linalg.svd(jacobian / np.where(norms > 0, norms, 1.0), full_matrices=False)
    determined = singular > 1e-10 * singular.max(initial=0.0)
    if determined.sum() >= len(y):
        # As many constants as rows: every residual vanishes whatever the data, so they are no evidence at all.
        return math.inf
    leverage = (left[:, determined] ** 2).sum(1)
    # A row that alone decides a constant has leverage 1 and predicts nothing; its residual is kept finite.
    return mean_square(residual / np.maximum(1.0 - leverage, 1e-3), weights)


def losses(form: ParametricForm, fit_rows: FitRows) -> tuple[float, float]:
    """Training loss, and the loss on held-out rows (leave-one-out where there are none)."""
    train_loss = fit_rows.loss(form, fit_rows.train)
    if len(fit_rows.validation):
        return train_loss, fit_rows.loss(form, fit_rows.validation)
    return train_loss, leave_one_out(form, *fit_rows.rows(fit_rows.train))


def fitted_scaling(fit_rows: FitRows, most: int) -> Scaling:
    """Of at most `most` training rows. The target is not centred, so that a product stays a product."""
    X, y, _ = fit_rows.rows(thinned(fit_rows.train, most))
    fitted = Scaling.fit(X, y, center_target=False)
    spread = float(np.std(y / fitted.y_scale)) * fitted.y_scale or fitted.y_scale
    return Scaling(fitted.center, fitted.half_width, 0.0, spread)


def scaled_rows(fit_rows: FitRows, scaling: Scaling, most: int, device: torch.device | str = "cpu") -> Rows:
    """At most `most` training rows and a quarter as many held-out ones.

    Formulas are fitted on all rows; a spline of some twenty coefficients is settled by a few thousand.
    """

    def tensor(array: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(device)

    def relative(weights: np.ndarray | None) -> Tensor | None:
        # Each of the two parts of mean 1, so that losses are mean squares, comparable with those of formulas.
        return None if weights is None or not weights.any() else tensor(weights / weights.mean())

    X, y, weights = fit_rows.rows(thinned(fit_rows.train, most))
    Xv, yv, held_out = fit_rows.rows(thinned(fit_rows.validation, most // 4))
    return Rows(
        x=tensor(scaling.scale_inputs(X)),
        y=tensor(scaling.scale_target(y)),
        validation=(tensor(scaling.scale_inputs(Xv)), tensor(scaling.scale_target(yv)), relative(held_out)),
        weights=relative(weights),
    )
