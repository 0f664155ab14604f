"""A smooth interpolant of the table with exact derivatives: what structure is read from before any formula exists.

A Gaussian process with one length scale per column. On a few thousand noise-free rows of a smooth law its error is
mostly well below that of a spline network that knows nothing of the law's structure, and its gradients are analytic;
with noise it is the smoother that the marginal likelihood asks for. It is never part of an answer: what is
read from it are hypotheses, and those are judged on the data.
"""

import math
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.linalg.lapack import dpotrf, dpotri, dpotrs  # pyright: ignore[reportAttributeAccessIssue]
from scipy.optimize import minimize

from kansym import clock
from kansym.clock import Work

HYPER_ROWS = 250
"""Rows that length scales are chosen on; the marginal likelihood costs their number cubed."""

ROWS = 1400
"""Rows of the interpolant itself."""

CHECK_ROWS = 400
"""Held-out rows its error is measured on."""

BLOCK = 8192
"""Rows that are predicted at once."""

MOST_STEPS = 30
"""Quasi-Newton steps for the length scales."""

LEAST_GAIN = 1e-6
"""Gain of a step, in units of the log likelihood, at which they end: of likelihoods of a thousand a thousandth."""

LEAST_ROWS = 12
"""Rows below which there is nothing to interpolate."""

SKEWED, WIDE = 4.0, 30.0
"""Ratio of the 90 % to the 10 % quantile of |x| from which a logarithmic axis is tried, and from which it is the rule.
A uniform distribution from zero has 9."""

RARE, FAR = 0.02, 0.5
"""Share of the rows next to zero, and of a column's logarithmic range that lies between there and the other end: where
those rows reach farther down, the logarithm of |x| plus what |x| is at that quantile is tried too. Products of several
columns come near zero now and then, and few rows at the end of an axis would stretch it, unless the law has a pole."""

TAILED = 8.0
"""Ratio of the largest |x| of a column of both signs to its median from which arsinh(x/median) is tried: that of (u -
v)/q, which few rows stretch. Of a uniform distribution it is 2, of thousands of normal numbers 5."""

DECADES = 100.0
"""The same ratio of |y| from which a logarithmic target is tried first."""

SHORTEST, LONGEST = math.log(0.03), math.log(1e3)
"""Log length scales, in units of half the range of a column."""

LEAST_NOISE = 1e-10
"""Noise variance relative to the variance of y; below, the Cholesky factor is lost to rounding."""


@dataclass(frozen=True, eq=False)
class Axes:
    """How columns and target are laid out before fitting: on linear or logarithmic axes, then to unit scale.

    Attributes
    ----------
    log : ndarray of bool, shape (d,)
        Columns on a logarithmic axis.
    log_target : bool
        Whether log|y| is interpolated in place of y.
    sign : float
        Of y, where `log_target`.
    shift : ndarray, shape (d,)
        What is added to |x| under the logarithm, see `RARE`.
    median : ndarray, shape (d,)
        Of |x|, of columns of both signs, for which arsinh(x/median) takes the place of the logarithm; zero of others.
    center, half_width : ndarray, shape (d,)
    level, spread : float
        Of the (transformed) target.
    """

    log: np.ndarray
    shift: np.ndarray
    median: np.ndarray
    log_target: bool
    sign: float
    center: np.ndarray
    half_width: np.ndarray
    level: float
    spread: float

    @classmethod
    def of(cls, X: np.ndarray, y: np.ndarray, *, log: np.ndarray, log_target: bool, shifted: bool = False) -> "Axes":
        both = log & ~one_signed(X)
        median = np.where(both, np.median(np.abs(X), axis=0), 0.0)
        shift = _shift(X, log & ~both) if shifted else np.zeros(X.shape[1])
        Z = _laid_out(X, log, shift, median)
        low, high = Z.min(0), Z.max(0)
        target = np.log(np.abs(y)) if log_target else y
        spread = float(target.std())
        width = (high - low) / 2
        sign = float(np.sign(y[0])) if log_target else 1.0
        width[width == 0] = 1.0
        return cls(log, shift, median, log_target, sign, (low + high) / 2, width, float(target.mean()), spread or 1.0)

    def inputs(self, X: np.ndarray) -> np.ndarray:
        return (_laid_out(X, self.log, self.shift, self.median) - self.center) / self.half_width

    def target(self, y: np.ndarray) -> np.ndarray:
        return ((np.log(np.abs(y)) if self.log_target else y) - self.level) / self.spread


def _laid_out(X: np.ndarray, log: np.ndarray, shift: np.ndarray, median: np.ndarray) -> np.ndarray:
    """The columns, with the logarithm of |x| plus its shift, or arsinh(x/median), where `log` says so."""
    Z, both = X.copy(), median > 0
    one = log & ~both
    Z[:, one] = np.log(np.abs(X[:, one]) + shift[one])
    Z[:, both] = np.arcsinh(X[:, both] / median[both])
    return Z


def _shift(X: np.ndarray, log: np.ndarray) -> np.ndarray:
    """What is added to each |x| under its logarithm, shape (d,); zero on most axes."""
    shift = np.zeros(X.shape[1])
    size = np.abs(X[:, log])
    least, rare, most = size.min(0), np.quantile(size, RARE, axis=0), size.max(0)
    shift[log] = np.where(np.log(rare / least) > FAR * np.log(most / rare), rare, 0.0)
    return shift


class Interpolant(Protocol):
    """What symmetries are read from; attributes and methods as of `Surrogate`."""

    @property
    def error(self) -> float: ...

    @property
    def log_target(self) -> bool: ...

    def value_and_gradient(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]: ...

    def derivatives(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]: ...


@dataclass(frozen=True, eq=False)
class Surrogate:
    """Posterior mean of a Gaussian process, squared-exponential kernel, one length scale per column.

    Attributes
    ----------
    axes : Axes
    points : ndarray, shape (m, d)
        Rows of the interpolant, laid out.
    length : ndarray, shape (d,)
    weights : ndarray, shape (m,)
        Of the kernel functions.
    noise : float
        Estimated noise variance, relative to the variance of the (laid out) target.
    error : float
        Root-mean-square error on held-out rows, in units of the spread of y, whichever axis y is on.
    check : ndarray of int
        The held-out rows: the same ones for every interpolant of as many rows and the same seed.

    References
    ----------
    Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), chapters 2 and 5.
    """

    axes: Axes
    points: np.ndarray
    length: np.ndarray
    weights: np.ndarray
    noise: float
    error: float = math.nan
    check: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=int))

    @property
    def log_target(self) -> bool:
        """Whether log|y| is interpolated in place of y."""
        return self.axes.log_target

    def _kernel(self, Z: np.ndarray) -> np.ndarray:
        return kernel(Z, self.points, self.length)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Values of y, shape (n,)."""
        Z = self.axes.inputs(X)
        # In blocks: the kernel of a million rows and a thousand points would take eight gigabytes.
        blocks = np.array_split(Z, max(1, math.ceil(len(Z) / BLOCK)))
        value = np.concatenate([self._kernel(block) @ self.weights for block in blocks])
        value = value * self.axes.spread + self.axes.level
        return self.axes.sign * np.exp(value) if self.axes.log_target else value

    def value_and_gradient(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """y and dy/dx_i, whichever axis y is on; shapes (n,) and (n, d)."""
        value, slope = self.derivatives(X)
        if not self.axes.log_target:
            return value, slope
        y = self.axes.sign * np.exp(value)
        return y, y[:, None] * slope

    def derivatives(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The laid-out target T and its gradient with respect to the columns as given.

        Returns
        -------
        value : ndarray, shape (n,)
            T = y, or log|y|.
        gradient : ndarray, shape (n, d)
            dT/dx_i.
        """
        Z = self.axes.inputs(X)
        weighted = self._kernel(Z) * self.weights
        value = weighted.sum(1) * self.axes.spread + self.axes.level
        slope = (weighted @ self.points - weighted.sum(1)[:, None] * Z) / self.length**2
        slope *= self.axes.spread / self.axes.half_width
        both = self.axes.median > 0
        log = self.axes.log & ~both
        slope[:, log] /= X[:, log] + np.sign(X[:, log]) * self.axes.shift[log]
        slope[:, both] /= np.hypot(X[:, both], self.axes.median[both])
        return value, slope


def kernel(A: np.ndarray, B: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Squared-exponential kernel matrix, shape (len(A), len(B))."""
    clock.charge(Work.KERNEL_ENTRIES, len(A) * len(B))
    a, b = A / length, B / length
    squares = (a * a).sum(1)[:, None] + (b * b).sum(1) - 2 * a @ b.T
    return np.exp(-0.5 * np.maximum(squares, 0.0))


def fit_surrogate(
    X: np.ndarray,
    y: np.ndarray,
    *,
    log: np.ndarray,
    log_target: bool = False,
    shifted: bool = False,
    weights: np.ndarray | None = None,
    seed: int = 0,
    rows: int = ROWS,
) -> Surrogate | None:
    """Fit one interpolant; None where no Cholesky factor exists, or numbers leave double precision.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    y : ndarray, shape (n,)
    log : ndarray of bool, shape (d,)
        Columns to lay out on a logarithmic axis, or by arsinh where they have both signs.
    log_target : bool, default False
    shifted : bool, default False
        Whether logarithmic axes of columns that seldom come near zero end there, see `RARE`.
    weights : ndarray, shape (n,), optional
        Inverse noise variances, up to a factor.
    seed : int, default 0
        Chooses the rows.
    rows : int, default 1400
        Of the interpolant; length scales are chosen on at most half of them.
    """
    if len(y) < LEAST_ROWS:
        return None
    check = check_rows(len(y), seed)
    rest = np.random.default_rng(seed).permutation(len(y))[len(check) :]
    axes = Axes.of(X, y, log=log, log_target=log_target, shifted=shifted)
    Z, t = axes.inputs(X), axes.target(y)
    relative = np.ones(len(y))
    if weights is not None:
        relative = np.clip(weights / weights.mean(), 1e-6, 1e6)
        if log_target:
            relative = relative * y**2 / np.mean(y**2)
    with np.errstate(all="ignore"):
        inverse = 1.0 / relative
    if not all(np.isfinite(one).all() for one in (Z, t, inverse)):
        # Beyond double precision: squares of 1e-170, weights that overflow.
        return None
    small, large = rest[: min(HYPER_ROWS, rows // 2)], rest[:rows]
    theta = _length_scales(Z[small], t[small], inverse[small])
    length, noise = np.exp(theta[:-1]), float(np.exp(theta[-1]))
    K = kernel(Z[large], Z[large], length)
    clock.charge(Work.CHOLESKY, len(K) ** 3 / 2)
    K[np.diag_indices_from(K)] += noise * inverse[large]
    try:
        coefficients = cho_solve(cho_factor(K, lower=True, overwrite_a=True), t[large])
    except LinAlgError:
        return None
    fitted = Surrogate(axes, Z[large], length, coefficients, noise)
    residual = fitted.predict(X[check]) - y[check]
    share = np.ones(len(check)) if weights is None else weights[check] / weights[check].mean()
    error = math.sqrt(float(np.mean(share * residual**2))) / (float(y.std()) or 1.0)
    # The noise in units of the target: the kernel's amplitude times its nugget. Where the nugget is at its bound it is
    # none of the data's, and the held-out error bounds the noise from above in any case.
    amplitude = max(float(t[large] @ coefficients) / len(large), 0.0)
    return replace(fitted, noise=min(noise * amplitude, error**2), error=error, check=check)


def check_rows(n: int, seed: int) -> np.ndarray:
    """The held-out rows of interpolants of n rows."""
    return np.random.default_rng(seed).permutation(n)[: min(CHECK_ROWS, n // 4)]


class MarginalLikelihood:
    """Marginal likelihood of a Gaussian process on rows, as a function of its length scales and noise.

    It goes pair by pair of rows: all matrices are symmetric, and half of each is enough.

    Parameters
    ----------
    Z : ndarray, shape (n, d)
    t : ndarray, shape (n,)
    inverse : ndarray, shape (n,)
        Noise variances, up to a factor.

    References
    ----------
    Rasmussen & Williams, Gaussian Processes for Machine Learning (2006), eqs. 2.30 and 5.9.
    """

    def __init__(self, Z: np.ndarray, t: np.ndarray, inverse: np.ndarray) -> None:
        self.t, self.inverse = t, inverse
        # Row after row of the upper triangle: to LAPACK, which goes by columns, the lower one.
        self.first, self.second = np.triu_indices(len(t), 1)
        self.flat = self.first * len(t) + self.second
        self.squares = np.ascontiguousarray(((Z[self.first] - Z[self.second]) ** 2).T)

    def at(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Negative log marginal likelihood up to a constant, its amplitude maximised out, and the gradient.

        Parameters
        ----------
        theta : ndarray, shape (d + 1,)
            Logarithms of the length scales and of the noise, in units of the amplitude.
        """
        t, n = self.t, len(self.t)
        clock.charge(Work.CHOLESKY, 0.5 * n**3)
        clock.charge(Work.KERNEL_ENTRIES, n**2)
        inverse_square, noise = np.exp(-2 * theta[:-1]), math.exp(theta[-1])
        R = np.exp(-0.5 * (inverse_square @ self.squares))
        K = np.empty(n * n)
        K[self.flat], K[:: n + 1] = R, 1.0 + noise * self.inverse
        factor, failed = dpotrf(K.reshape(n, n).T, lower=1, clean=0, overwrite_a=1)
        if failed:
            return 1e10, np.zeros_like(theta)
        alpha = dpotrs(factor, t, lower=1)[0]
        amplitude = max(float(t @ alpha) / n, 1e-300)
        value = 0.5 * n * math.log(amplitude) + float(np.log(np.diag(factor)).sum())
        inverse_K = dpotri(factor, lower=1, overwrite_c=1)[0].T.reshape(-1)
        W = inverse_K[self.flat] - alpha[self.first] * (alpha / amplitude)[self.second]
        gradient = np.empty_like(theta)
        gradient[:-1] = inverse_square * (self.squares @ (W * R))
        gradient[-1] = 0.5 * noise * float((inverse_K[:: n + 1] - alpha**2 / amplitude) @ self.inverse)
        return value, gradient


def _length_scales(Z: np.ndarray, t: np.ndarray, inverse: np.ndarray) -> np.ndarray:
    """Log length scales and log noise of the greatest marginal likelihood, shape (d + 1,)."""
    d = Z.shape[1]
    likelihood = MarginalLikelihood(Z, t, inverse)
    bounds = [(SHORTEST, LONGEST)] * d + [(math.log(LEAST_NOISE), math.log(2.0))]
    best, lowest = np.r_[np.ones(d), math.log(1e-4)], math.inf
    # Long waves first; short ones only where those explain nothing, since they fit anything.
    for start in (1.0, -0.7, -2.2):
        found = minimize(
            likelihood.at,
            np.r_[np.full(d, start), math.log(1e-6)],
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": MOST_STEPS, "ftol": LEAST_GAIN},
        )
        if found.fun < lowest:
            best, lowest = found.x, float(found.fun)
        if math.exp(best[-1]) < 0.05:
            break
    return best


def best_surrogate(
    X: np.ndarray,
    y: np.ndarray,
    *,
    weights: np.ndarray | None = None,
    seed: int = 0,
    good: float = 3e-5,
    most: int = 5,
    until: float = math.inf,
) -> Surrogate | None:
    """The interpolant with the smallest held-out error over linear and logarithmic axes.

    Parameters
    ----------
    X, y, weights, seed
        As in `fit_surrogate`.
    good : float, default 3e-5
        Error, in units of the spread of y, at which no further axes are tried.
    most : int, default 5
        Most layouts of the axes that are tried.
    until : float
        `kansym.clock.now` value after which no further layout is tried.
    """
    signed, size = one_signed(X), np.abs(X)
    low, middle, high = np.quantile(size, [0.1, 0.5, 0.9], axis=0)
    tailed = ~signed & (middle > 0) & (size.max(0) > TAILED * middle)
    ratio = high / np.maximum(low, 1e-300)
    skewed, wide = signed & (ratio > SKEWED), signed & (ratio > WIDE)
    positive = bool((y > 0).all() or (y < 0).all())
    low, high = np.quantile(np.abs(y), [0.1, 0.9])
    decades = positive and high > DECADES * low
    one_sided, signed, skewed, wide = wide, signed | tailed, skewed | tailed, wide | tailed
    # Wide columns belong on logarithmic axes, whatever the error says on the few rows that dominate it.
    trials = [(wide, False), (signed, False), (signed, positive), (wide, positive), (skewed, False)]
    if decades:
        trials = [(signed, True), (wide, False), (wide, True), (skewed, False)]
    if tailed.any():
        trials.insert(1, (one_sided, False))
    layouts = [(*one, False) for one in trials]
    if _shift(X, one_sided).any():
        layouts.insert(1, (wide, False, True))
    tried: set[tuple] = set()
    found: list[Surrogate] = []
    for log, log_target, shifted in layouts:
        if len(tried) >= most or (found and clock.late(until)):
            break
        key = (tuple(log.tolist()), log_target, shifted)
        if key in tried:
            continue
        tried.add(key)
        surrogate = fit_surrogate(X, y, log=log, log_target=log_target, shifted=shifted, weights=weights, seed=seed)
        if surrogate is not None and math.isfinite(surrogate.error):
            found.append(surrogate)
            if surrogate.error < good:
                break
    return min(found, key=lambda surrogate: surrogate.error, default=None)


def one_signed(X: np.ndarray) -> np.ndarray:
    """Which columns have values of one sign only, zero excluded; shape (d,)."""
    return np.asarray((X > 0).all(0) | (X < 0).all(0))
