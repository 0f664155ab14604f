"""NIST's nonlinear regression sets: certified constants and standard deviations against those of `fit_constants`.

The 27 sets of the Statistical Reference Datasets (https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml) come with
two starting points of different difficulty and values certified to eleven digits. Their files are in the package
refnx (``pip install 'kansym[test]'``)::

    python -m benchmarks.nist            # table for all sets
    python -m benchmarks.nist Thurber    # only these
"""

import importlib.util
import itertools
import math
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.optimize
from cyclopts import App

from benchmarks.table import keep as keep_figures
from kansym.errors import KansymError, MissingDependencyError
from kansym.fitting.known_form import fit_columns as fit_constants
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.parser import free_names, parse_expression

app = App(name="python -m benchmarks.nist", help="Certified regression sets.", version_flags=[])

_GAUSS = "b1*exp(-b2*x) + b3*exp(-(x-b4)**2/b5**2) + b6*exp(-(x-b7)**2/b8**2)"
_LANCZOS = "b1*exp(-b2*x) + b3*exp(-b4*x) + b5*exp(-b6*x)"
_CUBICS = "(b1 + b2*x + b3*x**2 + b4*x**3)/(1 + b5*x + b6*x**2 + b7*x**3)"

MODELS = {
    "Bennett5": "b1*(b2+x)**(-1/b3)",
    "BoxBOD": "b1*(1-exp(-b2*x))",
    "Chwirut1": "exp(-b1*x)/(b2+b3*x)",
    "Chwirut2": "exp(-b1*x)/(b2+b3*x)",
    "DanWood": "b1*x**b2",
    "Eckerle4": "(b1/b2)*exp(-0.5*((x-b3)/b2)**2)",
    "ENSO": "b1 + b2*cos(2*pi*x/12) + b3*sin(2*pi*x/12) + b5*cos(2*pi*x/b4) + b6*sin(2*pi*x/b4)"
    " + b8*cos(2*pi*x/b7) + b9*sin(2*pi*x/b7)",
    "Gauss1": _GAUSS,
    "Gauss2": _GAUSS,
    "Gauss3": _GAUSS,
    "Hahn1": _CUBICS,
    "Kirby2": "(b1 + b2*x + b3*x**2)/(1 + b4*x + b5*x**2)",
    "Lanczos1": _LANCZOS,
    "Lanczos2": _LANCZOS,
    "Lanczos3": _LANCZOS,
    "MGH09": "b1*(x**2+x*b2)/(x**2+x*b3+b4)",
    "MGH10": "b1*exp(b2/(x+b3))",
    "MGH17": "b1 + b2*exp(-x*b4) + b3*exp(-x*b5)",
    "Misra1a": "b1*(1-exp(-b2*x))",
    "Misra1b": "b1*(1-(1+b2*x/2)**(-2))",
    "Misra1c": "b1*(1-(1+2*b2*x)**(-0.5))",
    "Misra1d": "b1*b2*x*((1+b2*x)**(-1))",
    "Nelson": "b1 - b2*x1*exp(-b3*x2)",
    "Rat42": "b1/(1+exp(b2-b3*x))",
    "Rat43": "b1/((1+exp(b2-b3*x))**(1/b4))",
    "Roszman1": "b1 - b2*x - arctan(b3/(x-b4))/pi",
    "Thurber": _CUBICS,
}
"""The models as the files state them. That of Nelson is of log(y)."""

_ROW = "{:<10}{:>14}{:>14}{:>14}{:>9}{:>14}{:>14}"

SYMMETRIES: dict[str, tuple[tuple[int, ...], ...]] = {
    **dict.fromkeys(("Gauss1", "Gauss2", "Gauss3"), ((2, 3, 4), (5, 6, 7))),
    **dict.fromkeys(("Lanczos1", "Lanczos2", "Lanczos3"), ((0, 1), (2, 3), (4, 5))),
    "MGH17": ((1, 3), (2, 4)),
    "ENSO": ((3, 4, 5), (6, 7, 8)),
}
"""Terms, by indices of their constants, that may change places: without a start either order is right."""


@dataclass(frozen=True, eq=False)
class NistSet:
    """One of the sets.

    Attributes
    ----------
    name, expression : str
    data : dict of str to array (n,)
    y : array (n,)
        As the model has it: the logarithm for Nelson.
    starts : array (2, k)
    values, errors : array (k,)
        Certified constants ``b1 ... bk`` and standard deviations.
    rss : float
        Certified residual sum of squares.
    """

    name: str
    expression: str
    data: dict[str, np.ndarray]
    y: np.ndarray
    starts: np.ndarray
    values: np.ndarray
    errors: np.ndarray
    rss: float

    @property
    def constants(self) -> list[str]:
        """Names of the constants."""
        return [f"b{j + 1}" for j in range(len(self.values))]

    def start(self, which: int) -> dict[str, float]:
        """Starting point 1 or 2."""
        return dict(zip(self.constants, map(float, self.starts[which - 1]), strict=True))


def load_set(name: str) -> NistSet:
    """Read the file of a set.

    Raises
    ------
    MissingDependencyError
        If refnx is not installed.
    """
    found = importlib.util.find_spec("refnx")
    if found is None or not found.submodule_search_locations:
        raise MissingDependencyError("the NIST sets are in the package refnx: pip install 'kansym[test]'")
    folder = Path(found.submodule_search_locations[0]) / "analysis" / "tests" / "NIST_STRD"
    lines = (folder / f"{name}.dat").read_text(encoding="latin-1").splitlines()
    k = len(free_names(MODELS[name], ("x", "x1", "x2")))
    # The places in the file are fixed: constants from line 41, data from line 61.
    certified = np.array([[float(word) for word in line.split("=")[1].split()] for line in lines[40 : 40 + k]])
    table = np.array([[float(word) for word in line.split()] for line in lines[60:] if line.strip()])
    rss = next(float(line.split(":")[1]) for line in lines if line.startswith("Residual Sum of Squares"))
    names = ["x1", "x2"] if name == "Nelson" else ["x"]
    return NistSet(
        name=name,
        expression=MODELS[name],
        data={column: table[:, j + 1] for j, column in enumerate(names)},
        y=np.log(table[:, 0]) if name == "Nelson" else table[:, 0],
        starts=certified[:, :2].T,
        values=certified[:, 2],
        errors=certified[:, 3],
        rss=rss,
    )


def log_relative_error(found: np.ndarray, certified: np.ndarray) -> float:
    """Digits that agree in the worst of several numbers: ``-log10 |found/certified - 1|``, at most 11, at least 0."""
    with np.errstate(all="ignore"):
        worst = float(np.max(np.abs(found - certified) / np.abs(certified)))
    if not math.isfinite(worst):
        return 0.0
    return min(11.0, max(0.0, -math.log10(max(worst, 1e-300))))


def digits(problem: NistSet, values: np.ndarray, errors: np.ndarray) -> tuple[float, float]:
    """Digits of constants and of standard deviations, in the best order of terms that may change places."""
    groups = SYMMETRIES.get(problem.name, ())
    best = (-1.0, -1.0)
    for order in itertools.permutations(groups):
        index = np.arange(len(values))
        for target, source in zip(groups, order, strict=True):
            index[list(target)] = list(source)
        pair = (
            log_relative_error(values[index], problem.values),
            log_relative_error(errors[index], problem.errors),
        )
        best = max(best, pair)
    return best


def kansym_digits(problem: NistSet, start: dict[str, float] | None) -> tuple[float, float]:
    """Digits of `fit_constants` from a start, or from its own; (0, 0) if it fails."""
    try:
        fit = fit_constants(problem.expression, problem.data, problem.y, start=start)
    except KansymError:
        return 0.0, 0.0
    ordered = [np.array([part[name] for name in problem.constants]) for part in (fit.values, fit.errors)]
    return digits(problem, *ordered)


def scipy_digits(problem: NistSet, which: int) -> tuple[float, float]:
    """Digits of `scipy.optimize.curve_fit` with its defaults from a start; (0, 0) if it fails."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            values, covariance = scipy.optimize.curve_fit(
                _function(problem), np.array(list(problem.data.values())), problem.y, p0=problem.starts[which - 1]
            )
            return digits(problem, values, np.sqrt(np.diagonal(covariance)))
    except (RuntimeError, ValueError):
        return 0.0, 0.0


def _function(problem: NistSet) -> Callable[..., np.ndarray]:
    names = list(problem.data)
    expression = parse_expression(problem.expression, [*names, *problem.constants])
    form = ParametricForm(
        expression, tuple(map(plain_symbol, names)), tuple(map(plain_symbol, problem.constants)), problem.values
    )
    return lambda columns, *constants: form.value_at(tuple(columns), np.array(constants))


@dataclass(frozen=True)
class Agreement:
    """Digits of constants and of standard deviations for one set.

    Attributes
    ----------
    name : str
    digits : list of (float, float)
        From start 1, start 2 and none; then of `curve_fit` from start 1 and start 2.
    seconds : float
        Without a start.
    """

    name: str
    digits: list[tuple[float, float]]
    seconds: float


def measure(name: str) -> Agreement:
    """Fit a set in every way."""
    problem = load_set(name)
    found = [kansym_digits(problem, problem.start(1)), kansym_digits(problem, problem.start(2))]
    began = time.perf_counter()
    found.append(kansym_digits(problem, None))
    seconds = time.perf_counter() - began
    return Agreement(name, [*found, scipy_digits(problem, 1), scipy_digits(problem, 2)], seconds)


def table(sets: Sequence[Agreement]) -> list[str]:
    """Lines of a table: digits of constants / digits of standard deviations, per set and way to start."""
    lines = [
        "Digits that agree with the certified constants / standard deviations, the worst of each set (11 = all)",
        _ROW.format("set", "start 1", "start 2", "own start", "seconds", "curve_fit 1", "curve_fit 2"),
    ]
    lines += [_line(one.name, one.digits, f"{one.seconds:.1f}") for one in sets]
    rows = [one.digits for one in sets]
    if len(rows) > 1:
        worst = [tuple(min(row[column][part] for row in rows) for part in range(2)) for column in range(5)]
        lines.append(_line("worst", worst, ""))
        met = [sum(row[column][0] >= 6 and row[column][1] >= 4 for row in rows) for column in range(5)]
        cells = [f"{count} of {len(rows)}" for count in met]
        lines.append(_ROW.format("6 / 4", *cells[:3], "", *cells[3:]))
    return lines


def headlines(sets: Sequence[Agreement]) -> dict[str, str]:
    """How many sets agree with the certified values, from whichever start."""
    own = [[min(part) for part in zip(*one.digits[:3], strict=True)] for one in sets]
    peer = [all(values >= 6 and errors >= 4 for values, errors in one.digits[3:]) for one in sets]
    return {
        "constants to 10 digits, from either start and from none": f"{sum(v >= 10 for v, _ in own)} of {len(sets)}",
        "standard deviations to 10 digits": f"{sum(e >= 10 for _, e in own)} of {len(sets)}",
        "curve_fit, 6 digits, and 4 of standard deviations, from either start": f"{sum(peer)} of {len(sets)}",
    }


def _line(name: str, row: Sequence[Sequence[float]], seconds: str) -> str:
    cells = [f"{values:.1f} / {errors:.1f}" for values, errors in row]
    return _ROW.format(name, *cells[:3], seconds, *cells[3:])


@app.default
def main(*names: str, keep: bool = False) -> None:
    """Fit NIST's certified sets from both published starts and from none, next to scipy's curve_fit.

    Parameters
    ----------
    names
        Of the sets; all 27 by default.
    keep
        Keep the headline figures in benchmarks/results, for the table of the pages.
    """
    unknown = [name for name in names if name not in MODELS]
    if unknown:
        sys.exit(f"there is no set {unknown[0]!r}; known: {', '.join(MODELS)}")
    sets = [measure(name) for name in names or MODELS]
    print("\n".join(table(sets)))
    if keep:
        keep_figures("nist", "NIST's regression sets", headlines(sets))


if __name__ == "__main__":
    app()
