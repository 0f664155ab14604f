"""Steps from a table to a formula, in words and titles."""

import itertools
import math

import numpy as np
import pytest
import sympy

from kansym.data.dataset import make_dataset
from kansym.figures.steps import is_piece, steps_in_words, steps_shown, title
from kansym.structure.problem import Problem
from kansym.structure.search import Reducer
from kansym.symbolic.steps import Step, StepKind

A, B = sympy.symbols("a b")

DATASET = make_dataset(np.array([[1.0, 2.0], [2.0, 1.0]]), np.array([1.0, 2.0]), names=["a", "b"])


def test_steps_have_titles(new_formula):
    steps = (
        Step(StepKind.SCALING, expressions=(A / B, sympy.atan2(A, B)), fewer=2),
        Step(StepKind.LINK, "log"),
        Step(StepKind.FACTOR, expressions=(2.0 * sympy.exp(A),)),
        Step(StepKind.TERM, expressions=(B**2,)),
        Step(StepKind.INNER, expressions=(A - B,)),
        Step(StepKind.COORDINATE, expressions=(sympy.sqrt(A),)),
        Step(StepKind.NETWORK, "[2, 2x, 1]"),
        Step(StepKind.LINE, "log(y) against 1/x"),
    )
    formula = new_formula(DATASET, A + B, steps=steps)
    assert [title(step) for step in steps_shown(formula)] == [
        "scaling symmetry: 2 columns fewer", "log of the target", "a factor comes off", "a term comes off",
        "inner function", "coordinate", "network [2, 2x, 1]", "a straight line of log(y) against 1/x",
    ]  # fmt: skip
    assert [is_piece(step) for step in steps_shown(formula)] == [False, False, True, True, False, False, False, False]


@pytest.mark.parametrize(
    ("step", "line"),
    [
        (Step(StepKind.WHOLE), "read as it is: no structure was needed, all in one step"),
        (Step(StepKind.LINK, "sin"), "sin of the target: simpler than the target itself"),
        (Step(StepKind.FACTOR, expressions=(2.0 * sympy.exp(A),)), "factor 2.0*exp(a)"),
        (Step(StepKind.INNER, expressions=(A - B,)), "two columns enter only as a - b"),
        (
            Step(StepKind.SCALING, expressions=(A / B,), fewer=1),
            "scaling symmetry: 1 column fewer; the target scales as powers of columns do: a/b",
        ),
        (Step(StepKind.NAMED, "chain"), "a function of a function: all in one step"),
        (None, None),
    ],
)
def test_steps_are_lines_of_text(new_formula, step, line):
    formula = new_formula(DATASET, A + B, steps=() if step is None else (step,))
    assert steps_in_words(formula) == ([] if line is None else [line])


@pytest.mark.parametrize(
    ("words", "shown"),
    [("", "read as it is"), ("linear", "a linear formula"), ("the guess A*exp(-a)", "the guess A*exp(-a)"),
     ("link log; [2, 1]", "link log; [2, 1]")],
)  # fmt: skip
def test_words_alone_are_one_step(new_formula, words, shown):
    (step,) = steps_shown(new_formula(DATASET, A + B, structure=words))
    assert title(step) == shown and not is_piece(step)


def test_dimensional_analysis_may_leave_nothing():
    step = Step(StepKind.UNITS, fewer=1)
    assert title(step) == "dimensional analysis: 1 column fewer" and step.expressions == ()


def test_what_cannot_be_stored_is_shown_as_text(new_formula):
    huge = sympy.Float("1e999") * A
    formula = new_formula(DATASET, A + B, steps=(Step(StepKind.INNER, expressions=(huge,)),))
    assert formula.steps[0].expressions == (str(huge),)
    assert steps_in_words(formula) == [f"two columns enter only as {huge}"]


def test_reductions_of_the_search_name_what_they_leave(new_formula):
    rng = np.random.default_rng(0)
    X = rng.uniform(1, 3, (300, 2))
    y = np.exp(-X[:, 0] / X[:, 1])
    problem = Problem.of(X, y, (sympy.Symbol("a", positive=True), sympy.Symbol("b", positive=True)))
    reducer = Reducer(y, seed=0, deadline=math.inf)
    found = {smaller.steps[-1] for smaller in itertools.islice(reducer.reduced(problem), 5) if smaller.steps}
    made = next(step for step in found if step.kind is StepKind.SCALING)
    (step,) = new_formula(DATASET, A + B, steps=(made,)).steps
    assert step.expressions in ((A / B,), (B / A,))
