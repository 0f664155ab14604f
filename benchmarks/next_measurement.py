# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false
"""Do the rows that `next_measurement` proposes tell more than rows at random?

Of the tables that `benchmarks.calibration_of_forms` has searched, those are taken where the law was met and the pick is
wrong or has a probability below 0.8. Three rows are added one after the other, each where it is proposed within the
ranges, with its target drawn from the true law and its noise; and as many at random places of the ranges, twenty
times. All forms are fitted anew to the longer table, and their probabilities follow from what they then leave::

    python -m benchmarks.calibration_of_forms search --seed 1011 --tables 100
    python -m benchmarks.next_measurement runs/forms/1011-8s.jsonl
    python -m benchmarks.next_measurement runs/forms/1011-8s.jsonl --beyond     # rows a third beyond are allowed
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import sympy
from cyclopts import App, Parameter, validators

from benchmarks.calibration_of_forms.__main__ import read
from benchmarks.calibration_of_forms.fitting import cases_of, probabilities
from benchmarks.calibration_of_forms.searching import Record
from benchmarks.calibration_of_forms.tables import Table, table
from benchmarks.table import keep as keep_figures
from kansym.bench import sampling
from kansym.data.dataset import Dataset
from kansym.data.weights import row_weights
from kansym.errors import KansymError
from kansym.forms.calibration import calibration, shares_of
from kansym.forms.next_measurement import next_measurement
from kansym.forms.result import FormProbability, Forms
from kansym.search.rows import leave_one_out
from kansym.symbolic.complexity import complexity, early_bits, misfit_bits
from kansym.symbolic.formula import Formula
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm, parametrize
from kansym.symbolic.parser import parse_expression
from kansym.symbolic.refit import refit

app = App(name="python -m benchmarks.next_measurement", help="Proposed rows against random ones.", version_flags=[])

ROWS, RANDOM = 3, 20
"""Rows that are added, and sets of as many random ones."""

UNSURE = 0.8
"""Probability of the pick up to which a right one is not yet sure."""

MOST_BITS = 100.0
"""Of a gain; a form that a row refutes altogether has lost as many."""


@dataclass(frozen=True, eq=False)
class Open:
    """A table whose rows do not decide.

    Attributes
    ----------
    name : str
    table : Table
    forms : tuple of ParametricForm
        Fitted, the pick first.
    behind, words : array (m,)
        Bits behind the pick, and those of the forms themselves.
    right : int
        The form that has the law.
    not_tried : float
    """

    name: str
    table: Table
    forms: tuple[ParametricForm, ...]
    behind: np.ndarray
    words: np.ndarray
    right: int
    not_tried: float

    def misfits(self, dataset: Dataset) -> tuple[list[ParametricForm], np.ndarray]:
        """The forms fitted to a table, and the bits (m,) of what they leave."""
        weights, floor = row_weights(dataset), 0.0 if dataset.y_error is None else _floor(dataset.y_error)
        fitted, bits = [], []
        for form in self.forms:
            own = refit(form, dataset.X, dataset.y, weights=weights).form
            loss = leave_one_out(own, dataset.X, dataset.y, weights)
            length = misfit_bits(dataset.n_rows, loss, floor, errors_given=dataset.y_error is not None)
            length += early_bits(len(own.constants), dataset.y, loss, floor, weights=weights)
            fitted.append(own)
            bits.append(length if math.isfinite(length) else math.inf)
        return fitted, np.array(bits)

    def shares(self, before: np.ndarray, now: np.ndarray) -> np.ndarray:
        """Shares (m,) of the forms where what they leave has changed from some bits (m,) to others."""
        known, words = calibration(), self.words - self.words[0]
        gained = np.nan_to_num(now - before, posinf=1e3)
        misfit = self.behind - words + gained
        return shares_of(misfit - misfit[0], words, known.misfit, known.words)


def _floor(errors: np.ndarray) -> float:
    """Error of a row of mean weight."""
    return float(np.mean(errors**-2.0) ** -0.5)


def open_tables(records: Sequence[Record]) -> Iterator[Open]:
    """Those of the records whose rows do not decide, and whose law was met."""
    usable = [record for record in records if "failure" not in record]
    for record, case in zip(usable, cases_of(usable), strict=True):
        own, missing = probabilities(case, calibration())
        if case.right is None or len(own) < 2 or (case.right == 0 and own[0] >= UNSURE):
            continue
        seed, _, number = record["name"].partition("-")
        drawn = table(int(number), int(seed))
        if drawn.problem is None or record["kind"] == "exact":
            continue
        forms = [_form(one["text"], drawn) for one in record["forms"]]
        kept = [place for place, form in enumerate(forms) if form is not None]
        if 0 not in kept or case.right not in kept:
            continue
        chosen = [record["forms"][place] for place in kept]
        yield Open(
            record["name"],
            drawn,
            tuple(form for form in forms if form is not None),
            np.array([one["bits"] for one in chosen]),
            np.array([one["words"] for one in chosen]),
            kept.index(case.right),
            missing,
        )


def _form(text: str, drawn: Table) -> ParametricForm | None:
    """A formula of a record; None where its text was cut."""
    names = drawn.dataset.names
    try:
        expression = parse_expression(text.partition(" = ")[2], names)
        form = parametrize(expression, tuple(map(plain_symbol, names)))
    except KansymError:
        return None
    return form if np.isfinite(form.evaluate(drawn.dataset.X)).all() else None


Place = Callable[[Forms, Dataset], np.ndarray | None]
"""Where to measure next, a row (d,); None where no row tells anything."""


def proposed(*, beyond: bool) -> Place:
    """The row that is proposed."""

    def place(forms: Forms, dataset: Dataset) -> np.ndarray | None:
        found = next_measurement(forms, dataset)
        best = found.beyond if beyond and found.beyond is not None else found.inside
        return None if best is None else np.array([best.at[name] for name in dataset.names])

    return place


def at_random(open_: Open, generator: np.random.Generator) -> Place:
    """A row of the ranges."""
    assert open_.table.problem is not None
    inside = open_.table.problem.inside

    def place(forms: Forms, dataset: Dataset) -> np.ndarray | None:
        return inside[generator.integers(len(inside))]

    return place


def measured(open_: Open, place: Place, generator: np.random.Generator) -> tuple[float, bool]:
    """Bits that the rows gain for the right form against all others that were met, and whether it then leads."""
    dataset = open_.table.dataset
    forms, before = open_.misfits(dataset)
    start = now = open_.shares(before, before)
    for _ in range(ROWS):
        row = place(_as_forms(open_, forms, now, dataset), dataset)
        value = None if row is None else _reading(open_, row, generator)
        if row is None or value is None:
            break
        dataset = _longer(dataset, row, *value)
        forms, bits = open_.misfits(dataset)
        # What is left of more rows is more bits for every form; only differences count.
        now = open_.shares(before, bits)
    gain = _log_odds(float(now[open_.right])) - _log_odds(float(start[open_.right]))
    return min(max(gain, -MOST_BITS), MOST_BITS), int(np.argmax(now)) == open_.right


def _log_odds(share: float) -> float:
    least = 2.0**-MOST_BITS
    return math.log2(max(share, least)) - math.log2(max(1.0 - share, least))


def _reading(open_: Open, row: np.ndarray, generator: np.random.Generator) -> tuple[float, float] | None:
    """A target with its noise, and the error that its table would state; None where the law has no value."""
    problem = open_.table.problem
    assert problem is not None
    noise = problem.law.noise
    clean = problem.law_at(row[None, :])
    if noise is None or not np.isfinite(clean).all():
        return None
    error = float(noise.deviations(clean)[0])
    return float(clean[0] + error * generator.standard_normal()), error


def _longer(dataset: Dataset, row: np.ndarray, value: float, error: float) -> Dataset:
    errors = None if dataset.y_error is None else np.append(dataset.y_error, error)
    return replace(dataset, X=np.vstack([dataset.X, row]), y=np.append(dataset.y, value), y_error=errors)


def _as_forms(open_: Open, forms: Sequence[ParametricForm], shares: np.ndarray, dataset: Dataset) -> Forms:
    """The most probable form first, as after a new search."""
    found = []
    for form, share in zip(forms, shares, strict=True):
        expression: sympy.Expr = form.substituted()
        loss = float(np.mean((form.evaluate(dataset.X) - dataset.y) ** 2))
        formula = Formula(expression, dataset.names, dataset.target, complexity(expression), loss, loss, 0.0)
        found.append(FormProbability(formula, float(share) * (1.0 - open_.not_tried), 0.0))
    order = np.argsort(-shares, kind="stable")
    return Forms([found[k] for k in order], open_.not_tried)


@dataclass(frozen=True)
class Outcome:
    """Of one table: bits gained and whether the right form leads, by proposed rows, and the mean by random ones."""

    name: str
    proposed: float
    proposed_right: bool
    random: float
    random_right: float


def examine(open_: Open, *, beyond: bool, seed: int = 0) -> Outcome:
    """Add rows to one table."""
    found = [
        measured(open_, proposed(beyond=beyond), sampling.generator(f"next {open_.name} {k}", seed)) for k in range(3)
    ]
    others = []
    for k in range(RANDOM):
        generator = sampling.generator(f"random {open_.name} {k}", seed)
        others.append(measured(open_, at_random(open_, generator), generator))
    return Outcome(
        open_.name,
        float(np.mean([gain for gain, _ in found])),
        bool(np.mean([right for _, right in found]) > 0.5),
        float(np.mean([gain for gain, _ in others])),
        float(np.mean([right for _, right in others])),
    )


def headlines(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """Medians and shares."""
    count = len(outcomes)
    return {
        "tables whose rows do not decide": str(count),
        "bits for the right form by three rows, proposed / random (median)": (
            f"{np.median([one.proposed for one in outcomes]):.2f} / {np.median([one.random for one in outcomes]):.2f}"
        ),
        "the same, mean": (
            f"{np.mean([one.proposed for one in outcomes]):.2f} / {np.mean([one.random for one in outcomes]):.2f}"
        ),
        "the right form leads after three rows, proposed / random": (
            f"{sum(one.proposed_right for one in outcomes)} of {count} / "
            f"{sum(one.random_right for one in outcomes):.1f} of {count}"
        ),
    }


@app.default
def main(
    records: Path,
    *,
    beyond: bool = False,
    most: Annotated[int, Parameter(validator=validators.Number(gte=1))] = 100,
    keep: bool = False,
) -> None:
    """Add proposed rows and random ones to tables whose rows do not decide.

    Parameters
    ----------
    records
        Of `benchmarks.calibration_of_forms search`.
    beyond
        Rows a third beyond the ranges are allowed where they tell more.
    most
        Tables.
    keep
        Keep the figures in benchmarks/results.
    """
    outcomes: list[Outcome] = []
    try:
        for open_ in open_tables(read(records)):
            if len(outcomes) == most:
                break
            one = examine(open_, beyond=beyond)
            outcomes.append(one)
            print(
                f"{one.name}  proposed {one.proposed:+6.2f} bits, {'right' if one.proposed_right else 'wrong'}; random "
                f"{one.random:+6.2f} bits, {100 * one.random_right:3.0f} % right",
                flush=True,
            )
    except KeyboardInterrupt:
        print(f"interrupted after {len(outcomes)} tables")
    if outcomes:
        print("", *(f"{name}: {value}" for name, value in headlines(outcomes).items()), sep="\n")
    if keep and outcomes:
        keep_figures("next_measurement", "Where to measure next", headlines(outcomes))


if __name__ == "__main__":
    app()
