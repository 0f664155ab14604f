"""Constants of tables simulated from a fit: their bias and spread without any straight line."""

from dataclasses import replace

import numpy as np

from kansym.errors import ArgumentError
from kansym.fitting.estimate import Estimate
from kansym.fitting.rows import Rows, least


def simulated_pivots(fit: Estimate, rows: Rows, samples: int, rng: np.random.Generator) -> np.ndarray:
    """(value - truth)/error of the constants of simulated tables, shape (m, k) with m <= samples.

    The truth is the fit: its constants and, with errors of the inputs, its nearest points. Rows are scattered about it
    with their errors, or with the residual variance, and fitted in the same way (the parametric bootstrap-t; Davison
    and Hinkley, Bootstrap Methods and their Application (1997), section 5.2.2). Tables whose fit fails are left out.
    """
    X = rows.X if fit.deltas is None else rows.X + fit.deltas
    y = fit.form.evaluate(X)
    spread = np.sqrt(_variance(fit, rows)) if fit.errors_scaled else 1.0
    with np.errstate(all="ignore"):
        error = spread * rows.error / np.sqrt(rows.weight)
    error = np.where(rows.weight > 0, error, 0.0)
    pivots = []
    for _ in range(samples):
        moved = X if rows.x_error is None else X + spread * rows.x_error * rng.standard_normal(X.shape)
        table = replace(rows, X=moved, y=y + error * rng.standard_normal(y.shape))
        try:
            found = least(fit.form, table, fit.values, near=True, correct_curvature=fit.shift is not None)
        except ArgumentError:
            # Scattered out of the domain of the formula.
            continue
        deltas = None if found.orthogonal is None else found.orthogonal.deltas
        squares = table.squares(fit.form, found.error, deltas)
        sigma = table.mean_error(found.error)
        if fit.errors_scaled:
            sigma *= float(np.sqrt(found.statistic / fit.ndf))
        with np.errstate(all="ignore"):
            errors = np.sqrt(np.diagonal(squares.inverse_normal(found.values, sigma)[0]))
            pivot = (found.values - fit.values) / errors
        determined = np.isfinite(fit.errors)
        if found.converged and np.isfinite(pivot[determined]).all():
            pivots.append(pivot)
    return np.array(pivots).reshape(len(pivots), len(fit.values))


def _variance(fit: Estimate, rows: Rows) -> float:
    """Residual variance in units of the errors of the rows."""
    mean = rows.mean_error(fit.effective_error)
    return (fit.residual_sd / mean) ** 2
