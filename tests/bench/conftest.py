"""Small laws, and formulas written in their variables instead of the shuffled columns."""

import pytest

from kansym.bench.law import Law
from kansym.bench.problem import make_problem
from kansym.bench.sampling import Variable
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parser import parse_expression


@pytest.fixture
def make_law():
    """A law from its formula and the ranges of its variables."""

    def make(formula, name="a law", **ranges):
        variables = tuple(
            Variable(variable, *entry) if isinstance(entry, tuple) else Variable(variable, **entry)
            for variable, entry in ranges.items()
        )
        return Law(name=name, formula=formula, target="out", variables=variables)

    return make


@pytest.fixture
def problem_of():
    """A problem with few rows."""
    return lambda law, **options: make_problem(law, **{"rows": 200, "seed": 3, **options})


@pytest.fixture
def in_columns():
    """A formula in the law's variables, translated to the problem's columns."""

    def translate(problem, text):
        names = (*problem.law.names, *problem.names)
        expression = parse_expression(text, names)
        return expression.xreplace({plain_symbol(a): plain_symbol(b) for a, b in problem.places.items()})

    return translate
