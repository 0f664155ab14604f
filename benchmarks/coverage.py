"""How often intervals of constants hold the truth: errors of y and of the inputs, bounds, numbers of counts.

Of every law many tables are drawn with known constants, fitted, and it is counted how often the interval of a constant
holds its true value. That should be as often as the level says::

    python -m benchmarks.coverage                # 1000 tables per law and kind of noise
    python -m benchmarks.coverage --sets 200 --jobs 1
    python -m benchmarks.coverage --only bounds counts --sets 3000 --profiles 3000

Noise of 10 % of a column is a tenth of its standard deviation over the table. The fits start from the true constants:
what is tested are the errors, not the search for a start.

A bound lies below the truth of one constant, 5, 1 or 0 of its standard errors away. Where it is near, intervals of this
constant hold the truth more often than their level. Standard errors of the others hold it less often: they are those at
the bound. How often follows from the Gaussian limit (Self and Liang, J. Am. Stat. Assoc. 82 (1987) 605,
doi:10.1080/01621459.1987.10478472), and this is what the coverage is compared with, see `expected`. Counts are drawn
from Poisson's distribution, with 20 or 200 expected in the fullest row.
"""

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import scipy.stats
from threadpoolctl import threadpool_limits

from benchmarks.table import keep
from kansym.errors import KansymError
from kansym.fitting.estimate import Estimate, estimate
from kansym.fitting.intervals import intervals_of, profile_of
from kansym.fitting.least_squares import Measurements
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.parser import parse_expression

LEVELS = (0.6827, 0.9545)

ROWS = 40

BATCH = 50
"""Tables that one process does at once."""

TOLERANCE = 3.0
"""Points by which a coverage may differ from its level."""


@dataclass(frozen=True)
class Law:
    """A law with its true constants and where it is measured."""

    text: str
    truth: dict[str, float]
    low: float
    high: float
    bounded: str
    """The constant that has a bound, in cases with one."""
    sizes: tuple[str, ...] = ()
    """Constants that the counts are proportional to, together; none where the law has negative values."""

    def form(self, factor: float = 1.0) -> ParametricForm:
        """With the true constants, those of `sizes` times a factor; the column is x."""
        expression = parse_expression(self.text, ["x", *self.truth])
        constants = tuple(map(plain_symbol, self.truth))
        values = [value * (factor if name in self.sizes else 1.0) for name, value in self.truth.items()]
        return ParametricForm(expression, (plain_symbol("x"),), constants, np.array(values))


LAWS = {
    "decay": Law("A*exp(-x/tau) + B", {"A": 3.0, "tau": 2.0, "B": 0.5}, 0.0, 6.0, "B", ("A", "B")),
    "saturation": Law("V*x/(K + x)", {"V": 2.0, "K": 1.5}, 0.2, 8.0, "K", ("V",)),
    "sine": Law("A*sin(w*x + p)", {"A": 2.0, "w": 1.2, "p": 0.4}, 0.0, 5.2, "A"),
}

NOISES = (0.01, 0.1)

DISTANCES = (5.0, 1.0, 0.0)
"""Of a bound from the truth, in standard errors."""

COUNTS = (20.0, 200.0)
"""Expected in the fullest row."""


METHODS = ("covariance", "scaled", "profile")
"""How intervals are made; "scaled" is the covariance where only the ratios of errors are known, with Student's t."""


@dataclass(frozen=True)
class Case:
    """A law and its noise.

    Attributes
    ----------
    law : str
    noise : float
        Of y, and of the input if it has errors, in standard deviations of the column.
    inputs : bool
        Whether the input has errors.
    distance : float
        Of the bound of one constant below its truth, in standard errors; infinite without a bound.
    counts : float
        Expected in the fullest row; 0 where y has Gaussian errors.
    """

    law: str
    noise: float
    inputs: bool = False
    distance: float = np.inf
    counts: float = 0.0

    @property
    def words(self) -> tuple[str, str]:
        """How large its errors are, and of what."""
        if self.counts:
            return f"{self.counts:g}", "counts"
        bound = "" if np.isinf(self.distance) else f", bound {self.distance:g}"
        return f"{100 * self.noise:g} %", f"{'x and y' if self.inputs else 'y'}{bound}"


CASES = [Case(law, noise, inputs) for law in LAWS for noise in NOISES for inputs in (False, True)]

KINDS = {
    "errors": CASES,
    "bounds": [Case(law, 0.1, distance=distance) for law in LAWS for distance in DISTANCES],
    "counts": [Case(law, 0.0, counts=counts) for law in LAWS if LAWS[law].sizes for counts in COUNTS],
}
"""Cases by what is new in them."""


def simulated(case: Case, rng: np.random.Generator) -> tuple[ParametricForm, Measurements]:
    """A table of the law, and the form with the true constants and bounds."""
    law = LAWS[case.law]
    form = law.form()
    x = np.linspace(law.low, law.high, ROWS)
    y = form.evaluate(x[:, None])
    if case.counts:
        form = law.form(case.counts / y.max())
        drawn = rng.poisson(form.evaluate(x[:, None])).astype(np.float64)
        return form, Measurements(x[:, None], drawn, np.sqrt(np.maximum(drawn, 1.0)), counts=True)
    if np.isfinite(case.distance):
        error = _asymptotic(case)[2]
        form = form.bounded({law.bounded: (law.truth[law.bounded] - case.distance * error, np.inf)})
    y_error = np.full(ROWS, case.noise * y.std())
    x_error = np.full((ROWS, 1), case.noise * x.std()) if case.inputs else None
    X = x[:, None] if x_error is None else x[:, None] + x_error * rng.standard_normal((ROWS, 1))
    return form, Measurements(X, y + y_error * rng.standard_normal(ROWS), y_error, x_error)


def covered(case: Case, seed: int, sets: Iterable[int], methods: Sequence[str]) -> np.ndarray:
    """Whether the interval of each constant holds the truth, shape (tables, methods, levels, constants).

    Each table has a random generator of its own, so that the counts do not depend on the number of processes.
    """
    hits = []
    for number in sets:
        key = [seed, number, list(LAWS).index(case.law)]
        key += [int(case.counts)] if case.counts else [NOISES.index(case.noise), int(case.inputs)]
        form, rows = simulated(case, np.random.default_rng(key))
        errors = {"y_error": rows.y_error, "x_error": rows.x_error, "counts": rows.counts}
        try:
            fit = estimate(form, rows.X, rows.y, near=True, **errors)
            hits.append([[_hit(method, fit, rows, form.values, level) for level in LEVELS] for method in methods])
        except KansymError:
            # A table that cannot be fitted covers nothing.
            hits.append(np.zeros((len(methods), len(LEVELS), len(form.constants)), dtype=bool))
    return np.array(hits, dtype=bool)


def _hit(method: str, fit: Estimate, rows: Measurements, truth: np.ndarray, level: float) -> list[bool]:
    if method == "profile":
        return _within_profiles(fit, rows, truth, level)
    if method == "scaled":
        assert fit.chi2 is not None
        fit = replace(fit, covariance=fit.covariance * fit.chi2 / fit.ndf, errors_scaled=True)
    ends = intervals_of(fit, rows, level=level, method="covariance").values()
    return [bool(low <= value <= high) for (low, high), value in zip(ends, truth, strict=True)]


def _within_profiles(fit: Estimate, rows: Measurements, truth: np.ndarray, level: float) -> list[bool]:
    """Whether the profiles have risen at the truth by less than the level allows: without the search for the ends."""
    limit = scipy.stats.norm.isf(0.5 - 0.5 * level)
    return [bool(profile_of(fit, rows, j).tau(float(value)) <= limit) for j, value in enumerate(truth)]


def coverage(
    case: Case, sets: int, seed: int, methods: Sequence[str], pool: ProcessPoolExecutor | None = None
) -> np.ndarray:
    """Coverage in per cent, shape (methods, levels, constants)."""
    batches = [range(first, min(first + BATCH, sets)) for first in range(0, sets, BATCH)]
    arguments = [[case] * len(batches), [seed] * len(batches), batches, [methods] * len(batches)]
    parts = map(covered, *arguments) if pool is None else pool.map(covered, *arguments)
    return 100 * np.concatenate(list(parts)).mean(axis=0)


def expected(case: Case, method: str) -> np.ndarray:
    """Coverage in per cent (levels, constants) in the limit of small errors.

    The level, but where a constant has a bound d standard errors below the truth. In these units from the truth its
    estimate is Gaussian where that is above -d, else -d. Its profile then reaches to where it has risen by z^2, and the
    covariance says nothing of it: all that the bound allows is the interval. The others are those of the bounded
    value, with the errors that they have there; their profiles allow for other values.
    """
    levels = np.array(LEVELS)
    result = np.tile(100 * levels[:, None], len(LAWS[case.law].truth))
    if np.isinf(case.distance):
        return result
    d, z, cdf = case.distance, scipy.stats.norm.isf(0.5 - 0.5 * levels), scipy.stats.norm.cdf
    place, correlation = _asymptotic(case)[:2]
    if method == "profile":
        lowest = np.where(d >= z, -z, -(z**2 + d**2) / (2 * max(d, 1e-9)))
        result[:, place] = 100 * (cdf(z) - cdf(lowest))
        return result
    u = np.linspace(-d, 8, 4001)
    for j, rho in enumerate(correlation):
        if j == place:
            result[:, j] = 100 * (cdf(z) - cdf(-np.minimum(z, d)) + cdf(-d))
            continue
        spread, half = np.sqrt(1 - rho**2), z[:, None]
        inside = scipy.stats.norm.pdf(u) * (cdf((half - rho * u) / spread) - cdf((-half - rho * u) / spread))
        shift = rho * d / spread
        result[:, j] = 100 * (np.trapezoid(inside, u, axis=1) + cdf(-d) * (cdf(z + shift) - cdf(shift - z)))
    return result


def _asymptotic(case: Case) -> tuple[int, np.ndarray, float]:
    """The place of the constant with a bound, its correlations with all, and its standard error, at the truth."""
    law = LAWS[case.law]
    x = np.linspace(law.low, law.high, ROWS)[:, None]
    form, place = law.form(), list(law.truth).index(law.bounded)
    covariance = np.linalg.inv(form.jacobian(x).T @ form.jacobian(x)) * (case.noise * form.evaluate(x).std()) ** 2
    sigma = np.sqrt(np.diagonal(covariance))
    return place, covariance[place] / sigma / sigma[place], float(sigma[place])


def lines_of(case: Case, method: str, percents: np.ndarray, sets: int) -> list[str]:
    """One line per constant from `percents` (levels, constants): coverage with its binomial error at each level."""
    lines = []
    for j, name in enumerate(LAWS[case.law].truth):
        cells = []
        for wanted, percent in zip(expected(case, method)[:, j], percents[:, j], strict=True):
            mark = " *" if abs(percent - wanted) > TOLERANCE else ""
            instead = "" if any(abs(wanted - 100 * level) < 0.1 for level in LEVELS) else f" for {wanted:.1f}"
            cells.append(f"{percent:.1f} ± {np.sqrt(wanted * (100 - wanted) / sets):.1f}{instead}{mark}")
        lines.append(_ROW.format(case.law, *case.words, method, name, *cells).rstrip())
    return lines


def summary_of(method: str, off: np.ndarray, sets: int) -> str:
    """How far from the levels the coverages are, `off` in points (constants, levels), and how far chance takes them."""
    errors = 100 * np.sqrt(np.array(LEVELS) * (1 - np.array(LEVELS)) / sets)
    beyond = int((np.abs(off) > TOLERANCE).sum())
    expected = len(off) * float((2 * scipy.stats.norm.sf(TOLERANCE / errors)).sum())
    mean = ", ".join(f"{value:+.2f} at {100 * level:g}" for value, level in zip(off.mean(axis=0), LEVELS, strict=True))
    return (
        f"{method}: {beyond} of {off.size} more than {TOLERANCE:g} points off (by chance alone about {expected:.1f}); "
        f"the worst {np.abs(off).max():.1f} points; mean {mean}"
    )


def headlines(offs: Mapping[tuple[str, str], np.ndarray]) -> dict[str, str]:
    """Counts beyond `TOLERANCE` and the worst one, by kind of case and method."""
    names = {"covariance": "errors known", "scaled": "errors scaled", "profile": "profile intervals"}
    kinds = {"errors": "", "bounds": " within bounds", "counts": " of Poisson counts"}
    figures = {}
    for (kind, method), off in offs.items():
        beyond = f"{(np.abs(off) > TOLERANCE).sum()} of {off.size}"
        figures[f"{names[method]}{kinds[kind]}, counts more than {TOLERANCE:g} points off"] = beyond
        figures[f"{names[method]}{kinds[kind]}, the worst, in points"] = f"{np.abs(off).max():.1f}"
    return figures


_ROW = "{:<11} {:>5}  {:<10} {:<10} {:<4} {:<24} {:<24}"


def _worker() -> None:
    # Small tables: threads of a process would only wait for each other.
    threadpool_limits(1)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; see the module's text."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage")
    parser.add_argument("--sets", type=int, default=1000, help="tables per law and kind of noise (default 1000)")
    parser.add_argument("--profiles", type=int, default=200, help="tables for profile intervals (default 200, 0: none)")
    parser.add_argument("--only", nargs="+", choices=list(KINDS), default=list(KINDS), help="kinds of tables")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2, help="processes (default 2)")
    parser.add_argument("--keep", action="store_true", help="keep the headline figures in benchmarks/results")
    options = parser.parse_args(arguments)
    print(
        f"Coverage in per cent of {options.sets} tables ({options.profiles} for profiles) of {ROWS} rows, ± the "
        f"binomial error; * is more than {TOLERANCE:g} points off"
    )
    titles = [f"nominal {100 * level:g}" for level in LEVELS]
    print(_ROW.format("law", "noise", "errors of", "intervals", "", *titles).rstrip())
    offs: dict[tuple[str, str], list[np.ndarray]] = {}
    with ProcessPoolExecutor(options.jobs, initializer=_worker) as workers:
        pool = workers if options.jobs > 1 else None
        for kind, case in [(name, case) for name in options.only for case in KINDS[name]]:
            # Weights of counts follow from the formula: there is no scale to take from the residuals.
            plain = METHODS[:2] if kind == "errors" else METHODS[:1]
            for methods, sets in ((plain, options.sets), (METHODS[2:], options.profiles)):
                if not sets:
                    continue
                for method, percents in zip(methods, coverage(case, sets, options.seed, methods, pool), strict=True):
                    offs.setdefault((kind, method), []).append((percents - expected(case, method)).T)
                    print(*lines_of(case, method, percents, sets), sep="\n", flush=True)
    found = {place: np.concatenate(parts) for place, parts in offs.items()}
    for (kind, method), off in found.items():
        print(f"{kind}, {summary_of(method, off, options.profiles if method == 'profile' else options.sets)}")
    if options.keep:
        keep("coverage", "Coverage of intervals", headlines(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
