"""Constants near simple numbers, and frequencies that the rows can show.

Slopes: tables y = a x, a x^2 and a exp(-x/b) whose constants lie within three standard errors of a simple number. What
is handed out must be what least squares say, with its error: the pulls, (fitted - true) / error, are standard normal.
Frequencies: damped oscillations with times that are rounded, or uneven; a fit from no start must find the oscillation
and none that has its values on the rows only::

    python -m benchmarks.constants                     # 400 tables, 500 oscillations
    python -m benchmarks.constants --tables 40 --oscillations 50
"""

import math
from collections.abc import Iterator
from typing import Annotated

import numpy as np
import scipy.stats
from cyclopts import App, Parameter, validators

from benchmarks.table import keep as keep_figures
from kansym.data.dataset import make_dataset
from kansym.fitting.known_form import fit_columns as fit_constants
from kansym.search.discovery import discover
from kansym.search.options import DiscoveryOptions
from kansym.symbolic.formula import Formula

app = App(
    name="python -m benchmarks.constants", help="Constants near simple numbers, and frequencies.", version_flags=[]
)

Count = Annotated[int, Parameter(validator=validators.Number(gte=0))]

SIMPLE = (0.5, 1.0, 2.0, 3.0, 1.5, 0.25)

ROWS, NOISE = 25, 0.02
"""Of each table of slopes; noise in parts of the spread."""


def slopes(count: int, seconds: float) -> Iterator[tuple[str, list[float], Formula]]:
    """Shape, pulls and formula of each table; no pulls where a constant has no error, or the form is another."""
    for number in range(count):
        g = np.random.default_rng(number)
        x = np.sort(g.uniform(0.5, 3, ROWS))
        shape = ("a x", "a x^2", "a exp(-x/b)")[number % 3]
        bases = {"a x": x, "a x^2": x**2, "a exp(-x/b)": np.exp(-x)}
        base = bases[shape]
        error = NOISE * float(np.std(base)) * float(g.choice(SIMPLE))
        a = float(g.choice(SIMPLE)) + g.uniform(-3, 3) * error / math.sqrt(float(base @ base))
        b = 1.0 + g.uniform(-3, 3) * 2 * NOISE / math.sqrt(ROWS)
        true = [a] if shape != "a exp(-x/b)" else [a, -1 / b]
        clean = a * (base if shape != "a exp(-x/b)" else np.exp(-x / b))
        y = clean + error * g.normal(size=ROWS)
        table = make_dataset(x[:, None], y, names=["x"], y_error=error)
        formula = discover(table, DiscoveryOptions(max_seconds=seconds, deterministic=True)).formula
        constants = [one for one in formula.constants if one.snapped is None and one.error]
        pulls = []
        if len(constants) == len(true) == len(formula.constants):
            for value in true:
                nearest = min(constants, key=lambda one: abs(one.value - value))
                pulls.append((nearest.value - value) / (nearest.error or math.nan))
        yield shape, pulls, formula


def oscillations(count: int) -> Iterator[tuple[int, bool, bool]]:
    """Number, whether the frequency is right, and whether there was a warning, of each oscillation."""
    for number in range(count):
        g = np.random.default_rng(number)
        n = int(g.integers(30, 120))
        span, periods = g.uniform(2, 20), g.uniform(2, n / 5)
        t = np.sort(g.uniform(0, span, n)) if number % 3 == 1 else np.linspace(0, span, n)
        digits = int(g.integers(3, 6))
        t = np.array([float(f"{one:.{digits}g}") for one in t])
        frequency = 2 * np.pi * periods / span
        size, life, phase = g.uniform(0.5, 5), span * g.uniform(0.4, 2), g.uniform(0, 6)
        y = size * np.exp(-t / life) * np.cos(frequency * t + phase) + 0.02 * size * g.normal(size=n)
        fit = fit_constants("A*exp(-t/tau)*cos(w*t + phi)", {"t": t}, y, y_error=0.02 * size, seed=number)
        right = abs(abs(fit.values["w"]) - frequency) < 0.05 * frequency
        yield number, right, any("Nyquist" in note for note in fit.notes)


@app.default
def main(
    *,
    count: Annotated[Count, Parameter(name="--tables")] = 400,
    oscillating: Annotated[Count, Parameter(name="--oscillations")] = 500,
    seconds: float = 6.0,
    keep: bool = False,
) -> None:
    """Count constants that are not what least squares say, and frequencies that are aliases.

    Parameters
    ----------
    count
        Tables of slopes.
    oscillating
        Damped oscillations.
    seconds
        Budget of a search.
    keep
        Keep the figures in benchmarks/results.
    """
    figures = {}
    pulls, other = [], 0
    for shape, own, formula in slopes(count, seconds):
        pulls += own
        if not own:
            other += 1
            print(f"{shape}: {formula}", flush=True)
    if pulls:
        p = scipy.stats.kstest(pulls, "norm").pvalue
        figures["pulls of constants near simple numbers, against a normal distribution"] = f"p = {p:.2g}"
        figures["their standard deviation"] = f"{np.std(pulls):.3f} of {len(pulls)}"
        figures["tables with another form, or a constant without an error"] = f"{other} of {count}"
    if oscillating:
        wrong, told = [], 0
        for number, right, warned in oscillations(oscillating):
            told += warned
            if not right:
                wrong.append(number)
        figures["oscillations fitted with another frequency"] = f"{len(wrong)} of {oscillating}"
        figures["of all, warned of the Nyquist limit"] = f"{told} of {oscillating}"
        if wrong:
            print("other frequencies:", *wrong)
    print("", *(f"{name}: {value}" for name, value in figures.items()), sep="\n")
    if keep:
        keep_figures("constants", "Constants near simple numbers", figures)


if __name__ == "__main__":
    app()
