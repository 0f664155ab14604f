"""Steps from a table to a formula: in words, in plain symbols, and stored with the formula."""

import json

import pytest
import sympy

from kansym.errors import StorageError
from kansym.symbolic.formula import Formula
from kansym.symbolic.steps import Step, StepKind, in_words, steps_of

A, B = sympy.symbols("a b", positive=True)

IN_WORDS = {
    "scaling symmetry: 2 columns fewer, leaving a/b, sqrt(a)": Step(StepKind.SCALING, "", (A / B, sympy.sqrt(A)), 2),
    "scaling symmetry: 0 columns fewer, leaving a": Step(StepKind.SCALING, "", (A,)),
    "dimensional analysis: 1 column fewer": Step(StepKind.UNITS, fewer=1),
    "inner function a - b": Step(StepKind.INNER, "", (A - B,)),
    "coordinate a*b": Step(StepKind.COORDINATE, "", (A * B,)),
    "link reciprocal square": Step(StepKind.LINK, "reciprocal square"),
    "factor 2.0*exp(a)": Step(StepKind.FACTOR, "", (sympy.Float(2.0) * sympy.exp(A),)),
    "term b**2": Step(StepKind.TERM, "", (B**2,)),
    "a straight line of log(y) against 1/x": Step(StepKind.LINE, "log(y) against 1/x"),
    "constant target": Step(StepKind.CONSTANT),
    "[2, 2x, 1]": Step(StepKind.NETWORK, "[2, 2x, 1]"),
    "the table as it is": Step(StepKind.WHOLE),
    "the guess k*a": Step(StepKind.NAMED, "the guess k*a"),
}


def formula(**origin):
    return Formula(sympy.Symbol("a"), ("a", "b"), "y", 1, 0.1, 0.1, 3.0, **origin)


@pytest.mark.parametrize(("words", "step"), IN_WORDS.items(), ids=str)
def test_a_step_says_itself(words, step):
    assert str(step) == words


def test_every_kind_is_said():
    assert {step.kind for step in IN_WORDS.values()} == set(StepKind)


def test_a_name_is_one_step():
    assert steps_of("linear") == (Step(StepKind.NAMED, "linear"),)
    assert steps_of("") == ()
    steps = tuple(IN_WORDS.values())
    assert steps_of(steps) is steps and in_words(steps) == "; ".join(IN_WORDS)


def test_formulas_know_their_steps_and_the_words():
    steps = tuple(IN_WORDS.values())
    made = formula(steps=steps)
    assert made.structure == in_words(steps)
    assert made.steps == tuple(step.in_plain_symbols() for step in steps)
    assert all(one.is_positive is None for step in made.steps for e in step.expressions for one in e.free_symbols)
    assert formula(structure="linear").steps == steps_of("linear")
    assert formula().steps == () and formula().structure == ""


def test_steps_are_stored_with_the_formula():
    made = formula(steps=tuple(IN_WORDS.values()))
    loaded = Formula.from_dict(json.loads(json.dumps(made.to_dict())))
    assert loaded.steps == made.steps and loaded.structure == made.structure and loaded.to_dict() == made.to_dict()


def test_a_number_that_is_no_double_is_stored_as_text():
    huge = sympy.Float("1e999") * A
    made = formula(steps=(Step(StepKind.COORDINATE, "", (huge,)),))
    assert made.steps[0].expressions == (str(huge),) and made.structure == f"coordinate {huge}"
    assert Formula.from_dict(json.loads(json.dumps(made.to_dict()))).steps == made.steps


def test_records_with_words_alone_are_read_as_one_step():
    record = formula(steps=tuple(IN_WORDS.values())).to_dict()
    del record["steps"]
    assert Formula.from_dict(record).steps == steps_of("; ".join(IN_WORDS))


@pytest.mark.parametrize("change", [{"kind": "magic"}, {"expressions": [{"type": "Nothing"}]}, {"fewer": "many"}])
def test_damaged_steps_are_refused(change):
    record = formula(steps=(Step(StepKind.INNER, "", (A - B,)),)).to_dict()
    record["steps"][0] |= change
    with pytest.raises(StorageError):
        Formula.from_dict(record)
