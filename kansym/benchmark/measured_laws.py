# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false
"""Textbook laws of measured tables, for the judge of a benchmark: their forms, since nobody knows the constants."""

from dataclasses import dataclass

import numpy as np
import sympy

from kansym.data.catalogue import load_dataset
from kansym.data.dataset import Dataset
from kansym.search.formulation import mean_square, row_weights
from kansym.symbolic.complexity import complexity
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.symbolic.parser import parse_expression
from kansym.symbolic.refit import refit
from kansym.validation.same_form import contains, probes

EXACT = 1e-6
"""Largest root-mean-square difference between a formula and the law with constants fitted to it, in units of the
spread of the formula at the points."""

AS_GOOD = 2.0
"""Largest residual on the rows in units of the fitted law's: rounder constants than the best ones pass."""

SMALL = 1e-3
"""Residual, in units of the weighted spread of the rows, that passes in any case: Kepler's law with a constant of
exactly 1 leaves ten times what 0.99937 leaves on the planets, and is the law."""

LENGTH = 1.5
"""Largest node count in units of the law's, as for known laws."""


@dataclass(frozen=True)
class MeasuredLaw:
    """The law of a table that comes along.

    Attributes
    ----------
    table : str
        Name of the dataset.
    formula : str
        In its columns, and constants with starting values.
    constants : dict
    error : str or None
        Column of standard errors that the table is fitted with.
    """

    table: str
    formula: str
    constants: dict[str, float]
    error: str | None = None

    def dataset(self) -> Dataset:
        """The table."""
        return load_dataset(self.table, error=self.error)

    def is_recovered(self, formula: sympy.Expr, dataset: Dataset) -> bool:
        """Whether a formula is the law with some constants, about as short, and about as close to the rows."""
        variables = tuple(map(plain_symbol, dataset.names))
        symbols = tuple(map(plain_symbol, self.constants))
        expression = parse_expression(self.formula, (*dataset.names, *self.constants))
        start = np.array(list(self.constants.values()))
        law = ParametricForm(expression, variables, symbols, start)
        weights = row_weights(dataset)
        fitted = refit(law, dataset.X, dataset.y, weights=weights).form
        own = parametrize(formula, variables)
        values = own.evaluate(dataset.X)
        if not np.isfinite(values).all() or complexity(formula) > LENGTH * complexity(fitted.substituted()):
            return False
        residual, best = (np.sqrt(mean_square(v - dataset.y, weights)) for v in (values, fitted.evaluate(dataset.X)))
        points = probes(dataset.X, seed=0)
        at_points = own.evaluate(points)
        spread = float(np.std(at_points[np.isfinite(at_points)]))
        close = contains(fitted, formula, points, EXACT * spread, max_steps=200)
        mean = np.average(dataset.y, weights=weights)
        own_spread = np.sqrt(mean_square(dataset.y - mean, weights))
        return bool(close and residual <= max(AS_GOOD * best, SMALL * own_spread))


MEASURED_LAWS = (
    MeasuredLaw("boyle", "k/volume", {"k": 1400.0}),
    MeasuredLaw("capacitor", "V*exp(-r*time) + V0", {"V": 9.0, "r": 2.0, "V0": 0.1}),
    MeasuredLaw("cooling", "D*exp(-r*time) + T0", {"D": 70.0, "r": 0.02, "T0": 25.0}),
    MeasuredLaw("firas", "a*wavenumber**3/(exp(b*wavenumber) - 1)", {"a": 40.0, "b": 0.5}, "intensity_error"),
    MeasuredLaw("hydrogen", "R*(1/n1**2 - 1/n2**2)", {"R": 110000.0}),
    MeasuredLaw("kepler", "k*semi_major_axis**(3/2)", {"k": 1.0}),
    MeasuredLaw("mercury", "A*exp(-B/(temperature - C))", {"A": 1e7, "B": 6000.0, "C": 10.0}, "pressure_error"),
    MeasuredLaw("moseley", "c*(Z - s)**2", {"c": 8e-4, "s": 1.0}),
)
"""Boyle; discharge of a capacitor; Newton's cooling; Planck; Rydberg; Kepler; Antoine (Clausius and Clapeyron where
C = 0); Moseley."""
