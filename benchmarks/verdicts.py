# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false
"""Noisy tables with a law: is what the certificate calls a "law" the law, and is the law called so?

Laws of one to three columns are drawn from a seed (`kansym.bench.random_laws`), and tables of 30 to 300 rows with 0.5
to 5 % of noise and a column of errors. A formula is the law where its values, on the rows' ranges and 30 % beyond, are
as good as those of the law itself with its constants fitted to the same rows, within a factor of two. Over a narrow
range another form can be as good; how many have the law's form is said beside it::

    python -m benchmarks.verdicts                          # 60 tables of seed 5, 20 s each
    python -m benchmarks.verdicts --seed 1005 --tables 300
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import sympy
from cyclopts import App, Parameter, validators

from benchmarks.table import keep as keep_figures
from kansym.bench import sampling
from kansym.bench.drawn import KINDS
from kansym.bench.form import same_form
from kansym.bench.law import Law, Noise
from kansym.bench.problem import Problem, make_problem
from kansym.bench.strict import fit_errors, strict
from kansym.data.dataset import make_dataset
from kansym.search.discovery import discover
from kansym.search.options import DiscoveryOptions
from kansym.validation.certificate import certify
from kansym.validation.verdict import DESCRIPTION, LAW, NOTHING

app = App(name="python -m benchmarks.verdicts", help="Verdicts on noisy tables.", version_flags=[])

Count = Annotated[int, Parameter(validator=validators.Number(gte=1))]

ROWS, NOISE = (30, 300), (0.005, 0.05)
"""Drawn evenly in their logarithms; noise in parts of the spread of the law."""

MOST_COLUMNS = 3

LARGEST_INTEGER = 12
"""In a law that is drawn, without being a constant of it."""

AS_GOOD = 2.0
"""Times the error of the fitted law, within the ranges and beyond."""

WORST = 0.5
"""Where the fitted law is itself farther off than this, beyond the ranges, in parts of the spread: a table that cannot
tell."""


@dataclass(frozen=True)
class Outcome:
    """Of one table.

    Attributes
    ----------
    name, formula, verdict : str
    right : bool
        Whether the formula is as good as the law.
    form : bool
        Whether it is that with other constants.
    against : tuple of str
        Grounds against a law.
    """

    name: str
    formula: str
    verdict: str
    right: bool
    form: bool
    against: tuple[str, ...]


def measured_law(law: Law) -> Law:
    """The law with all of its real numbers, and a factor before it, as constants that a fit decides.

    A drawn number that happens to be whole, as 183 in ``|x - 183|``, is one of them; small integers are structure.
    """
    whole = {number for number in law.form.atoms(sympy.Integer) if abs(number) > LARGEST_INTEGER}
    numbers = sorted(law.form.atoms(sympy.Float) | whole, key=float)
    names = [f"k{place}" for place in range(len(numbers) + 1)]
    form = law.form.xreplace({number: sympy.Symbol(name) for number, name in zip(numbers, names[1:], strict=True)})
    values = dict(zip(names, [1.7, *map(float, numbers)], strict=True))
    # A law with a factor of its own needs no other.
    if any(isinstance(factor, sympy.Symbol) and factor.name in names for factor in sympy.Mul.make_args(form)):
        names, values = names[1:], {name: values[name] for name in names[1:]}
    else:
        form = sympy.Symbol("k0") * form
    return replace(law, formula=str(form), constants=values, free=tuple(names), judge="fit")


def tables(seed: int, count: int) -> Iterator[Problem]:
    """Tables of the laws of a seed that have few columns, and whose rows say enough about the law."""
    kind = KINDS["random"]
    found = 0
    for name in kind.names(seed):
        for part in range(3):
            law = kind.law(name)
            if len(law.variables) > MOST_COLUMNS or found == count:
                continue
            g = sampling.generator(f"verdict {name} {part}", 0)
            rows = round(math.exp(g.uniform(*np.log(ROWS))))
            share = math.exp(g.uniform(*np.log(NOISE)))
            law = measured_law(law)
            spread = float(np.std(law.sample(rows, part)[1]))
            problem = make_problem(
                replace(law, rows=rows, noise=Noise("absolute", share * spread, given=True)), rows=rows, seed=part
            )
            if len(problem.y) > len(law.free) + 4 and max(fit_errors(problem)) < WORST:
                found += 1
                yield problem


def is_law(expression: sympy.Expr, problem: Problem) -> bool:
    """Whether a formula is as good as the fitted law."""
    own, found = fit_errors(problem), strict(expression, problem)
    return found.inside <= AS_GOOD * own[0] and found.beyond <= AS_GOOD * own[1]


def examine(problem: Problem, *, seconds: float) -> Outcome:
    """Search a table and certify what is found."""
    dataset = make_dataset(problem.X, problem.y, names=list(problem.names), y_error=problem.errors)
    options = DiscoveryOptions(max_seconds=seconds, seed=0, device="cpu", deterministic=True)
    found = discover(dataset, options)
    if found.interrupted:
        raise KeyboardInterrupt
    verdict = certify(found, options=options).verdict
    right = is_law(found.formula.expression, problem)
    form = same_form(found.formula.expression, problem)
    name = f"{problem.law.name}/{problem.seed}"
    return Outcome(name, str(found.formula), verdict.kind, right, form, verdict.against)


def headlines(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """The confusion table, and its two shares."""
    counts = {
        (right, verdict): sum(one.right is right and one.verdict == verdict for one in outcomes)
        for right in (True, False)
        for verdict in (LAW, DESCRIPTION, NOTHING)
    }
    right = sum(counts[True, verdict] for verdict in (LAW, DESCRIPTION, NOTHING))
    formed = [one for one in outcomes if one.form]
    called = counts[True, LAW] + counts[False, LAW]
    return {
        "formulas that are the law: law / good description / no closed form": " / ".join(
            str(counts[True, verdict]) for verdict in (LAW, DESCRIPTION, NOTHING)
        ),
        "formulas that are not: law / good description / no closed form": " / ".join(
            str(counts[False, verdict]) for verdict in (LAW, DESCRIPTION, NOTHING)
        ),
        "called a law, and is": f"{counts[True, LAW]} of {called}",
        "is the law, and called so": f"{counts[True, LAW]} of {right}",
        "has the law's form, and is called a law": f"{sum(one.verdict == LAW for one in formed)} of {len(formed)}",
    }


@app.default
def main(
    *,
    count: Annotated[Count, Parameter(name="--tables")] = 60,
    seconds: float = 20.0,
    seed: int = 5,
    keep: bool = False,
) -> None:
    """Search and certify noisy tables, and print the confusion table.

    Parameters
    ----------
    count
        Tables.
    seconds
        Budget of each search.
    seed
        Of the laws; from 1000 up for a report.
    keep
        Keep the figures in benchmarks/results.
    """
    outcomes: list[Outcome] = []
    try:
        for problem in tables(seed, count):
            one = examine(problem, seconds=seconds)
            outcomes.append(one)
            mark = f"{'right' if one.right else 'wrong'}{', the form' if one.form else ''}"
            print(f"{one.name:<10} {mark}, {one.verdict}: {one.formula}", flush=True)
            print(f"{'':<10} {len(problem.y)} rows, law {problem.truth}", flush=True)
            for words in one.against:
                print(f"{'':<10} - {words}", flush=True)
    except KeyboardInterrupt:
        print(f"interrupted after {len(outcomes)} tables")
    print("", *(f"{name}: {value}" for name, value in headlines(outcomes).items()), sep="\n")
    if keep and len(outcomes) == count:
        keep_figures("verdicts", "Verdicts on noisy tables", headlines(outcomes))


if __name__ == "__main__":
    app()
