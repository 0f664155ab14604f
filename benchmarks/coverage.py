"""How often intervals of constants hold the truth: simulated tables, with and without errors of the inputs.

Of every law many tables are drawn with known constants, fitted, and it is counted how often the interval of a constant
holds its true value. That should be as often as the level says::

    python -m benchmarks.coverage                # 1000 tables per law and kind of noise
    python -m benchmarks.coverage --sets 200 --jobs 1

Noise of 10 % of a column is a tenth of its standard deviation over the table. The fits start from the true constants:
what is tested are the errors, not the search for a start.
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
from kansym.fitting.intervals import intervals_of
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

    def form(self) -> ParametricForm:
        """With the true constants; the column is x."""
        expression = parse_expression(self.text, ["x", *self.truth])
        constants = tuple(map(plain_symbol, self.truth))
        return ParametricForm(expression, (plain_symbol("x"),), constants, np.array(list(self.truth.values())))


LAWS = {
    "decay": Law("A*exp(-x/tau) + B", {"A": 3.0, "tau": 2.0, "B": 0.5}, 0.0, 6.0),
    "saturation": Law("V*x/(K + x)", {"V": 2.0, "K": 1.5}, 0.2, 8.0),
    "sine": Law("A*sin(w*x + p)", {"A": 2.0, "w": 1.2, "p": 0.4}, 0.0, 5.2),
}

NOISES = (0.01, 0.1)


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
    """

    law: str
    noise: float
    inputs: bool


CASES = [Case(law, noise, inputs) for law in LAWS for noise in NOISES for inputs in (False, True)]


def simulated(case: Case, rng: np.random.Generator) -> tuple[ParametricForm, Measurements]:
    """A table of the law, and the form with the true constants."""
    law = LAWS[case.law]
    form = law.form()
    x = np.linspace(law.low, law.high, ROWS)
    y = form.evaluate(x[:, None])
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
        key = [seed, number, list(LAWS).index(case.law), NOISES.index(case.noise), int(case.inputs)]
        form, rows = simulated(case, np.random.default_rng(key))
        try:
            fit = estimate(form, rows.X, rows.y, y_error=rows.y_error, x_error=rows.x_error, near=True)
            hits.append([[_hit(method, fit, rows, form.values, level) for level in LEVELS] for method in methods])
        except KansymError:
            # A table that cannot be fitted covers nothing.
            hits.append(np.zeros((len(methods), len(LEVELS), len(form.constants)), dtype=bool))
    return np.array(hits, dtype=bool)


def _hit(method: str, fit: Estimate, rows: Measurements, truth: np.ndarray, level: float) -> list[bool]:
    if method == "scaled":
        assert fit.chi2 is not None
        fit = replace(fit, covariance=fit.covariance * fit.chi2 / fit.ndf, errors_scaled=True)
    ends = intervals_of(fit, rows, level=level, method="profile" if method == "profile" else "covariance").values()
    return [bool(low <= value <= high) for (low, high), value in zip(ends, truth, strict=True)]


def coverage(
    case: Case, sets: int, seed: int, methods: Sequence[str], pool: ProcessPoolExecutor | None = None
) -> np.ndarray:
    """Coverage in per cent, shape (methods, levels, constants)."""
    batches = [range(first, min(first + BATCH, sets)) for first in range(0, sets, BATCH)]
    arguments = [[case] * len(batches), [seed] * len(batches), batches, [methods] * len(batches)]
    parts = map(covered, *arguments) if pool is None else pool.map(covered, *arguments)
    return 100 * np.concatenate(list(parts)).mean(axis=0)


def lines_of(case: Case, method: str, percents: np.ndarray, sets: int) -> list[str]:
    """One line per constant from `percents` (levels, constants): coverage with its binomial error at each level."""
    lines = []
    for j, name in enumerate(LAWS[case.law].truth):
        cells = []
        for level, percent in zip(LEVELS, percents[:, j], strict=True):
            mark = " *" if abs(percent - 100 * level) > TOLERANCE else ""
            cells.append(f"{percent:.1f} ± {100 * np.sqrt(level * (1 - level) / sets):.1f}{mark}")
        inputs = "x and y" if case.inputs else "y"
        lines.append(_ROW.format(case.law, f"{100 * case.noise:g} %", inputs, method, name, *cells).rstrip())
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


def headlines(offs: Mapping[str, np.ndarray]) -> dict[str, str]:
    """Counts beyond `TOLERANCE` and the worst one, by method."""
    names = {"covariance": "errors known", "scaled": "errors scaled", "profile": "profile intervals"}
    figures = {}
    for method, off in offs.items():
        beyond = f"{(np.abs(off) > TOLERANCE).sum()} of {off.size}"
        figures[f"{names[method]}, counts more than {TOLERANCE:g} points off"] = beyond
        figures[f"{names[method]}, the worst, in points"] = f"{np.abs(off).max():.1f}"
    return figures


_ROW = "{:<11} {:>5}  {:<9} {:<10} {:<4} {:<15} {:<15}"


def _worker() -> None:
    # Small tables: threads of a process would only wait for each other.
    threadpool_limits(1)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; see the module's text."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage")
    parser.add_argument("--sets", type=int, default=1000, help="tables per law and kind of noise (default 1000)")
    parser.add_argument("--profiles", type=int, default=200, help="tables for profile intervals (default 200, 0: none)")
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
    offs: dict[str, list[np.ndarray]] = {method: [] for method in METHODS}
    with ProcessPoolExecutor(options.jobs, initializer=_worker) as workers:
        pool = workers if options.jobs > 1 else None
        for case in CASES:
            for methods, sets in ((METHODS[:2], options.sets), (METHODS[2:], options.profiles)):
                if not sets:
                    continue
                for method, percents in zip(methods, coverage(case, sets, options.seed, methods, pool), strict=True):
                    offs[method].append((percents - 100 * np.array(LEVELS)[:, None]).T)
                    print(*lines_of(case, method, percents, sets), sep="\n", flush=True)
    for method, sets in zip(METHODS, (options.sets, options.sets, options.profiles), strict=True):
        if offs[method]:
            print(summary_of(method, np.concatenate(offs[method]), sets))
    if options.keep:
        found = {method: np.concatenate(parts) for method, parts in offs.items() if parts}
        keep("coverage", "Coverage of intervals", headlines(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
