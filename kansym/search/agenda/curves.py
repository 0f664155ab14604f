# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false
"""Engines that read functions of one column, and forms without inner constants."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

import numpy as np
import sympy

from kansym.provenance import signed, signing
from kansym.search.agenda.engine import whole_budget
from kansym.search.agenda.task import Found, Proposal, Task
from kansym.search.curve_readings import shortest_forms
from kansym.structure.exponentials import exponential_sums
from kansym.structure.fast_waves import fast_waves
from kansym.structure.leaf import symbols
from kansym.structure.scaled_forms import scaled_forms
from kansym.structure.simple_forms import SimpleForm, simple_forms
from kansym.symbolic.complexity import complexity, formula_bits
from kansym.symbolic.steps import StepKind
from kansym.terms.linked_waves import linked_waves
from kansym.terms.powers import free_powers, power_sums

EXACT_FORM = 1e-20
"""Mean squared residual of a form, relative to that of the target, that is rounding."""

FORM_BITS, MOST_FORMS = 6.0, 4
"""Bits behind the best form up to which others are handed on with noise, and most forms of a task."""

LONGEST = 100
"""Nodes of a formula with noise that is handed on: to fit a longer one takes as long as a hundred others."""


def _without_noise(finder: Callable[..., Iterable[sympy.Expr]]) -> Callable[..., Iterable[sympy.Expr]]:
    """A finder that does not ask how much noise there is."""
    return lambda *curve, weights, noise: finder(*curve, weights=weights)


OF_ONE_COLUMN: dict[str, Callable[..., Iterable[sympy.Expr]]] = {
    "powers": _without_noise(free_powers),
    "simple forms": shortest_forms,
    "fast waves": fast_waves,
    "linked waves": linked_waves,
    "exponentials and waves": exponential_sums,
    "sums of powers": _without_noise(power_sums),
}


def permitted(task: Task, expressions: Iterable[sympy.Expr]) -> Iterator[Proposal]:
    """Formulas of a table as proposals, less those with functions that the user leaves out."""
    allowed, noisy = task.rows.allowed, task.noisy
    for one in expressions:
        if (allowed is None or allowed.permits(one)) and not (noisy and complexity(one) > LONGEST):
            yield Found(task.compose(one), task.problem)


@signed("simple forms")
def forms_without_constants(task: Task) -> Iterator[Proposal]:
    """Forms without inner constants: exact ones, or with noise those that leave no more than the interpolant."""
    problem, curve = task.problem, task.problem.dimension == 1
    variables, weights = symbols(problem.dimension), problem.fitting_weights()
    forms: list[SimpleForm] = []
    # A form beside a constant takes as long as one without, and is rarer.
    for offset in (False, True) if curve else (False,):
        if curve:
            forms += scaled_forms(problem.X[:, 0], problem.t, variables[0], weights, offset=offset)
        forms += simple_forms(problem.X, problem.t, variables, weights, offset=offset, until=whole_budget(task))
        exact = _exact(task, forms)
        if exact:
            # Bits of losses at the level of rounding say nothing.
            simplest = min(exact, key=lambda form: formula_bits(form.whole, task.n_rows, problem.dimension))
            yield Found(problem.compose(simplest.whole, variables), problem)
            return
        yield from _shortest(task, forms)


def _shortest(task: Task, forms: list[SimpleForm]) -> Iterator[Proposal]:
    """Where the target is not exact, the forms of the shortest descriptions."""
    problem, n = task.problem, task.n_rows
    read_off = task.error is not None or problem.trust is not None
    if not forms or not (task.facts.reducer.noisy or not task.facts.seen or read_off):
        return
    # Dimensionless by its units: there is nothing else to be read from the data first.
    wide = 2 if problem.steps and problem.steps[-1].kind is StepKind.UNITS else 1
    forms = sorted(forms, key=lambda form: form.bits(n, problem.dimension))
    least = forms[0].bits(n, problem.dimension) + wide * FORM_BITS
    for form in forms[: wide * MOST_FORMS]:
        if form.bits(n, problem.dimension) <= least:
            yield Found(problem.compose(form.whole, symbols(problem.dimension)), problem)


def _exact(task: Task, forms: list[SimpleForm]) -> list[SimpleForm]:
    problem = task.problem
    weights = problem.fitting_weights()
    size = float(np.mean((np.ones(1) if weights is None else weights / weights.mean()) * problem.t**2))
    return [form for form in forms if form.loss <= EXACT_FORM * size]


@signed("simple forms")
def fitting_form(task: Task) -> Iterator[Proposal]:
    """The shortest form without constants, or with one scale, that fits a function read off an interpolant."""
    (variable,), x, a, error = symbols(1), task.problem.X, task.problem.t, task.error or 0.0
    for offset in (True,) if task.up_to_constant else (False, True):
        forms = simple_forms(x, a, (variable,), offset=offset, floor=error**2, until=whole_budget(task))
        forms += scaled_forms(x[:, 0], a, variable, offset=offset)
        fitting = [form for form in forms if form.loss <= error**2]
        if fitting:
            shortest = min(fitting, key=lambda form: complexity(form.expression))
            yield Found(shortest.whole, task.problem, sure=True)
            return


def of_one_column(task: Task) -> Iterator[Proposal]:
    """Waves, sums of exponentials, and short forms of a table's only column."""
    X, y, weights, variables = task.table()
    noise = max(task.rows.noise_floor, task.noise)
    for name, finder in OF_ONE_COLUMN.items():
        source = partial(finder, X[:, 0], y, variables[0], weights=weights, noise=noise)
        yield from permitted(task, signing(name, source))
