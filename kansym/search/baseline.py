# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportOperatorIssue=false
"""A constant and a linear formula: what every table has."""

import numpy as np
import sympy

from kansym import provenance
from kansym.search.formulation import from_expression, judge
from kansym.search.rows import FitRows
from kansym.symbolic.formula import Formula
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.refit import refit

NEARLY_LINEAR = 0.3
"""Error of the linear formula, in units of the spread of y, up to which its smaller forms are looked for."""

AT_FLOOR = 1.5
"""Error in units of the noise floor up to which they are looked for whatever the spread of y."""

LEAST_FOR_QUADRATIC = 5
"""Rows up to which three constants say nothing."""


def baseline(fit_rows: FitRows, deadline: float, *, quadratic: bool = False) -> list[Formula]:
    """The constant, and the linear formula where there are rows enough for it.

    Parameters
    ----------
    fit_rows : FitRows
    deadline : float
        `kansym.clock.now` value after which no smaller forms of the linear formula are looked for.
    quadratic : bool, default False
        For tables with one input: the quadratic formula too, and its smaller forms. It is the commonest law of one
        variable after the straight line, and searches for stranger ones end where they are as good as the data.
    """
    provenance.sign("constant and linear formulas")
    X, y, weights = fit_rows.rows(fit_rows.train)
    mean = float(np.mean(y))
    level = sympy.Float(mean if mean else float(np.std(y)))
    # The mean is not snapped: "y = 0" as the simplest description of a table would read like a mistake.
    constant = judge(parametrize(level, fit_rows.variables), fit_rows, structure="constant")
    found = [] if constant is None else [constant]
    if len(fit_rows.variables) + 1 > len(y):
        return found
    linear = sympy.Add(level, *(sympy.Float(1e-3) * variable for variable in fit_rows.variables))
    fitted = refit(parametrize(linear, fit_rows.variables), X, y, weights=weights)
    plain_linear = judge(fitted.form, fit_rows, structure="linear")
    if plain_linear is None:
        return found
    found.append(plain_linear)
    nearly = plain_linear.validation_loss < (NEARLY_LINEAR * float(np.std(fit_rows.dataset.y))) ** 2
    # A search that ends here, at the noise, must have seen the proportional law too.
    if nearly or plain_linear.validation_loss <= (AT_FLOOR * fit_rows.noise_floor) ** 2:
        # Exact numbers and fewer terms are worth their time where a straight line says something.
        # From fitted values: equal ones at the start would be taken for one constant, of a + b.
        found += from_expression(fitted.form.substituted(), fit_rows, structure="linear", deadline=deadline)
    if quadratic and len(fit_rows.variables) == 1 and len(y) > LEAST_FOR_QUADRATIC:
        (x,) = fit_rows.variables
        square = parametrize(fitted.form.substituted() + sympy.Float(1e-3) * x**2, fit_rows.variables)
        start = refit(square, X, y, weights=weights).form.substituted()
        found += from_expression(start, fit_rows, structure="quadratic", deadline=deadline)
    return found
