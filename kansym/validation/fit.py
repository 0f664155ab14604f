"""How well formula and network describe the table: errors, R^2, chi-squared, noise floor."""

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import scipy

from kansym.data.preparation import MINIMUM_ROWS
from kansym.data.weights import root_mean_square
from kansym.fitting.all_rows import AllRows
from kansym.fitting.residuals import Residuals

if TYPE_CHECKING:
    from kansym.search.results import Discovery


@dataclass(frozen=True)
class Fit:
    """How well the formula and the network describe the table.

    Attributes
    ----------
    rows : int
        Rows that were used.
    undefined_rows : int
        Rows on which the formula has no finite value.
    rms : float
        Root-mean-square residual over all rows, in units of y; weighted where the table has errors or weights.
    held_out_rms : float
        Of the rows held out when the constants were fitted, or of leave-one-out in tables below 20 rows.
    network_rms : float or None
        The network's on the same held-out rows; None without a network or without held-out rows.
    held_out_rows : int
        About how many rows were held out; 0 means leave-one-out.
    network_p : float or None
        Probability of held-out errors this far apart were formula and network equally good (F test).
    spread : float
        Standard deviation of y.
    one_minus_r2, held_out_one_minus_r2 : float
        Share of the variance that is left.
    noise_floor : float
        Root-mean-square residual below which nothing is known, in units of y.
    exact : bool
        Whether the residuals are at the level of rounding.
    chi2, chi2_p : float or None
        Chi-squared, and the probability of a larger one were formula and errors right; where the table has errors of y.
        Errors of the inputs are folded in.
    freedom : int
        Rows less fitted constants.
    """

    rows: int
    undefined_rows: int
    rms: float
    held_out_rms: float
    network_rms: float | None
    held_out_rows: int
    network_p: float | None
    spread: float
    one_minus_r2: float
    held_out_one_minus_r2: float
    noise_floor: float
    exact: bool
    chi2: float | None
    chi2_p: float | None
    freedom: int

    @property
    def at_noise_floor(self) -> bool:
        """Whether the residual is that of known noise, within half of it."""
        return math.isfinite(self.held_out_rms) and self.held_out_rms <= 1.5 * self.noise_floor


def measure_fit(discovery: "Discovery", residuals: Residuals, *, validation_fraction: float = 0.2) -> Fit:
    """Measure a discovery's formula and network.

    Parameters
    ----------
    discovery : Discovery
    residuals : Residuals
        Of the picked formula.
    validation_fraction : float, default 0.2
        What the run held out.
    """
    n, formula, network = len(discovery.dataset.y), discovery.formula, discovery.network
    held_out_rows = 0 if n < MINIMUM_ROWS else round(validation_fraction * n)
    held_out = math.sqrt(formula.validation_loss) if formula.validation_loss >= 0 else math.nan
    network_rms = network_p = None
    if network is not None and network.has_splines and held_out_rows and network.validation_loss >= 0:
        network_rms = math.sqrt(network.validation_loss)
        # The same rows for both: their common noise makes the ratio steadier than F supposes, which errs on the side
        # of the formula. The network is the best of several on these rows, which errs on the other side.
        if network_rms > 0 and math.isfinite(held_out):
            network_p = float(scipy.stats.f.sf((held_out / network_rms) ** 2, held_out_rows, held_out_rows))
    chi2 = chi2_p = None
    freedom = residuals.n - residuals.k
    if residuals.sigma is not None and freedom > 0:
        chi2 = residuals.n * root_mean_square(residuals.raw / residuals.sigma, None) ** 2
        chi2_p = float(scipy.stats.chi2.sf(chi2, freedom))
    spread = residuals.spread if residuals.n else math.nan
    return Fit(
        rows=residuals.n,
        undefined_rows=residuals.undefined,
        rms=residuals.rms,
        held_out_rms=held_out,
        network_rms=network_rms,
        held_out_rows=held_out_rows,
        network_p=network_p,
        spread=spread,
        one_minus_r2=_share(residuals.rms, spread),
        held_out_one_minus_r2=_share(held_out, spread),
        noise_floor=discovery.noise_floor,
        exact=residuals.exact,
        chi2=chi2,
        chi2_p=chi2_p,
        freedom=freedom,
    )


def with_all_rows(fit: Fit, found: AllRows, k: int) -> Fit:
    """The fit with the numbers of all rows of a long table; what was held out is of its sample.

    Parameters
    ----------
    fit : Fit
    found : AllRows
    k : int
        Fitted constants.
    """
    freedom = found.rows - k
    known = found.chi2 is not None and freedom > 0
    return replace(
        fit,
        rows=found.rows,
        undefined_rows=found.undefined_rows,
        rms=found.rms,
        spread=found.spread,
        one_minus_r2=found.one_minus_r2,
        chi2=found.chi2 if known else None,
        chi2_p=float(scipy.stats.chi2.sf(found.chi2, freedom)) if known else None,
        freedom=freedom,
    )


def _share(rms: float, spread: float) -> float:
    return (rms / spread) ** 2 if spread > 0 else math.nan
