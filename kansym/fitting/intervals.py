"""Intervals of constants at a level of confidence: from the covariance, from profiles, or from simulated tables."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import scipy.optimize
import scipy.special

from kansym.errors import ArgumentError
from kansym.fitting.estimate import Estimate
from kansym.fitting.least_squares import Measurements, least_squares
from kansym.fitting.sides import scattered

METHODS = ("profile", "covariance", "bootstrap")

FEWEST = 50
"""Simulated tables that must have been fitted."""

WIDENINGS = 20
"""Steps outwards before a side counts as unbounded; each goes at most four times as far as the one before."""

LOOKED_BACK = 3
"""Steps outwards after which the way in between is looked at closely."""

PRECISION = 1e-5
"""Of the ends, in standard errors."""

LOWER = 1e-4
"""How much lower a sum of squares, in units of the residual variance, is another minimum and no rounding."""


class Intervals(dict[str, tuple[float, float]]):
    """Ends by names of constants, ``{name: (low, high)}``.

    Attributes
    ----------
    level : float
    method : str
    notes : tuple of str
        What the user should know: sides without bound, ends at the edge of the formula's domain, a better minimum.
    better : dict of str to float, or None
        Constants of a lower minimum found on the way. The intervals are about the one that was fitted, and mean little
        then: fit again with these as start.
    """

    level: float
    method: str
    notes: tuple[str, ...]
    better: dict[str, float] | None


def intervals_of(
    fit: Estimate,
    rows: Measurements,
    *,
    level: float = 0.6827,
    method: str = "profile",
    samples: int = 1000,
    seed: int = 0,
) -> Intervals:
    """Intervals of all constants of a fit to `rows`; see `kansym.fitting.result.KnownForm.intervals`."""
    if method not in METHODS:
        raise ArgumentError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    if isinstance(level, bool) or not isinstance(level, int | float | np.number) or not 0 < level < 1:
        raise ArgumentError(f"level must be between 0 and 1, such as 0.6827, got {level!r}")
    if fit.errors_scaled and fit.ndf <= 0:
        raise ArgumentError(
            "method needs more rows than constants where the table has no errors: nothing says how large they are"
        )
    if fit.weights is not None and method != "covariance":
        raise ArgumentError(f"method {method!r} needs loss='linear'; with a robust loss take 'covariance'")
    names = [symbol.name for symbol in fit.form.constants]
    result = Intervals({name: (-np.inf, np.inf) for name in names})
    result.level, result.method, result.better = float(level), method, None
    ends = np.tile([-np.inf, np.inf], (len(names), 1)) if fit.form.bounds is None else fit.form.bounds
    result.update((name, (float(low), float(high))) for name, (low, high) in zip(names, ends, strict=True))
    determined = [j for j in range(len(names)) if np.isfinite(fit.errors[j])]
    # Constants with an interval and no standard error.
    one_sided = [int(j) for j in np.flatnonzero((fit.at_bound | fit.no_counts) & ~fit.form.fixed)]
    notes = []
    left = [name for j, name in enumerate(names) if j not in (*determined, *one_sided) and not fit.at_bound[j]]
    if left:
        notes.append(f"The data do not determine {', '.join(left)}: no interval.")
    if one_sided and method != "profile":
        listed = ", ".join(names[j] for j in one_sided)
        why = "the expected counts are zero" if fit.no_counts else f"{listed} is at its bound"
        if method == "bootstrap":
            raise ArgumentError(f"method 'bootstrap' needs standard errors, and {why}; take 'profile'")
        notes.append(f"Without a standard error, since {why}: {listed}; 'profile' has its interval.")
    quantile = _quantile(fit, level)
    if method == "covariance":
        for j in determined:
            half = quantile * fit.errors[j]
            result[names[j]] = (float(fit.values[j] - half), float(fit.values[j] + half))
    elif method == "bootstrap":
        _bootstrap(result, fit, rows, determined, names, samples, seed)
    else:
        for j in sorted({*determined, *one_sided}):
            notes += _profile(result, fit, rows, j, names, quantile)
    result.update((name, tuple(np.clip(result[name], *own).tolist())) for name, own in zip(names, ends, strict=True))
    result.notes = tuple(dict.fromkeys(notes))
    return result


def _quantile(fit: Estimate, level: float) -> float:
    """Gaussian with absolute errors, Student's where the residuals set the scale."""
    part = 0.5 * (1 + level)
    return float(scipy.special.stdtrit(fit.ndf, part) if fit.errors_scaled else scipy.special.ndtri(part))


def _bootstrap(
    result: Intervals,
    fit: Estimate,
    rows: Measurements,
    determined: list[int],
    names: list[str],
    samples: int,
    seed: int,
) -> None:
    if isinstance(samples, bool) or not isinstance(samples, int | np.integer) or samples < FEWEST:
        raise ArgumentError(f"samples must be a whole number of at least {FEWEST}, got {samples!r}")
    pivots = simulated_pivots(fit, rows, int(samples), np.random.default_rng(seed))
    if len(pivots) < FEWEST:
        raise ArgumentError(
            f"samples: only {len(pivots)} of {samples} simulated tables could be fitted; take 'profile'"
        )
    tails = np.quantile(pivots, [0.5 * (1 + result.level), 0.5 * (1 - result.level)], axis=0)
    for j in determined:
        low, high = fit.values[j] - tails[:, j] * fit.errors[j]
        result[names[j]] = (float(low), float(high))


def _profile(
    result: Intervals, fit: Estimate, rows: Measurements, index: int, names: list[str], quantile: float
) -> list[str]:
    name, value = names[index], float(fit.values[index])
    if fit.errors[index] == 0:
        result[name] = (value, value)
        return []
    profile = profile_of(fit, rows, index)
    if not np.isfinite(profile.error):
        return [f"The data do not determine {name}: no interval."]
    notes, ends = [], []
    for side, word in ((-1, "below"), (1, "above")):
        end, reason = profile_end(profile, side, quantile)
        ends.append(float(end))
        if reason == "unbounded":
            notes.append(f"The data set no bound {word} on {name} at this level.")
        elif reason == "domain":
            notes.append(f"{name} ends {word} at {end:g}, where the formula stops being finite or real on these rows.")
        elif reason == "bound":
            notes.append(f"{name} ends {word} at its bound, {end:g}.")
    result[name] = (ends[0], ends[1])
    if profile.better is not None:
        values = profile.better[1]
        result.better = {symbol: float(number) for symbol, number in zip(names, values, strict=True)}
        listed = ", ".join(f"{symbol}={number:.6g}" for symbol, number in result.better.items())
        notes.append(
            f"A better minimum lies near {listed}; these intervals are about the fitted one. Fit again from there."
        )
    return notes


@dataclass(eq=False)
class Profile:
    """The least sum of squares as a function of one constant.

    Attributes
    ----------
    fit : Estimate
        The minimum that the profile is drawn about; with a linear loss.
    rows : Measurements
        What it was fitted to, y raised by the correction for curvature.
    index : int
        The constant.
    least : float
        Sum of squares at the minimum.
    variance : float
        What one unit of the statistic is: 1 with absolute errors, else the residual variance.
    covariance : array (k, k)
        Of the fit; for a constant without a standard error what sets the size of the first steps.
    known : dict of float to array (k,)
        All constants at values that were tried.
    taus : dict of float to float
        What was found there: asked again, a fit from another start may come out otherwise.
    better : tuple of (float, array) or None
        A lower sum of squares that was met, and its constants.
    """

    fit: Estimate
    rows: Measurements
    index: int
    least: float
    variance: float
    covariance: np.ndarray
    known: dict[float, np.ndarray] = field(default_factory=dict)
    taus: dict[float, float] = field(default_factory=dict)
    better: tuple[float, np.ndarray] | None = None

    @property
    def centre(self) -> float:
        return float(self.fit.values[self.index])

    @property
    def error(self) -> float:
        return float(np.sqrt(self.covariance[self.index, self.index]))

    def bound(self, side: int) -> float:
        """The bound below (side -1) or above (side 1)."""
        bounds = self.fit.form.bounds
        return side * np.inf if bounds is None else float(bounds[self.index, int(side > 0)])

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
        slope = self.covariance[:, self.index] / self.covariance[self.index, self.index]
        # Others that the data do not determine stay where they are.
        straight = self.fit.values + np.nan_to_num(slope) * (value - self.centre)
        nearest = self.known[min(self.known, key=lambda tried: abs(tried - value))] if self.known else self.fit.values
        starts = [np.array(straight), np.array(nearest)]
        for start in starts:
            start[self.index] = value
        return [self.fit.form.inside(start) for start in starts]

    def _fitted(self, value: float, start: np.ndarray) -> tuple[float, np.ndarray]:
        try:
            if not np.isfinite(self.fit.form.with_values(start).evaluate(self.rows.X)).all():
                return np.inf, start
            found = least_squares(self.fit.form, self.rows, start, held=(self.index,), near=True)
        except ArgumentError:
            return np.inf, start
        return (found.statistic if np.isfinite(found.statistic) else np.inf), found.values


def profile_of(fit: Estimate, rows: Measurements, index: int) -> Profile:
    """The profile of a constant of a fit to `rows`, as these were given to it."""
    if fit.shift is not None:
        rows = replace(rows, y=rows.y + fit.shift)
    if rows.counts and rows.x_error is not None:
        # Where inputs have errors, the likelihood of counts has no closed form: chi-squared with the last weights.
        error = rows.error_at(fit.form.evaluate(rows.X))
        rows = replace(rows, y_error=error, counts=False)
    found = least_squares(fit.form, rows, fit.values, held=range(len(fit.values)))
    with np.errstate(all="ignore"):
        variance = float(np.sum(rows.weight * found.distances**2)) / fit.ndf if fit.errors_scaled else 1.0
    covariance = fit.covariance
    if fit.at_bound[index] or fit.no_counts:
        own = np.arange(len(fit.values)) == index
        squares = rows.squares(fit.form.released(own), found.error, fit.deltas)
        covariance = squares.inverse_normal(fit.values, fit.sigma)[0]
    return Profile(fit, rows, index, found.statistic, variance, covariance)


def profile_end(profile: Profile, side: int, limit: float) -> tuple[float, str]:
    """Where the profile reaches `limit`, below (side -1) or above (side 1), and why it ends there if it does not.

    Returns
    -------
    end : float
        Infinite where the data set no bound.
    reason : {"", "unbounded", "domain", "bound"}
        "domain" if the formula stops being finite before: the end is that place. "bound" if the constant may go no
        farther.
    """
    bound = profile.bound(side)
    inner, outer = profile.centre, profile.centre + side * limit * profile.error
    for widening in range(WIDENINGS):
        outer = side * min(side * outer, side * bound)
        if outer == inner:
            return (bound, "bound") if outer == bound else (side * np.inf, "unbounded")
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


def simulated_pivots(fit: Estimate, rows: Measurements, samples: int, rng: np.random.Generator) -> np.ndarray:
    """(value - truth)/error of the constants of simulated tables, shape (m, k) with m <= samples.

    The truth is the fit: its constants and, with errors of the inputs, its nearest points. Rows are scattered about it
    with their errors, or with the residual variance, and fitted in the same way (the parametric bootstrap-t; Davison
    and Hinkley, Bootstrap Methods and their Application (1997), section 5.2.2). Tables whose fit fails are left out.
    """
    X = rows.X if fit.deltas is None else rows.X + fit.deltas
    y = fit.form.evaluate(X)
    spread = np.sqrt(_variance(fit, rows)) if fit.errors_scaled else 1.0
    with np.errstate(all="ignore"):
        size = np.where(rows.weight > 0, spread / np.sqrt(rows.weight), 0.0)
    form = fit.form.released(~fit.form.fixed)
    pivots = []
    for _ in range(samples):
        moved = X if rows.x_error is None else X + spread * rows.x_error * rng.standard_normal(X.shape)
        table = replace(rows, X=moved, y=_drawn(rows, y, size, rng))
        try:
            found = least_squares(form, table, fit.values, near=True, correct_curvature=fit.shift is not None)
        except ArgumentError:
            # Scattered out of the domain of the formula.
            continue
        deltas = None if found.orthogonal is None else found.orthogonal.deltas
        squares = table.squares(form, found.error, deltas)
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


def _drawn(rows: Measurements, expected: np.ndarray, size: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A table of y (n,) about `expected`, its errors times `size`."""
    if rows.counts:
        return rng.poisson(np.maximum(expected, 0.0)).astype(np.float64)
    if rows.sides is not None:
        return scattered(expected, size * rows.sides, rng)
    return expected + size * rows.error * rng.standard_normal(expected.shape)


def _variance(fit: Estimate, rows: Measurements) -> float:
    """Residual variance in units of the errors of the rows."""
    mean = rows.mean_error(fit.effective_error)
    return (fit.residual_sd / mean) ** 2
