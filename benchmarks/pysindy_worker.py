"""PySINDy on trajectories, in a Python of its own; ``python -m benchmarks.odebench --tool pysindy`` starts it.

A request is one JSON object on standard input: ``t``, ``runs`` (states by run and time), ``seconds`` and ``seed``. So
is the answer on standard output: ``equations`` in text, and ``settings``, what they come from. Nothing here imports
kansym.

What PySINDy's documentation offers is tried: polynomials up to the third degree (the fifth for one state), with and
without Fourier terms; finite differences of fourth order, smoothed ones of two windows, and the weak form with two
sizes of its subdomains; thresholds and ridge of STLSQ; ensembles; and for rational right-hand sides SINDy-PI's implicit
library, solved by SINDyPI and by STLSQ. Every other stretch of the runs is foretold by what is fitted to the rest, and
the rest by those: settings of an equation are compared by derivatives that are foretold, systems by trajectories. Of
those about as good as the best the one with the fewest terms is taken, and fitted to all rows. (Akaike's criterion, as
in PySINDy's own benchmark, doi:10.1007/s11071-023-08525-4, keeps more terms too many.)
"""

import contextlib
import io
import json
import re
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pysindy  # pyright: ignore[reportMissingImports]
import sklearn
from scipy.signal import savgol_filter

WINDOWS = (11, 25)
"""Points of the filters of Savitzky and Golay that smooth what is differentiated."""

HALVES = (20, 10)
"""Half of a subdomain of the weak form is so many parts of the whole time."""

SUBDOMAINS = 200

LIBRARIES = {
    "degree 1": (1, False),
    "degree 1 and Fourier": (1, True),
    "degree 2": (2, False),
    "degree 3": (3, False),
    "degree 3 and Fourier": (3, True),
}
IMPLICIT = "implicit"
HIGHEST = {1: 5}
"""Degree of the largest polynomials by the number of states; 3 for more."""

THRESHOLDS = (1e-4, 1e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0)
COARSE = (1e-2, 3e-2, 0.1, 0.3)
"""Those of ensembles."""

RIDGE = 1e-6
"""Alpha of STLSQ; its default, 0.05, is felt by states that are small."""

PENALTIES = (1e-3, 1e-2)
"""Weights of SINDyPI's regularisation."""

STRETCH, SUBSTEPS = 15, 3
"""Points of a stretch of a trajectory that is foretold, and Runge-Kutta steps between two of them."""

AS_GOOD = 1.5
"""Mean square, in units of the least, at which fewer terms are preferred."""

FINALISTS, MODELS = 1, 20
"""Best pairs of derivatives and library for which ensembles are tried, and models of an ensemble."""


@dataclass(frozen=True)
class Term:
    """A monomial, or a sine or cosine of one state."""

    powers: tuple[int, ...]
    wave: str = ""

    @classmethod
    def read(cls, name: str, d: int) -> "Term":
        """From a name of PySINDy's: ``1``, ``x0^2 x1``, ``sin(1 x0)``."""
        powers = [0] * d
        wave = re.fullmatch(r"(sin|cos)\(1 x(\d+)\)", name)
        if wave is not None:
            powers[int(wave[2])] = 1
            return cls(tuple(powers), wave[1])
        for factor in name.split() if name != "1" else ():
            found = re.fullmatch(r"x(\d+)(?:\^(\d+))?", factor)
            if found is None:
                raise ValueError(f"a term that cannot be read: {name}")
            powers[int(found[1])] += int(found[2] or 1)
        return cls(tuple(powers))

    def within(self, degree: int, waves: bool) -> bool:
        """Whether a library has it."""
        return waves if self.wave else sum(self.powers) <= degree

    def at(self, X: np.ndarray) -> np.ndarray:
        """Values (n,) at states (n, d)."""
        value = np.ones(len(X))
        for column, power in zip(X.T, self.powers, strict=True):
            for _ in range(power):
                value = value * column
        return getattr(np, self.wave)(value) if self.wave else value

    def __str__(self) -> str:
        factors = (f"x{k}" if power == 1 else f"x{k}**{power}" for k, power in enumerate(self.powers) if power)
        text = "*".join(factors) or "1"
        return f"{self.wave}({text})" if self.wave else text


@dataclass(frozen=True, eq=False)
class Ratio:
    """A sum of terms over another; of ones that are not rational the other is empty."""

    terms: Sequence[Term]
    top: np.ndarray
    bottom: np.ndarray | None = None

    @property
    def size(self) -> int:
        """Terms."""
        return int(np.count_nonzero(self.top)) + (0 if self.bottom is None else int(np.count_nonzero(self.bottom)))

    def of(self, theta: np.ndarray) -> np.ndarray:
        """Values (n,) where the terms have values (n, p)."""
        return theta @ self.top if self.bottom is None else theta @ self.top / (theta @ self.bottom)

    def __str__(self) -> str:
        def text(weights: np.ndarray) -> str:
            pairs = zip(weights, self.terms, strict=True)
            return " + ".join(f"({float(c)!r})*{term}" for c, term in pairs if c) or "0"

        return text(self.top) if self.bottom is None else f"({text(self.top)})/({text(self.bottom)})"


@dataclass(frozen=True, eq=False)
class Rows:
    """The largest library on all runs, with one way to derivatives.

    Attributes
    ----------
    way : str
    terms : tuple of Term
    theta, rates : ndarray
        Terms (n, p), and derivatives or what stands for them (n, d).
    fold : ndarray, shape (n,)
        0 or 1: each is foretold by the other.
    """

    way: str
    terms: tuple[Term, ...]
    theta: np.ndarray
    rates: np.ndarray
    fold: np.ndarray

    def columns(self, library: str) -> np.ndarray:
        """Whether a library has the terms (p,)."""
        degree, waves = LIBRARIES.get(library, (3, False))
        degree = HIGHEST.get(len(self.terms[0].powers), degree) if degree == 3 else degree
        return np.array([term.within(degree, waves) for term in self.terms])


@dataclass(frozen=True, eq=False)
class Found:
    """One equation with a setting.

    Attributes
    ----------
    square : float
        Mean square error of derivatives that are foretold.
    setting : str
    folds : tuple of Ratio
        What foretells each fold.
    whole : callable
        Fits it to all rows.
    """

    square: float
    setting: str
    folds: tuple[Ratio, ...]
    whole: Any

    @property
    def size(self) -> int:
        """Terms."""
        return max(fold.size for fold in self.folds)


def shortest(found: Sequence[Any], squares: Sequence[float], sizes: Sequence[int]) -> Any:
    """Of those that are about as good as the best the one with the fewest terms."""
    limit = AS_GOOD * min(squares)
    places = [k for k, square in enumerate(squares) if square <= limit] or range(len(found))
    return found[min(places, key=lambda k: (sizes[k], squares[k]))]


def all_rows(t: np.ndarray, runs: list[np.ndarray]) -> Iterator[Rows]:
    """Every way to derivatives."""
    ways: dict[str, Any] = {"finite differences, order 4": pysindy.FiniteDifference(order=4)}
    for window in WINDOWS:
        options = {"window_length": window, "polyorder": 3}
        ways[f"smoothed over {window} points"] = pysindy.SmoothedFiniteDifference(smoother_kws=options)
    ways.update({f"weak form, subdomains of 1/{half}": None for half in HALVES})
    for (way, method), half in zip(ways.items(), (*[0] * (len(ways) - len(HALVES)), *HALVES), strict=True):
        d, theta, rates, folds = runs[0].shape[1], [], [], []
        polynomials = pysindy.PolynomialLibrary(degree=HIGHEST.get(d, 3), include_bias=True)
        library = pysindy.ConcatLibrary([polynomials, pysindy.FourierLibrary(n_frequencies=1)])
        if half:
            library = pysindy.WeakPDELibrary(
                library, spatiotemporal_grid=t, K=SUBDOMAINS, H_xt=[(t[-1] - t[0]) / half], p=4
            )
        for run in runs:
            x = pysindy.AxesArray(run, {"ax_time": 0, "ax_coord": 1})
            states, rate = library.calc_trajectory(method, x, t)
            theta.append(np.asarray(library.fit([states]).transform([states])[0], dtype=float))
            rates.append(np.asarray(rate, dtype=float))
            place = np.arange(len(theta[-1]))
            # Subdomains are drawn by chance, other rows are in the order of time.
            folds.append((place if half else place // STRETCH) % 2)
        names = library.get_feature_names([f"x{k}" for k in range(d)])
        terms = tuple(Term.read(one, d) for one in names)
        yield Rows(way, terms, np.vstack(theta), np.vstack(rates), np.concatenate(folds))


def _stlsq(theta: np.ndarray, rates: np.ndarray, threshold: float, models: int = 0) -> np.ndarray:
    """Coefficients (targets, p)."""
    optimizer = pysindy.STLSQ(threshold=threshold, alpha=RIDGE)
    if models:
        optimizer = pysindy.EnsembleOptimizer(optimizer, bagging=True, n_models=models)
    found = np.asarray(optimizer.fit(theta, rates).coef_, dtype=float)
    # The median of an ensemble has small coefficients that no threshold has seen.
    return np.where(np.abs(found) >= threshold, found, 0.0)


def explicit(rows: Rows, library: str, ensembles: bool = False) -> Iterator[list[Found]]:
    """Equations that are sums of terms of a library, by setting: a list of all equations."""
    chosen = rows.columns(library)
    terms = [term for term, one in zip(rows.terms, chosen, strict=True) if one]
    theta, models = rows.theta[:, chosen], MODELS if ensembles else 0
    for threshold in COARSE if ensembles else THRESHOLDS:

        def fit(those: np.ndarray, threshold: float = threshold) -> list[Ratio]:
            return [Ratio(terms, one) for one in _stlsq(theta[those], rows.rates[those], threshold, models)]

        folds = [fit(rows.fold != one) for one in (0, 1)]
        setting = f"{rows.way}; {library}; threshold {threshold:g}" + (f", {models} models" if models else "")
        yield [
            _found(rows, theta, k, setting, [own[k] for own in folds], lambda those, k=k, fit=fit: fit(those)[k])
            for k in range(rows.rates.shape[1])
        ]


def _found(rows: Rows, theta: np.ndarray, k: int, setting: str, folds: Sequence[Ratio], fit: Any) -> Found:
    rest = np.concatenate(
        [own.of(theta[rows.fold == j]) - rows.rates[rows.fold == j, k] for j, own in enumerate(folds)]
    )
    return Found(_square(rest), setting, tuple(folds), lambda: fit(rows.fold >= 0))


def _square(rest: np.ndarray) -> float:
    return float(np.mean(rest**2)) if np.isfinite(rest).all() else np.inf


def implicit(rows: Rows, until: float) -> Iterator[list[Found]]:
    """Rational equations: the derivative times a monomial is a sum of monomials and of the derivative times others."""
    chosen = rows.columns(IMPLICIT)
    terms = [term for term, one in zip(rows.terms, chosen, strict=True) if one]
    theta, d = rows.theta[:, chosen], rows.rates.shape[1]
    p = len(terms)
    left_sides = [j for j, term in enumerate(terms) if sum(term.powers) <= (2 if d == 1 else 0)]
    solvers = [("threshold", one) for one in THRESHOLDS] + [("penalty", one) for one in PENALTIES]
    for kind, size in solvers:
        for j in left_sides:
            if time.process_time() > until:
                return

            def fit(those: np.ndarray, k: int, kind: str = kind, size: float = size, j: int = j) -> Ratio:
                whole = np.hstack([theta[those], theta[those] * rows.rates[those][:, [k]]])
                others = [column for column in range(2 * p) if column != p + j]
                weights = np.zeros(2 * p)
                if kind == "threshold":
                    weights[others] = _stlsq(whole[:, others], whole[:, [p + j]], size)[0]
                else:
                    solver = pysindy.SINDyPI(reg_weight_lam=size, model_subset=[p + j], tol=1e-6, max_iter=4000)
                    found = np.nan_to_num(np.asarray(solver.fit(whole, whole).coef_[p + j], dtype=float))
                    # The penalty leaves small coefficients where a threshold leaves none.
                    weights[others] = np.where(np.abs(found) > 1e-3, found, 0.0)[others]
                bottom = -weights[p:]
                bottom[j] += 1.0
                return Ratio(terms, weights[:p], bottom)

            setting = f"{rows.way}; {IMPLICIT}; {kind} {size:g}"
            yield [
                _found(
                    rows,
                    theta,
                    k,
                    setting,
                    [fit(rows.fold != one, k) for one in (0, 1)],
                    lambda those, k=k, fit=fit: fit(those, k),
                )
                for k in range(d)
            ]


def best_of(settings: Iterator[list[Found]], d: int) -> list[Found]:
    """The best setting of each equation."""
    found = list(settings)
    return [best_equation([one[k] for one in found]) for k in range(d)] if found else []


def best_equation(found: Sequence[Found]) -> Found:
    """The best setting of one equation."""
    return shortest(found, [one.square for one in found], [one.size for one in found])


def smoothed_states(runs: list[np.ndarray]) -> list[np.ndarray]:
    """States that stretches begin at: of several filters the one that foretells points left out best."""
    columns = []
    for k in range(runs[0].shape[1]):
        best = (np.inf, [run[:, k] for run in runs])
        for window in (5, 7, 11, 17, 25, 45):
            smooth = [savgol_filter(run[:, k], window, 3) for run in runs]
            weight = float(savgol_filter(np.eye(1, 101, 50)[0], window, 3)[50])
            left = [(run[:, k] - one) / (1 - weight) for run, one in zip(runs, smooth, strict=True)]
            # Without noise the points themselves are best: a parabola misses them by its curvature.
            error = float(np.mean(np.concatenate(left) ** 2))
            if error < best[0]:
                best = (error, smooth)
        size = float(np.std(np.concatenate([run[:, k] for run in runs])))
        columns.append(best[1] if best[0] > (1e-3 * size) ** 2 else [run[:, k] for run in runs])
    return [np.column_stack([column[i] for column in columns]) for i in range(len(runs))]


def foretold(equations: Sequence[Ratio], fold: int, t: np.ndarray, run: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Residuals (m,) of the stretches of a fold in units of the spreads of the states; all stretches at once."""
    begin = np.arange(fold * STRETCH, len(run) - STRETCH, 2 * STRETCH)
    x, step = starts[begin], (t[1] - t[0]) / SUBSTEPS

    weights = [(one.terms, w) for one in equations for w in (one.top, one.bottom) if w is not None]
    used = list(dict.fromkeys(term for terms, own in weights for term, c in zip(terms, own, strict=True) if c))

    def rates(x: np.ndarray) -> np.ndarray:
        values = {term: term.at(x) for term in used}
        zero = np.zeros(len(x))
        return np.column_stack(
            [one.of(np.array([values.get(term, zero) for term in one.terms]).T) for one in equations]
        )

    rest = []
    for point in range(1, STRETCH + 1):
        for _ in range(SUBSTEPS):
            a = rates(x)
            b = rates(x + step / 2 * a)
            c = rates(x + step / 2 * b)
            x = x + step / 6 * (a + 2 * b + 2 * c + rates(x + step * c))
        rest.append(run[begin + point] - x)
    spread = run.std(axis=0)
    return np.divide(np.concatenate(rest), np.where(spread > 0, spread, 1.0)).ravel()


def system_square(equations: Sequence[Found], t: np.ndarray, runs: list[np.ndarray], starts: list[np.ndarray]) -> float:
    """Mean square error of stretches that are foretold."""
    rest = [
        foretold([one.folds[fold] for one in equations], fold, t, run, start)
        for fold in (0, 1)
        for run, start in zip(runs, starts, strict=True)
    ]
    return _square(np.concatenate(rest))


def search(t: np.ndarray, runs: list[np.ndarray], seconds: float) -> dict[str, Any]:
    """The best system; seconds are those of the processor, so that a busy machine finds the same."""
    until, d = time.process_time() + seconds, runs[0].shape[1]
    starts = smoothed_states(runs)
    systems: list[tuple[float, list[Found], Rows, str]] = []
    for rows in all_rows(t, runs):
        own = []
        for library in LIBRARIES:
            if time.process_time() < until:
                own.append((library, best_of(explicit(rows, library), d)))
        if not rows.way.startswith("weak") and time.process_time() < until:
            own.append((IMPLICIT, best_of(implicit(rows, until), d)))
        own = [(library, equations) for library, equations in own if equations]
        if own:
            own.append(("", [best_equation([one[k] for _, one in own]) for k in range(d)]))
        systems += [(system_square(one, t, runs, starts), one, rows, library) for library, one in own]
    systems.sort(key=lambda one: one[0])
    for _, _, rows, library in [one for one in systems if one[3] in LIBRARIES][:FINALISTS]:
        if time.process_time() < until:
            one = best_of(explicit(rows, library, ensembles=True), d)
            systems.append((system_square(one, t, runs, starts), one, rows, library))
    best = shortest(
        [one for _, one, _, _ in systems],
        [square for square, _, _, _ in systems],
        [sum(found.size for found in one) for _, one, _, _ in systems],
    )
    return {"equations": [str(one.whole()) for one in best], "settings": [one.setting for one in best]}


def main() -> int:
    """Answer one request."""
    request = json.loads(sys.stdin.read())
    # PySINDy draws subdomains and ensembles from numpy's global generator.
    np.random.seed(request["seed"])
    warnings.simplefilter("ignore")
    # Tables are small: scikit-learn's checks of its arguments take longer than its fits.
    sklearn.set_config(assume_finite=True, skip_parameter_validation=True)
    with np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
        runs = [np.array(run, dtype=float) for run in request["runs"]]
        answer = search(np.array(request["t"], dtype=float), runs, request["seconds"])
    sys.stdout.write(json.dumps({**answer, "version": pysindy.__version__}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
