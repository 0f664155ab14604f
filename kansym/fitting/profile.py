"""How far a constant may go while all others make the best of it: profile-likelihood intervals."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import scipy.optimize

from kansym.errors import ArgumentError
from kansym.fitting.estimate import Estimate
from kansym.fitting.rows import Rows, least

WIDENINGS = 20
"""Steps outwards before a side counts as unbounded; each goes at most four times as far as the one before."""

LOOKED_BACK = 3
"""Steps outwards after which the way in between is looked at closely."""

PRECISION = 1e-5
"""Of the ends, in standard errors."""

LOWER = 1e-4
"""How much lower a sum of squares, in units of the residual variance, is another minimum and no rounding."""


@dataclass(eq=False)
class Profile:
    """The least sum of squares as a function of one constant.

    Attributes
    ----------
    fit : Estimate
        The minimum that the profile is drawn about; with a linear loss.
    rows : Rows
        What it was fitted to, y raised by the correction for curvature.
    index : int
        The constant.
    least : float
        Sum of squares at the minimum.
    variance : float
        What one unit of the statistic is: 1 with absolute errors, else the residual variance.
    known : dict of float to array (k,)
        All constants at values that were tried.
    taus : dict of float to float
        What was found there: asked again, a fit from another start may come out otherwise.
    better : tuple of (float, array) or None
        A lower sum of squares that was met, and its constants.
    """

    fit: Estimate
    rows: Rows
    index: int
    least: float
    variance: float
    known: dict[float, np.ndarray] = field(default_factory=dict)
    taus: dict[float, float] = field(default_factory=dict)
    better: tuple[float, np.ndarray] | None = None

    @property
    def centre(self) -> float:
        return float(self.fit.values[self.index])

    @property
    def error(self) -> float:
        return float(self.fit.errors[self.index])

    def tau(self, value: float) -> float:
        """Square root of the rise of the sum of squares, in standard deviations; nan where there is no fit.

        It is linear in the value where the formula is linear (Bates and Watts, Nonlinear Regression Analysis (1988),
        chapter 6; the profile t function).
        """
        if value == self.centre:
            return 0.0
        if value not in self.taus:
            self.taus[value] = self._tau(value)
        return self.taus[value]

    def _tau(self, value: float) -> float:
        found = min((self._fitted(value, start) for start in self._starts(value)), key=lambda pair: pair[0])
        if not np.isfinite(found[0]):
            return float("nan")
        self.known[value] = found[1]
        rise = (found[0] - self.least) / self.variance
        if rise < -LOWER and (self.better is None or found[0] < self.better[0]):
            self.better = found
        return float(np.sqrt(max(rise, 0.0)))

    def _starts(self, value: float) -> list[np.ndarray]:
        """The others as the covariance has it, and as they were at the nearest value tried."""
        slope = self.fit.covariance[:, self.index] / self.fit.covariance[self.index, self.index]
        # Others that the data do not determine stay where they are.
        straight = self.fit.values + np.nan_to_num(slope) * (value - self.centre)
        nearest = self.known[min(self.known, key=lambda tried: abs(tried - value))] if self.known else self.fit.values
        starts = [np.array(straight), np.array(nearest)]
        for start in starts:
            start[self.index] = value
        return starts

    def _fitted(self, value: float, start: np.ndarray) -> tuple[float, np.ndarray]:
        try:
            if not np.isfinite(self.fit.form.with_values(start).evaluate(self.rows.X)).all():
                return np.inf, start
            found = least(self.fit.form, self.rows, start, held=(self.index,), near=True)
        except ArgumentError:
            return np.inf, start
        return (found.statistic if np.isfinite(found.statistic) else np.inf), found.values


def profile_of(fit: Estimate, rows: Rows, index: int) -> Profile:
    """The profile of a constant of a fit to `rows`, as these were given to it."""
    if fit.shift is not None:
        rows = replace(rows, y=rows.y + fit.shift)
    found = least(fit.form, rows, fit.values, held=range(len(fit.values)))
    with np.errstate(all="ignore"):
        variance = found.statistic / fit.ndf if fit.errors_scaled else 1.0
    return Profile(fit, rows, index, found.statistic, variance)


def profile_end(profile: Profile, side: int, limit: float) -> tuple[float, str]:
    """Where the profile reaches `limit`, below (side -1) or above (side 1), and why it ends there if it does not.

    Returns
    -------
    end : float
        Infinite where the data set no bound.
    reason : {"", "unbounded", "domain"}
        "domain" if the formula stops being finite before: the end is that place.
    """
    inner, outer = profile.centre, profile.centre + side * limit * profile.error
    for widening in range(WIDENINGS):
        if outer == inner:
            break
        tau = profile.tau(outer)
        if tau < limit:
            outer, tau = _stepped_over(profile, inner, outer, tau, limit, widening < LOOKED_BACK)
        if np.isnan(tau):
            edge = _edge(profile.tau, inner, outer)
            if edge == inner or not profile.tau(edge) >= limit:
                return edge, "domain"
            return _root(profile, inner, edge, limit), ""
        if tau >= limit:
            return _root(profile, inner, outer, limit), ""
        # A profile that flattens is asked farther and farther out.
        ratio = min(4.0, max(1.3, 1.05 * limit / tau)) if tau > 0 else 4.0
        inner, outer = outer, profile.centre + ratio * (outer - profile.centre)
        if not np.isfinite(outer):
            break
    return side * np.inf, "unbounded"


def _stepped_over(
    profile: Profile, inner: float, outer: float, tau: float, limit: float, closely: bool
) -> tuple[float, float]:
    """A place before `outer` where the profile is already beyond the limit, with its tau; `outer` if there is none.

    A constant that is ill determined has an error larger than itself, and a step of that length leads through zero,
    where the formula may be anything, to values of the other sign that fit again.
    """
    flat = tau < 0.5 * abs(outer - profile.centre) / profile.error
    crossed = inner * outer < 0
    parts = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2) if closely else (1 / 2,)
    places = [inner + part * (outer - inner) for part in parts] if flat else []
    if crossed:
        places += [part * inner for part in (0.5, 0.1, 1e-2, 1e-3, -1e-3)]
    for place in sorted(places, key=lambda place: abs(place - inner)):
        found = profile.tau(place)
        if not found < limit:
            return place, found
    return outer, tau


def _root(profile: Profile, inner: float, outer: float, limit: float) -> float:
    def beyond(value: float) -> float:
        tau = profile.tau(value)
        return (1e3 if np.isnan(tau) else tau) - limit

    if beyond(inner) >= 0:
        return inner
    scale = PRECISION * profile.error
    return float(scipy.optimize.brentq(beyond, inner, outer, xtol=max(scale, 1e-300), rtol=1e-14, maxiter=60))  # pyright: ignore[reportArgumentType]


def _edge(tau: Callable[[float], float], inside: float, outside: float) -> float:
    """The last place from `inside` to `outside` where there is a fit."""
    for _ in range(40):
        middle = inside + 0.5 * (outside - inside)
        if middle in (inside, outside):
            break
        if np.isnan(tau(middle)):
            outside = middle
        else:
            inside = middle
    return inside
