"""Programs of gplearn as formulas, against gplearn's own values."""

import importlib.util
from typing import Any

import numpy as np
import pytest

from kansym.comparison.workers import gplearn
from kansym.errors import KansymError
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parametric import parametrize
from kansym.symbolic.parser import parse_expression

here = importlib.util.find_spec("gplearn") is not None

NAMES = ("x0", "x1")


def random_program(seed: int, columns: int) -> Any:
    """A program as gplearn draws them, with all of its functions and exp."""
    from gplearn._program import _Program
    from gplearn.fitness import _fitness_map
    from gplearn.functions import _function_map, make_function, sig1

    functions = [
        *_function_map.values(),
        sig1,
        make_function(function=gplearn.protected_exp, name="exp", arity=1, wrap=False),
    ]
    arities: dict[int, list[Any]] = {}
    for function in functions:
        arities.setdefault(function.arity, []).append(function)
    return _Program(
        function_set=functions,
        arities=arities,
        init_depth=(2, 5),
        init_method="half and half",
        n_features=columns,
        const_range=(-2.0, 2.0),
        metric=_fitness_map["mse"],
        p_point_replace=0.05,
        parsimony_coefficient=0.0,
        random_state=np.random.RandomState(seed),
    )


@pytest.mark.skipif(not here, reason="gplearn is not installed")
def test_translations_compute_what_gplearn_computes() -> None:
    rows = np.random.default_rng(0).uniform(-3, 3, (50, 2))
    compared = protected = 0
    for seed in range(100):
        program = random_program(seed, 2)
        with np.errstate(all="ignore"):
            expected = program.execute(rows)
        translation = gplearn.translate(program.program, NAMES, rows)
        assert translation is not None
        try:
            formula = parse_expression(translation.formula, NAMES)
        except KansymError:
            # Numbers alone may leave the range of double precision, exp(exp(exp(2))) for one.
            continue
        found = parametrize(formula, tuple(map(plain_symbol, NAMES))).evaluate(rows)
        if not np.isfinite(expected).all() or np.abs(expected).max() > 1e6:
            continue
        same = np.isclose(found, expected, rtol=1e-6, atol=1e-8)
        assert (~same).sum() <= translation.protected, (seed, translation.formula)
        compared += 1
        protected += translation.protected > 0
    assert compared > 60 and protected > 0


class Function:
    """A function of a program, as far as it is looked at."""

    def __init__(self, name: str, arity: int) -> None:
        self.name, self.arity = name, arity


DIV, SUB, ADD, MUL, NEG = (Function(n, a) for n, a in (("div", 2), ("sub", 2), ("add", 2), ("mul", 2), ("neg", 1)))
LOG, INV, EXP, MAX = (Function(n, a) for n, a in (("log", 1), ("inv", 1), ("exp", 1), ("max", 2)))


@pytest.mark.parametrize(
    ("program", "formula"),
    [
        ([DIV, 0, SUB, 1, 1], "1.0"),
        ([INV, SUB, 1, 1], "0.0"),
        ([LOG, SUB, 1, 1], "0.0"),
        ([EXP, MUL, 0, 1000.0], "0.0"),
        ([ADD, 0, DIV, 1, 0.0005], "x0 + 1.0"),
    ],
)
def test_what_is_protected_everywhere_is_a_constant(program: list[Any], formula: str) -> None:
    rows = np.random.default_rng(0).uniform(1, 2, (5, 2))
    assert gplearn.translate(program, NAMES, rows) == gplearn.Translation(formula, 0)


def test_what_is_protected_somewhere_is_counted() -> None:
    rows = np.array([[1.0, 2.0], [1.0, 0.0005], [1.0, -4.0]])
    assert gplearn.translate([DIV, 0, 1], NAMES, rows) == gplearn.Translation("x0/x1", 1)


@pytest.mark.parametrize(
    ("program", "formula"),
    [
        ([SUB, 0, SUB, 1, 0.5], "x0 - (x1 - 0.5)"),
        ([SUB, 0, -0.5], "x0 - (-0.5)"),
        ([MUL, ADD, 0, 1, NEG, 0], "(x0 + x1)*(-x0)"),
        ([DIV, 0, DIV, 1, 0], "x0/(x1/x0)"),
        ([DIV, MUL, 0, 1, 0], "x0*x1/x0"),
        ([NEG, NEG, 0], "-(-x0)"),
        ([MAX, 0, 1], "(x0 + x1 + abs(x0 - x1))/2"),
    ],
)
def test_parentheses_where_they_are_needed(program: list[Any], formula: str) -> None:
    rows = np.random.default_rng(0).uniform(1, 2, (5, 2))
    translation = gplearn.translate(program, NAMES, rows)
    assert translation is not None and translation.formula == formula


def test_constants_keep_all_digits() -> None:
    rows = np.ones((2, 1))
    for number in (0.1 + 0.2, np.float64(1e-300), -1 / 3):
        translation = gplearn.translate([number], ("x0",), rows)
        assert translation is not None and float(translation.formula) == float(number)


def test_a_maximum_of_maxima_is_too_long() -> None:
    # Each writes its operands twice.
    program: list[Any] = [MAX] * 20 + [0] * 21
    assert gplearn.translate(program, ("x0",), np.ones((2, 1))) is None
