"""Forms that other forms imitate: is the right one the pick where the data prefer it?

Tables of five families of laws (two lifetimes, resonances, powers on an offset, diodes, peaks of counts) are drawn with
the designs and noises of `kansym.bench.lab_tables`. The law is fitted to the rows beside the search. Where the pick has
another form, chi-squared of both says whether the data would have told: by 10 for each constant that the law has more::

    python -m benchmarks.forms                             # 20 tables of each family, seed 5
    python -m benchmarks.forms --seed 1005 --keep
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from cyclopts import App, Parameter, validators

from benchmarks.table import keep as keep_figures
from kansym.bench import lab_laws, sampling
from kansym.bench.dice import Dice
from kansym.bench.form import same_form
from kansym.bench.lab_laws import Plan
from kansym.bench.lab_tables import LEAST_NOISE, MOST_NOISE, table_of
from kansym.bench.law import Noise
from kansym.bench.problem import Problem, make_problem
from kansym.data.dataset import Dataset, make_dataset
from kansym.fitting.counts import deviance_residuals
from kansym.fitting.known_form import fit_columns as fit_constants
from kansym.search.discovery import discover
from kansym.search.options import DiscoveryOptions
from kansym.symbolic.formula import Formula

app = App(name="python -m benchmarks.forms", help="Forms that other forms imitate.", version_flags=[])

Count = Annotated[int, Parameter(validator=validators.Number(gte=1))]

PREFERRED = 10.0
"""Chi-squared per constant that the law has more, from which the data prefer it."""

RIGHT, PREFERS, OPEN = "right", "another, and the data prefer the law", "another, and the data do not prefer the law"


def power_on_offset(dice: Dice) -> Plan:
    """A power of a column beside a constant."""
    span, size = dice.size(0.5, 200), dice.size(0.1, 500)
    exponent = dice.between(0.3, 3.0)
    return lab_laws.plan(
        "b + k*x**n", {"x": (0.02 * span, span)},
        k=size / span**exponent, n=exponent, b=size * dice.between(0.05, 0.5),
    )  # fmt: skip


def diode(dice: Dice) -> Plan:
    """A current through a diode at one temperature."""
    thermal = dice.between(0.025, 0.06)
    return lab_laws.plan("I*(exp(U/v) - 1)", {"U": (-2 * thermal, 6 * thermal)}, I=dice.size(1e-3, 1.0), v=thermal)


FAMILIES: dict[str, Callable[[Dice], Plan]] = {
    "two lifetimes": lab_laws.two_lifetimes,
    "resonance": lab_laws.resonance,
    "power on an offset": power_on_offset,
    "diode": diode,
    "peak of counts": lab_laws.peak_on_line,
}


@dataclass(frozen=True)
class Outcome:
    """Of one table; the pick and the fitted law with chi-squared and number of constants."""

    family: str
    kind: str
    formula: str
    law: str
    pick: tuple[float, int]
    truth: tuple[float, int]


def table(family: str, seed: int, number: int) -> Problem:
    """One table, with errors; the peaks are counts."""
    dice = Dice(sampling.generator(f"forms {family} {number}", seed))
    law = table_of(FAMILIES[family], dice, f"{family} {number}")
    if family == "peak of counts":
        law = replace(law, noise=Noise("counts", given=True))
    else:
        spread = float(np.std(law.sample(law.rows or 0, 0)[1]))
        law = replace(law, noise=Noise("absolute", spread * dice.size(LEAST_NOISE, MOST_NOISE), given=True))
    return make_problem(law, rows=law.rows or 0, seed=number)


def examine(family: str, problem: Problem, *, seconds: float) -> Outcome:
    """Search a table, and fit the law beside it."""
    errors = "poisson" if family == "peak of counts" else problem.errors
    dataset = make_dataset(problem.X, problem.y, names=list(problem.names), y_error=errors)
    found = discover(dataset, DiscoveryOptions(max_seconds=seconds, seed=0, device="cpu", deterministic=True))
    if found.interrupted:
        raise KeyboardInterrupt
    formula, law = found.formula, problem.law
    columns = dict(zip(problem.names, problem.X.T, strict=True))
    fitted = fit_constants(str(problem.form), columns, problem.y, y_error=errors, start=dict(law.constants))
    own, truth = _chi2(formula, dataset), fitted.chi2 or 0.0
    more = max(len(law.constants) - len(formula.constants), 1)
    kind = PREFERS if own - truth > PREFERRED * more else OPEN
    kind = RIGHT if same_form(formula.expression, problem) else kind
    return Outcome(
        family, kind, str(formula), str(problem.truth), (own, len(formula.constants)), (truth, len(law.constants))
    )


def _chi2(formula: Formula, dataset: Dataset) -> float:
    """Chi-squared; of counts the deviance, as for the law."""
    expected = formula.predict(dataset.X)
    if dataset.counts:
        return float(np.sum(deviance_residuals(dataset.y, expected)[0] ** 2))
    return float(np.sum(((dataset.y - expected) / dataset.y_error) ** 2))


def headlines(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """For each family: right, and what the others are."""
    found = {}
    for family in FAMILIES:
        kinds = [one.kind for one in outcomes if one.family == family]
        if kinds:
            counts = {kind: kinds.count(kind) for kind in (RIGHT, PREFERS, OPEN)}
            found[family] = "; ".join(f"{count} {kind}" for kind, count in counts.items())
    return found


@app.default
def main(
    *,
    count: Annotated[Count, Parameter(name="--tables")] = 20,
    seconds: float = 20.0,
    seed: int = 5,
    family: str = "",
    keep: bool = False,
) -> None:
    """Search tables of every family, and print how often the form is right.

    Parameters
    ----------
    count
        Tables of each family.
    seconds
        Budget of each search.
    seed
        Of the tables; from 1000 up for a report.
    family
        Only families whose name contains this text.
    keep
        Keep the figures in benchmarks/results.
    """
    outcomes: list[Outcome] = []
    try:
        for name in [name for name in FAMILIES if family in name]:
            for number in range(count):
                one = examine(name, table(name, seed, number), seconds=seconds)
                outcomes.append(one)
                print(f"{name} {number}: {one.kind}: {one.formula}", flush=True)
                if one.kind != RIGHT:
                    chi2 = f"chi-squared {one.pick[0]:.1f} with {one.pick[1]} constants, {one.truth[0]:.1f} with"
                    print(f"    {one.law}: {chi2} {one.truth[1]}", flush=True)
    except KeyboardInterrupt:
        print(f"interrupted after {len(outcomes)} tables")
    print("", *(f"{name}: {value}" for name, value in headlines(outcomes).items()), sep="\n")
    if keep and not family and len(outcomes) == count * len(FAMILIES):
        keep_figures("forms", "Forms that other forms imitate", headlines(outcomes))


if __name__ == "__main__":
    app()
