"""Sums of functions of two inputs each, with functions inside functions, on rows of both signs: a hard kind of table.

Interpolants see little of such a table, since few hundred rows of a normal distribution in three or four columns say
little of a function that turns. Published results for networks whose edges are read are on tables like these.
"""

import numpy as np

from kansym.bench.acceptance import objection
from kansym.bench.dice import Dice
from kansym.bench.law import Law
from kansym.bench.sampling import Variable
from kansym.symbolic.parser import parse_expression

SOURCE = "drawn at random by kansym.bench.mixtures"

NAMES = ("u", "v", "w", "z")

FEWEST, MOST = 100, 500
"""Rows."""

INNER = ("{c}*{a}*{b}", "{c}*{a}+{d}*{b}", "{a}-({c}*{b})", "{a}**2+{c}*{b}", "{a}**2+{b}**2", "{c}*{a}+sin({b})")
"""What a function of two columns is a function of."""

OUTER = (
    "sin({w})", "cos({w})", "tanh({w})", "exp(-({w})**2)", "exp(-abs({w}))", "1/(1+({w})**2)", "sqrt(1+({w})**2)",
    "log(1+({w})**2)",
)  # fmt: skip

MOST_TRIES = 1000


def mixture(generator: np.random.Generator, name: str) -> Law:
    """A sum of two or three terms, each a function of a function of two of three or four columns.

    Parameters
    ----------
    generator : numpy.random.Generator
        Decides everything.
    name : str
    """
    dice = Dice(generator)
    columns, rows = NAMES[: dice.whole(3, 4)], dice.whole(FEWEST, MOST)
    # Both ends are two standard deviations from the mean.
    variables = tuple(Variable(one, -2.0, 2.0, distribution="normal") for one in columns)
    for _ in range(MOST_TRIES):
        text = "+".join(_term(dice, columns) for _ in range(dice.whole(2, 3)))
        formula = parse_expression(text, columns)
        if {str(symbol) for symbol in formula.free_symbols} != set(columns):
            continue
        if objection(formula, variables, generator) is None:
            return Law(
                name=name, title="mixture", formula=text, target="f", variables=variables, source=SOURCE, rows=rows
            )
    raise ArithmeticError(f"no mixture in {MOST_TRIES} drafts")


def _term(dice: Dice, columns: tuple[str, ...]) -> str:
    a, b, *_ = dice.shuffled(columns)
    inner = dice.pick(INNER).format(a=a, b=b, c=dice.constant(0.5, 2.5), d=dice.constant(0.5, 2.5))
    sign = "-" if dice.chance(1 / 3) else ""
    return f"({sign}{dice.constant(0.5, 2.5)})*{dice.pick(OUTER).format(w=inner)}"
