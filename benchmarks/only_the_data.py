# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false
"""Does a result say more than the data do? Twenty guesses, twenty exponents and twenty random walks.

Right guesses, with the law of a noisy table that shorter formulas imitate, have to stay the pick; wrong ones, which
lack a part, have to go. Of power laws with exponents beside a fraction (0.684 for 2/3) none may be written that the
data deny by more than the odds of one in a thousand, and right ones have to be written. No random walk has a law, or a
good description whose residuals are alike beyond doubt::

    python -m benchmarks.only_the_data                         # 20 of each, 6 s each
    python -m benchmarks.only_the_data --tables 5 --seed 1001
"""

import math
from collections.abc import Callable, Sequence
from typing import Annotated

import numpy as np
import scipy.stats
import sympy
from cyclopts import App, Parameter, validators

from benchmarks.no_law import generator, walk
from benchmarks.table import keep as keep_figures
from kansym.data.dataset import Dataset, make_dataset
from kansym.errors import KansymError
from kansym.fitting.estimate import estimate_table
from kansym.search.discovery import discover
from kansym.search.guess_outcome import CONFIRMED
from kansym.search.options import DiscoveryOptions
from kansym.search.results import Discovery
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.validation.certificate import Certificate, certify
from kansym.validation.verdict import DESCRIPTION, LAW

app = App(name="python -m benchmarks.only_the_data", help="Does a result say more than the data do?", version_flags=[])

Count = Annotated[int, Parameter(validator=validators.Number(gte=1))]
Seconds = Annotated[float, Parameter(validator=validators.Number(gt=0))]

DENIED = float(scipy.stats.norm.isf(0.0005))
"""Errors from a number that one right one in a thousand is away."""

DOUBT = 1e-3
"""Probability of residuals by chance that is no longer doubt."""

Values = Callable[[np.ndarray, np.random.Generator], np.ndarray]

GUESSES: tuple[tuple[Values, str, str], ...] = (
    (
        lambda x, g: np.exp(-x / g.uniform(1, 3)) + g.uniform(0.1, 0.2) * np.exp(-((x - 4) ** 2) / 0.3),
        "B*exp(-x/L) + A*exp(-(x - m)**2/(2*s**2))",
        "B*exp(-x/L)",
    ),
    (lambda x, g: x + g.uniform(0.1, 0.4) * x ** g.uniform(1.6, 1.8), "a*x + b*x**p", "a*x"),
    (
        lambda x, g: 2 * x / (g.uniform(0.5, 2) + x) - 0.05 * x,
        "V*x/(K + x) - b*x",
        "V*x/(K + x)",
    ),
    (
        lambda x, g: np.sin(g.uniform(1, 2) * x) + g.uniform(0.1, 0.3) * x,
        "A*sin(w*x + f) + b*x",
        "A*sin(w*x + f)",
    ),
)
"""Laws of one column, the right guess, and one that lacks a part."""

POWERS = (2 / 3, 4 / 3, 5 / 3, 0.5, 1.5, 2.0, 2.5)


def guess_table(index: int, seed: int) -> tuple[Dataset, str, str]:
    """A table of a law, the right guess and a wrong one."""
    g = generator(f"guess-{index}", seed)
    law, right, wrong = GUESSES[index % len(GUESSES)]
    x = np.sort(g.uniform(0.3, 7, int(g.integers(100, 350))))
    truth = law(x, g)
    error = math.exp(g.uniform(*np.log((0.02, 0.1)))) * float(np.std(truth))
    y = truth + error * g.normal(size=len(x))
    return make_dataset(x[:, None], y, names=["x"], y_error=np.full(len(x), error)), right, wrong


def power_table(index: int, seed: int, *, right: bool) -> Dataset:
    """A table of a power law, alone or beside a straight line, whose exponent is a number or is beside one."""
    g = generator(f"power-{index}-{right}", seed)
    x = np.exp(g.uniform(math.log(0.5), math.log(30), int(g.integers(60, 300))))
    power = float(g.choice(POWERS)) + (0.0 if right else float(g.choice([-1, 1]) * g.uniform(0.012, 0.03)))
    truth = g.uniform(1, 4) * x**power + float(g.choice([0, 0.3, 2.0])) * x
    error = math.exp(g.uniform(*np.log((0.003, 0.02))))
    return make_dataset(x[:, None], truth * (1 + error * g.normal(size=len(x))), names=["x"], y_error=error * truth)


def walk_table(index: int, seed: int) -> Dataset:
    """A random walk, every other one with errors."""
    g = generator(f"walk-{index}", seed)
    X, y = walk(g)
    return make_dataset(X, y, names=["t"], y_error=None if index % 2 else np.full(len(y), float(g.choice([0.3, 1.0]))))


def denied(found: Discovery) -> bool:
    """Whether the formula has a whole or rational exponent that the data deny, its constants fitted with it free."""
    form = parametrize(found.formula.expression, tuple(map(plain_symbol, found.formula.variables)))
    free = plain_symbol("free exponent")
    for node in form.expression.atoms(sympy.Pow):
        if not (node.exp.is_Rational and abs(node.exp) != 1 and node.base.free_symbols & set(form.variables)):
            continue
        expression = form.expression.xreplace({node: node.base**free})
        freed = ParametricForm(
            expression, form.variables, (*form.constants, free), np.append(form.values, float(node.exp))
        )
        try:
            fit = estimate_table(freed, found.dataset, "linear")
        except KansymError:
            continue
        off, variance = float(fit.form.values[-1] - node.exp), float(fit.covariance[-1, -1])
        if variance > 0 and abs(off) > DENIED * math.sqrt(variance):
            return True
    return False


def written(found: Discovery) -> bool:
    """Whether all exponents of the formula are numbers."""
    form = parametrize(found.formula.expression, tuple(map(plain_symbol, found.formula.variables)))
    return not any(node.exp.free_symbols & set(form.constants) for node in form.expression.atoms(sympy.Pow))


def overstated(certificate: Certificate) -> bool:
    """Whether a walk is called a law, or a good description with residuals that are alike beyond doubt."""
    worst = min((test.adjusted_p for test in certificate.residual_tests if test.objection), default=1.0)
    chi2 = 1.0 if certificate.fit.chi2_p is None else certificate.fit.chi2_p
    doubtless = min(worst, chi2) < DOUBT and certificate.fit.one_minus_r2 > 0.01
    return certificate.verdict.kind == LAW or (certificate.verdict.kind == DESCRIPTION and doubtless)


def headlines(counts: dict[str, Sequence[bool]]) -> dict[str, str]:
    """``18 of 20`` for each count."""
    return {words: f"{sum(found)} of {len(found)}" for words, found in counts.items()}


@app.default
def main(*, tables: Count = 20, seconds: Seconds = 6.0, seed: int = 1, keep: bool = False) -> None:
    """Search tables of the three kinds and count.

    Parameters
    ----------
    tables
        Of each kind.
    seconds
        Budget of each search.
    seed
        Draws the tables, and starts the searches.
    keep
        Keep the figures in benchmarks/results, for the table of the pages.
    """
    options = DiscoveryOptions(max_seconds=seconds, seed=seed, device="cpu")
    stay, go, wrong, right, walks = ([] for _ in range(5))
    for index in range(tables):
        data, law, lacking = guess_table(index, seed)
        for guess, kept in ((law, stay), (lacking, go)):
            found = discover(data, DiscoveryOptions(max_seconds=seconds, seed=seed, device="cpu", guesses=(guess,)))
            kept.append(found.guesses[0].verdict == CONFIRMED)
            print(f"guess {index}: {guess} is {found.guesses[0].verdict}: {found.formula}", flush=True)
        for exact in (False, True):
            found = discover(power_table(index, seed, right=exact), options)
            (right if exact else wrong).append(written(found) if exact else denied(found))
            print(f"power {index}: {found.formula}", flush=True)
        certificate = certify(discover(walk_table(index, seed), options), options=options)
        walks.append(overstated(certificate))
        print(f"walk {index}: {certificate.verdict.kind}: {certificate.formula}", flush=True)
    figures = headlines(
        {
            "right guesses that are the pick": stay,
            "guesses without a part that are the pick": go,
            "exponents written that the data deny": wrong,
            "right exponents that are written": right,
            "random walks with a law or a good description that is none": walks,
        }
    )
    for words, count in figures.items():
        print(f"{words}: {count}")
    if keep:
        keep_figures("only_the_data", "Only what the data say", figures)


if __name__ == "__main__":
    app()
