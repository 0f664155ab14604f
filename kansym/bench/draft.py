# sympy's operations are typed as returning Basic or complex, which makes these checks fail on correct code.
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportReturnType=false
"""Pieces of random laws: columns with ranges, factors with constants that suit them, and products of those."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kansym.bench import sampling
from kansym.bench.acceptance import rows_of
from kansym.bench.dice import Dice
from kansym.bench.sampling import Variable
from kansym.symbolic.naming import plain_symbol
from kansym.symbolic.parser import parse_expression

NAMES = tuple("abdghkmnpqrstuvwxyz")

RANGES = (
    (0.1, 5.0), (0.5, 3.0), (1.0, 10.0), (0.0, 6.0), (-3.0, 3.0), (-2.0, 5.0), (0.0, 1.0), (0.0, 20.0), (1.0, 40.0),
    (0.2, 2.0), (10.0, 100.0), (0.0, 50.0), (250.0, 400.0), (0.01, 0.2), (1.0, 3.0), (-1.0, 1.0), (0.0, 1.6),
    (2.0, 8.0), (5.0, 500.0),
)  # fmt: skip
"""Ranges as measurements have them."""

NARROW_SHARE = 0.08
"""Columns that vary by a tenth to a half of their middle only."""

SAMPLE = 200
"""Rows from which the size of a piece is judged."""


@dataclass(frozen=True)
class Extent:
    """Where the values of a piece lie: its least and largest value, and the 90 % point of its size."""

    low: float
    high: float
    size: float


class Draft:
    """Columns of a law that is being made, and pieces in them, as text.

    Parameters
    ----------
    dice : Dice
    generator : numpy.random.Generator
        Draws the rows from which sizes are judged.
    columns : int
        How many the law has.
    idle : int, default 0
        Further columns, which do not matter.

    Attributes
    ----------
    dice : Dice
    names : tuple of str
        Columns of the law.
    variables : tuple of Variable
        All columns, idle ones last.
    """

    def __init__(self, dice: Dice, generator: np.random.Generator, columns: int, idle: int = 0) -> None:
        self.dice = dice
        self.variables = tuple(self._variable(name) for name in dice.shuffled(NAMES)[: columns + idle])
        self.names = tuple(variable.name for variable in self.variables[:columns])
        self._generator = generator
        self._rows = sampling.draw(self.variables, SAMPLE, generator)

    def alike(self, first: str, second: str) -> None:
        """Give a column the range of another one, as two of the same unit have."""
        wanted = next(variable for variable in self.variables if variable.name == first)
        self.within(second, wanted.low, wanted.high)

    def within(self, name: str, low: float, high: float) -> None:
        """Give a column another range."""
        self.variables = tuple(
            replace(variable, low=low, high=high) if variable.name == name else variable for variable in self.variables
        )
        self._rows = sampling.draw(self.variables, SAMPLE, self._generator)

    def extent(self, text: str) -> Extent:
        """Where the values of a piece lie; an extent of nan where it has none."""
        if text in self.names:
            values = self._rows[:, self.names.index(text)]
        else:
            known = {plain_symbol(name): column for name, column in zip(self.names, self._rows.T, strict=False)}
            values = rows_of(parse_expression(text, self.names), known)
        if not np.isfinite(values).all():
            return Extent(np.nan, np.nan, np.nan)
        return Extent(float(values.min()), float(values.max()), float(np.quantile(np.abs(values), 0.9)) + 1e-12)

    def inner(self, names: Sequence[str], *, combined: float = 0.3) -> str:
        """A column, or with probability `combined` a simple combination of two or three."""
        dice, order = self.dice, self.dice.shuffled(names)
        if len(order) == 1 or not dice.chance(combined):
            return order[0]
        a, b = order[:2]
        if len(order) > 2 and dice.chance(0.4):
            c = order[2]
            kind = dice.pick(("difference", "product", "scaled", "sum"))
            if kind == "difference":
                self.alike(a, b)
                return f"({a}-{b})/{c}"
            return {"product": f"{a}*{b}/{c}", "scaled": f"{a}*({b}+{c})", "sum": f"({a}+{b})/{c}"}[kind]
        return dice.pick((f"{a}*{b}", f"{a}/{b}", f"({a}-{b})", f"({a}+{b})", f"{a}**2*{b}", f"({a}**2+{b}**2)"))

    def factor(self, u: str) -> str:
        """A function of `u` with inner constants that suit its size."""
        extent = self.extent(u)
        size, low, high, dice = extent.size, extent.low, extent.high, self.dice
        if not np.isfinite(size):
            return u
        u = u if u.isidentifier() else f"({u})"
        middle = f"{dice.between(low + 0.2 * (high - low), high - 0.2 * (high - low)):.3g}"
        middle = f"({middle})" if middle.startswith("-") else middle

        def rate(least: float, most: float) -> str:
            return dice.constant(least / size, most / size)

        def scale(least: float, most: float) -> str:
            return dice.constant(least * size, most * size)

        makers = [
            lambda: f"exp(-{rate(0.7, 4)}*{u})",
            lambda: f"sin({rate(1.5, 9)}*{u})",
            lambda: f"cos({rate(1.5, 9)}*{u})",
            lambda: f"sin({rate(1.5, 9)}*{u}+{dice.constant(0.3, 2.5)})",
            lambda: f"tanh({rate(1, 5)}*{u})",
            lambda: f"exp(-(({u}-{middle})/{scale(0.12, 0.5)})**2)",
            lambda: f"{u}**{dice.pick((2, 3, 4))}",
            lambda: f"1/({scale(0.15, 0.8)}+{u}**2)",
            lambda: f"1/(1+({u}/{scale(0.2, 0.8)})**2)",
            lambda: f"1/(exp({rate(1.5, 6)}*({u}-{middle}))+1)",
            lambda: f"(1-{u}/{scale(0.5, 1.5)})",
            lambda: f"abs({u}-{middle})",
        ]
        if low >= 0:
            makers += [
                lambda: f"sqrt({u})",
                lambda: f"{u}**{dice.pick(('(1/3)', '1.5', '0.75', '(2/3)', '2.5', dice.constant(0.3, 3)))}",
                lambda: f"log(1+{rate(2, 30)}*{u})",
                lambda: f"sqrt({u}+{scale(0.1, 1)})",
                lambda: f"{u}/({scale(0.1, 1)}+{u})",
                lambda: f"1/(1+{rate(1, 20)}*{u})",
                lambda: f"(1-exp(-{rate(1, 5)}*{u}))",
                lambda: f"{u}*exp(-{rate(0.7, 3)}*{u})",
                lambda: f"{u}**2/({scale(0.2, 0.8)}**2+{u}**2)",
                lambda: f"sin({dice.constant(1, 5)}*log(1+{u}))",
            ]
        if low > 0:
            makers += [
                lambda: f"log({u})",
                lambda: f"1/{u}**{dice.pick(('1', '2', '0.5', '1.5'))}",
                lambda: f"exp(-{scale(0.2, 1)}/{u})",
            ]
        if low > -1.2 and high < 1.4:
            makers += [lambda: f"tan({u})", lambda: f"cos({u})**{dice.pick((2, -1, -2))}"]
        return dice.pick(makers)()

    def product(self, names: Sequence[str], *, most: int = 3, plain: float = 0.45) -> str:
        """A product of up to `most` factors in different columns; with probability `plain` one is just its column."""
        dice, order = self.dice, self.dice.shuffled(names)
        count = min(len(order), most, dice.pick((1, 2, 3), (0.45, 0.4, 0.15)))
        factors = [name if dice.chance(plain) else self.factor(name) for name in order[:count]]
        if len(order) > 1 and dice.chance(0.25):
            factors.append(self.factor(self.inner(order, combined=0.6)))
        return "*".join(factors)

    def scaled(self, text: str, size: float) -> str:
        """A piece with a constant in front that gives it about this size."""
        own = self.extent(text).size
        own = own if np.isfinite(own) else 1.0
        return f"{self.dice.constant(0.4 * size / own, 2.5 * size / own)}*{text}"

    def _variable(self, name: str) -> Variable:
        dice = self.dice
        if dice.chance(NARROW_SHARE):
            middle, half = dice.size(1.0, 100.0), dice.between(0.05, 0.25)
            low, high = middle * (1 - half), middle * (1 + half)
        else:
            factor = dice.pick((1.0, 1.0, 0.5, 2.0))
            low, high = (factor * end for end in dice.pick(RANGES))
        return Variable(name, float(f"{low:.4g}"), float(f"{high:.4g}"))
