"""The table of a run: columns with units, ranges and errors, and the rows that lie far off."""

import math
from typing import Any

import numpy as np
import sympy

from kansym.run.finished import FinishedRun

MOST_OUTLIERS = 50
"""Outliers that are listed."""


def data_values(run: FinishedRun) -> dict[str, Any]:
    """Rows, columns and the hash; ranges and errors where the table was kept."""
    summary, dataset = run.summary, run.dataset
    target = _column(summary.target, "target", summary.y_units)
    columns = [_column(name, "input", unit) for name, unit in zip(summary.names, summary.units, strict=True)]
    if dataset is not None and dataset.names == summary.names:
        target |= _range(dataset.y, dataset.y_error)
        for k, column in enumerate(columns):
            column |= _range(dataset.X[:, k], None if dataset.x_error is None else dataset.x_error[:, k])
    used = {symbol.name for symbol in run.formula.expression.atoms(sympy.Symbol)}
    for column in columns:
        column["used"] = column["name"] in used
    everything = [target, *columns]
    return {
        "rows": summary.rows,
        "kept_rows": None if dataset is None or dataset.n_rows == summary.rows else dataset.n_rows,
        "columns": everything,
        "has_errors": any(column["error"] for column in everything),
        "has_ranges": any(column["low"] for column in everything),
        "weighted": dataset is not None and dataset.sample_weight is not None,
        "sha256": summary.data_sha256,
    }


def outlier_values(run: FinishedRun) -> dict[str, Any]:
    """Rows farther from the formula than chance allows, the farthest first, with their columns if known."""
    summary, dataset = run.summary, run.dataset
    # A folder keeps every so manieth row of a large table, under other numbers.
    known = dataset if dataset is not None and dataset.n_rows == summary.rows else None
    rows = []
    for outlier in summary.outliers[:MOST_OUTLIERS]:
        rows.append(
            {
                "inputs": [] if known is None else [f"{value:.6g}" for value in known.X[outlier.row]],
                "target": "" if known is None else f"{known.y[outlier.row]:.6g}",
                "residual": f"{outlier.residual:+.3g}",
                "sigmas": f"{outlier.sigmas:+.1f}" if math.isfinite(outlier.sigmas) else "beyond all errors",
            }
        )
    return {
        "rows": rows,
        "names": list(summary.names) if known is not None else [],
        "more": max(0, len(summary.outliers) - MOST_OUTLIERS),
    }


def _column(name: str, role: str, unit: str | None) -> dict[str, Any]:
    return {"name": name, "role": role, "unit": unit, "low": "", "high": "", "error": "", "used": True}


def _range(values: np.ndarray, error: np.ndarray | None) -> dict[str, str]:
    found = {"low": f"{values.min():.6g}", "high": f"{values.max():.6g}", "error": ""}
    if error is not None and error.any():
        low, high = f"{error.min():.3g}", f"{error.max():.3g}"
        found["error"] = low if low == high else f"{low} to {high}"
    return found
