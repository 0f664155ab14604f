"""A fit of a known form in JSON types."""

from dataclasses import asdict
from typing import Any

from kansym.fitting.intervals import Intervals
from kansym.fitting.result import KnownForm
from kansym.numbers import measured
from kansym.run.summary import finite_json


def record(result: KnownForm, intervals: Intervals | None = None) -> dict[str, Any]:
    """The result for another program; numbers that JSON does not have are null."""
    found = {
        "text": str(result.formula),
        "latex": result.formula.latex(with_target=True),
        "expression": result.expression,
        "values": dict(result.values),
        "errors": dict(result.errors),
        "written": {name: measured(value, result.errors[name]) for name, value in result.values.items()},
        "determined": [asdict(part) for part in result.determined],
        "errors_scaled": result.errors_scaled,
        "covariance": result.covariance.tolist(),
        "correlation": result.correlation.tolist(),
        "rows": len(result.residuals),
        "rss": result.rss,
        "ndf": result.ndf,
        "residual_sd": result.residual_sd,
        "chi2": result.chi2,
        "p_value": result.p_value,
        "loss": result.loss,
        "outliers": [asdict(outlier) for outlier in result.outliers],
        "start": dict(result.start),
        "notes": list(result.notes),
        "formula": result.formula.to_dict(),
    }
    if result.x_residuals is not None:
        found["x_residuals"] = {name: column.tolist() for name, column in result.x_residuals.items()}
    if intervals is not None:
        found["intervals"] = {name: list(ends) for name, ends in intervals.items()}
        found["intervals_level"] = intervals.level
        found["intervals_method"] = intervals.method
        found["intervals_notes"] = list(intervals.notes)
    return finite_json(found)
