"""Intervals of constants at a level of confidence, from the covariance, profiles or simulated tables."""

import numpy as np
import scipy.stats

from kansym.errors import ArgumentError
from kansym.fitting.bootstrap import simulated_pivots
from kansym.fitting.estimate import Estimate
from kansym.fitting.profile import profile_end, profile_of
from kansym.fitting.rows import Rows

METHODS = ("profile", "covariance", "bootstrap")

FEWEST = 50
"""Simulated tables that must have been fitted."""


class Intervals(dict[str, tuple[float, float]]):
    """Ends by names of constants, ``{name: (low, high)}``.

    Attributes
    ----------
    level : float
    method : str
    notes : tuple of str
        What the user should know: sides without bound, ends at the edge of the formula's domain, a better minimum.
    better : dict of str to float, or None
        Constants of a lower minimum met on the way. The intervals are about the one that was fitted, and mean little
        then: fit again with these as start.
    """

    level: float
    method: str
    notes: tuple[str, ...]
    better: dict[str, float] | None


def intervals_of(
    fit: Estimate, rows: Rows, *, level: float = 0.6827, method: str = "profile", samples: int = 1000, seed: int = 0
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
    determined = [j for j in range(len(names)) if np.isfinite(fit.errors[j])]
    notes = []
    if len(determined) < len(names):
        left = ", ".join(name for j, name in enumerate(names) if j not in determined)
        notes.append(f"The data do not determine {left}: no interval.")
    quantile = _quantile(fit, level)
    if method == "covariance":
        for j in determined:
            half = quantile * fit.errors[j]
            result[names[j]] = (float(fit.values[j] - half), float(fit.values[j] + half))
    elif method == "bootstrap":
        _bootstrap(result, fit, rows, determined, names, samples, seed)
    else:
        for j in determined:
            notes += _profile(result, fit, rows, j, names, quantile)
    result.notes = tuple(dict.fromkeys(notes))
    return result


def _quantile(fit: Estimate, level: float) -> float:
    """Gaussian with absolute errors, Student's where the residuals set the scale."""
    part = 0.5 * (1 + level)
    return float(scipy.stats.t.ppf(part, fit.ndf) if fit.errors_scaled else scipy.stats.norm.ppf(part))


def _bootstrap(
    result: Intervals, fit: Estimate, rows: Rows, determined: list[int], names: list[str], samples: int, seed: int
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


def _profile(result: Intervals, fit: Estimate, rows: Rows, index: int, names: list[str], quantile: float) -> list[str]:
    name, value = names[index], float(fit.values[index])
    if fit.errors[index] == 0:
        result[name] = (value, value)
        return []
    profile = profile_of(fit, rows, index)
    notes, ends = [], []
    for side, word in ((-1, "below"), (1, "above")):
        end, reason = profile_end(profile, side, quantile)
        ends.append(float(end))
        if reason == "unbounded":
            notes.append(f"The data set no bound {word} on {name} at this level.")
        elif reason == "domain":
            notes.append(f"{name} ends {word} at {end:g}, where the formula stops being finite or real on these rows.")
    result[name] = (ends[0], ends[1])
    if profile.better is not None:
        values = profile.better[1]
        result.better = {symbol: float(number) for symbol, number in zip(names, values, strict=True)}
        listed = ", ".join(f"{symbol}={number:.6g}" for symbol, number in result.better.items())
        notes.append(
            f"A better minimum lies near {listed}; these intervals are about the fitted one. Fit again from there."
        )
    return notes
