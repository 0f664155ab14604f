# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false
"""One law, several groups: is the form found, and which of its constants are shared?

Laws of one or two inputs and two to four constants are drawn from a seed: random ones (`kansym.bench.random_laws`) or
shapes that laboratories meet (`kansym.bench.lab_laws`). Five groups of 20 to 60 rows each follow the law, one or two
constants of it differ from group to group, the rest are shared, and the target has 2 % of noise. What is found counts
as right if it has as many shared constants, and as many of each group's own, as the law has, and if with these it can
be made equal to the law in all groups. Where the rows do not tell forms apart, the law should at least be among those
that are handed on::

    python -m benchmarks.groups                       # 30 laws of seed 7, 120 s of counted work each
    python -m benchmarks.groups --seed 1010 --laws 30 --source lab
"""

import math
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import sympy
from cyclopts import App, Parameter, validators

from benchmarks.table import keep as keep_figures
from kansym.bench import sampling
from kansym.bench.dice import Dice
from kansym.bench.lab_tables import lab_table
from kansym.bench.law import Law
from kansym.bench.random_laws import random_law
from kansym.data.dataset import make_dataset
from kansym.groups.contest import Contest
from kansym.groups.decision import Judge
from kansym.groups.fit import descend, described
from kansym.groups.search import search_groups
from kansym.groups.table import GroupedTable, grouped_table
from kansym.search.options import DiscoveryOptions
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import ParametricForm
from kansym.symbolic.parser import parse_expression

app = App(name="python -m benchmarks.groups", help="One law for several groups.", version_flags=[])

Count = Annotated[int, Parameter(validator=validators.Number(gte=1))]
Seconds = Annotated[float, Parameter(validator=validators.Number(gt=0))]

GROUPS, ROWS, NOISE = 5, (20, 60), 0.02

SOURCES: dict[str, Callable[[np.random.Generator, str], Law]] = {"random": random_law, "lab": lab_table}
"""What laws are drawn from: the generator of random laws, or laboratory shapes as peaks, decays, saturations."""

Source = Literal["random", "lab"]

FACTOR = 2.0
"""A constant of a group lies within this factor of the law's."""

MOST_COLUMNS, CONSTANTS = 2, (2, 4)

NUMBER = re.compile(r"(?<![\w.*])(?<!\*\*)\d+\.\d+(?:e[-+]?\d+)?")
"""Constants in the text of a law; decimal exponents belong to the form."""

EXACT = 1e-6
"""Largest RMS difference from the law, in units of its spread, of a form that is equal to it."""

SHORT = 1.0
"""Bits within which two descriptions are as long."""

NEAR = 10.0
"""Bits behind the best up to which forms are handed on beside it: the rows do not tell them apart for sure."""

LEAST_SHIFT = 0.1
"""A constant of each group's own must change the law by this part of its spread."""


@dataclass(frozen=True, eq=False)
class Case:
    """A law and its groups.

    Attributes
    ----------
    name, text : str
        The text has names for the constants.
    form : ParametricForm
    shared : array of bool (k,)
    values : array (G, k)
    table : GroupedTable
    clean : array (n,)
        Targets without noise, in the order of the table.
    """

    name: str
    text: str
    form: ParametricForm
    shared: np.ndarray
    values: np.ndarray
    table: GroupedTable
    clean: np.ndarray


def cases(seed: int, count: int, source: Source = "random") -> Iterator[Case]:
    """Laws that suit, drawn one after the other."""
    generator, draw = np.random.default_rng([seed, 18]), SOURCES[source]
    found = 0
    while found < count:
        law = draw(generator, f"groups-{seed}-{found}")
        case = _case(law, generator)
        if case is not None:
            found += 1
            yield case


def _case(law: Law, generator: np.random.Generator) -> Case | None:
    if len(law.variables) > MOST_COLUMNS or "idle" in law.title:
        return None
    text, names, numbers = law.formula, list(law.constants), list(law.constants.values())
    if not names:
        numbers = [float(match.group()) for match in NUMBER.finditer(text)]
        names = [f"const{k}" for k in range(len(numbers))]
        waiting = iter(names)
        text = NUMBER.sub(lambda _: next(waiting), text)
    if not CONSTANTS[0] <= len(numbers) <= CONSTANTS[1]:
        return None
    symbols = tuple(sympy.Symbol(name, real=True) for name in law.names)
    constants = tuple(sympy.Symbol(name, real=True) for name in names)
    plain = {plain_symbol(symbol.name): symbol for symbol in (*symbols, *constants)}
    expression = parse_expression(text, [*law.names, *names]).xreplace(plain)
    if {symbol for symbol in constants if expression.has(symbol)} != set(constants):
        return None
    form = ParametricForm(expression, symbols, constants, np.array(numbers))
    dice = Dice(generator)
    own = dice.shuffled(range(len(numbers)))[: min(dice.whole(1, 2), len(numbers) - 1)]
    shared = np.array([k not in own for k in range(len(numbers))])
    values = np.tile(form.values, (GROUPS, 1))
    for k in own:
        values[:, k] *= [dice.size(1 / FACTOR, FACTOR) for _ in range(GROUPS)]
    counts = [dice.whole(*ROWS) for _ in range(GROUPS)]
    X = np.vstack([sampling.draw(law.variables, n, generator) for n in counts])
    codes = np.repeat(np.arange(GROUPS), counts)
    clean = form.value_at(tuple(X.T), values[codes].T)
    size = np.sqrt(np.bincount(codes, clean**2) / counts) if np.isfinite(clean).all() else np.array([np.nan])
    y = clean + NOISE * size[codes % len(size)] * generator.standard_normal(len(codes))
    if not np.isfinite(y).all() or not _identified(form, X, codes, shared, values):
        return None
    dataset = make_dataset(X, y, names=law.names, remove_constant=False)
    table = grouped_table(dataset, [f"run {g + 1}" for g in codes], "run")
    clean = form.value_at(tuple(table.dataset.X.T), values[table.codes].T)
    return Case(law.name, text, form, shared, values, table, clean)


def _identified(form: ParametricForm, X: np.ndarray, codes: np.ndarray, shared: np.ndarray, values: np.ndarray) -> bool:
    """Whether every group determines all constants, and those of its own matter."""
    for g in range(GROUPS):
        rows = codes == g
        here = form.with_values(values[g])
        spread = float(np.std(here.evaluate(X[rows])))
        jacobian = here.jacobian(X[rows]) * values[g]
        if not (spread > 0 and np.isfinite(jacobian).all()):
            return False
        lengths = np.sqrt(np.mean(jacobian**2, axis=0)) / spread
        unit = jacobian / np.linalg.norm(jacobian, axis=0)
        if (lengths[~shared] < LEAST_SHIFT).any() or np.linalg.cond(unit) > 1e4:
            return False
    return True


def right(case: Case, form: ParametricForm, shared: np.ndarray, values: np.ndarray) -> tuple[bool, bool]:
    """Whether a form that was found can be equal to the law, and whether its constants are as many of either kind."""
    # A shared constant that is a whole number, as in sin(1.0*x), may be none.
    whole = int((case.shared & (case.values[0] == np.round(case.values[0]))).sum())
    most = int(case.shared.sum())
    counts = int((~shared).sum()) == int((~case.shared).sum()) and most - whole <= int(shared.sum()) <= most
    clean = GroupedTable(
        make_dataset(case.table.dataset.X, case.clean, names=case.table.dataset.names, remove_constant=False),
        "run",
        case.table.names,
        case.table.codes,
    )
    judge = Judge(clean)
    best = descend(form, judge.rows, shared, values, max_steps=300)[0]
    fit = described(form, judge.rows, shared, best)
    nrmse = float(np.sqrt(np.mean(fit.residuals**2)) / np.std(case.clean))
    return nrmse < EXACT, counts


def law_bits(case: Case) -> float:
    """Description length of the law itself, fitted to the same rows."""
    symbols = dict(zip(case.form.variables, case.table.variables, strict=True))
    laws = [case.form.with_values(values).substituted().xreplace(symbols) for values in case.values]
    contest = Contest(case.table, math.inf)
    contest.offer(laws[0], dict(enumerate(laws)))
    contest.finish()
    return contest.found[0].bits


@app.default
def main(
    *,
    seed: int = 7,
    laws: Count = 30,
    source: Source = "random",
    seconds: Seconds = 120.0,
    only: int | None = None,
    keep: bool = False,
) -> int:
    """Search laws of several groups.

    Parameters
    ----------
    seed
        Of the laws; the same seed has the same laws.
    laws
        How many.
    source
        What they are drawn from.
    seconds
        Budget of each search, in counted work.
    only
        Number of the only law to search.
    keep
        Keep the figures in benchmarks/results.
    """
    counts = {"form": 0, "both": 0, "near": 0, "short": 0, "tried": 0}
    for number, case in enumerate(cases(seed, laws, source)):
        if only is not None and number != only:
            continue
        began = time.monotonic()
        counts["tried"] += 1
        own = [str(s) for s, one in zip(case.form.constants, case.shared, strict=True) if not one]
        options = DiscoveryOptions(max_seconds=seconds, deterministic=True)
        found = search_groups(case.table, options).found
        split = found[0]
        form_right, split_right = right(case, split.form, split.shared, split.fit.values)
        named = zip(split.form.constants, split.shared, strict=True)
        text = f"{split.form.expression}, own: {[str(symbol) for symbol, one in named if not one]}"
        counts["form"] += form_right
        counts["both"] += form_right and split_right
        near = (one for one in found if one.bits <= split.bits + NEAR)
        counts["near"] += any(right(case, one.form, one.shared, one.fit.values)[0] for one in near)
        bits = law_bits(case)
        counts["short"] += split.bits <= bits + SHORT
        print(
            f"{number:3} {'right' if form_right and split_right else 'form' if form_right else 'wrong'}  "
            f"{time.monotonic() - began:5.0f} s  {case.text}  own: {own}\n      found {text}  "
            f"{split.bits - bits:+.1f} bits",
            flush=True,
        )
    said = {
        "right form": f"{counts['form']} of {counts['tried']}",
        "right form, and right constants shared": f"{counts['both']} of {counts['tried']}",
        "right form among those within 10 bits": f"{counts['near']} of {counts['tried']}",
        "as short a description as the law's own, or shorter": f"{counts['short']} of {counts['tried']}",
    }
    print(*(f"{name}: {value}" for name, value in said.items()), sep="\n")
    if keep and only is None:
        keep_figures("groups", "One law for several groups", said)
    return 0


if __name__ == "__main__":
    app()
