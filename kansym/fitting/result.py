"""What a fit of a known form says."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kansym.formula import Formula, correlation_of


@dataclass(frozen=True, eq=False)
class KnownForm:
    """A formula of the user with its constants fitted.

    Attributes
    ----------
    expression : str
        The formula as given.
    values : dict of str to float
        Constants by name, in the order they occur, in the units that the formula gives them.
    errors : dict of str to float
        Their standard errors; nan for those that the data do not determine, see `notes`.
    covariance : array (k, k)
        In the order of `values`; nan where an error is.
    formula : Formula
        With the values in it; for `predict`, `latex` and so on.
    residuals : array (n,)
        ``y - formula``, in units of y.
    rss : float
        Sum of the squared residuals, in squared units of y.
    ndf : int
        Degrees of freedom: rows less the number of constants, or combinations of them, that the data determine.
    residual_sd : float
        ``sqrt(rss/ndf)`` in units of y, rows weighted by 1/y_error^2 of mean 1; nan without degrees of freedom.
    chi2 : float or None
        Sum of (residual/y_error)^2; None without errors of y.
    p_value : float or None
        Probability of a larger chi-squared if formula and errors are right; None without errors of y or degrees of
        freedom.
    errors_scaled : bool
        Whether errors and covariance were scaled by the residuals.
    start : dict of str to float
        What the fit started from.
    notes : tuple of str
        What the user should know, one sentence or two each.
    """

    expression: str
    values: Mapping[str, float]
    errors: Mapping[str, float]
    covariance: np.ndarray
    formula: Formula
    residuals: np.ndarray
    rss: float
    ndf: int
    residual_sd: float
    chi2: float | None
    p_value: float | None
    errors_scaled: bool
    start: Mapping[str, float]
    notes: tuple[str, ...]

    @property
    def correlation(self) -> np.ndarray:
        """Correlation (k, k) of the constants, in the order of `values`; nan where an error is nan or zero."""
        return correlation_of(self.covariance)

    def __str__(self) -> str:
        from kansym.fitting.text import text_report

        return text_report(self)
