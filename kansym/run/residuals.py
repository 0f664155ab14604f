"""What the residuals of a run are, in words: of which rows, and what the rows are weighted by."""

import math

from kansym.data.preparation import MINIMUM_ROWS
from kansym.numbers import short
from kansym.run.summary import RunSummary
from kansym.units.words import after_number


def counted(number: int, what: str) -> str:
    """``1 row``, ``12 rows``."""
    return f"{number} {what}{'s'[: number != 1]}"


def weighting(summary: RunSummary) -> str:
    """``weighted by 1/error^2``, and what else rows are weighted by; empty where all count the same.

    Errors that are all alike weight nothing: the weighted residuals are the plain ones.
    """
    agreement = summary.agreement
    if agreement.plain_rms is not None and math.isclose(agreement.rms, agreement.plain_rms, rel_tol=1e-9):
        return ""
    return f"weighted by {agreement.weights}" if agreement.weights else ""


def holds_out(summary: RunSummary) -> bool:
    """Whether rows were held out, as `kansym.data.preparation.split` counts them; else each is left out in turn."""
    fraction = summary.options.get("validation_fraction")
    return summary.rows >= MINIMUM_ROWS and (fraction is None or round(fraction * summary.rows) > 0)


def judging_rows(summary: RunSummary) -> str:
    """The rows that formulas of the front are compared on."""
    return "held-out rows" if holds_out(summary) else "leave-one-out"


def on_judging_rows(summary: RunSummary) -> str:
    """The same as the end of a phrase."""
    return "on held-out rows" if holds_out(summary) else "of each row left out in turn"


def loss_words(summary: RunSummary) -> str:
    """What the column of losses is, with its unit."""
    unit = summary.y_units
    words = f"loss: mean squared residual {on_judging_rows(summary)}"
    if unit and unit != "1":
        words += f", in {unit}^2" if unit.isalpha() else f", in ({unit})^2"
    weights = weighting(summary)
    return f"{words}, {weights}" if weights else words


def error_words(summary: RunSummary, unit: str) -> str:
    """What the column of errors on the page is; `unit` as it follows a number."""
    weights = weighting(summary)
    words = f"Error: root mean square of the residuals{f' in{unit}' if unit else ''}, {on_judging_rows(summary)}"
    return f"{words}, {weights}." if weights else f"{words}."


def floor_words(summary: RunSummary) -> str:
    """The noise floor, and what it is the floor of."""
    size = f"{short(summary.noise_floor)}{after_number(summary.y_units)}"
    residuals = "weighted residuals" if summary.agreement.weights.by_errors and weighting(summary) else "residuals"
    return f"noise floor of the data: {size}; {residuals} below it mean nothing"


def r_squared(one_minus_r2: float) -> str:
    """R^2, or 1 - R^2 where R^2 would show nothing but nines."""
    if not math.isfinite(one_minus_r2):
        return "R² is not defined"
    if one_minus_r2 == 0:
        return "R² = 1"
    return f"R² = {1 - one_minus_r2:.5f}" if one_minus_r2 > 1e-4 else f"R² = 1 − {one_minus_r2:.2g}"
