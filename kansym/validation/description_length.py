# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""Does the formula explain y at all: bits it saves over the mean, with the search paid for."""

import math
from dataclasses import dataclass

import numpy as np

from kansym.data.weights import mean_square
from kansym.fitting.residuals import Residuals
from kansym.symbolic.complexity import formula_bits
from kansym.symbolic.own_functions import OwnFunction, folded


@dataclass(frozen=True)
class Explained:
    """What the formula saves over writing the table down with the mean of y alone.

    Attributes
    ----------
    gained : float
        Bits by which the residuals are shorter than those about the mean, each row predicted from the others.
    cost : float
        Bits of the formula: its nodes, its exact numbers, and its fitted constants to the digits that the data give.

    left: float
        Share of the variance of y that is left, each row from the others.
    """

    gained: float
    cost: float
    left: float

    @property
    def saved(self) -> float:
        """Bits saved in all. Were y unrelated to the inputs, some formula would save b bits with a probability of at
        most 2^-b, however many are tried."""
        return self.gained - self.cost

    @property
    def ratio(self) -> float:
        """Bits gained per bit of formula."""
        return self.gained / self.cost if self.cost > 0 else math.inf


def explained(residuals: Residuals, noise_floor: float, functions: tuple[OwnFunction, ...] = ()) -> Explained:
    """Bits that a formula gains and costs.

    The lengths of formulas are those of a prefix code, sum 2^-length <= 1 about; so the gain of the best of all
    formulas is bounded by Markov's inequality (the "no hypercompression" inequality, Grünwald, The Minimum Description
    Length Principle, 2007, section 3.3). That is the correction for the search, which no p-value on its rows has.
    Constants cost log2(|c|/error), and at least log2(n)/2: a frequency that has to be right to nine digits costs
    thirty bits, whatever n is (Wallace and Freeman 1987, doi:10.1111/j.2517-6161.1987.tb01695.x).

    Parameters
    ----------
    residuals : Residuals
    noise_floor : float
        In units of y.
    functions : tuple of OwnFunction, optional
        Of the user's own, each of which counts as one function.
    """
    n = residuals.n
    if n == 0:
        return Explained(-math.inf, 0.0, math.inf)
    floor = max(noise_floor**2, 1e-300)
    loss = loo(residuals)
    about_mean = residuals.spread**2 * (n / max(n - 1, 1)) ** 2
    gained = 0.5 * n * (math.log2(max(about_mean, floor)) - _log2(loss, floor))
    # Symbols in place of constants: their digits are charged here and not by the nodes.
    cost = formula_bits(folded(residuals.form, functions), n, residuals.X.shape[1])
    cost += _digits(residuals, math.sqrt(max(loss, floor)))
    # The mean alone is a constant too.
    left = loss / about_mean if about_mean > 0 else math.nan
    return Explained(gained, cost - 3.0 - 0.5 * math.log2(max(n, 1)), left)


def loo(residuals: Residuals) -> float:
    """Leave-one-out mean squared residual, in squared units of y; inf where there are no more rows than constants.

    From the leverages, as `kansym.search.rows.leave_one_out`; constants whose derivative does not exist on a
    row, as that of 0^p, take nothing up there.
    """
    if residuals.n <= residuals.k:
        return math.inf
    return mean_square(residuals.raw / np.maximum(1.0 - residuals.leverage, 1e-3), residuals.weights)


def _log2(loss: float, floor: float) -> float:
    return math.log2(max(loss, floor)) if math.isfinite(loss) else math.inf


def _digits(residuals: Residuals, sigma: float) -> float:
    """Bits of the constants beyond log2(n)/2 each, from the errors that residuals of size `sigma` leave them."""
    if not residuals.k:
        return 0.0
    jacobian = residuals.form.jacobian(residuals.X)
    root = np.ones(residuals.n) if residuals.weights is None else np.sqrt(residuals.weights)
    scaled = np.nan_to_num(jacobian, posinf=0.0, neginf=0.0) * root[:, None] * residuals.form.values
    # Each constant with the others held: correlated constants share digits, and are not charged twice for them.
    peak = np.maximum(np.abs(scaled).max(axis=0), 1e-300)
    lengths = peak * np.sqrt(((scaled / peak) ** 2).sum(axis=0))
    digits = np.log2(np.maximum(lengths / sigma, 1.0))
    return float(np.maximum(digits - 0.5 * math.log2(residuals.n), 0.0).sum())
