"""What a fit of a known form says."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from kansym.codec import finite_json
from kansym.fitting.arguments import KnownFormProblem
from kansym.fitting.determined import Combination
from kansym.fitting.estimate import Estimate
from kansym.fitting.intervals import Intervals, intervals_of
from kansym.fitting.outliers import Outlier
from kansym.numbers import measured, uncertain_numbers, with_error
from kansym.surfaces import surface
from kansym.symbolic.constants import correlation_of
from kansym.symbolic.formula import Formula

if TYPE_CHECKING:
    import iminuit
    import lmfit
    from uncertainties.core import AffineScalarFunc


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
        Their standard errors; nan for those that the data do not determine and those at a bound, see `notes`; 0 for
        those that are fixed.
    covariance : array (k, k)
        In the order of `values`; nan where an error is.
    formula : Formula
        With the values in it; for `predict`, `latex` and so on.
    residuals : array (n,)
        ``y - formula``, in units of y; with errors of the inputs at the nearest point of the formula, and y raised by
        the correction for curvature.
    rss : float
        Sum of the squared residuals, in squared units of y.
    ndf : int
        Degrees of freedom: rows less the number of constants, or combinations of them, that the data determine. Those
        that are fixed or at a bound do not count.
    residual_sd : float
        ``sqrt(rss/ndf)`` in units of y, rows weighted by 1/y_error^2 of mean 1; nan without degrees of freedom.
    chi2 : float or None
        Sum of (residual/y_error)^2, with errors of the inputs also of (x_residual/x_error)^2; None without errors of y.
        Where errors differ below and above, y_error is the one on the side of the curve. Of counts it is the deviance.
    p_value : float or None
        Probability of a larger chi-squared if formula and errors are right; None without errors of y or degrees of
        freedom.
    errors_scaled : bool
        Whether errors and covariance were scaled by the residuals.
    start : dict of str to float
        What the fit started from.
    notes : tuple of str
        What the user should know, one sentence or two each.
    loss : str
        What was minimised, "linear" for least squares.
    x_residuals : dict of str to array (n,), or None
        For columns with errors: the column less the input of the nearest point of the formula, in its units.
        `residuals` belongs to that point too. None without errors of the inputs.
    weights : array (n,) or None
        With a robust loss: what each row counts, from 0 to 1.
    outliers : tuple of Outlier
        Rows farther from the formula than chance allows, the farthest first: `row` counted from 0, `residual`, and
        `sigmas`, the distance in standard errors.
    determined : tuple of Combination
        Where the data cannot tell constants apart, what they do determine: `text` such as ``"A*C"``, `names`, `value`
        and `error`. Empty where every constant is determined, or no simple combination is.
    problem : KnownFormProblem
        The table and the formula with symbols for constants.
    fit : Estimate
        The fit in arrays, for programs.
    at_bound : dict of str to float
        Constants that ended at a bound that was set for them, with its value.
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
    loss: str
    x_residuals: Mapping[str, np.ndarray] | None
    weights: np.ndarray | None
    outliers: tuple[Outlier, ...]
    determined: tuple[Combination, ...]
    problem: KnownFormProblem = field(repr=False)
    fit: Estimate = field(repr=False)
    at_bound: Mapping[str, float]

    @property
    def correlation(self) -> np.ndarray:
        """Correlation (k, k) of the constants, in the order of `values`; nan where an error is nan or zero."""
        return correlation_of(self.covariance)

    @property
    def uncertain(self) -> "dict[str, AffineScalarFunc]":
        """The constants as numbers of the package `uncertainties`: computing with them propagates their correlations.

        Constants that the data do not determine have nan as standard deviation.
        """
        return uncertain_numbers(self.values, self.covariance)

    def intervals(
        self, level: float = 0.6827, method: str = "profile", *, samples: int = 1000, seed: int = 0
    ) -> Intervals:
        """Intervals of the constants at a level of confidence; asymmetric where the formula bends.

        Parameters
        ----------
        level : float, default 0.6827
            0.6827 is what one standard error means for a Gaussian, 0.9545 two.
        method : {"profile", "covariance", "bootstrap"}, default "profile"
            "profile" moves one constant and refits all others until chi-squared (of counts, the deviance) has risen by
            the quantile, 1 for 0.6827; where the residuals set the scale, until the profile t reaches Student's
            quantile (Bates and Watts, Nonlinear Regression Analysis (1988), chapter 6). It ends at a bound. A second or
            less.
            "covariance" is value ± quantile x error within the bounds, with Student's quantile where the residuals set
            the scale; a constant at its bound has no error and so all that its bounds leave.
            "bootstrap" fits `samples` tables simulated from this fit (bootstrap-t): for strong curvature within errors
            of the inputs, where the other two are biased. Seconds to minutes.
        samples : int, default 1000
            Of the bootstrap.
        seed : int, default 0
            Of the bootstrap.

        Returns
        -------
        Intervals
            A dict of names to (low, high), infinite where the data set no bound, with `notes`, and `better`, the
            constants of a lower minimum if one was met.

        Raises
        ------
        ArgumentError
            If level or method cannot be used, a robust loss is asked for other intervals than "covariance", or there is
            nothing to tell the errors from.
        """
        return intervals_of(self.fit, self.problem.measurements, level=level, method=method, samples=samples, seed=seed)

    def to_lmfit(self) -> "tuple[lmfit.Model, lmfit.Parameters]":
        """A model and parameters of lmfit, see `kansym.fitting.bridges.to_lmfit`."""
        return surface("lmfit_model")(self)

    def to_iminuit(self) -> "iminuit.Minuit":
        """A `Minuit` with data and constants, see `kansym.fitting.bridges.to_iminuit`."""
        return surface("minuit_of_fit")(self)

    def __repr__(self) -> str:
        values = (f"{name} = {with_error(value, self.errors[name])}" for name, value in self.values.items())
        return f"<KnownForm {self.formula.target} = {self.expression}: {', '.join(values)}>"

    def _repr_html_(self) -> str:
        return surface("fit_html")(self)

    def __str__(self) -> str:
        return surface("fit_text")(self)


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
        "bounds": _bounds(result),
        "at_bound": dict(result.at_bound),
        "fixed": [name for name, held in zip(result.values, result.fit.form.fixed.tolist(), strict=True) if held],
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


def _bounds(result: KnownForm) -> dict[str, list[float]]:
    form = result.fit.form
    if form.bounds is None:
        return {}
    ends = zip(result.values, form.bounds.tolist(), form.fixed.tolist(), strict=True)
    return {name: pair for name, pair, held in ends if not held and not np.isinf(pair).all()}
